#include <dsl/graph_copy.hpp>

#include <dsl/plan.hpp>

#include <algorithm>
#include <unordered_map>

namespace sloth::inline SLOTH_ABI {

namespace {

/// The nodes' copies, and how often the graph itself and its roots reach each.
class copier {
 public:
  std::vector<graph_copy::pair> add(std::span<node_ptr const> roots) {
    std::vector<graph_copy::pair> all;
    for (node* n : pending_nodes(roots))
      all.push_back({n, copies_.emplace(n, copy_of(*n)).first->second.get()});
    for (auto const& [n, copy] : copies_)
      for_each_operand(n->op, [&](node_ptr const& from) { ++reached_[from.get()]; });
    for (auto const& root : roots) ++reached_[root.get()];  // by the copy's own roots
    return all;
  }

  /// The copy of a pending node, any other node itself.
  [[nodiscard]] node_ptr of(node_ptr const& n) const {
    auto const found = copies_.find(n.get());
    return found == copies_.end() ? n : found->second;
  }
  /// A handle to each copy for each that the original has elsewhere.
  [[nodiscard]] std::vector<node_ptr> handles() const {
    std::vector<node_ptr> all;
    for (auto const& [n, copy] : copies_) {
      auto const inside = reached_.find(n);
      int const outside = n->references() - (inside == reached_.end() ? 0 : inside->second);
      all.insert(all.end(), static_cast<std::size_t>(std::max(outside, 0)), copy);
    }
    return all;
  }

 private:
  fused_operation copy_of(fused_operation const& call) const {
    auto operands = call.operands;
    for (auto& operand : operands)
      if (operand.source) operand.source = of(operand.source);
    return call.over(std::move(operands));
  }
  operation copy_of(operation const& op) const {
    if (auto* call = std::get_if<fused_operation>(&op)) return copy_of(*call);
    if (auto* call = std::get_if<reduce_operation>(&op))
      return reduce_operation{copy_of(call->argument),
                              call->domain,
                              call->reduced,
                              call->op,
                              call->ddof,
                              call->device,
                              call->host,
                              call->of_products,
                              call->device_of_products,
                              call->rule};
    if (auto* call = std::get_if<view_operation>(&op)) return view_operation{of(call->base)};
    if (auto* call = std::get_if<primitive_operation>(&op)) {
      primitive_operation copy = *call;
      for (auto& operand : copy.operands) operand = of(operand);
      return copy;
    }
    if (auto* call = std::get_if<concatenate_operation>(&op)) {
      concatenate_operation copy{{}, call->axis};
      for (auto const& part : call->parts)
        copy.parts.push_back({copy_of(part.values), part.shape, part.is_slice, part.origin});
      return copy;
    }
    auto const& call = std::get<matmul_operation>(op);
    matmul_operation copy{of(call.a),   of(call.b), call.tf32,
                          call.ordered, call.rule,  call.symmetric};
    if (call.epilogue) {
      product_epilogue const& e = *call.epilogue;
      copy.epilogue = std::make_unique<product_epilogue>(
          product_epilogue{copy_of(e.written), e.alpha, e.beta, e.c, e.bias, e.after});
    }
    return copy;
  }
  node_ptr copy_of(node const& n) const {
    node_ptr copy = node::of_operation(n.type, n.shape, copy_of(n.op), n.where);
    copy->stride = n.stride;
    copy->offset = n.offset;
    return copy;
  }

  std::unordered_map<node const*, node_ptr> copies_;
  std::unordered_map<node const*, int> reached_;
};

}  // namespace

graph_copy::graph_copy(std::span<node_ptr const> roots) {
  copier all;
  nodes_ = all.add(roots);
  handles_ = all.handles();
  for (auto const& root : roots) roots_.push_back(all.of(root));
}

}  // namespace sloth::inline SLOTH_ABI
