#include <kernels/cuda/stream.hpp>

#include <kernels/cuda/engine.hpp>

#include <mutex>
#include <utility>
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
  // Users' streams that were left, and the streams that have waited for them: buffers still name
  // them, but their owners may have destroyed them.
  std::vector<std::pair<cudaStream_t, cudaStream_t>> left;
};
pool& the_pool() {
  static pool& p = *new pool;
  return p;
}

struct pooled_stream {
  cudaStream_t stream = nullptr;
  ~pooled_stream() {
    if (!stream) return;
    std::lock_guard lock(the_pool().mutex);
    the_pool().streams.push_back(stream);
  }
};

}  // namespace

cudaStream_t own_stream() {
  thread_local pooled_stream mine;
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

namespace {
thread_local cudaStream_t users_stream = nullptr, recording_stream = nullptr;
}

cudaStream_t thread_stream() { return users_stream ? users_stream : own_stream(); }
cudaStream_t current_stream() { return recording_stream ? recording_stream : thread_stream(); }
void record_on(cudaStream_t stream) { recording_stream = stream; }
bool is_recording() { return recording_stream != nullptr; }
bool uses_own_stream() { return users_stream == nullptr; }
void* use_stream(void* stream) {
  auto const next = static_cast<cudaStream_t>(stream);
  cudaStream_t const before = std::exchange(users_stream, next);
  auto& p = the_pool();
  if (next) {
    std::lock_guard lock(p.mutex);
    std::erase_if(p.left, [&](auto const& pair) { return pair.first == next; });
  }
  if (before) {
    wait_for(own_stream(), before);
    std::lock_guard lock(p.mutex);
    p.left.emplace_back(before, own_stream());
  }
  return before;
}

void wait_for(cudaStream_t waiter, cudaStream_t from) {
  auto& p = the_pool();
  cudaEvent_t event = nullptr;
  {
    std::lock_guard lock(p.mutex);
    for (auto const& [left, successor] : p.left)
      if (left == from) from = successor;
    if (from == waiter) return;
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

namespace {
int attribute(cudaDeviceAttr which) {
  int device = 0, value = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&value, which, device), "cudaDeviceGetAttribute");
  return value;
}
}  // namespace

int multiprocessors() {
  static int const count = attribute(cudaDevAttrMultiProcessorCount);
  return count;
}

bool copies_in_bulk() {
  static bool const yes = attribute(cudaDevAttrComputeCapabilityMajor) >= 9;
  return yes;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
