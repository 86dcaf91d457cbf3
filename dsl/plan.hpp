// A plan: the steps that evaluation runs and explain prints, the very same vector.
#pragma once

#include <dsl/model.hpp>
#include <dsl/node.hpp>

#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace sloth::inline SLOTH_ABI {

enum class step_kind : std::uint8_t {
  fused,        // one pass: an elementwise expression
  row,          // one pass: an elementwise expression with reductions over the last axis
  reduce,       // one pass: an elementwise expression reduced over axes
  gemm,         // a matrix product
  copy,         // a strided view made contiguous
  concatenate,  // a pass for each part: expressions joined along an axis
  scan,         // running sums, products, extremes of rows
  sort,         // rows in order, or what puts them in order
  index,        // elements chosen, found or counted
  linalg,       // systems of equations, determinants and factorisations
  view          // another reading of a result; costs nothing
};
/// "fused", "gemm".
[[nodiscard]] const char* to_string(step_kind kind);
[[nodiscard]] step_kind kind_of(fused_operation const& call);

/// Takes the planner's mutex: of node states, and of the operations of pending nodes.
[[nodiscard]] std::unique_lock<std::mutex> lock_planner();

struct step {
  step_kind kind;
  node_ptr target;
  int together = 1;  // steps from this one on that are one call; 0: it is in an earlier one's
  counted<buffer> memory{};  // that it writes, while it runs
  double known_bytes = 0;    // of operands that an earlier step of its call reads anyway

  [[nodiscard]] double flops() const;
  /// Bytes read and written, each operand once.
  [[nodiscard]] double bytes() const;
  /// What the model expects it to take.
  [[nodiscard]] double seconds(device_model const& model) const;
};

/// The pending nodes that `roots` need, operands before their users, each once, after the planner's
/// rules have changed what costs less otherwise. Nodes that another thread has claimed are left out.
/// Callers hold the planner's mutex.
[[nodiscard]] std::vector<step> make_plan(std::span<node_ptr const> roots);
/// The pending nodes that `roots` need as they are written, operands before their users, each once.
/// Callers hold the planner's mutex.
[[nodiscard]] std::vector<node*> pending_nodes(std::span<node_ptr const> roots);

/// What the results of a plan that has not run will take; inputs are not counted. A temporary is a
/// result whose memory no handle reaches but the plan's own: it is freed with its last reader.
struct plan_memory {
  int temporaries = 0;
  double peak_bytes = 0;  // of all results that are there at once
};
[[nodiscard]] plan_memory memory_use(std::span<step const> steps);

/// The extents of a & b by NumPy's matmul rules: product over `batch` of (m x k)(k x n), with the
/// 1-D operands' axes dropped in `shape`. Throws shape_error.
struct matmul_extents {
  extents batch, shape;
  std::int64_t m, n, k;
};
[[nodiscard]] matmul_extents matmul_shape(extents const& a, extents const& b, location where);

}  // namespace sloth::inline SLOTH_ABI
