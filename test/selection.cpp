// The greatest, medians, quantiles and partitions, against NumPy's values and a sort.
#include <dsl/sloth.hpp>
#include <test/order.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(selection)

namespace {

using std::int64_t;
using ids = std::vector<int64_t>;

array<double> const x{{3, 1, 2}, {9, 7, 8}};

}  // namespace

BOOST_AUTO_TEST_CASE(the_greatest) {
  auto const [best, places] = topk(x, 2);
  is(best, "float64(2, 2)", {3, 2, 9, 8});
  is(places, "int64(2, 2)", {0, 2, 0, 2});
  is(topk(x, 1, axis(0)).first, "float64(1, 3)", {9, 7, 8});
  is(topk(x, 0).second, "int64(2, 0)", {});
  is(topk(array<double>{1, nan_, 3, -inf, 3, -0., 0}, 6).second, "int64(6,)", {1, 4, 2, 0, 6, 5});
  is(topk(array<bool>{true, false, true}, 2).second, "int64(2,)", {2, 0});
  BOOST_TEST(explain(topk(x + 1, 2).second).find("sort    topk(r0)") != std::string::npos);
  REFUSES_HERE(shape_error, "topk: 4 elements of axis 1 of (2, 3)", topk(x, 4));
  REFUSES_HERE(shape_error, "topk: -1 elements of axis 0 of (2, 3)", topk(x, -1, axis(0)));
  REFUSES_HERE(index_error, "topk: axis 2 is out of range for rank 2", topk(x, 1, axis(2)));
}

/// The k greatest are the last of argsort, from the end on.
template <class T>
void is_end_of_order(array<T> const& all, int64_t k, std::string const& what) {
  auto const [values, places] = topk(all, k);
  auto const order = argsort(all)(ellipsis, slice(_, _, -1))(ellipsis, slice(0, k));
  std::string const of = what + " of " + std::string(to_string(dtype_of<T>)) +
                         to_string(all.shape()) + ", k = " + std::to_string(k);
  BOOST_TEST(sloth::all(places == order).item(), of);
  array<T> const best = values, right = take_along_axis(all, order);
  BOOST_TEST(sloth::all(best == right || (best != best && right != right)).item(), of);
}

BOOST_AUTO_TEST_CASE(the_greatest_of_every_type_and_many_sizes) {
  generator draw(6);
  struct row {
    int64_t rows, n, k;
  };
  for (int t = 0; t < dtype_count; ++t)
    visit(static_cast<dtype>(t), [&]<class T>() {
      for (auto const& [rows, n, k] : {row{2, 100, 100},
                                       {1, 5000, 3},
                                       {300, 3001, 10},
                                       {40, 5000, 300},
                                       {1, 300'001, 1},
                                       {3, 300'001, 200},
                                       {1, 300'001, 18'000}})
        is_end_of_order(with_equals<T>(draw, rows, n), k, "some");
    });
  int64_t const n = 400'000;
  for (int64_t k : {1, 50, 900, 25'000}) {
    array<float> const ascending = arange<float>(n),
                       drawn = draw.normal<float>(0, 1, extents{n + 1});
    is_end_of_order(ascending, k, "ascending");
    is_end_of_order(array<float>(-ascending), k, "descending");
    is_end_of_order(array<float>(full<float>({n}, 3)), k, "equal");
    is_end_of_order(array<float>(full<float>({n}, NAN)), k, "NaN");
    is_end_of_order(array<float>(full<float>({n}, -INFINITY)), k, "least");
    is_end_of_order(array<double>(ascending % 400), k, "periodic");
    is_end_of_order(array<int>((ascending / 1000).astype<int>()), k, "steps");
    is_end_of_order(array<float>(drawn), k, "drawn");
    array<float> const turned = drawn(slice(1, _)).reshape(2, n / 2);
    auto const [values, places] = topk(drawn(slice(1, _)).reshape(2, n / 2), k);
    BOOST_TEST(sloth::all(places == topk(turned, k).second).item(), "a misaligned view");
  }
}

BOOST_AUTO_TEST_CASE(medians_and_quantiles) {
  is(median(x), "float64()", {5});
  is(median(x, axis(0)), "float64(3,)", {6, 4, 5});
  is(median(x, axis(-1)), "float64(2,)", {2, 8});
  is(median(array<int>{4, 1, 2, 3}), "float64()", {2.5});
  is(median(array<double>{1, nan_, 2}), "float64()", {nan_});
  is(median(array<double>{inf, inf, inf, 0}), "float64()", {inf});
  is(median(array<float>{1, 2}), "float32()", {1.5});
  is(quantile(x, 0.25), "float64()", {2.25});
  is(quantile(x, 0.9, axis(1)), "float64(2,)", {2.8, 8.8});
  is(quantile(x, 1), "float64()", {9});
  is(percentile(x, 30, axis(0)), "float64(3,)", {4.8, 2.8, 3.8});
  is(percentile(array<double>{1, 2, nan_}, 0), "float64()", {nan_});
  // Several at once.
  array<double> const q{0.25, 0.9};
  is(quantile(x, q), "float64(2,)", {2.25, 8.5});
  is(quantile(x, q, axis(1)), "float64(2, 2)", {1.5, 7.5, 2.8, 8.8});
  is(quantile(x, array<double>{{0, 1}, {0.5, 0.75}}, axis(0)), "float64(2, 2, 3)",
     {3, 1, 2, 9, 7, 8, 6, 4, 5, 7.5, 5.5, 6.5});
  is(quantile(x, full({}, 0.25), axis(1)), "float64(2,)", {1.5, 7.5});
  is(quantile(x, zeros(0), axis(1)), "float64(0, 2)", {});
  is(percentile(x.astype<float>(), array<double>{30, 60}, axis(0)), "float64(2, 3)",
     {4.8, 2.8, 3.8, 6.6, 4.6, 5.6});
  is(percentile(x, array<int>{0, 100}), "float64(2,)", {1, 9});
  is(quantile(x.astype<float>(), array<float>{0.5f, 1}, axis(0)), "float32(2, 3)",
     {6, 4, 5, 9, 7, 8});
  is(quantile(array<int>{5, 2, 9, 4}, array<double>{0.1, 0.5}), "float64(2,)", {2.6, 4.5});
  is(quantile(array<double>{{1, nan_}, {3, 4}}, array<double>{0, 0.5}, axis(1)), "float64(2, 2)",
     {nan_, 3, nan_, 3.5});
  is(quantile(array<double>{inf, inf, 0}, array<double>{0.2, 0.25, 0.9}), "float64(3,)",
     {inf, nan_, inf});
  array<double> const cube = rand(3, 5, 4), shares = rand(7);
  for (int a = 0; a < 3; ++a)
    for (int64_t i = 0; i < 7; ++i)
      BOOST_TEST(
          array_equal(quantile(cube, shares, axis(a))(i), quantile(cube, shares.item(i), axis(a))));
  REFUSES_HERE(dtype_error, "quantile: must be in [0, 1]: -0.5",
               quantile(x, array<double>{1, -0.5}, axis(0)));
  REFUSES_HERE(shape_error, "quantile: no elements along axis 0 of (0,)", quantile(zeros(0), q));
  REFUSES_HERE(dtype_error, "quantile: must be in [0, 1]: 1.5", quantile(x, 1.5));
  REFUSES_HERE(shape_error, "median: no elements along axis 0 of (0,)", median(zeros(0)));
  REFUSES_HERE(index_error, "median: axis 3 is out of range for rank 2", median(x, axis(3)));
}

namespace {

/// The elements of the last axis at these places in order.
template <class T>
array<T> selected(array<T> const& x, ids const& ranks) {
  extents shape = x.shape();
  shape[shape.rank() - 1] = static_cast<int64_t>(ranks.size());
  primitive_operation op{primitive::select, {x.node()}};
  op.ranks = ranks;
  return array<T>(view<T, false>(node::of_operation(x.node()->type, shape, std::move(op), {})));
}
template <class T>
void are_those_of_order(array<T> const& x, ids const& ranks, std::string const& what) {
  array<T> const got = selected(x, ranks), want = take(sort(x), array<int64_t>(ranks), axis(-1));
  BOOST_TEST(sloth::all(got == want || (got != got && want != want)).item(),
             what << ": " << ranks.size() << " places of " << to_string(dtype_of<T>) << " "
                  << to_string(x.shape()));
}
/// At both ends, in the middle, and at several places, some of them twice.
template <class T>
void are_those_of_order(array<T> const& x, std::string const& what) {
  int64_t const n = x.shape().back();
  are_those_of_order(x, {(n - 1) / 2, n / 2, n - 1}, what);
  are_those_of_order(x, {0}, what);
  are_those_of_order(x, {n - 1}, what);
  are_those_of_order(x, {n - 1 - n / 100, n / 3, 0, n / 7, n / 3}, what);
}

}  // namespace

BOOST_AUTO_TEST_CASE(places_in_order_of_every_type_and_many_sizes) {
  generator draw(7);
  for (int t = 0; t < dtype_count; ++t)
    visit(static_cast<dtype>(t), [&]<class T>() {
      if constexpr (!is_complex<T>)
        for (auto const& [rows, n] : {std::pair<int64_t, int64_t>{1, 1},
                                      {3, 2},
                                      {1000, 7},
                                      {50, 255},
                                      {50, 256},
                                      {40, 1025},
                                      {40, 2047},
                                      {1, 2048},
                                      {33, 2049},
                                      {9, 4096},
                                      {40, 30'001},
                                      {40, 70'000},
                                      {1, (1 << 18) + 1},
                                      {2, 500'000}})
          are_those_of_order(with_equals<T>(draw, rows, n), "some");
    });
  ids many;
  for (int64_t i = 0; i < 100; ++i) many.push_back((i * 37 % 100) * 29);
  ids const nine(many.begin(), many.begin() + 9);
  for (int64_t rows : {1, 60}) {
    array<float> const some = draw.normal<float>(0, 1, extents{rows, 2900});
    are_those_of_order(some, many, "many");
    are_those_of_order(some, nine, "nine");
  }
  array<float> const long_row = draw.normal<float>(0, 1, extents{400'000});
  are_those_of_order(long_row, many, "many");
  are_those_of_order(long_row, nine, "nine");
}

BOOST_AUTO_TEST_CASE(places_in_order_of_equal_and_of_ordered_elements) {
  generator draw(9);
  auto const each = [&]<class T>(T, int64_t rows, int64_t n) {
    array<double> const ascending = arange<double>(rows * n).reshape(rows, n);
    array<double> const unit = draw.rand(rows, n), normal = draw.normal(0, 1, {rows, n});
    auto const check = [&](array<double> const& of, std::string const& what) {
      are_those_of_order(array<T>(of.template astype<T>()), what);
    };
    check(ascending, "ascending");
    check(-ascending, "descending");
    check(full({rows, n}, 3.), "equal");
    check(full({rows, n}, 0.), "zero");
    check(where(unit < 0.5, -1., 1.), "two values");
    check(where(unit < 0.9, 7., 100 * normal), "nine of ten equal");
    check(ascending % 400, "periodic");
    check(floor(ascending / 1000), "steps");
    check(normal, "normal");
    check(exp(20 * normal), "far apart");
    check(1000 + normal / 1000, "close");
    if constexpr (is_floating<T>) {
      check(full({rows, n}, NAN), "NaN");
      check(full({rows, n}, -INFINITY), "-infinity");
      check(where(unit < 0.4, NAN, normal), "with NaN");
      check(where(unit < 0.3, -INFINITY, where(unit > 0.6, INFINITY, normal)), "infinities");
      check(where(unit < 0.3, -0., where(unit > 0.7, 0., normal)), "zeros");
      array<T> const negative = full<T>({rows, n}, T(-0.));
      BOOST_TEST(sloth::all(signbit(selected(negative, {0, n / 2}))).item(), "-0 alone");
    }
  };
  each(float{}, 1, 300'001);
  each(double{}, 1, 300'001);
  each(float{}, 40, 5'003);
  each(double{}, 40, 5'003);
  each(int64_t{}, 2, 300'000);
  each(std::int16_t{}, 1, 300'001);
  each(std::uint8_t{}, 1, 300'001);
  each(std::int32_t{}, 7, 1'500);
  each(f16{}, 1, 300'001);
}

BOOST_AUTO_TEST_CASE(places_in_order_where_a_sample_misleads) {
  // Both engines sample these places; neither they nor the others tell of the rest.
  int64_t const n = 3'000'000;
  for (int64_t sample : {std::min<int64_t>(1 << 14, int64_t(2 * std::cbrt(1. * n * n))), n / 64}) {
    int64_t const stride = n / sample;
    array<float> least = arange<float>(n), greatest = arange<float>(n), middle = arange<float>(n);
    for (int64_t i = 0; i < sample; ++i) {
      auto const at = i * stride + static_cast<std::uint32_t>(i) * 2654435769u % stride;
      least.data()[at] = -float(i);
      greatest.data()[at] = 5e6f + float(i);
      middle.data()[at] = i % 2 == 0 ? -1 : 5e6f;
    }
    for (auto const& [all, what] :
         {std::pair(least, "least of a sample"), std::pair(greatest, "greatest of a sample"),
          std::pair(middle, "ends of a sample")}) {
      are_those_of_order(all, what);
      are_those_of_order(array<double>(all), what);
    }
  }
  array<float> const drawn = generator(2).normal<float>(0, 1, extents{n + 1});
  are_those_of_order(array<float>(drawn), "drawn");
  are_those_of_order(array<double>(drawn), "drawn");
  BOOST_TEST((median(drawn(slice(1, _))) == median(array<float>(drawn(slice(1, _)) + 0))).item(),
             "a misaligned view");
}

BOOST_AUTO_TEST_CASE(medians_that_are_compiled_copied_or_not_waited_for) {
  generator draw(4);
  array<float> const rows = draw.normal<float>(0, 1, extents{70, 3000}),
                     line = draw.normal<float>(0, 1, extents{400'000});
  auto const f = compile([](auto const& a, auto const& b) {
    return std::tuple(median(a, axis(1)), quantile(b, 0.3), median(a, axis(0)));
  });
  array<float> const of_rows = median(rows, axis(1)), of_line = quantile(line, 0.3),
                     of_columns = median(rows, axis(0));
  for (int i = 0; i < 4; ++i) {
    auto const [a, b, c] = f(rows, line);
    BOOST_TEST(array_equal(a, of_rows));
    BOOST_TEST(array_equal(b, of_line));
    BOOST_TEST(array_equal(c, of_columns));
  }
  {
    verify_scope const checked;
    BOOST_TEST(array_equal(array<float>(median(rows + 0, axis(1))), of_rows));
  }
  no_sync const here;
  array<float> const again = median(rows, axis(1)), line_again = quantile(line, 0.3);
  BOOST_TEST(again.size() == 70);
  BOOST_TEST(line_again.size() == 1);
}

BOOST_AUTO_TEST_CASE(several_quantiles_of_one_plan_are_their_own) {
  array<double> const y = arange<double>(11.);
  is(quantile(y, 0.2) - quantile(y, 0.7), "float64()", {-5});
  BOOST_TEST(explain(median(y + 1)).find("sort    select(r1)") != std::string::npos);
  is(median(array<bool>{true, false, true}), "float64()", {1});
  is(quantile(array<std::int64_t>{INT64_MAX, INT64_MIN, 0}, 0.25), "float64()",
     {-4611686018427387904.});
}

BOOST_AUTO_TEST_CASE(the_greatest_where_a_sample_misleads) {
  // The GPU's kernel samples these places; neither they nor the others tell of the rest.
  int64_t const n = 400'000;
  for (int64_t k : {50, 25'000}) {
    auto const sample = std::min<int64_t>(n / 512, 16 * n / k), stride = n / sample;
    array<float> least = arange<float>(n), greatest = arange<float>(n);
    for (int64_t i = 0; i < sample; ++i) {
      auto const at = i * stride + static_cast<std::uint32_t>(i) * 2654435769u % stride;
      least.data()[at] = -1;
      greatest.data()[at] = 2e6;
    }
    is_end_of_order(least, k, "least of a sample");
    is_end_of_order(greatest, k, "greatest of a sample");
    is_end_of_order(array<double>(least), k, "least of a sample");
    is_end_of_order(array<double>(greatest), k, "greatest of a sample");
  }
}

/// No element before place k is greater than the one there, none behind it less; all are those of x.
template <class T>
void is_divided(array<T> const& x, int64_t k, std::string const& what) {
  array<T> const got = partition(x, k), ordered = sort(x);
  array<int64_t> const places = argpartition(x, k);
  std::string const of =
      what + ", " + to_string(dtype_of<T>) + to_string(x.shape()) + ", " + std::to_string(k);
  auto const equals = [](auto const& a, auto const& b) {
    return sloth::all(a == b || (a != a && b != b)).item();
  };
  BOOST_TEST(equals(array<T>(sort(got)), ordered), of);
  BOOST_TEST(equals(array<T>(got(ellipsis, k)), array<T>(ordered(ellipsis, k))), of);
  array<T> const taken = take_along_axis(x, places);
  BOOST_TEST(equals(array<T>(sort(taken)), ordered), of);
  array<int64_t> const all_places = sort(places);
  BOOST_TEST(sloth::all(all_places == arange<int64_t>(x.shape().back())).item(), of);
  bool divided = true;
  for (array<T> const* a : {&got, &taken}) {
    auto const values = a->to_vector();
    int64_t const n = x.shape().back();
    for (int64_t i = 0; i < x.size(); ++i) {
      T const middle = values[i / n * n + k];
      divided &= i % n < k ? !precedes(middle, values[i]) : !precedes(values[i], middle);
    }
  }
  BOOST_TEST(divided, of);
}

BOOST_AUTO_TEST_CASE(partitions) {
  generator draw(12);
  for (int t = 0; t < dtype_count; ++t)
    visit(static_cast<dtype>(t), [&]<class T>() {
      for (auto const& [rows, n] :
           {std::pair<int64_t, int64_t>{1, 1}, {20, 30}, {3, 1023}, {3, 1500}, {1, 70'000}})
        for (int64_t k : {int64_t{0}, n / 2, n - 1})
          is_divided(with_equals<T>(draw, rows, n), k, "some");
    });
  array<float> const line = draw.normal<float>(0, 1, extents{300'001});
  for (int64_t k : {0, 17, 150'000, 300'000}) {
    is_divided(line, k, "drawn");
    is_divided(array<float>(sort(line)), k, "ascending");
    is_divided(array<float>(floor(line)), k, "with equals");
  }
  array<double> const column = partition(x.T(), 0, axis(0));
  is(column(0, _), "float64(2,)", {1, 7});
  is(partition(x, -1)(_, 2), "float64(2,)", {3, 9});
  is(argpartition(x, -3)(_, 0), "int64(2,)", {1, 1});
  is(partition(zeros(2, 0), 0), "float64(2, 0)", {});
  is(argpartition(zeros(0, 2), 1), "int64(0, 2)", {});
  REFUSES_HERE(index_error, "partition: place 3 is out of range for axis 1 of extent 3",
               partition(x, 3));
  REFUSES_HERE(index_error, "argpartition: place -3 is out of range for axis 0 of extent 2",
               argpartition(x, -3, axis(0)));
}

BOOST_AUTO_TEST_SUITE_END()
