#include "random.hpp"

#include "launch.hpp"

#include <curand.h>
#include <curand_kernel.h>

namespace plain_curand {

namespace {

void check(curandStatus_t status) {
  if (status != CURAND_STATUS_SUCCESS)
    throw std::runtime_error("cuRAND: status " + std::to_string(static_cast<int>(status)));
}
curandGenerator_t generator() {
  static curandGenerator_t const g = [] {
    curandGenerator_t made = nullptr;
    check(curandCreateGenerator(&made, CURAND_RNG_PSEUDO_PHILOX4_32_10));
    return made;
  }();
  return g;
}

}  // namespace

void seed(cudaStream_t s, std::uint64_t seed) {
  check(curandSetStream(generator(), s));
  check(curandSetPseudoRandomGeneratorSeed(generator(), seed));
  check(curandSetGeneratorOffset(generator(), 0));
}
void uniform(float* z, int64_t n) {
  check(curandGenerateUniform(generator(), z, static_cast<std::size_t>(n)));
}
void uniform(double* z, int64_t n) {
  check(curandGenerateUniformDouble(generator(), z, static_cast<std::size_t>(n)));
}
void normal(float* z, int64_t n) {
  check(curandGenerateNormal(generator(), z, static_cast<std::size_t>(n), 0, 1));
}

}  // namespace plain_curand

namespace by_hand {

namespace {

// Pack p of the stream: word block (row p / 2^16, thread p mod 2^16), see dsl/philox.hpp.
__device__ float4 uniform_pack(uint2 key, int64_t p) {
  uint4 const w = curand_Philox4x32_10(
      {static_cast<unsigned>(p >> 16), 0, static_cast<unsigned>(p & 65535), 0}, key);
  return {_curand_uniform(w.x), _curand_uniform(w.y), _curand_uniform(w.z), _curand_uniform(w.w)};
}

__global__ void __launch_bounds__(threads) fill(uint2 key, float4* z, int64_t packs) {
  int64_t const p = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (p < packs) z[p] = uniform_pack(key, p);
}

// One float a block to `partial`.
__global__ void __launch_bounds__(threads)
    sum_exponentials(uint2 key, int64_t packs, float* partial) {
  float sum = 0;
  int64_t const step = int64_t{gridDim.x} * threads;
  for (int64_t p = int64_t{blockIdx.x} * threads + threadIdx.x; p < packs; p += step) {
    float4 const u = uniform_pack(key, p);
    sum += (expf(-u.x) + expf(-u.y)) + (expf(-u.z) + expf(-u.w));
  }
  sum = block_reduce(sum, add_values{}, 0.f);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}
__global__ void __launch_bounds__(threads) sum_partial(float const* partial, int count, float* z) {
  double sum = 0;
  for (int k = threadIdx.x; k < count; k += threads) sum += partial[k];
  sum = block_reduce(sum, add_values{}, 0.);
  if (threadIdx.x == 0) *z = static_cast<float>(sum);
}

uint2 key_of(std::uint64_t seed) {
  return {static_cast<unsigned>(seed), static_cast<unsigned>(seed >> 32)};
}

}  // namespace

void rand(cudaStream_t s, std::uint64_t seed, float* z, int64_t n) {
  fill<<<blocks_for(n / 4, threads), threads, 0, s>>>(key_of(seed), reinterpret_cast<float4*>(z),
                                                      n / 4);
  check_launch();
}

void sum_exp_rand(cudaStream_t s, std::uint64_t seed, float* z, int64_t n) {
  int const blocks = multiprocessors() * 8;
  float* const partial = scratch<float>(blocks);
  sum_exponentials<<<static_cast<unsigned>(blocks), threads, 0, s>>>(key_of(seed), n / 4, partial);
  sum_partial<<<1, threads, 0, s>>>(partial, blocks, z);
  check_launch();
}

}  // namespace by_hand
