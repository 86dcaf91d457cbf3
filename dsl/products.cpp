#include <dsl/products.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace products_detail {

namespace {

std::vector<int> others(std::vector<int> const& axes, int rank) {
  std::vector<int> rest;
  for (int axis = 0; axis < rank; ++axis)
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) rest.push_back(axis);
  return rest;
}

std::int64_t size_of_axes(extents const& shape, std::vector<int> const& axes) {
  std::int64_t n = 1;
  for (int axis : axes) n *= shape[axis];
  return n;
}

extents joined(std::vector<int> const& a, std::vector<int> const& b) {
  extents all;
  for (int axis : a) all.push_back(axis);
  for (int axis : b) all.push_back(axis);
  return all;
}

}  // namespace

contraction contract(extents const& a, extents const& b, extents const& a_axes,
                     extents const& b_axes, const char* name, location where) {
  auto const of_a = shape_detail::distinct_axes(a_axes, a.rank(), name, where);
  auto const of_b = shape_detail::distinct_axes(b_axes, b.rank(), name, where);
  if (of_a.size() != of_b.size())
    throw shape_error(std::string(name) + ": " + std::to_string(of_a.size()) + " axes against " +
                          std::to_string(of_b.size()),
                      where);
  for (std::size_t i = 0; i < of_a.size(); ++i)
    if (a[of_a[i]] != b[of_b[i]])
      throw shape_error(std::string(name) + ": axis " + std::to_string(of_a[i]) + " of " +
                            to_string(a) + " and axis " + std::to_string(of_b[i]) + " of " +
                            to_string(b) + " differ",
                        where);
  auto const rest_a = others(of_a, a.rank()), rest_b = others(of_b, b.rank());
  std::int64_t const summed = size_of_axes(a, of_a);
  contraction how{joined(rest_a, of_a),
                  joined(of_b, rest_b),
                  {size_of_axes(a, rest_a), summed},
                  {summed, size_of_axes(b, rest_b)},
                  {}};
  for (int axis : rest_a) how.shape.push_back(a[axis]);
  for (int axis : rest_b) how.shape.push_back(b[axis]);
  return how;
}

contraction contract(extents const& a, extents const& b, std::int64_t count, location where) {
  if (count < 0 || count > a.rank() || count > b.rank())
    throw index_error(
        "tensordot: " + std::to_string(count) + " axes of " + to_string(a) + " and " + to_string(b),
        where);
  extents of_a, of_b;
  for (std::int64_t i = 0; i < count; ++i) {
    of_a.push_back(a.rank() - count + i);
    of_b.push_back(i);
  }
  return contract(a, b, of_a, of_b, "tensordot", where);
}

interleaving interleave(extents const& a, extents const& b) {
  interleaving how;
  int const rank = std::max(a.rank(), b.rank());
  auto const extent = [&](extents const& shape, int axis) {
    int const own = axis - (rank - shape.rank());
    return own < 0 ? 1 : shape[own];
  };
  for (int axis = 0; axis < rank; ++axis) {
    how.a.push_back(extent(a, axis)), how.a.push_back(1);
    how.b.push_back(1), how.b.push_back(extent(b, axis));
    how.shape.push_back(extent(a, axis) * extent(b, axis));
  }
  return how;
}

void refuse_power(std::int64_t n, dtype type, location where) {
  throw dtype_error("matrix_power: the power " + std::to_string(n) + " of " + to_string(type) +
                        " matrices: convert them with .astype<double>()",
                    where);
}

void require_three(extents const& a, extents const& b, location where) {
  if (a.rank() == 0 || b.rank() == 0 || a.back() != 3 || b.back() != 3)
    throw shape_error(
        "cross: the last axes need 3 elements: " + to_string(a) + " and " + to_string(b), where);
}

}  // namespace products_detail
}  // namespace sloth::inline SLOTH_ABI
