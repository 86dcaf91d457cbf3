// Kernels that take a thread for each of n elements, of any type.
#pragma once

#include <kernels/cuda/launch.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {
namespace {

constexpr int threads = 256;

/// Blocks for n elements, a thread each, but not more than keep the device busy: threads go on with
/// the elements a grid further.
std::int64_t blocks_for(std::int64_t n) {
  return std::min<std::int64_t>((n + threads - 1) / threads, std::int64_t{64} * multiprocessors());
}
__device__ std::int64_t first_element() { return std::int64_t{blockIdx.x} * threads + threadIdx.x; }
__device__ std::int64_t grid_step() { return std::int64_t{gridDim.x} * threads; }

/// 16 bytes of any elements.
struct alignas(16) u128 {
  std::uint64_t low, high;
};
/// Calls f.operator()<U>() with the word of so many bytes.
template <class F>
void with_word(std::int64_t bytes, F const& f) {
  switch (bytes) {
    case 1: return f.template operator()<std::uint8_t>();
    case 2: return f.template operator()<std::uint16_t>();
    case 4: return f.template operator()<std::uint32_t>();
    case 8: return f.template operator()<std::uint64_t>();
    default: return f.template operator()<u128>();
  }
}

}  // namespace
}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
