#include <kernels/cuda/geometry.hpp>

#include <kernels/cuda/stream.hpp>

#include <algorithm>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

bool aligned(void const* p, std::int64_t bytes) {
  return reinterpret_cast<std::uintptr_t>(p) % static_cast<std::uintptr_t>(bytes) == 0;
}

struct axis {
  std::int64_t extent, out;
  bool reduced;
  std::vector<std::int64_t> leaf;  // by operand
};

/// Axes of extent 1 go; neighbours that nest in every operand and in the output merge.
std::vector<axis> collapsed(fused_call const& call, extents const& shape, strides const& out,
                            bool const* reduced = nullptr) {
  std::vector<axis> axes;
  for (int a = 0; a < shape.rank(); ++a) {
    if (shape[a] == 1) continue;
    axis next{shape[a], out[a], reduced && reduced[a], {}};
    for (int k = 0; k < call.operand_count; ++k) next.leaf.push_back(call.operands[k].stride[a]);
    bool merge = !axes.empty() && axes.back().reduced == next.reduced &&
                 (next.reduced || axes.back().out == next.out * next.extent);
    for (int k = 0; merge && k < call.operand_count; ++k)
      merge = axes.back().leaf[k] == next.leaf[k] * next.extent;
    if (merge) next.extent *= axes.back().extent;
    if (merge)
      axes.back() = std::move(next);
    else
      axes.push_back(std::move(next));
  }
  return axes;
}

void require_axes(std::size_t count, extents const& shape) {
  if (count > max_axes)
    throw shape_error("an expression over shape " + to_string(shape) + " keeps " +
                      std::to_string(count) + " axes that do not collapse; the GPU takes " +
                      std::to_string(max_axes));
}

/// The axes as rows and outer axes of a walk, outermost first.
void set_rows(walk& w, std::vector<axis> const& axes, int operands, leaf_walk* leaves) {
  w.outer_axes = std::max(static_cast<int>(axes.size()) - 1, 0);
  for (int a = 0; a < w.outer_axes; ++a) {
    w.outer_extent[a] = axes[a].extent;
    w.outer_count *= axes[a].extent;
    w.out_outer[a] = axes[a].out;
    for (int k = 0; k < operands; ++k) leaves[k].outer[a] = axes[a].leaf[k];
  }
  if (axes.empty()) return;
  w.rows = axes.back().extent;
  w.out_row = axes.back().out;
  for (int k = 0; k < operands; ++k) leaves[k].row = axes.back().leaf[k];
}

/// Rows that are too short to be whole packs, but lie one behind the other in the output, become
/// longer ones: pixels of three channels, say. Then leaves that repeat along them are narrow.
void widen_columns(walk& w, fused_call const& call, int pack, leaf_walk* leaves) {
  constexpr std::int64_t short_row = 64, long_row = 2048;
  if (w.columns % pack == 0 || w.columns > short_row || w.out_column != 1 ||
      w.out_row != w.columns || w.tiled)
    return;
  std::int64_t joined = 1;
  while (w.rows % (2 * joined) == 0 && joined * w.columns < long_row) joined *= 2;
  if (joined * w.columns % pack != 0) return;
  for (int k = 0; k < call.operand_count; ++k) {
    leaf_walk& l = leaves[k];
    if (l.column == 1 && l.row == w.columns) {
      l.row *= joined;
      continue;
    }
    l.across = l.row;
    l.along = l.column;
    l.row *= joined;
    l.column = 0;
    l.kind = inner_kind::narrow;
  }
  w.width = static_cast<int>(w.columns);
  w.columns *= joined;
  w.rows /= joined;
  w.out_row = w.columns;
}

/// One long row in pieces, of which a thread takes several at once; the last one may be shorter.
void split_row(walk& w, int operands, int pack, leaf_walk* leaves) {
  std::int64_t const piece = 256 * std::int64_t{pack};
  if (w.rows > 1 || w.outer_axes > 0 || w.width > 0 || w.columns < 4 * piece) return;
  w.total = w.columns;
  w.columns = piece;
  w.rows = (w.total + piece - 1) / piece;
  w.out_row = piece * w.out_column;
  for (int k = 0; k < operands; ++k) leaves[k].row = piece * leaves[k].column;
}

/// Elements along the axis of stride `along` can be read `count` at a time wherever a multiple of
/// `count` of them begins.
bool is_vector(void const* data, dtype type, std::int64_t along, std::int64_t across,
               std::int64_t const* outer, int outer_axes, int count) {
  bool all = along == 1 && aligned(data, count * size_of(type)) && across % count == 0;
  for (int a = 0; a < outer_axes; ++a) all = all && outer[a] % count == 0;
  return all;
}

/// How packs meet the columns: every row must start on a pack's boundary to be read as a vector.
void set_columns(walk& w, fused_call const& call, destination const& out, int pack,
                 leaf_walk* leaves) {
  auto const vector = [&](void const* data, dtype type, std::int64_t column, std::int64_t row,
                          std::int64_t const* outer) {
    return is_vector(data, type, column, row, outer, w.outer_axes, pack);
  };
  w.out = out.data;
  w.out_vector = vector(out.data, out.type, w.out_column, w.out_row, w.out_outer);
  for (int k = 0; k < call.operand_count; ++k) {
    operand const& o = call.operands[k];
    leaf_walk& l = leaves[k];
    l.first = o.offset;
    if (l.kind == inner_kind::narrow) continue;
    l.kind = l.column == 0                                                ? inner_kind::splat
             : o.data && vector(o.data, o.type, l.column, l.row, l.outer) ? inner_kind::vector
                                                                          : inner_kind::gather;
  }
}

/// Which leaves a thread reads as vectors along the rows.
void set_transposed(walk& w, fused_call const& call, int rows_at_once, leaf_walk* leaves) {
  if (rows_at_once == 1) return;
  for (int k = 0; k < call.operand_count; ++k) {
    operand const& o = call.operands[k];
    leaf_walk& l = leaves[k];
    if (l.kind != inner_kind::gather || !o.data || rows_at_once * size_of(o.type) < 16 ||
        !is_vector(o.data, o.type, l.row, l.column, l.outer, w.outer_axes, rows_at_once))
      continue;
    l.kind = inner_kind::transposed;
    w.blocks = true;
  }
}

bool in_line(fused_call const& call, extents const& shape, destination const& out) {
  if (!is_contiguous(shape, out.stride)) return false;
  for (int k = 0; k < call.operand_count; ++k)
    if (!is_contiguous(shape, call.operands[k].stride)) return false;
  return true;
}

}  // namespace

bool is_flat(fused_call const& call, extents const& shape, destination const& out) {
  return aligned(out.data, 16) && in_line(call, shape, out);
}
std::int64_t before_flat(fused_call const& call, extents const& shape, destination const& out) {
  constexpr std::int64_t least_bytes = std::int64_t{1} << 25;
  std::int64_t const element = size_of(out.type);
  if (shape.size() * element < least_bytes || !in_line(call, shape, out)) return 0;
  auto const past = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(out.data) % 16);
  return past % element == 0 ? (16 - past) % 16 / element : 0;
}

walk make_walk(fused_call const& call, extents const& shape, destination const& out, int pack,
               int rows_at_once, leaf_walk* leaves) {
  auto axes = collapsed(call, shape, out.stride);
  int const n = call.operand_count;
  // The output's fastest axis is the columns.
  std::stable_sort(axes.begin(), axes.end(),
                   [](axis const& a, axis const& b) { return std::abs(a.out) > std::abs(b.out); });
  require_axes(axes.size(), shape);
  walk w;
  if (!axes.empty()) {
    axis const column = axes.back();
    axes.pop_back();
    w.columns = column.extent;
    w.out_column = column.out;
    for (int k = 0; k < n; ++k) leaves[k].column = column.leaf[k];
    // The rows are the axis along which a transposed leaf runs, if there is one.
    auto const runs_along = [&](axis const& a) {
      for (int k = 0; k < n; ++k)
        if (a.leaf[k] == 1 && std::abs(column.leaf[k]) > 1 && a.extent >= 8) return true;
      return false;
    };
    auto const rows = std::find_if(axes.begin(), axes.end(), runs_along);
    w.tiled = rows != axes.end();
    if (w.tiled) std::rotate(rows, rows + 1, axes.end());
  }
  set_rows(w, axes, n, leaves);
  widen_columns(w, call, pack, leaves);
  split_row(w, n, pack, leaves);
  set_columns(w, call, out, pack, leaves);
  if (w.tiled) set_transposed(w, call, rows_at_once, leaves);
  return w;
}

int mean_before(fused_call const& call, int row) {
  stage const& argument = call.form->rows[row].argument;
  for (int earlier = 0; earlier < row; ++earlier) {
    row_stage const& other = call.form->rows[earlier];
    if (other.op == reduction::mean && other.argument.form == argument.form &&
        equal_slots(call, range_of(argument), range_of(other.argument)))
      return earlier;
  }
  return -1;
}

walk make_row_walk(fused_call const& call, extents const& shape, destination const& out, int pack,
                   leaf_walk* leaves) {
  int const n = call.operand_count;
  extents const outer(shape.begin(), shape.end() - 1);
  auto const axes = collapsed(call, outer, out.stride);
  require_axes(axes.size(), shape);
  walk w;
  w.columns = shape.back();
  w.out_column = out.stride.back();
  for (int k = 0; k < n; ++k) leaves[k].column = call.operands[k].stride.back();
  set_rows(w, axes, n, leaves);
  set_columns(w, call, out, pack, leaves);
  return w;
}

reduce_walk make_reduce_walk(fused_call const& call, extents const& shape, bool const* reduced,
                             destination const& out, int pack, int runs, reduce_leaf* leaves) {
  int const n = call.operand_count;
  auto axes = collapsed(call, shape, out.stride, reduced);
  require_axes(axes.size(), shape);
  reduce_walk w;
  w.out = out.data;
  w.by_columns = !axes.empty() && !axes.back().reduced;
  if (w.by_columns) {
    w.columns = axes.back().extent;
    w.out_column = axes.back().out;
    for (int k = 0; k < n; ++k) leaves[k].column = axes.back().leaf[k];
    axes.pop_back();
  }
  auto const inner =
      std::find_if(axes.rbegin(), axes.rend(), [](axis const& a) { return a.reduced; });
  for (auto a = axes.rbegin(); a != axes.rend(); ++a) {
    if (a->reduced) w.reduced *= a->extent;
    if (a != inner) continue;
    w.inner = a->extent;
    for (int k = 0; k < n; ++k) leaves[k].inner = a->leaf[k];
  }
  for (axis const& a : axes) {
    if (inner != axes.rend() && &a == &*inner) continue;
    int& count = a.reduced ? w.outer_axes : w.kept_axes;
    (a.reduced ? w.outer_extent : w.kept_extent)[count] = a.extent;
    if (!a.reduced) w.out_kept[count] = a.out;
    for (int k = 0; k < n; ++k) (a.reduced ? leaves[k].outer : leaves[k].kept)[count] = a.leaf[k];
    if (!a.reduced) w.kept *= a.extent;
    ++count;
  }
  // Which leaves are read as packs along the fastest axis.
  for (int k = 0; k < n; ++k) {
    operand const& o = call.operands[k];
    reduce_leaf& l = leaves[k];
    l.first = o.offset;
    std::int64_t const fastest = w.by_columns ? l.column : l.inner;
    bool vector = o.data && fastest == 1 && aligned(o.data, pack * size_of(o.type));
    for (int a = 0; a < w.kept_axes; ++a) vector = vector && l.kept[a] % pack == 0;
    for (int a = 0; a < w.outer_axes; ++a) vector = vector && l.outer[a] % pack == 0;
    if (w.by_columns) vector = vector && l.inner % pack == 0;
    l.kind = fastest == 0 ? inner_kind::splat : vector ? inner_kind::vector : inner_kind::gather;
  }
  // Parts: enough blocks to fill the device, each with enough work to pay for its state.
  constexpr int threads = 256;
  std::int64_t const blocks = 4 * std::int64_t{multiprocessors()};
  auto const ceil_div = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  if (w.reduced * w.kept * w.columns == 0) {  // identities, or nothing
    w.units = 0;
    return w;
  }
  if (w.by_columns) {
    std::int64_t const packs = ceil_div(w.columns, pack);
    for (w.team = threads; w.team > 1 && w.team / 2 >= packs;) w.team /= 2;
    std::int64_t const lanes = threads / w.team;
    std::int64_t const wanted =
        std::max<std::int64_t>(blocks / (ceil_div(packs, w.team) * w.kept), 1);
    w.part = std::max<std::int64_t>(ceil_div(w.reduced, wanted * lanes), 4 * runs);
    w.splits = ceil_div(w.reduced, w.part * lanes);
  } else {
    std::int64_t const packs = ceil_div(w.inner, pack);
    w.team = threads;
    if (w.reduced / w.inner * packs <= 64 * runs)
      for (w.team = 32; w.team > 1 && w.team / 2 * runs >= packs;) w.team /= 2;
    w.chunks = ceil_div(packs, w.team * runs);
    w.units = w.reduced / w.inner * w.chunks;
    std::int64_t const wanted = std::max<std::int64_t>(blocks / w.kept, 1);
    w.part = w.team < threads ? w.units : std::max<std::int64_t>(ceil_div(w.units, wanted), 2);
    w.splits = ceil_div(w.units, w.part);
  }
  return w;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
