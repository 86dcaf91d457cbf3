// Values written to, or added to, the elements that indices tell. Where it matters which of several values
// for one element comes first, they are sorted by their rows, stable: the last of a row's values stays, or
// they are added in their order, tile by tile.
#include <kernels/cuda/elements.hpp>
#include <kernels/cuda/engine.hpp>

#include <algorithm>
#include <limits>
#include <optional>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;

/// A scatter with one axis of rows: of whole ones where each has one index, else of single elements.
struct flat_scatter {
  gather at;
  int64_t period;
  bool whole;  // rows
  int64_t count, rows, inner;

  explicit flat_scatter(scatter const& s)
      : at(s.at), period(s.period), whole(at.outer == 1 && at.index_inner == 0) {
    count = whole ? at.count : at.outer * at.count * at.inner;
    rows = whole ? at.extent : at.outer * at.extent * at.inner;
    inner = whole ? at.inner : 1;
  }

  [[nodiscard]] __device__ int64_t row(int64_t j) const {
    int64_t i = 0, o = 0, place = j;
    if (!whole) {
      i = place % at.inner;
      place /= at.inner;
      o = place / at.count;
      place -= o * at.count;
    }
    int64_t r = at.indices[o * at.index_outer + place * at.index_step + i * at.index_inner];
    if (r < 0) r += at.extent;
    return whole ? r : (o * at.extent + r) * at.inner + i;
  }
  /// Element i of value j, of words or of numbers.
  template <class U>
  [[nodiscard]] __device__ U value(int64_t j, int64_t i) const {
    int64_t const k = j * inner + i;
    return static_cast<U const*>(at.in)[k < period ? k : k % period];
  }
};

template <class K>
__global__ void find_rows(const __grid_constant__ flat_scatter s, K* rows) {
  for (int64_t j = first_element(); j < s.count; j += grid_step())
    rows[j] = static_cast<K>(s.row(j));
}
template <class K>
__global__ void pick_rows(int64_t n, K const* rows, int64_t const* order, int64_t* sorted) {
  for (int64_t p = first_element(); p < n; p += grid_step()) sorted[p] = rows[order[p]];
}

/// The values in the order of their rows, those of one row in their own.
class sorted_rows {
 public:
  explicit sorted_rows(flat_scatter const& s)
      : order_(sizeof(int64_t) * static_cast<std::size_t>(s.count)),
        sorted_(sizeof(int64_t) * static_cast<std::size_t>(s.count)) {
    if (s.rows <= int64_t{std::numeric_limits<std::uint32_t>::max()})
      sort<std::uint32_t>(s);
    else
      sort<std::uint64_t>(s);
  }
  /// Which value is in place p, and its row.
  [[nodiscard]] int64_t const* order() const { return reinterpret_cast<int64_t*>(order_.data()); }
  [[nodiscard]] int64_t const* rows() const { return reinterpret_cast<int64_t*>(sorted_.data()); }

 private:
  template <class K>
  void sort(flat_scatter const& s) {
    workspace const keys(sizeof(K) * static_cast<std::size_t>(s.count));
    auto* const rows = reinterpret_cast<K*>(keys.data());
    launch(find_rows<K>, blocks_for(s.count), threads, s, rows);
    argsort(dtype_of<K>, 1, s.count, rows, reinterpret_cast<int64_t*>(order_.data()));
    launch(pick_rows<K>, blocks_for(s.count), threads, s.count, static_cast<K const*>(rows),
           order(), reinterpret_cast<int64_t*>(sorted_.data()));
  }

  workspace order_, sorted_;
};

/// The values of one row are all the same.
template <class U>
__global__ void put_any(const __grid_constant__ flat_scatter s) {
  auto* const out = static_cast<U*>(s.at.out);
  for (int64_t e = first_element(); e < s.count * s.inner; e += grid_step()) {
    int64_t const j = e / s.inner, i = e - j * s.inner;
    out[s.row(j) * s.inner + i] = s.value<U>(j, i);
  }
}
template <class U>
__global__ void put_last(const __grid_constant__ flat_scatter s, int64_t const* order,
                         int64_t const* rows) {
  auto* const out = static_cast<U*>(s.at.out);
  for (int64_t e = first_element(); e < s.count * s.inner; e += grid_step()) {
    int64_t const p = e / s.inner, i = e - p * s.inner, row = rows[p];
    if (p + 1 == s.count || rows[p + 1] != row) out[row * s.inner + i] = s.value<U>(order[p], i);
  }
}

/// Integers of 4 and 8 bytes: their sums do not depend on the order.
template <class U>
__global__ void add_integers(const __grid_constant__ flat_scatter s) {
  auto* const out = static_cast<U*>(s.at.out);
  for (int64_t e = first_element(); e < s.count * s.inner; e += grid_step()) {
    int64_t const j = e / s.inner, i = e - j * s.inner;
    atomicAdd(out + s.row(j) * s.inner + i, s.value<U>(j, i));
  }
}

/// What values of T are summed in, from `none` on, which changes nothing, -0 neither.
template <class T>
struct sum_of {
  using type = T;
  static __device__ T none() {
    if constexpr (is_complex<T>)
      return {-0., -0.};
    else
      return T(-0.);
  }
  static __device__ T add(T a, T b) { return a + b; }
};
template <class T>
requires(is_half<T>) struct sum_of<T> : sum_of<float> {
};
template <class T>
requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) struct sum_of<T> {
  using type = unsigned;  // of 1 and 2 bytes
  static __device__ unsigned none() { return 0; }
  static __device__ unsigned add(unsigned a, unsigned b) { return a + b; }
};
template <>
struct sum_of<bool> {
  using type = unsigned;
  static __device__ unsigned none() { return 0; }
  static __device__ unsigned add(unsigned a, unsigned b) { return a | b; }
};

template <class T>
__device__ void add_to(T& element, typename sum_of<T>::type sum) {
  using type = typename sum_of<T>::type;
  element = static_cast<T>(sum_of<T>::add(static_cast<type>(element), sum));
}
template <class A>
__device__ A from_lane(A a, int distance) {
  if constexpr (is_complex<A>)
    return {from_lane(a.re, distance), from_lane(a.im, distance)};
  else
    return __shfl_xor_sync(~0u, a, distance);
}

constexpr int64_t tile = 64;  // values that a thread sums; fixed, for the order of additions

/// Adds the sums of the rows whose values lie in one tile. Of others it stores the sum in the tile where
/// they begin, and those in the tiles where they go on.
template <class T>
__global__ void add_tiles(const __grid_constant__ flat_scatter s, int64_t const* order,
                          int64_t const* rows, typename sum_of<T>::type* begun,
                          typename sum_of<T>::type* continued) {
  using sum = sum_of<T>;
  auto* const out = static_cast<T*>(s.at.out);
  int64_t const tiles = (s.count + tile - 1) / tile;
  for (int64_t e = first_element(); e < tiles * s.inner; e += grid_step()) {
    int64_t const t = e / s.inner, i = e - t * s.inner, first = t * tile;
    int64_t const last = first + tile < s.count ? first + tile : s.count;
    for (int64_t p = first; p < last;) {
      int64_t const row = rows[p];
      bool const goes_on_here = p == first && p > 0 && rows[p - 1] == row;
      auto total = static_cast<typename sum::type>(s.value<T>(order[p], i));
      for (++p; p < last && rows[p] == row; ++p)
        total = sum::add(total, static_cast<typename sum::type>(s.value<T>(order[p], i)));
      if (goes_on_here)
        continued[e] = total;
      else if (p == last && p < s.count && rows[p] == row)
        begun[e] = total;
      else
        add_to(out[row * s.inner + i], total);
    }
  }
}
/// A warp for each tile: adds the sum of the row that begins there and goes on in the next ones.
template <class T>
__global__ void add_long_rows(const __grid_constant__ flat_scatter s, int64_t const* rows,
                              typename sum_of<T>::type const* begun,
                              typename sum_of<T>::type const* continued) {
  using sum = sum_of<T>;
  auto* const out = static_cast<T*>(s.at.out);
  int64_t const tiles = (s.count + tile - 1) / tile;
  int const lane = static_cast<int>(threadIdx.x) % 32;
  for (int64_t e = first_element() / 32; e < (tiles - 1) * s.inner; e += grid_step() / 32) {
    int64_t const t = e / s.inner, i = e - t * s.inner, first = t * tile, next = first + tile;
    int64_t const row = rows[next];
    if (rows[next - 1] != row || (first > 0 && rows[first - 1] == row))
      continue;  // the warp as one
    auto total = sum::none();
    for (int64_t u = t + 1 + lane; u < tiles && rows[u * tile] == row; u += 32)
      total = sum::add(total, continued[u * s.inner + i]);
#pragma unroll
    for (int d = 16; d > 0; d /= 2) total = sum::add(total, from_lane(total, d));
    if (lane == 0) add_to(out[row * s.inner + i], sum::add(begun[e], total));
  }
}

template <class T>
void add_sorted(flat_scatter const& s) {
  using sum = typename sum_of<T>::type;
  int64_t const tiles = (s.count + tile - 1) / tile;
  std::size_t const bytes = sizeof(sum) * static_cast<std::size_t>(tiles * s.inner);
  sorted_rows const sorted(s);
  workspace const first(bytes), others(bytes);
  auto* const begun = reinterpret_cast<sum*>(first.data());
  auto* const continued = reinterpret_cast<sum*>(others.data());
  launch(add_tiles<T>, blocks_for(tiles * s.inner), threads, s, sorted.order(), sorted.rows(),
         begun, continued);
  if (tiles > 1)
    launch(add_long_rows<T>, blocks_for(32 * (tiles - 1) * s.inner), threads, s, sorted.rows(),
           static_cast<sum const*>(begun), static_cast<sum const*>(continued));
}

}  // namespace

void put(scatter const& all) {
  flat_scatter const s(all);
  if (s.count * s.inner == 0) return;
  std::optional<sorted_rows> sorted;
  if (s.inner % s.period != 0) sorted.emplace(s);
  with_word(s.at.element, [&]<class U>() {
    if (sorted)
      launch(put_last<U>, blocks_for(s.count * s.inner), threads, s, sorted->order(),
             sorted->rows());
    else
      launch(put_any<U>, blocks_for(s.count * s.inner), threads, s);
  });
}

void add_at(scatter const& all) {
  flat_scatter const s(all);
  if (s.count * s.inner == 0) return;
  visit(all.type, [&]<class T>() {
    if constexpr (std::is_integral_v<T> && sizeof(T) >= 4) {
      using word = std::conditional_t<sizeof(T) == 4, unsigned, unsigned long long>;
      launch(add_integers<word>, blocks_for(s.count * s.inner), threads, s);
    } else {
      add_sorted<T>(s);
    }
  });
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
