// An elementwise operation over bounded arrays: promotion, broadcasting, the loop.
#include <test/forms/rules.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <stdexcept>
#include <string>

namespace forms {

using std::int64_t;

int row_of(char const* name) {
  int k = 0;
  for (auto const& row : sloth::operation_rows) {
    if (std::string_view(row.name) == name) return k;
    ++k;
  }
  throw std::logic_error(std::string("no row is called ") + name);
}

namespace {

dtype with_weak(dtype t, operand const& x) {
  using enum operand::kind;
  if (x.what == floating && is_integral(t)) return dtype::f64;
  if (x.what == integer && t == dtype::boolean) return dtype::i64;
  return t;
}
dtype common_type(operand const* x, std::size_t n) {
  dtype t = dtype::boolean;
  bool first = true;
  for (std::size_t k = 0; k < n; ++k)
    if (x[k].array) {
      t = first ? x[k].array->type : sloth::promote(t, x[k].array->type);
      first = false;
    }
  for (std::size_t k = 0; k < n; ++k)
    if (!x[k].array) t = with_weak(t, x[k]);
  return t;
}
dtype computing(sloth::computes_in in, dtype t) {
  using enum sloth::computes_in;
  if (in == boolean) return dtype::boolean;
  if (in == common || !is_integral(t)) return t;
  return in == quotient ? dtype::f64 : sloth::promote(t, dtype::f16);
}

bounded as_array(operand const& x, dtype type) {
  if (x.array) return cast(*x.array, type);
  bounded value(type, {});
  value.cells[0].re = type == dtype::boolean ? x.value != 0 : x.value;
  if (!is_integral(type)) value.cells[0].re = rounded_to(type, x.value);
  return value;
}

extents stretched(bounded const* x, std::size_t n) {
  int rank = 0;
  for (std::size_t k = 0; k < n; ++k) rank = std::max(rank, x[k].shape.rank());
  extents shape = extents::filled(rank, 1);
  for (std::size_t k = 0; k < n; ++k)
    for (int axis = 0; axis < x[k].shape.rank(); ++axis) {
      int64_t& extent = shape[rank - x[k].shape.rank() + axis];
      if (x[k].shape[axis] != 1) extent = x[k].shape[axis];
    }
  return shape;
}
/// The element of x at element i of `shape`, in row-major order.
std::size_t element_at(bounded const& x, extents const& shape, int64_t i) {
  int64_t from = 0, step = 1;
  for (int axis = shape.rank() - 1, own = x.shape.rank() - 1; own >= 0; --axis, --own) {
    if (x.shape[own] != 1) from += i % shape[axis] * step;
    i /= shape[axis];
    step *= x.shape[own];
  }
  return static_cast<std::size_t>(from);
}

template <std::size_t N, class F>
bounded over(std::array<bounded, N> const& x, dtype type, F f) {
  bounded out(type, stretched(x.data(), N));
  for (std::size_t i = 0; i < out.cells.size(); ++i) {
    cell at_i[N];
    for (std::size_t k = 0; k < N; ++k)
      at_i[k] = x[k].cells[element_at(x[k], out.shape, static_cast<int64_t>(i))];
    out.cells[i] = f(at_i);
  }
  return out;
}

bool gives_truth(std::string_view name) {
  static std::set<std::string_view> const all = {
      "isposinf",      "isneginf",    "signbit",    "isnan",      "isinf",      "isfinite",
      "logical_not",   "equal",       "not_equal",  "less",       "less_equal", "greater",
      "greater_equal", "logical_and", "logical_or", "logical_xor"};
  return all.contains(name);
}

bool gives_part(std::string_view name) {
  return name == "absolute" || name == "real" || name == "imag";
}

template <std::size_t N>
bounded apply(int row_index, operand const (&x)[N]) {
  sloth::operation_row const& row = sloth::operation_rows[row_index];
  dtype const type = computing(row.in, common_type(x, N));
  std::array<bounded, N> const own = [&]<std::size_t... K>(std::index_sequence<K...>) {
    return std::array<bounded, N>{as_array(x[K], type)...};
  }
  (std::make_index_sequence<N>());
  row_rules const rules = rules_of(row.name);
  rule const integral = is_integral(type) ? integer_rule(row.name) : nullptr;
  rule const f = is_complex(type) ? rules.complex : integral ? integral : rules.real;
  if (!f) throw std::logic_error(std::string("no rule for ") + row.name);
  dtype const result = gives_truth(row.name)  ? dtype::boolean
                       : gives_part(row.name) ? part_of(type)
                                              : type;
  at const of{row, type};
  return over(own, result, [&](cell const* c) {
    return std::all_of(c, c + N, [](cell const& v) { return v.decided; }) ? f(of, c) : undecided();
  });
}

}  // namespace

bounded unary(int row, bounded const& a) { return apply<1>(row, {a}); }
bounded binary(int row, operand const& a, operand const& b) { return apply<2>(row, {a, b}); }
bounded clip(operand const& a, operand const& low, operand const& high) {
  static int const row = row_of("clip");
  return apply<3>(row, {a, low, high});
}
bounded fma(operand const& a, operand const& b, operand const& c) {
  static int const row = row_of("fma");
  return apply<3>(row, {a, b, c});
}

bounded where(operand const& c, operand const& a, operand const& b) {
  operand const values[] = {a, b};
  dtype const type = common_type(values, 2);
  std::array<bounded, 3> const x = {as_array(c, dtype::boolean), as_array(a, type),
                                    as_array(b, type)};
  return over(x, type, [](cell const* v) {
    return !v[0].decided ? undecided() : v[0].re != 0 ? v[1] : v[2];
  });
}

bounded isclose(operand const& a, operand const& b) {
  operand const values[] = {a, b};
  dtype const type = computing(sloth::computes_in::floating, common_type(values, 2));
  std::array<bounded, 2> const x = {as_array(a, type), as_array(b, type)};
  long double const rtol = rounded_to(type, 1e-5L), atol = rounded_to(type, 1e-8L);
  return over(x, dtype::boolean, [&](cell const* v) {
    if (!v[0].decided || !v[1].decided) return undecided();
    if (!std::isfinite(v[0].re) || !std::isfinite(v[1].re)) return exactly(v[0].re == v[1].re);
    long double const apart = std::abs(v[0].re - v[1].re);
    long double const near = atol + rtol * std::abs(v[1].re);
    dtype const in = type == dtype::f64 ? type : dtype::f32;  // rounded where it is compared
    long double const moved =
        v[0].bound + (1 + rtol) * v[1].bound + ulp(in, apart) + 2 * ulp(in, near);
    return std::abs(apart - near) <= moved ? undecided() : exactly(apart <= near);
  });
}

}  // namespace forms
