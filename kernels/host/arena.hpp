// Scratch memory of the drivers: one bump allocator a thread, no heap call in the steady state.
#pragma once

#include <dsl/config.hpp>

#include <cstddef>
#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

struct arena_block;

/// Takes 64-byte aligned memory from the thread's arena; all of it is given back at the end of the
/// frame. Frames nest. Meant for buffers of up to a few hundred KiB.
class arena_frame {
 public:
  arena_frame() noexcept;
  ~arena_frame();
  arena_frame(arena_frame const&) = delete;
  arena_frame& operator=(arena_frame const&) = delete;

  [[nodiscard]] std::byte* bytes(std::int64_t count);
  template <class T>
  [[nodiscard]] T* take(std::int64_t count) {
    return reinterpret_cast<T*>(bytes(count * static_cast<std::int64_t>(sizeof(T))));
  }

 private:
  arena_block* block_;
  std::int64_t used_;
};

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
