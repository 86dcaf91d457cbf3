// Elements by their place in order, without sorting. A sample of the row gives two of its elements between
// which one is likely to lie; one pass counts those below and notes those between, a few of a hundred,
// among which is gone on. Elements equal to one of the two are counted, not noted, so that many equal ones
// need no room. Where the sample misled, the whole row is divided as std::nth_element does.
#include <dsl/key.hpp>
#include <dsl/ranks.hpp>
#include <kernels/host/engine.hpp>
#include <kernels/host/row_parts.hpp>
#include <kernels/host/scratch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;
__extension__ using uint128_t = unsigned __int128;
using places = std::span<int64_t const>;

constexpr int64_t shortest_sampled = 1024;
constexpr double most_samples = 1 << 14;
constexpr std::size_t most_ranks = 16;  // more are read off the sorted row
constexpr int64_t sorted_at_once = int64_t{1} << 20;
constexpr int64_t chunk = 1024;  // elements that stay in the first cache

/// Several short rows are sorted side by side in less time than each is divided.
template <class T>
bool sort_is_faster(int64_t rows, int64_t n) {
  return has_network<T> && rows >= 8 && n <= 1024;
}

/// A number in the order of the values; of a key itself.
template <class T>
constexpr auto order_of(T v) {
  if constexpr (std::is_same_v<T, uint128_t>)
    return v;
  else if constexpr (is_complex<T>)
    return key(v);
  else
    return value_key(v);
}
template <class T>
using order_t = decltype(order_of(T{}));

/// found[i] = the key at place ranks[i] of n, ascending and distinct ones; the keys are moved.
template <class K>
void divide(K* keys, int64_t n, places ranks, K* found) {
  int64_t done = 0;  // keys in their places, or before all others
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    int64_t const rank = ranks[i];
    if (rank == n - 1)
      std::swap(*std::max_element(keys + done, keys + n), keys[rank]);
    else if (rank == done)
      std::swap(*std::min_element(keys + done, keys + n), keys[rank]);
    else
      std::nth_element(keys + done, keys + rank, keys + n);
    found[i] = keys[rank];
    done = rank + 1;
  }
}

/// Ranks and two keys between which they are expected, these included.
template <class K>
struct bracket {
  places ranks;
  K* found;
  K least, greatest;
  int64_t room;  // for what lies between
};
/// What a part of the row has in a bracket.
template <class K>
struct share {
  int64_t less = 0, least = 0, greatest = 0, between = 0;  // keys below, equal to a bound, noted
  std::unique_ptr<K[]> keys;
};

/// Adds those of a chunk, as long as there is room.
template <class K>
void add(bracket<K> const& b, K const* keys, int64_t count, share<K>& s) {
  // Of a key's size, so that there are as many lanes.
  using sum = std::conditional_t<sizeof(K) == 1, std::uint16_t, K>;
  sum less = 0, to_least = 0, to_greatest = 0;
  for (int64_t i = 0; i < count; ++i) {
    less = static_cast<sum>(less + (keys[i] < b.least));
    to_least = static_cast<sum>(to_least + (keys[i] <= b.least));
    to_greatest = static_cast<sum>(to_greatest + (keys[i] <= b.greatest));
  }
  s.less += static_cast<int64_t>(less);
  s.least += static_cast<int64_t>(to_least) - static_cast<int64_t>(less);
  auto inside = static_cast<int64_t>(to_greatest) - static_cast<int64_t>(to_least);
  if (inside == 0) return;
  if (s.between > b.room) return;  // it has overflown
  K* const to = s.keys.get() + s.between;
  K const after = K(b.least + 1), width = K(b.greatest - after);  // least < greatest
  int64_t noted = 0;
  for (int64_t i = 0; i < count; ++i) {
    to[noted] = keys[i];
    noted += K(keys[i] - after) < width;
  }
  s.between += noted;
  s.greatest += inside - noted;
}

/// The keys of a chunk, and the greatest so far.
template <class T, class K>
void keys_of(T const* in, int64_t count, K* keys, K& greatest) {
  K most = greatest;
  for (int64_t i = 0; i < count; ++i) {
    keys[i] = order_of(in[i]);
    most = keys[i] > most ? keys[i] : most;
  }
  greatest = most;
}

/// What a sample of the row says of the ranks; nothing where they are nearly everywhere.
template <class T>
std::vector<bracket<order_t<T>>> brackets_in(T const* in, int64_t n, places ranks,
                                             order_t<T>* found) {
  using K = order_t<T>;
  double const length = static_cast<double>(n);
  auto const sample = static_cast<int64_t>(std::min(most_samples, 2 * std::cbrt(length * length)));
  auto const expected = brackets_of(ranks, n, sample, 4.5);
  int64_t covered = 0;
  std::vector<int64_t> bounds;
  for (auto const& b : expected) {
    covered += b.places(sample);
    for (int64_t place : {b.low, b.high})
      if (place >= 0 && place < sample) bounds.push_back(place);
  }
  if (covered > sample / 2) return {};
  int64_t const stride = n / sample;
  std::vector<K> keys(static_cast<std::size_t>(sample)), bound(bounds.size());
  for (int64_t i = 0; i < sample; ++i)
    keys[static_cast<std::size_t>(i)] = order_of(in[sampled_place(i, stride)]);
  divide(keys.data(), sample, places(bounds), bound.data());
  auto next = bound.begin();
  std::vector<bracket<K>> all;
  for (auto const& b : expected) {
    K const least = b.low < 0 ? K(0) : *next++, greatest = b.high >= sample ? K(~K(0)) : *next++;
    all.push_back({ranks.subspan(b.first, b.count), found + b.first, least, greatest,
                   std::min(n, 2 * b.places(sample) * (stride + 1) + 1024)});
  }
  return all;
}

template <class T>
void select_row(T const* in, row_parts parts, places ranks, order_t<T>* found) {
  using K = order_t<T>;
  int64_t const n = parts.n;
  auto const divide_all = [&](places some, K* to) {
    scratch<K> const keys(n);
    parts.for_each([&](int64_t, int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) keys.data()[i] = order_of(in[i]);
    });
    divide(keys.data(), n, some, to);
  };
  if (n < shortest_sampled) {
    K keys[shortest_sampled];
    for (int64_t i = 0; i < n; ++i) keys[i] = order_of(in[i]);
    return divide(keys, n, ranks, found);
  }

  places const ordinary = ranks.back() == n - 1 ? ranks.first(ranks.size() - 1) : ranks;
  auto const brackets = brackets_in(in, n, ordinary, found);
  if (brackets.empty() && !ordinary.empty()) return divide_all(ranks, found);
  std::size_t const count = brackets.size();
  std::vector<share<K>> shares(static_cast<std::size_t>(parts.count) * count);
  std::vector<K> most(static_cast<std::size_t>(parts.count), K(0));
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    share<K>* const mine = shares.data() + static_cast<std::size_t>(p) * count;
    for (std::size_t b = 0; b < count; ++b)  // a chunk may be written behind the room
      mine[b].keys.reset(new K[static_cast<std::size_t>(brackets[b].room + 2 * chunk)]);
    K greatest = 0, keys[chunk];
    for (int64_t i = first; i < last; i += chunk) {
      int64_t const some = std::min(chunk, last - i);
      keys_of(in + i, some, keys, greatest);
      for (std::size_t b = 0; b < count; ++b) add(brackets[b], keys, some, mine[b]);
    }
    most[static_cast<std::size_t>(p)] = greatest;
  });

  if (ranks.back() == n - 1) found[ranks.size() - 1] = *std::max_element(most.begin(), most.end());
  std::vector<int64_t> some;
  std::vector<K> keys, values;
  for (std::size_t b = 0; b < count; ++b) {
    bracket<K> const& of = brackets[b];
    share<K> all;
    keys.clear();
    bool fits = true;
    for (std::size_t p = b; p < shares.size(); p += count) {
      share<K> const& part = shares[p];
      all.less += part.less, all.least += part.least, all.greatest += part.greatest;
      fits = fits && part.between <= of.room;
      if (fits) keys.insert(keys.end(), part.keys.get(), part.keys.get() + part.between);
    }
    int64_t const up_to_least = all.less + all.least,
                  up_to_between = up_to_least + static_cast<int64_t>(keys.size());
    if (!fits || of.ranks.front() < all.less || of.ranks.back() >= up_to_between + all.greatest) {
      divide_all(of.ranks, of.found);
      continue;
    }
    some.clear();
    for (int64_t rank : of.ranks)
      if (rank >= up_to_least && rank < up_to_between) some.push_back(rank - up_to_least);
    values.resize(some.size());
    auto const left = static_cast<int64_t>(keys.size());
    if (some.empty())
      ;
    else if (left > n / 2)  // a row that no sample makes much shorter
      divide(keys.data(), left, places(some), values.data());
    else
      select_row(keys.data(), row_parts{left, 1}, places(some), values.data());
    auto next = values.begin();
    for (std::size_t i = 0; i < of.ranks.size(); ++i)
      of.found[i] = of.ranks[i] < up_to_least     ? of.least
                    : of.ranks[i] < up_to_between ? *next++
                                                  : of.greatest;
  }
}

struct ordered_ranks {
  std::vector<int64_t> ranks;     // ascending and distinct
  std::vector<int64_t> position;  // in them, of each that was given

  explicit ordered_ranks(places given) : ranks(given.begin(), given.end()) {
    std::sort(ranks.begin(), ranks.end());
    ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
    for (int64_t rank : given)
      position.push_back(std::lower_bound(ranks.begin(), ranks.end(), rank) - ranks.begin());
  }
};

/// Where values of elements less than one go, of those equal to it, and of the greater ones.
template <class V>
struct three_ways {
  V *less, *equal, *greater;

  template <class Key, class Value>
  void add(int64_t count, Key const& key_at, Value const& value_at, auto const& middle) {
    V buffer[3][chunk];
    int64_t l = 0, e = 0, g = 0;
    for (int64_t i = 0; i < count; ++i) {
      auto const k = key_at(i);
      V const v = value_at(i);
      buffer[0][l] = v, buffer[1][e] = v, buffer[2][g] = v;
      l += k < middle;
      e += k == middle;
      g += k > middle;
    }
    less = std::copy_n(buffer[0], l, less);
    equal = std::copy_n(buffer[1], e, equal);
    greater = std::copy_n(buffer[2], g, greater);
  }
};

/// to = value(i) of the elements i, with that of the element which sort puts at `place` there.
template <class T, class V, class F>
void partition_row(T const* in, row_parts parts, int64_t place, F const& value, V* to) {
  using K = order_t<T>;
  K middle;
  select_row(in, parts, places(&place, 1), &middle);
  struct counts {
    int64_t less, equal;
  };
  std::vector<counts> of(static_cast<std::size_t>(parts.count));
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    counts all{0, 0};
    for (int64_t i = first; i < last; ++i) {
      K const k = order_of(in[i]);
      all.less += k < middle;
      all.equal += k == middle;
    }
    of[static_cast<std::size_t>(p)] = all;
  });
  int64_t less = 0, equal = 0;
  for (auto const& c : of) less += c.less, equal += c.equal;
  std::vector<three_ways<V>> ways;
  three_ways<V> next{to, to + less, to + less + equal};
  for (int64_t p = 0; p < parts.count; ++p) {
    ways.push_back(next);
    auto const& c = of[static_cast<std::size_t>(p)];
    int64_t const elements = parts.n * (p + 1) / parts.count - parts.n * p / parts.count;
    next.less += c.less, next.equal += c.equal, next.greater += elements - c.less - c.equal;
  }
  parts.for_each([&](int64_t p, int64_t first, int64_t last) {
    three_ways<V> mine = ways[static_cast<std::size_t>(p)];
    for (int64_t i = first; i < last; i += chunk)
      mine.add(
          std::min(chunk, last - i), [&](int64_t at) { return order_of(in[i + at]); },
          [&](int64_t at) { return value(i + at); }, middle);
  });
}

void by_sorting(dtype type, int64_t rows, int64_t n, places ranks, void const* in, void* out) {
  visit(type, [&]<class T>() {
    auto const* from = static_cast<T const*>(in);
    auto* to = static_cast<T*>(out);
    int64_t const most = std::max<int64_t>(1, sorted_at_once / n);
    scratch<T> const sorted(std::min(rows, most) * n);
    for (int64_t row = 0; row < rows; row += most) {
      int64_t const some = std::min(most, rows - row);
      sort(type, some, n, from + row * n, sorted.data());
      for (int64_t r = 0; r < some; ++r)
        for (int64_t rank : ranks) *to++ = sorted.data()[r * n + rank];
    }
  });
}

}  // namespace

void select(dtype type, int64_t rows, int64_t n, places ranks, void const* in, void* out) {
  auto const m = static_cast<int64_t>(ranks.size());
  ordered_ranks const wanted(ranks);
  visit(type, [&]<class T>() {
    if (wanted.ranks.size() > most_ranks || sort_is_faster<T>(rows, n))
      return by_sorting(type, rows, n, ranks, in, out);
    if constexpr (!is_complex<T>)
      for_rows(rows, n, [&](int64_t first, row_parts parts) {
        std::vector<order_t<T>> found(wanted.ranks.size());
        select_row(static_cast<T const*>(in) + first, parts, places(wanted.ranks), found.data());
        T* const to = static_cast<T*>(out) + first / n * m;
        for (int64_t i = 0; i < m; ++i)
          to[i] = value_of_key<T>(
              found[static_cast<std::size_t>(wanted.position[static_cast<std::size_t>(i)])]);
      });
  });
}

void partition(dtype type, int64_t rows, int64_t n, int64_t place, void const* in, void* out) {
  visit(type, [&]<class T>() {
    if (sort_is_faster<T>(rows, n)) return sort(type, rows, n, in, out);
    for_rows(rows, n, [&](int64_t first, row_parts parts) {
      T const* const row = static_cast<T const*>(in) + first;
      partition_row(
          row, parts, place, [&](int64_t i) { return row[i]; }, static_cast<T*>(out) + first);
    });
  });
}

void argpartition(dtype type, int64_t rows, int64_t n, int64_t place, void const* in,
                  int64_t* out) {
  visit(type, [&]<class T>() {
    for_rows(rows, n, [&](int64_t first, row_parts parts) {
      partition_row(
          static_cast<T const*>(in) + first, parts, place, [](int64_t i) { return i; },
          out + first);
    });
  });
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
