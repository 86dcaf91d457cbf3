// The plans of one compiled function, by what each depends on.
#pragma once

#include <dsl/model.hpp>
#include <dsl/node.hpp>
#include <dsl/scope.hpp>

#include <mutex>
#include <span>

namespace sloth::inline SLOTH_ABI {

class kept_plan;

/// The plans of one compiled function.
class kept_plans {
 public:
  /// Calls the function with its arguments' nodes.
  using trace_function = std::vector<node_ptr> (*)(void* function, std::span<node_ptr const>);

  /// Runs the plan for these arguments, which `trace` of `function` makes at the first of their
  /// kind. Throws trace_error where the function needs values of its arguments, or is called while
  /// another one is traced.
  [[nodiscard]] std::vector<node_ptr> operator()(std::span<node_ptr const> arguments,
                                                 trace_function trace, void* function);

 private:
  /// All that the plan depends on.
  struct kind {
    trace_function function;
    std::vector<dtype> types;
    std::vector<extents> shapes;
    device where;
    device_model const* planned_for;
    precision products;
    bool strict;
    bool operator==(kind const&) const = default;
  };
  struct entry {
    kind of;
    std::shared_ptr<kept_plan> does;
  };

  std::mutex mutex_;
  std::vector<entry> entries_;  // the last used first
};

}  // namespace sloth::inline SLOTH_ABI
