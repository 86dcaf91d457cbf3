// Elementwise expressions: result types, functions whose operands differ in type, sizes around the
// packets and chunks, broadcast shapes, chains in which Eigen's columns and loops alternate.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <dsl/sloth.hpp>
#include <random>
#include <string>
#include <vector>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(elementwise_expressions)

namespace {

#define YIELDS(type, ...) static_assert(std::is_same_v<value_t<decltype(__VA_ARGS__)>, type>)

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (error const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

template <class T>
void is(array<T> const& got, std::vector<T> const& want) {
  BOOST_REQUIRE(got.size() == static_cast<std::int64_t>(want.size()));
  for (std::int64_t i = 0; i < got.size(); ++i) {
    T const g = got.data()[i], w = want[static_cast<std::size_t>(i)];
    BOOST_TEST((g == w || (g != g && w != w)), "[" << i << "] = " << g << " instead of " << w);
  }
}

struct cube {
  template <class V>
  SLOTH_HD V operator()(V v) const {
    return v * v * v;
  }
};
struct between {  // two values of state
  float low, high;
  SLOTH_HD bool operator()(double v) const { return low < v && v < high; }
};
struct weighted {
  double weight;
  SLOTH_HD double operator()(double a, float b, std::int32_t c) const { return weight * a + b - c; }
};
SLOTH_FN(mean_of, (auto a, auto b), (a + b) / 2);

}  // namespace

BOOST_AUTO_TEST_CASE(result_types_are_numpys) {
  array<bool> const b = {true, false};
  array<std::int8_t> const i8 = {1, 2};
  array<std::int16_t> const i16 = {1, 2};
  array<std::int32_t> const i32 = {1, 2};
  array<std::int64_t> const i64 = {1, 2};
  array<std::uint8_t> const u8 = {1, 2};
  array<std::uint64_t> const u64 = {1, 2};
  array<f16> const h({f16(1), f16(2)});
  array<bf16> const w({bf16(1), bf16(2)});
  array<float> const f = {1, 2};
  array<double> const d = {1, 2};
  array<complex64> const c(std::vector<complex64>{{1, 2}, {3, 4}});

  YIELDS(double, i32 + 2.5);
  YIELDS(float, f + 2.5);
  YIELDS(f16, h * 2.5);
  YIELDS(bf16, 1 - w);
  YIELDS(std::uint8_t, u8 + 3);
  YIELDS(std::int64_t, b + 1);
  YIELDS(double, b + 1.);
  YIELDS(bool, b + true);
  YIELDS(bool, b + b);
  YIELDS(double, f + d);
  YIELDS(double, f + i32);
  YIELDS(float, f + i16);
  YIELDS(f16, h + i8);
  YIELDS(float, h + w);
  YIELDS(double, i64 + u64);
  YIELDS(std::int16_t, i8 + u8);
  YIELDS(complex64, c + f);
  YIELDS(complex128, c + d);
  YIELDS(complex64, c * 2.5);
  YIELDS(double, i32 / i32);
  YIELDS(double, i8 / 2);
  YIELDS(double, b / b);
  YIELDS(std::int32_t, floor_divide(i32, 2));
  YIELDS(std::int32_t, i32 % 3);
  YIELDS(double, i32 % 2.5);
  YIELDS(std::int32_t, power(i32, 2));
  YIELDS(bool, i32 < 2.5);
  YIELDS(bool, c == c);

  YIELDS(std::int8_t, real(i8));
  YIELDS(bool, imag(b));
  YIELDS(float, imag(c));
  YIELDS(f16, angle(i8));
  YIELDS(double, angle(b));
  YIELDS(double, angle(i32, true));
  YIELDS(float, angle(c));
  YIELDS(f16, spacing(i8));
  YIELDS(double, spacing(i32));
  YIELDS(bf16, nextafter(w, 1));
  YIELDS(double, i0(i8));
  YIELDS(f16, i0(h));
  YIELDS(f16, ndtr(i8));
  YIELDS(float, erfinv(f));
  YIELDS(f16, ldexp(i8, i64));
  YIELDS(float, ldexp(f, i64));
  YIELDS(float, ldexp(f, 3));
  YIELDS(double, ldexp(i32, b));
  YIELDS(double, ldexp(1.5, i8));
  YIELDS(f16, std::get<0>(frexp(i8)));
  YIELDS(bf16, std::get<0>(frexp(w)));
  YIELDS(std::int32_t, std::get<1>(frexp(w)));

  YIELDS(f16, exp(i8));
  YIELDS(f16, exp(b));
  YIELDS(f16, sqrt(u8));
  YIELDS(float, sin(i16));
  YIELDS(double, log(i32));
  YIELDS(double, tanh(u64));
  YIELDS(f16, exp(h));
  YIELDS(bf16, exp(w));
  YIELDS(complex64, exp(c));
  YIELDS(float, abs(c));
  YIELDS(std::int8_t, abs(i8));
  YIELDS(bool, abs(b));
  YIELDS(std::int32_t, floor(i32));
  YIELDS(double, rint(i32));
  YIELDS(f16, rint(i8));
  YIELDS(double, arctan2(i32, i32));
  YIELDS(float, hypot(f, i8));
  YIELDS(bool, isnan(i32));
  YIELDS(bool, !f);
  YIELDS(std::int32_t, maximum(i32, 3));
  YIELDS(double, maximum(i32, 0.5));
  YIELDS(float, clip(f, 0, 1));
  YIELDS(float, where(b, f, 0.));
  YIELDS(double, where(f, i32, 0.5));
  YIELDS(double, where(b, 1., 2.));
  YIELDS(std::int64_t, where(b, 1, 2));
  YIELDS(bool, isclose(f, 1));
  YIELDS(float, fma(f, 2, f));

  is<double>(i32 + 2.5, {3.5, 4.5});
  is<std::int64_t>(b + 1, {2, 1});
  is<double>(i32 / array<std::int32_t>{2, 0}, {0.5, std::numeric_limits<double>::infinity()});
  is<float>(f + 0.1, {1 + 0.1f, 2 + 0.1f});
  is<double>(i64 + u64, {2, 4});
  BOOST_TEST(float(exp(i8).item(0)) == float(f16(std::exp(1.f))));
}

BOOST_AUTO_TEST_CASE(any_value_has_a_truth) {
  array<float> const x = {0, 3};
  array<bool> const b = {false, true};
  is<bool>(x && 4, {false, true});
  is<bool>(2.5 && x, {false, true});
  is<bool>(b || 2, {true, true});
  is<bool>(logical_xor(-4, b), {true, false});
  is<bool>(b && std::numeric_limits<double>::quiet_NaN(), {false, true});
  is<bool>(x && complex128(0, 1), {false, true});
}

BOOST_AUTO_TEST_CASE(values_that_do_not_fit_are_refused) {
  array<std::uint8_t> const u8 = {1, 2};
  array<std::int32_t> const i32 = {1, 2};
  int const line = __LINE__ + 1;
  BOOST_TEST(message_of([&] { (void)(u8 + 300); }) ==
             "dtype_error: 300 does not fit uint8  [elementwise_expressions.cpp:" +
                 std::to_string(line) + "]");
  BOOST_TEST(
      message_of([&] { (void)(-1 * u8); }).starts_with("dtype_error: -1 does not fit uint8"));
  BOOST_TEST(message_of([&] {
               (void)maximum(i32, 1ll << 40);
             }).starts_with("dtype_error: 1099511627776 does not fit int32"));
  BOOST_TEST(message_of([&] {
               (void)(i32 + array<std::int32_t>{1, 2, 3});
             }).starts_with("shape_error: add: "));
}

BOOST_AUTO_TEST_CASE(functions_of_several_types) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  double const inf = std::numeric_limits<double>::infinity();
  array<double> const x = {-2, -0.5, 0, 0.5, 3, nan, inf};
  is<double>(where(x > 0, x, -x), {2, 0.5, 0, 0.5, 3, nan, inf});
  is<double>(where(x, 1., 2.), {1, 1, 2, 1, 1, 1, 1});
  is<double>(where(!(x < 1), array<std::int32_t>{1, 2, 3, 4, 5, 6, 7}, x),
             {-2, -0.5, 0, 0.5, 5, 6, 7});
  is<double>(clip(x, -1, 1), {-1, -0.5, 0, 0.5, 1, nan, 1});
  is<double>(clip(x, 1, -1), {-1, -1, -1, -1, -1, nan, -1});  // the upper bound wins, as NumPy's
  is<double>(fma(x, x, 1), {5, 1.25, 1, 1.25, 10, nan, inf});
  is<bool>(isclose(x, array<double>{-2.00001, -0.5, 1e-9, 0.6, 3, nan, inf}),
           {true, true, true, false, true, false, true});
  is<bool>(isclose(x, x + 0.1, 0., 0.2), {true, true, true, true, true, false, true});
  is<bool>(isclose(x, -inf), {false, false, false, false, false, false, false});

  is<std::int32_t>(x.astype<std::int32_t>(), {-2, 0, 0, 0, 3, 0, INT32_MAX});
  is<std::uint8_t>((100 * x).astype<std::uint8_t>(), {0, 0, 0, 50, 255, 0, 255});
  is<bool>(x.astype<bool>(), {true, true, false, true, true, true, true});
  is<double>(x.astype<float>().astype<double>() * 2, {-4, -1, 0, 1, 6, nan, inf});
  YIELDS(f16, x.astype<f16>());
  YIELDS(complex128, x.astype<complex128>());

  array<std::int32_t> const a = {12, 10, -1, 7}, b = {10, 3, 4, 0};
  is<std::int32_t>(bitwise_and(a, b), {8, 2, 4, 0});
  is<std::int32_t>(bitwise_or(a, b), {14, 11, -1, 7});
  is<std::int32_t>(bitwise_xor(a, b), {6, 9, -5, 7});
  is<std::int32_t>(left_shift(a, b), {12288, 80, -16, 7});
  is<std::int32_t>(right_shift(a, 1), {6, 5, -1, 3});
  is<std::int32_t>(~a, {-13, -11, 0, -8});
  is<bool>(a && b, {true, true, true, false});
  is<bool>(a || b, {true, true, true, true});
  is<bool>(logical_xor(a, b), {false, false, false, true});
  is<bool>(!b, {false, false, false, true});
  is<bool>(a > 5 && a < 11, {false, true, false, true});
  is<std::int32_t>(a % 5, {2, 0, 4, 2});
  is<std::int32_t>(floor_divide(a, -5), {-3, -2, 0, -2});
}

BOOST_AUTO_TEST_CASE(functors) {
  array<double> const x = {-1, 0.5, 2, 10};
  array<float> const f = {1, 2, 3, 4};
  array<std::int32_t> const i = {4, 3, 2, 1};
  is<double>(map(cube{}, x), {-1, 0.125, 8, 1000});
  is<std::int32_t>(map(cube{}, i), {64, 27, 8, 1});
  is<bool>(map(between{0, 5}, x), {false, true, true, false});
  is<bool>(map(between{-5, 0}, x - 1), {true, true, false, false});
  is<double>(map(weighted{10}, x, f, i), {-13, 4, 21, 103});
  is<double>(map(weighted{10}, x, 1.f, i), {-13, 3, 19, 100});
  is<double>(map(weighted{1}, exp(x - x), f + f, -i), {7, 8, 9, 10});
  is<double>(map(mean_of, x, 2.), {0.5, 1.25, 2, 6});
  is<double>(map(weighted{2}, map(weighted{3}, x, f, i), f, i) * 2 + map(cube{}, x),
             {-31, 0.125, 38, 1138});
  YIELDS(float, map(mean_of, f, f));
  YIELDS(bool, map(between{0, 5}, x));
}

namespace {

/// Row-major values that no two expressions below map to the same.
template <class T>
std::vector<T> values(std::int64_t n, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::uniform_real_distribution<double> uniform(-1, 2);
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) x = T(uniform(random));
  return v;
}

// Within `ulps` of want, or of 1 where terms of that size cancelled.
template <class T>
void near(array<T> const& got, std::vector<T> const& want, int ulps, char const* what) {
  int wrong = 0;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    T const g = got.data()[i], w = want[static_cast<std::size_t>(i)];
    if (!(std::fabs(g - w) <=
          ulps * std::numeric_limits<T>::epsilon() * std::max(T(1), std::fabs(w))) &&
        ++wrong < 4)
      BOOST_ERROR(what << " of " << got.size() << ": [" << i << "] = " << g << ", not " << w);
  }
}

template <class T>
void check_size(std::int64_t n) {
  auto const vx = values<T>(n, 1), vy = values<T>(n, 2);
  array<T> const x(vx), y(vy);
  auto const size = vx.size();
  std::vector<T> sums(size), chain(size), mixed(size), chosen(size);
  std::vector<bool> less(size);
  for (std::size_t i = 0; i < size; ++i) {
    T const a = vx[i], b = vy[i];
    volatile T const product = a * b;
    sums[i] = product + b;
    mixed[i] = std::atan(std::exp(a) + std::atan(b)) * (a > T(0.5) ? a : -b);
    T const inner = std::cbrt(std::exp(a)) + std::sqrt(std::fabs(std::atan(b)));
    chain[i] = std::tanh(inner) / (std::atan(std::log(inner) * 2 + 5) + std::exp(-inner));
    chosen[i] = a < b ? std::floor(a) : b;
    less[i] = std::exp(a) < std::atan(b);
  }
  near<T>(x * y + y, sums, 0, "x * y + y");
  near<T>(arctan(exp(x) + arctan(y)) * where(x > 0.5, x, -y), mixed, 8, "mixed");
  auto const inner = cbrt(exp(x)) + sqrt(abs(arctan(y)));
  near<T>(tanh(inner) / (arctan(log(inner) * 2 + 5) + exp(-inner)), chain, 16, "chain");
  near<T>(where(x < y, floor(x), y), chosen, 0, "where");
  array<bool> const below = exp(x) < arctan(y);
  for (std::size_t i = 0; i < size; ++i)
    if (below.data()[i] != less[i]) BOOST_ERROR("exp(x) < arctan(y) at " << i << " of " << n);
  BOOST_TEST((below.size() == n && (x + y).size() == n));
}

}  // namespace

BOOST_AUTO_TEST_CASE(sizes_around_packets_and_chunks) {
  for (std::int64_t n :
       {0, 1, 15, 16, 17, 31, 32, 33, 1023, 1025, 2047, 2048, 2049, (1 << 20) + 3}) {
    check_size<float>(n);
    check_size<double>(n);
  }
}

BOOST_AUTO_TEST_CASE(integer_sizes) {
  for (std::int64_t n : {0, 1, 31, 33, 2047, 2049, (1 << 20) + 3}) {
    array<std::int32_t> const x = arange(n).astype<std::int32_t>(), y = 3 * x - 7;
    array<std::int32_t> const z = where(x % 3 == 1, bitwise_xor(x, y), maximum(x, y) - 1);
    int wrong = 0;
    for (std::int32_t i = 0; i < n; ++i) {
      std::int32_t const b = 3 * i - 7, want = i % 3 == 1 ? (i ^ b) : std::max(i, b) - 1;
      wrong += z.data()[i] != want;
    }
    BOOST_TEST(wrong == 0);
  }
}

BOOST_AUTO_TEST_CASE(broadcast_shapes) {
  using shape = std::vector<extents>;
  for (auto const& s :
       {shape{{3, 1}, {1, 5}}, shape{{4}, {3, 4}}, shape{{}, {2, 3}}, shape{{7, 1, 33}, {5, 1}},
        shape{{1, 1}, {6, 0}}, shape{{2, 1, 3, 1}, {4, 1, 5}}, shape{{1, 2049}, {3, 1}},
        shape{{2049, 1}, {1, 3}}, shape{{65, 64}, {64}}, shape{{64, 65}, {64, 1}},
        shape{{1, 1, 1}, {1}},
        // rows in pieces, pixels of few channels, one long row
        shape{{5, 1536}, {5, 1}}, shape{{1, 1024}, {7, 1}}, shape{{3, 2, 2048}, {2, 1}},
        shape{{256, 3}, {3}}, shape{{1024, 5}, {1024, 1}}, shape{{4, 128, 7}, {4, 1, 7}},
        shape{{1}, {70001}}}) {
    auto const va = values<double>(s[0].size(), 3), vb = values<double>(s[1].size(), 4);
    array<double> const a(va, s[0]), b(vb, s[1]);
    extents const both = broadcast(s[0], s[1], "test", {});
    array<double> const got = exp(a) * arctan(b) + (a - b);
    BOOST_TEST(to_string(got.shape()) == to_string(both));
    // the operands' elements by the definition: axes aligned at the end, extent 1 repeats
    auto const at = [&](std::vector<double> const& v, extents const& own, std::int64_t flat) {
      std::int64_t index = 0, step = 1;
      for (int k = 1; k <= both.rank(); ++k) {
        std::int64_t const i = flat % both[both.rank() - k];
        flat /= both[both.rank() - k];
        if (k > own.rank()) continue;
        if (own[own.rank() - k] != 1) index += i * step;
        step *= own[own.rank() - k];
      }
      return v[static_cast<std::size_t>(index)];
    };
    std::vector<double> want;
    for (std::int64_t i = 0; i < both.size(); ++i) {
      double const x = at(va, s[0], i), y = at(vb, s[1], i);
      volatile double const product = std::exp(x) * std::atan(y);
      want.push_back(product + (x - y));
    }
    BOOST_REQUIRE(got.size() == both.size());
    for (std::int64_t i = 0; i < got.size(); ++i)
      BOOST_TEST(std::fabs(got.data()[i] - want[static_cast<std::size_t>(i)]) < 1e-14,
                 to_string(both) << " at " << i);
  }
}

namespace {

/// y is 2 m with its last two axes exchanged.
template <class T>
int wrong_places(array<T> const& m, array<T> const& y) {
  std::int64_t const rows = m.shape()[m.rank() - 2], columns = m.shape().back();
  int wrong = 0;
  for (std::int64_t k = 0; k < m.size(); ++k) {
    std::int64_t const column = k % columns, row = k / columns % rows;
    wrong +=
        y.data()[k / (rows * columns) * (rows * columns) + column * rows + row] != 2 * m.data()[k];
  }
  return wrong;
}

template <class T>
void check_transposed(std::int64_t rows, std::int64_t columns) {
  array<T> const m = arange(3 * rows * columns).reshape(3, rows, columns).template astype<T>();
  BOOST_TEST(wrong_places(array<T>(m(1)), array<T>(2 * m(1).T())) == 0);
  BOOST_TEST(wrong_places(m, array<T>(2 * transpose(m, {0, 2, 1}))) == 0);
  // Columns that begin elsewhere, whose copy has shorter rows than they have, and rows backwards.
  auto const cut = m(2, ellipsis, slice(1, _));
  BOOST_TEST(wrong_places(array<T>(cut), array<T>(2 * cut.T())) == 0);
  auto const turned = m(0, slice(_, _, -1));
  BOOST_TEST(wrong_places(array<T>(turned), array<T>(2 * turned.T())) == 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(transposed_operands) {
  for (std::int64_t rows : {3, 8, 12, 64, 68, 130})
    for (std::int64_t columns : {5, 8, 20, 64, 129, 260}) {
      check_transposed<float>(rows, columns);
      check_transposed<double>(rows, columns);
    }
}

namespace {

/// A view of numbered elements whose axes are cut, taken backwards or by twos, and exchanged.
template <class T>
struct numbered_view {
  array<T> base;
  extents order;
  std::int64_t begin[3], step[3], count[3];

  explicit numbered_view(std::mt19937_64& engine) : order{0, 1, 2} {
    auto const draw = [&](std::int64_t low, std::int64_t high) {
      return std::uniform_int_distribution<std::int64_t>(low, high)(engine);
    };
    std::int64_t const liked[] = {1, 2, 3, 7, 8, 16, 31, 32, 63, 64, 65, 96, 127, 128, 256, 513};
    extents whole;
    std::int64_t room = 1 << 15;
    for (int a = 0; a < 3; ++a) {
      count[a] = std::min(liked[draw(0, 15)], room);
      room /= count[a];
      std::int64_t const kind = draw(0, 5);
      step[a] = kind == 0 ? 2 : kind == 1 ? -1 : 1;
      begin[a] = kind == 1 ? count[a] - 1 : kind == 2 ? draw(1, 3) : 0;
      whole.push_back(kind == 0 ? 2 * count[a] : kind == 2 ? count[a] + 3 : count[a]);
    }
    base = arange(whole.size()).reshape(whole).template astype<T>();
    if (draw(0, 1)) std::shuffle(order.begin(), order.end(), engine);
  }
  [[nodiscard]] slice cut(int a) const {
    return step[a] < 0 ? slice(_, _, -1) : slice(begin[a], begin[a] + step[a] * count[a], step[a]);
  }
  [[nodiscard]] auto view() const { return transpose(base(cut(0), cut(1), cut(2)), order); }
  /// The element at (i, j, k) of the view.
  [[nodiscard]] T operator()(std::int64_t i, std::int64_t j, std::int64_t k) const {
    std::int64_t const index[] = {i, j, k};
    std::int64_t at[3];
    for (int a = 0; a < 3; ++a) {
      auto const from = static_cast<int>(order[a]);
      at[from] = begin[from] + index[a] * step[from];
    }
    extents const& whole = base.shape();
    return static_cast<T>((at[0] * whole[1] + at[1]) * whole[2] + at[2]);
  }
};

template <class T>
void check_views(std::mt19937_64& engine) {
  numbered_view<T> const v(engine);
  auto const seen = v.view();
  array<T> const copy(seen), less = seen - seen(slice(0, 1)),
                             top = seen - max(seen, axis(1), keepdims),
                             row = seen - max(seen, last_axis, keepdims);
  array<sum_t<T>> const sums[] = {sum(seen, axis(0)), sum(seen, axis(1)), sum(seen, axis(2))};
  extents const shape = copy.shape();
  std::vector<sum_t<T>> wanted[3];
  for (int a = 0; a < 3; ++a) wanted[a].resize(static_cast<std::size_t>(sums[a].size()));
  int wrong = 0;
  std::int64_t n = 0;
  for (std::int64_t i = 0; i < shape[0]; ++i)
    for (std::int64_t j = 0; j < shape[1]; ++j)
      for (std::int64_t k = 0; k < shape[2]; ++k, ++n) {
        T const value = v(i, j, k);
        wrong += copy.data()[n] != value;
        wrong += less.data()[n] != static_cast<T>(value - v(0, j, k));
        wanted[0][static_cast<std::size_t>(j * shape[2] + k)] += value;
        wanted[1][static_cast<std::size_t>(i * shape[2] + k)] += value;
        wanted[2][static_cast<std::size_t>(i * shape[1] + j)] += value;
      }
  // What follows the numbers' order along an axis has its greatest one at an end of it.
  n = 0;
  for (std::int64_t i = 0; i < shape[0]; ++i)
    for (std::int64_t j = 0; j < shape[1]; ++j)
      for (std::int64_t k = 0; k < shape[2]; ++k, ++n) {
        T const middle = std::max(v(i, 0, k), v(i, shape[1] - 1, k));
        T const last = std::max(v(i, j, 0), v(i, j, shape[2] - 1));
        wrong += top.data()[n] != static_cast<T>(v(i, j, k) - middle);
        wrong += row.data()[n] != static_cast<T>(v(i, j, k) - last);
      }
  for (int a = 0; a < 3; ++a)
    for (std::int64_t i = 0; i < sums[a].size(); ++i)
      wrong += sums[a].data()[i] != wanted[a][static_cast<std::size_t>(i)];
  BOOST_TEST(wrong == 0, to_string(v.base.shape()) << " of " << sizeof(T) << " bytes: " << wrong
                                                   << " wrong in " << to_string(shape));
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_views_through_each_kind_of_kernel) {
  std::mt19937_64 engine(20);
  for (int round = 0; round < 60; ++round) {
    check_views<double>(engine);
    check_views<std::int32_t>(engine);
  }
}

BOOST_AUTO_TEST_SUITE_END()
