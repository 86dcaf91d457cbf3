// The shape of an iteration: collapsed axes, and tiles of at most chunk_elements over them.
#pragma once

#include <dsl/kernel.hpp>
#include <kernels/host/arena.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// An operand over the axes of a domain.
struct source {
  operand const* leaf;
  std::byte const* data;  // the element at the domain's origin; nullptr for a generator
  std::int64_t index;     // a generator's index there
  std::int64_t* stride;   // one an axis, in elements
  std::int64_t size;      // bytes of an element
};

/// What is iterated over. All arrays live in the caller's arena frame, with room for one axis at least.
struct domain {
  int rank;
  std::int64_t* extent;
  unsigned char* group;  // axes are sorted by group and merge within theirs only
  source* sources;
  int source_count;
  std::byte* out;
  std::int64_t* out_stride;
  std::int64_t out_size;
};

/// The call's operands over `shape`, axis by axis, not collapsed.
domain make_domain(arena_frame& frame, fused_call const& call, extents const& shape,
                   destination const& out);

/// How axes are sorted within their group: by falling distance in memory of the output or, where
/// there is none, of the operands; or not at all, with no axis turned.
enum class axis_order { by_output, by_operands, kept };

/// Drops axes of extent 1, turns axes that run backwards, sorts them and merges neighbours that are
/// one axis for every operand and the output. At least one axis remains.
void collapse(domain& d, axis_order order);

/// A partition of a domain: block[k] elements of axis k are in a tile; only axes from `first` on
/// are in tiles. By rows: the last axis is one chunk each, so that operands with gaps between rows
/// need no copy.
struct tiling {
  int first;
  std::int64_t *block, *tiles;  // by axis
  std::int64_t total;           // tiles
  std::int64_t largest;         // elements of a tile
  bool by_rows;
};

/// What becomes of a tile's values: stored to the output, or handed on in a buffer, in any order of
/// the axes or in row-major order.
enum class tile_use { output, buffer, ordered_buffer };

/// Tiles over the axes [lowest, rank) of a collapsed domain. May exchange axes of one group, unless
/// ordered, so that an operand whose fastest axis is not the last is read in squares. A tile has at
/// most `longest` elements along the last axis.
tiling choose_tiling(arena_frame& frame, domain& d, int lowest, tile_use use,
                     std::int64_t longest = chunk_elements);

/// Makes `axis` the last of those before `end`.
void move_axis(domain& d, int axis, int end);

/// The tiling with the given blocks (arena memory).
tiling make_tiling(domain const& d, int first, std::int64_t* block, std::int64_t* tiles);

/// Equal parts of at most `most`, in multiples of 16 where there are several.
[[nodiscard]] std::int64_t even_block(std::int64_t extent, std::int64_t most);

/// Walks the tiles of a tiling in row-major order.
class tile_cursor {
 public:
  tile_cursor(arena_frame& frame, domain const& d, tiling const& t);

  void seek(std::int64_t tile);
  void next() { next(0, domain_->rank); }
  /// The next tile along axes [low, high), the others' indices kept.
  void next(int low, int high);

  std::int64_t *start, *length;  // of the tile, by axis
  [[nodiscard]] std::int64_t size() const;
  /// Distance of the tile's first element from the origin.
  [[nodiscard]] std::int64_t offset(std::int64_t const* stride) const;

 private:
  domain const* domain_;
  tiling const* tiling_;
};

/// True when a tile's elements, in row-major order, follow each other in memory.
[[nodiscard]] bool is_packed(domain const& d, tiling const& t, std::int64_t const* stride);

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
