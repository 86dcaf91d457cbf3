#include <dsl/scan.hpp>

namespace sloth::inline SLOTH_ABI {
namespace scan_detail {

node_ptr scan(primitive op, node_ptr const& x, direction const& along) {
  location const where = along.where;
  auto const of_rows = [&](node_ptr const& rows) {
    return node::of_operation(x->type, rows->shape, primitive_operation{op, without_gaps(rows)},
                              where);
  };
  if (along.all) return of_rows(reshaped(x, {-1}, where));
  if (along.axes.rank() != 1)
    throw index_error(std::string(to_string(op)) + ": takes one axis", where);
  int const rank = x->shape.rank();
  int const axis = normalize_axis(along.axes[0], rank, to_string(op), where);
  if (axis == rank - 1) return of_rows(x);
  // Elsewhere the axis is moved to the end first, and the result is read as it was.
  node_ptr const moved = shape_detail::moved(x, {axis}, {-1}, where);
  return shape_detail::moved(of_rows(moved), {-1}, {axis}, where);
}

}  // namespace scan_detail
}  // namespace sloth::inline SLOTH_ABI
