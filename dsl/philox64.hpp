// Philox4x64-10 as NumPy draws from it: Generator(Philox(seed)).random() by index.
//
// Sources: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (the
// bijection); O'Neill's seed_seq as NumPy's SeedSequence has it (a seed to a key). The stream is one
// of 64-bit words: word j is word j % 4 of the block of counter j / 4 + 1. A double takes one word, a
// float half of one, the low half first.
#pragma once

#include <dsl/config.hpp>

#include <cstdint>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {

struct philox64_key {
  std::uint64_t word[2];
};
struct philox64_block {
  std::uint64_t word[4];
};

/// SeedSequence(seed).generate_state(2, uint64).
constexpr philox64_key numpy_key(std::uint64_t seed) {
  std::uint32_t pool[4] = {}, multiplier = 0x43b0d7e5u;
  auto const hash = [&multiplier](std::uint32_t value, std::uint32_t step) {
    value ^= multiplier;
    multiplier *= step;
    value *= multiplier;
    return value ^ value >> 16;
  };
  auto const mix = [](std::uint32_t x, std::uint32_t y) {
    std::uint32_t const mixed = 0xca01f9ddu * x - 0x4973f715u * y;
    return mixed ^ mixed >> 16;
  };
  pool[0] = static_cast<std::uint32_t>(seed);
  pool[1] = static_cast<std::uint32_t>(seed >> 32);
  for (auto& word : pool) word = hash(word, 0x931e8875u);
  for (int from = 0; from < 4; ++from)
    for (int to = 0; to < 4; ++to)
      if (from != to) pool[to] = mix(pool[to], hash(pool[from], 0x931e8875u));
  multiplier = 0x8b51f9ddu;
  for (auto& word : pool) word = hash(word, 0x58f38dedu);
  return {{std::uint64_t{pool[1]} << 32 | pool[0], std::uint64_t{pool[3]} << 32 | pool[2]}};
}

/// The upper half of a 64-bit product.
SLOTH_HD inline std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) {
#if defined(__CUDA_ARCH__)
  return __umul64hi(a, b);
#else
  __extension__ using wide = unsigned __int128;
  return static_cast<std::uint64_t>(wide{a} * b >> 64);
#endif
}

/// Block `index` of the stream.
SLOTH_HD inline philox64_block numpy_block(philox64_key key, std::uint64_t index) {
  std::uint64_t c0 = index + 1, c1 = 0, c2 = 0, c3 = 0;
  std::uint64_t k0 = key.word[0], k1 = key.word[1];
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (int round = 0; round < 10; ++round) {
    constexpr std::uint64_t m0 = 0xD2E7470EE14C6C93u, m1 = 0xCA5A826395121157u;
    std::uint64_t const high0 = multiply_high(m0, c0), high1 = multiply_high(m1, c2);
    std::uint64_t const low0 = m0 * c0, low1 = m1 * c2;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B97F4A7C15u;
    k1 += 0xBB67AE8584CAA73Bu;
  }
  return {{c0, c1, c2, c3}};
}

/// Word j % 4 of a block. A chain of selections: a variable index would put the block into local
/// memory on a GPU.
SLOTH_HD constexpr std::uint64_t numpy_word(philox64_block const& b, std::uint64_t j) {
  return j & 2 ? (j & 1 ? b.word[3] : b.word[2]) : (j & 1 ? b.word[1] : b.word[0]);
}

/// The blocks of numbers of T: doubles by the four, floats by the eight.
template <class T>
inline constexpr std::uint64_t numpy_block_size = 32 / sizeof(T);

/// Number j of those of T, in [0, 1), from the block j / numpy_block_size<T>.
template <class T>
SLOTH_HD constexpr T numpy_unit(philox64_block const& b, std::uint64_t j) {
  if constexpr (std::is_same_v<T, float>) {
    std::uint64_t const word = numpy_word(b, j / 2);
    auto const half = static_cast<std::uint32_t>(j & 1 ? word >> 32 : word);
    return static_cast<float>(half >> 8) * 0x1p-24f;
  } else {
    static_assert(std::is_same_v<T, double>, "draws are float or double; cast the result");
    return static_cast<double>(numpy_word(b, j) >> 11) * 0x1p-53;
  }
}
template <class T>
SLOTH_HD inline T numpy_uniform(philox64_key key, std::uint64_t j) {
  return numpy_unit<T>(numpy_block(key, j / numpy_block_size<T>), j);
}

}  // namespace sloth::inline SLOTH_ABI
