// What becomes part of a product: factors, addends and activations.
#include <dsl/model.hpp>
#include <dsl/sloth.hpp>
#include <test/products.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(epilogues)

using matrix = array<double>;

BOOST_AUTO_TEST_CASE(factors_addends_and_activations_become_part_of_the_product) {
  device_scope const here(host);  // on a GPU the chain below takes no time either way
  matrix const a = rand(40, 30), b = rand(50, 30), w = rand(30, 50), c = rand(40, 50);
  matrix const bias = rand(50);
  BOOST_TEST(explain(2 * (a & b.T()) + 3 * c) ==
             "x0: float64(40, 30), x1: float64(30, 50), x2: float64(40, 50)\n"
             "r0: float64(40, 50)  gemm    (2 * (x0 & x1)) + (3 * x2)  NT  [126 kflop, 53.6 kB]  "
             "over the product: alpha 2, beta 3\n");
  BOOST_TEST(explain(relu(2 * (a & w) + bias)) ==
             "x0: float64(40, 30), x1: float64(30, 50), x2: float64(50,)\n"
             "r0: float64(40, 50)  gemm    relu((2 * (x0 & x1)) + x2)  NN  [126 kflop, 38 kB]  "
             "over the product: alpha 2, bias, relu\n");
  // A named product is everybody's, until it is moved.
  lazy<double> named = a & w;
  BOOST_TEST(!folds(relu(2 * named + bias)));
  BOOST_TEST(explain(relu(2 * named + bias)) ==
             "x0: float64(40, 30), x1: float64(30, 50), x2: float64(50,)\n"
             "r0: float64(40, 50)  gemm    x0 & x1  NN  [120 kflop, 37.6 kB]  "
             "stored: another handle reaches it\n"
             "r1: float64(40, 50)  fused   relu((2 * r0) + x2)  [6 kflop, 32.4 kB]\n");
  BOOST_TEST(explain(exp(a & w)).find("stored: r1 is no epilogue") != std::string::npos);
  BOOST_TEST(explain(exp(lazy<double>(a * 2))).find("stored: it is a lazy value") !=
             std::string::npos);
  BOOST_TEST(folds(relu(2 * std::move(named) + bias)));
  BOOST_TEST(folds(1 * (a & w)));
  matrix z = c;
  z = relu(2 * (a & w) + 3 * z);
  BOOST_TEST(bool(all(isclose(z, relu(2 * matrix(a & w) + 3 * c), 1e-12, 0.))));
  // In the cheapest order, and a sum of two products in the first of them.
  matrix const v = rand(50, 2), row = rand(2);
  BOOST_TEST(explain((a & w & v) + row)
                 .find("product order: A & (B & C), 11.9x fewer flops; "
                       "over the product: bias") != std::string::npos);
  BOOST_TEST(products_of((a & w) + (a & b.T())).size() == 2u);
  BOOST_TEST(folds((a & w) + (a & b.T())));
  // Not what would be another value, nor what no product computes.
  matrix const column = rand(40, 1);
  BOOST_TEST(!folds(0 * (a & w) + c));
  BOOST_TEST(!folds((a & w) / 0. + c));
  BOOST_TEST(!folds(2 * ((a & w) + c)));
  BOOST_TEST(!folds((a & w) + column));
  BOOST_TEST(!folds((a & w) + c + c * 2.));
  BOOST_TEST(!folds((a & w) * c));
  BOOST_TEST(!folds((a & w) + 1));
  array<float> const f = a.astype<float>(), g = w.astype<float>();
  BOOST_TEST(!folds(1e20f * (1e20f * (f & g))));  // the factors' product is no f32
  BOOST_TEST(!folds((f & g) / 1e-39f));
  BOOST_TEST(folds(1e20 * (1e20 * (a & w))));
  BOOST_TEST(!folds(exp(2 * (a & w))));
  BOOST_TEST(!folds(2 * relu(a & w)));
  BOOST_TEST(!folds(2 * (a & w) + (a & w)));  // one product, read twice
  BOOST_TEST(products_of(2 * (a & w) + (a & w)).size() == 1u);
  lazy<double> one_row = rand(1, 30) & w;  // found by the oracle: a product is no bias of itself
  BOOST_TEST(!folds(2 * lazy<double>(one_row) + std::move(one_row)));
  strict_scope const as_written;
  BOOST_TEST(!folds(2 * (a & w)));
}

namespace {

/// What products compute besides against the expression as it is written, in the same arithmetic.
template <class T>
void epilogues_agree(std::int64_t m, std::int64_t n, std::int64_t k, double bound) {
  using values = array<T>;
  generator numbers(1);  // the same each time: of one column, relu may leave nothing but zeros
  auto const some = [&](auto... extent) {
    return values((numbers.rand(extent...) - 0.5).template astype<T>());
  };
  values const a = some(m, k), b = some(n, k), w = some(k, n), c = some(m, n), bias = some(n);
  auto const agree = [&](auto const& expression) {
    BOOST_TEST(folds(lazy<T>(expression())));
    values const planned = expression();
    strict_scope const as_written;
    values const written = expression();
    auto const difference =
        abs(planned.template astype<double>() - written.template astype<double>());
    BOOST_TEST(max(difference).item() <= bound * static_cast<double>(k));
    BOOST_TEST(max(abs(written.template astype<double>())).item() > 0.01);
  };
  agree([&] { return lazy<T>(2 * (a & w)); });
  agree([&] { return lazy<T>(2 * (a & b.T()) + 3 * c); });
  agree([&] { return lazy<T>(relu(2 * (a & w) + bias)); });
  agree([&] { return lazy<T>(gelu_tanh((a & w) + bias)); });
  agree([&] { return lazy<T>(gelu_tanh(c - (a & w) * 3 + bias)); });
  agree([&] { return lazy<T>(relu(c.T() - (w.T() & a.T()))); });
  agree([&] { return lazy<T>(-(a & w) / 4 - c); });
  agree([&] { return lazy<T>((a & w) + bias.reshape(1, n)); });
  agree([&] { return lazy<T>((a & w) + c(slice(_, _, -1))); });
  values const batch = some(3, m, k);
  agree([&] { return lazy<T>(relu(2 * (batch & w) + bias)); });
  // One matrix, with an axis before it, that a library has to be given a copy of.
  agree([&] { return lazy<T>(2 * (batch(slice(0, 1), slice(_, _, -1)) & w)); });
}

/// NaN stays NaN, whichever kernel a library takes.
template <class T>
void relu_keeps_nan(std::int64_t m, std::int64_t n, std::int64_t k) {
  array<T> a = (rand<double>(m, k) - 0.5).template astype<T>();
  array<T> const w = (rand<double>(k, n) - 0.5).template astype<T>(), bias = w(0, _);
  a(0, 0) = std::numeric_limits<float>::quiet_NaN();
  for (bool const with_bias : {false, true}) {
    array<T> const z = with_bias ? array<T>(relu((a & w) + bias)) : array<T>(relu(2 * (a & w)));
    BOOST_TEST(bool(all(isnan(z(0, _)))));
    BOOST_TEST(!bool(any(isnan(z(slice(1, _), _)))));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(products_with_epilogues_agree_with_what_was_written) {
  for (auto const& [m, n, k] : std::vector<std::array<std::int64_t, 3>>{
           {40, 50, 30}, {128, 256, 64}, {1, 50, 7}, {33, 1, 5}}) {
    epilogues_agree<float>(m, n, k, 4e-7);
    epilogues_agree<double>(m, n, k, 1e-15);
    epilogues_agree<f16>(m, n, k, 2e-3);
    epilogues_agree<bf16>(m, n, k, 2e-2);
  }
  // A GPU's library takes other kernels for other sizes, the host engine one for all.
  bool const on_gpu = current_device() == gpu;
  for (std::int64_t m : {2, 33, 64, 200, 1024})
    for (std::int64_t n : {1, 2, 7, 16, 50, 129, 256, 1000})
      for (std::int64_t k : {1, 8, 30, 256}) {
        if (m * n > 10'000 && !on_gpu) continue;
        relu_keeps_nan<float>(m, n, k);
        relu_keeps_nan<double>(m, n, k);
        relu_keeps_nan<f16>(m, n, k);
        relu_keeps_nan<bf16>(m, n, k);
      }
}

BOOST_AUTO_TEST_CASE(what_the_library_computes_besides_is_what_was_measured_to_pay) {
  auto const place = []<class T>(T, auto const& expression) {
    array<T> const a = zeros<T>(40, 30), w = zeros<T>(30, 50), c = zeros<T>(40, 50),
                   bias = zeros<T>(50);
    std::string const text = explain(expression(lazy<T>(a & w), c, bias), h200);
    return text.find("in the product: ") != text.npos     ? "in"
           : text.find("over the product: ") != text.npos ? "over"
                                                          : "not folded";
  };
  auto const check = [&]<class T>(T zero) {
    auto const& known = h200.support(dtype_of<T>);
    auto const is = [&](bool in, auto const& expression) {
      BOOST_TEST(place(zero, expression) == (in ? "in" : "over"));
    };
    is(known.alpha, [](auto p, auto const&, auto const&) { return 2 * std::move(p); });
    is(known.c, [](auto p, auto const& c, auto const&) { return std::move(p) + 3 * c; });
    is(known.bias, [](auto p, auto const&, auto const& b) { return std::move(p) + b; });
    is(known.c_and_bias, [](auto p, auto const& c, auto const& b) { return std::move(p) - c + b; });
    is(known.relu, [](auto p, auto const&, auto const& b) { return relu(std::move(p) + b); });
    is(known.gelu_tanh, [](auto p, auto const&, auto const&) { return gelu_tanh(std::move(p)); });
    is(false, [](auto p, auto const& c, auto const&) { return gelu_tanh(std::move(p) + c); });
  };
  check(f16{});
  check(bf16{});
  check(float{});
  check(double{});
  BOOST_TEST(h200.support(dtype::f16).gelu_tanh);
  BOOST_TEST(!h200.support(dtype::f64).bias);  // 1.5 times as long as product and pass
  array<float> const batch = zeros<float>(3, 40, 30), w = zeros<float>(30, 50);
  BOOST_TEST(explain(2 * (batch & w), h200).find("over the product: ") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
