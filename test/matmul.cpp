// Products against a long double loop, within gamma_k |A||B|; integers exactly.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(products)

namespace {

using precise = long double;

template <class T>
constexpr precise unit_roundoff() {
  if constexpr (is_floating<T> && !is_half<T>)
    return std::numeric_limits<real_t<T>>::epsilon() / 2;
  else
    return std::numeric_limits<float>::epsilon() / 2.L;  // halves accumulate in float
}
/// Half a unit in the last place of a half, relative: its result is rounded once.
template <class T>
constexpr precise rounding() {
  if constexpr (std::is_same_v<T, f16>)
    return 0x1p-11L;
  else
    return std::is_same_v<T, bf16> ? 0x1p-8L : 0;
}

struct wide_complex {
  precise re = 0, im = 0;
};
template <class T>
wide_complex wide(T v) {
  if constexpr (is_complex<T>)
    return {v.re, v.im};
  else if constexpr (is_half<T>)
    return {static_cast<float>(v), 0};
  else
    return {static_cast<precise>(v), 0};
}

/// values[i...] of x broadcast to `batch` + its last two axes, as matrices of rank 2 at least.
template <class T>
struct matrices {
  std::vector<T> at;
  extents shape;
};

/// Element (row, column) of the matrix at `index` of the batch.
template <class T>
T element(matrices<T> const& m, extents const& index, std::int64_t row, std::int64_t column) {
  int const own = m.shape.rank() - 2, lead = index.rank() - own;
  std::int64_t flat = 0;
  for (int axis = 0; axis < own; ++axis)
    flat = flat * m.shape[axis] + (m.shape[axis] == 1 ? 0 : index[lead + axis]);
  flat = (flat * m.shape[own] + row) * m.shape[own + 1] + column;
  return m.at[static_cast<std::size_t>(flat)];
}

/// Checks a product by NumPy's rules against a plain loop.
template <class T>
void check(matrices<T> left, matrices<T> right, array<T> const& product) {
  BOOST_TEST_INFO_SCOPE(to_string(dtype_of<T>)
                        << to_string(left.shape) << " & " << to_string(right.shape));
  bool const vector_left = left.shape.rank() == 1, vector_right = right.shape.rank() == 1;
  if (vector_left) left.shape.insert(0, 1);
  if (vector_right) right.shape.push_back(1);
  int const rank = std::max(left.shape.rank(), right.shape.rank());
  extents batch;
  for (int axis = 0; axis < rank - 2; ++axis) {
    auto extent = [&](extents const& shape) {
      int const own = axis - (rank - shape.rank());
      return own < 0 ? 1 : shape[own];
    };
    batch.push_back(extent(left.shape) == 1 ? extent(right.shape) : extent(left.shape));
  }
  std::int64_t const m = left.shape[left.shape.rank() - 2], k = left.shape.back();
  std::int64_t const n = right.shape.back();
  extents shape = batch;
  if (!vector_left) shape.push_back(m);
  if (!vector_right) shape.push_back(n);

  BOOST_TEST(to_string(product.shape()) == to_string(shape));
  auto const got = product.to_vector();
  BOOST_REQUIRE_EQUAL(std::ssize(got), batch.size() * m * n);
  precise const u = unit_roundoff<T>();
  precise const terms = static_cast<precise>(is_complex<T> ? 4 * k + 4 : k);
  std::size_t at = 0;
  extents index = extents::filled(batch.rank(), 0);
  for (std::int64_t i = 0; i < batch.size(); ++i) {
    for (std::int64_t row = 0; row < m; ++row)
      for (std::int64_t column = 0; column < n; ++column, ++at) {
        if constexpr (is_integer<T>) {
          std::uint64_t sum = 0;
          for (std::int64_t l = 0; l < k; ++l)
            sum += static_cast<std::uint64_t>(element(left, index, row, l)) *
                   static_cast<std::uint64_t>(element(right, index, l, column));
          if (got[at] != static_cast<T>(sum)) {
            BOOST_ERROR("element " << at << " is wrong");
            return;
          }
        } else {
          wide_complex sum;
          precise absolute = 0;
          for (std::int64_t l = 0; l < k; ++l) {
            auto const x = wide(element(left, index, row, l));
            auto const y = wide(element(right, index, l, column));
            sum.re += x.re * y.re - x.im * y.im;
            sum.im += x.re * y.im + x.im * y.re;
            absolute += (std::abs(x.re) + std::abs(x.im)) * (std::abs(y.re) + std::abs(y.im));
          }
          precise const gamma = terms * u / (1 - terms * u);
          auto const v = wide(got[at]);
          precise const size = std::abs(sum.re) + std::abs(sum.im);
          precise const bound = gamma * absolute + rounding<T>() * (size + gamma * absolute);
          if (!(std::abs(v.re - sum.re) <= bound && std::abs(v.im - sum.im) <= bound)) {
            BOOST_ERROR("element " << at << " is " << double(v.re) << ", not " << double(sum.re)
                                   << " +- " << double(bound));
            return;
          }
        }
      }
    for (int axis = batch.rank() - 1; axis >= 0 && ++index[axis] == batch[axis]; --axis)
      index[axis] = 0;
  }
}

template <class A, class B>
void check(A const& a, B const& b) {
  using T = value_t<A>;
  check<T>({a.to_vector(), a.shape()}, {b.to_vector(), b.shape()}, a & b);
}

/// Values of T in (-1, 1), or whole numbers that wrap.
template <class T>
array<T> random_values(extents const& shape, std::uint64_t seed) {
  array<double> const draw = generator(seed).uniform(-1, 1, shape);
  std::vector<T> values;
  for (double v : draw)
    if constexpr (is_complex<T>)
      values.push_back({static_cast<real_t<T>>(v), static_cast<real_t<T>>(1 - 3 * v * v)});
    else
      values.push_back(convert<T>(is_integer<T> ? v * 1e9 : v));
  return array<T>(values, shape);
}

/// Every layout of the operands of one product.
template <class T>
void check_layouts(std::int64_t m, std::int64_t k, std::int64_t n) {
  auto const a = random_values<T>({m, k}, 1), b = random_values<T>({k, n}, 2);
  auto const at = random_values<T>({k, m}, 3), bt = random_values<T>({n, k}, 4);
  check(a, b);
  check(at.T(), b);
  check(a, bt.T());
  check(at.T(), bt.T());
  auto const wide_a = random_values<T>({2 * m, 3 * k + 1}, 5);
  auto const a_strided = wide_a(slice(_, _, 2), slice(1, _, 3));  // no stride is 1
  auto const a_backwards = wide_a(slice(m - 1, _, -1), slice(k, 0, -1));
  auto const wide_b = random_values<T>({k + 2, n + 3}, 6);
  auto const b_inner = wide_b(slice(1, -1), slice(2, -1));  // misaligned
  auto const b_backwards = wide_b.T()(slice(_, n), slice(k - 1, _, -1)).T();
  check(a_strided, b);
  check(a_backwards, b_inner);
  check(a, b_backwards);
  check(a_strided, b_backwards);
  auto const row = random_values<T>({1, k}, 7);
  check(broadcast_to(row, {m, k}), b);
  check(a, broadcast_to(row.T(), {k, n}));
  check(a(0, _), b);
  check(a, b(_, 0));
  check(a(0, _), b(_, n - 1));
  check(a_backwards(0, _), b_backwards(_, 0));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_layout_within_the_bound) {
  for (auto [m, k, n] : {std::array<std::int64_t, 3>{1, 1, 1},
                         {2, 3, 4},
                         {1, 17, 5},
                         {16, 16, 16},
                         {33, 31, 32},
                         {65, 130, 7},
                         {3, 1025, 2}}) {
    check_layouts<double>(m, k, n);
    check_layouts<float>(m, k, n);
  }
  check(random_values<double>({257, 300}, 1), random_values<double>({300, 129}, 2));
}

BOOST_AUTO_TEST_CASE(other_element_types) {
  for (auto [m, k, n] : {std::array<std::int64_t, 3>{2, 3, 4}, {33, 31, 17}}) {
    check_layouts<complex128>(m, k, n);
    check_layouts<std::int64_t>(m, k, n);
  }
  check(random_values<complex64>({9, 20}, 1), random_values<complex64>({20, 5}, 2).T().T());
  check(random_values<f16>({9, 300}, 1), random_values<f16>({5, 300}, 2).T());
  check(random_values<bf16>({9, 300}, 1), random_values<bf16>({300, 5}, 2));
  check(random_values<std::int8_t>({9, 300}, 1) * 3, random_values<std::int8_t>({300, 5}, 2));
  check(random_values<std::uint8_t>({9, 30}, 1), random_values<std::uint8_t>({30, 5}, 2));
  check(random_values<std::int16_t>({4, 30}, 1), random_values<std::int16_t>({30, 5}, 2));
  check(random_values<std::uint16_t>({4, 30}, 1), random_values<std::uint16_t>({30, 5}, 2));
  check(random_values<std::int32_t>({4, 30}, 1), random_values<std::int32_t>({30, 5}, 2));
  check(random_values<std::uint32_t>({4, 30}, 1), random_values<std::uint32_t>({30, 5}, 2));
  check(random_values<std::uint64_t>({4, 30}, 1), random_values<std::uint64_t>({30, 5}, 2));
}

BOOST_AUTO_TEST_CASE(batches_broadcast) {
  auto const values = [](extents const& shape) {
    return random_values<double>(shape, shape.size());
  };
  check(values({3, 4, 5}), values({3, 5, 2}));
  check(values({3, 4, 5}), values({5, 2}));
  check(values({4, 5}), values({3, 5, 2}));
  check(values({3, 1, 4, 5}), values({2, 5, 2}));
  check(values({1, 4, 5}), values({6, 5, 3}));
  check(values({3, 4, 5}), values({5}));
  check(values({5}), values({3, 5, 2}));
  check(values({2, 3, 4, 5}), values({1, 5}).T());
  check(transpose(values({4, 3, 5}), {1, 0, 2}), values({3, 5, 2}));
  check(transpose(values({5, 4, 3}), {2, 1, 0}), transpose(values({2, 5, 3}), {2, 1, 0}));
  check(values({3, 4, 5})(slice(_, _, -1), _, slice(_, _, -1)), values({3, 5, 2}));
  check(broadcast_to(values({4, 5}), {3, 4, 5}), values({3, 5, 2}));
  check(values({4, 5})(newaxis, _, _), values({3, 2, 5, 1}));
}

BOOST_AUTO_TEST_CASE(empty_extents) {
  auto const values = [](extents const& shape) { return random_values<double>(shape, 1); };
  check(values({3, 0}), values({0, 2}));  // k = 0: zeros
  check(values({0}), values({0}));
  check(values({0, 3}), values({3, 2}));
  check(values({2, 3}), values({3, 0}));
  check(values({0, 2, 3}), values({3, 4}));
  check(values({4, 2, 0}), values({0, 3}));
  BOOST_TEST((zeros(0) & zeros(0)).item() == 0);
}

BOOST_AUTO_TEST_CASE(special_values_pass_through) {
  array<double> const a{{1, NAN}, {INFINITY, 0}}, b{{1, 0}, {0, 1}};
  auto const got = (a & b).to_vector();
  BOOST_TEST(std::isnan(got[0]));
  BOOST_TEST(std::isnan(got[1]));
  BOOST_TEST(got[2] == INFINITY);
  BOOST_TEST(std::isnan(got[3]));  // infinity times 0
}

BOOST_AUTO_TEST_CASE(operands_promote) {
  array<std::int32_t> const i{{1, 2}, {3, 4}};
  array<float> const f{{0.5f, 1.f}, {1.f, 2.f}};
  array<std::uint8_t> const u{{200, 1}, {1, 1}};
  auto const type = [](auto const& x) { return std::string(to_string(x.node()->type)); };
  BOOST_TEST(type(i & f) == "float64");
  BOOST_TEST(type(u & f) == "float32");
  BOOST_TEST(type(u & i) == "int32");
  BOOST_TEST(type(u & u) == "uint8");
  BOOST_TEST(type(matmul(i, f.astype<complex64>())) == "complex128");
  BOOST_TEST(((i & f).to_vector() == std::vector<double>{2.5, 5, 5.5, 11}));
  BOOST_TEST(((u & i).to_vector() == std::vector<std::int32_t>{203, 404, 4, 6}));
  BOOST_TEST(((u & u).to_vector() == std::vector<std::uint8_t>{65, 201, 201, 2}));
}

BOOST_AUTO_TEST_CASE(the_three_spellings_agree) {
  auto const a = random_values<double>({6, 4}, 1), b = random_values<double>({4, 3}, 2);
  array<double> const product = a & b;
  BOOST_TEST(bool(all(matmul(a, b) == product)));
  BOOST_TEST(bool(all(dot(a, b) == product)));
  // Another shape may be summed in another order: within gamma_4 |a| |b|.
  double const bound = 4 * 0x1p-52 * dot(abs(a(0, _)), abs(b(_, 0))).item();
  BOOST_TEST(std::abs(dot(a(0, _), b(_, 0)).item() - product.item(0, 0)) <= bound);
  BOOST_TEST(bool(all((2 * a & b / 4) == product / 2)));  // powers of two round nothing
  BOOST_TEST(bool(all(matmul(a + 0, b) == product)));
  BOOST_TEST(bool(all((-a & -b) == product)));
  array<double> const chain = a & b & b.T();  // from the left
  BOOST_TEST(bool(all(chain == (product & b.T()))));
  array<double> x = random_values<double>({5, 5}, 3), y = x;
  x = x & x;
  BOOST_TEST(bool(all(x == (y & y))));
  x(ellipsis) = x & y.T();
  BOOST_TEST(bool(all(x == ((y & y) & y.T()))));
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit_are_refused) {
  array<double> const a = ones(3, 4), b = ones(5, 2), c = ones(2, 3, 4), d = ones(3, 4, 2);
  array<double> const s(1.);
  REFUSES_HERE(shape_error, "matmul: inner extents differ: (3, 4) & (5, 2)", a & b);
  REFUSES_HERE(shape_error, "matmul: inner extents differ: (3, 4) & (5, 2)", matmul(a, b));
  REFUSES_HERE(shape_error, "matmul: inner extents differ: (3, 4) & (3,)", a & a(_, 0));
  REFUSES_HERE(shape_error, "matmul: inner extents differ: (3,) & (4,)", a(_, 0) & a(0, _));
  REFUSES_HERE(shape_error, "matmul: batch axes do not broadcast: (2, 3, 4) & (3, 4, 2)", c & d);
  REFUSES_HERE(shape_error, "matmul: operands need at least one axis: () & (3, 4)", s & a);
  REFUSES_HERE(shape_error, "matmul: operands need at least one axis: (3, 4) & ()", matmul(a, s));
  REFUSES_HERE(shape_error, "dot: ranks above 2: (2, 3, 4) and (5, 2); use matmul", dot(c, b));
}

BOOST_AUTO_TEST_SUITE_END()
