// Reductions whose fastest axis in memory is kept.
#pragma once

#include <kernels/host/geometry.hpp>
#include <kernels/host/reduction.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Axes of `d`: `outer` kept ones, the reduced ones, and the columns.
void reduce_columns(arena_frame& frame, fused_call const& call, domain& d, accumulator const& with,
                    double ddof, int outer);

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
