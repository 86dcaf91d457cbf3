// Device memory: stream-ordered, with a free list of this thread's blocks in front.
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/stream.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

std::size_t rounded(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + 255) / 256 * 256;
}

// A synchronisation would give the pool's memory back to the system: keep it instead.
void keep_pool_memory() {
  static bool const done = [] {
    cudaMemPool_t pool;
    check(cudaDeviceGetDefaultMemPool(&pool, 0), "cudaDeviceGetDefaultMemPool");
    std::uint64_t threshold = UINT64_MAX;
    check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold),
          "cudaMemPoolSetAttribute");
    return true;
  }();
  (void)done;
}

}  // namespace

void* allocate(std::size_t bytes) {
  keep_pool_memory();
  void* data = nullptr;
  cudaError_t const status = cudaMallocAsync(&data, rounded(bytes), current_stream());
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw out_of_memory(bytes, free);
  }
  check(status, "cudaMallocAsync");
  return data;
}

void release(void* data, std::size_t) noexcept {
  if (data != nullptr && cudaFreeAsync(data, current_stream()) != cudaSuccess) cudaGetLastError();
}

void copy_to_device(void* to, void const* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, current_stream()),
        "cudaMemcpyAsync to the device");
  synchronize(current_stream());  // `from` is pageable and may go
}
void copy_to_host(void* to, void const* from, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, current_stream()),
        "cudaMemcpyAsync to the host");
  synchronize(current_stream());
}

void* stream_id() { return current_stream(); }
void wait_for_stream(void* other) { wait_for(current_stream(), static_cast<cudaStream_t>(other)); }
void synchronize() { synchronize(current_stream()); }

workspace::workspace(std::size_t bytes)
    : data_(bytes ? static_cast<std::byte*>(allocate(bytes)) : nullptr), bytes_(bytes) {}
workspace::~workspace() {
  if (data_) release(data_, bytes_);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
