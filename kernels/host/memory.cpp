// The pool of host memory: size classes with free lists under one mutex.
//
// Eight classes between powers of two: a block is at most 12.5 % larger than what was asked for
// (below 512 bytes: multiples of 64). Blocks from 4 MiB on are mapped at multiples of 2 MiB and
// marked for huge pages, whose faults cost a tenth per byte. A released block is kept for reuse up
// to half of the largest amount ever in use (at least 256 MiB); beyond that the classes that were
// unused for longest give theirs back to the system. Statistics count whole blocks.
#include <kernels/host/engine.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <mutex>

#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLOTH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOTH_ASAN 1
#endif
#endif
#if defined(SLOTH_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

namespace sloth::inline SLOTH_ABI {

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
constexpr std::size_t huge_page = std::size_t{2} << 20, smallest_mapped = std::size_t{4} << 20;
constexpr std::size_t smallest_cache = std::size_t{256} << 20;
constexpr std::size_t largest_request = std::size_t{1} << 62;

struct size_class {
  int index;
  std::size_t bytes;
};

size_class class_of(std::size_t bytes) {
  if (bytes <= 512) {
    std::size_t const units = std::max<std::size_t>(1, (bytes + 63) / 64);
    return {static_cast<int>(units) - 1, units * 64};
  }
  int const power = 63 - __builtin_clzll(bytes - 1);  // 2^power < bytes <= 2^(power + 1)
  std::size_t const step = std::size_t{1} << (power - 3);
  std::size_t const steps = (bytes - (std::size_t{1} << power) + step - 1) / step;  // 1 to 8
  return {8 * (power - 8) + static_cast<int>(steps) - 1, (std::size_t{1} << power) + steps * step};
}
constexpr int class_count = 8 * (63 - 8);

void* map_aligned(std::size_t bytes) noexcept {
  std::size_t const wanted = bytes + huge_page;
  void* const start =
      mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return nullptr;
  auto const first = reinterpret_cast<std::uintptr_t>(start);
  std::uintptr_t const aligned = (first + huge_page - 1) / huge_page * huge_page;
  if (aligned > first) munmap(start, aligned - first);
  std::size_t const tail = first + wanted - (aligned + bytes);
  if (tail > 0) munmap(reinterpret_cast<void*>(aligned + bytes), tail);
  madvise(reinterpret_cast<void*>(aligned), bytes, MADV_HUGEPAGE);
  return reinterpret_cast<void*>(aligned);
}

void* system_allocate(std::size_t bytes) noexcept {
  if (bytes >= smallest_mapped) return map_aligned(bytes);
  void* data = nullptr;
  return posix_memalign(&data, 64, bytes) == 0 ? data : nullptr;
}

void system_release(void* data, std::size_t bytes) noexcept {
  ASAN_UNPOISON_MEMORY_REGION(data, bytes);
  if (bytes >= smallest_mapped)
    munmap(data, bytes);
  else
    std::free(data);
}

std::size_t free_physical() noexcept {
  long const pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(size)
                               : 0;
}

class pool {
 public:
  void* allocate(std::size_t asked) {
    if (asked > largest_request) throw out_of_memory(asked, free_physical());
    size_class const c = class_of(asked);
    void* data = reserve(c, asked);
    if (data == nullptr) data = system_allocate(c.bytes);
    if (data == nullptr) {
      trim();
      data = system_allocate(c.bytes);
    }
    if (data == nullptr) {
      unreserve(c);
      throw out_of_memory(asked, free_physical());
    }
    ASAN_UNPOISON_MEMORY_REGION(data, c.bytes);
    ASAN_POISON_MEMORY_REGION(static_cast<std::byte*>(data) + asked, c.bytes - asked);
    return data;
  }

  void release(void* data, std::size_t asked) noexcept {
    size_class const c = class_of(asked);
    // LeakSanitizer does not follow links in poisoned memory: the link stays readable.
    ASAN_UNPOISON_MEMORY_REGION(data, sizeof(link));
    ASAN_POISON_MEMORY_REGION(static_cast<std::byte*>(data) + sizeof(link), c.bytes - sizeof(link));
    std::lock_guard const lock(mutex_);
    statistics_.in_use -= c.bytes;
    push(c, data);
    shrink_to(std::min(std::max(smallest_cache, highest_ / 2),
                       statistics_.limit - std::min(statistics_.limit, statistics_.in_use)));
  }

  void trim() noexcept {
    std::lock_guard const lock(mutex_);
    shrink_to(0);
  }

  memory_statistics statistics() {
    std::lock_guard const lock(mutex_);
    return statistics_;
  }

  void reset() {
    std::lock_guard const lock(mutex_);
    statistics_.peak = statistics_.in_use;
    statistics_.allocations = 0;
  }

  void limit(std::size_t bytes) {
    std::lock_guard const lock(mutex_);
    statistics_.limit = bytes;
    shrink_to(bytes - std::min(bytes, statistics_.in_use));
  }

 private:
  struct link {
    link* next;
  };
  struct free_list {
    link* first = nullptr;
    std::size_t bytes = 0;        // of one block
    std::uint64_t last_used = 0;  // by the pool's clock
  };

  // Accounts for a block of the class and returns a cached one if there is one.
  void* reserve(size_class c, std::size_t asked) {
    std::lock_guard const lock(mutex_);
    free_list& list = lists_[c.index];
    list.last_used = ++clock_;
    void* const cached = list.first;
    if (cached != nullptr) {
      list.first = list.first->next;
      statistics_.cached -= c.bytes;
    } else {
      std::size_t const room = statistics_.limit - std::min(statistics_.limit, statistics_.in_use);
      if (c.bytes > room) throw out_of_memory(asked, room);
      shrink_to(room - c.bytes);
    }
    ++statistics_.allocations;
    statistics_.in_use += c.bytes;
    statistics_.peak = std::max(statistics_.peak, statistics_.in_use);
    highest_ = std::max(highest_, statistics_.in_use);
    return cached;
  }

  void unreserve(size_class c) {
    std::lock_guard const lock(mutex_);
    statistics_.in_use -= c.bytes;
  }

  void push(size_class c, void* data) noexcept {
    free_list& list = lists_[c.index];
    list.first = new (data) link{list.first};
    list.bytes = c.bytes;
    list.last_used = ++clock_;
    statistics_.cached += c.bytes;
  }

  // Gives back the least recently used classes until at most `target` bytes are cached.
  void shrink_to(std::size_t target) noexcept {
    while (statistics_.cached > target) {
      free_list* oldest = nullptr;
      for (free_list& list : lists_)
        if (list.first != nullptr && (oldest == nullptr || list.last_used < oldest->last_used))
          oldest = &list;
      while (oldest->first != nullptr && statistics_.cached > target) {
        link* const block = oldest->first;
        oldest->first = block->next;
        statistics_.cached -= oldest->bytes;
        system_release(block, oldest->bytes);
      }
    }
  }

  std::mutex mutex_;
  free_list lists_[class_count];
  memory_statistics statistics_{0, 0, 0, 0, unlimited};
  std::size_t highest_ = 0;
  std::uint64_t clock_ = 0;
};

// Never destroyed: arrays of static storage duration release their memory after it would have been.
pool& the_pool() {
  static pool* const instance = new pool;
  return *instance;
}

}  // namespace

namespace host_engine {

void* allocate(std::size_t bytes) { return the_pool().allocate(bytes); }
void release(void* data, std::size_t bytes) noexcept {
  if (data != nullptr) the_pool().release(data, bytes);
}

memory_statistics memory() { return the_pool().statistics(); }
void reset_memory_statistics() { the_pool().reset(); }
void memory_limit(std::size_t bytes) { the_pool().limit(bytes); }
void trim_memory() { the_pool().trim(); }

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
