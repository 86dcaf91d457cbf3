// What the hand-written kernels share: grids, block sums. For nvcc alone.
#pragma once

#include <cstdint>
#include <cuda_runtime.h>
#include <stdexcept>
#include <string>

namespace by_hand {

using std::int64_t;

inline constexpr int threads = 256;

inline void check(cudaError_t status) {
  if (status != cudaSuccess)
    throw std::runtime_error(std::string("by hand: ") + cudaGetErrorString(status));
}
inline void check_launch() { check(cudaGetLastError()); }

inline unsigned blocks_for(int64_t items, int64_t each) {
  return static_cast<unsigned>((items + each - 1) / each);
}

inline int multiprocessors() {
  static int const count = [] {
    int device = 0, n = 0;
    check(cudaGetDevice(&device));
    check(cudaDeviceGetAttribute(&n, cudaDevAttrMultiProcessorCount, device));
    return n;
  }();
  return count;
}

/// Device memory that a kernel keeps for its partial results, taken at first use and never freed.
template <class T>
T* scratch(int64_t count) {
  static T* data = nullptr;
  static int64_t size = 0;
  if (count > size) {
    check(cudaFree(data));
    check(cudaMalloc(&data, static_cast<std::size_t>(count) * sizeof(T)));
    size = count;
  }
  return data;
}

/// op over the values of a warp's lanes, in lane 0 (all lanes for commutative op).
template <class T, class Op>
__device__ T warp_reduce(T v, Op op) {
#pragma unroll
  for (int o = 16; o > 0; o /= 2) v = op(v, __shfl_xor_sync(0xffffffffu, v, o));
  return v;
}

/// op over the values of a block's threads, in all of them; `identity` fills lanes that are not
/// there. May be called repeatedly.
template <class T, class Op>
__device__ T block_reduce(T v, Op op, T identity) {
  __shared__ T of_warp[32];
  v = warp_reduce(v, op);
  __syncthreads();  // the last call's values have been read
  if (threadIdx.x % 32 == 0) of_warp[threadIdx.x / 32] = v;
  __syncthreads();
  v = threadIdx.x % 32 < blockDim.x / 32 ? of_warp[threadIdx.x % 32] : identity;
  return warp_reduce(v, op);
}

struct add_values {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct greater_value {
  template <class T>
  __device__ T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

}  // namespace by_hand
