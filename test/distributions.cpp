// numpy_generator against NumPy's numbers; integers and distributions of a generator.
#include "refuses.hpp"
#include "values.hpp"

#include <dsl/distributions.hpp>

#include <algorithm>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(distributions)

namespace {

#include "data/random_numpy.inc"

template <class T>
int differences(numpy_generator& rng, std::vector<double> const& want) {
  auto const got = rng.random<T>(want.size()).to_vector();
  int wrong = got.size() != want.size();
  for (std::size_t i = 0; i < got.size(); ++i) wrong += static_cast<double>(got[i]) != want[i];
  return wrong;
}

}  // namespace

BOOST_AUTO_TEST_CASE(numbers_of_numpy) {
  for (auto const& sequence : numpy_sequences) {
    numpy_generator rng(numpy_state{sequence.seed, sequence.words, 0});
    int at = 0;
    for (auto const& draw : sequence.draws) {
      // A copy draws the same; the original goes on after the second draw.
      numpy_generator copy = rng, restored(rng.state());
      BOOST_TEST((draw.wide ? differences<double>(copy, draw.values)
                            : differences<float>(copy, draw.values)) == 0,
                 "seed " << sequence.seed << ", draw " << at);
      BOOST_TEST((draw.wide ? differences<double>(restored, draw.values)
                            : differences<float>(restored, draw.values)) == 0);
      BOOST_TEST((draw.wide ? differences<double>(rng, draw.values)
                            : differences<float>(rng, draw.values)) == 0);
      BOOST_TEST((copy.state() == rng.state()));
      ++at;
    }
  }
}

BOOST_AUTO_TEST_CASE(places_of_numpys_draws) {
  numpy_generator rng(42);
  auto const wide = rng.random(100000);
  auto const narrow = rng.random<float>(extents{100001});
  BOOST_TEST((rng.state() == numpy_state{42, 150001, 300001}));
  array<double> const x = wide, y = reshape(wide, {100, 1000}).T();
  array<float> const z = narrow;
  for (auto const& p : numpy_places) {
    BOOST_TEST(wide(slice(p.at, p.at + 1)).item() == p.wide);
    BOOST_TEST(x(p.at).item() == p.wide);
    BOOST_TEST(y(p.at % 1000, p.at / 1000).item() == p.wide);
    BOOST_TEST(static_cast<double>(z(p.at).item()) == p.narrow);
    BOOST_TEST(narrow(slice(p.at, _))(0).item() == z(p.at).item());
  }
  BOOST_TEST(std::abs(sum(wide).item() - numpy_sums[0]) < 1e-8);
  BOOST_TEST(std::abs(sum(narrow.astype<double>()).item() - numpy_sums[1]) < 1e-8);
  // Fused, in halves of another operand's shape, and with nothing drawn.
  array<double> const twice = 2 * wide + 1;
  BOOST_TEST(array_equal(twice, 2 * x + 1));
  auto const before = rng.state();
  BOOST_TEST(rng.random<float>(0, 3).size() == 0);
  BOOST_TEST((rng.state() == before));
  REFUSES(shape_error, "an extent is negative: (-1,)", rng.random(-1));
}

BOOST_AUTO_TEST_CASE(a_compiled_function_draws_numpys_numbers) {
  auto rng = std::make_shared<numpy_generator>(42);
  auto const f = compile([rng](auto const& x) { return x + rng->random<float>(3); });
  numpy_generator other(42);
  array<float> const zero = zeros<float>(3);
  for (int call = 0; call < 4; ++call) {
    array<float> const got = f(zero), want = other.random<float>(3);
    BOOST_TEST(array_equal(got, want));
  }
  *rng = numpy_generator(42);  // rewound, also for the compiled function
  other = numpy_generator(7);  // another seed
  other = numpy_generator(42);
  BOOST_TEST(array_equal(f(zero), other.random<float>(3)));
}

BOOST_AUTO_TEST_CASE(integers_of_every_type) {
  // All equally likely: chi-square of 100 cells, five standard deviations.
  std::int64_t const n = 200000, cells = 100;
  array<std::int64_t> const x = generator(3).integers(-30, 70, {n});
  array<double> const counts = bincount(x + 30, cells).astype<double>();
  double const expected = double(n) / cells;
  double const chi2 = sum(square(counts - expected)).item() / expected;
  BOOST_TEST(std::abs(chi2 - (cells - 1)) < 5 * std::sqrt(2. * (cells - 1)));
  BOOST_TEST((min(x).item() == -30 && max(x).item() == 69));
  // Neighbours do not depend on each other.
  array<double> const z = x.astype<double>() - 19.5;
  double const lag = sum(z(slice(1, _)) * z(slice(_, -1))).item() / n, variance = 9999. / 12;
  BOOST_TEST(std::abs(lag) < 5 * variance / std::sqrt(double(n)));

  // Multiply-high alone would give half of these to multiples of 3.
  auto const wide = generator(4).integers<std::uint64_t>(0, 3ull << 62, {n});
  double const share = sum(wide % 3ull == 0ull).item() / double(n);
  BOOST_TEST(std::abs(share - 1. / 3) < 5 * std::sqrt(2. / 9 / n));
  BOOST_TEST((max(wide).item() < 3ull << 62));

  generator rng(5);
  auto const bytes = rng.integers<std::int8_t>(-128, 128, {n});
  BOOST_TEST((min(bytes).item() == -128 && max(bytes).item() == 127));
  auto const all_words = rng.integers<std::uint64_t>(0, ~0ull, {1000}, true);
  BOOST_TEST((max(all_words).item() > ~0ull - (~0ull >> 6)));
  auto const all_signed = rng.integers(INT64_MIN, INT64_MAX, {1000}, true);
  BOOST_TEST((min(all_signed).item() < INT64_MIN / 2 && max(all_signed).item() > INT64_MAX / 2));
  auto const dice = rng.integers(1, 6, {2, 1000}, true);
  BOOST_TEST((min(dice).item() == 1 && max(dice).item() == 6));
  BOOST_TEST(max(rng.integers<std::uint16_t>(3, {1000})).item() == 2);
  BOOST_TEST(sum(rng.integers(7, 8, {10})).item() == 70);

  // A function of seed and offset: a draw in two, a fused one, and what another type makes of it.
  array<std::int64_t> const whole = generator(6).integers(0, 1000, {7});
  generator parts(6);
  auto const front = parts.integers(0, 1000, {3}), back = parts.integers(0, 1000, {4});
  BOOST_TEST(parts.offset() == 7u);
  BOOST_TEST(array_equal(whole, concatenate(front, back)));
  BOOST_TEST(array_equal(2 * generator(6).integers(0, 1000, {7}) + 1, 2 * whole + 1));
  for (std::int64_t const n : {1, 2, 3, 5})  // wherever neighbours' words begin
    for (std::int64_t const last : {std::int64_t{100}, std::int64_t{1} << 40}) {
      generator split(8);
      array<std::int64_t> const begin = split.integers(last, {n}),
                                end = split.integers(last, {601});
      array<std::int64_t> const all = generator(8).integers(last, {n + 601});
      BOOST_TEST(array_equal(all, concatenate(begin, end)));
    }
  generator small(8);
  array<std::int8_t> const begin = small.integers<std::int8_t>(100, {5});
  array<std::int8_t> const end = small.integers<std::int8_t>(100, {601});
  BOOST_TEST(array_equal(generator(8).integers(100, {606}), concatenate(begin, end)));
  // Many are drawn together, few one by one; near 2^63 half of the first words are drawn again.
  for (auto const last : {std::int64_t{1000}, INT64_MAX / 2 + 2}) {
    generator together(7), apart(7);
    auto const many = together.integers(-last, last, {1000}).to_vector();
    bool same = true;
    for (std::size_t i = 0; i < many.size(); i += 10) {
      auto const few = apart.integers(-last, last, {10}).to_vector();
      same &= std::equal(few.begin(), few.end(), many.begin() + i);
    }
    BOOST_TEST(same);
  }
  BOOST_TEST(array_equal(generator(6).integers<std::int16_t>(0, 1000, {7}), whole));
  BOOST_TEST(array_equal(generator(6).integers(0, 1000, {7}).T()(slice(5, _)), whole(slice(5, _))));

  BOOST_TEST(rng.integers(0, 9, {0}).size() == 0);
  REFUSES_HERE(dtype_error, "integers: low must be less than high: 5, 5", rng.integers(5, 5, {3}));
  REFUSES_HERE(dtype_error, "integers: low must be less than high: 0, 0", rng.integers(0, {3}));
  REFUSES_HERE(dtype_error, "integers: low must not exceed high: 5, 4",
               rng.integers(5, 4, {3}, true));
  REFUSES_HERE(dtype_error, "integers: the bounds must fit int8: 0, 129",
               rng.integers<std::int8_t>(0, 129, {3}));
  REFUSES_HERE(dtype_error, "integers: the bounds must fit uint8: -1, 3",
               rng.integers<std::uint8_t>(-1, 3, {3}));
  REFUSES_HERE(dtype_error, "integers: the bounds must fit int64: 0, 18446744073709551615",
               rng.integers(0, ~0ull, {3}));
}

namespace {

std::int64_t const many = 100000, more = 2000000;  // more: what a refused candidate's odds show in

/// The mean within five of its own standard deviations, the variance within a twentieth.
void has_moments(std::string const& name, std::vector<double> const& x, double mean,
                 double variance) {
  double sum = 0, squares = 0;
  for (double v : x) sum += v - mean, squares += (v - mean) * (v - mean);
  auto const n = static_cast<double>(x.size());
  BOOST_TEST(std::abs(sum / n) < 5 * std::sqrt(variance / n), name);
  BOOST_TEST(std::abs(squares / n / variance - 1) < 0.05, name << ": " << squares / n);
}

/// Kolmogorov's statistic sup |F_n - F| sqrt(n) passes 2.3 once in 2 exp(-2 * 2.3^2) = 5e-5.
template <expression X, class F>
void is_distributed(std::string const& name, X const& draws, double mean, double variance,
                    F const& cdf) {
  auto x = draws.to_vector();
  has_moments(name, x, mean, variance);
  std::sort(x.begin(), x.end());
  double gap = 0;
  auto const n = static_cast<double>(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    double const f = cdf(x[k]);
    gap = std::max({gap, f - double(k) / n, double(k + 1) / n - f});
  }
  BOOST_TEST(gap * std::sqrt(n) < 2.3, name << ": " << gap * std::sqrt(n));
}

/// Pearson's chi-square over cells of at least 20 expected, five standard deviations from its mean.
template <expression X, class F>
void is_counted(std::string const& name, X const& draws, double mean, double variance,
                F const& log_probability) {
  auto const drawn = draws.to_vector();
  has_moments(name, {drawn.begin(), drawn.end()}, mean, variance);
  auto const reach = static_cast<std::int64_t>(8 * std::sqrt(variance)) + 30;
  auto const first = std::max<std::int64_t>(static_cast<std::int64_t>(mean) - reach, 0);
  std::vector<double> count(
      static_cast<std::size_t>(static_cast<std::int64_t>(mean) + reach - first));
  double outside = 0;
  for (auto k : drawn)
    if (k < first || k - first >= std::int64_t(count.size()))
      ++outside;
    else
      ++count[std::size_t(k - first)];
  double chi2 = 0, seen = 0, expected = 0, left = double(drawn.size());
  int cells = 0;
  auto const close = [&] {
    chi2 += (seen - expected) * (seen - expected) / expected;
    ++cells;
    seen = expected = 0;
  };
  for (std::size_t i = 0; i < count.size(); ++i) {
    double const share = double(drawn.size()) *
                         double(std::exp(log_probability(static_cast<long double>(first) + i)));
    seen += count[i], expected += share, left -= share;
    if (expected >= 20 && left >= 20) close();
  }
  seen += outside, expected += left;
  close();
  double const freedom = cells - 1;
  BOOST_TEST(std::abs(chi2 - freedom) < 5 * std::sqrt(2 * freedom),
             name << ": " << chi2 << " of " << freedom);
}

/// The regularised incomplete gamma function, by its series.
double gamma_cdf(double shape, double x) {
  long double term = 1, sum = 1;
  for (int n = 1; n < 100000 && term > 1e-18L * sum; ++n) sum += term *= x / (shape + n);
  return double(std::exp(shape * std::log((long double)x) - x - std::lgamma(shape + 1.0L)) * sum);
}
/// The regularised incomplete beta function, by its series.
double beta_cdf(double a, double b, double x) {
  if (x > 0.5) return 1 - beta_cdf(b, a, 1 - x);
  long double term = 1, sum = 1 / (long double)a;
  for (int n = 1; n < 400; ++n) sum += (term *= (n - b) * x / n) / (a + n);
  return double(sum * std::exp(a * std::log((long double)x) + std::lgamma((long double)a + b) -
                               std::lgamma((long double)a) - std::lgamma((long double)b)));
}

std::string of(const char* name, double a, double b = NAN) {
  return std::string(name) + " " + std::to_string(a) +
         (std::isnan(b) ? "" : " " + std::to_string(b));
}

}  // namespace

BOOST_AUTO_TEST_CASE(gamma_and_beta_numbers) {
  generator rng(11);
  for (double shape : {0.05, 0.5, 1., 1.5, 10., 300.}) {
    is_distributed(of("gamma", shape), rng.standard_gamma(shape, {many}), shape, shape,
                   [&](double x) { return x > 0 ? gamma_cdf(shape, x) : 0; });
  }
  is_distributed("scaled gamma", rng.gamma(2.5, 3, {many}), 7.5, 22.5,
                 [](double x) { return gamma_cdf(2.5, x / 3); });
  is_distributed("chisquare", rng.chisquare(3, {many}), 3, 6,
                 [](double x) { return gamma_cdf(1.5, x / 2); });
  is_distributed("gamma of a great shape", rng.standard_gamma(1e12, {many}), 1e12, 1e12,
                 [](double x) { return std::erfc((1e12 - x) / 1e6 / std::sqrt(2.)) / 2; });
  for (auto [a, b] : {std::pair(0.3, 0.2), {0.5, 3.}, {1., 1.}, {2.5, 1.5}, {20., 30.}})
    is_distributed(of("beta", a, b), rng.beta(a, b, {many}), a / (a + b),
                   a * b / ((a + b) * (a + b) * (a + b + 1)),
                   [a = a, b = b](double x) { return beta_cdf(a, b, x); });
  // Where both gamma numbers underflow, one of the ends.
  auto const ends = rng.beta(1e-5, 1e-5, {many});
  BOOST_TEST(all((ends < 1e-9) || (ends > 1 - 1e-9)).item() == false);
  BOOST_TEST(std::abs(mean(ends).item() - 0.5) < 5 * 0.5 / std::sqrt(double(many)));
  BOOST_TEST(all(rng.standard_gamma(0, {10}) == 0.).item());
  BOOST_TEST(all(rng.gamma(3, 0, {10}) == 0.).item());
}

BOOST_AUTO_TEST_CASE(probabilities_of_counts) {
  // Against lgamma in long double, within 1e-11 and what its terms of the size k log k lose.
  using random_detail::log_binomial, random_detail::poisson_law;
  auto const lost = [](long double k) { return 1e-11L + 1e-17L * k * std::log1p(k); };
  for (long double mean : {10.L, 12.5L, 300.L, 1e5L}) {
    poisson_law const law{double(mean)};
    for (long double k : {0.L, 1.L, 2.L, 9.L, 10.L, 11.L, 250.L, 99000.L, 101000.L}) {
      if (k > 30 * mean) continue;
      long double const want = k * std::log(mean) - mean - std::lgamma(k + 1);
      BOOST_TEST(std::abs(law.log_probability(double(k)) - want) <=
                     lost(k) + lost(mean) + 1e-15L * std::abs(want),
                 k << " of " << mean);
    }
  }
  for (long double n : {25.L, 1000.L, 1e6L})
    for (long double p : {0.5L, 0.25L, 0.015625L})
      for (long double k : {0.L, 1.L, 9.L, 10.L, 24.L, 25.L, 500.L, 1000.L, 250500.L}) {
        if (k > n) continue;
        long double const want = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                                 k * std::log(p) + (n - k) * std::log1p(-p);
        BOOST_TEST(std::abs(log_binomial(double(k), double(n), double(p)) - want) <=
                       lost(n) + 1e-15L * std::abs(want),
                   k << " of " << n << " at " << p);
      }
}

BOOST_AUTO_TEST_CASE(counts) {
  generator rng(12);
  for (double lam : {0.3, 9.5, 10., 12., 200., 1e5})
    is_counted(
        of("poisson", lam), rng.poisson(lam, {lam == 12 || lam == 200 ? more : many}), lam, lam,
        [&](long double k) { return k * std::log((long double)lam) - lam - std::lgamma(k + 1); });
  is_distributed("poisson of a great mean", rng.poisson(1e15, {many}).astype<double>(), 1e15, 1e15,
                 [](double k) { return std::erfc((1e15 - k) / std::sqrt(2e15)) / 2; });
  for (auto [n, p] : {std::pair(1., 0.3),
                      {20., 0.4},
                      {20., 0.6},
                      {30., 0.5},
                      {1000., 0.03},
                      {1000., 0.9},
                      {1e6, 1e-6},
                      {1e9, 0.0001}})
    is_counted(of("binomial", n, p), rng.binomial(std::int64_t(n), p, {n == 1000 ? more : many}),
               n * p, n * p * (1 - p), [n = (long double)n, p = (long double)p](long double k) {
                 if (k > n) return -std::numeric_limits<long double>::infinity();
                 return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                        k * std::log(p) + (n - k) * std::log1p(-p);
               });
  is_distributed("binomial of many trials",
                 rng.binomial(std::int64_t{1} << 50, 0.25, {many}).astype<double>(), 0x1p48,
                 0x1p48 * 0.75,
                 [](double k) { return std::erfc((0x1p48 - k) / std::sqrt(1.5) / 0x1p24) / 2; });
  for (double p : {0.01, 0.3, 0.9})
    is_counted(of("geometric", p), rng.geometric(p, {many}), 1 / p, (1 - p) / (p * p),
               [p = (long double)p](long double k) {
                 if (k < 1) return -std::numeric_limits<long double>::infinity();
                 return std::log(p) + (k - 1) * std::log1p(-p);
               });
  for (auto [n, p] : {std::pair(0.5, 0.2), {3., 0.5}, {40., 0.1}})
    is_counted(of("negative_binomial", n, p), rng.negative_binomial(n, p, {many}), n * (1 - p) / p,
               n * (1 - p) / (p * p), [n = (long double)n, p = (long double)p](long double k) {
                 return std::lgamma(k + n) - std::lgamma(n) - std::lgamma(k + 1) + n * std::log(p) +
                        k * std::log1p(-p);
               });
  auto const is_all = [](auto const& draws, std::int64_t value) {
    return all(draws == value).item();
  };
  BOOST_TEST(is_all(rng.poisson(0, {100}), 0));
  BOOST_TEST(is_all(rng.binomial(0, 0.5, {100}), 0));
  BOOST_TEST(is_all(rng.binomial(9, 0, {100}), 0));
  BOOST_TEST(is_all(rng.binomial(9, 1, {100}), 9));
  BOOST_TEST(is_all(rng.geometric(1, {100}), 1));
  BOOST_TEST(is_all(rng.geometric(1e-300, {100}), INT64_MAX));
  BOOST_TEST(is_all(rng.negative_binomial(3, 1, {100}), 0));
}

BOOST_AUTO_TEST_CASE(distributions_are_functions_of_seed_and_offset) {
  generator rng(13);
  array<std::int64_t> const whole = rng.poisson(50, {10});
  BOOST_TEST(rng.offset() == 10u);
  generator again(13);
  auto const front = again.poisson(50, {4}), back = again.poisson(50, {6});
  BOOST_TEST(array_equal(concatenate(front, back), whole));
  BOOST_TEST(array_equal(generator(13).poisson(50, {2, 5}).T(), reshape(whole, {2, 5}).T()));
  array<double> const g = generator(13).gamma(2, 3, {10});
  BOOST_TEST(array_equal(sqrt(generator(13).gamma(2, 3, {10}) + 1), sqrt(g + 1)));
  auto const halves = generator(13).beta(2, 3, {10}).astype<float>();
  BOOST_TEST(array_equal(array<float>(halves),
                         array<double>(generator(13).beta(2, 3, {10})).astype<float>()));
  // Floats, then distributions, then floats: neither's words serve twice, and doubles go on.
  generator mixed(13);
  array<double> const a = mixed.rand(6);
  array<std::int64_t> const b = mixed.poisson(50, {4});
  array<double> const c = mixed.rand(6);
  array<double> const all_doubles = generator(13).rand(16);
  BOOST_TEST(array_equal(a, all_doubles(slice(6))));
  BOOST_TEST(array_equal(b, whole(slice(6, _))));
  BOOST_TEST(array_equal(c, all_doubles(slice(10, _))));
  // A compiled function draws others at each call.
  generator inside(14), outside(14);
  auto const f = compile([&](auto const& x) { return x + inside.binomial(100, 0.3, {8}); });
  array<std::int64_t> const zero = zeros<std::int64_t>(8);
  for (int call = 0; call < 3; ++call)
    BOOST_TEST(array_equal(f(zero), outside.binomial(100, 0.3, {8})));
}

BOOST_AUTO_TEST_CASE(parameters_of_distributions) {
  generator rng(1);
  REFUSES_HERE(dtype_error, "standard_gamma: the shape must not be negative: -1",
               rng.standard_gamma(-1, {3}));
  REFUSES_HERE(dtype_error, "gamma: the shape must not be negative: nan", rng.gamma(NAN, 1, {3}));
  REFUSES_HERE(dtype_error, "gamma: the scale must not be negative: -2", rng.gamma(1, -2, {3}));
  REFUSES_HERE(dtype_error, "chisquare: df must be positive: 0", rng.chisquare(0, {3}));
  REFUSES_HERE(dtype_error, "beta: a must be positive: 0", rng.beta(0, 1, {3}));
  REFUSES_HERE(dtype_error, "beta: b must be positive: -1", rng.beta(1, -1, {3}));
  REFUSES_HERE(dtype_error, "poisson: lam must be in [0, 9.2e18]: -1", rng.poisson(-1, {3}));
  REFUSES_HERE(dtype_error, "poisson: lam must be in [0, 9.2e18]: 1e+19", rng.poisson(1e19, {3}));
  REFUSES_HERE(dtype_error, "binomial: n must be in [0, 2^53]: -1", rng.binomial(-1, 0.5, {3}));
  REFUSES_HERE(dtype_error, "binomial: n must be in [0, 2^53]: 9007199254740993",
               rng.binomial((std::int64_t{1} << 53) + 1, 0.5, {3}));
  REFUSES_HERE(dtype_error, "binomial: p must be in [0, 1]: 1.5", rng.binomial(3, 1.5, {3}));
  REFUSES_HERE(dtype_error, "geometric: p must be in (0, 1]: 0", rng.geometric(0, {3}));
  REFUSES_HERE(dtype_error, "negative_binomial: n must be positive: 0",
               rng.negative_binomial(0, 0.5, {3}));
  REFUSES_HERE(dtype_error, "negative_binomial: p must be in (0, 1]: 2",
               rng.negative_binomial(1, 2, {3}));
  REFUSES_HERE(dtype_error, "negative_binomial: the greatest mean must be in [0, 9.2e18]: 1.1e+21",
               rng.negative_binomial(1, 1e-20, {3}));
  BOOST_TEST(rng.offset() == 0u);  // what is refused draws nothing
}

BOOST_AUTO_TEST_CASE(states_are_saved_and_restored) {
  generator rng(31);
  BOOST_TEST((rng.state() == generator_state{31, 0, 32}));
  auto const continues_equally = [&] {
    generator_state const saved = rng.state();
    generator restored(saved), again(saved);
    // A width that is switched to, one that goes on, pairs, and what is drawn by blocks.
    for (generator* g : {&restored, &rng}) {
      array<float> const a = g->rand<float>(7), b = again.rand<float>(7);
      array<double> const c = g->normal(0, 1, {5}), d = again.normal(0, 1, {5});
      array<std::int64_t> const e = g->poisson(4, {3}), f = again.poisson(4, {3});
      BOOST_TEST(array_equal(a, b));
      BOOST_TEST(array_equal(c, d));
      BOOST_TEST(array_equal(e, f));
      BOOST_TEST((again.state() == g->state()));
      again = generator(saved);
    }
  };
  continues_equally();
  BOOST_TEST(rng.state().width == 64);
  continues_equally();
  (void)rng.rand<float>(3);
  BOOST_TEST(rng.state().width == 32);
  BOOST_TEST(rng.state().offset == rng.offset());
  continues_equally();
  // The state of the default generator; NumPy's generator is restored in numbers_of_numpy.
  seed(32);
  array<double> const first = rand(3);
  generator_state const here = default_generator().state();
  array<double> const second = rand(3);
  default_generator() = generator(here);
  BOOST_TEST(array_equal(array<double>(rand(3)), second));
  BOOST_TEST(!array_equal(first, second));
  REFUSES_HERE(dtype_error, "generator: the width must be 32 or 64: 16",
               generator(generator_state{1, 0, 16}));
  REFUSES_HERE(dtype_error, "generator: the offset must be below 2^63: 9223372036854775808",
               generator(generator_state{1, std::uint64_t{1} << 63, 32}));
}

BOOST_AUTO_TEST_SUITE_END()
