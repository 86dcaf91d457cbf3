// When values are computed, how often, and what explain says about it.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(eval_)

namespace {

using values = std::vector<double>;

template <expression X>
auto softmax(X const& x) {
  auto e = exp(x - max(x, last_axis, keepdims));
  return e / sum(e, last_axis, keepdims);
}

std::size_t allocations() { return memory().allocations; }

/// Steps of the plan that compute something.
template <class... X>
int steps(X const&... x) {
  std::istringstream plan(explain(x...));
  int count = 0;
  for (std::string line; std::getline(plan, line);)
    count += line[0] == 'r' && line.find("  view    ") == std::string::npos;
  return count;
}

array<double> counting(extents const& shape) {
  array<double> x = arange<double>(shape.size());
  return x.reshape(shape);
}

}  // namespace

BOOST_AUTO_TEST_CASE(explain_of_a_users_softmax_is_one_row_step) {
  array<double> const x = counting({4, 5});
  BOOST_TEST(explain(softmax(x)) ==
             "x0: float64(4, 5)\n"
             "r0: float64(4, 5)  row     exp(x0 - max(x0, last_axis, keepdims)) / "
             "sum(exp(x0 - max(x0, last_axis, keepdims)), last_axis, keepdims)  "
             "[160 flop, 320 B]\n");
}

BOOST_AUTO_TEST_CASE(explain_of_other_rows_and_of_draws_is_one_step_too) {
  verify_scope const checked;
  array<double> const x = counting({4, 5});
  auto const layer_norm = [&] {
    return (x - mean(x, last_axis, keepdims)) / sqrt(var(x, last_axis, keepdims) + 1e-5);
  };
  BOOST_TEST(explain(layer_norm()) ==
             "x0: float64(4, 5)\n"
             "r0: float64(4, 5)  row     (x0 - mean(x0, last_axis, keepdims)) / "
             "sqrt(var(x0, last_axis, keepdims) + 1e-05)  [120 flop, 320 B]\n");
  BOOST_TEST(std::abs(mean(square(array<double>(layer_norm()))).item() - 1) < 1e-4);
  std::string const plan = explain(logsumexp(x, last_axis));
  BOOST_TEST(plan.find("r0: float64(4, 1)  row     log(sum(exp(x0 - ") != std::string::npos);
  BOOST_TEST(plan.find("r1: float64(4,)  view    of r0") != std::string::npos);
  BOOST_TEST(plan.find("r2") == std::string::npos);
  BOOST_TEST(array<double>(logsumexp(x, last_axis)).shape() == (extents{4}));
  BOOST_TEST(explain(sum(exp(-rand(1000)))) ==
             "r0: float64()  reduce  sum(exp(-rand(1000,)), axis 0)  [3 kflop, 8 B]\n");
  BOOST_TEST(std::abs(sum(exp(-rand(1000))).item() / 1000 - (1 - std::exp(-1.))) < 0.03);
}

BOOST_AUTO_TEST_CASE(explain_of_a_shared_product_is_one_gemm_and_one_fused_step) {
  array<double> const x = counting({8, 8});
  auto const y = x & x;
  BOOST_TEST(explain(y + exp(y)) ==
             "x0: float64(8, 8)\n"
             "r0: float64(8, 8)  gemm    x0 & x0  NN  [1.02 kflop, 1.02 kB]  "
             "stored: another handle reaches it\n"
             "r1: float64(8, 8)  fused   r0 + exp(r0)  [128 flop, 1.02 kB]\n");
  array<double> const z = y + exp(y);
  BOOST_TEST(y.node()->done());
  BOOST_TEST(explain(y + exp(y)) ==
             "x0: float64(8, 8)\n"
             "r0: float64(8, 8)  fused   x0 + exp(x0)  [128 flop, 1.02 kB]\n");
}

BOOST_AUTO_TEST_CASE(plans_as_json_and_as_a_graph) {
  auto const file = [](std::string const& name) {
    std::ifstream in(SLOTH_TEST_DATA "/" + name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  device_scope const here(host);  // the seconds are those of its model
  array<double> const x = counting({3, 4}), w = counting({4, 2}), b = counting({2});
  lazy<double> const y = matmul(exp(x), w, {"src/model.cpp", 7});
  BOOST_TEST(explain_json(max(y), relu(2 * matmul(x, w, {}) + b)) == file("plan.json"));
  BOOST_TEST(explain_graphviz(max(y)) == file("plan.dot"));
}

BOOST_AUTO_TEST_CASE(explain_knows_the_memory_that_a_plan_takes) {
  device_scope const here(host);
  array<double> const x = counting({32, 64}), w = counting({64, 16});
  // `build` returns expressions in a tuple: what is said of them is what their evaluation takes.
  auto const takes = [](int temporaries, std::size_t bytes, auto const& build) {
    std::string const plan =
        std::apply([](auto&&... e) { return explain_json(std::move(e)...); }, build());
    std::string const said = "\"temporaries\": " + std::to_string(temporaries) +
                             ", \"peak_bytes\": " + std::to_string(bytes) + "}";
    BOOST_TEST(plan.find(said) != std::string::npos, said << " is not in " << plan);
    auto const roots = std::apply(
        [](auto&&... e) { return std::vector<node_ptr>{std::move(e).node()...}; }, build());
    reset_memory_statistics();
    std::size_t const before = memory(host).in_use;
    evaluate(roots);
    BOOST_TEST(memory(host).peak - before == bytes, plan);
  };
  std::size_t const whole = 32 * 64 * 8, product = 32 * 16 * 8, column = 32 * 8;
  takes(0, whole, [&] { return std::tuple(exp(x)); });
  takes(1, whole + product, [&] { return std::tuple(matmul(exp(x), w)); });
  takes(2, whole + product, [&] { return std::tuple(max(matmul(exp(x), w), axis(1))); });
  // Before its last reader ends, the first product is there beside two results.
  auto const shared = [&](auto const& y) { return std::tuple(y + 1, max(y, axis(1))); };
  takes(1, 2 * product + column, [&] { return shared(x & w); });
  lazy<double> const named = x & w;
  takes(0, 2 * product + column, [&] { return shared(named); });
  // A view keeps its base's memory: as a root for good, as a step until its own readers end.
  takes(0, whole, [&] { return std::tuple(lazy<double>(exp(x)).T()); });
  takes(1, whole + product, [&] { return std::tuple(matmul(lazy<double>(exp(x.T())).T(), w)); });
  // Equal products become one.
  takes(1, product + 2 * column,
        [&] { return std::tuple(max(x & w, axis(1)), min(x & w, axis(1))); });
  // What one call of two products reads is there until its end, and then no more.
  model_scope const there(h200);
  array<double> const a = counting({32, 32}), b = a + 1;
  std::string const plan = explain_json(matmul(exp(a), b), matmul(exp(b), a), a * b, a - b);
  BOOST_TEST(plan.find("2 products in one call") != std::string::npos, plan);
  BOOST_TEST(plan.find("\"temporaries\": 2, \"peak_bytes\": 32768}") != std::string::npos, plan);
}

BOOST_AUTO_TEST_CASE(explain_of_chains_reductions_views_and_transposes) {
  array<double> const x = counting({3, 4}), b = counting({4});
  array<float> const f = ones<float>(4);
  BOOST_TEST(explain(exp(-x * x) + sin(b) / 2) ==
             "x0: float64(3, 4), x1: float64(4,)\n"
             "r0: float64(3, 4)  fused   exp(-x0 * x0) + (sin(x1) / 2)  [72 flop, 224 B]\n");
  BOOST_TEST(explain(where(x > 0.5, x, 0.) + f) ==
             "x0: float64(3, 4), x1: float32(4,)\n"
             "r0: float64(3, 4)  fused   where(x0 > 0.5, x0, 0) + astype(x1)  [48 flop, 208 B]\n");
  BOOST_TEST(explain(sum(x * x)) ==
             "x0: float64(3, 4)\n"
             "r0: float64()  reduce  sum(x0 * x0, axis 0 1)  [24 flop, 104 B]\n");
  BOOST_TEST(explain(mean(x, axis(0), keepdims)) ==
             "x0: float64(3, 4)\n"
             "r0: float64(1, 4)  reduce  mean(x0, axis 0)  [12 flop, 128 B]\n");
  BOOST_TEST(explain(sum(x, last_axis, keepdims)) ==
             "x0: float64(3, 4)\n"
             "r0: float64(3, 1)  row     sum(x0, last_axis, keepdims)  [3 flop, 120 B]\n");
  BOOST_TEST(explain(x & x.T()) ==
             "x0: float64(3, 4), x1: float64(4, 3)\n"
             "r0: float64(3, 3)  gemm    x0 & x1  NT  [72 flop, 264 B]\n");
  BOOST_TEST(explain((x + 1).T() & b(slice(3))) ==
             "x0: float64(3, 4), x1: float64(3,)\n"
             "r0: float64(3, 4)  fused   x0 + 1  [12 flop, 192 B]\n"
             "r1: float64(4, 3)  view    of r0\n"
             "r2: float64(4,)  gemm    r1 & x1  TN  [24 flop, 152 B]\n");
  BOOST_TEST(explain(x.T().reshape(2, 6)) ==
             "x0: float64(4, 3)\n"
             "r0: float64(4, 3)  copy    x0  [0 flop, 192 B]\n"
             "r1: float64(2, 6)  view    of r0\n");
  BOOST_TEST(explain(zeros(3) + arange(3)) ==
             "r0: float64(3,)  fused   full(3,) + astype(arange(3,))  [6 flop, 24 B]\n");
  BOOST_TEST(explain(x) == "");
  array<float> const g = ones<float>(2, 2);
  precision_scope const fast(tf32);
  BOOST_TEST(explain(g & g) ==
             "x0: float32(2, 2)\n"
             "r0: float32(2, 2)  gemm    x0 & x0  NN tf32  [16 flop, 32 B]\n");
}

BOOST_AUTO_TEST_CASE(auto_plans_each_time_and_lazy_computes_once) {
  array<double> const x = counting({3, 4});
  auto const e = exp(x) + 1;
  lazy<double> const l = exp(x) + 1;
  BOOST_TEST(steps(e) == 1);
  BOOST_TEST(steps(l) == 1);
  array<double> const one = e * 2, two = l * 2;
  BOOST_TEST(steps(e * 2) == 1);
  BOOST_TEST(steps(l) == 0);
  BOOST_TEST(steps(l * 2) == 1);
  BOOST_TEST(bool(all(one == two)));
  lazy<double> const copy = l;
  BOOST_TEST((copy.node() == l.node()));
}

BOOST_AUTO_TEST_CASE(an_array_of_computed_operands_is_what_a_plan_makes_of_it) {
  array<double> const x = counting({3, 4}) / 4;
  lazy<double> const pending = x + 1;
  auto const check = [](auto const& e) {
    lazy<double> const planned = e;
    evaluate(planned.node());
    std::size_t const before = allocations();
    array<double> const at_once = e;
    BOOST_TEST(allocations() == before + 1);
    BOOST_TEST(at_once.shape() == planned.shape());
    BOOST_TEST((at_once.to_vector() == planned.to_vector()));
  };
  check(x * x.T()(_, slice(0, 1)).T() - 2 * x);
  check(softmax(x));
  check(arange<double>(5) + x(0, 0));
  check(x(slice(0, 0), _) + 1);
  array<double> const of_pending = pending * x;
  BOOST_TEST(pending.node()->done());
  check(pending * x);
  BOOST_TEST((of_pending.to_vector() == array<double>((x + 1) * x).to_vector()));
}

BOOST_AUTO_TEST_CASE(shared_nodes_are_computed_once_in_a_plan) {
  array<double> const x = counting({6, 6});
  auto const y = x & x;
  auto const s = sum(y, axis(0));
  BOOST_TEST(steps(y + s, y - s, s) == 4);  // the product, the sum, two fused
  lazy<double> const l = x * 2;
  BOOST_TEST(steps((l & l) + (l & l.T())) == 4);
  BOOST_TEST(steps(l + l.T(), l.T() - l(0, _)) == 3);
  auto const e = x + 1;
  BOOST_TEST(explain(matmul(e, e)) ==
             "x0: float64(6, 6)\n"
             "r0: float64(6, 6)  fused   x0 + 1  [36 flop, 576 B]\n"
             "r1: float64(6, 6)  gemm    r0 & r0  NN  [432 flop, 576 B]\n");
  BOOST_TEST(steps(matmul(x + 1, x + 2)) == 3);  // equal forms, other scalars
  array<double> const z = counting({6, 6}) * 2;
  BOOST_TEST(steps(matmul(x + 1, z + 1)) == 3);  // equal forms, other operands
  BOOST_TEST(bool(all(matmul(x + 1, x + 2) == (array<double>(x + 1) & array<double>(x + 2)))));
  BOOST_TEST(bool(all(matmul(x + 1, z + 1) == (array<double>(x + 1) & array<double>(z + 1)))));
  auto [a, b, c] = eval(y, y + 1, s);
  BOOST_TEST(y.node()->done());
  BOOST_TEST(s.node()->done());
  BOOST_TEST(bool(all(b == a + 1)));
  BOOST_TEST(bool(all(c == sum(a, axis(0)))));
  BOOST_TEST((a.node() == y.node()));
}

BOOST_AUTO_TEST_CASE(naming_never_evaluates) {
  array<double> const x = counting({50, 50});
  std::size_t const before = allocations();
  auto const sum_of = x + 1;
  auto const product = x & x.T();
  auto const reduced = sum(x, axis(0));
  auto const row = max(x, last_axis, keepdims);
  auto const view = (x + 1).T()(0, slice(_, _, -1));
  auto const p = softmax(x);
  auto const made = ones(50, 50);
  auto const drawn = rand(50, 50);
  lazy<double> const l = product + reduced, reshaped = x.T().reshape(-1);
  auto const chosen = where(l > 0, x, made);
  auto const stretched = broadcast_to(reduced, {50, 50});
  (void)explain(l, p, drawn, chosen, stretched, row, sum_of, view);
  BOOST_TEST(allocations() == before);
  BOOST_TEST(!product.node()->done());
  (void)reshaped, (void)l;
}

BOOST_AUTO_TEST_CASE(evaluation_points) {
  array<double> const x = counting({2, 2});
  auto const evaluates = [&](auto point) {
    lazy<double> const l = x + 1;
    point(l);
    return l.node()->done();
  };
  BOOST_TEST(evaluates([](auto const& l) { array<double> const a = l; }));
  BOOST_TEST(evaluates([](auto const& l) { eval(l); }));
  BOOST_TEST(evaluates([](auto const& l) { BOOST_TEST(sum(l).item() == 10); }));
  BOOST_TEST(evaluates([](auto const& l) { BOOST_TEST(l.item(1, 1) == 4); }));
  BOOST_TEST(evaluates([](auto const& l) { BOOST_TEST(bool(any(l > 3))); }));
  BOOST_TEST(evaluates([](auto const& l) { BOOST_TEST((l.to_vector() == values{1, 2, 3, 4})); }));
  BOOST_TEST(evaluates([](auto const& l) { BOOST_TEST(to_string(l) == "[[1. 2.]\n [3. 4.]]"); }));
  BOOST_TEST(evaluates([](auto const& l) {
    std::ostringstream out;
    out << l(0, _);
    BOOST_TEST(out.str() == "[1. 2.]");
  }));
  BOOST_TEST(evaluates([](auto const& l) {
    array<double> y = zeros(2, 2);
    y(0, _) = l(1, _);
    BOOST_TEST((y.to_vector() == values{3, 4, 0, 0}));
  }));
  BOOST_TEST(!evaluates([](auto const& l) { (void)l.shape(); }));
  BOOST_TEST(!evaluates([](auto const& l) { (void)(l.T() + 1); }));
  double walked = 0;
  for (double v : array<double>(x + 1)) walked += v;
  BOOST_TEST(walked == 10);
}

BOOST_AUTO_TEST_CASE(one_element_is_true_or_false) {
  array<double> const x{0., 2.}, none = zeros(0);
  BOOST_TEST(!bool(x(0)));
  BOOST_TEST(bool(x(1)));
  BOOST_TEST(bool(array<double>{{NAN}}));
  if (any(x > 1.) && !all(x == 0.)) BOOST_TEST(true);
  if (any(x > 5.) || all(x > -1.)) BOOST_TEST(true);
  BOOST_TEST(!bool(any(x > 5.) || all(x > 1.)));
  REFUSES(shape_error, "the truth of shape (2,) is ambiguous: use any(...) or all(...)",
          bool(x == 0.));
  REFUSES(shape_error, "the truth of shape (0,) is ambiguous: use any(...) or all(...)",
          bool(none));
  REFUSES_HERE(shape_error, "item: shape (2,) has 2 elements, not one", (x + 1).item());
}

BOOST_AUTO_TEST_CASE(every_path_takes_zero_extents) {
  array<double> const none = zeros(0, 3), columns = zeros(3, 0), row = counting({1, 3});
  BOOST_TEST((none + row).to_vector().empty());
  BOOST_TEST((none + none(_, slice(1))).to_vector().empty());
  BOOST_TEST(to_string(array<double>(none + row).shape()) == "(0, 3)");
  BOOST_TEST((softmax(none)).to_vector().empty());
  BOOST_TEST((columns - sum(columns, last_axis, keepdims)).to_vector().empty());
  BOOST_TEST((sum(columns, last_axis, keepdims).to_vector() == values{0, 0, 0}));
  BOOST_TEST((sum(columns, last_axis).to_vector() == values{0, 0, 0}));
  BOOST_TEST((sum(none, axis(0)).to_vector() == values{0, 0, 0}));
  BOOST_TEST(sum(none, axis(1)).to_vector().empty());
  BOOST_TEST(max(none, axis(1)).to_vector().empty());
  BOOST_TEST((prod(none).item()) == 1);
  BOOST_TEST(((columns & none).to_vector() == values(9, 0.)));
  BOOST_TEST((none & columns).to_vector().empty());
  BOOST_TEST(none.T().reshape(0, 5).to_vector().empty());
  BOOST_TEST(rand(0, 3).to_vector().empty());
  BOOST_TEST(to_string(none) == "[]");
  array<double> x = zeros(0, 3);
  x += 1;
  x(_, 0) = 5;
  x(ellipsis) = none;
  BOOST_TEST(x.size() == 0);
}

BOOST_AUTO_TEST_CASE(every_path_takes_rank_0) {
  array<double> const x(2.), y = sum(counting({3}));
  BOOST_TEST(x.rank() == 0);
  BOOST_TEST((x + y).item() == 5);
  BOOST_TEST(exp(x - 2.).item() == 1);
  BOOST_TEST(sum(x + 1).item() == 3);
  BOOST_TEST(argmax(x).item() == 0);
  BOOST_TEST((x + counting({2})).to_vector() == (values{2, 3}));
  BOOST_TEST(x(newaxis, ellipsis).reshape().item() == 2);
  BOOST_TEST(to_string(x) == "2.0");
  array<double> z(1.);
  z += x;
  z(ellipsis) = z * 2;
  BOOST_TEST(z.item() == 6);
  REFUSES(index_error, "sum: axis -1 is out of range for rank 0", sum(x, last_axis, keepdims));
  REFUSES_HERE(index_error, "sum: axis 0 is out of range for rank 0", sum(x, axis(0)));
  REFUSES_HERE(shape_error, "matmul: operands need at least one axis: () & (3,)",
               x & counting({3}));
}

BOOST_AUTO_TEST_CASE(size_1_axes_stretch_on_every_path) {
  array<double> const c = counting({3, 1}), r = counting({1, 4}), s = counting({1, 1});
  values const expected{0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5};
  values doubled;
  for (double v : expected) doubled.push_back(2 * v);
  BOOST_TEST((c + r).to_vector() == expected);
  BOOST_TEST((c + r + s).to_vector() == expected);
  BOOST_TEST((r(0, _) + c.T().T()).to_vector() == expected);
  BOOST_TEST((sum(c + r, axis(0)).to_vector() == values{3, 6, 9, 12}));
  BOOST_TEST((sum(c + r, axis(1)).to_vector() == values{6, 10, 14}));
  BOOST_TEST((sum(c + r, last_axis, keepdims).to_vector() == values{6, 10, 14}));
  BOOST_TEST((sum(c, last_axis, keepdims) + r).to_vector() == expected);
  BOOST_TEST((max(r, last_axis, keepdims) + c).to_vector() == (values{3, 4, 5}));
  BOOST_TEST((broadcast_to(c, {3, 4}) + broadcast_to(r, {3, 4})).to_vector() == expected);
  BOOST_TEST(((broadcast_to(c, {3, 4}) & counting({4, 1})).to_vector() == values{0, 6, 12}));
  array<double> x = zeros(3, 4);
  x += c;
  x(ellipsis) += r(0, _);
  BOOST_TEST(x.to_vector() == expected);
  x(ellipsis) = x + x;
  BOOST_TEST(x.to_vector() == doubled);
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_broadcast_are_refused_where_they_are_written) {
  array<double> const x = counting({3, 4}), y = counting({2, 4});
  REFUSES_HERE(shape_error, "add: shapes do not broadcast: (3, 4) and (2, 4)", x + y);
  REFUSES_HERE(shape_error, "less: shapes do not broadcast: (3, 4) and (2, 4)", x < y);
  REFUSES_HERE(shape_error, "maximum: shapes do not broadcast: (3, 4) and (2, 4)", maximum(x, y));
  REFUSES_HERE(shape_error, "where: shapes do not broadcast: (3, 4) and (2, 4)",
               where(x > 0, y, 0.));
  REFUSES_HERE(shape_error, "subtract: shapes do not broadcast: (3, 4) and (3,)", 1 + x - x(_, 0));
  REFUSES(shape_error, "equal: shapes do not broadcast: (3, 4) and (2, 4)", x == y);
  array<std::int8_t> const small = ones<std::int8_t>(2);
  REFUSES_HERE(dtype_error, "200 does not fit int8", small + 200);
  REFUSES_HERE(dtype_error, "200 does not fit int8", 200 - small);
}

BOOST_AUTO_TEST_CASE(scopes_choose_the_device) {
  array<double> const x{1, 2};
  {
    device_scope const here(device::host);
    BOOST_TEST((array<double>(x + 1).to_vector() == values{2, 3}));
  }
  if (current_device() == device::gpu) {
    device_scope const here(device::gpu);
    array<double> const y = x + 1;
    BOOST_TEST((y.node()->storage->where() == device::gpu));
    BOOST_TEST((y.to_vector() == values{2, 3}));
  } else {
#if defined(SLOTH_CUDA)
    REFUSES_HERE(device_error, "no GPU or driver was found", device_scope(device::gpu));
    REFUSES_HERE(device_error, "no GPU or driver was found", stream_scope(nullptr));
#else
    REFUSES_HERE(device_error, "this build of Sloth has the host engine only",
                 device_scope(device::gpu));
    REFUSES_HERE(device_error, "this build of Sloth has the host engine only",
                 stream_scope(nullptr));
#endif
  }
  BOOST_TEST((array<double>(x + 1).to_vector() == values{2, 3}));
}

BOOST_AUTO_TEST_SUITE_END()
