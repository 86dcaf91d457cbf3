#include <dsl/matmul.hpp>

#include <dsl/plan.hpp>

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
  if (x->form != y->form || x->slot != y->slot || x->scalars != y->scalars) return false;
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
}  // namespace sloth::inline SLOTH_ABI
