// Counts, histograms and sets, against NumPy's values and a search.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(counting)

namespace {

using std::int64_t;
using ids = std::vector<int64_t>;

array<double> const x{{3, 1, 2}, {9, 7, 8}};

}  // namespace

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

namespace {

template <class T>
void members_are_found(array<T> const& x, array<T> const& among) {
  auto const values = x.to_vector(), all = among.to_vector();
  array<bool> const got = isin(x, among);
  BOOST_TEST(got.shape() == x.shape());
  std::set<T> const present(all.begin(), all.end());
  auto const flags = got.to_vector();
  int wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    wrong += flags[i] != (present.count(values[i]) > 0);
  BOOST_TEST(wrong == 0, to_string(dtype_of<T>) << ' ' << values.size() << ' ' << all.size());
}

}  // namespace

// Integers that are near each other and far apart, also by more than half of their range.
BOOST_AUTO_TEST_CASE(members_of_many_elements) {
  generator rng(8);
  for (int64_t const n : {1, 7, 3000, 60000}) {
    for (int64_t const range : {5 * n, int64_t{1} << 40}) {
      auto const drawn = [&](int64_t count) {
        return array<int64_t>(rng.integers<int64_t>(-range, range, {count}));
      };
      array<int64_t> const among = drawn(n);
      array<int64_t> x = drawn(20000);
      x(slice(5000)) = among(array<int64_t>(arange(5000) % n));
      members_are_found(x, among);
      members_are_found<double>(x.astype<double>() / 8, among.astype<double>() / 8);
      members_are_found<float>((x % 4096).astype<float>(), (among % 4096).astype<float>());
      members_are_found<std::uint64_t>(x.astype<std::uint64_t>(), among.astype<std::uint64_t>());
      members_are_found<std::int8_t>((x % 100).astype<std::int8_t>(),
                                     (among % 50).astype<std::int8_t>());
    }
  }
  int64_t const least = std::numeric_limits<int64_t>::min(),
                greatest = std::numeric_limits<int64_t>::max();
  members_are_found(array<int64_t>{least, -1, 0, 1, greatest}, array<int64_t>{least, 0, greatest});
  members_are_found(array<int64_t>{least, greatest - 3, greatest - 1, greatest},
                    array<int64_t>{greatest - 2, greatest});
}

BOOST_AUTO_TEST_SUITE_END()
