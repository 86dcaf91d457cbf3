// The elementwise, strided and broadcast cases as hand-written kernels, 16 bytes a thread and step,
// into memory that is there. Sizes are multiples of a pack of 16 bytes.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace by_hand {

using std::int64_t;

/// z = 2.5 x + y - 0.5 x y
void chain1(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);
void chain1(cudaStream_t s, double const* x, double const* y, double* z, int64_t n);
/// The same where x and y start anywhere.
void chain1_misaligned(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);
/// The same of every second element of x and y, which hold 2 n.
void chain1_stride2(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);
/// z = exp(-x^2) sin(y) + sqrt(|x|)
void heavy(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);

/// Arguments of a call option, one array each: spot and strike price, years, rate, volatility.
struct options {
  float const *spot, *strike, *years, *rate, *volatility;
};
/// The call's price by Black and Scholes.
void black_scholes(cudaStream_t s, options const& o, float* z, int64_t n);

/// z = x y + x, the smallest job
void multiply_add(cudaStream_t s, float const* x, float const* y, float* z, int64_t n);

/// z = m row + column, m + row, m column; m: rows x columns
void row_column(cudaStream_t s, float const* m, float const* row, float const* column, float* z,
                int64_t rows, int64_t columns);
void row(cudaStream_t s, float const* m, float const* row, float* z, int64_t rows, int64_t columns);
void column(cudaStream_t s, float const* m, float const* column, float* z, int64_t rows,
            int64_t columns);
/// z = m^T + m2, z = 2 m^T; n x n, n a multiple of 32
void transpose_add(cudaStream_t s, float const* m, float const* m2, float* z, int64_t n);
void transpose_scale(cudaStream_t s, float const* m, float* z, int64_t n);
/// z[i, j, k] = a[i, k] b[j, k]
void outer_rows(cudaStream_t s, float const* a, float const* b, float* z, int64_t i, int64_t j,
                int64_t k);
/// z[p, c] = image[p, c] channel[c], c < 3; pixels a multiple of 4
void image(cudaStream_t s, float const* image, float const* channel, float* z, int64_t pixels);

}  // namespace by_hand
