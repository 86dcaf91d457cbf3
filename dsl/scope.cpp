#include <dsl/scope.hpp>

#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

namespace sloth::inline SLOTH_ABI {

namespace {
thread_local device const* chosen_device = nullptr;
thread_local precision current_precision = precision::ieee;
}  // namespace

device current_device() {
  if (chosen_device) return *chosen_device;
#if defined(SLOTH_CUDA)
  if (cuda_engine::available()) return device::gpu;
#endif
  return device::host;
}

namespace {
void require_gpu([[maybe_unused]] location here) {
#if defined(SLOTH_CUDA)
  if (!cuda_engine::available()) throw device_error("no GPU or driver was found", here);
#else
  throw device_error("this build of Sloth has the host engine only", here);
#endif
}
}  // namespace

device_scope::device_scope(device where, location here) : where_(where), previous_(chosen_device) {
  if (where == device::gpu) require_gpu(here);
  chosen_device = &where_;
}
device_scope::~device_scope() { chosen_device = previous_; }

stream_scope::stream_scope([[maybe_unused]] void* stream, location here) : previous_(nullptr) {
  require_gpu(here);
#if defined(SLOTH_CUDA)
  previous_ = cuda_engine::use_stream(stream);
#endif
}
stream_scope::~stream_scope() {
#if defined(SLOTH_CUDA)
  try {
    (void)cuda_engine::use_stream(previous_);
  } catch (...) {  // a device that failed: the next call on it says so
  }
#endif
}

void synchronize([[maybe_unused]] location here) {
#if defined(SLOTH_CUDA)
  if (!cuda_engine::available()) return;
  if (no_sync::current()) throw device_error("no_sync: synchronize() would wait for the GPU", here);
  cuda_engine::synchronize();
#endif
}

precision_scope::precision_scope(precision p) : previous_(current_precision) {
  current_precision = p;
}
precision_scope::~precision_scope() { current_precision = previous_; }
precision precision_scope::current() { return current_precision; }

void no_sync::refuse_copy(std::size_t bytes, const char* how, location where) {
  if (current())
    throw device_error("no_sync: " + std::to_string(bytes) + " bytes would be copied " + how,
                       where);
}

}  // namespace sloth::inline SLOTH_ABI
