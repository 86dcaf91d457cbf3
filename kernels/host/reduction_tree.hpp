// Combines states as a binary counter combines bits: a tree that depends on their number only.
#pragma once

#include <kernels/host/reduction.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Chunks that one task reduces: a whole subtree, so that the number of tasks changes no bit.
inline constexpr std::int64_t chunks_per_task = 32;

class reduction_tree {
 public:
  explicit reduction_tree(accumulator const& with) : with_(with) {}

  void push(reduction_state const& state) {
    level_[depth_++] = state;
    for (std::int64_t carry = ++count_; carry % 2 == 0; carry /= 2) join();
  }
  /// The state of all that was pushed, which is forgotten.
  reduction_state total() {
    if (depth_ == 0) with_.init(level_[0]);
    while (depth_ > 1) join();
    depth_ = 0;
    count_ = 0;
    return level_[0];
  }

 private:
  void join() {
    --depth_;
    with_.combine(level_[depth_ - 1], level_[depth_]);
  }

  accumulator const& with_;
  std::int64_t count_ = 0;
  int depth_ = 0;
  reduction_state level_[64];
};

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
