// Elementwise functions made of others: fused like them, and an operand that is an expression is
// computed as often as the formula names it.
#pragma once

#include <dsl/functions.hpp>

namespace sloth::inline SLOTH_ABI {

namespace composed_detail {
/// An expression's elements in T; a C++ value as it is.
template <element T, class X>
auto operand(X&& x, location where) {
  if constexpr (expression<X>)
    return as_argument<T>(std::forward<X>(x), where);
  else
    return x;
}
/// |a - b|, 0 of equal infinities.
template <class A, class B>
auto distance(A const& a, B const& b, location here) {
  return abs(where(equal(a, b, here), 0, subtract(a, b, here), here));
}
template <class... X>
using floating_of = floating_t<common_t<std::remove_cvref_t<X>...>>;
}  // namespace composed_detail

/// absolute(x) in floating types: of integers as exp's.
template <expression X>
[[nodiscard]] auto fabs(X&& x) {
  using type = floating_t<value_t<X>>;
  static_assert(!is_complex<type>, "fabs takes real elements: use absolute(x)");
  return absolute(as_argument<type>(std::forward<X>(x), {}));
}
/// arctan2(imag(x), real(x)), in (-pi, pi] (-pi where imag(x) is -0), or in degrees.
template <expression X>
[[nodiscard]] auto angle(X&& x, bool deg = false) {
  auto const tree = as_tree(std::forward<X>(x));
  double const unit = deg ? 57.295779513082320877 : 1;
  if constexpr (is_complex<value_t<X>>)
    return arctan2(imag(tree), real(tree)) * unit;
  else
    return arctan2(0, tree) * unit;
}
/// The fractional and the integral part, both of x's sign: a tuple of expressions.
template <expression X>
[[nodiscard]] auto modf(X&& x) {
  using type = floating_t<value_t<X>>;
  auto const tree = as_argument<type>(as_tree(std::forward<X>(x)), {});
  auto const whole = trunc(tree);
  return std::tuple{copysign(where(isinf(tree), 0, tree - whole), tree), whole};
}
/// a^b in at least f64.
template <expression_or_scalar A, expression_or_scalar B>
requires(expression<A> || expression<B>)
    [[nodiscard]] auto float_power(A&& a, B&& b, location where = location::here()) {
  using type = promote_t<common_t<std::remove_cvref_t<A>, std::remove_cvref_t<B>>, double>;
  return power(composed_detail::operand<type>(std::forward<A>(a), where),
               composed_detail::operand<type>(std::forward<B>(b), where), where);
}
/// sin(pi x) / (pi x), 1 at 0.
template <expression X>
[[nodiscard]] auto sinc(X&& x) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  auto const angle = 3.14159265358979323846 * tree;
  return where(tree == 0, 1, sin(angle) / angle);
}

/// log(exp(a) + exp(b)) and log2(2^a + 2^b) without overflow.
template <expression_or_scalar A, expression_or_scalar B>
requires(expression<A> || expression<B>)
    [[nodiscard]] auto logaddexp(A&& a, B&& b, location where = location::here()) {
  using type = composed_detail::floating_of<A, B>;
  auto const x = composed_detail::operand<type>(std::forward<A>(a), where);
  auto const y = composed_detail::operand<type>(std::forward<B>(b), where);
  auto const greater = maximum(x, y, where);
  return greater + log1p(exp(-composed_detail::distance(x, y, where)));
}
template <expression_or_scalar A, expression_or_scalar B>
requires(expression<A> || expression<B>)
    [[nodiscard]] auto logaddexp2(A&& a, B&& b, location where = location::here()) {
  using type = composed_detail::floating_of<A, B>;
  constexpr double log2e = 1.44269504088896340736;
  auto const x = composed_detail::operand<type>(std::forward<A>(a), where);
  auto const y = composed_detail::operand<type>(std::forward<B>(b), where);
  auto const greater = maximum(x, y, where);
  return greater + log2e * log1p(exp2(-composed_detail::distance(x, y, where)));
}

/// a + t (b - a).
template <expression_or_scalar A, expression_or_scalar B, expression T>
[[nodiscard]] auto lerp(A&& a, B&& b, T&& t, location where = location::here()) {
  using type = composed_detail::floating_of<A, B, T>;
  auto const from = composed_detail::operand<type>(std::forward<A>(a), where);
  auto const to = composed_detail::operand<type>(std::forward<B>(b), where);
  auto const way = composed_detail::operand<type>(std::forward<T>(t), where);
  if constexpr (expression<A> || expression<B>)
    return add(from, multiply(way, subtract(to, from, where), where), where);
  else
    return add(from, multiply(way, to - from, where), where);
}

/// log(1 + exp(x)) without overflow.
template <expression X>
[[nodiscard]] auto softplus(X&& x) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  return maximum(tree, 0) + log1p(exp(-abs(tree)));
}
/// x sigmoid(x).
template <expression X>
[[nodiscard]] auto silu(X&& x) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  return tree * sigmoid(tree);
}
/// x where it is positive, else slope x.
template <expression X>
[[nodiscard]] auto leaky_relu(X&& x, double slope = 0.01) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  return where(tree > 0, tree, slope * tree);
}
/// x (1 + erf(x / sqrt(2))) / 2, through erfc, which does not cancel for negative x.
template <expression X>
[[nodiscard]] auto gelu(X&& x) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  return 0.5 * tree * erfc(-0.70710678118654752440 * tree);
}

}  // namespace sloth::inline SLOTH_ABI
