// Sorted arrays and places in them, against NumPy's values and std::stable_sort.
#include <dsl/sloth.hpp>
#include <test/order.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(order)

namespace {

using std::int64_t;
using ids = std::vector<int64_t>;

array<double> const x{{3, 1, 2}, {9, 7, 8}};

}  // namespace

BOOST_AUTO_TEST_CASE(sorted_along_an_axis) {
  is(sort(x), "float64(2, 3)", {1, 2, 3, 7, 8, 9});
  is(sort(-x, axis(0)), "float64(2, 3)", {-9, -7, -8, -3, -1, -2});
  is(sort(x.T()), "float64(3, 2)", {3, 9, 1, 7, 2, 8});
  is(argsort(x), "int64(2, 3)", {1, 2, 0, 1, 2, 0});
  is(argsort(-x, axis(0)), "int64(2, 3)", {1, 1, 1, 0, 0, 0});
  is(sort(array<double>{nan_, 1, -inf, inf, -0., 0}), "float64(6,)", {-inf, 0, 0, 1, inf, nan_});
  is(argsort(array<int>{2, 1, 2, 1, 0}), "int64(5,)", {4, 1, 3, 0, 2});
  is(argsort(array<double>{0., -0., nan_, 0., nan_}), "int64(5,)", {0, 1, 3, 2, 4});
  is(sort(array<bool>{true, false, true}), "bool(3,)", {0, 1, 1});
  is(sort(array<std::uint8_t>{200, 3, 100}), "uint8(3,)", {3, 100, 200});
  is(sort(array<std::int64_t>{INT64_MAX, INT64_MIN, 0})(slice(1, 2)), "int64(1,)", {0});
  is(sort(zeros(3, 0)), "float64(3, 0)", {});
  is(sort(zeros(0, 3), axis(0)), "float64(0, 3)", {});
  using c = complex64;
  array<c> const z{c{2, 1}, c{1, 5}, c{1, -5}, c{NAN, 0}, c{0, NAN}};
  BOOST_TEST((argsort(z).to_vector() == ids{2, 1, 0, 4, 3}));
  BOOST_TEST(explain(sort(x + 1)).find("sort    sort(r0)") != std::string::npos);
  REFUSES_HERE(index_error, "sort: axis 2 is out of range for rank 2", sort(x, axis(2)));
  REFUSES_HERE(index_error, "argsort: axis 0 is out of range for rank 0",
               argsort(full({}, 1.), axis(0)));
}

BOOST_AUTO_TEST_CASE(every_type_and_many_sizes) {
  generator draw(5);
  for (int t = 0; t < dtype_count; ++t)
    visit(static_cast<dtype>(t), [&]<class T>() {
      for (auto const& [rows, n] : {std::pair<int64_t, int64_t>{1, 1},
                                    {1, 33},
                                    {1, 1000},
                                    {500, 31},
                                    {3, 2049},
                                    {1, 70001},
                                    {20, 4000},
                                    {3000, 2}}) {
        array<T> const all = with_equals<T>(draw, rows, n);
        T const* const in = all.data();
        auto const places = argsort(all).to_vector();
        array<T> const got = sort(all);
        bool right = true, in_order = true;
        for (int64_t r = 0; r < rows; ++r) {
          T const* const row = in + r * n;
          ids want(static_cast<std::size_t>(n));
          std::iota(want.begin(), want.end(), 0);
          std::stable_sort(want.begin(), want.end(),
                           [&](int64_t a, int64_t b) { return precedes<T>(row[a], row[b]); });
          for (int64_t i = 0; i < n; ++i) {
            right = right && places[r * n + i] == want[i];
            T const &a = got.data()[r * n + i], &b = row[want[i]];
            in_order = in_order && !precedes<T>(a, b) && !precedes<T>(b, a);
          }
        }
        BOOST_TEST(right, "argsort of " << to_string(dtype_of<T>) << " " << rows << " x " << n);
        BOOST_TEST(in_order, "sort of " << to_string(dtype_of<T>) << " " << rows << " x " << n);
      }
    });
}

namespace {

/// sort's elements of one row, bit by bit those of a stable sort, and argsort's.
template <class T>
void is_sorted_as_stably(std::vector<T> const& row, array<T> const& got, array<int64_t> const& at,
                         const char* what) {
  auto const n = static_cast<int64_t>(row.size());
  ids want(row.size());
  std::iota(want.begin(), want.end(), 0);
  std::stable_sort(want.begin(), want.end(),
                   [&](int64_t a, int64_t b) { return precedes<T>(row[a], row[b]); });
  auto const values = got.to_vector();
  bool const zeros_differ = current_device() == gpu;  // there -0 comes before 0
  bool same = true;
  for (int64_t i = 0; i < n; ++i)
    same &= std::memcmp(&values[i], &row[want[i]], sizeof(T)) == 0 ||
            (zeros_differ && values[i] == T(0) && row[want[i]] == T(0));
  BOOST_TEST(same, "sort of " << what << ", " << to_string(dtype_of<T>) << ", " << n);
  BOOST_TEST((at.to_vector() == want), "argsort of " << what << ", " << n);
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_side_by_side) {
  auto const each = []<class T>(T) {
    for (int64_t n : {2, 3, 5, 31, 100, 257, 1000, 4096, 4097}) {
      int64_t const rows = 19;
      array<T> all(extents{rows, n});
      auto const u = generator(n).integers<std::uint64_t>(0, 1000000, {rows, n}).to_vector();
      for (int64_t i = 0; i < rows * n; ++i)
        all.data()[i] = static_cast<T>(u[i]) - static_cast<T>(is_floating<T> ? 500000 : 0);
      if constexpr (is_floating<T>) {  // those of one group of rows
        T* const odd = all.data() + 9 * n;
        odd[0] = T(0), odd[1] = T(-0.), odd[n] = std::numeric_limits<T>::quiet_NaN();
      }
      array<T> const got = sort(all);
      array<int64_t> const places = argsort(all);
      for (int64_t r = 0; r < rows; ++r)
        is_sorted_as_stably<T>({all.data() + r * n, all.data() + (r + 1) * n}, array<T>(got(r, _)),
                               array<int64_t>(places(r, _)), "a row");
    }
  };
  each(float{});
  each(double{});
  each(std::int32_t{});
  each(int64_t{});
  each(std::uint32_t{});
  each(std::uint64_t{});
}

BOOST_AUTO_TEST_CASE(long_rows) {
  int64_t const n = 300001;
  auto const words = generator(8).integers<std::uint64_t>(0, ~0ull, {n}, true).to_vector();
  auto const each = [&]<class T>(const char* what, auto value) {
    array<T> x(extents{n});
    T* const to = x.data();
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(value(words[i], i));
    is_sorted_as_stably<T>(x.to_vector(), sort(x), argsort(x), what);
  };
  using word = std::uint64_t;
  auto const unit = [](word w) { return std::ldexp(double(w >> 11), -53); };
  each.operator()<word>("words", [](word w, int64_t) { return w; });
  each.operator()<int64_t>("few values", [](word w, int64_t) { return int64_t(w % 7) - 3; });
  each.operator()<int64_t>("one value", [](word, int64_t) { return -5; });
  each.operator()<int64_t>("one that is far away", [](word w, int64_t i) {
    return i == 77 ? INT64_MIN : int64_t(w % 4096);
  });
  each.operator()<int64_t>("sorted", [](word, int64_t i) { return i; });
  each.operator()<int>("int32", [](word w, int64_t) { return int(w); });
  each.operator()<std::uint32_t>("uint32", [](word w, int64_t) { return std::uint32_t(w); });
  each.operator()<int64_t>("falling", [&](word, int64_t i) { return -i; });
  each.operator()<double>("reals", [&](word w, int64_t) { return 2 * unit(w) - 1; });
  each.operator()<double>("powers", [&](word w, int64_t) { return std::exp2(100 * unit(w)); });
  each.operator()<double>("zeros and NaNs", [&](word w, int64_t) {
    return w % 5 == 0 ? nan_ : w % 5 == 1 ? -0. : w % 5 == 2 ? 0. : unit(w);
  });
  // Equal in two digits of each bucket, but for one element.
  each.operator()<double>("last bits", [&](word w, int64_t i) {
    double const power = std::ldexp(1, int(i % 40));
    return i < 40 ? (1 + 0x1p-5) * power : power * (1 + double(w % 4096) * 0x1p-52);
  });
}

BOOST_AUTO_TEST_CASE(many_places_in_sorted_values) {
  auto const each = [](auto sorted, auto const& wanted, const char* what) {
    using T = typename decltype(sorted)::value_type;
    std::sort(sorted.begin(), sorted.end(), precedes<T>);
    array<T> const a(sorted), v(wanted);
    auto const left = searchsorted(a, v).to_vector();
    auto const right = searchsorted(a, v, side::right).to_vector();
    bool same = true;
    ids lefts, rights;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      auto const b = sorted.begin(), e = sorted.end();
      lefts.push_back(std::lower_bound(b, e, wanted[i], precedes<T>) - b);
      rights.push_back(std::upper_bound(b, e, wanted[i], precedes<T>) - b);
      same &= left[i] == lefts.back() && right[i] == rights.back();
    }
    BOOST_TEST(same, what);
    // So many that a GPU makes cells of the sorted ones, where they are few.
    auto const columns = static_cast<int64_t>(wanted.size()), rows = (1 << 18) / columns + 1;
    auto const again = broadcast_to(v, {rows, columns});
    BOOST_TEST(all(searchsorted(a, again) == array<int64_t>(lefts)).item(), what);
    BOOST_TEST(all(searchsorted(a, again, side::right) == array<int64_t>(rights)).item(), what);
  };
  auto const reals = generator(1).normal(0, 1, {3000}).to_vector();
  auto wanted = generator(2).normal(0, 1.5, {20000}).to_vector();
  wanted.insert(wanted.end(), reals.begin(), reals.end());
  for (double special : {nan_, inf, -inf, 0., -0., 1e300, -1e300, 5e-324})
    wanted.push_back(special);
  each(reals, wanted, "reals");
  auto more = reals;
  more.insert(more.end(), {nan_, nan_});
  each(more, wanted, "with NaN");
  more.push_back(inf);
  each(more, wanted, "with infinity");
  each(std::vector<double>{nan_, nan_}, wanted, "of NaN alone");
  auto ascending = wanted;
  std::sort(ascending.begin(), ascending.end(), precedes<double>);
  each(more, ascending, "ascending ones");
  each(std::vector<double>(500, 0.25), wanted, "of one value");
  each(std::vector<double>{0, 5e-324, 1e-323}, wanted, "too near each other");
  each(std::vector<double>{1e300}, wanted, "of one");
  each(std::vector<double>{-1.7e308, 1, 2, 1.7e308}, wanted, "too far apart");
  more.assign(reals.begin(), reals.end());
  more.push_back(1e9);
  each(more, wanted, "one far away");
  for (auto& r : more) r = std::floor(4 * r);
  each(more, more, "with equals");
  std::vector<float> const floats(reals.begin(), reals.end()), few(wanted.begin(), wanted.end());
  each(floats, few, "floats");
  auto whole = generator(3).integers(-1000, 1000, {3000}).to_vector();
  auto asked = generator(4).integers(-1100, 1100, {9000}).to_vector();
  each(whole, asked, "whole numbers");
  whole.insert(whole.end(), {INT64_MIN, INT64_MAX});
  asked.insert(asked.end(), {INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1});
  each(whole, asked, "over all of int64");
  each(std::vector<std::uint64_t>(whole.begin(), whole.end()),
       std::vector<std::uint64_t>(asked.begin(), asked.end()), "over all of uint64");
}

BOOST_AUTO_TEST_CASE(places_in_sorted_values) {
  array<double> const edges{1, 2, 2, 3, nan_};
  array<double> const v{0, 1, 2, 2.5, 4, nan_};
  is(searchsorted(edges, v), "int64(6,)", {0, 0, 1, 3, 4, 4});
  is(searchsorted(edges, v, side::right), "int64(6,)", {0, 1, 3, 3, 4, 5});
  is(searchsorted(array<int>{1, 3, 5}, array<int>{{0, 3}, {4, 9}}), "int64(2, 2)", {0, 1, 2, 3});
  is(searchsorted(array<std::uint8_t>{1, 200}, array<int>{-1, 100, 300}), "int64(3,)", {0, 1, 2});
  is(searchsorted(zeros(0), v), "int64(6,)", {0, 0, 0, 0, 0, 0});
  is(digitize(array<double>{0.2, 6.4, 3, 1.6}, array<double>{0, 1, 2.5, 4, 10}), "int64(4,)",
     {1, 4, 3, 2});
  is(digitize(array<double>{1, 2}, array<double>{1, 2}, true), "int64(2,)", {0, 1});
  REFUSES_HERE(shape_error, "searchsorted: takes 1-D, not (2, 3)", searchsorted(x, v));
}

BOOST_AUTO_TEST_SUITE_END()
