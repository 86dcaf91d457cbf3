// Standard normal numbers from Philox's words, by Box and Muller's transform.
//
// Source: curand_normal.h (words to values).
#pragma once

#include <dsl/philox.hpp>

namespace sloth::inline SLOTH_ABI {

/// Box-Muller's pair: radius sin(angle) and radius cos(angle).
template <class T>
struct philox_pair {
  T sine, cosine;
};

/// curand_normal.h's _curand_box_muller: u, v in (0, 1], (0, 2 pi] as floats, sqrt(-2 log u) times
/// sin v and cos v. Within 4 eps sqrt(-2 log u), eps = 2^-23, of that in long double at the same u
/// and v: log, sin and cos 1 ulp, sqrt and the product half an ulp. The host generator's bits
/// where libm is the same; the device generator uses __sincosf, absolute error 2^-21.
SLOTH_HD inline philox_pair<float> philox_box_muller(std::uint32_t x, std::uint32_t y) {
  constexpr float turn = 0x1p-32f * 6.2831855f;
  float const u = philox_unit(x);
#if defined(__CUDA_ARCH__)
  float const v = __fadd_rn(__fmul_rn(static_cast<float>(y), turn), turn / 2);
  float s, c;
  ::sincosf(v, &s, &c);
  float const radius = __fsqrt_rn(-2.0f * ::logf(u));
#else
  float const v = static_cast<float>(y) * turn + turn / 2;
  float const s = std::sin(v), c = std::cos(v);
  float const radius = std::sqrt(-2.0f * std::log(u));
#endif
  return {radius * s, radius * c};
}

#if defined(__CUDACC__)
/// p[m] = a polynomial of z[m], the coefficient of its highest power first. Several at once: a constant takes
/// two instructions to load.
template <int M, int N>
__device__ void philox_polynomial(double const (&z)[M], double const (&coefficient)[N],
                                  double (&p)[M]) {
#pragma unroll
  for (int m = 0; m < M; ++m) p[m] = coefficient[0];
#pragma unroll
  for (int k = 1; k < N; ++k)
#pragma unroll
    for (int m = 0; m < M; ++m) p[m] = __fma_rn(p[m], z[m], coefficient[k]);
}

/// radius[m] = sqrt(-2 log u[m]), u in [2^-54, 1], 0 at 1.
template <int M>
__device__ void philox_radii(double const (&u)[M], double (&radius)[M]) {
  // log u = k log 2 + log(1 + f), 1 + f in [sqrt(1/2), sqrt(2)); log(1 + f) = 2 atanh s, s = f / (2 + f).
  constexpr int half_root = 0x3fe6a09e;  // upper word of sqrt(1/2)
  constexpr double rest[] = {0.147957859215164078, 0.153140694785716042, 0.181835634830876253,
                             0.222221985914475978, 0.285714287421894253, 0.399999999994156585,
                             0.666666666666673402};  // (2 atanh s - 2 s) / s^3 in s^2
  constexpr double log2_high = 6.93147180369123816490e-01, log2_low = 1.90821492927058770002e-10;
  double f[M], k[M], s[M], z[M], p[M];
#pragma unroll
  for (int m = 0; m < M; ++m) {
    int const high = __double2hiint(u[m]) + (0x3ff00000 - half_root);
    f[m] = __hiloint2double((high & 0xfffff) + half_root, __double2loint(u[m])) - 1;
    // An integer as a double: it is added to 2^52 + 2^30 by its bits.
    k[m] = __hiloint2double(0x43300000, (high >> 20) - 0x3ff + 0x40000000) - (0x1p52 + 0x1p30);
    double const divisor = f[m] + 2;
    double inverse = 0;
    asm("rcp.approx.ftz.f64 %0, %1;" : "=d"(inverse) : "d"(divisor));
    inverse = __fma_rn(inverse, __fma_rn(-divisor, inverse, 1.), inverse);
    s[m] = __dmul_rn(f[m], inverse);
    s[m] = __fma_rn(__fma_rn(-divisor, s[m], f[m]), inverse, s[m]);
    z[m] = __dmul_rn(s[m], s[m]);
  }
  philox_polynomial(z, rest, p);
#pragma unroll
  for (int m = 0; m < M; ++m) {
    // 2 s = f - f^2 / 2 + s f^2 / 2: what is small is added last to first.
    double const half_square = __dmul_rn(__dmul_rn(0.5, f[m]), f[m]);
    double const small =
        __fma_rn(s[m], __fma_rn(p[m], z[m], half_square), __dmul_rn(k[m], log2_low)) - half_square;
    double const square = -2 * __fma_rn(k[m], log2_high, __dadd_rn(f[m], small));
    double root = 0;  // of 1 / square; that of 0 is finite
    asm("rsqrt.approx.ftz.f64 %0, %1;" : "=d"(root) : "d"(__dadd_rn(square, 0x1p-1000)));
    double half = __dmul_rn(0.5, root), r = __dmul_rn(square, root);
    double const error = __fma_rn(-r, half, 0.5);
    r = __fma_rn(r, error, r);
    half = __fma_rn(half, error, half);
    radius[m] = __fma_rn(half, __fma_rn(-r, r, square), r);
  }
}

/// out[2 m] and out[2 m + 1]: the pair of block m. Within the bound of philox_box_muller (1.7 eps sqrt(-2 log
/// u) over 2^21 pairs). The polynomials are minimax ones, by Remez's algorithm. Products and sums are told
/// one by one, so that the bits do not depend on M.
template <int M>
__device__ void philox_normal_pairs(philox_block const (&block)[M], double* out) {
  constexpr double sine_rest[] = {1.58962138862847651e-10, -2.50507474903342103e-08,
                                  2.75573136197001565e-06, -1.98412698295848469e-04,
                                  8.33333333332211303e-03, -1.66666666666666297e-01};
  constexpr double cosine_rest[] = {-1.13585252245773698e-11, 2.08757006288034414e-09,
                                    -2.75573141777667127e-07, 2.48015872888465471e-05,
                                    -1.38888888888730492e-03, 4.16666666666665950e-02};
  double u[M], radius[M], x[M], z[M], p[M], q[M];
  int quarter[M];
#pragma unroll
  for (int m = 0; m < M; ++m) u[m] = philox_unit(block[m].word[0], block[m].word[1]);
  philox_radii(u, radius);
#pragma unroll
  for (int m = 0; m < M; ++m) {  // 2 pi of a turn, less the nearest quarters of it
    double const turn = philox_unit(block[m].word[2], block[m].word[3]);
    double const rounded = __fma_rn(turn, 4., 0x1.8p52);
    quarter[m] = __double2loint(rounded);
    x[m] = __dmul_rn(__fma_rn(rounded - 0x1.8p52, -0.25, turn), 6.283185307179586);
    z[m] = __dmul_rn(x[m], x[m]);
  }
  philox_polynomial(z, sine_rest, p);
  philox_polynomial(z, cosine_rest, q);
#pragma unroll
  for (int m = 0; m < M; ++m) {
    double const sine = __fma_rn(__dmul_rn(x[m], z[m]), p[m], x[m]);
    double const cosine = __fma_rn(__dmul_rn(z[m], z[m]), q[m], __fma_rn(z[m], -0.5, 1.));
    auto const with_sign = [](double v, int quarters) {  // behind two of them it is the other one
      return __hiloint2double(__double2hiint(v) ^ static_cast<int>(quarters << 30 & 0x80000000u),
                              __double2loint(v));
    };
    bool const odd = quarter[m] & 1;
    out[2 * m] = __dmul_rn(radius[m], with_sign(odd ? cosine : sine, quarter[m]));
    out[2 * m + 1] = __dmul_rn(radius[m], with_sign(odd ? sine : cosine, quarter[m] + 1));
  }
}
#endif

/// curand_normal.h's _curand_box_muller_double: u in (0, 1], v in (0, 2], sqrt(-2 log u) times
/// sin(pi v) and cos(pi v). Within 6 eps sqrt(-2 log u), eps = 2^-52, of that in long double at the
/// same u and v: 2.5 as above, 2 for rounding pi v below 2 pi, 1.1 for pi itself. The host
/// generator's bits where libm is the same; the device computes philox_normal_pairs.
SLOTH_HD inline philox_pair<double> philox_box_muller(std::uint32_t x0, std::uint32_t x1,
                                                      std::uint32_t y0, std::uint32_t y1) {
#if defined(__CUDA_ARCH__)
  philox_block const block[] = {{{x0, x1, y0, y1}}};
  double pair[2];
  philox_normal_pairs(block, pair);
  return {pair[0], pair[1]};
#else
  double const u = philox_unit(x0, x1);
  double const angle = 2 * philox_unit(y0, y1) * 3.1415926535897932;
  double const s = std::sin(angle), c = std::cos(angle);
  double const radius = std::sqrt(-2.0 * std::log(u));
  return {radius * s, radius * c};
#endif
}

/// Element i of a draw at `offset` of standard normal numbers, in the order of curandGenerateNormal
/// and curandGenerateNormalDouble: elements (2k, 2k + 1) of the stream are the sine and the cosine
/// of one pair, whose radius comes from the words of uniform 2k and whose angle from 2k + 1. So an
/// odd offset starts with the second half of a pair, and a generator rounds its offset up to even
/// before and after a draw of normals, else they share words with their neighbours (cuRAND's do).
template <class T>
SLOTH_HD inline T philox_normal(philox_keys const& keys, std::uint64_t offset, std::uint64_t i) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "philox_normal: draws are float or double; cast the result");
  std::uint64_t const j = offset + i;
  if constexpr (std::is_same_v<T, float>) {
    philox_block const b = philox_block32(keys, j);
    auto const z =
        (j & 2) ? philox_box_muller(b.word[2], b.word[3]) : philox_box_muller(b.word[0], b.word[1]);
    return (j & 1) ? z.cosine : z.sine;
  } else {
    philox_block const b = philox_block64(keys, j);
    auto const z = philox_box_muller(b.word[0], b.word[1], b.word[2], b.word[3]);
    return (j & 1) ? z.cosine : z.sine;
  }
}

}  // namespace sloth::inline SLOTH_ABI
