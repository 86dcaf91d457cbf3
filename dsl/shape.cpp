#include <dsl/shape.hpp>

#include <dsl/memory.hpp>
#include <dsl/run.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace shape_detail {

namespace {

node_ptr view_of_node(node_ptr const& base, extents shape, strides stride, location where) {
  return node::of_view(base, std::move(shape), std::move(stride), base->offset, where);
}

}  // namespace

node_ptr range_of(node_ptr const& base, int axis, std::int64_t first, std::int64_t count,
                  std::int64_t step, location where) {
  extents shape = base->shape;
  strides stride = base->stride;
  std::int64_t const offset = count > 0 ? first * stride[axis] : 0;
  shape[axis] = count;
  stride[axis] *= step;
  return node::of_view(base, std::move(shape), std::move(stride), base->offset + offset, where);
}

namespace {

/// A range of an axis: `count` elements from `first` on.
struct piece {
  std::int64_t first, count, step;
};
/// Of each axis its pieces one behind the other: a block for every one of them with every one of the others'.
/// Throws out_of_memory.
node_ptr of_pieces(node_ptr const& base, std::vector<std::vector<piece>> const& pieces,
                   location where) {
  struct block {
    node_ptr elements;
    extents origin;
  };
  std::vector<block> blocks{{base, extents::filled(base->shape.rank(), 0)}};
  extents shape = base->shape;
  int last = 0;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    auto const& along = pieces[static_cast<std::size_t>(axis)];
    if (along.size() == 1 && along[0].count == base->shape[axis] && along[0].step == 1) continue;
    std::vector<block> cut;
    std::int64_t end = 0;
    for (piece const& p : along) {
      if (p.count == 0) continue;
      for (block const& b : blocks) {
        cut.push_back({range_of(b.elements, axis, p.first, p.count, p.step, where), b.origin});
        cut.back().origin[axis] = end;
      }
      if (__builtin_add_overflow(end, p.count, &end))
        throw out_of_memory(SIZE_MAX, memory().limit, where);
    }
    blocks = std::move(cut);
    shape[axis] = end;
    last = axis;
  }
  if (blocks.size() == 1) return blocks[0].elements;
  std::vector<concatenate_detail::part> parts;
  for (block& b : blocks) {
    parts.push_back(concatenate_detail::part_of(b.elements));
    parts.back().origin = std::move(b.origin);
  }
  return node::of_operation(base->type, std::move(shape),
                            concatenate_operation{std::move(parts), last}, where);
}

}  // namespace

std::vector<int> distinct_axes(extents const& axes, int rank, const char* name, location where) {
  std::vector<int> all;
  for (std::int64_t wanted : axes) {
    int const a = normalize_axis(wanted, rank, name, where);
    if (std::find(all.begin(), all.end(), a) != all.end())
      throw index_error(std::string(name) + ": axis " + std::to_string(a) + " is given twice",
                        where);
    all.push_back(a);
  }
  return all;
}

node_ptr arranged(node_ptr const& base, extents const& axes, extents const& shape, location where) {
  bool const in_order = std::is_sorted(axes.begin(), axes.end());
  node_ptr const turned = in_order ? base : permuted(base, axes, where);
  return turned->shape == shape ? turned : reshaped(turned, shape, where);
}

node_ptr flipped(node_ptr const& base, extents const& axes, const char* name, location where) {
  strides stride = base->stride;
  std::int64_t offset = base->offset;
  for (int const a : distinct_axes(axes, base->shape.rank(), name, where)) {
    if (base->shape[a] > 0) offset += (base->shape[a] - 1) * stride[a];
    stride[a] = -stride[a];
  }
  return node::of_view(base, base->shape, std::move(stride), offset, where);
}

node_ptr flipped(node_ptr const& base, location where) {
  extents all;
  for (int a = 0; a < base->shape.rank(); ++a) all.push_back(a);
  return flipped(base, all, "flip", where);
}

node_ptr swapped(node_ptr const& base, std::int64_t a, std::int64_t b, location where) {
  extents shape = base->shape;
  strides stride = base->stride;
  int const i = normalize_axis(a, shape.rank(), "swapaxes", where);
  int const j = normalize_axis(b, shape.rank(), "swapaxes", where);
  std::swap(shape[i], shape[j]);
  std::swap(stride[i], stride[j]);
  return view_of_node(base, std::move(shape), std::move(stride), where);
}

node_ptr moved(node_ptr const& base, extents const& from, extents const& to, location where) {
  int const rank = base->shape.rank();
  auto const source = distinct_axes(from, rank, "moveaxis", where);
  auto const target = distinct_axes(to, rank, "moveaxis", where);
  if (source.size() != target.size())
    throw index_error("moveaxis: " + std::to_string(source.size()) + " axes to " +
                          std::to_string(target.size()) + " places",
                      where);
  extents order = extents::filled(rank, -1);
  for (std::size_t i = 0; i < source.size(); ++i) order[target[i]] = source[i];
  int next = 0;
  for (int a = 0; a < rank; ++a) {
    if (std::find(source.begin(), source.end(), a) != source.end()) continue;
    while (order[next] >= 0) ++next;
    order[next] = a;
  }
  return permuted(base, order, where);
}

node_ptr rotated(node_ptr const& base, std::int64_t k, extents const& axes, location where) {
  auto const plane = distinct_axes(axes, base->shape.rank(), "rot90", where);
  if (plane.size() != 2)
    throw index_error("rot90: takes two axes, not " + std::to_string(plane.size()), where);
  int const a = plane[0], b = plane[1];
  switch ((k % 4 + 4) % 4) {
    case 1: return swapped(flipped(base, {b}, "rot90", where), a, b, where);
    case 2: return flipped(base, {a, b}, "rot90", where);
    case 3: return flipped(swapped(base, a, b, where), {b}, "rot90", where);
    default: return base;
  }
}

node_ptr at_least(node_ptr const& base, int rank, location where) {
  extents shape = base->shape;
  strides stride = base->stride;
  auto const insert = [&](int axis) {
    shape.insert(axis, 1);
    stride.insert(axis, 0);
  };
  if (rank == 3 && shape.rank() == 2) insert(2);
  while (shape.rank() < std::min(rank, 2)) insert(0);
  if (shape.rank() < rank) insert(2);
  return view_of_node(base, std::move(shape), std::move(stride), where);
}

node_ptr rolled(node_ptr const& base, std::int64_t shift, location where) {
  return reshaped(rolled(reshaped(base, {-1}, where), extents{shift}, extents{0}, where),
                  base->shape, where);
}

node_ptr rolled(node_ptr const& base, extents const& shifts, extents const& axes, location where) {
  if (shifts.rank() != axes.rank() && shifts.rank() != 1 && axes.rank() != 1)
    throw shape_error("roll: " + std::to_string(shifts.rank()) + " shifts for " +
                          std::to_string(axes.rank()) + " axes",
                      where);
  extents total = extents::filled(base->shape.rank(), 0);
  int const count = shifts.rank() == 1 ? axes.rank() : shifts.rank();
  for (int i = 0; i < count; ++i) {
    int const axis =
        normalize_axis(axes[axes.rank() == 1 ? 0 : i], base->shape.rank(), "roll", where);
    std::int64_t const n = std::max<std::int64_t>(base->shape[axis], 1);
    total[axis] = (total[axis] + shifts[shifts.rank() == 1 ? 0 : i] % n) % n;
  }
  std::vector<std::vector<piece>> pieces;
  for (int axis = 0; axis < total.rank(); ++axis) {
    std::int64_t const n = base->shape[axis];
    std::int64_t const first = n > 0 ? (n - total[axis]) % n : 0;  // comes to the front
    pieces.push_back({{first, n - first, 1}});
    if (first > 0) pieces.back().push_back({0, first, 1});
  }
  return of_pieces(base, pieces, where);
}

node_ptr repeated(node_ptr const& base, std::int64_t n, std::int64_t along, location where) {
  int const axis = normalize_axis(along, base->shape.rank(), "repeat", where);
  if (n < 0) throw shape_error("repeat: " + std::to_string(n) + " times", where);
  extents shape = base->shape;
  strides stride = base->stride;
  shape.insert(axis + 1, n);
  stride.insert(axis + 1, 0);
  node_ptr const each = view_of_node(base, std::move(shape), std::move(stride), where);
  shape = base->shape;
  shape[axis] *= n;
  return reshaped(each, shape, where);
}

node_ptr tiled(node_ptr const& base, extents const& times, location where) {
  int const rank = std::max(base->shape.rank(), times.rank());
  int const lead = rank - base->shape.rank(), ones = rank - times.rank();
  extents tiles, shape;
  strides stride;
  for (int axis = 0; axis < rank; ++axis) {
    std::int64_t const n = axis < lead ? 1 : base->shape[axis - lead];
    std::int64_t const t = axis < ones ? 1 : times[axis - ones];
    if (t < 0) throw shape_error("tile: " + std::to_string(t) + " times", where);
    tiles.push_back(t);
    stride.push_back(0);
    tiles.push_back(n);
    stride.push_back(axis < lead ? 0 : base->stride[axis - lead]);
    shape.push_back(t * n);
  }
  return reshaped(view_of_node(base, std::move(tiles), std::move(stride), where), shape, where);
}

std::vector<node_ptr> parts_of(node_ptr const& base, std::int64_t n, std::int64_t along, bool equal,
                               location where) {
  const char* const name = equal ? "split" : "array_split";
  int const axis = normalize_axis(along, base->shape.rank(), name, where);
  std::int64_t const extent = base->shape[axis];
  if (n <= 0 || (equal && extent % n != 0))
    throw shape_error(std::string(name) + ": axis " + std::to_string(axis) + " of shape " +
                          to_string(base->shape) + " does not split into " + std::to_string(n) +
                          " parts",
                      where);
  std::vector<node_ptr> parts;
  std::int64_t first = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t const count = extent / n + (i < extent % n);
    parts.push_back(range_of(base, axis, first, count, 1, where));
    first += count;
  }
  return parts;
}

std::vector<node_ptr> parts_of(node_ptr const& base, extents const& at, std::int64_t along,
                               location where) {
  int const axis = normalize_axis(along, base->shape.rank(), "split", where);
  std::vector<node_ptr> parts;
  slice::bound first = 0;
  auto const add = [&](slice::bound last) {
    auto const range = slice(first, last).over(base->shape[axis], where);
    parts.push_back(range_of(base, axis, range.first, range.count, 1, where));
    first = last;
  };
  for (std::int64_t position : at) add(position);
  add(_);
  return parts;
}

namespace {

/// The positions first to last - 1 of an axis of n elements that goes on forever: again from its
/// beginning, or back and forth.
std::vector<piece> periodic(std::int64_t n, bool mirrored, std::int64_t first, std::int64_t last) {
  mirrored = mirrored && n > 1;
  std::int64_t const period = mirrored ? 2 * (n - 1) : n;
  std::vector<piece> pieces;
  while (first < last) {
    std::int64_t const at = (first % period + period) % period;
    bool const back = mirrored && at >= n - 1;
    std::int64_t const end = mirrored && !back ? n - 1 : period;
    std::int64_t const count = std::min(end - at, last - first);
    pieces.push_back({back ? period - at : at, count, back ? -1 : 1});
    first += count;
  }
  return pieces;
}

/// An axis of n elements with what is added to it.
std::vector<piece> surrounded(std::int64_t n, pad_width width, pad_mode mode) {
  if (width.before == 0 && width.after == 0) return {{0, n, 1}};
  if (mode == pad_mode::edge) return {{0, width.before, 0}, {0, n, 1}, {n - 1, width.after, 0}};
  return periodic(n, mode == pad_mode::reflect, -width.before, n + width.after);
}

/// A frame of one value: a block before and one behind for each axis, over all that lies between.
node_ptr framed(node_ptr const& base, std::vector<pad_width> const& widths,
                fused_operation const& value, location where) {
  int const rank = base->shape.rank();
  std::vector<concatenate_detail::part> parts;
  parts.push_back(concatenate_detail::part_of(base));
  extents shape = base->shape, origin = extents::filled(rank, 0);
  parts[0].origin = origin;
  int last = 0;
  for (int axis = rank - 1; axis >= 0; --axis) {
    pad_width const width = widths[static_cast<std::size_t>(axis)];
    if (width.before == 0 && width.after == 0) continue;
    std::int64_t const n = shape[axis];
    if (__builtin_add_overflow(n, width.before, &shape[axis]) ||
        __builtin_add_overflow(shape[axis], width.after, &shape[axis]))
      throw out_of_memory(SIZE_MAX, memory().limit, where);
    for (auto& part : parts) part.origin[axis] = width.before;
    for (bool const behind : {false, true}) {
      extents block = shape;
      block[axis] = behind ? width.after : width.before;
      if (block[axis] == 0) continue;
      origin[axis] = behind ? width.before + n : 0;
      parts.push_back({value.over(value.operands), std::move(block), false, origin});
      origin[axis] = 0;
    }
    last = axis;
  }
  if (parts.size() == 1) return base;
  return node::of_operation(base->type, std::move(shape),
                            concatenate_operation{std::move(parts), last}, where);
}

}  // namespace

node_ptr padded(node_ptr base, std::vector<pad_width> const& widths, pad_mode mode,
                fused_operation const& value, location where) {
  int const rank = base->shape.rank();
  if (static_cast<int>(widths.size()) != rank)
    throw shape_error(
        "pad: " + std::to_string(widths.size()) + " widths for shape " + to_string(base->shape),
        where);
  for (int axis = 0; axis < rank; ++axis) {
    pad_width const width = widths[static_cast<std::size_t>(axis)];
    if (width.before < 0 || width.after < 0)
      throw shape_error("pad: a width of axis " + std::to_string(axis) + " is negative", where);
    if (width.before == 0 && width.after == 0) continue;
    if (base->shape[axis] == 0 && mode != pad_mode::constant)
      throw shape_error("pad: axis " + std::to_string(axis) + " of shape " +
                            to_string(base->shape) + " has no elements to repeat",
                        where);
  }
  if (mode == pad_mode::constant) return framed(base, widths, value, where);
  std::vector<std::vector<piece>> pieces;
  for (int axis = 0; axis < rank; ++axis)
    pieces.push_back(surrounded(base->shape[axis], widths[static_cast<std::size_t>(axis)], mode));
  return of_pieces(base, pieces, where);
}

}  // namespace shape_detail
}  // namespace sloth::inline SLOTH_ABI
