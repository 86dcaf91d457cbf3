// Row kernels: every reduction over a row, then the root, one team of threads a row.
#pragma once

#include <kernels/cuda/flat.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/reducer.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

template <class Tree>
struct row_arguments_of {
  static constexpr int rows = Tree::row_count > 0 ? Tree::row_count : 1;
  arguments_of<Tree> a;
  walk w;  // columns: the root's; rows and outer axes: all before the last
  leaf_walk leaf[arguments_of<Tree>::leaves];
  std::int64_t length[rows];
  int alias[rows];
};

template <class Tree>
struct row_context {
  row_arguments_of<Tree> const& g;
  std::int64_t const* base;
  scalar_bits const* results;
  std::int64_t column, columns;

  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    leaf_walk const& l = g.leaf[Slot];
    auto const* p = static_cast<U const*>(g.a.leaf[Slot]) + base[Slot] + column * l.column;
    if (l.kind == inner_kind::vector && column + M <= columns)
      return *reinterpret_cast<pack<U, M> const*>(p);
    pack<U, M> out;
    if (l.kind == inner_kind::splat) {
      U const v = *p;
#pragma unroll
      for (int k = 0; k < M; ++k) out.v[k] = v;
    } else {
#pragma unroll
      for (int k = 0; k < M; ++k) out.v[k] = column + k < columns ? p[k * l.column] : U{};
    }
    return out;
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return base[Slot] + (column + k) * g.leaf[Slot].column;
  }
  template <class U, int Slot>
  __device__ U row() const {
    return results[Slot].template as<U>();
  }
  __device__ scalar_bits const& scalar(int slot) const { return g.a.scalar(slot); }
  __device__ scalar_bits const* params(int slot) const { return g.a.params(slot); }
};

/// Computes the row reductions of `Tree` at `At` in post-order. Team: 32 threads or the block.
template <class Root, class Tree, slots At, int Team>
struct row_reductions {
  static __device__ void run(row_arguments_of<Root> const&, std::int64_t const*, scalar_bits*,
                             std::byte*) {}
};
template <class Root, slots At, int Team, class... A>
struct row_reductions_of_all {
  static __device__ void run(row_arguments_of<Root> const&, std::int64_t const*, scalar_bits*,
                             std::byte*) {}
};
template <class Root, slots At, int Team, class Head, class... Tail>
struct row_reductions_of_all<Root, At, Team, Head, Tail...> {
  static __device__ void run(row_arguments_of<Root> const& g, std::int64_t const* base,
                             scalar_bits* results, std::byte* shared) {
    row_reductions<Root, Head, At, Team>::run(g, base, results, shared);
    row_reductions_of_all<Root, behind<Head>(At), Team, Tail...>::run(g, base, results, shared);
  }
};
template <class Root, class Op, class... A, slots At, int Team>
struct row_reductions<Root, apply<Op, A...>, At, Team> {
  static __device__ void run(row_arguments_of<Root> const& g, std::int64_t const* base,
                             scalar_bits* results, std::byte* shared) {
    constexpr slots first{At.leaf, At.scalar + has_state<Op>, At.row};
    row_reductions_of_all<Root, first, Team, A...>::run(g, base, results, shared);
  }
};
template <class Root, reduction Op, class A, slots At, int Team>
struct row_reductions<Root, row_reduction<Op, A>, At, Team> {
  static __device__ void run(row_arguments_of<Root> const& g, std::int64_t const* base,
                             scalar_bits* results, std::byte* shared) {
    row_reductions<Root, A, At, Team>::run(g, base, results, shared);
    constexpr int N = pack_size<Root>;
    constexpr int own = At.row + A::row_count;
    using R = reducer<Op, typename A::value_type>;
    if (g.alias[own] != own) {
      scalar_bits found{};
#pragma unroll
      for (int k = 0; k < own; ++k)
        if (k == g.alias[own]) found = results[k];
      results[own] = found;
      return;
    }
    int const lane = threadIdx.x % Team;
    auto state = R::identity();
    std::int64_t const n = g.length[own];
    for (std::int64_t at = std::int64_t{lane} * N; at < n; at += std::int64_t{Team} * N) {
      auto const v = value<A, At, N>::of(row_context<Root>{g, base, results, at, n});
#pragma unroll
      for (int k = 0; k < N; ++k)
        if (at + k < n) R::add(state, v.v[k], at + k);
    }
    double const ddof = g.a.scalar(At.scalar + A::scalar_count).template as<double>();
    if constexpr (Team == 32) {
      state = reduce_warp<R>(state);
      scalar_bits bits = scalar_bits::of(R::finish(state, n, ddof));
#pragma unroll
      for (int w = 0; w < 4; ++w) {
        unsigned word;
        __builtin_memcpy(&word, bits.bytes + 4 * w, 4);
        word = __shfl_sync(0xffffffffu, word, 0);
        __builtin_memcpy(bits.bytes + 4 * w, &word, 4);
      }
      results[own] = bits;
    } else {
      state = reduce_block<R>(state, shared);
      auto* const result = reinterpret_cast<scalar_bits*>(shared + 32 * 32);
      __syncthreads();
      if (threadIdx.x == 0) *result = scalar_bits::of(R::finish(state, n, ddof));
      __syncthreads();
      results[own] = *result;
    }
  }
};

inline constexpr int row_threads = 512;

template <class Tree, int Team>
__global__ void __launch_bounds__(row_threads)
    row_kernel(const __grid_constant__ row_arguments_of<Tree> g) {
  constexpr int N = pack_size<Tree>;
  constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  using T = typename Tree::value_type;
  __shared__ alignas(16) std::byte shared[32 * 32 + 16];
  constexpr int teams = row_threads / Team;
  std::int64_t const rows = g.w.rows * g.w.outer_count;
  // All threads of a block stay together: the block team synchronises.
  for (std::int64_t first = std::int64_t{blockIdx.x} * teams; first < rows;
       first += std::int64_t{gridDim.x} * teams) {
    std::int64_t const row = first + threadIdx.x / Team;
    if (Team == 32 && row >= rows) return;
    std::int64_t base[leaves], out_base = row % g.w.rows * g.w.out_row;
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s)
      base[s] = g.leaf[s].first + row % g.w.rows * g.leaf[s].row;
    std::int64_t outer = row / g.w.rows;
    for (int a = g.w.outer_axes - 1; a >= 0; --a) {
      std::int64_t const i = outer % g.w.outer_extent[a];
      outer /= g.w.outer_extent[a];
      out_base += i * g.w.out_outer[a];
#pragma unroll
      for (int s = 0; s < Tree::leaf_count; ++s) base[s] += i * g.leaf[s].outer[a];
    }
    scalar_bits results[row_arguments_of<Tree>::rows];
    row_reductions<Tree, Tree, slots{}, Team>::run(g, base, results, shared);
    for (std::int64_t at = std::int64_t{threadIdx.x % Team} * N; at < g.w.columns;
         at += std::int64_t{Team} * N) {
      auto const v =
          value<Tree, slots{}, N>::of(row_context<Tree>{g, base, results, at, g.w.columns});
      T* const out = static_cast<T*>(g.w.out) + out_base + at * g.w.out_column;
      if (g.w.out_vector && at + N <= g.w.columns) {
        *reinterpret_cast<pack<T, N>*>(out) = v;
      } else {
#pragma unroll
        for (int k = 0; k < N; ++k)
          if (at + k < g.w.columns) out[k * g.w.out_column] = v.v[k];
      }
    }
  }
}

template <class Tree>
void launch_row(fused_call const& call, extents const& shape, destination const& out) {
  constexpr int N = pack_size<Tree>;
  if (shape.size() == 0) return;
  row_arguments_of<Tree> g{arguments_of<Tree>(call), {}, {}, {}, {}};
  static_assert(std::is_trivially_copyable_v<row_arguments_of<Tree>>);
  leaf_walk operands[max_leaves];
  g.w = make_row_walk(call, shape, out, N, operands);
  for (int s = 0; s < Tree::leaf_count; ++s) g.leaf[s] = operands[call.slot[s]];
  std::int64_t longest = g.w.columns;
  for (int r = 0; r < Tree::row_count; ++r) {
    g.length[r] = call.row_length[r];
    g.alias[r] = call.row_alias[r];
    longest = std::max(longest, g.length[r]);
  }
  std::int64_t const rows = g.w.rows * g.w.outer_count;
  std::int64_t const most = 32 * std::int64_t{multiprocessors()};
  if (longest <= 32 * N * 4) {
    constexpr int teams = row_threads / 32;
    launch(row_kernel<Tree, 32>, std::min((rows + teams - 1) / teams, most), row_threads, g);
  } else {
    launch(row_kernel<Tree, row_threads>, std::min(rows, most), row_threads, g);
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
