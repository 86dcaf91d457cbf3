// Kernels that only move memory, 16 bytes a thread and step: the limit of jobs with those streams.
#pragma once

#include <array>
#include <cstdint>
#include <cuda_runtime_api.h>

namespace by_hand {

using std::int64_t;

inline constexpr int most_streams = 5;
using sources = std::array<void const*, most_streams>;

/// Reads `count` sources of `bytes` each (a multiple of 16 counts) and writes as much to z.
/// Variants differ in packs a thread and in cache hints; which is fastest depends on the size.
inline constexpr int copy_variants = 6;
void streams(cudaStream_t s, int variant, sources const& from, int count, void* z, int64_t bytes);

/// Reads `count` sources and writes a block's sum of their floats to z, one a block of at most 4096.
inline constexpr int read_variants = 6;
void reads(cudaStream_t s, int variant, sources const& from, int count, float* z, int64_t bytes);

}  // namespace by_hand
