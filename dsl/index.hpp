// Subscripts: `_`, slice, newaxis, ellipsis and integers, and the views they make.
#pragma once

#include <dsl/node.hpp>

#include <concepts>
#include <initializer_list>
#include <limits>

namespace sloth::inline SLOTH_ABI {

/// `_`: the whole axis in a subscript, no bound in a slice. Python's `:` and None.
struct whole_axis {
  constexpr bool operator==(whole_axis const&) const = default;
};
inline constexpr whole_axis _{};

/// A new axis of extent 1.
struct newaxis_t {};
inline constexpr newaxis_t newaxis{};

/// As many whole axes as are left.
struct ellipsis_t {};
inline constexpr ellipsis_t ellipsis{};

/// Start, stop and step along one axis, as Python's slice: negative bounds count from the end, `_`
/// is no bound, bounds beyond the ends are cut. A step of 0 throws index_error.
class slice {
 public:
  struct bound {
    std::int64_t value = 0;
    bool given = false;
    constexpr bound(whole_axis) {}  // NOLINT
    template <std::integral I>
    constexpr bound(I v) : value(static_cast<std::int64_t>(v)), given(true) {}  // NOLINT
  };

  constexpr explicit slice(bound stop) : stop_(stop) {}
  constexpr slice(bound start, bound stop, std::int64_t step = 1)
      : start_(start), stop_(stop), step_(step) {}

  struct range {
    std::int64_t first, count, step;
  };
  /// The indices taken from an axis of extent `n`.
  [[nodiscard]] range over(std::int64_t n, location where) const;

 private:
  bound start_ = _, stop_ = _;
  std::int64_t step_ = 1;
};

/// One item of a subscript.
struct index_item {
  enum class kind : std::uint8_t { integer, slice, newaxis, ellipsis };
  kind what;
  std::int64_t integer = 0;
  sloth::slice slice{_};

  template <std::integral I>
  index_item(I i) : what(kind::integer), integer(static_cast<std::int64_t>(i)) {}  // NOLINT
  index_item(sloth::slice s) : what(kind::slice), slice(s) {}                      // NOLINT
  index_item(whole_axis) : what(kind::slice) {}                                    // NOLINT
  index_item(newaxis_t) : what(kind::newaxis) {}                                   // NOLINT
  index_item(ellipsis_t) : what(kind::ellipsis) {}                                 // NOLINT
};

template <class I>
concept index_like = std::constructible_from<index_item, I> && !std::same_as<I, bool>;

/// The first item of a subscript, with the place where the subscript was written.
struct located_item {
  index_item item;
  location where;

  template <index_like I>
  located_item(I const& i, const char* file = __builtin_FILE(),  // NOLINT
               int line = __builtin_LINE())
      : item(i), where{file, line} {}
};

/// The view of `base` that the items select.
[[nodiscard]] node_ptr subscript(node_ptr const& base, std::initializer_list<index_item> items,
                                 location where = {});

/// Axes reversed.
[[nodiscard]] node_ptr transposed(node_ptr const& base, location where);
/// The same of a handle that is given away: where it is the last one of a product that nothing has
/// computed, (A & B).T() becomes B.T() & A.T(), which the product writes as it is wanted.
[[nodiscard]] node_ptr transposed_temporary(node_ptr base, location where);
/// Axes in the order given, each once.
[[nodiscard]] node_ptr permuted(node_ptr const& base, extents const& axes, location where);
/// `shape`'s elements read with stride 0 along broadcast axes.
[[nodiscard]] node_ptr broadcasted(node_ptr const& base, extents const& shape, location where);
/// Size-1 axes removed: all of them, or `axis`.
[[nodiscard]] node_ptr squeezed(node_ptr const& base, location where);
[[nodiscard]] node_ptr squeezed(node_ptr const& base, std::int64_t axis, location where);
[[nodiscard]] node_ptr expanded(node_ptr const& base, std::int64_t axis, location where);

/// Diagonal k of a 2-D array.
[[nodiscard]] node_ptr diagonal(node_ptr const& base, std::int64_t k, location where);

/// `shape` with its -1 filled in for `size` elements; throws shape_error.
[[nodiscard]] extents resolve_shape(extents const& shape, extents const& from, location where);
/// The view with that shape where strides allow one, else null.
[[nodiscard]] node_ptr reshaped_view(node_ptr const& base, extents const& shape, location where);

}  // namespace sloth::inline SLOTH_ABI
