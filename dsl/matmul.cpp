#include <dsl/matmul.hpp>

#include <dsl/plan.hpp>
#include <dsl/rules.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace matmul_detail {

namespace {

/// Both are trees that nothing has evaluated, of one form over the same operands and scalars.
bool same_tree(node const& a, node const& b) {
  // Other threads may be computing a node that has another handle.
  if (a.references() != 1 || b.references() != 1) return false;
  auto* x = std::get_if<fused_operation>(&a.op);
  auto* y = std::get_if<fused_operation>(&b.op);
  if (!x || !y) return false;
  if (x->form != y->form || !std::equal(x->slot, x->slot + x->form->leaves, y->slot) ||
      !std::equal(x->scalars, x->scalars + x->form->scalars, y->scalars))
    return false;
  for (std::size_t i = 0; i < x->operands.size(); ++i) {
    auto const &p = x->operands[i], &q = y->operands[i];
    if (!(p.source == q.source) || p.generator != q.generator || p.params[0] != q.params[0] ||
        p.params[1] != q.params[1] || p.shape != q.shape)
      return false;
  }
  return true;
}

}  // namespace

node_ptr product(node_ptr a, node_ptr b, dtype type, location where) {
  auto const e = matmul_shape(a->shape, b->shape, where);
  if (!(a == b) && same_tree(*a, *b)) b = a;  // e & e evaluates e once
  bool const tf32 = type == dtype::f32 && precision_scope::current() == precision::tf32;
  return node::of_operation(type, e.shape,
                            matmul_operation{std::move(a), std::move(b), tf32, false, {}}, where);
}

}  // namespace matmul_detail

node_ptr transposed_temporary(node_ptr base, location where) {
  // Only this thread reaches it, so it needs no lock.
  auto* const op = base->references() == 1 ? std::get_if<matmul_operation>(&base->op) : nullptr;
  if (!op || op->epilogue || !is_on(rule::transposed_product) || op->a->shape.rank() != 2 ||
      op->b->shape.rank() != 2)
    return transposed(base, where);
  matmul_operation turned{transposed(op->b, where), transposed(op->a, where), op->tf32, false,
                          "transposed with its factors"};
  extents shape = base->shape;
  std::reverse(shape.begin(), shape.end());
  return node::of_operation(base->type, std::move(shape), std::move(turned), where);
}

}  // namespace sloth::inline SLOTH_ABI
