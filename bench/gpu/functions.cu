#include "functions.hpp"

#include "launch.hpp"

#include <cub/device/device_histogram.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_segmented_sort.cuh>
#include <cub/device/device_select.cuh>
#include <cuda/functional>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>

namespace {

using by_hand::check;
using by_hand::int64_t;

/// Runs an algorithm that is called twice: for the bytes it wants, and with them.
template <class F>
void with_memory(F const& f) {
  std::size_t bytes = 0;
  check(f(nullptr, bytes));
  check(f(by_hand::scratch<char>(static_cast<int64_t>(bytes)), bytes));
}

template <class F>
__global__ void __launch_bounds__(by_hand::threads) for_each(int64_t n, F f) {
  int64_t const i = int64_t{blockIdx.x} * by_hand::threads + threadIdx.x;
  if (i < n) f(i);
}
template <class F>
void for_all(cudaStream_t s, int64_t n, F const& f) {
  for_each<<<by_hand::blocks_for(n, by_hand::threads), by_hand::threads, 0, s>>>(n, f);
  by_hand::check_launch();
}

struct start_of_row {
  int64_t length;
  __host__ __device__ int64_t operator()(int64_t row) const { return row * length; }
};

float const* sorted(cudaStream_t s, float const* x, int64_t n) {
  auto* const all = by_hand::scratch<float>(n);
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(memory, bytes, x, all, n, 0, 32, s);
  });
  return all;
}

int64_t* kept_count() {
  static int64_t* count = nullptr;
  if (!count) check(cudaMalloc(&count, sizeof *count));
  return count;
}

}  // namespace

namespace plain_cub {

void argsort(cudaStream_t s, float const* x, int64_t* z, int64_t n) {
  auto* const keys = by_hand::scratch<float>(n);
  auto* const places = by_hand::scratch<unsigned>(2 * n);
  auto* const in_order = places + n;
  for_all(s, n, [=] __device__(int64_t i) { places[i] = static_cast<unsigned>(i); });
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(memory, bytes, x, keys, places, in_order, n, 0, 32, s);
  });
  for_all(s, n, [=] __device__(int64_t i) { z[i] = in_order[i]; });
}

void sort_rows(cudaStream_t s, float const* x, float* z, int64_t rows, int64_t n) {
  auto const starts =
      thrust::make_transform_iterator(thrust::counting_iterator<int64_t>(0), start_of_row{n});
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceSegmentedSort::SortKeys(memory, bytes, x, z, rows * n, rows, starts,
                                              starts + 1, s);
  });
}

void unique(cudaStream_t s, std::int32_t const* x, std::int32_t* z, int64_t n) {
  auto* const all = by_hand::scratch<std::int32_t>(2 * n);
  auto* const distinct = all + n;
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(memory, bytes, x, all, n, 0, 32, s);
  });
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceSelect::Unique(memory, bytes, all, distinct, kept_count(), n, s);
  });
  int64_t count = 0;
  check(cudaMemcpyAsync(&count, kept_count(), sizeof count, cudaMemcpyDeviceToHost, s));
  check(cudaStreamSynchronize(s));
  check(cudaMemcpyAsync(z, distinct, static_cast<std::size_t>(count) * sizeof *z,
                        cudaMemcpyDeviceToDevice, s));
}

void nonzero(cudaStream_t s, bool const* flags, int64_t* z, int64_t n) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceSelect::Flagged(memory, bytes, thrust::counting_iterator<int64_t>(0), flags,
                                      z, kept_count(), n, s);
  });
}

void histogram(cudaStream_t s, float const* x, int64_t* z, int64_t n, int bins, float low,
               float high) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceHistogram::HistogramEven(
        memory, bytes, x, reinterpret_cast<unsigned long long*>(z), bins + 1, low, high, n, s);
  });
}

namespace {
struct product {
  __device__ float operator()(float a, float b) const { return a * b; }
};
}  // namespace

void inclusive_product(cudaStream_t s, float const* x, float* z, int64_t n) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceScan::InclusiveScan(memory, bytes, x, z, product{}, n, s);
  });
}

}  // namespace plain_cub

namespace by_hand {

void topk(cudaStream_t s, float const* x, float* z, int64_t n, int64_t k) {
  auto const* const all = sorted(s, x, n);
  for_all(s, k, [=] __device__(int64_t i) { z[i] = all[n - 1 - i]; });
}

void quantile(cudaStream_t s, float const* x, float* z, int64_t n, double q) {
  auto const* const all = sorted(s, x, n);
  double const place = q * static_cast<double>(n - 1);
  auto const at = static_cast<int64_t>(place);
  double const weight = place - static_cast<double>(at);
  for_all(s, 1, [=] __device__(int64_t) {
    double const below = all[at], above = all[at + 1 < n ? at + 1 : at];
    *z = static_cast<float>(below + (above - below) * weight);
  });
}

void median_of_rows(cudaStream_t s, float const* x, float* z, int64_t rows, int64_t n) {
  auto* const all = scratch<float>(rows * n);
  plain_cub::sort_rows(s, x, all, rows, n);
  for_all(s, rows, [=] __device__(int64_t row) {
    float const* const r = all + row * n;
    z[row] = (r[(n - 1) / 2] + r[n / 2]) / 2;
  });
}

void sort_columns(cudaStream_t s, float const* turned, float* z, int64_t rows, int64_t columns) {
  auto* const all = scratch<float>(rows * columns);
  plain_cub::sort_rows(s, turned, all, columns, rows);
  for_all(s, rows * columns,
          [=] __device__(int64_t i) { z[i] = all[i % columns * rows + i / columns]; });
}

void searchsorted(cudaStream_t s, float const* ascending, int64_t n, float const* values,
                  int64_t* z, int64_t m, bool right) {
  for_all(s, m, [=] __device__(int64_t i) {
    float const v = values[i];
    int64_t low = 0, high = n;
    while (low < high) {
      int64_t const middle = (low + high) / 2;
      if (right ? ascending[middle] <= v : ascending[middle] < v)
        low = middle + 1;
      else
        high = middle;
    }
    z[i] = low;
  });
}

void take(cudaStream_t s, float const* x, int64_t const* indices, float* z, int64_t m,
          int64_t columns) {
  for_all(s, m * columns,
          [=] __device__(int64_t i) { z[i] = x[indices[i / columns] * columns + i % columns]; });
}
void take_along_rows(cudaStream_t s, float const* x, int64_t const* indices, float* z, int64_t rows,
                     int64_t columns) {
  for_all(s, rows * columns,
          [=] __device__(int64_t i) { z[i] = x[i / columns * columns + indices[i]]; });
}
void put(cudaStream_t s, float const* x, int64_t n, int64_t const* indices, float const* values,
         float* z, int64_t m) {
  check(
      cudaMemcpyAsync(z, x, static_cast<std::size_t>(n) * sizeof *z, cudaMemcpyDeviceToDevice, s));
  for_all(s, m, [=] __device__(int64_t i) { z[indices[i]] = values[i]; });
}
void add_at(cudaStream_t s, float const* x, int64_t n, int64_t const* indices, float const* values,
            float* z, int64_t m) {
  check(
      cudaMemcpyAsync(z, x, static_cast<std::size_t>(n) * sizeof *z, cudaMemcpyDeviceToDevice, s));
  for_all(s, m, [=] __device__(int64_t i) { atomicAdd(z + indices[i], values[i]); });
}

void cumsum_columns(cudaStream_t s, float const* x, float* z, int64_t rows, int64_t columns) {
  for_all(s, columns, [=] __device__(int64_t column) {
    double running = 0;
    for (int64_t i = column; i < rows * columns; i += columns)
      z[i] = static_cast<float>(running += x[i]);
  });
}
void gradient(cudaStream_t s, float const* x, float* z, int64_t n) {
  for_all(s, n, [=] __device__(int64_t i) {
    int64_t const from = i > 0 ? i - 1 : 0, to = i + 1 < n ? i + 1 : n - 1;
    z[i] = (x[to] - x[from]) / static_cast<float>(to - from);
  });
}
void repeat(cudaStream_t s, float const* x, float* z, int64_t n, int64_t times) {
  for_all(s, n * times, [=] __device__(int64_t i) { z[i] = x[i / times]; });
}
void pad(cudaStream_t s, float const* x, float* z, int64_t n) {
  for_all(s, (n + 2) * (n + 2), [=] __device__(int64_t i) {
    int64_t const row = i / (n + 2) - 1, column = i % (n + 2) - 1;
    bool const inside = row >= 0 && row < n && column >= 0 && column < n;
    z[i] = inside ? x[row * n + column] : 0.f;
  });
}

namespace {
void argmax_of(cudaStream_t s, float const* x, int64_t* z, int64_t lines, int64_t length,
               int64_t between_lines, int64_t step) {
  for_all(s, lines, [=] __device__(int64_t line) {
    float const* const of = x + line * between_lines;
    int64_t best = 0;
    for (int64_t i = 1; i < length; ++i)
      if (of[i * step] > of[best * step]) best = i;
    z[line] = best;
  });
}

template <class T>
void special_of(cudaStream_t s, special f, T const* x, T* z, int64_t n) {
  for_all(s, n, [=] __device__(int64_t i) {
    double const v = x[i];
    double const value = f == special::erf       ? ::erf(v)
                         : f == special::erfinv  ? ::erfinv(v)
                         : f == special::gammaln ? ::lgamma(v)
                                                 : ::cyl_bessel_i0(v);
    z[i] = static_cast<T>(value);
  });
}
}  // namespace

void argmax_rows(cudaStream_t s, float const* x, int64_t* z, int64_t rows, int64_t columns) {
  argmax_of(s, x, z, rows, columns, columns, 1);
}
void argmax_columns(cudaStream_t s, float const* x, int64_t* z, int64_t rows, int64_t columns) {
  argmax_of(s, x, z, columns, rows, 1, columns);
}

void special_function(cudaStream_t s, special f, float const* x, float* z, int64_t n) {
  special_of(s, f, x, z, n);
}
void special_function(cudaStream_t s, special f, double const* x, double* z, int64_t n) {
  special_of(s, f, x, z, n);
}

void complex_multiply(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  for_all(s, n, [=] __device__(int64_t i) {
    double const a = x[2 * i], b = x[2 * i + 1], c = y[2 * i], d = y[2 * i + 1];
    z[2 * i] = static_cast<float>(a * c - b * d);
    z[2 * i + 1] = static_cast<float>(a * d + b * c);
  });
}
void complex_exp(cudaStream_t s, float const* x, float* z, int64_t n) {
  for_all(s, n, [=] __device__(int64_t i) {
    double const size = ::exp(static_cast<double>(x[2 * i])), angle = x[2 * i + 1];
    z[2 * i] = static_cast<float>(size * ::cos(angle));
    z[2 * i + 1] = static_cast<float>(size * ::sin(angle));
  });
}

}  // namespace by_hand
