// The same job on plain Eigen, as one would write it without Sloth.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace plain_eigen {

std::string version();
/// Threads of Eigen's products and of the random numbers.
void use_threads(int count);

/// `steps` times x = rand(n, n); x = x * x. The last product, in row-major order.
template <class T>
std::shared_ptr<T const> random_products(std::int64_t n, int steps, std::uint64_t seed);

/// x * x of a row-major n x n matrix, in row-major order.
template <class T>
std::shared_ptr<T const> square(T const* x, std::int64_t n);

}  // namespace plain_eigen
