// What devices can do: the planner compares the costs of plans by it.
#pragma once

#include <dsl/dtype.hpp>
#include <dsl/scope.hpp>

#include <cstdint>
#include <span>

namespace sloth::inline SLOTH_ABI {

/// What the library's call computes besides a product of one element type, where that pays, and from how
/// many rows, and terms of each element, on one triangle of x & x.T() takes less time than all of it.
struct product_support {
  dtype type;
  bool alpha, c, bias, c_and_bias, relu, gelu_tanh;
  std::int64_t triangle_rows, triangle_terms;
};

struct device_model {
  const char* name;
  double bytes;   // to and from memory in a second
  double launch;  // seconds that a step costs besides its work
  double half, f32, f64, complex64, complex128, other;  // flops of products in a second
  std::span<product_support const> products;            // of other types: nothing
  bool shares_calls;  // the engine has calls that compute several steps

  [[nodiscard]] double flops(dtype type) const;
  /// Seconds of an (m x k)(k x n) product: its arithmetic or its bytes, whichever takes longer.
  [[nodiscard]] double product(dtype type, std::int64_t m, std::int64_t n, std::int64_t k) const;
  [[nodiscard]] product_support const& support(dtype type) const;
};

/// Measured of an H200 (bench/gpu.sh, commit 1fba6f1): bytes, launch, half, f32, f64, complex64; of two
/// cores of a Xeon with AVX2 (bench/host.sh, commit bd0235c): f32, f64. The others are estimates. An
/// H200's `products` are what bench_library has measured (library_support.inc).
[[nodiscard]] device_model const& model_of(device where);
extern device_model const h200;

/// What this thread's plans are made for: the current device, or a model_scope's.
[[nodiscard]] device_model const& planning_model();

/// Plans of this thread are made for another device than the one that runs them, until the scope ends.
class [[nodiscard]] model_scope {
 public:
  explicit model_scope(device_model const& model);
  ~model_scope();
  model_scope(model_scope const&) = delete;
  model_scope& operator=(model_scope const&) = delete;

 private:
  device_model const* previous_;
};

/// Floating-point operations of an (m x k)(k x n) product, a multiplication and an addition a term.
[[nodiscard]] constexpr double product_flops(std::int64_t m, std::int64_t n, std::int64_t k) {
  return 2. * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

}  // namespace sloth::inline SLOTH_ABI
