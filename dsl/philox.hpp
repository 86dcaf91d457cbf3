// Philox4x32-10 and cuRAND's element order: random numbers as a pure function of (seed, offset, i).
//
// Sources: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (the
// bijection); curand_uniform.h (words to values). cuRAND's element order for
// CURAND_RNG_PSEUDO_PHILOX4_32_10 is not documented: it was found with the host generator of
// cuRAND 10.4 and is compared with it in test/random.cpp. Normal numbers: dsl/box_muller.hpp.
//
// The stream. cuRAND runs 65536 threads; each draws a block of four words at a time and they take
// turns. A block is the bijection of the counter {row, thread}: a row holds 2^18 words.
//   32 bits, element j: word j % 4 of (row j / 2^18, thread j / 4 % 2^16).
//   64 bits, element j: a thread's turn is still four elements, now two blocks, so it is words
//   (0, 1) or (2, 3), by j % 2, of (row 2 (j / 2^18) + j / 2 % 2, thread j / 4 % 2^16).
// Element i of a draw at `offset` is element j = offset + i of the stream of its width, modulo
// 2^64. That is cuRAND for float draws at any curandSetGeneratorOffset and for any sequence of
// draws of one width, uniform and normal mixed. It is not cuRAND
//   - for doubles after curandSetGeneratorOffset(o), 4 <= o: the offset then moves the threads by
//     single blocks, and the row parity and thread of every element past the first turn differ;
//     doubles drawn that way share words with doubles of other offsets, so it is not followed;
//   - for draws of one width after draws of the other: cuRAND's threads then stand in different
//     rows, which no single offset can express; see philox_switch;
//   - past element 2^64.
#pragma once

#include <dsl/config.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {

/// A counter or the four random words made of it.
struct philox_block {
  std::uint32_t word[4];
};

/// The keys of the ten rounds, made from a seed.
struct philox_keys {
  std::uint32_t word[10][2];

  philox_keys() = default;
  SLOTH_HD constexpr philox_keys(std::uint64_t seed) : word{} {  // NOLINT: a seed is one
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (auto& key : word) {
      key[0] = k0;
      key[1] = k1;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  }
};

/// The 64-bit product, in one instruction on a GPU (from C++ nvcc adds a zero to its upper half).
SLOTH_HD constexpr std::uint64_t philox_product(std::uint32_t a, std::uint32_t b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    std::uint64_t product = 0;
    asm("mul.wide.u32 %0, %1, %2;" : "=l"(product) : "r"(a), "r"(b));
    return product;
  }
#endif
  return std::uint64_t{a} * b;
}

/// Four random words: the bijection of `counter` chosen by `keys`, ten rounds of Salmon et al.,
/// whose constants these are.
SLOTH_HD constexpr philox_block philox4x32_10(philox_block counter, philox_keys const& keys) {
  std::uint32_t c0 = counter.word[0], c1 = counter.word[1];
  std::uint32_t c2 = counter.word[2], c3 = counter.word[3];
#if defined(__CUDA_ARCH__)
#pragma unroll
#endif
  for (auto const& key : keys.word) {
    std::uint64_t const p0 = philox_product(0xD2511F53u, c0);
    std::uint64_t const p1 = philox_product(0xCD9E8D57u, c2);
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ key[0];
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ key[1];
    c3 = static_cast<std::uint32_t>(p0);
  }
  return {{c0, c1, c2, c3}};
}

/// Elements in a row of the stream.
inline constexpr std::uint32_t philox_row = std::uint32_t{1} << 18;

/// The words of (row, thread); rows past 2^32 carry into the counter's second word, as cuRAND's.
SLOTH_HD constexpr philox_block philox_words(philox_keys const& keys, std::uint64_t row,
                                             std::uint32_t thread) {
  return philox4x32_10(
      {{static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(row >> 32), thread, 0}}, keys);
}

/// The block that holds element `j` of the 32-bit stream, as word j % 4.
SLOTH_HD constexpr philox_block philox_block32(philox_keys const& keys, std::uint64_t j) {
  return philox_words(keys, j >> 18, static_cast<std::uint32_t>(j >> 2) & 65535u);
}

/// The block that holds element `j` of the 64-bit stream, as words 2 (j % 2) and 2 (j % 2) + 1.
SLOTH_HD constexpr philox_block philox_block64(philox_keys const& keys, std::uint64_t j) {
  return philox_words(keys, 2 * (j >> 18) + ((j >> 1) & 1),
                      static_cast<std::uint32_t>(j >> 2) & 65535u);
}

/// Element i of a draw of 32 random bits at `offset`, the bits of curandGenerate.
SLOTH_HD constexpr std::uint32_t philox_bits32(philox_keys const& keys, std::uint64_t offset,
                                               std::uint64_t i) {
  std::uint64_t const j = offset + i;
  philox_block const b = philox_block32(keys, j);
  // A chain of selections: a variable index would put the block into local memory on a GPU.
  return (j & 2) ? ((j & 1) ? b.word[3] : b.word[2]) : ((j & 1) ? b.word[1] : b.word[0]);
}

/// Element i of a draw of 64 random bits at `offset`: the two words of double i, low word first.
SLOTH_HD constexpr std::uint64_t philox_bits64(philox_keys const& keys, std::uint64_t offset,
                                               std::uint64_t i) {
  std::uint64_t const j = offset + i;
  philox_block const b = philox_block64(keys, j);
  return (j & 1) ? (std::uint64_t{b.word[3]} << 32 | b.word[2])
                 : (std::uint64_t{b.word[1]} << 32 | b.word[0]);
}

/// A word in (0, 1]: curand_uniform.h's _curand_uniform. 2^-32 x is exact once x is a float, so a
/// contracted multiply-add gives the same bits.
SLOTH_HD constexpr float philox_unit(std::uint32_t x) {
  return static_cast<float>(x) * 0x1p-32f + 0x1p-33f;
}

/// Two words in (0, 1]: curand_uniform.h's _curand_uniform_double_hq. Their high words overlap in
/// 11 bits; 53 bits convert and scale exactly, so the sum rounds once.
SLOTH_HD constexpr double philox_unit(std::uint32_t x, std::uint32_t y) {
  return static_cast<double>(x ^ (std::uint64_t{y} << 21)) * 0x1p-53 + 0x1p-54;
}

/// Element i of a draw at `offset` of uniform numbers in (0, 1]: the bits of curandGenerateUniform
/// and curandGenerateUniformDouble. 1 itself appears about once in 2^25 floats.
template <class T>
SLOTH_HD constexpr T philox_uniform(philox_keys const& keys, std::uint64_t offset,
                                    std::uint64_t i) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "philox_uniform: draws are float or double; cast the result");
  if constexpr (std::is_same_v<T, float>) {
    return philox_unit(philox_bits32(keys, offset, i));
  } else {
    std::uint64_t const bits = philox_bits64(keys, offset, i);
    return philox_unit(static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32));
  }
}

/// The offset at which draws of `to_bits` (32 or 64) may begin once draws of `from_bits` have ended
/// at `end`, so that no word serves twice: the same offset for the same width, else the first row
/// (of 2^18 words, or pair of rows) that is still whole. Without it the doubles [0, n) and the
/// floats from 2^18 on share words, and half of those floats are those doubles, rounded.
constexpr std::uint64_t philox_switch(int from_bits, int to_bits, std::uint64_t end) {
  constexpr std::uint64_t row = std::uint64_t{1} << 18;
  if (from_bits == to_bits) return end;
  return from_bits == 32 ? (end + 2 * row - 1) / (2 * row) * row : (end + row - 1) / row * 2 * row;
}

}  // namespace sloth::inline SLOTH_ABI
