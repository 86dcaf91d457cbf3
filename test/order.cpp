// Sorted arrays and what is read off them, against NumPy's values and std::stable_sort.
#include <dsl/sloth.hpp>
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

/// NumPy's order of one type, on elements of it.
template <class T>
bool precedes(T a, T b) {
  if constexpr (is_complex<T>) {
    if (a.re < b.re) return a.im == a.im || b.im != b.im;
    if (a.re > b.re) return a.im == a.im && b.im != b.im;
    bool const same = a.re == b.re || (a.re != a.re && b.re != b.re);
    return same ? precedes(a.im, b.im) : b.re != b.re;
  } else if constexpr (is_real_floating<T>) {
    auto const wide = [](T v) { return convert<double>(v); };
    return wide(a) < wide(b) || (wide(b) != wide(b) && wide(a) == wide(a));
  } else {
    return a < b;
  }
}

/// Elements among which are many equal ones, infinities, -0, and NaNs with and without a sign.
template <class T>
array<T> with_equals(generator& draw, int64_t rows, int64_t n) {
  array<T> all(extents{rows, n});
  T* const in = all.data();
  auto const u = draw.uniform(-40., 40., {rows * n, 2}).to_vector();
  for (int64_t i = 0; i < rows * n; ++i) {
    auto const part = [&](double v, auto zero) {
      using R = decltype(zero);
      if constexpr (is_real_floating<R>) {
        if (v > 38) return convert<R>(v > 39 ? -NAN : NAN);
        if (v < -38) return convert<R>(v < -39 ? -INFINITY : -0.);
      }
      return convert<R>(std::floor(v));  // with equal ones
    };
    if constexpr (is_complex<T>)
      in[i] = T{part(u[2 * i], in[i].re), part(u[2 * i + 1], in[i].re)};
    else
      in[i] = part(u[2 * i], T{});
  }
  return all;
}

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

BOOST_AUTO_TEST_CASE(counts) {
  is(bincount(array<int>{0, 1, 1, 3, 2, 1, 7}), "int64(8,)", {1, 3, 1, 1, 0, 0, 0, 1});
  is(bincount(array<int>{1}, 4), "int64(4,)", {0, 1, 0, 0});
  is(bincount(zeros<int>(0)), "int64(0,)", {});
  array<int64_t> const many = floor(generator(1).uniform(0., 100., {200000})).astype<int64_t>();
  is(sum(bincount(many)), "int64()", {200000});
  is(bincount(many)(slice(7, 8)), "int64(1,)", {sum(many == 7).astype<double>().item()});
  array<std::uint8_t> const bytes{200, 0, 200};
  is(bincount(bytes)(slice(198, _)), "int64(3,)", {0, 0, 2});
  array<int64_t> const far{0, 5'000'000, 5'000'000};
  is(bincount(far)(slice(4'999'999, _)), "int64(2,)", {0, 2});
  is(bincount(far, array<float>{1, 0.5, 4})(slice(4'999'999, _)), "float64(2,)", {0, 4.5});
  is(bincount(array<int>{1, 1}, array<int>{2, 3}, 4), "float64(4,)", {0, 5, 0, 0});
  is(bincount(zeros<int>(0), zeros(0), 2), "float64(2,)", {0, 0});
  REFUSES_HERE(index_error, "bincount: a negative value: -2", bincount(array<int>{1, -2}));
  REFUSES_HERE(index_error, "bincount: a negative value: -2",
               bincount(array<int>{1, -2}, array<int>{1, 1}));
  // Of u64 those from 2^63 on are negative indices.
  REFUSES_HERE(index_error, "bincount: a negative value: -9223372036854775808",
               bincount(array<std::uint64_t>{0, std::uint64_t{1} << 63}));
  REFUSES_HERE(index_error, "bincount: too great a value: 9223372036854775807",
               bincount(array<int64_t>{0, INT64_MAX}));
  REFUSES_HERE(index_error, "bincount: too great a value: 9223372036854775807",
               bincount(array<int64_t>{0, INT64_MAX}, array<int>{1, 1}));
  REFUSES_HERE(shape_error, "bincount: weights of shape (1,) for (2,)",
               bincount(array<int>{1, 2}, array<int>{1}));
  REFUSES_HERE(shape_error, "bincount: takes 1-D, not (1, 1)", bincount(array<int>{{1}}));

  auto const [n, edges] = histogram(array<double>{1, 2, 1}, array<double>{0, 1, 2, 3});
  is(n, "int64(3,)", {0, 2, 1});
  is(edges, "float64(4,)", {0, 1, 2, 3});
  array<int> const data{{1, 2, 3}, {4, 5, 10}};
  auto const [m, bounds] = histogram(data, 3);
  is(m, "int64(3,)", {3, 2, 1});
  is(bounds, "float64(4,)", {1, 4, 7, 10});
  is(histogram(array<double>{1, 2, nan_, 5, 9}, 2, 1, 5).first, "int64(2,)", {2, 1});
  is(histogram(array<double>{3, 3}, 2).second, "float64(3,)", {2.5, 3, 3.5});
  is(histogram(zeros(0), 2).first, "int64(2,)", {0, 0});

  // Of weights, and as densities.
  array<double> const d{0.5, 1.5, 2.5, 2.5, 3}, w{1, 2, 3, 4, 5}, three{0, 1, 3};
  is(histogram(d, 3, w).first, "float64(3,)", {1, 2, 12});
  is(histogram(d, three, w).first, "float64(2,)", {1, 14});
  is(histogram(d, 2, 1, 3, w).first, "float64(2,)", {2, 12});
  is(histogram(d, 2, 1, 3, w).second, "float64(3,)", {1, 2, 3});
  is(histogram(d, three, density).first, "float64(2,)", {0.2, 0.4});
  is(histogram(d, 2, 1, 3, density).first, "float64(2,)", {0.25, 0.75});
  is(histogram(d, 3, density).first, "float64(3,)", {0.24, 0.24, 0.72});
  is(histogram(d, 3, w, density).first, "float64(3,)", {0.08, 0.16, 0.96});
  is(histogram(d, three, w, density).first, "float64(2,)", {1 / 15., 7 / 15.});
  is(histogram(d, 2, 1, 3, w, density).first, "float64(2,)", {1 / 7., 6 / 7.});
  is(histogram(d, 2, w.astype<std::int8_t>()).first, "int8(2,)", {3, 12});
  is(histogram(d, 2, w.astype<float>()).first, "float32(2,)", {3, 12});
  is(histogram(d, 2, w.astype<float>(), density).first, "float64(2,)", {0.16, 0.64});
  is(absolute(histogram(d, 2, w.astype<complex64>()).first), "float32(2,)", {3, 12});
  is(histogram(d.reshape(5, 1), 2, w.reshape(5, 1)).first, "float64(2,)", {3, 12});
  is(histogram(array<double>{1, nan_, 7}, 2, 0, 4, array<double>{5, 6, 7}).first, "float64(2,)",
     {5, 0});
  is(histogram(zeros(0), 2, density).first, "float64(2,)", {nan_, nan_});
  REFUSES_HERE(shape_error, "histogram: weights of shape (1, 5) for (5,)",
               histogram(d, 2, w.reshape(1, 5)));
  REFUSES_HERE(shape_error, "bincount: a negative length: -1", bincount(zeros<int>(0), -1));
  REFUSES_HERE(dtype_error, "histogram: the edges do not ascend",
               histogram(data, array<double>{0, 5, 3}));
  REFUSES_HERE(shape_error, "histogram: 0 bins", histogram(data, 0));
  REFUSES_HERE(dtype_error, "histogram: no range: nan to nan", histogram(array<double>{1, nan_}));
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

/// histogram(x, bins, low, high), and between its edges, against a search among them.
template <class T>
void bins_are_found(int64_t bins, double low, double high) {
  generator draw(8);
  array<T> const edges = linspace<T>(low, high, bins + 1);
  double const wide = high - low;
  std::vector<T> values =
      array<T>(draw.uniform<T>(low - wide / 8, high + wide / 8, {50'000})).to_vector();
  for (T e : edges.to_vector())
    for (T v : {e, std::nextafter(e, T(INFINITY)), std::nextafter(e, T(-INFINITY))})
      values.push_back(v);
  values.insert(values.end(), {T(NAN), T(INFINITY), T(-INFINITY)});
  T const* const e = edges.data();
  ids want(static_cast<std::size_t>(bins));
  for (T v : values)
    if (v >= e[0] && v <= e[bins])
      ++want[static_cast<std::size_t>(
          std::min<int64_t>(std::upper_bound(e, e + bins + 1, v) - e - 1, bins - 1))];
  array<T> const x(values);
  std::string const of = std::to_string(bins) + " bins of " + to_string(dtype_of<T>) + " from " +
                         std::to_string(low) + " to " + std::to_string(high);
  BOOST_TEST((histogram(x, edges).first.to_vector() == want), of);
  BOOST_TEST((histogram(x, bins, low, high).first.to_vector() == want), of);
}

BOOST_AUTO_TEST_CASE(histograms_are_those_of_a_search) {
  for (int64_t bins : {1, 7, 256, 5'000, 20'000}) {
    bins_are_found<float>(bins, 0, 1);
    bins_are_found<float>(bins, -3, 1e5);
    bins_are_found<float>(bins, 1e6, 1e6 + 3);
    bins_are_found<double>(bins, -1e-3, 1);
    bins_are_found<double>(bins, 1e12, 1e12 + 1);
    bins_are_found<float>(bins, 1.6e7, 1.6e7 + 4);
    bins_are_found<double>(bins, 0, 1e-310);
  }
  array<int> const x{1, 2, 2, 3, 9};
  is(histogram(x, array<int64_t>{1, 2, 3}).first, "int64(2,)", {1, 3});
  is(histogram(x.astype<std::uint64_t>(), array<std::uint64_t>{1, 2, 10}).first, "int64(2,)",
     {1, 4});
}

BOOST_AUTO_TEST_CASE(sets) {
  array<int> const a{3, 1, 2, 3, 1}, b{{5, 3}, {2, 2}};
  is(unique(a), "int32(3,)", {1, 2, 3});
  is(unique(array<double>{nan_, 1, nan_, 1}), "float64(2,)", {1, nan_});
  is(unique(zeros(0)), "float64(0,)", {});
  is(unique_counts(a).second, "int64(3,)", {2, 1, 2});
  array<double> const holes{{nan_, 1}, {nan_, 1}};  // each NaN is one of its own here, as in NumPy
  is(unique_counts(holes).first, "float64(3,)", {1, nan_, nan_});
  is(unique_counts(holes).second, "int64(3,)", {2, 1, 1});
  is(unique_inverse(holes).first, "float64(3,)", {1, nan_, nan_});
  is(unique_inverse(holes).second, "int64(2, 2)", {1, 0, 2, 0});
  is(unique_inverse(zeros(0, 2)).second, "int64(0, 2)", {});
  auto const [distinct, places] = unique_inverse(b);
  is(distinct, "int32(3,)", {2, 3, 5});
  is(places, "int64(2, 2)", {2, 1, 0, 0});
  is(isin(a, b), "bool(5,)", {1, 0, 1, 1, 0});
  is(isin(array<double>{2.5, 3}, a), "bool(2,)", {0, 1});
  is(isin(a, zeros(0)), "bool(5,)", {0, 0, 0, 0, 0});
  array<bool> unasked;
  {
    no_sync const here;
    unasked = isin(a, b);
  }
  is(unasked, "bool(5,)", {1, 0, 1, 1, 0});
  is(intersect1d(a, b), "int32(2,)", {2, 3});
  is(union1d(a, b), "int32(4,)", {1, 2, 3, 5});
  is(setdiff1d(a, b), "int32(1,)", {1});
}

BOOST_AUTO_TEST_SUITE_END()
