// Elements by their place in order, without sorting. A row is the work of a block, which keeps it in shared
// memory and narrows its keys down, or a long one of the whole grid, which runs together: there a sample of
// the row gives two keys that the wanted one is likely to lie between, and one pass notes what lies between
// them. Keys equal to one of the two are counted only, so that many equal ones need no room. Where the
// sample misled, the row itself is narrowed down.
#include <dsl/key.hpp>
#include <dsl/ranks.hpp>
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/narrow.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

constexpr int enough = 4;                      // keys of a sample that a bound may stand for
constexpr int64_t shortest_selected = 256;     // shorter rows are sorted in no more time
constexpr int64_t longest_of_block = 1 << 18;  // longer ones are the grid's, unless they are many
constexpr int64_t sample_share = 64, most_samples = 1 << 20;
constexpr double deviations = 5;  // beyond which one sample of two million misleads

/// A block for each row, which it keeps in shared memory, or reads again for each digit.
template <class U, bool Floating, bool Kept>
__global__ void __launch_bounds__(most_threads)
    select_of_rows(const __grid_constant__ select_arguments<U, Floating> g) {
  using K = typename select_arguments<U, Floating>::key;
  extern __shared__ uint4 room[];
  __shared__ block_memory<K> block;
  __shared__ digit_search search;
  U* const kept = reinterpret_cast<U*>(room);
  int const threads = static_cast<int>(blockDim.x), warps = threads / 32;
  team<U, Floating, false> all(g, block, search);
  for (int64_t row = blockIdx.x; row < g.rows; row += gridDim.x) {
    U const* const in = g.in + row * g.n;
    U* const out = g.out + row * g.outputs;
    all.begin_row();
    K least = static_cast<K>(~K{0}), greatest = 0;
    __syncthreads();  // the last row has been read
    each_element<Kept>(g.order, in, g.n, threadIdx.x, threads, [&](K k, bool here, int64_t i) {
      if (!here) return;
      least = k < least ? k : least;
      greatest = k > greatest ? k : greatest;
      if constexpr (Kept) kept[i] = static_cast<U>(k);
    });
    least = least_of_warp(least);
    greatest = greatest_of_warp(greatest);
    if (lane_index() == 0) {
      block.of_warp[0][warp_index()] = least;
      block.of_warp[1][warp_index()] = greatest;
    }
    __syncthreads();
    for (int w = 0; w < warps; ++w) {
      K const low = block.of_warp[0][w], high = block.of_warp[1][w];
      least = low < least ? low : least;
      greatest = high > greatest ? high : greatest;
    }

    int first = 0, last = g.count;
    while (first < last && g.wanted[first].rank == 0) ++first;
    while (last > first && g.wanted[last - 1].rank == g.n - 1) --last;
    all.write(0, first, least, out);
    all.write(last, g.count, greatest, out);
    K const differ = least ^ greatest;
    int shift = 0;
    if constexpr (sizeof(K) == 8)
      shift = 64 - __clzll(static_cast<long long>(differ));
    else
      shift = 32 - __clz(static_cast<int>(differ));
    bool const whole = shift == 8 * static_cast<int>(sizeof(K));
    bucket<K> const at{whole ? K{0} : static_cast<K>(least >> shift), shift, 0, g.n};
    all.resolve(
        [&](auto const& f) {
          if constexpr (Kept)
            each_key(kept, g.n, threadIdx.x, threads, K{}, f);
          else
            each_element<false>(g.order, in, g.n, threadIdx.x, threads,
                                [&](K k, bool here, int64_t) { f(k, here); });
        },
        at, first, last, 0, true, out);
  }
}

/// One row. Elements of 8 and 16 bits have no more than two digits, which are counted of the row itself.
template <class U, bool Floating>
__global__ void __launch_bounds__(most_threads, 2)
    select_by_grid(const __grid_constant__ select_arguments<U, Floating> g) {
  using K = typename select_arguments<U, Floating>::key;
  constexpr int bits = 8 * sizeof(U);
  __shared__ grid_memory<K> block;
  __shared__ digit_search search;
  team<U, Floating, true> all(g, block, search);
  int64_t const member = all.member(), size = all.size();
  auto const row = [&](auto const& f) {
    each_element<false>(g.order, g.in, g.n, member, size,
                        [&](K k, bool here, int64_t) { f(k, here); });
  };
  bucket<K> const whole_row{0, bits, 0, g.n};
  if constexpr (sizeof(U) <= 2) {
    all.resolve(row, whole_row, 0, g.count, 0, true, g.out);
  } else {
    int64_t const stride = g.n / g.sample;
    for (int64_t i = member; i < g.sample; i += size)
      g.sampled[i] = g.order.of(g.in[sampled_place(i, stride)]);
    all.meet();
    auto const sample = [&](auto const& f) { each_key(g.sampled, g.sample, member, size, K{}, f); };
    auto const near = [&](int64_t place) {
      bucket<K> at{0, bits, 0, g.sample};
      for (bool keep = true; at.shift > 0 && at.count > enough; keep = false)
        all.narrow(sample, at, place - at.before, keep);
      return at;
    };

    int const lane = lane_index();
    K* const stage = block.stage[warp_index()];
    for (int b = 0; b < g.brackets; ++b) {
      auto const& expected = g.bracket[b];
      K least = 0, greatest = static_cast<K>(~K{0});
      if (expected.low >= 0) {
        bucket<K> const at = near(expected.low);
        least = static_cast<K>(at.prefix << at.shift);
      }
      if (expected.high < g.sample) {
        bucket<K> const at = near(expected.high);
        greatest = static_cast<K>((at.prefix << at.shift) | ((K{1} << at.shift) - 1));
      }

      if (threadIdx.x == 0) block.less = block.least = block.greatest = block.last = 0;
      __syncthreads();
      K const width = static_cast<K>(greatest - least);
      uint32_t less = 0, equal_least = 0, equal_greatest = 0;
      K last = 0;
      int staged = 0;
      auto const flush = [&] {
        count_t to = 0;
        if (lane == 0) to = atomicAdd(&g.state->noted[b], count_t(staged));
        to = __shfl_sync(~0u, to, 0);
        for (int i = lane; i < staged; i += 32)
          if (static_cast<int64_t>(to) + i < g.most) g.noted[to + i] = stage[i];
        __syncwarp();
        staged = 0;
      };
      each_element<true>(g.order, g.in, g.n, member, size, [&](K k, bool here, int64_t) {
        less += here && k < least;
        last = here && k > last ? k : last;
        bool const inside = here && static_cast<K>(k - least) <= width;
        if (__ballot_sync(~0u, inside) == 0) return;
        bool const low = inside && k == least, high = inside && !low && k == greatest;
        equal_least += low;
        equal_greatest += high;
        bool const between = inside && !low && !high;
        unsigned const lanes = __ballot_sync(~0u, between);
        int const more = __popc(lanes);
        if (staged + more > stage_keys) flush();
        if (between) stage[staged + lanes_before(lanes)] = k;
        __syncwarp();
        staged += more;
      });
      if (staged > 0) flush();

      last = greatest_of_warp(last);
      less = sum_of_warp(less);
      equal_least = sum_of_warp(equal_least);
      equal_greatest = sum_of_warp(equal_greatest);
      if (lane == 0) {
        atomicAdd(&block.less, count_t{less});
        atomicAdd(&block.least, count_t{equal_least});
        atomicAdd(&block.greatest, count_t{equal_greatest});
        atomicMax(&block.last, count_t{last});
      }
      __syncthreads();
      if (threadIdx.x == 0) {
        atomicAdd(&g.state->less[b], block.less);
        atomicAdd(&g.state->least[b], block.least);
        atomicAdd(&g.state->greatest[b], block.greatest);
        atomicMax(&g.state->last, block.last);
      }
      all.meet();

      int64_t const below = static_cast<int64_t>(__ldcg(&g.state->less[b])),
                    noted = static_cast<int64_t>(__ldcg(&g.state->noted[b])),
                    up_to_least = below + static_cast<int64_t>(__ldcg(&g.state->least[b])),
                    up_to_noted = up_to_least + noted,
                    up_to_greatest =
                        up_to_noted + static_cast<int64_t>(__ldcg(&g.state->greatest[b]));
      int const first = expected.first, end = first + expected.count;
      if (g.wanted[first].rank < below || g.wanted[end - 1].rank >= up_to_greatest ||
          noted > g.most) {  // the sample misled
        all.resolve(row, whole_row, first, end, 0, false, g.out);
        continue;
      }
      int in_least = first, in_noted;
      while (in_least < end && g.wanted[in_least].rank < up_to_least) ++in_least;
      in_noted = in_least;
      while (in_noted < end && g.wanted[in_noted].rank < up_to_noted) ++in_noted;
      all.write(first, in_least, least, g.out);
      all.write(in_noted, end, greatest, g.out);
      if (in_least == in_noted) continue;
      K const differ = least ^ greatest;
      int const shift = sizeof(K) == 8 ? 64 - __clzll(static_cast<long long>(differ))
                                       : 32 - __clz(static_cast<int>(differ));
      bucket<K> const at{shift == bits ? K{0} : static_cast<K>(least >> shift), shift, 0, noted};
      all.resolve([&](auto const& f) { each_key(g.noted, noted, member, size, K{}, f); }, at,
                  in_least, in_noted, up_to_least, false, g.out);
    }
    int rest = g.count;  // the last element's, which the passes found
    while (rest > 0 && g.wanted[rest - 1].rank == g.n - 1) --rest;
    if (g.brackets > 0 &&
        g.bracket[g.brackets - 1].first + g.bracket[g.brackets - 1].count < g.count)
      all.write(rest, g.count, static_cast<K>(__ldcg(&g.state->last)), g.out);
  }
}

// --- Many ranks, short rows ----------------------------------------------------------------------

struct few_ranks {
  int64_t rank[64];
};
template <class W>
__global__ void pick(W const* sorted, int64_t rows, int64_t n,
                     const __grid_constant__ few_ranks ranks, int64_t count, int64_t outputs,
                     W* out) {
  for (int64_t i = first_element(); i < rows * count; i += grid_step())
    out[i / count * outputs + i % count] = sorted[i / count * n + ranks.rank[i % count]];
}

void by_sorting(dtype type, int64_t rows, int64_t n, std::span<int64_t const> ranks, void const* in,
                void* out) {
  auto const element = static_cast<int64_t>(size_of(type));
  workspace const sorted(static_cast<std::size_t>(rows * n * element));
  sort(type, rows, n, in, sorted.data());
  auto const outputs = static_cast<int64_t>(ranks.size());
  with_word(element, [&]<class W>() {
    for (int64_t first = 0; first < outputs; first += 64) {
      few_ranks some{};
      int64_t const count = std::min<int64_t>(64, outputs - first);
      std::copy_n(ranks.begin() + first, count, some.rank);
      launch(pick<W>, blocks_for(rows * count), threads, reinterpret_cast<W const*>(sorted.data()),
             rows, n, some, count, outputs, static_cast<W*>(out) + first);
    }
  });
}

/// Sets the brackets of ascending ranks. False where they are many, or most of the row.
template <class Arguments>
bool expect(Arguments& g) {
  std::vector<int64_t> ranks;
  for (int i = 0; i < g.count; ++i) ranks.push_back(g.wanted[i].rank);
  while (ranks.size() > 1 && ranks.back() == g.n - 1 && ranks.front() != g.n - 1)
    ranks.pop_back();  // each pass finds the last
  g.sample = std::min(g.n / sample_share, most_samples);
  auto const all = brackets_of(ranks, g.n, g.sample, deviations);
  if (all.size() > most_brackets) return false;
  int64_t covered = 0;
  for (auto const& b : all) {
    auto const places = static_cast<double>(b.places(g.sample));
    covered += b.places(g.sample);
    double const likely = (places + 8 * std::sqrt(places) + 16) * static_cast<double>(g.n) /
                          static_cast<double>(g.sample);
    g.most = std::max(g.most, std::min(g.n, static_cast<int64_t>(likely)));
    g.bracket[g.brackets++] = {static_cast<int>(b.first), static_cast<int>(b.count), b.low, b.high};
  }
  return covered <= g.sample / 2;
}

template <class U, bool Floating>
bool by_grid(select_arguments<U, Floating> g) {
  using K = typename select_arguments<U, Floating>::key;
  if (sizeof(U) > 2 && !expect(g)) return false;
  auto const kernel = select_by_grid<U, Floating>;
  static int const resident =
      resident_blocks(reinterpret_cast<void const*>(kernel), most_threads, 0);
  auto const bytes = [](int64_t keys) { return static_cast<std::size_t>(keys) * sizeof(K); };
  workspace const state(sizeof(grid_state)), sampled(bytes(g.sample)), noted(bytes(g.most)),
      few_keys(bytes(few));
  g.state = reinterpret_cast<grid_state*>(state.data());
  g.sampled = reinterpret_cast<K*>(sampled.data());
  g.noted = reinterpret_cast<K*>(noted.data());
  g.few_keys = reinterpret_cast<K*>(few_keys.data());
  for (int64_t row = 0; row < g.rows; ++row) {
    clear(g.state, sizeof(grid_state));
    launch_together(kernel, resident, most_threads, 0, g);
    g.in += g.n;
    g.out += g.outputs;
  }
  return true;
}

/// Dynamic shared memory that a block of the kernel may have.
int64_t shared_bytes(void const* kernel) {
  allow_shared_memory(kernel);
  cudaFuncAttributes has{};
  check_launch(cudaFuncGetAttributes(&has, kernel));
  return has.maxDynamicSharedSizeBytes;
}

template <class U, bool Floating>
void by_blocks(select_arguments<U, Floating> const& g) {
  auto const kept = select_of_rows<U, Floating, true>;
  static int64_t const most = shared_bytes(reinterpret_cast<void const*>(kept));
  int64_t const bytes = g.n * static_cast<int64_t>(sizeof(U));
  int64_t const blocks = std::min<int64_t>(g.rows, std::numeric_limits<int>::max());
  int const threads = g.n <= 1024 ? 128 : g.n <= 4096 ? 256 : most_threads;
  if (bytes <= most)
    launch_shared(kept, blocks, threads, static_cast<unsigned>(bytes), g);
  else
    launch(select_of_rows<U, Floating, false>, blocks, threads, g);
}

}  // namespace

void select(dtype type, int64_t rows, int64_t n, std::span<int64_t const> ranks, void const* in,
            void* out) {
  if (rows == 0 || ranks.empty()) return;
  bool done = false;
  if (n >= shortest_selected && ranks.size() <= most_ranks)
    visit(type, [&]<class T>() {
      if constexpr (!is_complex<T>) {
        using U = key_bits<T>;
        select_arguments<U, is_floating<T>> g{};
        if constexpr (is_floating<T>) g.order.infinity = infinity_bits<T>;
        if constexpr (std::is_signed_v<T> && !is_floating<T>)
          g.order.sign = element_order<U, false>::top;
        g.in = static_cast<U const*>(in), g.out = static_cast<U*>(out);
        g.rows = rows, g.n = n;
        g.count = g.outputs = static_cast<int>(ranks.size());
        for (int i = 0; i < g.count; ++i) g.wanted[i] = {ranks[static_cast<std::size_t>(i)], i};
        std::sort(g.wanted, g.wanted + g.count,
                  [](wanted_rank const& a, wanted_rank const& b) { return a.rank < b.rank; });
        if (n > longest_of_block && rows < multiprocessors() / 4)
          done = by_grid(g);
        else
          done = true, by_blocks(g);
      }
    });
  if (!done) by_sorting(type, rows, n, ranks, in, out);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
