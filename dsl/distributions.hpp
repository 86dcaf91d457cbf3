// Numbers that take several random words each: element i of a draw at `offset` reads as many blocks
// of its own as it needs, so that it is a function of (seed, offset + i) and the parameters alone.
// cuRAND has no counterpart. Host and GPU agree up to the last bits of their log, exp and pow; where
// these decide whether a candidate is accepted or what is rounded down, rarely in an element itself.
//
// Sources: Lemire, "Fast random integer generation in an interval", 2019; Marsaglia and Tsang, "A
// simple method for generating gamma variables", 2000; Hoermann, "The transformed rejection method
// for generating Poisson random variables", 1993 (PTRS), and "The generation of binomial random
// variates", 1993 (BTRS); Loader, "Fast and accurate computation of binomial probabilities", 2000.
#pragma once

#include <dsl/box_muller.hpp>
#include <dsl/kernel.hpp>
#include <dsl/philox64.hpp>

#include <cmath>
#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace random_detail {

/// A distribution's parameters (dsl/kernel.hpp).
struct two_reals {
  double a, b;
};
struct two_words {
  std::uint64_t a, b;
};

/// Two numbers in (0, 1).
struct open_pair {
  double first, second;
};

/// The blocks of element j of a seed: those of the counters {j, k, 1}, k = 0, 1, ... The last word is
/// 0 in cuRAND's streams (dsl/philox.hpp), so they share none.
class own_blocks {
 public:
  SLOTH_HD own_blocks(philox_keys const& keys, std::uint64_t j) : keys_(keys), j_(j) {}
  /// The first `count` of them are made, each `apart` behind the one before.
  SLOTH_HD own_blocks(philox_keys const& keys, std::uint64_t j, philox_block const* made, int apart,
                      int count)
      : keys_(keys), j_(j), made_(made), apart_(apart), made_count_(count) {}

  SLOTH_HD philox_block next() {
    if (taken_ < made_count_) return made_[apart_ * taken_++];
    return philox4x32_10({{static_cast<std::uint32_t>(j_), static_cast<std::uint32_t>(j_ >> 32),
                           static_cast<std::uint32_t>(taken_++), 1}},
                         keys_);
  }
  SLOTH_HD open_pair pair() {
    auto const b = next();
    return {open(b.word[0], b.word[1]), open(b.word[2], b.word[3])};
  }
  SLOTH_HD double normal() {
    auto const b = next();
    return philox_box_muller(b.word[0], b.word[1], b.word[2], b.word[3]).sine;
  }

 private:
  /// Odd multiples of 2^-53.
  SLOTH_HD static double open(std::uint32_t low, std::uint32_t high) {
    return static_cast<double>((std::uint64_t{high} << 32 | low) >> 12) * 0x1p-52 + 0x1p-53;
  }

  philox_keys const& keys_;
  std::uint64_t j_;
  philox_block const* made_ = nullptr;
  int apart_ = 0, made_count_ = 0, taken_ = 0;
};

/// low + an integer in [0, last], each equally likely.
SLOTH_HD inline std::uint64_t draw_integer(own_blocks from, std::uint64_t low, std::uint64_t last) {
  std::uint64_t const range = last + 1;
  for (;;) {
    auto const b = from.next();
    std::uint64_t const bits = std::uint64_t{b.word[1]} << 32 | b.word[0];
    if (range == 0) return low + bits;
    std::uint64_t const rest = bits * range;
    if (rest >= range || rest >= (0 - range) % range) return low + multiply_high(bits, range);
  }
}

/// What integers in [0, last] are made of first: a word each where these are below 2^32, else two, of
/// blocks that neighbours share. Their counters {group, 2^32 - 1 or - 2, 1} are no element's own.
struct integer_words {
  bool single;

  SLOTH_HD constexpr explicit integer_words(std::uint64_t last) : single(last >> 32 == 0) {}
  /// Elements that share a block: 1 << shift().
  [[nodiscard]] SLOTH_HD constexpr unsigned shift() const { return single ? 2 : 1; }
  [[nodiscard]] SLOTH_HD constexpr std::uint32_t counter() const { return ~(single ? 0u : 1u); }
  /// The block of element j.
  [[nodiscard]] SLOTH_HD constexpr philox_block block(philox_keys const& keys,
                                                      std::uint64_t j) const {
    std::uint64_t const group = j >> shift();
    return philox4x32_10({{static_cast<std::uint32_t>(group),
                           static_cast<std::uint32_t>(group >> 32), counter(), 1}},
                         keys);
  }
  /// Element j's part of it; selections: a variable index would put the block into local memory on a
  /// GPU.
  [[nodiscard]] SLOTH_HD constexpr std::uint64_t bits(philox_block const& b,
                                                      std::uint64_t j) const {
    if (!single)
      return j & 1 ? std::uint64_t{b.word[3]} << 32 | b.word[2]
                   : std::uint64_t{b.word[1]} << 32 | b.word[0];
    return j & 2 ? (j & 1 ? b.word[3] : b.word[2]) : (j & 1 ? b.word[1] : b.word[0]);
  }
  /// low + an integer in [0, last] of these bits. Where that is false only `likely` tells whether it would
  /// be as likely as the others, by a division.
  [[nodiscard]] SLOTH_HD bool integer(std::uint64_t bits, std::uint64_t low, std::uint64_t last,
                                      std::uint64_t& of) const {
    if (single) {
      auto const range = static_cast<std::uint32_t>(last + 1);
      std::uint64_t const product = philox_product(static_cast<std::uint32_t>(bits), range);
      of = low + (range == 0 ? bits : product >> 32);
      return range == 0 || static_cast<std::uint32_t>(product) >= range;
    }
    std::uint64_t const range = last + 1;
    of = low + (range == 0 ? bits : multiply_high(bits, range));
    return range == 0 || bits * range >= range;
  }
  [[nodiscard]] SLOTH_HD bool likely(std::uint64_t bits, std::uint64_t last) const {
    std::uint64_t const range = last + 1, rest = bits * range;
    return single ? (rest & 0xffffffffu) >= ((std::uint64_t{1} << 32) - range) % range
                  : rest >= (0 - range) % range;
  }
};

/// Element j of the integers low + [0, last]: of its part of the block, or of blocks of its own.
SLOTH_HD inline std::uint64_t draw_integer(philox_keys const& keys, std::uint64_t j,
                                           std::uint64_t low, std::uint64_t last,
                                           integer_words words, std::uint64_t bits) {
  std::uint64_t drawn = 0;
  return words.integer(bits, low, last, drawn) || words.likely(bits, last)
             ? drawn
             : draw_integer(own_blocks(keys, j), low, last);
}

/// A gamma number as value exp(log_factor): the factor of shapes below 1 may underflow.
struct gamma_number {
  double value, log_factor;
};

// The laws: what their parameters alone decide is made once, for many numbers.

class gamma_law {
 public:
  SLOTH_HD explicit gamma_law(double shape)
      : shape_(shape), d_((shape < 1 ? shape + 1 : shape) - 1. / 3), c_(1 / std::sqrt(9 * d_)) {}

  SLOTH_HD gamma_number operator()(own_blocks& from) const {
    if (shape_ == 0) return {0, 0};
    for (;;) {
      double const x = from.normal(), root = 1 + c_ * x;
      if (root <= 0) continue;
      double const v = root * root * root;
      auto const u = from.pair();
      if (u.first < 1 - 0.0331 * (x * x) * (x * x) ||
          std::log(u.first) < 0.5 * x * x + d_ * (1 - v + std::log(v)))
        return {d_ * v, shape_ < 1 ? std::log(u.second) / shape_ : 0};
    }
  }

 private:
  double shape_, d_, c_;
};

/// What Stirling's formula lacks: log k! - log(sqrt(2 pi k) (k / e)^k), k >= 1, within 1e-12.
SLOTH_HD inline double stirling_rest(double k) {
  if (k < 10) {
    double factorial = 1;
    for (double i = 2; i <= k; ++i) factorial *= i;
    return std::log(factorial) - (k + 0.5) * std::log(k) + k - 0.91893853320467274178;
  }
  double const r = 1 / k, s = r * r;
  return r * (1. / 12 - s * (1. / 360 - s * (1. / 1260 - s / 1680)));
}
/// k log(k / mean) + mean - k, without its cancellation.
SLOTH_HD inline double deviance(double k, double mean) {
  double const d = (mean - k) / k;
  return k * (d - std::log1p(d));
}
/// log k! for k < 32.
SLOTH_HD inline double log_factorial(int k) {
  static constexpr double of[32] = {0,
                                    0,
                                    0.6931471805599453,
                                    1.791759469228055,
                                    3.1780538303479458,
                                    4.787491742782046,
                                    6.579251212010101,
                                    8.525161361065415,
                                    10.60460290274525,
                                    12.801827480081469,
                                    15.104412573075516,
                                    17.502307845873887,
                                    19.987214495661885,
                                    22.552163853123425,
                                    25.19122118273868,
                                    27.89927138384089,
                                    30.671860106080672,
                                    33.50507345013689,
                                    36.39544520803305,
                                    39.339884187199495,
                                    42.335616460753485,
                                    45.38013889847691,
                                    48.47118135183523,
                                    51.60667556776438,
                                    54.78472939811232,
                                    58.00360522298052,
                                    61.261701761002,
                                    64.55753862700634,
                                    67.88974313718154,
                                    71.25703896716801,
                                    74.65823634883016,
                                    78.0922235533153};
  return of[k];
}
SLOTH_HD inline double log_binomial(double k, double n, double p) {
  if (k == 0) return n * std::log1p(-p);
  if (k == n) return n * std::log(p);
  return stirling_rest(n) - stirling_rest(k) - stirling_rest(n - k) - deviance(k, n * p) -
         deviance(n - k, n * (1 - p)) + 0.5 * std::log(n / (6.2831853071795865 * k) / (n - k));
}

/// A count as an integer, at most the greatest.
SLOTH_HD inline std::int64_t count_of(double k) {
  return k < 0x1p63 ? static_cast<std::int64_t>(k) : INT64_MAX;
}

/// By inversion where mean < 10: `first` is the probability of 0, next(k) that of k by that of k - 1.
/// Numbers whose sum of probabilities was lost in rounding are drawn again.
template <class F>
SLOTH_HD double invert(own_blocks& from, double first, double greatest, F const& next) {
  for (;;) {
    double u = from.pair().first, probability = first;
    for (double k = 0; k <= greatest && k <= 128; ++k, probability *= next(k)) {
      if (u <= probability) return k;
      u -= probability;
    }
  }
}

class poisson_law {
 public:
  SLOTH_HD explicit poisson_law(double lam) : lam_(lam) {
    if (lam < 10) {
      none_ = std::exp(-lam);
      return;
    }
    log_lam_ = std::log(lam);
    b_ = 0.931 + 2.53 * std::sqrt(lam);
    a_ = -0.059 + 0.02483 * b_;
    inverse_alpha_ = 1.1239 + 1.1328 / (b_ - 3.4);
    edge_ = 0.9277 - 3.6224 / (b_ - 2);
  }

  SLOTH_HD double operator()(own_blocks& from) const {
    if (lam_ < 10) return invert(from, none_, 0x1p63, [&](double k) { return lam_ / k; });
    for (;;) {
      auto const u = from.pair();
      double const x = u.first - 0.5, us = 0.5 - std::fabs(x);
      double const k = std::floor((2 * a_ / us + b_) * x + lam_ + 0.43);
      if (us >= 0.07 && u.second <= edge_) return k;
      if (k < 0 || (us < 0.013 && u.second > us)) continue;
      if (std::log(u.second * inverse_alpha_ / (a_ / (us * us) + b_)) <= log_probability(k))
        return k;
    }
  }

  /// lam >= 10.
  [[nodiscard]] SLOTH_HD double log_probability(double k) const {
    if (k < 32) return k * log_lam_ - lam_ - log_factorial(static_cast<int>(k));
    return -stirling_rest(k) - deviance(k, lam_) - 0.5 * std::log(6.2831853071795865 * k);
  }

 private:
  double lam_, none_ = 0;  // `none_`: the probability of 0
  double log_lam_ = 0, a_ = 0, b_ = 0, inverse_alpha_ = 0, edge_ = 0;
};

class binomial_law {
 public:
  SLOTH_HD binomial_law(double n, double p)
      : n_(n), p_(p > 0.5 ? 1 - p : p), odds_(p_ / (1 - p_)), failures_(p > 0.5) {
    if (n * p_ < 10) {
      none_ = std::exp(n * std::log1p(-p_));
      return;
    }
    double const deviation = std::sqrt(n * p_ * (1 - p_));
    b_ = 1.15 + 2.53 * deviation;
    a_ = -0.0873 + 0.0248 * b_ + 0.01 * p_;
    alpha_ = (2.83 + 5.1 / b_) * deviation;
    edge_ = 0.92 - 4.2 / b_;
    mode_ = log_binomial(std::floor((n + 1) * p_), n, p_);
  }

  SLOTH_HD double operator()(own_blocks& from) const {
    double const k = draw(from);
    return failures_ ? n_ - k : k;
  }

 private:
  SLOTH_HD double draw(own_blocks& from) const {
    if (n_ == 0 || p_ == 0) return 0;
    if (n_ * p_ < 10)
      return invert(from, none_, n_, [&](double k) { return (n_ - k + 1) / k * odds_; });
    for (;;) {
      auto const u = from.pair();
      double const x = u.first - 0.5, us = 0.5 - std::fabs(x);
      double const k = std::floor((2 * a_ / us + b_) * x + n_ * p_ + 0.5);
      if (us >= 0.07 && u.second <= edge_) return k;
      if (k < 0 || k > n_) continue;
      if (std::log(u.second * alpha_ / (a_ / (us * us) + b_)) <= log_binomial(k, n_, p_) - mode_)
        return k;
    }
  }

  double n_, p_, odds_;  // `p_` is at most a half
  bool failures_;        // are counted, not successes
  double none_ = 0, a_ = 0, b_ = 0, alpha_ = 0, edge_ = 0, mode_ = 0;
};

class geometric_law {
 public:
  SLOTH_HD explicit geometric_law(double p) : log_failure_(std::log1p(-p)) {}
  SLOTH_HD double operator()(own_blocks& from) const {
    return std::fmax(1., std::ceil(std::log(from.pair().first) / log_failure_));
  }

 private:
  double log_failure_;
};

class negative_binomial_law {
 public:
  SLOTH_HD negative_binomial_law(double n, double p) : successes_(n), odds_((1 - p) / p) {}
  SLOTH_HD double operator()(own_blocks& from) const {
    auto const g = successes_(from);
    return poisson_law(g.value * std::exp(g.log_factor) * odds_)(from);
  }

 private:
  gamma_law successes_;
  double odds_;
};

class beta_law {
 public:
  SLOTH_HD beta_law(double a, double b) : a_(a), b_(b) {}
  SLOTH_HD double operator()(own_blocks& from) const {
    auto const x = a_(from), y = b_(from);
    return 1 / (1 + std::exp(std::log(y.value) - std::log(x.value) + y.log_factor - x.log_factor));
  }

 private:
  gamma_law a_, b_;
};

template <generator_kind Kind>
SLOTH_HD auto law_of(two_reals const& p) {
  if constexpr (Kind == generator_kind::gamma)
    return gamma_law(p.a);
  else if constexpr (Kind == generator_kind::beta)
    return beta_law(p.a, p.b);
  else if constexpr (Kind == generator_kind::poisson)
    return poisson_law(p.a);
  else if constexpr (Kind == generator_kind::binomial)
    return binomial_law(p.a, p.b);
  else if constexpr (Kind == generator_kind::geometric)
    return geometric_law(p.a);
  else if constexpr (Kind == generator_kind::negative_binomial)
    return negative_binomial_law(p.a, p.b);
}

}  // namespace random_detail

/// A kind's numbers: (keys, j) is element j of a seed's, double, or u64 that wraps to the type of its
/// integers.
template <generator_kind Kind>
class numbers_of {
 public:
  SLOTH_HD explicit numbers_of(scalar_bits const& parameters)
      : law_(random_detail::law_of<Kind>(parameters.as<random_detail::two_reals>())) {}
  SLOTH_HD auto operator()(philox_keys const& keys, std::uint64_t j) const {
    return of(random_detail::own_blocks(keys, j));
  }
  /// The element whose blocks these are.
  SLOTH_HD auto of(random_detail::own_blocks from) const {
    auto const drawn = law_(from);
    if constexpr (Kind == generator_kind::gamma)
      return drawn.log_factor == 0 ? drawn.value : drawn.value * std::exp(drawn.log_factor);
    else if constexpr (Kind == generator_kind::beta)
      return drawn;
    else
      return static_cast<std::uint64_t>(random_detail::count_of(drawn));
  }

 private:
  decltype(random_detail::law_of<Kind>({})) law_;
};
template <>
class numbers_of<generator_kind::integers> {
 public:
  SLOTH_HD explicit numbers_of(scalar_bits const& parameters)
      : bounds_(parameters.as<random_detail::two_words>()), words_(bounds_.b) {}
  SLOTH_HD std::uint64_t operator()(philox_keys const& keys, std::uint64_t j) const {
    return random_detail::draw_integer(keys, j, bounds_.a, bounds_.b, words_,
                                       words_.bits(words_.block(keys, j), j));
  }

 private:
  random_detail::two_words bounds_;
  random_detail::integer_words words_;
};

}  // namespace sloth::inline SLOTH_ABI
