// A function of arrays while it is traced: it runs once, on arguments that have shapes and no values.
#pragma once

#include <dsl/plan.hpp>
#include <dsl/random.hpp>

#include <memory>
#include <span>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// A draw that a traced function made, and where its elements lie in this call.
struct traced_draw {
  std::weak_ptr<random_stream> from;
  stream_draw what;
  scalar_bits taken;  // {seed, offset}
};

/// What a function did with its arguments and generators.
class function_trace {
 public:
  /// Of arguments of these types and shapes.
  explicit function_trace(std::span<node_ptr const> arguments);

  /// The function's arguments.
  [[nodiscard]] std::span<node_ptr const> placeholders() const { return placeholders_; }
  /// Which argument the node reads elements of, as itself or as a view; -1: none.
  [[nodiscard]] int argument_of(node const& n) const;

  /// Takes elements, and returns what stands for them in the graph, since each call takes others.
  [[nodiscard]] scalar_bits draw(std::shared_ptr<random_stream> const& from,
                                 stream_draw const& what);
  /// What an operand stands for, or null.
  [[nodiscard]] traced_draw const* draw_of(graph_operand const& operand) const;
  [[nodiscard]] bool draws() const { return !draws_.empty(); }
  /// The next elements of each generator that is still there, in the order of the trace.
  void draw_again();

  /// The operation itself reads an argument, or draws.
  [[nodiscard]] bool varies(operation const& op) const;
  /// Throws trace_error where an expression is to be computed that draws.
  void refuse_draws(fused_operation const& call, location where) const;
  /// Throws trace_error where a step needs values that are not there in a trace.
  void refuse_values(std::span<step const> steps) const;

  /// The trace that this thread is in, or null.
  [[nodiscard]] static function_trace* current();
  /// Makes a trace the thread's.
  class scope {
   public:
    explicit scope(function_trace& entered);
    ~scope();
    scope(scope const&) = delete;
    scope& operator=(scope const&) = delete;
  };

 private:
  std::vector<node_ptr> placeholders_;
  std::vector<std::unique_ptr<traced_draw>> draws_;  // whose addresses stand for them
};

}  // namespace sloth::inline SLOTH_ABI
