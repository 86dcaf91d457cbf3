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

/// x with an axis moved to the end, without gaps.
node_ptr rows_of(node_ptr const& x, int axis, location where) {
  bool const last = axis == x->shape.rank() - 1;
  return without_gaps(last ? x : shape_detail::moved(x, {axis}, {-1}, where));
}

/// The elements of an axis that have these places in the order of sort, as a last axis.
node_ptr selected(node_ptr const& x, int axis, std::vector<std::int64_t> ranks, location where) {
  node_ptr const rows = rows_of(x, axis, where);
  extents shape = rows->shape;
  shape[shape.rank() - 1] = static_cast<std::int64_t>(ranks.size());
  primitive_operation op{primitive::select, {rows}};
  op.ranks = std::move(ranks);
  return node::of_operation(x->type, std::move(shape), std::move(op), where);
}

/// Elements first, first + 1, ... of the last axis in the shape `part`, whose axes are put in front.
node_ptr part_of(node_ptr const& x, std::int64_t first, extents const& part, location where) {
  extents shape = part;
  strides stride = row_major(part);
  for (int a = 0; a + 1 < x->shape.rank(); ++a) {
    shape.push_back(x->shape[a]);
    stride.push_back(x->stride[a]);
  }
  return node::of_view(x, std::move(shape), std::move(stride), x->offset + first, where);
}

}  // namespace

neighbours around(node_ptr const& x, double q, axis_list const& along, const char* name) {
  location const where = along.where;
  int const axis = one_axis(along, x->shape.rank(), name);
  std::int64_t const n = x->shape[axis];
  place const at = place_of(q, n, name, where);
  require_elements(x->shape, axis, name, where);
  node_ptr const found = selected(x, axis, {at.below, at.above, n - 1}, where);
  return {part_of(found, 0, {}, where), part_of(found, 1, {}, where), part_of(found, 2, {}, where),
          at.weight};
}

several_neighbours around(node_ptr const& x, std::vector<double> const& q, extents const& shape,
                          axis_list const& along, const char* name) {
  location const where = along.where;
  int const rank = x->shape.rank(), axis = one_axis(along, rank, name);
  std::int64_t const n = x->shape[axis];
  several_neighbours all;
  std::vector<std::int64_t> ranks(2 * q.size() + 1, n - 1);  // those below, those above, the last
  for (std::size_t i = 0; i < q.size(); ++i) {
    place const at = place_of(q[i], n, name, where);
    ranks[i] = at.below;
    ranks[q.size() + i] = at.above;
    all.weights.push_back(at.weight);
  }
  require_elements(x->shape, axis, name, where);
  node_ptr const found = selected(x, axis, std::move(ranks), where);
  auto const count = static_cast<std::int64_t>(q.size());
  all.below = part_of(found, 0, shape, where);
  all.above = part_of(found, count, shape, where);
  all.last = part_of(found, 2 * count, {}, where);
  all.shape = shape;
  for (int i = 1; i < rank; ++i) all.shape.push_back(1);
  return all;
}

node_ptr partitioned(primitive is, dtype type, node_ptr const& x, std::int64_t kth,
                     axis_list const& along) {
  int const axis = one_axis(along, x->shape.rank(), to_string(is));
  std::int64_t const n = x->shape[axis], place = kth < 0 ? kth + n : kth;
  if (n > 0 && (place < 0 || place >= n))
    throw index_error(std::string(to_string(is)) + ": place " + std::to_string(kth) +
                          " is out of range for axis " + std::to_string(axis) + " of extent " +
                          std::to_string(n),
                      along.where);
  return primitive_along(is, type, x, along, place);
}

greatest greatest_of(node_ptr const& x, std::int64_t k, axis_list const& along) {
  location const where = along.where;
  int const rank = x->shape.rank(), axis = one_axis(along, rank, "topk");
  if (k < 0 || k > x->shape[axis])
    throw shape_error("topk: " + std::to_string(k) + " elements of axis " + std::to_string(axis) +
                          " of " + to_string(x->shape),
                      where);
  bool const last = axis == rank - 1;
  node_ptr const rows = rows_of(x, axis, where);
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
