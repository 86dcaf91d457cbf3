// The parallel loop of the host engine, compiled once: user files need no OpenMP flag.
#include <kernels/host/engine.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <thread>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

// A region costs 2 to 5 microseconds: what one thread does with this many elements.
constexpr std::int64_t smallest_region = 32 * 1024;

int read_threads() noexcept {
#if defined(_OPENMP)
  if (char const* text = std::getenv("SLOTH_THREADS")) {
    int wanted = 0;
    char const* end = text + std::strlen(text);
    auto const [stop, failure] = std::from_chars(text, end, wanted);
    if (failure == std::errc{} && stop == end && wanted >= 1 && wanted <= 4096) return wanted;
  }
  return std::max(1, omp_get_num_procs());
#else
  return 1;
#endif
}

#if defined(_OPENMP)
// The team synchronises through these atomics too, not only through the OpenMP runtime's barriers:
// those are compiled without instrumentation and unknown to ThreadSanitizer.
struct team_loop {
  void (*f)(void*, std::int64_t);
  void* context;
  std::int64_t count, grain;
  std::atomic<std::int64_t> next{0};
  std::atomic<bool> failed{false}, ready{false};
  std::atomic<int> finished{0};
  std::exception_ptr failure = nullptr;

  void work() noexcept {
    if (!ready.load(std::memory_order_acquire)) return;  // always true; it pairs with the release
    while (!failed.load(std::memory_order_relaxed)) {
      std::int64_t const first = next.fetch_add(grain, std::memory_order_relaxed);
      if (first >= count) break;
      try {
        for (std::int64_t i = first; i < std::min(first + grain, count); ++i) f(context, i);
      } catch (...) {
        if (!failed.exchange(true, std::memory_order_relaxed)) failure = std::current_exception();
      }
    }
    finished.fetch_add(1, std::memory_order_release);
  }
};

void run_team(team_loop* loop, int team) {
#pragma omp parallel num_threads(team) default(none) firstprivate(loop)
  loop->work();
}
#endif

}  // namespace

int threads() noexcept {
  static int const count = read_threads();
  return count;
}

void parallel_for(std::int64_t count, std::int64_t work, void (*f)(void*, std::int64_t),
                  void* context) {
#if defined(_OPENMP)
  if (count > 1 && work >= smallest_region && threads() > 1 && !omp_in_parallel()) {
    int const team = static_cast<int>(std::min<std::int64_t>(threads(), count));
    team_loop loop{.f = f,
                   .context = context,
                   .count = count,
                   .grain = std::max<std::int64_t>(1, count / (std::int64_t{team} * 16))};
    loop.ready.store(true, std::memory_order_release);
    run_team(&loop, team);
    loop.finished.load(std::memory_order_acquire);
    if (loop.failure) std::rethrow_exception(loop.failure);
    return;
  }
#endif
  for (std::int64_t i = 0; i < count; ++i) f(context, i);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
