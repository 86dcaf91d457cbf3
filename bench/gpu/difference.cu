#include "difference.hpp"

#include "launch.hpp"

#include <cuda/std/limits>

namespace bench {

namespace {

struct found {
  float largest;
  unsigned pad;
  std::int64_t at;
};
struct further {
  __device__ found operator()(found a, found b) const {
    return b.largest > a.largest || (b.largest == a.largest && b.at < a.at) ? b : a;
  }
};

__device__ double as_double(float v) { return v; }
__device__ double as_double(double v) { return v; }
__device__ double as_double(__half v) { return __half2float(v); }
__device__ double as_double(__nv_bfloat16 v) { return __bfloat162float(v); }
__device__ double as_double(std::int32_t v) { return v; }
__device__ double as_double(std::int64_t v) { return static_cast<double>(v); }

// Shuffles take no structures: a block's threads leave theirs in shared memory.
template <class T>
__global__ void __launch_bounds__(by_hand::threads)
    compare(T const* a, T const* b, std::int64_t n, double floor, found* of_block) {
  __shared__ found all[by_hand::threads];
  found mine{-1, 0, 0};
  std::int64_t const step = std::int64_t{gridDim.x} * by_hand::threads;
  for (std::int64_t i = std::int64_t{blockIdx.x} * by_hand::threads + threadIdx.x; i < n;
       i += step) {
    double const x = as_double(a[i]), y = as_double(b[i]);
    float off = x == y ? 0.f : static_cast<float>(fabs(x - y) / (fabs(y) + floor));
    if (!isfinite(x) || !isfinite(y)) off = cuda::std::numeric_limits<float>::infinity();
    mine = further{}(mine, {off, 0, i});
  }
  all[threadIdx.x] = mine;
  for (int half = by_hand::threads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (static_cast<int>(threadIdx.x) < half)
      all[threadIdx.x] = further{}(all[threadIdx.x], all[threadIdx.x + half]);
  }
  if (threadIdx.x == 0) of_block[blockIdx.x] = all[0];
}

double on_host(float v) { return v; }
double on_host(double v) { return v; }
double on_host(__half v) { return __half2float(v); }
double on_host(__nv_bfloat16 v) { return __bfloat162float(v); }
double on_host(std::int32_t v) { return v; }
double on_host(std::int64_t v) { return static_cast<double>(v); }

template <class T>
difference largest(cudaStream_t s, T const* a, T const* b, std::int64_t n, double floor) {
  constexpr int blocks = 1024;
  auto* const of_block = by_hand::scratch<found>(blocks);
  compare<<<blocks, by_hand::threads, 0, s>>>(a, b, n, floor, of_block);
  by_hand::check_launch();
  found all[blocks];
  by_hand::check(cudaMemcpyAsync(all, of_block, sizeof all, cudaMemcpyDeviceToHost, s));
  by_hand::check(cudaStreamSynchronize(s));
  found worst = all[0];
  for (found const& f : all)
    if (f.largest > worst.largest) worst = f;
  T x, y;
  by_hand::check(cudaMemcpyAsync(&x, a + worst.at, sizeof x, cudaMemcpyDeviceToHost, s));
  by_hand::check(cudaMemcpyAsync(&y, b + worst.at, sizeof y, cudaMemcpyDeviceToHost, s));
  by_hand::check(cudaStreamSynchronize(s));
  return {worst.largest, worst.at, on_host(x), on_host(y)};
}

}  // namespace

difference largest_difference(cudaStream_t s, float const* a, float const* b, std::int64_t n,
                              double floor) {
  return largest(s, a, b, n, floor);
}
difference largest_difference(cudaStream_t s, double const* a, double const* b, std::int64_t n,
                              double floor) {
  return largest(s, a, b, n, floor);
}
difference largest_difference(cudaStream_t s, __half const* a, __half const* b, std::int64_t n,
                              double floor) {
  return largest(s, a, b, n, floor);
}
difference largest_difference(cudaStream_t s, __nv_bfloat16 const* a, __nv_bfloat16 const* b,
                              std::int64_t n, double floor) {
  return largest(s, a, b, n, floor);
}
difference largest_difference(cudaStream_t s, std::int32_t const* a, std::int32_t const* b,
                              std::int64_t n, double floor) {
  return largest(s, a, b, n, floor);
}
difference largest_difference(cudaStream_t s, std::int64_t const* a, std::int64_t const* b,
                              std::int64_t n, double floor) {
  return largest(s, a, b, n, floor);
}

}  // namespace bench
