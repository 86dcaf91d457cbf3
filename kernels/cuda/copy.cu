// Strided copies: elementwise kernels of a lone leaf, one for each element size; rows that begin inside a
// pack by neighbours' elements together.
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

template <class U>
__global__ void __launch_bounds__(copy_threads) copy_rows(const __grid_constant__ row_copies g) {
  constexpr int N = copies_at_once<U>;
  unsigned const tile = blockIdx.x % g.column_blocks;
  std::int64_t rest = blockIdx.x / g.column_blocks;
  std::int64_t const row = rest % g.w.rows;
  rest /= g.w.rows;
  std::int64_t const first = std::int64_t{tile} * copy_tile<U> + threadIdx.x;
  std::int64_t from = row * g.leaf.row + first, to = row * g.w.out_row + first;
#pragma unroll 1
  for (int a = g.w.outer_axes - 1; a >= 0; --a, rest /= g.w.outer_extent[a + 1]) {
    std::int64_t const i = rest % g.w.outer_extent[a];
    from += i * g.leaf.outer[a];
    to += i * g.w.out_outer[a];
  }
  std::int64_t const columns =
      g.w.total > 0 ? smaller(g.w.columns, g.w.total - row * g.w.columns) : g.w.columns;
  U const* const in = static_cast<U const*>(g.in) + from;
  U* const out = static_cast<U*>(g.w.out) + to;
  U v[N];
#pragma unroll
  for (int k = 0; k < N; ++k)
    if (first + k * copy_threads < columns) v[k] = in[k * copy_threads];
#pragma unroll
  for (int k = 0; k < N; ++k)
    if (first + k * copy_threads < columns) out[k * copy_threads] = v[k];
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
      std::int64_t const tiles = (g.w.columns + copy_tile<U> - 1) / copy_tile<U>;
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
