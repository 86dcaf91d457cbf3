// Neighbours along an axis: diff, ediff1d, gradient, trapezoid.
#pragma once

#include <dsl/reduce.hpp>
#include <dsl/shape.hpp>

namespace sloth::inline SLOTH_ABI {

namespace difference_detail {

/// All elements along an axis but the first ones, and all but the last ones: two views.
struct neighbours {
  node_ptr later, earlier;
};
[[nodiscard]] neighbours neighbours_of(node_ptr const& x, std::int64_t along, const char* name,
                                       location where);
/// Throws shape_error for a negative order.
void require_order(std::int64_t n, location where);
/// 1-D values as they lie along an axis of `shape`; others as they are. Throws shape_error.
[[nodiscard]] node_ptr along_axis(node_ptr const& values, extents const& shape, std::int64_t along,
                                  const char* name, location where);
/// Throws index_error, and shape_error for fewer than 2 elements.
[[nodiscard]] int axis_of_gradient(extents const& shape, std::int64_t along, location where);

}  // namespace difference_detail

/// The differences of neighbours along an axis, n times: its extent becomes less by n, at least 0. Of
/// bool, whether they differ. Throws index_error, and shape_error for n < 0 or an array without axes.
template <expression X>
[[nodiscard]] auto diff(X&& x, std::int64_t n = 1, std::int64_t along = -1,
                        location where = location::here()) {
  using type = value_t<X>;
  using part = view<type, false>;
  difference_detail::require_order(n, where);
  node_ptr now = shape_detail::node_of(std::forward<X>(x), where);
  for (; n > 0; --n) {
    auto [later, earlier] = difference_detail::neighbours_of(now, along, "diff", where);
    if constexpr (std::is_same_v<type, bool>)
      now = not_equal(part(later), part(earlier), where).node(where);
    else
      now = subtract(part(later), part(earlier), where).node(where);
  }
  return part(std::move(now));
}
/// diff of the elements in row-major order.
template <expression X>
[[nodiscard]] auto ediff1d(X&& x, location where = location::here()) {
  return diff(ravel(std::forward<X>(x), where), 1, -1, where);
}

/// The slope along an axis of values `dx` apart, of f's shape: the difference of both neighbours over
/// 2 dx, at the ends that to the only one over dx. Floating, at least f64 for integers. Throws
/// index_error, and shape_error for fewer than 2 elements.
template <expression F>
[[nodiscard]] auto gradient(F&& f, double dx = 1, std::int64_t along = -1,
                            location where = location::here()) {
  using type = std::conditional_t<is_floating<value_t<F>>, value_t<F>, double>;
  using part = view<type, false>;
  node_ptr const x = as_argument<type>(as_tree(std::forward<F>(f)), where).node(where);
  int const at = difference_detail::axis_of_gradient(x->shape, along, where);
  std::int64_t const n = x->shape[at];
  auto const slope = [&](std::int64_t from, std::int64_t to, std::int64_t count) {
    part const before(shape_detail::range_of(x, at, from, count, 1, where));
    part const after(shape_detail::range_of(x, at, to, count, 1, where));
    return divide(subtract(after, before, where), dx * double(to - from), where);
  };
  return concatenate(axis(at, where), slope(0, 1, 1), slope(0, 2, n - 2), slope(n - 2, n - 1, 1));
}

/// The integral along an axis by the trapezoidal rule, of samples `dx` apart. Throws index_error.
template <expression Y>
[[nodiscard]] auto trapezoid(Y&& y, double dx = 1, std::int64_t along = -1,
                             location where = location::here()) {
  auto [later, earlier] = difference_detail::neighbours_of(
      shape_detail::node_of(std::forward<Y>(y), where), along, "trapezoid", where);
  using part = shape_detail::view_of<Y>;
  return sum(multiply(add(part(later), part(earlier), where), dx / 2, where), axis(along, where));
}
/// Of samples at x: 1-D along the axis, or of y's shape. Throws index_error, shape_error.
template <expression Y, expression X>
[[nodiscard]] auto trapezoid(Y&& y, X&& x, std::int64_t along = -1,
                             location where = location::here()) {
  extents const shape = y.shape();
  auto [later, earlier] = difference_detail::neighbours_of(
      shape_detail::node_of(std::forward<Y>(y), where), along, "trapezoid", where);
  node_ptr const places = difference_detail::along_axis(
      shape_detail::node_of(std::forward<X>(x), where), shape, along, "trapezoid", where);
  auto const widths = diff(shape_detail::view_of<X>(places), 1, along, where);
  using part = shape_detail::view_of<Y>;
  return sum(multiply(multiply(add(part(later), part(earlier), where), widths, where), 0.5, where),
             axis(along, where));
}

}  // namespace sloth::inline SLOTH_ABI
