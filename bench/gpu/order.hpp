// Scans, sorts, selections and counts by CUB's device-wide algorithms.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace plain_cub {

using std::int64_t;

void inclusive_sum(cudaStream_t s, float const* x, float* z, int64_t n);
void inclusive_sum(cudaStream_t s, double const* x, double* z, int64_t n);
void sort(cudaStream_t s, float const* x, float* z, int64_t n);
void sort(cudaStream_t s, double const* x, double* z, int64_t n);
/// The elements of x whose flag is set.
void select(cudaStream_t s, float const* x, bool const* flags, float* z, int64_t n);
/// How many of x are 0, 1, ..., bins - 1.
void histogram(cudaStream_t s, int64_t const* x, int64_t* z, int64_t n, int bins);

}  // namespace plain_cub

namespace by_hand {

/// The right values of a scan of rows; a thread a row.
template <class T>
void cumsum_rows(cudaStream_t s, T const* x, T* z, std::int64_t rows, std::int64_t n);

}  // namespace by_hand
