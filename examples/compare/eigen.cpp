#include "eigen.hpp"

#include <Eigen/Core>

#include <algorithm>

namespace plain_eigen {

namespace {

template <class T>
using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

/// `batch` neighbouring blocks of Philox4x32-10, word by word so that the loops vectorise.
constexpr int batch = 64;
struct blocks {
  std::uint32_t word[4][batch];

  blocks(std::uint64_t seed, std::uint32_t row, std::uint32_t thread) {
    for (int i = 0; i < batch; ++i) {
      word[0][i] = row;
      word[2][i] = thread + static_cast<std::uint32_t>(i);
      word[1][i] = word[3][i] = 0;
    }
    auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
      for (int i = 0; i < batch; ++i) {
        std::uint64_t const p0 = std::uint64_t{0xD2511F53u} * word[0][i];
        std::uint64_t const p1 = std::uint64_t{0xCD9E8D57u} * word[2][i];
        word[0][i] = static_cast<std::uint32_t>(p1 >> 32) ^ word[1][i] ^ k0;
        word[1][i] = static_cast<std::uint32_t>(p1);
        word[2][i] = static_cast<std::uint32_t>(p0 >> 32) ^ word[3][i] ^ k1;
        word[3][i] = static_cast<std::uint32_t>(p0);
      }
  }
};

float unit(std::uint32_t x) { return static_cast<float>(x) * 0x1p-32f + 0x1p-33f; }
double unit(std::uint32_t x, std::uint32_t y) {
  return static_cast<double>(static_cast<std::int64_t>(x ^ (std::uint64_t{y} << 21))) * 0x1p-53 +
         0x1p-54;
}

/// Four elements a block of `threads` neighbours, from element `first` of the stream.
template <class T>
void four_each(T* out, std::uint64_t seed, std::uint64_t first, int threads) {
  auto const turn = static_cast<std::uint32_t>(first >> 18);
  auto const thread = static_cast<std::uint32_t>(first >> 2) & 65535u;
  if constexpr (sizeof(T) == 4) {
    blocks const b(seed, turn, thread);
    for (int i = 0; i < threads; ++i)
      for (int w = 0; w < 4; ++w) out[4 * i + w] = unit(b.word[w][i]);
  } else {
    for (std::uint32_t half = 0; half < 2; ++half) {
      blocks const b(seed, 2 * turn + half, thread);
      for (int i = 0; i < threads; ++i)
        for (int w = 0; w < 2; ++w)
          out[4 * i + 2 * half + w] = unit(b.word[2 * w][i], b.word[2 * w + 1][i]);
    }
  }
}

/// Elements [offset, offset + count) of cuRAND's uniform stream, which sloth::rand draws too, on
/// all cores: Eigen's own setRandom() is std::rand() on one.
template <class T>
void fill(T* out, std::int64_t count, std::uint64_t seed, std::uint64_t offset) {
  std::uint64_t const begin = offset, end = offset + static_cast<std::uint64_t>(count);
  constexpr std::uint64_t width = 4 * batch;  // divides a turn of 2^18 elements
  auto const first = static_cast<std::int64_t>(begin / width);
  auto const last = static_cast<std::int64_t>((end + width - 1) / width);
#pragma omp parallel for num_threads(Eigen::nbThreads()) if (count > 32768)
  for (std::int64_t i = first; i < last; ++i) {
    std::uint64_t const at = static_cast<std::uint64_t>(i) * width;
    if (at >= begin && at + width <= end) {
      four_each(out + (at - begin), seed, at, batch);
    } else {  // the ragged ends
      T all[width];
      four_each(all, seed, at, batch);
      std::uint64_t const from = std::max(at, begin), to = std::min(at + width, end);
      std::copy(all + (from - at), all + (to - at), out + (from - begin));
    }
  }
}

}  // namespace

std::string version() {
  return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

void use_threads(int count) { Eigen::setNbThreads(count); }

// Eigen's matrices are column-major: filled in memory order, x is the transpose of Sloth's, and so
// is x * x. In memory order both hold the same numbers.
template <class T>
std::shared_ptr<T const> random_products(std::int64_t n, int steps, std::uint64_t seed) {
  auto const x = std::make_shared<matrix<T>>(n, n);
  for (int step = 0; step < steps; ++step) {
    fill(x->data(), n * n, seed, static_cast<std::uint64_t>(step * n * n));
    *x = *x * *x;
  }
  return {x, x->data()};
}

template <class T>
std::shared_ptr<T const> square(T const* x, std::int64_t n) {
  Eigen::Map<matrix<T> const> const m(x, n, n);
  auto const product = std::make_shared<matrix<T>>(m * m);
  return {product, product->data()};
}

template std::shared_ptr<float const> random_products(std::int64_t, int, std::uint64_t);
template std::shared_ptr<double const> random_products(std::int64_t, int, std::uint64_t);
template std::shared_ptr<float const> square(float const*, std::int64_t);
template std::shared_ptr<double const> square(double const*, std::int64_t);

}  // namespace plain_eigen
