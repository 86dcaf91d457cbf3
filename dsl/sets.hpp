// Arrays as sets: distinct elements, membership, what two have in common. Computed at once, since the
// number of elements is the result's shape.
#pragma once

#include <dsl/difference.hpp>
#include <dsl/order.hpp>
#include <dsl/put.hpp>
#include <dsl/scan.hpp>

namespace sloth::inline SLOTH_ABI {

namespace sets_detail {

/// Of sorted 1-D values: flags of those that differ from the one before; a NaN equals a NaN, or `OneNan` is
/// false.
template <bool OneNan = true, class T>
auto first_of_equals(view<T, false> const& sorted, location where) {
  std::int64_t const n = sorted.size();
  auto const later = sorted(slice(std::min<std::int64_t>(n, 1), _)),
             earlier = sorted(slice(0, std::max<std::int64_t>(n - 1, 0)));
  auto const first = ones<bool>(std::min<std::int64_t>(n, 1));
  if constexpr (OneNan && is_floating<T>)
    return concatenate(axis(0, where), first,
                       later != earlier && !(isnan(later) && isnan(earlier)));
  else
    return concatenate(axis(0, where), first, later != earlier);
}
template <expression X>
auto sorted_flat(X&& x, location where) {
  return sort(ravel(std::forward<X>(x), where), axis(0, where));
}

}  // namespace sets_detail

/// The distinct elements in ascending order, 1-D; one NaN for all.
template <expression X>
[[nodiscard]] auto unique(X&& x, location where = location::here()) {
  auto const sorted = sets_detail::sorted_flat(std::forward<X>(x), where);
  return compress(sets_detail::first_of_equals(sorted, where), sorted, where);
}
/// The distinct elements in ascending order, each NaN one of its own, and how often each is in x: (values,
/// counts).
template <expression X>
[[nodiscard]] auto unique_counts(X&& x, location where = location::here()) {
  auto const sorted = sets_detail::sorted_flat(std::forward<X>(x), where);
  auto const first = sets_detail::first_of_equals<false>(sorted, where);
  array<std::int64_t> const starts = flatnonzero(first, where);
  array<std::int64_t> const counts = diff(
      concatenate(axis(0, where), starts, full<std::int64_t>({1}, sorted.size())), 1, 0, where);
  return std::pair(compress(first, sorted, where), counts);
}
/// The same values, and for each element of x where it is among them: (values, indices of x's shape).
template <expression X>
[[nodiscard]] auto unique_inverse(X&& x, location where = location::here()) {
  shape_detail::view_of<X> const values(shape_detail::node_of(std::forward<X>(x), where));
  auto const flat = ravel(values, where);
  array<std::int64_t> const order = argsort(flat, axis(0, where));
  auto const sorted = take(flat, order, where);
  array<bool> const first = sets_detail::first_of_equals<false>(sorted, where);
  array<std::int64_t> indices = empty<std::int64_t>(values.shape(), where);
  put(indices, order, cumsum(first) - 1, where);
  return std::pair(compress(first, sorted, where), std::move(indices));
}

/// Which elements of x are in `among`: bool of x's shape. A NaN is in nothing.
template <expression X, expression A>
[[nodiscard]] auto isin(X&& x, A&& among, location where = location::here()) {
  using common = promote_t<value_t<X>, value_t<A>>;
  static_assert(!is_complex<common>, "complex numbers have no order: isin takes real ones");
  using type = order_detail::searched_t<common>;
  node_ptr const in = as_argument<type>(as_tree(std::forward<A>(among)), where).node(where);
  node_ptr const values = as_argument<type>(as_tree(std::forward<X>(x)), where).node(where);
  return view<bool, false>(
      primitive_node(primitive::isin, dtype::boolean, values->shape, {in, values}, 0, where));
}

/// The distinct elements that are in both, in either, in a but not in b: ascending, 1-D.
template <expression A, expression B>
[[nodiscard]] auto intersect1d(A&& a, B&& b, location where = location::here()) {
  auto const distinct = unique(std::forward<A>(a), where);
  return compress(isin(distinct, std::forward<B>(b), where), distinct, where);
}
template <expression A, expression B>
[[nodiscard]] auto union1d(A&& a, B&& b, location where = location::here()) {
  return unique(concatenate(axis(0, where), ravel(std::forward<A>(a), where),
                            ravel(std::forward<B>(b), where)),
                where);
}
template <expression A, expression B>
[[nodiscard]] auto setdiff1d(A&& a, B&& b, location where = location::here()) {
  auto const distinct = unique(std::forward<A>(a), where);
  return compress(!isin(distinct, std::forward<B>(b), where), distinct, where);
}

}  // namespace sloth::inline SLOTH_ABI
