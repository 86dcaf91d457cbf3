// Elements chosen by indices or flags, found in order, and counted.
#include <kernels/host/copy.hpp>
#include <kernels/host/engine.hpp>
#include <kernels/host/scratch.hpp>

#include <dsl/bins.hpp>
#include <dsl/promotion.hpp>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <optional>
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
  auto const row = [extent = g.extent](int64_t i) { return i < 0 ? i + extent : i; };
  for_parts(g.outer * g.count, std::max<int64_t>(1, part / std::max<int64_t>(1, g.inner)),
            [&](int64_t first, int64_t last) {
              int64_t o = first / g.count, j = first % g.count;
              for (int64_t line = first; line < last; ++o, j = 0) {
                int64_t const lines = std::min(g.count - j, last - line);
                U const* const from = in + o * g.extent * g.inner;
                int64_t const* index = g.indices + o * g.index_outer + j * g.index_step;
                U* to = out + line * g.inner;
                line += lines;
                if (g.inner == 1) {  // one line is one element: no loop within
                  for (int64_t k = 0; k < lines; ++k) to[k] = from[row(index[k * g.index_step])];
                  continue;
                }
                for (int64_t k = 0; k < lines; ++k, index += g.index_step, to += g.inner)
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

/// Where values go in ascending elements: a table tells where to begin, from the value's place between
/// the least and the greatest element. What maps to a bucket below is less, so few steps are left.
template <class T>
class bucket_search {
 public:
  /// Of n elements, without NaN, n > 0. Not usable where they are not between finite bounds.
  bucket_search(T const* sorted, int64_t n) : sorted_(sorted), n_(n), low_(sorted[0]) {
    high_ = sorted[n - 1];
    int64_t const buckets = static_cast<int64_t>(
        std::bit_ceil(static_cast<std::uint64_t>(std::max<int64_t>(2 * n, 64))));
    last_bucket_ = buckets - 1;
    if constexpr (std::is_integral_v<T>) {
      auto const range = static_cast<std::uint64_t>(high_) - static_cast<std::uint64_t>(low_);
      while (range >> shift_ >= static_cast<std::uint64_t>(buckets)) ++shift_;
      usable_ = true;
    } else {
      scale_ = static_cast<T>(buckets) / (high_ - low_);
      usable_ = std::isfinite(low_) && std::isfinite(high_) && std::isfinite(high_ - low_) &&
                std::isfinite(scale_) && scale_ > 0;
    }
    if (!usable_) return;
    starts_.emplace(buckets);
    std::uint32_t* const starts = starts_->data();
    int64_t next = 0, widest = 0, begun = 0;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t const b = bucket(sorted[i]); next <= b; ++next) {
        widest = std::max(widest, i - begun);
        starts[next] = static_cast<std::uint32_t>(begun = i);
      }
    widest = std::max(widest, n - begun);
    for (; next < buckets; ++next) starts[next] = static_cast<std::uint32_t>(n);
    first_step_ = static_cast<int64_t>(std::bit_ceil(static_cast<std::uint64_t>(widest + 1))) / 2;
  }
  [[nodiscard]] bool usable() const { return usable_; }

  /// How many elements are less than v, or at most as great (Right); v is no NaN.
  template <bool Right>
  [[nodiscard]] int64_t place(T v) const {
    int64_t at = starts_->data()[bucket(v)];
    for (int64_t step = first_step_; step > 0; step /= 2) {
      int64_t const next = at + step;
      T const e = sorted_[std::min(next, n_) - 1];
      bool const further = (next <= n_) & (Right ? e <= v : e < v);
      at = further ? next : at;
    }
    return at;
  }

 private:
  /// Does not decrease with v.
  [[nodiscard]] int64_t bucket(T v) const {
    v = v < high_ ? v : high_;
    v = v > low_ ? v : low_;
    if constexpr (std::is_integral_v<T>)
      return static_cast<int64_t>(
          (static_cast<std::uint64_t>(v) - static_cast<std::uint64_t>(low_)) >> shift_);
    else
      return std::min(static_cast<int64_t>((v - low_) * scale_), last_bucket_);
  }

  T const* sorted_;
  int64_t n_;
  T low_, high_;
  T scale_{};      // of floating values
  int shift_ = 0;  // of integers
  bool usable_ = false;
  int64_t last_bucket_, first_step_ = 0;
  std::optional<scratch<std::uint32_t>> starts_;
};

/// Whether no value is less than the one before, or NaN.
template <class T>
bool ascend(T const* values, int64_t n) {
  std::atomic<bool> all{true};
  for_parts(n - 1, part / 4, [&](int64_t first, int64_t last) {
    if (!all.load(std::memory_order_relaxed)) return;
    bool here = true;
    for (int64_t i = first; i < last; ++i) here &= values[i] <= values[i + 1];
    if (!here) all.store(false, std::memory_order_relaxed);
  });
  return all.load();
}

template <class T, bool Right>
void search_towards(int64_t n, T const* sorted, int64_t count, T const* values, int64_t* out) {
  int64_t numbers = n;
  if constexpr (std::is_floating_point_v<T>)
    numbers = std::partition_point(sorted, sorted + n, [](T v) { return v == v; }) - sorted;
  auto const before = [](T e, T v) { return Right ? e <= v : e < v; };
  if (count > 1 && ascend(values, count))
    return for_parts(count, part / 4, [&](int64_t begin, int64_t end) {
      auto const place = [&](int64_t from, T v) {
        return std::partition_point(sorted + from, sorted + numbers,
                                    [&](T e) { return before(e, v); }) -
               sorted;
      };
      int64_t at = place(0, values[begin]);
      bool const near = place(at, values[end - 1]) - at <= 2 * (end - begin);
      for (int64_t i = begin; i < end; ++i) {
        if (near)
          while (at < numbers && before(sorted[at], values[i])) ++at;
        else
          at = place(at, values[i]);
        out[i] = at;
      }
    });
  // The table is as long as the elements; its places have 32 bits.
  if (numbers > 0 && count >= 64 && count >= numbers / 4 && numbers < int64_t{1} << 31) {
    bucket_search<T> const all(sorted, numbers);
    if (all.usable())
      return for_parts(count, part / 4, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          T const v = values[i];
          int64_t const place = all.template place<Right>(v);
          out[i] = v == v ? place : Right ? n : numbers;
        }
      });
  }
  for_parts(count, part / 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      out[i] = (Right ? std::upper_bound(sorted, sorted + n, values[i], precedes<T>)
                      : std::lower_bound(sorted, sorted + n, values[i], precedes<T>)) -
               sorted;
  });
}
template <class T>
void search(int64_t n, void const* sorted, int64_t count, void const* values, bool right,
            int64_t* out) {
  auto const* const elements = static_cast<T const*>(sorted);
  auto const* const wanted = static_cast<T const*>(values);
  if (right) return search_towards<T, true>(n, elements, count, wanted, out);
  search_towards<T, false>(n, elements, count, wanted, out);
}

/// Integers that are not far apart have a flag each; others, and numbers, are sorted and searched.
template <class T>
void find_members(int64_t n, T const* among, int64_t count, T const* values, bool* out) {
  if constexpr (std::is_integral_v<T>) {
    auto const [least, greatest] = std::minmax_element(among, among + n);
    auto const low = static_cast<std::uint64_t>(*least);
    std::uint64_t const range = static_cast<std::uint64_t>(*greatest) - low;
    if (range / 4 <= static_cast<std::uint64_t>(n + count)) {
      std::vector<std::uint8_t> is_there(range + 1);
      for (int64_t i = 0; i < n; ++i) is_there[static_cast<std::uint64_t>(among[i]) - low] = 1;
      return for_parts(count, part / 4, [&](int64_t first, int64_t last) {
        for (int64_t i = first; i < last; ++i) {
          std::uint64_t const at = static_cast<std::uint64_t>(values[i]) - low;
          out[i] = at <= range && is_there[at];
        }
      });
    }
  }
  std::vector<T> sorted(static_cast<std::size_t>(n));
  sort(dtype_of<T>, 1, n, among, sorted.data());
  std::vector<int64_t> places(static_cast<std::size_t>(count));
  search_towards<T, false>(n, sorted.data(), count, values, places.data());
  for_parts(count, part / 4, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) out[i] = places[i] < n && sorted[places[i]] == values[i];
  });
}

/// How many of n flags are set, added up eight bytes at a time.
int64_t count_set(bool const* flags, int64_t n) {
  int64_t sum = 0, i = 0;
  while (i + 8 <= n) {
    std::uint64_t bytes = 0;  // of up to 255 flags each
    for (int64_t const end = std::min(n - 7, i + 8 * 255); i < end; i += 8) {
      std::uint64_t word;
      std::memcpy(&word, flags + i, sizeof word);
      bytes += word;
    }
    constexpr std::uint64_t low = 0x00ff00ff00ff00ff;
    sum += static_cast<int64_t>(((bytes & low) + (bytes >> 8 & low)) * 0x0001000100010001 >> 48);
  }
  for (; i < n; ++i) sum += flags[i];
  return sum;
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
    auto const outside = [=](int64_t index) { return index < -extent || index >= extent; };
    bool any = false;  // first whether, which vectors can tell, then which
    for (int64_t i = first; i < last; ++i) any |= outside(indices[i]);
    if (!any) return;
    int64_t const at = std::find_if(indices + first, indices + last, outside) - indices;
    int64_t known = found.load();
    while (at < known && !found.compare_exchange_weak(known, at)) {
    }
  });
  return found < count ? found.load() : -1;
}

int64_t take(gather const& g, bool inside) {
  int64_t const outside = inside ? -1 : first_outside(g.indices, g.index_count(), g.extent);
  if (outside >= 0 || g.outer * g.count * g.inner == 0) return outside;
  with_word(g.element, [&]<class U>(U) { take_words<U>(g); });
  return -1;
}

void count_flags(int64_t n, bool const* flags, int64_t* ends) {
  static_assert(part % flag_block == 0);
  for_parts(n, part, [&](int64_t first, int64_t last) {
    for (; first < last; first += flag_block)
      ends[first / flag_block] = count_set(flags + first, std::min(flag_block, last - first));
  });
  std::inclusive_scan(ends, ends + (n + flag_block - 1) / flag_block, ends);
}

void compress(int64_t element, int64_t n, void const* in, bool const* flags, int64_t const* ends,
              void* out) {
  with_word(element, [&]<class U>(U) {
    for_parts(n, part, [&](int64_t first, int64_t last) {
      auto const* const from = static_cast<U const*>(in);
      U* to = static_cast<U*>(out) + (first > 0 ? ends[first / flag_block - 1] : 0);
      U* const end = static_cast<U*>(out) + ends[(last - 1) / flag_block];
      // Each element is written, and kept where its flag is set: flags cannot be predicted.
      auto const choose = [&](auto const& element) {
        for (int64_t i = first; to != end; ++i) {
          *to = element(i);
          to += flags[i];
        }
      };
      if (in) return choose([&](int64_t i) { return from[i]; });
      if constexpr (std::is_same_v<U, std::uint64_t>)  // places
        choose([](int64_t i) { return static_cast<U>(i); });
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

void isin(dtype type, int64_t n, void const* among, int64_t count, void const* values, bool* out) {
  auto const run = [&]<class T>(T) {
    if (n == 0) return std::fill_n(out, count, false), void();
    find_members(n, static_cast<T const*>(among), count, static_cast<T const*>(values), out);
  };
  switch (type) {
    case dtype::i64: return run(int64_t{});
    case dtype::u64: return run(std::uint64_t{});
    case dtype::f32: return run(float{});
    case dtype::f64: return run(double{});
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
