#include <dsl/model.hpp>
#include <dsl/rules.hpp>

#include <array>
#include <map>
#include <unordered_map>

namespace sloth::inline SLOTH_ABI {

namespace {

/// Element type, arithmetic, extents and strides: products with the same go into one call.
using product_kind = std::array<std::int64_t, 9>;

/// A matrix that libraries take as it lies.
bool is_plain(node const& n) {
  return n.shape.rank() == 2 && ((n.stride[1] == 1 && n.stride[0] >= n.shape[1]) ||
                                 (n.stride[0] == 1 && n.stride[1] >= n.shape[0]));
}

bool has_batches(dtype type) {
  return is_wide_floating(type) || type == dtype::f16 || type == dtype::bf16;
}

/// The step's product, if its arithmetic takes less time than a launch.
matmul_operation const* small_product(step const& s, device_model const& model) {
  auto const* const op = std::get_if<matmul_operation>(&s.target->op);
  dtype const type = s.target->type;
  if (!op || op->symmetric || op->epilogue || !is_plain(*op->a) || !is_plain(*op->b) ||
      op->a->type != type || op->b->type != type || !has_batches(type))
    return nullptr;
  double const flops = product_flops(op->a->shape[0], op->b->shape[1], op->a->shape[1]);
  return flops > 0 && flops <= model.launch * model.flops(type) ? op : nullptr;
}

product_kind kind_of(matmul_operation const& op, dtype type) {
  node const &a = *op.a, &b = *op.b;
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

/// Which steps become one call: groups of their positions.
class grouping {
 public:
  void add(std::size_t at, step const& s, device_model const& model) {
    // What is read here has to be computed before.
    for_each_operand(s.target->op, [&](node_ptr const& n) {
      if (auto const found = group_of_.find(n.get()); found != group_of_.end())
        is_open_[found->second] = false;
    });
    auto const* const op = small_product(s, model);
    if (!op) return;
    auto const [last, is_first] = last_.try_emplace(kind_of(*op, s.target->type), groups.size());
    if (!is_first && !is_open_[last->second]) last->second = groups.size();
    if (last->second == groups.size()) {
      groups.emplace_back();
      is_open_.push_back(true);
    }
    groups[last->second].push_back(at);
    group_of_.emplace(s.target.get(), last->second);
  }
  std::vector<std::vector<std::size_t>> groups;

 private:
  std::map<product_kind, std::size_t> last_;  // group of each kind
  std::vector<bool> is_open_;
  std::unordered_map<node const*, std::size_t> group_of_;
};

}  // namespace

void batch_products(std::vector<step>& steps) {
  auto const& model = planning_model();
  if (!model.batches || !is_on(rule::batched_products)) return;
  grouping all;
  for (std::size_t i = 0; i < steps.size(); ++i) all.add(i, steps[i], model);
  std::erase_if(all.groups, [](auto const& group) { return group.size() < 2; });
  if (all.groups.empty()) return;
  // A call takes the place of its last product.
  std::unordered_map<std::size_t, std::vector<std::size_t> const*> calls;
  std::vector<bool> moved(steps.size());
  for (auto const& group : all.groups) {
    calls.emplace(group.back(), &group);
    for (std::size_t at : group) moved[at] = true;
  }
  std::vector<step> ordered;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!moved[i]) ordered.push_back(std::move(steps[i]));
    auto const call = calls.find(i);
    if (call == calls.end()) continue;
    auto const& group = *call->second;
    for (std::size_t at : group) {
      steps[at].together = at == group.front() ? static_cast<int>(group.size()) : 0;
      ordered.push_back(std::move(steps[at]));
    }
  }
  steps = std::move(ordered);
}

}  // namespace sloth::inline SLOTH_ABI
