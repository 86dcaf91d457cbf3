// Device memory: stream-ordered, small blocks from a list of the thread's own in front of the
// driver's pool, whose calls cost a microsecond. Statistics count whole blocks.
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/recording.hpp>
#include <kernels/cuda/stream.hpp>

#include <algorithm>
#include <atomic>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

constexpr std::size_t smallest_block = 256, largest_kept = std::size_t{1} << 20;
constexpr int class_count = 13;        // powers of two from smallest_block to largest_kept
constexpr std::size_t most_kept = 64;  // blocks of a class

/// Small blocks are powers of two, large ones multiples of 256 bytes.
std::size_t block_bytes(std::size_t bytes) {
  std::size_t const wanted = std::max(bytes, smallest_block);
  if (wanted > largest_kept) return (wanted + 255) / 256 * 256;
  std::size_t block = smallest_block;
  while (block < wanted) block *= 2;
  return block;
}
int class_of(std::size_t block) {
  return block > largest_kept ? class_count : __builtin_ctzll(block) - 8;
}

/// What all threads hold.
class account {
 public:
  void take(std::size_t block, std::size_t asked) {
    std::size_t before = in_use_.load(), limit;
    do {
      limit = limit_.load();
      std::size_t const room = limit - std::min(limit, before);
      if (block > room) throw out_of_memory(asked, room);
    } while (!in_use_.compare_exchange_weak(before, before + block));
    ++allocations_;
    std::size_t peak = peak_.load();
    while (peak < before + block && !peak_.compare_exchange_weak(peak, before + block)) {
    }
  }
  void give(std::size_t block) noexcept { in_use_ -= block; }
  void keep(std::size_t block) noexcept { cached_ += block; }
  void unkeep(std::size_t block) noexcept { cached_ -= block; }
  memory_statistics statistics() const { return {in_use_, peak_, cached_, allocations_, limit_}; }
  void reset() {
    peak_ = in_use_.load();
    allocations_ = 0;
  }
  void limit(std::size_t bytes) { limit_ = bytes; }

 private:
  std::atomic<std::size_t> in_use_{0}, peak_{0}, cached_{0}, allocations_{0}, limit_{SIZE_MAX};
};
account& the_account() {
  static account a;  // trivially destroyed: arrays of static duration may be released at exit
  return a;
}

/// Blocks that this thread's own stream released: its later work may use them at once.
class kept_blocks {
 public:
  ~kept_blocks() {
    trim();
    alive() = false;
  }
  /// False once this thread's objects are being destroyed.
  static bool& alive() {
    thread_local bool value = true;
    return value;
  }
  void* take(int size_class, std::size_t block) noexcept {
    auto& list = lists_[size_class];
    if (list.empty()) return nullptr;
    void* const data = list.back();
    list.pop_back();
    the_account().unkeep(block);
    return data;
  }
  bool put(int size_class, std::size_t block, void* data) noexcept {
    auto& list = lists_[size_class];
    if (list.size() == most_kept) return false;
    try {
      list.push_back(data);
    } catch (std::bad_alloc const&) {
      return false;
    }
    the_account().keep(block);
    return true;
  }
  void trim() noexcept {
    for (int c = 0; c < class_count; ++c)
      while (void* const data = take(c, smallest_block << c))
        if (cudaFreeAsync(data, own_stream()) != cudaSuccess) cudaGetLastError();
  }

 private:
  std::vector<void*> lists_[class_count];
};
kept_blocks& kept() {
  (void)own_stream();  // made before the list, and so destroyed after it
  thread_local kept_blocks mine;
  return mine;
}

/// The list holds blocks that are free on the thread's own stream, not on a user's.
bool keeps(int size_class) {
  return size_class < class_count && kept_blocks::alive() && thread_stream() == own_stream();
}

cudaMemPool_t driver_pool() {
  static cudaMemPool_t const pool = [] {
    cudaMemPool_t p;
    check(cudaDeviceGetDefaultMemPool(&p, 0), "cudaDeviceGetDefaultMemPool");
    // A synchronisation would give the pool's memory back to the system: keep it instead.
    std::uint64_t threshold = UINT64_MAX;
    check(cudaMemPoolSetAttribute(p, cudaMemPoolAttrReleaseThreshold, &threshold),
          "cudaMemPoolSetAttribute");
    return p;
  }();
  return pool;
}

void* from_driver(std::size_t block, std::size_t asked) {
  (void)driver_pool();
  void* data = nullptr;
  cudaError_t status = cudaMallocAsync(&data, block, thread_stream());
  if (status == cudaErrorMemoryAllocation) {  // other streams' released blocks may help
    cudaGetLastError();
    trim_memory();
    status = cudaMallocAsync(&data, block, thread_stream());
  }
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    std::size_t free = 0, total = 0;
    cudaMemGetInfo(&free, &total);
    throw out_of_memory(asked, free);
  }
  check(status, "cudaMallocAsync");
  return data;
}

}  // namespace

void* allocate(std::size_t bytes) {
  if (is_recording()) return recorded_memory::current().take(bytes);
  if (bytes > SIZE_MAX / 2) throw out_of_memory(bytes, the_account().statistics().limit);
  std::size_t const block = block_bytes(bytes);
  int const c = class_of(block);
  the_account().take(block, bytes);
  try {
    if (keeps(c))
      if (void* const data = kept().take(c, block)) return data;
    return from_driver(block, bytes);
  } catch (...) {
    the_account().give(block);
    throw;
  }
}

void release(void* data, std::size_t bytes) noexcept {
  if (data == nullptr) return;
  if (is_recording() && recorded_memory::current().give(data)) return;
  std::size_t const block = block_bytes(bytes);
  int const c = class_of(block);
  the_account().give(block);
  try {
    if (keeps(c) && kept().put(c, block, data)) return;
    if (cudaFreeAsync(data, thread_stream()) == cudaSuccess) return;
  } catch (...) {  // no stream: the device has failed, and its memory goes with the process
  }
  cudaGetLastError();
}

memory_statistics memory() { return the_account().statistics(); }
void reset_memory_statistics() { the_account().reset(); }
void memory_limit(std::size_t bytes) { the_account().limit(bytes); }
void trim_memory() {
  if (!available()) return;
  if (kept_blocks::alive()) kept().trim();
  synchronize();
  check(cudaMemPoolTrimTo(driver_pool(), 0), "cudaMemPoolTrimTo");
}

namespace {

/// Pinned memory between pageable memory and the device: two halves in turn, one copied by the host
/// while the other is on its way.
class staging {
 public:
  static constexpr std::size_t half_bytes = std::size_t{4} << 20;

  ~staging() {
    for (half& h : halves_) {
      if (h.idle) cudaEventDestroy(h.idle);
      if (h.data) cudaFreeHost(h.data);
    }
    cudaGetLastError();
  }
  void to_device(std::byte* to, std::byte const* from, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes; done += half_bytes) {
      half& h = next();
      std::size_t const n = std::min(half_bytes, bytes - done);
      std::copy_n(from + done, n, h.data);
      check(cudaMemcpyAsync(to + done, h.data, n, cudaMemcpyHostToDevice, thread_stream()),
            "cudaMemcpyAsync to the device");
      check(cudaEventRecord(h.idle, thread_stream()), "cudaEventRecord");
    }
  }
  void to_host(std::byte* to, std::byte const* from, std::size_t bytes) {
    half* before = nullptr;
    std::size_t before_at = 0;
    auto const land = [&](std::size_t end) {
      check(cudaEventSynchronize(before->idle), "cudaEventSynchronize");
      std::copy_n(before->data, end - before_at, to + before_at);
    };
    for (std::size_t done = 0; done < bytes; done += half_bytes) {
      half& h = next();
      std::size_t const n = std::min(half_bytes, bytes - done);
      check(cudaMemcpyAsync(h.data, from + done, n, cudaMemcpyDeviceToHost, thread_stream()),
            "cudaMemcpyAsync to the host");
      check(cudaEventRecord(h.idle, thread_stream()), "cudaEventRecord");
      if (before) land(done);
      before = &h;
      before_at = done;
    }
    if (before) land(bytes);
  }

 private:
  struct half {
    std::byte* data = nullptr;
    cudaEvent_t idle = nullptr;
  };
  /// The half that is not in use any more.
  half& next() {
    half& h = halves_[turn_ = 1 - turn_];
    if (!h.data) {
      check(cudaEventCreateWithFlags(&h.idle, cudaEventDisableTiming), "cudaEventCreateWithFlags");
      check(cudaHostAlloc(reinterpret_cast<void**>(&h.data), half_bytes, cudaHostAllocDefault),
            "cudaHostAlloc");
    } else {
      check(cudaEventSynchronize(h.idle), "cudaEventSynchronize");
    }
    return h;
  }
  half halves_[2];
  int turn_ = 0;
};
staging& the_staging() {
  thread_local staging mine;
  return mine;
}

}  // namespace

namespace {
void refuse_recording() {
  if (is_recording()) throw device_error("a copy between host and device cannot be recorded");
}
}  // namespace

void copy_to_device(void* to, void const* from, std::size_t bytes) {
  refuse_recording();
  the_staging().to_device(static_cast<std::byte*>(to), static_cast<std::byte const*>(from), bytes);
}
void copy_to_host(void* to, void const* from, std::size_t bytes) {
  refuse_recording();
  the_staging().to_host(static_cast<std::byte*>(to), static_cast<std::byte const*>(from), bytes);
}

void* stream_id() { return thread_stream(); }
void wait_for_stream(void* other) { wait_for(thread_stream(), static_cast<cudaStream_t>(other)); }
void synchronize() { synchronize(thread_stream()); }

workspace::workspace(std::size_t bytes)
    : data_(bytes ? static_cast<std::byte*>(allocate(bytes)) : nullptr), bytes_(bytes) {}
workspace::~workspace() {
  if (data_) release(data_, bytes_);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
