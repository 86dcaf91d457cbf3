// Counting: bincount and histogram.
#pragma once

#include <dsl/order.hpp>

namespace sloth::inline SLOTH_ABI {

namespace histogram_detail {

/// The pending counts of values that are known to be in [0, bins).
[[nodiscard]] node_ptr counts_of(node_ptr const& values, std::int64_t bins, location where);
/// Throws index_error for the least value of bincount below 0.
void require_not_negative(std::int64_t least, location where);
/// Throws shape_error for less than no counts.
void require_length(std::int64_t minlength, location where);
/// Throws dtype_error unless they do.
void require_ascending(bool ascend, location where);
/// Throws shape_error unless there is a bin, dtype_error unless low <= high are finite.
void require_range(std::int64_t bins, double low, double high, location where);

}  // namespace histogram_detail

/// How often each of 0, 1, ..., max(x) is in x, of integers that are not negative: i64, at least
/// `minlength` counts. Computed at once. Throws index_error, shape_error unless x is 1-D.
template <expression X>
[[nodiscard]] array<std::int64_t> bincount(X&& x, std::int64_t minlength = 0,
                                           location where = location::here()) {
  static_assert(is_integer<value_t<X>>, "bincount counts integers: convert with .astype<T>()");
  order_detail::require_1d(x.shape(), "bincount", where);
  view<std::int64_t, false> const values(
      as_argument<std::int64_t>(as_tree(std::forward<X>(x)), where).node(where));
  histogram_detail::require_length(minlength, where);
  std::int64_t bins = minlength;
  if (values.size() > 0) {
    histogram_detail::require_not_negative(min(values).item(where), where);
    bins = std::max(bins, max(values).item(where) + 1);
  }
  return view<std::int64_t, false>(histogram_detail::counts_of(values.node(), bins, where));
}

/// How many elements of x lie in each bin between ascending edges; the last bin has both of its edges:
/// (counts i64, edges). Throws shape_error, and dtype_error where edges do not ascend.
template <expression X, expression E>
[[nodiscard]] auto histogram(X&& x, E&& edges, location where = location::here()) {
  using type = value_t<E>;
  array<type> const bounds(std::forward<E>(edges));
  order_detail::require_1d(bounds.shape(), "histogram", where);
  std::int64_t const bins = bounds.size() - 1;
  histogram_detail::require_range(bins, 0, 1, where);
  histogram_detail::require_ascending(
      all(bounds(slice(1, _)) >= bounds(slice(0, bins))).item(where), where);
  auto const values = ravel(std::forward<X>(x), where);
  auto const first = bounds(0), last = bounds(bins);
  auto const place = searchsorted(bounds, values, side::right, where) - 1;
  // What is in no bin, NaN too, is counted in one of its own.
  auto const in_bins = values >= first && values <= last;
  auto const bin = sloth::where(in_bins, minimum(place, bins - 1), bins);
  view<std::int64_t, false> const counts(
      histogram_detail::counts_of(bin.node(where), bins + 1, where));
  return std::pair(array<std::int64_t>(counts(slice(bins))), bounds);
}
/// In `bins` equal bins between `low` and `high`. Edges are f64, of f32 elements f32.
template <expression X>
[[nodiscard]] auto histogram(X&& x, std::int64_t bins, double low, double high,
                             location where = location::here()) {
  using type = std::conditional_t<std::is_same_v<value_t<X>, float>, float, double>;
  histogram_detail::require_range(bins, low, high, where);
  if (low == high) low -= 0.5, high += 0.5;
  return histogram(std::forward<X>(x), linspace<type>(low, high, bins + 1), where);
}
/// Between the least and the greatest element. Throws dtype_error where one is not finite.
template <expression X>
[[nodiscard]] auto histogram(X&& x, std::int64_t bins = 10, location where = location::here()) {
  shape_detail::view_of<X> const values(shape_detail::node_of(std::forward<X>(x), where));
  bool const none = values.size() == 0;
  double const low = none ? 0 : convert<double>(min(values).item(where));
  double const high = none ? 1 : convert<double>(max(values).item(where));
  return histogram(values, bins, low, high, where);
}

}  // namespace sloth::inline SLOTH_ABI
