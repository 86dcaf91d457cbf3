#include "cases.hpp"
#include "cublas.hpp"
#include "reductions.hpp"

using namespace sloth;
using plain_cublas::arithmetic;

namespace bench {

namespace {

constexpr double target = 0.98;

/// Uniform in (-1, 1], of any floating or complex type.
template <class T>
array<T> matrix(extents const& shape, std::uint64_t seed) {
  if constexpr (std::is_same_v<T, complex64>)
    return operand<float>(shape, seed).template astype<T>() +
           complex64(0, 1) * operand<float>(shape, seed + 100);
  else if constexpr (sizeof(T) == 2)
    return operand<float>(shape, seed).template astype<T>();
  else
    return operand<T>(shape, seed);
}

/// cuBLAS gives the right values: the same call would give the same bits, another algorithm others.
template <class T>
tolerance of_product(int64_t k, arithmetic how) {
  double const root = std::sqrt(static_cast<double>(k));
  switch (how) {
    case arithmetic::f64: return {1e-12, root};
    case arithmetic::f16: return {2e-3, root};
    case arithmetic::bf16: return {2e-2, root};
    case arithmetic::tf32: return {2e-3, root};
    default: return {1e-5, root};
  }
}

template <class T>
void square(cases& all, std::string const& name, arithmetic how, int64_t n,
            bool transposed = false) {
  all.measure(name + "/" + std::to_string(n), [=] {
    double const d = static_cast<double>(n);
    auto const a = matrix<T>({n, n}, 1), b = matrix<T>({n, n}, 2);
    double const flops_each = std::is_same_v<T, complex64> ? 8 : 2;
    return comparison<T>{
        .bytes = 3 * sizeof(T) * d * d,
        .flops = flops_each * d * d * d,
        .sloth =
            [=] {
              precision_scope const in(how == arithmetic::tf32 ? tf32 : precision::ieee);
              return transposed ? array<T>(a & b.T()) : array<T>(a & b);
            },
        .reference = by<T>(
            "cublas",
            [=](T* z) {
              plain_cublas::product(stream(), how, n, n, n, data(a), data(b), z, transposed);
            },
            target),
        .others = {},
        .within = of_product<T>(n, how)};
  });
}

void batches(cases& all) {
  all.measure("product_batched/f32/64x512", [] {
    int64_t const count = 64, n = 512;
    double const matrix_elements = static_cast<double>(n * n);
    auto const a = matrix<float>({count, n, n}, 1), b = matrix<float>({count, n, n}, 2);
    return comparison<float>{.bytes = 12. * count * matrix_elements,
                             .flops = 2. * count * matrix_elements * n,
                             .sloth = [=] { return array<float>(a & b); },
                             .reference = by<float>(
                                 "cublas",
                                 [=](float* z) {
                                   plain_cublas::batched(stream(), arithmetic::f32, count, n, n, n,
                                                         data(a), data(b), z);
                                 },
                                 target),
                             .others = {},
                             .within = of_product<float>(n, arithmetic::f32)};
  });
  all.measure("product_vector/f32/8192", [] {
    int64_t const n = 8192;
    double const elements = static_cast<double>(n * n);
    auto const m = matrix<float>({n, n}, 1), x = matrix<float>({n}, 2);
    return comparison<float>{
        .bytes = 4 * elements,
        .flops = 2 * elements,
        .sloth = [=] { return array<float>(m & x); },
        .reference = by<float>(
            "cublas",
            [=](float* z) { plain_cublas::matrix_vector(stream(), data(m), data(x), z, n, n); },
            target),
        .others = {by<float>("hand",
                             [=](float* z) {
                               by_hand::matrix_vector(stream(), data(m), data(x), z, n, n);
                             }),
                   read_limit({data(m)}, 4 * elements, 0)},
        .within = of_product<float>(n, arithmetic::f32)};
  });
}

}  // namespace

void products(cases& all) {
  for (int64_t n : {1024, 4096, 8192}) square<float>(all, "product/f32", arithmetic::f32, n);
  for (int64_t n : {4096, 5000}) square<double>(all, "product/f64", arithmetic::f64, n);
  for (int64_t n : {4096, 8192}) square<f16>(all, "product/f16", arithmetic::f16, n);
  for (int64_t n : {4096, 8192}) square<bf16>(all, "product/bf16", arithmetic::bf16, n);
  square<complex64>(all, "product/complex64", arithmetic::complex64, 2048);
  square<float>(all, "product/tf32", arithmetic::tf32, 8192);
  square<float>(all, "product_transposed/f32", arithmetic::f32, 4096, true);
  batches(all);
}

}  // namespace bench
