// The error that a sum may have, for the tests of reductions.
#pragma once

#include <dsl/dtype.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

using precise = long double;

/// Half the distance from 1 to the next number of the type that a reduction computes in.
template <class T>
constexpr precise unit_roundoff() {
  if constexpr (std::is_same_v<T, sloth::f16>)
    return 0x1p-11L;
  else if constexpr (std::is_same_v<T, sloth::bf16>)
    return 0x1p-8L;
  else if constexpr (sloth::is_floating<T>)
    return std::numeric_limits<sloth::real_t<T>>::epsilon() / 2;
  else
    return 0x1p-53L;
}

/// Additions that a value passes at most: a run inside a chunk, then a tree.
inline precise depth(std::size_t n) {
  precise const terms = static_cast<precise>(n);
  return std::min(terms, 64 + std::log2(terms + 1)) + 2;
}
