#include <kernels/cuda/launch.hpp>

#include <kernels/cuda/stream.hpp>

#include <algorithm>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

cudaStream_t stream() { return current_stream(); }

void check_launch() { check_launch(cudaGetLastError()); }
void check_launch(cudaError_t status) { check(status, "a kernel's launch"); }

void allow_shared_memory(void const* kernel) {
  int device = 0, most = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
        "cudaDeviceGetAttribute");
  cudaFuncAttributes used;
  check(cudaFuncGetAttributes(&used, kernel), "cudaFuncGetAttributes");
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             most - static_cast<int>(used.sharedSizeBytes)),
        "cudaFuncSetAttribute");
}

int resident_blocks(void const* kernel, int threads, unsigned shared_bytes) {
  allow_shared_memory(kernel);
  int blocks = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, threads, shared_bytes),
        "cudaOccupancyMaxActiveBlocksPerMultiprocessor");
  return blocks * multiprocessors();
}

void clear(void* data, std::size_t bytes, int value) {
  check(cudaMemsetAsync(data, value, bytes, stream()), "cudaMemsetAsync");
}

void copy_on_device(void* to, void const* from, std::int64_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToDevice,
                        stream()),
        "cudaMemcpyAsync");
}

void launch_cooperative(void const* kernel, std::int64_t blocks, int threads, unsigned shared_bytes,
                        void const* argument) {
  void* arguments[] = {const_cast<void*>(argument)};
  check(cudaLaunchCooperativeKernel(kernel, dim3(static_cast<unsigned>(blocks)),
                                    dim3(static_cast<unsigned>(threads)), arguments, shared_bytes,
                                    stream()),
        "cudaLaunchCooperativeKernel");
}

void shape_block(walk const& w, std::int64_t packs, int threads, int& lane_rows, int& lane_packs) {
  if (w.tiled) {
    lane_rows = w.blocks ? 16 : 32;
    lane_packs = threads / lane_rows;
    return;
  }
  lane_packs = threads;
  while (lane_packs > 1 && lane_packs / 2 >= packs) lane_packs /= 2;
  lane_rows = threads / lane_packs;
}

void launch_part(void (*launch)(fused_call const&, extents const&, destination const&),
                 fused_call const& call, std::int64_t first, std::int64_t count,
                 destination const& out) {
  std::vector<operand> operands(call.operands, call.operands + call.operand_count);
  for (auto& o : operands) {
    o.stride = strides{1};
    if (o.data)
      o.data = static_cast<std::byte const*>(o.data) + first * size_of(o.type);
    else
      o.offset += first;
  }
  fused_call part = call;
  part.operands = operands.data();
  launch(part, extents{count},
         {static_cast<std::byte*>(out.data) + first * size_of(out.type), out.type, strides{1}});
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
