// Gangs: blocks that share a row and run at the same time (the launch is a cooperative one).
#pragma once

#include <kernels/cuda/reducer.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// Words of a block's state, each beside the number of its exchange.
inline constexpr int gang_state_words = 8;
inline constexpr std::size_t gang_slot_bytes = gang_state_words * sizeof(std::uint64_t);

/// Bytes that `blocks` blocks exchange states through, to be 0 before a launch: two rooms in turn,
/// since whoever writes one again has seen all others' answers to what it held.
[[nodiscard]] constexpr std::size_t gang_exchange_bytes(std::int64_t blocks) {
  return 2 * gang_slot_bytes * static_cast<std::size_t>(blocks);
}

#if defined(__CUDACC__)
/// The state of a gang's blocks, in every lane of the calling warp, combined in an order that only
/// their number decides. `turn` counts a launch's exchanges from 1 on. Each word travels with it in
/// one store, so that a reader who sees the number has the word, and no fence is needed.
template <class R, class S>
__device__ S reduce_gang(S const& own, std::byte* exchange, int gang, int members, int member,
                         unsigned turn) {
  constexpr int words = (sizeof(S) + 3) / 4, batch = words > 4 ? 1 : 4 / words;
  static_assert(words <= gang_state_words && std::is_trivially_copyable_v<S>);
  int const lane = static_cast<int>(threadIdx.x) % 32;
  auto* const room = reinterpret_cast<std::uint64_t*>(
      exchange + (std::int64_t{gang} * 2 + turn % 2) * members * std::int64_t{gang_slot_bytes});
  unsigned bits[words] = {};
  __builtin_memcpy(bits, &own, sizeof(S));
  if (lane == 0)
#pragma unroll
    for (int w = 0; w < words; ++w)
      asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(room + member * words + w),
                   "l"(std::uint64_t{turn} << 32 | bits[w])
                   : "memory");
  S all = R::identity();
  for (int first = lane; first < members; first += 32 * batch) {
    unsigned word[batch][words];
    bool here;
    do {
      here = true;
#pragma unroll
      for (int b = 0; b < batch; ++b)
        if (first + 32 * b < members)
#pragma unroll
          for (int w = 0; w < words; ++w) {
            std::uint64_t seen;
            asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];"
                         : "=l"(seen)
                         : "l"(room + (first + 32 * b) * words + w)
                         : "memory");
            word[b][w] = static_cast<unsigned>(seen);
            here = here && static_cast<unsigned>(seen >> 32) == turn;
          }
    } while (!here);
#pragma unroll
    for (int b = 0; b < batch; ++b)
      if (first + 32 * b < members) {
        S other = all;
        __builtin_memcpy(&other, word[b], sizeof(S));
        R::combine(all, other);
      }
  }
  __syncwarp();
  return reduce_warp<R>(all);
}
#endif

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
