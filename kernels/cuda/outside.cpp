#include <kernels/cuda/outside.hpp>

#include <kernels/cuda/stream.hpp>

#include <limits>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

struct told_word {
  unsigned long long* word = nullptr;
  cudaEvent_t told = nullptr;

  ~told_word() {
    if (told) cudaEventDestroy(told);
    if (word) cudaFreeHost(word);
    cudaGetLastError();
  }
  /// Makes what is not there yet.
  void make() {
    if (!told)
      check(cudaEventCreateWithFlags(&told, cudaEventDisableTiming), "cudaEventCreateWithFlags");
    if (!word)
      check(cudaHostAlloc(reinterpret_cast<void**>(&word), sizeof *word, cudaHostAllocDefault),
            "cudaHostAlloc");
  }
};
told_word& this_threads() {
  thread_local told_word mine;
  return mine;
}

constexpr unsigned long long none = std::numeric_limits<unsigned long long>::max();

}  // namespace

outside_position::outside_position() {
  if (is_recording()) throw device_error("a look at indices cannot be recorded");
  this_threads().make();
  *this_threads().word = none;
}

outside_position::~outside_position() {
  if (!asked_) cudaStreamSynchronize(thread_stream());
}

unsigned long long* outside_position::data() const { return this_threads().word; }

void outside_position::complete() {
  check(cudaEventRecord(this_threads().told, thread_stream()), "cudaEventRecord");
  is_complete_ = true;
}

std::int64_t outside_position::item() {
  if (!is_complete_) complete();
  check(cudaEventSynchronize(this_threads().told), "cudaEventSynchronize");
  asked_ = true;
  unsigned long long const first = *static_cast<unsigned long long volatile*>(this_threads().word);
  return first == none ? -1 : static_cast<std::int64_t>(first);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
