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

/// The sum of term(value as A) over values[0..n); `term` takes lanes and single values.
template <class A, class T, class F>
A sum_lanes(T const* values, std::int64_t n, F term) {
  constexpr int w = lane_count<A>;
  A total{};
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
    a = (a + b) + (c + d);
    for (int k = 0; k < w / 2; ++k) total += a[k] + a[k + w / 2];
  }
  for (; i < n; ++i) total += term(static_cast<A>(values[i]));
  return total;
}

/// The better of two floating values: NaN, or the least (Less: else the greatest).
template <bool Less, class T>
T extreme(T a, T b) {
  return (Less ? b < a : b > a) || b != b ? (a != a ? a : b) : a;
}

/// The least (Less: else the greatest) of values[0..n), n > 0; NaN when there is one.
template <bool Less, class T>
T extreme_lanes(T const* values, std::int64_t n) {
  T best = values[0];
  std::int64_t i = 0;
  if constexpr (std::is_floating_point_v<T>) {
    constexpr int w = lane_count<T>;
    if (n >= 4 * w) {
      // The operands' order is that of minps and maxps, which this becomes; NaN is noted aside.
      auto const pick = [](lanes<T> x, lanes<T> y) { return (Less ? y < x : y > x) ? y : x; };
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
      a = pick(pick(a, b), pick(c, d));
      bool any = false;
      for (int k = 0; k < w; ++k) {
        any = any || nan[k] != 0;
        best = extreme<Less>(best, T(a[k]));
      }
      if (any) return std::numeric_limits<T>::quiet_NaN();
    }
    for (; i < n; ++i) best = extreme<Less>(best, values[i]);
  } else {
    for (; i < n; ++i) best = (Less ? values[i] < best : values[i] > best) ? values[i] : best;
  }
  return best;
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
