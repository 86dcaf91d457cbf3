// Elements chosen by indices or flags, found in order, and counted.
#include <kernels/host/copy.hpp>
#include <kernels/host/engine.hpp>

#include <dsl/bins.hpp>
#include <dsl/promotion.hpp>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <numeric>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

constexpr int64_t part = 16384;  // elements that a thread takes at a time

/// Calls f(first, last) for parts of [0, n) on all threads.
template <class F>
void for_parts(int64_t n, int64_t each, F const& f) {
  struct job {
    F const& f;
    int64_t n, each;
  } all{f, n, each};
  parallel_for((n + each - 1) / each, n,
               [](void* of, int64_t p) {
                 auto const& j = *static_cast<job const*>(of);
                 j.f(p * j.each, std::min(j.n, (p + 1) * j.each));
               },
               &all);
}

template <class U>
void take_words(gather const& g) {
  auto const* const in = static_cast<U const*>(g.in);
  auto* const out = static_cast<U*>(g.out);
  int64_t const lines = g.outer * g.count;
  for_parts(lines, std::max<int64_t>(1, part / std::max<int64_t>(1, g.inner)),
            [&](int64_t first, int64_t last) {
              for (int64_t line = first; line < last; ++line) {
                int64_t const o = line / g.count, j = line % g.count;
                int64_t const* const index = g.indices + o * g.index_outer + j * g.index_step;
                U const* const from = in + o * g.extent * g.inner;
                U* const to = out + line * g.inner;
                auto const row = [&](int64_t i) { return i < 0 ? i + g.extent : i; };
                if (g.index_inner == 0)
                  std::copy_n(from + row(*index) * g.inner, g.inner, to);
                else
                  for (int64_t i = 0; i < g.inner; ++i) to[i] = from[row(index[i]) * g.inner + i];
              }
            });
}

/// NumPy's order: NaN behind all numbers.
template <class T>
bool precedes(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a < b || (b != b && a == a);
  else
    return a < b;
}

template <class T>
void search(int64_t n, void const* sorted, int64_t count, void const* values, bool right,
            int64_t* out) {
  auto const* const first = static_cast<T const*>(sorted);
  auto const* const wanted = static_cast<T const*>(values);
  for_parts(count, part / 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      out[i] = (right ? std::upper_bound(first, first + n, wanted[i], precedes<T>)
                      : std::lower_bound(first, first + n, wanted[i], precedes<T>)) -
               first;
  });
}

/// out = counts that f(first, last, counts) adds, from parts of n values: each thread's own, where they are
/// fewer than the values.
template <class F>
void count_by(int64_t n, int64_t bins, int64_t* out, F const& f) {
  std::fill_n(out, bins, int64_t{0});
  int64_t const parts = bins > n / 16 ? 1 : std::min<int64_t>(threads(), n / part + 1);
  if (parts == 1) return f(0, n, out);
  std::vector<std::vector<int64_t>> own(static_cast<std::size_t>(parts));
  int64_t const each = (n + parts - 1) / parts;
  for_parts(n, each, [&](int64_t first, int64_t last) {
    auto& counts = own[static_cast<std::size_t>(first / each)];
    counts.resize(static_cast<std::size_t>(bins));
    f(first, last, counts.data());
  });
  for (auto const& counts : own)
    for (std::size_t b = 0; b < counts.size(); ++b) out[b] += counts[b];
}

}  // namespace

int64_t first_outside(int64_t const* indices, int64_t count, int64_t extent) {
  std::atomic<int64_t> found{count};
  for_parts(count, part, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      if (indices[i] < -extent || indices[i] >= extent) {
        int64_t known = found.load();
        while (i < known && !found.compare_exchange_weak(known, i)) {
        }
        return;
      }
  });
  return found < count ? found.load() : -1;
}

int64_t take(gather const& g, bool inside) {
  int64_t const indices = g.count * (g.index_inner != 0 ? g.outer * g.inner : 1);
  int64_t const outside = inside ? -1 : first_outside(g.indices, indices, g.extent);
  if (outside >= 0 || g.outer * g.count * g.inner == 0) return outside;
  with_word(g.element, [&]<class U>(U) { take_words<U>(g); });
  return -1;
}

void compress(int64_t element, int64_t n, void const* in, bool const* flags, int64_t, void* out) {
  std::vector<int64_t> before(static_cast<std::size_t>((n + part - 1) / part));
  for_parts(n, part, [&](int64_t first, int64_t last) {
    before[first / part] = std::count(flags + first, flags + last, true);
  });
  std::exclusive_scan(before.begin(), before.end(), before.begin(), int64_t{0});
  with_word(element, [&]<class U>(U) {
    for_parts(n, part, [&](int64_t first, int64_t last) {
      auto const* const from = static_cast<U const*>(in);
      U* to = static_cast<U*>(out) + before[first / part];
      for (int64_t i = first; i < last; ++i)
        if (flags[i]) *to++ = from[i];
    });
  });
}

void searchsorted(dtype type, int64_t n, void const* sorted, int64_t count, void const* values,
                  bool right, int64_t* out) {
  switch (type) {
    case dtype::i64: return search<int64_t>(n, sorted, count, values, right, out);
    case dtype::u64: return search<std::uint64_t>(n, sorted, count, values, right, out);
    case dtype::f32: return search<float>(n, sorted, count, values, right, out);
    case dtype::f64: return search<double>(n, sorted, count, values, right, out);
    default: break;  // the language converts to these
  }
}

void bincount(dtype type, int64_t n, void const* values, int64_t bins, int64_t* out) {
  std::atomic<std::uint64_t> greatest = 0;
  visit(type, [&]<class T>() {
    if constexpr (is_integer<T>)
      count_by(n, bins, out, [&](int64_t first, int64_t last, int64_t* counts) {
        std::uint64_t most = 0;
        for (int64_t i = first; i < last; ++i) {
          auto const v = static_cast<std::uint64_t>(static_cast<T const*>(values)[i]);
          most = std::max(most, v);
          if (v < static_cast<std::uint64_t>(bins)) ++counts[v];
        }
        std::uint64_t seen = greatest;
        while (seen < most && !greatest.compare_exchange_weak(seen, most)) {
        }
      });
  });
  out[bins] = static_cast<int64_t>(greatest.load());
}

void histogram(dtype type, int64_t n, void const* values, int64_t bins, void const* edges,
               bool equal, int64_t* out) {
  auto const run = [&]<class T>(T) {
    edge_bins<T> const bin_of(static_cast<T const*>(edges), bins, equal);
    count_by(n, bins, out, [&](int64_t first, int64_t last, int64_t* counts) {
      for (int64_t i = first; i < last; ++i)
        if (int64_t const bin = bin_of(static_cast<T const*>(values)[i]); bin >= 0) ++counts[bin];
    });
  };
  switch (type) {
    case dtype::i64: return run(int64_t{});
    case dtype::u64: return run(std::uint64_t{});
    case dtype::f32: return run(float{});
    case dtype::f64: return run(double{});
    default: break;  // the language converts to these
  }
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
