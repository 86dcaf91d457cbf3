// The elementwise operations on integers and bool: exact, wrapping in their type.
#include <test/forms/rules.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace forms {

using std::int64_t;
using std::uint64_t;

namespace {

bool is_signed(dtype t) { return t >= dtype::i8 && t <= dtype::i64; }
int width_of(dtype t) { return static_cast<int>(8 * sloth::size_of(t)); }

template <class F>
cell of_bits(at const& of, cell const* x, F f) {
  uint64_t const b = of.row.arity == 2 ? bits_of(x[1].re) : 0;
  return exactly(wrapped(of.type, f(bits_of(x[0].re), b)));
}
#define OF_BITS(name, ...)                                                               \
  cell name(at const& of, cell const* x) {                                               \
    return of_bits(of, x, []([[maybe_unused]] uint64_t a, [[maybe_unused]] uint64_t b) { \
      return __VA_ARGS__;                                                                \
    });                                                                                  \
  }
OF_BITS(negated, 0 - a)
OF_BITS(squared, a* a)
OF_BITS(total, a + b)
OF_BITS(difference, a - b)
OF_BITS(product, a* b)
OF_BITS(both, a& b)
OF_BITS(either, a | b)
OF_BITS(one, a ^ b)
#undef OF_BITS

cell absolute_value(at const& of, cell const* x) { return x->re < 0 ? negated(of, x) : *x; }
cell inverted(at const& of, cell const* x) {
  if (of.type == dtype::boolean) return exactly(x->re == 0);
  return exactly(wrapped(of.type, ~bits_of(x->re)));
}
cell reciprocal_of(at const&, cell const* x) { return exactly(std::abs(x->re) == 1 ? x->re : 0); }

// a = q b + r in 128 bits, q truncated.
struct division {
  __int128 q, r;
  explicit division(cell const* x)
      : q(static_cast<__int128>(x[0].re) / static_cast<__int128>(x[1].re)),
        r(static_cast<__int128>(x[0].re) % static_cast<__int128>(x[1].re)) {}
};
cell floored(at const& of, cell const* x) {
  if (x[1].re == 0) return exactly(0);
  division const d(x);
  bool const down = d.r != 0 && (d.r < 0) != (x[1].re < 0);
  return exactly(wrapped(of.type, static_cast<uint64_t>(d.q - down)));
}
cell remaining(at const& of, cell const* x) {
  if (x[1].re == 0) return exactly(0);
  division const d(x);
  bool const other = d.r != 0 && (d.r < 0) != (x[1].re < 0);
  __int128 const r = other ? d.r + static_cast<__int128>(x[1].re) : d.r;
  return exactly(wrapped(of.type, static_cast<uint64_t>(r)));
}
cell truncated_rest(at const& of, cell const* x) {
  if (x[1].re == 0) return exactly(0);
  return exactly(wrapped(of.type, static_cast<uint64_t>(division(x).r)));
}
cell power_of(at const& of, cell const* x) {
  if (x[1].re < 0) {
    bool const odd = (bits_of(x[1].re) & 1) != 0;
    return exactly(std::abs(x[0].re) == 1 ? (odd ? x[0].re : 1) : 0);
  }
  uint64_t result = 1, factor = bits_of(x[0].re);
  for (uint64_t n = bits_of(x[1].re); n != 0; n >>= 1, factor *= factor)
    if (n & 1) result *= factor;
  return exactly(wrapped(of.type, result));
}
uint64_t divisor_of(uint64_t a, uint64_t b) { return b == 0 ? a : divisor_of(b, a % b); }
cell greatest_divisor(at const& of, cell const* x) {
  return exactly(
      wrapped(of.type, divisor_of(bits_of(std::abs(x[0].re)), bits_of(std::abs(x[1].re)))));
}
cell least_multiple(at const& of, cell const* x) {
  uint64_t const a = bits_of(std::abs(x[0].re)), b = bits_of(std::abs(x[1].re));
  return exactly(a == 0 ? 0 : wrapped(of.type, a / divisor_of(a, b) * b));
}
bool is_shift(at const& of, cell const& by) { return 0 <= by.re && by.re < width_of(of.type); }
cell left(at const& of, cell const* x) {
  if (!is_shift(of, x[1])) return exactly(0);
  return exactly(wrapped(of.type, bits_of(x[0].re) << static_cast<int>(x[1].re)));
}
cell right(at const& of, cell const* x) {
  if (!is_shift(of, x[1])) return exactly(is_signed(of.type) && x[0].re < 0 ? -1 : 0);
  return exactly(std::floor(x[0].re / std::exp2(x[1].re)));
}

}  // namespace

rule integer_rule(std::string_view name) {
  static std::map<std::string_view, rule> const all = {
      {"absolute", absolute_value},  {"negative", negated},    {"square", squared},
      {"reciprocal", reciprocal_of}, {"invert", inverted},     {"add", total},
      {"subtract", difference},      {"multiply", product},    {"floor_divide", floored},
      {"remainder", remaining},      {"fmod", truncated_rest}, {"power", power_of},
      {"bitwise_and", both},         {"bitwise_or", either},   {"bitwise_xor", one},
      {"left_shift", left},          {"right_shift", right},   {"gcd", greatest_divisor},
      {"lcm", least_multiple},
  };
  auto const found = all.find(name);
  return found == all.end() ? nullptr : found->second;
}

}  // namespace forms
