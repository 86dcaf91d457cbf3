// Arrays in order: sort, argsort, and what is read off sorted arrays.
#pragma once

#include <dsl/functions.hpp>
#include <dsl/indexing.hpp>
#include <dsl/primitive.hpp>
#include <dsl/shape.hpp>

#include <utility>

namespace sloth::inline SLOTH_ABI {

/// Which of equal elements a value goes next to: before them (left, NumPy's default) or behind.
enum class side : std::uint8_t { left, right };

template <expression X>
[[nodiscard]] auto sort(X&& x, axis_list const& along = axis(-1));

namespace order_detail {

/// The values around a quantile and the last one in order, without the axis.
struct neighbours {
  node_ptr below, above, last;
  double weight;  // of `above`
};
/// Throws dtype_error unless 0 <= q <= 1, shape_error for an empty axis, index_error for the axis.
[[nodiscard]] neighbours around(node_ptr const& x, double q, axis_list const& along,
                                const char* name);
/// Around several: `below` and `above` with the shape of q in front; the weights under q's shape and ones,
/// which broadcast to them.
struct several_neighbours {
  node_ptr below, above, last;
  std::vector<double> weights;
  extents shape;
};
[[nodiscard]] several_neighbours around(node_ptr const& x, std::vector<double> const& q,
                                        extents const& shape, axis_list const& along,
                                        const char* name);
/// x, or the indices of an axis, with element kth where sort puts it. Throws index_error.
[[nodiscard]] node_ptr partitioned(primitive is, dtype type, node_ptr const& x, std::int64_t kth,
                                   axis_list const& along);
/// The k greatest of an axis and their indices. Throws shape_error where there are fewer.
struct greatest {
  node_ptr values, places;
};
[[nodiscard]] greatest greatest_of(node_ptr const& x, std::int64_t k, axis_list const& along);
/// Throws shape_error.
void require_1d(extents const& shape, const char* name, location where);

/// What searchsorted compares.
template <class T>
using searched_t =
    std::conditional_t<is_half<T>, float, std::conditional_t<is_floating<T>, T, sum_t<T>>>;

/// The type of means and quantiles of T.
template <class T>
using between_t = std::conditional_t<is_floating<T>, T, double>;

template <expression X>
node_ptr elements_of(X&& x, location where) {
  static_assert(!is_complex<value_t<X>>, "complex numbers have no quantiles");
  return shape_detail::node_of(std::forward<X>(x), where);
}
/// Selected elements of type From, which the way to the means' type leaves in order.
template <class From>
auto means_of(node_ptr const& selected) {
  return as_argument<between_t<From>>(view<From, false>(selected), selected->where);
}
template <class From>
auto nan_where_last(node_ptr const& last, auto&& values) {
  return where(isnan(means_of<From>(last)), std::numeric_limits<double>::quiet_NaN(), values);
}

}  // namespace order_detail

/// The elements in ascending order along the last axis, or one axis: a lazy value of x's shape. NaN is
/// last; complex numbers are in order of their real, then imaginary parts. Stable. Throws index_error.
template <expression X>
[[nodiscard]] auto sort(X&& x, axis_list const& along) {
  using type = value_t<X>;
  return view<type, false>(primitive_along(primitive::sort, dtype_of<type>,
                                           shape_detail::node_of(std::forward<X>(x), along.where),
                                           along));
}
/// The indices that put the elements in that order, i64. Stable: equal ones keep theirs.
template <expression X>
[[nodiscard]] auto argsort(X&& x, axis_list const& along = axis(-1)) {
  return view<std::int64_t, false>(
      primitive_along(primitive::argsort, dtype::i64,
                      shape_detail::node_of(std::forward<X>(x), along.where), along));
}
/// With the element at place kth of an axis that sort puts there, none greater before it and none less behind
/// it. Throws index_error for kth.
template <expression X>
[[nodiscard]] auto partition(X&& x, std::int64_t kth, axis_list const& along = axis(-1)) {
  return shape_detail::view_of<X>(order_detail::partitioned(
      primitive::partition, dtype_of<value_t<X>>,
      shape_detail::node_of(std::forward<X>(x), along.where), kth, along));
}
/// The indices that do this, i64.
template <expression X>
[[nodiscard]] auto argpartition(X&& x, std::int64_t kth, axis_list const& along = axis(-1)) {
  return view<std::int64_t, false>(order_detail::partitioned(
      primitive::argpartition, dtype::i64, shape_detail::node_of(std::forward<X>(x), along.where),
      kth, along));
}
/// The k greatest elements along an axis in descending order, and their indices: NaN first, of equal ones
/// the last. Throws shape_error where there are fewer.
template <expression X>
[[nodiscard]] auto topk(X&& x, std::int64_t k, axis_list const& along = axis(-1)) {
  auto const found =
      order_detail::greatest_of(shape_detail::node_of(std::forward<X>(x), along.where), k, along);
  return std::pair(shape_detail::view_of<X>(found.values), view<std::int64_t, false>(found.places));
}

/// The middle element in order, or the mean of the two in the middle; NaN where there is one. Floating, f64
/// for integers. Throws shape_error for an empty axis.
template <expression X>
[[nodiscard]] auto median(X&& x, axis_list const& along) {
  using from = value_t<X>;
  using type = order_detail::between_t<from>;
  auto const near = order_detail::around(order_detail::elements_of(std::forward<X>(x), along.where),
                                         0.5, along, "median");
  auto const below = order_detail::means_of<from>(near.below),
             above = order_detail::means_of<from>(near.above);
  return order_detail::nan_where_last<from>(
      near.last, where(below == above, below, (below + above) / type(2)));
}
template <expression X>
[[nodiscard]] auto median(X&& x, location where = location::here()) {
  return median(ravel(std::forward<X>(x), where), axis(0, where));
}
/// The value that a share q of the elements, in [0, 1], lies below, linearly between the two nearest. Throws
/// dtype_error for q, shape_error for an empty axis.
template <expression X>
[[nodiscard]] auto quantile(X&& x, double q, axis_list const& along) {
  using from = value_t<X>;
  using type = order_detail::between_t<from>;
  auto const near = order_detail::around(order_detail::elements_of(std::forward<X>(x), along.where),
                                         q, along, "quantile");
  auto const below = order_detail::means_of<from>(near.below),
             above = order_detail::means_of<from>(near.above);
  // From the nearer end, as NumPy rounds.
  bool const from_above = near.weight >= 0.5;
  auto const end = from_above ? above : below;
  type const step = convert<type>(from_above ? near.weight - 1 : near.weight);
  return order_detail::nan_where_last<from>(
      near.last, where(below == above, below, end + (above - below) * step));
}
template <expression X>
[[nodiscard]] auto quantile(X&& x, double q, location where = location::here()) {
  return quantile(ravel(std::forward<X>(x), where), q, axis(0, where));
}
/// At each of several q, computed at once: a result of shape q.shape + that of quantile(x, q, axis). In at
/// least f64 unless q is f16, bf16 or f32.
template <expression X, expression Q>
[[nodiscard]] auto quantile(X&& x, Q&& q, axis_list const& along) {
  using from = value_t<X>;
  using weight_type = order_detail::between_t<value_t<Q>>;
  static_assert(!is_complex<value_t<Q>>, "quantiles are of real q");
  auto const shares = std::forward<Q>(q).template astype<double>();
  auto const near =
      order_detail::around(order_detail::elements_of(std::forward<X>(x), along.where),
                           shares.to_vector(along.where), shares.shape(), along, "quantile");
  auto const below = order_detail::means_of<from>(near.below),
             above = order_detail::means_of<from>(near.above);
  array<double> const weights(near.weights, near.shape, along.where);
  auto const weight = weights.template astype<weight_type>();
  auto const from_above = weight >= 0.5;
  auto const step = where(from_above, weight - 1, weight);
  return order_detail::nan_where_last<from>(
      near.last,
      where(below == above, below, where(from_above, above, below) + (above - below) * step));
}
template <expression X, expression Q>
[[nodiscard]] auto quantile(X&& x, Q&& q, location where = location::here()) {
  return quantile(ravel(std::forward<X>(x), where), std::forward<Q>(q), axis(0, where));
}
/// quantile of q / 100.
template <expression X>
[[nodiscard]] auto percentile(X&& x, double q, axis_list const& along) {
  return quantile(std::forward<X>(x), q / 100, along);
}
template <expression X>
[[nodiscard]] auto percentile(X&& x, double q, location where = location::here()) {
  return quantile(std::forward<X>(x), q / 100, where);
}

template <expression X, expression Q>
[[nodiscard]] auto percentile(X&& x, Q&& q, axis_list const& along) {
  return quantile(std::forward<X>(x), std::forward<Q>(q) / 100, along);
}
template <expression X, expression Q>
[[nodiscard]] auto percentile(X&& x, Q&& q, location where = location::here()) {
  return quantile(std::forward<X>(x), std::forward<Q>(q) / 100, where);
}

/// Where each value is to go in ascending 1-D elements, before its equals, or behind them with
/// side::right: i64 of the values' shape. NaN is last. Throws shape_error.
template <expression A, expression V>
[[nodiscard]] auto searchsorted(A&& sorted, V&& values, side at = side::left,
                                location where = location::here()) {
  using common = promote_t<value_t<A>, value_t<V>>;
  static_assert(!is_complex<common>, "complex numbers have no order: searchsorted takes real ones");
  using type = order_detail::searched_t<common>;
  node_ptr const a = as_argument<type>(as_tree(std::forward<A>(sorted)), where).node(where);
  node_ptr const v = as_argument<type>(as_tree(std::forward<V>(values)), where).node(where);
  order_detail::require_1d(a->shape, "searchsorted", where);
  return view<std::int64_t, false>(primitive_node(primitive::searchsorted, dtype::i64, v->shape,
                                                  {a, v}, at == side::right, where));
}
/// The bin of each value: between which ascending edges it is; bins[i-1] <= x < bins[i], or with `right`
/// bins[i-1] < x <= bins[i]. Throws shape_error.
template <expression X, expression B>
[[nodiscard]] auto digitize(X&& x, B&& bins, bool right = false,
                            location where = location::here()) {
  return searchsorted(std::forward<B>(bins), std::forward<X>(x), right ? side::left : side::right,
                      where);
}

}  // namespace sloth::inline SLOTH_ABI
