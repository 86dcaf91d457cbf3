// Operations of one right answer: arithmetic in f32 and f64 bit for bit as plain C++, 16-bit floats
// rounded once; and complex numbers beside std::complex.
#include <algorithm>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <complex>
#include <dsl/sloth.hpp>
#include <random>
#include <string>
#include <vector>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(exact_operations)

namespace {

template <class T>
bool same_bits(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    if (a != a) return b != b;
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// --- floating point ------------------------------------------------------------------------------

template <class T>
struct triples {
  std::vector<T> x, y, z;
  array<T> ax, ay, az;
};

/// Half of them of any bits, half of one magnitude, where sums cancel and products do not overflow;
/// all triples of special values.
template <class T>
triples<T> const& random_triples() {
  static triples<T> const all = [] {
    using limits = std::numeric_limits<T>;
    triples<T> t;
    std::mt19937_64 random(31);
    std::uniform_real_distribution<double> near(-4, 4);
    auto const any = [&] {
      if constexpr (sizeof(T) == 4)
        return std::bit_cast<T>(static_cast<std::uint32_t>(random()));
      else
        return std::bit_cast<T>(static_cast<std::uint64_t>(random()));
    };
    for (int i = 0; i < 1000000; ++i) {
      bool const wild = i % 2 == 0;
      t.x.push_back(wild ? any() : T(near(random)));
      t.y.push_back(wild ? any() : T(near(random)));
      t.z.push_back(wild ? any() : T(near(random)));
    }
    T const special[] = {0,
                         limits::infinity(),
                         limits::quiet_NaN(),
                         limits::denorm_min(),
                         limits::min(),
                         limits::max(),
                         1,
                         T(0.5),
                         T(1.5),
                         T(2.5),
                         T(1e10)};
    auto const at = [&](int i) { return i < 11 ? special[i] : -special[i - 11]; };
    for (int i = 0; i < 22 * 22 * 22; ++i) {
      t.x.push_back(at(i % 22));
      t.y.push_back(at(i / 22 % 22));
      t.z.push_back(at(i / 484));
    }
    t.ax = array<T>(t.x);
    t.ay = array<T>(t.y);
    t.az = array<T>(t.z);
    return t;
  }();
  return all;
}

/// `got` has the bits of f(x, y, z), NaN for NaN.
template <class T, class R, class F>
void check_bits(char const* what, array<R> const& got, F f) {
  auto const& t = random_triples<T>();
  int wrong = 0;
  for (std::size_t i = 0; i < t.x.size(); ++i) {
    if (same_bits<R>(got.data()[i], f(t.x[i], t.y[i], t.z[i]))) continue;
    if (++wrong <= 3)
      BOOST_ERROR(what << " of " << t.x[i] << ", " << t.y[i] << ", " << t.z[i] << " = "
                       << got.data()[i] << " instead of " << f(t.x[i], t.y[i], t.z[i]));
  }
  BOOST_TEST(wrong == 0, what << " differs in " << wrong << " of " << t.x.size());
}

template <class T>
T rounded(T v) {  // a product that the compiler cannot contract
  volatile T kept = v;
  return kept;
}

template <class T>
void check_arithmetic() {
  auto const& [vx, vy, vz, x, y, z] = random_triples<T>();
#define BITS(R, expression_, ...)                                                \
  check_bits<T, R>(#expression_, array<R>(expression_), [](T a, T b, T c) -> R { \
    (void)b, (void)c;                                                            \
    return __VA_ARGS__;                                                          \
  })
  BITS(T, x + y, a + b);
  BITS(T, x - y, a - b);
  BITS(T, x * y, a * b);
  BITS(T, x / y, a / b);
  BITS(T, -x, -a);
  BITS(T, sqrt(x), std::sqrt(a));
  BITS(T, abs(x), std::fabs(a));
  BITS(T, square(x), a * a);
  BITS(T, reciprocal(x), 1 / a);
  BITS(T, floor(x), std::floor(a));
  BITS(T, ceil(x), std::ceil(a));
  BITS(T, trunc(x), std::trunc(a));
  BITS(T, rint(x), std::nearbyint(a));
  BITS(T, maximum(x, y), a != a || a > b ? a : b);
  BITS(T, minimum(x, y), a != a || a < b ? a : b);
  BITS(T, relu(x), a != a || a > 0 ? a : T(0));
  BITS(T, fmod(x, y), std::fmod(a, b));
  BITS(bool, x < y, a < b);
  BITS(bool, x <= y, a <= b);
  BITS(bool, x > y, a > b);
  BITS(bool, x >= y, a >= b);
  BITS(bool, x == y, a == b);
  BITS(bool, x != y, a != b);
  // Contraction into FMA would round once, and differ in many of these.
  BITS(T, x * y + z, rounded(a * b) + c);
  BITS(T, z - x * y, c - rounded(a * b));
  BITS(T, x * y - z / y, rounded(a * b) - rounded(c / b));
  BITS(T, square(x) + y, rounded(a * a) + b);
  BITS(T, fma(x, y, z), std::fma(a, b, c));
#undef BITS
  array<T> const apart = x * y + z, fused = fma(x, y, z);
  BOOST_TEST(sum((apart != fused).template astype<std::int64_t>()).item() > 10000);
}

// --- 16 bits -------------------------------------------------------------------------------------

template <class H>
std::vector<H> half_points() {  // every 13th pattern, negative ones too, and the specials
  std::vector<H> points;
  for (int b = 0; b < 65536; b += 13) points.push_back(H::from_bits(static_cast<std::uint16_t>(b)));
  for (double v : {0., -0., 1., -1., 1e30, -1e30, 1e-30, 0.5, 2.}) points.push_back(H(v));
  points.push_back(std::numeric_limits<H>::quiet_NaN());
  return points;
}

template <class H, class R>
bool same_half(H got, R want) {
  H const rounded_once(want);
  return float(got) != float(got) ? want != want : got.bits == rounded_once.bits;
}

template <class H>
void check_halves() {
  auto const points = half_points<H>();
  int wrong = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    H const a = points[i], b = points[(i * 7 + 3) % points.size()],
            c = points[(i * 11 + 5) % points.size()];
    using single = std::conditional_t<is_half<H>, float, H>;
    [[maybe_unused]] single const fa = a, fb = b, fc = c;
    auto const check = [&](char const* name, auto got, auto want) {
      bool right;
      if constexpr (std::is_same_v<decltype(got), bool>)
        right = got == want;
      else
        right = same_half(got, want);
      if (!right && ++wrong < 5)
        BOOST_ERROR(name << " of " << fa << ", " << fb << ", " << fc
                         << " is not the rounded float");
    };
#define ROW(name_, in_, halves, floats)                                                      \
  if constexpr (accepted<op::name_::types, H> && computes_in::in_ != computes_in::boolean && \
                computes_in::in_ != computes_in::own_floating)                               \
    check(#name_, op::evaluate<op::name_> halves, op::name_::value floats);
#define U(name, s, n, t, in, ...) ROW(name, in, (a), (fa))
#define B(name, s, n, t, in, ...) ROW(name, in, (a, b), (fa, fb))
#define C(name, s, n, t, in, ...) ROW(name, in, (a, b, c), (fa, fb, fc))
    SLOTH_UNARY_OPERATIONS(U)
    SLOTH_BINARY_OPERATIONS(B)
    SLOTH_TERNARY_OPERATIONS(C)
#undef ROW
#undef U
#undef B
#undef C
    // float has more than twice the bits and two: rounding twice is rounding once
    double const da = a, db = b;
    check("+ in double", op::evaluate<op::add>(a, b), da + db);
    check("* in double", op::evaluate<op::multiply>(a, b), da * db);
    check("/ in double", op::evaluate<op::divide>(a, b), da / db);
    check("sqrt in double", op::evaluate<op::sqrt>(a), std::sqrt(da));
  }
  BOOST_TEST(wrong == 0);
}

template <class H>
void check_halves_through_the_library() {
  auto const points = half_points<H>();
  std::vector<H> other(points.rbegin(), points.rend());
  array<H> const x(points), y(other);
  array<H> const total = x + y, product = x * y - x, root = exp(sqrt(abs(x))), most = maximum(x, y);
  array<H> const chosen = where(x < y, x, y);
  array<bool> const less = x < y;
  int wrong = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    float const a = points[i], b = other[i];
    wrong += !same_half(total.data()[i], a + b);
    wrong += !same_half(product.data()[i], float(H(a * b)) - a);
    wrong += !same_half(root.data()[i], std::exp(float(H(std::sqrt(std::fabs(a))))));
    wrong += !same_half(most.data()[i], a != a || a > b ? a : b);
    wrong += !same_half(chosen.data()[i], a < b ? a : b);
    wrong += less.data()[i] != (a < b);
  }
  BOOST_TEST(wrong == 0, to_string(dtype_of<H>) << " differs in " << wrong);
}

/// Every value of H: its neighbours have no other between them, and what is between them rounds to one
/// of the two.
template <class H>
void check_neighbours() {
  using limits = std::numeric_limits<H>;
  H const infinity = limits::infinity();
  std::vector<H> points;
  for (int b = 0; b < 65536; ++b) points.push_back(H::from_bits(static_cast<std::uint16_t>(b)));
  array<H> const all(points), infinities(std::vector<H>(points.size(), infinity));
  array<H> const above = nextafter(all, infinities), below = nextafter(all, -infinities);
  array<H> const space = spacing(all);
  int wrong = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    H const a = points[i], up = above.data()[i], down = below.data()[i], s = space.data()[i];
    double const v = float(a), next = float(up), last = float(down);
    if (v != v) {
      wrong += next == next || last == last || float(s) == float(s);
      continue;
    }
    if (a == infinity || a == -infinity) {
      wrong += (a == infinity ? next != v || last != float(limits::max())
                              : last != v || next != float(limits::lowest())) ||
               float(s) == float(s);
      continue;
    }
    bool const ends = a == limits::max(), starts = a == limits::lowest();
    H const upper(ends ? v : v + (next - v) / 2), lower(starts ? v : v - (v - last) / 2);
    double const away = v < 0 ? last : next;
    wrong +=
        !(next > v && last < v && (upper == a || upper == up) && (lower == a || lower == down));
    wrong += ends != std::isinf(next) || starts != std::isinf(last) || float(s) != away - v;
  }
  BOOST_TEST(wrong == 0, to_string(dtype_of<H>) << " differs in " << wrong);
  H const zero(0.f), minus = -zero, tiny = limits::denorm_min();
  auto const next = [](H a, H b) {
    return nextafter(array<H>(std::vector{a}), array<H>(std::vector{b})).item(0).bits;
  };
  BOOST_TEST(next(tiny, minus) == zero.bits);
  BOOST_TEST(next(-tiny, zero) == minus.bits);
  BOOST_TEST(next(minus, zero) == zero.bits);
  BOOST_TEST(next(zero, -tiny) == (-tiny).bits);
}

// --- complex -------------------------------------------------------------------------------------

template <class T>
void check_complex() {
  using standard = std::complex<T>;
  std::vector<sloth::complex<T>> x, y;
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> part(-2, 2);
  for (int i = 0; i < 1003; ++i) {
    x.emplace_back(T(part(random)), T(part(random)));
    y.emplace_back(T(part(random)), T(part(random)));
  }
  T const nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  for (auto v : {sloth::complex<T>(nan, 1), {1, nan}, {inf, 0}, {0, -inf}, {nan, inf}, {0, 0}})
    x.push_back(v), y.push_back(v);
  y[5] = x[5];
  using complex_array = array<sloth::complex<T>>;
  complex_array const a(x), b(y);
  std::size_t const finite = 1003;
  auto const near = [&](char const* what, auto const& got, auto f) {
    for (std::size_t i = 0; i < finite; ++i) {
      standard const z = x[i], w = y[i], want = f(z, w), value = standard(got.data()[i]);
      if (std::abs(value - want) > 12 * std::numeric_limits<T>::epsilon() * std::abs(want))
        BOOST_ERROR(what << " of " << z << ", " << w << " = " << value << " instead of " << want);
    }
  };
#define NEAR(expression_, ...)                                                 \
  near(#expression_, eval(expression_),                                        \
       [](standard const& z, [[maybe_unused]] standard const& w) -> standard { \
         return __VA_ARGS__;                                                   \
       })
  NEAR(a + b, z + w);
  NEAR(a - b, z - w);
  NEAR(a * b, z * w);
  NEAR(a / b, z / w);
  NEAR(-a, -z);
  NEAR(positive(a), z);
  NEAR(conjugate(a), std::conj(z));
  NEAR(real(a), z.real());
  NEAR(imag(a), z.imag());
  NEAR(angle(a), std::arg(z));
  NEAR(angle(a, true), std::arg(z) * T(57.295779513082320877L));
  NEAR(square(a), z * z);
  NEAR(reciprocal(a), T(1) / z);
  NEAR(sqrt(a), std::sqrt(z));
  NEAR(exp(a), std::exp(z));
  NEAR(log(a), std::log(z));
  NEAR(sin(a), std::sin(z));
  NEAR(cos(a), std::cos(z));
  NEAR(power(a, b), std::pow(z, w));
  NEAR(2 * a + T(1), T(2) * z + T(1));
  NEAR(abs(a), std::abs(z));
#undef NEAR
  // Absolute values of parts of all sizes: within 1.25 eps, nothing overflows or is lost on the way.
  using limits = std::numeric_limits<T>;
  std::vector<sloth::complex<T>> sized{{inf, nan}, {nan, -inf}, {nan, 1}, {0, nan}};
  std::uniform_int_distribution<int> exponent(limits::min_exponent - limits::digits,
                                              limits::max_exponent - 1);
  for (int i = 0; i < 20000; ++i) {
    int const power = exponent(random), apart = i % 3 == 0 ? exponent(random) : power - i % 30;
    sized.emplace_back(T(std::ldexp(part(random), power)), T(std::ldexp(part(random), apart)));
  }
  array<T> const sizes = abs(array<sloth::complex<T>>(sized));
  BOOST_TEST((std::isinf(sizes.item(0)) && std::isinf(sizes.item(1)) && std::isnan(sizes.item(2)) &&
              std::isnan(sizes.item(3))));
  int wrong = 0;
  for (std::size_t i = 4; i < sized.size(); ++i) {
    long double const want = std::hypot(static_cast<long double>(sized[i].re), sized[i].im);
    long double const bound =
        std::max<long double>(1.25L * limits::epsilon() * want, limits::denorm_min());
    T const got = sizes.data()[i];
    wrong += std::isinf(T(want)) ? !std::isinf(got) : !(std::fabs(got - want) <= bound);
  }
  BOOST_TEST(wrong == 0);
  static_assert(std::is_same_v<value_t<decltype(abs(a))>, T>);
  static_assert(std::is_same_v<value_t<decltype(real(a))>, T>);
  static_assert(std::is_same_v<value_t<decltype(imag(a))>, T>);
  static_assert(std::is_same_v<value_t<decltype(angle(a, true))>, T>);
  array<bool> const equal = a == b, unequal = a != b, no_number = isnan(a), endless = isinf(a),
                    finite_ = isfinite(a), both = a && b, neither = !a;
  for (std::size_t i = 0; i < x.size(); ++i) {
    standard const z = x[i], w = y[i];
    bool const nans = std::isnan(z.real()) || std::isnan(z.imag());
    bool const infs = std::isinf(z.real()) || std::isinf(z.imag());
    BOOST_TEST((equal.data()[i] == (z == w) && unequal.data()[i] == (z != w) &&
                no_number.data()[i] == nans && endless.data()[i] == infs &&
                finite_.data()[i] == (!nans && !infs) &&
                both.data()[i] == (z != T(0) && w != T(0)) && neither.data()[i] == (z == T(0))),
               z << ", " << w);
  }
}

/// Four rounded products, a rounded difference and a rounded sum: no FMA, in vectors either.
template <class T>
void check_complex_products() {
  std::vector<sloth::complex<T>> x, y;
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> part(-2, 2);
  for (int i = 0; i < 1003; ++i) {
    x.emplace_back(T(part(random)), T(part(random)));
    y.emplace_back(T(part(random)), T(part(random)));
  }
  array<sloth::complex<T>> const a(x), b(y), product = a * b, more = a * (1 * b);
  int wrong = 0;
  for (std::size_t i = 0; i < x.size();
       ++i) {  // volatile: this loop is not to be contracted either
    T volatile const ac = x[i].re * y[i].re, bd = x[i].im * y[i].im;
    T volatile const ad = x[i].re * y[i].im, bc = x[i].im * y[i].re;
    sloth::complex<T> const want(ac - bd, ad + bc);
    wrong += !(product.data()[i] == want) + !(more.data()[i] == want);
  }
  BOOST_TEST(wrong == 0, wrong << " products in " << to_string(dtype_of<sloth::complex<T>>));
}

}  // namespace

BOOST_AUTO_TEST_CASE(f32_arithmetic_is_plain_cplusplus) { check_arithmetic<float>(); }
BOOST_AUTO_TEST_CASE(f64_arithmetic_is_plain_cplusplus) { check_arithmetic<double>(); }

// Division by an infinity, and of one, where Python's rule is no rounding of the quotient.
BOOST_AUTO_TEST_CASE(floor_division_and_remainder_at_the_edges) {
  double const i = std::numeric_limits<double>::infinity(), nan = i - i;
  struct {
    double a, b, quotient, remainder;
  } const rows[] = {{1, i, 0, 1},       {-1, i, -1, i},
                    {1, -i, -1, -i},    {-1, -i, 0, -1},
                    {i, 1, nan, nan},   {i, i, nan, nan},
                    {1, 0, i, nan},     {-1, 0, -i, nan},
                    {0, 0, nan, nan},   {nan, 1, nan, nan},
                    {1, nan, nan, nan}, {0, 3, 0, 0},
                    {-0., 3, -0., 0},   {0, -3, -0., -0.},
                    {-6, 3, -2, 0},     {6, -3, -2, -0.},
                    {7, -3, -3, -2},    {-7, 3, -3, 2},
                    {-7, -3, 2, -1},    {0.3, 0.1, 2, 0x1.9999999999998p-4}};
  for (auto const& r : rows) {
    array<double> const a(r.a), b(r.b);
    double const quotient = floor_divide(a, b).item(), rest = remainder(a, b).item();
    BOOST_TEST(same_bits(quotient, r.quotient), r.a << " // " << r.b << " = " << quotient);
    BOOST_TEST(same_bits(rest, r.remainder), r.a << " % " << r.b << " = " << rest);
    if (r.a == 0.3) continue;  // 3 in float
    float const narrow = floor_divide(array<float>(float(r.a)), float(r.b)).item();
    BOOST_TEST(same_bits(narrow, float(r.quotient)), r.a << " // " << r.b << "f = " << narrow);
  }
}

BOOST_AUTO_TEST_CASE(f16_rounds_once) { check_halves<f16>(); }
BOOST_AUTO_TEST_CASE(bf16_rounds_once) { check_halves<bf16>(); }
BOOST_AUTO_TEST_CASE(halves_have_neighbours_of_their_own) {
  check_neighbours<f16>();
  check_neighbours<bf16>();
}
BOOST_AUTO_TEST_CASE(halves_through_the_library) {
  check_halves_through_the_library<f16>();
  check_halves_through_the_library<bf16>();
}

BOOST_AUTO_TEST_CASE(complex128_is_std_complex) { check_complex<double>(); }
BOOST_AUTO_TEST_CASE(complex64_is_std_complex) { check_complex<float>(); }
BOOST_AUTO_TEST_CASE(complex_products_do_not_contract) {
  check_complex_products<double>();
  check_complex_products<float>();
}

BOOST_AUTO_TEST_SUITE_END()
