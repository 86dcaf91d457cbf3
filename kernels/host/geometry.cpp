#include <kernels/host/geometry.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

domain make_domain(arena_frame& frame, fused_call const& call, extents const& shape,
                   destination const& out) {
  int const rank = shape.rank(), room = std::max(rank, 1);
  std::int64_t* const numbers =
      frame.take<std::int64_t>(std::int64_t{room} * (2 + call.operand_count));
  domain d{rank,
           numbers,
           frame.take<unsigned char>(room),
           frame.take<source>(call.operand_count),
           call.operand_count,
           static_cast<std::byte*>(out.data),
           numbers + room,
           size_of(out.type)};
  std::int64_t* stride = numbers + 2 * room;
  std::copy(shape.begin(), shape.end(), d.extent);
  std::copy(out.stride.begin(), out.stride.end(), d.out_stride);
  std::fill_n(d.group, room, static_cast<unsigned char>(0));
  for (int s = 0; s < call.operand_count; ++s, stride += room) {
    operand const& leaf = call.operands[s];
    bool const drawn = leaf.generator != generator_kind::none;
    d.sources[s] = {&leaf, drawn ? nullptr : static_cast<std::byte const*>(leaf.data), 0, stride,
                    size_of(leaf.type)};
    std::copy(leaf.stride.begin(), leaf.stride.end(), stride);
  }
  return d;
}

namespace {

// Calls f(stride array) for every operand and the output.
template <class F>
void each_stride(domain& d, F f) {
  for (int s = 0; s < d.source_count; ++s) f(d.sources[s].stride);
  f(d.out_stride);
}

void drop_ones(domain& d) {
  int kept = 0;
  for (int k = 0; k < d.rank; ++k) {
    if (d.extent[k] == 1) continue;
    if (kept != k) {
      d.extent[kept] = d.extent[k];
      d.group[kept] = d.group[k];
      each_stride(d, [&](std::int64_t* stride) { stride[kept] = stride[k]; });
    }
    ++kept;
  }
  d.rank = kept;
}

void turn(domain& d, int axis) {
  std::int64_t const last = d.extent[axis] - 1;
  d.out += last * d.out_stride[axis] * d.out_size;
  d.out_stride[axis] = -d.out_stride[axis];
  for (int s = 0; s < d.source_count; ++s) {
    source& from = d.sources[s];
    std::int64_t const distance = last * from.stride[axis];
    if (from.data != nullptr) from.data += distance * from.size;
    from.index += distance;
    from.stride[axis] = -from.stride[axis];
  }
}

bool runs_backwards(domain const& d, int axis, axis_order order) {
  if (order == axis_order::by_output) return d.out_stride[axis] < 0;
  bool backwards = false;
  for (int s = 0; s < d.source_count; ++s) {
    if (d.sources[s].stride[axis] > 0) return false;
    backwards = backwards || d.sources[s].stride[axis] < 0;
  }
  return backwards;
}

std::int64_t distance(domain const& d, int axis, axis_order order) {
  if (order == axis_order::by_output) return std::abs(d.out_stride[axis]);
  std::int64_t most = 0;
  for (int s = 0; s < d.source_count; ++s)
    most = std::max(most, std::abs(d.sources[s].stride[axis]));
  return most;
}

void exchange(domain& d, int a, int b) {
  std::swap(d.extent[a], d.extent[b]);
  std::swap(d.group[a], d.group[b]);
  each_stride(d, [&](std::int64_t* stride) { std::swap(stride[a], stride[b]); });
}

void sort(domain& d, axis_order order) {
  for (int k = 1; k < d.rank; ++k)
    for (int j = k; j > 0; --j) {
      bool const wrong_group = d.group[j - 1] > d.group[j];
      bool const sorted = d.group[j - 1] != d.group[j] || order == axis_order::kept ||
                          distance(d, j - 1, order) >= distance(d, j, order);
      if (!wrong_group && sorted) break;
      exchange(d, j - 1, j);
    }
}

void merge(domain& d) {
  if (d.rank == 0) {  // one element
    d.extent[0] = 1;
    d.group[0] = 1;
    each_stride(d, [](std::int64_t* stride) { stride[0] = 0; });
    d.rank = 1;
    return;
  }
  int last = 0;
  for (int k = 1; k < d.rank; ++k) {
    bool one = d.group[last] == d.group[k];
    each_stride(
        d, [&](std::int64_t* stride) { one = one && stride[last] == stride[k] * d.extent[k]; });
    if (!one) ++last;
    std::int64_t const extent = one ? d.extent[last] * d.extent[k] : d.extent[k];
    d.extent[last] = extent;
    d.group[last] = d.group[k];
    each_stride(d, [&](std::int64_t* stride) { stride[last] = stride[k]; });
  }
  d.rank = last + 1;
}

}  // namespace

void collapse(domain& d, axis_order order) {
  drop_ones(d);
  if (order != axis_order::kept)
    for (int k = 0; k < d.rank; ++k)
      if (runs_backwards(d, k, order)) turn(d, k);
  sort(d, order);
  merge(d);
}

std::int64_t even_block(std::int64_t extent, std::int64_t most) {
  if (extent <= most) return std::max<std::int64_t>(extent, 1);
  std::int64_t const parts = (extent + most - 1) / most, part = (extent + parts - 1) / parts;
  return std::min(most, (part + 15) / 16 * 16);
}

tiling make_tiling(domain const& d, int first, std::int64_t* block, std::int64_t* tiles) {
  tiling t{first, block, tiles, 1, 1, false};
  for (int k = 0; k < d.rank; ++k) {
    tiles[k] = (d.extent[k] + block[k] - 1) / block[k];
    t.total *= tiles[k];
    t.largest *= block[k];
  }
  return t;
}

bool is_packed(domain const& d, tiling const& t, std::int64_t const* stride) {
  std::int64_t step = 1;
  for (int k = d.rank - 1; k >= t.first; --k) {
    if (t.block[k] == 1) continue;
    if (stride[k] != step) return false;
    step *= t.block[k] == d.extent[k] || k == t.first
                ? t.block[k]
                : std::numeric_limits<std::int64_t>::min();  // a part of an inner axis: gaps follow
  }
  return true;
}

namespace {

// The axis along which an operand that jumps along the last axis is (nearly) contiguous.
int crosswise_axis(domain const& d, int lowest) {
  int const last = d.rank - 1;
  int best = -1;
  std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
  for (int s = 0; s < d.source_count; ++s) {
    source const& from = d.sources[s];
    std::int64_t const jump = std::abs(from.stride[last]);
    if (from.data == nullptr ? jump <= 1 : jump * from.size < 64) continue;
    for (int k = lowest; k < last; ++k) {
      std::int64_t const step = std::abs(from.stride[k]);
      if (d.group[k] != d.group[last] || d.extent[k] < 4) continue;
      if (step == 0 || step * 4 > jump || step >= shortest) continue;
      best = k;
      shortest = step;
    }
  }
  return best;
}

// Squares of 64 x 32: a cache line of every operand is read once and used whole.
tiling crosswise_tiling(domain& d, int axis, std::int64_t* block, std::int64_t* tiles,
                        tile_use use) {
  int const last = d.rank - 1;
  move_axis(d, axis, last);
  std::int64_t const n = d.extent[last], parts = (n + 63) / 64;
  block[last] = (n + parts - 1) / parts;
  block[last - 1] = even_block(d.extent[last - 1], chunk_elements / block[last]);
  tiling t = make_tiling(d, last - 1, block, tiles);
  bool const packed =
      use != tile_use::output || (block[last] == n && is_packed(d, t, d.out_stride));
  t.by_rows = block[last] >= 32 && !(packed && block[last] == n);
  return t;
}

// A column operand, whose one value a row is spread over a buffer.
bool has_column(domain const& d) {
  for (int s = 0; d.rank > 1 && s < d.source_count; ++s)
    if (d.sources[s].stride[d.rank - 1] == 0 && d.sources[s].stride[d.rank - 2] != 0) return true;
  return false;
}

}  // namespace

tiling choose_tiling(arena_frame& frame, domain& d, int lowest, tile_use use,
                     std::int64_t longest) {
  std::int64_t* const block = frame.take<std::int64_t>(d.rank);
  std::int64_t* const tiles = frame.take<std::int64_t>(d.rank);
  std::fill_n(block, d.rank, std::int64_t{1});
  int const last = d.rank - 1;
  if (last > lowest && use != tile_use::ordered_buffer)
    if (int const axis = crosswise_axis(d, lowest); axis >= 0)
      return crosswise_tiling(d, axis, block, tiles, use);
  block[last] = even_block(d.extent[last],
                           std::min(longest, has_column(d) ? chunk_elements / 2 : chunk_elements));
  int first = last;
  if (d.extent[last] < 256) {  // several rows, then several planes, ...
    std::int64_t inner = d.extent[last];
    while (first > lowest && inner * 2 <= chunk_elements) {
      --first;
      std::int64_t const most = chunk_elements / inner;
      bool const whole = d.extent[first] <= most;
      block[first] = whole ? d.extent[first] : even_block(d.extent[first], most);
      inner *= block[first];
      if (!whole) break;
    }
  }
  tiling t = make_tiling(d, first, block, tiles);
  bool const rows_with_gaps = use == tile_use::output && d.extent[last] >= 64 &&
                              d.out_stride[last] == 1 && first == last - 1 &&
                              !is_packed(d, t, d.out_stride);
  t.by_rows = rows_with_gaps;
  return t;
}

void move_axis(domain& d, int axis, int end) {
  for (; axis < end - 1; ++axis) exchange(d, axis, axis + 1);
}

tile_cursor::tile_cursor(arena_frame& frame, domain const& d, tiling const& t)
    : start(frame.take<std::int64_t>(d.rank)),
      length(frame.take<std::int64_t>(d.rank)),
      domain_(&d),
      tiling_(&t) {
  seek(0);
}

void tile_cursor::seek(std::int64_t tile) {
  for (int k = domain_->rank - 1; k >= 0; --k) {
    start[k] = tile % tiling_->tiles[k] * tiling_->block[k];
    length[k] = std::min(tiling_->block[k], domain_->extent[k] - start[k]);
    tile /= tiling_->tiles[k];
  }
}

void tile_cursor::next(int low, int high) {
  for (int k = high - 1; k >= low; --k) {
    start[k] += tiling_->block[k];
    bool const carry = start[k] >= domain_->extent[k];
    if (carry) start[k] = 0;
    length[k] = std::min(tiling_->block[k], domain_->extent[k] - start[k]);
    if (!carry) return;
  }
}

std::int64_t tile_cursor::size() const {
  std::int64_t n = 1;
  for (int k = tiling_->first; k < domain_->rank; ++k) n *= length[k];
  return n;
}

std::int64_t tile_cursor::offset(std::int64_t const* stride) const {
  std::int64_t sum = 0;
  for (int k = 0; k < domain_->rank; ++k) sum += start[k] * stride[k];
  return sum;
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
