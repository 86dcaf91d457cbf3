// Streams, devices and the one place where a CUDA status is checked.
#pragma once

#include <dsl/error.hpp>

#include <cuda_runtime_api.h>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// Throws device_error, or out_of_memory, naming the call and CUDA's own words.
void check(cudaError_t status, const char* call, location where = {});

/// True when there is a driver and a device; found once, at first use.
[[nodiscard]] bool available() noexcept;

/// This thread's own stream: taken from a pool at first use, given back when the thread ends.
[[nodiscard]] cudaStream_t own_stream();
/// The stream that orders this thread's work: its own, or a user's (use_stream).
[[nodiscard]] cudaStream_t thread_stream();
/// The stream that this thread's kernels are launched on: that one, or the one that records them.
[[nodiscard]] cudaStream_t current_stream();
/// Sends launches to a stream that records them, or to the thread's again (null).
void record_on(cudaStream_t stream);
[[nodiscard]] bool is_recording();

/// Makes `waiter` wait for all that `from` has been given so far.
void wait_for(cudaStream_t waiter, cudaStream_t from);

/// The host waits for the stream; faults of its kernels are thrown here.
void synchronize(cudaStream_t stream);

/// Multiprocessors of the device, for the size of grids.
[[nodiscard]] int multiprocessors();
/// Compute capability 9.0 or later: bulk copies to shared memory.
[[nodiscard]] bool copies_in_bulk();

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
