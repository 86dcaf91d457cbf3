#include <dsl/primitive.hpp>

#include <dsl/shape.hpp>

namespace sloth::inline SLOTH_ABI {

node_ptr primitive_node(primitive is, dtype type, extents shape, std::vector<node_ptr> operands,
                        std::int64_t option, location where) {
  for (auto& operand : operands) operand = without_gaps(std::move(operand));
  return node::of_operation(type, std::move(shape),
                            primitive_operation{is, std::move(operands), option}, where);
}

node_ptr primitive_along(primitive is, dtype type, node_ptr const& x, axis_list const& along,
                         std::int64_t option) {
  location const where = along.where;
  int const rank = x->shape.rank();
  int const axis = one_axis(along, rank, to_string(is));
  if (axis == rank - 1) return primitive_node(is, type, x->shape, {x}, option, where);
  // Elsewhere the axis is moved to the end first, and the result is read as x lies.
  node_ptr const moved = shape_detail::moved(x, {axis}, {-1}, where);
  node_ptr const result = primitive_node(is, type, moved->shape, {moved}, option, where);
  return shape_detail::moved(result, {-1}, {axis}, where);
}

node_ptr primitive_of_all(primitive is, dtype type, node_ptr const& x, location where) {
  node_ptr const flat = reshaped(x, {-1}, where);
  return primitive_node(is, type, flat->shape, {flat}, 0, where);
}

}  // namespace sloth::inline SLOTH_ABI
