#include <dsl/model.hpp>

#include <algorithm>
#include <limits>

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

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

constexpr product_support of_an_h200[] = {
#include <dsl/library_support.inc>
};
/// Eigen's products have nothing besides; a triangle is the engine's own.
constexpr product_support of_the_host[] = {
    {dtype::f32, false, false, false, false, false, false, 256, 64},
    {dtype::f64, false, false, false, false, false, false, 256, 64},
    {dtype::complex64, false, false, false, false, false, false, 256, 64},
    {dtype::complex128, false, false, false, false, false, false, 256, 64},
};

}  // namespace

product_support const& device_model::support(dtype type) const {
  static constexpr product_support nothing{dtype::boolean, false, false, false, false,
                                           false,          false, never, never};
  auto const found = std::find_if(products.begin(), products.end(),
                                  [&](product_support const& s) { return s.type == type; });
  return found == products.end() ? nothing : *found;
}

constexpr device_model h200{"gpu", 4.2e12, 4e-6, 735e12,     51e12, 59e12,
                            13e12, 14e12,  1e12, of_an_h200, true};

device_model const& model_of(device where) {
  static constexpr device_model host{"host", 2e10, 1e-6, 20e9,        155e9, 60e9,
                                     40e9,   15e9, 4e9,  of_the_host, false};
  return where == device::gpu ? h200 : host;
}

namespace {
thread_local device_model const* chosen_model = nullptr;
}

device_model const& planning_model() {
  return chosen_model ? *chosen_model : model_of(current_device());
}
model_scope::model_scope(device_model const& model) : previous_(chosen_model) {
  chosen_model = &model;
}
model_scope::~model_scope() { chosen_model = previous_; }

}  // namespace sloth::inline SLOTH_ABI
