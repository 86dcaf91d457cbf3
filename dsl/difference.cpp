#include <dsl/difference.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace difference_detail {

neighbours neighbours_of(node_ptr const& x, std::int64_t along, const char* name, location where) {
  if (x->shape.rank() == 0)
    throw shape_error(std::string(name) + ": the array has no axis: shape ()", where);
  int const axis = normalize_axis(along, x->shape.rank(), name, where);
  std::int64_t const n = std::max<std::int64_t>(x->shape[axis] - 1, 0);
  return {shape_detail::range_of(x, axis, 1, n, 1, where),
          shape_detail::range_of(x, axis, 0, n, 1, where)};
}

void require_order(std::int64_t n, location where) {
  if (n < 0) throw shape_error("diff: a negative order: " + std::to_string(n), where);
}

int axis_of_gradient(extents const& shape, std::int64_t along, location where) {
  if (shape.rank() == 0) throw shape_error("gradient: the array has no axis: shape ()", where);
  int const axis = normalize_axis(along, shape.rank(), "gradient", where);
  if (shape[axis] < 2)
    throw shape_error("gradient: axis " + std::to_string(axis) + " of " + to_string(shape) +
                          " has fewer than 2 elements",
                      where);
  return axis;
}

node_ptr along_axis(node_ptr const& values, extents const& shape, std::int64_t along,
                    const char* name, location where) {
  int const axis = normalize_axis(along, shape.rank(), name, where);
  if (values->shape == shape) return values;
  if (values->shape.rank() != 1 || values->shape[0] != shape[axis])
    throw shape_error(std::string(name) + ": " + to_string(values->shape) +
                          " is neither the shape of the values, " + to_string(shape) +
                          ", nor 1-D of axis " + std::to_string(axis),
                      where);
  extents column = extents::filled(shape.rank(), 1);
  column[axis] = shape[axis];
  return reshaped(values, column, where);
}

}  // namespace difference_detail
}  // namespace sloth::inline SLOTH_ABI
