// SLOTH_VERIFY=1: what plans compute, against the operations as they were written, on the host.
#pragma once

#include <dsl/plan.hpp>

#include <span>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// One plan's results, each computed once more: by the operation as it was written before any rule
/// changed it, on the host, over the values that the plan has for its operands. So the first result
/// that differs is the one whose step is wrong.
///
/// Integers and truths have to be equal. Floating values may differ by sqrt(epsilon) of their type
/// (TF32: of halves) times the largest magnitude of the step's operands, numbers and results, times
/// the terms of a sum or product: rounding and the order of additions stay far below, a wrong element
/// does not. Where an operation jumps (a comparison, floor, where) one element in a thousand, and at
/// least one, may lie on the other side.
class verification {
 public:
  /// This thread's evaluations are to be verified: SLOTH_VERIFY, or a verify_scope. Not while a
  /// function is traced, nor under no_sync, since values have to come to the host.
  [[nodiscard]] static bool wanted();

  /// Remembers what is pending as it is written. Callers hold the planner's mutex, and plan then.
  void remember(std::span<node_ptr const> roots);
  /// The plan of what was remembered.
  void keep(std::span<step const> steps);
  /// What of it has been computed. Throws verify_error for the first result that differs.
  void compare();

 private:
  struct result {
    node_ptr planned;
    std::string expression;  // as explain prints it
  };
  std::vector<result> results_;
};

}  // namespace sloth::inline SLOTH_ABI
