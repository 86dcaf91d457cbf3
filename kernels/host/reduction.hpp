// The accumulators of the reductions, one table entry for each (reduction, element type).
//
// Chunks are accumulated each on its own and combined as a binary counter combines bits: a fixed
// tree over the chunks, the same for any number of threads, whose depth grows as log n.
#pragma once

#include <dsl/dtype.hpp>
#include <dsl/reduction.hpp>

#include <cstddef>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// The state of one reduction of a whole range.
struct alignas(16) reduction_state {
  std::byte bytes[48];
};

/// The states of neighbouring columns, component by component: column i of component c is element
/// i of the array at data[c].
struct column_states {
  std::byte* data[2];
};

struct accumulator {
  std::int64_t value_size, result_size;

  void (*init)(reduction_state& state);
  /// Adds values[0..n), n <= chunk_elements, whose first has index `first`.
  void (*accumulate)(reduction_state& state, void const* values, std::int64_t n,
                     std::int64_t first);
  /// Adds what `later` holds; its indices are larger.
  void (*combine)(reduction_state& into, reduction_state const& later);
  void (*finish)(reduction_state const& state, std::int64_t count, double ddof, void* result);
  /// Reduces each of `rows` rows of `length` values, at most a chunk; pitches are in bytes.
  void (*rows)(void const* values, std::int64_t pitch, std::int64_t rows, std::int64_t length,
               double ddof, void* results, std::int64_t result_pitch);

  /// Bytes a column of each component takes (0: no such component).
  std::int64_t column_bytes[2];
  void (*columns_init)(column_states states, std::int64_t n);
  /// Adds one value to each of n columns, n <= chunk_elements; `count` values are in each already.
  /// The value of column i has index first + i / width.
  void (*columns_add)(column_states states, void const* values, std::int64_t n, std::int64_t count,
                      std::int64_t first, std::int64_t width);
  /// Combines n columns of `count` values each with as many of `other_count`.
  void (*columns_combine)(column_states into, std::int64_t count, column_states other,
                          std::int64_t other_count, std::int64_t n);
  void (*columns_finish)(column_states states, std::int64_t n, std::int64_t count, double ddof,
                         void* results);
};

/// nullptr where the reduction is not defined for the type (min, max and positions of complex).
[[nodiscard]] accumulator const* find_accumulator(reduction op, dtype type) noexcept;

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
