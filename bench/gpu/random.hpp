// Random numbers by cuRAND's host API, and by hand from the same Philox stream: the draw of
// `seed` at offset 0.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace plain_curand {

using std::int64_t;

/// Starts the stream of `seed` at offset 0 for the calls that follow.
void seed(cudaStream_t s, std::uint64_t seed);
/// Continue the stream; n even for normal numbers.
void uniform(float* z, int64_t n);
void uniform(double* z, int64_t n);
void normal(float* z, int64_t n);

}  // namespace plain_curand

namespace by_hand {

using std::int64_t;

/// Uniform in (0, 1]; n a multiple of 4.
void rand(cudaStream_t s, std::uint64_t seed, float* z, int64_t n);
/// The sum of exp(-u) over the same numbers, none of which reaches memory.
void sum_exp_rand(cudaStream_t s, std::uint64_t seed, float* z, int64_t n);

}  // namespace by_hand
