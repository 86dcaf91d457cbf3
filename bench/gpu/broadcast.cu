#include "elementwise.hpp"

#include "launch.hpp"

namespace by_hand {

namespace {

constexpr int rows_each = 8;  // rows a thread goes down with its pack of the row in registers

struct row_column_f {
  __device__ float operator()(float m, float row, float column) const { return m * row + column; }
};
struct row_f {
  __device__ float operator()(float m, float row, float) const { return m + row; }
};
struct column_f {
  __device__ float operator()(float m, float, float column) const { return m * column; }
};

// A null row or column is not read.
template <class F>
__global__ void __launch_bounds__(threads)
    broadcast(F f, float4 const* m, float4 const* row, float const* column, float4* z, int64_t rows,
              int64_t packs) {
  int64_t const p = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (p >= packs) return;
  float4 const r = row != nullptr ? row[p] : float4{};
  int64_t const first = int64_t{blockIdx.y} * rows_each;
#pragma unroll
  for (int k = 0; k < rows_each; ++k) {
    if (first + k >= rows) return;
    int64_t const at = (first + k) * packs + p;
    float const c = column != nullptr ? column[first + k] : 0.f;
    float4 const v = m[at];
    z[at] = {f(v.x, r.x, c), f(v.y, r.y, c), f(v.z, r.z, c), f(v.w, r.w, c)};
  }
}

template <class F>
void launch(cudaStream_t s, F f, float const* m, float const* row, float const* column, float* z,
            int64_t rows, int64_t columns) {
  dim3 const grid(blocks_for(columns / 4, threads), blocks_for(rows, rows_each));
  broadcast<<<grid, threads, 0, s>>>(f, reinterpret_cast<float4 const*>(m),
                                     reinterpret_cast<float4 const*>(row), column,
                                     reinterpret_cast<float4*>(z), rows, columns / 4);
  check_launch();
}

struct add_f {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct twice_f {
  __device__ float operator()(float a, float) const { return 2 * a; }
};

// A block of 256 threads turns a 32 x 32 tile in shared memory; its column of padding keeps the
// reads along columns free of bank conflicts.
template <class F>
__global__ void __launch_bounds__(threads)
    transpose(F f, float const* m, float const* m2, float* z, int64_t n) {
  __shared__ float tile[32][33];
  int const x = threadIdx.x % 32, y = threadIdx.x / 32;
  int64_t const row = int64_t{blockIdx.y} * 32, column = int64_t{blockIdx.x} * 32;  // of z
#pragma unroll
  for (int k = y; k < 32; k += 8) tile[k][x] = m[(column + k) * n + row + x];
  __syncthreads();
#pragma unroll
  for (int k = y; k < 32; k += 8) {
    int64_t const at = (row + k) * n + column + x;
    z[at] = f(tile[x][k], m2 != nullptr ? m2[at] : 0.f);
  }
}

template <class F>
void launch_transpose(cudaStream_t s, F f, float const* m, float const* m2, float* z, int64_t n) {
  dim3 const grid(blocks_for(n, 32), blocks_for(n, 32));
  transpose<<<grid, threads, 0, s>>>(f, m, m2, z, n);
  check_launch();
}

__global__ void __launch_bounds__(threads)
    outer(float4 const* a, float4 const* b, float4* z, int64_t j, int64_t packs) {
  int64_t const out_row = blockIdx.x;
  float4 const* const left = a + out_row / j * packs;
  float4 const* const right = b + out_row % j * packs;
  for (int64_t p = threadIdx.x; p < packs; p += threads) {
    float4 const u = left[p], v = right[p];
    z[out_row * packs + p] = {u.x * v.x, u.y * v.y, u.z * v.z, u.w * v.w};
  }
}

// Four pixels, 48 bytes, a thread would read in strides: a thread takes one pack, whose first
// channel is that of its index times 4, modulo 3.
__global__ void __launch_bounds__(threads)
    scale_channels(float4 const* image, float const* channel, float4* z, int64_t packs) {
  int64_t const at = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (at >= packs) return;
  int const first = static_cast<int>(at % 3);  // 4 at mod 3 = at mod 3
  float const c0 = channel[first], c1 = channel[(first + 1) % 3], c2 = channel[(first + 2) % 3];
  float4 const v = image[at];
  z[at] = {v.x * c0, v.y * c1, v.z * c2, v.w * c0};
}

}  // namespace

void row_column(cudaStream_t s, float const* m, float const* row, float const* column, float* z,
                int64_t rows, int64_t columns) {
  launch(s, row_column_f{}, m, row, column, z, rows, columns);
}
void row(cudaStream_t s, float const* m, float const* row, float* z, int64_t rows,
         int64_t columns) {
  launch(s, row_f{}, m, row, nullptr, z, rows, columns);
}
void column(cudaStream_t s, float const* m, float const* column, float* z, int64_t rows,
            int64_t columns) {
  launch(s, column_f{}, m, nullptr, column, z, rows, columns);
}

void transpose_add(cudaStream_t s, float const* m, float const* m2, float* z, int64_t n) {
  launch_transpose(s, add_f{}, m, m2, z, n);
}
void transpose_scale(cudaStream_t s, float const* m, float* z, int64_t n) {
  launch_transpose(s, twice_f{}, m, nullptr, z, n);
}

void outer_rows(cudaStream_t s, float const* a, float const* b, float* z, int64_t i, int64_t j,
                int64_t k) {
  outer<<<static_cast<unsigned>(i * j), threads, 0, s>>>(reinterpret_cast<float4 const*>(a),
                                                         reinterpret_cast<float4 const*>(b),
                                                         reinterpret_cast<float4*>(z), j, k / 4);
  check_launch();
}

void image(cudaStream_t s, float const* image, float const* channel, float* z, int64_t pixels) {
  int64_t const packs = pixels * 3 / 4;
  scale_channels<<<blocks_for(packs, threads), threads, 0, s>>>(
      reinterpret_cast<float4 const*>(image), channel, reinterpret_cast<float4*>(z), packs);
  check_launch();
}

}  // namespace by_hand
