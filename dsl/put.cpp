#include <dsl/put.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace put_detail {

namespace {

/// Values that, taken again and again, are those of `wanted`: where they only lack axes in front, as they
/// are.
node_ptr fitted(node_ptr values, extents const& wanted, const char* name, location where) {
  extents const& shape = values->shape;
  if (broadcast(wanted, shape, name, where) != wanted)
    throw shape_error(
        std::string(name) + ": shape " + to_string(shape) + " does not fit " + to_string(wanted),
        where);
  auto const first =
      std::find_if(shape.begin(), shape.end(), [](std::int64_t e) { return e != 1; });
  if (std::equal(first, shape.end(), wanted.end() - (shape.end() - first))) return values;
  return broadcasted(values, wanted, where);
}

}  // namespace

indexed_values for_rows(const char* name, extents const& x, node_ptr indices, node_ptr values,
                        location where) {
  (void)normalize_axis(0, x.rank(), name, where);
  extents wanted = indices->shape;
  for (int axis = 1; axis < x.rank(); ++axis) wanted.push_back(x[axis]);
  return {name, std::move(indices), fitted(std::move(values), wanted, name, where), x};
}

indexed_values for_elements(const char* name, extents const& x, node_ptr indices, node_ptr values) {
  return {name, std::move(indices), std::move(values), {x.size()}};
}

indexed_values for_elements_along(const char* name, extents const& x, node_ptr indices,
                                  node_ptr values, axis_list const& along) {
  int const axis = one_axis(along, x.rank(), name);
  extents const wanted =
      indexing_detail::along_shape(name, x, indices->shape, axis, false, along.where);
  return {name,
          indexing_detail::stretched(indices, wanted, along.where),
          fitted(std::move(values), wanted, name, along.where),
          x,
          axis,
          true};
}

indexed_values for_flags(extents const& x, node_ptr places, node_ptr values, location where) {
  std::int64_t const set = places->shape.size();
  extents const& shape = values->shape;
  bool const is_row = shape.size() == (shape.rank() > 0 ? shape.back() : 1);  // ones in front
  if (!is_row || (shape.size() != set && shape.size() != 1))
    throw shape_error("assignment: values of shape " + to_string(shape) + " for " +
                          std::to_string(set) + " flags that are set",
                      where);
  return {"assignment", std::move(places), std::move(values), {x.size()}};
}

}  // namespace put_detail
}  // namespace sloth::inline SLOTH_ABI
