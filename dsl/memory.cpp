#include <dsl/memory.hpp>

#include <kernels/host/engine.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

namespace sloth::inline SLOTH_ABI {

#if defined(SLOTH_CUDA)
#define SLOTH_OF_ENGINE(where, call) \
  return where == device::gpu ? cuda_engine::call : host_engine::call
#else
#define SLOTH_OF_ENGINE(where, call) \
  (void)where;                       \
  return host_engine::call
#endif

memory_statistics memory(device where) { SLOTH_OF_ENGINE(where, memory()); }
void reset_memory_statistics(device where) { SLOTH_OF_ENGINE(where, reset_memory_statistics()); }
void memory_limit(std::size_t bytes, device where) { SLOTH_OF_ENGINE(where, memory_limit(bytes)); }
void trim_memory(device where) { SLOTH_OF_ENGINE(where, trim_memory()); }

}  // namespace sloth::inline SLOTH_ABI
