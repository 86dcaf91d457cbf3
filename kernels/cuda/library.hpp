// Handles of NVIDIA's libraries, one a thread and bound to the stream that its work goes to, and the place
// where their statuses are checked.
#pragma once

#include <kernels/cuda/stream.hpp>

#include <cublas_v2.h>
#include <cusolverDn.h>

#include <cstddef>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// Throws device_error, naming the call.
void check(cublasStatus_t status, const char* call);
void check(cusolverStatus_t status, const char* call);

inline constexpr std::size_t cublas_workspace_bytes = 32 << 20;  // that Hopper wants

struct cublas_handle {
  cublasHandle_t handle;
  void* workspace;
};
/// For the thread's stream, or the one that records.
[[nodiscard]] cublas_handle cublas();

struct cusolver_handle {
  cusolverDnHandle_t handle;
  cusolverDnParams_t params;
};
/// For the thread's stream: what cuSOLVER does cannot be recorded.
[[nodiscard]] cusolver_handle cusolver();

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
