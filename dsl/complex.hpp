// Complex numbers that are trivially copyable and work on both devices. + - * are the plain
// formulas, / is Smith's method as in NumPy; both give equal bits on host and device. Special
// values of the functions follow C99 Annex G.
#pragma once

#include <dsl/config.hpp>

#include <cmath>
#include <complex>
#include <concepts>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {

// nvcc contracts a * b + c into FMA, which these intrinsics never become; the host is compiled with
// -ffp-contract=off.
namespace exact {
#if defined(__CUDA_ARCH__)
#define SLOTH_EXACT(name, op, f32, f64)                   \
  template <std::floating_point T>                        \
  SLOTH_HD constexpr T name(T a, T b) {                   \
    if (__builtin_is_constant_evaluated()) return a op b; \
    if constexpr (sizeof(T) == 4)                         \
      return f32(a, b);                                   \
    else                                                  \
      return f64(a, b);                                   \
  }
#else
// g++ makes FMA of a complex product's (ac - bd, ad + bc) all the same, in vectors of neighbours,
// where it sees that the operands are products (seen of 12.2).
template <std::floating_point T>
SLOTH_HD constexpr T rounded(T v) {
#if defined(__GNUC__) && !defined(__clang__) && defined(__FMA__)
#if defined(__CUDACC__)  // nvcc does not know g++'s barrier
  if (!__builtin_is_constant_evaluated()) asm("" : "+x"(v));
#else
  return __builtin_assoc_barrier(v);
#endif
#endif
  return v;
}
#define SLOTH_EXACT(name, op, f32, f64) \
  template <std::floating_point T>      \
  SLOTH_HD constexpr T name(T a, T b) { \
    return rounded(a op b);             \
  }
#endif
SLOTH_EXACT(add, +, __fadd_rn, __dadd_rn)
SLOTH_EXACT(subtract, -, __fsub_rn, __dsub_rn)
SLOTH_EXACT(multiply, *, __fmul_rn, __dmul_rn)
SLOTH_EXACT(divide, /, __fdiv_rn, __ddiv_rn)
#undef SLOTH_EXACT
}  // namespace exact

/// re + i im, laid out as std::complex<T>. A real operand counts as (re, 0), as NumPy promotes it.
template <class T>
struct complex {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "sloth::complex is of float or double; convert the parts first");
  using value_type = T;
  T re, im;

  complex() = default;
  SLOTH_HD constexpr complex(T re, T im = T(0)) : re(re), im(im) {}
  template <class U>
  requires(!std::is_same_v<U, T>) SLOTH_HD explicit constexpr complex(complex<U> z)
      : re(static_cast<T>(z.re)), im(static_cast<T>(z.im)) {}
  constexpr complex(std::complex<T> const& z) : re(z.real()), im(z.imag()) {}
  constexpr operator std::complex<T>() const { return {re, im}; }

  SLOTH_HD friend constexpr complex operator+(complex a, complex b) {
    return {exact::add(a.re, b.re), exact::add(a.im, b.im)};
  }
  SLOTH_HD friend constexpr complex operator-(complex a, complex b) {
    return {exact::subtract(a.re, b.re), exact::subtract(a.im, b.im)};
  }
  SLOTH_HD friend constexpr complex operator*(complex a, complex b) {
    using exact::multiply;
    return {exact::subtract(multiply(a.re, b.re), multiply(a.im, b.im)),
            exact::add(multiply(a.re, b.im), multiply(a.im, b.re))};
  }
  // R. L. Smith, "Algorithm 116: Complex division", 1962; a zero divisor gives (a.re/0, a.im/0).
  SLOTH_HD friend constexpr complex operator/(complex a, complex b) {
    using exact::add, exact::subtract, exact::multiply, exact::divide;
    T const re_size = b.re < 0 ? -b.re : b.re, im_size = b.im < 0 ? -b.im : b.im;
    if (re_size >= im_size) {
      if (re_size == 0 && im_size == 0) return {divide(a.re, T(0)), divide(a.im, T(0))};
      T const ratio = divide(b.im, b.re);
      T const scale = divide(T(1), add(b.re, multiply(b.im, ratio)));
      return {multiply(add(a.re, multiply(a.im, ratio)), scale),
              multiply(subtract(a.im, multiply(a.re, ratio)), scale)};
    }
    T const ratio = divide(b.re, b.im);
    T const scale = divide(T(1), add(b.im, multiply(b.re, ratio)));
    return {multiply(add(multiply(a.re, ratio), a.im), scale),
            multiply(subtract(multiply(a.im, ratio), a.re), scale)};
  }
  SLOTH_HD friend constexpr complex operator+(complex z) { return z; }
  SLOTH_HD friend constexpr complex operator-(complex z) { return {-z.re, -z.im}; }
  SLOTH_HD friend constexpr bool operator==(complex a, complex b) {
    return a.re == b.re && a.im == b.im;
  }
  SLOTH_HD friend constexpr bool operator!=(complex a, complex b) { return !(a == b); }
  SLOTH_HD constexpr complex& operator+=(complex b) { return *this = *this + b; }
  SLOTH_HD constexpr complex& operator-=(complex b) { return *this = *this - b; }
  SLOTH_HD constexpr complex& operator*=(complex b) { return *this = *this * b; }
  SLOTH_HD constexpr complex& operator/=(complex b) { return *this = *this / b; }
};

using complex64 = complex<float>;
using complex128 = complex<double>;

static_assert(std::is_trivially_copyable_v<complex64> && sizeof(complex64) == 8);
static_assert(std::is_trivially_copyable_v<complex128> && sizeof(complex128) == 16);
static_assert(std::is_trivially_default_constructible_v<complex128>);

namespace complex_detail {

// Above it exp and cosh overflow although exp(x) cos(y) may not.
template <class T>
inline constexpr T exp_limit = sizeof(T) == 4 ? T(88) : T(709);
// 2^-k makes the squares of the largest values finite, 2^k those of the smallest exact.
template <class T>
inline constexpr T large = sizeof(T) == 4 ? T(0x1p126) : T(0x1p1022);
template <class T>
inline constexpr T small = sizeof(T) == 4 ? T(0x1p-100) : T(0x1p-960);
template <class T>
inline constexpr T up = sizeof(T) == 4 ? T(0x1p26) : T(0x1p54);

// exp(x) (cos y, sin y) for finite y, also where exp(x) alone overflows.
template <class T>
SLOTH_HD complex<T> scaled_polar(T x, T y, T factor) {
  if (x > exp_limit<T>) {
    T const root = std::exp(x * T(0.5));
    return {std::cos(y) * root * factor * root, std::sin(y) * root * factor * root};
  }
  T const r = std::exp(x) * factor;
  return {r * std::cos(y), r * std::sin(y)};
}

// log |z| where |z| is near 1: |z|^2 - 1 as an unevaluated sum. The squares' errors are exact
// (fma), and so is their sum with its own error (Knuth's two-sum); contracting a square into what
// follows would count its error twice.
template <class T>
SLOTH_HD T log_abs_near_one(T greater, T less) {
  T const p = exact::multiply(greater, greater), p_error = std::fma(greater, greater, -p);
  T const q = exact::multiply(less, less), q_error = std::fma(less, less, -q);
  T const error = p_error + q_error, from_q = error - p_error;
  T const rest = (p_error - (error - from_q)) + (q_error - from_q);
  return std::log1p((((p - T(1)) + q) + error) + rest) * T(0.5);
}

}  // namespace complex_detail

template <class T>
SLOTH_HD constexpr T real(complex<T> z) {
  return z.re;
}
template <class T>
SLOTH_HD constexpr T imag(complex<T> z) {
  return z.im;
}
template <class T>
SLOTH_HD constexpr complex<T> conj(complex<T> z) {
  return {z.re, -z.im};
}
template <class T>
SLOTH_HD T abs(complex<T> z) {
  T const a = std::fabs(z.re), b = std::fabs(z.im), greater = a < b ? b : a;
  // Squares that neither overflow nor lose what counts, by powers of two.
  constexpr T far = sizeof(T) == 4 ? T(0x1p60) : T(0x1p500);
  constexpr T step = sizeof(T) == 4 ? T(0x1p100) : T(0x1p600);
  T const scale = greater > far ? 1 / step : greater < 1 / far ? step : T(1);
  T const back = greater > far ? step : greater < 1 / far ? 1 / step : T(1);
  T const x = a * scale, y = b * scale;
  T const size = std::sqrt(x * x + y * y) * back;
  return std::isinf(a) ? a : std::isinf(b) ? b : size;
}
template <class T>
SLOTH_HD T arg(complex<T> z) {
  return std::atan2(z.im, z.re);
}

template <class T>
SLOTH_HD complex<T> exp(complex<T> z) {
  if (z.im == 0) return {std::exp(z.re), z.im};
  if (std::isfinite(z.im)) {
    if (z.re == 0) return {std::cos(z.im), std::sin(z.im)};
    return complex_detail::scaled_polar(z.re, z.im, T(1));
  }
  if (std::isinf(z.re)) {
    if (z.re < 0) return {T(0), std::copysign(T(0), z.im)};
    return {z.re, z.im - z.im};
  }
  return {z.im - z.im, z.im - z.im};
}

/// Principal value: the imaginary part is in [-pi, pi], the cut along the negative real axis.
template <class T>
SLOTH_HD complex<T> log(complex<T> z) {
  using namespace complex_detail;
  T const a = std::fabs(z.re), b = std::fabs(z.im);
  T const greater = a < b ? b : a, less = a < b ? a : b, angle = arg(z);
  constexpr T ln2 = T(0.693147180559945309417232121458);
  if (greater > T(0.5) && greater < T(2) && less < T(2)) {
    return {log_abs_near_one(greater, less), angle};
  }
  if (greater >= large<T> && std::isfinite(greater)) {
    return {std::log(std::hypot(a * T(0.25), b * T(0.25))) + 2 * ln2, angle};
  }
  if (greater > 0 && greater < small<T>) {
    constexpr T exponent = sizeof(T) == 4 ? T(26) : T(54);
    return {std::log(std::hypot(a * up<T>, b * up<T>)) - exponent * ln2, angle};
  }
  return {std::log(std::hypot(a, b)), angle};
}

/// Principal value: the real part is not negative. The algorithm is FreeBSD msun's csqrt.
template <class T>
SLOTH_HD complex<T> sqrt(complex<T> z) {
  using namespace complex_detail;
  if (z.re == 0 && z.im == 0) return {T(0), z.im};
  if (std::isinf(z.im)) return {std::fabs(z.im), z.im};
  if (std::isnan(z.re)) return {z.re, z.re};
  if (std::isinf(z.re)) {
    T const rest = z.im - z.im;  // 0, or NaN
    if (z.re < 0) return {std::fabs(rest), std::copysign(z.re, z.im)};
    return {z.re, std::copysign(rest, z.im)};
  }
  T scale = 1;
  if (std::fabs(z.re) >= large<T> * T(0.25) || std::fabs(z.im) >= large<T> * T(0.25)) {
    z = {z.re * T(0.25), z.im * T(0.25)};
    scale = 2;
  } else if (std::fabs(z.re) < small<T> && std::fabs(z.im) < small<T>) {
    z = {z.re * up<T>, z.im * up<T>};
    scale = sizeof(T) == 4 ? T(0x1p-13) : T(0x1p-27);
  }
  T const size = std::hypot(z.re, z.im);
  if (z.re >= 0) {
    T const t = std::sqrt((z.re + size) * T(0.5));
    return {t * scale, z.im / (2 * t) * scale};
  }
  T const t = std::sqrt((size - z.re) * T(0.5));
  return {std::fabs(z.im) / (2 * t) * scale, std::copysign(t * scale, z.im)};
}

template <class T>
SLOTH_HD complex<T> sinh(complex<T> z) {
  T const x = z.re, y = z.im;
  if (y == 0) return {std::sinh(x), y};
  if (std::isfinite(y)) {
    if (std::fabs(x) <= complex_detail::exp_limit<T> || std::isnan(x)) {
      return {std::sinh(x) * std::cos(y), std::cosh(x) * std::sin(y)};
    }
    auto const r = complex_detail::scaled_polar(std::fabs(x), y, T(0.5));
    return {x < 0 ? -r.re : r.re, r.im};
  }
  if (x == 0 || std::isinf(x)) return {x, y - y};
  return {y - y, y - y};
}

template <class T>
SLOTH_HD complex<T> cosh(complex<T> z) {
  T const x = z.re, y = z.im;
  if (y == 0) return {std::cosh(x), std::isnan(x) ? y : std::copysign(T(1), x) * y};
  if (std::isfinite(y)) {
    if (std::fabs(x) <= complex_detail::exp_limit<T> || std::isnan(x)) {
      return {std::cosh(x) * std::cos(y), std::sinh(x) * std::sin(y)};
    }
    auto const r = complex_detail::scaled_polar(std::fabs(x), y, T(0.5));
    return {r.re, x < 0 ? -r.im : r.im};
  }
  if (x == 0) return {y - y, T(0)};
  if (std::isinf(x)) return {std::fabs(x), y - y};
  return {y - y, y - y};
}

/// sin z = -i sinh(i z)
template <class T>
SLOTH_HD complex<T> sin(complex<T> z) {
  complex<T> const w = sinh(complex<T>{-z.im, z.re});
  return {w.im, -w.re};
}

/// cos z = cosh(i z)
template <class T>
SLOTH_HD complex<T> cos(complex<T> z) {
  return cosh(complex<T>{-z.im, z.re});
}

/// a^b as NumPy: 1 for b = 0, repeated products for real integers |b| < 100, else exp(b log a).
template <class T>
SLOTH_HD complex<T> pow(complex<T> a, complex<T> b) {
  if (b.re == 0 && b.im == 0) return {T(1), T(0)};
  if (a.re == 0 && a.im == 0) {
    if (b.re > 0) return {T(0), T(0)};
    return {std::log(T(-1)), std::log(T(-1))};  // NaN, as for a zero to a negative power
  }
  if (b.im == 0 && b.re > -100 && b.re < 100 && b.re == std::trunc(b.re)) {
    int n = static_cast<int>(b.re < 0 ? -b.re : b.re);
    complex<T> result{T(1), T(0)}, square = a;
    bool first = true;
    for (; n != 0; n >>= 1) {
      if (n & 1) result = first ? square : result * square;
      if (n & 1) first = false;
      if (n > 1) square = square * square;
    }
    return b.re < 0 ? complex<T>{T(1), T(0)} / result : result;
  }
  return exp(b * log(a));
}
template <class T>
SLOTH_HD complex<T> pow(complex<T> a, std::type_identity_t<T> b) {
  return pow(a, complex<T>{b, T(0)});
}
template <class T>
SLOTH_HD complex<T> pow(std::type_identity_t<T> a, complex<T> b) {
  return pow(complex<T>{a, T(0)}, b);
}

}  // namespace sloth::inline SLOTH_ABI
