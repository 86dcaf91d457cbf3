#include <dsl/order.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace order_detail {

namespace {

/// A quantile between two places of an axis.
struct place {
  std::int64_t below, above;
  double weight;  // of `above`
};
/// Throws dtype_error unless 0 <= q <= 1.
place place_of(double q, std::int64_t n, const char* name, location where) {
  if (!(q >= 0 && q <= 1))
    throw dtype_error(
        std::string(name) + ": must be in [0, 1]: " + promotion_detail::number_text(q), where);
  double const at = q * static_cast<double>(n - 1);
  auto const below = static_cast<std::int64_t>(std::floor(at));
  double const weight = at - static_cast<double>(below);
  return {below, below + (weight > 0), weight};
}

void require_elements(extents const& shape, int axis, const char* name, location where) {
  if (shape[axis] == 0)
    throw shape_error(std::string(name) + ": no elements along axis " + std::to_string(axis) +
                          " of " + to_string(shape),
                      where);
}

/// Element i of an axis, without it.
node_ptr element_of(node_ptr const& x, int axis, std::int64_t i, location where) {
  extents shape = x->shape;
  strides stride = x->stride;
  std::int64_t const offset = x->offset + i * stride[axis];
  shape.erase(axis);
  stride.erase(axis);
  return node::of_view(x, std::move(shape), std::move(stride), offset, where);
}

}  // namespace

neighbours around(node_ptr const& sorted, double q, axis_list const& along, const char* name) {
  location const where = along.where;
  int const axis = one_axis(along, sorted->shape.rank(), name);
  std::int64_t const n = sorted->shape[axis];
  place const at = place_of(q, n, name, where);
  require_elements(sorted->shape, axis, name, where);
  return {element_of(sorted, axis, at.below, where), element_of(sorted, axis, at.above, where),
          element_of(sorted, axis, n - 1, where), at.weight};
}

several_neighbours around(node_ptr const& sorted, std::vector<double> const& q,
                          extents const& shape, axis_list const& along, const char* name) {
  location const where = along.where;
  int const rank = sorted->shape.rank(), axis = one_axis(along, rank, name);
  std::int64_t const n = sorted->shape[axis];
  several_neighbours all;
  node_ptr const below = new_storage(dtype::i64, shape, where),
                 above = new_storage(dtype::i64, shape, where);
  for (std::size_t i = 0; i < q.size(); ++i) {
    place const at = place_of(q[i], n, name, where);
    reinterpret_cast<std::int64_t*>(below->data())[i] = at.below;
    reinterpret_cast<std::int64_t*>(above->data())[i] = at.above;
    all.weights.push_back(at.weight);
  }
  require_elements(sorted->shape, axis, name, where);
  extents from, to;  // of the axes of q, which take brings in the axis' place
  for (int i = 0; i < shape.rank(); ++i) from.push_back(axis + i), to.push_back(i);
  auto const taken = [&](node_ptr const& places) {
    return shape_detail::moved(indexing_detail::taken(sorted, places, along), from, to, where);
  };
  all.below = taken(below);
  all.above = taken(above);
  all.last = element_of(sorted, axis, n - 1, where);
  all.shape = shape;
  for (int i = 1; i < rank; ++i) all.shape.push_back(1);
  return all;
}

greatest greatest_of(node_ptr const& x, std::int64_t k, axis_list const& along) {
  location const where = along.where;
  int const rank = x->shape.rank(), axis = one_axis(along, rank, "topk");
  if (k < 0 || k > x->shape[axis])
    throw shape_error("topk: " + std::to_string(k) + " elements of axis " + std::to_string(axis) +
                          " of " + to_string(x->shape),
                      where);
  bool const last = axis == rank - 1;
  node_ptr const rows = without_gaps(last ? x : shape_detail::moved(x, {axis}, {-1}, where));
  extents shape = rows->shape;
  shape[rank - 1] = k;
  node_ptr const places = primitive_node(primitive::topk, dtype::i64, shape, {rows}, 0, where);
  node_ptr const values = node::of_operation(
      x->type, shape,
      primitive_operation{primitive::take_along_axis, {rows, places}, rank - 1, true}, where);
  if (last) return {values, places};
  return {shape_detail::moved(values, {-1}, {axis}, where),
          shape_detail::moved(places, {-1}, {axis}, where)};
}

void require_1d(extents const& shape, const char* name, location where) {
  if (shape.rank() != 1)
    throw shape_error(std::string(name) + ": takes 1-D, not " + to_string(shape), where);
}

}  // namespace order_detail
}  // namespace sloth::inline SLOTH_ABI
