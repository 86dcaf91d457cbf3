// How a kernel walks its domain: collapsed axes, and what each leaf is along the last two.
#pragma once

#include <dsl/kernel.hpp>

#include <cstddef>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

SLOTH_HD constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

/// Axes a kernel takes after collapsing, the last two included.
inline constexpr int max_axes = 8;
inline constexpr int max_leaves = 32;

/// Along the inner axis a leaf is one of these. Narrow: the columns are rows of `width` elements one
/// behind the other, which the leaf has elsewhere. Transposed: the rows that a thread takes are a
/// vector, at every column.
enum class inner_kind : int { vector, splat, gather, narrow, transposed };

/// The walk over out[outer..., row, column], packs along the columns.
struct walk {
  std::int64_t columns = 1, rows = 1;
  int outer_axes = 0;
  std::int64_t outer_count = 1;
  std::int64_t outer_extent[max_axes];
  std::int64_t out_outer[max_axes], out_row = 0, out_column = 1;
  bool out_vector = false;
  bool tiled = false;      // a leaf or the output runs along the rows: warps cover 8 rows x 4 packs
  bool blocks = false;     // a leaf is transposed: a thread's rows are neighbours
  int width = 0;           // of narrow leaves
  std::int64_t total = 0;  // elements, where one long row is taken in pieces; else 0
  void* out = nullptr;
};

/// One leaf along the walk; strides in elements, for generators in row-major indices.
struct leaf_walk {
  std::int64_t outer[max_axes];
  std::int64_t row = 0, column = 0;
  std::int64_t run = 0;                // between the rows that a thread takes at once
  std::int64_t first = 0;              // of a generator: its index at element 0
  std::int64_t across = 0, along = 0;  // narrow: between rows of `width` elements, and these
  inner_kind kind = inner_kind::vector;
};

/// True when every leaf is contiguous and as large as the output, which is so too, and 16-byte aligned.
[[nodiscard]] bool is_flat(fused_call const& call, extents const& shape, destination const& out);
/// How many elements come before the first from which on that is true; 0 where it never is, or where
/// there are too few to be worth a launch of their own.
[[nodiscard]] std::int64_t before_flat(fused_call const& call, extents const& shape,
                                       destination const& out);

/// Collapses the domain. `pack` is the kernel's pack size, `rows` of them a thread takes at once.
/// Throws shape_error when more than max_axes axes are left.
[[nodiscard]] walk make_walk(fused_call const& call, extents const& shape, destination const& out,
                             int pack, int rows, leaf_walk* leaves);

/// The walk of a row kernel: columns are the last axis, all axes before it are rows.
[[nodiscard]] walk make_row_walk(fused_call const& call, extents const& shape,
                                 destination const& out, int pack, leaf_walk* leaves);

/// The row slot of a mean that comes before row slot `row` and has its argument, or -1.
[[nodiscard]] int mean_before(fused_call const& call, int row);

/// The domain split into kept and reduced axes, each collapsed, in row-major order. The last of the
/// reduced axes is the inner one.
struct reduce_walk {
  bool by_columns = false;  // the fastest axis is kept: it is `columns`, not among `kept`
  int kept_axes = 0, outer_axes = 0;
  std::int64_t kept_extent[max_axes], outer_extent[max_axes], out_kept[max_axes];
  std::int64_t kept = 1, reduced = 1, inner = 1;  // kept, reduced: products of extents
  std::int64_t columns = 1, out_column = 1;
  int team = 1;  // threads that share a result; by columns: threads side by side along the columns
  std::int64_t chunks = 1, units = 1;  // rows: units of team * runs packs, `chunks` an inner axis
  std::int64_t splits = 1, part = 1;   // parts of the reduced elements: units, or rows of a thread
  void *out = nullptr, *mean = nullptr;  // mean: of variances, or null
  std::byte* partial = nullptr;          // states by [split][kept][column]
};
struct reduce_leaf {
  std::int64_t kept[max_axes], outer[max_axes], inner = 0, column = 0;
  std::int64_t run = 0;                  // between the packs, or rows, that a thread takes at once
  std::int64_t first = 0;                // of a generator: its index at element 0
  inner_kind kind = inner_kind::gather;  // along the inner axis, or the columns
};

/// `pack` elements are loaded as a vector, `runs` of them at once.
[[nodiscard]] reduce_walk make_reduce_walk(fused_call const& call, extents const& shape,
                                           bool const* reduced, destination const& out, int pack,
                                           int runs, reduce_leaf* leaves);

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
