// Strided copies: elementwise kernels of a lone leaf, one for each element size; rows that begin inside a
// pack by neighbours' elements together, in tiles that begin where lines of the output do.
#include <dsl/array.hpp>
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/flat.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

struct row_copies {
  void const* in;
  walk w;
  leaf_walk leaf;
  unsigned column_blocks;
};
constexpr int copy_threads = 256;
template <class U>
inline constexpr int copies_at_once = sizeof(U) >= 4 ? 16 / sizeof(U) : 8;
template <class U>
inline constexpr int copy_tile = copy_threads* copies_at_once<U>;
// What a warp's stores fill: across two lines they take 5 % longer.
constexpr int line_bytes = 128;

/// Elements between the line's begin and `p`.
template <class U>
SLOTH_HD int behind_line(U const* p) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(p) % line_bytes / sizeof(U));
}

template <class U>
__global__ void __launch_bounds__(copy_threads) copy_rows(const __grid_constant__ row_copies g) {
  constexpr int N = copies_at_once<U>;
  unsigned const tile = blockIdx.x % g.column_blocks, rows = static_cast<unsigned>(g.w.rows);
  unsigned rest = blockIdx.x / g.column_blocks;  // divisions of 32 bits: they are dear
  std::int64_t const row = rest % rows;
  rest /= rows;
  std::int64_t from = row * g.leaf.row, to = row * g.w.out_row;
#pragma unroll 1
  for (int a = g.w.outer_axes - 1; a >= 0; --a) {
    unsigned const extent = static_cast<unsigned>(g.w.outer_extent[a]);
    std::int64_t const i = rest % extent;
    rest /= extent;
    from += i * g.leaf.outer[a];
    to += i * g.w.out_outer[a];
  }
  U const* const in = static_cast<U const*>(g.in) + from;
  U* const out = static_cast<U*>(g.w.out) + to;
  std::int64_t const first = std::int64_t{tile} * copy_tile<U> + threadIdx.x - behind_line(out);
  U v[N];
#pragma unroll
  for (int k = 0; k < N; ++k) {
    std::int64_t const i = first + k * copy_threads;
    if (i >= 0 && i < g.w.columns) v[k] = in[i];
  }
#pragma unroll
  for (int k = 0; k < N; ++k) {
    std::int64_t const i = first + k * copy_threads;
    if (i >= 0 && i < g.w.columns) out[i] = v[k];
  }
}

/// Elements between a line's begin and a row's, at most.
template <class U>
std::int64_t most_behind_line(walk const& w) {
  constexpr std::int64_t line = line_bytes / sizeof(U);
  bool same = w.rows == 1 || w.out_row % line == 0;
  for (int a = 0; a < w.outer_axes; ++a) same = same && w.out_outer[a] % line == 0;
  return same ? behind_line(static_cast<U const*>(w.out)) : line - 1;
}

template <class U>
void launch_copy(fused_call const& call, extents const& shape, destination const& out) {
  constexpr std::int64_t short_row = 256;
  if (shape.size() >= copy_tile<U>) {
    row_copies g{call.operands[0].data, {}, {}, 1};
    g.w = make_walk(call, shape, out, copies_at_once<U>, 1, &g.leaf);
    bool const in_line = g.w.out_column == 1 && g.leaf.column == 1 && !g.w.tiled && g.w.width == 0;
    bool const packs = g.w.out_vector && g.leaf.kind == inner_kind::vector;
    if (in_line && !packs && g.w.columns >= short_row) {
      if (g.w.total > 0) g.w.columns = g.w.total, g.w.rows = 1;  // one row as it was
      std::int64_t const before = most_behind_line<U>(g.w);
      std::int64_t const tiles = (before + g.w.columns + copy_tile<U> - 1) / copy_tile<U>;
      g.column_blocks = static_cast<unsigned>(tiles);
      return launch(copy_rows<U>, tiles * g.w.rows * g.w.outer_count, copy_threads, g);
    }
  }
  launch_elementwise<leaf<U>>(call, shape, out);
}

}  // namespace

device_launch copy_launch(dtype type) {
  switch (size_of(type)) {
    case 1: return &launch_copy<std::uint8_t>;
    case 2: return &launch_copy<std::uint16_t>;
    case 4: return &launch_copy<std::uint32_t>;
    case 8: return &launch_copy<std::uint64_t>;
    default: return &launch_elementwise<leaf<complex128>>;
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
