// Permutations and choices of a generator.
#include "refuses.hpp"
#include "values.hpp"

#include <dsl/sloth.hpp>

#include <algorithm>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(choosing)

BOOST_AUTO_TEST_CASE(permutations) {
  generator rng(21);
  array<std::int64_t> const order = rng.permutation(1000);
  BOOST_TEST(rng.offset() == 1000u);
  BOOST_TEST(array_equal(sort(order), arange(1000)));
  BOOST_TEST(!array_equal(order, arange(1000)));
  BOOST_TEST(array_equal(generator(21).permutation(1000), order));
  array<double> const x = reshape(arange(3000.), {1000, 3});
  BOOST_TEST(array_equal(generator(21).permutation(x), take(x, order, axis(0))));
  array<double> shuffled = x;
  generator(21).shuffle(shuffled);
  BOOST_TEST(array_equal(shuffled, take(x, order, axis(0))));
  BOOST_TEST((x(0, 0).item() == 0 && x(999, 2).item() == 2999));  // shared before, as it was
  BOOST_TEST(rng.permutation(0).size() == 0);
  BOOST_TEST(rng.permutation(1).to_vector()[0] == 0);
  // The order of 64 random bits each, of which so many have 32 in common with others.
  std::int64_t const n = 1 << 20;
  auto const words = generator(22).integers<std::uint64_t>(0, ~std::uint64_t{0}, {n}, true);
  BOOST_TEST(array_equal(generator(22).permutation(n), argsort(words)));
  // All 24 orders of 4, equally likely: chi-square, five standard deviations.
  std::vector<double> count(256);
  int const draws = 2400;
  for (int k = 0; k < draws; ++k) {
    auto const p = rng.permutation(4).to_vector();
    ++count[std::size_t(p[0] * 64 + p[1] * 16 + p[2] * 4 + p[3])];
  }
  double chi2 = 0, cells = 0;
  for (double c : count)
    if (c > 0) ++cells, chi2 += (c - draws / 24.) * (c - draws / 24.) / (draws / 24.);
  BOOST_TEST(cells == 24);
  BOOST_TEST(std::abs(chi2 - 23) < 5 * std::sqrt(46.));

  array<double> number(2.);
  REFUSES(shape_error, "an extent is negative: (-1,)", rng.permutation(-1));
  REFUSES_HERE(shape_error, "permutation: shape () has no axis", rng.permutation(number));
  REFUSES_HERE(shape_error, "shuffle: shape () has no axis", rng.shuffle(number));
}

BOOST_AUTO_TEST_CASE(choices) {
  generator rng(22);
  std::int64_t const n = 40000;
  auto const shares = [&](auto const& chosen, std::int64_t of) {
    return array<double>(bincount(ravel(chosen), of).template astype<double>() / double(n));
  };
  // Within five standard deviations of each share.
  auto const near = [&](array<double> const& got, array<double> const& want) {
    return all(abs(got - want) <= 5 * sqrt(want * (1 - want) / double(n))).item();
  };
  array<double> const p = {0.1, 0., 0.2, 0.3, 0.4, 0.};
  array<double> const even = full(extents{6}, 1. / 6);
  BOOST_TEST(near(shares(rng.choice(6, {n / 4, 4}), 6), even));
  BOOST_TEST(near(shares(rng.choice(6, {n / 4, 4}, true, p), 6), p));
  BOOST_TEST(near(shares(rng.choice(6, {n}, true, p.astype<float>()), 6), p));
  array<std::int64_t> const few = rng.choice(100, {5, 4}, false);
  auto sorted = few.to_vector();
  std::sort(sorted.begin(), sorted.end());
  BOOST_TEST((std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end()));
  BOOST_TEST((sorted.front() >= 0 && sorted.back() < 100));
  // Without replacement the first of a permutation, few of many as well.
  for (std::int64_t const of : {1, 5000, 300000})
    for (std::int64_t const count : {of / 1000, of / 3, of})
      BOOST_TEST(array_equal(generator(24).choice(of, {count}, false),
                             generator(24).permutation(of)(slice(count))));
  // Without replacement and with p: the first of two in the shares p, the second in p_j p_i / (1 - p_j).
  int const pairs = 4000;
  std::vector<double> first(6), second(6);
  for (int k = 0; k < pairs; ++k) {
    auto const c = rng.choice(6, {2}, false, p).to_vector();
    BOOST_REQUIRE(c[0] != c[1]);
    ++first[std::size_t(c[0])], ++second[std::size_t(c[1])];
  }
  auto const w = p.to_vector();
  for (std::size_t i = 0; i < 6; ++i) {
    double later = 0;
    for (std::size_t j = 0; j < 6; ++j)
      if (j != i) later += w[j] * w[i] / (1 - w[j]);
    BOOST_TEST(std::abs(first[i] / pairs - w[i]) <= 5 * std::sqrt(w[i] / pairs));
    BOOST_TEST(std::abs(second[i] / pairs - later) <= 5 * std::sqrt(later / pairs));
  }
  // Elements of an array, along its first axis.
  array<double> const x = reshape(arange(12.), {6, 2});
  array<std::int64_t> const places = generator(23).choice(6, {3, 2}, true, p);
  array<double> const chosen = generator(23).choice(x, {3, 2}, true, p);
  BOOST_TEST(to_string(chosen.shape()) == "(3, 2, 2)");
  BOOST_TEST(array_equal(chosen, take(x, places, axis(0))));
  BOOST_TEST(array_equal(generator(23).choice(x, {3}, false),
                         take(x, generator(23).choice(6, {3}, false), axis(0))));
  BOOST_TEST(rng.choice(0, {0}).size() == 0);

  REFUSES_HERE(shape_error, "choice: 2 cannot be chosen of 0", rng.choice(0, {2}));
  REFUSES_HERE(shape_error, "choice: 7 cannot be chosen of 6 without replacement",
               rng.choice(6, {7}, false));
  REFUSES_HERE(shape_error, "choice: 5 cannot be chosen of 4 whose p is not 0",
               rng.choice(6, {5}, false, p));
  REFUSES_HERE(shape_error, "choice: p has shape (6,) for 5 elements", rng.choice(5, {2}, true, p));
  REFUSES_HERE(dtype_error, "choice: p must not be negative: -0.1",
               rng.choice(6, {2}, true, p - 0.1));
  REFUSES_HERE(dtype_error, "choice: p must not be negative: nan",
               rng.choice(6, {2}, true, p / 0. * 0.));
  REFUSES_HERE(dtype_error, "choice: p must add up to 1: 2", rng.choice(6, {2}, true, 2 * p));
  array<double> const number(2.);
  REFUSES_HERE(shape_error, "choice: shape () has no axis", rng.choice(number, {2}));
}

BOOST_AUTO_TEST_SUITE_END()
