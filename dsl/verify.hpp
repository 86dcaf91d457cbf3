// SLOTH_VERIFY=1: what plans compute, against the operations as they were written, on the host.
#pragma once

#include <dsl/plan.hpp>

#include <memory>
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
/// least one, may lie on the other side; nothing is said of results that compare for equality what a
/// step has summed over rows itself, since roundings decide there.
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

/// The same of a write into memory that is there.
class write_verification {
 public:
  /// Computes what is to be written, before that overwrites what it reads.
  write_verification(node_ptr const& region, fused_operation const& values, location where);
  ~write_verification();
  write_verification(write_verification const&) = delete;
  write_verification& operator=(write_verification const&) = delete;
  /// Throws verify_error where the region holds something else.
  void compare() const;

 private:
  struct expected;
  std::unique_ptr<expected> wanted_;
};

}  // namespace sloth::inline SLOTH_ABI
