// The greatest elements of a row without sorting it. A sample of the row says about how great they are;
// one pass over the row notes all that is as great, a few times as many as are wanted, and those are
// ranked. Elements are compared together with their place, so that no two are equal and the sample tells
// as much of a row of few values as of any other. Where it misled, the bound is moved by bisection and
// the pass repeated. A row is the work of the whole grid, which runs together, or of one block.
#include <dsl/key.hpp>
#include <kernels/cuda/elements.hpp>
#include <kernels/cuda/engine.hpp>

#include <cooperative_groups.h>

#include <cmath>
#include <limits>
#include <utility>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;
using std::uint32_t;
using std::uint64_t;
__extension__ using uint128_t = unsigned __int128;

constexpr int team_threads = 512, team_warps = team_threads / 32;
constexpr int samples = 4;       // that a thread takes at most
constexpr int kept = 4;          // of a block's sample, by the grid
constexpr int grid_share = 512;  // elements for one of the sample
constexpr int block_share = 8;
constexpr uint32_t block_most = 2048;  // candidates of a row in shared memory
/// Candidates that take less time to rank, one against all, than to sort; of 64 bits only rows are sorted.
template <class C>
constexpr double ranked_most = sizeof(C) == 16 ? 32768 : 12288;

/// An element's key and its place, from 1: 0 is none.
template <class T>
using rank_key = std::conditional_t<sizeof(key(T{})) == 8, uint128_t, uint64_t>;
template <class T>
__device__ rank_key<T> ranked(T v, int64_t i) {
  return rank_key<T>{key(v)} << 32 | static_cast<uint32_t>(i + 1);
}

/// Whether an element may rank as high as a bound: a quick look, that all that do pass.
template <class T>
struct quick_look {
  using bits = decltype(key(T{}));
  bits bound;

  __device__ explicit quick_look(rank_key<T> least) : bound(static_cast<bits>(least >> 32)) {
    constexpr bits sign = bits(bits{1} << (8 * sizeof(bits) - 1));
    if constexpr (is_floating<T> && !is_complex<T>)  // of NaN's key another NaN
      bound = bound & sign ? bits(bound ^ sign) : bits(~bound);
    else if constexpr (std::is_signed_v<T>)
      bound ^= sign;
  }
  __device__ bool operator()(T v) const {
    if constexpr (is_complex<T>)
      return key(v) >= bound;
    else if constexpr (is_half<T>)
      return !(static_cast<float>(v) < static_cast<float>(__builtin_bit_cast(T, bound)));
    else if constexpr (is_floating<T>)
      return !(v < __builtin_bit_cast(T, bound));
    else
      return v >= static_cast<T>(bound);
  }
};

struct topk_arguments {
  void const* in;
  int64_t* out;
  void* candidates;  // of the grid: at most `most`
  void* heads;       // of the sample: `kept` a block
  uint32_t* count;
  int64_t rows;
  uint32_t n, k, sample, order, most;  // `order`: the sample's greatest but so many is the bound
  bool ranks;                          // else the candidates are left, and 0 behind them
};

template <class C>
__device__ C shuffled_xor(C v, int lanes) {
  if constexpr (sizeof(C) == 16) {
    uint64_t const low = __shfl_xor_sync(~0u, static_cast<uint64_t>(v), lanes);
    uint64_t const high = __shfl_xor_sync(~0u, static_cast<uint64_t>(v >> 64), lanes);
    return C{high} << 64 | low;
  } else {
    return __shfl_xor_sync(~0u, v, lanes);
  }
}
/// In every thread of the block.
template <class C>
__device__ C greatest_of_block(C v, C* of_warp) {
#pragma unroll
  for (int d = 16; d > 0; d /= 2) {
    C const other = shuffled_xor(v, d);
    if (v < other) v = other;
  }
  int const thread = static_cast<int>(threadIdx.x);
  __syncthreads();  // of_warp has been read
  if (thread % 32 == 0) of_warp[thread / 32] = v;
  __syncthreads();
  C all = of_warp[thread % team_warps];
#pragma unroll
  for (int d = team_warps / 2; d > 0; d /= 2) {
    C const other = shuffled_xor(all, d);
    if (all < other) all = other;
  }
  return all;
}
/// The block's `count`-th greatest of N a thread, 0 where there are fewer; each(c, i) gets those before.
template <int N, class C, class F>
__device__ C nth_greatest(C (&own)[N], int count, C* of_warp, F const& each) {
  C last = 0;
  for (int i = 0; i < count; ++i) {
    C greatest = 0;
#pragma unroll
    for (int s = 0; s < N; ++s)
      if (greatest < own[s]) greatest = own[s];
    last = greatest_of_block(greatest, of_warp);
    each(last, i);
#pragma unroll
    for (int s = 0; s < N; ++s)
      if (own[s] == last) own[s] = 0;
  }
  return last;
}

template <class T, bool Grid>
__global__ void __launch_bounds__(team_threads)
    select_greatest(const __grid_constant__ topk_arguments g) {
  using C = rank_key<T>;
  constexpr int E = 16 / sizeof(T), batch = 4;
  __shared__ C of_warp[team_warps];
  extern __shared__ uint4 block_candidates[];
  __shared__ uint32_t block_count;
  int const thread = static_cast<int>(threadIdx.x), block = static_cast<int>(blockIdx.x);
  int const blocks = Grid ? static_cast<int>(gridDim.x) : 1;
  int64_t const team = int64_t{blocks} * team_threads;
  int64_t const member = Grid ? int64_t{block} * team_threads + thread : thread;
  C* const candidates =
      Grid ? static_cast<C*>(g.candidates) : reinterpret_cast<C*>(block_candidates);
  uint32_t* const count = Grid ? g.count : &block_count;
  auto const meet = [] {
    if constexpr (Grid)
      cooperative_groups::this_grid().sync();
    else
      __syncthreads();
  };
  auto const none = [](C, int) {};

  for (int64_t row = Grid ? 0 : block; row < g.rows; row += Grid ? 1 : int64_t{gridDim.x}) {
    T const* const in = static_cast<T const*>(g.in) + row * g.n;
    // The sample: neighbours go to different blocks.
    C own[samples];
    uint32_t const stride = g.n / g.sample;
#pragma unroll
    for (int s = 0; s < samples; ++s) {
      int64_t const i = (int64_t{s} * team_threads + thread) * blocks + (Grid ? block : 0);
      int64_t const at = i * stride + static_cast<uint32_t>(i) * 2654435769u % stride;
      own[s] = i < g.sample ? ranked(in[at], at) : C{0};
    }
    C bound;
    if constexpr (Grid) {
      C* const heads = static_cast<C*>(g.heads);
      nth_greatest(own, kept, of_warp, [&](C c, int i) {
        if (thread == 0) heads[block * kept + i] = c;
      });
      if (member == 0) *count = 0;
      meet();
      C mine[2 * samples];
#pragma unroll
      for (int s = 0; s < 2 * samples; ++s) {
        int const i = s * team_threads + thread;
        mine[s] = i < blocks * kept ? heads[i] : C{0};
      }
      bound = nth_greatest(mine, static_cast<int>(g.order), of_warp, none);
    } else {
      bound = nth_greatest(own, static_cast<int>(g.order), of_warp, none);
      if (thread == 0) *count = 0;
      meet();
    }

    C below = 0, above = ~C{0} >> (8 * (sizeof(C) - sizeof(key(T{})) - 4));
    for (;;) {
      auto const consider = [&](T v, int64_t i) {
        C const c = ranked(v, i);
        if (c < bound) return;
        uint32_t const to = atomicAdd(count, 1u);
        if (to < g.most) candidates[to] = c;
      };
      quick_look<T> const may(bound);
      int64_t done = 0;
      if (reinterpret_cast<std::uintptr_t>(in) % 16 == 0) {
        int64_t const packs = g.n / E;
        auto const* const from = reinterpret_cast<uint4 const*>(in);
        for (int64_t p = member; p < packs; p += batch * team) {
          uint4 bits[batch];
#pragma unroll
          for (int b = 0; b < batch; ++b)
            if (p + b * team < packs) bits[b] = __ldcs(from + p + b * team);
#pragma unroll
          for (int b = 0; b < batch; ++b) {
            if (p + b * team >= packs) break;
            T v[E];
            __builtin_memcpy(v, &bits[b], 16);
            bool any = false;
#pragma unroll
            for (int e = 0; e < E; ++e) any = any || may(v[e]);
            if (any)
              for (int e = 0; e < E; ++e) consider(v[e], (p + b * team) * E + e);
          }
        }
        done = packs * E;
      }
      for (int64_t i = done + member; i < g.n; i += team) consider(in[i], i);
      meet();
      uint32_t const found = *static_cast<uint32_t volatile*>(count);
      if (found >= g.k && found <= g.most) break;
      (found < g.k ? above : below) = bound;
      bound = below + (above - below) / 2;
      meet();
      if (member == 0) *count = 0;
      meet();
    }

    uint32_t const found = *count;
    if (g.ranks) {
      int const lane = thread % 32;
      for (int64_t c = member / 32; c < found; c += team / 32) {
        C const mine = candidates[c];
        uint32_t greater = 0;
        for (uint32_t i = lane; i < found; i += 32) greater += candidates[i] > mine;
#pragma unroll
        for (int d = 16; d > 0; d /= 2) greater += __shfl_xor_sync(~0u, greater, d);
        if (lane == 0 && greater < g.k)
          g.out[row * g.k + greater] = static_cast<uint32_t>(mine) - int64_t{1};
      }
    } else {
      for (int64_t i = found + member; i < g.most; i += team) candidates[i] = 0;
    }
    if constexpr (!Grid) __syncthreads();
  }
}

/// out[i] = the place of the i-th from the end, of sorted candidates or of a row's indices in order.
__global__ void places_of_last(uint64_t const* sorted, int64_t n, int64_t k, int64_t* out) {
  for (int64_t i = first_element(); i < k; i += grid_step())
    out[i] = static_cast<uint32_t>(sorted[n - 1 - i]) - int64_t{1};
}
__global__ void last_of_rows(int64_t const* indices, int64_t rows, int64_t n, int64_t k,
                             int64_t* out) {
  for (int64_t i = first_element(); i < rows * k; i += grid_step())
    out[i] = indices[i / k * n + n - 1 - i % k];
}

void by_sorting(dtype type, int64_t rows, int64_t n, int64_t k, void const* in, int64_t* out) {
  workspace const memory(static_cast<std::size_t>(rows * n) * sizeof(int64_t));
  auto* const indices = reinterpret_cast<int64_t*>(memory.data());
  argsort(type, rows, n, in, indices);
  launch(last_of_rows, blocks_for(rows * k), threads, static_cast<int64_t const*>(indices), rows, n,
         k, out);
}

/// The size of a sample, which of its greatest is the bound, and how many candidates there may be.
template <class C>
void take_sample(topk_arguments& g, int64_t most) {
  double const n = g.n, k = g.k;
  double const sample = std::max(1., std::min(static_cast<double>(most), 16 * n / k));
  double const among = k * sample / n;  // of the sample, that are wanted
  double const order = std::ceil(among + 4 * std::sqrt(among) + 3);
  g.sample = static_cast<uint32_t>(sample);
  g.order = static_cast<uint32_t>(order);
  double const expected = order * n / sample;
  g.ranks = expected <= ranked_most<C>;
  g.most = static_cast<uint32_t>(std::min(n, std::ceil(expected * (order < 16 ? 4 : 2))));
}

template <class T>
bool by_grid(topk_arguments g) {
  using C = rank_key<T>;
  auto const kernel = select_greatest<T, true>;
  static int const resident =
      std::min(resident_blocks(reinterpret_cast<void const*>(kernel), team_threads, 0),
               2 * samples * team_threads / kept);
  take_sample<C>(g,
                 std::min<int64_t>(int64_t{resident} * team_threads * samples, g.n / grid_share));
  if (!g.ranks && sizeof(C) == 16) return false;
  std::size_t const bytes = g.most * sizeof(C);
  workspace const candidates(bytes), heads(static_cast<std::size_t>(resident) * kept * sizeof(C)),
      count(sizeof(uint32_t)), sorted(g.ranks ? 0 : bytes);
  g.candidates = candidates.data();
  g.heads = heads.data();
  g.count = reinterpret_cast<uint32_t*>(count.data());
  int64_t const rows = std::exchange(g.rows, 1);
  for (int64_t row = 0; row < rows; ++row) {
    launch_together(kernel, resident, team_threads, 0, g);
    if (!g.ranks) {
      sort(dtype::u64, 1, g.most, g.candidates, sorted.data());
      launch(places_of_last, blocks_for(g.k), threads,
             reinterpret_cast<uint64_t const*>(sorted.data()), int64_t{g.most}, int64_t{g.k},
             g.out);
    }
    g.in = static_cast<T const*>(g.in) + g.n;
    g.out += g.k;
  }
  return true;
}

template <class T>
bool by_blocks(topk_arguments g) {
  auto const kernel = select_greatest<T, false>;
  take_sample<rank_key<T>>(g, std::min<int64_t>(team_threads * samples, g.n / block_share));
  if (g.most > block_most) return false;
  static unsigned const bytes = block_most * sizeof(rank_key<T>);
  static int const resident =
      resident_blocks(reinterpret_cast<void const*>(kernel), team_threads, bytes);
  launch_shared(kernel, std::min<int64_t>(g.rows, resident), team_threads, bytes, g);
  return true;
}

}  // namespace

void topk(dtype type, int64_t rows, int64_t n, int64_t k, void const* in, int64_t* out) {
  if (rows == 0 || k == 0) return;
  // Short rows are sorted in no more time.
  bool const selects = type != dtype::complex128 && n > 2048 && k <= n / 16 &&
                       n < std::numeric_limits<uint32_t>::max();
  bool done = false;
  if (selects)
    visit(type, [&]<class T>() {
      if constexpr (sizeof(T) < 16) {
        topk_arguments g{};
        g.in = in, g.out = out;
        g.rows = rows, g.n = static_cast<uint32_t>(n), g.k = static_cast<uint32_t>(k);
        bool const alone = n > int64_t{1} << 18 && rows < multiprocessors() / 4;
        done = alone ? by_grid<T>(g) : by_blocks<T>(g);
      }
    });
  if (!done) by_sorting(type, rows, n, k, in, out);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
