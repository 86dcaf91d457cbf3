// Scopes of a thread: where evaluations run, in which arithmetic products are built.
#include <dsl/evaluate.hpp>

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

device_scope::device_scope(device where, location here) : where_(where), previous_(chosen_device) {
#if defined(SLOTH_CUDA)
  if (where == device::gpu && !cuda_engine::available())
    throw device_error("no GPU or driver was found", here);
#else
  if (where == device::gpu)
    throw device_error("this build of Sloth has the host engine only", here);
#endif
  chosen_device = &where_;
}
device_scope::~device_scope() { chosen_device = previous_; }

precision_scope::precision_scope(precision p) : previous_(current_precision) {
  current_precision = p;
}
precision_scope::~precision_scope() { current_precision = previous_; }
precision precision_scope::current() { return current_precision; }

}  // namespace sloth::inline SLOTH_ABI
