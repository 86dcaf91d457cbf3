// Memory of a recording: its kernels find it at the same addresses at each launch.
#pragma once

#include <dsl/config.hpp>

#include <cstddef>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// What a recording's work allocates. Blocks that it releases are used again by its later kernels, and
/// by nobody else before it is destroyed.
class recorded_memory {
 public:
  recorded_memory() = default;
  ~recorded_memory();
  recorded_memory(recorded_memory const&) = delete;
  recorded_memory& operator=(recorded_memory const&) = delete;

  [[nodiscard]] void* take(std::size_t bytes);
  /// False: it is not of this memory.
  [[nodiscard]] bool give(void* data) noexcept;

  /// That of the recording that this thread makes.
  [[nodiscard]] static recorded_memory& current();

 private:
  struct block {
    void* data;
    std::size_t bytes;
    bool in_use;
  };
  std::vector<block> blocks_;
};

/// Once the thread's own stream has been given a recording, whose products may use the thread's
/// workspace; before it is given the first one, the handle is bound to a stream that is gone.
void recorded_products_run();

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
