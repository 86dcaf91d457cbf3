// Arrays joined along an axis. The parts' expressions are computed where they lie in the result.
#pragma once

#include <dsl/reduce.hpp>

namespace sloth::inline SLOTH_ABI {

namespace concatenate_detail {

enum class joining : std::uint8_t { concatenate, stack, hstack, vstack, dstack };
using part = concatenate_operation::part;

/// The elements of a node, as they are.
[[nodiscard]] part part_of(node_ptr const& n);
template <element C, expression X>
part part_of(X&& x, location where) {
  auto tree = as_argument<C>(std::forward<X>(x), where);
  if constexpr (is_leaf_tree<decltype(tree)>) {
    return part_of(tree.node());
  } else {
    extents shape = tree.shape();
    return {bind_tree(std::move(tree)), std::move(shape), false};
  }
}

/// The pending node of the parts behind each other.
[[nodiscard]] node_ptr join(joining how, std::vector<part> parts, axis_list const& along,
                            dtype type);

template <joining How, expression... X>
auto join(axis_list const& along, X&&... x) {
  using type = common_t<std::remove_cvref_t<X>...>;
  std::vector<part> parts;
  parts.reserve(sizeof...(X));
  (parts.push_back(part_of<type>(std::forward<X>(x), along.where)), ...);
  return lazy<type>(join(How, std::move(parts), along, dtype_of<type>));
}
template <joining How, expression X>
auto join(axis_list const& along, std::vector<X> const& x) {
  std::vector<part> parts;
  parts.reserve(x.size());
  for (auto const& each : x) parts.push_back(part_of<value_t<X>>(each, along.where));
  return lazy<value_t<X>>(join(How, std::move(parts), along, dtype_of<value_t<X>>));
}

}  // namespace concatenate_detail

// Behind a pack there is no default argument for the user's line: up to six arrays have it, more
// where axis(...) brings it along.
#define SLOTH_JOINING(name)                                                                       \
  template <expression A>                                                                         \
  [[nodiscard]] auto name(A&& a, location where = location::here()) {                             \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), std::forward<A>(a));                               \
  }                                                                                               \
  template <expression A, expression B>                                                           \
  [[nodiscard]] auto name(A&& a, B&& b, location where = location::here()) {                      \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), std::forward<A>(a), std::forward<B>(b));           \
  }                                                                                               \
  template <expression A, expression B, expression C>                                             \
  [[nodiscard]] auto name(A&& a, B&& b, C&& c, location where = location::here()) {               \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), std::forward<A>(a), std::forward<B>(b),            \
                               std::forward<C>(c));                                               \
  }                                                                                               \
  template <expression A, expression B, expression C, expression D>                               \
  [[nodiscard]] auto name(A&& a, B&& b, C&& c, D&& d, location where = location::here()) {        \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), std::forward<A>(a), std::forward<B>(b),            \
                               std::forward<C>(c), std::forward<D>(d));                           \
  }                                                                                               \
  template <expression A, expression B, expression C, expression D, expression E>                 \
  [[nodiscard]] auto name(A&& a, B&& b, C&& c, D&& d, E&& e, location where = location::here()) { \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), std::forward<A>(a), std::forward<B>(b),            \
                               std::forward<C>(c), std::forward<D>(d), std::forward<E>(e));       \
  }                                                                                               \
  template <expression A, expression B, expression C, expression D, expression E, expression F>   \
  [[nodiscard]] auto name(A&& a, B&& b, C&& c, D&& d, E&& e, F&& f,                               \
                          location where = location::here()) {                                    \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), std::forward<A>(a), std::forward<B>(b),            \
                               std::forward<C>(c), std::forward<D>(d), std::forward<E>(e),        \
                               std::forward<F>(f));                                               \
  }                                                                                               \
  template <expression... X>                                                                      \
  requires(sizeof...(X) > 6) [[nodiscard]] auto name(X&&... x) {                                  \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis_list{{0}, {}}, std::forward<X>(x)...);                        \
  }                                                                                               \
  template <expression X>                                                                         \
  [[nodiscard]] auto name(std::vector<X> const& x, location where = location::here()) {           \
    using namespace concatenate_detail;                                                           \
    return join<joining::name>(axis(0, where), x);                                                \
  }

#define SLOTH_JOINING_ALONG(name)                                                        \
  template <expression... X>                                                             \
  requires(sizeof...(X) > 0) [[nodiscard]] auto name(axis_list const& along, X&&... x) { \
    using namespace concatenate_detail;                                                  \
    return join<joining::name>(along, std::forward<X>(x)...);                            \
  }                                                                                      \
  template <expression X>                                                                \
  [[nodiscard]] auto name(axis_list const& along, std::vector<X> const& x) {             \
    using namespace concatenate_detail;                                                  \
    return join<joining::name>(along, x);                                                \
  }

/// concatenate(a, b, c), concatenate(axis(1), a, b), concatenate(parts): the arrays behind each other
/// along axis 0 or the one given. Their other extents agree; the type is their common one. Throws
/// shape_error, also for rank 0, and index_error for the axis.
SLOTH_JOINING(concatenate)
SLOTH_JOINING_ALONG(concatenate)

/// stack(a, b, c), stack(axis(-1), a, b), stack(parts): arrays of one shape along a new axis, the
/// first or the one given. Throws shape_error, index_error for the axis.
SLOTH_JOINING(stack)
SLOTH_JOINING_ALONG(stack)

/// Joined along columns: axis 1, of 1-D arrays axis 0.
SLOTH_JOINING(hstack)
/// Joined along rows, axis 0; a 1-D array is a row.
SLOTH_JOINING(vstack)
/// Joined along axis 2: (n) counts as (1, n, 1), (m, n) as (m, n, 1).
SLOTH_JOINING(dstack)
#undef SLOTH_JOINING
#undef SLOTH_JOINING_ALONG

}  // namespace sloth::inline SLOTH_ABI
