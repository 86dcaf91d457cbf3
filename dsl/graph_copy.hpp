// A copy of what is pending in a graph: explain plans it, so that nothing is changed of the graph.
#pragma once

#include <dsl/node.hpp>

#include <span>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// The pending nodes that `roots` need, copied. Each is reached as often as the one that it is a copy
/// of: the planner's rules ask for that. Callers hold the planner's mutex.
class graph_copy {
 public:
  explicit graph_copy(std::span<node_ptr const> roots);

  [[nodiscard]] std::span<node_ptr const> roots() const { return roots_; }
  struct pair {
    node *original, *copy;
  };
  /// All of them, operands before their users; valid until a copy is planned.
  [[nodiscard]] std::span<pair const> nodes() const { return nodes_; }

 private:
  std::vector<node_ptr> roots_;
  std::vector<pair> nodes_;
  std::vector<node_ptr> handles_;  // in place of those that the user has
};

}  // namespace sloth::inline SLOTH_ABI
