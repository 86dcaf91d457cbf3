// How a step reaches an engine: operands' addresses, memory for the result, the launch.
#pragma once

#include <dsl/evaluate.hpp>
#include <dsl/plan.hpp>

namespace sloth::inline SLOTH_ABI {

/// Memory for the step's values on `where`; a view has that of its base.
[[nodiscard]] counted<buffer> memory_of(step const& s, device where);
/// The steps that one call computes, from step `first` on.
[[nodiscard]] inline std::span<step> call_at(std::vector<step>& steps, std::size_t first) {
  return std::span(steps).subspan(first, static_cast<std::size_t>(steps[first].together));
}
/// The values of a call's steps, written to their memory.
void run(std::span<step const> call, device where);

/// Memory for a result; throws out_of_memory.
[[nodiscard]] counted<buffer> allocate(dtype type, extents const& shape, location where, device on);

/// The kernel alone: `call`, written at `place`, over `shape` into `out`.
void run_fused(fused_operation const& call, extents const& shape, destination const& out,
               device where, location place);

/// Rows along an axis of `shape` at an array of places, or elements at a place each (`along`).
[[nodiscard]] gather gather_of(dtype type, extents const& shape, extents const& indices, int axis,
                               bool along);
/// An engine looks at indices and tells: on a GPU device_error under no_sync.
void refuse_to_wait(device where, location place);
/// Throws index_error for the index at a position of a node without gaps, unless that is -1.
void require_none(std::int64_t outside, node const& indices, const char* name, int axis,
                  std::int64_t extent, location place);

/// The expression of `form` over one operand, which has no scalars.
[[nodiscard]] fused_operation operation_of(fused_form const& form, node_ptr const& n);
/// The row-major copy of a node: an expression without arithmetic.
[[nodiscard]] fused_operation copy_of(node_ptr const& n);

/// SLOTH_TRACE=1: lines on stderr.
[[nodiscard]] bool tracing();
void trace(std::string const& text);

}  // namespace sloth::inline SLOTH_ABI
