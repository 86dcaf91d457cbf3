// The planner's rules: each changes the operation of a pending node to one with the same value where
// that takes less time. Callers hold the planner's mutex.
#pragma once

#include <dsl/node.hpp>

namespace sloth::inline SLOTH_ABI {

/// Under this share of the time as written a rule is worth while.
inline constexpr double worth_while = 0.9;

/// The chain of products that ends in `n` in its cheapest order: a & b & v as a & (b & v). Inner
/// products are those that nothing else reaches, of matrices, and of a vector at either end. Additions
/// are ordered otherwise then, so a strict_scope turns it off.
void order_products(node& n);

/// A sum over rows, columns or all of a product that nothing else reaches, as a product of its
/// factors' sums: sum(a & b) as sum(a, axis(0)) & sum(b, axis(1)). Additions are ordered otherwise
/// then, so a strict_scope turns it off.
void sum_without_product(node& n);

/// An expression around a product that nothing else reaches, as part of the product:
/// after(alpha * (a & b) + beta * c + bias) of real floating numbers, where c has the product's shape,
/// bias is one value a column, after is relu, gelu_tanh or nothing, and no factor is zero. Such values
/// are rounded otherwise, so a strict_scope turns it off. Of a node whose operands have been planned:
/// returns the product, whose own step becomes superfluous, or null.
[[nodiscard]] node_ptr fold_into_product(node& n);
/// The expression has such a form.
[[nodiscard]] bool is_epilogue(fused_operation const& call);

/// A product of a matrix with its own transpose: one triangle is computed, the other is its mirror
/// image, where the matrix is large enough. Sums are rounded otherwise then, so a strict_scope turns it
/// off.
void compute_one_triangle(node& n);

inline void apply_rules(node& n) {
  sum_without_product(n);
  order_products(n);
  compute_one_triangle(n);
}

}  // namespace sloth::inline SLOTH_ABI
