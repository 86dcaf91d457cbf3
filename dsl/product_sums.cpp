#include <dsl/model.hpp>
#include <dsl/rules.hpp>
#include <dsl/run.hpp>

#include <cstdio>

namespace sloth::inline SLOTH_ABI {

namespace {

/// The product that `call` reduces as it is, if nothing else reaches it.
matmul_operation* reduced_product(reduce_operation& call, dtype result) {
  auto const& argument = call.argument;
  if (argument.form->root.run != nullptr || argument.operands.size() != 1) return nullptr;
  graph_operand const& from = argument.operands.front();
  if (!from.source || from.source->references() != 1 || from.source->type != result ||
      !is_pending(*from.source) || from.shape.rank() != 2 || !(from.shape == call.domain))
    return nullptr;
  auto* const product = std::get_if<matmul_operation>(&from.source->op);
  bool const matrices = product && product->a->shape.rank() == 2 && product->b->shape.rank() == 2;
  return matrices ? product : nullptr;
}

/// The sum or mean of a factor, as `like` reduces the product.
node_ptr reduced_factor(node_ptr const& factor, int axis, reduce_operation const& like,
                        location where) {
  reduce_operation call;
  call.argument = operation_of(*like.argument.form, factor);
  call.domain = factor->shape;
  call.reduced = {axis == 0, axis == 1};
  call.op = like.op;
  call.ddof = like.ddof;
  call.device = like.device;
  return node::of_operation(factor->type, extents{factor->shape[1 - axis]}, std::move(call), where);
}

}  // namespace

void sum_without_product(node& n) {
  auto* const call = std::get_if<reduce_operation>(&n.op);
  if (!call || !is_on(rule::sum_of_product) || !is_wide_floating(n.type)) return;
  if (call->op != reduction::sum && call->op != reduction::mean) return;
  matmul_operation* const product = reduced_product(*call, n.type);
  if (!product) return;
  bool const over_rows = call->reduced[0], over_columns = call->reduced[1];
  if (!over_rows && !over_columns) return;
  std::int64_t const rows = product->a->shape[0], inner = product->a->shape[1],
                     columns = product->b->shape[1];
  auto const& model = planning_model();
  auto const area = [](std::int64_t r, std::int64_t c) {
    return static_cast<double>(r) * static_cast<double>(c);
  };
  auto const read = [&](std::int64_t r, std::int64_t c) {
    return model.launch + area(r, c) * static_cast<double>(size_of(n.type)) / model.bytes;
  };
  double const written = model.product(n.type, rows, columns, inner) + read(rows, columns);
  double const planned =
      (over_rows ? read(rows, inner) : 0) + (over_columns ? read(inner, columns) : 0) +
      model.product(n.type, over_rows ? 1 : rows, over_columns ? 1 : columns, inner);
  if (planned >= worth_while * written) return;
  double const fewer =
      (product_flops(rows, columns, inner) + area(rows, columns)) /
      ((over_rows ? area(rows, inner) : 0) + (over_columns ? area(inner, columns) : 0) +
       product_flops(over_rows ? 1 : rows, over_columns ? 1 : columns, inner));
  const char* const name = to_string(call->op);
  char rule[80];
  std::snprintf(rule, sizeof rule, "%s of a product: of its factors' %ss, %.3gx fewer flops", name,
                name, fewer);
  matmul_operation small{over_rows ? reduced_factor(product->a, 0, *call, n.where) : product->a,
                         over_columns ? reduced_factor(product->b, 1, *call, n.where) : product->b,
                         product->tf32, false, rule};
  n.op = std::move(small);
}

}  // namespace sloth::inline SLOTH_ABI
