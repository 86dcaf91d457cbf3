// Grids and triangles: arrays of positions, drawn where they are used.
#pragma once

#include <dsl/shape.hpp>

namespace sloth::inline SLOTH_ABI {

namespace grid_detail {
/// start, start + 1, ... of `shape`'s elements in row-major order.
inline auto counting(extents const& shape, std::int64_t start = 0) {
  std::int64_t const params[2] = {start, 1};
  return generated<generator_kind::arange, std::int64_t>(shape, scalar_bits::of(params));
}
/// True at and below diagonal k.
inline auto triangle(std::int64_t n, std::int64_t m, std::int64_t k) {
  return counting({n, 1}) >= counting({1, m}, -k);
}
/// The triangle of the last two axes of `shape`. Throws shape_error for rank 0.
[[nodiscard]] extents triangle_of(extents const& shape, const char* name, location where);
void require_one_sign(double start, double stop, location where);
/// The axis of a grid that its i-th argument runs along.
[[nodiscard]] node_ptr along_axis(node_ptr const& x, int axis, extents const& grid, location where);
}  // namespace grid_detail

/// The n x n identity.
template <element Value = double>
[[nodiscard]] auto identity(std::int64_t n) {
  return eye<Value>(n);
}
/// n x m (n x n), ones at and below diagonal k, zeros above.
template <element Value = double>
[[nodiscard]] auto tri(std::int64_t n, std::int64_t m, std::int64_t k = 0) {
  return grid_detail::triangle(n, m, k).template astype<Value>();
}
template <element Value = double>
[[nodiscard]] auto tri(std::int64_t n) {
  return tri<Value>(n, n);
}
/// x with zeros above diagonal k of its last two axes; 1-D broadcasts to rows. Throws shape_error for
/// rank 0.
template <expression X>
[[nodiscard]] auto tril(X&& x, std::int64_t k = 0, location here = location::here()) {
  extents const e = grid_detail::triangle_of(x.shape(), "tril", here);
  return where(grid_detail::triangle(e[0], e[1], k), std::forward<X>(x),
               zeros<value_t<X>>(extents{}), here);
}
/// x with zeros below diagonal k.
template <expression X>
[[nodiscard]] auto triu(X&& x, std::int64_t k = 0, location here = location::here()) {
  extents const e = grid_detail::triangle_of(x.shape(), "triu", here);
  return where(grid_detail::triangle(e[0], e[1], k - 1), zeros<value_t<X>>(extents{}),
               std::forward<X>(x), here);
}

/// base to the powers of linspace(start, stop, count, endpoint).
[[nodiscard]] inline auto logspace(double start, double stop, std::int64_t count = 50,
                                   bool endpoint = true, double base = 10) {
  return power(base, linspace(start, stop, count, endpoint));
}

/// `count` numbers from start to stop, each the same factor from the one before; the ends are exact.
/// Throws dtype_error unless both ends are of one sign.
[[nodiscard]] inline auto geomspace(double start, double stop, std::int64_t count = 50,
                                    bool endpoint = true, location here = location::here()) {
  grid_detail::require_one_sign(start, stop, here);
  auto const exponent =
      linspace(std::log10(std::abs(start)), std::log10(std::abs(stop)), count, endpoint);
  auto const place = linspace(0, 1, count, endpoint);
  return where(place == 0., start,
               where(place == 1., stop, power(10., exponent) * (start < 0 ? -1. : 1.)));
}
/// The square matrix with the elements of x, in row-major order, as diagonal k.
template <expression X>
[[nodiscard]] auto diagflat(X&& x, std::int64_t k = 0, location here = location::here()) {
  return diag(ravel(std::forward<X>(x), here), k, here);
}

namespace grid_detail {
/// The place of each element of `shape` along an axis.
template <class Value>
auto places_along(extents const& shape, int axis) {
  using wide = std::conditional_t<is_integer<Value>, std::int64_t, double>;
  extents along = extents::filled(shape.rank(), 1);
  along[axis] = shape[axis];
  wide const params[2] = {0, 1};
  auto const none = zeros<Value>(shape);
  return generated<generator_kind::arange, Value>(along, scalar_bits::of(params)) + none;
}
}  // namespace grid_detail

/// The place of each element of `shape` along each axis: of shape (rank, ...).
template <element Value = std::int64_t>
[[nodiscard]] lazy<Value> indices(extents const& shape) {
  std::vector<decltype(grid_detail::places_along<Value>(shape, 0))> places;
  for (int axis = 0; axis < shape.rank(); ++axis)
    places.push_back(grid_detail::places_along<Value>(shape, axis));
  if (places.empty()) return lazy<Value>(zeros<Value>(0));
  return stack(places);
}

/// f of the places of the elements of a shape, an expression for each axis: fromfunction([](auto i, auto j) {
/// return 10 * i + j; }, {3, 4}). They are f64 unless a type is given: fromfunction<int>(f, {3, 4}). What f
/// returns, unevaluated. f runs once, here: any lambda will do.
template <element Value = double, class F, std::size_t N>
[[nodiscard]] auto fromfunction(F&& f, std::int64_t const (&shape)[N]) {
  return [&]<std::size_t... Axis>(std::index_sequence<Axis...>) {
    using part = decltype(grid_detail::places_along<Value>(extents{}, 0));
    constexpr bool fits = std::is_invocable_v<F, std::conditional_t<(Axis < N), part, void>...>;
    if constexpr (!fits) {
      static_assert(fits,
                    "fromfunction calls f with as many expressions as the shape has extents: "
                    "fromfunction([](auto i, auto j) { return i + j; }, {3, 4})");
      return refused{};
    } else {
      extents const all(shape, shape + N);
      return f(grid_detail::places_along<Value>(all, static_cast<int>(Axis))...);
    }
  }
  (std::make_index_sequence<N>{});
}

/// Which of meshgrid's first two arguments runs along rows: xy, the second, as in a plot; ij, the first.
enum class indexing : std::uint8_t { xy, ij };

/// 1-D coordinates as arrays over their grid, a tuple of views: auto [x, y] = meshgrid(a, b).
template <expression... X>
[[nodiscard]] auto meshgrid(indexing order, X const&... x) {
  extents grid{x.size()...};
  bool const swaps = order == indexing::xy && grid.rank() > 1;
  if (swaps) std::swap(grid[0], grid[1]);
  int next = 0;
  auto const view_along = [&]<class Y>(Y const& y) {
    int const axis = swaps && next < 2 ? 1 - next : next;
    ++next;
    return view<value_t<Y>, false>(grid_detail::along_axis(ravel(y, {}).node(), axis, grid, {}));
  };
  return std::tuple<view<value_t<X>, false>...>{view_along(x)...};
}
template <expression... X>
[[nodiscard]] auto meshgrid(X const&... x) {
  return meshgrid(indexing::xy, x...);
}

}  // namespace sloth::inline SLOTH_ABI
