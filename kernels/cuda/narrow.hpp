// Keys are narrowed down to those of wanted places in order digit by digit, from the highest: a histogram of
// the digit says which one the wanted key has. Few keys are ranked one against all.
#pragma once

#include <kernels/cuda/elements.hpp>

#include <cooperative_groups.h>

#include <type_traits>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;
using std::uint32_t;
using std::uint64_t;
using count_t = unsigned long long;  // as atomicAdd takes it

constexpr int digit_bits = 11, digits = 1 << digit_bits;
constexpr int most_threads = 512, most_warps = most_threads / 32;
constexpr int few = 512;  // keys that take less time to rank, one against all, than to narrow down
constexpr int stage_keys = 128;  // of a warp, on their way to the noted ones
constexpr int most_ranks = 32, most_brackets = 8;

/// Elements' bits in order: -0 before +0, of NaN all ones.
template <class U, bool Floating>
struct element_order {
  using key = std::conditional_t<sizeof(U) == 8, uint64_t, uint32_t>;
  static constexpr int bits = 8 * sizeof(U);
  static constexpr U top = U(U{1} << (bits - 1));
  U sign, infinity;  // `sign` to be flipped: of signed integers

  __device__ key of(U b) const {
    if constexpr (Floating)
      return U(b & U(~top)) > infinity ? key(U(~U{0})) : b & top ? key(U(~b)) : key(U(b | top));
    else
      return U(b ^ sign);
  }
  __device__ U element(key k) const {
    U const b = static_cast<U>(k);
    if constexpr (Floating)
      return b == U(~U{0}) ? U(infinity | infinity / 2) : b & top ? U(b ^ top) : U(~b);
    else
      return U(b ^ sign);
  }
};

struct wanted_rank {
  int64_t rank;
  int place;  // in the result's row
};

/// What the blocks of a grid share; 0 before a launch.
struct grid_state {
  count_t first[digits], next[3][digits];
  count_t less[most_brackets], least[most_brackets], greatest[most_brackets], noted[most_brackets];
  count_t last;  // key of the row
  uint32_t few_count;
};

template <class U, bool Floating>
struct select_arguments {
  using key = typename element_order<U, Floating>::key;
  element_order<U, Floating> order;
  U const* in;
  U* out;
  int64_t rows, n;
  int count, outputs;              // wanted ranks; elements of a result's row
  wanted_rank wanted[most_ranks];  // ascending
  // Of the grid.
  grid_state* state;
  key *sampled, *noted, *few_keys;
  int64_t sample, most;
  int brackets;
  struct {
    int first, count;  // of the wanted ranks
    int64_t low, high;
  } bracket[most_brackets];
};

template <class K>
struct block_memory {
  uint32_t first[digits], next[digits];
  K few_keys[few];
  uint32_t few_count;
  K of_warp[2][most_warps];
};
template <class K>
struct grid_memory {
  uint32_t next[digits];
  K stage[most_warps][stage_keys];
  count_t less, least, greatest, last;
};
/// What a block finds a digit by.
struct digit_search {
  int64_t of_warp[most_warps];
  int64_t before, count;
  int digit;
};

/// Keys of a source whose bits from `shift` on are the prefix, how many these are, and how many less.
template <class K>
struct bucket {
  K prefix;
  int shift;
  int64_t before, count;

  __device__ bool holds(K k) const {
    return shift == 8 * static_cast<int>(sizeof(K)) || k >> shift == prefix;
  }
};

__device__ int lane_index() { return static_cast<int>(threadIdx.x) % 32; }
__device__ int warp_index() { return static_cast<int>(threadIdx.x) / 32; }
__device__ int lanes_before(unsigned lanes) { return __popc(lanes & ((1u << lane_index()) - 1)); }

/// Counts each lane's digit; the lanes that share one with the first are counted at once.
__device__ void add_digit(uint32_t* bins, uint32_t digit, bool counts) {
  unsigned const all = __ballot_sync(~0u, counts);
  if (all == 0) return;
  int const first = __ffs(static_cast<int>(all)) - 1;
  uint32_t const common = __shfl_sync(~0u, digit, first);
  bool const same = counts && digit == common;
  unsigned const together = __ballot_sync(~0u, same);
  if (lane_index() == first)
    atomicAdd(bins + digit, static_cast<uint32_t>(__popc(together)));
  else if (counts && !same)
    atomicAdd(bins + digit, 1u);
}

/// f(key, whether there is one, place) of a row's elements, by whole warps of a team of `size` threads.
template <bool Once, class U, bool Floating, class F>
__device__ void each_element(element_order<U, Floating> const& order, U const* in, int64_t n,
                             int64_t member, int64_t size, F const& f) {
  constexpr int E = 16 / sizeof(U), batch = 4;
  using K = typename element_order<U, Floating>::key;
  int const lane = lane_index();
  auto const singly = [&](int64_t begin, int64_t end) {
    for (int64_t first = begin + member - lane; first < end; first += size) {
      int64_t const i = first + lane;
      f(i < end ? order.of(in[i]) : K{0}, i < end, i);
    }
  };
  auto const after = static_cast<int64_t>(reinterpret_cast<std::uintptr_t>(in) % 16);
  int64_t const aligned = (16 - after) % 16 / static_cast<int64_t>(sizeof(U));
  int64_t const head = aligned < n ? aligned : n, packs = (n - head) / E;
  auto const* const from = reinterpret_cast<uint4 const*>(in + head);
  singly(0, head);
  for (int64_t first = member - lane; first < packs; first += batch * size) {
    uint4 bits[batch];
#pragma unroll
    for (int b = 0; b < batch; ++b) {
      int64_t const p = first + lane + b * size;
      bits[b] = uint4{};
      if (p < packs) bits[b] = Once ? __ldcs(from + p) : from[p];
    }
#pragma unroll
    for (int b = 0; b < batch; ++b) {
      if (first + b * size >= packs) break;
      int64_t const p = first + lane + b * size;
      U v[E];
      __builtin_memcpy(v, &bits[b], 16);
#pragma unroll
      for (int e = 0; e < E; ++e) f(order.of(v[e]), p < packs, head + p * E + e);
    }
  }
  singly(head + packs * E, n);
}
/// f(key, whether there is one) of n keys.
template <class Key, class K, class F>
__device__ void each_key(Key const* keys, int64_t n, int64_t member, int64_t size, K, F const& f) {
  constexpr int batch = 4;
  int const lane = lane_index();
  for (int64_t first = member - lane; first < n; first += batch * size) {
    K k[batch];
#pragma unroll
    for (int b = 0; b < batch; ++b) {
      int64_t const i = first + lane + b * size;
      k[b] = i < n ? keys[i] : Key{0};
    }
#pragma unroll
    for (int b = 0; b < batch; ++b) {
      if (first + b * size >= n) break;
      f(k[b], first + lane + b * size < n);
    }
  }
}

/// The threads that work on a row: a block, or all blocks of the grid.
template <class U, bool Floating, bool Grid>
class team {
 public:
  using arguments = select_arguments<U, Floating>;
  using K = typename arguments::key;
  using memory = std::conditional_t<Grid, grid_memory<K>, block_memory<K>>;

  __device__ team(arguments const& g, memory& block, digit_search& search)
      : g_(g), block_(block), search_(search) {}
  __device__ int64_t size() const { return Grid ? int64_t{gridDim.x} * blockDim.x : blockDim.x; }
  __device__ int64_t member() const {
    return Grid ? int64_t{blockIdx.x} * blockDim.x + threadIdx.x : threadIdx.x;
  }
  __device__ void meet() const {
    if constexpr (Grid)
      cooperative_groups::this_grid().sync();
    else
      __syncthreads();
  }
  __device__ void begin_row() { counted_ = false; }

  /// Goes on to the keys of the bucket whose next digit is that of its key number `rank`. `keep`: of this
  /// source and bucket the counts are to be kept, or are there already.
  template <class Source>
  __device__ void narrow(Source const& each, bucket<K>& at, int64_t rank, bool keep) {
    int const width = at.shift < digit_bits ? at.shift : digit_bits, shift = at.shift - width;
    auto const count = [&](uint32_t* bins) {
      for (int d = static_cast<int>(threadIdx.x); d < digits; d += static_cast<int>(blockDim.x))
        bins[d] = 0;
      __syncthreads();
      each([&](K k, bool here) {
        add_digit(bins, static_cast<uint32_t>(k >> shift) & ((1u << width) - 1),
                  here && at.holds(k));
      });
      __syncthreads();
    };
    bool const known = keep && counted_;
    if constexpr (Grid) {
      count_t* const sums = keep ? g_.state->first : g_.state->next[turn_];
      if (!known) {
        count(block_.next);
        for (int d = static_cast<int>(threadIdx.x); d < digits; d += static_cast<int>(blockDim.x))
          if (block_.next[d] != 0) atomicAdd(sums + d, count_t{block_.next[d]});
        meet();
      }
      if (!keep) {  // all have read the last one's
        int const last = (turn_ + 2) % 3;
        for (int64_t d = member(); d < digits; d += size()) g_.state->next[last][d] = 0;
        turn_ = (turn_ + 1) % 3;
      }
      find(rank, [&](int d) { return static_cast<int64_t>(__ldcg(sums + d)); });
    } else {
      uint32_t* const bins = keep ? block_.first : block_.next;
      if (!known) count(bins);
      find(rank, [&](int d) { return int64_t{bins[d]}; });
    }
    counted_ = counted_ || keep;
    at.prefix = static_cast<K>(at.prefix << width | static_cast<K>(search_.digit));
    at.shift = shift;
    at.before += search_.before;
    at.count = search_.count;
  }

  /// Writes the wanted ranks first, ..., last - 1, from which `base` is to be subtracted in this source.
  template <class Source>
  __device__ void resolve(Source const& each, bucket<K> const& all, int first, int last,
                          int64_t base, bool keep, U* out) {
    for (int j = first; j < last;) {
      bucket<K> at = all;
      for (bool keeps = keep; at.shift > 0 && at.count > few; keeps = false)
        narrow(each, at, g_.wanted[j].rank - base - at.before, keeps);
      int64_t const before = base + at.before;
      int end = j;
      while (end < last && g_.wanted[end].rank < before + at.count) ++end;
      if (at.shift == 0)
        write(j, end, at.prefix, out);
      else
        rank_all(each, at, j, end, before, out);
      j = end;
    }
  }

  /// By one thread of the team.
  __device__ void write(int first, int last, K key, U* out) const {
    if (member() != 0) return;
    for (int i = first; i < last; ++i) out[g_.wanted[i].place] = g_.order.element(key);
  }

 private:
  template <class F>
  __device__ void find(int64_t rank, F const& count_of) {
    int const lane = lane_index(), warp = warp_index();
    int const own = digits / static_cast<int>(blockDim.x),
              first = static_cast<int>(threadIdx.x) * own;
    int64_t sum = 0;
    for (int d = first; d < first + own; ++d) sum += count_of(d);
    int64_t upto = sum;
#pragma unroll
    for (int d = 1; d < 32; d *= 2) {
      int64_t const other = __shfl_up_sync(~0u, static_cast<long long>(upto), d);
      if (lane >= d) upto += other;
    }
    if (lane == 31) search_.of_warp[warp] = upto;
    __syncthreads();
    int64_t before = upto - sum;
    for (int w = 0; w < warp; ++w) before += search_.of_warp[w];
    if (rank >= before && rank < before + sum) {
      int d = first;
      for (int64_t some = count_of(d); rank >= before + some; some = count_of(++d)) before += some;
      search_.digit = d;
      search_.before = before;
      search_.count = count_of(d);
    }
    __syncthreads();
  }

  template <class Source>
  __device__ void rank_all(Source const& each, bucket<K> const& at, int first, int last,
                           int64_t before, U* out) {
    K* const keys = few_keys();
    uint32_t* const count = few_count();
    if constexpr (!Grid) __syncthreads();  // the last ones have been ranked
    if (member() == 0) *count = 0;
    meet();
    each([&](K k, bool here) {
      bool const mine = here && at.holds(k);
      unsigned const all = __ballot_sync(~0u, mine);
      if (all == 0) return;
      uint32_t to = 0;
      if (lane_index() == 0) to = atomicAdd(count, static_cast<uint32_t>(__popc(all)));
      to = __shfl_sync(~0u, to, 0) + static_cast<uint32_t>(lanes_before(all));
      if (mine) keys[to] = k;
    });
    meet();
    int const found = static_cast<int>(at.count);
    for (int64_t c = member() / 32; c < found; c += size() / 32) {
      K const mine = load(keys + c);
      int less = 0, equal = 0;
      for (int i = lane_index(); i < found; i += 32) {
        K const other = load(keys + i);
        less += other < mine;
        equal += other == mine;
      }
#pragma unroll
      for (int d = 16; d > 0; d /= 2) {
        less += __shfl_xor_sync(~0u, less, d);
        equal += __shfl_xor_sync(~0u, equal, d);
      }
      for (int i = first + lane_index(); i < last; i += 32) {
        int64_t const rank = g_.wanted[i].rank - before;
        if (rank >= less && rank < less + equal) out[g_.wanted[i].place] = g_.order.element(mine);
      }
    }
  }
  __device__ K* few_keys() const {
    if constexpr (Grid)
      return g_.few_keys;
    else
      return block_.few_keys;
  }
  __device__ uint32_t* few_count() const {
    if constexpr (Grid)
      return &g_.state->few_count;
    else
      return &block_.few_count;
  }
  static __device__ K load(K const* from) {
    if constexpr (Grid && sizeof(K) == 8)
      return static_cast<K>(__ldcg(reinterpret_cast<count_t const*>(from)));
    else if constexpr (Grid)
      return __ldcg(from);
    else
      return *from;
  }

  arguments const& g_;
  memory& block_;
  digit_search& search_;
  int turn_ = 0;
  bool counted_ = false;
};

template <class K>
__device__ K least_of_warp(K k) {
#pragma unroll
  for (int d = 16; d > 0; d /= 2) {
    K const other = __shfl_xor_sync(~0u, k, d);
    k = other < k ? other : k;
  }
  return k;
}
template <class K>
__device__ K greatest_of_warp(K k) {
  return static_cast<K>(~least_of_warp(static_cast<K>(~k)));
}

__device__ uint32_t sum_of_warp(uint32_t v) {
#pragma unroll
  for (int d = 16; d > 0; d /= 2) v += __shfl_xor_sync(~0u, v, d);
  return v;
}

}  // namespace
}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
