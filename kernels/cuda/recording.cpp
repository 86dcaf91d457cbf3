// Recordings are made on a stream of their own: what other threads wait for is the thread's stream,
// which goes on as ever.
#include <kernels/cuda/recording.hpp>

#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/stream.hpp>

#include <utility>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

thread_local recorded_memory* current_memory = nullptr;

/// Sends this thread's launches and allocations to a recording.
class recording_scope {
 public:
  recording_scope(cudaStream_t stream, recorded_memory& memory) {
    current_memory = &memory;
    record_on(stream);
  }
  ~recording_scope() {
    record_on(nullptr);
    current_memory = nullptr;
  }
  recording_scope(recording_scope const&) = delete;
  recording_scope& operator=(recording_scope const&) = delete;
};

/// A stream that captures until it is ended, or destroyed with what it has captured.
class capture {
 public:
  capture() {
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
    // Relaxed: memory may be allocated meanwhile, on the thread's stream.
    if (auto const status = cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed)) {
      cudaStreamDestroy(stream_);
      check(status, "cudaStreamBeginCapture");
    }
  }
  ~capture() {
    if (capturing_) (void)cudaStreamEndCapture(stream_, &graph_);
    if (graph_) cudaGraphDestroy(graph_);
    cudaStreamDestroy(stream_);
    cudaGetLastError();
  }
  capture(capture const&) = delete;
  capture& operator=(capture const&) = delete;

  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  /// Lives as long as this object.
  [[nodiscard]] cudaGraph_t end() {
    capturing_ = false;
    check(cudaStreamEndCapture(stream_, &graph_), "cudaStreamEndCapture");
    return graph_;
  }

 private:
  cudaStream_t stream_ = nullptr;
  cudaGraph_t graph_ = nullptr;
  bool capturing_ = true;
};

}  // namespace

recorded_memory& recorded_memory::current() { return *current_memory; }

void* recorded_memory::take(std::size_t bytes) {
  for (block& b : blocks_)
    if (!b.in_use && b.bytes == bytes) {
      b.in_use = true;
      return b.data;
    }
  blocks_.reserve(blocks_.size() + 1);
  // From this thread's stream, which launches the recording.
  cudaStream_t const recording = current_stream();
  record_on(nullptr);
  try {
    blocks_.push_back({allocate(bytes), bytes, true});
  } catch (...) {
    record_on(recording);
    throw;
  }
  record_on(recording);
  return blocks_.back().data;
}

bool recorded_memory::give(void* data) noexcept {
  for (block& b : blocks_)
    if (b.data == data) {
      b.in_use = false;
      return true;
    }
  return false;
}

recorded_memory::~recorded_memory() {
  for (block const& b : blocks_) release(b.data, b.bytes);
}

struct recording::state {
  recorded_memory memory;
  cudaGraphExec_t work = nullptr;
  cudaStream_t stream = own_stream();

  ~state() {
    if (work) cudaGraphExecDestroy(work);
    try {  // another thread may destroy it, whose stream is to use the memory after the work
      wait_for(thread_stream(), stream);
    } catch (...) {  // a device that failed: its memory goes with the process
    }
    cudaGetLastError();
  }
};

recording::recording(void (*enqueue)(void*), void* context) : state_(std::make_unique<state>()) {
  capture kernels;
  {
    recording_scope const here(kernels.stream(), state_->memory);
    enqueue(context);
  }
  recorded_products_run();
  check(cudaGraphInstantiate(&state_->work, kernels.end(), 0), "cudaGraphInstantiate");
}
recording::~recording() = default;

void recording::launch() const {
  check(cudaGraphLaunch(state_->work, state_->stream), "cudaGraphLaunch");
  recorded_products_run();
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
