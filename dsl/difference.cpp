#include <dsl/difference.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace difference_detail {

neighbours neighbours_of(node_ptr const& x, std::int64_t along, const char* name, location where) {
  if (x->shape.rank() == 0)
    throw shape_error(std::string(name) + ": the array has no axis: shape ()", where);
  int const axis = normalize_axis(along, x->shape.rank(), name, where);
  extents shape = x->shape;
  shape[axis] = std::max<std::int64_t>(shape[axis] - 1, 0);
  std::int64_t const next = shape[axis] > 0 ? x->stride[axis] : 0;
  return {node::of_view(x, shape, x->stride, x->offset + next, where),
          node::of_view(x, shape, x->stride, x->offset, where)};
}

void require_order(std::int64_t n, location where) {
  if (n < 0) throw shape_error("diff: a negative order: " + std::to_string(n), where);
}

node_ptr places_of(node_ptr const& x, int axis, std::int64_t begin, std::int64_t count,
                   location where) {
  extents shape = x->shape;
  shape[axis] = count;
  return node::of_view(x, shape, x->stride, x->offset + (count > 0 ? begin * x->stride[axis] : 0),
                       where);
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
