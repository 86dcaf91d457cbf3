#include <kernels/host/random.hpp>

#include <dsl/box_muller.hpp>

#include <algorithm>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace sloth::inline SLOTH_ABI {
namespace host_engine {
namespace {

/// Threads of one turn computed together: at most 2 KiB of words, which stay in the L1 cache.
constexpr int batch = 64;

#if defined(__AVX2__)
__m256i splat(std::uint64_t x) {
  return _mm256_set1_epi64x(static_cast<long long>(x & 0xFFFFFFFFu));
}
#endif

/// The counters (row, thread + k) of cuRAND's streams.
struct rows_of_threads {
  std::uint64_t row;
  std::uint32_t thread;

#if defined(__AVX2__)
  void of_four(int k, __m256i (&c)[4]) const {
    c[0] = splat(row);
    c[1] = splat(row >> 32);
    c[2] = _mm256_add_epi64(splat(thread + static_cast<std::uint32_t>(k)),
                            _mm256_set_epi64x(3, 2, 1, 0));
    c[3] = _mm256_setzero_si256();
  }
#endif
  [[nodiscard]] philox_block of_one(std::uint64_t seed, int k) const {
    return philox_words(seed, row, thread + static_cast<std::uint32_t>(k));
  }
};
/// The counters of the blocks that groups group + k share (random_detail::integer_words).
struct of_groups {
  std::uint64_t group;
  std::uint32_t counter;

#if defined(__AVX2__)
  void of_four(int k, __m256i (&c)[4]) const {
    c[0] = _mm256_add_epi64(_mm256_set1_epi64x(static_cast<long long>(group)),
                            _mm256_set_epi64x(k + 3, k + 2, k + 1, k));
    c[1] = _mm256_srli_epi64(c[0], 32);
    c[2] = splat(counter);
    c[3] = splat(1);
  }
#endif
  [[nodiscard]] philox_block of_one(std::uint64_t seed, int k) const {
    std::uint64_t const at = group + static_cast<std::uint64_t>(k);
    return philox4x32_10(
        {{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at >> 32), counter, 1}}, seed);
  }
};

/// out[stride k + w] = word w of the counter k, k in [0, batch).
template <int stride, class Counters>
void generate(std::uint32_t* out, std::uint64_t seed, Counters const& counters) {
#if defined(__AVX2__)
  // Intrinsics, because g++ 12 makes of the loop below two products per word (high and low half)
  // and half the rate. Four threads a vector, one word in the lower half of each 64-bit lane: the
  // product reads that half only, so what is left in the upper half needs no mask.
  __m256i const m0 = splat(0xD2511F53u), m1 = splat(0xCD9E8D57u);
  __m256i key[10][2];
  for (std::uint32_t r = 0; r < 10; ++r) {
    key[r][0] = splat(seed + r * 0x9E3779B9u);
    key[r][1] = splat((seed >> 32) + r * 0xBB67AE85u);
  }
  for (int k = 0; k < batch; k += 4) {
    __m256i c[4];
    counters.of_four(k, c);
    auto& [c0, c1, c2, c3] = c;
    for (auto const& round_key : key) {
      __m256i const p0 = _mm256_mul_epu32(c0, m0), p1 = _mm256_mul_epu32(c2, m1);
      c0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1), round_key[0]);
      c1 = p1;
      c2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3), round_key[1]);
      c3 = p0;
    }
    __m256i const low = _mm256_blend_epi32(c0, _mm256_slli_epi64(c1, 32), 0xAA);
    __m256i const high = _mm256_blend_epi32(c2, _mm256_slli_epi64(c3, 32), 0xAA);
    __m256i const even = _mm256_unpacklo_epi64(low, high);  // the blocks of threads 0 and 2
    __m256i const odd = _mm256_unpackhi_epi64(low, high);   // of threads 1 and 3
    auto const at = [&](int n) { return reinterpret_cast<__m128i*>(out + stride * (k + n)); };
    _mm_storeu_si128(at(0), _mm256_castsi256_si128(even));
    _mm_storeu_si128(at(1), _mm256_castsi256_si128(odd));
    _mm_storeu_si128(at(2), _mm256_extracti128_si256(even, 1));
    _mm_storeu_si128(at(3), _mm256_extracti128_si256(odd, 1));
  }
#else
  for (int k = 0; k < batch; ++k) {
    auto const b = counters.of_one(seed, k);
    for (int w = 0; w < 4; ++w) out[stride * k + w] = b.word[w];
  }
#endif
}

/// The words of a turn's elements 4 thread to 4 (thread + batch), in the order of the elements.
template <class T>
struct turn_words;

template <>
struct turn_words<float> {
  alignas(32) std::uint32_t word[4 * batch];

  turn_words(std::uint64_t seed, std::uint64_t turn, std::uint32_t thread) {
    generate<4>(word, seed, rows_of_threads{turn, thread});
  }
  float uniform(int i) const { return philox_unit(word[i]); }
  philox_pair<float> normals(int pair) const {
    return philox_box_muller(word[2 * pair], word[2 * pair + 1]);
  }
};

/// Two blocks a thread, of consecutive rows.
template <>
struct turn_words<double> {
  alignas(32) std::uint32_t word[8 * batch];

  turn_words(std::uint64_t seed, std::uint64_t turn, std::uint32_t thread) {
    generate<8>(word, seed, rows_of_threads{2 * turn, thread});
    generate<8>(word + 4, seed, rows_of_threads{2 * turn + 1, thread});
  }
  /// philox_unit's value without a conversion from 64 bits, which AVX2 lacks: both parts and their
  /// sum, a multiple of 2^-53 up to 1, are exact.
  double uniform(int i) const {
    std::uint32_t const x = word[2 * i], y = word[2 * i + 1];
    return (static_cast<double>(static_cast<std::int32_t>(y >> 11)) * 0x1p-21 +
            static_cast<double>(x ^ (y << 21)) * 0x1p-53) +
           0x1p-54;
  }
  philox_pair<double> normals(int pair) const {
    std::uint32_t const* w = word + 4 * pair;
    return philox_box_muller(w[0], w[1], w[2], w[3]);
  }
};

template <class T>
struct uniform_draw {
  std::uint64_t seed;

  T scalar(std::uint64_t j) const { return philox_uniform<T>(seed, 0, j); }
  void quads(T* out, turn_words<T> const& words, int count) const {
    for (int i = 0; i < 4 * count; ++i) out[i] = words.uniform(i);
  }
};

template <class T>
struct normal_draw {
  std::uint64_t seed;
  T mean, stddev;

  T scalar(std::uint64_t j) const { return mean + stddev * philox_normal<T>(seed, 0, j); }
  void quads(T* out, turn_words<T> const& words, int count) const {
    for (int pair = 0; pair < 2 * count; ++pair) {
      auto const z = words.normals(pair);
      out[2 * pair] = mean + stddev * z.sine;
      out[2 * pair + 1] = mean + stddev * z.cosine;
    }
  }
};

/// Elements [j, j + count) of a stream. A turn is 2^18 elements, four a thread in both widths;
/// whole quads of one turn go in batches, the ragged ends by the formula.
template <class T, class Draw>
void fill(Draw draw, T* out, std::uint64_t j, std::int64_t count) {
  while (count > 0) {
    if (j % 4 != 0 || count < 4) {
      *out++ = draw.scalar(j++);
      --count;
      continue;
    }
    auto const thread = static_cast<std::uint32_t>(j >> 2) & 65535u;
    auto const quads =
        static_cast<int>(std::min<std::int64_t>({count / 4, batch, std::int64_t{65536} - thread}));
    draw.quads(out, turn_words<T>(draw.seed, j >> 18, thread), quads);
    out += 4 * quads;
    j += static_cast<std::uint64_t>(4 * quads);
    count -= 4 * quads;
  }
}

/// Numbers [j, j + count) of NumPy's stream, block after block.
template <class T>
void fill_blocks(T* out, philox64_key key, std::uint64_t j, std::int64_t count) {
  constexpr std::uint64_t size = numpy_block_size<T>;
  while (count > 0) {
    philox64_block const b = numpy_block(key, j / size);
    auto const n = std::min<std::int64_t>(count, static_cast<std::int64_t>(size - j % size));
    for (std::int64_t k = 0; k < n; ++k) *out++ = numpy_unit<T>(b, j++);
    count -= n;
  }
}
template <class T>
void fill_numbers(T* out, philox64_key key, std::uint64_t zeroth, std::uint64_t base,
                  std::int64_t first, std::int64_t count) {
  if (first == 0 && count > 0) {
    *out++ = numpy_uniform<T>(key, zeroth);
    ++first;
    --count;
  }
  fill_blocks(out, key, base + static_cast<std::uint64_t>(first), count);
}

}  // namespace

void fill_uniform(float* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                  std::int64_t count) {
  fill(uniform_draw<float>{seed}, out, offset + static_cast<std::uint64_t>(first), count);
}

void fill_uniform(double* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                  std::int64_t count) {
  fill(uniform_draw<double>{seed}, out, offset + static_cast<std::uint64_t>(first), count);
}

void fill_normal(float* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                 std::int64_t count, float mean, float stddev) {
  fill(normal_draw<float>{seed, mean, stddev}, out, offset + static_cast<std::uint64_t>(first),
       count);
}

void fill_normal(double* out, std::uint64_t seed, std::uint64_t offset, std::int64_t first,
                 std::int64_t count, double mean, double stddev) {
  fill(normal_draw<double>{seed, mean, stddev}, out, offset + static_cast<std::uint64_t>(first),
       count);
}

void fill_blocks(std::uint64_t seed, std::uint64_t first, std::uint32_t counter,
                 std::uint32_t* out) {
  static_assert(blocks_batch == batch);
  generate<4>(out, seed, of_groups{first, counter});
}

void fill_numpy(float* out, philox64_key key, std::uint64_t zeroth, std::uint64_t base,
                std::int64_t first, std::int64_t count) {
  fill_numbers(out, key, zeroth, base, first, count);
}

void fill_numpy(double* out, philox64_key key, std::uint64_t zeroth, std::uint64_t base,
                std::int64_t first, std::int64_t count) {
  fill_numbers(out, key, zeroth, base, first, count);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
