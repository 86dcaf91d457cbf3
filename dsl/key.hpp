// Unsigned numbers in the order of the values, by which arrays are sorted.
#pragma once

#include <dsl/dtype.hpp>

#include <limits>

namespace sloth::inline SLOTH_ABI {

template <class T>
using key_bits = std::conditional_t<
    sizeof(T) == 1, std::uint8_t,
    std::conditional_t<sizeof(T) == 2, std::uint16_t,
                       std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>>;

template <class T>
inline constexpr key_bits<T> infinity_bits = __builtin_bit_cast(key_bits<T>,
                                                                std::numeric_limits<T>::infinity());

/// Ascends with the values, as sort puts them: -0 is +0, and NaN, which is all ones, comes last;
/// complex numbers by their real, then imaginary part, those with a NaN last.
template <class T>
SLOTH_HD constexpr auto key(T v) {
  if constexpr (is_complex<T>) {
    // Of NaNs first those with a real part, by that: 1 + infinity's key is no other number's.
    using part = typename T::value_type;
    using bits = key_bits<part>;
    __extension__ using uint128_t = unsigned __int128;
    using wide = std::conditional_t<sizeof(part) == 4, std::uint64_t, uint128_t>;
    constexpr bits last = bits(~bits{0});
    bits const re = key(v.re), im = key(v.im);
    bool const real_of_nan = im == last && re != last;
    bits const high = real_of_nan ? (infinity_bits<part> | (last / 2 + 1)) + 1 : re;
    return wide{high} << 8 * sizeof(part) | (real_of_nan ? re : im);
  } else {
    using U = key_bits<T>;
    constexpr U sign = U(U{1} << (8 * sizeof(T) - 1)), last = U(~U{0});
    U const b = __builtin_bit_cast(U, v);
    if constexpr (is_floating<T>) {
      U const magnitude = b & U(~sign);
      U const ordered = b & sign ? U(~b) : U(b | sign);
      return magnitude > infinity_bits<T> ? last : magnitude == 0 ? sign : ordered;
    } else {
      return std::is_signed_v<T> ? U(b ^ sign) : b;
    }
  }
}

/// The same with -0 before +0, so that a real value is found again from it; of a NaN another one.
template <class T>
SLOTH_HD constexpr key_bits<T> value_key(T v) {
  using U = key_bits<T>;
  constexpr U sign = U(U{1} << (8 * sizeof(T) - 1));
  if constexpr (is_floating<T>) {
    U const b = __builtin_bit_cast(U, v);
    U const ordered = b & sign ? U(~b) : U(b | sign);
    return U(b & U(~sign)) > infinity_bits<T> ? U(~U{0}) : ordered;
  } else {
    return key(v);
  }
}
template <class T>
SLOTH_HD constexpr T value_of_key(key_bits<T> k) {
  using U = key_bits<T>;
  constexpr U sign = U(U{1} << (8 * sizeof(T) - 1));
  if constexpr (is_floating<T>)
    return __builtin_bit_cast(T, k == U(~U{0}) ? U(infinity_bits<T> | infinity_bits<T> / 2)
                                 : k & sign    ? U(k ^ sign)
                                               : U(~k));
  else
    return __builtin_bit_cast(T, std::is_signed_v<T> ? U(k ^ sign) : k);
}

}  // namespace sloth::inline SLOTH_ABI
