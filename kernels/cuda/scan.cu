// Scans in one pass over memory: a grid that runs together takes a tile a block at a time. The blocks
// tell each other their tiles' totals (as gangs do, gang.hpp) and scan on from what is before them, in
// an order that only their number decides: the same bits every run. Totals are told a tile ahead, and
// two more tiles are on their way from memory, so that nobody waits. Rows are segments of one long
// scan, so that their length does not matter.
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/scan_step.hpp>
#include <kernels/cuda/stream.hpp>

#include <cuda_pipeline_primitives.h>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;

constexpr int most_threads = 1024, most_warps = most_threads / 32;
constexpr int packs = 4;  // of 16 bytes, one behind the other, that a thread takes of a tile
constexpr int slots = 3;  // tiles in shared memory
constexpr int rooms = 4;  // of totals: a block may be two rounds ahead of one that still reads

/// Words of 8 bytes between the totals of neighbours, which are told 16 bytes apart at least: closer, blocks
/// wait for each other's stores.
template <class T>
constexpr int room_words = sizeof(T) == 4 ? 2 : sizeof(T) / 4;

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
/// The one before each lane's, an empty one for the first.
template <class Step, class T>
__device__ stretch<T> before_lane(stretch<T> const& up_to) {
  bool const begins = __shfl_up_sync(~0u, up_to.begins, 1);
  T const value = shuffled_up(up_to.value, 1);
  return threadIdx.x % 32 != 0 ? stretch<T>{value, begins} : stretch<T>{Step::identity(), false};
}

struct scan_arguments {
  void const* in;
  void* out;
  int64_t size, row;  // elements of all rows, and of one
  std::byte* exchange;
  bool packed;  // `in` lies at a pack
};

/// Where pack p of a warp's lies: neither a thread's packs nor neighbours of 8 threads meet in a bank.
__device__ int banked(int p) { return p ^ (p >> 3 & 3); }

template <reduction Op, class T>
__global__ void __launch_bounds__(most_threads, 1)
    scan_tiles(const __grid_constant__ scan_arguments g) {
  using Step = scan_step<Op, T>;
  constexpr int E = 16 / sizeof(T), words = sizeof(T) / 4, room = room_words<T>;
  extern __shared__ uint4 tiles[];
  __shared__ alignas(16) std::byte values[(3 * most_warps + 1) * sizeof(T)];
  __shared__ bool begins[3 * most_warps + 1];
  // By warp, of two tiles in turn: its total, then what is before it in the tile.
  T* const total = reinterpret_cast<T*>(values);
  // By 32 blocks the totals of their tiles, then of those before this block in its 32.
  T *const all_of = total + 2 * most_warps, *const before_in = all_of + most_warps;
  bool *const all_begin = begins + 2 * most_warps, *const before_begin = all_begin + most_warps;
  int const thread = static_cast<int>(threadIdx.x), warp = thread / 32, lane = thread % 32;
  int const threads = static_cast<int>(blockDim.x), warps = threads / 32;
  int const warp_packs = 32 * packs, tile_packs = threads * packs;
  int const blocks = static_cast<int>(gridDim.x), block = static_cast<int>(blockIdx.x);
  T const* const in = static_cast<T const*>(g.in);
  T* const out = static_cast<T*>(g.out);
  int64_t const each_round = int64_t{blocks} * tile_packs * E;
  int64_t const rounds = (g.size + each_round - 1) / each_round;

  auto const first_of = [&](int64_t round) {  // of this warp's elements
    return ((round * blocks + block) * tile_packs + warp * warp_packs) * E;
  };
  auto const slot_of = [&](int64_t round) {
    return tiles + static_cast<int>(round % slots) * tile_packs + warp * warp_packs;
  };
  auto const room_of = [&](int64_t round) {
    return reinterpret_cast<std::uint64_t*>(g.exchange) + round % rooms * blocks * room;
  };
  auto const load = [&](int64_t round) {
    if (round < rounds) {
      uint4* const to = slot_of(round);
#pragma unroll
      for (int k = 0; k < packs; ++k) {
        int const p = k * 32 + lane;
        int64_t const at = first_of(round) + int64_t{p} * E;
        if (g.packed && at + E <= g.size) {
          __pipeline_memcpy_async(to + banked(p), in + at, 16);
        } else {
#pragma unroll
          for (int e = 0; e < E; ++e)
            reinterpret_cast<T*>(to + banked(p))[e] = at + e < g.size ? in[at + e] : T{};
        }
      }
    }
    __pipeline_commit();
  };
  // Which of the thread's elements begin a row.
  auto const heads_of = [&](int64_t round) {
    int64_t const at = first_of(round) + int64_t{lane} * packs * E;
    if (g.row == g.size) return at == 0 ? 1u : 0u;
    int64_t const in_row = g.size <= ~0u
                               ? int64_t{static_cast<unsigned>(at) % static_cast<unsigned>(g.row)}
                               : at % g.row;
    unsigned heads = 0;
    for (int64_t e = in_row == 0 ? 0 : g.row - in_row; e < packs * E; e += g.row) heads |= 1u << e;
    return heads;
  };
  // Calls f(value, index) for the thread's elements of a tile, in order.
  auto const each = [&](int64_t round, auto const& f) {
#pragma unroll
    for (int k = 0; k < packs; ++k) {
      uint4* const pack = slot_of(round) + banked(lane * packs + k);
      uint4 bits = *pack;
      T v[E];
      __builtin_memcpy(v, &bits, 16);
#pragma unroll
      for (int e = 0; e < E; ++e) f(v[e], k * E + e);
      if constexpr (!std::is_invocable_v<decltype(f), T const&, int>) {
        __builtin_memcpy(&bits, v, 16);
        *pack = bits;
      }
    }
  };

  for (int r = 0; r < slots; ++r) load(r);
  T carry = Step::identity();  // what is before a round's tiles
  stretch<T> ahead{};          // of the next tile: what is before this thread in its warp,
  unsigned next_heads = 0;     // and its rows
  for (int64_t round = -1; round < rounds; ++round) {
    stretch<T> const left = ahead;
    unsigned const heads = next_heads;
    __pipeline_wait_prior(slots - 2);  // the next tile is here
    __syncwarp();
    if (round + 1 < rounds) {
      stretch<T> own{Step::identity(), false};
      next_heads = heads_of(round + 1);
      each(round + 1, [&](T const& v, int e) {
        own.value = next_heads >> e & 1 ? v : Step::combined(own.value, v);
      });
      own.begins = next_heads != 0;
      stretch<T> const up_to = scanned_warp<Step>(own);
      ahead = before_lane<Step>(up_to);
      if (lane == 31) {
        total[(round + 1) % 2 * warps + warp] = up_to.value;
        begins[(round + 1) % 2 * warps + warp] = up_to.begins;
      }
    }
    __syncthreads();
    if (warp == 0 && round + 1 < rounds) {
      int const at = static_cast<int>((round + 1) % 2) * warps + lane;
      stretch<T> own{Step::identity(), false};
      if (lane < warps) own = {total[at], begins[at]};
      stretch<T> const up_to = scanned_warp<Step>(own);
      if (lane == 31) {
        std::uint64_t* const to = room_of(round + 1) + block * room;
        unsigned const turn = static_cast<unsigned>(round + 2);
        unsigned bits[words];
        __builtin_memcpy(bits, &up_to.value, sizeof(T));
#pragma unroll
        for (int w = 0; w < words; ++w) publish(to + w, turn << 1 | up_to.begins, bits[w]);
      }
      stretch<T> const before = before_lane<Step>(up_to);
      if (lane < warps) {
        total[at] = before.value;
        begins[at] = before.begins;
      }
    } else if (warp > 0 && round >= 0 && 32 * (warp - 1) < blocks) {
      int const other = 32 * (warp - 1) + lane;
      stretch<T> theirs{Step::identity(), false};
      if (other < blocks) {
        std::uint64_t const* const from = room_of(round) + other * room;
        unsigned const turn = static_cast<unsigned>(round + 1);
        std::uint64_t seen[words];
        bool here;
        do {
          here = true;
#pragma unroll
          for (int w = 0; w < words; ++w) {
            seen[w] = published(from + w);
            here = here && static_cast<unsigned>(seen[w] >> 33) == turn;
          }
        } while (!here);
        unsigned bits[words];
#pragma unroll
        for (int w = 0; w < words; ++w) bits[w] = static_cast<unsigned>(seen[w]);
        __builtin_memcpy(&theirs.value, bits, sizeof(T));
        theirs.begins = (seen[0] >> 32 & 1) != 0;
      }
      __syncwarp();
      stretch<T> const up_to = scanned_warp<Step>(theirs);
      stretch<T> const before = before_lane<Step>(up_to);
      if (lane == 31) {
        all_of[warp - 1] = up_to.value;
        all_begin[warp - 1] = up_to.begins;
      }
      if (other == block) {
        *before_in = before.value;
        *before_begin = before.begins;
      }
    }
    __syncthreads();
    if (round >= 0) {
      stretch<T> before{carry, false};  // this tile
#pragma unroll 1
      for (int w = 0; 32 * w < blocks; ++w) {
        if (w == block / 32)
          before = joined<Step>(stretch<T>{carry, false}, stretch<T>{*before_in, *before_begin});
        carry = joined<Step>(stretch<T>{carry, false}, stretch<T>{all_of[w], all_begin[w]}).value;
      }
      int const at = static_cast<int>(round % 2) * warps + warp;
      before = joined<Step>(before, stretch<T>{total[at], begins[at]});
      T running = joined<Step>(before, left).value;
      each(round,
           [&](T& v, int e) { v = running = heads >> e & 1 ? v : Step::combined(running, v); });
      __syncwarp();
      uint4 const* const from = slot_of(round);
#pragma unroll
      for (int k = 0; k < packs; ++k) {
        int const p = k * 32 + lane;
        int64_t const to = first_of(round) + int64_t{p} * E;
        if (to + E <= g.size) {
          *reinterpret_cast<uint4*>(out + to) = from[banked(p)];
        } else {
#pragma unroll
          for (int e = 0; e < E; ++e)
            if (to + e < g.size) out[to + e] = reinterpret_cast<T const*>(from + banked(p))[e];
        }
      }
      __syncwarp();
      load(round + slots);
    }
  }
}

/// The threads of a block, and how many blocks the device runs at a time.
struct scan_grid {
  int threads, blocks;
  [[nodiscard]] unsigned shared() const {
    return static_cast<unsigned>(slots * threads * packs * 16);
  }
};
scan_grid grid_of(void const* kernel) {
  for (int threads = most_threads;; threads /= 2) {  // where shared memory is less, smaller blocks
    scan_grid g{threads, 0};
    g.blocks = std::min(resident_blocks(kernel, threads, g.shared()), 32 * (threads / 32 - 1));
    if (g.blocks > 0) return g;
  }
}

template <reduction Op, class T>
void scan_rows(int64_t rows, int64_t n, void const* in, void* out) {
  auto const kernel = scan_tiles<Op, T>;
  static scan_grid const grid = grid_of(reinterpret_cast<void const*>(kernel));
  scan_arguments g{in, out, rows * n, n, nullptr, reinterpret_cast<std::uintptr_t>(in) % 16 == 0};
  int64_t const tile = int64_t{grid.threads} * packs * 16 / int64_t{sizeof(T)};
  int64_t const blocks = std::min<int64_t>((g.size + tile - 1) / tile, grid.blocks);
  std::size_t const bytes =
      rooms * room_words<T> * sizeof(std::uint64_t) * static_cast<std::size_t>(blocks);
  workspace const exchange(bytes);
  clear(exchange.data(), bytes);
  g.exchange = exchange.data();
  launch_together(kernel, blocks, grid.threads, grid.shared(), g);
}

}  // namespace

void scan(reduction op, dtype type, int64_t outer, int64_t n, int64_t inner, void const* in,
          void* out) {
  if (outer == 0 || n == 0 || inner == 0) return;
  if (inner > 1) return scan_columns(op, type, outer, n, inner, in, out);
  visit_scan(op, type, [&]<reduction Op, class T>() { scan_rows<Op, T>(outer, n, in, out); });
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
