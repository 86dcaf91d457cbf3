// std::mdspan, in and out, where the library has it. Include it beside sloth.hpp.
#pragma once

#include <dsl/array.hpp>

#include <version>

#if defined(__cpp_lib_mdspan)

#include <algorithm>
#include <array>
#include <mdspan>

namespace sloth::inline SLOTH_ABI {

/// x's values where they lie (of an array on the GPU, in its copy on the host): valid until x is written or
/// ends. Throws shape_error for another rank.
template <int Rank, element T>
[[nodiscard]] auto to_mdspan(array<T> const& x, location where = location::here()) {
  if (x.shape().rank() != Rank)
    throw shape_error(
        "to_mdspan<" + std::to_string(Rank) + ">: not of shape " + to_string(x.shape()), where);
  std::array<std::int64_t, Rank> shape;
  std::copy(x.shape().begin(), x.shape().end(), shape.begin());
  return std::mdspan<T const, std::dextents<std::int64_t, Rank>>(x.data(), shape);
}

/// A copy of the elements that an mdspan of any layout sees.
template <class T, class Extents, class Layout, class Accessor>
[[nodiscard]] auto from_mdspan(std::mdspan<T, Extents, Layout, Accessor> const& values,
                               location where = location::here()) {
  using value = std::remove_cv_t<T>;
  static_assert(element<value>, "no array has elements of this type");
  extents shape;
  for (std::size_t axis = 0; axis < Extents::rank(); ++axis)
    shape.push_back(static_cast<std::int64_t>(values.extent(axis)));
  array<value> x(shape, where);
  value* to = x.data();
  std::array<typename Extents::index_type, Extents::rank()> at{};
  auto const copy = [&](auto const& self, std::size_t axis) -> void {
    if (axis == Extents::rank()) {
      *to++ = values[at];
      return;
    }
    for (at[axis] = 0; at[axis] < values.extent(axis); ++at[axis]) self(self, axis + 1);
  };
  copy(copy, 0);
  return x;
}

}  // namespace sloth::inline SLOTH_ABI

#endif
