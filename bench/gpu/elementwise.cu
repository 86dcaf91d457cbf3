#include "elementwise.hpp"

#include "launch.hpp"

namespace by_hand {

namespace {

__device__ float chain1_of(float x, float y) { return 2.5f * x + y - 0.5f * x * y; }
__device__ double chain1_of(double x, double y) { return 2.5 * x + y - 0.5 * x * y; }

struct chain1_f {
  __device__ float operator()(float x, float y) const { return chain1_of(x, y); }
};
struct heavy_f {
  __device__ float operator()(float x, float y) const {
    return expf(-x * x) * sinf(y) + sqrtf(fabsf(x));
  }
};
struct multiply_add_f {
  __device__ float operator()(float x, float y) const { return x * y + x; }
};

template <class F>
__global__ void __launch_bounds__(threads)
    two_to_one(F f, float4 const* x, float4 const* y, float4* z, int64_t packs) {
  int64_t const at = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (at >= packs) return;
  float4 const a = x[at], b = y[at];
  z[at] = {f(a.x, b.x), f(a.y, b.y), f(a.z, b.z), f(a.w, b.w)};
}

template <class F>
void launch(cudaStream_t s, F f, float const* x, float const* y, float* z, int64_t n) {
  two_to_one<<<blocks_for(n / 4, threads), threads, 0, s>>>(f, reinterpret_cast<float4 const*>(x),
                                                            reinterpret_cast<float4 const*>(y),
                                                            reinterpret_cast<float4*>(z), n / 4);
  check_launch();
}

__global__ void __launch_bounds__(threads)
    chain1_f64(double2 const* x, double2 const* y, double2* z, int64_t packs) {
  int64_t const at = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (at >= packs) return;
  double2 const a = x[at], b = y[at];
  z[at] = {chain1_of(a.x, b.x), chain1_of(a.y, b.y)};
}

__global__ void __launch_bounds__(threads)
    chain1_scalar_reads(float const* x, float const* y, float4* z, int64_t packs) {
  int64_t const at = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (at >= packs) return;
  x += 4 * at, y += 4 * at;
  z[at] = {chain1_of(x[0], y[0]), chain1_of(x[1], y[1]), chain1_of(x[2], y[2]),
           chain1_of(x[3], y[3])};
}

__global__ void __launch_bounds__(threads)
    chain1_halved(float4 const* x, float4 const* y, float4* z, int64_t packs) {
  int64_t const at = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (at >= packs) return;
  float4 const a = x[2 * at], a2 = x[2 * at + 1], b = y[2 * at], b2 = y[2 * at + 1];
  z[at] = {chain1_of(a.x, b.x), chain1_of(a.z, b.z), chain1_of(a2.x, b2.x), chain1_of(a2.z, b2.z)};
}

__device__ float call_price(float spot, float strike, float years, float rate, float volatility) {
  float const spread = volatility * sqrtf(years);
  float const d1 = (logf(spot / strike) + (rate + 0.5f * volatility * volatility) * years) / spread;
  return spot * normcdff(d1) - strike * expf(-rate * years) * normcdff(d1 - spread);
}

struct option_packs {
  float4 const *spot, *strike, *years, *rate, *volatility;
};
__global__ void __launch_bounds__(threads) price_calls(option_packs o, float4* z, int64_t packs) {
  int64_t const at = int64_t{blockIdx.x} * threads + threadIdx.x;
  if (at >= packs) return;
  float4 const a = o.spot[at], b = o.strike[at], c = o.years[at], d = o.rate[at],
               e = o.volatility[at];
  z[at] = {call_price(a.x, b.x, c.x, d.x, e.x), call_price(a.y, b.y, c.y, d.y, e.y),
           call_price(a.z, b.z, c.z, d.z, e.z), call_price(a.w, b.w, c.w, d.w, e.w)};
}

float4 const* packs(float const* p) { return reinterpret_cast<float4 const*>(p); }

}  // namespace

void chain1(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  launch(s, chain1_f{}, x, y, z, n);
}
void heavy(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  launch(s, heavy_f{}, x, y, z, n);
}
void multiply_add(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  launch(s, multiply_add_f{}, x, y, z, n);
}

void chain1(cudaStream_t s, double const* x, double const* y, double* z, int64_t n) {
  chain1_f64<<<blocks_for(n / 2, threads), threads, 0, s>>>(reinterpret_cast<double2 const*>(x),
                                                            reinterpret_cast<double2 const*>(y),
                                                            reinterpret_cast<double2*>(z), n / 2);
  check_launch();
}
void chain1_misaligned(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  chain1_scalar_reads<<<blocks_for(n / 4, threads), threads, 0, s>>>(
      x, y, reinterpret_cast<float4*>(z), n / 4);
  check_launch();
}
void chain1_stride2(cudaStream_t s, float const* x, float const* y, float* z, int64_t n) {
  chain1_halved<<<blocks_for(n / 4, threads), threads, 0, s>>>(packs(x), packs(y),
                                                               reinterpret_cast<float4*>(z), n / 4);
  check_launch();
}

void black_scholes(cudaStream_t s, options const& o, float* z, int64_t n) {
  price_calls<<<blocks_for(n / 4, threads), threads, 0, s>>>(
      option_packs{packs(o.spot), packs(o.strike), packs(o.years), packs(o.rate),
                   packs(o.volatility)},
      reinterpret_cast<float4*>(z), n / 4);
  check_launch();
}

}  // namespace by_hand
