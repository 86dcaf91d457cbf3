// Element types at run time, casts, broadcasting.
#include <test/forms/bounded.hpp>

#include <cmath>
#include <limits>

namespace forms {

using std::int64_t;

namespace {

struct format {
  int digits, least_exponent;
  long double largest;
};
template <class T>
format format_of() {
  using limits = std::numeric_limits<T>;
  return {limits::digits, limits::min_exponent, static_cast<long double>(limits::max())};
}
format format_of(dtype t) {
  switch (part_of(t)) {
    case dtype::f16: return format_of<sloth::f16>();
    case dtype::bf16: return format_of<sloth::bf16>();
    case dtype::f32: return format_of<float>();
    default: return format_of<double>();
  }
}

// Least and greatest of an integer type.
std::pair<long double, long double> range_of(dtype t) {
  return sloth::visit(t, [&]<class T>() -> std::pair<long double, long double> {
    if constexpr (std::is_integral_v<T>)
      return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    else
      return {0, 0};
  });
}

long double truncated(dtype t, long double v) {
  auto const [least, greatest] = range_of(t);
  if (v != v) return 0;
  return v <= least ? least : v >= greatest ? greatest : std::trunc(v) + 0.L;
}

}  // namespace

bool is_complex(dtype t) { return t == dtype::complex64 || t == dtype::complex128; }
bool is_floating(dtype t) { return t >= dtype::f16 && !is_complex(t); }
bool is_integral(dtype t) { return t < dtype::f16; }
dtype part_of(dtype t) {
  return t == dtype::complex64 ? dtype::f32 : t == dtype::complex128 ? dtype::f64 : t;
}

long double rounded_to(dtype t, long double v) {
  switch (part_of(t)) {
    case dtype::f16: return sloth::f16(static_cast<double>(v));
    case dtype::bf16: return sloth::bf16(static_cast<double>(v));
    case dtype::f32: return static_cast<float>(v);
    default: return static_cast<double>(v);
  }
}

long double ulp(dtype t, long double v) {
  format const f = format_of(t);
  int exponent = f.least_exponent;
  if (v != 0) exponent = std::max(exponent, std::ilogb(v) + 1);
  return std::ldexp(1.L, exponent - f.digits);
}

long double rounding(dtype t, double ulps, long double v) {
  if (t == dtype::f16 || t == dtype::bf16)
    return (ulps > 0 ? 0.5L : 0.L) * ulp(t, v) + ulps * ulp(dtype::f32, v);
  return ulps * ulp(t, v);
}

std::uint64_t bits_of(long double v) {
  return v < 0 ? static_cast<std::uint64_t>(static_cast<int64_t>(v))
               : static_cast<std::uint64_t>(v);
}
long double wrapped(dtype t, std::uint64_t bits) {
  return sloth::visit(t, [&]<class T>() -> long double {
    if constexpr (std::is_same_v<T, bool>)
      return bits != 0;
    else if constexpr (std::is_integral_v<T>)
      return static_cast<T>(bits);
    else
      return 0;
  });
}

cell settled(dtype t, long double v, long double error) {
  if (!std::isfinite(v) || !std::isfinite(error)) return undecided();
  long double const largest = format_of(t).largest, beyond = largest + ulp(t, largest) / 2;
  if (std::abs(v) - error >= beyond)
    return exactly(std::copysign(std::numeric_limits<long double>::infinity(), v));
  if (std::abs(v) + error >= beyond) return undecided();
  return {v, 0, error + std::abs(v) * 0x1p-60L + std::numeric_limits<long double>::min()};
}

int truth(cell const& c) {
  if (!c.decided) return -1;
  if (c.bound > 0 && std::hypot(c.re, c.im) <= c.bound) return -1;
  return c.re != 0 || c.im != 0;
}

cell cast(cell const& c, dtype from, dtype to) {
  if (from == to || !c.decided) return c;
  if (to == dtype::boolean) {
    int const t = truth(c);
    return t < 0 ? undecided() : exactly(t);
  }
  if (is_integral(to)) {
    if (is_integral(from)) return exactly(wrapped(to, bits_of(c.re)));
    long double const low = truncated(to, c.re - c.bound), high = truncated(to, c.re + c.bound);
    return low == high ? exactly(low) : undecided();
  }
  cell out = c;
  if (!is_complex(to)) out.im = 0;
  if (c.is_exact()) {
    out.re = rounded_to(to, out.re);
    out.im = rounded_to(to, out.im);
    return out;
  }
  format const wide = format_of(to), own = format_of(from);
  if (wide.digits >= own.digits && wide.largest >= own.largest) return out;
  long double const size = std::hypot(out.re, out.im) + out.bound;
  if (!is_complex(to)) return settled(to, out.re, out.bound + ulp(to, size) / 2);
  if (!(size < format_of(to).largest)) return undecided();
  out.bound += ulp(to, size);  // half of one in each part
  return out;
}

bounded cast(bounded const& x, dtype to) {
  bounded out(to, x.shape);
  for (std::size_t i = 0; i < x.cells.size(); ++i) out.cells[i] = cast(x.cells[i], x.type, to);
  return out;
}

}  // namespace forms
