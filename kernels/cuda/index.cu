// Elements chosen by indices or flags, and found in order.
#include <kernels/cuda/elements.hpp>
#include <kernels/cuda/engine.hpp>

#include <algorithm>
#include <bit>

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

/// `outside`: the least position of an index that is out of range, whose element is left out. A thread
/// takes several, so that the way from an index to its element is gone side by side.
template <class U>
__global__ void take_words(const __grid_constant__ gather g, unsigned long long* outside) {
  constexpr int at_once = 4;
  auto const* const in = static_cast<U const*>(g.in);
  auto* const out = static_cast<U*>(g.out);
  int64_t const n = g.outer * g.count * g.inner;
  bool const narrow = n <= ~0u;
  for (int64_t first = first_element(); first < n; first += at_once * grid_step()) {
    int64_t position[at_once], base[at_once], row[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      int64_t const at = first + k * grid_step();
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
    U v[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      if (row[k] < 0) row[k] += g.extent;
      if (row[k] >= 0 && row[k] < g.extent)
        v[k] = in[base[k] + row[k] * g.inner];
      else if (first + k * grid_step() < n)
        atomicMin(outside, static_cast<unsigned long long>(position[k]));
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k)
      if (row[k] >= 0 && row[k] < g.extent) out[first + k * grid_step()] = v[k];
  }
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

__global__ void count_flags(bool const* flags, int64_t n, int64_t* counts) {
  __shared__ int total;
  if (threadIdx.x == 0) total = 0;
  __syncthreads();
  int count;
  flags_of_lane(flags, first_of_warp(), n, count);
  if (threadIdx.x % 32 == 0) atomicAdd(&total, count);
  __syncthreads();
  if (threadIdx.x == 0) counts[blockIdx.x] = total;
}

/// `until`: the flags set up to the end of each block. Of no elements, where `in` is null, their places.
template <class U>
__global__ void compress_words(U const* in, bool const* flags, int64_t n, int64_t const* until,
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
  U* const to = out + (blockIdx.x > 0 ? until[blockIdx.x - 1] : 0);
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
  int64_t* out;
  bool right;
  unsigned top;  // elements in shared memory, less than twice `half`, a power of two
  unsigned half, step;
};
constexpr unsigned most_on_top = 4096;

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
    g.out[i] = first;
  }
}

/// What kernels tell the least position of an index that is out of range through.
class outside_position {
 public:
  outside_position() { clear(data(), sizeof(int64_t), 0xff); }
  [[nodiscard]] unsigned long long* data() const {
    return reinterpret_cast<unsigned long long*>(memory_.data());
  }
  /// Waits for it; -1 where there is none.
  [[nodiscard]] int64_t item() const {
    int64_t first;
    copy_to_host(&first, memory_.data(), sizeof first);
    return first;
  }

 private:
  workspace memory_{sizeof(int64_t)};
};

}  // namespace

int64_t first_outside(int64_t const* indices, int64_t count, int64_t extent) {
  if (count == 0) return -1;
  outside_position const found;
  launch(find_outside, blocks_for(count), threads, indices, count, extent, found.data());
  return found.item();
}

int64_t take(gather const& g, bool inside) {
  int64_t const n = g.outer * g.count * g.inner;
  if (n == 0) return first_outside(g.indices, g.index_inner == 0 ? g.count : 0, g.extent);
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
  outside_position const found;
  with_word(wide.element, [&]<class U>() {
    launch(take_words<U>, blocks_for(wide.outer * wide.count * wide.inner), threads, wide,
           found.data());
  });
  return inside ? -1 : found.item();
}

void compress(int64_t element, int64_t n, void const* in, bool const* flags, int64_t count,
              void* out) {
  if (count == 0) return;
  int64_t const blocks = (n + block_flags - 1) / block_flags;
  std::size_t const bytes = sizeof(int64_t) * static_cast<std::size_t>(blocks);
  workspace const counts(bytes), sums(bytes);
  auto* const of_block = reinterpret_cast<int64_t*>(counts.data());
  auto* const until = reinterpret_cast<int64_t*>(sums.data());
  launch(count_flags, blocks, threads, flags, n, of_block);
  scan(reduction::sum, dtype::i64, 1, blocks, 1, of_block, until);
  with_word(element, [&]<class U>() {
    launch(compress_words<U>, blocks, threads, static_cast<U const*>(in), flags, n,
           static_cast<int64_t const*>(until), static_cast<U*>(out));
  });
}

void searchsorted(dtype type, int64_t n, void const* sorted, int64_t count, void const* values,
                  bool right, int64_t* out) {
  if (count == 0) return;
  // Few values are not worth many elements in every block's shared memory, nor a huge step.
  int64_t const wanted = count < 64 * most_on_top && n < int64_t{1} << 31 ? 32 : most_on_top;
  int64_t const step = std::max<int64_t>((n + wanted - 1) / wanted, 1);
  auto const top = static_cast<unsigned>((n + step - 1) / step);
  auto const run = [&]<class T>(T) {
    search_arguments<T> const g{n,
                                static_cast<T const*>(sorted),
                                count,
                                static_cast<T const*>(values),
                                out,
                                right,
                                top,
                                std::bit_floor(top),
                                static_cast<unsigned>(step)};
    launch(search<T>, blocks_for(count), threads, g);
  };
  switch (type) {
    case dtype::i64: return run(int64_t{});
    case dtype::u64: return run(std::uint64_t{});
    case dtype::f32: return run(float{});
    case dtype::f64: return run(double{});
    default: break;  // the language converts to these
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
