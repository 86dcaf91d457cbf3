// Fills buffers with the values of generator operands.
#pragma once

#include <dsl/kernel.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// to[k] = the generator's value at row-major index first + k, for k in [0, count).
void generate(operand const& generator, std::byte* to, std::int64_t first, std::int64_t count);

/// The contiguous block to[i...] = the value at index + sum of i_k stride[k], 0 <= i_k < length[k].
void generate_block(operand const& generator, std::byte* to, std::int64_t index,
                    std::int64_t const* stride, std::int64_t const* length, int rank);

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
