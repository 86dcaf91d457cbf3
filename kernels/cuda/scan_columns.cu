// Scans down columns, which lie side by side in memory. A tile is rows x a warp's width of packs; each
// warp of its block takes some of the rows, into registers. What is above a tile comes from the block
// above, which tells it (a chain, in one pass over memory), or, where rows are too short to hide the
// telling, from a first pass that finds what stretches of tiles come to. The order of operations
// depends on the shape and the device only: the same bits every run.
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/scan_step.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;

constexpr int warps = 8, warp_rows = 16, tile_rows = warps * warp_rows;

enum class above : int {
  told,      // by the block of the tile above; a stretch is one tile
  known,     // of each stretch from the second on, in `totals`
  not_asked  // only totals are wanted, of each stretch
};

struct column_scan {
  void const* in;
  void* out;
  int64_t outer, n, inner;
  int64_t groups;            // of a row's packs, for all `outer`
  int64_t stretches, tiles;  // stretches of that many tiles
  above source;
  bool packed;            // rows begin at packs
  void* totals;           // [outer][stretches][inner]
  std::uint64_t* told;    // [groups][32 packs]: words
  unsigned* blocks_come;  // counts them, so that who waits came after whom it waits for
};

template <reduction Op, class T>
__global__ void __launch_bounds__(32 * warps, 2)
    scan_tiles_of_columns(const __grid_constant__ column_scan g) {
  using Step = scan_step<Op, T>;
  constexpr int E = 16 / sizeof(T), words = sizeof(T) / 4;
  __shared__ alignas(16) std::byte shared[(warps + 1) * 32 * 16];
  __shared__ unsigned turn;
  struct alignas(16) pack {
    T v[E];
  };
  auto* const total = reinterpret_cast<pack*>(shared);  // [warps][32]
  pack* const start = total + warps * 32;               // [32]: what is above the tile
  int const warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;

  if (threadIdx.x == 0) turn = g.source == above::told ? atomicAdd(g.blocks_come, 1u) : blockIdx.x;
  __syncthreads();
  int64_t const group = turn % g.groups, stretch = turn / g.groups;
  int64_t const row_groups = g.groups / g.outer;
  int64_t const outer = group / row_groups, column = (group % row_groups * 32 + lane) * E;
  int const left = static_cast<int>(g.inner - column < E ? g.inner - column : E);  // < 1: none
  int64_t const first = outer * g.n * g.inner + column;
  T const* const in = static_cast<T const*>(g.in) + first;
  T* const out = static_cast<T*>(g.out) + first;
  T* const totals = static_cast<T*>(g.totals) + (outer * g.stretches + stretch) * g.inner + column;
  std::uint64_t* const told = g.told + (group * 32 + lane) * (E * words);

  pack carry;
#pragma unroll
  for (int e = 0; e < E; ++e) {
    carry.v[e] = Step::identity();
    if (g.source == above::known && stretch > 0 && e < left) carry.v[e] = *(totals - g.inner + e);
  }
  int64_t const last = (stretch + 1) * g.tiles * tile_rows;
  for (int64_t row = stretch * g.tiles * tile_rows; row < last && row < g.n; row += tile_rows) {
    int64_t const own = row + warp * warp_rows;
    int const rows = static_cast<int>(g.n - own < warp_rows ? g.n - own : warp_rows);  // < 1: none
    pack v[warp_rows];
#pragma unroll
    for (int r = 0; r < warp_rows; ++r)
      if (g.packed && r < rows && left == E) {
        v[r] = *reinterpret_cast<pack const*>(in + (own + r) * g.inner);
      } else {
#pragma unroll
        for (int e = 0; e < E; ++e)
          v[r].v[e] = r < rows && e < left ? in[(own + r) * g.inner + e] : Step::identity();
      }
#pragma unroll
    for (int r = 1; r < warp_rows; ++r)
#pragma unroll
      for (int e = 0; e < E; ++e) v[r].v[e] = Step::combined(v[r - 1].v[e], v[r].v[e]);
    total[warp * 32 + lane] = v[warp_rows - 1];
    __syncthreads();
    if (warp == 0) {
      if (g.source == above::told && stretch > 0)
#pragma unroll
        for (int e = 0; e < E; ++e) {
          unsigned bits[words];
#pragma unroll
          for (int w = 0; w < words; ++w) {
            std::uint64_t seen = 0;
            while (static_cast<unsigned>(seen >> 32) != stretch)
              seen = published(told + e * words + w);
            bits[w] = static_cast<unsigned>(seen);
          }
          __builtin_memcpy(&carry.v[e], bits, sizeof(T));
        }
      start[lane] = carry;
#pragma unroll
      for (int w = 0; w < warps; ++w)
#pragma unroll
        for (int e = 0; e < E; ++e)
          carry.v[e] = Step::combined(carry.v[e], total[w * 32 + lane].v[e]);
      if (g.source == above::told)
#pragma unroll
        for (int e = 0; e < E; ++e) {
          unsigned bits[words];
          __builtin_memcpy(bits, &carry.v[e], sizeof(T));
#pragma unroll
          for (int w = 0; w < words; ++w)
            publish(told + e * words + w, static_cast<unsigned>(stretch + 1), bits[w]);
        }
    }
    __syncthreads();
    if (g.source != above::not_asked) {
      pack before = start[lane];
#pragma unroll 1
      for (int w = 0; w < warp; ++w)
#pragma unroll
        for (int e = 0; e < E; ++e)
          before.v[e] = Step::combined(before.v[e], total[w * 32 + lane].v[e]);
#pragma unroll
      for (int r = 0; r < warp_rows; ++r) {
#pragma unroll
        for (int e = 0; e < E; ++e) v[r].v[e] = Step::combined(before.v[e], v[r].v[e]);
        if (g.packed && r < rows && left == E) {
          *reinterpret_cast<pack*>(out + (own + r) * g.inner) = v[r];
        } else {
#pragma unroll
          for (int e = 0; e < E; ++e)
            if (r < rows && e < left) out[(own + r) * g.inner + e] = v[r].v[e];
        }
      }
    }
    __syncthreads();  // before the next tile's totals
  }
  if (g.source == above::not_asked && warp == 0)
#pragma unroll
    for (int e = 0; e < E; ++e)
      if (e < left) totals[e] = carry.v[e];
}

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <reduction Op, class T>
void scan_by(int64_t outer, int64_t n, int64_t inner, void const* in, void* out) {
  constexpr int64_t E = 16 / sizeof(T), words = sizeof(T) / 4;
  // A row of tiles is told to the next one within about 2 us, in which memory moves this many bytes.
  constexpr int64_t wide = 32 << 10, few = 16;
  auto const at_packs = [](void const* p) { return reinterpret_cast<std::uintptr_t>(p) % 16 == 0; };
  int64_t const groups = outer * ceil_div(inner, 32 * E), row_tiles = ceil_div(n, tile_rows);
  column_scan g{
      in,      out,       outer,  n,           inner,
      groups,  row_tiles, 1,      above::told, inner % E == 0 && at_packs(in) && at_packs(out),
      nullptr, nullptr,   nullptr};
  auto const kernel = scan_tiles_of_columns<Op, T>;
  if (row_tiles <= few || outer * inner * int64_t{sizeof(T)} >= wide) {
    std::size_t const told_bytes = static_cast<std::size_t>(groups * 32 * E * words) * 8;
    workspace const told(told_bytes + sizeof(unsigned));
    clear(told.data(), told_bytes + sizeof(unsigned));
    g.told = reinterpret_cast<std::uint64_t*>(told.data());
    g.blocks_come = reinterpret_cast<unsigned*>(told.data() + told_bytes);
    return launch(kernel, groups * row_tiles, 32 * warps, g);
  }
  g.tiles = ceil_div(row_tiles, std::max<int64_t>(4 * int64_t{multiprocessors()} / groups, few));
  g.stretches = ceil_div(row_tiles, g.tiles);
  workspace const totals(static_cast<std::size_t>(outer * g.stretches * inner) * sizeof(T));
  g.totals = totals.data();
  g.source = above::not_asked;
  launch(kernel, groups * g.stretches, 32 * warps, g);
  scan_by<Op, T>(outer, g.stretches, inner, totals.data(), totals.data());
  g.source = above::known;
  launch(kernel, groups * g.stretches, 32 * warps, g);
}

}  // namespace

void scan_columns(reduction op, dtype type, int64_t outer, int64_t n, int64_t inner, void const* in,
                  void* out) {
  visit_scan(op, type, [&]<reduction Op, class T>() { scan_by<Op, T>(outer, n, inner, in, out); });
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
