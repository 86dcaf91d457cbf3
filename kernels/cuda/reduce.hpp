// Reductions over axes: rows (the fastest axis is reduced) and columns (it is kept). Partial results
// of fixed parts are combined in a fixed order: the same bits every run.
#pragma once

#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/flat.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/reducer.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

template <class Tree>
struct reduce_arguments {
  arguments_of<Tree> a;
  reduce_walk w;
  reduce_leaf leaf[arguments_of<Tree>::leaves];
  double ddof;
};

/// M elements from `base` on with the stride of the fastest axis, of which `left` exist.
template <class Tree>
struct reduce_context {
  reduce_arguments<Tree> const& g;
  std::int64_t const* base;
  std::int64_t left;

  __device__ std::int64_t step(int slot) const {
    reduce_leaf const& l = g.leaf[slot];
    return g.w.by_columns ? l.column : l.reduced[g.w.reduced_axes - 1];
  }
  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    auto const* p = static_cast<U const*>(g.a.leaf[Slot]) + base[Slot];
    inner_kind const kind = g.leaf[Slot].kind;
    if (kind == inner_kind::vector && left >= M) return *reinterpret_cast<pack<U, M> const*>(p);
    pack<U, M> out;
    if (kind == inner_kind::splat) {
      U const v = *p;
#pragma unroll
      for (int k = 0; k < M; ++k) out.v[k] = v;
    } else {
      std::int64_t const s = step(Slot);
#pragma unroll
      for (int k = 0; k < M; ++k) out.v[k] = k < left ? p[k * s] : U{};
    }
    return out;
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return base[Slot] + k * step(Slot);
  }
  __device__ scalar_bits const& scalar(int slot) const { return g.a.scalar(slot); }
  __device__ scalar_bits const* params(int slot) const { return g.a.params(slot); }
};

template <class Tree>
__device__ void add_kept(reduce_arguments<Tree> const& g, std::int64_t kept, std::int64_t* base,
                         std::int64_t& out) {
  for (int a = g.w.kept_axes - 1; a >= 0; --a) {
    std::int64_t const i = kept % g.w.kept_extent[a];
    kept /= g.w.kept_extent[a];
    out += i * g.w.out_kept[a];
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) base[s] += i * g.leaf[s].kept[a];
  }
}
template <class Tree>
__device__ void add_reduced(reduce_arguments<Tree> const& g, std::int64_t index, int axes,
                            std::int64_t* base) {
  for (int a = axes - 1; a >= 0; --a) {
    std::int64_t const i = index % g.w.reduced_extent[a];
    index /= g.w.reduced_extent[a];
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) base[s] += i * g.leaf[s].reduced[a];
  }
}

inline constexpr int reduce_threads = 256;

__device__ inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// One team (a warp or the block) a kept index and part: packs along the last reduced axis.
template <class R, class Tree, int Team>
__global__ void __launch_bounds__(reduce_threads)
    reduce_rows(const __grid_constant__ reduce_arguments<Tree> g) {
  constexpr int N = pack_size<Tree>;
  constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  using S = typename R::state;
  __shared__ alignas(16) std::byte shared[reduce_threads / 32 * 32];
  std::int64_t const team = (std::int64_t{blockIdx.x} * reduce_threads + threadIdx.x) / Team;
  std::int64_t const kept = team / g.w.splits, split = team % g.w.splits;
  if (kept >= g.w.kept) return;  // whole teams: the block's team is one
  std::int64_t base[leaves], out = 0;
#pragma unroll
  for (int s = 0; s < Tree::leaf_count; ++s) base[s] = g.leaf[s].first;
  add_kept(g, kept, base, out);
  S state = R::identity();
  int const last_axis = g.w.reduced_axes - 1;
  std::int64_t const columns = last_axis >= 0 ? g.w.reduced_extent[last_axis] : 1;
  std::int64_t const packs = (columns + N - 1) / N;
  std::int64_t const all = g.w.reduced / columns * packs;
  std::int64_t const stop = smaller(all, (split + 1) * g.w.part);
  for (std::int64_t p = split * g.w.part + threadIdx.x % Team; p < stop; p += Team) {
    std::int64_t const row = packs == all ? 0 : p / packs;
    std::int64_t const column = (p - row * packs) * N;
    std::int64_t at[leaves];
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s)
      at[s] = base[s] + (last_axis >= 0 ? column * g.leaf[s].reduced[last_axis] : 0);
    if (last_axis > 0) add_reduced(g, row, last_axis, at);
    auto const v = value<Tree, slots{}, N>::of(reduce_context<Tree>{g, at, columns - column});
#pragma unroll
    for (int k = 0; k < N; ++k)
      if (column + k < columns) R::add(state, v.v[k], row * columns + column + k);
  }
  bool first;
  if constexpr (Team == 32) {
    state = reduce_warp<R>(state);
    first = threadIdx.x % 32 == 0;
  } else {
    state = reduce_block<R>(state, shared);
    first = threadIdx.x == 0;
  }
  if (!first) return;
  if (g.w.splits == 1)
    static_cast<typename R::result*>(g.w.out)[out] = R::finish(state, g.w.reduced, g.ddof);
  else
    reinterpret_cast<S*>(g.w.partial)[kept * g.w.splits + split] = state;
}

/// One thread a pack of columns and part of the reduced rows; coalesced along the columns.
template <class R, class Tree>
__global__ void __launch_bounds__(reduce_threads)
    reduce_columns(const __grid_constant__ reduce_arguments<Tree> g, int lane_packs) {
  constexpr int N = pack_size<Tree>;
  constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  using S = typename R::state;
  std::int64_t const packs = (g.w.columns + N - 1) / N;
  std::int64_t const blocks = (packs + lane_packs - 1) / lane_packs;
  std::int64_t block = blockIdx.x;
  std::int64_t const pack_index = block % blocks * lane_packs + threadIdx.x % lane_packs;
  block /= blocks;
  std::int64_t const lanes = reduce_threads / lane_packs;
  std::int64_t const split_blocks = (g.w.splits + lanes - 1) / lanes;
  std::int64_t const split = block % split_blocks * lanes + threadIdx.x / lane_packs;
  std::int64_t const kept = block / split_blocks;
  std::int64_t const column = pack_index * N;
  if (column >= g.w.columns || split >= g.w.splits) return;
  std::int64_t base[leaves], out = 0;
#pragma unroll
  for (int s = 0; s < Tree::leaf_count; ++s) base[s] = g.leaf[s].first + column * g.leaf[s].column;
  add_kept(g, kept, base, out);
  S state[N];
#pragma unroll
  for (int k = 0; k < N; ++k) state[k] = R::identity();
  std::int64_t const stop = smaller(g.w.reduced, (split + 1) * g.w.part);
#pragma unroll 4
  for (std::int64_t row = split * g.w.part; row < stop; ++row) {
    std::int64_t at[leaves];
    if (g.w.reduced_axes == 1) {
#pragma unroll
      for (int s = 0; s < Tree::leaf_count; ++s) at[s] = base[s] + row * g.leaf[s].reduced[0];
    } else {
#pragma unroll
      for (int s = 0; s < Tree::leaf_count; ++s) at[s] = base[s];
      add_reduced(g, row, g.w.reduced_axes, at);
    }
    auto const v = value<Tree, slots{}, N>::of(reduce_context<Tree>{g, at, g.w.columns - column});
#pragma unroll
    for (int k = 0; k < N; ++k) R::add(state[k], v.v[k], row);
  }
#pragma unroll
  for (int k = 0; k < N; ++k) {
    if (column + k >= g.w.columns) return;
    if (g.w.splits == 1)
      static_cast<typename R::result*>(g.w.out)[out + (column + k) * g.w.out_column] =
          R::finish(state[k], g.w.reduced, g.ddof);
    else
      reinterpret_cast<S*>(g.w.partial)[(kept * g.w.columns + column + k) * g.w.splits + split] =
          state[k];
  }
}

/// One warp a result: its parts' states, in order of the parts.
template <class R>
__global__ void __launch_bounds__(reduce_threads)
    reduce_parts(const __grid_constant__ reduce_walk w, double ddof) {
  using S = typename R::state;
  std::int64_t const result = (std::int64_t{blockIdx.x} * reduce_threads + threadIdx.x) / 32;
  if (result >= w.kept * w.columns) return;
  S state = R::identity();
  for (std::int64_t s = threadIdx.x % 32; s < w.splits; s += 32)
    R::combine(state, reinterpret_cast<S const*>(w.partial)[result * w.splits + s]);
  state = reduce_warp<R>(state);
  if (threadIdx.x % 32 != 0) return;
  std::int64_t kept = result / w.columns, out = result % w.columns * w.out_column;
  for (int a = w.kept_axes - 1; a >= 0; --a) {
    out += kept % w.kept_extent[a] * w.out_kept[a];
    kept /= w.kept_extent[a];
  }
  static_cast<typename R::result*>(w.out)[out] = R::finish(state, w.reduced, ddof);
}

template <reduction Op, class Tree>
void launch_reduce(fused_call const& call, extents const& shape, bool const* reduced, double ddof,
                   destination const& out) {
  using R = reducer<Op, typename Tree::value_type>;
  using S = typename R::state;
  constexpr int N = pack_size<Tree>;
  reduce_leaf operands[max_leaves];
  reduce_arguments<Tree> g{
      arguments_of<Tree>(call), make_reduce_walk(call, shape, reduced, out, N, operands), {}, ddof};
  static_assert(std::is_trivially_copyable_v<reduce_arguments<Tree>>);
  for (int s = 0; s < Tree::leaf_count; ++s) g.leaf[s] = operands[call.slot[s]];
  if (g.w.kept * g.w.columns == 0) return;
  std::int64_t const results = g.w.kept * g.w.columns;
  workspace const partial(g.w.splits > 1 ? sizeof(S) * static_cast<std::size_t>(results) *
                                               static_cast<std::size_t>(g.w.splits)
                                         : 0);
  g.w.partial = partial.data();
  if (g.w.by_columns) {
    std::int64_t const packs = (g.w.columns + N - 1) / N;
    int lane_packs = reduce_threads;
    while (lane_packs > 1 && lane_packs / 2 >= packs) lane_packs /= 2;
    std::int64_t const lanes = reduce_threads / lane_packs;
    launch(reduce_columns<R, Tree>,
           (packs + lane_packs - 1) / lane_packs * ((g.w.splits + lanes - 1) / lanes) * g.w.kept,
           reduce_threads, g, lane_packs);
  } else if (g.w.part <= 32 * 4 && g.w.splits == 1) {
    constexpr int teams = reduce_threads / 32;
    launch(reduce_rows<R, Tree, 32>, (g.w.kept + teams - 1) / teams, reduce_threads, g);
  } else {
    launch(reduce_rows<R, Tree, reduce_threads>, g.w.kept * g.w.splits, reduce_threads, g);
  }
  if (g.w.splits > 1) {
    constexpr int teams = reduce_threads / 32;
    launch(reduce_parts<R>, (results + teams - 1) / teams, reduce_threads, g.w, ddof);
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
