#include <dsl/indexing.hpp>

namespace sloth::inline SLOTH_ABI {
namespace indexing_detail {

node_ptr taken(node_ptr const& x, node_ptr const& indices, axis_list const& along) {
  int const axis = one_axis(along, x->shape.rank(), "take");
  extents shape(x->shape.begin(), x->shape.begin() + axis);
  for (std::int64_t extent : indices->shape) shape.push_back(extent);
  for (int a = axis + 1; a < x->shape.rank(); ++a) shape.push_back(x->shape[a]);
  return primitive_node(primitive::take, x->type, std::move(shape), {x, indices}, axis,
                        along.where);
}

node_ptr taken_along(node_ptr const& x, node_ptr const& indices, axis_list const& along) {
  int const axis = one_axis(along, x->shape.rank(), "take_along_axis");
  extents wanted = x->shape;
  if (indices->shape.rank() == wanted.rank()) wanted[axis] = indices->shape[axis];
  if (indices->shape != wanted)
    throw shape_error("take_along_axis: indices of shape " + to_string(indices->shape) +
                          " along axis " + std::to_string(axis) + " of " + to_string(x->shape),
                      along.where);
  return primitive_node(primitive::take_along_axis, x->type, std::move(wanted), {x, indices}, axis,
                        along.where);
}

node_ptr compressed(node_ptr const& x, node_ptr const& flags, std::int64_t count, location where) {
  node_ptr const result =
      primitive_node(primitive::compress, x->type, {count},
                     {reshaped(x, {-1}, where), reshaped(flags, {-1}, where)}, 0, where);
  evaluate(result);
  return result;
}

void require_flags(extents const& flags, extents const& x, location where) {
  if (flags != x && flags != extents{x.size()})
    throw shape_error("compress: flags of shape " + to_string(flags) + " for " + to_string(x),
                      where);
}

}  // namespace indexing_detail
}  // namespace sloth::inline SLOTH_ABI
