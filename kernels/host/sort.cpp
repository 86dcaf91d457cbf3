// Radix sorts by order-preserving unsigned keys, least significant digit first: a pass over the row
// for each digit, none for one that all keys share. A stable sort has one result, whatever the
// number of threads.
#include <dsl/key.hpp>
#include <kernels/host/engine.hpp>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;
__extension__ using uint128_t = unsigned __int128;

constexpr int64_t shortest_radix = 256;           // below this comparisons are faster
constexpr int64_t least_part = int64_t{1} << 14;  // of a row, worth a thread

using sloth::key;

/// An element of argsort.
template <class K, class I>
struct entry {
  K key;
  I index;
};
template <class K, class I>
constexpr K key(entry<K, I> const& e) {
  return e.key;
}

template <class E>
class scratch {
 public:
  explicit scratch(int64_t n)
      : bytes_(static_cast<std::size_t>(n) * sizeof(E)), data_(static_cast<E*>(allocate(bytes_))) {}
  ~scratch() { release(data_, bytes_); }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  [[nodiscard]] E* data() const { return data_; }

 private:
  std::size_t bytes_;
  E* data_;
};

/// A row of n elements in parts, which threads take.
struct row_parts {
  int64_t n, count;

  /// f(p, first, last) for each part.
  template <class F>
  void for_each(F f) const {
    struct job {
      int64_t n, count;
      F& f;
      void run(int64_t p) const { f(p, n * p / count, n * (p + 1) / count); }
    } all{n, count, f};
    parallel_for(
        count, n, [](void* of, int64_t p) { static_cast<job const*>(of)->run(p); }, &all);
  }
};

template <int Width>
struct histogram {
  int64_t of[1 << Width];
};
template <int Width, class E>
int digit(E const& e, int pass) {
  return static_cast<int>(key(e) >> Width * pass & ((1 << Width) - 1));
}

/// Turns the counts of the parts into the places of their first elements. False where all elements
/// have one digit.
template <int Width>
bool place(histogram<Width>* counts, row_parts parts) {
  int64_t next = 0;
  for (int d = 0; d < 1 << Width; ++d) {
    int64_t const first = next;
    for (int64_t p = 0; p < parts.count; ++p) next += std::exchange(counts[p].of[d], next);
    if (next - first == parts.n) return false;
  }
  return true;
}

/// out = `in`, which it may be, sorted by digits of Width bits.
template <int Width, class E>
void radix_sort(E const* in, E* out, row_parts parts) {
  constexpr int passes = (8 * sizeof(key(E{})) + Width - 1) / Width;
  scratch<E> const spare(parts.n);
  scratch<histogram<Width>> const counts(parts.count * passes);
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    histogram<Width> mine[passes] = {};
    for (int64_t i = first; i < last; ++i)
      for (int pass = 0; pass < passes; ++pass) ++mine[pass].of[digit<Width>(in[i], pass)];
    for (int pass = 0; pass < passes; ++pass) counts.data()[pass * parts.count + p] = mine[pass];
  });
  E const* from = in;
  E* to = passes % 2 == 0 || in == out ? spare.data() : out;
  for (int pass = 0; pass < passes; ++pass) {
    histogram<Width>* const places = counts.data() + pass * parts.count;
    if (pass > 0 && parts.count > 1)  // the parts may have other elements by now
      parts.for_each([&](int64_t p, int64_t first, int64_t last) {
        histogram<Width> mine = {};
        for (int64_t i = first; i < last; ++i) ++mine.of[digit<Width>(from[i], pass)];
        places[p] = mine;
      });
    if (!place(places, parts)) continue;
    parts.for_each([&](int64_t p, int64_t first, int64_t last) {
      histogram<Width> mine = places[p];
      E* const target = to;
      for (int64_t i = first; i < last; ++i)
        target[mine.of[digit<Width>(from[i], pass)]++] = from[i];
    });
    from = to;
    to = to == out ? spare.data() : out;
  }
  if (from != out)
    parts.for_each([&](int64_t, int64_t first, int64_t last) {
      std::copy(from + first, from + last, out + first);
    });
}
template <class E>
void sort_long(E const* in, E* out, row_parts parts) {
  // Fewer passes, whose counts take longer to clear and to add up.
  if (sizeof(key(E{})) >= 4 && parts.n >= least_part) return radix_sort<11>(in, out, parts);
  radix_sort<8>(in, out, parts);
}

/// Runs of 16 by insertion, then merged.
template <class E>
void sort_short(E* v, int64_t n) {
  constexpr int64_t run = 16;
  for (int64_t i = 1; i < n; ++i) {
    E const e = v[i];
    int64_t to = i;
    for (; to % run != 0 && e.key < v[to - 1].key; --to) v[to] = v[to - 1];
    v[to] = e;
  }
  E spare[shortest_radix];
  E *from = v, *to = spare;
  for (int64_t width = run; width < n; width *= 2, std::swap(from, to))
    for (int64_t first = 0; first < n; first += 2 * width) {
      E const *a = from + first, *b = from + std::min(first + width, n);
      E const *const a_end = b, *const b_end = from + std::min(first + 2 * width, n);
      E* next = to + first;
      while (a < a_end && b < b_end) {
        bool const right = b->key < a->key;
        *next++ = right ? *b : *a;
        a += !right;
        b += right;
      }
      std::copy(b, b_end, std::copy(a, a_end, next));
    }
  if (from != v) std::copy_n(from, n, v);
}

template <class T>
using entry_of =
    std::conditional_t<sizeof(T) == 16, entry<uint128_t, int64_t>,
                       std::conditional_t<sizeof(T) == 8, entry<std::uint64_t, int64_t>,
                                          entry<std::uint32_t, std::uint32_t>>>;
template <class T, class K, class I>
void fill_entries(T const* in, entry<K, I>* to, int64_t first, int64_t last) {
  for (int64_t i = first; i < last; ++i) to[i] = {key(in[i]), static_cast<I>(i)};
}

template <class T>
void sort_row(T const* in, T* out, row_parts parts) {
  int64_t const n = parts.n;
  if (n >= shortest_radix) return sort_long(in, out, parts);
  entry_of<T> entries[shortest_radix];
  T values[shortest_radix];
  fill_entries(in, entries, 0, n);
  sort_short(entries, n);
  for (int64_t i = 0; i < n; ++i) values[i] = in[entries[i].index];
  std::copy_n(values, n, out);
}

template <class E, class T>
void argsort_by(T const* in, int64_t* out, row_parts parts) {
  auto const run = [&](E* entries, auto sort) {
    parts.for_each(
        [&](int64_t, int64_t first, int64_t last) { fill_entries(in, entries, first, last); });
    sort();
    parts.for_each([&](int64_t, int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) out[i] = static_cast<int64_t>(entries[i].index);
    });
  };
  if (parts.n < shortest_radix) {
    E entries[shortest_radix];
    return run(entries, [&] { sort_short(entries, parts.n); });
  }
  scratch<E> const entries(parts.n);
  run(entries.data(), [&] { sort_long(entries.data(), entries.data(), parts); });
}
template <class T>
void argsort_row(T const* in, int64_t* out, row_parts parts) {
  if constexpr (sizeof(T) <= 4)
    if (parts.n > int64_t{std::numeric_limits<std::uint32_t>::max()})
      return argsort_by<entry<std::uint64_t, int64_t>>(in, out, parts);
  argsort_by<entry_of<T>>(in, out, parts);
}

/// f(first element, parts) for each row: many rows on a thread each, few long ones on all threads.
template <class F>
void for_rows(int64_t rows, int64_t n, F f) {
  if (rows == 0 || n == 0) return;
  struct job {
    int64_t n;
    F& f;
  } all{n, f};
  constexpr int64_t cost = 16;  // of an element, in those of other loops
  if (rows >= threads() || n < 2 * least_part)
    return parallel_for(
        rows, rows * n * cost,
        [](void* of, int64_t r) {
          auto const& [n, f] = *static_cast<job const*>(of);
          f(r * n, row_parts{n, 1});
        },
        &all);
  for (int64_t r = 0; r < rows; ++r)
    f(r * n, row_parts{n, std::min<int64_t>(threads(), n / least_part)});
}

/// The k greatest of the elements first, ..., last - 1 or a few more, the last k of that order among them.
template <class E, class T>
std::vector<E> candidates_of(T const* in, int64_t first, int64_t last, int64_t k) {
  auto const behind = [](E const& a, E const& b) {
    return b.key < a.key || (b.key == a.key && b.index < a.index);
  };
  auto const most = static_cast<std::size_t>(2 * k + 1024);
  std::vector<E> all;
  all.reserve(most);
  for (int64_t i = first; i < last; ++i) {
    auto const own = key(in[i]);
    // Of equal ones the later is the greater: all that are not below the k-th so far.
    if (static_cast<int64_t>(all.size()) >= k && own < all[static_cast<std::size_t>(k - 1)].key)
      continue;
    all.push_back({own, static_cast<decltype(E::index)>(i)});
    if (all.size() < most && static_cast<int64_t>(all.size()) != k) continue;
    std::nth_element(all.begin(), all.begin() + (k - 1), all.end(), behind);
    all.resize(static_cast<std::size_t>(k));
  }
  return all;
}
template <class E, class T>
void topk_by(T const* in, int64_t k, int64_t* out, row_parts parts) {
  std::vector<std::vector<E>> found(static_cast<std::size_t>(parts.count));
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    found[static_cast<std::size_t>(p)] = candidates_of<E>(in, first, last, k);
  });
  std::vector<E>& all = found.front();
  for (std::size_t p = 1; p < found.size(); ++p)
    all.insert(all.end(), found[p].begin(), found[p].end());
  std::partial_sort(all.begin(), all.begin() + k, all.end(), [](E const& a, E const& b) {
    return b.key < a.key || (b.key == a.key && b.index < a.index);
  });
  for (int64_t i = 0; i < k; ++i)
    out[i] = static_cast<int64_t>(all[static_cast<std::size_t>(i)].index);
}

}  // namespace

void sort(dtype type, int64_t rows, int64_t n, void const* in, void* out) {
  visit(type, [&]<class T>() {
    for_rows(rows, n, [&](int64_t first, row_parts parts) {
      sort_row(static_cast<T const*>(in) + first, static_cast<T*>(out) + first, parts);
    });
  });
}

void argsort(dtype type, int64_t rows, int64_t n, void const* in, int64_t* out) {
  visit(type, [&]<class T>() {
    for_rows(rows, n, [&](int64_t first, row_parts parts) {
      argsort_row(static_cast<T const*>(in) + first, out + first, parts);
    });
  });
}

void topk(dtype type, int64_t rows, int64_t n, int64_t k, void const* in, int64_t* out) {
  if (k == 0) return;
  visit(type, [&]<class T>() {
    using narrow = entry_of<T>;
    using wide = entry<decltype(narrow::key), int64_t>;
    for_rows(rows, n, [&](int64_t first, row_parts parts) {
      T const* const row = static_cast<T const*>(in) + first;
      int64_t* const places = out + first / n * k;
      if (k > n / 8) {  // nearly all are candidates
        scratch<int64_t> const order(n);
        argsort_row(row, order.data(), parts);
        std::reverse_copy(order.data() + (n - k), order.data() + n, places);
      } else if (n > int64_t{std::numeric_limits<std::uint32_t>::max()}) {
        topk_by<wide>(row, k, places, parts);
      } else {
        topk_by<narrow>(row, k, places, parts);
      }
    });
  });
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
