// Launching: the calling thread's stream, grids, checks.
#pragma once

#include <dsl/tree.hpp>
#include <kernels/cuda/geometry.hpp>

#include <cuda_runtime_api.h>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

[[nodiscard]] cudaStream_t stream();
/// Throws device_error for the last launch, or for a library's.
void check_launch();
void check_launch(cudaError_t status);
[[nodiscard]] int multiprocessors();
/// Lets the kernel have all of a block's dynamic shared memory.
void allow_shared_memory(void const* kernel);

/// Allows a kernel that much dynamic shared memory; blocks of it that the device runs at a time.
[[nodiscard]] int resident_blocks(void const* kernel, int threads, unsigned shared_bytes);

template <class Tree>
inline constexpr bool has_generator = false;
template <generator_kind Kind, class T>
inline constexpr bool has_generator<generated<Kind, T>> = true;
template <class Op, class... A>
inline constexpr bool has_generator<apply<Op, A...>> = (has_generator<A> || ...);
template <reduction Op, class A>
inline constexpr bool has_generator<row_reduction<Op, A>> = has_generator<A>;

/// Sets bytes to 0, or to another value.
void clear(void* data, std::size_t bytes, int value = 0);
void copy_on_device(void* to, void const* from, std::int64_t bytes);
void launch_cooperative(void const* kernel, std::int64_t blocks, int threads, unsigned shared_bytes,
                        void const* argument);

#if defined(__CUDACC__)
template <class Kernel, class... Arguments>
void launch_shared(Kernel kernel, std::int64_t blocks, int threads, unsigned shared_bytes,
                   Arguments const&... arguments) {
  // 2^31 - 1 blocks of at least 32 packs are more elements than any device holds.
  kernel<<<static_cast<unsigned>(blocks), threads, shared_bytes, stream()>>>(arguments...);
  check_launch();
}
/// All blocks run at the same time: they may wait for each other.
template <class Kernel, class Arguments>
void launch_together(Kernel kernel, std::int64_t blocks, int threads, unsigned shared_bytes,
                     Arguments const& arguments) {
  launch_cooperative(reinterpret_cast<void const*>(kernel), blocks, threads, shared_bytes,
                     &arguments);
}
template <class Kernel, class... Arguments>
void launch(Kernel kernel, std::int64_t blocks, int threads, Arguments const&... arguments) {
  launch_shared(kernel, blocks, threads, 0, arguments...);
}
#endif

/// Rows and packs of a block's tile: packs along wide rows, more rows where they are narrow.
void shape_block(walk const& w, std::int64_t packs, int threads, int& lane_rows, int& lane_packs);

/// Blocks of the general kernel, whose threads take batches of `rows` rows: more of them where there
/// is more than the device can take at once, so that a thread's set-up is worth it.
template <class Arguments>
std::int64_t shape_grid(walk const& w, std::int64_t packs, int rows, Arguments& g) {
  auto const ceil_div = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  std::int64_t const column_blocks = ceil_div(packs, g.lane_packs);
  std::int64_t const batch_rows = std::int64_t{g.lane_rows} * rows;
  std::int64_t const once = column_blocks * ceil_div(w.rows, batch_rows) * w.outer_count;
  g.batches = once >= 32 * std::int64_t{multiprocessors()} ? 4 : 1;
  std::int64_t const row_blocks = ceil_div(w.rows, batch_rows * g.batches);
  g.column_blocks = static_cast<unsigned>(column_blocks);
  g.row_blocks = static_cast<unsigned>(row_blocks);
  return column_blocks * row_blocks * w.outer_count;
}

/// The `count` of contiguous elements from `first` on.
void launch_part(void (*launch)(fused_call const&, extents const&, destination const&),
                 fused_call const& call, std::int64_t first, std::int64_t count,
                 destination const& out);

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
