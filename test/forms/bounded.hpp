// Arrays of numbers with error bounds, for a plain evaluation of an expression: each operation loops
// over its operands' elements, in long double or exactly, and adds the bound of its row to what its
// operands' bounds become. An expression template on its operands' types takes them as it takes
// Sloth's arrays.
#pragma once

#include <dsl/operations.hpp>
#include <dsl/reduce.hpp>

#include <vector>

namespace forms {

using sloth::dtype;
using sloth::extents;

/// A number and how far from it a computed one may be: 0 where it must be this one, in modulus for
/// complex. `decided` is false where the operands' bounds leave open what it is.
struct cell {
  long double re = 0, im = 0, bound = 0;
  bool decided = true;

  [[nodiscard]] bool is_exact() const { return decided && bound == 0; }
};

class bounded {
 public:
  dtype type;
  extents shape;
  std::vector<cell> cells;  // row-major

  bounded(dtype type_, extents shape_)
      : type(type_), shape(std::move(shape_)), cells(static_cast<std::size_t>(shape.size())) {}

  template <sloth::element To>
  [[nodiscard]] bounded astype() const {
    return cast(*this, sloth::dtype_of<To>);
  }
  friend bounded cast(bounded const& x, dtype to);
};

/// An operand: an array, or a C++ value, which is weak.
struct operand {
  enum class kind : std::uint8_t { array, boolean, integer, floating };
  kind what;
  bounded const* array = nullptr;
  long double value = 0;

  operand(bounded const& x) : what(kind::array), array(&x) {}  // NOLINT
  template <class S>
  requires std::is_arithmetic_v<S> operand(S v)  // NOLINT
      : what(std::is_same_v<S, bool> ? kind::boolean
             : std::is_integral_v<S> ? kind::integer
                                     : kind::floating),
        value(static_cast<long double>(v)) {}
};

/// The row of this name among the elementwise operations.
[[nodiscard]] int row_of(char const* name);

bounded unary(int row, bounded const& a);
bounded binary(int row, operand const& a, operand const& b);

#define U(name, ...)                      \
  inline bounded name(bounded const& a) { \
    static int const row = row_of(#name); \
    return unary(row, a);                 \
  }
#define B(name, ...)                                        \
  inline bounded name(operand const& a, operand const& b) { \
    static int const row = row_of(#name);                   \
    return binary(row, a, b);                               \
  }
SLOTH_UNARY_OPERATIONS(U)
SLOTH_BINARY_OPERATIONS(B)
#undef U
#undef B
bounded clip(operand const& a, operand const& low, operand const& high);
bounded fma(operand const& a, operand const& b, operand const& c);
bounded where(operand const& c, operand const& a, operand const& b);
bounded isclose(operand const& a, operand const& b);

inline bounded operator-(bounded const& a) { return negative(a); }
inline bounded operator!(bounded const& a) { return logical_not(a); }
inline bounded operator~(bounded const& a) { return invert(a); }
#define B(symbol, name) \
  inline bounded operator symbol(operand const& a, operand const& b) { return name(a, b); }
B(+, add)
B(-, subtract)
B(*, multiply)
B(/, divide)
B(%, remainder)
B(==, equal)
B(!=, not_equal)
B(<, less)
B(<=, less_equal)
B(>, greater)
B(>=, greater_equal)
B(&&, logical_and)
B(||, logical_or)
#undef B

/// Over the last axis, which stays with extent 1.
bounded reduce(sloth::reduction op, bounded const& x, double ddof);
#define R(name)                                                                \
  inline bounded name(bounded const& x, sloth::last_axis_t, sloth::keepdims_t, \
                      sloth::ddof d = sloth::ddof(0)) {                        \
    return reduce(sloth::reduction::name, x, d.value);                         \
  }
R(sum)
R(prod)
R(mean)
R(var)
R(std)
R(min)
R(max)
R(argmin)
R(argmax)
R(any)
R(all)
R(count_nonzero)
R(norm)
#undef R

/// What reduce throws where min, max and their like meet a row without elements.
struct empty_row {};

// ---- element types at run time

[[nodiscard]] bool is_floating(dtype t);  // complex is not
[[nodiscard]] bool is_complex(dtype t);
[[nodiscard]] bool is_integral(dtype t);  // bool too
/// The nearest number of the type.
[[nodiscard]] long double rounded_to(dtype t, long double v);
/// A unit in the last place of v; subnormals share that of the least normal number.
[[nodiscard]] long double ulp(dtype t, long double v);
/// The error of an operation with `ulps` in its type: halves compute in float and round once.
[[nodiscard]] long double rounding(dtype t, double ulps, long double v);
/// The type of a complex type's parts; any other type itself.
[[nodiscard]] dtype part_of(dtype t);
/// The value's lowest 64 bits, and the number of the type that has these.
[[nodiscard]] std::uint64_t bits_of(long double v);
[[nodiscard]] long double wrapped(dtype t, std::uint64_t bits);
/// A value computed in long double for type t, at most `error` off: infinite where it overflows.
[[nodiscard]] cell settled(dtype t, long double v, long double error);
[[nodiscard]] inline cell exactly(long double v) { return {v}; }
[[nodiscard]] inline cell undecided() { return {0, 0, 0, false}; }
[[nodiscard]] cell cast(cell const& c, dtype from, dtype to);
/// -1 where that is open, else whether it differs from 0.
[[nodiscard]] int truth(cell const& c);

}  // namespace forms
