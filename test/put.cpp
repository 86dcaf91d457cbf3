// Writing by arrays of indices and of flags. Against NumPy's values.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(put_)

namespace {

using std::int64_t;

array<double> counting(extents const& shape) { return arange<double>(shape.size()).reshape(shape); }

}  // namespace

BOOST_AUTO_TEST_CASE(rows_at_indices) {
  array<double> x = zeros(4);
  x(array<int>{2, 0, -1}) = array<double>{5, 6, 7};
  is(x, "float64(4,)", {6, 0, 5, 7});
  x(array<int64_t>{1, 3}) = -1;
  is(x, "float64(4,)", {6, -1, 5, -1});
  x(array<int>{0, 2}) += array<double>{1, 2};
  is(x, "float64(4,)", {7, -1, 7, -1});
  x(array<int>{1, 1}) *= 3;  // read once, as NumPy: -3, not -9
  is(x, "float64(4,)", {7, -3, 7, -1});
  x(array<int>{{0, 1}, {2, 3}}) = array<double>{{1, 2}, {3, 4}};
  is(x, "float64(4,)", {1, 2, 3, 4});
  x(array<int>{{0, 1}, {2, 3}}) = array<double>{{8}, {9}};  // broadcast
  is(x, "float64(4,)", {8, 8, 9, 9});
  x(zeros<int>(0)) = 1;
  x(full<int>({}, 2)) = 0;
  is(x, "float64(4,)", {8, 8, 0, 9});

  array<float> m = zeros<float>(3, 2);
  m(array<int>{2, 0}) = array<float>{{1, 2}, {3, 4}};
  is(m, "float32(3, 2)", {3, 4, 0, 0, 1, 2});
  m(array<int>{1, 2}) = array<float>{5, 6};  // a row for all
  is(m, "float32(3, 2)", {3, 4, 5, 6, 5, 6});
  m(array<int>{0, 1}) = array<float>{{7}, {8}};
  is(m, "float32(3, 2)", {7, 7, 8, 8, 5, 6});
  m(array<int>{0}) = m(array<int>{2});
  is(m, "float32(3, 2)", {5, 6, 8, 8, 5, 6});
  m(array<int>{1}) -= m(_, 0)(slice(2));
  is(m, "float32(3, 2)", {5, 6, 3, 0, 5, 6});
  array<int> const flags{1, 0};
  array<complex128> z{{1, 2}, {3, 4}};
  z(flags) = z;
  is(absolute(z), "float64(2, 2)", {3, 4, 1, 2});
}

BOOST_AUTO_TEST_CASE(of_several_values_the_last_one_stays) {
  array<double> x = zeros(3);
  x(array<int>{1, 1, -2, 0}) = array<double>{1, 2, 3, 4};
  is(x, "float64(3,)", {4, 3, 0});
  array<double> m = zeros(2, 2);
  put_along_axis(m, array<int>{{1, -1}, {0, 0}}, array<double>{{1, 2}, {3, 4}}, axis(1));
  is(m, "float64(2, 2)", {0, 2, 4, 0});
  // On all threads, and with runs of every length.
  int64_t const n = 300000, bins = 257;
  array<int64_t> const at = generator(3).integers<int64_t>(0, bins, {n});
  array<float> y = zeros<float>(bins), rows = zeros<float>(bins, 3);
  y(at) = arange<float>(n);
  array<float> const each = arange<float>(3 * n).reshape(n, 3);
  rows(at) = each;
  std::vector<float> want(bins), wanted_rows(3 * bins);
  auto const places = at.to_vector();
  for (int64_t j = 0; j < n; ++j) {
    want[places[j]] = static_cast<float>(j);
    for (int64_t i = 0; i < 3; ++i) wanted_rows[3 * places[j] + i] = static_cast<float>(3 * j + i);
  }
  BOOST_TEST(y.to_vector() == want, boost::test_tools::per_element());
  BOOST_TEST(rows.to_vector() == wanted_rows, boost::test_tools::per_element());
  // Of elements of every size.
  auto const last_of = [&]<class T>(T) {
    array<T> of_type = zeros<T>(bins);
    of_type(at) = arange<int64_t>(n).astype<T>();
    std::vector<int64_t> last(bins);
    for (int64_t j = 0; j < n; ++j) last[places[j]] = j;
    array<int64_t> const wanted(last);
    BOOST_TEST(array_equal(of_type, wanted.astype<T>()), to_string(dtype_of<T>));
  };
  last_of(std::uint8_t{});
  last_of(std::int16_t{});
  last_of(double{});
  last_of(complex64{});
  last_of(complex128{});
}

// On a GPU sorted but for the lowest bits of their rows, of which one has nearly all values of its group.
BOOST_AUTO_TEST_CASE(of_several_values_in_many_rows_the_last_one_stays) {
  int64_t const n = 300000, bins = 1 << 18, busy = 4001;
  array<int64_t> at = generator(4).integers<int64_t>(0, bins, {n});
  at(slice(1000, 200000)) = busy;
  for (int64_t const j : {999, 50000, 199990}) at(array<int64_t>{j}) = busy - 1 - j % 2;
  auto const places = at.to_vector();
  std::vector<int64_t> last(bins, -1);
  for (int64_t j = 0; j < n; ++j) last[places[j]] = j;
  auto const last_of = [&]<class T>(T) {
    array<T> of_type = full<T>({bins}, -1), rows = full<T>({bins, 2}, -1);
    array<T> const values = arange<int64_t>(n).astype<T>();
    of_type(at) = values;
    rows(at) = values(_, newaxis) + zeros<T>(2);
    array<T> const wanted = array<int64_t>(last).astype<T>();
    BOOST_TEST(array_equal(of_type, wanted), to_string(dtype_of<T>));
    BOOST_TEST(array_equal(rows(_, 0), wanted), to_string(dtype_of<T>));
    BOOST_TEST(array_equal(rows(_, 1), wanted), to_string(dtype_of<T>));
  };
  last_of(float{});
  last_of(double{});
  last_of(complex128{});
}

BOOST_AUTO_TEST_CASE(put_takes_values_again_and_again) {
  array<double> x = counting({2, 3});
  put(x, array<int>{0, 4}, array<double>{-44, -55});
  is(x, "float64(2, 3)", {-44, 1, 2, 3, -55, 5});
  put(x, array<int>{0, 1, -1}, array<double>{7, 8});
  is(x, "float64(2, 3)", {7, 8, 2, 3, -55, 7});
  put(x, array<int>{2}, array<double>{1, 2, 3});
  is(x, "float64(2, 3)", {7, 8, 1, 3, -55, 7});
  put(x, array<int>{{3}, {4}}, 0);
  is(x, "float64(2, 3)", {7, 8, 1, 0, 0, 7});
  put(x, array<int>{0, 1}, zeros(0));
  is(x, "float64(2, 3)", {7, 8, 1, 0, 0, 7});
  array<f16> h = zeros<f16>(3);
  put(h, array<int>{1}, 2.5);
  is(h, "float16(3,)", {0, 2.5, 0});
  array<bool> b = zeros<bool>(3);
  put(b, array<int>{-1}, true);
  is(b, "bool(3,)", {0, 0, 1});
}

BOOST_AUTO_TEST_CASE(along_an_axis) {
  array<double> x = counting({2, 3});
  put_along_axis(x, array<int>{{0, 1, 0}}, 9, axis(0));
  is(x, "float64(2, 3)", {9, 1, 9, 3, 9, 5});
  put_along_axis(x, array<int>{{2}, {0}}, array<double>{{-1}, {-2}});
  is(x, "float64(2, 3)", {9, 1, -1, -2, 9, 5});
  put_along_axis(x, array<int>{{0, 1}, {1, 2}}, array<double>{5, 6}, axis(1));
  is(x, "float64(2, 3)", {5, 6, -1, -2, 5, 6});
  array<double> const y = rand(40, 30, 20);
  for (int a = 0; a < 3; ++a) {  // what argsort takes apart is put together
    array<double> back = zeros(40, 30, 20);
    array<int64_t> const order = argsort(y, axis(a));
    put_along_axis(back, order, take_along_axis(y, order, axis(a)), axis(a));
    BOOST_TEST(array_equal(back, y));
  }
}

BOOST_AUTO_TEST_CASE(elements_with_a_flag) {
  array<double> x = counting({2, 3});
  x(x > 2.) = array<double>{-1, -2, -3};
  is(x, "float64(2, 3)", {0, 1, 2, -1, -2, -3});
  x(x < 0.) += array<double>{10, 20, 30};
  is(x, "float64(2, 3)", {0, 1, 2, 9, 18, 27});
  x(x > 5.) = array<double>{4};
  is(x, "float64(2, 3)", {0, 1, 2, 4, 4, 4});
  x(x < 3.) = 2 * x(x < 3.);
  is(x, "float64(2, 3)", {0, 2, 4, 4, 4, 4});
  array<double> y = zeros(2, 3);
  y(x > 1.) = x(x > 1.);
  is(y, "float64(2, 3)", {0, 2, 4, 4, 4, 4});
  y(y < 0.) = zeros(0);
  array<double> const row{{7, 8}};  // an axis in front
  y(array<bool>{true, false, false, false, false, true}) = row;
  is(y, "float64(2, 3)", {7, 2, 4, 4, 4, 8});
  array<double> const large = rand(300, 1000);
  array<double> copy = zeros(300, 1000);
  copy(large > 0.3) = large(large > 0.3);
  BOOST_TEST(array_equal(copy, where(large > 0.3, large, 0.)));
  REFUSES_HERE(shape_error, "assignment: values of shape (2,) for 1 flags that are set",
               y(y == 8.) = zeros(2));
  REFUSES_HERE(shape_error, "assignment: values of shape (2, 2) for 4 flags that are set",
               y(array<bool>{true, true, false, false, true, true}) = zeros(2, 2));
  REFUSES_HERE(shape_error, "compress: flags of shape (3,) for (2, 3)",
               y(array<bool>{true, true, false}) = zeros(2));
  is(y, "float64(2, 3)", {7, 2, 4, 4, 4, 8});
}

BOOST_AUTO_TEST_CASE(in_place_where_nothing_else_reads) {
  auto const data_of = [](array<double> const& a) { return a.node()->data(); };  // where it lies
  array<double> x = counting({1000});
  std::byte const* const memory_before = data_of(x);
  array<int> const at{5, 7};
  x(at) = 0;
  x(at) += x(at) + 1;
  x(at) = array<double>{1, 2} * x(at);
  put(x, at, 2 * x(at));
  put_along_axis(x, at, x(at));
  x(x > 998.) = array<double>{-1};
  x(x < 0.) *= array<double>{2};
  BOOST_TEST(data_of(x) == memory_before);
  BOOST_TEST(x.item(5) == 2);
  BOOST_TEST(x.item(7) == 4);
  BOOST_TEST(x.item(999) == -2);

  array<double> const copy = x;  // else the write is to a copy
  auto const snapshot = x(at);
  auto const part = x(slice(5, 8));
  x(at) = -5;
  BOOST_TEST(data_of(copy) == memory_before);
  is(x(slice(5, 8)), "float64(3,)", {-5, 6, -5});
  is(part, "float64(3,)", {2, 6, 4});
  is(snapshot, "float64(2,)", {2, 4});
  is(copy(slice(5, 8)), "float64(3,)", {2, 6, 4});

  array<double> y = counting({4});  // values and indices that are the array itself
  y(array<int>{3, 2, 1, 0}) = y;
  is(y, "float64(4,)", {3, 2, 1, 0});
  y(array<int>{0, 1}) = y(slice(2, _));
  is(y, "float64(4,)", {1, 0, 1, 0});
  array<int64_t> i{2, 0, 1};
  i(i) = i;
  is(i, "int64(3,)", {0, 1, 2});

  std::vector<double> own{1, 2, 3};
  auto adopted = array<double>::adopt(own.data(), {3}, std::shared_ptr<void>(&own, [](void*) {}));
  adopted(array<int>{1}) = 9;
  BOOST_TEST(own[1] == 9);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_told_and_writes_nothing) {
  array<double> x = counting({2, 3});
  REFUSES_HERE(index_error, "assignment: index 2 is out of range for axis 0 of extent 2",
               x(array<int>{0, 2}) = 1);
  REFUSES_HERE(index_error, "assignment: index -3 is out of range for axis 0 of extent 2",
               x(array<int>{0, -3}) = 1);
  REFUSES_HERE(index_error, "put: index 6 is out of range for axis 0 of extent 6",
               put(x, array<int>{0, 6}, 1));
  REFUSES_HERE(index_error, "put_along_axis: index 3 is out of range for axis 1 of extent 3",
               put_along_axis(x, array<int>{{0}, {3}}, 1));
  REFUSES_HERE(index_error, "put_along_axis: axis 2 is out of range for rank 2",
               put_along_axis(x, array<int>{{0}, {3}}, 1, axis(2)));
  REFUSES_HERE(shape_error, "put_along_axis: indices of shape (3, 1) along axis 1 of (2, 3)",
               put_along_axis(x, zeros<int>(3, 1), 1));
  array<double> column = ones(2, 1);
  REFUSES_HERE(shape_error, "put_along_axis: indices of shape (2, 3) along axis 0 of (2, 1)",
               put_along_axis(column, zeros<int>(2, 3), 1, axis(0)));
  REFUSES_HERE(shape_error, "put_along_axis: shape (3, 2, 1) does not fit (2, 1)",
               put_along_axis(x, zeros<int>(2, 1), zeros(3, 2, 1)));
  REFUSES_HERE(shape_error, "assignment: shape (2, 2, 3) does not fit (2, 3)",
               x(array<int>{0, 1}) = zeros(2, 2, 3));
  array<std::uint8_t> bytes = zeros<std::uint8_t>(2);
  REFUSES_HERE(dtype_error, "300 does not fit uint8", bytes(array<int>{0}) = 300);
  array<double> scalar(1.);
  REFUSES_HERE(index_error, "take: axis 0 is out of range for rank 0", scalar(array<int>{0}) = 1);
  is(x, "float64(2, 3)", {0, 1, 2, 3, 4, 5});
  array<double> none = zeros(0);
  REFUSES_HERE(index_error, "assignment: index 0 is out of range for axis 0 of extent 0",
               none(array<int>{0}) = 1);
}

// Fewer elements than indices, and more.
BOOST_AUTO_TEST_CASE(one_of_many_indices_out_of_range_writes_nothing) {
  int64_t const n = 50000;
  for (int64_t const rows : {3, 9000, 200000}) {
    array<int64_t> at = generator(5).integers<int64_t>(-rows, rows, {n});
    at(array<int>{40000, 45000}) = array<int64_t>{rows, -rows - 1};
    array<double> const before = arange<double>(rows), values = arange<double>(n);
    std::string const range = std::to_string(rows) + " is out of range for axis 0 of extent ";
    std::string const what = "index " + range + std::to_string(rows);
    array<double> x = before + 0.;
    auto const refuses = [&](std::string const& name, auto const& write) {
      BOOST_CHECK_EXCEPTION(write(), index_error, [&](index_error const& thrown) {
        return std::string(thrown.what()).starts_with("index_error: " + name + ": " + what);
      });
      BOOST_TEST(array_equal(x, before), name);
    };
    refuses("assignment", [&] { x(at) = 1; });
    refuses("assignment", [&] { x(at) = values; });
    refuses("put", [&] { put(x, at, values); });
    refuses("add_at", [&] { add_at(x, at, 1); });
    refuses("add_at", [&] { add_at(x, at, values); });
    deterministic_scope const same_bits;
    refuses("add_at", [&] { add_at(x, at, values); });
    array<double> const shared = x;
    refuses("put", [&] { put(x, at, values); });
    BOOST_TEST((x.node() == shared.node()));
  }
}

BOOST_AUTO_TEST_CASE(add_at_adds_each_of_several_values) {
  array<double> x = zeros(4);
  add_at(x, array<int>{1, 1, -1, 0, 1}, array<double>{1, 2, 3, 4, 5});
  is(x, "float64(4,)", {4, 8, 0, 3});
  add_at(x, array<int>{2, 2}, 1);
  is(x, "float64(4,)", {4, 8, 2, 3});
  add_at(x, zeros<int>(0), 1);
  array<float> m = zeros<float>(2, 3);
  add_at(m, array<int>{{1, 1}, {0, 1}}, array<float>{1, 2, 3});
  is(m, "float32(2, 3)", {1, 2, 3, 3, 6, 9});
  add_at(m, array<int>{0, 0}, array<float>{{1, 2, 3}, {10, 20, 30}});
  is(m, "float32(2, 3)", {12, 24, 36, 3, 6, 9});
  array<double> y = counting({3});
  std::byte const* const memory_before = y.node()->data();
  add_at(y, array<int>{0, 0}, y(slice(2)) + 1);  // in place
  is(y, "float64(3,)", {3, 1, 2});
  BOOST_TEST(y.node()->data() == memory_before);
  array<double> const copy = y;
  add_at(y, array<int>{0}, y(slice(1)));
  is(y, "float64(3,)", {6, 1, 2});
  is(copy, "float64(3,)", {3, 1, 2});
  REFUSES_HERE(index_error, "add_at: index -4 is out of range for axis 0 of extent 3",
               add_at(y, array<int>{0, -4}, 1));
  REFUSES_HERE(index_error, "add_at: index 3 is out of range for axis 0 of extent 3",
               add_at(y, array<int>{0, 3}, zeros(2)));
  REFUSES_HERE(shape_error, "add_at: shape (2, 2) does not fit (2,)",
               add_at(y, array<int>{0, 1}, zeros(2, 2)));
  array<double> scalar(1.);
  REFUSES_HERE(index_error, "add_at: axis 0 is out of range for rank 0",
               add_at(scalar, array<int>{0}, 1));
  is(y, "float64(3,)", {6, 1, 2});
}

namespace {

/// Sums that T holds exactly, but for integers that wrap: of 1, 2, 3, 1, ... in rows of which one has two
/// thirds of the values, many none, and some few.
template <class T>
void add_to_rows_of_all_lengths() {
  for (std::int64_t n : {1, 7, 8, 63, 64, 65, 128, 129, 2047, 2048, 2049, 4099, 10007, 20011})
    for (std::int64_t inner : {1, 3}) {
      std::int64_t const extent = 40;
      auto const j = arange<std::int64_t>(n);
      array<std::int64_t> const at = where(j % 3 == 0, (j * j) % extent, std::int64_t{-7});
      array<T> const values =
          (arange<std::int64_t>(n * inner) % 3 + 1).template astype<T>().reshape(n, inner);
      array<T> x = ones<T>(extent, inner);
      add_at(x, at, values);
      std::vector<std::int64_t> want(extent * inner, 1);
      auto const rows = at.to_vector();
      for (std::int64_t k = 0; k < n; ++k)
        for (std::int64_t i = 0; i < inner; ++i)
          want[(rows[k] + extent) % extent * inner + i] += (k * inner + i) % 3 + 1;
      array<std::int64_t> const wanted(want, {extent, inner});
      BOOST_TEST(array_equal(x, wanted.template astype<T>()), to_string(dtype_of<T>) << " " << n);
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(add_at_of_every_type) {
  auto const check = []() {
    add_to_rows_of_all_lengths<std::int16_t>();
    add_to_rows_of_all_lengths<std::uint32_t>();
    add_to_rows_of_all_lengths<std::int64_t>();
    add_to_rows_of_all_lengths<std::uint64_t>();
    add_to_rows_of_all_lengths<int>();
    add_to_rows_of_all_lengths<float>();
    add_to_rows_of_all_lengths<double>();
    add_to_rows_of_all_lengths<complex64>();
    add_to_rows_of_all_lengths<complex128>();
    add_to_rows_of_all_lengths<bool>();
  };
  check();
  {
    deterministic_scope const ordered;
    check();
  }
  // Summed in f32 and rounded once: one by one 2048 would stay as it is.
  array<f16> h = zeros<f16>(2);
  add_at(h, zeros<int>(2051), 1);
  is(h, "float16(2,)", {2052, 0});
  array<bf16> b = zeros<bf16>(2);
  add_at(b, zeros<int>(1000), array<bf16>{bf16(0.5f)});
  is(b, "bfloat16(2,)", {500, 0});
  array<std::int8_t> i{100, -100};  // wraps
  add_at(i, array<int>{0, 1, 0, 1}, array<std::int8_t>{100, -100, 1, -1});
  is(i, "int8(2,)", {-55, 55});
  array<std::uint8_t> u{200};
  add_at(u, zeros<int>(500), 1);
  is(u, "uint8(1,)", {188});
  array<double> zero{-0.};
  add_at(zero, zeros<int>(3), -0.);
  BOOST_TEST(std::signbit(zero.item()));
}

BOOST_AUTO_TEST_CASE(add_at_of_numbers_that_round) {
  std::int64_t const n = 200000;
  generator rng(5);
  for (std::int64_t const bins : {100, 10000}) {  // on a GPU sorted, and added in any order
    array<std::int64_t> const at = rng.integers<std::int64_t>(0, bins, {n});
    array<double> const values = rng.normal(0., 1., {n});
    array<double> sums = zeros(bins), ordered = zeros(bins), again = zeros(bins);
    add_at(sums, at, values);
    {
      deterministic_scope const same_bits;
      add_at(ordered, at, values);
      add_at(again, at, values);
    }
    BOOST_TEST(array_equal(ordered, again));
    std::vector<long double> want(bins), sizes(bins);
    std::vector<int> terms(bins);
    auto const places = at.to_vector();
    auto const all = values.to_vector();
    for (std::int64_t j = 0; j < n; ++j) {
      want[places[j]] += all[j];
      sizes[places[j]] += std::abs(all[j]);
      ++terms[places[j]];
    }
    for (std::int64_t k = 0; k < bins; ++k)
      for (auto const& x : {sums, ordered})
        BOOST_TEST(std::abs(x.item(k) - want[k]) <= terms[k] * 0x1p-53L * sizes[k], k);
  }
}

BOOST_AUTO_TEST_SUITE_END()
