// The language in one page: it compiles, runs, and gives these values.
#include <dsl/sloth.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <sstream>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(language)

namespace {

struct cube {
  template <class V>
  SLOTH_HD V operator()(V v) const {
    return v * v * v;
  }
};

template <expression X>
auto softmax(X const& x) {  // auto fuses: this becomes one row kernel
  auto e = exp(x - max(x, last_axis, keepdims));
  return e / sum(e, last_axis, keepdims);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_page) {
  array<double> x = rand(512, 512), bias = ones(512);
  generator rng(42);
  array<double> w = rng.normal(0., 1., {512, 512});
  auto row = x(3, _), inner = x(slice(1, -1), slice(_, _, 2)), col = x(ellipsis, 0, newaxis);
  BOOST_TEST(to_string(row.shape()) == "(512,)");
  BOOST_TEST(to_string(inner.shape()) == "(510, 256)");
  BOOST_TEST(to_string(col.shape()) == "(512, 1)");
  x(_, 0) = 0.;
  x(0, _) += bias;
  x(slice(1, -1), _) = x(slice(2, _), _) - x(slice(_, -2), _);

  auto e = exp(-x * x) + sin(w);
  array<double> z = where(e > 0.5, e, 0.);
  array<double> c = map(cube{}, x) + 1;
  BOOST_TEST(c.item(5, 7) == x.item(5, 7) * x.item(5, 7) * x.item(5, 7) + 1);

  array<double> act = relu(2 * (x & w.T()) + bias);
  auto y = x & w;
  array<double> r = relu(y + bias);
  array<double> v = rand(512, 8), t = x & w & v;
  BOOST_TEST(to_string(t.shape()) == "(512, 8)");

  double total = sum(x).item();
  auto cols = mean(x, axis(0)), whole = sum(x, axis(0, 1), keepdims);
  BOOST_TEST(to_string(cols.shape()) == "(512,)");
  BOOST_TEST(to_string(whole.shape()) == "(1, 1)");
  if (any(x > 1.) && !all(x == 0.)) total += 1;
  BOOST_TEST(total > 0.);
  array<double> p = softmax(x);
  BOOST_TEST(bool(all(isclose(sum(p, last_axis), 1.))));

  {
    device_scope here(host);
    array<double> cpu = e;
    BOOST_TEST(bool(all(cpu == e)));
  }
  array<float> f = x.astype<float>();
  {
    precision_scope fast(tf32);
    array<float> g = f & f;
  }
  auto [p1, p2, p3] = eval(x & w, w & x, x & x);
  BOOST_TEST(bool(all(isclose(p1, y))));
  auto step = compile([](auto const& w, auto const& x) { return w - 1e-5 * (x.T() & (x & w)); });
  array<double> fitted = w;
  for (int i = 0; i < 100; ++i) fitted = step(fitted, x);
  BOOST_TEST(norm(fitted).item() < norm(w).item());
  std::ostringstream out;
  out << explain(relu(2 * (x & w) + bias)) << sum(x) << '\n';
  BOOST_TEST(out.str().find("gemm") != std::string::npos);
  std::string const path = "language_page.npy";
  save(path, x);
  array<double> back = load(path);
  BOOST_TEST(bool(all(back == x)));
  std::remove(path.c_str());

  array<double> a = ones(3, 4), b = ones(5, 2);
  BOOST_CHECK_EXCEPTION((void)(a & b), shape_error, [](shape_error const& error) {
    BOOST_TEST(std::string(error.what()) ==
               "shape_error: matmul: inner extents differ: (3, 4) & (5, 2)  [language.cpp:" +
                   std::to_string(error.where().line) + "]");
    return error.where().line > 0;
  });
}

BOOST_AUTO_TEST_SUITE_END()
