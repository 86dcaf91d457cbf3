// Tiles of rows on their way to shared memory: bulk copies that run while earlier tiles are used.
// They need compute capability 9.0; older devices read rows where they are.
#pragma once

#include <kernels/cuda/geometry.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// An mbarrier in shared memory, for copies that one thread starts and all wait for (PTX ISA, 9.7).
struct copy_barrier {
  std::uint64_t word;

#if defined(__CUDACC__)
  __device__ unsigned address() const {
    return static_cast<unsigned>(__cvta_generic_to_shared(this));
  }
  __device__ void init() {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(address()) : "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
  }
  /// Announces `bytes` of copies in this phase.
  __device__ void expect(unsigned bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(address()),
                 "r"(bytes)
                 : "memory");
#endif
  }
  /// Starts a copy; addresses and size are multiples of 16 bytes.
  __device__ void copy(std::byte* to, void const* from, unsigned bytes) {
#if __CUDA_ARCH__ >= 900
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
            "r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
        "l"(from), "r"(bytes), "r"(address())
        : "memory");
#endif
  }
  /// Waits for the end of the phase of this parity.
  __device__ void wait(unsigned parity) {
#if __CUDA_ARCH__ >= 900
    unsigned done = 0;
    while (!done)
      asm volatile(
          "{.reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2; "
          "selp.u32 %0, 1, 0, p;}"
          : "=r"(done)
          : "r"(address()), "r"(parity)
          : "memory");
#endif
  }
#endif
};

#if defined(__CUDACC__)
/// Copies the tile's rows of every staged operand to `buffer`. One thread calls it.
__device__ inline void start_tile(stage_plan const& s, std::int64_t tile, std::int64_t rows,
                                  std::byte* buffer, copy_barrier& ready) {
  std::int64_t const first = tile * s.tile_rows;
  int const count = static_cast<int>(rows - first < s.tile_rows ? rows - first : s.tile_rows);
  ready.expect(static_cast<unsigned>(count) * s.row_bytes);
  for (int k = 0; k < s.operands; ++k) {
    staged_operand const& o = s.operand[k];
    auto const* from = static_cast<std::byte const*>(o.data) + first * o.stride;
    std::byte* const to = buffer + o.offset;
    if (o.stride == o.bytes)
      ready.copy(to, from, static_cast<unsigned>(count) * o.bytes);
    else
      for (int r = 0; r < count; ++r) ready.copy(to + r * o.bytes, from + r * o.stride, o.bytes);
  }
}
#endif

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
