#include <dsl/extents.hpp>

namespace sloth::inline SLOTH_ABI {

void extents::copy_heap(extents const& other) {
  resize(other.rank_);
  std::copy(other.begin(), other.end(), begin());
}
void extents::assign_heap(extents const& other) {
  if (this != &other) *this = extents(other);  // the old heap block goes with the temporary
}
void extents::drop_heap() noexcept { delete[] at_.heap; }

std::string to_string(extents const& shape) {
  std::string text = "(";
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(shape[axis]);
  }
  return text + (shape.rank() == 1 ? ",)" : ")");
}

std::int64_t checked_size(extents const& shape, location where) {
  std::int64_t count = 1;
  for (std::int64_t extent : shape) {
    if (extent < 0) throw shape_error("an extent is negative: " + to_string(shape), where);
    if (extent != 0 && __builtin_mul_overflow(count, extent, &count))
      throw out_of_memory(SIZE_MAX, SIZE_MAX, where);
  }
  return shape.size();
}

extents index_of(std::int64_t i, extents const& shape) {
  extents index = shape;
  for (int axis = shape.rank() - 1; axis >= 0; i /= shape[axis--]) index[axis] = i % shape[axis];
  return index;
}

strides row_major(extents const& shape) {
  strides stride = shape;
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    stride[axis] = step;
    step *= shape[axis];
  }
  return stride;
}

bool is_contiguous(extents const& shape, strides const& stride) noexcept {
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (shape[axis] == 0) return true;
    if (shape[axis] == 1) continue;
    if (stride[axis] != step) return false;
    step *= shape[axis];
  }
  return true;
}

extents broadcast(extents const& a, extents const& b, const char* operation, location where) {
  if (a == b) return a;
  extents const& high = a.rank() >= b.rank() ? a : b;
  extents const& low = a.rank() >= b.rank() ? b : a;
  extents shape = high;
  int const lead = high.rank() - low.rank();
  for (int axis = 0; axis < low.rank(); ++axis) {
    std::int64_t& extent = shape[lead + axis];
    if (extent == low[axis] || low[axis] == 1) continue;
    if (extent != 1)
      throw shape_error(std::string(operation) + ": shapes do not broadcast: " + to_string(a) +
                            " and " + to_string(b),
                        where);
    extent = low[axis];
  }
  return shape;
}

int normalize_axis(std::int64_t axis, int rank, const char* operation, location where) {
  if (axis < -rank || axis >= rank)
    throw index_error(std::string(operation) + ": axis " + std::to_string(axis) +
                          " is out of range for rank " + std::to_string(rank),
                      where);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace sloth::inline SLOTH_ABI
