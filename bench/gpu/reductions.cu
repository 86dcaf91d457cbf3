#include "reductions.hpp"

#include "launch.hpp"

#include <algorithm>
#include <cuda/std/limits>

namespace by_hand {

namespace {

__device__ float4 operator+(float4 a, float4 b) {
  return {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
}
__device__ float total(float4 v) { return v.x + v.y + v.z + v.w; }

// What a whole reduction adds up: `of` a pack of the operands (y may be null), `finish` the total.
struct plain {
  __device__ float4 of(float4 x, float4) const { return x; }
  __device__ double finish(double sum, int64_t) const { return sum; }
};
struct fused {
  __device__ float4 of(float4 x, float4 y) const {
    return {x.x * x.x + y.x, x.y * x.y + y.y, x.z * x.z + y.z, x.w * x.w + y.w};
  }
  __device__ double finish(double sum, int64_t) const { return sum; }
};
struct average : plain {
  __device__ double finish(double sum, int64_t n) const { return sum / static_cast<double>(n); }
};
struct squares {
  __device__ float4 of(float4 x, float4) const {
    return {x.x * x.x, x.y * x.y, x.z * x.z, x.w * x.w};
  }
  __device__ double finish(double sum, int64_t) const { return sqrt(sum); }
};

constexpr int blocks_each = 4;  // a multiprocessor's blocks of 256 threads
constexpr int unrolled = 4;

// The last block to arrive adds up the partial results of all.
__device__ bool is_last_block(unsigned* arrived) {
  __shared__ bool last;
  __threadfence();
  if (threadIdx.x == 0) {
    last = atomicAdd(arrived, 1u) == gridDim.x - 1;
    if (last) *arrived = 0;
  }
  __syncthreads();
  return last;
}

template <class F>
__global__ void __launch_bounds__(threads, blocks_each)
    whole_sum(F f, float4 const* x, float4 const* y, float* z, int64_t packs, double* partial,
              unsigned* arrived) {
  float4 sum[unrolled] = {};
  int64_t const step = int64_t{gridDim.x} * threads;
  int64_t at = int64_t{blockIdx.x} * threads + threadIdx.x;
  float4 const none{};
  for (; at + (unrolled - 1) * step < packs; at += unrolled * step)
#pragma unroll
    for (int u = 0; u < unrolled; ++u)
      sum[u] = sum[u] + f.of(x[at + u * step], y != nullptr ? y[at + u * step] : none);
  for (; at < packs; at += step) sum[0] = sum[0] + f.of(x[at], y != nullptr ? y[at] : none);
  double all = 0;
#pragma unroll
  for (int u = 0; u < unrolled; ++u) all += total(sum[u]);
  all = block_reduce(all, add_values{}, 0.);
  if (threadIdx.x == 0) partial[blockIdx.x] = all;
  if (!is_last_block(arrived)) return;
  all = 0;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += threads) all += __ldcg(partial + b);
  all = block_reduce(all, add_values{}, 0.);
  if (threadIdx.x == 0) *z = static_cast<float>(f.finish(all, packs * 4));
}

// Sum and sum of squares in one pass.
__global__ void __launch_bounds__(threads, blocks_each)
    whole_var(float4 const* x, float* z, int64_t packs, double* partial, unsigned* arrived) {
  float4 sum[unrolled] = {}, square[unrolled] = {};
  int64_t const step = int64_t{gridDim.x} * threads;
  int64_t at = int64_t{blockIdx.x} * threads + threadIdx.x;
  squares const f;
  for (; at + (unrolled - 1) * step < packs; at += unrolled * step)
#pragma unroll
    for (int u = 0; u < unrolled; ++u) {
      float4 const v = x[at + u * step];
      sum[u] = sum[u] + v;
      square[u] = square[u] + f.of(v, v);
    }
  for (; at < packs; at += step) {
    sum[0] = sum[0] + x[at];
    square[0] = square[0] + f.of(x[at], x[at]);
  }
  double all = 0, squared = 0;
#pragma unroll
  for (int u = 0; u < unrolled; ++u) {
    all += total(sum[u]);
    squared += total(square[u]);
  }
  all = block_reduce(all, add_values{}, 0.);
  squared = block_reduce(squared, add_values{}, 0.);
  if (threadIdx.x == 0) {
    partial[2 * blockIdx.x] = all;
    partial[2 * blockIdx.x + 1] = squared;
  }
  if (!is_last_block(arrived)) return;
  all = squared = 0;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += threads) {
    all += __ldcg(partial + 2 * b);
    squared += __ldcg(partial + 2 * b + 1);
  }
  all = block_reduce(all, add_values{}, 0.);
  squared = block_reduce(squared, add_values{}, 0.);
  double const n = static_cast<double>(packs) * 4;
  if (threadIdx.x == 0) *z = static_cast<float>(squared / n - (all / n) * (all / n));
}

using key = unsigned long long;

// The order of floats as that of integers, above the complement of the index: the greatest key is
// the first of the greatest values.
__device__ key key_of(float v, int64_t index) {
  unsigned const bits = __float_as_uint(v);
  unsigned const ordered = bits >> 31 ? ~bits : bits | 0x80000000u;
  return key{ordered} << 32 | (0xffffffffu - static_cast<unsigned>(index));
}
__device__ float value_of(key k) {
  unsigned const ordered = static_cast<unsigned>(k >> 32);
  return __uint_as_float(ordered >> 31 ? ordered & 0x7fffffffu : ~ordered);
}

template <class Result>
__global__ void __launch_bounds__(threads, blocks_each)
    whole_max(float4 const* x, Result* z, int64_t packs, key* partial, unsigned* arrived) {
  float best = -cuda::std::numeric_limits<float>::infinity();
  int64_t where = 0;
  auto const take = [&](float4 v, int64_t at) {
    if (v.x > best) best = v.x, where = 4 * at;
    if (v.y > best) best = v.y, where = 4 * at + 1;
    if (v.z > best) best = v.z, where = 4 * at + 2;
    if (v.w > best) best = v.w, where = 4 * at + 3;
  };
  int64_t const step = int64_t{gridDim.x} * threads;
  int64_t at = int64_t{blockIdx.x} * threads + threadIdx.x;
  for (; at + (unrolled - 1) * step < packs; at += unrolled * step) {
    float4 v[unrolled];
#pragma unroll
    for (int u = 0; u < unrolled; ++u) v[u] = x[at + u * step];
#pragma unroll
    for (int u = 0; u < unrolled; ++u) take(v[u], at + u * step);
  }
  for (; at < packs; at += step) take(x[at], at);
  key all = block_reduce(key_of(best, where), greater_value{}, key{0});
  if (threadIdx.x == 0) partial[blockIdx.x] = all;
  if (!is_last_block(arrived)) return;
  all = 0;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += threads)
    all = greater_value{}(all, __ldcg(partial + b));
  all = block_reduce(all, greater_value{}, key{0});
  if (threadIdx.x != 0) return;
  if constexpr (sizeof(Result) == sizeof(float))
    *z = value_of(all);
  else
    *z = 0xffffffffu - static_cast<unsigned>(all);
}

unsigned* counter() {
  static unsigned* const zero = [] {
    auto* const p = scratch<unsigned>(1);
    check(cudaMemset(p, 0, sizeof(unsigned)));
    check(cudaDeviceSynchronize());  // its stream is not that of the kernels
    return p;
  }();
  return zero;
}
unsigned whole_blocks() { return static_cast<unsigned>(multiprocessors() * blocks_each); }
float4 const* packs(float const* p) { return reinterpret_cast<float4 const*>(p); }

template <class F>
void launch(cudaStream_t s, F f, float const* x, float const* y, float* z, int64_t n) {
  whole_sum<<<whole_blocks(), threads, 0, s>>>(f, packs(x), packs(y), z, n / 4,
                                               scratch<double>(2 * whole_blocks()), counter());
  check_launch();
}

// A block a row; x: null for the row's sum, else its product with the row.
__global__ void __launch_bounds__(threads)
    rows_times(float4 const* m, float4 const* x, float* z, int64_t packs) {
  float4 sum{};
  float4 const* const row = m + blockIdx.x * packs;
#pragma unroll 4
  for (int64_t p = threadIdx.x; p < packs; p += threads) {
    float4 v = row[p];
    if (x != nullptr) {
      float4 const w = x[p];
      v = {v.x * w.x, v.y * w.y, v.z * w.z, v.w * w.w};
    }
    sum = sum + v;
  }
  float const all = block_reduce(total(sum), add_values{}, 0.f);
  if (threadIdx.x == 0) z[blockIdx.x] = all;
}

constexpr int tile_packs = 32;                   // a block's columns: a warp's packs
constexpr int tile_rows = threads / tile_packs;  // and the rows that it reads at once

// Block (c, part) adds up its columns over rows part, part + 1, ... of its part.
__global__ void __launch_bounds__(threads)
    column_parts(float4 const* m, float4* z, int64_t rows, int64_t packs, int64_t part) {
  __shared__ float4 of_row[tile_rows][tile_packs];
  int const lane = threadIdx.x % tile_packs, y = threadIdx.x / tile_packs;
  int64_t const p = int64_t{blockIdx.x} * tile_packs + lane;
  int64_t const stop = min(rows, (blockIdx.y + 1) * part);
  float4 sum{};
  if (p < packs) {
#pragma unroll 8
    for (int64_t row = blockIdx.y * part + y; row < stop; row += tile_rows)
      sum = sum + m[row * packs + p];
  }
  of_row[y][lane] = sum;
  __syncthreads();
  if (y != 0 || p >= packs) return;
#pragma unroll
  for (int k = 1; k < tile_rows; ++k) sum = sum + of_row[k][lane];
  z[blockIdx.y * packs + p] = sum;
}

}  // namespace

void sum(cudaStream_t s, float const* x, float* z, int64_t n) {
  launch(s, plain{}, x, nullptr, z, n);
}
void sum_fused(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  launch(s, fused{}, x, y, z, n);
}
void mean(cudaStream_t s, float const* x, float* z, int64_t n) {
  launch(s, average{}, x, nullptr, z, n);
}
void norm(cudaStream_t s, float const* x, float* z, int64_t n) {
  launch(s, squares{}, x, nullptr, z, n);
}
void var(cudaStream_t s, float const* x, float* z, int64_t n) {
  whole_var<<<whole_blocks(), threads, 0, s>>>(packs(x), z, n / 4,
                                               scratch<double>(2 * whole_blocks()), counter());
  check_launch();
}
void max(cudaStream_t s, float const* x, float* z, int64_t n) {
  whole_max<<<whole_blocks(), threads, 0, s>>>(packs(x), z, n / 4, scratch<key>(whole_blocks()),
                                               counter());
  check_launch();
}
void argmax(cudaStream_t s, float const* x, int64_t* z, int64_t n) {
  whole_max<<<whole_blocks(), threads, 0, s>>>(packs(x), z, n / 4, scratch<key>(whole_blocks()),
                                               counter());
  check_launch();
}

void matrix_vector(cudaStream_t s, float const* m, float const* x, float* z, int64_t rows,
                   int64_t columns) {
  rows_times<<<static_cast<unsigned>(rows), threads, 0, s>>>(packs(m), packs(x), z, columns / 4);
  check_launch();
}
void row_sums(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  matrix_vector(s, m, nullptr, z, rows, columns);
}

void column_sums(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  int64_t const all = columns / 4;
  unsigned const across = blocks_for(all, tile_packs);
  // As many parts as fill the device once, of at least 64 rows.
  int64_t const wanted = std::max<int64_t>(1, whole_blocks() / across);
  int64_t const part = std::max<int64_t>((rows + wanted - 1) / wanted, std::min<int64_t>(rows, 64));
  unsigned const parts = blocks_for(rows, part);
  float4* const out = reinterpret_cast<float4*>(z);
  float4* const to = parts == 1 ? out : scratch<float4>(int64_t{parts} * all);
  column_parts<<<dim3(across, parts), threads, 0, s>>>(packs(m), to, rows, all, part);
  if (parts > 1) column_parts<<<dim3(across, 1), threads, 0, s>>>(to, out, parts, all, parts);
  check_launch();
}

}  // namespace by_hand
