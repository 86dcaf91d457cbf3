// Scalar arithmetic that is the same on every device: no contraction into FMA, integers wrap,
// division by zero and shifts are guarded as in NumPy.
#pragma once

#include <dsl/promotion.hpp>
#include <dsl/special.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {
namespace scalar {

template <class T>
using unsigned_t = std::make_unsigned_t<T>;

template <class T>
SLOTH_HD constexpr T add(T a, T b) {
  if constexpr (std::is_same_v<T, bool>)
    return a || b;
  else if constexpr (is_integer<T>)
    return static_cast<T>(static_cast<unsigned_t<T>>(a) + static_cast<unsigned_t<T>>(b));
#if defined(__CUDA_ARCH__)
  else if constexpr (std::is_same_v<T, float>)
    return __fadd_rn(a, b);
  else if constexpr (std::is_same_v<T, double>)
    return __dadd_rn(a, b);
#endif
  else
    return a + b;
}

template <class T>
SLOTH_HD constexpr T subtract(T a, T b) {
  if constexpr (is_integer<T>)
    return static_cast<T>(static_cast<unsigned_t<T>>(a) - static_cast<unsigned_t<T>>(b));
#if defined(__CUDA_ARCH__)
  else if constexpr (std::is_same_v<T, float>)
    return __fsub_rn(a, b);
  else if constexpr (std::is_same_v<T, double>)
    return __dsub_rn(a, b);
#endif
  else
    return a - b;
}

template <class T>
SLOTH_HD constexpr T multiply(T a, T b) {
  if constexpr (std::is_same_v<T, bool>)
    return a && b;
  else if constexpr (is_integer<T>)  // through 64 bits: u16 * u16 would overflow a promoted int
    return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
#if defined(__CUDA_ARCH__)
  else if constexpr (std::is_same_v<T, float>)
    return __fmul_rn(a, b);
  else if constexpr (std::is_same_v<T, double>)
    return __dmul_rn(a, b);
#endif
  else
    return a * b;
}

template <class T>
SLOTH_HD constexpr T negative(T a) {
  if constexpr (is_integer<T>)
    return subtract(T{}, a);
  else
    return -a;
}

template <class T>
SLOTH_HD constexpr auto absolute(T a) {
  if constexpr (is_complex<T>)
    return abs(a);
  else if constexpr (std::is_unsigned_v<T>)  // bool too
    return a;
  else if constexpr (is_integer<T>)
    return a < 0 ? negative(a) : a;
  else
    return std::fabs(a);
}

template <class T>
SLOTH_HD constexpr T conjugate(T a) {
  if constexpr (is_complex<T>)
    return conj(a);
  else
    return a;
}

template <class T>
SLOTH_HD constexpr auto real(T a) {
  if constexpr (is_complex<T>)
    return a.re;
  else
    return a;
}
template <class T>
SLOTH_HD constexpr auto imag(T a) {
  if constexpr (is_complex<T>)
    return a.im;
  else
    return T{};
}

template <class T>
SLOTH_HD constexpr T sign(T a) {
  if constexpr (std::is_unsigned_v<T>)
    return static_cast<T>(a > 0);
  else
    return a != a ? a : static_cast<T>((a > T{}) - (a < T{}));
}

template <class T>
SLOTH_HD constexpr T reciprocal(T a) {
  if constexpr (is_integer<T>)
    return a == 0 ? T{} : static_cast<T>(T(1) / a);
  else
    return T(1) / a;
}

/// Rounds toward minus infinity; integers divided by zero give 0, as NumPy's.
template <class T>
SLOTH_HD T floor_divide(T a, T b) {
  if constexpr (is_integer<T>) {
    if (b == 0) return T{};
    if constexpr (std::is_signed_v<T>) {
      if (b == T(-1)) return negative(a);
      T const q = static_cast<T>(a / b);
      return static_cast<T>(q - ((a % b != 0) && ((a < 0) != (b < 0))));
    } else {
      return static_cast<T>(a / b);
    }
  } else {  // Python's float floor division, via the exact remainder
    if (b == T{}) return a / b;
    T mod = std::fmod(a, b);
    T div = (a - mod) / b;
    if (mod != T{} && (b < T{}) != (mod < T{})) div -= T(1);
    if (div == T{}) return std::copysign(T{}, a / b);
    T const floored = std::floor(div);
    return div - floored > T(0.5) ? floored + T(1) : floored;
  }
}

/// The sign of the divisor, as Python's %.
template <class T>
SLOTH_HD T remainder(T a, T b) {
  if constexpr (is_integer<T>) {
    if (b == 0) return T{};
    if constexpr (std::is_signed_v<T>) {
      if (b == T(-1)) return T{};
      T const r = static_cast<T>(a % b);
      return r != 0 && ((r < 0) != (b < 0)) ? static_cast<T>(r + b) : r;
    } else {
      return static_cast<T>(a % b);
    }
  } else {
    T const r = std::fmod(a, b);
    if (r == T{}) return std::copysign(T{}, b);
    return (b < T{}) != (r < T{}) ? r + b : r;
  }
}

/// The sign of the dividend, as C's fmod and %.
template <class T>
SLOTH_HD T fmod(T a, T b) {
  if constexpr (is_integer<T>) {
    if (b == 0) return T{};
    if constexpr (std::is_signed_v<T>)
      if (b == T(-1)) return T{};
    return static_cast<T>(a % b);
  } else {
    return std::fmod(a, b);
  }
}

/// Integers by squaring, wrapping; a negative integer exponent gives the truncated quotient.
template <class T>
SLOTH_HD T power(T a, T b) {
  if constexpr (is_integer<T>) {
    if constexpr (std::is_signed_v<T>)
      if (b < 0) return a == 1 ? T(1) : a == T(-1) ? (b % 2 != 0 ? T(-1) : T(1)) : T{};
    T result = 1;
    for (auto e = static_cast<unsigned_t<T>>(b); e != 0; e = static_cast<unsigned_t<T>>(e >> 1)) {
      if (e & 1) result = multiply(result, a);
      a = multiply(a, a);
    }
    return result;
  } else if constexpr (is_complex<T>) {
    return pow(a, b);
  } else {
    return std::pow(a, b);
  }
}

template <class T>
SLOTH_HD constexpr T maximum(T a, T b) {  // NaN of either operand; of equal zeros the second
  return a != a || a > b ? a : b;
}
template <class T>
SLOTH_HD constexpr T minimum(T a, T b) {
  return a != a || a < b ? a : b;
}
template <class T>
SLOTH_HD constexpr T fmax(T a, T b) {  // the other operand when one is NaN
  return b != b || a >= b ? a : b;
}
template <class T>
SLOTH_HD constexpr T fmin(T a, T b) {
  return b != b || a <= b ? a : b;
}

/// sqrt(a^2 + b^2) without overflow on the way.
template <class T>
SLOTH_HD T hypot(T a, T b) {
#if defined(__CUDA_ARCH__)  // CUDA's overflows near the greatest value, also where b adds nothing
  constexpr T large = T(sizeof(T) == 4 ? 0x1p126 : 0x1p1022);
  T const more = std::fmax(std::fabs(a), std::fabs(b)),
          less = std::fmin(std::fabs(a), std::fabs(b));
  if (more >= large && less >= T{} && less <= more * T(0x1p-28)) return more;
  if (more >= large) return 2 * std::hypot(a / 2, b / 2);
#endif
  return std::hypot(a, b);
}

/// Shifts by the width or more give 0 (or -1 for negative values shifted right).
template <class T>
SLOTH_HD constexpr T left_shift(T a, T b) {
  constexpr auto width = std::numeric_limits<unsigned_t<T>>::digits;
  return static_cast<unsigned_t<T>>(b) < unsigned_t<T>(width)
             ? static_cast<T>(static_cast<std::uint64_t>(a) << static_cast<int>(b))
             : T{};
}
template <class T>
SLOTH_HD constexpr T right_shift(T a, T b) {
  constexpr auto width = std::numeric_limits<unsigned_t<T>>::digits;
  if (static_cast<unsigned_t<T>>(b) < unsigned_t<T>(width)) return static_cast<T>(a >> b);
  if constexpr (std::is_signed_v<T>)
    return a < T{} ? static_cast<T>(-1) : T{};
  else
    return T{};
}

/// Of the absolute values; 0 of two zeros. The least value's own is no T and wraps.
template <class T>
SLOTH_HD constexpr T gcd(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a || b;
  } else {
    auto x = static_cast<unsigned_t<T>>(absolute(a)), y = static_cast<unsigned_t<T>>(absolute(b));
    while (y != 0) {
      auto const rest = static_cast<unsigned_t<T>>(x % y);
      x = y;
      y = rest;
    }
    return static_cast<T>(x);
  }
}
/// Of the absolute values, wrapping; 0 where one is 0.
template <class T>
SLOTH_HD constexpr T lcm(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a && b;
  } else {
    auto const divisor = static_cast<unsigned_t<T>>(gcd(a, b));
    if (divisor == 0) return T{};
    auto const part = static_cast<unsigned_t<T>>(static_cast<unsigned_t<T>>(absolute(a)) / divisor);
    return static_cast<T>(multiply(part, static_cast<unsigned_t<T>>(absolute(b))));
  }
}

template <class T>  // device code cannot call numeric_limits' host functions
inline constexpr T infinity = std::numeric_limits<T>::infinity();

template <class T>
SLOTH_HD bool isnan(T a) {
  if constexpr (is_complex<T>)
    return a.re != a.re || a.im != a.im;
  else
    return a != a;
}
template <class T>
SLOTH_HD bool isinf(T a) {
  if constexpr (is_complex<T>)
    return isinf(a.re) || isinf(a.im);
  else if constexpr (std::is_floating_point_v<T>)
    return a == infinity<T> || a == -infinity<T>;
  else
    return false;
}
template <class T>
SLOTH_HD bool isfinite(T a) {
  return !isnan(a) && !isinf(a);
}

template <class T>
SLOTH_HD bool isposinf(T a) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return a == infinity<T>;
}
template <class T>
SLOTH_HD bool isneginf(T a) {
  if constexpr (std::is_integral_v<T>)
    return false;
  else
    return a == -infinity<T>;
}
template <class T>
SLOTH_HD bool signbit(T a) {  // of NaN and -0 too
  return std::signbit(a);
}
/// The next number of T after a in the direction of b; b where they are equal.
template <class T>
SLOTH_HD T nextafter(T a, T b) {
  if constexpr (is_half<T>) {  // the next of its own, which is far from the next float
    if (a != a || b != b) return a != a ? a : b;
    if (a == b) return b;
    constexpr int sign = 0x8000;
    if ((a.bits & ~sign) == 0) return T::from_bits(static_cast<std::uint16_t>((b.bits & sign) | 1));
    bool const away = (a < b) == ((a.bits & sign) == 0);
    return T::from_bits(static_cast<std::uint16_t>(away ? a.bits + 1 : a.bits - 1));
  } else {
    return std::nextafter(a, b);
  }
}
/// From a to the next number away from 0, with a's sign but for -0; NaN of infinities.
template <class T>
SLOTH_HD T spacing(T a) {
  return nextafter(a, a < T{} ? -infinity<T> : infinity<T>) - a;
}

/// a 2^n, rounded once: of halves in f32, where it is exact or too small for them.
template <class T, class N>
SLOTH_HD T ldexp(T a, N n) {
  constexpr N enough = 5000;  // from the least number beyond the greatest; int holds it
  int const exponent = static_cast<int>(n > enough ? enough : n < -enough ? -enough : n);
  if constexpr (is_half<T>)
    return T(std::ldexp(static_cast<float>(a), exponent));
  else
    return std::ldexp(a, exponent);
}
/// a = m 2^n with 0.5 <= |m| < 1; a itself and 0 for zeros, infinities and NaN.
template <class T>
SLOTH_HD T frexp_mantissa(T a) {
  int n;
  return a == T{} || !isfinite(a) ? a : std::frexp(a, &n);
}
template <class T>
SLOTH_HD std::int32_t frexp_exponent(T a) {
  int n = 0;
  if (a != T{} && isfinite(a)) (void)std::frexp(a, &n);
  return n;
}

/// 0 and 1 beside 0, b at 0.
template <class T>
SLOTH_HD constexpr T heaviside(T a, T b) {
  return a != a ? a : a == T{} ? b : static_cast<T>(a > T{});
}

/// NumPy's: |a - b| <= atol + rtol |b|; equal infinities are close, NaN is not.
template <class T>
SLOTH_HD bool isclose(T a, T b, T rtol, T atol) {
  if (!isfinite(a) || !isfinite(b)) return a == b;
  return std::fabs(a - b) <= atol + rtol * std::fabs(b);
}

template <class T>
SLOTH_HD T sigmoid(T a) {  // no overflow on either side
  T const e = std::exp(-std::fabs(a));
  return a >= T{} ? T(1) / (T(1) + e) : e / (T(1) + e);
}

/// log(|gamma(a)|).
template <class T>
SLOTH_HD T gammaln(T a) {
#if defined(__CUDA_ARCH__)
  return std::lgamma(a);
#else  // lgamma writes the sign into a variable that all threads share
  int sign;
  if constexpr (std::is_same_v<T, float>)
    return ::lgammaf_r(a, &sign);
  else
    return ::lgamma_r(a, &sign);
#endif
}

#if defined(__CUDA_ARCH__)
#define SLOTH_SPECIAL_FUNCTION(name, f64, f32) \
  template <class T>                           \
  SLOTH_HD T name(T a) {                       \
    if constexpr (std::is_same_v<T, float>)    \
      return ::f32(a);                         \
    else                                       \
      return ::f64(a);                         \
  }
#else
#define SLOTH_SPECIAL_FUNCTION(name, f64, f32) \
  template <class T>                           \
  SLOTH_HD T name(T a) {                       \
    return special::name(a);                   \
  }
#endif
SLOTH_SPECIAL_FUNCTION(erfinv, erfinv, erfinvf)
SLOTH_SPECIAL_FUNCTION(i0, cyl_bessel_i0, cyl_bessel_i0f)
SLOTH_SPECIAL_FUNCTION(ndtr, normcdf, normcdff)
#undef SLOTH_SPECIAL_FUNCTION

/// tanh form of GELU (Hendrycks and Gimpel, arXiv:1606.08415), as cuBLASLt's epilogue, with
/// (1 + tanh u) / 2 = sigmoid(2 u), which does not cancel for negative u.
template <class T>
SLOTH_HD T gelu_tanh(T a) {
  constexpr T twice_root_2_over_pi = T(2 * 0.79788456080286535588);
  return a * sigmoid(twice_root_2_over_pi * (a + T(0.044715) * a * a * a));
}

template <class T>
SLOTH_HD T sqrt(T a) {
  if constexpr (is_complex<T>) {
    using sloth::sqrt;
    return sqrt(a);
  } else {
    return std::sqrt(a);
  }
}

/// Rounding leaves integers and bool as they are, as NumPy 2.
#define SLOTH_SCALAR_ROUNDING(name)      \
  template <class T>                     \
  SLOTH_HD T name(T a) {                 \
    if constexpr (std::is_integral_v<T>) \
      return a;                          \
    else                                 \
      return std::name(a);               \
  }
SLOTH_SCALAR_ROUNDING(floor)
SLOTH_SCALAR_ROUNDING(ceil)
SLOTH_SCALAR_ROUNDING(trunc)
#undef SLOTH_SCALAR_ROUNDING

template <class T>
SLOTH_HD constexpr T invert(T a) {
  if constexpr (std::is_same_v<T, bool>)
    return !a;
  else
    return static_cast<T>(~a);
}

#define SLOTH_SCALAR_FUNCTION(name) \
  template <class T>                \
  SLOTH_HD T name(T a) {            \
    if constexpr (is_complex<T>) {  \
      using sloth::name;            \
      return name(a);               \
    } else {                        \
      return std::name(a);          \
    }                               \
  }
SLOTH_SCALAR_FUNCTION(exp)
SLOTH_SCALAR_FUNCTION(log)
SLOTH_SCALAR_FUNCTION(sin)
SLOTH_SCALAR_FUNCTION(cos)
#undef SLOTH_SCALAR_FUNCTION

}  // namespace scalar
}  // namespace sloth::inline SLOTH_ABI
