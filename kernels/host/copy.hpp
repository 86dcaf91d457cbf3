// Copies between strided blocks of memory: how operands are staged and results scattered.
#pragma once

#include <dsl/config.hpp>

#include <cstddef>
#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

struct u128 {
  std::uint64_t low, high;
};
/// Calls f with a word of an element's size in bytes: 1, 2, 4, 8 or 16.
template <class F>
void with_word(std::int64_t size, F const& f) {
  switch (size) {
    case 1: return f(std::uint8_t{});
    case 2: return f(std::uint16_t{});
    case 4: return f(std::uint32_t{});
    case 8: return f(std::uint64_t{});
    default: return f(u128{});
  }
}

/// One side of a copy: its first element and its strides, in elements, one an axis.
struct block_of {
  std::byte* data;
  std::int64_t const* stride;
};
struct const_block_of {
  std::byte const* data;
  std::int64_t const* stride;
};

/// to[i...] = from[i...] for 0 <= i_k < length[k], k < rank; elements of `size` bytes (1, 2, 4, 8
/// or 16). Strides of `from` may be 0.
void copy_block(block_of to, const_block_of from, std::int64_t const* length, int rank,
                std::int64_t size);

/// to[i] = *value for 0 <= i < n.
void fill(std::byte* to, std::byte const* value, std::int64_t n, std::int64_t size);

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
