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
  struct staged_leaf {
    int offset, pitch;  // in a tile's buffer, of its rows; -1: not staged
    int size;           // bytes of an element
    bool even;
  } staged[arguments_of<Tree>::leaves];
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
  void* kept = nullptr;  // values of the last reduction's argument, for the root
  std::byte* shared;     // two rooms of 32 reduction states
  int room = 0;          // the next one to use
  int team, lane;
  std::int64_t begin;  // of a gang's row: this block's first column
  unsigned turn = 0;   // of a gang: reductions exchanged so far

  __device__ explicit row_place(row_arguments_of<Tree> const& arguments) : g(arguments) {}
};

/// The state of a gang's blocks, in every thread of them, combined in the blocks' order. Blocks of a
/// gang run at the same time: the launch is a cooperative one.
template <class R, class Tree>
__device__ __forceinline__ typename R::state reduce_gang(row_place<Tree>& at, typename R::state s) {
  using S = typename R::state;
  static_assert(sizeof(S) <= gang_state_bytes);
  stage_plan const& plan = at.g.s;
  unsigned const gang = blockIdx.x / plan.gang, member = blockIdx.x % plan.gang;
  unsigned* const arrived = reinterpret_cast<unsigned*>(plan.exchange) + gang * gang_counter_words;
  // Two rooms in turn: whoever writes one again has seen all others arrive behind its readers.
  std::byte* const room = plan.exchange +
                          gridDim.x / plan.gang * gang_counter_words * sizeof(unsigned) +
                          (std::size_t{gang} * 2 + at.turn % 2) * plan.gang * gang_state_bytes;
  ++at.turn;
  if (threadIdx.x == 0) {
    *reinterpret_cast<S*>(room + member * gang_state_bytes) = s;
    __threadfence();
    atomicAdd(arrived, 1u);
    unsigned const all = at.turn * plan.gang;
    unsigned seen;
    do asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(arrived) : "memory");
    while (seen < all);
  }
  __syncthreads();
  s = R::identity();
  for (int m = static_cast<int>(threadIdx.x) % 32; m < plan.gang; m += 32) {
    constexpr int words = (sizeof(S) + 3) / 4;
    unsigned bits[words];  // past the L1 cache, which may hold what the room held before
#pragma unroll
    for (int w = 0; w < words; ++w)
      bits[w] = __ldcg(reinterpret_cast<unsigned const*>(room + m * gang_state_bytes) + w);
    S other = s;
    __builtin_memcpy(&other, bits, sizeof(S));
    R::combine(s, other);
  }
  return reduce_warp<R>(s);
}

/// Any rows: runs that may be cut short, strided or misaligned.
template <class Tree>
struct row_context {
  static constexpr int run = pack_size<Tree>;
  row_place<Tree> const& at;
  std::int64_t column;
  runs<1, run> where;

  __device__ row_context(row_place<Tree> const& place, std::int64_t column_, std::int64_t columns)
      : at(place), column(column_), where{{left_of(columns - column, run)}, false} {
    where.whole = where.left[0] == run;
  }
  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    leaf_walk const& l = at.g.leaf[Slot];
    return load_runs<1, run>(static_cast<U const*>(at.base[Slot]) + column * l.column, 0, where,
                             l.kind, l.column);
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return at.generated[Slot] + (column + k) * at.g.leaf[Slot].column;
  }
  template <class U, int Slot>
  __device__ U row() const {
    return at.results[Slot].template as<U>();
  }
  __device__ scalar_bits const& scalar(int slot) const { return at.g.a.scalar(slot); }
  __device__ scalar_bits const* params(int slot) const { return at.g.a.params(slot); }
};

/// Rows of whole packs: every leaf is a vector or one value a row.
template <class Tree>
struct whole_row_context {
  static constexpr int run = pack_size<Tree>;
  row_place<Tree> const& at;
  int column;

  __device__ whole_row_context(row_place<Tree> const& place, int column_, int)
      : at(place), column(column_) {}
  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    auto const* const row = static_cast<U const*>(at.base[Slot]);
    if (at.g.leaf[Slot].kind == inner_kind::vector)
      return *reinterpret_cast<pack<U, M> const*>(row + column);
    pack<U, M> out;
    U const v = *row;
#pragma unroll
    for (int k = 0; k < M; ++k) out.v[k] = v;
    return out;
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return at.generated[Slot] + (column + k) * at.g.leaf[Slot].column;
  }
  template <class U, int Slot>
  __device__ U row() const {
    return at.results[Slot].template as<U>();
  }
  __device__ scalar_bits const& scalar(int slot) const { return at.g.a.scalar(slot); }
  __device__ scalar_bits const* params(int slot) const { return at.g.a.params(slot); }
};

/// The argument of the last row reduction of a tree, and its place in it.
template <class Tree, slots At>
struct last_argument {
  using type = void;
};
template <slots At, class... A>
struct last_argument_of {
  using type = void;
};
template <slots At, class Head, class... Tail>
struct last_argument_of<At, Head, Tail...>
    : std::conditional_t<(Tail::row_count + ... + 0) == 0, last_argument<Head, At>,
                         last_argument_of<behind<Head>(At), Tail...>> {};
template <class Op, class... A, slots At>
struct last_argument<apply<Op, A...>, At>
    : last_argument_of<slots{At.leaf, At.scalar + has_state<Op>, At.row}, A...> {};
template <reduction Op, class A, slots At>
struct last_argument<row_reduction<Op, A>, At> {
  using type = A;
  static constexpr slots at = At;
};

/// What the root reads instead of computing it again: the last reduction's argument, when it is more
/// than an operand. Softmax's exponentials are computed once so.
template <class Tree>
using kept_tree = std::conditional_t<std::is_void_v<typename last_argument<Tree, slots{}>::type> ||
                                         is_leaf_tree<typename last_argument<Tree, slots{}>::type>,
                                     void, typename last_argument<Tree, slots{}>::type>;
template <class Tree>
constexpr int kept_size() {
  if constexpr (std::is_void_v<kept_tree<Tree>>)
    return 0;
  else
    return sizeof(typename kept_tree<Tree>::value_type);
}

/// Calls f(slots) for each place of `Wanted` in a tree, outside of its row reductions.
template <class Wanted, class Tree, slots At>
struct places {
  template <class F>
  static void each(F const&) {}
};
template <class Wanted, slots At, class... A>
struct places_in {
  template <class F>
  static void each(F const&) {}
};
template <class Wanted, slots At, class Head, class... Tail>
struct places_in<Wanted, At, Head, Tail...> {
  template <class F>
  static void each(F const& f) {
    places<Wanted, Head, At>::each(f);
    places_in<Wanted, behind<Head>(At), Tail...>::each(f);
  }
};
template <class Wanted, class Op, class... A, slots At>
struct places<Wanted, apply<Op, A...>, At> {
  template <class F>
  static void each(F const& f) {
    if constexpr (std::is_same_v<Wanted, apply<Op, A...>>)
      f(At);
    else
      places_in<Wanted, slots{At.leaf, At.scalar + has_state<Op>, At.row}, A...>::each(f);
  }
};

/// True when the root has the kept tree, everywhere over the operands of the last reduction.
template <class Tree>
bool keeps_argument(fused_call const& call) {
  using kept = kept_tree<Tree>;
  int found = 0, equal = 0;
  if constexpr (!std::is_void_v<kept>) {
    constexpr slots from = last_argument<Tree, slots{}>::at;
    places<kept, Tree, slots{}>::each([&](slots at) {
      bool same = true;
      for (int k = 0; k < kept::leaf_count; ++k)
        same = same && call.slot[at.leaf + k] == call.slot[from.leaf + k];
      for (int k = 0; k < kept::scalar_count; ++k)
        same = same && call.scalars[at.scalar + k] == call.scalars[from.scalar + k];
      for (int k = 0; k < kept::row_count; ++k)
        same = same && call.row_alias[at.row + k] == call.row_alias[from.row + k];
      ++found;
      equal += same;
    });
  }
  return found > 0 && equal == found;
}

/// The root's own: reads what the last reduction kept.
template <class Tree>
struct whole_root_context : whole_row_context<Tree> {
  template <class Part>
  static constexpr bool keeps = std::is_same_v<Part, kept_tree<Tree>>;
  using whole_row_context<Tree>::whole_row_context;
  __device__ bool has_kept() const { return this->at.kept != nullptr; }
  template <class U, int M>
  __device__ pack<U, M> kept() const {
    return *reinterpret_cast<pack<U, M> const*>(static_cast<U const*>(this->at.kept) +
                                                this->column);
  }
};

/// How a kernel takes its rows. whole_warp and whole_block: rows of whole packs, a team of a warp's
/// lanes or the block each; any: all others.
enum class row_kind { any, whole_warp, whole_block };

template <class Tree, row_kind Kind>
using row_context_t =
    std::conditional_t<Kind == row_kind::any, row_context<Tree>, whole_row_context<Tree>>;
template <row_kind Kind>
using column_t = std::conditional_t<Kind == row_kind::any, std::int64_t, int>;

/// This thread's first column, and one past the last of its block's, of a row of n.
template <row_kind Kind, class Tree>
__device__ column_t<Kind> begin_of(row_place<Tree> const& at) {
  return static_cast<column_t<Kind>>(at.begin) + at.lane * row_context<Tree>::run;
}
template <row_kind Kind, class Tree>
__device__ column_t<Kind> end_of(row_place<Tree> const& at, column_t<Kind> n) {
  if constexpr (Kind != row_kind::whole_warp)
    if (at.g.s.gang > 1 && n > at.begin + at.g.s.slice)
      return static_cast<column_t<Kind>>(at.begin + at.g.s.slice);
  return n;
}

/// R's state over map(value) of A's elements in a row of n, in every thread of its team.
template <class Root, class A, slots At, row_kind Kind, class R, class Map>
__device__ __forceinline__ typename R::state reduce_row(row_place<Root>& at, column_t<Kind> n,
                                                        Map const& map) {
  constexpr int N = pack_size<Root>;
  constexpr bool last = At.row + A::row_count + 1 == Root::row_count;
  auto state = R::identity();
  auto const end = end_of<Kind>(at, n);
  for (auto column = begin_of<Kind>(at); column < end; column += at.team * N) {
    auto const v = value<A, At, N>::of(row_context_t<Root, Kind>(at, column, n));
    if constexpr (Kind != row_kind::any && last && !std::is_void_v<kept_tree<Root>>)
      if (at.kept)
        store<N>(static_cast<typename A::value_type*>(at.kept) + column, v.v, true, N, 1);
    pack<decltype(map(v.v[0])), N> mapped;
#pragma unroll
    for (int k = 0; k < N; ++k) mapped.v[k] = map(v.v[k]);
    add_pack<R, N>(state, mapped.v, column, Kind == row_kind::any ? left_of(n - column, N) : N);
  }
  if (Kind == row_kind::whole_block || (Kind == row_kind::any && at.team > 32)) {
    // Two rooms in turn: one may still be read when the next reduction writes.
    state = reduce_block<R>(state, at.shared + at.room * (32 * 32));
    at.room ^= 1;
  } else {
    state = reduce_warp<R>(state, at.team);
  }
  if constexpr (Kind != row_kind::whole_warp)
    if (at.g.s.gang > 1) state = reduce_gang<R>(at, state);
  return state;
}

/// Computes the row reductions of `Tree` at `At` in post-order, into at.results.
template <class Root, class Tree, slots At, row_kind Kind>
struct row_reductions {
  static __device__ void run(row_place<Root>&) {}
};
template <class Root, slots At, row_kind Kind, class... A>
struct row_reductions_of_all {
  static __device__ void run(row_place<Root>&) {}
};
template <class Root, slots At, row_kind Kind, class Head, class... Tail>
struct row_reductions_of_all<Root, At, Kind, Head, Tail...> {
  static __device__ __forceinline__ void run(row_place<Root>& at) {
    row_reductions<Root, Head, At, Kind>::run(at);
    row_reductions_of_all<Root, behind<Head>(At), Kind, Tail...>::run(at);
  }
};
template <class Root, class Op, class... A, slots At, row_kind Kind>
struct row_reductions<Root, apply<Op, A...>, At, Kind> {
  static __device__ __forceinline__ void run(row_place<Root>& at) {
    constexpr slots first{At.leaf, At.scalar + has_state<Op>, At.row};
    row_reductions_of_all<Root, first, Kind, A...>::run(at);
  }
};
template <class Root, reduction Op, class A, slots At, row_kind Kind>
struct row_reductions<Root, row_reduction<Op, A>, At, Kind> {
  static __device__ __forceinline__ void run(row_place<Root>& at) {
    row_reductions<Root, A, At, Kind>::run(at);
    constexpr int own = At.row + A::row_count;
    using R = reducer<Op, typename A::value_type>;
    if (at.g.alias[own] != own) {
      scalar_bits found;
#pragma unroll
      for (int k = 0; k < own; ++k) {
        scalar_bits const result = at.results[k];  // by value: an index would put them into memory
        bool const here = k == at.g.alias[own];
        found.words[0] = here ? result.words[0] : found.words[0];
        found.words[1] = here ? result.words[1] : found.words[1];
      }
      at.results[own] = found;
      return;
    }
    auto const n = static_cast<column_t<Kind>>(at.g.length[own]);
    double const ddof = at.g.a.scalar(At.scalar + A::scalar_count).template as<double>();
    if constexpr (Op == reduction::var || Op == reduction::std) {
      // The row is near: two passes of plain sums cost less than combining moments.
      using wide = typename R::wide;
      auto const total = reduce_row<Root, A, At, Kind, reducer<reduction::sum, wide>>(
          at, n, [](auto v) { return convert<wide>(v); });
      wide const mean = total / convert<wide>(n);
      auto const squares = reduce_row<Root, A, At, Kind, reducer<reduction::sum, typename R::real>>(
          at, n, [&](auto v) { return R::squared(convert<wide>(v) - mean); });
      at.results[own] =
          scalar_bits::of(R::finish({static_cast<typename R::real>(n), mean, squares}, n, ddof));
    } else {
      auto const state = reduce_row<Root, A, At, Kind, R>(at, n, [](auto v) { return v; });
      at.results[own] = scalar_bits::of(R::finish(state, n, ddof));
    }
  }
};

/// Where a row begins in memory.
template <class Tree, row_kind Kind>
class row_offsets {
 public:
  __device__ row_offsets(row_arguments_of<Tree> const& g, std::int64_t row)
      : g_(g), inner_(row), outer_(0) {
    if (Kind == row_kind::any && g.w.outer_axes > 0)
      inner_ = row % g.w.rows, outer_ = row / g.w.rows;
  }
  __device__ std::int64_t out() const { return inner_ * g_.w.out_row + outer_sum(g_.w.out_outer); }
  __device__ std::int64_t leaf(int s) const {
    return g_.leaf[s].first + inner_ * g_.leaf[s].row + outer_sum(g_.leaf[s].outer);
  }
  __device__ std::byte const* address(int s) const {
    return static_cast<std::byte const*>(g_.a.leaf[s]) + leaf(s) * g_.staged[s].size;
  }

 private:
  __device__ std::int64_t outer_sum(std::int64_t const* stride) const {
    std::int64_t offset = 0, rest = outer_;
    if constexpr (Kind == row_kind::any)
      for (int a = g_.w.outer_axes - 1; a >= 0; --a, rest /= g_.w.outer_extent[a + 1])
        offset += rest % g_.w.outer_extent[a] * stride[a];
    return offset;
  }
  row_arguments_of<Tree> const& g_;
  std::int64_t inner_, outer_;
};

inline constexpr int most_row_threads = 1024;

/// A team of threads a row, tiles of rows in turn.
template <class Tree, row_kind Kind>
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
  int const gang = Kind == row_kind::whole_warp ? 1 : g.s.gang;
  std::int64_t const first_tile = blockIdx.x / gang, step = gridDim.x / gang;
  int const member = gang > 1 ? blockIdx.x % gang : 0;
  if (starter)
    for (int k = 0; k < g.s.stages; ++k) {
      ready[k].init();
      std::int64_t const tile = first_tile + k * step;
      if (tile * g.s.tile_rows < rows)
        start_tile(g.s, tile, rows, member, tiles + k * g.s.tile_bytes, ready[k]);
    }
  __syncthreads();
  int const team = Kind == row_kind::whole_block ? static_cast<int>(blockDim.x) : g.s.team;
  row_place<Tree> at(g);
  at.shared = shared;
  at.team = team;
  at.lane = static_cast<int>(threadIdx.x) % team;
  at.begin = member * g.s.slice;
  int const teams = static_cast<int>(blockDim.x) / team;
  int stage = 0;
  unsigned parity = 0;
  for (std::int64_t tile = first_tile; tile * g.s.tile_rows < rows; tile += step) {
    std::byte const* const buffer = tiles + stage * g.s.tile_bytes;
    if (staging) ready[stage].wait(parity);
    // All lanes of a warp stay together, also where it has teams without a row.
    for (int r = 0; r < g.s.tile_rows; r += teams) {
      int const in_tile = r + static_cast<int>(threadIdx.x) / team;
      std::int64_t const wanted = tile * g.s.tile_rows + in_tile;
      bool const exists =
          Kind == row_kind::whole_block || (in_tile < g.s.tile_rows && wanted < rows);
      std::int64_t const row = exists ? wanted : tile * g.s.tile_rows;
      row_offsets<Tree, Kind> const first(g, row);
#pragma unroll
      for (int s = 0; s < Tree::leaf_count; ++s) {
        auto const& l = g.staged[s];
        if constexpr (has_generator<Tree>) at.generated[s] = first.leaf(s);
        if (l.offset >= 0) {
          auto const* from = buffer + l.offset + (exists ? in_tile : 0) * l.pitch;
          if (Kind == row_kind::any && !l.even)
            from += reinterpret_cast<std::uintptr_t>(first.address(s)) % 16;
          at.base[s] = from - at.begin * l.size;
        } else {
          at.base[s] = first.address(s);
        }
      }
      if (g.s.kept_offset >= 0) at.kept = tiles + g.s.kept_offset + in_tile * g.s.kept_pitch;
      row_reductions<Tree, Tree, slots{}, Kind>::run(at);
      if (!exists) continue;
      T* const out = static_cast<T*>(g.w.out) + first.out();
      auto const columns = static_cast<column_t<Kind>>(g.w.columns);
      auto const end = end_of<Kind>(at, columns);
      for (auto column = begin_of<Kind>(at); column < end; column += team * N) {
        using root_context =
            std::conditional_t<Kind == row_kind::any, row_context<Tree>, whole_root_context<Tree>>;
        auto const v = value<Tree, slots{}, N>::of(root_context(at, column, columns));
        if constexpr (Kind == row_kind::any)
          store<N>(out + column * g.w.out_column, v.v, g.w.out_vector, left_of(columns - column, N),
                   g.w.out_column);
        else
          store<N>(out + column, v.v, true, columns - column, 1);  // one result or whole packs
      }
    }
    __syncthreads();  // the buffer may be filled anew, and the rooms for states
    if (starter) {
      std::int64_t const next = tile + g.s.stages * step;
      if (next * g.s.tile_rows < rows)
        start_tile(g.s, next, rows, member, tiles + stage * g.s.tile_bytes, ready[stage]);
    }
    if (++stage == g.s.stages) stage = 0, parity ^= 1;
  }
}

template <class Tree, row_kind Kind>
void launch_row_kernel(row_arguments_of<Tree>& g) {
  static bool const allowed = [] {  // more than 48 KiB wants to be asked for
    allow_shared_memory(reinterpret_cast<void const*>(&row_kernel<Tree, Kind>));
    return true;
  }();
  (void)allowed;
  std::int64_t const rows = g.w.rows * g.w.outer_count;
  std::int64_t const tiles = (rows + g.s.tile_rows - 1) / g.s.tile_rows;
  std::int64_t const most = std::int64_t{multiprocessors()} * g.s.blocks_a_multiprocessor;
  unsigned const shared = g.s.shared_bytes;
  if (g.s.gang == 1)
    return launch_shared(row_kernel<Tree, Kind>, std::min(tiles, most), g.s.threads, shared, g);
  std::int64_t const gangs = std::min(tiles, most / g.s.gang);
  std::size_t const counters = static_cast<std::size_t>(gangs) * gang_counter_words * 4;
  workspace const exchange(counters + 2 * gang_state_bytes * static_cast<std::size_t>(gangs) *
                                          static_cast<std::size_t>(g.s.gang));
  clear(exchange.data(), counters);
  g.s.exchange = exchange.data();
  launch_together(row_kernel<Tree, Kind>, gangs * g.s.gang, g.s.threads, shared, g);
}

template <class Tree>
void launch_row(fused_call const& call, extents const& shape, destination const& out) {
  constexpr int N = pack_size<Tree>;
  if (shape.size() == 0) return;
  row_arguments_of<Tree> g{arguments_of<Tree>(call), {}, {}, {}, {}, {}, {}};
  static_assert(std::is_trivially_copyable_v<row_arguments_of<Tree>>);
  leaf_walk operands[max_leaves];
  g.w = make_row_walk(call, shape, out, N, operands);
  for (int r = 0; r < Tree::row_count; ++r) {
    g.length[r] = call.row_length[r];
    g.alias[r] = call.row_alias[r];
  }
  g.s = make_stage_plan(call, g.w, operands, N, keeps_argument<Tree>(call) ? kept_size<Tree>() : 0);
  for (int s = 0; s < Tree::leaf_count; ++s) {
    operand const& o = call.operands[call.slot[s]];
    g.leaf[s] = operands[call.slot[s]];
    int const k = g.s.staged[call.slot[s]];
    g.staged[s] = {k < 0 ? -1 : static_cast<int>(g.s.operand[k].offset),
                   k < 0 ? 0 : static_cast<int>(g.s.operand[k].pitch),
                   o.data ? static_cast<int>(size_of(o.type)) : 0, k < 0 || g.s.operand[k].even};
  }
  if (!g.s.whole)
    launch_row_kernel<Tree, row_kind::any>(g);
  else if (g.s.team == g.s.threads)
    launch_row_kernel<Tree, row_kind::whole_block>(g);
  else
    launch_row_kernel<Tree, row_kind::whole_warp>(g);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
