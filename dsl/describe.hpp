// What explain says of a plan: its steps as data, and these as text, JSON or Graphviz.
#pragma once

#include <dsl/plan.hpp>

namespace sloth::inline SLOTH_ABI {

struct described_value {
  std::string name;  // x0, x1, ... of inputs, r0, r1, ... of results
  dtype type;
  extents shape;
};

struct described_step {
  described_value result;
  step_kind kind;
  std::string expression;
  std::string flags;   // of a product: how its operands lie ("NT"), "tf32"
  std::string rule;    // what the planner changed
  std::string stored;  // why fusion stopped here, where an elementwise step reads the result
  std::vector<std::string> reads;
  double flops, bytes, seconds;
  location where;
};

struct plan_description {
  device_model on;
  std::vector<described_value> inputs;
  std::vector<described_step> steps;
  plan_memory memory;

  /// One line a step: its result, its kind, its expression, its work, what rules changed, and why its
  /// result goes to memory where the next step could have computed it on its way.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string json() const;
  [[nodiscard]] std::string graphviz() const;
};

/// Of steps that have not run, for the model that they were planned for.
[[nodiscard]] plan_description describe(std::span<step const> steps);

}  // namespace sloth::inline SLOTH_ABI
