// Batches of square matrices for Eigen: row-major ones are read as their transposes, column-major.
#pragma once

#include <kernels/host/engine.hpp>
#include <kernels/host/team.hpp>

#include <dsl/promotion.hpp>

// A copy of Eigen of its own, as in gemm.cpp.
#ifdef EIGEN_CORE_H
#error "kernels/host/matrices.hpp wants a copy of Eigen of its own: keep it out of unity builds"
#endif
#define EIGEN_NO_DEBUG  // shapes are checked where the expression is built
#define Eigen sloth_eigen
#include <Eigen/Core>
#undef Eigen

#include <algorithm>
#include <complex>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

using std::int64_t;

template <class T>
using number = std::conditional_t<is_complex<T>, std::complex<real_t<T>>, T>;
template <class T>
using matrix = sloth_eigen::Matrix<number<T>, sloth_eigen::Dynamic, sloth_eigen::Dynamic>;

/// `rows` elements behind each other, `columns` times.
template <class T>
auto map_of(T* data, int64_t rows, int64_t columns) {
  return sloth_eigen::Map<matrix<T>>(reinterpret_cast<number<T>*>(data), rows, columns);
}
template <class T>
auto map_of(T const* data, int64_t rows, int64_t columns) {
  return sloth_eigen::Map<matrix<T> const>(reinterpret_cast<number<T> const*>(data), rows, columns);
}

/// Memory from the pool.
template <class T>
class block {
 public:
  explicit block(int64_t n) : bytes_(static_cast<std::size_t>(n) * sizeof(T)) {
    if (bytes_ > 0) data_ = static_cast<T*>(allocate(bytes_));
  }
  ~block() {
    if (bytes_ > 0) release(data_, bytes_);
  }
  block(block const&) = delete;
  block& operator=(block const&) = delete;
  [[nodiscard]] T* data() const { return data_; }

 private:
  std::size_t bytes_;
  T* data_ = nullptr;
};

template <class F>
void with_type(dtype type, F const& f) {
  switch (type) {
    case dtype::f32: return f.template operator()<float>();
    case dtype::f64: return f.template operator()<double>();
    case dtype::complex64: return f.template operator()<complex64>();
    default: return f.template operator()<complex128>();
  }
}

/// f(i, memory for a matrix) for each of them: many in parallel, few one after the other, where Eigen's
/// products take the threads.
template <class T, class F>
void for_each_matrix(matrix_stack const& a, F const& f) {
  team const of(threads());
  struct job {
    F const& f;
    int64_t count, each, size;
    void run(int64_t part) const {
      block<T> const memory(size);
      for (int64_t i = part * each; i < std::min(count, (part + 1) * each); ++i)
        f(i, memory.data());
    }
  } all{f, a.count, 1, a.n * a.n};
  if (a.count < threads()) {
    for (int64_t i = 0; i < a.count; ++i) all.run(i);
    return;
  }
  all.each = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, all.size));
  parallel_for((a.count + all.each - 1) / all.each, a.count * all.size * a.n,
               [](void* j, int64_t part) { static_cast<job const*>(j)->run(part); }, &all);
}

inline failed_factor first_of(std::vector<int64_t> const& orders) {
  auto const found = std::find_if(orders.begin(), orders.end(), [](int64_t o) { return o != 0; });
  if (found == orders.end()) return {};
  return {found - orders.begin(), *found};
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
