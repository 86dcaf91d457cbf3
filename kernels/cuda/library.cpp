#include <kernels/cuda/library.hpp>

#include <kernels/cuda/recording.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

void check(cublasStatus_t status, const char* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw device_error(std::string(call) + ": " + cublasGetStatusString(status));
}
void check(cusolverStatus_t status, const char* call) {
  if (status != CUSOLVER_STATUS_SUCCESS)
    throw device_error(std::string(call) + ": cuSOLVER's status " + std::to_string(status));
}

namespace {

/// The stream that orders what may be using a handle's own memory.
class user_stream {
 public:
  void use(cudaStream_t now) {
    if (user_ == now) return;
    if (user_) wait_for(now, user_);
    user_ = now;
  }
  void was(cudaStream_t stream) { user_ = stream; }

 private:
  cudaStream_t user_ = nullptr;
};

// With its workspace.
struct cublas_library {
  cublasHandle_t handle = nullptr;
  cudaStream_t stream = nullptr;
  user_stream user;
  void* workspace = nullptr;
  ~cublas_library() {
    if (handle) cublasDestroy(handle);
    if (workspace) cudaFree(workspace);
  }
  void bind(cudaStream_t now) {
    if (stream == now) return;
    check(cublasSetStream(handle, now), "cublasSetStream");  // forgets the workspace
    check(cublasSetWorkspace(handle, workspace, cublas_workspace_bytes), "cublasSetWorkspace");
    stream = now;
  }
};
cublas_library& the_cublas() {
  thread_local cublas_library mine;
  return mine;
}

struct cusolver_library {
  cusolverDnHandle_t handle = nullptr;
  cusolverDnParams_t params = nullptr;
  cudaStream_t stream = nullptr;
  user_stream user;
  ~cusolver_library() {
    if (params) cusolverDnDestroyParams(params);
    if (handle) cusolverDnDestroy(handle);
  }
};

}  // namespace

cublas_handle cublas() {
  cublas_library& mine = the_cublas();
  if (!mine.workspace) check(cudaMalloc(&mine.workspace, cublas_workspace_bytes), "cudaMalloc");
  if (!mine.handle) check(cublasCreate(&mine.handle), "cublasCreate");
  mine.user.use(thread_stream());
  mine.bind(current_stream());
  return {mine.handle, mine.workspace};
}

void recorded_products_run() {
  cublas_library& mine = the_cublas();
  if (!mine.handle) return;
  mine.bind(own_stream());
  mine.user.was(own_stream());
}

cusolver_handle cusolver() {
  thread_local cusolver_library mine;
  if (!mine.handle) check(cusolverDnCreate(&mine.handle), "cusolverDnCreate");
  if (!mine.params) check(cusolverDnCreateParams(&mine.params), "cusolverDnCreateParams");
  cudaStream_t const now = thread_stream();
  mine.user.use(now);
  if (mine.stream != now) {
    check(cusolverDnSetStream(mine.handle, now), "cusolverDnSetStream");
    mine.stream = now;
  }
  return {mine.handle, mine.params};
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
