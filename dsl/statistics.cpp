#include <dsl/statistics.hpp>

namespace sloth::inline SLOTH_ABI {
namespace statistics_detail {

node_ptr weights_for(node_ptr const& weights, extents const& shape,
                     reduce_detail::options const& how) {
  if (weights->shape == shape) return weights;
  bool const one_axis = !how.all_axes && how.axes.rank() == 1;
  int const axis = one_axis ? normalize_axis(how.axes[0], shape.rank(), "average", how.where) : 0;
  if (!one_axis || weights->shape.rank() != 1 || weights->shape[0] != shape[axis])
    throw shape_error("average: weights of shape " + to_string(weights->shape) + " for values of " +
                          to_string(shape) +
                          (one_axis ? " along axis " + std::to_string(axis) : ""),
                      how.where);
  extents along = extents::filled(shape.rank(), 1);
  along[axis] = shape[axis];
  return reshaped(weights, along, how.where);
}

extents without_reduced(extents const& shape, reduce_detail::options const& how, const char* name) {
  if (how.all_axes) return {};
  extents rest = shape;
  for (std::int64_t axis : how.axes) rest[normalize_axis(axis, shape.rank(), name, how.where)] = -1;
  extents kept;
  for (std::int64_t extent : rest)
    if (extent >= 0) kept.push_back(extent);
  return kept;
}

node_ptr variables_of(node_ptr const& x, const char* name, location where) {
  if (x->shape.rank() == 2) return x;
  if (x->shape.rank() != 1)
    throw shape_error(
        std::string(name) + ": variables are rows of 2-D arrays: shape " + to_string(x->shape),
        where);
  return reshaped(x, {1, -1}, where);
}

}  // namespace statistics_detail
}  // namespace sloth::inline SLOTH_ABI
