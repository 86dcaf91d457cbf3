#include <dsl/model.hpp>
#include <dsl/rules.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

namespace sloth::inline SLOTH_ABI {

namespace {

/// Steps of one kind may go into one call.
using call_kind = std::vector<std::int64_t>;

/// A matrix that libraries take as it lies.
bool is_plain(node const& n) {
  return n.shape.rank() == 2 && ((n.stride[1] == 1 && n.stride[0] >= n.shape[1]) ||
                                 (n.stride[0] == 1 && n.stride[1] >= n.shape[0]));
}

bool has_batches(dtype type) {
  return is_wide_floating(type) || type == dtype::f16 || type == dtype::bf16;
}

/// Of a product whose arithmetic takes less time than a launch: its type, extents and strides.
call_kind kind_of(matmul_operation const& op, dtype type, device_model const& model) {
  node const &a = *op.a, &b = *op.b;
  if (op.symmetric || op.epilogue || !is_plain(a) || !is_plain(b) || a.type != type ||
      b.type != type || !has_batches(type) || !is_on(rule::batched_products))
    return {};
  double const flops = product_flops(a.shape[0], b.shape[1], a.shape[1]);
  if (flops == 0 || flops > model.launch * model.flops(type)) return {};
  return {static_cast<std::int64_t>(type),
          op.tf32,
          a.shape[0],
          a.shape[1],
          b.shape[1],
          a.stride[0],
          a.stride[1],
          b.stride[0],
          b.stride[1]};
}

bool has_moments(reduction op) { return op == reduction::var || op == reduction::std; }

/// Of a mean, variance or standard deviation: its argument and axes.
call_kind kind_of(reduce_operation const& op) {
  if ((op.op != reduction::mean && !has_moments(op.op)) || !is_on(rule::mean_with_variance))
    return {};
  call_kind kind = identity_of(op.argument);
  for (int axis = 0; axis < op.domain.rank(); ++axis) {
    kind.push_back(op.domain[axis]);
    kind.push_back(op.reduced[axis]);
  }
  return kind;
}

/// Of an expression that eval was given with others.
call_kind outputs_of(fused_operation const& op) {
  if (op.outputs.number == 0 || !is_on(rule::shared_outputs)) return {};
  return {op.outputs.number};
}

call_kind kind_of(node const& n, device_model const& model) {
  if (auto const* op = std::get_if<fused_operation>(&n.op)) return outputs_of(*op);
  if (auto const* op = std::get_if<matmul_operation>(&n.op)) return kind_of(*op, n.type, model);
  if (auto const* op = std::get_if<reduce_operation>(&n.op)) return kind_of(*op);
  return {};
}

/// Which steps become one call: groups of their positions.
class grouping {
 public:
  void add(std::size_t at, step const& s, device_model const& model) {
    // What is read here has to be computed before.
    for_each_operand(s.target->op, [&](node_ptr const& n) {
      if (auto const found = group_of_.find(n.get()); found != group_of_.end())
        is_open_[found->second] = false;
    });
    call_kind kind = kind_of(*s.target, model);
    if (kind.empty()) return;
    auto const [last, is_first] = last_.try_emplace(std::move(kind), groups.size());
    if (!is_first && (!is_open_[last->second] || !fits(groups[last->second], s)))
      last->second = groups.size();
    if (last->second == groups.size()) {
      groups.emplace_back();
      is_open_.push_back(true);
    }
    auto& group = groups[last->second];
    group.steps.push_back(at);
    if (auto const* op = std::get_if<reduce_operation>(&s.target->op)) {
      (has_moments(op->op) ? group.variance : group.mean) = true;
      if (has_moments(op->op))
        std::rotate(group.steps.begin(), group.steps.end() - 1, group.steps.end());
    }
    group_of_.emplace(s.target.get(), last->second);
  }

  struct group {
    std::vector<std::size_t> steps;  // a variance first
    bool mean = false, variance = false;
  };
  std::vector<group> groups;

 private:
  /// Any number of products; a mean and a variance.
  static bool fits(group const& g, step const& s) {
    auto const* op = std::get_if<reduce_operation>(&s.target->op);
    return !op || !(has_moments(op->op) ? g.variance : g.mean);
  }

  std::map<call_kind, std::size_t> last_;  // group of each kind
  std::vector<bool> is_open_;
  std::unordered_map<node const*, std::size_t> group_of_;
};

/// Puts a group of expressions into eval's order, and finds what they read together. False where one
/// kernel is not worth while or not possible.
bool share_outputs(std::vector<std::size_t>& group, std::vector<step>& steps,
                   device_model const& model) {
  auto const call_of = [&](std::size_t at) -> fused_operation const& {
    return std::get<fused_operation>(steps[at].target->op);
  };
  if (group.size() != call_of(group.front()).outputs.count) return false;
  std::sort(group.begin(), group.end(), [&](std::size_t a, std::size_t b) {
    return call_of(a).outputs.position < call_of(b).outputs.position;
  });
  extents const& shape = steps[group.front()].target->shape;
  if (!std::all_of(group.begin(), group.end(),
                   [&](std::size_t at) { return steps[at].target->shape == shape; }))
    return false;
  std::unordered_set<node const*> read;
  double known = 0, all = 0;
  for (std::size_t at : group) {
    double own = 0;
    for (auto const& operand : call_of(at).operands)
      if (operand.source && !read.insert(operand.source.get()).second)
        own += static_cast<double>(operand.shape.size() * size_of(operand.type));
    steps[at].known_bytes = own;
    known += own;
    all += steps[at].bytes();
  }
  bool const pays = known > 0 || all < model.launch * model.bytes;
  if (!pays)
    for (std::size_t at : group) steps[at].known_bytes = 0;
  return pays;
}

}  // namespace

void share_calls(std::vector<step>& steps) {
  auto const& model = planning_model();
  if (!model.shares_calls) return;
  grouping all;
  for (std::size_t i = 0; i < steps.size(); ++i) all.add(i, steps[i], model);
  std::erase_if(all.groups, [&](auto& g) {
    return g.steps.size() < 2 || (steps[g.steps.front()].kind == step_kind::fused &&
                                  !share_outputs(g.steps, steps, model));
  });
  if (all.groups.empty()) return;
  // A call takes the place of its last step.
  std::unordered_map<std::size_t, std::vector<std::size_t> const*> calls;
  std::vector<bool> moved(steps.size());
  for (auto const& g : all.groups) {
    calls.emplace(*std::max_element(g.steps.begin(), g.steps.end()), &g.steps);
    for (std::size_t at : g.steps) moved[at] = true;
  }
  std::vector<step> ordered;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!moved[i]) ordered.push_back(std::move(steps[i]));
    auto const call = calls.find(i);
    if (call == calls.end()) continue;
    auto const& members = *call->second;
    for (std::size_t at : members) {
      steps[at].together = at == members.front() ? static_cast<int>(members.size()) : 0;
      ordered.push_back(std::move(steps[at]));
    }
  }
  steps = std::move(ordered);
}

}  // namespace sloth::inline SLOTH_ABI
