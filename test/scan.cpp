// Running sums, products and extremes, against a loop in long double or the type itself.
#include <array>
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(scan)

namespace {

using std::int64_t;

/// Row by row what `step` makes of all elements up to each.
template <class T, class Step>
std::vector<T> by_hand(std::vector<T> v, int64_t n, Step step) {
  for (std::size_t i = 1; i < v.size(); ++i)
    if (static_cast<int64_t>(i) % n != 0) v[i] = step(v[i - 1], v[i]);
  return v;
}

template <class T>
bool same(T a, T b) {
  return a == b || (a != a && b != b);
}

}  // namespace

BOOST_AUTO_TEST_CASE(shapes_axes_and_types_are_numpys) {
  array<int> const x{{1, 2, 3}, {4, 5, 6}};
  auto const all = cumsum(x);
  static_assert(std::is_same_v<value_t<decltype(all)>, int64_t>);
  BOOST_TEST(all.shape() == extents({6}));
  BOOST_TEST(all.to_vector() == (std::vector<int64_t>{1, 3, 6, 10, 15, 21}));
  BOOST_TEST(cumsum(x, axis(0)).to_vector() == (std::vector<int64_t>{1, 2, 3, 5, 7, 9}));
  BOOST_TEST(cumsum(x, axis(-1)).to_vector() == (std::vector<int64_t>{1, 3, 6, 4, 9, 15}));
  BOOST_TEST(cumprod(x, last_axis).to_vector() == (std::vector<int64_t>{1, 2, 6, 4, 20, 120}));
  BOOST_TEST(cumsum(x.T(), axis(0)).to_vector() == (std::vector<int64_t>{1, 4, 3, 9, 6, 15}));
  BOOST_TEST(cumsum(x > 2).to_vector() == (std::vector<int64_t>{0, 0, 1, 2, 3, 4}));
  static_assert(std::is_same_v<value_t<decltype(cummax(x))>, int>);
  BOOST_TEST(cummin(7 - x, axis(1)).to_vector() == (std::vector<int>{6, 5, 4, 3, 2, 1}));
  BOOST_TEST(cummax(array<std::uint8_t>{3, 1, 200, 7}).to_vector() ==
             (std::vector<std::uint8_t>{3, 3, 200, 200}));
  BOOST_TEST(cumsum(full({}, 2.)).to_vector() == std::vector<double>{2});
  BOOST_TEST(cumsum(zeros(3, 0), axis(0)).shape() == extents({3, 0}));
  BOOST_TEST(cumsum(zeros(0, 3), axis(0)).shape() == extents({0, 3}));
  array<f16> const halves = cumsum(full({4}, 0.5).astype<f16>());
  BOOST_TEST(static_cast<float>(halves.data()[3]) == 2.f);
  using c = complex128;
  BOOST_TEST((cumprod(array<c>{c{0, 1}, c{0, 1}, c{2, 0}}).to_vector()[2] == c{-2, 0}));
  array<std::uint64_t> const wraps = cumsum(array<std::uint64_t>{~0ull, 2});
  BOOST_TEST(wraps.data()[1] == 1u);
  REFUSES_HERE(index_error, "cumsum: axis 2 is out of range for rank 2", cumsum(x, axis(2)));
  REFUSES_HERE(index_error, "cumprod: takes one axis", cumprod(x, axis(0, 1)));
}

// Columns side by side: of one tile of the GPU's and of many, of rows that tell the next ones what is above
// them and of such as are gone through twice, at packs and not. Whole numbers, so that sums are exact.
BOOST_AUTO_TEST_CASE(columns) {
  auto const check = []<class T>(T, int64_t outer, int64_t n, int64_t inner) {
    array<T> const x =
        generator(n).integers<std::int32_t>(-9, 9, {outer, n, inner}).template astype<T>();
    auto const in = x.to_vector();
    auto expected = in;
    for (int64_t i = 0; i < std::ssize(in); ++i)
      if (i / inner % n > 0) expected[i] = expected[i - inner] + in[i];
    BOOST_TEST((cumsum(x, axis(1)).to_vector() == expected),
               to_string(dtype_of<T>) << " " << outer << " " << n << " " << inner);
    if constexpr (!is_complex<T>) {
      expected = in;
      for (int64_t i = 0; i < std::ssize(in); ++i)
        if (i / inner % n > 0) expected[i] = std::max(expected[i - inner], in[i]);
      BOOST_TEST((cummax(x, axis(1)).to_vector() == expected),
                 to_string(dtype_of<T>) << " " << outer << " " << n << " " << inner);
    }
  };
  for (auto [outer, n, inner] : {std::array<int64_t, 3>{1, 1, 64},
                                 {1, 300, 40},
                                 {3, 129, 1001},
                                 {2, 5000, 64},
                                 {1, 20000, 33},
                                 {40, 2500, 32},
                                 {1, 700, 9000}}) {
    check(float{}, outer, n, inner);
    check(double{}, outer, n, inner);
    check(int64_t{}, outer, n, inner);
    check(complex64{}, outer, n, inner);
  }
  check(complex128{}, 2, 5000, 24);
  check(std::uint64_t{}, 1, 5000, 48);
  array<double> const x = generator(1).uniform(0, 1, {3000, 50});
  BOOST_TEST(array_equal(cumsum(x, axis(0)), cumsum(x, axis(0))));
  BOOST_TEST(allclose(cumsum(x, axis(0)), cumsum(array<double>(x.T()), axis(1)).T()));
  BOOST_TEST(allclose(cumprod(x + 0.5, axis(0))(-1, _), prod(x + 0.5, axis(0))));
}

BOOST_AUTO_TEST_CASE(nan_and_zeros) {
  array<double> const x{1, NAN, 0.5, INFINITY, 3};
  BOOST_TEST(same(array<double>(cummax(x)).data()[4], double(NAN)));
  BOOST_TEST(array<double>(cummin(x)).data()[0] == 1);
  BOOST_TEST(nancumsum(x).to_vector() == (std::vector<double>{1, 1, 1.5, INFINITY, INFINITY}));
  BOOST_TEST(nancumprod(x(slice(3))).to_vector() == (std::vector<double>{1, 1, 0.5}));
  BOOST_TEST(nancumsum(array<int>{1, 2}).to_vector() == (std::vector<int64_t>{1, 3}));
  BOOST_TEST(std::signbit(array<double>(cumsum(array<double>{-0., -0.})).data()[1]));
  BOOST_TEST(std::signbit(array<float>(cumsum(array<float>{-0.f})).data()[0]));
}

BOOST_AUTO_TEST_CASE(a_scan_is_one_step_and_is_computed_once) {
  array<double> const x = rand(4, 8);
  BOOST_TEST(explain(cumsum(x, axis(1))).find("scan    cumsum(x0)") != std::string::npos);
  auto const s = cumsum(x, last_axis);
  std::string const plan = explain(s + exp(s));
  BOOST_TEST(plan.find("r1") != std::string::npos);
  BOOST_TEST(plan.find("r2") == std::string::npos);
  std::string const twice = explain(cumsum(x) + 2 * cumsum(x));  // written twice, computed once
  BOOST_TEST(twice.find("scan") == twice.rfind("scan"));
}

// Integers to the bit; floating sums within n rounding errors of a sum of what was added.
BOOST_AUTO_TEST_CASE(long_short_and_many_rows) {
  generator draw(3);
  for (auto const& [rows, n] : {std::pair<int64_t, int64_t>{1, 1},
                                {1, 31},
                                {1, 4097},
                                {1, 100003},
                                {3, 70001},
                                {5000, 3},
                                {257, 1},
                                {100, 1000},
                                {1000, 17},
                                {2, 1 << 20},
                                {70000, 33}}) {
    BOOST_TEST_CONTEXT(rows << " rows of " << n) {
      array<double> const u = draw.uniform(-1., 1., {rows, n});
      auto const values = u.to_vector();
      array<int64_t> const i = floor(u * 1000).astype<int64_t>();
      auto const add = [](auto a, auto b) { return a + b; };
      auto const larger = [](auto a, auto b) { return std::max(a, b); };
      BOOST_TEST((cumsum(i, last_axis).to_vector() == by_hand(i.to_vector(), n, add)));
      BOOST_TEST((cummax(u, last_axis).to_vector() == by_hand(values, n, larger)));
      BOOST_TEST((cummax(i, axis(0)).to_vector() ==
                  array<int64_t>(cummax(array<int64_t>(i.T()), last_axis).T()).to_vector()));
      auto const check = [&]<class T>(T) {
        array<T> const x = u.astype<T>();
        auto const in = x.to_vector();
        auto const got = cumsum(x, last_axis).to_vector();
        auto const again = cumsum(x, last_axis).to_vector();
        long double sum = 0, most = 0, off = 0;
        for (std::size_t k = 0; k < got.size(); ++k) {
          if (static_cast<int64_t>(k) % n == 0) sum = most = 0;
          sum += in[k];
          most += std::abs(in[k]);
          off = std::max(
              off, std::abs(sum - got[k]) / (std::numeric_limits<T>::epsilon() * most + 1e-300L));
        }
        BOOST_TEST(off <= static_cast<long double>(n));
        BOOST_TEST(std::memcmp(got.data(), again.data(), got.size() * sizeof(T)) == 0);
      };
      check(1.);
      check(1.f);
    }
  }
}

BOOST_AUTO_TEST_CASE(memory_that_does_not_begin_at_a_pack) {
  array<float> const x = arange<float>(1000);
  auto const got = cumsum(x(slice(3, _))).to_vector();
  BOOST_TEST(got.back() == 499500.f - 3);
  array<complex64> const z = x(slice(1, _, 2)).astype<complex64>();
  BOOST_TEST((cumsum(z(slice(1, _))).to_vector().back() == complex64{250000.f - 1, 0}));
  array<double> w{1, 2, 3};
  w = cumsum(w);
  BOOST_TEST(w.to_vector() == (std::vector<double>{1, 3, 6}));
}

BOOST_AUTO_TEST_SUITE_END()
