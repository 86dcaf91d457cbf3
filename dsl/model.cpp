#include <dsl/model.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {

double device_model::flops(dtype type) const {
  switch (type) {
    case dtype::f16:
    case dtype::bf16: return half;
    case dtype::f32: return f32;
    case dtype::f64: return f64;
    case dtype::complex64: return complex64;
    case dtype::complex128: return complex128;
    default: return other;
  }
}

double device_model::product(dtype type, std::int64_t m, std::int64_t n, std::int64_t k) const {
  double const elements = static_cast<double>(m) * static_cast<double>(k) +
                          static_cast<double>(k) * static_cast<double>(n) +
                          static_cast<double>(m) * static_cast<double>(n);
  double const memory = elements * static_cast<double>(size_of(type)) / bytes;
  return launch + std::max(product_flops(m, n, k) / flops(type), memory);
}

device_model const& model_of(device where) {
  static constexpr device_model gpu{4.2e12, 4e-6,  735e12, 51e12, 59e12,
                                    13e12,  14e12, 1e12,   2048,  256};
  static constexpr device_model host{2e10, 1e-6, 20e9, 155e9, 60e9, 40e9, 15e9, 4e9, 256, 64};
  return where == device::gpu ? gpu : host;
}

}  // namespace sloth::inline SLOTH_ABI
