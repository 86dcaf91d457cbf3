#include <dsl/model.hpp>
#include <dsl/rules.hpp>

namespace sloth::inline SLOTH_ABI {

namespace {

/// Whose elements a matrix reads: its own, or those of the pending node that it is a view of.
node const* elements_of(node const& n) {
  auto const* const view = std::get_if<view_operation>(&n.op);
  return view && is_pending(n) ? view->base.get() : &n;
}

/// `b` reads the elements of `a`, transposed.
bool is_transpose(node const& a, node const& b) {
  if (a.shape.rank() != 2 || b.shape.rank() != 2 || a.shape[0] != b.shape[1] ||
      a.shape[1] != b.shape[0] || a.offset != b.offset || a.stride[0] != b.stride[1] ||
      a.stride[1] != b.stride[0])
    return false;
  return a.storage ? a.storage == b.storage : elements_of(a) == elements_of(b);
}

}  // namespace

void compute_one_triangle(node& n) {
  auto* const op = std::get_if<matmul_operation>(&n.op);
  if (!op || op->symmetric || op->tf32 || op->epilogue || !is_on(rule::symmetric_product) ||
      op->a->type != n.type || !is_transpose(*op->a, *op->b))
    return;
  std::int64_t const rows = op->a->shape[0], terms = op->a->shape[1];
  auto const& known = planning_model().support(n.type);
  if (rows < known.triangle_rows || terms < known.triangle_terms) return;
  op->symmetric = true;
  add_to(op->rule, "symmetric product: one triangle, then its mirror image");
}

}  // namespace sloth::inline SLOTH_ABI
