#include <kernels/host/copy.hpp>
#include <kernels/host/lanes.hpp>

#include <algorithm>
#include <cstring>

#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

// One axis of both sides.
struct axis {
  std::int64_t to, from, length;
};

// Whole registers, the last one overlapping: rows of a broadcast column are short.
template <class U>
void fill(U* to, U value, std::int64_t n) {
  constexpr std::int64_t w = sizeof(lanes<std::uint64_t>) / sizeof(U);
  if (n < w) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = value;
    return;
  }
  U pattern[w];
  std::fill_n(pattern, w, value);
  lanes<std::uint64_t> whole;
  std::memcpy(&whole, pattern, sizeof whole);
  for (std::int64_t i = 0; i + w <= n; i += w) std::memcpy(to + i, &whole, sizeof whole);
  std::memcpy(to + n - w, &whole, sizeof whole);
}

template <class U>
void line(U* to, U const* from, axis a) {
  if (a.to == 1 && a.from == 1) {
    if (a.length >= 32)
      std::memmove(to, from, static_cast<std::size_t>(a.length) * sizeof(U));  // x = x overlaps
    else
      for (std::int64_t i = 0; i < a.length; ++i) to[i] = from[i];
  } else if (a.to == 1 && a.from == 0) {
    fill(to, *from, a.length);
  } else if (a.to == 1) {
    for (std::int64_t i = 0; i < a.length; ++i) to[i] = from[i * a.from];
  } else {
    for (std::int64_t i = 0; i < a.length; ++i) to[i * a.to] = from[i * a.from];
  }
}

#if defined(__AVX__)
// to[i][j] = from[j][i] for 8 x 8 words: the network of unpack, shuffle and permute of "Intel 64
// and IA-32 Architectures Optimization Reference Manual", 15.12.
void transpose_square(std::uint32_t* to, std::int64_t to_row, std::uint32_t const* from,
                      std::int64_t from_row) {
  __m256 r[8], s[8];
  for (int j = 0; j < 8; ++j)
    r[j] = _mm256_loadu_ps(reinterpret_cast<float const*>(from + j * from_row));
  for (int j = 0; j < 8; j += 2) {
    s[j] = _mm256_unpacklo_ps(r[j], r[j + 1]);
    s[j + 1] = _mm256_unpackhi_ps(r[j], r[j + 1]);
  }
  for (int j = 0; j < 8; j += 4) {
    r[j] = _mm256_shuffle_ps(s[j], s[j + 2], 0x44);
    r[j + 1] = _mm256_shuffle_ps(s[j], s[j + 2], 0xee);
    r[j + 2] = _mm256_shuffle_ps(s[j + 1], s[j + 3], 0x44);
    r[j + 3] = _mm256_shuffle_ps(s[j + 1], s[j + 3], 0xee);
  }
  for (int j = 0; j < 4; ++j) {
    _mm256_storeu_ps(reinterpret_cast<float*>(to + j * to_row),
                     _mm256_permute2f128_ps(r[j], r[j + 4], 0x20));
    _mm256_storeu_ps(reinterpret_cast<float*>(to + (j + 4) * to_row),
                     _mm256_permute2f128_ps(r[j], r[j + 4], 0x31));
  }
}

void transpose_square(std::uint64_t* to, std::int64_t to_row, std::uint64_t const* from,
                      std::int64_t from_row) {
  __m256d r[4];
  for (int j = 0; j < 4; ++j)
    r[j] = _mm256_loadu_pd(reinterpret_cast<double const*>(from + j * from_row));
  __m256d const a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
  __m256d const c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
  auto const store = [&](int i, __m256d v) {
    _mm256_storeu_pd(reinterpret_cast<double*>(to + i * to_row), v);
  };
  store(0, _mm256_permute2f128_pd(a, c, 0x20));
  store(1, _mm256_permute2f128_pd(b, d, 0x20));
  store(2, _mm256_permute2f128_pd(a, c, 0x31));
  store(3, _mm256_permute2f128_pd(b, d, 0x31));
}
template <class U>
constexpr int square = sizeof(U) == 4   ? 8
                       : sizeof(U) == 8 ? 4
                                        : 1;
#else
template <class U>
constexpr int square = 1;
#endif

// Axis `rows` is contiguous in `from`, `columns` in `to`: squares in registers, then the rest.
template <class U>
void transpose(U* to, U const* from, axis rows, axis columns) {
  constexpr int w = square<U>;
  std::int64_t whole_rows = 0, whole_columns = 0;
  if constexpr (w > 1) {
    whole_rows = rows.length / w * w;
    whole_columns = columns.length / w * w;
    for (std::int64_t j = 0; j < whole_columns; j += w)
      for (std::int64_t i = 0; i < whole_rows; i += w)
        transpose_square(to + i * rows.to + j, rows.to, from + j * columns.from + i, columns.from);
  }
  for (std::int64_t j = 0; j < columns.length; ++j)
    for (std::int64_t i = j < whole_columns ? whole_rows : 0; i < rows.length; ++i)
      to[i * rows.to + j] = from[j * columns.from + i];
}

template <class U>
void plane(U* to, U const* from, axis outer, axis inner) {
  if (outer.from == 1 && inner.to == 1 && inner.from > 1 && outer.length >= 4)
    return transpose(to, from, outer, inner);
  bool const gathers = std::abs(outer.from) < std::abs(inner.from) && outer.from != 0;
  if ((gathers || inner.length < 8) && outer.length > inner.length) std::swap(outer, inner);
  for (std::int64_t i = 0; i < outer.length; ++i)
    line(to + i * outer.to, from + i * outer.from, inner);
}

template <class U>
void copy(U* to, std::int64_t const* to_stride, U const* from, std::int64_t const* from_stride,
          std::int64_t const* length, int rank) {
  if (rank == 0) {
    *to = *from;
  } else if (rank == 1) {
    line(to, from, {to_stride[0], from_stride[0], length[0]});
  } else if (rank == 2) {
    plane(to, from, {to_stride[0], from_stride[0], length[0]},
          {to_stride[1], from_stride[1], length[1]});
  } else {
    for (std::int64_t i = 0; i < length[0]; ++i)
      copy(to + i * to_stride[0], to_stride + 1, from + i * from_stride[0], from_stride + 1,
           length + 1, rank - 1);
  }
}

template <class U>
void copy_as(block_of to, const_block_of from, std::int64_t const* length, int rank) {
  copy(reinterpret_cast<U*>(to.data), to.stride, reinterpret_cast<U const*>(from.data), from.stride,
       length, rank);
}

}  // namespace

void copy_block(block_of to, const_block_of from, std::int64_t const* length, int rank,
                std::int64_t size) {
  while (rank > 1 && length[0] == 1) {
    ++length, ++to.stride, ++from.stride;
    --rank;
  }
  with_word(size, [&]<class U>(U) { copy_as<U>(to, from, length, rank); });
}

void fill(std::byte* to, std::byte const* value, std::int64_t n, std::int64_t size) {
  with_word(size, [&]<class U>(U) {
    fill(reinterpret_cast<U*>(to), *reinterpret_cast<U const*>(value), n);
  });
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
