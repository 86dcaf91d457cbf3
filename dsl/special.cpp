#include <dsl/special.hpp>

#include <cmath>
#include <limits>

namespace sloth::inline SLOTH_ABI {
namespace special {

namespace {

constexpr double root_half = 0.70710678118654752440;

/// c[0] + c[1] x + c[2] x^2 + ...
template <int N>
double polynomial(double const (&c)[N], double x) {
  double sum = c[N - 1];
  for (int k = N - 2; k >= 0; --k) sum = sum * x + c[k];
  return sum;
}

/// Of 0 <= a < 1, to about 1e-16 of its value: M. J. Wichura's AS 241 (PPND16), Applied Statistics 37
/// (1988), the quantile of p = (1 + a) / 2 divided by sqrt(2).
double wichura(double a) {
  constexpr double near_top[] = {3.3871328727963666080,    1.3314166789178437745e+2,
                                 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                 3.3430575583588128105e+4, 2.5090809287301226727e+3},
                   near_bottom[] = {1,
                                    4.2313330701600911252e+1,
                                    6.8718700749205790830e+2,
                                    5.3941960214247511077e+3,
                                    2.1213794301586595867e+4,
                                    3.9307895800092710610e+4,
                                    2.8729085735721942674e+4,
                                    5.2264952788528545610e+3};
  constexpr double middle_top[] = {1.42343711074968357734,    4.63033784615654529590,
                                   5.76949722146069140550,    3.64784832476320460504,
                                   1.27045825245236838258,    2.41780725177450611770e-1,
                                   2.27238449892691845833e-2, 7.74545014278341407640e-4},
                   middle_bottom[] = {1,
                                      2.05319162663775882187,
                                      1.67638483018380384940,
                                      6.89767334985100004550e-1,
                                      1.48103976427480074590e-1,
                                      1.51986665636164571966e-2,
                                      5.47593808499534494600e-4,
                                      1.05075007164441684324e-9};
  constexpr double far_top[] = {6.65790464350110377720,    5.46378491116411436990,
                                1.78482653991729133580,    2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7},
                   far_bottom[] = {1,
                                   5.99832206555887937690e-1,
                                   1.36929880922735805310e-1,
                                   1.48753612908506148525e-2,
                                   7.86869131145613259100e-4,
                                   1.84631831751005468180e-5,
                                   1.42151175831644588870e-7,
                                   2.04426310338993978564e-15};
  double const q = 0.5 * a;
  if (q <= 0.425) {
    double const r = 0.180625 - q * q;
    return a * (0.5 * root_half * polynomial(near_top, r) / polynomial(near_bottom, r));
  }
  double const r = std::sqrt(-std::log(0.5 * (1 - a)));
  if (r <= 5)
    return root_half * polynomial(middle_top, r - 1.6) / polynomial(middle_bottom, r - 1.6);
  return root_half * polynomial(far_top, r - 5) / polynomial(far_bottom, r - 5);
}

/// Where |x| is not below 1.
double erfinv_outside(double x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return std::fabs(x) == 1 ? std::copysign(infinity, x) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double erfinv(double x) {
  double const a = std::fabs(x);
  if (!(a < 1)) return erfinv_outside(x);
  double const y = wichura(a);
  // One step of Newton's: the residual from whichever of erf and erfc does not cancel.
  double const residual = a < 0.5 ? std::erf(y) - a : (1 - a) - std::erfc(y);
  constexpr double half_root_pi = 0.88622692545275801365;
  return std::copysign(y - residual * half_root_pi * std::exp(y * y), x);
}
float erfinv(float x) {
  double const a = std::fabs(x);
  return static_cast<float>(a < 1 ? std::copysign(wichura(a), x) : erfinv_outside(x));
}

// P. Holoborodko's rational approximations, "for the modified Bessel function of the first kind -
// I0(x) for computations with double precision" (2015), as Boost.Math 1.74 has their coefficients.
double i0(double x) {
  double const a = std::fabs(x);
  if (a < 7.75) {
    constexpr double c[] = {1,
                            2.49999999999999909e-01,
                            2.77777777777782257e-02,
                            1.73611111111023792e-03,
                            6.94444444453352521e-05,
                            1.92901234513219920e-06,
                            3.93675991102510739e-08,
                            6.15118672704439289e-10,
                            7.59407002058973446e-12,
                            7.59389793369836367e-14,
                            6.27767773636292611e-16,
                            4.34709704153272287e-18,
                            2.63417742690109154e-20,
                            1.13943037744822825e-22,
                            9.07926920085624812e-25};
    double const quarter = a * a / 4;
    return quarter * polynomial(c, quarter) + 1;
  }
  if (a < 500) {
    constexpr double c[] = {
        3.98942280401425088e-01,  4.98677850604961985e-02,  2.80506233928312623e-02,
        2.92211225166047873e-02,  4.44207299493659561e-02,  1.30970574605856719e-01,
        -3.35052280231727022e+00, 2.33025711583514727e+02,  -1.13366350697172355e+04,
        4.24057674317867331e+05,  -1.23157028595698731e+07, 2.80231938155267516e+08,
        -5.01883999713777929e+09, 7.08029243015109113e+10,  -7.84261082124811106e+11,
        6.76825737854096565e+12,  -4.49034849696138065e+13, 2.24155239966958995e+14,
        -8.13426467865659318e+14, 2.02391097391687777e+15,  -3.08675715295370878e+15,
        2.17587543863819074e+15};
    return std::exp(a) * polynomial(c, 1 / a) / std::sqrt(a);
  }
  if (!(a < 720)) return a * std::numeric_limits<double>::infinity();  // NaN too
  constexpr double c[] = {3.98942280401432905e-01, 4.98677850491434560e-02, 2.80506308916506102e-02,
                          2.92179096853915176e-02, 4.53371208762579442e-02};
  double const root = std::exp(a / 2);  // exp(a) overflows before the result does
  return root * polynomial(c, 1 / a) / std::sqrt(a) * root;
}
float i0(float x) { return static_cast<float>(i0(static_cast<double>(x))); }

// erfc(-x / sqrt(2)) / 2. erfc multiplies a relative error of its argument z by up to 2 z^2, so what
// rounding left out of z is made good by the derivative.
double ndtr(double x) {
  if (!(std::fabs(x) < 40)) return x < 0 ? 0 : x > 0 ? 1 : x;
  constexpr double root_half_rest = -4.8336466567264565e-17,
                   two_over_root_pi = 1.12837916709551257390;
  double const z = -x * root_half;
  double const rest = std::fma(-x, root_half, -z) - x * root_half_rest;
  return 0.5 * (std::erfc(z) - two_over_root_pi * std::exp(-z * z) * rest);
}
float ndtr(float x) {
  return static_cast<float>(0.5 * std::erfc(-root_half * static_cast<double>(x)));
}

}  // namespace special
}  // namespace sloth::inline SLOTH_ABI
