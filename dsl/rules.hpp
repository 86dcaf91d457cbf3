// The planner's rules: each changes the operation of a pending node to one with the same value where
// that takes less time. Callers hold the planner's mutex.
#pragma once

#include <dsl/model.hpp>
#include <dsl/plan.hpp>
#include <dsl/scope.hpp>

namespace sloth::inline SLOTH_ABI {

/// The rules, each a row of rule_rows, in that order.
enum class rule : std::uint8_t {
  product_order,
  sum_of_product,
  trace_of_product,
  epilogue,
  symmetric_product,
  transposed_product,
  equal_nodes,
  batched_products,
  mean_with_variance,
  shared_outputs
};

/// What a rule may change of the values: nothing, roundings, or the order of additions. Those of the
/// last two kinds are off in a strict_scope.
enum class rule_kind : std::uint8_t { exact, rounding, reorders };

struct rule_row {
  const char* name;
  rule_kind kind;
  const char* example;
};
inline constexpr rule_row rule_rows[] = {
    {"product_order", rule_kind::reorders, "a & b & v as a & (b & v)"},
    {"sum_of_product", rule_kind::reorders,
     "sum(a & b) as sum(a, axis(0)) & sum(b, axis(1)); means too"},
    {"trace_of_product", rule_kind::reorders, "trace(a & b) as sum(a * b.T())"},
    {"epilogue", rule_kind::rounding, "relu(2 * (a & b) + bias) as one product"},
    {"symmetric_product", rule_kind::reorders, "x & x.T() as one triangle and its mirror image"},
    {"transposed_product", rule_kind::reorders, "(a & b).T() as b.T() & a.T()"},
    {"equal_nodes", rule_kind::exact, "f(x & x) + g(x & x): x & x once; sums and their like too"},
    {"batched_products", rule_kind::reorders, "eval(a & b, c & d) in one call of the library"},
    {"mean_with_variance", rule_kind::reorders, "eval(mean(x), var(x)) in one pass over x"},
    {"shared_outputs", rule_kind::exact, "eval(x + y, x - y) in one pass over x and y"},
};

/// Off where SLOTH_WITHOUT, a list of names with commas between, has its name, and by a strict_scope.
/// Throws std::invalid_argument when that list has another name.
[[nodiscard]] bool is_on(rule r);

/// All rules are off in this thread until the scope ends.
class [[nodiscard]] as_written_scope : public flag_scope<as_written_scope> {};

/// Not computed, and in no thread's hands.
[[nodiscard]] inline bool is_pending(node const& n) {
  return n.state.load(std::memory_order_relaxed) == node_state::pending;
}
/// Floating numbers in whose own type libraries multiply and sums keep their bits: not halves.
[[nodiscard]] constexpr bool is_wide_floating(dtype type) {
  return type == dtype::f32 || type == dtype::f64 || type == dtype::complex64 ||
         type == dtype::complex128;
}
/// Says in explain's `rule` what one more rule has done.
inline void add_to(std::string& rule, std::string const& what) {
  rule += (rule.empty() ? "" : "; ") + what;
}

/// Under this share of the time as written a rule is worth while.
inline constexpr double worth_while = 0.9;

/// The chain of products that ends in `n` in its cheapest order: a & b & v as a & (b & v). Inner
/// products are those that nothing else reaches, of matrices, and of a vector at either end.
void order_products(node& n);

/// A sum or mean over rows, columns or all of a product that nothing else reaches, as a product of its
/// factors' sums or means: sum(a & b) as sum(a, axis(0)) & sum(b, axis(1)).
void sum_without_product(node& n);

/// The trace of a product that nothing else reaches as a sum over its factors' elements:
/// trace(a & b) as sum(a * b.T()).
void trace_without_product(node& n);

/// An expression around a product that nothing else reaches, as part of the product:
/// after(alpha * (a & b) + beta * c + bias) of real floating numbers, where c has the product's shape,
/// bias is one value a column, after is relu, gelu_tanh or nothing, and no factor is zero. Of a node
/// whose operands have been planned: returns the product, whose own step becomes superfluous, or null.
[[nodiscard]] node_ptr fold_into_product(node& n);
/// The expression has such a form.
[[nodiscard]] bool is_epilogue(fused_operation const& call);
/// What surrounds a product is part of the library's call on that device; elsewhere it is a pass over the
/// product where that lies.
[[nodiscard]] bool in_library(matmul_operation const& call, dtype type, device_model const& on);

/// A product of a matrix with its own transpose: one triangle is computed, the other is its mirror
/// image, where the matrix is large enough.
void compute_one_triangle(node& n);

/// Steps that one call computes, behind each other: small products of one shape, none of which needs
/// another; the mean and the variance, or standard deviation, of one argument; expressions of one shape
/// that eval was given, which read the same operands or take less time than a launch.
void share_calls(std::vector<step>& steps);

/// Equal for expressions with the same values: the same form of the same operands and numbers.
[[nodiscard]] std::vector<std::int64_t> identity_of(fused_operation const& call);

inline void apply_rules(node& n) {
  sum_without_product(n);
  trace_without_product(n);
  order_products(n);
  compute_one_triangle(n);
}

}  // namespace sloth::inline SLOTH_ABI
