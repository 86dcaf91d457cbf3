// What the planner's rules gain: beside bare products by cuBLAS, and with values checked against the
// same expression as it is written.
#include "cases.hpp"
#include "cublas.hpp"

using namespace sloth;
using plain_cublas::arithmetic;

namespace bench {

namespace {

/// The values of `job` without the planner's rules; does not compete.
template <class T>
competitor as_written(std::function<array<T>()> job) {
  return by<T>("", [job](T* z) {
    strict_scope const none;
    array<T> const y = job();
    cudaMemcpyAsync(z, data(y), static_cast<std::size_t>(y.size()) * sizeof(T),
                    cudaMemcpyDeviceToDevice, stream());
  });
}

/// The bare product of n x n matrices, into memory of its own.
template <class T>
competitor bare_product(arithmetic how, array<T> const& a, array<T> const& b, double target) {
  int64_t const n = a.shape()[0];
  auto const c = std::make_shared<array<T>>(operand<T>({n, n}, 9));
  return {"product",
          {[=](void*) {
            plain_cublas::product(stream(), how, n, n, n, data(a), data(b),
                                  const_cast<T*>(data(*c)));
          }},
          target};
}

void chain(cases& all) {
  all.measure("chain/f32/8192x8", [] {
    int64_t const n = 8192, columns = 8;
    double const elements = static_cast<double>(n * n);
    auto const a = operand<float>({n, n}, 1), b = operand<float>({n, n}, 2),
               v = operand<float>({n, columns}, 3);
    auto const job = [=] { return array<float>(a & b & v); };
    return comparison<float>{.bytes = 8 * elements,
                             .flops = 4 * elements * columns,
                             .sloth = job,
                             .reference = as_written<float>(job),
                             .others = {bare_product(arithmetic::f32, a, b, 50),
                                        read_limit({data(a), data(b)}, 4 * elements, 0)},
                             .within = {1e-3, 8192}};
  });
}

void dense(cases& all) {
  all.measure("dense/f32/8192", [] {
    int64_t const n = 8192;
    double const d = static_cast<double>(n);
    auto const a = operand<float>({n, n}, 1), b = operand<float>({n, n}, 2),
               bias = operand<float>({n}, 3);
    auto const job = [=] { return array<float>(relu(2 * (a & b) + bias)); };
    return comparison<float>{.bytes = 12 * d * d,
                             .flops = 2 * d * d * d,
                             .sloth = job,
                             .reference = as_written<float>(job),
                             .others = {bare_product(arithmetic::f32, a, b, 1 / 1.015)},
                             .within = {1e-5, std::sqrt(d)}};
  });
}

template <class T>
void symmetric(cases& all, std::string const& name, arithmetic how, double floor) {
  all.measure(name, [=] {
    int64_t const n = 8192;
    double const d = static_cast<double>(n);
    auto const x = operand<T>({n, n}, 1);
    auto const job = [=] { return array<T>(x & x.T()); };
    return comparison<T>{.bytes = 2 * sizeof(T) * d * d,
                         .flops = d * d * d,
                         .sloth = job,
                         .reference = as_written<T>(job),
                         .others = {bare_product(how, x, x, 1.5)},
                         .within = {floor, std::sqrt(d)}};
  });
}

/// Two expressions of one pass over their operands: 4 streams instead of 6.
void outputs(cases& all) {
  all.measure("outputs/f32/2^26", [] {
    int64_t const n = int64_t{1} << 26;
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    auto const apart = [=] {
      array<float> const sum = x + y, difference = x - y;
      return difference;
    };
    auto const together = [=] { return std::get<1>(eval(x + y, x - y)); };
    return comparison<float>{.bytes = 16. * static_cast<double>(n),
                             .flops = 2. * static_cast<double>(n),
                             .sloth = together,
                             .reference = as_written<float>(apart),
                             .others = {{"apart", {[=](void*) { (void)apart(); }}, 1.4}},
                             .within = {0, 1}};
  });
}

}  // namespace

void planner(cases& all) {
  chain(all);
  dense(all);
  symmetric<float>(all, "symmetric/f32/8192", arithmetic::f32, 1e-5);
  symmetric<double>(all, "symmetric/f64/8192", arithmetic::f64, 1e-12);
  outputs(all);
}

}  // namespace bench
