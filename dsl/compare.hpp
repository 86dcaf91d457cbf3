// Whether arrays are the same: answers, so that they evaluate.
#pragma once

#include <dsl/functions.hpp>
#include <dsl/reduce.hpp>

namespace sloth::inline SLOTH_ABI {

/// One shape and equal elements; a NaN equals nothing. Evaluates.
template <expression A, expression B>
[[nodiscard]] bool array_equal(A const& a, B const& b, location where = location::here()) {
  return a.shape() == b.shape() && all(equal(a, b, where)).item(where);
}
/// Shapes that broadcast to each other and equal elements then. Evaluates.
template <expression A, expression B>
[[nodiscard]] bool array_equiv(A const& a, B const& b, location where = location::here()) {
  try {
    (void)broadcast(a.shape(), b.shape(), "array_equiv", where);
  } catch (shape_error const&) {
    return false;
  }
  return all(equal(a, b, where)).item(where);
}
/// |a - b| <= atol + rtol |b| everywhere; a NaN is close to nothing. Broadcasts, else shape_error.
/// Evaluates.
template <expression_or_scalar A, expression_or_scalar B>
requires(expression<A> || expression<B>)
    [[nodiscard]] bool allclose(A const& a, B const& b, double rtol = 1e-5, double atol = 1e-8,
                                location where = location::here()) {
  return all(isclose(a, b, rtol, atol, where)).item(where);
}

}  // namespace sloth::inline SLOTH_ABI
