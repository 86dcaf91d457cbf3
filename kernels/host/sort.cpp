// Radix sorts by order-preserving unsigned keys, least significant digit first: a pass over the row
// for each digit, none for one that all keys share. A stable sort has one result, whatever the
// number of threads. Many rows that are not long go through a network of comparisons, a row a lane.
#include <dsl/key.hpp>
#include <kernels/host/copy.hpp>
#include <kernels/host/engine.hpp>
#include <kernels/host/lanes.hpp>
#include <kernels/host/row_parts.hpp>
#include <kernels/host/scratch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;
__extension__ using uint128_t = unsigned __int128;

constexpr int64_t shortest_radix = 256;  // below this comparisons are faster

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
/// out = from[0..n), from being lost, by the two highest digits that differ, and then by insertion.
template <class E>
void sort_bucket(E* from, E* out, int64_t n) {
  using K = decltype(key(E{}));
  K varying = 0;
  for (int64_t i = 1; i < n; ++i) varying |= K(key(from[i]) ^ key(from[0]));
  int const top = static_cast<int>(std::bit_width(varying)), width = n < 1024 ? 8 : 11;
  E *a = from, *b = out;
  if (n > 32)
    for (int shift = std::max(0, top - 2 * width); shift < top; shift += width) {
      std::uint32_t next[1 << 11], sum = 0;
      std::uint32_t const mask = (1u << width) - 1;
      std::fill_n(next, mask + 1, 0u);
      auto const digit = [&](E const& e) {
        return static_cast<std::uint32_t>(key(e) >> shift) & mask;
      };
      for (int64_t i = 0; i < n; ++i) ++next[digit(a[i])];
      for (std::uint32_t d = 0; d <= mask; ++d) sum += std::exchange(next[d], sum);
      for (int64_t i = 0; i < n; ++i) b[next[digit(a[i])]++] = a[i];
      std::swap(a, b);
    }
  int64_t moves = 8 * n;  // at most: else digit by digit
  for (int64_t i = 0; i < n; ++i) {
    E const e = a[i];
    int64_t to = i;
    for (; to > 0 && key(e) < key(out[to - 1]) && moves > 0; --to, --moves) out[to] = out[to - 1];
    out[to] = e;
  }
  if (moves == 0) radix_sort<8>(out, out, row_parts{n, 1});
}

constexpr int prefix_bits = 14;
constexpr int64_t least_bucket = 2048;  // elements, which stay in the cache

/// out = `in`, which it may be, sorted in buckets that fit into the cache: groups of neighbouring
/// prefixes of the keys.
template <class E>
void sort_in_buckets(E const* in, E* out, row_parts parts) {
  using K = decltype(key(E{}));
  int64_t const n = parts.n;
  scratch<E> const spare(n);
  std::vector<K> differences(static_cast<std::size_t>(parts.count));
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    K const zeroth = key(in[0]);
    K varying = 0;
    for (int64_t i = first; i < last; ++i) varying |= K(key(in[i]) ^ zeroth);
    differences[p] = varying;
  });
  K varying = 0;
  for (K d : differences) varying |= d;
  int const shift = std::max(0, static_cast<int>(std::bit_width(varying)) - prefix_bits);
  constexpr int prefixes = 1 << prefix_bits;
  auto const prefix = [shift](E const& e) { return int(key(e) >> shift) & (prefixes - 1); };
  scratch<int64_t> const counts(parts.count * prefixes);
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    int64_t* const mine = counts.data() + p * prefixes;
    std::fill_n(mine, prefixes, int64_t{0});
    for (int64_t i = first; i < last; ++i) ++mine[prefix(in[i])];
  });

  int64_t const wanted = std::max(least_bucket, n / 1024);
  std::vector<std::uint16_t> bucket_of(prefixes);
  std::vector<int64_t> begins;  // of the buckets, then n
  int64_t begun = 0, next = 0;
  for (int f = 0; f < prefixes; ++f) {
    int64_t size = 0;
    for (int64_t p = 0; p < parts.count; ++p) size += counts.data()[p * prefixes + f];
    if (begins.empty() || next - begun + size > wanted) begins.push_back(begun = next);
    bucket_of[f] = static_cast<std::uint16_t>(begins.size() - 1);
    next += size;
  }
  auto const buckets = static_cast<int64_t>(begins.size());
  begins.push_back(n);
  scratch<int64_t> const places(parts.count * buckets);
  std::fill_n(places.data(), parts.count * buckets, int64_t{0});
  for (int64_t p = 0; p < parts.count; ++p)
    for (int f = 0; f < prefixes; ++f)
      places.data()[p * buckets + bucket_of[f]] += counts.data()[p * prefixes + f];
  for (int64_t b = 0; b < buckets; ++b) {
    int64_t place = begins[b];
    for (int64_t p = 0; p < parts.count; ++p)
      place += std::exchange(places.data()[p * buckets + b], place);
  }
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    int64_t* const mine = places.data() + p * buckets;
    E* const to = spare.data();
    for (int64_t i = first; i < last; ++i) to[mine[bucket_of[prefix(in[i])]]++] = in[i];
  });

  // Few buckets hold most of the elements where these have few prefixes: all threads take such a one.
  auto const is_long = [&](int64_t size) { return size > std::max(16 * least_bucket, n / 8); };
  row_parts{buckets, buckets}.for_each(
      [&](int64_t b, int64_t, int64_t) {
        int64_t const size = begins[b + 1] - begins[b];
        if (!is_long(size)) sort_bucket(spare.data() + begins[b], out + begins[b], size);
      },
      n);
  for (int64_t b = 0; b < buckets; ++b) {
    int64_t const size = begins[b + 1] - begins[b];
    if (is_long(size))
      radix_sort<11>(spare.data() + begins[b], out + begins[b],
                     row_parts{size, std::clamp<int64_t>(size / least_part, 1, parts.count)});
  }
}

template <class E>
void sort_long(E const* in, E* out, row_parts parts) {
  constexpr int64_t cached = int64_t{1} << 20;  // bytes that stay in the cache
  if constexpr (sizeof(key(E{})) == 8)          // of 32 bits, three passes take less
    if (parts.n * int64_t{sizeof(E)} >= cached) return sort_in_buckets(in, out, parts);
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

/// From there on a radix sort takes less time.
template <class T>
inline constexpr int64_t longest_network = 4096;

template <class T>
struct lane_pair {
  T low __attribute__((vector_size(32)));
  T high __attribute__((vector_size(32)));
};
/// Lanes of equal values have the same bits, or it is no matter which is which.
template <class T>
lane_pair<T> in_order(lanes<T> a, lanes<T> b) {
#if defined(__AVX__)  // g++ makes of the choice below a comparison and two blends
  if constexpr (std::is_same_v<T, float>) return {_mm256_min_ps(a, b), _mm256_max_ps(a, b)};
  if constexpr (std::is_same_v<T, double>) return {_mm256_min_pd(a, b), _mm256_max_pd(a, b)};
#endif
  return {b < a ? b : a, b < a ? a : b};
}
/// Each lane of n in ascending order: Batcher's merge exchange (Knuth, The Art of Computer Programming 3,
/// 5.2.2, algorithm M).
template <class T>
void sort_lanes(T* v, int64_t n) {
  constexpr int64_t w = lane_count<T>;
  int64_t top = 1;
  while (2 * top < n) top *= 2;
  for (int64_t p = top; p > 0; p /= 2)
    for (int64_t q = top, r = 0, d = p;; d = q - p, q /= 2, r = p) {
      for (int64_t first = r; first < n - d; first += 2 * p)
        for (int64_t i = first; i < std::min(first + p, n - d); ++i) {
          lanes<T> const a = load_lanes(v + i * w), b = load_lanes(v + (i + d) * w);
          auto const [low, high] = in_order<T>(a, b);
          std::memcpy(v + i * w, &low, sizeof low);
          std::memcpy(v + (i + d) * w, &high, sizeof high);
        }
      if (q == p) break;
    }
}
/// Whether < puts all in order, and equal ones have the same bits: no NaN, no -0.
template <class T>
bool comparable(T const* v, int64_t n) {
  if constexpr (is_floating<T>) {
    bool found = false;
    for (int64_t i = 0; i < n; ++i)
      found |=
          (v[i] != v[i]) | (std::bit_cast<key_bits<T>>(v[i]) == std::bit_cast<key_bits<T>>(T(-0.)));
    return !found;
  }
  return true;
}

/// Sorts groups of as many rows as there are lanes, and returns how many rows these are.
template <class T>
int64_t sort_rows_in_lanes(int64_t rows, int64_t n, T const* in, T* out) {
  constexpr int64_t w = lane_count<T>;
  if (n < 2 || n > longest_network<T>) return 0;
  struct job {
    int64_t n;
    T const* in;
    T* out;

    void run(int64_t group) const {
      T const* const from = in + group * w * n;
      T* const to = out + group * w * n;
      scratch<T> const all(w * n);
      int64_t const by_row[] = {1, n}, by_lane[] = {w, 1}, length[] = {n, w};
      copy_block({reinterpret_cast<std::byte*>(all.data()), by_lane},
                 {reinterpret_cast<std::byte const*>(from), by_row}, length, 2, sizeof(T));
      if (!comparable(all.data(), w * n)) {
        for (int64_t r = 0; r < w; ++r) sort_row(from + r * n, to + r * n, row_parts{n, 1});
        return;
      }
      sort_lanes(all.data(), n);
      int64_t const rows_first[] = {n, 1}, lanes_first[] = {1, w}, turned[] = {w, n};
      copy_block({reinterpret_cast<std::byte*>(to), rows_first},
                 {reinterpret_cast<std::byte const*>(all.data()), lanes_first}, turned, 2,
                 sizeof(T));
    }
  } all{n, in, out};
  constexpr int64_t cost = 4;  // of an element, in those of other loops
  parallel_for(
      rows / w, rows * n * cost,
      [](void* of, int64_t group) { static_cast<job const*>(of)->run(group); }, &all);
  return rows / w * w;
}

/// The k greatest of the elements first, ..., last - 1 or a few more, the last k of that order among them.
template <class E, class T>
std::vector<E> candidates_of(T const* in, int64_t first, int64_t last, int64_t k) {
  auto const behind = [](E const& a, E const& b) {
    return b.key < a.key || (b.key == a.key && b.index < a.index);
  };
  auto const most = static_cast<std::size_t>(2 * k + 1024);
  std::vector<E> all;
  all.reserve(std::min(most, static_cast<std::size_t>(last - first)));
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
    auto const* from = static_cast<T const*>(in);
    auto* to = static_cast<T*>(out);
    int64_t done = 0;
    if constexpr (has_network<T>) done = sort_rows_in_lanes(rows, n, from, to);
    from += done * n;
    to += done * n;
    for_rows(rows - done, n,
             [&](int64_t first, row_parts parts) { sort_row(from + first, to + first, parts); });
  });
}

void argsort(dtype type, int64_t rows, int64_t n, void const* in, int64_t* out) {
  visit(type, [&]<class T>() {
    for_rows(rows, n, [&](int64_t first, row_parts parts) {
      argsort_row(static_cast<T const*>(in) + first, out + first, parts);
    });
  });
}

void permutation(int64_t n, std::uint64_t const* words, int64_t count, int64_t* out) {
  using E = entry_of<std::uint64_t>;
  // The least words of random ones are likely to be below this.
  double const likely = static_cast<double>(count) + 8 * std::sqrt(static_cast<double>(count)) + 64;
  bool const few = 2 * likely < static_cast<double>(n);
  auto const bound = static_cast<std::uint64_t>(few ? likely / static_cast<double>(n) * 0x1p64 : 0);
  for_rows(1, n, [&](int64_t, row_parts parts) {
    std::vector<int64_t> ends(static_cast<std::size_t>(parts.count));
    if (few)
      parts.for_each([&](int64_t p, int64_t first, int64_t last) {
        ends[static_cast<std::size_t>(p)] = std::count_if(
            words + first, words + last, [&](std::uint64_t word) { return word < bound; });
      });
    std::inclusive_scan(ends.begin(), ends.end(), ends.begin());
    int64_t const found = ends.back();
    if (!few || found < count) {
      if (count == n) return argsort_row(words, out, parts);
      scratch<int64_t> const order(n);
      argsort_row(words, order.data(), parts);
      std::copy_n(order.data(), count, out);
      return;
    }
    scratch<E> const entries(found);
    parts.for_each([&](int64_t p, int64_t first, int64_t) {
      E* to = entries.data() + (p > 0 ? ends[static_cast<std::size_t>(p - 1)] : 0);
      E* const end = entries.data() + ends[static_cast<std::size_t>(p)];
      for (int64_t i = first; to != end; ++i) {  // each is written, and kept where it is below
        *to = {words[i], i};
        to += words[i] < bound;
      }
    });
    if (found < shortest_radix)
      sort_short(entries.data(), found);
    else
      sort_long(entries.data(), entries.data(),
                row_parts{found, std::clamp<int64_t>(found / least_part, 1, parts.count)});
    for (int64_t i = 0; i < count; ++i) out[i] = entries.data()[i].index;
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
