// Elements chosen by arrays of indices and of flags. Against NumPy's values.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(indexing)

namespace {

using std::int64_t;
using ids = std::vector<int64_t>;

array<double> const x{{0, 1, 2}, {3, 4, 5}};

}  // namespace

BOOST_AUTO_TEST_CASE(elements_at_indices) {
  array<int> const at{2, 0, -1};
  is(take(x, at), "float64(3,)", {2, 0, 5});
  is(take(x, at, axis(1)), "float64(2, 3)", {2, 0, 2, 5, 3, 5});
  is(take(x, array<int>{{1, 0}}, axis(0)), "float64(1, 2, 3)", {3, 4, 5, 0, 1, 2});
  is(take(x.T(), array<int64_t>{-1}, axis(0)), "float64(1, 2)", {2, 5});
  is(x(array<int>{1, 1}), "float64(2, 3)", {3, 4, 5, 3, 4, 5});
  is(take(x, zeros<int>(0), axis(1)), "float64(2, 0)", {});
  is(take(2 * x, full<int>({}, 4)), "float64()", {8});
  array<complex128> const z = x.astype<complex128>();
  is(absolute(take(z, at)), "float64(3,)", {2, 0, 5});
  is(take(x.astype<f16>(), at), "float16(3,)", {2, 0, 5});
  is(take(x > 1., at), "bool(3,)", {1, 0, 1});
  array<int64_t> const places = argsort(-x, axis(1));
  is(take_along_axis(x, places, axis(1)), "float64(2, 3)", {2, 1, 0, 5, 4, 3});
  is(take_along_axis(x, array<int>{{1, 0, 1}}, axis(0)), "float64(1, 3)", {3, 1, 5});
  is(take_along_axis(x, argmax(x, axis(1)).reshape(2, 1)), "float64(2, 1)", {2, 5});
}

BOOST_AUTO_TEST_CASE(many_elements) {
  array<int> const x = generator(1).integers<int>(1000, {40, 50, 3});
  auto const values = x.to_vector();
  auto const at = generator(2).integers(-50, 50, {2000}).to_vector();
  auto const rows = take(x, array<std::int64_t>(at), axis(1)).to_vector();
  auto const first = take(x(_, _, 0), array<std::int64_t>(at), axis(1)).to_vector();
  bool same = true;
  for (int o = 0; o < 40; ++o)
    for (int j = 0; j < 2000; ++j) {
      auto const row = (o * 50 + (at[j] + 50) % 50) * 3;
      same &= first[o * 2000 + j] == values[row];
      for (int i = 0; i < 3; ++i) same &= rows[(o * 2000 + j) * 3 + i] == values[row + i];
    }
  BOOST_TEST(same);
  for (int of_100 : {0, 1, 50, 99, 100}) {
    array<int> const y = generator(3).integers<int>(100, {70001});
    std::vector<int> want;
    for (int v : y.to_vector())
      if (v < of_100) want.push_back(v);
    BOOST_TEST((y(y < of_100).to_vector() == want));
    BOOST_TEST(count_nonzero(y < of_100).item() == static_cast<std::int64_t>(want.size()));
  }
}

BOOST_AUTO_TEST_CASE(elements_of_many_rows) {
  // Rows that a GPU keeps in shared memory: of words, of packs, taken with the same indices too.
  auto const each = [](auto of, int64_t rows, int64_t columns, int64_t count) {
    using T = decltype(of);
    auto const small = generator(1).integers<int>(100, {rows, columns});
    array<T> const x = small.template astype<T>();
    array<int64_t> const at = generator(2).integers(-columns, columns, {rows, count}),
                         same_at = at(0);
    auto const values = x.to_vector();
    auto const places = at.to_vector();
    auto const along = take_along_axis(x, at).to_vector();
    auto const same = take(x, same_at, axis(1)).to_vector();
    auto const equal = [](auto a, auto b) {
      if constexpr (is_complex<T>)
        return a.re == b.re && a.im == b.im;
      else
        return a == b;
    };
    bool right = true;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t j = 0; j < count; ++j) {
        auto const value = [&](int64_t i) {
          return values[r * columns + (places[i] + columns) % columns];
        };
        right = right && equal(along[r * count + j], value(r * count + j)) &&
                equal(same[r * count + j], value(j));
      }
    BOOST_TEST(right, to_string(dtype_of<T>) << " " << rows << " " << columns << " " << count);
  };
  each(float{}, 300, 512, 512);
  each(float{}, 300, 511, 300);
  each(double{}, 200, 300, 1100);
  each(std::int8_t{}, 260, 333, 400);
  each(f16{}, 260, 264, 257);
  each(complex128{}, 140, 256, 256);
  array<float> const x = zeros<float>({300, 512});
  array<int> wrong = zeros<int>({300, 512});
  wrong(299, 511) = 512;
  REFUSES_HERE(index_error, "take_along_axis: index 512 is out of range for axis 1 of extent 512",
               array<float>(take_along_axis(x, wrong)));
}

BOOST_AUTO_TEST_CASE(indices_out_of_range_are_told) {
  auto const lazily = take(x, array<int>{0, 3}, axis(1));  // nothing is read yet
  BOOST_TEST(lazily.shape() == extents({2, 2}));
  REFUSES_HERE(index_error, "take: index 3 is out of range for axis 1 of extent 3",
               array<double>(take(x, array<int>{0, 3}, axis(1))));
  REFUSES_HERE(index_error, "take: index -7 is out of range for axis 0 of extent 6",
               array<double>(take(x, array<int>{5, -7, 9})));
  REFUSES_HERE(index_error, "take_along_axis: index 2 is out of range for axis 0 of extent 2",
               array<double>(take_along_axis(x, array<int>{{0, 2, 1}}, axis(0))));
  REFUSES_HERE(index_error, "take: index 0 is out of range for axis 0 of extent 0",
               array<double>(take(zeros(0), array<int>{0})));
  REFUSES_HERE(index_error, "take: axis 2 is out of range for rank 2",
               take(x, array<int>{0}, axis(2)));
  REFUSES_HERE(shape_error, "take_along_axis: indices of shape (3, 3) along axis 1 of (2, 3)",
               take_along_axis(x, zeros<int>(3, 3)));
  REFUSES_HERE(shape_error, "take_along_axis: indices of shape (3,) along axis 1 of (2, 3)",
               take_along_axis(x, zeros<int>(3)));
  array<double> y = x;
  REFUSES_HERE(index_error, "take: index 9 is out of range for axis 0 of extent 6",
               y = take(x, array<int>{9}) + y);
  is(y, "float64(2, 3)", {0, 1, 2, 3, 4, 5});
}

BOOST_AUTO_TEST_CASE(elements_with_a_flag) {
  is(compress(x > 1., x), "float64(4,)", {2, 3, 4, 5});
  is(compress(array<bool>{true, false, false, true, false, false}, x), "float64(2,)", {0, 3});
  is(extract(x > 4., x + 1), "float64(1,)", {6});
  is(x(x > 3.), "float64(2,)", {4, 5});
  is(flatnonzero(x(_, slice(1, _))), "int64(4,)", {0, 1, 2, 3});
  is(flatnonzero(x), "int64(5,)", {1, 2, 3, 4, 5});
  auto const at = nonzero(x > 1.);
  BOOST_REQUIRE_EQUAL(at.size(), 2u);
  is(at[0], "int64(4,)", {0, 1, 1, 1});
  is(at[1], "int64(4,)", {2, 0, 1, 2});
  is(argwhere(x == 4.), "int64(1, 2)", {1, 1});
  is(compress(zeros<bool>(0), zeros(0)), "float64(0,)", {});
  is(nonzero(zeros(0, 3))[1], "int64(0,)", {});
  auto const deep = nonzero(reshape(arange(24), {2, 3, 4}) % 7 == 5);  // 5, 12, 19
  is(deep[0], "int64(3,)", {0, 1, 1});
  is(deep[1], "int64(3,)", {1, 0, 1});
  is(deep[2], "int64(3,)", {1, 0, 3});
  array<double> const many = generator(2).uniform(0., 1., {300001});
  array<double> const high = compress(many > 0.25, many);
  BOOST_TEST(high.size() == count_nonzero(many > 0.25).item());
  array<bool> const flags = many > 0.25;
  BOOST_TEST(array_equal(compress(flags(slice(1, _)), many(slice(1, _))),
                         compress(many(slice(1, _)) > 0.25, many(slice(1, _)))));
  double last = 0;
  auto const all = many.to_vector();
  std::size_t next = 0;
  bool same = true;
  for (double v : all)
    if (v > 0.25) same = same && high.data()[next++] == v, last = v;
  BOOST_TEST(same);
  BOOST_TEST(high.data()[high.size() - 1] == last);
  for (std::int64_t n = 1; n < 70000; n += 1777) {
    auto const third = flatnonzero(arange(n) % 3 == 1);
    BOOST_TEST(array_equal(third, 3 * arange((n + 1) / 3) + 1), n);
  }
  REFUSES_HERE(shape_error, "compress: flags of shape (2,) for (2, 3)",
               compress(array<bool>{true, false}, x));
  REFUSES_HERE(shape_error, "nonzero: the array has no axis: shape ()", nonzero(full({}, 1.)));
}

BOOST_AUTO_TEST_CASE(the_temporary_with_flags_writes) {
  array<double> y = x;
  is(y(y < 2.), "float64(2,)", {0, 1});
  is(y(y < 2.) + 1, "float64(2,)", {1, 2});
  y(y < 2.) = -1;
  is(y, "float64(2, 3)", {-1, -1, 2, 3, 4, 5});
  y(y > 3.) *= 10;
  is(y, "float64(2, 3)", {-1, -1, 2, 3, 40, 50});
  y(array<bool>{true, false, true}) += 1;  // broadcast as where's
  is(y, "float64(2, 3)", {0, -1, 3, 4, 40, 51});
  auto const before = y(y > 10.);  // a snapshot
  y = y * 0;
  is(before, "float64(2,)", {40, 51});
  array<int> i{1, 2, 3};
  i(i == 2) = 7;
  is(i, "int32(3,)", {1, 7, 3});
  // In place: no second array of this size.
  array<double> large = rand(1000, 1000);
  double const* const memory_before = std::as_const(large).data();
  large(large < 0.5) = 0;
  BOOST_TEST(std::as_const(large).data() == memory_before);
  array<double> const copy = large;
  large(large > 0.) = 1;
  BOOST_TEST(max(large).item() == 1);
  BOOST_TEST(max(copy).item() < 1.0001);
  BOOST_TEST(std::as_const(copy).data() == memory_before);
}

BOOST_AUTO_TEST_SUITE_END()
