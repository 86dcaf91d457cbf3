// The cases of bench/host.cpp in plain Eigen, as one would write them by hand, into memory that is
// there. Matrices are row-major, rows x columns.
#pragma once

#include <cstdint>

namespace plain_eigen {

using std::int64_t;

/// Threads of Eigen's products; everything else in Eigen runs on one.
void use_threads(int count);

template <class T>
void chain1(T const* x, T const* y, T* z, int64_t n);
void chain6(float const* x, float const* y, float* z, int64_t n);
void heavy(float const* x, float const* y, float* z, int64_t n);
void relu_difference(float const* x, float const* y, float* z, int64_t n);
template <class T>
T sum_of_squares(T const* x, T const* y, int64_t n);

void row_column(float const* m, float const* row, float const* column, float* z, int64_t rows,
                int64_t columns);
void row_broadcast(float const* m, float const* row, float* z, int64_t rows, int64_t columns);
void column_broadcast(float const* m, float const* column, float* z, int64_t rows, int64_t columns);
void transpose_add(float const* m, float const* m2, float* z, int64_t n);
void transpose_scale(float const* m, float* z, int64_t n);
/// The same in squares of 32 x 32.
void transpose_add_blocked(float const* m, float const* m2, float* z, int64_t n);
void transpose_scale_blocked(float const* m, float* z, int64_t n);

void row_sums(float const* m, float* z, int64_t rows, int64_t columns);
void column_sums(float const* m, float* z, int64_t rows, int64_t columns);
void softmax(float const* m, float* z, int64_t rows, int64_t columns);
void layer_norm(float const* m, float* z, int64_t rows, int64_t columns);

template <class T>
void product(T const* a, T const* b, T* c, int64_t n);
template <class T>
void product_transposed(T const* a, T const* b, T* c, int64_t n);

}  // namespace plain_eigen
