// The planner's rule for chains of matrix products: the cheapest order.
#pragma once

#include <dsl/node.hpp>

namespace sloth::inline SLOTH_ABI {

/// Orders the chain of pending products that ends in `n` anew where that takes less time: a & b & v
/// becomes a & (b & v). Its inner products are those that nothing else reaches; matrices, and a
/// vector at either end. The sums round otherwise then, so strict_scope turns it off. Callers hold
/// the planner's mutex.
void order_products(node& n);

}  // namespace sloth::inline SLOTH_ABI
