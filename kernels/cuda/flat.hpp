// Elementwise kernels. FLAT: every leaf contiguous, through Thrust over 16-byte packs. GENERAL:
// everything else, an own kernel with one uniform branch per leaf.
#pragma once

#include <kernels/cuda/geometry.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/value.hpp>

#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/cuda/detail/par.h>  // <thrust/execution_policy.h> brings all algorithms
#include <thrust/system_error.h>

#include <array>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// f(i) for each i below n, in Thrust's kernels on the thread's stream: one, but for more than 2^30 indices,
/// since counting in 32 bits takes 0.07 us less. (For the user's compiler: <thrust/tabulate.h> takes 1.3 to
/// 1.8 times as long as this header.)
template <class F>
void for_each_index(std::int64_t n, F const& f) {
  static_assert(std::is_trivially_copyable_v<F>);
  constexpr std::int64_t most = std::int64_t{1} << 30;
  try {
    for (std::int64_t first = 0; first < n; first += most)
      thrust::for_each_n(thrust::cuda_cub::par_nosync.on(stream()),
                         thrust::counting_iterator<std::int64_t>(first),
                         static_cast<int>(n - first < most ? n - first : most), f);
  } catch (thrust::system_error const& e) {
    check_launch(static_cast<cudaError_t>(e.code().value()));
  }
}

/// What kernels read of a bound tree, by slot.
template <class Tree>
struct arguments_of {
  static constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  static constexpr int scalars = Tree::scalar_count > 0 ? Tree::scalar_count : 1;
  static constexpr int generators = has_generator<Tree> ? leaves : 1;

  void const* leaf[leaves];
  scalar_bits scalar[scalars];
  generator_arguments generator[generators];

  explicit arguments_of(fused_call const& call) : leaf{}, scalar{}, generator{} {
    for (int k = 0; k < Tree::leaf_count; ++k) {
      operand const& o = call.operands[call.slot[k]];
      leaf[k] = o.data;
      if constexpr (has_generator<Tree>) {
        generator[k] = {{o.params[0], o.params[1]}, o.params[0].as<two_u64>().a};
      }
    }
    for (int k = 0; k < Tree::scalar_count; ++k) scalar[k] = call.scalars[k];
  }
};

template <class Tree>
struct flat_function {
  static constexpr int N = pack_size<Tree>;
  using T = typename Tree::value_type;
  arguments_of<Tree> a;

  struct context {
    static constexpr int run = N;
    arguments_of<Tree> const& a;
    std::int64_t i;
    template <class U, int M, int Slot>
    __device__ pack<U, M> load() const {
      return load_pack<U, M>(a.leaf[Slot], i);
    }
  };

  __device__ pack<T, N> operator()(std::int64_t i) const {
    return value<Tree, slots{}, N>::of(context{a, i});
  }
};

/// Several trees' packs at one place, each into its own memory. All are read before one is written.
template <class Tree, class... Rest>
struct flat_outputs {
  static constexpr int N = pack_size<Tree>;
  flat_function<Tree> f;
  pack<typename Tree::value_type, N>* out;
  flat_outputs<Rest...> rest;

  flat_outputs(fused_call const* call, destination const* to)
      : f{arguments_of<Tree>(*call)},
        out(static_cast<decltype(out)>(to->data)),
        rest(call + 1, to + 1) {}
  __device__ void operator()(std::int64_t i) const {
    auto const v = f(i);
    rest(i);
    out[i] = v;
  }
};
template <class Tree>
struct flat_outputs<Tree> {
  static constexpr int N = pack_size<Tree>;
  flat_function<Tree> f;
  pack<typename Tree::value_type, N>* out;

  flat_outputs(fused_call const* call, destination const* to)
      : f{arguments_of<Tree>(*call)}, out(static_cast<decltype(out)>(to->data)) {}
  __device__ void operator()(std::int64_t i) const { out[i] = f(i); }
};

/// Trees that draw or count take more packs a thread, side by side: their work is arithmetic, and
/// more of it in flight hides its latency. Stores its results itself.
template <class Tree>
struct flat_batch {
  static constexpr int N = pack_size<Tree>, R = run_count<Tree>, lanes = 256;
  using T = typename Tree::value_type;
  arguments_of<Tree> a;
  pack<T, N>* out;
  std::int64_t packs;

  struct context {
    static constexpr int run = N;
    arguments_of<Tree> const& a;
    std::int64_t first, packs;  // R packs, `lanes` apart
    template <class U, int M, int Slot>
    __device__ pack<U, M> load() const {
      pack<U, M> p;
#pragma unroll
      for (int r = 0; r < R; ++r) {
        std::int64_t const i = first + r * lanes;
        auto const v = i < packs ? load_pack<U, N>(a.leaf[Slot], i) : pack<U, N>{};
#pragma unroll
        for (int k = 0; k < N; ++k) p.v[r * N + k] = v.v[k];
      }
      return p;
    }
    template <int Slot>
    __device__ std::int64_t index(int k) const {
      return (first + k / N * lanes) * N + k % N;
    }
    template <int Slot>
    __device__ bool neighbours() const {
      return true;
    }
  };

  /// Threads, of which each block of `lanes` takes R * lanes packs.
  [[nodiscard]] std::int64_t count() const { return (packs + R * lanes - 1) / (R * lanes) * lanes; }
  __device__ void operator()(std::int64_t i) const {
    std::int64_t const first = i / lanes * (R * lanes) + i % lanes;
    auto const v = value<Tree, slots{}, R * N>::of(context{a, first, packs});
#pragma unroll
    for (int r = 0; r < R; ++r)
      if (first + r * lanes < packs)
        store<N>(&out[first + r * lanes].v[0], v.v + r * N, true, N, 1);
  }
};

template <class Tree>
struct general_arguments {
  arguments_of<Tree> a;
  walk w;
  leaf_walk leaf[arguments_of<Tree>::leaves];
  int lane_rows;   // rows of a block's tile that its threads take at once
  int lane_packs;  // packs of a row of it
  int batches;     // of rows that a thread takes, one behind the other
  unsigned column_blocks, row_blocks;
};

inline constexpr int general_threads = 256;
/// Rows of a thread: more in flight where leaves leave room for them.
template <class Tree>
inline constexpr int general_rows = Tree::leaf_count <= 1   ? 4
                                    : Tree::leaf_count <= 4 ? 2
                                                            : 1;

/// Whether they may be neighbours, which a transposed leaf has as 16 bytes or more.
template <class Tree>
inline constexpr bool general_blocks = general_rows<Tree> == 4 && pack_size<Tree> <= 4;

template <class Tree>
struct general_context {
  static constexpr int R = general_rows<Tree>, run = pack_size<Tree>;
  general_arguments<Tree> const& g;
  arguments_of<Tree> const& a;
  std::int64_t const* base;  // by leaf slot: its element at this thread's pack
  int column;                // the pack's, in a row that holds several of `width`
  runs<R, run> where;        // rows

  /// Of a narrow leaf: from its element at the row's first column to that of the pack's element k.
  __device__ std::int64_t narrow(leaf_walk const& l, int k) const {
    unsigned const at = static_cast<unsigned>(column + k), width = static_cast<unsigned>(g.w.width);
    return at / width * l.across + at % width * l.along;
  }

  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    leaf_walk const& l = g.leaf[Slot];
    U const* const p = static_cast<U const*>(a.leaf[Slot]) + base[Slot];
    pack<U, M> out;
    if constexpr (general_blocks<Tree> && R * sizeof(U) >= 16)
      if (l.kind == inner_kind::transposed && where.whole) {
#pragma unroll
        for (int k = 0; k < run; ++k) {
          auto const rows = *reinterpret_cast<pack<U, R> const*>(p + k * l.column);
#pragma unroll
          for (int r = 0; r < R; ++r) out.v[r * run + k] = rows.v[r];
        }
        return out;
      }
    if (l.kind != inner_kind::narrow) return load_runs<R, run>(p, l.run, where, l.kind, l.column);
#pragma unroll
    for (int k = 0; k < run; ++k) {
      U const* const q = p + narrow(l, k);
#pragma unroll
      for (int r = 0; r < R; ++r) out.v[r * run + k] = k < where.left[r] ? q[r * l.run] : U{};
    }
    return out;
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    leaf_walk const& l = g.leaf[Slot];
    return base[Slot] + k / run * l.run +
           (l.kind == inner_kind::narrow ? narrow(l, k % run) : k % run * l.column);
  }
  template <int Slot>
  __device__ bool neighbours() const {
    return g.leaf[Slot].column == 1;
  }
};

template <class Tree>
__global__ void __launch_bounds__(general_threads, 4)
    general_kernel(const __grid_constant__ general_arguments<Tree> g) {
  constexpr int N = pack_size<Tree>, R = general_rows<Tree>;
  using T = typename Tree::value_type;
  constexpr int leaves = Tree::leaf_count > 0 ? Tree::leaf_count : 1;
  unsigned block = blockIdx.x;  // divisions of 32 bits: they are dear
  unsigned const column_block = block % g.column_blocks;
  block /= g.column_blocks;
  unsigned const row_block = block % g.row_blocks;
  unsigned outer = block / g.row_blocks;

  int lane_row, lane_pack;
  if (g.w.tiled) {  // a warp covers 8 rows x 4 packs
    lane_row = (threadIdx.x % 8 + threadIdx.x / 32 * 8) % g.lane_rows;
    lane_pack = threadIdx.x % 32 / 8 + threadIdx.x / (4 * g.lane_rows) * 4;
  } else {
    lane_pack = static_cast<int>(threadIdx.x) % g.lane_packs;
    lane_row = static_cast<int>(threadIdx.x) / g.lane_packs;
  }
  std::int64_t const column = (std::int64_t{column_block} * g.lane_packs + lane_pack) * N;
  bool const blocks = general_blocks<Tree> && g.w.blocks;
  std::int64_t row =
      std::int64_t{row_block} * g.lane_rows * R * g.batches + lane_row * (blocks ? R : 1);
  if (column >= g.w.columns) return;
  int const left = left_of(g.w.columns - column, N);
  std::int64_t out_base = row * g.w.out_row + column * g.w.out_column;
  std::int64_t base[leaves];
#pragma unroll
  for (int s = 0; s < Tree::leaf_count; ++s)
    base[s] = g.leaf[s].first + row * g.leaf[s].row + column * g.leaf[s].column;
#pragma unroll 1
  for (int a = g.w.outer_axes - 1; a >= 0; --a) {
    unsigned const extent = static_cast<unsigned>(g.w.outer_extent[a]);
    std::int64_t const i = a > 0 ? outer % extent : outer;
    outer /= extent;
    out_base += i * g.w.out_outer[a];
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s) base[s] += i * g.leaf[s].outer[a];
  }
  int const apart = blocks ? 1 : g.lane_rows;  // a thread's rows
  std::int64_t const out_run = apart * g.w.out_row;
  T* out = static_cast<T*>(g.w.out) + out_base;
#pragma unroll 1
  for (int batch = 0; batch < g.batches && row < g.w.rows; ++batch) {
    general_context<Tree> c{g, g.a, base, static_cast<int>(column), {}};
#pragma unroll
    for (int r = 0; r < R; ++r) {
      std::int64_t const at = row + r * apart;
      int const most = g.w.total > 0 ? left_of(g.w.total - at * g.w.columns - column, N) : left;
      c.where.left[r] = at < g.w.rows && most > 0 ? most : 0;
    }
    c.where.whole = c.where.left[R - 1] == N;
    auto const v = value<Tree, slots{}, R * N>::of(c);
#pragma unroll
    for (int r = 0; r < R; ++r, out += out_run)
      store<N>(out, v.v + r * N, g.w.out_vector, c.where.left[r], g.w.out_column);
    if (blocks) out += R * (g.lane_rows - 1) * g.w.out_row;
    row += R * g.lane_rows;
#pragma unroll
    for (int s = 0; s < Tree::leaf_count; ++s)
      base[s] += R * (blocks ? g.lane_rows : 1) * g.leaf[s].run;
  }
}

template <class Tree>
void launch_general(fused_call const& call, extents const& shape, destination const& out) {
  constexpr int N = pack_size<Tree>;
  using arguments = general_arguments<Tree>;
  static_assert(std::is_trivially_copyable_v<arguments>);
  static_assert(Tree::leaf_count <= max_leaves, "an expression has at most 32 leaves on the GPU");
  leaf_walk operands[max_leaves];
  arguments g{
      arguments_of<Tree>(call),
      make_walk(call, shape, out, N, general_blocks<Tree> ? general_rows<Tree> : 1, operands),
      {},
      1,
      1,
      1,
      1,
      1};
  std::int64_t const packs = (g.w.columns + N - 1) / N;
  shape_block(g.w, packs, general_threads, g.lane_rows, g.lane_packs);
  for (int s = 0; s < Tree::leaf_count; ++s) {
    g.leaf[s] = operands[call.slot[s]];
    g.leaf[s].run = (g.w.blocks ? 1 : g.lane_rows) * g.leaf[s].row;
  }
  launch(general_kernel<Tree>, shape_grid(g.w, packs, general_rows<Tree>, g), general_threads, g);
}

template <class Tree>
void launch_elementwise(fused_call const& call, extents const& shape, destination const& out) {
  constexpr int N = pack_size<Tree>;
  std::int64_t const n = shape.size();
  if (n == 0) return;
  if (!is_flat(call, shape, out)) {
    std::int64_t const before = before_flat(call, shape, out);
    if (before == 0) return launch_general<Tree>(call, shape, out);
    launch_part(&launch_general<Tree>, call, 0, before, out);
    return launch_part(&launch_elementwise<Tree>, call, before, n - before, out);
  }
  if constexpr (has_generator<Tree>) {
    auto* const packs = static_cast<pack<typename Tree::value_type, N>*>(out.data);
    flat_batch<Tree> const f{arguments_of<Tree>(call), packs, n / N};
    for_each_index(f.count(), f);
  } else {
    for_each_index(n / N, flat_outputs<Tree>(&call, &out));
  }
  if (n % N != 0) launch_part(&launch_general<Tree>, call, n - n % N, n % N, out);
}

template <class First, class... Rest>
void launch_outputs(fused_call const* call, extents const& shape, destination const* out) {
  constexpr int N = pack_size<First>, count = 1 + sizeof...(Rest);
  std::int64_t const n = shape.size();
  if constexpr (((pack_size<Rest> == N) && ...) &&
                !(has_generator<First> || ... || has_generator<Rest>)) {
    bool flat = n >= N;
    for (int k = 0; k < count; ++k) flat = flat && is_flat(call[k], shape, out[k]);
    if (flat) {
      for_each_index(n / N, flat_outputs<First, Rest...>(call, out));
      if (n % N == 0) return;
      constexpr decltype(&launch_general<First>) general[] = {&launch_general<First>,
                                                              &launch_general<Rest>...};
      for (int k = 0; k < count; ++k) launch_part(general[k], call[k], n - n % N, n % N, out[k]);
      return;
    }
  }
  constexpr device_launch each[] = {&launch_elementwise<First>, &launch_elementwise<Rest>...};
  for (int k = 0; k < count; ++k) each[k](call[k], shape, out[k]);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
