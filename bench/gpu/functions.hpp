// What the functions that are no chains of operations compete with: CUB's algorithms, and plain kernels
// that give the right values.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace plain_cub {

using std::int64_t;

/// The indices that sort x, stable.
void argsort(cudaStream_t s, float const* x, int64_t* z, int64_t n);
/// Each of `rows` rows of n.
void sort_rows(cudaStream_t s, float const* x, float* z, int64_t rows, int64_t n);
/// The distinct elements of x in ascending order.
void unique(cudaStream_t s, std::int32_t const* x, std::int32_t* z, int64_t n);
/// The indices of the flags that are set.
void nonzero(cudaStream_t s, bool const* flags, int64_t* z, int64_t n);
/// In equal bins between low and high.
void histogram(cudaStream_t s, float const* x, int64_t* z, int64_t n, int bins, float low,
               float high);
void inclusive_product(cudaStream_t s, float const* x, float* z, int64_t n);

}  // namespace plain_cub

namespace by_hand {

using std::int64_t;

// By sorting all of x.
void topk(cudaStream_t s, float const* x, float* z, int64_t n, int64_t k);
/// The value between the two that are next to place q (n - 1) in order.
void quantile(cudaStream_t s, float const* x, float* z, int64_t n, double q);
void median_of_rows(cudaStream_t s, float const* x, float* z, int64_t rows, int64_t n);
/// z, rows x columns: each column sorted. `turned` is columns x rows.
void sort_columns(cudaStream_t s, float const* turned, float* z, int64_t rows, int64_t columns);

/// How many of the n ascending elements are less than each of m values, or at most as great.
void searchsorted(cudaStream_t s, float const* ascending, int64_t n, float const* values,
                  int64_t* z, int64_t m, bool right);

/// Rows of x at m indices.
void take(cudaStream_t s, float const* x, int64_t const* indices, float* z, int64_t m,
          int64_t columns);
void take_along_rows(cudaStream_t s, float const* x, int64_t const* indices, float* z, int64_t rows,
                     int64_t columns);
/// x with the values at m indices; with them added there.
void put(cudaStream_t s, float const* x, int64_t n, int64_t const* indices, float const* values,
         float* z, int64_t m);
void add_at(cudaStream_t s, float const* x, int64_t n, int64_t const* indices, float const* values,
            float* z, int64_t m);

void cumsum_columns(cudaStream_t s, float const* x, float* z, int64_t rows, int64_t columns);
void gradient(cudaStream_t s, float const* x, float* z, int64_t n);
void repeat(cudaStream_t s, float const* x, float* z, int64_t n, int64_t times);
/// n x n with a border of zeros, one wide.
void pad(cudaStream_t s, float const* x, float* z, int64_t n);
void argmax_rows(cudaStream_t s, float const* x, int64_t* z, int64_t rows, int64_t columns);
void argmax_columns(cudaStream_t s, float const* x, int64_t* z, int64_t rows, int64_t columns);

/// CUDA's functions, of float computed in double.
enum class special : std::uint8_t { erf, erfinv, gammaln, i0 };
void special_function(cudaStream_t s, special f, float const* x, float* z, int64_t n);
void special_function(cudaStream_t s, special f, double const* x, double* z, int64_t n);

// Of n complex numbers, real and imaginary parts in turn, computed in double.
void complex_multiply(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);
void complex_exp(cudaStream_t s, float const* x, float* z, int64_t n);

}  // namespace by_hand
