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

/// True where all leaves are uniform numbers, or one number: made in registers, with little code.
template <class Tree>
inline constexpr bool only_uniform = false;
template <class T>
inline constexpr bool only_uniform<scalar_leaf<T>> = true;
template <class T>
inline constexpr bool only_uniform<generated<generator_kind::uniform, T>> = true;
template <class Op, class... A>
inline constexpr bool only_uniform<apply<Op, A...>> = (only_uniform<A> && ...);

/// Runs at once: twice as many where finding the place of a run is a good part of its work.
template <class Tree>
inline constexpr int reduce_runs = (only_uniform<Tree> ? 2 : 1) * run_count<Tree>;

/// Runs along the inner reduced axis; by columns they are rows of a thread's pack of columns.
template <class Tree, bool Columns>
struct reduce_context {
  static constexpr int R = reduce_runs<Tree>, run = pack_size<Tree>;
  reduce_arguments<Tree> const& g;
  arguments_of<Tree> const& a;
  std::int64_t const* base;
  runs<R, run> where;

  __device__ std::int64_t step(int slot) const {
    return Columns ? g.leaf[slot].column : g.leaf[slot].inner;
  }
  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    return load_runs<R, run>(static_cast<U const*>(a.leaf[Slot]) + base[Slot], g.leaf[Slot].run,
                             where, g.leaf[Slot].kind, step(Slot));
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return base[Slot] + k / run * g.leaf[Slot].run + k % run * step(Slot);
  }
  template <int Slot>
  __device__ bool neighbours() const {
    return step(Slot) == 1;
  }
};

/// `base` at the kept index, `out` too.
template <class Tree>
__device__ void add_kept(reduce_arguments<Tree> const& g, std::int64_t kept, std::int64_t* base,
                         std::int64_t& out) {
#pragma unroll 1
  for (int a = g.w.kept_axes - 1; a >= 0; --a) {
    std::int64_t const i = a > 0 ? kept % g.w.kept_extent[a] : kept;
    if (a > 0) kept /= g.w.kept_extent[a];
    out += i * g.w.out_kept[a];
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) base[s] += i * g.leaf[s].kept[a];
  }
}
/// `at` = `base` at the index of the reduced axes before the inner one.
template <class Tree>
__device__ void set_outer(reduce_arguments<Tree> const& g, std::int64_t index,
                          std::int64_t const* base, std::int64_t* at) {
#pragma unroll
  for (int s = 0; s < Tree::leaf_count; ++s) at[s] = base[s];
#pragma unroll 1
  for (int a = g.w.outer_axes - 1; a >= 0; --a) {
    std::int64_t const i = a > 0 ? index % g.w.outer_extent[a] : index;
    if (a > 0) index /= g.w.outer_extent[a];
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) at[s] += i * g.leaf[s].outer[a];
  }
}

/// The result of a whole state, and the mean where it is wanted too.
template <class R>
__device__ void store_result(reduce_walk const& w, std::int64_t at, typename R::state const& s,
                             double ddof) {
  static_cast<typename R::result*>(w.out)[at] = R::finish(s, w.reduced, ddof);
  if constexpr (requires { R::mean(s); })
    if (w.mean) static_cast<typename R::mean_result*>(w.mean)[at] = R::mean(s);
}

inline constexpr int reduce_threads = 256;
inline constexpr int reduce_blocks = 4;  // on a multiprocessor, as make_reduce_walk counts on

/// A team of threads, or the block, a kept index and part: runs of packs along the inner axis.
template <class R, class Tree, bool Block>
__global__ void __launch_bounds__(reduce_threads, reduce_blocks)
    reduce_rows(const __grid_constant__ reduce_arguments<Tree> g) {
  constexpr int N = pack_size<Tree>, runs_at_once = reduce_runs<Tree>;
  constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  using S = typename R::state;
  __shared__ alignas(16) std::byte shared[32 * 32];
  int const team = Block ? reduce_threads : g.w.team;
  int const lane = static_cast<int>(threadIdx.x) % team;
  std::int64_t kept = Block ? std::int64_t{blockIdx.x}
                            : std::int64_t{blockIdx.x} * (reduce_threads / team) +
                                  static_cast<int>(threadIdx.x) / team;
  std::int64_t split = 0;
  if (Block && g.w.splits > 1) {
    split = kept % g.w.splits;
    kept /= g.w.splits;
  }
  bool const exists = kept < g.w.kept;  // lanes without work stay for their warp's shuffles
  if (!exists) kept = 0;
  std::int64_t base[leaves], at[leaves], out = 0;
#pragma unroll
  for (int s = 0; s < Tree::leaf_count; ++s) base[s] = g.leaf[s].first;
  add_kept(g, kept, base, out);
  S state = R::identity();
  std::int64_t const stop = smaller(g.w.units, (split + 1) * g.w.part);
  for (std::int64_t unit = split * g.w.part; unit < stop; ++unit) {
    std::int64_t outer = 0, chunk = unit;
    if (g.w.outer_axes > 0) {
      outer = unit / g.w.chunks;
      chunk = unit - outer * g.w.chunks;
    }
    set_outer(g, outer, base, at);
    std::int64_t const column = (chunk * runs_at_once * team + lane) * N;
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) at[s] += column * g.leaf[s].inner;
    reduce_context<Tree, false> c{g, g.a, at, {}};
    std::int64_t const left = g.w.inner - column;
    c.where.whole = left >= ((runs_at_once - 1) * team + 1) * N;
#pragma unroll
    for (int r = 0; r < runs_at_once; ++r)
      c.where.left[r] = c.where.whole ? N : left_of(left - r * team * N, N);
    auto const v = value<Tree, slots{}, runs_at_once * N>::of(c);
    std::int64_t const first = outer * g.w.inner + column;
    if (c.where.whole) {
#pragma unroll
      for (int r = 0; r < runs_at_once; ++r)
        add_pack<R, N>(state, v.v + r * N, first + r * team * N, N);
    } else {
#pragma unroll
      for (int r = 0; r < runs_at_once; ++r)
        add_pack<R, N>(state, v.v + r * N, first + r * team * N, c.where.left[r]);
    }
  }
  state = Block ? reduce_block<R>(state, static_cast<unsigned>(__cvta_generic_to_shared(shared)))
                : reduce_warp<R>(state, team);
  if (lane != 0 || !exists) return;
  if (g.w.splits == 1)
    store_result<R>(g.w, out, state, g.ddof);
  else
    reinterpret_cast<S*>(g.w.partial)[split * g.w.kept + kept] = state;
}

/// Combines the states of threads with equal threadIdx.x % width, in thread order, in the first one.
template <class R, class S>
__device__ S reduce_lanes(S s, int width, std::byte* room) {
  S* const states = reinterpret_cast<S*>(room);
  for (int half = static_cast<int>(blockDim.x) / 2; half >= width; half /= 2) {
    __syncthreads();
    states[threadIdx.x] = s;
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half) R::combine(s, states[threadIdx.x + half]);
  }
  return s;
}

/// One thread a pack of columns and part of the reduced rows, neighbours along the columns; the parts
/// of a block's threads over the same columns (`lane_packs` threads wide) are combined in it.
template <class R, class Tree>
__global__ void __launch_bounds__(reduce_threads, reduce_blocks)
    reduce_columns(const __grid_constant__ reduce_arguments<Tree> g, int lane_packs) {
  constexpr int N = pack_size<Tree>, rows_at_once = reduce_runs<Tree>;
  constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  using S = typename R::state;
  __shared__ alignas(16) std::byte room[reduce_threads * sizeof(S)];
  std::int64_t const packs = (g.w.columns + N - 1) / N;
  std::int64_t const blocks = (packs + lane_packs - 1) / lane_packs;
  std::int64_t block = blockIdx.x;
  std::int64_t const column = (block % blocks * lane_packs + threadIdx.x % lane_packs) * N;
  block /= blocks;
  std::int64_t const split = block % g.w.splits, kept = block / g.w.splits;
  int const lanes = reduce_threads / lane_packs;
  int const left = left_of(g.w.columns - column, N);
  std::int64_t base[leaves], at[leaves], out = 0;
#pragma unroll
  for (int s = 0; s < Tree::leaf_count; ++s) base[s] = g.leaf[s].first + column * g.leaf[s].column;
  add_kept(g, kept, base, out);
  S state[N];
#pragma unroll
  for (int k = 0; k < N; ++k) state[k] = R::identity();
  std::int64_t row = (split * lanes + threadIdx.x / lane_packs) * g.w.part;
  std::int64_t const stop = left > 0 ? smaller(g.w.reduced, row + g.w.part) : 0;
  while (row < stop) {
    std::int64_t outer = 0, inner = row;
    if (g.w.outer_axes > 0) {
      outer = row / g.w.inner;
      inner = row - outer * g.w.inner;
    }
    int const count = left_of(
        smaller(stop - row, g.w.outer_axes > 0 ? g.w.inner - inner : stop - row), rows_at_once);
    set_outer(g, outer, base, at);
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) at[s] += inner * g.leaf[s].inner;
    reduce_context<Tree, true> c{g, g.a, at, {}};
#pragma unroll
    for (int r = 0; r < rows_at_once; ++r) c.where.left[r] = r < count ? left : 0;
    c.where.whole = count == rows_at_once && left == N;
    auto const v = value<Tree, slots{}, rows_at_once * N>::of(c);
#pragma unroll
    for (int r = 0; r < rows_at_once; ++r)
      if (r < count)
#pragma unroll
        for (int k = 0; k < N; ++k) R::add(state[k], v.v[r * N + k], row + r);
    row += count;
  }
#pragma unroll
  for (int k = 0; k < N; ++k) {
    if (lanes > 1) state[k] = reduce_lanes<R>(state[k], lane_packs, room);
    if (static_cast<int>(threadIdx.x) >= lane_packs || k >= left) continue;
    if (g.w.splits == 1)
      store_result<R>(g.w, out + (column + k) * g.w.out_column, state[k], g.ddof);
    else
      reinterpret_cast<S*>(g.w.partial)[(split * g.w.kept + kept) * g.w.columns + column + k] =
          state[k];
  }
}

/// The results of parts' states; `width` neighbouring results a block.
template <class R>
__global__ void __launch_bounds__(reduce_threads)
    reduce_parts(const __grid_constant__ reduce_walk w, double ddof, int width) {
  using S = typename R::state;
  __shared__ alignas(16) std::byte room[reduce_threads * sizeof(S)];
  std::int64_t const results = w.kept * w.columns;
  std::int64_t const result = std::int64_t{blockIdx.x} * width + threadIdx.x % width;
  S state = R::identity();
  if (result < results)
#pragma unroll 4
    for (std::int64_t s = threadIdx.x / width; s < w.splits; s += reduce_threads / width)
      R::combine(state, reinterpret_cast<S const*>(w.partial)[s * results + result]);
  state = reduce_lanes<R>(state, width, room);
  if (static_cast<int>(threadIdx.x) >= width || result >= results) return;
  std::int64_t kept = result / w.columns, out = result % w.columns * w.out_column;
#pragma unroll 1
  for (int a = w.kept_axes - 1; a >= 0; --a) {
    out += kept % w.kept_extent[a] * w.out_kept[a];
    kept /= w.kept_extent[a];
  }
  store_result<R>(w, out, state, ddof);
}

template <class R, class Tree>
void launch_reduce(fused_call const& call, extents const& shape, bool const* reduced, double ddof,
                   destination const& out, void* mean) {
  using S = typename R::state;
  constexpr int N = pack_size<Tree>;
  reduce_leaf operands[max_leaves];
  reduce_arguments<Tree> g{
      arguments_of<Tree>(call),
      make_reduce_walk(call, shape, reduced, out, N, reduce_runs<Tree>, operands),
      {},
      ddof};
  static_assert(std::is_trivially_copyable_v<reduce_arguments<Tree>>);
  for (int s = 0; s < Tree::leaf_count; ++s) {
    reduce_leaf& l = g.leaf[s] = operands[call.slot[s]];
    l.run = g.w.by_columns ? l.inner : l.inner * g.w.team * N;
  }
  g.w.mean = mean;
  std::int64_t const results = g.w.kept * g.w.columns;
  if (results == 0) return;
  workspace const partial(g.w.splits > 1 ? sizeof(S) * static_cast<std::size_t>(results) *
                                               static_cast<std::size_t>(g.w.splits)
                                         : 0);
  g.w.partial = partial.data();
  if (g.w.by_columns) {
    std::int64_t const packs = (g.w.columns + N - 1) / N;
    launch(reduce_columns<R, Tree>, (packs + g.w.team - 1) / g.w.team * g.w.splits * g.w.kept,
           reduce_threads, g, g.w.team);
  } else if (g.w.team < reduce_threads) {
    int const teams = reduce_threads / g.w.team;
    launch(reduce_rows<R, Tree, false>, (g.w.kept + teams - 1) / teams, reduce_threads, g);
  } else {
    launch(reduce_rows<R, Tree, true>, g.w.kept * g.w.splits, reduce_threads, g);
  }
  if (g.w.splits > 1) {
    int width = 8;  // results side by side, so that reads are whole sectors
    while (width / 2 >= results) width /= 2;
    launch(reduce_parts<R>, (results + width - 1) / width, reduce_threads, g.w, ddof, width);
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
