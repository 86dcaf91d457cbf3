// The element types: promotion against NumPy's own table, 16-bit floats, complex numbers, casts.
#include <dsl/promotion.hpp>

#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cfloat>
#include <climits>
#include <random>
#include <string>
#include <vector>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(types)

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class T>
std::string name() {
  return to_string(dtype_of<T>);
}

void is(dtype got, dtype want) { BOOST_TEST(std::string(to_string(got)) == to_string(want)); }

// The nearest f16 or bf16 by exhaustive definition: of the two neighbours around v the closer one,
// the even one at a tie. `lower` and `lower + 1` are positive finite patterns.
template <class H>
void check_around(std::uint16_t lower) {
  double const a = float(H::from_bits(lower)), b = float(H::from_bits(lower + 1));
  double const middle = (a + b) / 2;
  std::uint16_t const even = lower & 1 ? lower + 1 : lower;
  BOOST_REQUIRE_EQUAL(H(middle).bits, even);
  BOOST_REQUIRE_EQUAL(H(-middle).bits, even | 0x8000);
  BOOST_REQUIRE_EQUAL(H(float(middle)).bits, even);
  // One double beside the midpoint: a rounding through float would lose it and tie.
  BOOST_REQUIRE_EQUAL(H(std::nextafter(middle, 0.)).bits, lower);
  BOOST_REQUIRE_EQUAL(H(std::nextafter(middle, inf)).bits, lower + 1);
  BOOST_REQUIRE_EQUAL(H(-std::nextafter(middle, inf)).bits, (lower + 1) | 0x8000);
  BOOST_REQUIRE_EQUAL(H(std::nextafter(float(middle), 0.f)).bits, lower);
  BOOST_REQUIRE_EQUAL(H(std::nextafter(float(middle), FLT_MAX)).bits, lower + 1);
}

template <class H>
void check_round_trip() {
  int nans = 0;
  for (int i = 0; i < 65536; ++i) {
    H const h = H::from_bits(static_cast<std::uint16_t>(i));
    float const f = h;
    if (f != f) {
      ++nans;
      float const through_float = H(f), through_double = H(double(f));
      BOOST_REQUIRE(through_float != through_float && through_double != through_double);
      continue;
    }
    BOOST_REQUIRE_EQUAL(H(f).bits, i);
    BOOST_REQUIRE_EQUAL(H(double(f)).bits, i);
    BOOST_REQUIRE_EQUAL(convert<H>(convert<double>(h)).bits, i);
    BOOST_REQUIRE_EQUAL((-h).bits, i ^ 0x8000);
  }
  BOOST_TEST(nans == 2 * ((1 << (std::numeric_limits<H>::digits - 1)) - 1));
}

// |got - want| in units of eps |want|; infinite unless both are NaN, infinite or finite alike.
template <class T>
long double error_in_eps(sloth::complex<T> got, std::complex<long double> want) {
  long double const size = std::abs(want);
  return std::abs(std::complex<long double>(got.re, got.im) - want) /
         (std::numeric_limits<T>::epsilon() * (size == 0 ? 1 : size));
}

// NaN, infinite or close together; C99 leaves the sign of some zeros and infinities open.
bool alike(double a, double b) {
  if (a != a || b != b) return a != a && b != b;
  if (std::isinf(a) || std::isinf(b)) return std::fabs(a) == std::fabs(b);
  return std::fabs(a - b) <= std::max(8 * DBL_EPSILON * std::fabs(b), 5e-324);
}

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (dtype_error const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_CASE(promotion_is_numpys) {
  struct pair {
    dtype a, b, promoted;
    bool safe, same_kind;
  };
  using enum dtype;
  constexpr pair pairs[] = {
#define PAIR(...) pair{__VA_ARGS__},
#define WEAK(...)
#define RESULT(...)
#include "promotion_table.inc"
#undef PAIR
#undef WEAK
#undef RESULT
  };
  static_assert(std::size(pairs) == 14 * 14);
  for (auto const& p : pairs) {
    BOOST_TEST_CONTEXT(to_string(p.a) << " and " << to_string(p.b)) {
      is(promote(p.a, p.b), p.promoted);
      BOOST_TEST(can_cast_safe(p.a, p.b) == p.safe);
      BOOST_TEST(can_cast_same_kind(p.a, p.b) == p.same_kind);
    }
  }
}

template <dtype A, dtype Int, dtype Float, dtype Complex, dtype Bool>
void check_weak() {
  using T = type_of_t<A>;
  is(dtype_of<weak_promote_t<T, int>>, Int);
  is(dtype_of<weak_promote_t<T, unsigned long long>>, Int);
  is(dtype_of<weak_promote_t<T, std::int8_t>>, Int);
  is(dtype_of<weak_promote_t<T, double>>, Float);
  is(dtype_of<weak_promote_t<T, float>>, Float);
  is(dtype_of<weak_promote_t<T, f16>>, Float);
  is(dtype_of<weak_promote_t<T, complex128>>, Complex);
  is(dtype_of<weak_promote_t<T, std::complex<float>>>, Complex);
  is(dtype_of<weak_promote_t<T, bool>>, Bool);
}

template <dtype A, dtype Exp, dtype Divide, dtype Sum, dtype Mean, dtype Abs>
void check_result() {
  using T = type_of_t<A>;
  is(dtype_of<floating_t<T>>, Exp);
  is(dtype_of<true_divide_t<T>>, Divide);
  is(dtype_of<sum_t<T>>, Sum);
  is(dtype_of<mean_t<T>>, Mean);
  is(dtype_of<real_t<T>>, Abs);
}

BOOST_AUTO_TEST_CASE(weak_values_and_results_are_numpys) {
#define PAIR(...)
#define WEAK(a, i, f, c, b) check_weak<dtype::a, dtype::i, dtype::f, dtype::c, dtype::b>();
#define RESULT(a, e, d, s, m, r) \
  check_result<dtype::a, dtype::e, dtype::d, dtype::s, dtype::m, dtype::r>();
#include "promotion_table.inc"
#undef PAIR
#undef WEAK
#undef RESULT
  static_assert(!weak_scalar<char> && !weak_scalar<std::string> && weak_scalar<long double>);
}

BOOST_AUTO_TEST_CASE(promotion_is_a_commutative_upper_bound_with_bf16) {
  for (int a = 0; a < dtype_count; ++a) {
    for (int b = 0; b < dtype_count; ++b) {
      dtype const da = static_cast<dtype>(a), db = static_cast<dtype>(b), both = promote(da, db);
      BOOST_TEST((both == promote(db, da)));
      BOOST_TEST((can_cast_safe(da, both) && can_cast_safe(db, both)));
      BOOST_TEST((!can_cast_safe(da, db) || can_cast_same_kind(da, db)));
    }
  }
  BOOST_TEST((name<promote_t<bf16, f16>>() == "float32"));
  BOOST_TEST((name<promote_t<std::uint8_t, bf16>>() == "bfloat16"));
  BOOST_TEST((name<promote_t<bf16, std::int16_t>>() == "float32"));
  BOOST_TEST((name<promote_t<bf16, std::int32_t>>() == "float64"));
  BOOST_TEST((name<promote_t<bf16, complex64>>() == "complex64"));
  BOOST_TEST((name<weak_promote_t<bf16, double>>() == "bfloat16"));
  BOOST_TEST((name<weak_promote_t<bf16, complex128>>() == "complex64"));
}

BOOST_AUTO_TEST_CASE(every_16_bit_pattern_round_trips) {
  check_round_trip<f16>();
  check_round_trip<bf16>();
}

BOOST_AUTO_TEST_CASE(every_midpoint_ties_to_even) {
  for (int i = 0; i < 0x7bff; ++i) check_around<f16>(static_cast<std::uint16_t>(i));
  for (int i = 1; i < 0x7f7f; ++i) check_around<bf16>(static_cast<std::uint16_t>(i));
  BOOST_TEST(f16(65519.999).bits == 0x7bff);
  BOOST_TEST(f16(65520.).bits == 0x7c00);
  BOOST_TEST(f16(-1e300).bits == 0xfc00);
  BOOST_TEST(f16(1e-300).bits == 0);
  BOOST_TEST(f16(-1e-300).bits == 0x8000);
  BOOST_TEST(bf16(DBL_MAX).bits == 0x7f80);
  BOOST_TEST(bf16(inf).bits == 0x7f80);
  BOOST_TEST(bf16(0x1.fep127).bits == 0x7f7f);
  BOOST_TEST(bf16(0x1.ffp127).bits == 0x7f80);
  BOOST_TEST(bf16(std::nextafter(0x1.ffp127, 0.)).bits == 0x7f7f);
}

BOOST_AUTO_TEST_CASE(integers_round_once_to_16_bits) {
  std::uint64_t const tie = (std::uint64_t{1} << 63) + (std::uint64_t{1} << 55);
  BOOST_TEST(bf16(tie).bits == bf16(0x1p63f).bits);
  BOOST_TEST(bf16(tie + 1).bits == bf16(0x1p63f).bits + 1);
  BOOST_TEST(bf16(static_cast<std::int64_t>((tie >> 1) + 1)).bits == bf16(0x1p62f).bits + 1);
  BOOST_TEST(bf16(-static_cast<std::int64_t>((tie >> 1) + 1)).bits == bf16(-0x1p62f).bits + 1);
  BOOST_TEST(float(bf16(INT64_MIN)) == -0x1p63f);
  BOOST_TEST(float(f16(2049)) == 2048.f);
  BOOST_TEST(float(f16(2051)) == 2052.f);
  BOOST_TEST(f16(65520ull).bits == 0x7c00);
}

BOOST_AUTO_TEST_CASE(software_equals_the_machines_conversion) {
  int differences = 0;
  for (std::uint64_t b = 0; b < (std::uint64_t{1} << 32); b += 509) {
    float const v = std::bit_cast<float>(static_cast<std::uint32_t>(b));
    differences += half_detail::to_f16(v) != half_detail::software_to_f16(v);
  }
  for (int b = 0; b < 65536; ++b) {
    auto const h = static_cast<std::uint16_t>(b);
    differences += std::bit_cast<std::uint32_t>(half_detail::from_f16(h)) !=
                   std::bit_cast<std::uint32_t>(half_detail::software_from_f16(h));
  }
  BOOST_TEST(differences == 0);
}

BOOST_AUTO_TEST_CASE(sixteen_bit_arithmetic) {
  static_assert(float(f16(1) / f16(3)) == 0x1.554p-2f);
  static_assert(std::is_same_v<decltype(f16(1) + 1.f), float>);
  static_assert(std::is_same_v<decltype(f16(1) * bf16(1)), float>);
  static_assert(std::is_same_v<decltype(2. * f16(1)), double>);
  static_assert(float(std::numeric_limits<f16>::max()) == 65504.f);
  static_assert(float(std::numeric_limits<f16>::denorm_min()) == 0x1p-24f);
  static_assert(float(std::numeric_limits<bf16>::min()) == FLT_MIN);
  f16 const no_value = std::numeric_limits<f16>::quiet_NaN();
  BOOST_TEST(!(no_value == no_value));
  BOOST_TEST((no_value != no_value));
  BOOST_TEST((f16(0.) == f16(-0.)));
  BOOST_TEST((f16(1) < f16(2) && bf16(2) >= bf16(2) && f16(1) < 1.5f && 3 > bf16(2)));
  BOOST_TEST(float(std::numeric_limits<f16>::max() + f16(16)) == float(inf));
  BOOST_TEST(float(f16::from_bits(1) + f16::from_bits(1)) == 0x1p-23f);
  bf16 x(1);
  x += 0x1p-9f;
  BOOST_TEST(float(x) == 1.f);
  x *= bf16(3);
  BOOST_TEST(float(-x) == -3.f);
}

BOOST_AUTO_TEST_CASE(complex_arithmetic) {
  // Quotients of NumPy 2.4.6, to the bit.
  complex128 const a[] = {{0x1.2967b07be53a0p-8, 0x1.7552775a92feep-2},
                          {0x1.1fea44e388561p-3, 0x1.2d3111b74e252p-2},
                          {0x1.38ab3e541fdd2p+9, 0x1.d1ab853b8b22fp-6},
                          {-0x1.49d9eb875f1a8p-3, 0x1.17eac3bb990f6p-1}};
  complex128 const b[] = {{-0x1.791082955afb4p-1, 0x1.45674c11fb447p-5},
                          {-0x1.4da3bb1695f5bp-3, -0x1.2b79c8538ed1cp-2},
                          {-0x1.edb0af62ec097p-2, -0x1.90564e549399fp-1},
                          {0x1.329bf88532c8bp-1, -0x1.075d6718f8d84p-2}};
  complex128 const quotient[] = {{0x1.4f88226ea6b7ap-6, -0x1.f9c98d2bef259p-2},
                                 {-0x1.f19f4db8c1be6p-1, -0x1.f13dac32c20a9p-5},
                                 {-0x1.6550b161130f8p+8, 0x1.21b85be8ee08ap+9},
                                 {-0x1.1dbf1efb5a929p-1, 0x1.58b4772143eabp-1}};
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST((a[i] / b[i] == quotient[i]));
    BOOST_TEST((a[i] * b[i] == complex128(a[i].re * b[i].re - a[i].im * b[i].im,
                                          a[i].re * b[i].im + a[i].im * b[i].re)));
  }
  complex128 const by_zero = complex128(1, -2) / complex128(-0., 0);
  BOOST_TEST(by_zero.re == inf);
  BOOST_TEST(by_zero.im == -inf);
  BOOST_TEST((complex128(3, 4) / complex128(1e-300, 1e300) == complex128(4e-300, -3e-300)));
  BOOST_TEST((complex128(1, 2) / complex128(inf, 1) == complex128(0, 0)));

  static_assert(complex128(1, 2) * complex128(3, 4) == complex128(-5, 10));
  static_assert(2 * complex64(1, 2) + 1 - 1.f == complex64(2, 4) && complex64(3) == 3.f);
  std::complex<double> s = complex128(1, 2);
  complex128 z = s;
  z += std::complex<double>(0, 1);
  z *= 2;
  BOOST_TEST((z == complex128(2, 6) && -z / 2 == complex128(-1, -3)));
  BOOST_TEST((conj(z).im == -6 && real(z) == 2 && imag(z) == 6 && abs(complex64(3, 4)) == 5));
  BOOST_TEST((complex64(complex128(0.1, 1e300)).im == float(inf)));
  BOOST_TEST((std::bit_cast<std::complex<float>>(complex64(1, 2)) == std::complex<float>(1, 2)));
}

template <class T>
void check_functions(double bound) {
  using wide = std::complex<long double>;
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> part(-3, 3), power(-30, 30);
  auto const check = [&](char const* what, sloth::complex<T> z, sloth::complex<T> got, wide want) {
    BOOST_TEST(error_in_eps(got, want) <= bound, what << "(" << z.re << ", " << z.im << ") = ("
                                                      << got.re << ", " << got.im << "), off by "
                                                      << error_in_eps(got, want) << " eps");
  };
  for (int i = 0; i < 3000; ++i) {
    double const scale = i % 2 ? 1 : std::exp2(power(random));
    sloth::complex<T> z(T(part(random) * scale), T(part(random) * scale));
    if (i % 7 == 0) z = sloth::complex<T>(T(std::cos(part(random))), z.im / T(scale));
    if (i % 5 == 0) {  // on the unit circle, where log's real part cancels
      double const angle = part(random);
      z = {T(std::cos(angle)), T(std::sin(angle))};
      T const r = log(z).re;
      long double const want = std::log(wide(z.re, z.im)).real();
      BOOST_TEST(std::fabs(r - want) <=
                 bound * std::numeric_limits<T>::epsilon() * std::fabs(want));
    }
    wide const w(z.re, z.im);
    check("log", z, log(z), std::log(w));
    check("sqrt", z, sqrt(z), std::sqrt(w));
    if (std::fabs(z.re) > 60 || std::fabs(z.im) > 60) continue;
    check("exp", z, exp(z), std::exp(w));
    check("sin", z, sin(z), std::sin(w));
    check("cos", z, cos(z), std::cos(w));
    check("sinh", z, sinh(z), std::sinh(w));
    check("cosh", z, cosh(z), std::cosh(w));
    if (abs(z) > T(0.1) && abs(z) < T(4)) {
      check("pow3", z, pow(z, 3), w * w * w);
      check("pow-2", z, pow(z, -2), wide(1) / (w * w));
      check("pow", z, pow(z, sloth::complex<T>(1.25, .5)), std::pow(w, wide(1.25L, .5L)));
    }
  }
}

BOOST_AUTO_TEST_CASE(complex_functions) {
  check_functions<float>(6);
  check_functions<double>(6);
}

BOOST_AUTO_TEST_CASE(complex_functions_at_the_edges) {
  std::vector<double> const edges = {0.,    -0.,   1.,           -1.,     710.,
                                     -711., 1e308, -1e308,       5e-324,  1e-310,
                                     inf,   -inf,  not_a_number, DBL_MAX, 0.5};
  auto const check = [](char const* what, complex128 z, complex128 got, std::complex<double> want) {
    BOOST_TEST((alike(got.re, want.real()) && alike(got.im, want.imag())),
               what << "(" << z.re << ", " << z.im << ") = (" << got.re << ", " << got.im
                    << ") instead of " << want);
  };
  for (double re : edges) {
    for (double im : edges) {
      complex128 const z(re, im);
      std::complex<double> const s = z;
      check("exp", z, exp(z), std::exp(s));
      check("log", z, log(z), std::log(s));
      check("sqrt", z, sqrt(z), std::sqrt(s));
      check("sinh", z, sinh(z), std::sinh(s));
      check("cosh", z, cosh(z), std::cosh(s));
      check("sin", z, sin(z), std::sin(s));
      check("cos", z, cos(z), std::cos(s));
    }
  }
  // The branch cuts follow the sign of a zero.
  BOOST_TEST(log(complex128(-1, -0.)).im < 0);
  BOOST_TEST(sqrt(complex128(-4, 0.)).im == 2);
  BOOST_TEST(sqrt(complex128(-4, -0.)).im == -2);
}

BOOST_AUTO_TEST_CASE(complex_powers_are_numpys) {
  BOOST_TEST((pow(complex128(0, 0), 0) == 1.));
  BOOST_TEST((pow(complex128(not_a_number, 1), 0) == 1.));
  BOOST_TEST((pow(complex128(0, 0), 2) == 0.));
  BOOST_TEST(std::isnan(pow(complex128(0, 0), -1).re));
  BOOST_TEST((pow(complex128(2, 3), 3) == complex128(-46, 9)));
  BOOST_TEST((pow(complex128(1, 1), 99) == complex128(-0x1p49, 0x1p49)));
  BOOST_TEST(
      (pow(complex128(2, 3), -5) == complex128(0x1.588aeabb45e89p-12, 0x1.a57ffa70a4bc9p-10)));
  BOOST_TEST((pow(2, complex128(3, 0)) == 8.));
}

BOOST_AUTO_TEST_CASE(casts) {
  static_assert(convert<std::int32_t>(1e10) == INT_MAX && convert<std::int32_t>(-1e10) == INT_MIN);
  BOOST_TEST(convert<std::int64_t>(0x1p63) == INT64_MAX);
  BOOST_TEST(convert<std::int64_t>(-0x1p63f) == INT64_MIN);
  BOOST_TEST(convert<std::uint64_t>(0x1p64f) == UINT64_MAX);
  BOOST_TEST(convert<std::uint64_t>(0x1.fffffffffffffp63) == 0xfffffffffffff800u);
  BOOST_TEST(int(convert<std::uint8_t>(-3.5f)) == 0);
  BOOST_TEST(int(convert<std::uint8_t>(255.9f)) == 255);
  BOOST_TEST(int(convert<std::int8_t>(-128.9)) == -128);
  BOOST_TEST(int(convert<std::int8_t>(-1.9)) == -1);
  BOOST_TEST(int(convert<std::int8_t>(f16(300))) == 127);
  BOOST_TEST(convert<std::int32_t>(-inf) == INT_MIN);
  BOOST_TEST(convert<std::int64_t>(not_a_number) == 0);
  BOOST_TEST(convert<std::uint16_t>(std::numeric_limits<bf16>::quiet_NaN()) == 0);
  BOOST_TEST(convert<std::int64_t>(bf16(inf)) == INT64_MAX);
  BOOST_TEST(int(convert<std::int8_t>(std::int64_t{300})) == 44);
  BOOST_TEST(convert<std::uint32_t>(std::int8_t{-1}) == 0xffffffffu);
  BOOST_TEST(convert<bool>(not_a_number));
  BOOST_TEST(convert<bool>(256));
  BOOST_TEST(convert<bool>(0x1p-149f));
  BOOST_TEST(!convert<bool>(f16(-0.)));
  BOOST_TEST(convert<bool>(complex64(0, 1)));
  BOOST_TEST(convert<double>(complex64(2, 5)) == 2);
  BOOST_TEST(int(convert<std::int8_t>(complex128(1e9, 5))) == 127);
  BOOST_TEST((convert<complex64>(true) == complex64(1, 0)));
  BOOST_TEST((convert<complex64>(f16(1.5)) == complex64(1.5, 0)));
  BOOST_TEST((convert<complex64>(complex128(0.1, 0.2)) == complex64(0.1f, 0.2f)));
  BOOST_TEST(convert<f16>(complex64(1, 2)).bits == 0x3c00);
  BOOST_TEST(convert<bf16>(f16(65504)).bits == bf16(65504).bits);
  BOOST_TEST(convert<f16>(bf16(1e30f)).bits == 0x7c00);
  BOOST_TEST(convert<float>(1e300) == float(inf));
  // 1 + 2^-11 + 2^-40 lies above the f16 midpoint, but rounds to it in float.
  BOOST_TEST(convert<f16>(1 + 0x1p-11 + 0x1p-40).bits == 0x3c01);
  BOOST_TEST(float(convert<f16>(true)) == 1.f);
  BOOST_TEST(std::signbit(convert<double>(-0.f)));
}

BOOST_AUTO_TEST_CASE(every_pair_of_types_converts_one) {
  for (int from = 0; from < dtype_count; ++from) {
    for (int to = 0; to < dtype_count; ++to) {
      bool const right = visit(static_cast<dtype>(from), [&]<class From>() {
        return visit(static_cast<dtype>(to), [&]<class To>() {
          return convert<To>(convert<From>(1)) == convert<To>(true);
        });
      });
      BOOST_TEST(right, to_string(static_cast<dtype>(from))
                            << " to " << to_string(static_cast<dtype>(to)));
    }
  }
}

BOOST_AUTO_TEST_CASE(weak_values_are_checked) {
  location const where{"src/main.cpp", 27};
#define THROWS(call, text) BOOST_TEST(message_of([&] { (void)(call); }) == text)
  THROWS(weak_cast<std::uint8_t>(300, where), "dtype_error: 300 does not fit uint8  [main.cpp:27]");
  THROWS(weak_cast<std::uint64_t>(-1, where), "dtype_error: -1 does not fit uint64  [main.cpp:27]");
  THROWS(weak_cast<std::int64_t>(0x8000000000000000ull, where),
         "dtype_error: 9223372036854775808 does not fit int64  [main.cpp:27]");
  THROWS(weak_cast<bool>(2, where), "dtype_error: 2 does not fit bool  [main.cpp:27]");
  THROWS(weak_cast<std::int32_t>(2.5, where),
         "dtype_error: 2.5 is not an integer, so it does not fit int32  [main.cpp:27]");
  THROWS(weak_cast<std::int32_t>(not_a_number, where),
         "dtype_error: nan is not an integer, so it does not fit int32  [main.cpp:27]");
  THROWS(weak_cast<std::int8_t>(f16(200), where),
         "dtype_error: 200 does not fit int8  [main.cpp:27]");
  THROWS(weak_cast<double>(std::complex<double>(1, -2), where),
         "dtype_error: (1-2j) is complex, so it does not fit float64  [main.cpp:27]");
#undef THROWS
  BOOST_TEST(int(weak_cast<std::uint8_t>(255, where)) == 255);
  BOOST_TEST(int(weak_cast<std::uint8_t>(255., where)) == 255);
  BOOST_TEST(weak_cast<std::int32_t>(true, where) == 1);
  BOOST_TEST(weak_cast<f16>(70000, where).bits == 0x7c00);
  BOOST_TEST(weak_cast<float>(1ll << 62, where) == 0x1p62f);
  BOOST_TEST(weak_cast<double>(2.5L, where) == 2.5);
  BOOST_TEST((weak_cast<complex64>(std::complex<double>(1, 2), where) == complex64(1, 2)));
  BOOST_TEST((weak_cast<complex128>(3, where) == 3.));
  BOOST_TEST(weak_cast<double>(f16(0.5), where) == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
