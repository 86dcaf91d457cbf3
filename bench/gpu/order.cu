#include "order.hpp"

#include "launch.hpp"

#include <cub/device/device_histogram.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_select.cuh>

namespace plain_cub {

namespace {

using by_hand::check;

/// Runs an algorithm that is called twice: for the bytes it wants, and with them.
template <class F>
void with_memory(F const& f) {
  std::size_t bytes = 0;
  check(f(nullptr, bytes));
  check(f(by_hand::scratch<char>(static_cast<int64_t>(bytes)), bytes));
}

template <class T>
void inclusive_sum_of(cudaStream_t s, T const* x, T* z, int64_t n) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceScan::InclusiveSum(memory, bytes, x, z, n, s);
  });
}
template <class T>
void sort_of(cudaStream_t s, T const* x, T* z, int64_t n) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(memory, bytes, x, z, n, 0, int{8 * sizeof(T)}, s);
  });
}

}  // namespace

void inclusive_sum(cudaStream_t s, float const* x, float* z, int64_t n) {
  inclusive_sum_of(s, x, z, n);
}
void inclusive_sum(cudaStream_t s, double const* x, double* z, int64_t n) {
  inclusive_sum_of(s, x, z, n);
}
void sort(cudaStream_t s, float const* x, float* z, int64_t n) { sort_of(s, x, z, n); }
void sort(cudaStream_t s, double const* x, double* z, int64_t n) { sort_of(s, x, z, n); }

void select(cudaStream_t s, float const* x, bool const* flags, float* z, int64_t n) {
  static int64_t* count = nullptr;
  if (!count) check(cudaMalloc(&count, sizeof *count));
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceSelect::Flagged(memory, bytes, x, flags, z, count, n, s);
  });
}

void histogram(cudaStream_t s, int64_t const* x, int64_t* z, int64_t n, int bins) {
  with_memory([&](void* memory, std::size_t& bytes) {
    return cub::DeviceHistogram::HistogramEven(memory, bytes, x,
                                               reinterpret_cast<unsigned long long*>(z), bins + 1,
                                               int64_t{0}, int64_t{bins}, n, s);
  });
}

}  // namespace plain_cub

namespace by_hand {

namespace {
template <class T>
__global__ void scan_rows(T const* x, T* z, int64_t rows, int64_t n) {
  int64_t const row = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (row >= rows) return;
  double running = 0;
  for (int64_t i = row * n; i < (row + 1) * n; ++i) z[i] = static_cast<T>(running += x[i]);
}
}  // namespace

template <class T>
void cumsum_rows(cudaStream_t s, T const* x, T* z, int64_t rows, int64_t n) {
  scan_rows<<<blocks_for(rows, threads), threads, 0, s>>>(x, z, rows, n);
  check_launch();
}
template void cumsum_rows(cudaStream_t, float const*, float*, int64_t, int64_t);
template void cumsum_rows(cudaStream_t, double const*, double*, int64_t, int64_t);

}  // namespace by_hand
