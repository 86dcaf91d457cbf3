// Row kernels: every reduction over a row, then the root, one team of threads a row.
#pragma once

#include <kernels/cuda/flat.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/reducer.hpp>
#include <kernels/cuda/stage.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

template <class Tree>
struct row_arguments_of {
  static constexpr int rows = Tree::row_count > 0 ? Tree::row_count : 1;
  arguments_of<Tree> a;
  walk w;  // columns: the root's; rows and outer axes: all before the last
  leaf_walk leaf[arguments_of<Tree>::leaves];
  int staged[arguments_of<Tree>::leaves];  // by leaf slot: which staged operand, or -1
  int size[arguments_of<Tree>::leaves];    // bytes of an element
  std::int64_t length[rows];
  int alias[rows];
  stage_plan s;
};

/// A thread's place in a row.
template <class Tree>
struct row_place {
  row_arguments_of<Tree> const& g;
  void const* base[arguments_of<Tree>::leaves];            // by leaf slot: the row's first element,
                                                           // in shared memory where it is staged
  std::int64_t generated[arguments_of<Tree>::generators];  // of a generator: that element's index
  scalar_bits results[row_arguments_of<Tree>::rows];
  std::byte* shared;  // two rooms of 32 reduction states
  int team, lane;
};

template <class Tree>
struct row_context {
  static constexpr int run = pack_size<Tree>;
  row_place<Tree> const& at;
  runs<1, run> where;  // columns

  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    leaf_walk const& l = at.g.leaf[Slot];
    return load_runs<1, run>(static_cast<U const*>(at.base[Slot]), l.column, where, l.kind,
                             l.column);
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return at.generated[Slot] + (where.at[0] + k) * at.g.leaf[Slot].column;
  }
  template <class U, int Slot>
  __device__ U row() const {
    return at.results[Slot].template as<U>();
  }
  __device__ scalar_bits const& scalar(int slot) const { return at.g.a.scalar(slot); }
  __device__ scalar_bits const* params(int slot) const { return at.g.a.params(slot); }
};
template <class Tree>
__device__ row_context<Tree> columns_at(row_place<Tree> const& at, std::int64_t column,
                                        std::int64_t columns) {
  std::int64_t const left = columns - column;
  return {at, {{column}, {left}, left >= row_context<Tree>::run}};
}

/// Computes the row reductions of `Tree` at `At` in post-order, into at.results.
template <class Root, class Tree, slots At, bool Block>
struct row_reductions {
  static __device__ void run(row_place<Root>&) {}
};
template <class Root, slots At, bool Block, class... A>
struct row_reductions_of_all {
  static __device__ void run(row_place<Root>&) {}
};
template <class Root, slots At, bool Block, class Head, class... Tail>
struct row_reductions_of_all<Root, At, Block, Head, Tail...> {
  static __device__ void run(row_place<Root>& at) {
    row_reductions<Root, Head, At, Block>::run(at);
    row_reductions_of_all<Root, behind<Head>(At), Block, Tail...>::run(at);
  }
};
template <class Root, class Op, class... A, slots At, bool Block>
struct row_reductions<Root, apply<Op, A...>, At, Block> {
  static __device__ void run(row_place<Root>& at) {
    constexpr slots first{At.leaf, At.scalar + has_state<Op>, At.row};
    row_reductions_of_all<Root, first, Block, A...>::run(at);
  }
};
template <class Root, reduction Op, class A, slots At, bool Block>
struct row_reductions<Root, row_reduction<Op, A>, At, Block> {
  static __device__ void run(row_place<Root>& at) {
    row_reductions<Root, A, At, Block>::run(at);
    constexpr int N = pack_size<Root>;
    constexpr int own = At.row + A::row_count;
    using R = reducer<Op, typename A::value_type>;
    if (at.g.alias[own] != own) {
      unsigned found[4] = {};  // selected by value: an index would put the results into memory
#pragma unroll
      for (int k = 0; k < own; ++k) {
        unsigned words[4];
        __builtin_memcpy(words, at.results[k].bytes, 16);
#pragma unroll
        for (int w = 0; w < 4; ++w) found[w] = k == at.g.alias[own] ? words[w] : found[w];
      }
      __builtin_memcpy(at.results[own].bytes, found, 16);
      return;
    }
    auto state = R::identity();
    std::int64_t const n = at.g.length[own];
    for (std::int64_t column = std::int64_t{at.lane} * N; column < n; column += at.team * N) {
      auto const v = value<A, At, N>::of(columns_at(at, column, n));
      add_pack<R, N>(state, v.v, column, n - column);
    }
    // Two rooms in turn: one may still be read when the next reduction writes.
    state = Block ? reduce_block<R>(state, at.shared + own % 2 * (32 * 32))
                  : reduce_warp<R>(state, at.team);
    double const ddof = at.g.a.scalar(At.scalar + A::scalar_count).template as<double>();
    at.results[own] = scalar_bits::of(R::finish(state, n, ddof));
  }
};

inline constexpr int most_row_threads = 1024;

/// A team of threads a row (Block: all of the block's), tiles of rows in turn.
template <class Tree, bool Block>
__global__ void __launch_bounds__(most_row_threads)
    row_kernel(const __grid_constant__ row_arguments_of<Tree> g) {
  constexpr int N = pack_size<Tree>;
  using T = typename Tree::value_type;
  extern __shared__ __align__(128) std::byte tiles[];
  __shared__ copy_barrier ready[max_stages];
  __shared__ alignas(16) std::byte shared[2 * 32 * 32];
  std::int64_t const rows = g.w.rows * g.w.outer_count;
  bool const staging = g.s.operands > 0;
  bool const starter = staging && threadIdx.x == 0;
  if (starter)
    for (int k = 0; k < g.s.stages; ++k) {
      ready[k].init();
      std::int64_t const tile = blockIdx.x + std::int64_t{k} * gridDim.x;
      if (tile * g.s.tile_rows < rows)
        start_tile(g.s, tile, rows, tiles + k * g.s.tile_bytes, ready[k]);
    }
  __syncthreads();
  int const team = Block ? static_cast<int>(blockDim.x) : g.s.team;
  row_place<Tree> at{g, {}, {}, {}, shared, team, static_cast<int>(threadIdx.x) % team};
  int const teams = static_cast<int>(blockDim.x) / team;
  int stage = 0;
  unsigned parity = 0;
  for (std::int64_t tile = blockIdx.x; tile * g.s.tile_rows < rows; tile += gridDim.x) {
    std::byte const* const buffer = tiles + stage * g.s.tile_bytes;
    if (staging) ready[stage].wait(parity);
    // All lanes of a warp stay together, also where it has teams without a row.
    for (int r = 0; r < g.s.tile_rows; r += teams) {
      int const in_tile = r + static_cast<int>(threadIdx.x) / team;
      std::int64_t const wanted = tile * g.s.tile_rows + in_tile;
      bool const exists = in_tile < g.s.tile_rows && wanted < rows;
      std::int64_t const row = exists ? wanted : tile * g.s.tile_rows;
      std::int64_t inner = row, outer = 0, out_base = 0;
      if (g.w.outer_axes > 0) inner = row % g.w.rows, outer = row / g.w.rows;
      std::int64_t first[arguments_of<Tree>::leaves];
#pragma unroll
      for (int s = 0; s < Tree::leaf_count; ++s) first[s] = g.leaf[s].first + inner * g.leaf[s].row;
      out_base += inner * g.w.out_row;
      for (int a = g.w.outer_axes - 1; a >= 0; --a) {
        std::int64_t const i = outer % g.w.outer_extent[a];
        outer /= g.w.outer_extent[a];
        out_base += i * g.w.out_outer[a];
#pragma unroll
        for (int s = 0; s < Tree::leaf_count; ++s) first[s] += i * g.leaf[s].outer[a];
      }
#pragma unroll
      for (int s = 0; s < Tree::leaf_count; ++s) {
        if constexpr (has_generator<Tree>) at.generated[s] = first[s];
        at.base[s] = static_cast<std::byte const*>(g.a.leaf[s]) + first[s] * g.size[s];
        if (g.staged[s] >= 0) {
          staged_operand const& o = g.s.operand[g.staged[s]];
          at.base[s] = buffer + o.offset + (exists ? in_tile : 0) * o.bytes;
        }
      }
      row_reductions<Tree, Tree, slots{}, Block>::run(at);
      if (!exists) continue;
      T* const out = static_cast<T*>(g.w.out) + out_base;
      for (std::int64_t column = std::int64_t{at.lane} * N; column < g.w.columns;
           column += team * N) {
        auto const v = value<Tree, slots{}, N>::of(columns_at(at, column, g.w.columns));
        store<N>(out + column * g.w.out_column, v.v, g.w.out_vector, g.w.columns - column,
                 g.w.out_column);
      }
    }
    __syncthreads();  // the buffer may be filled anew, and the rooms for states
    if (starter) {
      std::int64_t const next = tile + std::int64_t{g.s.stages} * gridDim.x;
      if (next * g.s.tile_rows < rows)
        start_tile(g.s, next, rows, tiles + stage * g.s.tile_bytes, ready[stage]);
    }
    if (++stage == g.s.stages) stage = 0, parity ^= 1;
  }
}

template <class Tree, bool Block>
void launch_row_kernel(row_arguments_of<Tree> const& g) {
  static bool const allowed = [] {  // more than 48 KiB wants to be asked for
    allow_shared_memory(reinterpret_cast<void const*>(&row_kernel<Tree, Block>));
    return true;
  }();
  (void)allowed;
  std::int64_t const rows = g.w.rows * g.w.outer_count;
  std::int64_t const tiles = (rows + g.s.tile_rows - 1) / g.s.tile_rows;
  std::int64_t const most = std::int64_t{multiprocessors()} * g.s.blocks_a_multiprocessor;
  launch_shared(row_kernel<Tree, Block>, std::min(tiles, most), g.s.threads,
                g.s.tile_bytes * static_cast<unsigned>(g.s.stages), g);
}

template <class Tree>
void launch_row(fused_call const& call, extents const& shape, destination const& out) {
  constexpr int N = pack_size<Tree>;
  if (shape.size() == 0) return;
  row_arguments_of<Tree> g{arguments_of<Tree>(call), {}, {}, {}, {}, {}, {}, {}};
  static_assert(std::is_trivially_copyable_v<row_arguments_of<Tree>>);
  leaf_walk operands[max_leaves];
  g.w = make_row_walk(call, shape, out, N, operands);
  for (int r = 0; r < Tree::row_count; ++r) {
    g.length[r] = call.row_length[r];
    g.alias[r] = call.row_alias[r];
  }
  g.s = make_stage_plan(call, g.w, operands, N);
  for (int s = 0; s < Tree::leaf_count; ++s) {
    operand const& o = call.operands[call.slot[s]];
    g.leaf[s] = operands[call.slot[s]];
    g.staged[s] = g.s.staged[call.slot[s]];
    g.size[s] = o.data ? static_cast<int>(size_of(o.type)) : 0;
  }
  if (g.s.team == g.s.threads)
    launch_row_kernel<Tree, true>(g);
  else
    launch_row_kernel<Tree, false>(g);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
