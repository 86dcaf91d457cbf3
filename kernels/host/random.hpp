// Random arrays on the host: whole draws of dsl/philox.hpp, one thread a call.
#pragma once

#include <dsl/philox64.hpp>

#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// out[k] = philox_uniform<T>(seed, offset, first + k) for k in [0, count), the same bits.
void fill_uniform(float* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                  std::int64_t count);
void fill_uniform(double* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                  std::int64_t count);

/// out[k] = mean + stddev philox_normal<T>(seed, offset, first + k) for k in [0, count), the same
/// bits. Half the work is shared within a pair: split a draw at even offset + first.
void fill_normal(float* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                 std::int64_t count, float mean, float stddev);
void fill_normal(double* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                 std::int64_t count, double mean, double stddev);

/// The blocks of so many counters {first + k, counter, 1} (dsl/distributions.hpp): out[4 k + w].
inline constexpr int blocks_batch = 64;
void fill_blocks(std::uint64_t seed, std::uint64_t first, std::uint32_t counter,
                 std::uint32_t* out);

/// out[k] = numpy_uniform<T>(key, place), place being base + first + k, or `zeroth` for element 0.
void fill_numpy(float* out, philox64_key key, std::uint64_t zeroth, std::uint64_t base,
                std::int64_t first, std::int64_t count);
void fill_numpy(double* out, philox64_key key, std::uint64_t zeroth, std::uint64_t base,
                std::int64_t first, std::int64_t count);

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
