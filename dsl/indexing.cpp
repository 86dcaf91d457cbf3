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

node_ptr stretched(node_ptr const& n, extents const& shape, location where) {
  return n->shape == shape ? n : broadcasted(n, shape, where);
}

node_ptr taken_along(node_ptr const& x, node_ptr const& indices, axis_list const& along) {
  int const axis = one_axis(along, x->shape.rank(), "take_along_axis");
  extents const wanted =
      along_shape("take_along_axis", x->shape, indices->shape, axis, true, along.where);
  extents all = wanted;
  all[axis] = x->shape[axis];
  return primitive_node(primitive::take_along_axis, x->type, wanted,
                        {stretched(x, all, along.where), stretched(indices, wanted, along.where)},
                        axis, along.where);
}

extents along_shape(const char* name, extents const& x, extents const& indices, int axis,
                    bool stretches_x, location where) {
  extents wanted = indices;
  bool fits = indices.rank() == x.rank();
  for (int k = 0; fits && k < x.rank(); ++k) {
    if (k == axis || indices[k] == x[k]) continue;
    fits = indices[k] == 1 || (stretches_x && x[k] == 1);
    if (indices[k] == 1) wanted[k] = x[k];
  }
  if (!fits)
    throw shape_error(std::string(name) + ": indices of shape " + to_string(indices) +
                          " along axis " + std::to_string(axis) + " of " + to_string(x),
                      where);
  return wanted;
}

namespace {

/// Computes `type`s of the operands, if any, whose flag is set.
node_ptr chosen(dtype type, std::vector<node_ptr> operands, node_ptr const& flags, location where) {
  node_ptr const in_line = reshaped(flags, {-1}, where);
  std::int64_t const blocks = (flags->shape.size() + flag_block - 1) / flag_block;
  node_ptr const ends =
      primitive_node(primitive::count_flags, dtype::i64, {blocks}, {in_line}, 0, where);
  std::int64_t const count =
      blocks == 0
          ? 0
          : item_of<std::int64_t>(subscript(ends, {index_item(std::int64_t{-1})}, where), where);
  operands.insert(operands.end(), {in_line, ends});
  node_ptr const result =
      primitive_node(primitive::compress, type, {count}, std::move(operands), 0, where);
  evaluate(result);
  return result;
}

}  // namespace

node_ptr compressed(node_ptr const& x, node_ptr const& flags, location where) {
  return chosen(x->type, {reshaped(x, {-1}, where)}, flags, where);
}

node_ptr places_of(node_ptr const& flags, location where) {
  return chosen(dtype::i64, {}, flags, where);
}

node_ptr counts_for(extents const& x, node_ptr const& counts, std::int64_t along, location where) {
  int const axis = normalize_axis(along, x.rank(), "repeat", where);
  extents const wanted{x[axis]};
  if (counts->shape != wanted && (counts->shape.rank() > 1 || counts->shape.size() != 1))
    throw shape_error("repeat: counts of shape " + to_string(counts->shape) + " for axis " +
                          std::to_string(axis) + " of " + to_string(x),
                      where);
  return broadcasted(counts, wanted, where);
}

void require_counts(std::int64_t least, location where) {
  if (least < 0) throw shape_error("repeat: " + std::to_string(least) + " times", where);
}

node_ptr repeated_by(node_ptr const& x, node_ptr const& counts, node_ptr const& places,
                     axis_list const& along) {
  node_ptr const ends = primitive_of_all(primitive::cumsum, dtype::i64, counts, along.where);
  return taken(x,
               primitive_node(primitive::searchsorted, dtype::i64, places->shape, {ends, places}, 1,
                              along.where),
               along);
}

void require_flags(extents const& flags, extents const& x, location where) {
  if (flags != x && flags != extents{x.size()})
    throw shape_error("compress: flags of shape " + to_string(flags) + " for " + to_string(x),
                      where);
}

}  // namespace indexing_detail
}  // namespace sloth::inline SLOTH_ABI
