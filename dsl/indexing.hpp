// Elements chosen by arrays: of indices (take) or of flags (compress, nonzero, x(mask)).
#pragma once

#include <dsl/functions.hpp>
#include <dsl/primitive.hpp>
#include <dsl/shape.hpp>

#include <vector>

namespace sloth::inline SLOTH_ABI {

namespace indexing_detail {

/// Throws index_error for the axis.
[[nodiscard]] node_ptr taken(node_ptr const& x, node_ptr const& indices, axis_list const& along);
/// Throws shape_error where the extents beside the axis do not broadcast.
[[nodiscard]] node_ptr taken_along(node_ptr const& x, node_ptr const& indices,
                                   axis_list const& along);
/// The shape that indices of take_along_axis and its like broadcast to, with x's extents beside the axis;
/// `stretches_x`: x broadcasts too. Throws shape_error where they do not, and for another rank.
[[nodiscard]] extents along_shape(const char* name, extents const& x, extents const& indices,
                                  int axis, bool stretches_x, location where);
/// n itself where it has the shape, else broadcast to it.
[[nodiscard]] node_ptr stretched(node_ptr const& n, extents const& shape, location where);
/// The elements of x whose flag is set, computed.
[[nodiscard]] node_ptr compressed(node_ptr const& x, node_ptr const& flags, location where);
/// The places of the flags that are set, computed.
[[nodiscard]] node_ptr places_of(node_ptr const& flags, location where);
/// How often each element of an axis is repeated. Throws shape_error, index_error for the axis.
[[nodiscard]] node_ptr counts_for(extents const& x, node_ptr const& counts, std::int64_t along,
                                  location where);
/// Throws shape_error for the least count below 0.
void require_counts(std::int64_t least, location where);
/// `places`: 0, 1, ... of the result.
[[nodiscard]] node_ptr repeated_by(node_ptr const& x, node_ptr const& counts,
                                   node_ptr const& places, axis_list const& along);
void require_flags(extents const& flags, extents const& x, location where);

template <expression I>
node_ptr indices_of(I&& indices, location where) {
  static_assert(is_integer<value_t<I>>,
                "indices are integers; elements are chosen by flags with compress(flags, x)");
  return as_argument<std::int64_t>(as_tree(std::forward<I>(indices)), where).node(where);
}

/// Places in row-major order of `shape`, as indices along each axis.
template <class Places>
std::vector<Places> along_axes(Places const& flat, extents const& shape) {
  std::vector<Places> all;
  std::int64_t behind = std::max<std::int64_t>(shape.size(), 1);
  for (int k = 0; k < shape.rank(); ++k) {
    std::int64_t const extent = std::max<std::int64_t>(shape[k], 1);
    behind = std::max<std::int64_t>(behind / extent, 1);
    bool const first = k == 0, last = k == shape.rank() - 1;  // need no remainder, no quotient
    if (first && last)
      all.push_back(flat);
    else if (first)
      all.emplace_back(floor_divide(flat, behind));
    else if (last)
      all.emplace_back(remainder(flat, extent));
    else
      all.emplace_back(remainder(floor_divide(flat, behind), extent));
  }
  return all;
}

}  // namespace indexing_detail

/// take(x, indices, axis(k)): x with axis k replaced by the axes of `indices`; negative indices count
/// from the end. Lazy; an index out of range throws index_error where the values are asked for.
template <expression X, expression I>
[[nodiscard]] auto take(X&& x, I&& indices, axis_list const& along) {
  using namespace indexing_detail;
  return shape_detail::view_of<X>(taken(shape_detail::node_of(std::forward<X>(x), along.where),
                                        indices_of(std::forward<I>(indices), along.where), along));
}
template <expression X, expression I>
[[nodiscard]] auto take(X&& x, I&& indices, std::int64_t along, location where = location::here()) {
  return take(std::forward<X>(x), std::forward<I>(indices), axis(along, where));
}
/// Of the elements in row-major order.
template <expression X, expression I>
[[nodiscard]] auto take(X&& x, I&& indices, location where = location::here()) {
  return take(ravel(std::forward<X>(x), where), std::forward<I>(indices), axis(0, where));
}
/// y[i, j] = x[i, indices[i, j]] along the last axis, or along another: what argsort and argmax give. The
/// ranks agree, the other extents broadcast. Throws shape_error, index_error.
template <expression X, expression I>
[[nodiscard]] auto take_along_axis(X&& x, I&& indices, axis_list const& along = axis(-1)) {
  using namespace indexing_detail;
  return shape_detail::view_of<X>(
      taken_along(shape_detail::node_of(std::forward<X>(x), along.where),
                  indices_of(std::forward<I>(indices), along.where), along));
}

/// Element i of an axis, or of all elements in row-major order, counts[i] times, or one count for all: the
/// counts are computed at once. Throws shape_error for other numbers of them, and for one below 0.
template <expression X, expression C>
[[nodiscard]] auto repeat(X&& x, C&& counts, std::int64_t along,
                          location where = location::here()) {
  using namespace indexing_detail;
  if constexpr (!is_integer<value_t<C>>) {
    static_assert(is_integer<value_t<C>>,
                  "repeat takes whole numbers of times: convert with .astype<std::int64_t>()");
    return refused{};
  } else {
    node_ptr const values = shape_detail::node_of(std::forward<X>(x), where);
    view<std::int64_t, false> const each(
        counts_for(values->shape, indices_of(std::forward<C>(counts), where), along, where));
    if (each.size() > 0) require_counts(min(each).item(where), where);
    std::int64_t const total = sum(each).item(where);
    return shape_detail::view_of<X>(
        repeated_by(values, each.node(), arange<std::int64_t>(total).node(), axis(along, where)));
  }
}
template <expression X, expression C>
[[nodiscard]] auto repeat(X&& x, C&& counts, location where = location::here()) {
  return repeat(ravel(std::forward<X>(x), where), std::forward<C>(counts), 0, where);
}

/// The elements of x whose flag is set, in row-major order: 1-D, computed at once, since their number
/// is the result's shape. `flags` has x's shape, or is 1-D of its size. Throws shape_error.
template <expression F, expression X>
[[nodiscard]] auto compress(F&& flags, X&& x, location where = location::here()) {
  static_assert(std::is_same_v<value_t<F>, bool>,
                "compress takes flags: compare, or write x != 0; indices are for take(x, indices)");
  indexing_detail::require_flags(flags.shape(), x.shape(), where);
  node_ptr const set = shape_detail::node_of(std::forward<F>(flags), where);
  node_ptr const values = shape_detail::node_of(std::forward<X>(x), where);
  return array<value_t<X>>(indexing_detail::compressed(values, set, where));
}
/// NumPy's name for flags of any shape.
template <expression F, expression X>
[[nodiscard]] auto extract(F&& flags, X&& x, location where = location::here()) {
  return compress(ravel(std::forward<F>(flags), where), std::forward<X>(x), where);
}

/// Where x is not 0: indices into its elements in row-major order, computed at once.
template <expression X>
[[nodiscard]] array<std::int64_t> flatnonzero(X&& x, location where = location::here()) {
  if constexpr (!std::is_same_v<value_t<X>, bool>) {
    return flatnonzero(std::forward<X>(x) != value_t<X>(0), where);
  } else {
    node_ptr const set = shape_detail::node_of(std::forward<X>(x), where);
    return array<std::int64_t>(indexing_detail::places_of(set, where));
  }
}
/// The same as indices along each axis, one array an axis. Throws shape_error for rank 0.
template <expression X>
[[nodiscard]] std::vector<array<std::int64_t>> nonzero(X&& x, location where = location::here()) {
  extents const shape = x.shape();
  if (shape.rank() == 0) throw shape_error("nonzero: the array has no axis: shape ()", where);
  return indexing_detail::along_axes(flatnonzero(std::forward<X>(x), where), shape);
}
/// The indices as rows: (count, rank).
template <expression X>
[[nodiscard]] array<std::int64_t> argwhere(X&& x, location where = location::here()) {
  return stack(axis(-1, where), nonzero(std::forward<X>(x), where));
}

}  // namespace sloth::inline SLOTH_ABI
