// Elements chosen by indices or flags, and found in order.
#include <kernels/cuda/elements.hpp>
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/outside.hpp>

#include <algorithm>
#include <bit>
#include <optional>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;

__global__ void find_outside(int64_t const* indices, int64_t count, int64_t extent,
                             unsigned long long* found) {
  for (int64_t i = first_element(); i < count; i += grid_step())
    if (indices[i] < -extent || indices[i] >= extent)
      atomicMin(found, static_cast<unsigned long long>(i));
}

constexpr int takes_at_once = 4, block_takes = threads * takes_at_once;

/// `outside`: the least position of an index that is out of range, whose element is left out. A thread
/// takes several of its block's elements, so that the way from an index to its element is gone side by
/// side.
template <class U>
__global__ void take_words(const __grid_constant__ gather g, unsigned long long* outside) {
  auto const* const in = static_cast<U const*>(g.in);
  auto* const out = static_cast<U*>(g.out);
  int64_t const n = g.outer * g.count * g.inner;
  bool const narrow = n <= ~0u;
  int64_t const first = int64_t{blockIdx.x} * block_takes + threadIdx.x;
  int64_t position[takes_at_once], base[takes_at_once], row[takes_at_once];
#pragma unroll
  for (int k = 0; k < takes_at_once; ++k) {
    int64_t const at = first + k * threads;
    row[k] = -g.extent - 1;  // none
    if (at >= n) continue;
    int64_t line = at, i = 0, o = 0;
    if (g.inner > 1) {
      line = narrow ? int64_t{static_cast<unsigned>(at) / static_cast<unsigned>(g.inner)}
                    : at / g.inner;
      i = at - line * g.inner;
    }
    if (g.outer > 1)
      o = narrow ? int64_t{static_cast<unsigned>(line) / static_cast<unsigned>(g.count)}
                 : line / g.count;
    int64_t const j = line - o * g.count;
    position[k] = o * g.index_outer + j * g.index_step + i * g.index_inner;
    base[k] = o * g.extent * g.inner + i;
    row[k] = g.indices[position[k]];
  }
  U v[takes_at_once];
#pragma unroll
  for (int k = 0; k < takes_at_once; ++k) {
    if (row[k] < 0) row[k] += g.extent;
    if (row[k] >= 0 && row[k] < g.extent)
      v[k] = in[base[k] + row[k] * g.inner];
    else if (first + k * threads < n)
      atomicMin(outside, static_cast<unsigned long long>(position[k]));
  }
#pragma unroll
  for (int k = 0; k < takes_at_once; ++k)
    if (row[k] >= 0 && row[k] < g.extent) out[first + k * threads] = v[k];
}

/// Of rows (inner == 1), each kept in the shared memory of a block: its elements are read once, however
/// often and in whatever order they are taken. `packed`: in 16 bytes.
template <class U>
__global__ void take_of_kept_rows(const __grid_constant__ gather g, bool packed,
                                  unsigned long long* outside) {
  constexpr int at_once = 4, words = 16 / sizeof(U);
  extern __shared__ uint4 room[];
  U* const row = reinterpret_cast<U*>(room);
  int64_t const o = blockIdx.x;
  auto const* const in = static_cast<U const*>(g.in) + o * g.extent;
  auto* const out = static_cast<U*>(g.out) + o * g.count;
  auto const size = static_cast<int>(g.extent), packs = packed ? size / words : 0;
  for (int p = static_cast<int>(threadIdx.x); p < packs; p += threads)
    room[p] = __ldcs(reinterpret_cast<uint4 const*>(in) + p);
  for (int i = packs * words + static_cast<int>(threadIdx.x); i < size; i += threads)
    row[i] = in[i];
  __syncthreads();
  for (int64_t first = threadIdx.x; first < g.count; first += at_once * threads) {
    int64_t index[at_once];
    auto const position = [&](int k) {
      return o * g.index_outer + (first + k * threads) * g.index_step;
    };
#pragma unroll
    for (int k = 0; k < at_once; ++k)
      if (first + k * threads < g.count) index[k] = g.indices[position(k)];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (first + k * threads >= g.count) break;
      int64_t const i = index[k] < 0 ? index[k] + g.extent : index[k];
      if (i >= 0 && i < g.extent)
        out[first + k * threads] = row[i];
      else
        atomicMin(outside, static_cast<unsigned long long>(position(k)));
    }
  }
}
constexpr int64_t most_of_kept_row = 48 << 10;  // bytes, which a block may have without asking

/// Many rows, of each about as many elements as it has.
bool takes_of_kept_rows(gather const& g) {
  return g.inner == 1 && g.extent * g.element <= most_of_kept_row && 2 * g.count >= g.extent &&
         g.count >= threads && g.outer >= multiprocessors() &&
         g.outer <= std::numeric_limits<int>::max();
}

// A warp's 512 flags: bit k of a lane is flag 16 lane + k.
constexpr int lane_flags = 16, warp_flags = 32 * lane_flags,
              block_flags = threads / 32 * warp_flags;

/// The lane's flags; `count` becomes the warp's.
__device__ unsigned flags_of_lane(bool const* flags, int64_t first, int64_t n, int& count) {
  int64_t const at = first + static_cast<int>(threadIdx.x) % 32 * lane_flags;
  unsigned own = 0;
  if (at + lane_flags <= n && reinterpret_cast<std::uintptr_t>(flags) % 16 == 0) {
    uint4 const bytes = *reinterpret_cast<uint4 const*>(flags + at);
    unsigned const words[] = {bytes.x, bytes.y, bytes.z, bytes.w};
#pragma unroll
    for (int w = 0; w < 4; ++w) own |= words[w] * 0x10204080u >> 28 << 4 * w;  // 4 bytes of 0 or 1
  } else {
    for (int k = 0; k < lane_flags; ++k) own |= unsigned{at + k < n && flags[at + k]} << k;
  }
  count = __popc(own);
#pragma unroll
  for (int d = 16; d > 0; d /= 2) count += __shfl_xor_sync(~0u, count, d);
  return own;
}
__device__ int64_t first_of_warp() {
  return int64_t{blockIdx.x} * block_flags + static_cast<int>(threadIdx.x) / 32 * warp_flags;
}

__global__ void count_set(bool const* flags, int64_t n, int64_t* counts) {
  __shared__ int total;
  if (threadIdx.x == 0) total = 0;
  __syncthreads();
  int count;
  flags_of_lane(flags, first_of_warp(), n, count);
  if (threadIdx.x % 32 == 0) atomicAdd(&total, count);
  __syncthreads();
  if (threadIdx.x == 0) counts[blockIdx.x] = total;
}

/// `ends`: the flags set up to the end of each block. Of no elements, where `in` is null, their places.
template <class U>
__global__ void compress_words(U const* in, bool const* flags, int64_t n, int64_t const* ends,
                               U* out) {
  constexpr int at_once = 4;
  __shared__ int of_warp[threads / 32];
  __shared__ std::uint16_t chosen[block_flags];  // places in the block, in order
  int const warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  int count;
  unsigned const own = flags_of_lane(flags, first_of_warp(), n, count);
  if (lane == 0) of_warp[warp] = count;
  int up_to = __popc(own);
#pragma unroll
  for (int d = 1; d < 32; d *= 2) {
    int const before = __shfl_up_sync(~0u, up_to, d);
    if (lane >= d) up_to += before;
  }
  __syncthreads();
  int at = up_to - __popc(own), total = 0;
#pragma unroll
  for (int w = 0; w < threads / 32; ++w) {
    if (w < warp) at += of_warp[w];
    total += of_warp[w];
  }
  for (unsigned left = own; left != 0; left &= left - 1)
    chosen[at++] = static_cast<std::uint16_t>(warp * warp_flags + lane * lane_flags +
                                              __ffs(static_cast<int>(left)) - 1);
  __syncthreads();
  int64_t const first = int64_t{blockIdx.x} * block_flags;
  U* const to = out + (blockIdx.x > 0 ? ends[blockIdx.x - 1] : 0);
  for (int i = static_cast<int>(threadIdx.x); i < total; i += at_once * threads) {
    U value[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (i + k * threads >= total) continue;
      int64_t const from = first + chosen[i + k * threads];
      if constexpr (std::is_same_v<U, std::uint64_t>)
        value[k] = in ? in[from] : static_cast<U>(from);
      else
        value[k] = in[from];
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k)
      if (i + k * threads < total) to[i + k * threads] = value[k];
  }
}

template <class T>
__device__ bool precedes(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a < b || (b != b && a == a);
  else
    return a < b;
}
/// Of the sorted elements, each `step`-th lies in shared memory, which is searched first.
template <class T>
struct search_arguments {
  int64_t n;
  T const* sorted;
  int64_t count;
  T const* values;
  int64_t* out;    // places, or
  bool* is_there;  // whether the element there is the value
  bool right;
  unsigned top;  // elements in shared memory, less than twice `half`, a power of two
  unsigned half, step;
};
constexpr unsigned most_on_top = 4096;

template <class T>
__device__ void tell(search_arguments<T> const& g, int64_t i, T v, int64_t place) {
  if (g.is_there)
    g.is_there[i] = place < g.n && g.sorted[place] == v;
  else
    g.out[i] = place;
}

template <class T>
__global__ void __launch_bounds__(threads) search(const __grid_constant__ search_arguments<T> g) {
  __shared__ T top[most_on_top];
  for (unsigned i = threadIdx.x; i < g.top; i += threads) top[i] = g.sorted[int64_t{i} * g.step];
  __syncthreads();
  for (int64_t i = first_element(); i < g.count; i += grid_step()) {
    T const v = g.values[i];
    auto const goes_behind = [&](T x) { return g.right ? !precedes(v, x) : precedes(x, v); };
    unsigned found = 0;  // on top, that v goes behind
    for (unsigned s = g.half; s > 0; s /= 2)
      if (found + s <= g.top && goes_behind(top[found + s - 1])) found += s;
    int64_t first = found;
    if (g.step > 1 && found > 0) {  // between two of them
      first = int64_t{found - 1} * g.step + 1;
      unsigned left = static_cast<unsigned>(smaller(g.step - 1, g.n - first));
      while (left > 0) {
        unsigned const half = left / 2;
        if (goes_behind(g.sorted[first + half])) {
          first += half + 1;
          left -= half + 1;
        } else {
          left = half;
        }
      }
    }
    tell(g, i, v, first);
  }
}

constexpr unsigned most_cells = 2048;

/// Cells of equal width between the least and the greatest of ascending elements, and one for NaN: what is in
/// a lower cell is less.
template <class T>
class cells {
 public:
  __device__ cells(T const* sorted, unsigned n) : least_(sorted[0]), greatest_(sorted[n - 1]) {
    float const width = distance(least_, greatest_);
    if (width > 0 && isfinite(width)) {
      count_ = most_cells;
      scale_ = static_cast<float>(most_cells) / width;
    }
  }
  /// With NaN's.
  [[nodiscard]] __device__ unsigned size() const { return count_ + 1; }
  [[nodiscard]] __device__ unsigned of(T v) const {
    if (v <= least_) return 0;
    if constexpr (std::is_floating_point_v<T>)
      if (v != v) return count_;
    float const at = distance(least_, v) * scale_;
    return v < greatest_ && at < static_cast<float>(count_ - 1) ? static_cast<unsigned>(at)
                                                                : count_ - 1;
  }

 private:
  static __device__ float distance(T from, T to) {
    if constexpr (std::is_integral_v<T>)  // also where it is no T
      return static_cast<float>(static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from));
    else
      return static_cast<float>(to - from);
  }

  T least_, greatest_;
  unsigned count_ = 1;
  float scale_ = 0;
};

/// All of the sorted elements lie in shared memory, and only those of a value's cell are searched. A thread
/// has pairs of neighbours, whose places it stores together.
template <class T>
__global__ void __launch_bounds__(threads)
    search_cells(const __grid_constant__ search_arguments<T> g) {
  constexpr int pairs = 2, at_once = 2 * pairs;
  __shared__ T sorted[most_on_top];
  __shared__ std::uint16_t first_of[most_cells + 2];  // of each cell
  auto const n = static_cast<unsigned>(g.n);
  for (unsigned i = threadIdx.x; i < n; i += threads) sorted[i] = g.sorted[i];
  __syncthreads();
  cells<T> const cell(sorted, n);
  for (unsigned i = threadIdx.x; i <= n; i += threads) {
    unsigned const from = i == 0 ? 0 : cell.of(sorted[i - 1]) + 1,
                   to = i == n ? cell.size() : cell.of(sorted[i]);
    for (unsigned c = from; c <= to; ++c) first_of[c] = static_cast<std::uint16_t>(i);
  }
  __syncthreads();
  bool const packed = !g.is_there && reinterpret_cast<std::uintptr_t>(g.out) % 16 == 0;
  for (int64_t first = first_element(); 2 * first < g.count; first += pairs * grid_step()) {
    auto const place = [&](int k) { return 2 * (first + k / 2 * grid_step()) + k % 2; };
    T value[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k)
      if (place(k) < g.count) value[k] = g.values[place(k)];
    longlong2 both;
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (place(k) >= g.count) break;
      T const v = value[k];
      unsigned const c = cell.of(v);
      unsigned found = first_of[c], left = first_of[c + 1] - found;
      while (left > 0) {
        unsigned const half = left / 2;
        T const x = sorted[found + half];
        if (g.right ? !precedes(v, x) : precedes(x, v)) {
          found += half + 1;
          left -= half + 1;
        } else {
          left = half;
        }
      }
      if (k % 2 == 0) {
        both.x = found;
        if (!packed || place(k) + 1 >= g.count) tell(g, place(k), v, found);
      } else if (packed) {
        both.y = found;
        *reinterpret_cast<longlong2*>(g.out + place(k - 1)) = both;
      } else {
        tell(g, place(k), v, found);
      }
    }
  }
}

}  // namespace

int64_t first_outside(int64_t const* indices, int64_t count, int64_t extent) {
  if (count == 0) return -1;
  outside_position found;
  launch(find_outside, blocks_for(count), threads, indices, count, extent, found.data());
  return found.item();
}

int64_t take(gather const& g, bool inside) {
  int64_t const n = g.outer * g.count * g.inner;
  if (n == 0) return first_outside(g.indices, g.index_count(), g.extent);
  // Neighbours that are taken together move as larger words.
  gather wide = g;
  auto const at_word = [](void const* p, int64_t bytes) {
    return reinterpret_cast<std::uintptr_t>(p) % static_cast<std::uintptr_t>(bytes) == 0;
  };
  while (wide.index_inner == 0 && wide.element < 16 && wide.inner % 2 == 0 &&
         at_word(wide.in, 2 * wide.element) && at_word(wide.out, 2 * wide.element)) {
    wide.element *= 2;
    wide.inner /= 2;
  }
  std::optional<outside_position> found;
  if (!inside) found.emplace();
  unsigned long long* const outside = found ? found->data() : nullptr;
  if (takes_of_kept_rows(g))
    with_word(g.element, [&]<class U>() {
      int64_t const bytes = g.extent * g.element;
      launch_shared(take_of_kept_rows<U>, g.outer, threads, static_cast<unsigned>(bytes), g,
                    bytes % 16 == 0 && at_word(g.in, 16), outside);
    });
  else
    with_word(wide.element, [&]<class U>() {
      int64_t const elements = wide.outer * wide.count * wide.inner;
      int64_t const blocks = (elements + block_takes - 1) / block_takes;
      launch(take_words<U>, blocks, threads, wide, outside);
    });
  return found ? found->item() : -1;
}

void count_flags(int64_t n, bool const* flags, int64_t* ends) {
  static_assert(flag_block == block_flags);
  int64_t const blocks = (n + flag_block - 1) / flag_block;
  if (blocks == 0) return;
  workspace const counts(sizeof(int64_t) * static_cast<std::size_t>(blocks));
  auto* const of_block = reinterpret_cast<int64_t*>(counts.data());
  launch(count_set, blocks, threads, flags, n, of_block);
  scan(reduction::sum, dtype::i64, 1, blocks, 1, of_block, ends);
}

void compress(int64_t element, int64_t n, void const* in, bool const* flags, int64_t const* ends,
              void* out) {
  if (n == 0) return;
  with_word(element, [&]<class U>() {
    launch(compress_words<U>, (n + flag_block - 1) / flag_block, threads, static_cast<U const*>(in),
           flags, n, ends, static_cast<U*>(out));
  });
}

namespace {

/// The values' places in sorted elements into `out`, or whether they are there into `is_there`.
void search_all(dtype type, int64_t n, void const* sorted, int64_t count, void const* values,
                bool right, int64_t* out, bool* is_there) {
  if (count == 0) return;
  // Few values are not worth many elements in every block's shared memory, nor a huge step.
  bool const many = count >= 64 * most_on_top;
  int64_t const wanted = !many && n < int64_t{1} << 31 ? 32 : most_on_top;
  int64_t const step = std::max<int64_t>((n + wanted - 1) / wanted, 1);
  auto const top = static_cast<unsigned>((n + step - 1) / step);
  auto const run = [&]<class T>(T) {
    search_arguments<T> const g{n,
                                static_cast<T const*>(sorted),
                                count,
                                static_cast<T const*>(values),
                                out,
                                is_there,
                                right,
                                top,
                                std::bit_floor(top),
                                static_cast<unsigned>(step)};
    bool const by_cells = n > 0 && step == 1 && many;
    launch(by_cells ? search_cells<T> : search<T>, blocks_for(count), threads, g);
  };
  switch (type) {
    case dtype::i64: return run(int64_t{});
    case dtype::u64: return run(std::uint64_t{});
    case dtype::f32: return run(float{});
    case dtype::f64: return run(double{});
    default: break;  // the language converts to these
  }
}

}  // namespace

void searchsorted(dtype type, int64_t n, void const* sorted, int64_t count, void const* values,
                  bool right, int64_t* out) {
  search_all(type, n, sorted, count, values, right, out, nullptr);
}

void isin(dtype type, int64_t n, void const* among, int64_t count, void const* values, bool* out) {
  workspace const sorted(static_cast<std::size_t>(n) * size_of(type));
  if (n > 0) sort(type, 1, n, among, sorted.data());
  search_all(type, n, sorted.data(), count, values, false, nullptr, out);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
