// The element types, known by name at compile time and by number at run time.
#pragma once

#include <dsl/complex.hpp>
#include <dsl/half.hpp>

#include <cstdint>
#include <string>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {

/// NumPy's order of kinds: bool, signed, unsigned, floating, complex.
enum class dtype : std::uint8_t {
  boolean,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  f16,
  bf16,
  f32,
  f64,
  complex64,
  complex128
};
inline constexpr int dtype_count = 15;

/// X(enumerator, C++ type, NumPy's name), one row an element type.
#define SLOTH_DTYPES(X)                       \
  X(boolean, bool, "bool")                    \
  X(i8, std::int8_t, "int8")                  \
  X(i16, std::int16_t, "int16")               \
  X(i32, std::int32_t, "int32")               \
  X(i64, std::int64_t, "int64")               \
  X(u8, std::uint8_t, "uint8")                \
  X(u16, std::uint16_t, "uint16")             \
  X(u32, std::uint32_t, "uint32")             \
  X(u64, std::uint64_t, "uint64")             \
  X(f16, sloth::f16, "float16")               \
  X(bf16, sloth::bf16, "bfloat16")            \
  X(f32, float, "float32")                    \
  X(f64, double, "float64")                   \
  X(complex64, sloth::complex64, "complex64") \
  X(complex128, sloth::complex128, "complex128")

template <class T>
struct dtype_of_;
#define X(name, type, numpy)                    \
  template <>                                   \
  struct dtype_of_<type> {                      \
    static constexpr dtype value = dtype::name; \
  };
SLOTH_DTYPES(X)
#undef X

/// `long long` and `unsigned long long` are the 64-bit types under another name.
template <class T>
using canonical_t =
    std::conditional_t<std::is_same_v<T, long long>, std::int64_t,
                       std::conditional_t<std::is_same_v<T, unsigned long long>, std::uint64_t, T>>;

template <class T>
concept element = requires {
  dtype_of_<T>::value;
};
template <element T>
inline constexpr dtype dtype_of = dtype_of_<T>::value;

template <class T>
inline constexpr bool is_complex = std::is_same_v<T, complex64> || std::is_same_v<T, complex128>;
template <class T>
inline constexpr bool is_half = std::is_same_v<T, f16> || std::is_same_v<T, bf16>;
template <class T>
inline constexpr bool is_real_floating = std::is_floating_point_v<T> || is_half<T>;
template <class T>
inline constexpr bool is_floating = is_real_floating<T> || is_complex<T>;
template <class T>
inline constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

[[nodiscard]] constexpr std::int64_t size_of(dtype type) noexcept {
  switch (type) {
#define X(name, cpp, numpy) \
  case dtype::name: return sizeof(cpp);
    SLOTH_DTYPES(X)
#undef X
  }
  return 0;
}

/// NumPy's name of the type: "float64".
[[nodiscard]] constexpr const char* to_string(dtype type) noexcept {
  switch (type) {
#define X(name, cpp, numpy) \
  case dtype::name: return numpy;
    SLOTH_DTYPES(X)
#undef X
  }
  return "?";
}

/// Calls `f.template operator()<T>()` with the C++ type of `type`.
template <class F>
decltype(auto) visit(dtype type, F&& f) {
  switch (type) {
#define X(name, cpp, numpy) \
  case dtype::name: return f.template operator()<cpp>();
    SLOTH_DTYPES(X)
#undef X
  }
  return f.template operator()<double>();  // not reached: every dtype has a case
}

}  // namespace sloth::inline SLOTH_ABI
