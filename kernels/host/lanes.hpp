// Loops over a chunk with several independent vector accumulators, in a fixed order of additions.
#pragma once

#include <dsl/complex.hpp>

#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"  // wide vectors are passed to inlined lambdas only
#endif

namespace sloth::inline SLOTH_ABI {
namespace host {

// Vectors of 8 elements whatever the instruction set: g++ and clang split them as needed.
template <class T>
using lanes __attribute__((vector_size(8 * sizeof(T)))) = T;

template <class T>
lanes<T> load_lanes(T const* from) {
  lanes<T> v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
template <class A, class T>
lanes<A> load_lanes_as(T const* from) {
  if constexpr (std::is_same_v<A, T>)
    return load_lanes(from);
  else
    return __builtin_convertvector(load_lanes(from), lanes<A>);
}

/// Sum of term(lanes of A at i) over values[0..n); `scalar` is the same term of one value.
template <class A, class T, class V, class S>
A sum_lanes(T const* values, std::int64_t n, V term, S scalar) {
  lanes<A> a{}, b{}, c{}, d{};
  std::int64_t i = 0;
  for (; i + 32 <= n; i += 32) {
    a += term(load_lanes_as<A>(values + i));
    b += term(load_lanes_as<A>(values + i + 8));
    c += term(load_lanes_as<A>(values + i + 16));
    d += term(load_lanes_as<A>(values + i + 24));
  }
  for (; i + 8 <= n; i += 8) a += term(load_lanes_as<A>(values + i));
  a = (a + b) + (c + d);
  A total = ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7]));
  for (; i < n; ++i) total += scalar(static_cast<A>(values[i]));
  return total;
}

/// The least (Less: the greatest) value; NaN when there is one.
template <bool Less, class T>
T extreme(T a, T b) {  // of floating values: b where it wins or is NaN, unless a is NaN
  return (Less ? b < a : b > a) || b != b ? b : a;
}
template <bool Less, class T>
T extreme_lanes(T const* values, std::int64_t n) {
  T best = values[0];
  std::int64_t i = 0;
  if constexpr (std::is_floating_point_v<T>) {
    if (n >= 32) {
      auto const pick = [](lanes<T> x, lanes<T> y) {
        return ((Less ? y < x : y > x) | (y != y)) ? y : x;
      };
      lanes<T> a = load_lanes(values), b = a, c = a, d = a;
      for (; i + 32 <= n; i += 32) {
        a = pick(a, load_lanes(values + i));
        b = pick(b, load_lanes(values + i + 8));
        c = pick(c, load_lanes(values + i + 16));
        d = pick(d, load_lanes(values + i + 24));
      }
      a = pick(pick(a, b), pick(c, d));
      for (int k = 0; k < 8; ++k) best = extreme<Less>(best, T(a[k]));
    }
    for (; i < n; ++i) best = extreme<Less>(best, values[i]);
  } else {
    for (; i < n; ++i) best = (Less ? values[i] < best : values[i] > best) ? values[i] : best;
  }
  return best;
}

}  // namespace host
}  // namespace sloth::inline SLOTH_ABI
