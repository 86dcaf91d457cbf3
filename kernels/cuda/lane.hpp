// What other lanes of a warp hold.
#pragma once

#include <dsl/config.hpp>

#include <type_traits>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// Another lane's value, of lanes that all ask; `lane` counts within groups of `width`.
template <class T>
__device__ T from_lane(T const& value, int lane, unsigned lanes = ~0u, int width = 32) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 4 == 0);
  unsigned words[sizeof(T) / 4];
  __builtin_memcpy(words, &value, sizeof(T));
#pragma unroll
  for (unsigned& word : words) word = __shfl_sync(lanes, word, lane, width);
  T other = value;
  __builtin_memcpy(&other, words, sizeof(T));
  return other;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
