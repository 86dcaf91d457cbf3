// Evaluates a row form over blocks of rows, on one thread: stage after stage, each over all rows of
// the block, so that what a stage costs besides its elements is paid once a block.
#pragma once

#include <kernels/host/evaluate.hpp>
#include <kernels/host/reduction_tree.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Elements of a long row that are reduced to one state each, whoever does it.
inline constexpr std::int64_t part_of_row = chunks_per_task * chunk_elements;

/// A stage bound to the call: what has to be ready before it runs over a chunk.
struct bound_stage {
  stage const* form;
  std::int64_t length;  // of its row
  int* slots;           // leaf slots that are staged
  int slot_count;
  int* kept;  // by part: the row slot whose kept values serve, or -1
};

struct row_call {
  fused_call const& call;
  domain& d;  // of the outer axes
  std::int64_t* last_stride;
  std::int64_t out_last_stride;
  bound_stage* stages;  // by row slot, then the root
  bool* keep;           // by row slot
  int kept_in_output;   // the row slot whose values are kept where the root's will be, or -1
  accumulator const** with;
  std::int64_t rows, block;  // a block: rows along the last outer axis, of a chunk in all
  std::int64_t scratch, tasks;
  scalar_bits* results = nullptr;  // of a row that all threads share

  int row_count() const { return call.form->row_count; }
  bound_stage const& root() const { return stages[row_count()]; }
  double ddof(int slot) const {
    int const scalar = call.form->rows[slot].ddof;
    return scalar < 0 ? 0. : call.scalars[scalar].as<double>();
  }
  void finish(int slot, reduction_state const& state, scalar_bits& result) const {
    with[slot]->finish(state, stages[slot].length, ddof(slot), result.words);
  }
};

/// One thread's buffers and its place in the call.
class row_worker {
 public:
  explicit row_worker(row_call const& of);

  /// Makes `row` the only row of the block.
  void seek(std::int64_t row);
  /// Evaluates rows [first, last).
  void run(std::int64_t first, std::int64_t last);

  /// One reduction of the row over chunks from `first` on, up to `last`.
  reduction_state reduce(int slot, std::int64_t first, std::int64_t last);
  /// The root over elements [first, last) of the block's rows.
  void store(std::int64_t first, std::int64_t last);

 private:
  /// Values of the block's rows, `pitch` bytes from row to row.
  struct values {
    std::byte* data;
    std::int64_t pitch;
  };

  void next();
  void reduce(int slot);
  values leaf(int slot, std::int64_t first, std::int64_t n);
  values evaluate(bound_stage const& s, std::int64_t first, std::int64_t n, values to);
  void const* part(bound_stage const& s, int index, std::int64_t row, std::int64_t first,
                   std::int64_t n);
  scalar_bits* results(std::int64_t row) { return results_ + row * of_.row_count(); }

  arena_frame frame_;
  row_call const& of_;
  source* sources_;                                 // along the last outer axis and the last axis
  staged_source* staged_;                           // by operand
  std::int64_t *offset_, *index_, out_offset_ = 0;  // of the block's first row
  std::int64_t rows_ = 1;                           // of the block
  std::int64_t following_ = 0;  // rows behind the block that are fetched meanwhile
  void const **leaf_, **part_;
  values *leaf_values_, *kept_;  // by leaf slot, by row slot
  std::byte **part_buffer_, *buffer_, *scratch_;
  scalar_bits* results_;  // by (row of the block, row slot)
};

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
