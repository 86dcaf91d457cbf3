// Evaluates a stage without row reductions over the tiles of a domain, on one thread.
#pragma once

#include <kernels/host/geometry.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// An operand's elements over a tile: in place where they follow each other in memory, else copied
/// to a buffer that is kept while the tile's source does not change.
class staged_source {
 public:
  staged_source() = default;
  staged_source(source const& from, bool in_place, std::byte* buffer)
      : from_(&from), buffer_(buffer), in_place_(in_place) {}

  /// The elements at `offset` from the origin: axes [first, rank) of the tile.
  std::byte const* load(std::int64_t offset, std::int64_t const* length, int first, int rank,
                        std::int64_t count) {
    if (in_place_) return from_->data + offset * from_->size;
    bool const prefix = first == rank - 1 || length[rank - 1] == kept_row_;
    if (offset != kept_offset_ || count > kept_count_ || !prefix)
      fill(offset, length, first, rank, count);
    return buffer_;
  }
  [[nodiscard]] bool in_place() const { return in_place_; }
  [[nodiscard]] source const& from() const { return *from_; }

 private:
  void fill(std::int64_t offset, std::int64_t const* length, int first, int rank,
            std::int64_t count);

  source const* from_ = nullptr;
  std::byte* buffer_ = nullptr;
  std::int64_t kept_offset_ = 0, kept_count_ = -1, kept_row_ = 0;
  bool in_place_ = false;
};

class tile_evaluator {
 public:
  tile_evaluator(arena_frame& frame, fused_call const& call, domain const& d, tiling const& t);

  /// Writes the tile's values to `to`, its rows (by-rows tilings only) `row_pitch` bytes apart.
  void evaluate(tile_cursor const& at, std::byte* to, std::int64_t row_pitch);
  /// The tile's values in row-major order, valid until the next call.
  std::byte const* values(tile_cursor const& at);
  /// Writes the tile to the domain's output, whatever its strides.
  void store(tile_cursor const& at);

 private:
  void copy_leaf(tile_cursor const& at, std::byte* to, std::int64_t const* stride);
  void packed_strides(tile_cursor const& at);
  std::byte* buffer();

  arena_frame& frame_;
  fused_call const& call_;
  domain const& domain_;
  tiling const& tiling_;
  stage const& root_;
  staged_source* staged_;     // by operand
  void const** leaf_;         // by leaf slot
  std::int64_t* leaf_pitch_;  // by leaf slot, in bytes: from row to row
  std::int64_t* packed_;      // strides of the buffer
  std::byte *scratch_, *buffer_ = nullptr;
  std::int64_t value_size_;
  bool out_in_place_;
};

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
