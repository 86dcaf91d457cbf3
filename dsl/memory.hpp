// What the pools of memory hold, and how much they may.
#pragma once

#include <dsl/scope.hpp>

#include <cstddef>

namespace sloth::inline SLOTH_ABI {

/// Memory that Sloth holds on a device, in bytes.
struct memory_statistics {
  std::size_t in_use;       // by arrays and running kernels
  std::size_t peak;         // largest in_use since the last reset
  std::size_t cached;       // kept for reuse
  std::size_t allocations;  // calls since the last reset
  std::size_t limit;        // of in_use, on the host + cached; SIZE_MAX when there is none
};
[[nodiscard]] memory_statistics memory(device where = current_device());
void reset_memory_statistics(device where = current_device());
/// Throws out_of_memory from the next allocation that would exceed it.
void memory_limit(std::size_t bytes, device where = current_device());
/// Gives the cached memory back to the system; on the GPU what this thread and the driver keep.
void trim_memory(device where = current_device());

}  // namespace sloth::inline SLOTH_ABI
