#include <dsl/index.hpp>
#include <dsl/model.hpp>
#include <dsl/rules.hpp>
#include <dsl/run.hpp>

#include <cstdio>

namespace sloth::inline SLOTH_ABI {

namespace {

/// The pending node that `call` reduces as it is, if nothing else reaches it.
node* only_operand(reduce_operation& call) {
  auto const& argument = call.argument;
  if (argument.form->root.run != nullptr || argument.operands.size() != 1) return nullptr;
  graph_operand const& from = argument.operands.front();
  bool const only = from.source && from.source->references() == 1 && is_pending(*from.source) &&
                    from.shape == call.domain;
  return only ? from.source.get() : nullptr;
}

matmul_operation* matrix_product(node& n, dtype type) {
  auto* const product = std::get_if<matmul_operation>(&n.op);
  bool const matrices =
      product && n.type == type && product->a->shape.rank() == 2 && product->b->shape.rank() == 2;
  return matrices ? product : nullptr;
}

double area(std::int64_t rows, std::int64_t columns) {
  return static_cast<double>(rows) * static_cast<double>(columns);
}
double seconds_to_read(device_model const& model, dtype type, std::int64_t rows,
                       std::int64_t columns) {
  return model.launch + area(rows, columns) * static_cast<double>(size_of(type)) / model.bytes;
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
  node* const reduced = only_operand(*call);
  matmul_operation* const product = reduced ? matrix_product(*reduced, n.type) : nullptr;
  if (!product) return;
  bool const over_rows = call->reduced[0], over_columns = call->reduced[1];
  if (!over_rows && !over_columns) return;
  std::int64_t const rows = product->a->shape[0], inner = product->a->shape[1],
                     columns = product->b->shape[1];
  auto const& model = planning_model();
  auto const read = [&](std::int64_t r, std::int64_t c) {
    return seconds_to_read(model, n.type, r, c);
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

void trace_without_product(node& n) {
  auto* const call = std::get_if<reduce_operation>(&n.op);
  if (!call || !call->of_products || !is_on(rule::trace_of_product) || !is_wide_floating(n.type))
    return;
  node* const diagonal = only_operand(*call);
  auto* const view = diagonal ? std::get_if<view_operation>(&diagonal->op) : nullptr;
  if (!view || view->base->references() != 1 || !is_pending(*view->base)) return;
  matmul_operation* const product = matrix_product(*view->base, n.type);
  std::int64_t const rows = view->base->shape[0];
  if (!product || view->base->shape[1] != rows || diagonal->offset != 0 ||
      diagonal->shape != extents{rows} || diagonal->stride[0] != rows + 1)
    return;
  auto const& model = planning_model();
  std::int64_t const inner = product->a->shape[1];
  if (2 * seconds_to_read(model, n.type, rows, inner) >=
      worth_while * model.product(n.type, rows, rows, inner))
    return;
  reduce_operation sum;
  sum.argument = fused_operation(*call->of_products);
  for (node_ptr const& factor : {product->a, transposed(product->b, n.where)}) {
    graph_operand operand;
    operand.source = factor;
    operand.type = factor->type;
    operand.shape = factor->shape;
    std::size_t const k = sum.argument.operands.size();
    sum.argument.slot[k] = static_cast<std::uint16_t>(k);
    sum.argument.operands.push_back(std::move(operand));
  }
  sum.domain = extents{rows, inner};
  sum.reduced = {true, true};
  sum.op = call->op;
  sum.device = call->device_of_products;
  sum.rule = "trace of a product: of its factors' elements";
  n.op = std::move(sum);
}

}  // namespace sloth::inline SLOTH_ABI
