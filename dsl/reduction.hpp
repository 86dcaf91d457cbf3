// The reductions: their names, result types and accumulators.
#pragma once

#include <dsl/promotion.hpp>

namespace sloth::inline SLOTH_ABI {

enum class reduction : std::uint8_t {
  sum,
  prod,
  mean,
  var,
  std,
  min,
  max,
  argmin,
  argmax,
  any,
  all,
  count_nonzero,
  norm,
  reduce  // by a user's functor
};
/// Those with a name of their own: all but `reduce`.
inline constexpr int reduction_count = 13;

[[nodiscard]] constexpr const char* to_string(reduction op) noexcept {
  constexpr const char* names[] = {"sum", "prod",          "mean",   "var",    "std",
                                   "min", "max",           "argmin", "argmax", "any",
                                   "all", "count_nonzero", "norm",   "reduce"};
  return names[static_cast<int>(op)];
}

/// Element type of the result, as NumPy's: sums of integers are 64-bit, means of integers f64,
/// var, std and norm of complex numbers real, positions i64.
template <reduction Op, element T>
constexpr auto reduction_result() {
  using enum reduction;
  if constexpr (Op == sum || Op == prod)
    return sum_t<T>{};
  else if constexpr (Op == mean)
    return mean_t<T>{};
  else if constexpr (Op == var || Op == std || Op == norm)
    return real_t<mean_t<T>>{};
  else if constexpr (Op == min || Op == max)
    return T{};
  else if constexpr (Op == argmin || Op == argmax || Op == count_nonzero)
    return std::int64_t{};
  else
    return bool{};
}
template <reduction Op, element T>
using reduction_t = decltype(reduction_result<Op, T>());

}  // namespace sloth::inline SLOTH_ABI
