// Arrays turned, repeated, cut and padded. Views where NumPy gives views.
#pragma once

#include <dsl/concatenate.hpp>
#include <dsl/create.hpp>

namespace sloth::inline SLOTH_ABI {

/// How many elements pad adds on either side of an axis.
struct pad_width {
  std::int64_t before, after;
  constexpr pad_width(std::int64_t before_, std::int64_t after_) : before(before_), after(after_) {}
};

/// What pad adds: a value, the last element, or the array mirrored there or from its other end.
enum class pad_mode : std::uint8_t { constant, edge, reflect, wrap };

namespace shape_detail {

/// Of each function: the node behind its result. `axes` may be negative.
[[nodiscard]] node_ptr flipped(node_ptr const& base, extents const& axes, const char* name,
                               location where);
[[nodiscard]] node_ptr flipped(node_ptr const& base, location where);
[[nodiscard]] node_ptr rotated(node_ptr const& base, std::int64_t k, extents const& axes,
                               location where);
[[nodiscard]] node_ptr moved(node_ptr const& base, extents const& from, extents const& to,
                             location where);
[[nodiscard]] node_ptr swapped(node_ptr const& base, std::int64_t a, std::int64_t b,
                               location where);
[[nodiscard]] node_ptr at_least(node_ptr const& base, int rank, location where);
[[nodiscard]] node_ptr rolled(node_ptr const& base, std::int64_t shift, location where);
[[nodiscard]] node_ptr rolled(node_ptr const& base, extents const& shifts, extents const& axes,
                              location where);
[[nodiscard]] node_ptr repeated(node_ptr const& base, std::int64_t n, std::int64_t axis,
                                location where);
[[nodiscard]] node_ptr tiled(node_ptr const& base, extents const& times, location where);
/// Into n parts, all of one extent or the first ones longer by one.
[[nodiscard]] std::vector<node_ptr> parts_of(node_ptr const& base, std::int64_t n,
                                             std::int64_t axis, bool equal, location where);
/// Cut before the positions given.
[[nodiscard]] std::vector<node_ptr> parts_of(node_ptr const& base, extents const& at,
                                             std::int64_t axis, location where);
/// `value`: one element, of mode constant.
[[nodiscard]] node_ptr padded(node_ptr base, std::vector<pad_width> const& widths, pad_mode mode,
                              fused_operation const& value, location where);

/// `count` elements first, first + step, ... along an axis; step 0 reads one again and again.
[[nodiscard]] node_ptr range_of(node_ptr const& base, int axis, std::int64_t first,
                                std::int64_t count, std::int64_t step, location where);
/// The axes as numbers from 0. Throws index_error, for one that is given twice too.
[[nodiscard]] std::vector<int> distinct_axes(extents const& axes, int rank, const char* name,
                                             location where);
/// The axes in this order, read under this shape; the node itself where that changes nothing.
[[nodiscard]] node_ptr arranged(node_ptr const& base, extents const& axes, extents const& shape,
                                location where);

template <expression X>
node_ptr node_of(X&& x, location where) {
  return as_tree(std::forward<X>(x)).node(where);
}
template <expression X>
using view_of = view<value_t<X>, false>;

template <class Value>
std::vector<view<Value, false>> views_of(std::vector<node_ptr>&& parts) {
  std::vector<view<Value, false>> views;
  for (auto& part : parts) views.emplace_back(std::move(part));
  return views;
}

}  // namespace shape_detail

/// The elements in row-major order, 1-D: a view where strides allow one, else a copy.
template <expression X>
[[nodiscard]] auto ravel(X&& x, location where = location::here()) {
  return shape_detail::view_of<X>(
      reshaped(shape_detail::node_of(std::forward<X>(x), where), {-1}, where));
}
/// The axes in the order given, each once: transpose(x, axes), under the array API's name.
template <expression X>
[[nodiscard]] auto permute_dims(X&& x, extents const& axes, location where = location::here()) {
  return transpose(std::forward<X>(x), axes, where);
}
/// Axes `from` at the places `to`, the others in their order: a view. Throws index_error.
template <expression X>
[[nodiscard]] auto moveaxis(X&& x, extents const& from, extents const& to,
                            location where = location::here()) {
  return shape_detail::view_of<X>(
      shape_detail::moved(shape_detail::node_of(std::forward<X>(x), where), from, to, where));
}
template <expression X>
[[nodiscard]] auto moveaxis(X&& x, std::int64_t from, std::int64_t to,
                            location where = location::here()) {
  return moveaxis(std::forward<X>(x), extents{from}, extents{to}, where);
}
/// Axes a and b exchanged: a view. Throws index_error.
template <expression X>
[[nodiscard]] auto swapaxes(X&& x, std::int64_t a, std::int64_t b,
                            location where = location::here()) {
  return shape_detail::view_of<X>(
      shape_detail::swapped(shape_detail::node_of(std::forward<X>(x), where), a, b, where));
}
/// x with at least so many axes: (n) is (1, n) and (1, n, 1), (m, n) is (m, n, 1). Views.
#define SLOTH_AT_LEAST(rank)                                                                    \
  template <expression X>                                                                       \
  [[nodiscard]] auto atleast_##rank##d(X&& x, location where = location::here()) {              \
    return shape_detail::view_of<X>(                                                            \
        shape_detail::at_least(shape_detail::node_of(std::forward<X>(x), where), rank, where)); \
  }
SLOTH_AT_LEAST(1)
SLOTH_AT_LEAST(2)
SLOTH_AT_LEAST(3)
#undef SLOTH_AT_LEAST

/// Elements in reverse order along all axes, one, or those of axis(...): a view. Throws index_error.
template <expression X>
[[nodiscard]] auto flip(X&& x, location where = location::here()) {
  return shape_detail::view_of<X>(
      shape_detail::flipped(shape_detail::node_of(std::forward<X>(x), where), where));
}
template <expression X>
[[nodiscard]] auto flip(X&& x, axis_list const& axes) {
  return shape_detail::view_of<X>(shape_detail::flipped(
      shape_detail::node_of(std::forward<X>(x), axes.where), axes.axes, "flip", axes.where));
}
template <expression X>
[[nodiscard]] auto flip(X&& x, std::int64_t along, location where = location::here()) {
  return flip(std::forward<X>(x), axis(along, where));
}
/// flip(x, 1), from rank 2 on.
template <expression X>
[[nodiscard]] auto fliplr(X&& x, location where = location::here()) {
  return shape_detail::view_of<X>(shape_detail::flipped(
      shape_detail::node_of(std::forward<X>(x), where), {1}, "fliplr", where));
}
/// flip(x, 0).
template <expression X>
[[nodiscard]] auto flipud(X&& x, location where = location::here()) {
  return shape_detail::view_of<X>(shape_detail::flipped(
      shape_detail::node_of(std::forward<X>(x), where), {0}, "flipud", where));
}
/// Turned k times by 90 degrees, from the first axis towards the second: a view. Throws index_error.
template <expression X>
[[nodiscard]] auto rot90(X&& x, std::int64_t k = 1, extents const& axes = {0, 1},
                         location where = location::here()) {
  return shape_detail::view_of<X>(
      shape_detail::rotated(shape_detail::node_of(std::forward<X>(x), where), k, axes, where));
}

/// Elements moved on by `shift` along an axis, or in row-major order; those pushed out come in at the
/// other end. Throws index_error for the axis.
template <expression X>
[[nodiscard]] auto roll(X&& x, std::int64_t shift, location where = location::here()) {
  return lazy<value_t<X>>(
      shape_detail::rolled(shape_detail::node_of(std::forward<X>(x), where), shift, where));
}
template <expression X>
[[nodiscard]] auto roll(X&& x, std::int64_t shift, std::int64_t along,
                        location where = location::here()) {
  return lazy<value_t<X>>(shape_detail::rolled(shape_detail::node_of(std::forward<X>(x), where),
                                               extents{shift}, extents{along}, where));
}
/// Along several axes: by one shift each, or one for all; shifts of one axis add up. Throws shape_error for
/// other numbers of them.
template <expression X>
[[nodiscard]] auto roll(X&& x, extents const& shifts, axis_list const& axes) {
  return lazy<value_t<X>>(shape_detail::rolled(
      shape_detail::node_of(std::forward<X>(x), axes.where), shifts, axes.axes, axes.where));
}
template <expression X>
[[nodiscard]] auto roll(X&& x, std::int64_t shift, axis_list const& axes) {
  return roll(std::forward<X>(x), extents{shift}, axes);
}
/// Each element n times, along an axis or in row-major order. Throws shape_error for n < 0.
template <expression X>
[[nodiscard]] auto repeat(X&& x, std::int64_t n, std::int64_t along,
                          location where = location::here()) {
  return shape_detail::view_of<X>(
      shape_detail::repeated(shape_detail::node_of(std::forward<X>(x), where), n, along, where));
}
template <expression X>
[[nodiscard]] auto repeat(X&& x, std::int64_t n, location where = location::here()) {
  return repeat(ravel(std::forward<X>(x), where), n, 0, where);
}
/// x times[i] times along axis i; the shorter of shape and `times` is filled up with ones in front.
template <expression X>
[[nodiscard]] auto tile(X&& x, extents const& times, location where = location::here()) {
  return shape_detail::view_of<X>(
      shape_detail::tiled(shape_detail::node_of(std::forward<X>(x), where), times, where));
}
template <expression X>
[[nodiscard]] auto tile(X&& x, std::int64_t times, location where = location::here()) {
  return tile(std::forward<X>(x), extents{times}, where);
}

/// Views of n parts of equal extent along an axis, or of the parts between the positions given:
/// split(x, 3), split(x, {2, 5}, 1). Throws shape_error where n does not divide the extent.
template <expression X, std::integral N>
[[nodiscard]] auto split(X&& x, N n, std::int64_t along = 0, location where = location::here()) {
  node_ptr const base = shape_detail::node_of(std::forward<X>(x), where);
  return shape_detail::views_of<value_t<X>>(shape_detail::parts_of(base, n, along, true, where));
}
template <expression X>
[[nodiscard]] auto split(X&& x, extents const& at, std::int64_t along = 0,
                         location where = location::here()) {
  node_ptr const base = shape_detail::node_of(std::forward<X>(x), where);
  return shape_detail::views_of<value_t<X>>(shape_detail::parts_of(base, at, along, where));
}
/// split that takes any n: the first parts are longer by one.
template <expression X, std::integral N>
[[nodiscard]] auto array_split(X&& x, N n, std::int64_t along = 0,
                               location where = location::here()) {
  node_ptr const base = shape_detail::node_of(std::forward<X>(x), where);
  return shape_detail::views_of<value_t<X>>(shape_detail::parts_of(base, n, along, false, where));
}
template <expression X>
[[nodiscard]] auto array_split(X&& x, extents const& at, std::int64_t along = 0,
                               location where = location::here()) {
  return split(std::forward<X>(x), at, along, where);
}

/// x with elements around it: as many on both sides of each axis, {before, after} of each axis, or of
/// axis after axis: pad(x, 1), pad(x, {0, 2}), pad(x, {{1, 1}, {0, 2}}, pad_mode::edge). Throws
/// shape_error for negative widths and, but for a constant, for an empty axis.
template <expression X, scalar_value S = int>
[[nodiscard]] auto pad(X&& x, std::vector<pad_width> const& widths,
                       pad_mode mode = pad_mode::constant, S value = 0,
                       location where = location::here()) {
  using type = value_t<X>;
  auto fill = bind_tree(full<type>(extents{}, weak_cast<type>(value, where)));
  return lazy<type>(shape_detail::padded(shape_detail::node_of(std::forward<X>(x), where), widths,
                                         mode, fill, where));
}
template <expression X, scalar_value S = int>
[[nodiscard]] auto pad(X&& x, pad_width width, pad_mode mode = pad_mode::constant, S value = 0,
                       location where = location::here()) {
  std::vector<pad_width> const widths(static_cast<std::size_t>(x.rank()), width);
  return pad(std::forward<X>(x), widths, mode, value, where);
}
template <expression X, std::integral N, scalar_value S = int>
[[nodiscard]] auto pad(X&& x, N width, pad_mode mode = pad_mode::constant, S value = 0,
                       location where = location::here()) {
  return pad(std::forward<X>(x), pad_width(width, width), mode, value, where);
}

}  // namespace sloth::inline SLOTH_ABI
