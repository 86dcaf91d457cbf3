// Reductions over any axes. Rows: the reduced axes are the fastest in memory, each kept index is
// reduced on its own. Columns: a kept axis is the fastest, many columns are reduced side by side.
#include <kernels/host/engine.hpp>
#include <kernels/host/evaluate.hpp>
#include <kernels/host/reduce_columns.hpp>
#include <kernels/host/reduction_tree.hpp>

#include <kernels/host/copy.hpp>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

// The last axis in memory of the operand with most elements; -1 where all are scalars.
int fastest_axis(domain const& d) {
  int64_t most = 1;
  int best = -1;
  for (int s = 0; s < d.source_count; ++s) {
    source const& from = d.sources[s];
    int64_t elements = 1;
    int fastest = -1;
    for (int k = 0; k < d.rank; ++k) {
      if (from.stride[k] == 0) continue;
      elements *= d.extent[k];
      if (fastest < 0 || std::abs(from.stride[k]) <= std::abs(from.stride[fastest])) fastest = k;
    }
    if (elements > most) {
      most = elements;
      best = fastest;
    }
  }
  return best;
}

int64_t product(int64_t const* extent, int first, int last) {
  int64_t n = 1;
  for (int k = first; k < last; ++k) n *= extent[k];
  return n;
}

// Rows of at most half a chunk: several in a tile, each reduced at once.
tiling short_rows_tiling(arena_frame& frame, domain const& d, int kept) {
  int64_t* const block = frame.take<int64_t>(d.rank);
  int64_t* const tiles = frame.take<int64_t>(d.rank);
  std::fill_n(block, kept, int64_t{1});
  std::copy(d.extent + kept, d.extent + d.rank, block + kept);
  int64_t inner = product(d.extent, kept, d.rank);
  int first = kept;
  while (first > 0 && inner * 2 <= chunk_elements) {
    --first;
    int64_t const most = chunk_elements / inner;
    block[first] = d.extent[first] <= most ? d.extent[first] : even_block(d.extent[first], most);
    inner *= block[first];
    if (block[first] < d.extent[first]) break;
  }
  return make_tiling(d, first, block, tiles);
}

void split(int64_t total, int64_t tasks, int64_t task, int64_t& first, int64_t& last) {
  first = total / tasks * task + std::min(task, total % tasks);
  last = first + total / tasks + (task < total % tasks ? 1 : 0);
}

int64_t task_count(int64_t units, int64_t work) {
  int64_t const most = int64_t{threads()} * 16;
  return std::clamp<int64_t>(std::min(units, work / 16384), 1, most);
}

struct short_rows {
  fused_call const& call;
  domain const& d;
  tiling const& t;
  accumulator const& with;
  double ddof;
  int kept;
  int64_t length, tasks;

  static void run(void* context, int64_t task) {
    auto const& self = *static_cast<short_rows const*>(context);
    int64_t first, last;
    split(self.t.total, self.tasks, task, first, last);
    arena_frame frame;
    tile_evaluator evaluator(frame, self.call, self.d, self.t);
    tile_cursor at(frame, self.d, self.t);
    std::byte* const results = frame.bytes(self.t.largest / self.length * self.with.result_size);
    at.seek(first);
    for (int64_t tile = first; tile < last; ++tile, at.next()) self.reduce(evaluator, at, results);
  }

  void reduce(tile_evaluator& evaluator, tile_cursor const& at, std::byte* results) const {
    int64_t const rows = at.size() / length;
    std::byte* const out = d.out + at.offset(d.out_stride) * d.out_size;
    bool const one_axis = rows == 1 || t.first == kept - 1;
    bool const in_place = rows == 1 || (one_axis && d.out_stride[t.first] == 1);
    with.rows(evaluator.values(at), length * with.value_size, rows, length, ddof,
              in_place ? out : results, with.result_size);
    if (in_place) return;
    arena_frame inner;
    int64_t* const packed = inner.take<int64_t>(kept);
    int64_t step = 1;
    for (int k = kept - 1; k >= t.first; --k) {
      packed[k] = step;
      step *= at.length[k];
    }
    copy_block({out, d.out_stride + t.first}, {results, packed + t.first}, at.length + t.first,
               kept - t.first, with.result_size);
  }
};

struct long_rows {
  fused_call const& call;
  domain const& d;
  tiling const& t;
  accumulator const& with;
  double ddof;
  int kept;
  int64_t rows, length, row_tiles, row_parts, tasks;  // a part: chunks_per_task tiles of a row
  reduction_state* states;                            // by (row, part)

  static void run_parts(void* context, int64_t task) {
    auto const& self = *static_cast<long_rows const*>(context);
    int64_t first, last;
    split(self.rows * self.row_parts, self.tasks, task, first, last);
    arena_frame frame;
    tile_evaluator evaluator(frame, self.call, self.d, self.t);
    tile_cursor at(frame, self.d, self.t);
    reduction_tree tree(self.with);
    for (int64_t unit = first; unit < last; ++unit) {
      int64_t const begin = unit % self.row_parts * chunks_per_task;
      int64_t const end = std::min(begin + chunks_per_task, self.row_tiles);
      at.seek(unit / self.row_parts * self.row_tiles + begin);
      for (int64_t tile = begin; tile < end; ++tile, at.next())
        tree.push(self.reduce(evaluator, at));
      self.states[unit] = tree.total();
    }
  }

  reduction_state reduce(tile_evaluator& evaluator, tile_cursor const& at) const {
    int64_t index = 0;
    for (int k = kept; k < d.rank; ++k) index = index * d.extent[k] + at.start[k];
    reduction_state state;
    with.init(state);
    with.accumulate(state, evaluator.values(at), at.size(), index);
    return state;
  }

  void finish() const {
    arena_frame frame;
    tile_cursor at(frame, d, t);
    reduction_tree tree(with);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t part = 0; part < row_parts; ++part) tree.push(states[row * row_parts + part]);
      at.seek(row * row_tiles);
      with.finish(tree.total(), length, ddof, d.out + at.offset(d.out_stride) * d.out_size);
    }
  }
};

void reduce_rows(arena_frame& frame, fused_call const& call, domain& d, accumulator const& with,
                 double ddof, int kept, bool ordered) {
  int64_t const rows = product(d.extent, 0, kept), length = product(d.extent, kept, d.rank);
  if (2 * length <= chunk_elements) {
    tiling const t = short_rows_tiling(frame, d, kept);
    short_rows loop{call, d, t, with, ddof, kept, length, task_count(t.total, rows * length)};
    return parallel_for(loop.tasks, rows * length, short_rows::run, &loop);
  }
  // Values that were computed are read at once, from the L1 cache; memory is read in longer runs.
  int64_t const longest = call.form->root.run != nullptr ? chunk_elements / 4 : chunk_elements;
  tiling const t =
      choose_tiling(frame, d, kept, ordered ? tile_use::ordered_buffer : tile_use::buffer, longest);
  int64_t const row_tiles = t.total / rows;
  int64_t const parts = (row_tiles + chunks_per_task - 1) / chunks_per_task;
  std::vector<reduction_state> many;
  reduction_state few[64];
  if (rows * parts > 64) many.resize(static_cast<std::size_t>(rows * parts));
  long_rows loop{call,
                 d,
                 t,
                 with,
                 ddof,
                 kept,
                 rows,
                 length,
                 row_tiles,
                 parts,
                 task_count(rows * parts, rows * length),
                 many.empty() ? few : many.data()};
  parallel_for(loop.tasks, rows * length, long_rows::run_parts, &loop);
  loop.finish();
}

// Every result is that of no element.
void fill_with_identity(extents const& shape, bool const* reduced, accumulator const& with,
                        double ddof, destination const& out) {
  reduction_state none;
  with.init(none);
  scalar_bits result;
  with.finish(none, 0, ddof, result.words);
  extents kept = shape;
  for (int k = 0; k < shape.rank(); ++k)
    if (reduced[k]) kept[k] = 1;
  strides const still = extents::filled(shape.rank(), 0);
  copy_block({static_cast<std::byte*>(out.data), out.stride.begin()},
             {reinterpret_cast<std::byte const*>(result.words), still.begin()}, kept.begin(),
             kept.rank(), with.result_size);
}

}  // namespace

void reduce(fused_call const& call, extents const& shape, bool const* reduced, reduction op,
            accumulator const* own, double ddof, destination const& out) {
  accumulator const* const with = own ? own : find_accumulator(op, call.form->root.type);
  if (with == nullptr)
    throw dtype_error(std::string(to_string(op)) + " is not defined for " +
                      to_string(call.form->root.type));
  int64_t kept_size = 1, reduced_size = 1;
  for (int k = 0; k < shape.rank(); ++k) (reduced[k] ? reduced_size : kept_size) *= shape[k];
  if (kept_size == 0) return;
  if (reduced_size == 0) return fill_with_identity(shape, reduced, *with, ddof, out);

  bool const ordered = op == reduction::argmin || op == reduction::argmax;
  arena_frame frame;
  domain d = make_domain(frame, call, shape, out);
  for (int k = 0; k < d.rank; ++k) d.group[k] = reduced[k] ? 1 : 0;
  collapse(d, ordered ? axis_order::kept : axis_order::by_operands);
  int const kept = static_cast<int>(std::count(d.group, d.group + d.rank, 0));
  int const fastest = fastest_axis(d);
  if (fastest < 0 || fastest >= kept || kept == d.rank ||
      (kept_size > d.extent[fastest] && reduced_size * d.extent[fastest] * 2 <= chunk_elements))
    return reduce_rows(frame, call, d, *with, ddof, kept, ordered);
  move_axis(d, fastest, d.rank);
  reduce_columns(frame, call, d, *with, ddof, kept - 1);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
