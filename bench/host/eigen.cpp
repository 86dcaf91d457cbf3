#include "eigen.hpp"

#include <Eigen/Core>

#include <cmath>

namespace plain_eigen {

namespace {

using Eigen::Dynamic;
template <class T>
using vector_in = Eigen::Map<Eigen::Array<T, Dynamic, 1> const>;
template <class T>
using vector_out = Eigen::Map<Eigen::Array<T, Dynamic, 1>>;
using rows_in = Eigen::Map<Eigen::Array<float, Dynamic, Dynamic, Eigen::RowMajor> const>;
using rows_out = Eigen::Map<Eigen::Array<float, Dynamic, Dynamic, Eigen::RowMajor>>;
using row_in = Eigen::Map<Eigen::Array<float, 1, Dynamic> const>;
template <class T>
using matrix_in = Eigen::Map<Eigen::Matrix<T, Dynamic, Dynamic, Eigen::RowMajor> const>;
template <class T>
using matrix_out = Eigen::Map<Eigen::Matrix<T, Dynamic, Dynamic, Eigen::RowMajor>>;

}  // namespace

void use_threads(int count) { Eigen::setNbThreads(count); }

template <class T>
void chain1(T const* px, T const* py, T* z, int64_t n) {
  vector_in<T> const x(px, n), y(py, n);
  vector_out<T>(z, n) = T(2.5) * x + y - T(0.5) * x * y;
}
template void chain1(float const*, float const*, float*, int64_t);
template void chain1(double const*, double const*, double*, int64_t);

void chain6(float const* px, float const* py, float* z, int64_t n) {
  vector_in<float> const x(px, n), y(py, n);
  vector_out<float>(z, n) = (x + y) * (x - y) / (x * x + 1.f);
}

void heavy(float const* px, float const* py, float* z, int64_t n) {
  vector_in<float> const x(px, n), y(py, n);
  vector_out<float>(z, n) = (-x * x).exp() * y.sin() + x.abs().sqrt();
}

void relu_difference(float const* px, float const* py, float* z, int64_t n) {
  vector_in<float> const x(px, n), y(py, n);
  vector_out<float>(z, n) = (x - y).max(0.f);
}

template <class T>
T sum_of_squares(T const* px, T const* py, int64_t n) {
  vector_in<T> const x(px, n), y(py, n);
  return (x * x + y).sum();
}
template float sum_of_squares(float const*, float const*, int64_t);
template double sum_of_squares(double const*, double const*, int64_t);

void row_column(float const* m, float const* row, float const* column, float* z, int64_t rows,
                int64_t columns) {
  rows_in const from(m, rows, columns);
  rows_out to(z, rows, columns);
  row_in const r(row, columns);
  for (int64_t i = 0; i < rows; ++i) to.row(i) = from.row(i) * r + column[i];
}

void row_broadcast(float const* m, float const* row, float* z, int64_t rows, int64_t columns) {
  rows_out(z, rows, columns) = rows_in(m, rows, columns).rowwise() + row_in(row, columns);
}

void column_broadcast(float const* m, float const* column, float* z, int64_t rows,
                      int64_t columns) {
  rows_in const from(m, rows, columns);
  rows_out to(z, rows, columns);
  for (int64_t i = 0; i < rows; ++i) to.row(i) = from.row(i) * column[i];
}

void transpose_add(float const* m, float const* m2, float* z, int64_t n) {
  rows_out(z, n, n) = rows_in(m, n, n).transpose() + rows_in(m2, n, n);
}

void transpose_scale(float const* m, float* z, int64_t n) {
  rows_out(z, n, n) = 2.f * rows_in(m, n, n).transpose();
}

void transpose_add_blocked(float const* m, float const* m2, float* z, int64_t n) {
  rows_in const a(m, n, n), b(m2, n, n);
  rows_out to(z, n, n);
  for (int64_t i = 0; i < n; i += 32)
    for (int64_t j = 0; j < n; j += 32)
      to.block<32, 32>(i, j) = a.block<32, 32>(j, i).transpose() + b.block<32, 32>(i, j);
}

void transpose_scale_blocked(float const* m, float* z, int64_t n) {
  rows_in const a(m, n, n);
  rows_out to(z, n, n);
  for (int64_t i = 0; i < n; i += 32)
    for (int64_t j = 0; j < n; j += 32)
      to.block<32, 32>(i, j) = 2.f * a.block<32, 32>(j, i).transpose();
}

void row_sums(float const* m, float* z, int64_t rows, int64_t columns) {
  vector_out<float>(z, rows) = rows_in(m, rows, columns).rowwise().sum();
}

void column_sums(float const* m, float* z, int64_t rows, int64_t columns) {
  Eigen::Map<Eigen::Array<float, 1, Dynamic>>(z, columns) =
      rows_in(m, rows, columns).colwise().sum();
}

void softmax(float const* m, float* z, int64_t rows, int64_t columns) {
  rows_in const from(m, rows, columns);
  rows_out to(z, rows, columns);
  for (int64_t i = 0; i < rows; ++i) {
    auto row = to.row(i);
    row = (from.row(i) - from.row(i).maxCoeff()).exp();
    row /= row.sum();
  }
}

void layer_norm(float const* m, float* z, int64_t rows, int64_t columns) {
  rows_in const from(m, rows, columns);
  rows_out to(z, rows, columns);
  for (int64_t i = 0; i < rows; ++i) {
    auto row = to.row(i);
    row = from.row(i) - from.row(i).mean();
    row /= std::sqrt(row.square().mean() + 1e-5f);
  }
}

template <class T>
void product(T const* a, T const* b, T* c, int64_t n) {
  matrix_out<T>(c, n, n).noalias() = matrix_in<T>(a, n, n) * matrix_in<T>(b, n, n);
}
template void product(float const*, float const*, float*, int64_t);
template void product(double const*, double const*, double*, int64_t);

template <class T>
void product_transposed(T const* a, T const* b, T* c, int64_t n) {
  matrix_out<T>(c, n, n).noalias() = matrix_in<T>(a, n, n) * matrix_in<T>(b, n, n).transpose();
}
template void product_transposed(float const*, float const*, float*, int64_t);
template void product_transposed(double const*, double const*, double*, int64_t);

}  // namespace plain_eigen
