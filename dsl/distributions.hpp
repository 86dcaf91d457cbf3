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

#include <dsl/kernel.hpp>
#include <dsl/philox.hpp>
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

  SLOTH_HD philox_block next() {
    return philox4x32_10(
        {{static_cast<std::uint32_t>(j_), static_cast<std::uint32_t>(j_ >> 32), taken_++, 1}},
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
  std::uint32_t taken_ = 0;
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
  /// Elements that share a block.
  [[nodiscard]] SLOTH_HD constexpr unsigned sharing() const { return single ? 4 : 2; }
  [[nodiscard]] SLOTH_HD constexpr std::uint32_t counter() const { return ~(single ? 0u : 1u); }
  /// The block of element j.
  [[nodiscard]] SLOTH_HD constexpr philox_block block(philox_keys const& keys,
                                                      std::uint64_t j) const {
    std::uint64_t const group = j / sharing();
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
  /// Element j of these bits, each integer equally likely; where it would not be, of blocks of its own.
  [[nodiscard]] SLOTH_HD std::uint64_t integer(philox_keys const& keys, std::uint64_t j,
                                               std::uint64_t low, std::uint64_t last,
                                               std::uint64_t bits) const {
    std::uint64_t const range = last + 1;
    if (single) {
      std::uint64_t const product = bits * range, rest = product & 0xffffffffu;
      if (rest >= range || rest >= ((std::uint64_t{1} << 32) - range) % range)
        return low + (product >> 32);
    } else {
      if (range == 0) return low + bits;
      std::uint64_t const rest = bits * range;
      if (rest >= range || rest >= (0 - range) % range) return low + multiply_high(bits, range);
    }
    return draw_integer(own_blocks(keys, j), low, last);
  }
};

/// A gamma number as value exp(log_factor): the factor of shapes below 1 may underflow.
struct gamma_number {
  double value, log_factor;
};
SLOTH_HD inline gamma_number draw_gamma(own_blocks& from, double shape) {
  if (shape == 0) return {0, 0};
  double const d = (shape < 1 ? shape + 1 : shape) - 1. / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    double const x = from.normal(), root = 1 + c * x;
    if (root <= 0) continue;
    double const v = root * root * root;
    auto const u = from.pair();
    if (u.first < 1 - 0.0331 * (x * x) * (x * x) ||
        std::log(u.first) < 0.5 * x * x + d * (1 - v + std::log(v)))
      return {d * v, shape < 1 ? std::log(u.second) / shape : 0};
  }
}

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
SLOTH_HD inline double log_poisson(double k, double lam) {
  if (k < 32) return k * std::log(lam) - lam - log_factorial(static_cast<int>(k));
  return -stirling_rest(k) - deviance(k, lam) - 0.5 * std::log(6.2831853071795865 * k);
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

SLOTH_HD inline double draw_poisson(own_blocks& from, double lam) {
  if (lam < 10) return invert(from, std::exp(-lam), 0x1p63, [&](double k) { return lam / k; });
  double const b = 0.931 + 2.53 * std::sqrt(lam), a = -0.059 + 0.02483 * b;
  double const inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), edge = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    auto const u = from.pair();
    double const x = u.first - 0.5, us = 0.5 - std::fabs(x);
    double const k = std::floor((2 * a / us + b) * x + lam + 0.43);
    if (us >= 0.07 && u.second <= edge) return k;
    if (k < 0 || (us < 0.013 && u.second > us)) continue;
    if (std::log(u.second * inverse_alpha / (a / (us * us) + b)) <= log_poisson(k, lam)) return k;
  }
}

/// For p <= 1/2.
SLOTH_HD inline double draw_rare(own_blocks& from, double n, double p) {
  if (n == 0 || p == 0) return 0;
  double const q = 1 - p;
  if (n * p < 10)
    return invert(from, std::exp(n * std::log1p(-p)), n,
                  [&](double k) { return (n - k + 1) / k * (p / q); });
  double const deviation = std::sqrt(n * p * q), b = 1.15 + 2.53 * deviation;
  double const a = -0.0873 + 0.0248 * b + 0.01 * p, alpha = (2.83 + 5.1 / b) * deviation;
  double const edge = 0.92 - 4.2 / b, mode = log_binomial(std::floor((n + 1) * p), n, p);
  for (;;) {
    auto const u = from.pair();
    double const x = u.first - 0.5, us = 0.5 - std::fabs(x);
    double const k = std::floor((2 * a / us + b) * x + n * p + 0.5);
    if (us >= 0.07 && u.second <= edge) return k;
    if (k < 0 || k > n) continue;
    if (std::log(u.second * alpha / (a / (us * us) + b)) <= log_binomial(k, n, p) - mode) return k;
  }
}
SLOTH_HD inline double draw_binomial(own_blocks& from, double n, double p) {
  return p > 0.5 ? n - draw_rare(from, n, 1 - p) : draw_rare(from, n, p);
}

}  // namespace random_detail

/// Element j of a seed's numbers of a kind: double, or u64 that wraps to the type of its integers.
template <generator_kind Kind>
SLOTH_HD auto draw_element(philox_keys const& keys, std::uint64_t j,
                           scalar_bits const& parameters) {
  using namespace random_detail;
  own_blocks from(keys, j);
  if constexpr (Kind == generator_kind::integers) {
    auto const p = parameters.as<two_words>();
    integer_words const words(p.b);
    return words.integer(keys, j, p.a, p.b, words.bits(words.block(keys, j), j));
  } else if constexpr (Kind == generator_kind::gamma) {
    auto const g = draw_gamma(from, parameters.as<two_reals>().a);
    return g.value * std::exp(g.log_factor);
  } else if constexpr (Kind == generator_kind::beta) {
    auto const p = parameters.as<two_reals>();
    auto const x = draw_gamma(from, p.a), y = draw_gamma(from, p.b);
    return 1 / (1 + std::exp(std::log(y.value) - std::log(x.value) + y.log_factor - x.log_factor));
  } else {
    auto const p = parameters.as<two_reals>();
    double k = 0;
    if constexpr (Kind == generator_kind::poisson) {
      k = draw_poisson(from, p.a);
    } else if constexpr (Kind == generator_kind::binomial) {
      k = draw_binomial(from, p.a, p.b);
    } else if constexpr (Kind == generator_kind::geometric) {
      k = std::fmax(1., std::ceil(std::log(from.pair().first) / std::log1p(-p.a)));
    } else {
      static_assert(Kind == generator_kind::negative_binomial);
      auto const g = draw_gamma(from, p.a);
      k = draw_poisson(from, g.value * std::exp(g.log_factor) * ((1 - p.b) / p.b));
    }
    return static_cast<std::uint64_t>(count_of(k));
  }
}

}  // namespace sloth::inline SLOTH_ABI
