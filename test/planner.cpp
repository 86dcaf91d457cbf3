// The planner's rules: what explain prints of them, and their results against the tree as written.
#include <dsl/model.hpp>
#include <dsl/plan.hpp>
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <random>

using namespace sloth;

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

struct product_extents {
  std::int64_t m, n, k;
};
std::vector<product_extents> products_of(lazy<double> const& x) {
  std::vector<product_extents> found;
  node_ptr const root = x.node();
  for (step const& s : make_plan({&root, 1}))
    if (auto const* call = std::get_if<matmul_operation>(&s.target->op)) {
      auto const e = matmul_shape(call->a->shape, call->b->shape, {});
      found.push_back({e.m, e.n, e.k});
    }
  return found;
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

BOOST_AUTO_TEST_SUITE(planner)

BOOST_AUTO_TEST_CASE(a_product_with_a_thin_matrix_comes_first) {
  matrix const a = rand(400, 300), b = rand(300, 500), v = rand(500, 2);
  lazy<double> const x = a & b & v;
  char const* const plan =
      "x0: float64(300, 500), x1: float64(500, 2), x2: float64(400, 300)\n"
      "r0: float64(300, 2)  gemm    x0 & x1  NN  [600 kflop, 1.21 MB]\n"
      "r1: float64(400, 2)  gemm    x2 & r0  NN  [480 kflop, 971 kB]  "
      "product order: A & (B & C), 112x fewer flops\n";
  BOOST_TEST(explain(x) == plan);
  BOOST_TEST(explain(x) == plan);  // explaining changes nothing that it says
  BOOST_TEST(agree(x, a & b & v));
  strict_scope const as_written;
  BOOST_TEST(explain(a & b & v) ==
             "x0: float64(400, 300), x1: float64(300, 500), x2: float64(500, 2)\n"
             "r0: float64(400, 500)  gemm    x0 & x1  NN  [120 Mflop, 3.76 MB]\n"
             "r1: float64(400, 2)  gemm    r0 & x2  NN  [800 kflop, 1.61 MB]\n");
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
             "r0: float64(30, 30)  gemm    x0 & x0  NN  [54 kflop, 14.4 kB]\n"
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
