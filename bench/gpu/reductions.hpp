// The reductions as hand-written kernels: 16-byte reads, float within a thread's part of a whole
// reduction, double across threads. Sizes are multiples of 4.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace by_hand {

using std::int64_t;

void sum(cudaStream_t s, float const* x, float* z, int64_t n);
/// sum of x^2 + y
void sum_fused(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);
void mean(cudaStream_t s, float const* x, float* z, int64_t n);
/// mean of squares less the square of the mean: right for means near 0
void var(cudaStream_t s, float const* x, float* z, int64_t n);
void norm(cudaStream_t s, float const* x, float* z, int64_t n);
void max(cudaStream_t s, float const* x, float* z, int64_t n);
/// The first of equal ones; n below 2^32.
void argmax(cudaStream_t s, float const* x, int64_t* z, int64_t n);

void row_sums(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns);
void column_sums(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns);
/// matrix times vector
void matrix_vector(cudaStream_t s, float const* m, float const* x, float* z, int64_t rows,
                   int64_t columns);

}  // namespace by_hand
