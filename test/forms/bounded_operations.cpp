// The elementwise operations on bounded real and complex numbers, by the rows' names.
#include <test/forms/rules.hpp>

#include <cmath>
#include <complex>
#include <limits>
#include <map>

namespace forms {

namespace {

/// An operation of exact operands that rounds to nearest: in the type itself, halves through float.
template <class F, class... A>
cell in_type(at const& of, F f, A... a) {
  if (of.type == dtype::f64) return exactly(f(static_cast<double>(a)...));
  return exactly(rounded_to(of.type, f(static_cast<float>(a)...)));
}
template <class F>
cell in_type(at const& of, cell const* x, F f) {
  if (of.row.arity == 1)
    return in_type(
        of, [&](auto a) { return f(a, a); }, x[0].re);
  return in_type(of, f, x[0].re, x[1].re);
}
bool all_exact(at const& of, cell const* x) {
  for (int k = 0; k < of.row.arity; ++k)
    if (!x[k].is_exact()) return false;
  return true;
}
cell inexact(at const& of, long double v, long double error) {
  return settled(of.type, v, error + rounding(of.type, of.row.ulp, std::abs(v) + error));
}
bool in_domain(at const& of, cell const& x) {
  return of.row.low <= x.re - x.bound && x.re + x.bound <= of.row.high;
}

// ---- functions of one number

/// A function that is monotone, or nowhere steeper than `steepest`.
template <long double (*F)(long double), int SteepestTenths = 0>
cell function(at const& of, cell const* x) {
  long double const v = x->re, y = F(v), low = F(v - x->bound), high = F(v + x->bound);
  bool const special = x->is_exact() && (v == 0 || !std::isfinite(v));
  if (x->is_exact() && (!std::isfinite(y) || (special && y == 0))) return exactly(y);
  if (!special && !in_domain(of, *x)) return undecided();
  long double const steep = x->bound * (SteepestTenths / 10.L);
  return inexact(of, y, SteepestTenths ? steep : std::max(std::abs(y - low), std::abs(high - y)));
}
/// A function whose values jump.
template <long double (*F)(long double)>
cell step(at const&, cell const* x) {
  long double const low = F(x->re - x->bound), high = F(x->re + x->bound);
  return low == high || x->is_exact() ? exactly(F(x->re)) : undecided();
}

long double sign_of(long double a) { return a != a ? a : (a > 0) - (a < 0); }
long double sigmoid_of(long double a) { return 1 / (1 + std::exp(-a)); }
long double gelu_tanh_of(long double a) {
  long double const c = std::sqrt(2 / std::acos(-1.L));
  if (a == -std::numeric_limits<long double>::infinity()) return std::nanl("");  // -inf * 0
  return a * sigmoid_of(2 * c * (a + 0.044715L * a * a * a));
}
/// By Newton's method, from where it rises to the root.
long double erfinv_of(long double a) {
  long double const x = std::abs(a), half_root_pi = std::sqrt(std::acos(-1.L)) / 2;
  if (!(x < 1)) return x == 1 ? a * std::numeric_limits<long double>::infinity() : std::nanl("");
  long double y = x * half_root_pi;
  for (int k = 0; k < 100; ++k) {
    long double const residual = x < 0.5L ? x - std::erf(y) : std::erfc(y) - (1 - x);
    long double const step = residual * half_root_pi * std::exp(y * y);
    y += step;
    if (std::abs(step) <= 1e-18L * y) break;
  }
  return std::copysign(y, a);
}
long double ndtr_of(long double a) { return std::erfc(-a * std::sqrt(0.5L)) / 2; }
long double i0_of(long double a) {
  if (!(std::abs(a) < 1000)) return std::abs(a) * std::numeric_limits<long double>::infinity();
  long double sum = 1, term = 1;
  for (int k = 1; term > 1e-20L * sum; ++k) sum += term *= a * a / 4 / k / k;
  return sum;
}
long double to_radians(long double a) { return a * (std::acos(-1.L) / 180); }
long double to_degrees(long double a) { return a * (180 / std::acos(-1.L)); }

cell cosh_of(at const& of, cell const* x) {
  if (std::abs(x->re) < x->bound) return undecided();
  return function<std::cosh>(of, x);
}
cell i0_of(at const& of, cell const* x) {
  if (std::abs(x->re) < x->bound) return undecided();
  return function<i0_of>(of, x);
}
cell tan_of(at const& of, cell const* x) {
  long double const quarter = std::acos(-1.L) / 2;
  if (std::floor((x->re - x->bound) / quarter) != std::floor((x->re + x->bound) / quarter))
    return undecided();
  return function<std::tan>(of, x);
}
/// Falls up to 1.4616 and rises above.
template <long double (*F)(long double)>
cell rises_late(at const& of, cell const* x) {
  bool const decided = x->re + x->bound < 1.4L || x->re - x->bound > 1.5L;
  return decided || x->re != x->re ? function<F>(of, x) : undecided();
}
cell relu_of(at const&, cell const* x) {
  if (x->is_exact()) return exactly(x->re != x->re || x->re > 0 ? x->re : 0);
  return {std::max(x->re, 0.L), 0, x->bound};
}
cell absolute_of(at const& of, cell const* x) {
  if (!is_complex(of.type)) return {std::abs(x->re), 0, x->bound};
  at const part{of.row, part_of(of.type)};
  return inexact(part, std::hypot(x->re, x->im), x->bound);
}
cell negative_of(at const&, cell const* x) { return {-x->re, -x->im, x->bound}; }
cell positive_of(at const&, cell const* x) { return *x; }
cell conjugate_of(at const&, cell const* x) { return {x->re, -x->im, x->bound}; }
cell real_of(at const&, cell const* x) { return {x->re, 0, x->bound}; }
cell imag_of(at const&, cell const*) { return exactly(0); }
cell complex_imag(at const&, cell const* x) { return {x->im, 0, x->bound}; }
/// Whether the bounds, or a NaN, whose sign is no part of its value, leave the sign open.
bool has_sign(cell const& x) { return x.re == x.re && (x.is_exact() || std::abs(x.re) > x.bound); }
cell signbit_of(at const&, cell const* x) {
  return has_sign(*x) ? exactly(std::signbit(x->re)) : undecided();
}
cell copysign_of(at const&, cell const* x) {
  if (!has_sign(x[1])) return undecided();
  return {std::copysign(x[0].re, x[1].re), 0, x[0].bound};
}
/// The type's number next to the exact `a`, towards `b`.
long double neighbour(dtype t, long double a, long double b) {
  if (a != a || b != b || a == b) return a != a ? a : b;
  long double const up = a < b ? 1 : -1, size = std::abs(a), unit = ulp(t, size);
  bool const nearer_zero = a * up < 0;
  bool const denser = nearer_zero && ulp(t, size - unit / 2) < unit;
  long double const next = a + up * (denser ? unit / 2 : unit);
  return std::copysign(rounded_to(t, next), next == 0 ? a : next);  // infinite beyond the greatest
}
cell nextafter_of(at const& of, cell const* x) {
  if (x[0].re != x[0].re || x[1].re != x[1].re) return exactly(x[0].re + x[1].re);
  if (std::isinf(x[0].re) && x[0].re != x[1].re) return undecided();
  if (x[0].is_exact() && x[1].is_exact()) return exactly(neighbour(of.type, x[0].re, x[1].re));
  return {x[0].re, 0, x[0].bound + ulp(of.type, std::abs(x[0].re) + x[0].bound)};
}
cell spacing_of(at const& of, cell const* x) {
  auto const at_a = [&](long double a) {
    return neighbour(of.type, a,
                     std::copysign(std::numeric_limits<long double>::infinity(), a == 0 ? 0 : a)) -
           a;
  };
  if (x->is_exact()) return exactly(at_a(x->re));
  long double const low = at_a(rounded_to(of.type, x->re - x->bound)),
                    high = at_a(rounded_to(of.type, x->re + x->bound));
  return low == high ? exactly(low) : undecided();
}
cell heaviside_of(at const&, cell const* x) {
  if (x[0].re != x[0].re) return exactly(x[0].re);
  if (!has_sign(x[0])) return undecided();
  return x[0].re == 0 ? x[1] : exactly(x[0].re > 0);
}

template <bool (*F)(long double)>
cell test_of(at const&, cell const* x) {
  return exactly(F(x->re));
}

// ---- arithmetic

cell add_of(at const& of, cell const* x) {
  if (all_exact(of, x)) return in_type(of, x, [](auto a, auto b) { return a + b; });
  return inexact(of, x[0].re + x[1].re, x[0].bound + x[1].bound);
}
cell subtract_of(at const& of, cell const* x) {
  if (all_exact(of, x)) return in_type(of, x, [](auto a, auto b) { return a - b; });
  return inexact(of, x[0].re - x[1].re, x[0].bound + x[1].bound);
}
long double product_error(cell const& a, cell const& b) {
  return std::hypot(a.re, a.im) * b.bound + std::hypot(b.re, b.im) * a.bound + a.bound * b.bound;
}
cell multiply_of(at const& of, cell const* x) {
  if (all_exact(of, x)) return in_type(of, x, [](auto a, auto b) { return a * b; });
  return inexact(of, x[0].re * x[1].re, product_error(x[0], x[1]));
}
cell square_of(at const& of, cell const* x) {
  if (all_exact(of, x)) return in_type(of, x, [](auto a, auto) { return a * a; });
  return inexact(of, x->re * x->re, product_error(*x, *x));
}
cell divide_of(at const& of, cell const* x) {
  if (all_exact(of, x)) return in_type(of, x, [](auto a, auto b) { return a / b; });
  long double const q = x[0].re / x[1].re, least = std::abs(x[1].re) - x[1].bound;
  if (!(least > 0)) return undecided();
  return inexact(of, q, (x[0].bound + std::abs(q) * x[1].bound) / least);
}
cell reciprocal_of(at const& of, cell const* x) {
  if (x->is_exact()) return in_type(of, x, [](auto a, auto) { return decltype(a)(1) / a; });
  long double const least = std::abs(x->re) - x->bound;
  if (!(least > 0)) return undecided();
  return inexact(of, 1 / x->re, x->bound / std::abs(x->re) / least);
}
cell sqrt_of(at const& of, cell const* x) {
  if (x->is_exact()) return in_type(of, x, [](auto a, auto) { return std::sqrt(a); });
  return function<std::sqrt>(of, x);
}
cell fma_of(at const& of, cell const* x) {
  if (all_exact(of, x))
    return in_type(
        of, [](auto a, auto b, auto c) { return std::fma(a, b, c); }, x[0].re, x[1].re, x[2].re);
  return inexact(of, x[0].re * x[1].re + x[2].re, product_error(x[0], x[1]) + x[2].bound);
}

// The quotient floored, or truncated; NaN where the bounds leave it open.
template <long double (*Round)(long double)>
long double quotient(cell const* x) {
  long double first = 0;
  if (std::abs(x[1].re) <= x[1].bound) return std::nanl("");
  for (int k = 0; k < 4; ++k) {
    long double const a = x[0].re + (k & 1 ? 1 : -1) * x[0].bound;
    long double const q = Round(a / (x[1].re + (k & 2 ? 1 : -1) * x[1].bound));
    if (k == 0) first = q;
    if (q != first) return std::nanl("");
  }
  return first;
}
cell floor_divide_of(at const& of, cell const* x) {
  if (!all_exact(of, x)) {
    long double const q = quotient<std::floor>(x);
    if (!(std::abs(q) < 64) || std::abs(x[0].re) <= x[0].bound) return undecided();
    return exactly(std::copysign(q, x[0].re * x[1].re));
  }
  long double const a = x[0].re, b = x[1].re, mod = std::fmod(a, b);
  if (b == 0) return divide_of(of, x);
  long double div = (a - mod) / b;
  if (mod != 0 && (b < 0) != (mod < 0)) div -= 1;
  if (div == 0) return exactly(std::copysign(0.L, a) * std::copysign(1.L, b));
  if (div != div) return exactly(div);
  long double const is_sure = of.type == dtype::f64 ? 0x1p50L : 0x1p21L;
  if (std::abs(div) < is_sure) return exactly(rounded_to(of.type, div));
  return inexact(of, div, 0);
}
cell remainder_of(at const& of, cell const* x) {
  if (all_exact(of, x))
    return in_type(of, x, [](auto a, auto b) {
      auto const r = std::fmod(a, b);
      if (r == 0) return std::copysign(decltype(a)(0), b);
      return (b < 0) != (r < 0) ? r + b : r;
    });
  long double const q = quotient<std::floor>(x);
  if (q != q) return undecided();
  return inexact(of, x[0].re - q * x[1].re, x[0].bound + std::abs(q) * x[1].bound);
}
cell fmod_of(at const& of, cell const* x) {
  if (all_exact(of, x)) return in_type(of, x, [](auto a, auto b) { return std::fmod(a, b); });
  long double const q = quotient<std::trunc>(x);
  if (q != q) return undecided();
  return inexact(of, x[0].re - q * x[1].re, x[0].bound + std::abs(q) * x[1].bound);
}

cell power_of(at const& of, cell const* x) {
  if (!in_domain(of, x[0]) || !in_domain(of, x[1])) return undecided();
  long double const y = std::pow(x[0].re, x[1].re);
  long double error = 0;
  for (int k = 0; k < 4; ++k)
    error = std::max(error, std::abs(y - std::pow(x[0].re + (k & 1 ? 1 : -1) * x[0].bound,
                                                  x[1].re + (k & 2 ? 1 : -1) * x[1].bound)));
  return inexact(of, y, error);
}
cell arctan2_of(at const& of, cell const* x) {
  if (!in_domain(of, x[0]) || !in_domain(of, x[1])) return undecided();
  long double const moved = x[0].bound + x[1].bound;
  long double const least = std::hypot(x[0].re, x[1].re) - moved;
  if (!(least > 0) || (x[1].re < 0 && moved > 0 && std::abs(x[0].re) <= moved)) return undecided();
  return inexact(of, std::atan2(x[0].re, x[1].re), moved / least);
}
cell hypot_of(at const& of, cell const* x) {
  long double const y = std::hypot(x[0].re, x[1].re);
  if (all_exact(of, x) && !std::isfinite(y)) return exactly(y);
  return inexact(of, y, x[0].bound + x[1].bound);
}

// ---- order

template <class F>
cell chosen(cell const* x, F takes_first) {
  cell const& y = takes_first(x[0].re, x[1].re) ? x[0] : x[1];
  return {y.re, 0, std::isfinite(y.re) ? std::max(x[0].bound, x[1].bound) : 0};
}
cell maximum_of(at const&, cell const* x) {
  return chosen(x, [](auto a, auto b) { return a != a || a > b; });
}
cell minimum_of(at const&, cell const* x) {
  return chosen(x, [](auto a, auto b) { return a != a || a < b; });
}
cell fmax_of(at const&, cell const* x) {
  return chosen(x, [](auto a, auto b) { return b != b || a >= b; });
}
cell fmin_of(at const&, cell const* x) {
  return chosen(x, [](auto a, auto b) { return b != b || a <= b; });
}
cell clip_of(at const& of, cell const* x) {
  cell const raised[2] = {maximum_of(of, x), x[2]};
  return minimum_of(of, raised);
}

template <class F>
cell compared(cell const* x, F f) {
  long double const apart = std::hypot(x[0].re - x[1].re, x[0].im - x[1].im);
  long double const moved = x[0].bound + x[1].bound;
  if (moved > 0 && apart <= moved) return undecided();
  return exactly(f(x[0], x[1]));
}
#define COMPARISON(name, symbol)                                                       \
  cell name##_of(at const&, cell const* x) {                                           \
    return compared(x, [](cell const& a, cell const& b) { return a.re symbol b.re; }); \
  }
COMPARISON(less, <)
COMPARISON(less_equal, <=)
COMPARISON(greater, >)
COMPARISON(greater_equal, >=)
#undef COMPARISON
cell equal_of(at const&, cell const* x) {
  return compared(x, [](cell const& a, cell const& b) { return a.re == b.re && a.im == b.im; });
}
cell not_equal_of(at const&, cell const* x) {
  return compared(x, [](cell const& a, cell const& b) { return a.re != b.re || a.im != b.im; });
}

// ---- complex numbers: bounds in modulus

using number = std::complex<long double>;
number of_cell(cell const& c) { return {c.re, c.im}; }

/// z, `error` off before it is rounded in `units` units of its size.
cell complex_near(at const& of, number z, long double error, long double size, long double units) {
  long double const bound = error + units * ulp(of.type, size + error);
  long double const largest = of.type == dtype::complex64 ? 0x1p127L : 0x1p1023L;
  if (!(std::abs(z) + bound < largest)) return undecided();
  return {z.real(), z.imag(), bound};
}
template <class F>
cell by_parts(at const& of, cell const* x, F f) {
  auto const z = [&]<class T>(T) -> cell {
    auto const [re, im] = f(T(x[0].re), T(x[0].im), T(x[1].re), T(x[1].im));
    return {re, im};
  };
  return of.type == dtype::complex64 ? z(0.f) : z(0.);
}
cell complex_add(at const& of, cell const* x) {
  if (all_exact(of, x))
    return by_parts(of, x, [](auto a, auto b, auto c, auto d) { return std::pair(a + c, b + d); });
  number const z = of_cell(x[0]) + of_cell(x[1]);
  return complex_near(of, z, x[0].bound + x[1].bound, std::abs(z), 1);
}
cell complex_subtract(at const& of, cell const* x) {
  if (all_exact(of, x))
    return by_parts(of, x, [](auto a, auto b, auto c, auto d) { return std::pair(a - c, b - d); });
  number const z = of_cell(x[0]) - of_cell(x[1]);
  return complex_near(of, z, x[0].bound + x[1].bound, std::abs(z), 1);
}
cell complex_multiply(at const& of, cell const* x) {
  if (all_exact(of, x))
    return by_parts(of, x, [](auto a, auto b, auto c, auto d) {
      auto const ac = a * c, bd = b * d, ad = a * d, bc = b * c;
      return std::pair(ac - bd, ad + bc);
    });
  number const z = of_cell(x[0]) * of_cell(x[1]);
  return complex_near(of, z, product_error(x[0], x[1]), std::abs(z), 3);
}
cell complex_square(at const& of, cell const* x) {
  cell const both[2] = {*x, *x};
  at const as_product{sloth::operation_rows[row_of("multiply")], of.type};
  return complex_multiply(as_product, both);
}
cell complex_divide(at const& of, cell const* x) {
  number const q = of_cell(x[0]) / of_cell(x[1]);
  long double const least = std::abs(of_cell(x[1])) - x[1].bound;
  if (!(least > 0)) return undecided();
  return complex_near(of, q, (x[0].bound + std::abs(q) * x[1].bound) / least, std::abs(q), 8);
}
cell complex_reciprocal(at const& of, cell const* x) {
  cell const both[2] = {exactly(1), *x};
  return complex_divide(of, both);
}
cell complex_exp(at const& of, cell const* x) {
  number const z = std::exp(of_cell(*x));
  if (x->re + x->bound > 80) return undecided();
  return complex_near(of, z, std::abs(z) * std::expm1(x->bound), std::abs(z), 8);
}
cell complex_sqrt(at const& of, cell const* x) {
  number const s = std::sqrt(of_cell(*x));
  long double const least = std::abs(of_cell(*x)) - x->bound;
  if (!(least > 0) || (x->re < 0 && x->bound > 0 && std::abs(x->im) <= x->bound))
    return undecided();
  return complex_near(of, s, x->bound / std::sqrt(least), std::abs(s), 6);
}
cell complex_log(at const& of, cell const* x) {
  number const y = std::log(of_cell(*x));
  long double const least = std::abs(of_cell(*x)) - x->bound;
  if (!(least > 0) || (x->re < 0 && x->bound > 0 && std::abs(x->im) <= x->bound))
    return undecided();
  return complex_near(of, y, x->bound / least, std::abs(y), 8);
}
template <number (*F)(number const&)>
cell complex_wave(at const& of, cell const* x) {  // sin and cos are at most cosh(im) in modulus
  long double const size = std::cosh(std::abs(x->im) + x->bound);
  if (std::abs(x->re) > 100 || std::abs(x->im) > 40) return undecided();
  return complex_near(of, F(of_cell(*x)), size * x->bound, size, 8);
}
number sin_of(number const& z) { return std::sin(z); }
number cos_of(number const& z) { return std::cos(z); }

// ---- truth

cell logical_not_of(at const&, cell const* x) { return exactly(x->re == 0); }
cell logical_and_of(at const&, cell const* x) { return exactly(x[0].re != 0 && x[1].re != 0); }
cell logical_or_of(at const&, cell const* x) { return exactly(x[0].re != 0 || x[1].re != 0); }
cell logical_xor_of(at const&, cell const* x) { return exactly((x[0].re != 0) != (x[1].re != 0)); }

bool is_nan(long double v) { return std::isnan(v); }
bool is_inf(long double v) { return std::isinf(v); }
bool is_finite(long double v) { return std::isfinite(v); }
bool is_posinf(long double v) { return std::isinf(v) && v > 0; }
bool is_neginf(long double v) { return std::isinf(v) && v < 0; }

}  // namespace

row_rules rules_of(std::string_view name) {
  static std::map<std::string_view, row_rules> const all = {
#define BOTH(name, other)       \
  {                             \
#name, { name##_of, other } \
  }
#define MONOTONE(name, f)           \
  {                                 \
#name, { function<f>, nullptr } \
  }
#define JUMPS(name, f)          \
  {                             \
#name, { step<f>, nullptr } \
  }
      // clang-format off
      BOTH(absolute, absolute_of), BOTH(negative, negative_of), BOTH(square, complex_square),
      BOTH(reciprocal, complex_reciprocal), BOTH(relu, nullptr),
      JUMPS(floor, std::floor), JUMPS(ceil, std::ceil), JUMPS(trunc, std::trunc),
      JUMPS(rint, std::rint), JUMPS(sign, sign_of),
      BOTH(sqrt, complex_sqrt), MONOTONE(cbrt, std::cbrt),
      {"exp", {function<std::exp>, complex_exp}}, MONOTONE(exp2, std::exp2),
      MONOTONE(expm1, std::expm1), {"log", {function<std::log>, complex_log}},
      MONOTONE(log2, std::log2), MONOTONE(log10, std::log10), MONOTONE(log1p, std::log1p),
      {"sin", {function<std::sin, 10>, complex_wave<sin_of>}},
      {"cos", {function<std::cos, 10>, complex_wave<cos_of>}},
      BOTH(tan, nullptr), MONOTONE(arcsin, std::asin), MONOTONE(arccos, std::acos),
      MONOTONE(arctan, std::atan), MONOTONE(sinh, std::sinh), BOTH(cosh, nullptr),
      MONOTONE(tanh, std::tanh), MONOTONE(arcsinh, std::asinh), MONOTONE(arccosh, std::acosh),
      MONOTONE(arctanh, std::atanh), MONOTONE(deg2rad, to_radians),
      MONOTONE(rad2deg, to_degrees), MONOTONE(erf, std::erf), MONOTONE(erfc, std::erfc),
      MONOTONE(erfinv, erfinv_of), MONOTONE(ndtr, ndtr_of), BOTH(i0, nullptr),
      BOTH(spacing, nullptr), BOTH(nextafter, nullptr),
      {"gamma", {rises_late<std::tgamma>, nullptr}}, {"gammaln", {rises_late<std::lgamma>, nullptr}},
      MONOTONE(sigmoid, sigmoid_of), {"gelu_tanh", {function<gelu_tanh_of, 12>, nullptr}},
      {"isnan", {test_of<is_nan>, test_of<is_nan>}},
      {"isinf", {test_of<is_inf>, test_of<is_inf>}},
      {"isfinite", {test_of<is_finite>, test_of<is_finite>}},
      {"isposinf", {test_of<is_posinf>, nullptr}}, {"isneginf", {test_of<is_neginf>, nullptr}},
      BOTH(positive, positive_of), BOTH(real, real_of), BOTH(imag, complex_imag), {"conjugate", {positive_of, conjugate_of}},
      BOTH(signbit, nullptr), BOTH(copysign, nullptr), BOTH(heaviside, nullptr),
      BOTH(logical_not, nullptr),
      BOTH(add, complex_add), BOTH(subtract, complex_subtract), BOTH(multiply, complex_multiply),
      BOTH(divide, complex_divide), BOTH(floor_divide, nullptr), BOTH(remainder, nullptr),
      BOTH(fmod, nullptr), BOTH(power, nullptr), BOTH(arctan2, nullptr), BOTH(hypot, nullptr),
      BOTH(maximum, nullptr), BOTH(minimum, nullptr), BOTH(fmax, nullptr), BOTH(fmin, nullptr),
      BOTH(equal, equal_of), BOTH(not_equal, not_equal_of), BOTH(less, nullptr),
      BOTH(less_equal, nullptr), BOTH(greater, nullptr), BOTH(greater_equal, nullptr),
      BOTH(logical_and, nullptr), BOTH(logical_or, nullptr), BOTH(logical_xor, nullptr),
      BOTH(clip, nullptr), BOTH(fma, nullptr),
  // clang-format on
#undef BOTH
#undef MONOTONE
#undef JUMPS
  };
  auto const found = all.find(name);
  return found == all.end() ? row_rules{} : found->second;
}

}  // namespace forms
