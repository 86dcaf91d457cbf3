// Counting: bincount and histogram.
#pragma once

#include <dsl/order.hpp>
#include <dsl/put.hpp>

namespace sloth::inline SLOTH_ABI {

namespace histogram_detail {

/// The pending counts of 0, 1, ..., bins - 1 in integers, and behind them the greatest of all, negative
/// where one is.
[[nodiscard]] node_ptr counts_of(node_ptr const& values, std::int64_t bins, location where);
/// The pending counts between ascending edges; `equal`: those of linspace.
[[nodiscard]] node_ptr counts_between(node_ptr const& values, node_ptr const& edges, bool equal,
                                      location where);
/// Whether bincount may count so far: not what is negative, as u64 from 2^63 on are, nor what no memory
/// has counts for.
[[nodiscard]] constexpr bool is_index(std::int64_t value) {
  return value >= 0 && value < std::int64_t{1} << 60;
}
/// Throws index_error unless it may.
void require_index(std::int64_t value, location where);
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
  histogram_detail::require_length(minlength, where);
  view<value_t<X>, false> const values(shape_detail::node_of(std::forward<X>(x), where));
  // In one pass where the values are small, whose number is not known before.
  std::int64_t bins = std::max(minlength, std::clamp<std::int64_t>(values.size(), 1, 4096));
  for (;;) {
    array<std::int64_t> const counted =
        view<std::int64_t, false>(histogram_detail::counts_of(values.node(), bins, where));
    std::int64_t const greatest = values.size() > 0 ? std::as_const(counted)(bins).item(where) : -1;
    if (values.size() > 0 && !histogram_detail::is_index(greatest)) {
      histogram_detail::require_index(min(values).template astype<std::int64_t>().item(where),
                                      where);
      histogram_detail::require_index(greatest, where);
    }
    std::int64_t const needed = std::max(minlength, greatest + 1);
    if (needed <= bins) return std::as_const(counted)(slice(needed));
    bins = needed;
  }
}

namespace histogram_detail {
/// Throws shape_error unless they are equal.
void require_weights(const char* name, extents const& weights, extents const& x, location where);
}  // namespace histogram_detail
/// The sums of the weights, an array of x's shape, of those elements instead, f64.
template <expression X, expression W>
[[nodiscard]] array<double> bincount(X&& x, W&& weights, std::int64_t minlength = 0,
                                     location where = location::here()) {
  static_assert(is_integer<value_t<X>>, "bincount counts integers: convert with .astype<T>()");
  static_assert(!is_complex<value_t<W>>, "bincount adds real weights");
  order_detail::require_1d(x.shape(), "bincount", where);
  histogram_detail::require_weights("bincount", weights.shape(), x.shape(), where);
  histogram_detail::require_length(minlength, where);
  view<value_t<X>, false> const values(shape_detail::node_of(std::forward<X>(x), where));
  std::int64_t bins = minlength;
  if (values.size() > 0) {
    histogram_detail::require_index(min(values).template astype<std::int64_t>().item(where), where);
    std::int64_t const greatest = max(values).template astype<std::int64_t>().item(where);
    histogram_detail::require_index(greatest, where);
    bins = std::max(bins, greatest + 1);
  }
  array<double> totals = zeros<double>(bins);
  add_at(totals, values, std::forward<W>(weights).template astype<double>(), where);
  return totals;
}

/// Value: histogram's densities instead of counts.
struct density_t {};
inline constexpr density_t density{};

namespace histogram_detail {

struct counted_alike {};
/// What follows the bins: weights, `density`, or both in this order.
template <class O>
concept option = expression<O> || std::same_as<O, density_t> || std::same_as<O, counted_alike>;

/// What weights of W are summed in: at least f64, integers as by sum.
template <class W>
using total_t = std::conditional_t<is_complex<W>, complex128,
                                   std::conditional_t<is_floating<W>, double, sum_t<W>>>;

/// The bin of each element, from 0; that of those in no bin, NaN too, is the number of bins.
template <class Value, class Edge>
auto bins_of(view<Value, false> const& values, array<Edge> const& bounds, location where) {
  std::int64_t const bins = bounds.size() - 1;
  auto const place = searchsorted(bounds, values, side::right, where) - 1;
  auto const in_bins = values >= bounds(0) && values <= bounds(bins);
  return sloth::where(in_bins, minimum(place, bins - 1), bins);
}

template <class Value, class Edge, class Weights>
auto sums_of(view<Value, false> const& values, array<Edge> const& bounds, bool equal,
             Weights const& weights, location where) {
  if constexpr (std::is_same_v<Weights, counted_alike>) {
    using type = order_detail::searched_t<promote_t<Value, Edge>>;
    return array<std::int64_t>(view<std::int64_t, false>(
        counts_between(as_argument<type>(values, where).node(where),
                       as_argument<type>(bounds, where).node(where), equal, where)));
  } else {
    using type = value_t<Weights>;
    std::int64_t const bins = bounds.size() - 1;
    array<total_t<type>> totals = zeros<total_t<type>>(bins + 1);
    add_at(totals, bins_of(values, bounds, where),
           ravel(weights, where).template astype<total_t<type>>(), where);
    return array<type>(std::as_const(totals)(slice(bins)).template astype<type>());
  }
}

/// (counts or sums, edges): histogram in bins whose edges ascend.
template <class X, class Edge, class W, class D>
auto between(X&& x, array<Edge> const& bounds, bool equal, W const& weights, D const&,
             location where) {
  if constexpr (std::is_same_v<W, density_t>) {
    return between(std::forward<X>(x), bounds, equal, D{}, weights, where);
  } else {
    if constexpr (expression<W>) require_weights("histogram", weights.shape(), x.shape(), where);
    auto const sums = sums_of(ravel(std::forward<X>(x), where), bounds, equal, weights, where);
    if constexpr (std::is_same_v<D, density_t>) {
      using dense_type = promote_t<value_t<decltype(sums)>, double>;
      std::int64_t const bins = bounds.size() - 1;
      auto const widths = (bounds(slice(1, _)) - bounds(slice(0, bins))).template astype<double>();
      return std::pair(array<dense_type>(sums / widths / sum(sums)), bounds);
    } else {
      return std::pair(sums, bounds);
    }
  }
}

}  // namespace histogram_detail

/// How many elements of x lie in each bin between ascending edges; the last bin has both of its edges:
/// (counts i64, edges). histogram(x, edges, weights) sums the weights of those elements instead, an array
/// of x's shape, in its type; a last argument `density` divides by the width of the bin and by the sum of all
/// bins, in f64. Throws shape_error, and dtype_error where edges do not ascend.
template <expression X, expression E, histogram_detail::option W = histogram_detail::counted_alike,
          histogram_detail::option D = histogram_detail::counted_alike>
[[nodiscard]] auto histogram(X&& x, E&& edges, W const& weights = {}, D const& dense = {},
                             location where = location::here()) {
  using namespace histogram_detail;
  array<value_t<E>> const bounds(std::forward<E>(edges));
  order_detail::require_1d(bounds.shape(), "histogram", where);
  std::int64_t const bins = bounds.size() - 1;
  require_range(bins, 0, 1, where);
  require_ascending(all(bounds(slice(1, _)) >= bounds(slice(0, bins))).item(where), where);
  return between(std::forward<X>(x), bounds, false, weights, dense, where);
}
/// In `bins` equal bins between `low` and `high`. Edges are f64, of f32 elements f32.
template <expression X, histogram_detail::option W = histogram_detail::counted_alike,
          histogram_detail::option D = histogram_detail::counted_alike>
[[nodiscard]] auto histogram(X&& x, std::int64_t bins, double low, double high,
                             W const& weights = {}, D const& dense = {},
                             location where = location::here()) {
  using type = std::conditional_t<std::is_same_v<value_t<X>, float>, float, double>;
  histogram_detail::require_range(bins, low, high, where);
  if (low == high) low -= 0.5, high += 0.5;
  return histogram_detail::between(std::forward<X>(x),
                                   array<type>(linspace<type>(low, high, bins + 1)), true, weights,
                                   dense, where);
}
/// Between the least and the greatest element. Throws dtype_error where one is not finite.
template <expression X, histogram_detail::option W = histogram_detail::counted_alike,
          histogram_detail::option D = histogram_detail::counted_alike>
[[nodiscard]] auto histogram(X&& x, std::int64_t bins = 10, W const& weights = {},
                             D const& dense = {}, location where = location::here()) {
  shape_detail::view_of<X> const values(shape_detail::node_of(std::forward<X>(x), where));
  bool const none = values.size() == 0;
  double const low = none ? 0 : convert<double>(min(values).item(where));
  double const high = none ? 1 : convert<double>(max(values).item(where));
  return histogram(values, bins, low, high, weights, dense, where);
}

}  // namespace sloth::inline SLOTH_ABI
