// Rows, and long ones in parts, which threads take.
#pragma once

#include <kernels/host/engine.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

inline constexpr std::int64_t least_part = std::int64_t{1} << 14;  // of a row, worth a thread

/// Whether `sort` puts several rows of such elements side by side in the lanes of a vector.
template <class T>
inline constexpr bool has_network = sizeof(T) >= 4 && sizeof(T) <= 8 && !is_complex<T>;

/// A row of n elements in parts.
struct row_parts {
  std::int64_t n, count;

  /// f(p, first, last) for each part; `work`: its elements in all.
  template <class F>
  void for_each(F f) const {
    for_each(f, n);
  }
  template <class F>
  void for_each(F f, std::int64_t work) const {
    struct job {
      std::int64_t n, count;
      F& f;
      void run(std::int64_t p) const { f(p, n * p / count, n * (p + 1) / count); }
    } all{n, count, f};
    parallel_for(
        count, work, [](void* of, std::int64_t p) { static_cast<job const*>(of)->run(p); }, &all);
  }
};

/// f(first element, parts) for each row: many rows on a thread each, few long ones on all threads.
template <class F>
void for_rows(std::int64_t rows, std::int64_t n, F f) {
  if (rows == 0 || n == 0) return;
  struct job {
    std::int64_t n;
    F& f;
  } all{n, f};
  constexpr std::int64_t cost = 16;  // of an element, in those of other loops
  if (rows >= threads() || n < 2 * least_part)
    return parallel_for(
        rows, rows * n * cost,
        [](void* of, std::int64_t r) {
          auto const& [n, f] = *static_cast<job const*>(of);
          f(r * n, row_parts{n, 1});
        },
        &all);
  for (std::int64_t r = 0; r < rows; ++r)
    f(r * n, row_parts{n, std::min<std::int64_t>(threads(), n / least_part)});
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
