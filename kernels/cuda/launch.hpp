// Launching: the calling thread's stream, grids, checks.
#pragma once

#include <dsl/tree.hpp>
#include <kernels/cuda/geometry.hpp>

#include <cuda_runtime_api.h>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

[[nodiscard]] cudaStream_t stream();
/// Throws device_error for the last launch.
void check_launch();
[[nodiscard]] int multiprocessors();
/// Lets the kernel have all of a block's dynamic shared memory.
void allow_shared_memory(void const* kernel);

template <class Tree>
inline constexpr bool has_generator = false;
template <generator_kind Kind, class T>
inline constexpr bool has_generator<generated<Kind, T>> = true;
template <class Op, class... A>
inline constexpr bool has_generator<apply<Op, A...>> = (has_generator<A> || ...);
template <reduction Op, class A>
inline constexpr bool has_generator<row_reduction<Op, A>> = has_generator<A>;

#if defined(__CUDACC__)
template <class Kernel, class... Arguments>
void launch_shared(Kernel kernel, std::int64_t blocks, int threads, unsigned shared_bytes,
                   Arguments const&... arguments) {
  // 2^31 - 1 blocks of at least 32 packs are more elements than any device holds.
  kernel<<<static_cast<unsigned>(blocks), threads, shared_bytes, stream()>>>(arguments...);
  check_launch();
}
template <class Kernel, class... Arguments>
void launch(Kernel kernel, std::int64_t blocks, int threads, Arguments const&... arguments) {
  launch_shared(kernel, blocks, threads, 0, arguments...);
}
#endif

/// Rows and packs of a block's tile: packs along wide rows, more rows where they are narrow.
void shape_block(walk const& w, std::int64_t packs, int threads, int& lane_rows, int& lane_packs);

/// The last `count` of n contiguous elements, too few for a pack.
void launch_tail(void (*general)(fused_call const&, extents const&, destination const&),
                 fused_call const& call, std::int64_t n, std::int64_t count,
                 destination const& out);

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
