// Creation: arrays from nothing. All but empty are lazy values, drawn where they are used.
#pragma once

#include <dsl/functions.hpp>

namespace sloth::inline SLOTH_ABI {

/// Uninitialised memory of `shape`.
template <element Value = double>
[[nodiscard]] array<Value> empty(extents const& shape, location where = location::here()) {
  return array<Value>(shape, where);
}
template <element Value = double, std::integral... N>
[[nodiscard]] array<Value> empty(N... extent) {
  return array<Value>(extents{static_cast<std::int64_t>(extent)...}, {});
}

/// `value` everywhere, of its own type (int: int64) or of the one given: full<float>(shape, 1).
template <class Value = void, scalar_value S>
[[nodiscard]] auto full(extents const& shape, S value) {
  using type = std::conditional_t<std::is_void_v<Value>, weak_promote_t<bool, S>, Value>;
  return generated<generator_kind::full, type>(shape, scalar_bits::of(weak_cast<type>(value, {})));
}
template <element Value = double>
[[nodiscard]] auto zeros(extents const& shape) {
  return full<Value>(shape, Value{});
}
template <element Value = double>
[[nodiscard]] auto ones(extents const& shape) {
  return full<Value>(shape, convert<Value>(1));
}
template <element Value = double, std::integral... N>
[[nodiscard]] auto zeros(N... extent) {
  return zeros<Value>(extents{static_cast<std::int64_t>(extent)...});
}
template <element Value = double, std::integral... N>
[[nodiscard]] auto ones(N... extent) {
  return ones<Value>(extents{static_cast<std::int64_t>(extent)...});
}

/// Of the shape and element type of x.
template <expression X>
[[nodiscard]] auto empty_like(X const& x) {
  return array<value_t<X>>(x.shape());
}
template <expression X>
[[nodiscard]] auto zeros_like(X const& x) {
  return zeros<value_t<X>>(x.shape());
}
template <expression X>
[[nodiscard]] auto ones_like(X const& x) {
  return ones<value_t<X>>(x.shape());
}
template <expression X, scalar_value S>
[[nodiscard]] auto full_like(X const& x, S value) {
  return full<value_t<X>>(x.shape(), value);
}

namespace create_detail {
/// ceil((stop - start) / step), at least 0. Throws dtype_error for a step of 0 or a NaN.
[[nodiscard]] std::int64_t arange_length(double start, double stop, double step, location where);
[[nodiscard]] std::int64_t arange_length(std::int64_t start, std::int64_t stop, std::int64_t step,
                                         location where);
template <class Value>
auto arange(Value start, Value stop, Value step, location where) {
  using wide = std::conditional_t<is_integer<Value>, std::int64_t, double>;
  auto const n = arange_length(wide(start), wide(stop), wide(step), where);
  scalar_bits params;
  wide both[2] = {wide(start), wide(step)};
  if constexpr (!is_integer<Value>) both[1] = both[0] + both[1] - both[0];  // rounded as NumPy's
  std::memcpy(params.words, both, sizeof both);
  return generated<generator_kind::arange, Value>(extents{n}, params);
}
}  // namespace create_detail

/// start, start + step, ... up to but without stop; int64 for integers, else float64, or of the type
/// given: arange<float>(n).
template <class Value = void, scalar_value A>
[[nodiscard]] auto arange(A stop, location where = location::here()) {
  using type = std::conditional_t<std::is_void_v<Value>, weak_promote_t<bool, A>, Value>;
  return create_detail::arange<type>(type(0), convert<type>(stop), type(1), where);
}
template <class Value = void, scalar_value A, scalar_value B, scalar_value C = int>
[[nodiscard]] auto arange(A start, B stop, C step = 1, location where = location::here()) {
  using untyped = weak_promote_t<bool, std::common_type_t<A, B, C>>;
  using type = std::conditional_t<std::is_void_v<Value>, untyped, Value>;
  return create_detail::arange<type>(convert<type>(start), convert<type>(stop), convert<type>(step),
                                     where);
}

/// `count` values from start to stop, equally spaced, stop itself included unless `endpoint` is
/// false.
template <element Value = double>
requires(is_real_floating<Value>)
    [[nodiscard]] auto linspace(double start, double stop, std::int64_t count = 50,
                                bool endpoint = true) {
  std::int64_t const intervals = endpoint ? count - 1 : count;
  double const first[2] = {start, intervals > 0 ? (stop - start) / double(intervals) : 0.};
  struct {
    double stop;
    std::int64_t last;
  } const second = {stop, endpoint && count > 1 ? count - 1 : -1};
  return generated<generator_kind::linspace, Value>(extents{count}, scalar_bits::of(first),
                                                    scalar_bits::of(second));
}

/// n x m, ones on diagonal k (above the main one when positive), zeros elsewhere.
template <element Value = double>
[[nodiscard]] auto eye(std::int64_t n, std::int64_t m, std::int64_t k = 0) {
  std::int64_t const params[2] = {m, k};
  return generated<generator_kind::eye, Value>(extents{n, m}, scalar_bits::of(params));
}
template <element Value = double>
[[nodiscard]] auto eye(std::int64_t n) {
  return eye<Value>(n, n);
}

/// Diagonal k of a 2-D expression, a view; above the main one when k is positive. Else shape_error.
template <expression X>
[[nodiscard]] auto diagonal(X&& x, std::int64_t k = 0, location where = location::here()) {
  return view<value_t<X>, false>(diagonal(as_tree(std::forward<X>(x)).node(where), k, where));
}
/// 2-D: its diagonal k, a view. 1-D: the square matrix with it as diagonal k. Else shape_error.
template <expression X>
[[nodiscard]] auto diag(X const& x, std::int64_t k = 0, location where = location::here()) {
  node_ptr const n = x.node(where);
  if (x.rank() != 1) return view<value_t<X>, false>(diagonal(n, k, where));
  std::int64_t const size = x.size() + std::abs(k);
  array<value_t<X>> matrix = zeros<value_t<X>>(size, size);
  matrix.write(diagonal(matrix.node(), k, where), x, where);
  return view<value_t<X>, false>(matrix.node());
}

}  // namespace sloth::inline SLOTH_ABI
