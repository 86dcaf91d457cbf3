#include <dsl/order.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace order_detail {

neighbours around(node_ptr const& sorted, double q, axis_list const& along, const char* name) {
  location const where = along.where;
  int const axis = one_axis(along, sorted->shape.rank(), name);
  if (!(q >= 0 && q <= 1))
    throw dtype_error(
        std::string(name) + ": must be in [0, 1]: " + promotion_detail::number_text(q), where);
  std::int64_t const n = sorted->shape[axis];
  if (n == 0)
    throw shape_error(std::string(name) + ": no elements along axis " + std::to_string(axis) +
                          " of " + to_string(sorted->shape),
                      where);
  double const place = q * static_cast<double>(n - 1);
  auto const below = static_cast<std::int64_t>(std::floor(place));
  auto const at = [&](std::int64_t i) {
    extents shape = sorted->shape;
    strides stride = sorted->stride;
    std::int64_t const offset = sorted->offset + i * stride[axis];
    shape.erase(axis);
    stride.erase(axis);
    return node::of_view(sorted, std::move(shape), std::move(stride), offset, where);
  };
  double const weight = place - static_cast<double>(below);
  return {at(below), at(below + (weight > 0)), at(n - 1), weight};
}

node_ptr last_of(node_ptr const& x, std::int64_t k, axis_list const& along) {
  int const axis = one_axis(along, x->shape.rank(), "topk");
  std::int64_t const n = x->shape[axis];
  if (k < 0 || k > n)
    throw shape_error("topk: " + std::to_string(k) + " elements of axis " + std::to_string(axis) +
                          " of " + to_string(x->shape),
                      along.where);
  return shape_detail::range_of(x, axis, n - 1, k, -1, along.where);
}

void require_1d(extents const& shape, const char* name, location where) {
  if (shape.rank() != 1)
    throw shape_error(std::string(name) + ": takes 1-D, not " + to_string(shape), where);
}

}  // namespace order_detail
}  // namespace sloth::inline SLOTH_ABI
