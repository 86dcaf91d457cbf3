// The order of elements that tests of sorting compare with.
#pragma once

#include <dsl/sloth.hpp>

#include <cmath>
#include <cstdint>

/// NumPy's order of one type, on elements of it.
template <class T>
bool precedes(T a, T b) {
  if constexpr (sloth::is_complex<T>) {
    if (a.re < b.re) return a.im == a.im || b.im != b.im;
    if (a.re > b.re) return a.im == a.im && b.im != b.im;
    bool const same = a.re == b.re || (a.re != a.re && b.re != b.re);
    return same ? precedes(a.im, b.im) : b.re != b.re;
  } else if constexpr (sloth::is_real_floating<T>) {
    auto const wide = [](T v) { return sloth::convert<double>(v); };
    return wide(a) < wide(b) || (wide(b) != wide(b) && wide(a) == wide(a));
  } else {
    return a < b;
  }
}

/// Elements among which are many equal ones, infinities, -0, and NaNs with and without a sign.
template <class T>
sloth::array<T> with_equals(sloth::generator& draw, std::int64_t rows, std::int64_t n) {
  sloth::array<T> all(sloth::extents{rows, n});
  T* const in = all.data();
  auto const u = draw.uniform(-40., 40., {rows * n, 2}).to_vector();
  for (std::int64_t i = 0; i < rows * n; ++i) {
    auto const part = [&](double v, auto zero) {
      using R = decltype(zero);
      if constexpr (sloth::is_real_floating<R>) {
        if (v > 38) return sloth::convert<R>(v > 39 ? -NAN : NAN);
        if (v < -38) return sloth::convert<R>(v < -39 ? -INFINITY : -0.);
      }
      return sloth::convert<R>(std::floor(v));  // with equal ones
    };
    if constexpr (sloth::is_complex<T>)
      in[i] = T{part(u[2 * i], in[i].re), part(u[2 * i + 1], in[i].re)};
    else
      in[i] = part(u[2 * i], T{});
  }
  return all;
}
