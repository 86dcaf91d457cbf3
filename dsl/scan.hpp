// Scans: running sums, products and extremes along an axis.
#pragma once

#include <dsl/primitive.hpp>

namespace sloth::inline SLOTH_ABI {

namespace scan_detail {

/// What a scan runs along: all elements in row-major order, axis(k), or last_axis.
struct direction {
  bool all;
  axis_list along;

  explicit direction(location here) : all(true), along(axis(0, here)) {}
  direction(axis_list const& list) : all(false), along(list) {}  // NOLINT
  direction(last_axis_t, location here = location::here())       // NOLINT
      : all(false), along(axis(-1, here)) {}
};

/// What the engines scan where the result is T.
template <class T>
using scanned_t = std::conditional_t<is_half<T>, float, sum_t<T>>;

/// The scan of `values`, of their type, along one axis. Throws index_error.
[[nodiscard]] node_ptr along_axis(primitive op, node_ptr const& values, axis_list const& along);

template <primitive Op, class Result, expression X>
auto run(X&& x, direction const& how) {
  using type = scanned_t<Result>;
  location const where = how.along.where;
  node_ptr const values = as_argument<type>(as_tree(std::forward<X>(x)), where).node(where);
  view<type, false> scanned(how.all ? primitive_of_all(Op, dtype_of<type>, values, where)
                                    : along_axis(Op, values, how.along));
  if constexpr (std::is_same_v<type, Result>)
    return scanned;
  else
    return scanned.template astype<Result>();
}
template <primitive Op, expression X>
auto extremes(X&& x, direction const& along) {
  if constexpr (is_complex<value_t<X>>) {
    static_assert(!is_complex<value_t<X>>,
                  "complex numbers have no order: cummin and cummax take real elements");
    return refused{};
  } else {
    return run<Op, value_t<X>>(std::forward<X>(x), along);
  }
}

}  // namespace scan_detail

/// cumsum(x), cumsum(x, axis(0)), cumsum(x, last_axis): at each place the sum of the elements up to it,
/// along the axis, or of all elements in row-major order, 1-D. The type is that of sum(x). Throws
/// index_error. On one device the same bits every run.
template <expression X>
[[nodiscard]] auto cumsum(
    X&& x, scan_detail::direction const& along = scan_detail::direction(location::here())) {
  return scan_detail::run<primitive::cumsum, sum_t<value_t<X>>>(std::forward<X>(x), along);
}
/// The same of products.
template <expression X>
[[nodiscard]] auto cumprod(
    X&& x, scan_detail::direction const& along = scan_detail::direction(location::here())) {
  return scan_detail::run<primitive::cumprod, sum_t<value_t<X>>>(std::forward<X>(x), along);
}
/// The least element up to each place: NumPy's minimum.accumulate. NaN stays once it is met.
template <expression X>
[[nodiscard]] auto cummin(
    X&& x, scan_detail::direction const& along = scan_detail::direction(location::here())) {
  return scan_detail::extremes<primitive::cummin>(std::forward<X>(x), along);
}
/// The greatest element up to each place: NumPy's maximum.accumulate.
template <expression X>
[[nodiscard]] auto cummax(
    X&& x, scan_detail::direction const& along = scan_detail::direction(location::here())) {
  return scan_detail::extremes<primitive::cummax>(std::forward<X>(x), along);
}
/// cumsum and cumprod with 0 and 1 for NaN.
template <expression X>
[[nodiscard]] auto nancumsum(
    X&& x, scan_detail::direction const& along = scan_detail::direction(location::here())) {
  auto const tree = as_tree(std::forward<X>(x));
  if constexpr (is_floating<value_t<X>>)
    return cumsum(where(isnan(tree), value_t<X>(0), tree), along);
  else
    return cumsum(tree, along);
}
template <expression X>
[[nodiscard]] auto nancumprod(
    X&& x, scan_detail::direction const& along = scan_detail::direction(location::here())) {
  auto const tree = as_tree(std::forward<X>(x));
  if constexpr (is_floating<value_t<X>>)
    return cumprod(where(isnan(tree), value_t<X>(1), tree), along);
  else
    return cumprod(tree, along);
}

}  // namespace sloth::inline SLOTH_ABI
