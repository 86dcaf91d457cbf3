// What the rows of the operation tables are in MPFR, and truth values in long double.
#pragma once

#include <mpfr.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace references_detail {

// Wide enough that its own rounding does not show in a thousandth of an ulp of double.
constexpr mpfr_prec_t reference_bits = 96;
constexpr mpfr_rnd_t nearest = MPFR_RNDN;

class real {
 public:
  real() { mpfr_init2(v_, reference_bits); }
  ~real() { mpfr_clear(v_); }
  real(real const&) = delete;
  operator mpfr_ptr() { return v_; }  // NOLINT

 private:
  mpfr_t v_;
};

/// A type's significant bits, and the exponents of its numbers 0.1...b 2^e.
struct format {
  int digits, least, most;
};
template <class T>
constexpr format format_of{std::numeric_limits<T>::digits, std::numeric_limits<T>::min_exponent,
                           std::numeric_limits<T>::max_exponent};

using reference = void (*)(mpfr_ptr out, real* a, format of);

inline void gelu_tanh_reference(mpfr_ptr out, real* a,
                                format) {  // a / (1 + exp(-2 u)), as the tanh form is
  real c, u;
  mpfr_const_pi(c, nearest);
  mpfr_ui_div(c, 8, c, nearest);
  mpfr_sqrt(c, c, nearest);  // 2 sqrt(2 / pi)
  mpfr_sqr(u, a[0], nearest);
  mpfr_mul(u, u, a[0], nearest);
  mpfr_set_str(out, "0.044715", 10, nearest);
  mpfr_mul(u, u, out, nearest);
  mpfr_add(u, u, a[0], nearest);
  mpfr_mul(u, u, c, nearest);
  mpfr_neg(u, u, nearest);
  mpfr_exp(u, u, nearest);
  mpfr_add_ui(u, u, 1, nearest);
  mpfr_ui_div(u, 1, u, nearest);
  mpfr_mul(out, a[0], u, nearest);
}
inline void sigmoid_reference(mpfr_ptr out, real* a, format) {
  mpfr_neg(out, a[0], nearest);
  mpfr_exp(out, out, nearest);
  mpfr_add_ui(out, out, 1, nearest);
  mpfr_ui_div(out, 1, out, nearest);
}
inline void sign_reference(mpfr_ptr out, real* a, format) {
  mpfr_set(out, a[0], nearest);
  if (!mpfr_nan_p(a[0])) mpfr_set_si(out, mpfr_sgn(static_cast<mpfr_ptr>(a[0])), nearest);
}
inline void heaviside_reference(mpfr_ptr out, real* a, format) {
  if (mpfr_nan_p(a[0]) || mpfr_zero_p(a[0]))
    mpfr_set(out, mpfr_nan_p(a[0]) ? a[0] : a[1], nearest);
  else
    mpfr_set_si(out, mpfr_signbit(a[0]) == 0, nearest);
}
inline void degrees(mpfr_ptr out, real* a, bool to_radians) {
  real c;
  mpfr_const_pi(c, nearest);
  mpfr_div_ui(c, c, 180, nearest);
  (to_radians ? mpfr_mul : mpfr_div)(out, a[0], c, nearest);
}
inline void floor_divide_reference(mpfr_ptr out, real* a, format) {
  real quotient;
  mpfr_set_prec(quotient, 2300);  // floor sees every bit of f64's longest quotient
  mpfr_div(quotient, a[0], a[1], MPFR_RNDD);
  if (mpfr_regular_p(quotient)) mpfr_floor(quotient, quotient);
  mpfr_set(out, quotient, nearest);
}
inline void remainder_reference(mpfr_ptr out, real* a, format) {
  mpfr_fmod(out, a[0], a[1], nearest);
  if (mpfr_nan_p(out)) return;
  if (mpfr_zero_p(out))
    mpfr_setsign(out, out, mpfr_signbit(a[1]), nearest);
  else if (mpfr_signbit(out) != mpfr_signbit(a[1]))
    mpfr_add(out, out, a[1], nearest);
}
// maximum and minimum: NaN wins, the second of equal zeros. fmax and fmin: NaN loses, the first.
inline void extreme(mpfr_ptr out, real& a, real& b, bool max, bool nan_wins) {
  bool const a_nan = mpfr_nan_p(a) != 0, b_nan = mpfr_nan_p(b) != 0;
  bool take_a = max ? mpfr_greater_p(a, b) : mpfr_less_p(a, b);
  if (mpfr_equal_p(a, b)) take_a = !nan_wins;
  if (a_nan || b_nan) take_a = nan_wins == a_nan;
  mpfr_set(out, take_a ? static_cast<mpfr_ptr>(a) : static_cast<mpfr_ptr>(b), nearest);
}

/// y with erf(y) = x: Newton's in long double, then a step of it in MPFR, which squares the error.
inline void erfinv_reference(mpfr_ptr out, real* a, format) {
  if (!mpfr_number_p(a[0]) || mpfr_cmpabs_ui(a[0], 1) >= 0) {
    mpfr_set_nan(out);
    if (mpfr_number_p(a[0]) && mpfr_cmpabs_ui(a[0], 1) == 0)
      mpfr_set_inf(out, mpfr_signbit(a[0]) ? -1 : 1);
    return;
  }
  long double const x = std::fabs(mpfr_get_ld(a[0], nearest)), root_pi = std::sqrt(std::acos(-1.L));
  long double y = x < 0.9L ? x : std::sqrt(-std::log(1 - x));  // and then from the side of small y
  for (int k = 0; k < 60; ++k) {
    long double const residual = x < 0.5L ? std::erf(y) - x : (1 - x) - std::erfc(y);
    long double const step = residual * root_pi / 2 * std::exp(y * y);
    y -= std::fabs(step) > 0.3L ? std::copysign(0.3L, step) : step;
    if (std::fabs(step) < 1e-18L * y) break;
  }
  real residual, slope;
  for (mpfr_ptr v : {static_cast<mpfr_ptr>(residual), static_cast<mpfr_ptr>(slope)})
    mpfr_set_prec(v, 256);
  mpfr_set_ld(out, mpfr_signbit(a[0]) ? -y : y, nearest);
  mpfr_erf(residual, out, nearest);
  mpfr_sub(residual, residual, a[0], nearest);
  mpfr_sqr(slope, out, nearest);
  mpfr_exp(slope, slope, nearest);
  mpfr_mul(residual, residual, slope, nearest);
  mpfr_const_pi(slope, nearest);
  mpfr_sqrt(slope, slope, nearest);
  mpfr_div_ui(slope, slope, 2, nearest);
  mpfr_mul(residual, residual, slope, nearest);
  mpfr_sub(out, out, residual, nearest);
}
inline void ndtr_reference(mpfr_ptr out, real* a, format) {
  real z;
  mpfr_sqrt_ui(z, 2, nearest);
  mpfr_div(z, a[0], z, nearest);
  mpfr_neg(z, z, nearest);
  mpfr_erfc(out, z, nearest);
  mpfr_div_ui(out, out, 2, nearest);
}
/// The sum of (x / 2)^(2 k) / k!^2, whose terms are all positive.
inline void i0_reference(mpfr_ptr out, real* a, format) {
  if (mpfr_nan_p(a[0]) || mpfr_cmpabs_ui(a[0], 1000) > 0) {
    mpfr_abs(out, a[0], nearest);
    if (!mpfr_nan_p(a[0])) mpfr_set_inf(out, 1);
    return;
  }
  real term, quarter;
  mpfr_sqr(quarter, a[0], nearest);
  mpfr_div_ui(quarter, quarter, 4, nearest);
  mpfr_set_ui(term, 1, nearest);
  mpfr_set_ui(out, 1, nearest);
  for (unsigned long k = 1; !mpfr_zero_p(term); ++k) {
    mpfr_mul(term, term, quarter, nearest);
    mpfr_div_ui(term, term, k * k, nearest);
    mpfr_add(out, out, term, nearest);
    if (!mpfr_zero_p(term) && mpfr_get_exp(term) < mpfr_get_exp(out) - reference_bits) break;
  }
}
inline void nextafter_reference(mpfr_ptr out, real* a, format of) {
  if (mpfr_nan_p(a[0]) || mpfr_nan_p(a[1]) || mpfr_equal_p(a[0], a[1])) {
    mpfr_set(out, mpfr_nan_p(a[0]) ? a[0] : a[1], nearest);
    return;
  }
  bool const up = mpfr_less_p(a[0], a[1]);
  real step;
  if (mpfr_inf_p(a[0])) {  // to the greatest number
    mpfr_set_si_2exp(out, up ? -1 : 1, of.most, nearest);
    mpfr_set_si_2exp(step, up ? 1 : -1, of.most - of.digits, nearest);
  } else {
    mpfr_exp_t exponent = mpfr_zero_p(a[0]) ? of.least : mpfr_get_exp(a[0]);
    bool const nearer_zero = !mpfr_zero_p(a[0]) && up == (mpfr_signbit(a[0]) != 0);
    if (nearer_zero && mpfr_min_prec(a[0]) == 1) --exponent;  // below a power of 2 they are closer
    exponent = std::max<mpfr_exp_t>(exponent, of.least);
    mpfr_set_si_2exp(step, up ? 1 : -1, exponent - of.digits, nearest);
    mpfr_set(out, a[0], nearest);
  }
  mpfr_add(out, out, step, nearest);
  if (mpfr_zero_p(out)) mpfr_setsign(out, out, mpfr_signbit(a[0]), nearest);
  if (!mpfr_zero_p(out) && mpfr_get_exp(out) > of.most)
    mpfr_set_inf(out, mpfr_signbit(out) ? -1 : 1);
}
inline void spacing_reference(mpfr_ptr out, real* a, format of) {
  real both[2];
  mpfr_set(both[0], a[0], nearest);
  mpfr_set_inf(both[1], mpfr_zero_p(a[0]) || !mpfr_signbit(a[0]) ? 1 : -1);
  nextafter_reference(out, both, of);
  mpfr_sub(out, out, a[0], nearest);
}

inline std::map<std::string, reference> const& references() {
#define MPFR1(name, function)                                                   \
  {                                                                             \
#name, [](mpfr_ptr out, real * a, format) { function(out, a[0], nearest); } \
  }
#define MPFR2(name, function)                                                         \
  {                                                                                   \
#name, [](mpfr_ptr out, real * a, format) { function(out, a[0], a[1], nearest); } \
  }
#define OTHER(name, ...)                                                        \
  {                                                                             \
#name, [](mpfr_ptr out, [[maybe_unused]] real * a, format) { __VA_ARGS__; } \
  }
#define ROUNDS(name, function)                                         \
  {                                                                    \
#name, [](mpfr_ptr out, real * a, format) { function(out, a[0]); } \
  }
  // clang-format off
  static std::map<std::string, reference> const all = {
      MPFR1(absolute, mpfr_abs), MPFR1(negative, mpfr_neg), MPFR1(square, mpfr_sqr),
      MPFR1(sqrt, mpfr_sqrt), MPFR1(cbrt, mpfr_cbrt), MPFR1(exp, mpfr_exp), MPFR1(exp2, mpfr_exp2),
      MPFR1(expm1, mpfr_expm1), MPFR1(log, mpfr_log), MPFR1(log2, mpfr_log2),
      MPFR1(log10, mpfr_log10), MPFR1(log1p, mpfr_log1p), MPFR1(sin, mpfr_sin),
      MPFR1(cos, mpfr_cos),
      MPFR1(tan, mpfr_tan), MPFR1(arcsin, mpfr_asin), MPFR1(arccos, mpfr_acos),
      MPFR1(arctan, mpfr_atan), MPFR1(sinh, mpfr_sinh), MPFR1(cosh, mpfr_cosh),
      MPFR1(tanh, mpfr_tanh), MPFR1(arcsinh, mpfr_asinh), MPFR1(arccosh, mpfr_acosh),
      MPFR1(arctanh, mpfr_atanh), MPFR1(erf, mpfr_erf), MPFR1(erfc, mpfr_erfc),
      MPFR1(rint, mpfr_rint), ROUNDS(floor, mpfr_floor), ROUNDS(ceil, mpfr_ceil),
      ROUNDS(trunc, mpfr_trunc), {"gelu_tanh", gelu_tanh_reference},
      {"erfinv", erfinv_reference}, {"ndtr", ndtr_reference}, {"i0", i0_reference},
      {"nextafter", nextafter_reference}, {"spacing", spacing_reference},
      {"floor_divide", floor_divide_reference}, {"remainder", remainder_reference},
      OTHER(reciprocal, mpfr_ui_div(out, 1, a[0], nearest)), OTHER(deg2rad, degrees(out, a, true)),
      OTHER(rad2deg, degrees(out, a, false)),
      MPFR1(gamma, mpfr_gamma), OTHER(gammaln, int sign; mpfr_lgamma(out, &sign, a[0], nearest)),
      {"sign", sign_reference}, {"heaviside", heaviside_reference},
      MPFR1(real, mpfr_set), OTHER(imag, mpfr_set_zero(out, 1)), MPFR1(positive, mpfr_set), MPFR1(conjugate, mpfr_set), MPFR2(copysign, mpfr_copysign),
      {"sigmoid", sigmoid_reference},
      OTHER(relu, real zero; mpfr_set_zero(zero, 1); extreme(out, a[0], zero, true, true)),
      MPFR2(add, mpfr_add), MPFR2(subtract, mpfr_sub), MPFR2(multiply, mpfr_mul),
      MPFR2(divide, mpfr_div), MPFR2(fmod, mpfr_fmod), MPFR2(power, mpfr_pow),
      MPFR2(arctan2, mpfr_atan2), MPFR2(hypot, mpfr_hypot),
      OTHER(maximum, extreme(out, a[0], a[1], true, true)),
      OTHER(minimum, extreme(out, a[0], a[1], false, true)),
      OTHER(fmax, extreme(out, a[0], a[1], true, false)),
      OTHER(fmin, extreme(out, a[0], a[1], false, false)),
      OTHER(clip, real low; extreme(low, a[0], a[1], true, true);
            extreme(out, low, a[2], false, true)),
      OTHER(fma, mpfr_fma(out, a[0], a[1], a[2], nearest)),
  };
  // clang-format on
#undef MPFR1
#undef MPFR2
#undef OTHER
#undef ROUNDS
  return all;
}

using truth = bool (*)(long double a, long double b);
inline std::map<std::string, truth> const& truths() {
#define TRUTH(name, ...)                                                                     \
  {                                                                                          \
#name, [](long double a, [[maybe_unused]] long double b) -> bool { return __VA_ARGS__; } \
  }
  // clang-format off
  static std::map<std::string, truth> const all = {
      TRUTH(isposinf, a == INFINITY), TRUTH(isneginf, a == -INFINITY),
      TRUTH(signbit, std::signbit(a)), TRUTH(isnan, std::isnan(a)), TRUTH(isinf, std::isinf(a)), TRUTH(isfinite, std::isfinite(a)),
      TRUTH(logical_not, a == 0), TRUTH(equal, a == b), TRUTH(not_equal, !(a == b)),
      TRUTH(less, a < b), TRUTH(less_equal, a <= b), TRUTH(greater, a > b),
      TRUTH(greater_equal, a >= b), TRUTH(logical_and, a != 0 && b != 0),
      TRUTH(logical_or, a != 0 || b != 0), TRUTH(logical_xor, (a != 0) != (b != 0)),
  };
  // clang-format on
#undef TRUTH
  return all;
}

}  // namespace references_detail
