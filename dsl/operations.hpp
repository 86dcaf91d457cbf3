// The elementwise operations: one row each. A row feeds the functor op::name, the function name(),
// the printer, the tests, the bench and the README's list.
#pragma once

#include <dsl/scalar.hpp>

namespace sloth::inline SLOTH_ABI {

/// Element types an operation accepts, after its operands were brought to their common type.
enum class accepts : std::uint8_t {
  any,
  numeric,
  ordered,
  real,
  floating,
  real_floating,
  integral,
  integers  // without bool
};

[[nodiscard]] constexpr const char* to_string(accepts kind) noexcept {
  constexpr const char* names[] = {"any",      "numeric",       "ordered",  "real",
                                   "floating", "real floating", "integral", "integers"};
  return names[static_cast<int>(kind)];
}

template <accepts Kind, element T>
inline constexpr bool accepted =
    Kind == accepts::any             ? true
    : Kind == accepts::numeric       ? !std::is_same_v<T, bool>
    : Kind == accepts::ordered       ? !is_complex<T>
    : Kind == accepts::real          ? !is_complex<T> && !std::is_same_v<T, bool>
    : Kind == accepts::floating      ? is_floating<T>
    : Kind == accepts::real_floating ? is_real_floating<T>
    : Kind == accepts::integral      ? std::is_integral_v<T>
                                     : std::is_integral_v<T> && !std::is_same_v<T, bool>;

/// Where the operands' common type is taken before the operation: as it is, to floating as exp's,
/// likewise but f16 and bf16 in their own format and not in f32's, to floating as true division's, or
/// to bool.
enum class computes_in : std::uint8_t { common, floating, own_floating, quotient, boolean };

template <computes_in Kind, element T>
constexpr auto compute_type() {
  if constexpr (Kind == computes_in::floating || Kind == computes_in::own_floating)
    return floating_t<T>{};
  else if constexpr (Kind == computes_in::quotient)
    return true_divide_t<T>{};
  else if constexpr (Kind == computes_in::boolean)
    return bool{};
  else
    return T{};
}

/// What the tests and the README read of a row.
struct operation_row {
  const char* name;
  const char* symbol;  // the C++ operator, "" where it has none
  const char* numpy;   // the function it equals, "" where NumPy has none
  int arity;
  accepts types;
  computes_in in;
  double low, high;  // domain of the accuracy tests
  double ulp;        // bound of both columns against the reference, over that domain
};

// Bounds: the least small number above what was measured of both host columns in f32 and f64
// (glibc 2.36, Eigen 3.4 with AVX2, AVX-512 and without), and, from 3 up, of what CUDA documents.
// Seven exceed 4: erfc and erfinv are 5 and gamma 10 in CUDA's f64, ndtr 5 and i0 6 in both of
// its types (measured on the host: erfinv 1.7, ndtr 2.4, i0 4.0), gammaln 6 in its f32;
// gelu_tanh takes exp of u(a), whose rounding counts 2 |u| times, 7 at the domain's end and more
// below it. floor_divide is exact until quotients reach 2^(digits - 2), where NumPy's algorithm
// rounds; absolute is exact but for complex numbers, where it is within 1.25 ulp (measured 1.18).

// clang-format off

//  name        op    NumPy          accepts         computes in  test domain    ulp  value of (a)
#define SLOTH_UNARY_OPERATIONS(X)                                                                   \
  X(absolute,   "",   "absolute",    any,            common,     -1e3,   1e3,    1,   scalar::absolute(a)) \
  X(negative,   "-",  "negative",    numeric,        common,     -1e3,   1e3,    0,   scalar::negative(a)) \
  X(positive,   "",   "positive",    numeric,        common,     -1e3,   1e3,    0,   a) \
  X(conjugate,  "",   "conjugate",   numeric,        common,     -1e3,   1e3,    0,   scalar::conjugate(a)) \
  X(real,       "",   "real",        any,            common,     -1e3,   1e3,    0,   scalar::real(a)) \
  X(imag,       "",   "imag",        any,            common,     -1e3,   1e3,    0,   scalar::imag(a)) \
  X(sign,       "",   "sign",        real,           common,     -1e3,   1e3,    0,   scalar::sign(a)) \
  X(square,     "",   "square",      numeric,        common,     -1e3,   1e3,    0.5, scalar::multiply(a, a)) \
  X(reciprocal, "",   "reciprocal",  numeric,        common,     -1e3,   1e3,    0.5, scalar::reciprocal(a)) \
  X(floor,      "",   "floor",       ordered,        common,     -1e3,   1e3,    0,   scalar::floor(a)) \
  X(ceil,       "",   "ceil",        ordered,        common,     -1e3,   1e3,    0,   scalar::ceil(a)) \
  X(trunc,      "",   "trunc",       ordered,        common,     -1e3,   1e3,    0,   scalar::trunc(a)) \
  X(rint,       "",   "rint",        real_floating,  floating,   -1e3,   1e3,    0,   std::rint(a)) \
  X(sqrt,       "",   "sqrt",        floating,       floating,    0,     1e6,    0.5, scalar::sqrt(a)) \
  X(cbrt,       "",   "cbrt",        real_floating,  floating,   -1e6,   1e6,    4,   std::cbrt(a)) \
  X(exp,        "",   "exp",         floating,       floating,   -80,    80,     2,   scalar::exp(a)) \
  X(exp2,       "",   "exp2",        real_floating,  floating,   -100,   100,    2,   std::exp2(a)) \
  X(expm1,      "",   "expm1",       real_floating,  floating,   -10,    50,     3,   std::expm1(a)) \
  X(log,        "",   "log",         floating,       floating,    1e-6,  1e6,    2,   scalar::log(a)) \
  X(log2,       "",   "log2",        real_floating,  floating,    1e-6,  1e6,    2,   std::log2(a)) \
  X(log10,      "",   "log10",       real_floating,  floating,    1e-6,  1e6,    2,   std::log10(a)) \
  X(log1p,      "",   "log1p",       real_floating,  floating,   -0.999, 1e6,    3,   std::log1p(a)) \
  X(sin,        "",   "sin",         floating,       floating,   -100,   100,    2,   scalar::sin(a)) \
  X(cos,        "",   "cos",         floating,       floating,   -100,   100,    2,   scalar::cos(a)) \
  X(tan,        "",   "tan",         real_floating,  floating,   -100,   100,    4,   std::tan(a)) \
  X(arcsin,     "",   "arcsin",      real_floating,  floating,   -1,     1,      2,   std::asin(a)) \
  X(arccos,     "",   "arccos",      real_floating,  floating,   -1,     1,      2,   std::acos(a)) \
  X(arctan,     "",   "arctan",      real_floating,  floating,   -1e3,   1e3,    2,   std::atan(a)) \
  X(sinh,       "",   "sinh",        real_floating,  floating,   -80,    80,     3,   std::sinh(a)) \
  X(cosh,       "",   "cosh",        real_floating,  floating,   -80,    80,     2,   std::cosh(a)) \
  X(tanh,       "",   "tanh",        real_floating,  floating,   -20,    20,     3,   std::tanh(a)) \
  X(arcsinh,    "",   "arcsinh",     real_floating,  floating,   -1e3,   1e3,    3,   std::asinh(a)) \
  X(arccosh,    "",   "arccosh",     real_floating,  floating,    1,     1e6,    3,   std::acosh(a)) \
  X(arctanh,    "",   "arctanh",     real_floating,  floating,   -0.999, 0.999,  3,   std::atanh(a)) \
  X(deg2rad,    "",   "deg2rad",     real_floating,  floating,   -1e3,   1e3,    2,   scalar::multiply(a, decltype(a)(0.017453292519943295769L))) \
  X(rad2deg,    "",   "rad2deg",     real_floating,  floating,   -1e3,   1e3,    2,   scalar::multiply(a, decltype(a)(57.295779513082320877L))) \
  X(erf,        "",   "",            real_floating,  floating,   -6,     6,      2,   std::erf(a)) \
  X(erfc,       "",   "",            real_floating,  floating,   -6,     9,      5,   std::erfc(a)) \
  X(erfinv,     "",   "",            real_floating,  floating,   -1,     1,      5,   scalar::erfinv(a)) \
  X(ndtr,       "",   "",            real_floating,  floating,   -38,    9,      5,   scalar::ndtr(a)) \
  X(gamma,      "",   "",            real_floating,  floating,    0.01,  30,     10,  std::tgamma(a)) \
  X(gammaln,    "",   "",            real_floating,  floating,    0.01,  1e6,    6,   scalar::gammaln(a)) \
  X(i0,         "",   "i0",          real_floating,  quotient,   -80,    80,     6,   scalar::i0(a)) \
  X(sigmoid,    "",   "",            real_floating,  floating,   -80,    80,     3,   scalar::sigmoid(a)) \
  X(relu,       "",   "",            real,           common,     -1e3,   1e3,    0,   scalar::maximum(a, decltype(a)(0))) \
  X(gelu_tanh,  "",   "",            real_floating,  floating,   -3,     50,     16,  scalar::gelu_tanh(a)) \
  X(spacing,    "",   "spacing",     real_floating,  own_floating, -1e3, 1e3,    0,   scalar::spacing(a)) \
  X(isnan,      "",   "isnan",       any,            common,     -1e3,   1e3,    0,   scalar::isnan(a)) \
  X(isinf,      "",   "isinf",       any,            common,     -1e3,   1e3,    0,   scalar::isinf(a)) \
  X(isfinite,   "",   "isfinite",    any,            common,     -1e3,   1e3,    0,   scalar::isfinite(a)) \
  X(isposinf,   "",   "isposinf",    ordered,        common,     -1e3,   1e3,    0,   scalar::isposinf(a)) \
  X(isneginf,   "",   "isneginf",    ordered,        common,     -1e3,   1e3,    0,   scalar::isneginf(a)) \
  X(signbit,    "",   "signbit",     real_floating,  floating,   -1e3,   1e3,    0,   scalar::signbit(a)) \
  X(logical_not, "!", "logical_not", any,            boolean,    -1e3,   1e3,    0,   !a) \
  X(invert,     "~",  "invert",      integral,       common,     -1e3,   1e3,    0,   scalar::invert(a))

//  name           op    NumPy            accepts        computes in  test domain  ulp  value of (a, b)
#define SLOTH_BINARY_OPERATIONS(X)                                                                  \
  X(add,           "+",  "add",           any,           common,   -1e3,  1e3,     0.5, scalar::add(a, b)) \
  X(subtract,      "-",  "subtract",      numeric,       common,   -1e3,  1e3,     0.5, scalar::subtract(a, b)) \
  X(multiply,      "*",  "multiply",      any,           common,   -1e3,  1e3,     0.5, scalar::multiply(a, b)) \
  X(divide,        "/",  "divide",        floating,      quotient, -1e3,  1e3,     0.5, a / b) \
  X(floor_divide,  "",   "floor_divide",  real,          common,   -1e3,  1e3,     2,   scalar::floor_divide(a, b)) \
  X(remainder,     "%",  "remainder",     real,          common,   -1e3,  1e3,     0.5, scalar::remainder(a, b)) \
  X(fmod,          "",   "fmod",          real,          common,   -1e3,  1e3,     0,   scalar::fmod(a, b)) \
  X(power,         "",   "power",         numeric,       common,    0.01, 30,      2,   scalar::power(a, b)) \
  X(arctan2,       "",   "arctan2",       real_floating, floating, -1e3,  1e3,     2,   std::atan2(a, b)) \
  X(hypot,         "",   "hypot",         real_floating, floating, -1e3,  1e3,     2,   scalar::hypot(a, b)) \
  X(copysign,      "",   "copysign",      real_floating, floating, -1e3,  1e3,     0,   std::copysign(a, b)) \
  X(nextafter,     "",   "nextafter",     real_floating, own_floating, -1e3, 1e3,  0,   scalar::nextafter(a, b)) \
  X(heaviside,     "",   "heaviside",     real_floating, floating, -1e3,  1e3,     0,   scalar::heaviside(a, b)) \
  X(maximum,       "",   "maximum",       ordered,       common,   -1e3,  1e3,     0,   scalar::maximum(a, b)) \
  X(minimum,       "",   "minimum",       ordered,       common,   -1e3,  1e3,     0,   scalar::minimum(a, b)) \
  X(fmax,          "",   "fmax",          ordered,       common,   -1e3,  1e3,     0,   scalar::fmax(a, b)) \
  X(fmin,          "",   "fmin",          ordered,       common,   -1e3,  1e3,     0,   scalar::fmin(a, b)) \
  X(equal,         "==", "equal",         any,           common,   -1e3,  1e3,     0,   a == b) \
  X(not_equal,     "!=", "not_equal",     any,           common,   -1e3,  1e3,     0,   a != b) \
  X(less,          "<",  "less",          ordered,       common,   -1e3,  1e3,     0,   a < b) \
  X(less_equal,    "<=", "less_equal",    ordered,       common,   -1e3,  1e3,     0,   a <= b) \
  X(greater,       ">",  "greater",       ordered,       common,   -1e3,  1e3,     0,   a > b) \
  X(greater_equal, ">=", "greater_equal", ordered,       common,   -1e3,  1e3,     0,   a >= b) \
  X(logical_and,   "&&", "logical_and",   any,           boolean,  -1e3,  1e3,     0,   a && b) \
  X(logical_or,    "||", "logical_or",    any,           boolean,  -1e3,  1e3,     0,   a || b) \
  X(logical_xor,   "",   "logical_xor",   any,           boolean,  -1e3,  1e3,     0,   a != b) \
  X(bitwise_and,   "",   "bitwise_and",   integral,      common,   -1e3,  1e3,     0,   static_cast<decltype(a)>(a & b)) \
  X(bitwise_or,    "",   "bitwise_or",    integral,      common,   -1e3,  1e3,     0,   static_cast<decltype(a)>(a | b)) \
  X(bitwise_xor,   "",   "bitwise_xor",   integral,      common,   -1e3,  1e3,     0,   static_cast<decltype(a)>(a ^ b)) \
  X(left_shift,    "",   "left_shift",    integers,      common,    0,    30,      0,   scalar::left_shift(a, b)) \
  X(right_shift,   "",   "right_shift",   integers,      common,    0,    30,      0,   scalar::right_shift(a, b)) \
  X(gcd,           "",   "gcd",           integral,      common,   -1e3,  1e3,     0,   scalar::gcd(a, b)) \
  X(lcm,           "",   "lcm",           integral,      common,   -1e3,  1e3,     0,   scalar::lcm(a, b))

//  name     op    NumPy      accepts        computes in  test domain  ulp  value of (a, b, c)
#define SLOTH_TERNARY_OPERATIONS(X)                                                                 \
  X(clip,    "",   "clip",    ordered,       common,   -1e3,  1e3,     0,   scalar::minimum(scalar::maximum(a, b), c)) \
  X(fma,     "",   "",        real_floating, floating, -1e3,  1e3,     0.5, std::fma(a, b, c))

// clang-format on

/// One functor a row: op::exp and its like. `value` computes one element on host and device.
namespace op {

template <accepts Types, computes_in In>
struct elementwise_row {
  static constexpr bool half_through_float = In != computes_in::own_floating;
  static constexpr accepts types = Types;
  static constexpr computes_in in = In;
};

#define SLOTH_ROW_FUNCTOR(name_, symbol_, types_, in_, parameters, ...) \
  struct name_ : elementwise_row<accepts::types_, computes_in::in_> {   \
    static constexpr const char* name = #name_;                         \
    static constexpr const char* symbol = symbol_;                      \
    template <element T>                                                \
    static SLOTH_HD auto value parameters {                             \
      return __VA_ARGS__;                                               \
    }                                                                   \
  };
#define U(name, symbol, numpy, types, in, low, high, ulp, ...) \
  SLOTH_ROW_FUNCTOR(name, symbol, types, in, (T a), __VA_ARGS__)
#define B(name, symbol, numpy, types, in, low, high, ulp, ...) \
  SLOTH_ROW_FUNCTOR(name, symbol, types, in, (T a, T b), __VA_ARGS__)
#define C(name, symbol, numpy, types, in, low, high, ulp, ...) \
  SLOTH_ROW_FUNCTOR(name, symbol, types, in, (T a, T b, T c), __VA_ARGS__)
SLOTH_UNARY_OPERATIONS(U)
SLOTH_BINARY_OPERATIONS(B)
SLOTH_TERNARY_OPERATIONS(C)
#undef U
#undef B
#undef C
#undef SLOTH_ROW_FUNCTOR

// Operations whose operands differ in type stand outside the tables.

/// c ? a : b, elementwise.
struct where : elementwise_row<accepts::any, computes_in::common> {
  static constexpr bool half_through_float = false;
  static constexpr const char* name = "where";
  static constexpr const char* symbol = "";
  template <element T>
  static SLOTH_HD T value(bool c, T a, T b) {
    return c ? a : b;
  }
};

/// |a - b| <= atol + rtol |b|.
struct isclose : elementwise_row<accepts::real_floating, computes_in::floating> {
  static constexpr const char* name = "isclose";
  static constexpr const char* symbol = "";
  template <element T>
  static SLOTH_HD bool value(T a, T b, T rtol, T atol) {
    return scalar::isclose(a, b, rtol, atol);
  }
};

/// a 2^n, n an integer.
struct ldexp : elementwise_row<accepts::real_floating, computes_in::own_floating> {
  static constexpr const char* name = "ldexp";
  static constexpr const char* symbol = "";
  template <element T, element N>
  static SLOTH_HD T value(T a, N n) {
    return scalar::ldexp(a, n);
  }
};
/// The two results of frexp.
struct frexp_mantissa : elementwise_row<accepts::real_floating, computes_in::floating> {
  static constexpr const char* name = "frexp_mantissa";
  static constexpr const char* symbol = "";
  template <element T>
  static SLOTH_HD T value(T a) {
    return scalar::frexp_mantissa(a);
  }
};
struct frexp_exponent : elementwise_row<accepts::real_floating, computes_in::floating> {
  static constexpr const char* name = "frexp_exponent";
  static constexpr const char* symbol = "";
  template <element T>
  static SLOTH_HD std::int32_t value(T a) {
    return scalar::frexp_exponent(a);
  }
};

/// The cast of astype.
template <element To>
struct cast {
  static constexpr bool half_through_float = false;
  static constexpr const char* name = "astype";
  static constexpr const char* symbol = "";
  template <element T>
  static SLOTH_HD To value(T a) {
    return convert<To>(a);
  }
};

/// A user's functor. Its state, if any, is a scalar of the expression.
template <class F>
struct map {
  static constexpr bool half_through_float = false;
  static constexpr const char* name = "map";
  static constexpr const char* symbol = "";
  [[no_unique_address]] F f;
};

/// One element of Op: f16 and bf16 compute in f32 and round once.
template <class Op, class... T>
SLOTH_HD auto evaluate(T... v) {
  if constexpr (Op::half_through_float && (is_half<T> && ...)) {
    auto const result = Op::value(static_cast<float>(v)...);
    if constexpr (std::is_same_v<decltype(result), float const>)
      return std::common_type_t<T...>(result);
    else
      return result;
  } else {
    return Op::value(v...);
  }
}

}  // namespace op

/// The rows, for tests and documentation.
inline constexpr operation_row operation_rows[] = {
#define U(n, s, np, t, i, lo, hi, ulp, ...) {#n, s, np, 1, accepts::t, computes_in::i, lo, hi, ulp},
#define B(n, s, np, t, i, lo, hi, ulp, ...) {#n, s, np, 2, accepts::t, computes_in::i, lo, hi, ulp},
#define T(n, s, np, t, i, lo, hi, ulp, ...) {#n, s, np, 3, accepts::t, computes_in::i, lo, hi, ulp},
    SLOTH_UNARY_OPERATIONS(U) SLOTH_BINARY_OPERATIONS(B) SLOTH_TERNARY_OPERATIONS(T)
#undef U
#undef B
#undef T
};

}  // namespace sloth::inline SLOTH_ABI
