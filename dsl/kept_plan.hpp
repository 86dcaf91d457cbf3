// A traced function's plan, kept to be run again for other values of the same shapes.
#pragma once

#include <dsl/function_trace.hpp>

#include <mutex>

namespace sloth::inline SLOTH_ABI {

/// What a compiled function does with arguments of given shapes on a given device.
class kept_plan {
 public:
  /// Plans the results of a trace. What depends on no argument and no draw is computed here, once.
  kept_plan(function_trace traced, std::vector<node_ptr> results, device where);
  ~kept_plan();
  kept_plan(kept_plan const&) = delete;
  kept_plan& operator=(kept_plan const&) = delete;

  /// The results for these arguments, of the shapes that were traced. Calls of several threads take
  /// turns.
  [[nodiscard]] std::vector<node_ptr> operator()(std::span<node_ptr const> arguments);

 private:
  class recordings;
  /// A node that reads an argument: where it begins in it, in elements.
  struct argument_view {
    node* reader;
    int argument;
    std::int64_t offset;
    counted<buffer> placeholder;  // what it has between calls
  };
  /// An operand that a draw fills.
  struct drawn_operand {
    graph_operand* operand;
    traced_draw const* draw;
  };
  /// What is known of a step before it runs.
  struct lifetime {
    std::vector<node*> read_last;  // whose memory nothing needs after it
    bool is_result = false;        // its memory is a result's
  };
  class binding;

  void find_leaves();
  void find_lifetimes();
  void run_steps();
  void drop_temporaries();

  function_trace trace_;
  device where_;
  std::vector<node_ptr> results_;
  std::vector<step> steps_;
  std::vector<lifetime> lifetimes_;  // of each step
  std::vector<argument_view> views_;
  std::vector<node_ptr> constants_;  // that steps read
  std::vector<drawn_operand> drawn_;
  bool drawn_anew_ = false;
  std::unique_ptr<recordings> recordings_;  // null: runs its steps one by one
  std::mutex mutex_;
};

}  // namespace sloth::inline SLOTH_ABI
