// Values added to the elements that indices tell. Where the order of additions matters they are sorted by
// their rows, stable, and added in their order, tile by tile. Where it does not, the memory may add them as
// they come.
#include <dsl/key.hpp>
#include <dsl/scope.hpp>
#include <kernels/cuda/lane.hpp>
#include <kernels/cuda/scatter.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

template <class T>
__device__ void add_in_memory(T* to, T value) {
  if constexpr (is_complex<T>) {
    atomicAdd(&to->re, value.re);
    atomicAdd(&to->im, value.im);
  } else {
    atomicAdd(to, value);
  }
}
/// In any order, by the memory's own additions. A warp's values for one element are summed first, since the
/// additions to one element wait for each other; not where the first values of its threads are for different
/// elements, since telling who is alike takes time too. There are less than 2^32 elements.
template <class T>
__global__ void __launch_bounds__(threads)
    add_unordered(const __grid_constant__ flat_scatter s, unsigned long long* outside) {
  constexpr int each = 4;  // values of a thread that are read before the first is added
  auto* const out = static_cast<T*>(s.at.out);
  int64_t const n = s.count * s.inner;
  int const lane = static_cast<int>(threadIdx.x) % 32;
  for (int64_t first = first_element(); first - lane < n; first += each * grid_step()) {
    unsigned element[each];
    T value[each];
    bool there[each] = {};
#pragma unroll
    for (int k = 0; k < each; ++k) {
      int64_t const e = first + k * grid_step();
      if (e >= n) break;
      int64_t const j = s.inner == 1 ? e : e / s.inner, i = e - j * s.inner;
      int64_t const row = s.row(j, outside);
      there[k] = row >= 0;
      element[k] = static_cast<unsigned>(row * s.inner + i);
      value[k] = s.value<T>(j, i);
    }
    bool alike = true;
#pragma unroll
    for (int k = 0; k < each; ++k) {
      unsigned const lanes = __ballot_sync(~0u, there[k]);
      unsigned same = 1u << lane;
      if (alike && there[k]) same = __match_any_sync(lanes, element[k]);
      if (k == 0) alike = __any_sync(~0u, (same & (same - 1)) != 0);
      if (!there[k]) continue;
      int const least = __ffs(static_cast<int>(same)) - 1;
      for (unsigned others = same & (same - 1); others != 0; others &= others - 1) {
        T const other = from_lane(value[k], __ffs(static_cast<int>(others)) - 1, same);
        if (lane == least) value[k] = value[k] + other;
      }
      if (lane == least) add_in_memory(out + element[k], value[k]);
    }
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
  using type = std::conditional_t<sizeof(T) == 8, unsigned long long, unsigned>;
  static __device__ type none() { return 0; }
  static __device__ type add(type a, type b) { return a + b; }
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

// Values that are summed at once, by a thread of rows and by a block of single elements; fixed, for
// the order of additions.
constexpr int64_t row_tile = 64, thread_tile = 8, block_tile = threads * thread_tile;

/// Sums of one tile that are not all of their row's: of the row that begins there and goes on, and of
/// the one that began before.
template <class T>
struct open_sums {
  typename sum_of<T>::type *begun, *continued;
};

/// Adds the sums of the rows whose values lie in one tile. Of others it stores the sum in the tile where
/// they begin, and those in the tiles where they go on.
template <class T, class K, class V>
__global__ void add_rows(const __grid_constant__ flat_scatter s, K const* rows, V const* places,
                         open_sums<T> const open) {
  using sum = sum_of<T>;
  auto* const out = static_cast<T*>(s.at.out);
  int64_t const tiles = (s.count + row_tile - 1) / row_tile;
  for (int64_t e = first_element(); e < tiles * s.inner; e += grid_step()) {
    int64_t const t = e / s.inner, i = e - t * s.inner, first = t * row_tile;
    int64_t const last = first + row_tile < s.count ? first + row_tile : s.count;
    auto const value = [&](int64_t p) {
      return static_cast<typename sum::type>(s.value<T>(static_cast<int64_t>(places[p]), i));
    };
    for (int64_t p = first; p < last;) {
      K const row = rows[p];
      bool const goes_on_here = p == first && p > 0 && rows[p - 1] == row;
      auto total = value(p);
      for (++p; p < last && rows[p] == row; ++p) total = sum::add(total, value(p));
      if (goes_on_here)
        open.continued[e] = total;
      else if (p == last && p < s.count && rows[p] == row)
        open.begun[e] = total;
      else
        add_to(out[static_cast<int64_t>(row) * s.inner + i], total);
    }
  }
}

/// The same of single elements, whose bits are beside the rows: a block a tile, in which a thread sums
/// neighbours and those of other threads that go on with its last row.
template <class T, class K, class V>
__global__ void __launch_bounds__(threads)
    add_elements(K const* rows, V const* beside, int64_t count, T* out, open_sums<T> const open) {
  using sum = sum_of<T>;
  using word = key_bits<T>;
  constexpr int pitch = thread_tile + 1;  // threads read different banks
  __shared__ K row_of[threads * pitch];
  __shared__ V bits_of[threads * pitch];
  __shared__ typename sum::type continued[threads];
  int const thread = static_cast<int>(threadIdx.x);
  int64_t const start = int64_t{blockIdx.x} * block_tile;
  int const here = static_cast<int>(start + block_tile < count ? block_tile : count - start);
#pragma unroll
  for (int k = 0; k < thread_tile; ++k) {
    int const i = k * threads + thread, to = i / thread_tile * pitch + i % thread_tile;
    if (i < here) {
      row_of[to] = rows[start + i];
      bits_of[to] = beside[start + i];
    }
  }
  __syncthreads();
  auto const row_at = [&](int i) { return row_of[i / thread_tile * pitch + i % thread_tile]; };
  int const first = thread * thread_tile;
  int const last = first + thread_tile < here ? first + thread_tile : here;
  // What is before and behind the tile.
  bool const from_before = start > 0 && rows[start - 1] == row_at(0);
  bool const to_next = start + here < count && rows[start + here] == row_at(here - 1);
  bool open_end = false;  // the thread's last row began here and goes on
  auto total = sum::none();
  K row{};
  for (int i = first; i < last;) {
    row = row_at(i);
    bool const goes_on_here = i == first && (i > 0 ? row_at(i - 1) == row : from_before);
    total = sum::none();
    for (; i < last && row_at(i) == row; ++i)
      total = sum::add(total, static_cast<typename sum::type>(__builtin_bit_cast(
                                  T, static_cast<word>(bits_of[thread * pitch + i - first]))));
    if (goes_on_here)
      continued[thread] = total;
    else if (i == last && (last < here ? row_at(last) == row : to_next))
      open_end = true;
    else
      add_to(out[row], total);
  }
  __syncthreads();
  auto const with_others = [&](int from) {  // those that go on with `row`
    for (int u = from; u * thread_tile < here && row_at(u * thread_tile) == row; ++u)
      total = sum::add(total, continued[u]);
  };
  if (open_end) {
    with_others(thread + 1);
    if (to_next && row_at(here - 1) == row)
      open.begun[blockIdx.x] = total;
    else
      add_to(out[row], total);
  }
  if (thread == 0 && from_before) {
    row = row_at(0);
    total = sum::none();
    with_others(0);
    open.continued[blockIdx.x] = total;
  }
}

/// A warp for each tile: adds the sum of the row that begins there and goes on in the next ones.
template <class T, class K>
__global__ void add_long_rows(const __grid_constant__ flat_scatter s, int64_t tile, K const* rows,
                              open_sums<T> const open) {
  using sum = sum_of<T>;
  auto* const out = static_cast<T*>(s.at.out);
  int64_t const tiles = (s.count + tile - 1) / tile;
  int const lane = static_cast<int>(threadIdx.x) % 32;
  for (int64_t e = first_element() / 32; e < (tiles - 1) * s.inner; e += grid_step() / 32) {
    int64_t const t = e / s.inner, i = e - t * s.inner, first = t * tile, next = first + tile;
    K const row = rows[next];
    if (rows[next - 1] != row || (first > 0 && rows[first - 1] == row))
      continue;  // the warp as one
    auto total = sum::none();
    for (int64_t u = t + 1 + lane; u < tiles && rows[u * tile] == row; u += 32)
      total = sum::add(total, open.continued[u * s.inner + i]);
#pragma unroll
    for (int d = 16; d > 0; d /= 2) total = sum::add(total, from_lane(total, lane ^ d));
    if (lane == 0)
      add_to(out[static_cast<int64_t>(row) * s.inner + i], sum::add(open.begun[e], total));
  }
}

template <class T, class K, class V>
void add_sorted(flat_scatter const& s, K const* rows, V const* beside, bool elements) {
  int64_t const tile = elements ? block_tile : row_tile, tiles = (s.count + tile - 1) / tile;
  std::size_t const bytes =
      sizeof(typename sum_of<T>::type) * static_cast<std::size_t>(tiles * s.inner);
  workspace const begun(bytes), continued(bytes);
  open_sums<T> const open{reinterpret_cast<typename sum_of<T>::type*>(begun.data()),
                          reinterpret_cast<typename sum_of<T>::type*>(continued.data())};
  if constexpr (sizeof(T) <= sizeof(V))
    if (elements)
      launch(add_elements<T, K, V>, tiles, threads, rows, beside, s.count,
             static_cast<T*>(s.at.out), open);
  if (!elements)
    launch(add_rows<T, K, V>, blocks_for(tiles * s.inner), threads, s, rows, beside, open);
  if (tiles > 1)
    launch(add_long_rows<T, K>, blocks_for(32 * (tiles - 1) * s.inner), threads, s, tile, rows,
           open);
}

/// Whether the memory's own additions are faster than sorting: of few values, and of single ones where the
/// elements are enough that few meet at one, and lie in the L2 cache (measured on an H200, 2^26 values).
bool is_faster_unordered(flat_scatter const& s) {
  int64_t const elements = s.rows * s.inner;
  if (s.count * s.inner <= 1 << 14) return elements <= std::numeric_limits<std::uint32_t>::max();
  return s.inner <= 4 && elements >= 1 << 13 && elements * s.at.element <= 1 << 25;
}

}  // namespace

int64_t add_at(scatter const& all) {
  flat_scatter const s(all);
  int64_t const n = s.count * s.inner;
  if (n == 0 || s.period == 0) return first_outside(s.at.indices, s.at.index_count(), s.at.extent);
  return visit(all.type, [&]<class T>() {
    using atomic = std::conditional_t<std::is_integral_v<T>, typename sum_of<T>::type, T>;
    if constexpr (sizeof(T) == sizeof(atomic) && !is_half<T>)
      if ((std::is_integral_v<T> || !deterministic_scope::current()) && is_faster_unordered(s))
        return unless_outside(s, [&](unsigned long long* outside) {
          launch(add_unordered<atomic>, blocks_for(n), threads, s, outside);
        });
    return with_sorted_rows(s, 0,
                            [&]<class K, class V>(sorted_rows<K, V> const& sorted, bool elements) {
                              add_sorted<T>(s, sorted.rows(), sorted.beside(), elements);
                            });
  });
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
