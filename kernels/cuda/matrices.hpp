// Batches of square matrices for cuBLAS and cuSOLVER: row-major ones are read as their transposes,
// column-major.
#pragma once

#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/library.hpp>

#include <algorithm>
#include <memory>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

using std::int64_t;

inline constexpr int threads = 256;

inline int64_t blocks_for(int64_t n, int64_t each = threads) {
  return std::min<int64_t>((n + each - 1) / each, int64_t{64} * multiprocessors());
}
__device__ inline int64_t first_element() { return int64_t{blockIdx.x} * threads + threadIdx.x; }
__device__ inline int64_t grid_step() { return int64_t{gridDim.x} * threads; }

/// The libraries' names of what is done to elements T.
template <class T>
struct routines;
#define SLOTH_ROUTINES(T, own, letter, data, real)                   \
  template <>                                                        \
  struct routines<T> {                                               \
    using number = own;                                              \
    static constexpr cudaDataType type = data, real_type = real;     \
    static constexpr auto* getrf = cublas##letter##getrfBatched;     \
    static constexpr auto* getri = cublas##letter##getriBatched;     \
    static constexpr auto* getrs = cublas##letter##getrsBatched;     \
    static constexpr auto* potrf = cusolverDn##letter##potrfBatched; \
  };
SLOTH_ROUTINES(float, float, S, CUDA_R_32F, CUDA_R_32F)
SLOTH_ROUTINES(double, double, D, CUDA_R_64F, CUDA_R_64F)
SLOTH_ROUTINES(complex64, cuComplex, C, CUDA_C_32F, CUDA_R_32F)
SLOTH_ROUTINES(complex128, cuDoubleComplex, Z, CUDA_C_64F, CUDA_R_64F)
#undef SLOTH_ROUTINES

template <class F>
void with_type(dtype type, F const& f) {
  switch (type) {
    case dtype::f32: return f.template operator()<float>();
    case dtype::f64: return f.template operator()<double>();
    case dtype::complex64: return f.template operator()<complex64>();
    default: return f.template operator()<complex128>();
  }
}

inline void refuse_recording() {
  if (is_recording()) throw device_error("a factorisation cannot be recorded");
}

/// What the factorisations said, one word a matrix.
class reports {
 public:
  explicit reports(int64_t count)
      : count_(count), words_(sizeof(int) * static_cast<std::size_t>(count)) {}
  [[nodiscard]] int* get() const { return reinterpret_cast<int*>(words_.data()); }
  /// Waits for them.
  [[nodiscard]] failed_factor first_failed(int64_t n) const;

 private:
  int64_t count_;
  workspace words_;
};

/// Memory that cuSOLVER wants, on both sides.
struct scratch {
  std::size_t on_device = 0, on_host = 0;
  std::unique_ptr<workspace> device;
  std::vector<std::byte> host;
  void reserve() {
    device = std::make_unique<workspace>(on_device);
    host.resize(on_host);
  }
  /// What is on the host may be in use until the work is done.
  void finish() const {
    if (on_host > 0) synchronize(current_stream());
  }
};

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
