// Arrays from nothing, from lists, from memory, from generators and from files.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <cstdio>
#include <filesystem>
#include <numbers>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(create)

namespace {

using values = std::vector<double>;
using ids = std::vector<std::int64_t>;

template <expression X>
std::string type(X const&) {
  return to_string(dtype_of<value_t<X>>);
}
template <expression X>
std::string shape(X const& x) {
  return to_string(x.shape());
}

std::int64_t const many = 100'000;

/// The draws against f of the same uniform numbers, and their moments: the mean within five of its
/// own standard deviations, the variance within a twentieth. An infinite variance: no moments.
template <expression X, class F>
void is_drawn(const char* name, X const& draws, double mean, double variance, F const& f) {
  auto const u = generator(7).rand(many).to_vector();
  auto const drawn = draws.to_vector();
  std::vector<double> const x(drawn.begin(), drawn.end());
  int wrong = 0;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < u.size(); ++i) {
    wrong += std::abs(x[i] - f(u[i])) > 1e-13 * (1 + std::abs(x[i]));
    sum += x[i] - mean;
    squares += (x[i] - mean) * (x[i] - mean);
  }
  BOOST_TEST(wrong == 0, name << " is not its formula");
  if (std::isinf(variance)) return;
  BOOST_TEST(std::abs(sum / many) < 5 * std::sqrt(variance / many), name);
  BOOST_TEST(std::abs(squares / many / variance - 1) < 0.05, name);
}

}  // namespace

BOOST_AUTO_TEST_CASE(zeros_ones_full_and_their_likes) {
  BOOST_TEST((zeros(2, 3).to_vector() == values(6, 0)));
  BOOST_TEST((ones({3}).to_vector() == values(3, 1)));
  BOOST_TEST(type(zeros<std::int8_t>(2)) == "int8");
  BOOST_TEST((ones<complex64>(1).item() == complex64{1, 0}));
  BOOST_TEST((full({2}, 7).to_vector() == ids{7, 7}));
  BOOST_TEST(type(full({2}, 7)) == "int64");
  BOOST_TEST(type(full({2}, 7.f)) == "float64");
  BOOST_TEST(type(full({2}, true)) == "bool");
  BOOST_TEST(type(full<float>({2}, 7)) == "float32");
  BOOST_TEST(shape(zeros(extents{})) == "()");
  array<float> const x = ones<float>(2, 3);
  BOOST_TEST(type(zeros_like(x)) == "float32");
  BOOST_TEST(shape(ones_like(x.T())) == "(3, 2)");
  BOOST_TEST((full_like(x + 1, 4).to_vector() == std::vector<float>(6, 4.f)));
  BOOST_TEST(shape(empty_like(x & x.T())) == "(2, 2)");
  BOOST_TEST(type(empty_like(x > 0)) == "bool");
  BOOST_TEST(shape(empty(2, 0)) == "(2, 0)");
  REFUSES(dtype_error, "300 does not fit uint8", full<std::uint8_t>({2}, 300));
  REFUSES(dtype_error, "0.5 is not an integer, so it does not fit int32",
          full_like(ones<std::int32_t>(2), 0.5));
}

BOOST_AUTO_TEST_CASE(negative_and_impossible_extents_are_refused) {
  REFUSES(shape_error, "an extent is negative: (2, -1)", empty(2, -1));
  REFUSES(shape_error, "an extent is negative: (-1,)", zeros(-1));
  REFUSES(shape_error, "an extent is negative: (3, -2)", rand(3, -2));
  REFUSES(shape_error, "an extent is negative: (-4, 4)", eye(-4, 4));
  REFUSES(shape_error, "an extent is negative: (-3,)", linspace(0, 1, -3));
  BOOST_CHECK_THROW((void)(zeros(std::int64_t{1} << 40, std::int64_t{1} << 40)), out_of_memory);
  auto const tall = broadcast_to(zeros(1), {std::int64_t{1} << 40, 1});
  BOOST_CHECK_THROW((void)eval(tall + tall.T()), out_of_memory);
  BOOST_CHECK_THROW((void)empty(std::int64_t{1} << 40, std::int64_t{1} << 40), out_of_memory);
}

BOOST_AUTO_TEST_CASE(ranges) {
  BOOST_TEST((arange(4).to_vector() == ids{0, 1, 2, 3}));
  BOOST_TEST((arange(2, 9, 3).to_vector() == ids{2, 5, 8}));
  BOOST_TEST((arange(5, -1, -2).to_vector() == ids{5, 3, 1}));
  BOOST_TEST(arange(3, 3).to_vector().empty());
  BOOST_TEST(arange(3, 1).to_vector().empty());
  BOOST_TEST((arange(0.5, 2).to_vector() == values{0.5, 1.5}));
  BOOST_TEST((arange(1., 0., -0.25).to_vector() == values{1, 0.75, 0.5, 0.25}));
  BOOST_TEST((arange<float>(3).to_vector() == std::vector<float>{0, 1, 2}));
  BOOST_TEST(type(arange(3)) == "int64");
  std::int64_t const most = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST((arange(most - 2, most).to_vector() == ids{most - 2, most - 1}));
  BOOST_TEST((arange(-most, most, most).to_vector() == ids{-most, 0}));
  array<double> const many = arange<double>(300'000);
  BOOST_TEST(many.item(299'999) == 299'999);
  REFUSES_HERE(dtype_error, "arange: the step is 0", arange(0, 3, 0));
  REFUSES_HERE(dtype_error, "arange: no length for start 0.000000, stop nan, step 1.000000",
               arange(0., double(NAN)));
}

BOOST_AUTO_TEST_CASE(linear_spaces) {
  BOOST_TEST((linspace(0, 1, 5).to_vector() == values{0, 0.25, 0.5, 0.75, 1}));
  BOOST_TEST((linspace(0, 1, 4, false).to_vector() == values{0, 0.25, 0.5, 0.75}));
  BOOST_TEST((linspace(2, 3, 1).to_vector() == values{2}));
  BOOST_TEST(linspace(2, 3, 0).to_vector().empty());
  BOOST_TEST(linspace(0, 1).size() == 50);
  for (std::int64_t const n : {2, 3, 7, 1000, 5001})
    BOOST_TEST(linspace(0.1, 0.7, n).item(n - 1) == 0.7);  // the end itself
  BOOST_TEST((linspace<float>(1, 0, 3).to_vector() == std::vector<float>{1, 0.5, 0}));
}

BOOST_AUTO_TEST_CASE(identities) {
  BOOST_TEST((eye(2).to_vector() == values{1, 0, 0, 1}));
  BOOST_TEST((eye(2, 3, 1).to_vector() == values{0, 1, 0, 0, 0, 1}));
  BOOST_TEST((eye(3, 2, -2).to_vector() == values{0, 0, 0, 0, 1, 0}));
  BOOST_TEST((eye<std::int32_t>(2, 2, 5).to_vector() == std::vector<std::int32_t>(4, 0)));
  array<double> const x = rand(7, 7);
  BOOST_TEST(bool(all((x & eye(7)) == x)));
  BOOST_TEST((eye(4)(slice(_, _, -1), slice(1, _)).to_vector() ==
              values{0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0}));
}

BOOST_AUTO_TEST_CASE(functions_of_places) {
  double const ten = 10;
  auto const table = fromfunction([=](auto i, auto j) { return ten * i + j; }, {2, 3});
  BOOST_TEST(type(table) == "float64");
  BOOST_TEST((table.to_vector() == values{0, 1, 2, 10, 11, 12}));
  BOOST_TEST(shape(table) == "(2, 3)");
  BOOST_TEST(explain(table).find("r1") == std::string::npos);  // one kernel
  auto const rows = fromfunction<int>([](auto i, auto) { return i; }, {2, 3});
  BOOST_TEST(type(rows) == "int32");
  BOOST_TEST((rows.to_vector() == std::vector<int>{0, 0, 0, 1, 1, 1}));
  auto const same = [](auto i, auto j) { return i == j; };
  BOOST_TEST(array_equal(fromfunction(same, {3, 3}), eye(3) == 1.));
  std::int64_t const n = 4;
  BOOST_TEST(
      (fromfunction([](auto i) { return square(i); }, {n}).to_vector() == values{0, 1, 4, 9}));
  auto const cube = [](auto i, auto j, auto k) { return i * j + k; };
  BOOST_TEST((fromfunction<float>(cube, {2, 2, 2}).to_vector() ==
              std::vector<float>{0, 1, 0, 1, 0, 1, 1, 2}));
  BOOST_TEST(shape(fromfunction(same, {0, 3})) == "(0, 3)");
  REFUSES(shape_error, "an extent is negative: (2, -3)", fromfunction(same, {2, -3}));
}

BOOST_AUTO_TEST_CASE(nested_lists) {
  BOOST_TEST((array<double>{1, 2, 3}.to_vector() == values{1, 2, 3}));
  array<double> const x{{1, 2}, {3, 4}, {5, 6}}, cube{{{1}, {2}}, {{3}, {4}}};
  BOOST_TEST(shape(x) == "(3, 2)");
  BOOST_TEST((x.to_vector() == values{1, 2, 3, 4, 5, 6}));
  BOOST_TEST(shape(cube) == "(2, 2, 1)");
  BOOST_TEST(shape(array<double>{{{{1, 2}}}}) == "(1, 1, 1, 2)");
  BOOST_TEST(shape(array<double>()) == "(0,)");
  BOOST_TEST((array<std::uint8_t>{1, 255}.to_vector() == std::vector<std::uint8_t>{1, 255}));
  BOOST_TEST((array<bool>{true, false}.to_vector() == std::vector<bool>{true, false}));
  BOOST_TEST((array<complex64>{complex64{1, 2}, 3.f}.item(1) == complex64{3, 0}));
  auto const ragged = "array: the nested lists differ in length at depth ";
  REFUSES(shape_error, ragged + std::string("1"), array<double>{{1, 2}, {3}});
  REFUSES(shape_error, ragged + std::string("1"), array<double>{{1, 2}, {3, 4, 5}});
  REFUSES(shape_error, ragged + std::string("1"), array<double>{{1, 2}, 3});
  REFUSES(shape_error, ragged + std::string("1"), array<double>{1, {2, 3}});
  REFUSES(shape_error, ragged + std::string("2"), array<double>{{{1}, {2}}, {{3}, {4, 5}}});
  REFUSES(dtype_error, "300 does not fit uint8", array<std::uint8_t>{1, 300});
  REFUSES(dtype_error, "1.5 is not an integer, so it does not fit int32", array<std::int32_t>{1.5});
}

BOOST_AUTO_TEST_CASE(the_element_type_is_deduced) {
  array const column{{1.}, {2.}};
  BOOST_TEST(type(column) == "float64");
  BOOST_TEST(shape(column) == "(2, 1)");
  BOOST_TEST(type(array{1, 2}) == "int32");
  BOOST_TEST(type(array{1LL}) == "int64");
  BOOST_TEST(shape(array{{{1.f, 2.f}}}) == "(1, 1, 2)");
  array const from_vector(std::vector<float>{1, 2});
  BOOST_TEST(type(from_vector) == "float32");
  array const evaluated = column > 1;
  BOOST_TEST(type(evaluated) == "bool");
  lazy const later = column + 1;
  BOOST_TEST(type(later) == "float64");
  array const copy = column;
  BOOST_TEST(shape(copy) == "(2, 1)");
}

BOOST_AUTO_TEST_CASE(vectors_spans_and_scalars) {
  values const v{1, 2, 3, 4};
  BOOST_TEST((array<double>(v).to_vector() == v));
  BOOST_TEST(shape(array<double>(v, {2, 2})) == "(2, 2)");
  BOOST_TEST((array<double>(std::span<double const>(v).subspan(1)).to_vector() == values{2, 3, 4}));
  BOOST_TEST(shape(array<double>(std::span<double const>(v), {4, 1})) == "(4, 1)");
  BOOST_TEST(
      (array<bool>(std::vector<bool>{true, false}).to_vector() == std::vector<bool>{true, false}));
  BOOST_TEST(array<double>(values{}).size() == 0);
  BOOST_TEST(array<float>(3).item() == 3.f);
  REFUSES_HERE(shape_error, "array: 4 values for shape (3,)", array<double>(v, {3}));
  REFUSES_HERE(shape_error, "array: 4 values for shape (2, 3)",
               array<double>(std::span<double const>(v), {2, 3}));
  REFUSES(dtype_error, "2.5 is not an integer, so it does not fit int64", array<std::int64_t>(2.5));
}

BOOST_AUTO_TEST_CASE(generators_are_functions_of_seed_and_offset) {
  generator a(42), b(42), c(43);
  array<double> const first = a.rand(10), second = a.rand(10);
  BOOST_TEST((b.rand(20).to_vector() == [&] {
    values both = first.to_vector();
    for (double v : second) both.push_back(v);
    return both;
  }()));
  BOOST_TEST(a.offset() == 20u);
  BOOST_TEST(a.seed() == 42u);
  BOOST_TEST(!bool(any(array<double>(c.rand(10)) == first)));
  auto const leaf = a.rand(5);  // one draw, however often it is read
  BOOST_TEST((leaf.to_vector() == leaf.to_vector()));
  BOOST_TEST(bool(all(leaf - leaf == 0)));
  BOOST_TEST(bool(all(a.rand(5) != a.rand(5))));
  generator copy = a;  // goes on from where a is
  BOOST_TEST((copy.rand(4).to_vector() == a.rand(4).to_vector()));
  generator pairs(7);
  (void)pairs.normal(0, 1, {3});  // rounded up to even
  BOOST_TEST(pairs.offset() == 4u);
  array<double> const u = generator(1).rand(100'000);
  BOOST_TEST(bool(all(u > 0 && u <= 1)));
  BOOST_TEST(std::abs(mean(u).item() - 0.5) < 0.005);
  array<float> const between = generator(1).uniform<float>(-2, 3, {1000});
  BOOST_TEST(bool(all(between >= -2 && between <= 3)));
  array<double> const n = generator(2).normal(5, 2, {100'000});
  BOOST_TEST(std::abs(mean(n).item() - 5) < 0.04);
  BOOST_TEST(std::abs(sloth::std(n).item() - 2) < 0.03);
}

BOOST_AUTO_TEST_CASE(distributions_are_their_formulas) {
  using std::numbers::pi;
  auto const rng = [] { return generator(7); };
  auto const e = [](double u) { return -std::log(u); };
  is_drawn("standard_exponential", rng().standard_exponential({many}), 1, 1, e);
  is_drawn("exponential", rng().exponential(3, {many}), 3, 9, [&](double u) { return 3 * e(u); });
  is_drawn("rayleigh", rng().rayleigh(2, {many}), 2 * std::sqrt(pi / 2), (4 - pi) * 2,
           [&](double u) { return 2 * std::sqrt(2 * e(u)); });
  is_drawn("weibull", rng().weibull(2, {many}), std::sqrt(pi) / 2, 1 - pi / 4,
           [&](double u) { return std::sqrt(e(u)); });
  is_drawn("pareto", rng().pareto(10, {many}), 1. / 9, 10. / 648,
           [](double u) { return std::pow(u, -0.1) - 1; });
  is_drawn("laplace", rng().laplace(1, 2, {many}), 1, 8, [](double u) {
    return 1 + (u <= 0.5 ? 2 * std::log(2 * u) : -2 * std::log(2 - 2 * u));
  });
  is_drawn("logistic", rng().logistic(1, 2, {many}), 1, 4 * pi * pi / 3,
           [](double u) { return 1 + 2 * std::log(u / (1 - u)); });
  is_drawn("gumbel", rng().gumbel(1, 2, {many}), 1 + 2 * std::numbers::egamma, 4 * pi * pi / 6,
           [&](double u) { return 1 - 2 * std::log(e(u)); });
  is_drawn("standard_cauchy", rng().standard_cauchy({many}), 0, INFINITY,
           [](double u) { return std::tan(pi * (u - 0.5)); });
  is_drawn("triangular", rng().triangular(-1, 0, 3, {many}), 2. / 3, 13. / 18, [](double u) {
    return u <= 0.25 ? -1 + std::sqrt(4 * u) : 3 - std::sqrt(12 * (1 - u));
  });
  is_drawn("bernoulli", rng().bernoulli(0.3, {many}), 0.3, 0.21, [](double u) { return u <= 0.3; });
}

BOOST_AUTO_TEST_CASE(distributions_of_normal_numbers) {
  auto const z = generator(7).normal(0, 1, {many}).to_vector();
  auto const x = generator(7).standard_normal({many}).to_vector();
  auto const y = generator(7).lognormal(0.25, 0.5, {many}).to_vector();
  BOOST_TEST((x == z));
  int wrong = 0;
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    wrong += std::abs(y[i] - std::exp(0.25 + 0.5 * z[i])) > 1e-14 * y[i];
    sum += y[i];
  }
  BOOST_TEST(wrong == 0);
  double const mean = std::exp(0.375), variance = mean * mean * (std::exp(0.25) - 1);
  BOOST_TEST(std::abs(sum / many - mean) < 5 * std::sqrt(variance / many));
}

BOOST_AUTO_TEST_CASE(no_draw_is_infinite) {
  std::uint64_t const seed = 2871038;  // its third float is 1
  auto const rng = [] { return generator(seed); };
  BOOST_TEST(rng().rand<float>(4).to_vector()[2] == 1.f);
  float const top = -std::log(0x1p-26f);
  auto const at = [](auto const& draws) { return draws.to_vector()[2]; };
  BOOST_TEST(std::abs(at(rng().logistic<float>(0, 1, {4})) - top) < 1e-5f);
  BOOST_TEST(std::abs(at(rng().gumbel<float>(0, 1, {4})) - top) < 1e-5f);
  BOOST_TEST(std::abs(at(rng().laplace<float>(0, 1, {4})) + std::log(0x1p-25f)) < 1e-5f);
  BOOST_TEST(!std::signbit(at(rng().exponential<float>(2, {4}))));
  BOOST_TEST(sum(generator(1).bernoulli(0, {1000})).item() == 0);
  BOOST_TEST(all(generator(1).bernoulli(1, {1000})).item());
}

BOOST_AUTO_TEST_CASE(parameters_in_their_range) {
  generator rng(1);
  REFUSES_HERE(dtype_error, "normal: the standard deviation must not be negative: -1",
               rng.normal(0, -1, {3}));
  REFUSES_HERE(dtype_error, "lognormal: sigma must not be negative: -0.5",
               rng.lognormal(0, -0.5, {3}));
  REFUSES_HERE(dtype_error, "exponential: the scale must not be negative: nan",
               rng.exponential(NAN, {3}));
  REFUSES_HERE(dtype_error, "rayleigh: the scale must not be negative: -2", rng.rayleigh(-2, {3}));
  REFUSES_HERE(dtype_error, "weibull: the shape must be positive: 0", rng.weibull(0, {3}));
  REFUSES_HERE(dtype_error, "pareto: the shape must be positive: -1", rng.pareto(-1, {3}));
  REFUSES_HERE(dtype_error, "laplace: the scale must not be negative: -1", rng.laplace(0, -1, {3}));
  REFUSES_HERE(dtype_error, "logistic: the scale must not be negative: -1",
               rng.logistic(0, -1, {3}));
  REFUSES_HERE(dtype_error, "gumbel: the scale must not be negative: -1", rng.gumbel(0, -1, {3}));
  REFUSES_HERE(dtype_error, "bernoulli: p must be in [0, 1]: 1.5", rng.bernoulli(1.5, {3}));
  REFUSES_HERE(dtype_error, "triangular: left <= mode <= right and left < right must hold: 1, 1, 1",
               rng.triangular(1, 1, 1, {3}));
  REFUSES_HERE(dtype_error, "triangular: left <= mode <= right and left < right must hold: 0, 3, 2",
               rng.triangular(0, 3, 2, {3}));
  BOOST_TEST(rng.offset() == 0u);  // what is refused draws nothing
}

BOOST_AUTO_TEST_CASE(the_default_generator_can_be_seeded) {
  seed(5);
  array<double> const x = rand(3, 4);
  seed(5);
  array<double> const y = rand(3, 4), z = rand(3, 4);
  BOOST_TEST((x.to_vector() == y.to_vector()));
  BOOST_TEST((y.to_vector() != z.to_vector()));
  BOOST_TEST((rand<float>({2, 2}).shape() == extents{2, 2}));
  BOOST_TEST((generator().seed() != generator().seed()));
}

BOOST_AUTO_TEST_CASE(files_hold_what_was_saved) {
  std::string const path =
      (std::filesystem::temp_directory_path() / "sloth_create_test.npy").string();
  array<double> const x = rand(3, 4);
  save(path, x);
  array<double> back = load(path);
  BOOST_TEST((back.to_vector() == x.to_vector()));
  BOOST_TEST(shape(back) == "(3, 4)");
  BOOST_TEST(std::string(to_string(load(path).type())) == "float64");
  array<complex128> const wider = load(path);  // a safe cast
  BOOST_TEST((wider.item(1, 2) == complex128{x.item(1, 2), 0}));
  REFUSES(dtype_error,
          "load: '" + path +
              "' holds float64, which does not cast safely to float32; use load(path).astype<T>()",
          array<float>(load(path)));
  BOOST_TEST((load(path).astype<float>().to_vector() == x.astype<float>().to_vector()));
  save(path, x.T());  // an expression, evaluated
  back = load(path);
  BOOST_TEST(bool(all(back == x.T())));
  save(path, x(0, _) > 0.5);
  array<bool> const flags = load(path);
  BOOST_TEST(bool(all(flags == (x(0, _) > 0.5))));
  save(path, sum(x));
  BOOST_TEST(array<double>(load(path)).item() == sum(x).item());
  save(path, zeros(0, 3));
  BOOST_TEST(shape(array<double>(load(path))) == "(0, 3)");
  std::remove(path.c_str());
  BOOST_CHECK_THROW((void)load(path), io_error);
}

BOOST_AUTO_TEST_SUITE_END()
