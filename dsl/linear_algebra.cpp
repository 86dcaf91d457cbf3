#include <dsl/linear_algebra.hpp>

#include <dsl/primitive.hpp>
#include <dsl/shape.hpp>

namespace sloth::inline SLOTH_ABI {
namespace linear_algebra_detail {

namespace {

bool is_square(extents const& shape) {
  return shape.rank() >= 2 && shape[shape.rank() - 2] == shape.back();
}
extents batch_of(extents const& shape) { return extents(shape.begin(), shape.end() - 2); }
extents with_matrix(extents batch, std::int64_t rows, std::int64_t columns) {
  batch.push_back(rows);
  batch.push_back(columns);
  return batch;
}

node_ptr turned(node_ptr const& a, location where) {
  return shape_detail::swapped(a, -2, -1, where);
}
/// Without gaps once their last axes are swapped.
bool lie_turned(node_ptr const& a, location where) {
  if (is_contiguous(a->shape, a->stride)) return false;
  node_ptr const t = turned(a, where);
  return is_contiguous(t->shape, t->stride);
}

/// The same batch without its last axes of extent 1, which are `count`.
node_ptr without_batch_axes(node_ptr n, int count, location where) {
  for (; count > 0; --count) n = squeezed(n, -3, where);
  return n;
}

}  // namespace

void require_square(extents const& shape, const char* name, location where) {
  if (!is_square(shape))
    throw shape_error(
        std::string(name) + ": the matrices are not square: shape " + to_string(shape), where);
}

// The engines solve for rows: x_i = A^-1 b_i. A's matrices are as many as its own batch has, each with
// all right-hand sides of the axes behind it.
node_ptr solved(node_ptr const& a, node_ptr const& b, location where) {
  auto const both = [&] { return to_string(a->shape) + " and " + to_string(b->shape); };
  if (!is_square(a->shape))
    throw shape_error("solve: the matrices are not square: shapes " + both(), where);
  std::int64_t const n = a->shape.back();
  int const rank = b->shape.rank();
  bool const is_vector = rank == 1;
  if (rank == 0 || b->shape[is_vector ? 0 : rank - 2] != n)
    throw shape_error("solve: the rows differ: shapes " + both(), where);
  node_ptr const rows = is_vector ? expanded(b, 0, where) : turned(b, where);

  extents const own = batch_of(a->shape);
  extents const batch = broadcast(own, batch_of(rows->shape), "solve", where);
  int lead = batch.rank();
  int const missing = lead - own.rank();
  while (lead > 0 && (lead <= missing || own[lead - 1 - missing] == 1)) --lead;
  node_ptr const matrices =
      broadcasted(without_batch_axes(a, std::min(own.rank(), batch.rank() - lead), where),
                  with_matrix(extents(batch.begin(), batch.begin() + lead), n, n), where);
  bool const as_turned = lie_turned(matrices, where);

  extents const shape = with_matrix(batch, rows->shape[rows->shape.rank() - 2], rows->shape.back());
  node_ptr const x = primitive_node(
      primitive::solve, a->type, shape,
      {as_turned ? turned(matrices, where) : matrices, broadcasted(rows, shape, where)}, as_turned,
      where);
  return is_vector ? squeezed(x, -2, where) : turned(x, where);
}

// The inverse of a transpose is that of the matrix, transposed.
node_ptr inverse(node_ptr const& a, location where) {
  require_square(a->shape, "inv", where);
  if (lie_turned(a, where)) return turned(inverse(turned(a, where), where), where);
  return primitive_node(primitive::inv, a->type, a->shape, {a}, 0, where);
}

namespace {
node_ptr of_lu(primitive is, extents shape, node_ptr const& a, location where) {
  return primitive_node(is, a->type, std::move(shape),
                        {lie_turned(a, where) ? turned(a, where) : a}, 0, where);
}
}  // namespace

node_ptr determinants(node_ptr const& a, location where) {
  require_square(a->shape, "det", where);
  return of_lu(primitive::det, batch_of(a->shape), a, where);
}

node_ptr signs_and_logs(node_ptr const& a, location where) {
  require_square(a->shape, "slogdet", where);
  extents shape = batch_of(a->shape);
  shape.push_back(2);
  return of_lu(primitive::slogdet, std::move(shape), a, where);
}

node_ptr last_axis_at(node_ptr const& x, std::int64_t k, location where) {
  return subscript(x, {ellipsis, k}, where);
}

// Of a = L L^H read by its transpose: a = (L^T)^H L^T.
node_ptr triangle(node_ptr const& a, bool upper, location where) {
  require_square(a->shape, "cholesky", where);
  if (upper) return turned(triangle(turned(a, where), false, where), where);
  return primitive_node(primitive::cholesky, a->type, a->shape, {a}, 0, where);
}

node_ptr eigensystems(node_ptr const& a, bool upper, location where) {
  require_square(a->shape, "eigh", where);
  std::int64_t const n = a->shape.back();
  return primitive_node(primitive::eigh, a->type, with_matrix(batch_of(a->shape), n + 1, n),
                        {upper ? turned(a, where) : a}, 0, where);
}

node_ptr eigenvalues_of(node_ptr const& a, dtype real, bool upper, location where) {
  require_square(a->shape, "eigvalsh", where);
  extents shape = batch_of(a->shape);
  shape.push_back(a->shape.back());
  return primitive_node(primitive::eigvalsh, real, std::move(shape), {upper ? turned(a, where) : a},
                        0, where);
}

node_ptr first_row(node_ptr const& x, location where) {
  return subscript(x, {ellipsis, 0, _}, where);
}
node_ptr later_rows_turned(node_ptr const& x, location where) {
  return turned(subscript(x, {ellipsis, slice(1, _), _}, where), where);
}

}  // namespace linear_algebra_detail
}  // namespace sloth::inline SLOTH_ABI
