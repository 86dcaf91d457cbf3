// Reductions of bounded rows. A sum may be taken in any order: with n terms it is off by at most n
// half units of the sum of their sizes.
#include <test/forms/bounded.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <span>

namespace forms {

using std::int64_t;

namespace {

using sloth::reduction;
using row = std::span<cell const>;
using number = std::complex<long double>;

// Where a reduction's order may change its last bits, no result is exact.
constexpr long double least_error = std::numeric_limits<long double>::min();
constexpr long double infinity = std::numeric_limits<long double>::infinity();

dtype result_of(reduction op, dtype t) {
  using enum reduction;
  dtype const mean_type = is_integral(t) ? dtype::f64 : t;
  switch (op) {
    case sum:
    case prod:
      if (!is_integral(t)) return t;
      return t >= dtype::u8 ? dtype::u64 : dtype::i64;
    case mean: return mean_type;
    case var:
    case std:
    case norm: return part_of(mean_type);
    case min:
    case max: return t;
    case any:
    case all: return dtype::boolean;
    default: return dtype::i64;
  }
}

// Half a unit of what the reduction of such elements accumulates in, relatively.
long double accumulator_half_unit(dtype t) {
  bool const in_double = part_of(t) == dtype::f64 || is_integral(t);
  return in_double ? 0x1p-53L : 0x1p-24L;
}

cell rounded(dtype result, number v, long double error) {
  long double const size = std::abs(v) + error;
  if (!is_complex(result)) return settled(result, v.real(), error + ulp(result, size) / 2);
  if (!(size < 1e30L)) return undecided();
  return {v.real(), v.imag(), error + ulp(result, size)};
}

struct totals {
  number sum = 0;
  long double sizes = 0, bounds = 0;
};
totals total(row x) {
  totals t;
  for (cell const& c : x) {
    t.sum += number(c.re, c.im);
    t.sizes += std::hypot(c.re, c.im);
    t.bounds += c.bound;
  }
  return t;
}
// NaN or infinite as any order of the sum is; else undecided.
cell not_finite(row x) {
  long double sum = 0;
  for (cell const& c : x)
    if (!std::isfinite(c.re)) sum += c.re;
  return exactly(sum);
}
bool is_finite(row x) {
  return std::all_of(x.begin(), x.end(),
                     [](cell const& c) { return std::isfinite(c.re) && std::isfinite(c.im); });
}

cell sum_of(row x, dtype type, dtype result, bool mean) {
  auto const n = static_cast<long double>(x.size());
  if (!is_finite(x)) return is_complex(type) ? undecided() : not_finite(x);
  if (is_integral(type) && !mean) {
    std::uint64_t bits = 0;
    for (cell const& c : x) bits += bits_of(c.re);
    return exactly(wrapped(result, bits));
  }
  if (mean && x.empty()) return exactly(std::numeric_limits<long double>::quiet_NaN());
  totals const t = total(x);
  long double const error =
      n * accumulator_half_unit(type) * t.sizes + t.bounds * (1 + 0x1p-20L) + least_error;
  return mean ? rounded(result, t.sum / n, error / n * (1 + 0x1p-20L))
              : rounded(result, t.sum, error);
}

cell product_of(row x, dtype type, dtype result) {
  if (is_integral(type)) {
    std::uint64_t bits = 1;
    for (cell const& c : x) bits *= bits_of(c.re);
    return exactly(wrapped(result, bits));
  }
  if (!is_finite(x)) return undecided();
  number product = 1;
  long double sizes = 1;
  for (cell const& c : x) {
    product *= number(c.re, c.im);
    sizes *= (std::hypot(c.re, c.im) + c.bound) * (1 + 4 * accumulator_half_unit(type));
  }
  return rounded(result, product, sizes - std::abs(product) + least_error);
}

// The deviations' squares by two passes or Welford's method, whose error grows with the mean
// (Chan, Golub, LeVeque, 1983): n half units of sqrt(var) times the root of the mean square.
cell variance_of(row x, dtype type, dtype result, double ddof, bool root) {
  auto const n = static_cast<long double>(x.size());
  if (x.empty() || !is_finite(x)) return exactly(std::numeric_limits<long double>::quiet_NaN());
  totals const t = total(x);
  number const mean = t.sum / n;
  long double squares = 0, moved = 0, sizes = 0;
  for (cell const& c : x) {
    long double const d = std::abs(number(c.re, c.im) - mean), b = c.bound + t.bounds / n;
    squares += d * d;
    moved += 2 * d * b + b * b;
    sizes += std::norm(number(c.re, c.im));
  }
  long double const unit = (n + 8) * accumulator_half_unit(type);
  long double const error = moved + 2 * unit * std::sqrt(squares * sizes) + unit * unit * sizes;
  long double const count = std::max(n - static_cast<long double>(ddof), 0.L);
  if (count == 0) return squares == 0 && error == 0 ? exactly(infinity - infinity) : undecided();
  long double const v = squares / count, off = error / count + least_error;
  if (!root) return rounded(result, v, off);
  long double const low = std::sqrt(std::max(v - off, 0.L)), high = std::sqrt(v + off);
  return rounded(result, std::sqrt(v), std::max(std::sqrt(v) - low, high - std::sqrt(v)));
}

cell norm_of(row x, dtype type, dtype result) {
  if (!is_finite(x)) return undecided();
  long double squares = 0, bounds = 0;
  for (cell const& c : x) {
    squares += c.re * c.re + c.im * c.im;
    bounds += c.bound * c.bound;
  }
  auto const n = static_cast<long double>(x.size());
  long double const v = std::sqrt(squares);
  return rounded(result, v,
                 std::sqrt(bounds) + (n + 2) * accumulator_half_unit(type) * v + least_error);
}

cell extreme_of(row x, bool greatest) {
  cell best = x[0];
  bool both_zeros = false;
  for (cell const& c : x) {
    if (best.re != best.re) return best;
    both_zeros |= c.re == 0 && best.re == 0 && std::signbit(c.re) != std::signbit(best.re);
    long double const bound = std::max(best.bound, c.bound);
    if (c.re != c.re || (greatest ? c.re > best.re : c.re < best.re)) best = c;
    best.bound = std::isfinite(best.re) ? bound : 0;
  }
  if (both_zeros && best.re == 0) best.bound = std::max(best.bound, least_error);
  return best;
}
cell position_of(row x, bool greatest) {
  std::size_t best = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (x[k].re != x[k].re) return exactly(static_cast<long double>(k));
    if (greatest ? x[k].re > x[best].re : x[k].re < x[best].re) best = k;
  }
  for (std::size_t k = 0; k < x.size(); ++k) {
    long double const moved = x[k].bound + x[best].bound;
    if (k != best && moved > 0 && std::abs(x[k].re - x[best].re) <= moved) return undecided();
  }
  return exactly(static_cast<long double>(best));
}

cell truths_of(row x, reduction op) {
  int64_t nonzero = 0, open = 0;
  for (cell const& c : x) {
    int const t = truth(c);
    nonzero += t == 1;
    open += t < 0;
  }
  auto const n = static_cast<int64_t>(x.size());
  if (op == reduction::any && nonzero > 0) return exactly(1);
  if (op == reduction::all && nonzero + open < n) return exactly(0);
  if (open > 0) return undecided();
  if (op == reduction::any) return exactly(0);
  return op == reduction::all ? exactly(1) : exactly(static_cast<long double>(nonzero));
}

cell reduced(reduction op, row x, dtype type, dtype result, double ddof) {
  using enum reduction;
  if (op == any || op == all || op == count_nonzero) return truths_of(x, op);
  if (std::any_of(x.begin(), x.end(), [](cell const& c) { return !c.decided; })) return undecided();
  switch (op) {
    case sum: return sum_of(x, type, result, false);
    case mean: return sum_of(x, type, result, true);
    case prod: return product_of(x, type, result);
    case var: return variance_of(x, type, result, ddof, false);
    case std: return variance_of(x, type, result, ddof, true);
    case norm: return norm_of(x, type, result);
    case min: return extreme_of(x, false);
    case max: return extreme_of(x, true);
    case argmin: return position_of(x, false);
    default: return position_of(x, true);
  }
}

}  // namespace

bounded reduce(reduction op, bounded const& x, double ddof) {
  using enum reduction;
  extents shape = x.shape;
  auto const length = static_cast<std::size_t>(shape.back());
  shape.back() = 1;
  if (length == 0 && (op == min || op == max || op == argmin || op == argmax)) throw empty_row();
  bounded out(result_of(op, x.type), shape);
  for (std::size_t r = 0; r < out.cells.size(); ++r)
    out.cells[r] = reduced(op, row(x.cells).subspan(r * length, length), x.type, out.type, ddof);
  return out;
}

}  // namespace forms
