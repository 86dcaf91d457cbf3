// NumPy 2's promotion (NEP 50), its casting rules, and the one cast between element types.
// bfloat16, which NumPy does not have, promotes as a floating type with 8 significant bits.
#pragma once

#include <dsl/dtype.hpp>
#include <dsl/error.hpp>

#include <complex>
#include <limits>
#include <utility>

namespace sloth::inline SLOTH_ABI {

namespace promotion_detail {

struct table {
  using enum dtype;
  static constexpr dtype b1 = boolean, c64 = complex64, c128 = complex128;
  // Rows and columns in the order of `dtype`.
  static constexpr dtype promoted[dtype_count][dtype_count] = {
      {b1, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64, c64, c128},
      {i8, i8, i16, i32, i64, i16, i32, i64, f64, f16, bf16, f32, f64, c64, c128},
      {i16, i16, i16, i32, i64, i16, i32, i64, f64, f32, f32, f32, f64, c64, c128},
      {i32, i32, i32, i32, i64, i32, i32, i64, f64, f64, f64, f64, f64, c128, c128},
      {i64, i64, i64, i64, i64, i64, i64, i64, f64, f64, f64, f64, f64, c128, c128},
      {u8, i16, i16, i32, i64, u8, u16, u32, u64, f16, bf16, f32, f64, c64, c128},
      {u16, i32, i32, i32, i64, u16, u16, u32, u64, f32, f32, f32, f64, c64, c128},
      {u32, i64, i64, i64, i64, u32, u32, u32, u64, f64, f64, f64, f64, c128, c128},
      {u64, f64, f64, f64, f64, u64, u64, u64, u64, f64, f64, f64, f64, c128, c128},
      {f16, f16, f32, f64, f64, f16, f32, f64, f64, f16, f32, f32, f64, c64, c128},
      {bf16, bf16, f32, f64, f64, bf16, f32, f64, f64, f32, bf16, f32, f64, c64, c128},
      {f32, f32, f32, f64, f64, f32, f32, f64, f64, f32, f32, f32, f64, c64, c128},
      {f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, f64, c128, c128},
      {c64, c64, c64, c128, c128, c64, c64, c128, c128, c64, c64, c64, c128, c64, c128},
      {c128, c128, c128, c128, c128, c128, c128, c128, c128, c128, c128, c128, c128, c128, c128},
  };
};

template <dtype D>
struct type_of;
#define X(name, type, numpy)    \
  template <>                   \
  struct type_of<dtype::name> { \
    using t = type;             \
  };
SLOTH_DTYPES(X)
#undef X

// NumPy's order of kinds for same_kind casts: bool, unsigned, signed, floating, complex.
constexpr int kind(dtype type) {
  switch (type) {
    case dtype::boolean: return 0;
    case dtype::u8:
    case dtype::u16:
    case dtype::u32:
    case dtype::u64: return 1;
    case dtype::i8:
    case dtype::i16:
    case dtype::i32:
    case dtype::i64: return 2;
    case dtype::f16:
    case dtype::bf16:
    case dtype::f32:
    case dtype::f64: return 3;
    case dtype::complex64:
    case dtype::complex128: return 4;
  }
  return 4;
}

// Variables, since device code may not call the functions of std::numeric_limits.
template <class I>
inline constexpr I least = std::numeric_limits<I>::min();
template <class I>
inline constexpr I greatest = std::numeric_limits<I>::max();
// 2^digits: the first value above `greatest`, which F itself may be unable to hold.
template <class I, class F>
inline constexpr F above = F(2) * F(greatest<I> / 2 + 1);

}  // namespace promotion_detail

/// The C++ type of an element type's number.
template <dtype D>
using type_of_t = typename promotion_detail::type_of<D>::t;

/// The element type that holds both: numpy.promote_types.
[[nodiscard]] constexpr dtype promote(dtype a, dtype b) noexcept {
  return promotion_detail::table::promoted[static_cast<int>(a)][static_cast<int>(b)];
}
template <element A, element B>
using promote_t = type_of_t<promote(dtype_of<A>, dtype_of<B>)>;

/// numpy.can_cast(from, to, "safe"): what `array<To> = e` takes.
[[nodiscard]] constexpr bool can_cast_safe(dtype from, dtype to) noexcept {
  return promote(from, to) == to;
}
/// numpy.can_cast(from, to, "same_kind"): what `x += e` takes.
[[nodiscard]] constexpr bool can_cast_same_kind(dtype from, dtype to) noexcept {
  return promotion_detail::kind(from) <= promotion_detail::kind(to);
}

/// The result of exp, sqrt, ... on T: the smallest floating type that T casts to safely.
template <element T>
using floating_t = std::conditional_t<is_floating<T>, T, promote_t<T, f16>>;
/// The result of T / T: double for every integer and for bool.
template <element T>
using true_divide_t = std::conditional_t<is_floating<T>, T, double>;
/// The result of sum and prod, and their accumulator (halves accumulate in float).
template <element T>
using sum_t = std::conditional_t<
    is_floating<T>, T,
    std::conditional_t<is_integer<T> && std::is_unsigned_v<T>, std::uint64_t, std::int64_t>>;
/// The result of mean, var and std.
template <element T>
using mean_t = true_divide_t<T>;
/// The type of abs, real and imag.
template <element T>
using real_t = std::conditional_t<std::is_same_v<T, complex64>, float,
                                  std::conditional_t<std::is_same_v<T, complex128>, double, T>>;

/// THE cast between element types. Floating to integer truncates and saturates, NaN gives 0;
/// integer to integer wraps; anything to bool is `!= 0` (NaN is true); complex to real drops the
/// imaginary part. Rounds once, to nearest even.
template <element To, element From>
[[nodiscard]] SLOTH_HD constexpr To convert(From v) {
  if constexpr (std::is_same_v<To, From>) {
    return v;
  } else if constexpr (is_complex<From>) {
    if constexpr (std::is_same_v<To, bool>) {
      return v.re != 0 || v.im != 0;
    } else if constexpr (is_complex<To>) {
      return {convert<real_t<To>>(v.re), convert<real_t<To>>(v.im)};
    } else {
      return convert<To>(v.re);
    }
  } else if constexpr (is_complex<To>) {
    return {convert<real_t<To>>(v), real_t<To>(0)};
  } else if constexpr (is_half<From>) {
    return convert<To>(static_cast<float>(v));
  } else if constexpr (std::is_same_v<To, bool>) {
    return v != 0;
  } else if constexpr (is_integer<To> && is_real_floating<From>) {
    using namespace promotion_detail;
    if (!(v == v)) return To(0);
    if (v >= above<To, From>) return greatest<To>;
    if (v <= From(least<To>)) return least<To>;
    return static_cast<To>(v);
  } else {
    return static_cast<To>(v);
  }
}

namespace promotion_detail {

template <class S>
inline constexpr bool is_character =
    std::is_same_v<S, char> || std::is_same_v<S, wchar_t> || std::is_same_v<S, char8_t> ||
    std::is_same_v<S, char16_t> || std::is_same_v<S, char32_t>;
template <class S>
inline constexpr bool is_weak_complex64 =
    std::is_same_v<S, complex64> || std::is_same_v<S, std::complex<float>>;
template <class S>
inline constexpr bool is_weak_complex = is_weak_complex64<S> || std::is_same_v<S, complex128> ||
                                        std::is_same_v<S, std::complex<double>>;

template <class T, class S>
constexpr dtype weak_promoted() {
  if constexpr (is_weak_complex<S>) {
    if constexpr (is_floating<T>) return promote(dtype_of<T>, dtype::complex64);
    return dtype::complex128;
  } else if constexpr (std::is_floating_point_v<S> || is_half<S>) {
    return is_floating<T> ? dtype_of<T> : dtype::f64;
  } else if constexpr (std::is_same_v<T, bool> && !std::is_same_v<S, bool>) {
    return dtype::i64;
  } else {
    return dtype_of<T>;
  }
}

// A number in the fewest digits that read back as it. Of every arithmetic type but bool and
// characters.
template <class S>
std::string number_text(S value);

template <class T, class F>
T weak_floating_to_integer(F value, location where) {
  double const v = static_cast<double>(value);
  std::string const type = to_string(dtype_of<T>);
  if (v - v != 0 || v != std::trunc(v)) {
    throw dtype_error(number_text(v) + " is not an integer, so it does not fit " + type, where);
  }
  if (v >= above<T, double> || v < static_cast<double>(least<T>)) {
    throw dtype_error(number_text(v) + " does not fit " + type, where);
  }
  return static_cast<T>(v);
}

}  // namespace promotion_detail

/// A C++ value beside an array: it takes the array's type, as a Python scalar does in NumPy 2.
template <class S>
concept weak_scalar = (std::is_arithmetic_v<S> && !promotion_detail::is_character<S>) ||
                      is_half<S> || promotion_detail::is_weak_complex<S>;

/// The type of an array of T beside a C++ value of S: numpy.result_type(T, value).
template <element T, weak_scalar S>
using weak_promote_t = type_of_t<promotion_detail::weak_promoted<T, S>()>;

/// A C++ value as an element of type T. Throws dtype_error where an integer is out of T's range, a
/// fraction meets an integer T, or a complex value with an imaginary part a real T.
template <element T, weak_scalar S>
[[nodiscard]] T weak_cast(S value, location where = {}) {
  using namespace promotion_detail;
  if constexpr (is_weak_complex<S>) {
    std::conditional_t<is_weak_complex64<S>, complex64, complex128> const z = value;
    if constexpr (is_complex<T>) {
      return convert<T>(z);
    } else {
      if (z.im == 0) return weak_cast<T>(z.re, where);
      std::string const im = number_text(z.im);
      throw dtype_error("(" + number_text(z.re) + (im[0] == '-' ? "" : "+") + im +
                            "j) is complex, so it does not fit " + to_string(dtype_of<T>),
                        where);
    }
  } else if constexpr (std::is_same_v<S, bool> || is_half<S> || std::is_same_v<S, T>) {
    if constexpr (is_half<S> && !is_floating<T>) {
      return weak_floating_to_integer<T>(static_cast<float>(value), where);
    } else {
      return convert<T>(value);
    }
  } else if constexpr (std::is_floating_point_v<S>) {
    if constexpr (is_floating<T>) {
      return convert<T>(static_cast<std::conditional_t<sizeof(S) == 4, float, double>>(value));
    } else {
      return weak_floating_to_integer<T>(value, where);
    }
  } else if constexpr (is_floating<T>) {
    return convert<T>(static_cast<canonical_t<S>>(value));
  } else {
    bool fits = false;
    if constexpr (std::is_same_v<T, bool>) {
      fits = value == S(0) || value == S(1);
    } else {
      fits = std::in_range<T>(value);
    }
    if (!fits) {
      throw dtype_error(number_text(value) + " does not fit " + to_string(dtype_of<T>), where);
    }
    return static_cast<T>(value);
  }
}

}  // namespace sloth::inline SLOTH_ABI
