// The Eigen column: operations that Eigen 3.4 vectorises, written independently of the rows' scalar
// values. An operation without a line here runs its scalar value in a loop; a test lists those.
#pragma once

#define EIGEN_NO_CUDA
#include <dsl/operations.hpp>

#include <Eigen/Core>

namespace sloth::inline SLOTH_ABI {
namespace host {

/// Eigen's expression for Op over array expressions of T, where there is one.
template <class Op, class T>
struct eigen_column {
  static constexpr bool exists = false;
};

#define SLOTH_EIGEN_LINE(name, condition, parameters, ...)        \
  template <class T>                                              \
    requires condition<T>                                         \
  struct eigen_column<op::name, T> {                              \
    static constexpr bool exists = true;                          \
    static auto of parameters { return __VA_ARGS__; }             \
  };
#define SLOTH_EIGEN_UNARY(name, condition, ...) \
  SLOTH_EIGEN_LINE(name, condition, (auto const& a), __VA_ARGS__)
#define SLOTH_EIGEN_BINARY(name, condition, ...) \
  SLOTH_EIGEN_LINE(name, condition, (auto const& a, auto const& b), __VA_ARGS__)

template <class T>
concept f32_or_f64 = std::is_same_v<T, float> || std::is_same_v<T, double>;
template <class T>
concept only_f32 = std::is_same_v<T, float>;

template <class T>
using propagating_max = Eigen::internal::scalar_max_op<T, T, Eigen::PropagateNaN>;
template <class T>
using propagating_min = Eigen::internal::scalar_min_op<T, T, Eigen::PropagateNaN>;

/// Eigen's own vectorised f32 sqrt goes through an approximate reciprocal root; + - * / sqrt are
/// correctly rounded here.
template <class T>
struct rounded_sqrt {
  T operator()(T a) const { return std::sqrt(a); }
  template <class Packet>
  Packet packetOp(Packet const& a) const {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Packet, Eigen::internal::Packet16f>) return _mm512_sqrt_ps(a);
    if constexpr (std::is_same_v<Packet, Eigen::internal::Packet8d>) return _mm512_sqrt_pd(a);
#endif
#if defined(__AVX__)
    if constexpr (std::is_same_v<Packet, Eigen::internal::Packet8f>) return _mm256_sqrt_ps(a);
#endif
#if defined(__SSE__)
    if constexpr (std::is_same_v<Packet, Eigen::internal::Packet4f>) return _mm_sqrt_ps(a);
#endif
    return Eigen::internal::psqrt(a);
  }
};

/// a (x) b with `functor`, whatever expression types they are.
template <class F>
auto eigen_binary(auto const& a, auto const& b, F functor) {
  return a.binaryExpr(b, functor);
}

SLOTH_EIGEN_UNARY(absolute, f32_or_f64, a.abs())
SLOTH_EIGEN_UNARY(negative, f32_or_f64, -a)
SLOTH_EIGEN_UNARY(square, f32_or_f64, a.square())
SLOTH_EIGEN_UNARY(reciprocal, f32_or_f64, a.inverse())
SLOTH_EIGEN_UNARY(floor, f32_or_f64, a.floor())
SLOTH_EIGEN_UNARY(ceil, f32_or_f64, a.ceil())
SLOTH_EIGEN_UNARY(rint, f32_or_f64, a.rint())
SLOTH_EIGEN_UNARY(sqrt, f32_or_f64, a.unaryExpr(rounded_sqrt<T>()))
SLOTH_EIGEN_UNARY(exp, f32_or_f64, a.exp())
SLOTH_EIGEN_UNARY(log, f32_or_f64, a.log())
SLOTH_EIGEN_UNARY(log2, f32_or_f64, a.log2())
SLOTH_EIGEN_UNARY(sin, only_f32, a.sin())
SLOTH_EIGEN_UNARY(cos, only_f32, a.cos())
SLOTH_EIGEN_UNARY(tanh, only_f32, a.tanh())
SLOTH_EIGEN_UNARY(sigmoid, f32_or_f64, a.logistic())
SLOTH_EIGEN_UNARY(relu, f32_or_f64, eigen_binary(a, a.Constant(a.size(), T(0)), propagating_max<T>()))
SLOTH_EIGEN_BINARY(add, f32_or_f64, a + b)
SLOTH_EIGEN_BINARY(subtract, f32_or_f64, a - b)
SLOTH_EIGEN_BINARY(multiply, f32_or_f64, a * b)
SLOTH_EIGEN_BINARY(divide, f32_or_f64, a / b)
SLOTH_EIGEN_BINARY(maximum, f32_or_f64, eigen_binary(a, b, propagating_max<T>()))
SLOTH_EIGEN_BINARY(minimum, f32_or_f64, eigen_binary(a, b, propagating_min<T>()))

#undef SLOTH_EIGEN_LINE
#undef SLOTH_EIGEN_UNARY
#undef SLOTH_EIGEN_BINARY

}  // namespace host
}  // namespace sloth::inline SLOTH_ABI

template <class T>
struct Eigen::internal::functor_traits<sloth::host::rounded_sqrt<T>> {
  enum {
    Cost = 6 * NumTraits<T>::MulCost,
    PacketAccess = packet_traits<T>::HasSqrt
  };
};
