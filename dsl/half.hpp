// The two 16-bit floating types: IEEE binary16 and bfloat16. Values are stored in 16 bits and
// computed in float; since 24 >= 2 * 11 + 2 bits, rounding a float result of + - * / sqrt again to
// 16 bits equals rounding the exact result once (Figueroa, "When is double rounding innocuous?").
#pragma once

#include <dsl/config.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#if defined(__F16C__) && !defined(__CUDA_ARCH__)
#include <immintrin.h>
#endif

namespace sloth::inline SLOTH_ABI {

namespace half_detail {

SLOTH_HD constexpr std::uint32_t bits_of(float v) { return __builtin_bit_cast(std::uint32_t, v); }
SLOTH_HD constexpr float float_of(std::uint32_t b) { return __builtin_bit_cast(float, b); }

// Rounds to odd: an inexact result gets an odd last bit, so that rounding it again, to 16 bits,
// gives what one rounding of `v` would (Boldo and Melquiond, "Emulation of FMA", 2008).
SLOTH_HD constexpr float round_to_odd(double v) {
  constexpr float largest = 3.402823466e+38f;
  if (!(v == v)) return static_cast<float>(v);
  double const magnitude = v < 0 ? -v : v;
  if (magnitude > largest && magnitude <= 1.7976931348623157e308) return v < 0 ? -largest : largest;
  float const nearest = static_cast<float>(v);
  double const back = nearest;
  std::uint32_t b = bits_of(nearest);
  if (back == v || (b & 1)) return nearest;
  if ((back < 0 ? -back : back) < magnitude) {
    if (nearest == 0) b = v < 0 ? 0x80000000u : 0u;
    return float_of(b + 1);
  }
  return float_of(b - 1);
}

// An integer as a double, rounded to odd below its leading 53 bits.
SLOTH_HD constexpr double round_to_odd(std::uint64_t v) {
  if (v >> 53) v = (v & ~std::uint64_t{0x7ff}) | (std::uint64_t{(v & 0x7ff) != 0} << 11);
  return static_cast<double>(v);
}

template <class I>
SLOTH_HD constexpr float integer_to_odd(I v) {
  if constexpr (sizeof(I) <= 4) {
    return round_to_odd(static_cast<double>(v));
  } else if constexpr (std::is_signed_v<I>) {
    auto const magnitude = static_cast<std::uint64_t>(v);
    return round_to_odd(v < 0 ? -round_to_odd(0 - magnitude) : round_to_odd(magnitude));
  } else {
    return round_to_odd(round_to_odd(static_cast<std::uint64_t>(v)));
  }
}

SLOTH_HD constexpr std::uint16_t software_to_f16(float v) {
  std::uint32_t const b = bits_of(v);
  std::uint32_t const sign = (b >> 16) & 0x8000u, magnitude = b & 0x7fffffffu;
  std::uint32_t r = 0;
  if (magnitude > 0x7f800000u) {  // NaN: quiet, leading payload bits kept, as F16C
    r = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
  } else if (magnitude >= 0x477ff000u) {  // 65520 and more round to infinity
    r = 0x7c00u;
  } else if (magnitude >= 0x38800000u) {  // normal: from 2^-14
    r = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1)) >> 13;
  } else if (magnitude > 0x33000000u) {  // subnormal, a multiple of 2^-24: above 2^-25
    std::uint32_t const shift = 126 - (magnitude >> 23);
    std::uint32_t const significand = (magnitude & 0x7fffffu) | 0x800000u;
    std::uint32_t const rest = significand & ((1u << shift) - 1), half = 1u << (shift - 1);
    r = significand >> shift;
    if (rest > half || (rest == half && (r & 1))) ++r;
  }
  return static_cast<std::uint16_t>(sign | r);
}

SLOTH_HD constexpr float software_from_f16(std::uint16_t b) {
  std::uint32_t const sign = (b & 0x8000u) << 16, exponent = (b >> 10) & 0x1fu;
  std::uint32_t const significand = b & 0x3ffu;
  if (exponent == 31) {
    return float_of(sign | 0x7f800000u | (significand << 13) | (significand ? 0x400000u : 0u));
  }
  if (exponent != 0) return float_of(sign | ((exponent + 112) << 23) | (significand << 13));
  float const magnitude = static_cast<float>(significand) * 0x1p-24f;
  return float_of(sign | bits_of(magnitude));
}

SLOTH_HD constexpr std::uint16_t to_f16(float v) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    std::uint16_t r;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(v));
    return r;
  }
#elif defined(__F16C__)
  if (!__builtin_is_constant_evaluated()) {
    return static_cast<std::uint16_t>(_cvtss_sh(v, _MM_FROUND_TO_NEAREST_INT));
  }
#endif
  return software_to_f16(v);
}

SLOTH_HD constexpr float from_f16(std::uint16_t b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    float r;
    asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(b));
    return r;
  }
#elif defined(__F16C__)
  if (!__builtin_is_constant_evaluated()) return _cvtsh_ss(b);
#endif
  return software_from_f16(b);
}

SLOTH_HD constexpr std::uint16_t software_to_bf16(float v) {
  std::uint32_t const b = bits_of(v);
  if ((b & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>((b >> 16) | 0x40u);
  return static_cast<std::uint16_t>((b + 0x7fffu + ((b >> 16) & 1)) >> 16);
}

SLOTH_HD constexpr std::uint16_t to_bf16(float v) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  if (!__builtin_is_constant_evaluated()) {
    std::uint16_t r;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(r) : "f"(v));
    return r;
  }
#endif
  return software_to_bf16(v);
}

SLOTH_HD constexpr float from_bf16(std::uint16_t b) {
  return float_of(static_cast<std::uint32_t>(b) << 16);
}

}  // namespace half_detail

// float(h) is implicit and H(x) explicit: h + h is H, and every mixed operation is C++'s own on
// float. One definition serves both types, which differ in two functions only.
#define SLOTH_HALF(H, round, widen)                                                        \
  struct H {                                                                               \
    std::uint16_t bits;                                                                    \
                                                                                           \
    H() = default;                                                                         \
    SLOTH_HD explicit constexpr H(float v) : bits(round(v)) {}                             \
    SLOTH_HD explicit constexpr H(double v) : bits(round(half_detail::round_to_odd(v))) {} \
    explicit constexpr H(long double v) : H(static_cast<double>(v)) {}                     \
    template <std::integral I>                                                             \
    SLOTH_HD explicit constexpr H(I v) : bits(round(half_detail::integer_to_odd(v))) {}    \
    SLOTH_HD static constexpr H from_bits(std::uint16_t b) {                               \
      H h{};                                                                               \
      h.bits = b;                                                                          \
      return h;                                                                            \
    }                                                                                      \
    SLOTH_HD constexpr operator float() const { return widen(bits); }                      \
                                                                                           \
    SLOTH_HD friend constexpr H operator+(H a, H b) { return H(float(a) + float(b)); }     \
    SLOTH_HD friend constexpr H operator-(H a, H b) { return H(float(a) - float(b)); }     \
    SLOTH_HD friend constexpr H operator*(H a, H b) { return H(float(a) * float(b)); }     \
    SLOTH_HD friend constexpr H operator/(H a, H b) { return H(float(a) / float(b)); }     \
    SLOTH_HD friend constexpr H operator+(H a) { return a; }                               \
    SLOTH_HD friend constexpr H operator-(H a) {                                           \
      return from_bits(static_cast<std::uint16_t>(a.bits ^ 0x8000u));                      \
    }                                                                                      \
    SLOTH_HD friend constexpr bool operator==(H a, H b) { return float(a) == float(b); }   \
    SLOTH_HD friend constexpr bool operator!=(H a, H b) { return float(a) != float(b); }   \
    SLOTH_HD friend constexpr bool operator<(H a, H b) { return float(a) < float(b); }     \
    SLOTH_HD friend constexpr bool operator<=(H a, H b) { return float(a) <= float(b); }   \
    SLOTH_HD friend constexpr bool operator>(H a, H b) { return float(a) > float(b); }     \
    SLOTH_HD friend constexpr bool operator>=(H a, H b) { return float(a) >= float(b); }   \
    SLOTH_HD constexpr H& operator+=(float b) { return *this = H(float(*this) + b); }      \
    SLOTH_HD constexpr H& operator-=(float b) { return *this = H(float(*this) - b); }      \
    SLOTH_HD constexpr H& operator*=(float b) { return *this = H(float(*this) * b); }      \
    SLOTH_HD constexpr H& operator/=(float b) { return *this = H(float(*this) / b); }      \
  };                                                                                       \
  static_assert(sizeof(H) == 2 && std::is_trivially_copyable_v<H>);                        \
  static_assert(std::is_trivially_default_constructible_v<H>);

/// IEEE 754 binary16: 11 significant bits, largest 65504.
SLOTH_HALF(f16, half_detail::to_f16, half_detail::from_f16)

/// bfloat16: the upper half of a float, 8 significant bits.
SLOTH_HALF(bf16, half_detail::to_bf16, half_detail::from_bf16)
#undef SLOTH_HALF

}  // namespace sloth::inline SLOTH_ABI

#define SLOTH_HALF_LIMITS(H, Digits, Digits10, MaxDigits10, MaxExp, MinExp, MaxExp10, MinExp10,    \
                          Max, Epsilon, Min, Infinity, Nan, Signaling)                             \
  template <>                                                                                      \
  struct std::numeric_limits<sloth::H> {                                                           \
    static constexpr bool is_specialized = true, is_signed = true, is_integer = false;             \
    static constexpr bool is_exact = false, has_infinity = true, has_quiet_NaN = true;             \
    static constexpr bool has_signaling_NaN = true, is_iec559 = true, is_bounded = true;           \
    static constexpr bool is_modulo = false, traps = false, tinyness_before = false;               \
    static constexpr bool has_denorm_loss = false;                                                 \
    static constexpr std::float_denorm_style has_denorm = std::denorm_present;                     \
    static constexpr std::float_round_style round_style = std::round_to_nearest;                   \
    static constexpr int digits = Digits, digits10 = Digits10, max_digits10 = MaxDigits10;         \
    static constexpr int radix = 2, max_exponent = MaxExp, min_exponent = MinExp;                  \
    static constexpr int max_exponent10 = MaxExp10, min_exponent10 = MinExp10;                     \
    SLOTH_HD static constexpr sloth::H max() noexcept { return sloth::H::from_bits(Max); }         \
    SLOTH_HD static constexpr sloth::H lowest() noexcept {                                         \
      return sloth::H::from_bits(Max | 0x8000);                                                    \
    }                                                                                              \
    SLOTH_HD static constexpr sloth::H epsilon() noexcept { return sloth::H::from_bits(Epsilon); } \
    SLOTH_HD static constexpr sloth::H min() noexcept { return sloth::H::from_bits(Min); }         \
    SLOTH_HD static constexpr sloth::H denorm_min() noexcept { return sloth::H::from_bits(1); }    \
    SLOTH_HD static constexpr sloth::H round_error() noexcept { return sloth::H(0.5f); }           \
    SLOTH_HD static constexpr sloth::H infinity() noexcept {                                       \
      return sloth::H::from_bits(Infinity);                                                        \
    }                                                                                              \
    SLOTH_HD static constexpr sloth::H quiet_NaN() noexcept { return sloth::H::from_bits(Nan); }   \
    SLOTH_HD static constexpr sloth::H signaling_NaN() noexcept {                                  \
      return sloth::H::from_bits(Signaling);                                                       \
    }                                                                                              \
  };

SLOTH_HALF_LIMITS(f16, 11, 3, 5, 16, -13, 4, -4, 0x7bff, 0x1400, 0x0400, 0x7c00, 0x7e00, 0x7d00)
SLOTH_HALF_LIMITS(bf16, 8, 2, 4, 128, -125, 38, -37, 0x7f7f, 0x3c00, 0x0080, 0x7f80, 0x7fc0, 0x7fa0)
#undef SLOTH_HALF_LIMITS
