// Loops over a chunk with several independent vector accumulators, in a fixed order of additions.
#pragma once

#include <dsl/config.hpp>

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"  // wide vectors are passed to inlined lambdas only
#endif

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

// One AVX register; without AVX the compilers split it.
template <class T>
inline constexpr int lane_count = 32 / sizeof(T);
template <class T>
using lanes __attribute__((vector_size(32))) = T;

template <class T>
lanes<T> load_lanes(T const* from) {
  lanes<T> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
/// lane_count<A> values as A.
template <class A, class T>
lanes<A> load_lanes_as(T const* from) {
  if constexpr (std::is_same_v<A, T>) {
    return load_lanes(from);
  } else {
    using few __attribute__((vector_size(lane_count<A> * sizeof(T)))) = T;
    few v;
    std::memcpy(&v, from, sizeof v);
    return __builtin_convertvector(v, lanes<A>);
  }
}

/// The sum of the lanes, in a fixed order.
template <class T>
T total(lanes<T> a) {
  T sum{};
  for (int k = 0; k < lane_count<T> / 2; ++k) sum += a[k] + a[k + lane_count<T> / 2];
  return sum;
}

/// The sum of term(value as A) over values[0..n); `term` takes lanes and single values.
template <class A, class T, class F>
A sum_lanes(T const* values, std::int64_t n, F term) {
  constexpr int w = lane_count<A>;
  A sum{};
  std::int64_t i = 0;
  if (n >= w) {
    lanes<A> a{}, b{}, c{}, d{};
    for (; i + 4 * w <= n; i += 4 * w) {
      a += term(load_lanes_as<A>(values + i));
      b += term(load_lanes_as<A>(values + i + w));
      c += term(load_lanes_as<A>(values + i + 2 * w));
      d += term(load_lanes_as<A>(values + i + 3 * w));
    }
    for (; i + w <= n; i += w) a += term(load_lanes_as<A>(values + i));
    sum = total<A>((a + b) + (c + d));
  }
  for (; i < n; ++i) sum += term(static_cast<A>(values[i]));
  return sum;
}

/// The sums of d and of d^2 over d = value - origin, in one pass over values[0..n).
template <class A>
struct deviations {
  A sum{}, squares{};
};
template <class A, class T>
deviations<A> sum_deviations(T const* values, std::int64_t n, A origin) {
  constexpr int w = lane_count<A>;
  deviations<A> all;
  std::int64_t i = 0;
  if (n >= w) {
    lanes<A> sum[4]{}, squares[4]{};
    auto const add = [&](int k, lanes<A> value) {
      lanes<A> const d = value - origin;
      sum[k] += d;
      squares[k] += d * d;
    };
    for (; i + 4 * w <= n; i += 4 * w)
      for (int k = 0; k < 4; ++k) add(k, load_lanes_as<A>(values + i + k * w));
    for (; i + w <= n; i += w) add(0, load_lanes_as<A>(values + i));
    all.sum = total<A>((sum[0] + sum[1]) + (sum[2] + sum[3]));
    all.squares = total<A>((squares[0] + squares[1]) + (squares[2] + squares[3]));
  }
  for (; i < n; ++i) {
    A const d = static_cast<A>(values[i]) - origin;
    all.sum += d;
    all.squares += d * d;
  }
  return all;
}

/// The better of two floating values: NaN, or the least (Less: else the greatest).
template <bool Less, class T>
T extreme(T a, T b) {
  return ((Less ? b < a : b > a) | (b != b)) != 0 ? b : a;  // one blend: nothing beats a NaN in a
}

/// The least (Less: else the greatest) of values[0..n), n > 0; NaN when there is one. Nothing here
/// branches on a value: where the extreme lies cannot be predicted.
template <bool Less, class T>
T extreme_lanes(T const* values, std::int64_t n) {
  // The operands' order is that of minps and maxps, which this becomes; NaN is noted aside.
  auto const pick = [](auto x, auto y) { return (Less ? y < x : y > x) ? y : x; };
  T best = values[0];
  std::int64_t i = 0;
  if constexpr (std::is_floating_point_v<T>) {
    constexpr int w = lane_count<T>;
    bool any_nan = false;
    if (n >= w) {
      lanes<T> a = load_lanes(values), b = a, c = a, d = a;
      auto nan = a != a;
      for (; i + 4 * w <= n; i += 4 * w) {
        lanes<T> const e = load_lanes(values + i), f = load_lanes(values + i + w);
        lanes<T> const g = load_lanes(values + i + 2 * w), h = load_lanes(values + i + 3 * w);
        nan |= ((e != e) | (f != f)) | ((g != g) | (h != h));
        a = pick(a, e);
        b = pick(b, f);
        c = pick(c, g);
        d = pick(d, h);
      }
      for (; i + w <= n; i += w) {
        lanes<T> const e = load_lanes(values + i);
        nan |= e != e;
        a = pick(a, e);
      }
      a = pick(pick(a, b), pick(c, d));
      for (int k = 0; k < w; ++k) {
        any_nan |= nan[k] != 0;
        best = pick(best, T(a[k]));
      }
    }
    for (; i < n; ++i) {
      any_nan |= values[i] != values[i];
      best = pick(best, values[i]);
    }
    if (any_nan) return std::numeric_limits<T>::quiet_NaN();
  } else {
    for (; i < n; ++i) best = pick(best, values[i]);
  }
  return best;
}

/// The first i < n with test(values[i]), or n; `test` takes lanes and single values.
template <class T, class F>
std::int64_t first_of(T const* values, std::int64_t n, F test) {
  constexpr int w = lane_count<T>;
  std::int64_t i = 0;
  for (; i + 4 * w <= n; i += 4 * w) {
    auto const found =
        (test(load_lanes(values + i)) | test(load_lanes(values + i + w))) |
        (test(load_lanes(values + i + 2 * w)) | test(load_lanes(values + i + 3 * w)));
    std::uint64_t any[4];
    std::memcpy(any, &found, sizeof any);
    if (((any[0] | any[1]) | (any[2] | any[3])) != 0) break;
  }
  while (i < n && !test(values[i])) ++i;
  return i;
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
