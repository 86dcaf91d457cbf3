#include <dsl/scan.hpp>

#include <dsl/shape.hpp>

namespace sloth::inline SLOTH_ABI {
namespace scan_detail {

node_ptr along_axis(primitive op, node_ptr const& values, axis_list const& along) {
  int const rank = values->shape.rank(), axis = one_axis(along, rank, to_string(op));
  // The engines read short rows, and an axis that lies last in memory, better as the last one.
  constexpr std::int64_t short_row = 128;
  std::int64_t inner = size_of(values->type);
  for (int a = axis + 1; a < rank; ++a) inner *= values->shape[a];
  node_ptr const moved = shape_detail::moved(values, {axis}, {-1}, along.where);
  if (inner < short_row || moved->stride == row_major(moved->shape))
    return primitive_along(op, values->type, values, along);
  return primitive_node(op, values->type, values->shape, {values}, rank - 1 - axis, along.where);
}

}  // namespace scan_detail
}  // namespace sloth::inline SLOTH_ABI
