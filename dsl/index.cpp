#include <dsl/index.hpp>

#include <string>

namespace sloth::inline SLOTH_ABI {

slice::range slice::over(std::int64_t n, location where) const {
  if (step_ == 0) throw index_error("slice: the step is 0", where);
  auto clamp = [&](bound b, std::int64_t missing) {
    if (!b.given) return missing;
    std::int64_t const v = b.value < 0 ? b.value + n : b.value;
    return step_ > 0 ? std::clamp<std::int64_t>(v, 0, n) : std::clamp<std::int64_t>(v, -1, n - 1);
  };
  std::int64_t const first = clamp(start_, step_ > 0 ? 0 : n - 1);
  std::int64_t const last = clamp(stop_, step_ > 0 ? n : -1);
  // Written without first + step, which may overflow for huge steps.
  std::int64_t const span = step_ > 0 ? last - first : first - last;
  if (span <= 0) return {first, 0, 1};  // a huge step times a stride would overflow
  std::uint64_t const step =
      step_ > 0 ? static_cast<std::uint64_t>(step_) : 0 - static_cast<std::uint64_t>(step_);
  std::int64_t const count = static_cast<std::int64_t>((span - 1) / step) + 1;
  return {first, count, count > 1 ? step_ : 1};
}

node_ptr subscript(node_ptr const& base, std::initializer_list<index_item> items, location where) {
  using kind = index_item::kind;
  int consumed = 0, ellipses = 0;
  for (auto const& item : items) {
    consumed += item.what == kind::integer || item.what == kind::slice;
    ellipses += item.what == kind::ellipsis;
  }
  int const rank = base->shape.rank();
  if (ellipses > 1) throw index_error("subscript: more than one ellipsis", where);
  if (consumed > rank)
    throw index_error(
        "subscript: " + std::to_string(consumed) + " indices for shape " + to_string(base->shape),
        where);
  extents shape;
  strides stride;
  std::int64_t offset = base->offset;
  int axis = 0;
  auto keep = [&](std::int64_t extent, std::int64_t step) {
    shape.push_back(extent);
    stride.push_back(step);
  };
  auto keep_axes = [&](int count) {
    for (; count > 0; --count, ++axis) keep(base->shape[axis], base->stride[axis]);
  };
  for (auto const& item : items) {
    switch (item.what) {
      case kind::integer: {
        std::int64_t const n = base->shape[axis];
        if (item.integer < -n || item.integer >= n)
          throw index_error("index " + std::to_string(item.integer) + " is out of range for axis " +
                                std::to_string(axis) + " of shape " + to_string(base->shape),
                            where);
        offset += (item.integer < 0 ? item.integer + n : item.integer) * base->stride[axis];
        ++axis;
        break;
      }
      case kind::slice: {
        auto const range = item.slice.over(base->shape[axis], where);
        if (range.count > 0) offset += range.first * base->stride[axis];
        keep(range.count, range.step * base->stride[axis]);
        ++axis;
        break;
      }
      case kind::newaxis: keep(1, 0); break;
      case kind::ellipsis: keep_axes(rank - consumed); break;
    }
  }
  keep_axes(rank - axis);
  return node::of_view(base, std::move(shape), std::move(stride), offset, where);
}

node_ptr transposed(node_ptr const& base, location where) {
  extents shape = base->shape;
  strides stride = base->stride;
  std::reverse(shape.begin(), shape.end());
  std::reverse(stride.begin(), stride.end());
  return node::of_view(base, std::move(shape), std::move(stride), base->offset, where);
}

node_ptr permuted(node_ptr const& base, extents const& axes, location where) {
  int const rank = base->shape.rank();
  extents shape = base->shape;
  strides stride = base->stride;
  extents seen = extents::filled(rank, 0);
  if (axes.rank() != rank)
    throw shape_error(
        "transpose: " + std::to_string(axes.rank()) + " axes for shape " + to_string(base->shape),
        where);
  for (int i = 0; i < rank; ++i) {
    int const axis = normalize_axis(axes[i], rank, "transpose", where);
    if (seen[axis]++)
      throw shape_error("transpose: axis " + std::to_string(axis) + " is given twice", where);
    shape[i] = base->shape[axis];
    stride[i] = base->stride[axis];
  }
  return node::of_view(base, std::move(shape), std::move(stride), base->offset, where);
}

node_ptr broadcasted(node_ptr const& base, extents const& shape, location where) {
  if (broadcast(base->shape, shape, "broadcast_to", where) != shape)
    throw shape_error("broadcast_to: shape " + to_string(base->shape) + " does not broadcast to " +
                          to_string(shape),
                      where);
  strides stride = extents::filled(shape.rank(), 0);
  int const lead = shape.rank() - base->shape.rank();
  for (int axis = 0; axis < base->shape.rank(); ++axis)
    if (base->shape[axis] != 1) stride[lead + axis] = base->stride[axis];
  return node::of_view(base, shape, std::move(stride), base->offset, where);
}

node_ptr squeezed(node_ptr const& base, location where) {
  extents shape;
  strides stride;
  for (int axis = 0; axis < base->shape.rank(); ++axis)
    if (base->shape[axis] != 1) {
      shape.push_back(base->shape[axis]);
      stride.push_back(base->stride[axis]);
    }
  return node::of_view(base, std::move(shape), std::move(stride), base->offset, where);
}

node_ptr squeezed(node_ptr const& base, std::int64_t axis, location where) {
  int const a = normalize_axis(axis, base->shape.rank(), "squeeze", where);
  if (base->shape[a] != 1)
    throw shape_error("squeeze: axis " + std::to_string(a) + " of shape " + to_string(base->shape) +
                          " has extent " + std::to_string(base->shape[a]),
                      where);
  extents shape = base->shape;
  strides stride = base->stride;
  shape.erase(a);
  stride.erase(a);
  return node::of_view(base, std::move(shape), std::move(stride), base->offset, where);
}

node_ptr expanded(node_ptr const& base, std::int64_t axis, location where) {
  int const a = normalize_axis(axis, base->shape.rank() + 1, "expand_dims", where);
  extents shape = base->shape;
  strides stride = base->stride;
  shape.insert(a, 1);
  stride.insert(a, 0);
  return node::of_view(base, std::move(shape), std::move(stride), base->offset, where);
}

node_ptr diagonal(node_ptr const& base, std::int64_t k, location where) {
  if (base->shape.rank() != 2)
    throw shape_error("diagonal: takes a 2-D array, not shape " + to_string(base->shape), where);
  std::int64_t const row = std::max<std::int64_t>(-k, 0), column = std::max<std::int64_t>(k, 0);
  std::int64_t const n = std::min(base->shape[0] - row, base->shape[1] - column);
  std::int64_t const offset = n > 0 ? row * base->stride[0] + column * base->stride[1] : 0;
  return node::of_view(base, extents{std::max<std::int64_t>(n, 0)},
                       strides{base->stride[0] + base->stride[1]}, base->offset + offset, where);
}

extents resolve_shape(extents const& wanted, extents const& from, location where) {
  auto refuse = [&] {
    throw shape_error("reshape: shape " + to_string(from) + " (" + std::to_string(from.size()) +
                          " elements) does not fit " + to_string(wanted),
                      where);
  };
  extents shape = wanted;
  int unknown = -1;
  std::int64_t known = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == -1) {
      if (unknown >= 0)
        throw shape_error("reshape: more than one -1 in " + to_string(wanted), where);
      unknown = axis;
    } else if (shape[axis] < 0 || __builtin_mul_overflow(known, shape[axis], &known)) {
      refuse();
    }
  }
  if (unknown >= 0) {
    if (known == 0 || from.size() % known != 0) refuse();
    shape[unknown] = from.size() / known;
  } else if (known != from.size()) {
    refuse();
  }
  return shape;
}

node_ptr reshaped_view(node_ptr const& base, extents const& shape, location where) {
  if (is_contiguous(base->shape, base->stride))
    return node::of_view(base, shape, row_major(shape), base->offset, where);
  // Group by group: runs of old axes whose strides nest are split into runs of new axes.
  extents old_shape;
  strides old_stride;
  for (int axis = 0; axis < base->shape.rank(); ++axis)
    if (base->shape[axis] != 1) {
      old_shape.push_back(base->shape[axis]);
      old_stride.push_back(base->stride[axis]);
    }
  strides stride = extents::filled(shape.rank(), 0);
  int old_axis = 0, new_axis = 0;
  while (old_axis < old_shape.rank()) {
    std::int64_t old_size = old_shape[old_axis], new_size = 1;
    int old_end = old_axis + 1, new_end = new_axis;
    while (old_size != new_size || new_end == new_axis) {
      if (new_size < old_size || new_end == new_axis) {
        if (new_end == shape.rank()) return {};
        new_size *= shape[new_end++];
      } else {
        if (old_end == old_shape.rank()) return {};
        if (old_stride[old_end - 1] != old_shape[old_end] * old_stride[old_end]) return {};
        old_size *= old_shape[old_end++];
      }
    }
    std::int64_t step = old_stride[old_end - 1];
    for (int axis = new_end - 1; axis >= new_axis; --axis) {
      stride[axis] = step;
      step *= shape[axis];
    }
    old_axis = old_end;
    new_axis = new_end;
  }
  return node::of_view(base, shape, std::move(stride), base->offset, where);
}

}  // namespace sloth::inline SLOTH_ABI
