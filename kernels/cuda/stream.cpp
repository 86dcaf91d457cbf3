#include <kernels/cuda/stream.hpp>

#include <mutex>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

void check(cudaError_t status, const char* call, location where) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that is not sticky must not be found again by the next call
  throw device_error(std::string(call) + ": " + cudaGetErrorString(status), where);
}

bool available() noexcept {
  static bool const found = [] {
    int devices = 0;
    bool const ok = cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
    cudaGetLastError();
    return ok;
  }();
  return found;
}

namespace {

// Streams and events outlive threads; neither is destroyed at exit, when the driver may be gone.
struct pool {
  std::mutex mutex;
  std::vector<cudaStream_t> streams;
  std::vector<cudaEvent_t> events;
};
pool& the_pool() {
  static pool& p = *new pool;
  return p;
}

struct thread_stream {
  cudaStream_t stream = nullptr;
  ~thread_stream() {
    if (!stream) return;
    std::lock_guard lock(the_pool().mutex);
    the_pool().streams.push_back(stream);
  }
};

}  // namespace

cudaStream_t current_stream() {
  thread_local thread_stream mine;
  if (!mine.stream) {
    auto& p = the_pool();
    {
      std::lock_guard lock(p.mutex);
      p.streams.reserve(p.streams.size() + 1);
      if (!p.streams.empty()) {
        mine.stream = p.streams.back();
        p.streams.pop_back();
      }
    }
    if (!mine.stream)
      check(cudaStreamCreateWithFlags(&mine.stream, cudaStreamNonBlocking),
            "cudaStreamCreateWithFlags");
  }
  return mine.stream;
}

void wait_for(cudaStream_t waiter, cudaStream_t from) {
  auto& p = the_pool();
  cudaEvent_t event = nullptr;
  {
    std::lock_guard lock(p.mutex);
    if (!p.events.empty()) {
      event = p.events.back();
      p.events.pop_back();
    }
  }
  if (!event)
    check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  check(cudaEventRecord(event, from), "cudaEventRecord");
  check(cudaStreamWaitEvent(waiter, event), "cudaStreamWaitEvent");
  std::lock_guard lock(p.mutex);  // a waiting stream keeps what the event had recorded
  p.events.push_back(event);
}

void synchronize(cudaStream_t stream) {
  check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
}

int multiprocessors() {
  static int const count = [] {
    int device = 0, n = 0;
    check(cudaGetDevice(&device), "cudaGetDevice");
    check(cudaDeviceGetAttribute(&n, cudaDevAttrMultiProcessorCount, device),
          "cudaDeviceGetAttribute");
    return n;
  }();
  return count;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
