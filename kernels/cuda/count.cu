// How many values lie in each bin: a block counts its share in shared memory, where the bins fit there,
// in several copies where they are few, so that warps seldom meet in a counter.
#include <dsl/bins.hpp>
#include <kernels/cuda/elements.hpp>
#include <kernels/cuda/engine.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;
using std::uint64_t;

constexpr int64_t most_shared_bins = 8192;
constexpr int most_copies = 8;  // one a warp

struct counting {
  void const* values;
  int64_t n, bins;
  unsigned long long* out;
  int copies;  // in shared memory, 0: none
  void const* edges;
  bool equal;
};

/// The values are the bins.
template <class T>
class value_bin {
 public:
  __device__ value_bin(counting const& g, void*) : bins_(static_cast<uint64_t>(g.bins)) {}
  [[nodiscard]] __device__ bool quick() const { return false; }
  [[nodiscard]] __device__ int quickly(T) const { return -2; }
  __device__ int64_t operator()(T v) {
    auto const at = static_cast<uint64_t>(v);
    if (greatest_ < at) greatest_ = at;
    return at < bins_ ? static_cast<int64_t>(at) : -1;
  }
  __device__ void finish(counting const& g) {
#pragma unroll
    for (int d = 16; d > 0; d /= 2) {
      uint64_t const other = __shfl_xor_sync(~0u, greatest_, d);
      if (greatest_ < other) greatest_ = other;
    }
    if (threadIdx.x % 32 == 0)
      atomicMax(g.out + g.bins, static_cast<unsigned long long>(greatest_));
  }

 private:
  uint64_t bins_, greatest_ = 0;
};
/// Edges tell the bins, in shared memory where the counters are.
template <class T>
class edge_bin {
 public:
  __device__ edge_bin(counting const& g, void* shared)
      : bin_of_(edges(g, shared), g.bins, g.equal) {}
  /// As edge_bins.
  [[nodiscard]] __device__ bool quick() const { return bin_of_.quick(); }
  [[nodiscard]] __device__ int quickly(T v) const { return bin_of_.quickly(v); }
  __device__ int64_t operator()(T v) { return bin_of_(v); }
  __device__ void finish(counting const&) {}

 private:
  static __device__ T const* edges(counting const& g, void* shared) {
    auto const* const all = static_cast<T const*>(g.edges);
    if (g.copies == 0) return all;
    T* const own = static_cast<T*>(shared);
    for (int64_t i = threadIdx.x; i <= g.bins; i += threads) own[i] = all[i];
    __syncthreads();
    return own;
  }

  edge_bins<T> bin_of_;
};

template <class T, class Bin, bool Shared>
__global__ void __launch_bounds__(threads) count_bins(const __grid_constant__ counting g) {
  constexpr int E = 16 / sizeof(T), batch = 4;
  extern __shared__ uint4 memory[];
  int const shared_bins = static_cast<int>(g.copies * g.bins);
  auto* const counters = reinterpret_cast<unsigned*>(memory);
  for (int b = static_cast<int>(threadIdx.x); b < shared_bins; b += threads) counters[b] = 0;
  Bin bin_of(g, counters + (shared_bins + 3) / 4 * 4);
  __syncthreads();
  unsigned* const own =
      counters +
      (Shared ? static_cast<int>(threadIdx.x) / 32 % g.copies * static_cast<int>(g.bins) : 0);
  auto const add = [&](int64_t bin) {
    if constexpr (Shared)
      atomicAdd(own + static_cast<int>(bin), 1u);
    else
      atomicAdd(g.out + bin, 1ull);
  };
  auto const count = [&](T v) {
    if (int64_t const bin = bin_of(v); bin >= 0) add(bin);
  };
  bool const quick = bin_of.quick();
  auto const* const values = static_cast<T const*>(g.values);
  int64_t const packs = reinterpret_cast<std::uintptr_t>(g.values) % 16 == 0 ? g.n / E : 0;
  auto const* const from = static_cast<uint4 const*>(g.values);
  for (int64_t p = first_element(); p < packs; p += batch * grid_step()) {
    uint4 bits[batch];
#pragma unroll
    for (int b = 0; b < batch; ++b)
      if (p + b * grid_step() < packs) bits[b] = __ldcs(from + p + b * grid_step());
#pragma unroll
    for (int b = 0; b < batch; ++b) {
      if (p + b * grid_step() >= packs) break;
      T v[E];
      __builtin_memcpy(v, &bits[b], 16);
      unsigned left = ~0u;
      if (quick) {  // without branches
        left = 0;
#pragma unroll
        for (int e = 0; e < E; ++e) {
          int const bin = bin_of.quickly(v[e]);
          if (bin >= 0) add(bin);
          left |= unsigned{bin == -2} << e;
        }
      }
      if (left != 0)
#pragma unroll
        for (int e = 0; e < E; ++e)
          if (left >> e & 1) count(v[e]);
    }
  }
  for (int64_t i = packs * E + first_element(); i < g.n; i += grid_step()) count(values[i]);
  __syncthreads();
  bin_of.finish(g);
  if (g.copies > 0)
    for (int b = static_cast<int>(threadIdx.x); b < g.bins; b += threads) {
      unsigned all = 0;
      for (int c = 0; c < g.copies; ++c) all += counters[c * g.bins + b];
      if (all > 0) atomicAdd(g.out + b, static_cast<unsigned long long>(all));
    }
}

template <class T, class Bin>
void count(counting g, int64_t edge_bytes) {
  auto kernel = count_bins<T, Bin, true>;
  g.copies = static_cast<int>(std::min<int64_t>(most_copies, most_shared_bins / g.bins));
  int64_t const counters = (g.copies * g.bins + 3) / 4 * 16;
  auto bytes = static_cast<unsigned>(counters + edge_bytes);
  int64_t resident =
      g.copies > 0 ? resident_blocks(reinterpret_cast<void const*>(kernel), threads, bytes) : 0;
  if (resident == 0) {  // shared memory is less than that
    kernel = count_bins<T, Bin, false>;
    g.copies = 0, bytes = 0;
    resident = resident_blocks(reinterpret_cast<void const*>(kernel), threads, bytes);
  }
  launch_shared(kernel, std::min(blocks_for(g.n), resident), threads, bytes, g);
}

}  // namespace

void bincount(dtype type, int64_t n, void const* values, int64_t bins, int64_t* out) {
  clear(out, static_cast<std::size_t>(bins + 1) * sizeof(int64_t));
  if (n == 0) return;
  counting g{};
  g.values = values, g.n = n, g.bins = bins;
  g.out = reinterpret_cast<unsigned long long*>(out);
  visit(type, [&]<class T>() {
    if constexpr (is_integer<T>) count<T, value_bin<T>>(g, 0);
  });
}

void histogram(dtype type, int64_t n, void const* values, int64_t bins, void const* edges,
               bool equal, int64_t* out) {
  clear(out, static_cast<std::size_t>(bins) * sizeof(int64_t));
  if (n == 0) return;
  counting g{};
  g.values = values, g.n = n, g.bins = bins;
  g.out = reinterpret_cast<unsigned long long*>(out);
  g.edges = edges, g.equal = equal;
  auto const run = [&]<class T>(T) {
    count<T, edge_bin<T>>(g, (bins + 1) * static_cast<int64_t>(sizeof(T)));
  };
  switch (type) {
    case dtype::i64: return run(int64_t{});
    case dtype::u64: return run(uint64_t{});
    case dtype::f32: return run(float{});
    case dtype::f64: return run(double{});
    default: break;  // the language converts to these
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
