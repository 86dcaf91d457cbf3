#include <kernels/host/arena.hpp>

#include <algorithm>
#include <new>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

// Blocks are chained in the order in which they were first needed and kept until the thread ends.
struct alignas(64) arena_block {
  arena_block* next;
  std::int64_t capacity, used;

  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
};

namespace {

constexpr std::int64_t block_bytes = 256 * 1024;

arena_block* new_block(std::int64_t bytes) {
  std::int64_t const capacity = std::max(block_bytes, bytes);
  void* const memory = ::operator new (sizeof(arena_block) + static_cast<std::size_t>(capacity),
                                       std::align_val_t{64});
  return new (memory) arena_block{nullptr, capacity, 0};
}

// Two variables: `first` has no destructor, so that a static destructor may still use the arena.
thread_local arena_block* first = nullptr;
thread_local arena_block* current = nullptr;

struct cleaner {
  bool armed = false;
  ~cleaner() {
    for (arena_block* block = first; block != nullptr;) {
      arena_block* const next = block->next;
      ::operator delete (block, std::align_val_t{64});
      block = next;
    }
    first = current = nullptr;
  }
};
thread_local cleaner at_thread_exit;

arena_block* advance(std::int64_t bytes) {
  arena_block** place = current != nullptr ? &current->next : &first;
  if (*place != nullptr && (*place)->capacity < bytes) {  // put a larger one before it
    arena_block* const block = new_block(bytes);
    block->next = *place;
    *place = block;
  } else if (*place == nullptr) {
    if (current == nullptr) at_thread_exit.armed = true;
    *place = new_block(bytes);
  }
  current = *place;
  current->used = 0;
  return current;
}

}  // namespace

arena_frame::arena_frame() noexcept
    : block_(current), used_(current != nullptr ? current->used : 0) {}

arena_frame::~arena_frame() {
  current = block_ != nullptr ? block_ : first;
  if (current != nullptr) current->used = used_;
}

std::byte* arena_frame::bytes(std::int64_t count) {
  // Buffers of equal power-of-two size would share the sets of the L1 cache; 128 bytes part them.
  std::int64_t const padded = (count + (count >= 2048 ? 128 : 0) + 63) & -64;
  arena_block* block = current;
  if (block == nullptr || block->capacity - block->used < padded) block = advance(padded);
  std::byte* const data = block->data() + block->used;
  block->used += padded;
  return data;
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
