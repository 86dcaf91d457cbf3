// The planner's rules: what explain prints of them, and their results against the tree as written.
#include <dsl/model.hpp>
#include <dsl/sloth.hpp>
#include <test/products.hpp>
#include <test/refuses.hpp>

#include <array>
#include <chrono>
#include <limits>
#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(planner)

namespace {

using matrix = array<double>;

/// `planned` as the planner orders it, and `written` without its rules: their terms are positive, so
/// that both are right to a few roundings a term.
bool agree(lazy<double> const& planned, lazy<double> const& written) {
  matrix const p = planned;
  strict_scope const as_written;
  matrix const w = written;
  return bool(all(isclose(p, w, 1e-12, 0.)));
}

double seconds_of(std::vector<product_extents> const& all) {
  double sum = 0;
  for (auto const& p : all) sum += model_of(current_device()).product(dtype::f64, p.m, p.n, p.k);
  return sum;
}

/// The least time of extent[first] x ... x extent[last], over all parenthesizations.
double least(std::vector<std::int64_t> const& extent, std::size_t first, std::size_t last) {
  if (last - first < 2) return 0;
  double best = 1e300;
  for (std::size_t k = first + 1; k < last; ++k)
    best = std::min(best, least(extent, first, k) + least(extent, k, last) +
                              seconds_of({{extent[first], extent[last], extent[k]}}));
  return best;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_product_with_a_thin_matrix_comes_first) {
  matrix const a = rand(400, 300), b = rand(300, 500), v = rand(500, 2);
  lazy<double> const x = a & b & v;
  char const* const plan =
      "x0: float64(300, 500), x1: float64(500, 2), x2: float64(400, 300)\n"
      "r0: float64(300, 2)  gemm    x0 & x1  NN  [600 kflop, 1.21 MB]\n"
      "r1: float64(400, 2)  gemm    x2 & r0  NN  [480 kflop, 971 kB]  "
      "product order: A & (B & C), 112x fewer flops\n";
  BOOST_TEST(explain(x) == plan);
  {  // explaining changes nothing
    strict_scope const as_written;
    BOOST_TEST(explain(x) ==
               "x0: float64(400, 300), x1: float64(300, 500), x2: float64(500, 2)\n"
               "r0: float64(400, 500)  gemm    x0 & x1  NN  [120 Mflop, 3.76 MB]\n"
               "r1: float64(400, 2)  gemm    r0 & x2  NN  [800 kflop, 1.61 MB]\n");
  }
  BOOST_TEST(explain(x) == plan);
  BOOST_TEST(agree(x, a & b & v));
}

BOOST_AUTO_TEST_CASE(chains_take_the_least_time) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::size_t const factors = 3 + random() % 7;
    std::vector<std::int64_t> extent;
    for (std::size_t k = 0; k <= factors; ++k) extent.push_back(1 + random() % 300);
    std::vector<matrix> m;
    for (std::size_t k = 0; k < factors; ++k) m.push_back(rand(extent[k], extent[k + 1]));
    auto const chain = [&] {
      lazy<double> x = m[0] & m[1];
      for (std::size_t k = 2; k < factors; ++k) x = std::move(x) & m[k];
      return x;
    };
    lazy<double> const x = chain();
    auto const products = products_of(x);
    BOOST_TEST(products.size() == factors - 1);
    BOOST_TEST(seconds_of(products) <= 1.12 * least(extent, 0, factors));
    BOOST_TEST(agree(x, chain()));
  }
}

BOOST_AUTO_TEST_CASE(vectors_stay_at_the_ends) {
  device_scope const here(host);  // on a GPU these take no time either way
  matrix const a = rand(300, 200), b = rand(200, 300), u = rand(300), v = rand(300);
  BOOST_TEST((products_of(a & b & v).front().n == 1));
  BOOST_TEST(agree(a & b & v, a & b & v));
  lazy<double> const row = u & (a & b);
  BOOST_TEST((products_of(row).front().m == 1));
  BOOST_TEST(agree(row, u & (a & b)));
  lazy<double> const number = u & (a & b) & v;
  for (auto const& p : products_of(number)) BOOST_TEST((p.m == 1 || p.n == 1));
  BOOST_TEST(agree(number, u & (a & b) & v));
  // The column b & v is a row on the left of the next product: not one chain.
  matrix const c = rand(200, 400);
  lazy<double> const turned = (b & v) & c;
  BOOST_TEST(explain(turned).find("product order") == std::string::npos);
  BOOST_TEST(agree(turned, (b & v) & c));
}

BOOST_AUTO_TEST_CASE(products_that_others_reach_are_left) {
  matrix const a = rand(400, 300), b = rand(300, 500), v = rand(500, 2);
  lazy<double> const named = a & b;
  lazy<double> const x = named & v;
  BOOST_TEST((products_of(x).front().n == 500));
  matrix const y = x;
  BOOST_TEST(named.node()->done());
  auto const twice = a & b;
  BOOST_TEST(products_of((twice & v) + sum(twice)).size() == 2u);
}

BOOST_AUTO_TEST_CASE(sums_of_products_come_from_the_factors) {
  device_scope const here(host);  // on a GPU these take no time either way
  matrix const a = rand(300, 200), b = rand(200, 400), c = rand(400, 250);
  BOOST_TEST(products_of(sum(a & b)).size() == 1u);
  BOOST_TEST((products_of(sum(a & b)).front().m == 1 && products_of(sum(a & b)).front().n == 1));
  BOOST_TEST(agree(sum(a & b), sum(a & b)));
  BOOST_TEST(agree(sum(a & b, keepdims), sum(a & b, keepdims)));
  for (int k : {0, 1, -1}) {
    auto const products = products_of(sum(a & b, axis(k)));
    BOOST_TEST((products.front().m == 1) == (k == 0));
    BOOST_TEST((products.front().n == 1) == (k != 0));
    BOOST_TEST(agree(sum(a & b, axis(k)), sum(a & b, axis(k))));
    lazy<double> const kept = sum(a & b, axis(k), keepdims);
    BOOST_TEST(to_string(kept.shape()) == (k == 0 ? "(1, 400)" : "(300, 1)"));
    BOOST_TEST(agree(kept, sum(a & b, axis(k), keepdims)));
  }
  // Through a chain, and of a transposed factor.
  for (auto const& p : products_of(sum(a & b & c))) BOOST_TEST((p.m == 1 || p.n == 1));
  BOOST_TEST(agree(sum(a & b & c), sum(a & b & c)));
  BOOST_TEST(agree(sum(a & a.T(), axis(0)), sum(a & a.T(), axis(0))));
  BOOST_TEST(explain(sum(a & b)) ==
             "x0: float64(200, 400), x1: float64(300, 200)\n"
             "r0: float64(200,)  reduce  sum(x0, axis 1)  [80 kflop, 642 kB]\n"
             "r1: float64(200,)  reduce  sum(x1, axis 0)  [60 kflop, 482 kB]\n"
             "r2: float64()  gemm    r1 & r0  NN  [400 flop, 3.21 kB]  "
             "sum of a product: of its factors' sums, 343x fewer flops\n");
  // A mean likewise: it divides before it multiplies.
  for (auto const& p : products_of(mean(a & b, axis(0)))) BOOST_TEST((p.m == 1 && p.n == 400));
  BOOST_TEST(agree(mean(a & b), mean(a & b)));
  BOOST_TEST(agree(mean(a & b, axis(0)), mean(a & b, axis(0))));
  BOOST_TEST(agree(mean(a & b, axis(1), keepdims), mean(a & b, axis(1), keepdims)));
  BOOST_TEST(explain(mean(a & b)).find("mean of a product: of its factors' means, 343x") !=
             std::string::npos);
  // Not where the product is wanted, nor of what is no sum of it as it is.
  auto const named = a & b;
  BOOST_TEST((products_of(sum(named)).front().n == 400));
  BOOST_TEST((products_of(sum(square(a & b))).front().n == 400));
  BOOST_TEST((products_of(max(a & b)).front().n == 400));
  strict_scope const as_written;
  BOOST_TEST((products_of(sum(a & b)).front().n == 400));
}

BOOST_AUTO_TEST_CASE(a_product_written_twice_is_computed_once) {
  matrix const x = rand(30, 30), w = rand(30, 30);
  BOOST_TEST(explain(exp(x & x) + sin(x & x)) ==
             "x0: float64(30, 30)\n"
             "r0: float64(30, 30)  gemm    x0 & x0  NN  [54 kflop, 14.4 kB]  "
             "stored: r1 and r2 read it\n"
             "r1: float64(30, 30)  view    of r0\n"
             "r2: float64(30, 30)  fused   exp(r1) + sin(r0)  [2.7 kflop, 21.6 kB]\n");
  matrix const twice = exp(x & x) + sin(x & x);
  auto const once = x & x;
  BOOST_TEST(bool(all(twice == exp(once) + sin(once))));
  BOOST_TEST(products_of(exp((x & x) & w) + sin((x & x) & w)).size() == 2u);
  BOOST_TEST(products_of(exp(x & w) + sin(w & x)).size() == 2u);
  BOOST_TEST(agree(exp((x & x) & w) + sin((x & x) & w), exp((x & x) & w) + sin((x & x) & w)));
  // Arrays of one result write apart.
  auto [a, b] = eval(x & w, x & w);
  a(0, 0) = -1;
  BOOST_TEST(b(0, 0).item() > 0);
}

BOOST_AUTO_TEST_CASE(a_transposed_product_is_the_product_of_the_transposes) {
  matrix const a = rand(40, 30), b = rand(50, 30);
  BOOST_TEST(explain((a & b.T()).T()) ==
             "x0: float64(50, 30), x1: float64(30, 40)\n"
             "r0: float64(50, 40)  gemm    x0 & x1  NT  [120 kflop, 37.6 kB]  "
             "transposed with its factors\n");
  matrix const turned = (a & b.T()).T(), straight = a & b.T();
  BOOST_TEST(to_string(turned.shape()) == "(50, 40)");
  BOOST_TEST(bool(all(isclose(turned, straight.T(), 1e-13, 0.))));
  // A named one is everybody's.
  lazy<double> const named = a & b.T();
  matrix const view_of_it = named.T();
  BOOST_TEST(named.node()->done());
  BOOST_TEST(bool(all(view_of_it == named.T())));
  BOOST_TEST(folds(2 * (a & b.T()).T() + straight.T()));
}

BOOST_AUTO_TEST_CASE(one_triangle_is_taken_from_the_measured_size_on) {
  auto const halved = []<class T>(T, std::int64_t rows, std::int64_t terms) {
    array<T> const x = empty<T>(rows, terms);
    return explain(x & x.T(), h200).find("one triangle") != std::string::npos;
  };
  auto const check = [&]<class T>(T zero) {
    auto const& from = h200.support(dtype_of<T>);
    std::int64_t const rows = from.triangle_rows, terms = from.triangle_terms;
    BOOST_TEST(halved(zero, rows, terms));
    BOOST_TEST(!halved(zero, rows - 1, terms));
    BOOST_TEST(!halved(zero, rows, terms - 1));
  };
  check(float{});
  check(double{});
  check(complex64{});
  check(complex128{});
  BOOST_TEST(!halved(f16{}, 8192, 8192));
}

BOOST_AUTO_TEST_CASE(symmetric_products_take_one_triangle) {
  auto const& model = model_of(current_device());
  auto const halved = [](auto const& x) {
    return explain(x).find("one triangle") != std::string::npos;
  };
  auto const check = [&]<class T>(T, std::int64_t n, std::int64_t k, double bound) {
    array<T> const x = rand<real_t<T>>(n, k).template astype<T>();
    BOOST_TEST(halved(x & x.T()));
    BOOST_TEST(halved(x.T().T() & x.T()));
    array<T> const planned = x & x.T();
    BOOST_TEST(bool(all(planned == planned.T())));
    strict_scope const as_written;
    BOOST_TEST(!halved(x & x.T()));
    array<T> const written = x & x.T();
    BOOST_TEST(bool(all(abs(planned - written) <= bound * abs(written))));
  };
  auto const check_from = [&]<class T>(T, std::int64_t more, double bound) {
    auto const& from = model.support(dtype_of<T>);
    check(T{}, from.triangle_rows + more, from.triangle_terms + more, bound);
  };
  check_from(float{}, 5, 1e-5);
  check_from(double{}, 5, 1e-13);
  check_from(complex64{}, 0, 1e-5);
  check_from(complex128{}, 1, 1e-13);
  std::int64_t const n = model.support(dtype::f64).triangle_rows,
                     k = model.support(dtype::f64).triangle_terms;
  matrix const x = rand(k, n + 1), y = rand(k, n + 1);
  BOOST_TEST(halved(x.T() & x));
  matrix const planned = x.T() & x;
  lazy<double> const sine = sin(x);
  BOOST_TEST(halved(sine.T() & sine));
  matrix const of_lazy = sine.T() & sine;
  BOOST_TEST(bool(all(of_lazy == of_lazy.T())));
  matrix const with_bias = 2 * (x.T() & x) + 1.;
  BOOST_TEST(bool(all(isclose(with_bias, 2 * planned + 1, 1e-12, 0.))));
  BOOST_TEST(!halved(x.T() & y));
  BOOST_TEST(!halved(x(slice(1, _), _).T() & x(slice(_, -1), _)));
  BOOST_TEST(!halved(y(_, slice(_, 8)).T() & y(_, slice(_, 8))));
  strict_scope const as_written;
  BOOST_TEST(bool(all(isclose(planned, x.T() & x, 1e-13, 0.))));
}

BOOST_AUTO_TEST_CASE(expressions_of_one_shape_share_a_kernel) {
  generator rng(8);
  for (std::int64_t n : {1, 16, 1023, 70'001}) {
    matrix const x = rng.normal(0, 1, {n}), y = rng.normal(0, 1, {n});
    array<float> const f = rng.normal<float>(0, 1, {n});
    auto const alone = [](auto const& e) { return matrix(e); };
    matrix const sum = alone(x + y), difference = alone(x - y), scaled = alone(3 * y);
    model_scope const there(h200);
    auto const [a, b, c] = eval(x + y, x - y, 3 * y);
    BOOST_TEST(bool(all(a == sum) && all(b == difference) && all(c == scaled)));
    auto const [d, g] = eval(exp(x) * f, f < 0.f);  // of other types
    BOOST_TEST(bool(all(d == alone(exp(x) * f)) && all(g == (f < 0.f))));
    auto const [p, q] = eval(x(slice(_, _, -1)) + 1, x * 2);  // not all flat
    BOOST_TEST(bool(all(p == alone(x(slice(_, _, -1)) + 1)) && all(q == alone(x * 2))));
    auto const [r, s] = eval(x + rng.rand(n), x - rng.rand(n));
    BOOST_TEST(bool(all(r >= x) && all(s <= x)));
  }
  matrix const x = rng.normal(0, 1, {1000, 1000}), y = rng.normal(0, 1, {1000, 1000});
  matrix const row = rng.normal(0, 1, {1000});
  model_scope const there(h200);
  BOOST_TEST(
      explain(x + y, x - y) ==
      "x0: float64(1000, 1000), x1: float64(1000, 1000)\n"
      "r0: float64(1000, 1000)  fused   x0 + x1  [1 Mflop, 24 MB]  2 expressions in one call\n"
      "r1: float64(1000, 1000)  fused   x0 - x1  [1 Mflop, 8 MB]  in one call with r0\n");
  // Nothing that both read; another shape; one that becomes part of a product; one that reads another.
  auto const together = [](std::string const& plan) {
    return plan.find("in one call") != std::string::npos;
  };
  BOOST_TEST(!together(explain(x + 1, y + 1)));
  BOOST_TEST(together(explain(row + 1, 2 * row)));
  BOOST_TEST(!together(explain(row + 1, x + row)));
  BOOST_TEST(explain(x + 1, 2 * x, row + 1).find("2 * x0  [1 Mflop, 16 MB]") != std::string::npos);
  BOOST_TEST(!together(explain(x + 1, 2 * (x & y))));
  lazy<double> const shared = x + y;
  BOOST_TEST(together(explain(shared * 2, shared - 1)));
  auto const [t, u] = eval(shared * 2, shared - 1);
  BOOST_TEST(bool(all(t == 2 * (x + y)) && all(u == x + y - 1)));
}

BOOST_AUTO_TEST_CASE(small_products_of_one_shape_share_a_call) {
  matrix const a = rand(20, 30), b = rand(30, 40), c = rand(20, 30), d = rand(30, 40);
  model_scope const there(h200);
  lazy<double> const x = a & b, y = c & d, z = a & d;
  char const* const plan =
      "x0: float64(20, 30), x1: float64(30, 40), x2: float64(20, 30), x3: float64(30, 40)\n"
      "r0: float64(20, 40)  gemm    x0 & x1  NN  [48 kflop, 20.8 kB]  3 products in one call\n"
      "r1: float64(20, 40)  gemm    x2 & x3  NN  [48 kflop, 20.8 kB]  in one call with r0\n"
      "r2: float64(20, 40)  gemm    x0 & x3  NN  [48 kflop, 20.8 kB]  in one call with r0\n";
  BOOST_TEST(explain(x, y, z) == plan);
  auto const calls = [](auto const&... e) {
    std::array<node_ptr, sizeof...(e)> const roots = {e.node()...};
    int count = 0;
    for (step const& s : make_plan(roots)) count += s.kind == step_kind::gemm && s.together > 0;
    return count;
  };
  auto const [p, q, r] = eval(x, y, z);
  BOOST_TEST(agree(p, a & b));
  BOOST_TEST(agree(q, c & d));
  BOOST_TEST(agree(r, a & d));
  // Also as parts of one expression, with a view of each, and of views.
  lazy<double> const sum_of = sin(a & b) + (c & d) * (a & d);
  BOOST_TEST(calls(sum_of) == 1);
  BOOST_TEST(agree(sum_of, sin(a & b) + (c & d) * (a & d)));
  lazy<double> const named = a & b, turned = named.T();
  auto const [t, u] = eval(turned, c & d);
  BOOST_TEST(agree(t, (a & b).T()));
  BOOST_TEST(calls(c.T() & a, a.T() & c, c.T() & c) == 1);
  // Each result has memory of its own.
  auto [first, second] = eval(a & b, c & d);
  double const before = second.item(0, 0);
  first(0, 0) = -1;
  BOOST_TEST(second.item(0, 0) == before);
  // Not of another shape or layout, where one needs the other, nor where they are large.
  matrix const e = rand(30, 50), square = rand(20, 20), other = rand(20, 20);
  BOOST_TEST(calls(a & b, c & e) == 2);
  BOOST_TEST(calls(a & b, c & matrix(rand(40, 30)).T()) == 2);
  BOOST_TEST(calls((square & square) & square) == 2);
  BOOST_TEST(
      calls(a(_, slice(_, _, 2)) & b(slice(15), _), c(_, slice(_, _, 2)) & d(slice(15), _)) == 2);
  matrix const large = zeros(1000, 1000);
  BOOST_TEST(calls(large & large, large & large.T()) == 2);
  // In the middle of what needs one of them.
  lazy<double> const square_of = square & square, next = square_of & square;
  lazy<double> const apart = (square & other) * next;
  BOOST_TEST(calls(apart) == 2);
  BOOST_TEST(agree(apart, (square & other) * ((square & square) & square)));
  auto const f = compile([](auto const& v, auto const& w) { return (v & w) + (w & v) * (v & v); });
  matrix const v = rand(20, 20);
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(agree(f(v, square), (v & square) + (square & v) * (v & v)));
}

BOOST_AUTO_TEST_CASE(traces_of_products_come_from_the_factors) {
  device_scope const here(host);  // on a GPU these take no time either way
  matrix const a = rand(200, 300), b = rand(300, 200);
  BOOST_TEST(explain(trace(a & b)) ==
             "x0: float64(200, 300), x1: float64(200, 300)\n"
             "r0: float64()  reduce  sum(x0 * x1, axis 0 1)  [120 kflop, 960 kB]  "
             "trace of a product: of its factors' elements\n");
  BOOST_TEST(agree(trace(a & b), trace(a & b)));
  BOOST_TEST(agree(trace(a & a.T()), sum(a * a)));
  BOOST_TEST(agree(trace((a & b) & (a & b)), trace((a & b) & (a & b))));
  BOOST_TEST(products_of(trace((a & b) & (a & b))).size() == 1u);
  BOOST_TEST(products_of(trace(lazy<double>(exp(a)) & b)).empty());
  BOOST_TEST(agree(trace(lazy<double>(exp(a)) & b), trace(lazy<double>(exp(a)) & b)));
  // Not where the product is wanted, of another diagonal, nor of what is no sum of it as it is.
  auto const named = a & b;
  BOOST_TEST(products_of(trace(named)).size() == 1u);
  BOOST_TEST(products_of(trace(a & b, 1)).size() == 1u);
  BOOST_TEST(products_of(max(diagonal(a & b))).size() == 1u);
  BOOST_TEST(agree(trace(a & b, 1), sum(diagonal(named, 1))));
  strict_scope const as_written;
  BOOST_TEST(products_of(trace(a & b)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_mean_and_a_variance_take_one_pass) {
  matrix const x = rand(40, 30), y = rand(40, 30);
  auto const passes = [](auto const&... e) {
    std::array<node_ptr, sizeof...(e)> const roots = {e.node()...};
    int count = 0;
    for (step const& s : make_plan(roots)) count += s.kind == step_kind::reduce && s.together > 0;
    return count;
  };
  BOOST_TEST(passes(mean(x), var(x)) == (current_device() == gpu ? 1 : 2));
  model_scope const there(h200);
  BOOST_TEST(explain(mean(x), var(x)) ==
             "x0: float64(40, 30)\n"
             "r0: float64()  reduce  var(x0, axis 0 1)  [1.2 kflop, 9.61 kB]  "
             "2 reductions in one call\n"
             "r1: float64()  reduce  mean(x0, axis 0 1)  [0 flop, 8 B]  in one call with r0\n");
  BOOST_TEST(passes((x - mean(x, axis(0))) / sloth::std(x, axis(0))) == 1);
  BOOST_TEST(
      passes(sloth::std(sin(x) * y, axis(1), ddof(1)), mean(sin(x) * y, axis(1), keepdims)) == 1);
  BOOST_TEST(passes(mean(x), var(y)) == 2);
  BOOST_TEST(passes(mean(x, axis(0)), var(x, axis(1))) == 2);
  BOOST_TEST(passes(mean(x), var(x), sloth::std(x)) == 2);
  BOOST_TEST(passes(mean(x * y), var(y * x)) == 2);
  BOOST_TEST(passes(var(x - mean(x))) == 2);  // one needs the other
  // Written twice, computed once.
  BOOST_TEST(passes(sum(x) * sum(x), sum(x(slice(_), _))) == 1);
  BOOST_TEST(passes(sum(x), sum(x, axis(0)), max(x)) == 3);
  BOOST_TEST(passes(sloth::std(x), sloth::std(x, ddof(1))) == 2);
  auto const agree_on = [&]<class T>(T, double bound) {
    for (auto const& [rows, columns] :
         std::vector<std::array<std::int64_t, 2>>{{1, 1}, {3, 7}, {1000, 3}, {5, 4000}, {300, 500}})
      for (auto const& over : {axis(0), axis(1), axis(0, 1)}) {
        array<T> const z = (rand(rows, columns) + 3).template astype<T>();
        auto const [m, v] = eval(mean(z, over), var(z, over));
        strict_scope const as_written;
        auto const [right_mean, right_var] = eval(mean(z, over), var(z, over));
        auto const off = [](auto const& a, auto const& b) {
          return max(abs(a.template astype<double>() - b.template astype<double>())).item();
        };
        BOOST_TEST(off(m, right_mean) <= 4 * bound);
        BOOST_TEST(off(v, right_var) == 0);
      }
  };
  agree_on(double{}, 2e-15);
  agree_on(float{}, 1e-6);
  agree_on(f16{}, 4e-3);
  agree_on(std::int32_t{}, 2e-15);
  auto const [m, v] = eval(mean(zeros(0, 3), axis(0)), var(zeros(0, 3), axis(0)));
  BOOST_TEST(bool(all(isnan(m))));
  BOOST_TEST(bool(all(isnan(v))));
  array<float> special = ones<float>(5000);
  special(0) = std::numeric_limits<float>::infinity();
  auto const [infinite, not_a_number] = eval(mean(special), var(special));
  BOOST_TEST(infinite.item() == std::numeric_limits<float>::infinity());
  BOOST_TEST(bool(isnan(not_a_number)));
  special(0) = 3e38f;
  special(4321) = -3e38f;
  auto const [finite, overflown] = eval(mean(special), var(special));
  BOOST_TEST(bool(isfinite(finite)));
}

BOOST_AUTO_TEST_CASE(other_readings_of_a_result_are_other_values) {
  matrix const a = rand(4, 4), b = rand(4, 4);
  lazy<double> const x = a + b;
  auto const t = x.T();
  auto const tt = t.T();
  auto const reversed = x(slice(_, _, -1), _);
  auto const twice = reversed(slice(_, _, -1), _);
  auto const [down, across, back, there] =
      eval(sum(t, axis(0)), sum(tt, axis(0)), sum(reversed * b, axis(1)), sum(twice * b, axis(1)));
  auto const [p, q, r] = eval(t & b, tt & b, x & b);
  matrix const y = a + b;
  BOOST_TEST(agree(down, sum(y.T(), axis(0))));
  BOOST_TEST(agree(across, sum(y, axis(0))));
  BOOST_TEST(agree(back, sum(y(slice(_, _, -1), _) * b, axis(1))));
  BOOST_TEST(agree(there, sum(y * b, axis(1))));
  BOOST_TEST(agree(p, y.T() & b));
  BOOST_TEST(agree(q, y & b));
  BOOST_TEST(agree(r, y & b));
}

BOOST_AUTO_TEST_CASE(batches_of_halves_may_begin_anywhere) {
  array<f16> const x = rand(64, 65).astype<f16>(), y = rand(64, 65).astype<f16>();
  array<f16> const b = rand(64, 32).astype<f16>(), d = rand(64, 32).astype<f16>();
  model_scope const there(h200);
  auto const [p, q] = eval(x(_, slice(1, 65)) & b, y(_, slice(1, 65)) & d);
  strict_scope const as_written;
  array<f16> const r = x(_, slice(1, 65)) & b, s = y(_, slice(1, 65)) & d;
  auto const off = [](auto const& u, auto const& v) {
    return max(abs(u.template astype<double>() - v.template astype<double>())).item();
  };
  BOOST_TEST(off(p, r) <= 0.04);  // of 64 terms below 1
  BOOST_TEST(off(q, s) <= 0.04);
}

BOOST_AUTO_TEST_CASE(plans_for_another_device_are_explained) {
  matrix const x = rand(300, 100);
  device_scope const here(host);
  BOOST_TEST(explain(x & x.T()).find("one triangle") != std::string::npos);
  BOOST_TEST(explain(x & x.T(), h200).find("one triangle") == std::string::npos);
  BOOST_TEST(explain_json(x.T() & x).find("\"device\": \"host\"") != std::string::npos);
  model_scope const there(h200);
  BOOST_TEST(explain_json(x.T() & x).find("\"device\": \"gpu\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_long_plan_takes_linear_time) {
  matrix const x = ones(2, 2);
  auto const seconds = [&](int nodes) {
    lazy<double> y = x + 1;
    for (int i = 1; i < nodes; ++i)
      y = i % 4 != 0 ? lazy<double>(y * 0.5) : lazy<double>((y & x) + y);
    node_ptr const root = y.node();
    auto const start = std::chrono::steady_clock::now();
    auto const plan = make_plan({&root, 1});
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
    BOOST_TEST(plan.size() >= static_cast<std::size_t>(nodes));
    return took.count();
  };
  (void)seconds(1000);
  BOOST_TEST(seconds(100'000) < 1.);
  model_scope const there(h200);
  BOOST_TEST(seconds(100'000) < 1.);
}

BOOST_AUTO_TEST_CASE(other_types_and_batches_are_no_chain) {
  array<float> const f = rand<float>(400, 300);
  matrix const b = rand(300, 500), v = rand(500, 2);
  BOOST_TEST(explain(f & (b & v)).find("product order") == std::string::npos);
  matrix const batch = rand(2, 400, 300);
  BOOST_TEST(explain(batch & b & v).find("product order") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(chains_of_any_length_are_planned) {
  matrix const a = ones(2, 2) / 2.;
  lazy<double> x = a & a;
  for (int k = 0; k < 20'000; ++k) x = std::move(x) & a;
  BOOST_TEST(products_of(x).size() == 20'001u);
  BOOST_TEST(bool(all(x == a)));
}

BOOST_AUTO_TEST_SUITE_END()
