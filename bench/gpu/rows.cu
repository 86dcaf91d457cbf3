#include "rows.hpp"

#include "launch.hpp"

namespace by_hand {

namespace {

constexpr float least = -3.402823466e38f;

__device__ float as_float(float v) { return v; }
__device__ float as_float(__half v) { return __half2float(v); }
__device__ void store(float* to, float v) { *to = v; }
__device__ void store(__half* to, float v) { *to = __float2half_rn(v); }

constexpr int plain_threads = 1024;

template <class T>
__global__ void __launch_bounds__(plain_threads) softmax_rows(T const* m, T* z, int64_t columns) {
  T const* const row = m + blockIdx.x * columns;
  T* const out = z + blockIdx.x * columns;
  float top = least, sum = 0;
  for (int64_t c = threadIdx.x; c < columns; c += plain_threads) top = fmaxf(top, as_float(row[c]));
  top = block_reduce(top, greater_value{}, least);
  for (int64_t c = threadIdx.x; c < columns; c += plain_threads)
    sum += expf(as_float(row[c]) - top);
  sum = block_reduce(sum, add_values{}, 0.f);
  for (int64_t c = threadIdx.x; c < columns; c += plain_threads)
    store(out + c, expf(as_float(row[c]) - top) / sum);
}

__global__ void __launch_bounds__(plain_threads)
    layer_norm_rows(float const* m, float* z, int64_t columns) {
  float const* const row = m + blockIdx.x * columns;
  float* const out = z + blockIdx.x * columns;
  float const n = static_cast<float>(columns);
  float sum = 0, squares = 0;
  for (int64_t c = threadIdx.x; c < columns; c += plain_threads) sum += row[c];
  float const mean = block_reduce(sum, add_values{}, 0.f) / n;
  for (int64_t c = threadIdx.x; c < columns; c += plain_threads)
    squares += (row[c] - mean) * (row[c] - mean);
  float const scale = sqrtf(block_reduce(squares, add_values{}, 0.f) / n + 1e-5f);
  for (int64_t c = threadIdx.x; c < columns; c += plain_threads) out[c] = (row[c] - mean) / scale;
}

// Team threads hold a row: Packs of 16 bytes each.
template <int Team, class Op>
__device__ float team_reduce(float v, Op op, float identity) {
  if constexpr (Team == 32)
    return warp_reduce(v, op);
  else
    return block_reduce(v, op, identity);
}

struct softmax_job {
  template <int Team, int N>
  static __device__ void apply(float (&v)[N]) {
    float top = v[0], sum = 0;
#pragma unroll
    for (int k = 1; k < N; ++k) top = fmaxf(top, v[k]);
    top = team_reduce<Team>(top, greater_value{}, least);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      v[k] = __expf(v[k] - top);
      sum += v[k];
    }
    float const inverse = 1 / team_reduce<Team>(sum, add_values{}, 0.f);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] *= inverse;
  }
};
struct layer_norm_job {
  template <int Team, int N>
  static __device__ void apply(float (&v)[N]) {
    float sum = 0, squares = 0;
#pragma unroll
    for (int k = 0; k < N; ++k) sum += v[k];
    float const mean = team_reduce<Team>(sum, add_values{}, 0.f) / (Team * N);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      v[k] -= mean;
      squares += v[k] * v[k];
    }
    float const scale = rsqrtf(team_reduce<Team>(squares, add_values{}, 0.f) / (Team * N) + 1e-5f);
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] *= scale;
  }
};

template <class Job, int Team, int Packs, int Threads>
__global__ void __launch_bounds__(Threads) register_rows(float4 const* m, float4* z, int64_t rows) {
  int64_t const row = int64_t{blockIdx.x} * (Threads / Team) + threadIdx.x / Team;
  if (row >= rows) return;  // whole warps; a team of the block is always there
  int64_t const first = row * Team * Packs + threadIdx.x % Team;
  float v[4 * Packs];
#pragma unroll
  for (int p = 0; p < Packs; ++p) {
    float4 const pack = m[first + p * Team];
    v[4 * p] = pack.x, v[4 * p + 1] = pack.y, v[4 * p + 2] = pack.z, v[4 * p + 3] = pack.w;
  }
  Job::template apply<Team>(v);
#pragma unroll
  for (int p = 0; p < Packs; ++p)
    z[first + p * Team] = {v[4 * p], v[4 * p + 1], v[4 * p + 2], v[4 * p + 3]};
}

template <class Job, int Team, int Packs, int Threads>
void launch(cudaStream_t s, float const* m, float* z, int64_t rows) {
  register_rows<Job, Team, Packs, Threads><<<blocks_for(rows, Threads / Team), Threads, 0, s>>>(
      reinterpret_cast<float4 const*>(m), reinterpret_cast<float4*>(z), rows);
  check_launch();
}

template <class Job>
void launch(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  if (columns == 16384)
    launch<Job, 1024, 4, 1024>(s, m, z, rows);
  else if (columns == 4096)
    launch<Job, 512, 2, 512>(s, m, z, rows);
  else if (columns == 128)
    launch<Job, 32, 1, 256>(s, m, z, rows);
  else
    throw std::runtime_error("by hand: no row kernel for " + std::to_string(columns) + " columns");
}

}  // namespace

void softmax_plain(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  softmax_rows<<<static_cast<unsigned>(rows), plain_threads, 0, s>>>(m, z, columns);
  check_launch();
}
void softmax_plain(cudaStream_t s, __half const* m, __half* z, int64_t rows, int64_t columns) {
  softmax_rows<<<static_cast<unsigned>(rows), plain_threads, 0, s>>>(m, z, columns);
  check_launch();
}
void layer_norm_plain(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  layer_norm_rows<<<static_cast<unsigned>(rows), plain_threads, 0, s>>>(m, z, columns);
  check_launch();
}

bool in_registers(int64_t columns) { return columns == 16384 || columns == 4096 || columns == 128; }
void softmax(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  launch<softmax_job>(s, m, z, rows, columns);
}
void layer_norm(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns) {
  launch<layer_norm_job>(s, m, z, rows, columns);
}

}  // namespace by_hand
