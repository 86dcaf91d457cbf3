// Integers of every type and bool: each row against 128-bit integers, cut to the type.
#include <boost/test/unit_test.hpp>
#include <dsl/sloth.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(integer_operations)

namespace {

using wide = __int128;
using modular = unsigned __int128;

struct integer_type {
  int bits;
};

wide floor_quotient(wide a, wide b) {
  wide const q = a / b;
  return q - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}
wide power_modulo(wide a, wide b) {  // a^b modulo 2^128
  if (b == 0) return 1;
  auto const half = static_cast<unsigned __int128>(power_modulo(a, b / 2));
  return static_cast<wide>(half * half * (b % 2 ? static_cast<unsigned __int128>(a) : 1));
}

wide greatest_divisor(wide a, wide b) {
  return b != 0 ? greatest_divisor(b, a % b) : a < 0 ? -a : a;
}
wide least_multiple(wide a, wide b) {  // modulo 2^128
  if (a == 0 || b == 0) return 0;
  wide const part = a / greatest_divisor(a, b);
  auto const multiple = static_cast<modular>(part) * static_cast<modular>(b);
  return static_cast<wide>((a < 0) != (b < 0) ? 0 - multiple : multiple);
}

using integer_reference = wide (*)(wide a, wide b, integer_type);
std::map<std::string, integer_reference> const& integer_references() {
#define IS(name, ...)                                                          \
  {                                                                            \
#name, []([[maybe_unused]] wide a, [[maybe_unused]] wide b,                \
              [[maybe_unused]] integer_type t) -> wide { return __VA_ARGS__; } \
  }
  // clang-format off
  static std::map<std::string, integer_reference> const all = {
      IS(absolute, a < 0 ? -a : a), IS(negative, -a), IS(positive, a), IS(conjugate, a),
      IS(real, a), IS(imag, 0),
      IS(isposinf, 0), IS(isneginf, 0), IS(sign, (a > 0) - (a < 0)),
      IS(square, power_modulo(a, 2)), IS(reciprocal, a == 1 || a == -1 ? a : 0), IS(floor, a),
      IS(ceil, a), IS(trunc, a), IS(relu, a > 0 ? a : 0), IS(isnan, 0), IS(isinf, 0),
      IS(isfinite, 1), IS(invert, -1 - a), IS(add, a + b), IS(subtract, a - b),
      IS(multiply, static_cast<wide>(modular(a) * modular(b))),
      IS(floor_divide, b == 0 ? 0 : floor_quotient(a, b)),
      IS(remainder, b == 0 ? 0 : a - b * floor_quotient(a, b)), IS(fmod, b == 0 ? 0 : a % b),
      IS(power, b >= 0 ? power_modulo(a, b) : a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0),
      IS(maximum, a > b ? a : b), IS(minimum, a < b ? a : b), IS(fmax, a > b ? a : b),
      IS(fmin, a < b ? a : b), IS(equal, a == b), IS(not_equal, a != b), IS(less, a < b),
      IS(less_equal, a <= b), IS(greater, a > b), IS(greater_equal, a >= b), IS(logical_not, !a),
      IS(logical_and, a && b), IS(logical_or, a || b), IS(logical_xor, !a != !b),
      IS(bitwise_and, a & b), IS(bitwise_or, a | b), IS(bitwise_xor, a ^ b),
      IS(left_shift, b < 0 || b >= t.bits ? 0 : static_cast<wide>(modular(a) << int(b))),
      IS(right_shift, b < 0 || b >= t.bits ? (a < 0 ? -1 : 0) : a >> int(b)),
      IS(gcd, greatest_divisor(a, b)), IS(lcm, least_multiple(a, b)),
  };
  // clang-format on
#undef IS
  return all;
}

/// Every value of 8-bit types; the edges, small values and random ones of the others.
template <class T>
std::vector<T> integer_points() {
  using limits = std::numeric_limits<T>;
  std::vector<T> points;
  if constexpr (sizeof(T) == 1) {
    for (int v = limits::min(); v <= limits::max(); ++v) points.push_back(static_cast<T>(v));
  } else {
    for (int v = -9; v <= 9; ++v) {
      points.push_back(static_cast<T>(v));
      points.push_back(static_cast<T>(limits::min() + static_cast<T>(v < 0 ? -v : v)));
      points.push_back(static_cast<T>(limits::max() - static_cast<T>(v < 0 ? -v : v)));
    }
    for (int v = 14; v <= 66; ++v) points.push_back(static_cast<T>(v));
    std::mt19937_64 random(3);
    for (int i = 0; i < 40; ++i) points.push_back(static_cast<T>(random() >> random() % 64));
  }
  return points;
}

template <class T>
struct pairs_of {
  std::vector<T> a, b;
  pairs_of() {
    for (T x : integer_points<T>())
      for (T y : integer_points<T>()) a.push_back(x), b.push_back(y);
  }
  static pairs_of const& all() {
    static pairs_of const made;
    return made;
  }
};

std::string text_of(wide v) {  // of every type up to 64 bits
  return v < 0 ? std::to_string(static_cast<std::int64_t>(v))
               : std::to_string(static_cast<std::uint64_t>(v));
}

/// Compares what a row gives for the pairs of T with its reference, cut to the row's type.
template <class T>
void compare_integer_row(char const* name, std::vector<wide> const& got, wide (*cut)(wide)) {
  auto const reference = integer_references().find(name);
  BOOST_REQUIRE_MESSAGE(reference != integer_references().end(), name << " has no reference");
  pairs_of<T> const& pairs = pairs_of<T>::all();
  integer_type const type{int(sizeof(T)) * 8};
  int wrong = 0;
  for (std::size_t i = 0; i < got.size() && wrong < 5; ++i) {
    T const a = pairs.a[i], b = pairs.b[i];
    wide const want = cut(reference->second(a, b, type));
    if (got[i] != want && ++wrong)
      BOOST_ERROR(to_string(dtype_of<T>) << ": " << name << "(" << +a << ", " << +b << ") = "
                                         << text_of(got[i]) << " instead of " << text_of(want));
  }
}
template <class T, class F>
void check_integer_row(char const* name, F f) {
  using result = decltype(f(std::size_t{}, T{}, T{}));
  pairs_of<T> const& pairs = pairs_of<T>::all();
  std::vector<wide> got;
  for (std::size_t i = 0; i < pairs.a.size(); ++i) got.push_back(f(i, pairs.a[i], pairs.b[i]));
  compare_integer_row<T>(name, got, [](wide v) -> wide { return static_cast<result>(v); });
}

template <class Op, class T>
using operand_of = std::conditional_t<Op::in == computes_in::boolean, bool, T>;
template <class Op, class T>
inline constexpr bool integer_row =
    Op::in != computes_in::floating&& Op::in != computes_in::quotient&& accepted<Op::types, T>;

template <class T>
void check_integers() {
#define ROW(name_, ...)                                                       \
  if constexpr (integer_row<op::name_, T>)                                    \
    check_integer_row<T>(#name_, [](std::size_t, T a, [[maybe_unused]] T b) { \
      using V [[maybe_unused]] = operand_of<op::name_, T>;                    \
      return op::evaluate<op::name_>(__VA_ARGS__);                            \
    });
#define U(name, ...) ROW(name, V(a))
#define B(name, ...) ROW(name, V(a), V(b))
  SLOTH_UNARY_OPERATIONS(U)
  SLOTH_BINARY_OPERATIONS(B)
#undef ROW
#undef U
#undef B
}

template <class T>
void check_integers_through_the_library() {
  pairs_of<T> const& pairs = pairs_of<T>::all();
  array<T> const x(pairs.a), y(pairs.b);
#define ROW(name_, ...)                                                             \
  if constexpr (integer_row<op::name_, T>) {                                        \
    auto const z = eval(sloth::name_(__VA_ARGS__));                                 \
    check_integer_row<T>(#name_, [&](std::size_t i, T, T) { return z.data()[i]; }); \
  }
#define U(name, ...) ROW(name, x)
#define B(name, ...) ROW(name, x, y)
  SLOTH_UNARY_OPERATIONS(U)
  SLOTH_BINARY_OPERATIONS(B)
#undef ROW
#undef U
#undef B
}

}  // namespace

BOOST_AUTO_TEST_CASE(integers_wrap_and_never_trap) {
  check_integers<std::int8_t>();
  check_integers<std::int16_t>();
  check_integers<std::int32_t>();
  check_integers<std::int64_t>();
  check_integers<std::uint8_t>();
  check_integers<std::uint16_t>();
  check_integers<std::uint32_t>();
  check_integers<std::uint64_t>();
}
BOOST_AUTO_TEST_CASE(integers_through_the_library) {
  check_integers_through_the_library<std::int32_t>();
}

BOOST_AUTO_TEST_CASE(bool_is_a_number_of_one_bit) {
  array<bool> const x = {false, false, true, true}, y = {false, true, false, true};
  auto const is = [](array<bool> const& got, std::vector<bool> const& want) {
    for (int i = 0; i < 4; ++i) BOOST_TEST(got.data()[i] == want[static_cast<std::size_t>(i)]);
  };
  is(x + y, {false, true, true, true});
  is(x * y, {false, false, false, true});
  is(abs(x), {false, false, true, true});
  is(floor(x), {false, false, true, true});
  is(~x, {true, true, false, false});
  is(!x, {true, true, false, false});
  is(x && y, {false, false, false, true});
  is(x || y, {false, true, true, true});
  is(logical_xor(x, y), {false, true, true, false});
  is(bitwise_and(x, y), {false, false, false, true});
  is(bitwise_or(x, y), {false, true, true, true});
  is(bitwise_xor(x, y), {false, true, true, false});
  is(gcd(x, y), {false, true, true, true});
  is(lcm(x, y), {false, false, false, true});
  is(maximum(x, y), {false, true, true, true});
  is(minimum(x, y), {false, false, false, true});
  is(x == y, {true, false, false, true});
  is(x < y, {false, true, false, false});
  is(x >= y, {true, false, true, true});
  is(isnan(x), {false, false, false, false});
  is(isfinite(x), {true, true, true, true});
  array<double> const quotient = x / y;
  BOOST_TEST((std::isnan(quotient.item(0)) && quotient.item(1) == 0 &&
              quotient.item(2) == std::numeric_limits<double>::infinity() &&
              quotient.item(3) == 1));
}

BOOST_AUTO_TEST_SUITE_END()
