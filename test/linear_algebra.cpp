// Systems of equations, inverses, determinants, Cholesky factors, eigenvalues: residuals within n eps times norms,
// and NumPy's values.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

#include <complex>
#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(linear_algebra)

namespace {

using std::int64_t;
using precise = std::complex<long double>;

template <class T>
precise number(T v) {
  if constexpr (is_complex<T>)
    return {v.re, v.im};
  else
    return v;
}

/// Row-major matrices, one behind the other, in long double.
struct stacked {
  int64_t count, rows, columns;
  std::vector<precise> at;

  [[nodiscard]] precise operator()(int64_t m, int64_t i, int64_t j) const {
    return at[static_cast<std::size_t>((m * rows + i) * columns + j)];
  }
  /// The largest sum of sizes along a row of matrix m.
  [[nodiscard]] long double norm(int64_t m) const {
    long double most = 0;
    for (int64_t i = 0; i < rows; ++i) {
      long double sum = 0;
      for (int64_t j = 0; j < columns; ++j) sum += std::abs((*this)(m, i, j));
      most = std::max(most, sum);
    }
    return most;
  }
};
/// x, broadcast to a batch.
template <expression X>
stacked wide(X const& x, extents batch) {
  int const rank = x.rank();
  int64_t const rows = x.shape()[rank - 2], columns = x.shape()[rank - 1], count = batch.size();
  batch.push_back(rows), batch.push_back(columns);
  stacked result{count, rows, columns, {}};
  for (auto const& v : broadcast_to(x, batch).to_vector()) result.at.push_back(number(v));
  return result;
}
/// The largest element of a x - b, a matrix at a time, over (n + 4) eps |a| |x|: 4 for divisions and for
/// what complex products add.
template <class T>
long double residual(stacked const& a, stacked const& x, stacked const& b) {
  long double const eps = std::numeric_limits<real_t<T>>::epsilon();
  long double worst = 0;
  for (int64_t m = 0; m < b.count; ++m) {
    long double const unit = static_cast<long double>(a.columns + 4) * eps * a.norm(m) * x.norm(m);
    for (int64_t i = 0; i < b.rows; ++i)
      for (int64_t j = 0; j < b.columns; ++j) {
        precise sum = -b(m, i, j);
        for (int64_t k = 0; k < a.columns; ++k) sum += a(m, i, k) * x(m, k, j);
        worst = std::max(worst, std::abs(sum) / unit);
      }
  }
  return worst;
}

template <class T>
array<T> drawn(extents const& shape, unsigned seed = 1) {
  std::mt19937 bits(seed);
  std::uniform_real_distribution<double> u(-1, 1);
  array<T> x(shape);
  for (int64_t i = 0; i < shape.size(); ++i) {
    if constexpr (is_complex<T>)
      x.data()[i] = T(static_cast<real_t<T>>(u(bits)), static_cast<real_t<T>>(u(bits)));
    else
      x.data()[i] = static_cast<T>(u(bits));
  }
  return x;
}
template <class T>
array<T> hilbert(int64_t n) {
  array<T> h(extents{n, n});
  for (int64_t i = 0; i < n * n; ++i)
    h.data()[i] = T(real_t<T>(1) / static_cast<real_t<T>>(i / n + i % n + 1));
  return h;
}
template <expression X>
auto swapped(X const& x) {
  return swapaxes(x, -1, -2);
}
extents batch_of(extents const& shape) { return extents(shape.begin(), shape.end() - 2); }

template <class T, expression A, expression B>
void solves(A const& a, B const& b) {
  array<T> const x = solve(a, b);
  extents const batch = batch_of(x.shape());
  long double const off = residual<T>(wide(a, batch), wide(x, batch), wide(b, batch));
  BOOST_TEST(off <= 1,
             "solve " << to_string(a.shape()) << " " << to_string(b.shape()) << ": " << off);
}
template <class T, expression A>
void inverts(A const& a) {
  array<T> const x = inv(a);
  extents const batch = batch_of(x.shape());
  stacked const factor = wide(a, batch), inverse = wide(x, batch);
  long double const off = residual<T>(inverse, factor, wide(eye<T>(x.shape().back()), batch));
  BOOST_TEST(off <= 1, "inv " << to_string(a.shape()) << ": " << off);

  // det(a) det(inv(a)) is 1 within n eps |a| |inv(a)|, and det agrees where it does not overflow.
  auto const [sign, logs] = slogdet(a);
  auto const [other_sign, other_logs] = slogdet(x);
  auto const ones = array<T>(sign * other_sign).to_vector(), d = array<T>(det(a)).to_vector();
  auto const zeros = array<real_t<T>>(logs + other_logs).to_vector();
  auto const again = array<T>(sign * exp(logs)).to_vector();
  long double const eps = std::numeric_limits<real_t<T>>::epsilon();
  for (std::size_t i = 0; i < d.size(); ++i) {
    auto const at = static_cast<int64_t>(i);
    auto const near = [&](auto const& p, auto const& q, long double scale) {
      long double const most = 4 * static_cast<long double>(factor.rows) * eps * scale;
      BOOST_TEST(std::abs(number(p) - number(q)) <= most, number(p) << " and " << number(q));
    };
    long double const condition = factor.norm(at) * inverse.norm(at);
    near(ones[i], T(1), condition);
    near(zeros[i], real_t<T>(0), condition);
    if (std::isfinite(std::abs(number(d[i])))) near(d[i], again[i], std::abs(number(d[i])));
  }
}
template <class T, expression A>
void factors(A const& a) {
  extents const batch = batch_of(a.shape());
  array<T> const lower = cholesky(a), upper = cholesky(a, true);
  auto const check = [&](stacked const& l, stacked const& right) {
    long double const off = residual<T>(l, right, wide(a, batch));
    BOOST_TEST(off <= 1, "cholesky " << to_string(a.shape()) << ": " << off);
  };
  check(wide(lower, batch), wide(conjugate(swapped(lower)), batch));
  check(wide(conjugate(swapped(upper)), batch), wide(upper, batch));
  BOOST_TEST(all(lower == tril(lower)).item());
  BOOST_TEST(all(upper == triu(upper)).item());
}

template <expression X>
array<value_t<X>> swap_if(bool wanted, X const& x) {
  if (wanted) return swapped(x);
  return x;
}
/// With real diagonals.
template <class T>
array<T> drawn_for_eigh(extents const& shape) {
  array<T> const x = drawn<T>(shape);
  return x - (x - conjugate(x)) / 2 * eye<T>(shape.back());
}
/// a v = v w and v^H v = 1 within 2 (n + 4) eps |a| |v|, and the values alone agree within that.
template <class T, expression A>
void diagonalizes(A const& a, bool upper = false) {
  auto const [w, v] = eigh(a, upper);
  array<real_t<T>> const values = w, alone = eigvalsh(a, upper);
  array<T> const vectors = v;
  extents const batch = batch_of(a.shape());
  array<T> const triangle = tril(swap_if(upper, a)), sum = triangle + conjugate(swapped(triangle));
  array<T> const both = swap_if(upper, array<T>(sum - sum * eye<T>(a.shape().back()) / 2));
  array<T> const scaled = vectors * values(ellipsis, newaxis, _);
  auto const check = [&](stacked const& left, stacked const& right, stacked const& want) {
    long double const off = residual<T>(left, right, want);
    BOOST_TEST(off <= 2, "eigh " << to_string(a.shape()) << ": " << off);
  };
  check(wide(both, batch), wide(vectors, batch), wide(scaled, batch));
  check(wide(conjugate(swapped(vectors)), batch), wide(vectors, batch),
        wide(eye<T>(a.shape().back()), batch));
  real_t<T> const eps = std::numeric_limits<real_t<T>>::epsilon();
  auto const most = (static_cast<real_t<T>>(a.shape().back()) + 4) * eps * max(abs(values)).item();
  BOOST_TEST(all(abs(values - alone) <= most).item());
  BOOST_TEST(all(values(ellipsis, slice(1, _)) >= values(ellipsis, slice(_, -1))).item());
}

array<double> const m{{3, 1, 4}, {1, 5, 9}, {2, 6, 5}};
array<double> const singular{{1, 2}, {2, 4}};

}  // namespace

BOOST_AUTO_TEST_CASE(residuals_of_all_types_layouts_and_batches) {
  auto const run = [&]<class T>() {
    BOOST_TEST_CONTEXT(to_string(dtype_of<T>)) {
      for (int64_t n : {1, 2, 3, 8, 9, 16, 33, 150}) {
        array<T> const a = drawn<T>({n, n}), b = drawn<T>({n, 4}, 2);
        solves<T>(a, b);
        inverts<T>(a);
        factors<T>(array<T>((a & conjugate(a.T())) + eye<T>(n)));
      }
      array<T> const many = drawn<T>({40, 5, 5}), some = drawn<T>({2, 1, 9, 9}),
                     large = drawn<T>({30, 30});
      solves<T>(many, drawn<T>({40, 5, 3}, 2));
      solves<T>(many, drawn<T>({5, 3}, 2));
      solves<T>(many(0), drawn<T>({3, 2, 5, 1}, 2));
      solves<T>(some, drawn<T>({3, 9, 2}, 2));
      solves<T>(some, drawn<T>({2, 3, 9, 2}, 2));
      solves<T>(array<T>(swapaxes(some, 0, 1)), drawn<T>({3, 1, 9, 2}, 2));
      inverts<T>(many);
      inverts<T>(some);
      solves<T>(large.T(), drawn<T>({4, 30}).T());
      solves<T>(swapped(many), drawn<T>({40, 5, 3}, 2));
      solves<T>(large(slice(_, _, 2), slice(_, _, -2)),
                drawn<T>({30, 8})(slice(1, _, 2), slice(3, _)));
      inverts<T>(large.T());
      inverts<T>(swapped(many)(slice(1, 7)));
      inverts<T>(large(slice(_, _, -3), slice(10)));
      for (int64_t n : {7, 16, 17})  // each pivot in another row
        inverts<T>(flip(eye<T>(n), axis(0)) + 0);
      solves<T>(hilbert<T>(8), drawn<T>({8, 2}));
      array<T> const definite = matmul(many, conjugate(swapped(many))) + eye<T>(5);
      factors<T>(definite);
      factors<T>(conjugate(swapped(definite)));
      factors<T>(array<T>(definite(slice(_, _, 3))));
      factors<T>(hilbert<T>(5));
      diagonalizes<T>(hilbert<T>(8));
      for (int64_t n : {1, 2, 3, 33, 90}) diagonalizes<T>(drawn_for_eigh<T>({n, n}), n == 3);
      array<T> const systems = drawn_for_eigh<T>({3, 2, 9, 9});
      diagonalizes<T>(systems);
      diagonalizes<T>(swapped(systems), true);
      diagonalizes<T>(swapped(systems)(_, 0, slice(_, _, 2), slice(_, _, 2)));
    }
  };
  run.operator()<float>();
  run.operator()<double>();
  run.operator()<complex64>();
  run.operator()<complex128>();
}

BOOST_AUTO_TEST_CASE(numpys_values_shapes_and_types) {
  auto const near = [](auto const& x, std::string const& form, values const& want) {
    BOOST_TEST(to_string(dtype_of<value_t<decltype(x)>>) + to_string(x.shape()) == form);
    auto const got = x.to_vector();
    BOOST_REQUIRE_EQUAL(got.size(), want.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      BOOST_TEST(std::abs(got[i] - want[i]) <= 1e-14, form << " [" << i << "] is " << got[i]);
  };
  array<double> const a{{2, 1}, {1, 3}}, b{{3, 5}, {1, 2}};
  array<double> const both = stack(a, 2 * a), c = arange(12).reshape({3, 2, 2});
  near(solve(a, b(0)), "float64(2,)", {0.8, 1.4});
  near(solve(both, b(0)), "float64(2, 2)", {0.8, 1.4, 0.4, 0.7});  // a vector where it is 1-D
  near(solve(both, b), "float64(2, 2, 2)", {1.6, 2.6, -0.2, -0.2, 0.8, 1.3, -0.1, -0.1});
  near(solve(a, c), "float64(3, 2, 2)", {-0.4, 0, 0.8, 1, 1.2, 1.6, 1.6, 1.8, 2.8, 3.2, 2.4, 2.6});
  near(solve(both(_, newaxis), c)(1), "float64(3, 2, 2)",
       {-0.2, 0, 0.4, 0.5, 0.6, 0.8, 0.8, 0.9, 1.4, 1.6, 1.2, 1.3});
  near(solve(m, array<int>{1, 2, 3}), "float64(3,)", {4. / 15, 7. / 15, -1. / 15});
  near(inv(m), "float64(3, 3)",
       {29. / 90, -19. / 90, 11. / 90, -13. / 90, -7. / 90, 23. / 90, 2. / 45, 8. / 45, -7. / 45});
  near(det(m) / 90, "float64()", {-1});
  near(slogdet(-m).logabsdet, "float64()", {4.499809670330265});
  is(slogdet(-m).sign, "float64()", {1});
  near(cholesky(a), "float64(2, 2)",
       {1.4142135623730951, 0, 0.7071067811865475, 1.5811388300841898});
  is(cholesky(array<int>{{4, 99}, {2, 5}}), "float64(2, 2)", {2, 0, 1, 2});
  is(cholesky(array<int>{{4, 2}, {99, 5}}, true), "float64(2, 2)", {2, 1, 0, 2});
  is(inv(array<bool>{{true, false}, {true, true}}), "float64(2, 2)", {1, 0, -1, 1});
  is(det(array<float>{{1, 2}, {3, 4}}), "float32()", {-2});
  is(det(singular), "float64()", {0});
  is(slogdet(stack(singular, a * 0)).sign, "float64(2,)", {0, 0});
  is(slogdet(stack(singular, a * 0)).logabsdet, "float64(2,)", {-inf, -inf});
  // Neither overflows on the way.
  is(det(diag(array<double>{1e200, 1e200, 1e-300, 1e-90})) * 1e-10, "float64()", {1});
  is(slogdet(eye(2) * 1e-300).logabsdet, "float64()", {-1381.5510557964274});
  using z = complex128;
  array<z> const w{{z{4}, z{0, 2}}, {z{0, -2}, z{5}}};
  auto const close = [](auto const& x, array<z> const& want) {
    BOOST_TEST(all(abs(x - want) <= 1e-14).item(), x << " is not\n" << want);
  };
  close(cholesky(w), {{z{2}, z{0}}, {z{0, -1}, z{2}}});
  close(cholesky(w, true), {{z{2}, z{0, 1}}, {z{0}, z{2}}});
  close(slogdet(array<z>{{z{0, 1}, z{0}}, {z{0}, z{2}}}).sign, full({}, z{0, 1}));
  near(eigvalsh(a), "float64(2,)", {1.381966011250105, 3.618033988749895});
  near(eigvalsh(array<int>{{2, 99}, {1, 3}}), "float64(2,)",
       {1.381966011250105, 3.618033988749895});
  near(eigh(w).eigenvalues, "float64(2,)", {2.4384471871911697, 6.561552812808831});
  near(eigh(w, true).eigenvalues, "float64(2,)", {2.4384471871911697, 6.561552812808831});
  static_assert(std::is_same_v<value_t<decltype(solve(eye<float>(2), array<int>{1, 2}))>, double>);
  static_assert(
      std::is_same_v<value_t<decltype(solve(eye<float>(2), eye<complex64>(2)))>, complex64>);
  static_assert(std::is_same_v<decltype(slogdet(w).logabsdet), lazy<double>>);
  // NaN is no error, as NumPy's.
  array<double> const unknown{{1, nan_}, {0, 1}};
  BOOST_TEST(any(isnan(inv(unknown))).item());
  BOOST_TEST(any(isnan(solve(unknown, array<double>{1, 2}))).item());
  auto const pair = stack(unknown, eye(2));
  BOOST_TEST(array_equal(array<bool>(isnan(det(pair))), array<bool>{true, false}));
  BOOST_TEST(bool(all(inv(pair)(1) == eye(2))));
}

BOOST_AUTO_TEST_CASE(empty_matrices_and_batches) {
  is(solve(zeros(0, 0), zeros(0)), "float64(0,)", {});
  is(solve(zeros(0, 0), zeros(0, 3)), "float64(0, 3)", {});
  is(solve(zeros(0, 2, 2), zeros(2)), "float64(0, 2)", {});
  is(solve(eye(2), zeros(2, 0)), "float64(2, 0)", {});
  is(inv(zeros(3, 0, 0)), "float64(3, 0, 0)", {});
  is(det(zeros(3, 0, 0)), "float64(3,)", {1, 1, 1});
  is(det(zeros(0, 2, 2)), "float64(0,)", {});
  is(slogdet(zeros(0, 0)).sign, "float64()", {1});
  is(slogdet(zeros(0, 0)).logabsdet, "float64()", {0});
  is(cholesky(zeros(0, 0)), "float64(0, 0)", {});
  is(eigh(zeros(2, 0, 0)).eigenvectors, "float64(2, 0, 0)", {});
  is(eigvalsh(zeros(0, 3, 3)), "float64(0, 3)", {});
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_or_fails) {
  array<double> const tall = ones(2, 3), four = ones(2, 2, 2, 2);
  REFUSES_HERE(shape_error, "solve: the matrices are not square: shapes (2, 3) and (3,)",
               solve(tall, ones(3)));
  REFUSES_HERE(shape_error, "solve: the rows differ: shapes (3, 3) and (2, 3)", solve(m, tall));
  REFUSES_HERE(shape_error, "solve: the rows differ: shapes (3, 3) and ()", solve(m, full({}, 1.)));
  REFUSES_HERE(shape_error, "solve: shapes do not broadcast: (2, 2) and (3,)",
               solve(four, ones(3, 2, 2)));
  REFUSES_HERE(shape_error, "inv: the matrices are not square: shape (2, 3)", inv(tall));
  REFUSES_HERE(shape_error, "det: the matrices are not square: shape (3,)", det(ones(3)));
  REFUSES_HERE(shape_error, "slogdet: the matrices are not square: shape ()",
               slogdet(full({}, 1.)));
  REFUSES_HERE(shape_error, "cholesky: the matrices are not square: shape (2, 3)", cholesky(tall));
  REFUSES_HERE(shape_error, "eigh: the matrices are not square: shape (2, 3)", eigh(tall));
  REFUSES_HERE(shape_error, "eigvalsh: the matrices are not square: shape (2, 3)", eigvalsh(tall));

  REFUSES_HERE(linalg_error, "inv: the matrix of shape (2, 2) is singular: pivot 2 of 2 is 0",
               eval(inv(singular)));
  REFUSES_HERE(linalg_error, "solve: the matrix of shape (2, 2) is singular: pivot 2 of 2 is 0",
               eval(solve(singular, zeros(2, 0))));
  array<double> batch = broadcast_to(eye(2), {3, 2, 2, 2});
  batch(1, 0) = singular;
  batch(2, 1, 0, 0) = 0.;
  REFUSES_HERE(linalg_error,
               "solve: matrix (1, 0) of shape (3, 2, 2, 2) is singular: pivot 2 of 2 is 0",
               eval(solve(batch, ones(2))));
  REFUSES_HERE(linalg_error, "inv: matrix (1,) of shape (2, 2, 2) is singular: pivot 1 of 2 is 0",
               eval(inv(batch(2))));
  REFUSES_HERE(
      linalg_error,
      "cholesky: the matrix of shape (3, 3) is not positive definite: its leading minor of "
      "order 3 is not positive",
      eval(cholesky(array<double>{{1, 2, 0}, {2, 5, 0}, {0, 0, -1}})));
  REFUSES_HERE(
      linalg_error,
      "cholesky: matrix (1, 0) of shape (3, 2, 2, 2) is not positive definite: its leading "
      "minor of order 2 is not positive",
      eval(cholesky(batch)));
  if (current_device() == device::host)
    REFUSES_HERE(linalg_error,
                 "eigvalsh: matrix (1,) of shape (2, 2, 2) has eigenvalues that do not converge",
                 eval(eigvalsh(stack(eye(2), eye(2) * nan_))));
  array<double> x{{1, 2}, {2, 4}};
  BOOST_CHECK_THROW(x = inv(x), linalg_error);
  BOOST_CHECK_THROW(x += inv(x), linalg_error);
  is(x, "float64(2, 2)", {1, 2, 2, 4});
  auto const failed = inv(x);  // stays failed
  BOOST_CHECK_THROW(eval(failed), linalg_error);
  BOOST_CHECK_THROW(eval(failed + 1), linalg_error);
}

BOOST_AUTO_TEST_CASE(a_step_of_its_name_once) {
  array<double> const b = ones(3, 2);
  auto const has = [](std::string const& plan, const char* text) {
    BOOST_TEST(plan.find(text) != std::string::npos, text << " in\n" << plan);
  };
  has(explain(solve(m, b)), "linalg  solve(");
  has(explain(inv(m) + 1), "linalg  inv(x0)");
  has(explain(det(m)), "linalg  det(x0)");
  has(explain(cholesky(m)), "linalg  cholesky(x0)");
  has(explain(inv(m.T())), "linalg  inv(x0)");             // as it lies
  std::string const plan = explain(det(m) + exp(det(m)));  // written twice, computed once
  BOOST_TEST(plan.find("linalg") == plan.rfind("linalg"));
  auto const [sign, logs] = slogdet(m);
  std::string const both = explain(sign * logs);  // of one factorisation
  has(both, "linalg  slogdet(x0)");
  BOOST_TEST(both.find("linalg") == both.rfind("linalg"));
  auto const [w, v] = eigh(m);
  std::string const system = explain(v * w);  // of one factorisation
  has(system, "linalg  eigh(x0)");
  BOOST_TEST(system.find("linalg") == system.rfind("linalg"));
  array<double> x{{2, 0}, {0, 4}};
  x = inv(x);
  is(x, "float64(2, 2)", {0.5, 0, 0, 0.25});
  auto const step = compile([](auto const& a, auto const& v) { return solve(a, v) * det(a); });
  for (int i = 1; i < 4; ++i)  // the third call would come from a recording
    is(step(array<double>(eye(2) * i), array<double>{1, 2}), "float64(2,)", {1. * i, 2. * i});
  // An answer that the host waits for is refused where it may not wait; det asks nothing.
  array<double> const here = eye(2) * 2;
  eval(here);
  no_sync const quiet;
  eval(det(here));
  if (current_device() == device::gpu)
    REFUSES_HERE(device_error, "no_sync: 8 bytes would be copied from the GPU to the host",
                 eval(inv(here)));
  else
    eval(inv(here));
}

BOOST_AUTO_TEST_SUITE_END()
