#include <dsl/grid.hpp>

namespace sloth::inline SLOTH_ABI {
namespace grid_detail {

extents triangle_of(extents const& shape, const char* name, location where) {
  if (shape.rank() == 0) throw shape_error(std::string(name) + ": shape () has no axis", where);
  if (shape.rank() == 1) return {shape[0], shape[0]};
  return {shape[shape.rank() - 2], shape.back()};
}

void require_one_sign(double start, double stop, location where) {
  bool const same = start != 0 && stop != 0 && std::signbit(start) == std::signbit(stop);
  if (!same || !std::isfinite(start) || !std::isfinite(stop))
    throw dtype_error("geomspace: the ends must be numbers of one sign: " + std::to_string(start) +
                          " and " + std::to_string(stop),
                      where);
}

node_ptr along_axis(node_ptr const& x, int axis, extents const& grid, location where) {
  strides stride = extents::filled(grid.rank(), 0);
  stride[axis] = x->stride[0];
  return node::of_view(x, grid, std::move(stride), x->offset, where);
}

}  // namespace grid_detail
}  // namespace sloth::inline SLOTH_ABI
