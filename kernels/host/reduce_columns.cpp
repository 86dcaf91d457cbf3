// Rows are added to vectors of column states. Where columns are few, several rows count as one wide
// row, whose groups are combined at the end of a block.
#include <kernels/host/reduce_columns.hpp>

#include <kernels/host/copy.hpp>
#include <kernels/host/engine.hpp>
#include <kernels/host/evaluate.hpp>

#include <algorithm>
#include <bit>
#include <memory>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

constexpr int64_t wide_row = 1024;      // elements of a tile of several rows
constexpr int64_t block_tiles = 128;    // added one after the other; then pairwise
constexpr int64_t enough_units = 32;    // tasks that keep all threads busy
constexpr int64_t group_bytes = 65536;  // of states: rows are read along as far as these fit in L2

column_states take_states(arena_frame& frame, accumulator const& with, int64_t n) {
  column_states s{};
  for (int c = 0; c < 2; ++c)
    if (with.column_bytes[c] > 0) s.data[c] = frame.bytes(with.column_bytes[c] * n);
  return s;
}

column_states from_column(accumulator const& with, column_states s, int64_t column) {
  return {{s.data[0] + column * with.column_bytes[0],
           s.data[1] == nullptr ? nullptr : s.data[1] + column * with.column_bytes[1]}};
}

void copy_states(accumulator const& with, column_states to, column_states from, int64_t n) {
  for (int c = 0; c < 2; ++c)
    if (with.column_bytes[c] > 0) std::copy_n(from.data[c], with.column_bytes[c] * n, to.data[c]);
}

// The binary counter of reduction_tree.hpp for `n` columns at a time.
class column_tree {
 public:
  column_tree(arena_frame& frame, accumulator const& with, int64_t most)
      : frame_(frame), with_(with), most_(most) {}

  void start(int64_t n) {
    n_ = n;
    pushed_ = 0;
    depth_ = 0;
  }
  void push(column_states states, int64_t count) {
    if (depth_ == made_) level_[made_++].states = take_states(frame_, with_, most_);
    copy_states(with_, level_[depth_].states, states, n_);
    level_[depth_++].count = count;
    for (int64_t carry = ++pushed_; carry % 2 == 0; carry /= 2) join();
  }
  column_states total(int64_t& count) {
    while (depth_ > 1) join();
    count = level_[0].count;
    return level_[0].states;
  }

 private:
  void join() {
    --depth_;
    auto& into = level_[depth_ - 1];
    auto const& other = level_[depth_];
    with_.columns_combine(into.states, into.count, other.states, other.count, n_);
    into.count += other.count;
  }

  arena_frame& frame_;
  accumulator const& with_;
  int64_t most_, n_ = 0, pushed_ = 0;
  int depth_ = 0, made_ = 0;
  struct {
    column_states states;
    int64_t count;
  } level_[64];
};

// Groups of n columns each to one, in a fixed order: halves while they are even, then one by one.
int64_t fold(accumulator const& with, column_states s, int64_t groups, int64_t n, int64_t count) {
  for (; groups % 2 == 0; groups /= 2, count *= 2)
    with.columns_combine(s, count, from_column(with, s, groups / 2 * n), count, groups / 2 * n);
  for (int64_t g = 1; g < groups; ++g)
    with.columns_combine(s, count * g, from_column(with, s, g * n), count, n);
  return count * groups;
}

struct column_loop {
  fused_call const& call;
  domain const& d;
  tiling t;
  accumulator const& with;
  double ddof;
  int outer;
  int64_t row_tiles, column_tiles;  // tiles along the reduced axes and along the columns
  int64_t group, groups;            // column tiles in a group, groups
  int64_t parts, part_tiles;        // of row_tiles
  int64_t units, tasks;             // a unit: (outer index, group, part)
  int64_t columns;                  // most of a group
  std::byte* partial = nullptr;     // by unit, where there are several parts
  int64_t* partial_count = nullptr;

  int last() const { return d.rank - 1; }
  int64_t pitch() const { return (columns + 15) / 16 * 16; }  // keeps both components aligned
  int64_t partial_bytes() const { return (with.column_bytes[0] + with.column_bytes[1]) * pitch(); }
  column_states partial_of(int64_t unit) const {
    std::byte* const first = partial + unit * partial_bytes();
    return {{first, with.column_bytes[1] > 0 ? first + with.column_bytes[0] * pitch() : nullptr}};
  }

  struct worker {
    arena_frame frame;
    tile_evaluator evaluator;
    tile_cursor at;
    column_tree tree;
    column_states wide;
    std::byte* results;

    explicit worker(column_loop const& of)
        : evaluator(frame, of.call, of.d, of.t),
          at(frame, of.d, of.t),
          tree(frame, of.with, of.columns),
          wide(take_states(frame, of.with, std::max(of.t.largest, of.columns))),
          results(frame.bytes(of.columns * of.with.result_size)) {}
  };

  static void run(void* context, int64_t task) {
    auto const& self = *static_cast<column_loop const*>(context);
    int64_t const first = self.units / self.tasks * task + std::min(task, self.units % self.tasks);
    int64_t const count = self.units / self.tasks + (task < self.units % self.tasks ? 1 : 0);
    worker w(self);
    for (int64_t unit = first; unit < first + count; ++unit) self.run_unit(w, unit);
  }

  // The cursor at a group's first tile; returns the group's columns.
  int64_t seek(worker& w, int64_t index, int64_t row_tile) const {
    int64_t const first = index % groups * group;
    w.at.seek((index / groups * row_tiles + row_tile) * column_tiles + first);
    return std::min(group * t.block[last()], d.extent[last()] - w.at.start[last()]);
  }

  void run_unit(worker& w, int64_t unit) const {
    int64_t const begin = unit % parts * part_tiles, end = std::min(begin + part_tiles, row_tiles);
    int64_t const n = seek(w, unit / parts, begin);
    w.tree.start(n);
    for (int64_t tile = begin; tile < end;) tile = add_block(w, n, tile, end);
    int64_t count;
    column_states const total = w.tree.total(count);
    if (parts == 1) return store(w, total, n, count);
    copy_states(with, partial_of(unit), total, n);
    partial_count[unit] = count;
  }

  // Adds tiles of equally many rows, up to a multiple of block_tiles, and pushes their sum.
  int64_t add_block(worker& w, int64_t n, int64_t tile, int64_t end) const {
    int64_t const stop = std::min(end, (tile / block_tiles + 1) * block_tiles);
    int64_t const rows = w.at.length[last() - 1];
    with.columns_init(w.wide, rows * n);
    int64_t count = 0;
    do {
      add_rows(w, n, count);
      ++count;
      ++tile;
      w.at.next(outer, last());
    } while (tile < stop && w.at.length[last() - 1] == rows);
    w.tree.push(w.wide, fold(with, w.wide, rows, n, count));
    return tile;
  }

  // One tile of several rows, or one row of a group of tiles.
  void add_rows(worker& w, int64_t n, int64_t count) const {
    int64_t const start = w.at.start[last()], length = w.at.length[last()];
    int64_t const index = w.at.start[last() - 1];
    for (int64_t column = 0;;) {
      int64_t const width = w.at.length[last()];
      with.columns_add(from_column(with, w.wide, column), w.evaluator.values(w.at), w.at.size(),
                       count, index, width);
      column += width;
      if (column == n) break;
      w.at.next(last(), last() + 1);
    }
    w.at.start[last()] = start;
    w.at.length[last()] = length;
  }

  void store(worker& w, column_states states, int64_t n, int64_t count) const {
    int64_t const stride = d.out_stride[last()], one = 1;
    std::byte* const out = d.out + w.at.offset(d.out_stride) * d.out_size;
    bool const in_place = stride == 1;
    with.columns_finish(states, n, count, ddof, in_place ? out : w.results);
    if (!in_place) copy_block({out, &stride}, {w.results, &one}, &n, 1, with.result_size);
  }

  static void combine_parts(void* context, int64_t index) {
    auto const& self = *static_cast<column_loop const*>(context);
    worker w(self);
    int64_t const n = self.seek(w, index, 0);
    w.tree.start(n);
    for (int64_t unit = index * self.parts; unit < (index + 1) * self.parts; ++unit)
      w.tree.push(self.partial_of(unit), self.partial_count[unit]);
    int64_t count;
    column_states const total = w.tree.total(count);
    self.store(w, total, n, count);
  }
};

tiling column_tiling(arena_frame& frame, domain const& d) {
  int const last = d.rank - 1;
  int64_t* const block = frame.take<int64_t>(d.rank);
  int64_t* const tiles = frame.take<int64_t>(d.rank);
  std::fill_n(block, d.rank, int64_t{1});
  block[last] = even_block(d.extent[last], chunk_elements);
  int64_t const rows = std::max<int64_t>(1, wide_row / block[last]);
  if (d.extent[last - 1] <= rows)
    block[last - 1] = d.extent[last - 1];
  else
    block[last - 1] = static_cast<int64_t>(std::bit_floor(static_cast<std::uint64_t>(rows)));
  return make_tiling(d, block[last - 1] > 1 ? last - 1 : last, block, tiles);
}

// Whole subtrees of blocks to a part, as many as keep the threads busy.
void choose_parts(column_loop& loop, int64_t outer_size) {
  int64_t const columns = outer_size * loop.groups;
  int64_t const blocks = (loop.row_tiles + block_tiles - 1) / block_tiles;
  int64_t size = static_cast<int64_t>(std::bit_ceil(static_cast<std::uint64_t>(blocks)));
  while (size > 1 && (blocks + size - 1) / size * columns < enough_units) size /= 2;
  loop.parts = (blocks + size - 1) / size;
  loop.part_tiles = size * block_tiles;
  loop.units = columns * loop.parts;
}

}  // namespace

void reduce_columns(arena_frame& frame, fused_call const& call, domain& d, accumulator const& with,
                    double ddof, int outer) {
  int const last = d.rank - 1;
  column_loop loop{.call = call,
                   .d = d,
                   .t = column_tiling(frame, d),
                   .with = with,
                   .ddof = ddof,
                   .outer = outer,
                   .row_tiles = 1,
                   .column_tiles = 0,
                   .group = 1,
                   .groups = 0,
                   .parts = 1,
                   .part_tiles = 0,
                   .units = 0,
                   .tasks = 1,
                   .columns = 0};
  int64_t outer_size = 1, size = 1;
  for (int k = 0; k < outer; ++k) outer_size *= d.extent[k];
  for (int k = outer; k < last; ++k) loop.row_tiles *= loop.t.tiles[k];
  for (int k = 0; k < d.rank; ++k) size *= d.extent[k];
  loop.column_tiles = loop.t.tiles[last];
  int64_t const state_bytes = with.column_bytes[0] + with.column_bytes[1];
  int64_t const fit = std::max<int64_t>(1, group_bytes / (state_bytes * loop.t.block[last]));
  loop.groups = (loop.column_tiles + fit - 1) / fit;
  loop.group = (loop.column_tiles + loop.groups - 1) / loop.groups;
  loop.groups = (loop.column_tiles + loop.group - 1) / loop.group;
  loop.columns = std::min(loop.group * loop.t.block[last], d.extent[last]);
  choose_parts(loop, outer_size);
  loop.tasks = std::clamp<int64_t>(std::min(loop.units, size / 16384), 1,
                                   std::max<int64_t>(enough_units, int64_t{threads()} * 16));
  std::unique_ptr<std::byte[]> partial;
  if (loop.parts > 1) {
    partial =
        std::make_unique<std::byte[]>(static_cast<std::size_t>(loop.units * loop.partial_bytes()));
    loop.partial = partial.get();
    loop.partial_count = frame.take<int64_t>(loop.units);
  }
  parallel_for(loop.tasks, size, column_loop::run, &loop);
  if (loop.parts > 1)
    parallel_for(outer_size * loop.groups, loop.units * loop.columns, column_loop::combine_parts,
                 &loop);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
