// The Eigen column: operations that Eigen 3.4 vectorises, written independently of the rows' scalar
// values. An operation without a line here runs its scalar value in a loop; a test lists those.
#pragma once

#define EIGEN_NO_CUDA
#include <dsl/operations.hpp>

#include <Eigen/Core>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Eigen's expression for Op over array expressions of T, where there is one.
template <class Op, class T>
struct eigen_column {
  static constexpr bool exists = false;
};

#define SLOTH_EIGEN_LINE(name, condition, parameters, ...) \
  template <class T>                                       \
  requires condition<T>                                    \
  struct eigen_column<op::name, T> {                       \
    static constexpr bool exists = true;                   \
    static auto of parameters { return __VA_ARGS__; }      \
  };
#define SLOTH_EIGEN_UNARY(name, condition, ...) \
  SLOTH_EIGEN_LINE(name, condition, (auto const& a), __VA_ARGS__)
#define SLOTH_EIGEN_BINARY(name, condition, ...) \
  SLOTH_EIGEN_LINE(name, condition, (auto const& a, auto const& b), __VA_ARGS__)

template <class T>
concept f32_or_f64 = std::is_same_v<T, float> || std::is_same_v<T, double>;
template <class T>
concept only_f32 = std::is_same_v<T, float>;

/// Eigen's own vectorised f32 sqrt goes through an approximate reciprocal root; + - * / sqrt are
/// correctly rounded here.
template <class Packet>
Packet packet_sqrt(Packet const& a) {
  return Eigen::internal::psqrt(a);
}
#if defined(__SSE__)
inline __m128 packet_sqrt(__m128 a) { return _mm_sqrt_ps(a); }
#endif
#if defined(__AVX__)
inline __m256 packet_sqrt(__m256 a) { return _mm256_sqrt_ps(a); }
#endif
#if defined(__AVX512F__)
inline __m512 packet_sqrt(__m512 a) { return _mm512_sqrt_ps(a); }
inline __m512d packet_sqrt(__m512d a) { return _mm512_sqrt_pd(a); }
#endif
template <class T>
struct rounded_sqrt {
  T operator()(T a) const { return std::sqrt(a); }
  template <class Packet>
  Packet packetOp(Packet const& a) const {
    return packet_sqrt(a);
  }
};

// --- vectorised functions -------------------------------------------------------------------------
// On Eigen's packets, where Eigen 3.4's own function misses the row's bound or a special value: its
// exp stops at 3e-39 instead of 0, its log takes subnormals for the least normal, its logistic is
// thousands of ulp off around -9, its tanh more than 4. Coefficients: Cephes 2.8 (S. Moshier).

template <class Packet>
using lane = typename Eigen::internal::unpacket_traits<Packet>::type;
template <class Packet>
Packet all_lanes(double value) {
  return Eigen::internal::pset1<Packet>(static_cast<lane<Packet>>(value));
}
template <class Packet>
inline constexpr bool of_floats = std::is_same_v<lane<Packet>, float>;
/// Bits that carry +0 and -0 through: the sign of `a`.
template <class Packet>
Packet sign_bit(Packet const& a) {
  return Eigen::internal::pxor(a, Eigen::internal::pabs(a));
}

/// x = exponent * ln 2 + r with |r| <= ln 2 / 2, and exp(r) - 1. x is clamped to where exp(x) is 0
/// or infinite; NaN is lost.
template <class Packet>
struct reduced_exp {
  Packet exponent, expm1_r;

  explicit reduced_exp(Packet const& x) {
    using namespace Eigen::internal;
    constexpr bool f32 = of_floats<Packet>;
    Packet const clamped =
        pmax(pmin(x, all_lanes<Packet>(f32 ? 89 : 710)), all_lanes<Packet>(f32 ? -104 : -746));
    exponent =
        pfloor(pmadd(clamped, all_lanes<Packet>(1.44269504088896340736), all_lanes<Packet>(0.5)));
    // ln 2 in two parts, the first so short that its product is exact
    Packet r =
        pmadd(exponent, all_lanes<Packet>(f32 ? -0.693359375 : -6.93145751953125e-1), clamped);
    r = pmadd(exponent, all_lanes<Packet>(f32 ? 2.12194440e-4 : -1.42860682030941723212e-6), r);
    Packet const r2 = pmul(r, r);
    if constexpr (f32) {
      Packet p = all_lanes<Packet>(1.9875691500e-4);
      for (double c :
           {1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1})
        p = pmadd(p, r, all_lanes<Packet>(c));
      expm1_r = pmadd(p, r2, r);
    } else {
      // exp(r) = 1 + 2 r P / (Q - r P) in r^2; r is split off so that only a part of r^2 / 2 is
      // divided, and the leading terms of 2 P - Q, which are equal, drop out
      constexpr double p0 = 1.26177193074810590878e-4, p1 = 3.02994407707441961300e-2;
      constexpr double q0 = 3.00198505138664455042e-6, q1 = 2.52448340349684104192e-3;
      constexpr double q2 = 2.27265548208155028766e-1;
      Packet const one = all_lanes<Packet>(1);
      Packet const p =
          pmul(r, pmadd(pmadd(all_lanes<Packet>(p0), r2, all_lanes<Packet>(p1)), r2, one));
      Packet q = pmadd(all_lanes<Packet>(q0), r2, all_lanes<Packet>(q1));
      q = pmadd(pmadd(q, r2, all_lanes<Packet>(q2)), r2, all_lanes<Packet>(2));
      Packet d = pmadd(all_lanes<Packet>(-q0), r2, all_lanes<Packet>(2 * p0 - q1));
      d = pmadd(pmadd(d, r2, all_lanes<Packet>(2 * p1 - q2)), r2, p);
      expm1_r = pmadd(r, pdiv(d, psub(q, p)), r);
    }
  }
};

/// a 2^n for whole n in [-150, 129], rounded once: the first factor leaves a normal number.
template <class Packet>
Packet times_power_of_2(Packet const& a, Packet const& n) {
  return Eigen::internal::pldexp(a, n);
}
#if defined(__AVX2__)
inline __m256 times_power_of_2(__m256 a, __m256 n) {  // Eigen's takes four factors
  __m256i const all = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(all, 1);
  auto const power = [](__m256i e) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(e, _mm256_set1_epi32(127)), 23));
  };
  return _mm256_mul_ps(_mm256_mul_ps(a, power(half)), power(_mm256_sub_epi32(all, half)));
}
#endif

struct packet_exp {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    reduced_exp<Packet> const e(x);
    Packet const result = times_power_of_2(padd(e.expm1_r, all_lanes<Packet>(1)), e.exponent);
    return pselect(pcmp_eq(x, x), result, x);
  }
};

/// 2^n (exp(r) - 1) + (2^n - 1), halved on the way since 2^n may overflow before the result does.
struct packet_expm1 {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    reduced_exp<Packet> const e(x);
    Packet const half = all_lanes<Packet>(0.5), scale = pldexp(half, e.exponent);
    Packet const halved = pmadd(scale, e.expm1_r, psub(scale, half));
    Packet const tiny = pcmp_lt(pabs(x), all_lanes<Packet>(of_floats<Packet> ? 0x1p-30 : 0x1p-60));
    return pselect(pcmp_eq(x, x), pselect(tiny, x, padd(halved, halved)), x);
  }
};

/// Eigen's log after subnormals are scaled up by 2^k.
template <bool Base2>
struct packet_log_of_all {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    using T = lane<Packet>;
    constexpr double k = of_floats<Packet> ? 24 : 54;
    Packet const small = pcmp_lt(x, all_lanes<Packet>(std::numeric_limits<T>::min()));
    Packet const scaled =
        pselect(small, pmul(x, all_lanes<Packet>(of_floats<Packet> ? 0x1p24 : 0x1p54)), x);
    Packet const shift = pand(small, all_lanes<Packet>(Base2 ? k : k * 0.693147180559945309417));
    if constexpr (Base2)
      return psub(plog2(scaled), shift);
    else
      return psub(plog(scaled), shift);
  }
};
using packet_log = packet_log_of_all<false>;
using packet_log2 = packet_log_of_all<true>;

/// W. Kahan's log(u) x / (u - 1) with u = 1 + x: the rounding of u cancels.
struct packet_log1p {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    Packet const one = all_lanes<Packet>(1), u = padd(one, x), log_u = packet_log::of(u);
    Packet const as_it_is = por(pcmp_eq(u, one), pcmp_eq(u, log_u));  // tiny; infinite
    return pselect(as_it_is, x, pmul(x, pdiv(log_u, psub(u, one))));
  }
};

/// tanh |x| = t / (t + 2) with t = exp(2 |x|) - 1.
struct packet_tanh {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    Packet const a = pmin(pabs(x), all_lanes<Packet>(of_floats<Packet> ? 10 : 20));
    Packet const t = packet_expm1::of(padd(a, a));
    Packet const size = pdiv(t, padd(t, all_lanes<Packet>(2)));
    return pselect(pcmp_eq(x, x), por(size, sign_bit(x)), x);
  }
};

struct packet_sigmoid {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    Packet const one = all_lanes<Packet>(1), e = packet_exp::of(pnegate(pabs(x)));
    return pdiv(pselect(pcmp_lt(x, pzero(x)), e, one), padd(one, e));
  }
};

struct packet_gelu_tanh {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    Packet const cubic = pmul(pmul(pmul(all_lanes<Packet>(0.044715), x), x), x);
    Packet const twice = pmul(all_lanes<Packet>(2 * 0.79788456080286535588), padd(x, cubic));
    return pmul(x, packet_sigmoid::of(twice));
  }
};

struct packet_sin {
  template <class Packet>
  static Packet of(Packet const& x) {
    return Eigen::internal::psin(x);
  }
};
struct packet_cos {
  template <class Packet>
  static Packet of(Packet const& x) {
    return Eigen::internal::pcos(x);
  }
};
/// Eigen's pnegate is 0 - x, which turns 0 into 0.
struct packet_negative {
  template <class Packet>
  static Packet of(Packet const& x) {
    return Eigen::internal::pxor(x, all_lanes<Packet>(-0.));
  }
};
struct packet_trunc {
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    return pselect(pcmp_lt(x, pzero(x)), pceil(x), pfloor(x));
  }
};

struct packet_relu {  // NaN is not at most 0, and -0 is
  template <class Packet>
  static Packet of(Packet const& x) {
    using namespace Eigen::internal;
    return pandnot(x, pcmp_le(x, pzero(x)));
  }
};

/// F on packets, and on a packet of equal lanes where one element is asked for (the end of a chunk):
/// an element's value does not depend on its position. Few elements are at an end, and not inlining
/// them halves what an expression costs the compiler.
template <class T, class F>
struct packetwise {
  [[gnu::noinline]] T operator()(T a) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    return Eigen::internal::pfirst(F::of(Eigen::internal::pset1<Packet>(a)));
  }
  template <class Packet>
  Packet packetOp(Packet const& a) const {
    return F::of(a);
  }
};

/// NaN of either operand, of equal zeros the second.
template <class T, bool Max>
struct propagating {
  T operator()(T a, T b) const {
    using Packet = typename Eigen::internal::packet_traits<T>::type;
    using Eigen::internal::pset1, Eigen::internal::pfirst;
    return pfirst(packetOp(pset1<Packet>(a), pset1<Packet>(b)));
  }
  template <class Packet>
  Packet packetOp(Packet const& a, Packet const& b) const {
    if constexpr (Max)
      return Eigen::internal::pmax<Eigen::PropagateNaN>(a, b);
    else
      return Eigen::internal::pmin<Eigen::PropagateNaN>(a, b);
  }
};

SLOTH_EIGEN_UNARY(absolute, f32_or_f64, a.abs())
SLOTH_EIGEN_UNARY(negative, f32_or_f64, a.unaryExpr(packetwise<T, packet_negative>()))
SLOTH_EIGEN_UNARY(square, f32_or_f64, a.square())
SLOTH_EIGEN_UNARY(reciprocal, f32_or_f64, a.inverse())
SLOTH_EIGEN_UNARY(floor, f32_or_f64, a.floor())
SLOTH_EIGEN_UNARY(ceil, f32_or_f64, a.ceil())
SLOTH_EIGEN_UNARY(trunc, f32_or_f64, a.unaryExpr(packetwise<T, packet_trunc>()))
SLOTH_EIGEN_UNARY(rint, f32_or_f64, a.rint())
SLOTH_EIGEN_UNARY(sqrt, f32_or_f64, a.unaryExpr(rounded_sqrt<T>()))
SLOTH_EIGEN_UNARY(exp, f32_or_f64, a.unaryExpr(packetwise<T, packet_exp>()))
SLOTH_EIGEN_UNARY(expm1, f32_or_f64, a.unaryExpr(packetwise<T, packet_expm1>()))
SLOTH_EIGEN_UNARY(log, f32_or_f64, a.unaryExpr(packetwise<T, packet_log>()))
SLOTH_EIGEN_UNARY(log2, f32_or_f64, a.unaryExpr(packetwise<T, packet_log2>()))
SLOTH_EIGEN_UNARY(log1p, f32_or_f64, a.unaryExpr(packetwise<T, packet_log1p>()))
SLOTH_EIGEN_UNARY(sin, only_f32, a.unaryExpr(packetwise<T, packet_sin>()))
SLOTH_EIGEN_UNARY(cos, only_f32, a.unaryExpr(packetwise<T, packet_cos>()))
SLOTH_EIGEN_UNARY(tanh, f32_or_f64, a.unaryExpr(packetwise<T, packet_tanh>()))
SLOTH_EIGEN_UNARY(sigmoid, f32_or_f64, a.unaryExpr(packetwise<T, packet_sigmoid>()))
SLOTH_EIGEN_UNARY(gelu_tanh, f32_or_f64, a.unaryExpr(packetwise<T, packet_gelu_tanh>()))
SLOTH_EIGEN_UNARY(relu, f32_or_f64, a.unaryExpr(packetwise<T, packet_relu>()))
SLOTH_EIGEN_BINARY(add, f32_or_f64, a + b)
SLOTH_EIGEN_BINARY(subtract, f32_or_f64, a - b)
SLOTH_EIGEN_BINARY(multiply, f32_or_f64, a* b)
SLOTH_EIGEN_BINARY(divide, f32_or_f64, a / b)
SLOTH_EIGEN_BINARY(maximum, f32_or_f64, a.binaryExpr(b, propagating<T, true>()))
SLOTH_EIGEN_BINARY(minimum, f32_or_f64, a.binaryExpr(b, propagating<T, false>()))

#undef SLOTH_EIGEN_LINE
#undef SLOTH_EIGEN_UNARY
#undef SLOTH_EIGEN_BINARY

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI

template <class T>
struct Eigen::internal::functor_traits<sloth::host_engine::rounded_sqrt<T>> {
  enum { Cost = 6 * NumTraits<T>::MulCost, PacketAccess = packet_traits<T>::HasSqrt };
};

template <class T, class F>
struct Eigen::internal::functor_traits<sloth::host_engine::packetwise<T, F>> {
  enum { Cost = 20 * NumTraits<T>::MulCost, PacketAccess = packet_traits<T>::Vectorizable };
};
template <class T, bool Max>
struct Eigen::internal::functor_traits<sloth::host_engine::propagating<T, Max>> {
  enum { Cost = 3 * NumTraits<T>::AddCost, PacketAccess = packet_traits<T>::HasMax };
};
