#include <dsl/reduce.hpp>

namespace sloth::inline SLOTH_ABI {

int one_axis(axis_list const& list, int rank, const char* name) {
  if (list.axes.rank() != 1) throw index_error(std::string(name) + ": takes one axis", list.where);
  return normalize_axis(list.axes[0], rank, name, list.where);
}

namespace reduce_detail {

namespace {

std::vector<bool> flags_of(options const& how, int rank, reduction op) {
  std::vector<bool> reduced(static_cast<std::size_t>(rank), how.all_axes);
  for (std::int64_t wanted : how.axes) {
    int const axis = normalize_axis(wanted, rank, to_string(op), how.where);
    if (reduced[axis])
      throw index_error(
          std::string(to_string(op)) + ": axis " + std::to_string(axis) + " is given twice",
          how.where);
    reduced[axis] = true;
  }
  return reduced;
}

}  // namespace

void require_elements(extents const& shape, reduction op, options const& how) {
  auto const reduced = flags_of(how, shape.rank(), op);
  using enum reduction;
  if (op != min && op != max && op != argmin && op != argmax) return;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (reduced[axis] && shape[axis] == 0)
      throw shape_error(std::string(to_string(op)) + ": no elements along axis " +
                            std::to_string(axis) + " of shape " + to_string(shape),
                        how.where);
}

bool has_no_elements(extents const& shape, options const& how) {
  auto const reduced = flags_of(how, shape.rank(), reduction::reduce);
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (reduced[axis] && shape[axis] == 0) return true;
  return false;
}

extents kept_shape(extents const& shape, std::vector<bool> const& reduced, bool keep) {
  extents kept;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (!reduced[axis])
      kept.push_back(shape[axis]);
    else if (keep)
      kept.push_back(1);
  return kept;
}
extents kept_shape(extents const& shape, options const& how) {
  return kept_shape(shape, flags_of(how, shape.rank(), reduction::reduce), how.keep);
}

node_ptr reduce_node(fused_operation&& argument, extents const& shape, reduction op, dtype result,
                     options const& how, device_reduce device, void const* host) {
  require_elements(shape, op, how);
  reduce_operation call;
  call.reduced = flags_of(how, shape.rank(), op);
  bool const positions = op == reduction::argmin || op == reduction::argmax;
  if (positions && !how.all_axes && how.axes.rank() != 1)
    throw index_error(std::string(to_string(op)) + ": takes one axis or all", how.where);
  call.argument = std::move(argument);
  call.domain = shape;
  call.op = op;
  call.ddof = how.ddof;
  call.device = device;
  call.host = host;
  extents kept = kept_shape(shape, call.reduced, how.keep);
  return node::of_operation(result, std::move(kept), std::move(call), how.where);
}

}  // namespace reduce_detail

}  // namespace sloth::inline SLOTH_ABI
