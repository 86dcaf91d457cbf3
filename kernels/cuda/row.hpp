// Row kernels: every reduction over a row, then the root, one team of threads a row.
#pragma once

#include <kernels/cuda/flat.hpp>
#include <kernels/cuda/gang.hpp>
#include <kernels/cuda/kept.hpp>
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
    bool here;          // staged
    int offset, pitch;  // in a tile's buffer, of its rows
    int size, step;     // bytes of an element; from one to the next, 0 where there is only one
    bool even;
  } staged[arguments_of<Tree>::leaves];
  std::int64_t length[rows];
  int alias[rows];
  int mean[rows];  // of a variance: an earlier slot with its argument's mean, or -1
  stage_plan s;
};

/// Leaves that one pass over a row reads: the root's or the argument's of a row reduction.
template <class Tree>
struct pass {
  static constexpr int own = is_leaf_tree<Tree>, most = own;
};
template <class Op, class... A>
struct pass<apply<Op, A...>> {
  static constexpr int own = (pass<A>::own + ... + 0);
  static constexpr int most = std::max({own, pass<A>::most...});
};
template <reduction Op, class A>
struct pass<row_reduction<Op, A>> {
  static constexpr int own = 0, most = pass<A>::most;
};
/// Runs that a thread takes at once of a row.
template <class Tree>
inline constexpr int row_runs = std::clamp(16 / pack_size<Tree>, 1,
                                           pass<Tree>::most <= 2   ? 4
                                           : pass<Tree>::most <= 4 ? 2
                                                                   : 1);

/// How a kernel takes its rows: whole packs in shared memory, or any.
enum class row_kind { any, staged };

/// A thread's place in a row.
template <class Tree, row_kind Kind>
struct row_place {
  using index = std::conditional_t<Kind == row_kind::any, std::int64_t, int>;

  row_arguments_of<Tree> const& g;
  index row;          // among all rows
  int in_tile;        // the row in its tile
  unsigned tile;      // the tile's buffer, an address in shared memory
  unsigned kept = 0;  // so, of what is kept of the row; 0: nothing is
  scalar_bits results[row_arguments_of<Tree>::rows];
  // Of rows that are not staged, by leaf slot: the row's first element, in shared memory where it is
  // staged; and of a generator that element's index.
  void const* base[arguments_of<Tree>::leaves];
  std::int64_t generated[arguments_of<Tree>::generators];
  unsigned states;  // two rooms of 32 reduction states in shared memory
  int room = 0;     // the next one to use
  int team, lane;
  int gang, member;   // blocks of the row: which gang, and which of its blocks this one is
  index begin;        // this block's first column
  unsigned turn = 0;  // reductions exchanged in the gang so far

  __device__ explicit row_place(row_arguments_of<Tree> const& arguments) : g(arguments) {}
  /// Two rooms in turn: one may still be read when the next reduction writes.
  __device__ unsigned next_room() {
    room ^= 1;
    return states + (room ^ 1) * (32 * 32);
  }
};

/// What all contexts of a row have.
template <class Tree, row_kind Kind>
struct row_context_base {
  row_place<Tree, Kind> const& at;
  arguments_of<Tree> const& a;

  template <class U, int Slot>
  __device__ U row() const {
    return at.results[Slot].template as<U>();
  }
  template <int Slot>
  __device__ bool neighbours() const {
    return at.g.leaf[Slot].column == 1;
  }
};

/// Any rows: a run that may be cut short, strided or misaligned.
template <class Tree>
struct row_context : row_context_base<Tree, row_kind::any> {
  using place = row_place<Tree, row_kind::any>;
  static constexpr int run = pack_size<Tree>, run_count = 1;
  using column_type = std::int64_t;
  column_type column;
  runs<1, run> where;

  __device__ row_context(place const& p, column_type first, column_type end)
      : row_context_base<Tree, row_kind::any>{p, p.g.a},
        column(first),
        where{{left_of(end - first, run)}, false} {
    where.whole = where.left[0] == run;
  }
  static __device__ column_type first_column(place const& at) { return at.begin + at.lane * run; }
  /// One past the last column of this block.
  static __device__ column_type end_of(place const& at, column_type n) {
    return smaller(n, at.begin + at.g.s.slice);
  }
  __device__ std::int64_t position(int) const { return column; }
  __device__ int left(int) const { return where.left[0]; }

  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    leaf_walk const& l = this->at.g.leaf[Slot];
    return load_runs<1, run>(static_cast<U const*>(this->at.base[Slot]) + column * l.column, 0,
                             where, l.kind, l.column);
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    return this->at.generated[Slot] + (column + k) * this->at.g.leaf[Slot].column;
  }
};

/// Rows of whole packs in shared memory: every leaf is staged. Columns count from the block's first
/// one. Runs behind the row's end are read too, from memory that is there, and used
/// for nothing.
template <class Tree>
struct staged_row_context : row_context_base<Tree, row_kind::staged> {
  using place = row_place<Tree, row_kind::staged>;
  static constexpr int run = pack_size<Tree>, run_count = row_runs<Tree>;
  using column_type = int;
  column_type column, step, end;

  __device__ staged_row_context(place const& p, column_type first, column_type stop)
      : row_context_base<Tree, row_kind::staged>{p, p.g.a},
        column(first),
        step(p.team * run),
        end(stop) {}
  static __device__ column_type first_column(place const& at) { return at.lane * run; }
  static __device__ column_type end_of(place const& at, std::int64_t n) {
    int const last = n == 1 ? 1 : static_cast<int>(at.g.s.longest);
    return ::min(last - at.begin, static_cast<int>(at.g.s.slice));
  }
  __device__ std::int64_t position(int r) const { return this->at.begin + column + r * step; }
  __device__ int left(int r) const { return column + r * step < end ? run : 0; }

  /// The runs of a row there whose elements are `size` bytes apart, or 0 where there is only one.
  template <class U, int M>
  __device__ pack<U, M> read(unsigned row, int size) const {
    unsigned const first = row + column * size;
    pack<U, M> out;
#pragma unroll
    for (int r = 0; r < run_count; ++r) {
      auto const v = *shared_pointer<pack<U, run> const>(first + r * (step * size));
#pragma unroll
      for (int k = 0; k < run; ++k) out.v[r * run + k] = v.v[k];
    }
    return out;
  }
  template <class U, int M, int Slot>
  __device__ pack<U, M> load() const {
    auto const& staged = this->at.g.staged[Slot];
    return read<U, M>(this->at.tile + staged.offset + this->at.in_tile * staged.pitch, staged.step);
  }
  template <int Slot>
  __device__ std::int64_t index(int k) const {
    leaf_walk const& l = this->at.g.leaf[Slot];
    return l.first + std::int64_t{this->at.row} * l.row + (position(k / run) + k % run) * l.column;
  }
  template <class U, int M>
  __device__ void keep(pack<U, M> const& v) const {
    if (this->at.kept == 0) return;
    unsigned const first = this->at.kept + static_cast<unsigned>(column) * sizeof(U);
#pragma unroll
    for (int r = 0; r < run_count; ++r)
      store<run>(shared_pointer<U>(first + r * (step * sizeof(U))), v.v + r * run, true, run, 1);
  }
};

/// The root's own: reads what the last reduction kept.
template <class Tree>
struct staged_root_context : staged_row_context<Tree> {
  template <class Part>
  static constexpr bool keeps = std::is_same_v<Part, kept_tree<Tree>>;
  using staged_row_context<Tree>::staged_row_context;
  __device__ bool has_kept() const { return this->at.kept != 0; }
  template <class U, int M>
  __device__ pack<U, M> kept() const {
    return this->template read<U, M>(this->at.kept, sizeof(U));
  }
};

template <class Tree, row_kind Kind>
using row_context_t =
    std::conditional_t<Kind == row_kind::any, row_context<Tree>, staged_row_context<Tree>>;

/// R's state over map(value) of A's elements in a row of n, in every thread of its team.
template <class Root, class A, slots At, row_kind Kind, class R, class Map>
__device__ __forceinline__ typename R::state reduce_row(row_place<Root, Kind>& at, std::int64_t n,
                                                        Map const& map) {
  using context = row_context_t<Root, Kind>;
  constexpr int N = context::run, M = N * context::run_count;
  constexpr bool last = At.row + A::row_count + 1 == Root::row_count;
  auto state = R::identity();
  auto const end = context::end_of(at, n);
  for (auto column = context::first_column(at); column < end; column += at.team * M) {
    context const c(at, column, end);
    auto const v = value<A, At, M>::of(c);
    if constexpr (Kind == row_kind::staged && last && !std::is_void_v<kept_tree<Root>>) c.keep(v);
#pragma unroll
    for (int r = 0; r < context::run_count; ++r) {
      pack<decltype(map(v.v[0])), N> mapped;
#pragma unroll
      for (int k = 0; k < N; ++k) mapped.v[k] = map(v.v[r * N + k]);
      if (Kind == row_kind::any || c.left(r) == N)
        add_pack<R, N>(state, mapped.v, c.position(r), Kind == row_kind::any ? c.left(r) : N);
    }
  }
  if (at.team <= 32) return reduce_warp<R>(state, at.team);
  state = reduce_block<R>(state, at.next_room());
  if (at.g.s.gang > 1) {
    auto* const all = shared_pointer<typename R::state>(at.next_room());
    ++at.turn;
    if (threadIdx.x < 32) {
      state = reduce_gang<R>(state, at.g.s.exchange, at.gang, at.g.s.gang, at.member, at.turn);
      if (threadIdx.x == 0) *all = state;
    }
    __syncthreads();
    state = *all;
  }
  return state;
}

/// at.results[slot] for a slot before `End`; by value: an index would put them into memory.
template <int End, class Place>
__device__ scalar_bits result_before(Place const& at, int slot) {
  scalar_bits found;
#pragma unroll
  for (int k = 0; k < End; ++k) {
    scalar_bits const result = at.results[k];
    bool const here = k == slot;
    found.words[0] = here ? result.words[0] : found.words[0];
    found.words[1] = here ? result.words[1] : found.words[1];
  }
  return found;
}

/// Computes the row reductions of `Tree` at `At` in post-order, into at.results.
template <class Root, class Tree, slots At, row_kind Kind>
struct row_reductions {
  static __device__ void run(row_place<Root, Kind>&) {}
};
template <class Root, slots At, row_kind Kind, class... A>
struct row_reductions_of_all {
  static __device__ void run(row_place<Root, Kind>&) {}
};
template <class Root, slots At, row_kind Kind, class Head, class... Tail>
struct row_reductions_of_all<Root, At, Kind, Head, Tail...> {
  static __device__ __forceinline__ void run(row_place<Root, Kind>& at) {
    row_reductions<Root, Head, At, Kind>::run(at);
    row_reductions_of_all<Root, behind<Head>(At), Kind, Tail...>::run(at);
  }
};
template <class Root, class Op, class... A, slots At, row_kind Kind>
struct row_reductions<Root, apply<Op, A...>, At, Kind> {
  static __device__ __forceinline__ void run(row_place<Root, Kind>& at) {
    constexpr slots first{At.leaf, At.scalar + has_state<Op>, At.row};
    row_reductions_of_all<Root, first, Kind, A...>::run(at);
  }
};
template <class Root, reduction Op, class A, slots At, row_kind Kind>
struct row_reductions<Root, row_reduction<Op, A>, At, Kind> {
  static __device__ __forceinline__ void run(row_place<Root, Kind>& at) {
    row_reductions<Root, A, At, Kind>::run(at);
    constexpr int own = At.row + A::row_count;
    using R = reducer<Op, typename A::value_type>;
    if (at.g.alias[own] != own) {
      at.results[own] = result_before<own>(at, at.g.alias[own]);
      return;
    }
    std::int64_t const n = at.g.length[own];
    double const ddof = at.g.a.scalar[At.scalar + A::scalar_count].template as<double>();
    if constexpr (Op == reduction::var || Op == reduction::std) {
      // The row is near: two passes of plain sums cost less than combining moments.
      using wide = typename R::wide;
      wide mean{};
      bool known = false;  // a mean that was computed before, where it has all of its bits
      if constexpr (own > 0 && std::is_same_v<wide, mean_t<typename A::value_type>>) {
        known = at.g.mean[own] >= 0;
        if (known) mean = result_before<own>(at, at.g.mean[own]).template as<wide>();
      }
      if (!known)
        mean = reduce_row<Root, A, At, Kind, reducer<reduction::sum, wide>>(
                   at, n, [](auto v) { return convert<wide>(v); }) /
               convert<wide>(n);
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
#pragma unroll 1
      for (int a = g_.w.outer_axes - 1; a >= 0; --a, rest /= g_.w.outer_extent[a + 1])
        offset += rest % g_.w.outer_extent[a] * stride[a];
    return offset;
  }
  row_arguments_of<Tree> const& g_;
  std::int64_t inner_, outer_;
};

inline constexpr int most_row_threads = 512;

/// A team of threads a row, tiles of rows in turn.
template <class Tree, row_kind Kind>
__global__ void __launch_bounds__(most_row_threads, 2)
    row_kernel(const __grid_constant__ row_arguments_of<Tree> g) {
  using T = typename Tree::value_type;
  using context =
      std::conditional_t<Kind == row_kind::any, row_context<Tree>, staged_root_context<Tree>>;
  constexpr int N = context::run, M = N * context::run_count;
  extern __shared__ __align__(128) std::byte tiles[];
  __shared__ copy_barrier ready[max_stages];
  __shared__ int tile_of[max_stages];
  __shared__ alignas(16) std::byte copy_room[max_staged * sizeof(tile_copy)];
  __shared__ alignas(16) std::byte shared[2 * 32 * 32];
  auto* const copies = reinterpret_cast<tile_copy*>(copy_room);
  row_place<Tree, Kind> at(g);
  using index = typename row_place<Tree, Kind>::index;
  auto const rows = static_cast<index>(g.w.rows * g.w.outer_count);
  bool const staging = g.s.operands > 0;
  at.gang = static_cast<int>(blockIdx.x) / g.s.gang;
  at.member = static_cast<int>(blockIdx.x) % g.s.gang;
  at.begin = at.member * g.s.slice;
  at.states = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  at.team = g.s.team;
  at.lane = static_cast<int>(threadIdx.x) % at.team;
  if (staging && threadIdx.x == 0)
    for (int k = 0; k < g.s.stages; ++k) ready[k].init(g.s.operands);
  if (static_cast<int>(threadIdx.x) < g.s.operands)
    copies[threadIdx.x] = tile_copy(g.s, threadIdx.x, rows, at.member);
  __syncthreads();
  index const step = gridDim.x / static_cast<unsigned>(g.s.gang);
  // The tile in hand; where rows are staged, the next one to be copied, and the first warp's own.
  index tile = at.gang;
  auto const start = [&](int stage, index next, bool fresh) {
    if (static_cast<int>(threadIdx.x) >= g.s.operands) return;  // a copy each
    std::byte* const buffer = tiles + stage * g.s.tile_bytes;
    if (Kind == row_kind::staged && next < copies[threadIdx.x].whole_tiles)
      copies[threadIdx.x].start(next, buffer, ready[stage]);
    else
      start_copy<Kind == row_kind::any>(g.s, threadIdx.x, next, rows, at.member, fresh, buffer,
                                        ready[stage]);
  };
  auto const draw = [&](int stage, bool fresh) {  // by the first warp
    tile = __shfl_sync(0xffffffffu, tile, 0);
    if (threadIdx.x == 0) tile_of[stage] = tile;
    start(stage, tile, fresh);
    if (g.s.drawn && threadIdx.x == 0)
      tile = gridDim.x + atomicAdd(g.s.drawn, 1u);  // comes while the block works
    else
      tile += step;
  };
  if (staging && threadIdx.x < 32)
    for (int k = 0; k < g.s.stages; ++k)
      if constexpr (Kind == row_kind::any)
        start(k, tile + k * step, true);
      else
        draw(k, true);
  auto first_tile = static_cast<unsigned>(__cvta_generic_to_shared(tiles));
  asm volatile("" : "+r"(first_tile));  // an address in a register, not computed at every use
  int const teams = static_cast<int>(blockDim.x) / at.team;
  int const in_team = static_cast<int>(threadIdx.x) / at.team;
  int stage = 0;
  unsigned parity = 0;
  while (true) {
    at.tile = first_tile + static_cast<unsigned>(stage) * g.s.tile_bytes;
    if (staging) ready[stage].wait(parity);
    index const first_row = (Kind == row_kind::any ? tile : tile_of[stage]) * g.s.tile_rows;
    if (first_row >= rows) break;
    int const count = left_of(rows - first_row, g.s.tile_rows);
    // All lanes of a warp stay together, also where it has teams without a row.
    if constexpr (Kind == row_kind::staged)
      if (g.s.splats) {
        fill_splats(g.s, first_row, count, tiles + stage * g.s.tile_bytes);
        __syncthreads();
      }
    for (int r = 0; r < count; r += teams) {
      bool const exists = r + in_team < count;
      at.in_tile = exists ? r + in_team : 0;
      at.row = first_row + at.in_tile;
      row_offsets<Tree, Kind> const first(g, at.row);
      if constexpr (Kind == row_kind::any) {
#pragma unroll
        for (int s = 0; s < Tree::leaf_count; ++s) {
          auto const& l = g.staged[s];
          if constexpr (has_generator<Tree>) at.generated[s] = first.leaf(s);
          if (l.here) {
            auto const* from = tiles + stage * g.s.tile_bytes + l.offset + at.in_tile * l.pitch;
            if (!l.even) from += reinterpret_cast<std::uintptr_t>(first.address(s)) % 16;
            at.base[s] = from - at.begin * l.size;
          } else {
            at.base[s] = first.address(s);
          }
        }
      } else if (g.s.kept_offset >= 0) {  // lanes without a row have room of their own
        at.kept = first_tile + g.s.kept_offset + (r + in_team) * g.s.kept_pitch;
      }
      row_reductions<Tree, Tree, slots{}, Kind>::run(at);
      if (!exists) continue;
      T* const out = static_cast<T*>(g.w.out) + first.out();
      auto const end = context::end_of(at, g.w.columns);
      for (auto column = context::first_column(at); column < end; column += at.team * M) {
        context const c(at, column, end);
        auto const v = value<Tree, slots{}, M>::of(c);
        if constexpr (Kind == row_kind::any) {
          store<N>(out + column * g.w.out_column, v.v, g.w.out_vector, c.left(0), g.w.out_column);
        } else if (g.w.columns > 1) {
          T* const to = out + (at.begin + column);
#pragma unroll
          for (int k = 0; k < context::run_count; ++k)
            if (c.left(k) > 0) store<N>(to + k * c.step, v.v + k * N, true, N, 1);
        } else {
          out[0] = v.v[0];  // one result a row
        }
      }
    }
    __syncthreads();  // the buffer may be filled anew, and the rooms for states
    if constexpr (Kind == row_kind::any) {
      if (staging) start(stage, tile + g.s.stages * step, false);
      tile += step;
    } else if (threadIdx.x < 32) {
      draw(stage, false);
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
  if (g.s.gang == 1) {
    bool const draws = Kind == row_kind::staged && tiles > 2 * most;
    workspace const drawn(draws ? sizeof(unsigned) : 0);
    if (draws) clear(drawn.data(), sizeof(unsigned));
    g.s.drawn = reinterpret_cast<unsigned*>(drawn.data());
    return launch_shared(row_kernel<Tree, Kind>, std::min(tiles, most), g.s.threads, shared, g);
  }
  std::int64_t const blocks = std::min(tiles, most / g.s.gang) * g.s.gang;
  workspace const exchange(gang_exchange_bytes(blocks));
  clear(exchange.data(), gang_exchange_bytes(blocks));
  g.s.exchange = exchange.data();
  launch_together(row_kernel<Tree, Kind>, blocks, g.s.threads, shared, g);
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
    g.mean[r] = mean_before(call, r);
  }
  g.s = make_stage_plan(call, g.w, operands, N, N * row_runs<Tree>,
                        keeps_argument<Tree>(call) ? kept_size<Tree>() : 0);
  for (int s = 0; s < Tree::leaf_count; ++s) {
    operand const& o = call.operands[call.slot[s]];
    g.leaf[s] = operands[call.slot[s]];
    int const k = g.s.staged[call.slot[s]];
    int const size = o.data ? static_cast<int>(size_of(o.type)) : 0;
    if (k < 0) {
      g.staged[s] = {false, 0, 0, size, size, true};
    } else {
      staged_operand const& staged = g.s.operand[k];
      g.staged[s] = {true,
                     static_cast<int>(staged.offset),
                     staged.rows > 1 ? static_cast<int>(staged.pitch) : 0,
                     size,
                     staged.splat ? 0 : size,
                     staged.even};
    }
  }
  if (g.s.whole)
    launch_row_kernel<Tree, row_kind::staged>(g);
  else
    launch_row_kernel<Tree, row_kind::any>(g);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
