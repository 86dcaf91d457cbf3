// Scans in one pass over memory: a grid that runs together takes a tile a block at a time. The blocks
// tell each other their tiles' totals (as gangs do, gang.hpp) and scan on from what is before them, in
// an order that only their number decides: the same bits every run. The next tile is on its way from
// memory meanwhile. Rows are segments of one long scan, so that their length does not matter.
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/stream.hpp>

#include <dsl/scalar.hpp>

#include <cuda_pipeline_primitives.h>

#include <algorithm>
#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;

constexpr int scan_threads = 512, warps = scan_threads / 32, packs = 8;
constexpr int most_blocks = 32 * (warps - 1);  // a warp reads the totals of 32, one warp does not
constexpr int tile_bytes = scan_threads * packs * 16;

template <reduction Op, class T>
struct scan_step {
  /// identity() combined with x is x to the bit.
  static __device__ T identity() {
    if constexpr (Op == reduction::prod)
      return convert<T>(1);
    else if constexpr (is_complex<T>)
      return T{-0.f, -0.f};
    else if constexpr (Op == reduction::sum)
      return std::is_integral_v<T> ? T(0) : T(-0.f);
    else if constexpr (std::is_integral_v<
                           T>)  // the greatest, or the least, which is its complement
      return Op == reduction::min ? T(~0ull >> std::is_signed_v<T>)
                                  : T(~(~0ull >> std::is_signed_v<T>));
    else
      return Op == reduction::min ? T(INFINITY) : T(-INFINITY);
  }
  static __device__ T combined(T a, T b) {
    if constexpr (Op == reduction::sum)
      return scalar::add(a, b);
    else if constexpr (Op == reduction::prod)
      return scalar::multiply(a, b);
    else if constexpr (Op == reduction::min)
      return scalar::minimum(a, b);
    else
      return scalar::maximum(a, b);
  }
};

/// What a stretch of elements comes to: of all of them, or since a row began in it.
template <class T>
struct stretch {
  T value;
  bool begins;
};
template <class Step, class T>
__device__ stretch<T> joined(stretch<T> const& a, stretch<T> const& b) {
  return {b.begins ? b.value : Step::combined(a.value, b.value), a.begins || b.begins};
}

template <class T>
__device__ T shuffled_up(T const& v, int lanes) {
  constexpr int words = sizeof(T) / 4;
  unsigned bits[words];
  __builtin_memcpy(bits, &v, sizeof(T));
#pragma unroll
  for (int w = 0; w < words; ++w) bits[w] = __shfl_up_sync(~0u, bits[w], lanes);
  T other = v;
  __builtin_memcpy(&other, bits, sizeof(T));
  return other;
}
/// Of a warp's stretches in order, those up to each lane.
template <class Step, class T>
__device__ stretch<T> scanned_warp(stretch<T> own) {
  int const lane = static_cast<int>(threadIdx.x) % 32;
  unsigned const begin = __ballot_sync(~0u, own.begins) & (~0u >> (31 - lane));
  int const first = begin ? 31 - __clz(static_cast<int>(begin)) : 0;
#pragma unroll
  for (int d = 1; d < 32; d *= 2) {
    T const before = shuffled_up(own.value, d);
    if (lane - d >= first) own.value = Step::combined(before, own.value);
  }
  return {own.value, begin != 0};
}
/// The one before each lane's; `none` for the first.
template <class Step, class T>
__device__ stretch<T> before_lane(stretch<T> const& up_to, bool& exists) {
  bool const begins = __shfl_up_sync(~0u, up_to.begins, 1);
  T const value = shuffled_up(up_to.value, 1);
  exists = threadIdx.x % 32 != 0;
  return exists ? stretch<T>{value, begins} : stretch<T>{Step::identity(), false};
}

struct scan_arguments {
  void const* in;
  void* out;
  int64_t size, row;  // elements of all rows, and of one
  std::byte* exchange;
  bool packed;  // `in` lies at a pack
};

/// The word and the turn it belongs to, in one store: who sees the turn has the word.
__device__ void publish(std::uint64_t* to, unsigned turn, unsigned word) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(to),
               "l"(std::uint64_t{turn} << 32 | word)
               : "memory");
}
__device__ std::uint64_t published(std::uint64_t const* from) {
  std::uint64_t seen;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(seen) : "l"(from) : "memory");
  return seen;
}

template <reduction Op, class T>
__global__ void __launch_bounds__(scan_threads, 2)
    scan_tiles(const __grid_constant__ scan_arguments g) {
  using Step = scan_step<Op, T>;
  constexpr int E = 16 / sizeof(T), words = sizeof(T) / 4;
  constexpr int64_t tile = int64_t{scan_threads} * packs * E;
  extern __shared__ uint4 loaded[];  // a thread's own packs of the tile that comes next
  __shared__ alignas(16) std::byte shared[(packs * warps + 2 * warps + 1) * sizeof(T)];
  __shared__ bool begins[packs * warps + 2 * warps + 1];
  // By pack and warp, in the order of the elements: a warp's total, then what is before it in the tile.
  T* const total = reinterpret_cast<T*>(shared);
  // By 32 blocks: their tiles' totals, and of those before this block.
  T *const all_of = total + packs * warps, *const before_in = all_of + warps;
  bool *const all_begin = begins + packs * warps, *const before_begin = all_begin + warps;
  int const thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  int const blocks = static_cast<int>(gridDim.x), block = static_cast<int>(blockIdx.x);
  T const* const in = static_cast<T const*>(g.in);
  T* const out = static_cast<T*>(g.out);

  auto const place = [&](int64_t start, int k) {
    return start + (int64_t{k} * scan_threads + thread) * E;
  };
  auto const load = [&](int64_t start) {
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      int64_t const at = place(start, k);
      uint4* const to = loaded + k * scan_threads + thread;
      if (g.packed && at + E <= g.size) {
        __pipeline_memcpy_async(to, in + at, 16);
      } else {
#pragma unroll
        for (int e = 0; e < E; ++e)
          if (at + e < g.size) reinterpret_cast<T*>(to)[e] = in[at + e];
      }
    }
    __pipeline_commit();
  };

  T carry = Step::identity();  // what is before this round of tiles
  int64_t const round = tile * blocks;
  unsigned turn = 1;
  load(block * tile);
  for (int64_t first = 0; first < g.size; first += round, ++turn) {
    int64_t const start = first + block * tile;
    T v[packs][E];
    unsigned heads = 0;  // elements that begin a row
    __pipeline_wait_prior(0);
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      uint4 const bits = loaded[k * scan_threads + thread];
      __builtin_memcpy(v[k], &bits, 16);
    }
    if (first + round < g.size) load(start + round);
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      int64_t const at = place(start, k);
      if (g.row < g.size) {
        int64_t in_row = g.size <= ~0u
                             ? int64_t{static_cast<unsigned>(at) % static_cast<unsigned>(g.row)}
                             : at % g.row;
#pragma unroll
        for (int e = 0; e < E; ++e) {
          if (in_row == 0) heads |= 1u << (k * E + e);
          if (++in_row == g.row) in_row = 0;
        }
      }
#pragma unroll
      for (int e = 0; e < E; ++e) {
        if (at + e >= g.size) v[k][e] = Step::identity();
        if (e > 0 && !(heads >> (k * E + e) & 1)) v[k][e] = Step::combined(v[k][e - 1], v[k][e]);
      }
    }
    // Each pack's value becomes what is before it in its warp.
    T before[packs];
    unsigned warp_begins = 0;  // packs before which a row began in their warp
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      bool const own = (heads >> (k * E) & ((1u << E) - 1)) != 0;
      stretch<T> const up_to = scanned_warp<Step>(stretch<T>{v[k][E - 1], own});
      bool exists;
      stretch<T> const left = before_lane<Step>(up_to, exists);
      before[k] = left.value;
      warp_begins |= unsigned{left.begins} << k;
      if (lane == 31) {
        total[k * warps + warp] = up_to.value;
        begins[k * warps + warp] = up_to.begins;
      }
    }
    __syncthreads();
    auto* const room =
        reinterpret_cast<std::uint64_t*>(g.exchange) + turn % 2 * (int64_t{blocks} * (words + 1));
    if (warp == 0) {
      constexpr int each = packs * warps / 32;
      stretch<T> own{Step::identity(), false};
#pragma unroll
      for (int i = 0; i < each; ++i)
        own = joined<Step>(own, {total[lane * each + i], begins[lane * each + i]});
      stretch<T> const up_to = scanned_warp<Step>(own);
      if (lane == 31) {
        unsigned bits[words];
        __builtin_memcpy(bits, &up_to.value, sizeof(T));
#pragma unroll
        for (int w = 0; w < words; ++w) publish(room + block * (words + 1) + w, turn, bits[w]);
        publish(room + block * (words + 1) + words, turn, up_to.begins);
      }
      bool exists;
      stretch<T> left = before_lane<Step>(up_to, exists);
#pragma unroll
      for (int i = 0; i < each; ++i) {
        stretch<T> const next =
            joined<Step>(left, {total[lane * each + i], begins[lane * each + i]});
        total[lane * each + i] = left.value;
        begins[lane * each + i] = left.begins;
        left = next;
      }
    } else if (32 * (warp - 1) < blocks) {
      int const other = 32 * (warp - 1) + lane;
      stretch<T> theirs{Step::identity(), false};
      if (other < blocks) {
        std::uint64_t seen[words + 1];
        bool here;
        do {
          here = true;
#pragma unroll
          for (int w = 0; w <= words; ++w) {
            seen[w] = published(room + other * (words + 1) + w);
            here = here && static_cast<unsigned>(seen[w] >> 32) == turn;
          }
        } while (!here);
        unsigned bits[words];
#pragma unroll
        for (int w = 0; w < words; ++w) bits[w] = static_cast<unsigned>(seen[w]);
        __builtin_memcpy(&theirs.value, bits, sizeof(T));
        theirs.begins = static_cast<unsigned>(seen[words]) != 0;
      }
      __syncwarp();
      stretch<T> const up_to = scanned_warp<Step>(theirs);
      if (lane == 31) {
        all_of[warp - 1] = up_to.value;
        all_begin[warp - 1] = up_to.begins;
      }
      bool exists;
      stretch<T> const left = before_lane<Step>(up_to, exists);
      if (other == block) {
        before_in[0] = left.value;
        before_begin[0] = left.begins;
      }
    }
    __syncthreads();
    T base = carry;  // what is before this tile
#pragma unroll 1
    for (int w = 0; 32 * w < blocks; ++w) {
      if (w == block / 32)
        base = before_begin[0] ? before_in[0] : Step::combined(carry, before_in[0]);
      carry = all_begin[w] ? all_of[w] : Step::combined(carry, all_of[w]);
    }
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      // What is before the pack: in the tile before its warp, then in its warp.
      T left = total[k * warps + warp];
      if (!begins[k * warps + warp]) left = Step::combined(base, left);
      left = warp_begins >> k & 1 ? before[k] : Step::combined(left, before[k]);
      int64_t const at = place(start, k);
      bool row_began = false;
#pragma unroll
      for (int e = 0; e < E; ++e) {
        row_began = row_began || (heads >> (k * E + e) & 1);
        if (!row_began) v[k][e] = Step::combined(left, v[k][e]);
      }
      if (at + E <= g.size) {
        uint4 bits;
        __builtin_memcpy(&bits, v[k], 16);
        reinterpret_cast<uint4*>(out + at)[0] = bits;
      } else {
#pragma unroll
        for (int e = 0; e < E; ++e)
          if (at + e < g.size) out[at + e] = v[k][e];
      }
    }
  }
}

template <reduction Op, class T>
void scan_rows(int64_t rows, int64_t n, void const* in, void* out) {
  constexpr int64_t tile = tile_bytes / static_cast<int64_t>(sizeof(T));
  auto const kernel = scan_tiles<Op, T>;
  static bool const allowed = (allow_shared_memory(reinterpret_cast<void const*>(kernel)), true);
  static_cast<void>(allowed);
  scan_arguments g{in, out, rows * n, n, nullptr, reinterpret_cast<std::uintptr_t>(in) % 16 == 0};
  int64_t const blocks =
      std::min<int64_t>({(g.size + tile - 1) / tile, 2 * int64_t{multiprocessors()}, most_blocks});
  std::size_t const bytes =
      2 * (sizeof(T) / 4 + 1) * sizeof(std::uint64_t) * static_cast<std::size_t>(blocks);
  workspace const exchange(bytes);
  clear(exchange.data(), bytes);
  g.exchange = exchange.data();
  launch_together(kernel, blocks, scan_threads, tile_bytes, g);
}

template <class T>
void scan_of(reduction op, int64_t rows, int64_t n, void const* in, void* out) {
  if (op == reduction::sum) return scan_rows<reduction::sum, T>(rows, n, in, out);
  if (op == reduction::prod) return scan_rows<reduction::prod, T>(rows, n, in, out);
  if constexpr (!is_complex<T>) {
    if (op == reduction::min) return scan_rows<reduction::min, T>(rows, n, in, out);
    scan_rows<reduction::max, T>(rows, n, in, out);
  }
}

}  // namespace

void scan(reduction op, dtype type, int64_t rows, int64_t n, void const* in, void* out) {
  if (rows == 0 || n == 0) return;
  switch (type) {
    case dtype::i64: return scan_of<int64_t>(op, rows, n, in, out);
    case dtype::u64: return scan_of<std::uint64_t>(op, rows, n, in, out);
    case dtype::f32: return scan_of<float>(op, rows, n, in, out);
    case dtype::f64: return scan_of<double>(op, rows, n, in, out);
    case dtype::complex64: return scan_of<complex64>(op, rows, n, in, out);
    case dtype::complex128: return scan_of<complex128>(op, rows, n, in, out);
    default: break;  // the language converts to these
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
