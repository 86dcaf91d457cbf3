#include <dsl/plan.hpp>

#include <dsl/rules.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <unordered_set>

namespace sloth::inline SLOTH_ABI {

namespace {

step_kind kind_of(node const& n) {
  if (auto* call = std::get_if<fused_operation>(&n.op)) return kind_of(*call);
  if (std::holds_alternative<reduce_operation>(n.op)) return step_kind::reduce;
  if (std::holds_alternative<matmul_operation>(n.op)) return step_kind::gemm;
  if (std::holds_alternative<concatenate_operation>(n.op)) return step_kind::concatenate;
  if (auto* call = std::get_if<primitive_operation>(&n.op))
    return call->is <= primitive::cummax      ? step_kind::scan
           : call->is <= primitive::topk      ? step_kind::sort
           : call->is <= primitive::histogram ? step_kind::index
                                              : step_kind::linalg;
  return step_kind::view;
}

/// Where `n` is another name of a pending node, which reads the same elements: that node.
node const* named(node const* n) {
  while (is_pending(*n)) {
    auto const* view = std::get_if<view_operation>(&n->op);
    if (!view || view->base->offset != n->offset || !(view->base->shape == n->shape) ||
        !(view->base->stride == n->stride))
      break;
    n = view->base.get();
  }
  return n;
}

std::int64_t number_of(void const* p) { return reinterpret_cast<std::intptr_t>(p); }

/// What identifies an operand's elements: of a computed node any view of them.
void add_operand(std::vector<std::int64_t>& identity, node const& operand) {
  node const* const n = named(&operand);
  if (!n->done()) return identity.push_back(number_of(n));
  identity.push_back(number_of(n->storage.get()));
  identity.push_back(n->offset);
  for (auto const* all : {&n->stride, &n->shape})
    for (std::int64_t i : *all) identity.push_back(i);
}

/// Equal for products, reductions and primitives with the same values; else empty.
std::vector<std::int64_t> identity_of(node const& n) {
  if (auto const* op = std::get_if<matmul_operation>(&n.op); op && !op->epilogue)
    return {number_of(named(op->a.get())), number_of(named(op->b.get())), op->tf32,
            static_cast<std::int64_t>(n.type)};
  if (auto const* op = std::get_if<primitive_operation>(&n.op)) {
    std::vector<std::int64_t> identity{static_cast<std::int64_t>(op->is), op->option};
    for (std::int64_t extent : n.shape) identity.push_back(extent);
    identity.insert(identity.end(), op->ranks.begin(), op->ranks.end());
    for (auto const& operand : op->operands) add_operand(identity, *operand);
    return identity;
  }
  auto const* op = std::get_if<reduce_operation>(&n.op);
  if (!op) return {};
  auto identity = identity_of(op->argument);
  identity.push_back(static_cast<std::int64_t>(op->op));
  identity.push_back(std::bit_cast<std::int64_t>(op->host));
  identity.push_back(std::bit_cast<std::int64_t>(op->ddof));
  for (std::int64_t extent : n.shape) identity.push_back(extent);
  for (bool reduced : op->reduced) identity.push_back(reduced);
  return identity;
}

/// Products, reductions and primitives of a plan that were written more than once: the later ones
/// become names of the first.
class equal_nodes {
 public:
  void merge(node_ptr const& n) {
    auto identity = identity_of(*n);
    if (identity.empty() || !is_on(rule::equal_nodes)) return;
    auto const [first, is_first] = seen_.try_emplace(std::move(identity), n);
    if (!is_first) n->op = view_operation{first->second};
  }

 private:
  std::map<std::vector<std::int64_t>, node_ptr> seen_;
};

// What became part of a product has no step of its own.
void fold_into_products(std::vector<step>& steps) {
  bool folded = false;
  for (auto s = steps.begin(); s != steps.end(); ++s)
    if (node_ptr const product = fold_into_product(*s->target)) {
      s->kind = step_kind::gemm;
      auto own = s;
      while (!(own->target == product)) --own;
      own->target = {};
      folded = true;
    }
  if (folded) std::erase_if(steps, [](step const& s) { return !s.target; });
}

std::vector<step> planned(std::span<node_ptr const> roots) {
  static std::uint64_t pass = 0;  // callers hold the planner's mutex
  ++pass;
  std::vector<step> steps;
  equal_nodes known;
  // Depth first without recursion: a node is met twice, before and after its operands.
  struct visit {
    node_ptr const* node;
    bool operands_done;
  };
  std::vector<visit> stack;
  auto const leave = [&](node_ptr const& n) {
    known.merge(n);
    steps.push_back({.kind = kind_of(*n), .target = n});
  };
  auto const enter = [&](node_ptr const& n) {
    if (!is_pending(*n) || n->visited == pass) return;
    n->visited = pass;
    apply_rules(*n);
    bool ready = true;
    for_each_operand(n->op, [&](node_ptr const& from) { ready = ready && !is_pending(*from); });
    if (ready) return leave(n);
    stack.push_back({&n, true});
    for_each_operand(n->op, [&](node_ptr const& from) { stack.push_back({&from, false}); });
  };
  for (auto const& root : roots) {
    enter(root);
    while (!stack.empty()) {
      auto const [n, operands_done] = stack.back();
      stack.pop_back();
      if (operands_done)
        leave(*n);
      else
        enter(*n);
    }
  }
  return steps;
}

}  // namespace

std::vector<std::int64_t> identity_of(fused_operation const& call) {
  std::vector<std::int64_t> identity{number_of(call.form)};
  auto const add_bits = [&](scalar_bits const& bits) {
    for (std::uint64_t word : bits.words) identity.push_back(static_cast<std::int64_t>(word));
  };
  auto const add_all = [&](auto const& numbers) {
    for (std::int64_t n : numbers) identity.push_back(n);
  };
  for (auto const& operand : call.operands) {
    if (operand.source) {
      add_operand(identity, *operand.source);
    } else {
      add_bits(operand.params[0]);
      add_bits(operand.params[1]);
    }
    add_all(operand.shape);
  }
  add_all(std::span(call.slot, static_cast<std::size_t>(call.form->leaves)));
  for (auto const& s : std::span(call.scalars, static_cast<std::size_t>(call.form->scalars)))
    add_bits(s);
  return identity;
}

std::vector<node*> pending_nodes(std::span<node_ptr const> roots) {
  // Depth first without recursion: a node is met twice, before and after its operands.
  struct visit {
    node* at;
    bool operands_done;
  };
  std::vector<node*> found;
  std::unordered_set<node const*> met;
  std::vector<visit> stack;
  auto push = [&](node_ptr const& n) {
    if (is_pending(*n) && !met.contains(n.get())) stack.push_back({n.get(), false});
  };
  for (auto root = roots.rbegin(); root != roots.rend(); ++root) push(*root);
  while (!stack.empty()) {
    auto const [n, operands_done] = stack.back();
    stack.pop_back();
    if (operands_done) {
      found.push_back(n);
    } else if (met.insert(n).second) {
      stack.push_back({n, true});
      for_each_operand(n->op, push);
    }
  }
  return found;
}

step_kind kind_of(fused_operation const& call) {
  if (call.form->row_count > 0) return step_kind::row;
  bool const leaf = call.form->root.run == nullptr && call.operands.front().source;
  return leaf ? step_kind::copy : step_kind::fused;
}

const char* to_string(step_kind kind) {
  constexpr const char* names[] = {"fused", "row",  "reduce", "gemm",   "copy", "concatenate",
                                   "scan",  "sort", "index",  "linalg", "view"};
  return names[static_cast<int>(kind)];
}

std::vector<step> make_plan(std::span<node_ptr const> roots) {
  std::vector<step> steps = planned(roots);
  if (steps.size() > 1) {
    fold_into_products(steps);
    share_calls(steps);
  }
  return steps;
}

matmul_extents matmul_shape(extents const& a, extents const& b, location where) {
  auto refuse = [&](const char* what) {
    throw shape_error(std::string("matmul: ") + what + ": " + to_string(a) + " & " + to_string(b),
                      where);
  };
  if (a.rank() == 0 || b.rank() == 0) refuse("operands need at least one axis");
  matmul_extents e;
  e.m = a.rank() == 1 ? 1 : a[a.rank() - 2];
  e.k = a.back();
  e.n = b.rank() == 1 ? 1 : b.back();
  if (e.k != (b.rank() == 1 ? b[0] : b[b.rank() - 2])) refuse("inner extents differ");
  extents const batch_a(a.begin(), a.end() - std::min(2, a.rank()));
  extents const batch_b(b.begin(), b.end() - std::min(2, b.rank()));
  try {
    e.batch = broadcast(batch_a, batch_b, "matmul", where);
  } catch (shape_error const&) {
    refuse("batch axes do not broadcast");
  }
  e.shape = e.batch;
  if (a.rank() > 1) e.shape.push_back(e.m);
  if (b.rank() > 1) e.shape.push_back(e.n);
  return e;
}

double step::flops() const {
  auto size = [](extents const& shape) { return static_cast<double>(shape.size()); };
  if (auto* call = std::get_if<fused_operation>(&target->op))
    return size(target->shape) * call->form->operations;
  if (auto* call = std::get_if<reduce_operation>(&target->op))
    return together == 0 ? 0 : size(call->domain) * (call->argument.form->operations + 1);
  if (auto* call = std::get_if<matmul_operation>(&target->op)) {
    auto const e = matmul_shape(call->a->shape, call->b->shape, {});
    double const around = call->epilogue ? call->epilogue->written.form->operations : 0;
    return size(e.batch) * static_cast<double>(e.m) * static_cast<double>(e.n) *
           (2. * static_cast<double>(e.k) + around);
  }
  auto const* ordered = std::get_if<primitive_operation>(&target->op);
  if (ordered && ordered->is >= primitive::partition && ordered->is <= primitive::select)
    return size(ordered->operands[0]->shape);
  if (kind == step_kind::sort)
    return size(target->shape) * std::log2(std::max<double>(2, size({target->shape.back()})));
  if (auto* call = std::get_if<primitive_operation>(&target->op)) {
    if (kind != step_kind::linalg) return size(target->shape);
    // n^3 / 3 for a triangle, twice that for two, and 2 n^2 for each right-hand side.
    extents const& matrices = call->operands[0]->shape;
    double const n = static_cast<double>(matrices.back()), third = size(matrices) * n / 3;
    if (call->is == primitive::cholesky) return third;
    if (call->is == primitive::eigvalsh) return 4 * third;  // a tridiagonal matrix
    if (call->is == primitive::eigh) return 27 * third;     // and about 23 for the vectors
    bool const substitutes = call->is == primitive::solve || call->is == primitive::inv;
    return 2 * third + (substitutes ? 2 * n * size(target->shape) : 0);
  }
  double total = 0;
  if (auto* call = std::get_if<concatenate_operation>(&target->op))
    for (auto const& part : call->parts) total += size(part.shape) * part.values.form->operations;
  return total;
}

double step::bytes() const {
  if (kind == step_kind::view) return 0;
  auto bytes_of = [](node const& n) {
    return static_cast<double>(n.shape.size()) * static_cast<double>(size_of(n.type));
  };
  double total = bytes_of(*target) - known_bytes;
  if (kind == step_kind::reduce && together == 0) return total;
  std::vector<node const*> read;
  for_each_operand(target->op, [&](node_ptr const& n) {
    if (std::find(read.begin(), read.end(), n.get()) != read.end()) return;
    read.push_back(n.get());
    total += bytes_of(*n);
  });
  return total;
}

double step::seconds(device_model const& model) const {
  if (kind == step_kind::view) return 0;
  if (auto* call = std::get_if<matmul_operation>(&target->op)) {
    auto const e = matmul_shape(call->a->shape, call->b->shape, {});
    double const all =
        static_cast<double>(e.batch.size()) * model.product(target->type, e.m, e.n, e.k);
    double const passes = !call->epilogue || in_library(*call, target->type, model)
                              ? 0
                              : model.launch + 2. * static_cast<double>(target->shape.size()) *
                                                   static_cast<double>(size_of(target->type)) /
                                                   model.bytes;
    return (call->symmetric ? all / 2 : all) + passes - (together == 0 ? model.launch : 0);
  }
  if (kind == step_kind::linalg)
    return model.launch + std::max(flops() / model.flops(target->type), bytes() / model.bytes);
  auto* joined = std::get_if<concatenate_operation>(&target->op);
  double const launches = joined ? static_cast<double>(joined->parts.size()) : together != 0;
  return launches * model.launch + bytes() / model.bytes;
}

}  // namespace sloth::inline SLOTH_ABI
