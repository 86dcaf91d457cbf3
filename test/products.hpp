// The products that the planner leaves of an expression.
#pragma once

#include <dsl/plan.hpp>
#include <dsl/sloth.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

struct product_extents {
  std::int64_t m, n, k;
};
inline std::vector<product_extents> products_of(sloth::lazy<double> const& x) {
  std::vector<product_extents> found;
  sloth::node_ptr const root = x.node();
  for (sloth::step const& s : sloth::make_plan({&root, 1}))
    if (auto const* call = std::get_if<sloth::matmul_operation>(&s.target->op)) {
      auto const e = sloth::matmul_shape(call->a->shape, call->b->shape, {});
      found.push_back({e.m, e.n, e.k});
    }
  return found;
}

template <class X>
bool folds(X&& x) {
  return sloth::explain(std::forward<X>(x)).find("the product: ") != std::string::npos;
}
