// dsl/philox.hpp, dsl/box_muller.hpp and kernels/host/random.hpp against Philox's known answers, cuRAND and themselves.
#include <dsl/box_muller.hpp>
#include <kernels/host/random.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>
#include <vector>

#if defined(SLOTH_TEST_CURAND)
#include <curand.h>
#endif

BOOST_AUTO_TEST_SUITE(philox)

namespace {

using namespace sloth;

template <class T>
struct answer {
  std::uint64_t seed, offset, i;
  T uniform, normal;
};

#include "data/random_curand.inc"

constexpr std::uint64_t row = std::uint64_t{1} << 18;

/// The pair that holds element `j` in long double, at the rounded u and v of the formula.
template <class T>
struct reference {
  long double radius, sine, cosine;

  reference(std::uint64_t seed, std::uint64_t j) {
    std::uint64_t const even = j & ~std::uint64_t{1};
    long double const u = philox_uniform<T>(seed, 0, even);
    long double angle;
    if constexpr (std::is_same_v<T, float>) {
      float const turn = 0x1p-32f * 6.2831855f;
      float const v = static_cast<float>(philox_bits32(seed, 0, even + 1)) * turn + turn / 2;
      angle = v;
    } else {
      angle = 2 * std::numbers::pi_v<long double> *
              static_cast<long double>(philox_uniform<double>(seed, 0, even + 1));
    }
    radius = std::sqrt(-2 * std::log(u));
    sine = radius * std::sin(angle);
    cosine = radius * std::cos(angle);
  }

  /// The bound stated in dsl/box_muller.hpp.
  long double bound() const {
    return (std::is_same_v<T, float> ? 4 : 6) * std::numeric_limits<T>::epsilon() * radius;
  }
};

template <class T>
void fill_normal_standard(T* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                          std::int64_t count) {
  host_engine::fill_normal(out, seed, offset, first, count, T{0}, T{1});
}

/// Elements of a fill that differ from the formula, or were written outside of it.
template <class T>
std::int64_t wrong_in_fill(bool normal, std::uint64_t offset, std::int64_t first,
                           std::int64_t count) {
  std::uint64_t const seed = 0x243F6A8885A308D3u;
  T const guard = -100;
  std::vector<T> out(static_cast<std::size_t>(count) + 2, guard);
  if (normal) {
    host_engine::fill_normal(out.data() + 1, seed, offset, first, count, T(0.25), T(3));
  } else {
    host_engine::fill_uniform(out.data() + 1, seed, offset, first, count);
  }
  std::int64_t wrong = (out.front() != guard) + (out.back() != guard);
  for (std::int64_t k = 0; k < count; ++k) {
    auto const i = static_cast<std::uint64_t>(first + k);
    T const expected = normal ? T(0.25) + T(3) * philox_normal<T>(seed, offset, i)
                              : philox_uniform<T>(seed, offset, i);
    wrong += out[static_cast<std::size_t>(k) + 1] != expected;
  }
  return wrong;
}

template <class T>
void compare_fills(bool normal) {
  for (std::int64_t first : {0, 1, 2, 3, 5, 262139, 262144, 524287}) {
    for (std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{262142},
                                 (std::uint64_t{1} << 50) + 1}) {
      for (std::int64_t count : {0, 1, 2, 3, 4, 5, 15, 16, 17, 255, 256, 257, 259, 1025}) {
        BOOST_TEST(wrong_in_fill<T>(normal, offset, first, count) == 0,
                   "first " << first << ", offset " << offset << ", count " << count);
      }
    }
  }
  // Over the ends of two rows.
  BOOST_TEST(wrong_in_fill<T>(normal, 1, 262001, 263000) == 0);
}

template <class T>
void check_uniform_moments() {
  constexpr std::int64_t n = 1 << 20, bins = 256;
  for (std::uint64_t seed : {1u, 2u, 3u}) {
    std::vector<T> x(n);
    host_engine::fill_uniform(x.data(), seed, 0, 0, n);
    double sum = 0, squares = 0, neighbours = 0;
    std::array<double, bins> counts{};
    for (std::int64_t k = 0; k < n; ++k) {
      double const c = static_cast<double>(x[k]) - 0.5;
      sum += c;
      squares += c * c;
      if (k > 0) neighbours += c * (static_cast<double>(x[k - 1]) - 0.5);
      ++counts[std::min<std::int64_t>(static_cast<std::int64_t>(x[k] * bins), bins - 1)];
    }
    // Five standard deviations each: of the mean, of the second moment, of the lag-1 product.
    BOOST_TEST(std::abs(sum / n) < 5 * std::sqrt(1. / 12 / n));
    BOOST_TEST(std::abs(squares / n - 1. / 12) < 5 * std::sqrt(1. / 180 / n));
    BOOST_TEST(std::abs(neighbours / n) < 5 * (1. / 12) / std::sqrt(1. * n));
    double chi2 = 0;
    for (double c : counts) chi2 += (c - 1. * n / bins) * (c - 1. * n / bins) / (1. * n / bins);
    BOOST_TEST(std::abs(chi2 - (bins - 1)) < 5 * std::sqrt(2. * (bins - 1)));
    BOOST_TEST((*std::min_element(x.begin(), x.end()) > 0));
    BOOST_TEST((*std::max_element(x.begin(), x.end()) <= 1));
  }
}

template <class T>
void check_normal_moments() {
  constexpr std::int64_t n = 1 << 20;
  std::vector<T> x(n);
  fill_normal_standard(x.data(), 5, 0, 0, n);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0, pairs = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    double const z = x[k];
    m1 += z;
    m2 += z * z;
    m3 += z * z * z;
    m4 += z * z * z * z;
    if (k % 2 == 1) pairs += z * x[k - 1];
  }
  // Variances of z, z^2, z^3, z^4 are 1, 2, 15, 96.
  BOOST_TEST(std::abs(m1 / n) < 5 / std::sqrt(1. * n));
  BOOST_TEST(std::abs(m2 / n - 1) < 5 * std::sqrt(2. / n));
  BOOST_TEST(std::abs(m3 / n) < 5 * std::sqrt(15. / n));
  BOOST_TEST(std::abs(m4 / n - 3) < 5 * std::sqrt(96. / n));
  BOOST_TEST(std::abs(pairs / (n / 2)) < 5 / std::sqrt(n / 2.));
  // Kolmogorov's statistic: sup |F_n - F| sqrt(n) passes 2.3 once in 2 exp(-2 * 2.3^2) = 5e-5.
  std::sort(x.begin(), x.end());
  double gap = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    double const f = std::erfc(-static_cast<double>(x[k]) / std::numbers::sqrt2) / 2;
    gap = std::max({gap, f - 1. * k / n, (k + 1.) / n - f});
  }
  BOOST_TEST(gap * std::sqrt(1. * n) < 2.3);
}

template <class T>
void check_normal_bound() {
  long double worst = 0;  // in radii
  int outside = 0;
  for (std::uint64_t seed : {11u, 12u}) {
    for (std::uint64_t j = 0; j < 200000; ++j) {
      reference<T> const r(seed, j);
      long double const error = std::abs(static_cast<long double>(philox_normal<T>(seed, 0, j)) -
                                         (j % 2 == 0 ? r.sine : r.cosine));
      outside += error > r.bound();
      if (r.radius > 0) worst = std::max(worst, error / r.radius);
    }
  }
  BOOST_TEST(outside == 0);
  BOOST_TEST_MESSAGE("worst error " << worst / std::numeric_limits<T>::epsilon()
                                    << " eps sqrt(-2 log u)");
}

template <class T, std::size_t n>
void check_answers(answer<T> const (&answers)[n]) {
  for (auto const& a : answers) {
    BOOST_TEST(philox_uniform<T>(a.seed, a.offset, a.i) == a.uniform,
               "seed " << a.seed << ", offset " << a.offset << ", element " << a.i);
    // cuRAND's libm and ours are each within the bound.
    T const z = philox_normal<T>(a.seed, a.offset, a.i);
    auto const bound = 2 * reference<T>(a.seed, a.offset + a.i).bound();
    BOOST_TEST(std::abs(static_cast<long double>(z) - a.normal) <= bound,
               "seed " << a.seed << ", offset " << a.offset << ", element " << a.i);
  }
}

bool same(philox_block const& a, std::array<std::uint32_t, 4> const& b) {
  return std::equal(b.begin(), b.end(), a.word);
}

}  // namespace

// Random123's kat_vectors, philox4x32 10.
BOOST_AUTO_TEST_CASE(known_answers) {
  BOOST_TEST(
      same(philox4x32_10({{0, 0, 0, 0}}, 0), {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
  BOOST_TEST(same(philox4x32_10({{~0u, ~0u, ~0u, ~0u}}, ~std::uint64_t{0}),
                  {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
  BOOST_TEST(same(
      philox4x32_10({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0x299f31d0a4093822u),
      {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}));
  static_assert(philox4x32_10({{0, 0, 0, 0}}, 0).word[3] == 0x9b00dbd8u);
}

BOOST_AUTO_TEST_CASE(known_answers_of_curand) {
  check_answers(floats);
  check_answers(doubles);
}

BOOST_AUTO_TEST_CASE(range) {
  BOOST_TEST(philox_unit(0u) == 0x1p-33f);
  BOOST_TEST(philox_unit(~0u) == 1.f);
  BOOST_TEST(philox_unit(0u, 0u) == 0x1p-54);
  BOOST_TEST(philox_unit(0x001FFFFFu, ~0u) == 1.);
  // u = 1 has radius zero, the smallest u the largest radius.
  BOOST_TEST(std::abs(philox_box_muller(~0u, 5u).sine) == 0.f);
  BOOST_TEST(std::abs(philox_box_muller(0u, 0u).cosine) < 6.8f);
  BOOST_TEST(std::abs(philox_box_muller(0u, 0u, 0u, 0u).cosine) < 8.7);
}

BOOST_AUTO_TEST_CASE(bits_are_the_words_of_the_uniforms) {
  for (std::uint64_t i : {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{262146}}) {
    BOOST_TEST(philox_unit(philox_bits32(9, 5, i)) == philox_uniform<float>(9, 5, i));
    std::uint64_t const b = philox_bits64(9, 5, i);
    BOOST_TEST(philox_unit(static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32)) ==
               philox_uniform<double>(9, 5, i));
  }
}

BOOST_AUTO_TEST_CASE(offset_and_index_add) {
  BOOST_TEST(philox_uniform<double>(3, 7, 100) == philox_uniform<double>(3, 0, 107));
  BOOST_TEST(philox_normal<float>(3, 7, 100) == philox_normal<float>(3, 107, 0));
}

BOOST_AUTO_TEST_CASE(fill_uniform_is_the_formula) {
  compare_fills<float>(false);
  compare_fills<double>(false);
}

BOOST_AUTO_TEST_CASE(fill_normal_is_the_formula) {
  compare_fills<float>(true);
  compare_fills<double>(true);
}

BOOST_AUTO_TEST_CASE(normals_are_within_the_bound) {
  check_normal_bound<float>();
  check_normal_bound<double>();
}

BOOST_AUTO_TEST_CASE(uniform_moments) {
  check_uniform_moments<float>();
  check_uniform_moments<double>();
}

BOOST_AUTO_TEST_CASE(normal_moments) {
  check_normal_moments<float>();
  check_normal_moments<double>();
}

// Rows are used up by the draws that end at `end`; the next width starts at a row above them.
BOOST_AUTO_TEST_CASE(a_switch_of_width_shares_no_words) {
  BOOST_TEST((philox_bits32(1, 0, row) == static_cast<std::uint32_t>(philox_bits64(1, 0, 2))),
             "the collision that philox_switch avoids");
  for (std::uint64_t end : {std::uint64_t{1}, row - 1, row, row + 1, 2 * row, 2 * row + 1, 5 * row,
                            (std::uint64_t{1} << 40) + 3}) {
    std::uint64_t const last32 = (end - 1) / row, last64 = 2 * ((end - 1) / row) + 1;
    std::uint64_t const to64 = philox_switch(32, 64, end), to32 = philox_switch(64, 32, end);
    BOOST_TEST(2 * (to64 / row) > last32);
    BOOST_TEST(2 * (to64 / row) <= last32 + 2);
    BOOST_TEST(to64 % row == 0);
    BOOST_TEST(to32 / row > last64);
    BOOST_TEST(to32 / row <= last64 + 1);
    BOOST_TEST(to32 % row == 0);
    BOOST_TEST(philox_switch(32, 32, end) == end);
    BOOST_TEST(philox_switch(64, 64, end) == end);
  }
  BOOST_TEST(philox_switch(32, 64, 0) == 0);
  BOOST_TEST(philox_switch(64, 32, 0) == 0);
}

#if defined(SLOTH_TEST_CURAND)
namespace {

class curand_host {
 public:
  explicit curand_host(std::uint64_t seed, std::uint64_t offset = 0) {
    check(curandCreateGeneratorHost(&generator_, CURAND_RNG_PSEUDO_PHILOX4_32_10));
    check(curandSetPseudoRandomGeneratorSeed(generator_, seed));
    if (offset != 0) check(curandSetGeneratorOffset(generator_, offset));
  }
  curand_host(curand_host const&) = delete;
  curand_host& operator=(curand_host const&) = delete;
  ~curand_host() { curandDestroyGenerator(generator_); }

  void uniform(std::vector<float>& x) {
    check(curandGenerateUniform(generator_, x.data(), x.size()));
  }
  void uniform(std::vector<double>& x) {
    check(curandGenerateUniformDouble(generator_, x.data(), x.size()));
  }
  void normal(std::vector<float>& x) {
    check(curandGenerateNormal(generator_, x.data(), x.size(), 0, 1));
  }
  void normal(std::vector<double>& x) {
    check(curandGenerateNormalDouble(generator_, x.data(), x.size(), 0, 1));
  }

 private:
  static void check(curandStatus_t status) { BOOST_REQUIRE(status == CURAND_STATUS_SUCCESS); }

  curandGenerator_t generator_{};
};

template <class T>
std::size_t differences(std::vector<T> const& a, std::vector<T> const& b) {
  std::size_t n = 0;
  for (std::size_t k = 0; k < a.size(); ++k) n += a[k] != b[k];
  return n;
}

/// Draws of these sizes, uniform and normal in turn, against fills at the running offset.
template <class T>
void compare_draws(curand_host& curand, std::uint64_t seed, std::uint64_t offset) {
  std::size_t far = 0, other = 0;
  bool normal = false;
  for (std::size_t n : {(1 << 22) + 3, 1, 100003, 262144, 4, 1000000, (1 << 22) + 6}) {
    std::vector<T> theirs(n), ours(n);
    auto const count = static_cast<std::int64_t>(n);
    if (normal) {
      curand.normal(theirs);
      fill_normal_standard(ours.data(), seed, offset, 0, count);
      for (std::size_t k = 0; k < n; ++k) {
        if (theirs[k] == ours[k]) continue;
        auto const bound = 2 * reference<T>(seed, offset + k).bound();
        ++other;
        far += std::abs(static_cast<long double>(theirs[k]) - ours[k]) > bound;
      }
    } else {
      curand.uniform(theirs);
      host_engine::fill_uniform(ours.data(), seed, offset, 0, count);
      BOOST_TEST(differences(theirs, ours) == 0u,
                 "seed " << seed << ", offset " << offset << ", " << n << " elements");
    }
    offset += n;
    normal = !normal;
  }
  BOOST_TEST(far == 0u);
  BOOST_TEST_MESSAGE(other << " normals differ from cuRAND's in bits (0 where libm is the same)");
}

}  // namespace

BOOST_AUTO_TEST_CASE(curand_floats_at_any_offset) {
  for (std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{42}, 0x123456789ABCDEFu + row * row}) {
    for (std::uint64_t offset :
         {std::uint64_t{0}, std::uint64_t{5}, row - 1, (std::uint64_t{1} << 50) + 2}) {
      curand_host curand(seed, offset);
      compare_draws<float>(curand, seed, offset);
    }
  }
}

BOOST_AUTO_TEST_CASE(curand_doubles_in_sequence) {
  for (std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{42}, 0x123456789ABCDEFu + row * row}) {
    for (std::uint64_t offset : {0u, 1u, 2u, 3u}) {
      curand_host curand(seed, offset);
      compare_draws<double>(curand, seed, offset);
    }
  }
}

// Within the first row the two widths move one another by elements.
BOOST_AUTO_TEST_CASE(curand_widths_mixed_in_the_first_row) {
  curand_host curand(42);
  std::vector<float> f(1001), f2(999);
  std::vector<double> d(777), d2(500);
  curand.uniform(f);
  curand.uniform(d);
  curand.uniform(f2);
  curand.normal(d2);
  std::vector<float> g(1001), g2(999);
  std::vector<double> e(777), e2(500);
  host_engine::fill_uniform(g.data(), 42, 0, 0, 1001);
  host_engine::fill_uniform(e.data(), 42, 1001, 0, 777);
  host_engine::fill_uniform(g2.data(), 42, 1778, 0, 999);
  fill_normal_standard(e2.data(), 42, 2777, 0, 500);
  BOOST_TEST(differences(f, g) == 0u);
  BOOST_TEST(differences(d, e) == 0u);
  BOOST_TEST(differences(f2, g2) == 0u);
  for (std::size_t k = 0; k < d2.size(); ++k) BOOST_TEST(std::abs(d2[k] - e2[k]) < 1e-13);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
