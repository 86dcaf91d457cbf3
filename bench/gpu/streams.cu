#include "streams.hpp"

#include "launch.hpp"

namespace by_hand {

namespace {

template <int Reads>
struct packs_of {
  float4 const* from[Reads > 0 ? Reads : 1];
};

// Once means: each byte is touched once, so the caches need not keep it.
template <bool Once>
__device__ float4 loaded(float4 const* p) {
  return Once ? __ldcs(p) : *p;
}
__device__ void add_to(float4& a, float4 b) { a.x += b.x, a.y += b.y, a.z += b.z, a.w += b.w; }

template <int Reads, int Each, bool Once>
__global__ void __launch_bounds__(threads) copy(packs_of<Reads> x, float4* z, int64_t packs) {
  int64_t const first = int64_t{blockIdx.x} * threads * Each + threadIdx.x;
  float4 v[Each][Reads > 0 ? Reads : 1];
#pragma unroll
  for (int u = 0; u < Each; ++u)
#pragma unroll
    for (int r = 0; r < Reads; ++r)
      if (first + u * threads < packs) v[u][r] = loaded<Once>(x.from[r] + first + u * threads);
#pragma unroll
  for (int u = 0; u < Each; ++u) {
    int64_t const at = first + u * threads;
    if (at >= packs) return;
    float4 out{1, 2, 3, 4};
    if constexpr (Reads > 0) out = v[u][0];
#pragma unroll
    for (int r = 1; r < Reads; ++r) add_to(out, v[u][r]);
    if (Once)
      __stcs(z + at, out);
    else
      z[at] = out;
  }
}

template <int Reads, int Each, int BlocksEach>
__global__ void __launch_bounds__(threads, BlocksEach)
    read(packs_of<Reads> x, float* z, int64_t packs) {
  float4 sum{0, 0, 0, 0};
  int64_t const step = int64_t{gridDim.x} * threads;
  int64_t at = int64_t{blockIdx.x} * threads + threadIdx.x;
  for (; at + (Each - 1) * step < packs; at += Each * step) {
    float4 v[Each][Reads];
#pragma unroll
    for (int u = 0; u < Each; ++u)
#pragma unroll
      for (int r = 0; r < Reads; ++r) v[u][r] = x.from[r][at + u * step];
#pragma unroll
    for (int u = 0; u < Each; ++u)
#pragma unroll
      for (int r = 0; r < Reads; ++r) add_to(sum, v[u][r]);
  }
  for (; at < packs; at += step)
#pragma unroll
    for (int r = 0; r < Reads; ++r) add_to(sum, x.from[r][at]);
  float const all = block_reduce(sum.x + sum.y + sum.z + sum.w, add_values{}, 0.f);
  if (threadIdx.x == 0) z[blockIdx.x] = all;
}

template <int Reads>
packs_of<Reads> first(sources const& from) {
  packs_of<Reads> p{};
  for (int r = 0; r < Reads; ++r) p.from[r] = static_cast<float4 const*>(from[r]);
  return p;
}

template <int Reads>
void copy_variant(cudaStream_t s, int variant, sources const& from, void* z, int64_t bytes) {
  int64_t const packs = bytes / 16;
  auto const x = first<Reads>(from);
  auto* const to = static_cast<float4*>(z);
  auto const launch = [&](auto kernel, int each) {
    kernel<<<blocks_for(packs, int64_t{threads} * each), threads, 0, s>>>(x, to, packs);
  };
  switch (variant) {
    case 0: launch(copy<Reads, 1, false>, 1); break;
    case 1: launch(copy<Reads, 2, false>, 2); break;
    case 2: launch(copy<Reads, 4, false>, 4); break;
    case 3: launch(copy<Reads, 1, true>, 1); break;
    case 4: launch(copy<Reads, 2, true>, 2); break;
    default: launch(copy<Reads, 4, true>, 4);
  }
  check_launch();
}

template <int Reads>
void read_variant(cudaStream_t s, int variant, sources const& from, float* z, int64_t bytes) {
  int64_t const packs = bytes / 16;
  auto const x = first<Reads>(from);
  auto const launch = [&](auto kernel, int blocks_each) {
    unsigned const blocks = min(4096u, static_cast<unsigned>(multiprocessors() * blocks_each));
    kernel<<<blocks, threads, 0, s>>>(x, z, packs);
  };
  switch (variant) {
    case 0: launch(read<Reads, 2, 6>, 6); break;
    case 1: launch(read<Reads, 4, 4>, 4); break;
    case 2: launch(read<Reads, 8, 2>, 2); break;
    case 3: launch(read<Reads, 2, 6>, 24); break;
    case 4: launch(read<Reads, 4, 4>, 16); break;
    default: launch(read<Reads, 8, 2>, 8);
  }
  check_launch();
}

}  // namespace

void streams(cudaStream_t s, int variant, sources const& from, int count, void* z, int64_t bytes) {
  switch (count) {
    case 0: return copy_variant<0>(s, variant, from, z, bytes);
    case 1: return copy_variant<1>(s, variant, from, z, bytes);
    case 2: return copy_variant<2>(s, variant, from, z, bytes);
    case 3: return copy_variant<3>(s, variant, from, z, bytes);
    case 4: return copy_variant<4>(s, variant, from, z, bytes);
    default: return copy_variant<5>(s, variant, from, z, bytes);
  }
}

void reads(cudaStream_t s, int variant, sources const& from, int count, float* z, int64_t bytes) {
  if (count == 1)
    read_variant<1>(s, variant, from, z, bytes);
  else
    read_variant<2>(s, variant, from, z, bytes);
}

}  // namespace by_hand
