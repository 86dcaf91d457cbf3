// Arrays joined, turned, repeated and cut: against NumPy's values.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(shape)

namespace {

using values = std::vector<double>;
using ids = std::vector<std::int64_t>;

/// "int64(2, 3)"
template <expression X>
std::string form(X const& x) {
  return to_string(dtype_of<value_t<X>>) + to_string(x.shape());
}
template <class T = std::int64_t>
array<T> counting(extents const& shape) {
  return arange<T>(shape.size()).reshape(shape);
}

}  // namespace

BOOST_AUTO_TEST_CASE(concatenate_along_every_axis) {
  auto const x = counting({2, 3});
  auto const y = x + 10;
  BOOST_TEST((concatenate(x, y).to_vector() == ids{0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15}));
  BOOST_TEST(form(concatenate(x, y)) == "int64(4, 3)");
  ids const beside{0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15};
  BOOST_TEST((concatenate(axis(1), x, y).to_vector() == beside));
  BOOST_TEST((concatenate(axis(-1), x, y).to_vector() == beside));
  BOOST_TEST(form(concatenate(axis(-1), x, y)) == "int64(2, 6)");
  auto const cube = counting({2, 1, 2});
  BOOST_TEST((concatenate(axis(1), cube, cube + 4, cube).to_vector() ==
              ids{0, 1, 4, 5, 0, 1, 2, 3, 6, 7, 2, 3}));
  BOOST_TEST(
      (concatenate(axis(2), cube, cube(_, _, slice(1))).to_vector() == ids{0, 1, 0, 2, 3, 2}));
  auto const four = counting({1, 2, 1, 2});
  BOOST_TEST(form(concatenate(axis(2), four, four)) == "int64(1, 2, 2, 2)");
  BOOST_TEST((concatenate(axis(2), four, four).to_vector() == ids{0, 1, 0, 1, 2, 3, 2, 3}));
}

BOOST_AUTO_TEST_CASE(concatenate_any_number_of_parts) {
  array<double> const x{1, 2};
  BOOST_TEST((concatenate(x).to_vector() == values{1, 2}));
  BOOST_TEST((concatenate(x, x, x).to_vector() == values{1, 2, 1, 2, 1, 2}));
  BOOST_TEST(concatenate(x, x, x, x).size() == 8);
  BOOST_TEST(concatenate(x, x, x, x, x).size() == 10);
  BOOST_TEST(concatenate(x, x, x, x, x, x).size() == 12);
  BOOST_TEST(concatenate(x, x, x, x, x, x, x, -x).item(15) == -2);
  std::vector<array<double>> const arrays(300, x);
  array<double> const many = concatenate(arrays);
  BOOST_TEST(many.size() == 600);
  BOOST_TEST(many.item(599) == 2);
  std::vector<lazy<double>> const pending{x + 1, x & x.reshape(2, 1), x * 2};
  BOOST_TEST((concatenate(pending).to_vector() == values{2, 3, 5, 2, 4}));
  BOOST_TEST(form(concatenate(axis(1), std::vector<array<double>>(3, x.reshape(2, 1)))) ==
             "float64(2, 3)");
  REFUSES_HERE(shape_error, "concatenate: needs at least one array",
               concatenate(std::vector<array<double>>{}));
}

BOOST_AUTO_TEST_CASE(concatenate_has_the_common_type) {
  array<float> const f{0.5f, 1.5f};
  array<std::int64_t> const i{2, 3};
  array<bool> const b{true, false};
  array<std::uint8_t> const u{255};
  BOOST_TEST(form(concatenate(f, i)) == "float64(4,)");
  BOOST_TEST((concatenate(f, i, b).to_vector() == values{0.5, 1.5, 2, 3, 1, 0}));
  BOOST_TEST(form(concatenate(b, u)) == "uint8(3,)");
  BOOST_TEST((concatenate(b, u).to_vector() == std::vector<std::uint8_t>{1, 0, 255}));
  BOOST_TEST(form(concatenate(u, array<std::int8_t>{-1})) == "int16(2,)");
  BOOST_TEST(form(concatenate(b, b)) == "bool(4,)");
  array<complex64> const c{complex64{1, 2}};
  BOOST_TEST(form(concatenate(c, f)) == "complex64(3,)");
  BOOST_TEST((concatenate(c, f).item(2) == complex64{1.5f, 0}));
  BOOST_TEST((concatenate(array<f16>{1.5}, array<f16>{2}).to_vector() ==
              std::vector<f16>{f16(1.5f), f16(2.f)}));
}

BOOST_AUTO_TEST_CASE(concatenate_strided_broadcast_and_empty_parts) {
  auto const x = counting({3, 4});
  BOOST_TEST((concatenate(x.T()(slice(2), _), x(slice(_, _, -2), slice(_, _, -1))(_, slice(3)))
                  .to_vector() == ids{0, 4, 8, 1, 5, 9, 11, 10, 9, 3, 2, 1}));
  BOOST_TEST(
      (concatenate(axis(1), x(_, slice(1)), broadcast_to(x(0, slice(2)), {3, 2})).to_vector() ==
       ids{0, 0, 1, 4, 0, 1, 8, 0, 1}));
  BOOST_TEST(
      (concatenate(x(0, _), x(slice(0), 0), x(1, slice(1))).to_vector() == ids{0, 1, 2, 3, 4}));
  BOOST_TEST(form(concatenate(zeros(0, 3), zeros(0, 3))) == "float64(0, 3)");
  BOOST_TEST(concatenate(zeros(0, 3), zeros(0, 3)).to_vector().empty());
  BOOST_TEST(form(concatenate(axis(1), zeros(0, 3), zeros(0, 2))) == "float64(0, 5)");
  BOOST_TEST(concatenate(axis(1), zeros(0, 3), zeros(0, 2)).to_vector().empty());
  BOOST_TEST((concatenate(zeros(0), ones(2)).to_vector() == values{1, 1}));
  for (std::int64_t const n : {1, 15, 16, 17, 31, 33, 1023, 1025}) {  // parts begin inside packs
    array<float> const y = arange<float>(n);
    array<float> const both = concatenate(y, y + 1.f, y(slice(_, _, -1)));
    bool right = both.size() == 3 * n;
    for (std::int64_t i = 0; i < n; ++i)
      right = right && both.item(i) == float(i) && both.item(n + i) == float(i + 1) &&
              both.item(2 * n + i) == float(n - 1 - i);
    BOOST_TEST(right, n);
    array<float> const columns = concatenate(axis(1), y.reshape(n, 1), 2 * y.reshape(n, 1));
    BOOST_TEST(bool(all(columns == y.reshape(n, 1) * array<float>{1, 2})));
  }
}

BOOST_AUTO_TEST_CASE(parts_are_computed_where_they_lie) {
  array<double> const x = arange<double>(6).reshape(2, 3), w = ones(3, 3);
  std::string const plan = explain(concatenate(x + 1, 2 * x, x & w));
  BOOST_TEST(plan ==
             "x0: float64(2, 3), x1: float64(3, 3)\n"
             "r0: float64(2, 3)  gemm    x0 & x1  NN  [36 flop, 168 B]\n"
             "r1: float64(6, 3)  concatenate  concatenate(x0 + 1, 2 * x0, r0, axis 0)  "
             "[12 flop, 240 B]\n");
  BOOST_TEST(explain_json(concatenate(axis(1), x, x)).find("\"kind\": \"concatenate\"") !=
             std::string::npos);
  BOOST_TEST(explain_json(concatenate(x, x & w)).find("\"temporaries\": 1") != std::string::npos);
  BOOST_TEST((concatenate(x + 1, 2 * x, x & w).to_vector() ==
              values{1, 2, 3, 4, 5, 6, 0, 2, 4, 6, 8, 10, 3, 3, 3, 12, 12, 12}));
  auto const rows = exp(x - max(x, last_axis, keepdims));
  array<double> const row = rows;
  BOOST_TEST(bool(all(concatenate(axis(1), rows, x) == concatenate(axis(1), row, x))));
  generator a(3), b(3);
  auto const uniform = a.rand(5);
  array<double> const drawn = concatenate(uniform, a.normal(0, 1, {4}));
  BOOST_TEST(bool(all(drawn(slice(5)) == b.rand(5))));
  BOOST_TEST(bool(all(drawn(slice(5, _)) == b.normal(0, 1, {4}))));
}

BOOST_AUTO_TEST_CASE(a_concatenation_is_a_node) {
  array<double> x = ones(2, 2);
  lazy<double> const both = concatenate(x, x + 1);
  auto const turned = both.T()(1, _);
  x += 10;  // what was written before keeps its values
  BOOST_TEST(!both.node()->done());
  BOOST_TEST((turned.to_vector() == values{1, 1, 2, 2}));
  BOOST_TEST(both.node()->done());
  BOOST_TEST((sum(concatenate(x, both), axis(1)).to_vector() == values{22, 22, 2, 2, 4, 4}));
  BOOST_TEST(matmul(concatenate(x, x), x).item(3, 1) == 242);
  array<double> const nested = concatenate(concatenate(x, x), exp(0 * concatenate(x, x)));
  BOOST_TEST(nested.size() == 16);
  BOOST_TEST(nested.item(7, 1) == 1);
  x = concatenate(x(slice(1, _), _), x(slice(1), _) * 2);  // reads what it replaces
  BOOST_TEST((x.to_vector() == values{11, 11, 22, 22}));
  x(_, 0) = concatenate(x(1, slice(1)), x(0, slice(1)));
  BOOST_TEST((x.to_vector() == values{22, 11, 11, 22}));
  lazy<double> chain = x(0, _);
  for (int i = 0; i < 1000; ++i) chain = concatenate(chain, x(0, slice(1)));
  BOOST_TEST(chain.size() == 1002);
  BOOST_TEST(sum(chain).item() == 33 + 22 * 1000);
}

BOOST_AUTO_TEST_CASE(concatenate_in_compiled_functions) {
  generator rng(5), plain(5);
  auto const f = [](generator& g) {
    return [&g](auto const& x, auto const& y) {
      return concatenate(axis(1), x, 2 * y, g.rand(2, 3), x & y.T());
    };
  };
  auto const compiled = compile(f(rng));
  for (int i = 0; i < 4; ++i) {
    array<double> const x = rand(2, 3), y = rand(2, 3), wanted = f(plain)(x, y);
    BOOST_TEST((compiled(x, y).to_vector() == wanted.to_vector()));
  }
  auto const parts = compile([](auto const& x) {
    auto const both = concatenate(x(slice(1, _), _), x(slice(1), _));
    return std::tuple(both, both.T(), sum(both));
  });
  for (int i = 0; i < 6; ++i) {
    array<double> const x = i + arange<double>(6).reshape(3, 2);
    auto const [rolled, turned, total] = parts(x);
    BOOST_TEST((rolled.to_vector() == values{2. + i, 3. + i, 4. + i, 5. + i, 0. + i, 1. + i}));
    BOOST_TEST((turned.to_vector() == values{2. + i, 4. + i, 0. + i, 3. + i, 5. + i, 1. + i}));
    BOOST_TEST(total.item() == 15 + 6 * i);
  }
}

BOOST_AUTO_TEST_CASE(concatenate_is_verified) {
  array<double> const x = rand(20, 30), w = rand(30, 5);
  verify_scope const checked;
  BOOST_TEST(array<double>(concatenate(axis(1), sin(x), x & w, x * 2)).size() == 1300);
  BOOST_TEST(count_nonzero(stack(x, x) == x).item() == 1200);
}

BOOST_AUTO_TEST_CASE(stacks_have_a_new_axis) {
  array<std::int64_t> const x{1, 2, 3}, y{4, 5, 6};
  BOOST_TEST((stack(x, y).to_vector() == ids{1, 2, 3, 4, 5, 6}));
  BOOST_TEST(form(stack(x, y)) == "int64(2, 3)");
  BOOST_TEST((stack(axis(1), x, y).to_vector() == ids{1, 4, 2, 5, 3, 6}));
  BOOST_TEST((stack(axis(-1), x, y + 1).to_vector() == ids{1, 5, 2, 6, 3, 7}));
  BOOST_TEST(form(stack(axis(-2), x, y, x, y)) == "int64(4, 3)");
  auto const m = counting({2, 2});
  BOOST_TEST((stack(axis(1), m, m.T()).to_vector() == ids{0, 1, 0, 2, 2, 3, 1, 3}));
  BOOST_TEST((stack(axis(2), m, m.T()).to_vector() == ids{0, 0, 1, 2, 2, 1, 3, 3}));
  BOOST_TEST(form(stack(sum(x), mean(y))) == "float64(2,)");
  BOOST_TEST((stack(sum(x), mean(y)).to_vector() == values{6, 5}));
  BOOST_TEST(form(stack(axis(1), zeros(0), zeros(0))) == "float64(0, 2)");
  BOOST_TEST((stack(std::vector<lazy<std::int64_t>>{sum(x), sum(y)}).to_vector() == ids{6, 15}));
  BOOST_TEST(explain(stack(axis(1), x, x + y)).find("stack(x0, x0 + x1, axis 1)") !=
             std::string::npos);
  auto const rows = exp(m - max(m, last_axis, keepdims));
  BOOST_TEST(bool(all(stack(axis(1), rows, rows)(_, 1, _) == rows)));
}

BOOST_AUTO_TEST_CASE(stacks_by_name) {
  array<std::int64_t> const x{1, 2}, y{3, 4};
  auto const m = counting({2, 2});
  BOOST_TEST((hstack(x, y + 1).to_vector() == ids{1, 2, 4, 5}));
  BOOST_TEST((hstack(m, m + 4).to_vector() == ids{0, 1, 4, 5, 2, 3, 6, 7}));
  BOOST_TEST(form(hstack(sum(x), y)) == "int64(3,)");
  BOOST_TEST((hstack(sum(x), y).to_vector() == ids{3, 3, 4}));
  BOOST_TEST((vstack(x, y * 2).to_vector() == ids{1, 2, 6, 8}));
  BOOST_TEST(form(vstack(x, m, y)) == "int64(4, 2)");
  BOOST_TEST((vstack(x, m, y).to_vector() == ids{1, 2, 0, 1, 2, 3, 3, 4}));
  BOOST_TEST(form(vstack(sum(x), sum(y))) == "int64(2, 1)");
  BOOST_TEST(form(dstack(x, y)) == "int64(1, 2, 2)");
  BOOST_TEST((dstack(x, y).to_vector() == ids{1, 3, 2, 4}));
  BOOST_TEST((dstack(m, m * 10).to_vector() == ids{0, 0, 1, 10, 2, 20, 3, 30}));
  BOOST_TEST((dstack(m.reshape(2, 2, 1), m).to_vector() == ids{0, 0, 1, 1, 2, 2, 3, 3}));
  BOOST_TEST(form(dstack(sum(x))) == "int64(1, 1, 1)");
  BOOST_TEST(form(dstack(counting({2, 2, 3}), m)) == "int64(2, 2, 4)");
  BOOST_TEST(form(vstack(std::vector<array<std::int64_t>>(3, x))) == "int64(3, 2)");
}

BOOST_AUTO_TEST_CASE(joins_refuse_what_does_not_fit) {
  auto const x = counting({2, 3});
  auto const row = x(0, _);
  REFUSES_HERE(shape_error, "concatenate: extents differ beside axis 0: (2, 3) and (3, 2)",
               concatenate(x, x.T()));
  REFUSES_HERE(shape_error, "concatenate: extents differ beside axis 1: (2, 3) and (1, 3)",
               concatenate(axis(1), x, x, x(slice(1), _)));
  REFUSES_HERE(shape_error, "concatenate: ranks differ: (2, 3) and (3,)", concatenate(x, row));
  REFUSES_HERE(shape_error, "concatenate: an array has no axis: shape ()",
               concatenate(sum(x), sum(x)));
  REFUSES_HERE(index_error, "concatenate: axis 2 is out of range for rank 2",
               concatenate(axis(2), x, x));
  REFUSES_HERE(index_error, "concatenate: axis -3 is out of range for rank 2",
               concatenate(axis(-3), x, x));
  REFUSES_HERE(index_error, "concatenate: takes one axis", concatenate(axis(0, 1), x, x));
  REFUSES_HERE(shape_error, "stack: shapes differ: (2, 3) and (3,)", stack(x, row));
  REFUSES_HERE(index_error, "stack: axis 3 is out of range for rank 3", stack(axis(3), x, x));
  REFUSES_HERE(shape_error, "hstack: extents differ beside axis 1: (2, 3) and (3, 2)",
               hstack(x, x.T()));
  REFUSES_HERE(shape_error, "hstack: ranks differ: (2, 3) and (3,)", hstack(x, row));
  REFUSES_HERE(shape_error, "vstack: extents differ beside axis 0: (3,) and (2,)",
               vstack(row, x(_, 0)));
  REFUSES_HERE(shape_error, "dstack: extents differ beside axis 2: (2, 3) and (3,)",
               dstack(x, row));
  auto const tall = broadcast_to(zeros(1), {std::int64_t{1} << 62});
  BOOST_CHECK_THROW((void)concatenate(tall, tall), out_of_memory);
}

BOOST_AUTO_TEST_CASE(flips_and_turns_are_views) {
  auto const x = counting({2, 3}), cube = counting({2, 2, 2});
  BOOST_TEST((flip(x).to_vector() == ids{5, 4, 3, 2, 1, 0}));
  BOOST_TEST((flip(x, 0).to_vector() == ids{3, 4, 5, 0, 1, 2}));
  BOOST_TEST((flip(x, -1).to_vector() == ids{2, 1, 0, 5, 4, 3}));
  BOOST_TEST((flip(cube, axis(0, 2)).to_vector() == ids{5, 4, 7, 6, 1, 0, 3, 2}));
  BOOST_TEST((fliplr(x).to_vector() == ids{2, 1, 0, 5, 4, 3}));
  BOOST_TEST((flipud(x).to_vector() == ids{3, 4, 5, 0, 1, 2}));
  BOOST_TEST((flip(x.T()(slice(_, _, 2), _)).to_vector() == ids{5, 2, 3, 0}));
  BOOST_TEST((flip(x * 2, 1)(0, _).to_vector() == ids{4, 2, 0}));
  BOOST_TEST(flip(zeros(0, 3)).to_vector().empty());
  BOOST_TEST(flip(sum(x)).item() == 15);
  BOOST_TEST((rot90(x).to_vector() == ids{2, 5, 1, 4, 0, 3}));
  BOOST_TEST((rot90(x, -3).to_vector() == ids{2, 5, 1, 4, 0, 3}));
  BOOST_TEST((rot90(x, 0).to_vector() == x.to_vector()));
  BOOST_TEST((rot90(x, 2).to_vector() == ids{5, 4, 3, 2, 1, 0}));
  BOOST_TEST((rot90(x, 3).to_vector() == ids{3, 0, 4, 1, 5, 2}));
  BOOST_TEST(form(rot90(x, -1)) == "int64(3, 2)");
  BOOST_TEST((rot90(cube, 1, {1, 2}).to_vector() == ids{1, 3, 0, 2, 5, 7, 4, 6}));
  BOOST_TEST((rot90(cube, 3, {2, 0}).to_vector() == ids{1, 5, 3, 7, 0, 4, 2, 6}));
  BOOST_TEST((flip(x).node()->storage == x.node()->storage));
  BOOST_TEST(explain(flip(x) + rot90(x, 2)) ==
             "x0: int64(2, 3)\n"
             "r0: int64(2, 3)  fused   x0 + x0  [6 flop, 96 B]\n");
  REFUSES_HERE(index_error, "flip: axis 2 is out of range for rank 2", flip(x, 2));
  REFUSES_HERE(index_error, "flip: axis 1 is given twice", flip(x, axis(1, -1)));
  REFUSES_HERE(index_error, "fliplr: axis 1 is out of range for rank 1", fliplr(x(0, _)));
  REFUSES_HERE(index_error, "flipud: axis 0 is out of range for rank 0", flipud(sum(x)));
  REFUSES_HERE(index_error, "rot90: takes two axes, not 1", rot90(x, 1, {0}));
  REFUSES_HERE(index_error, "rot90: axis 1 is given twice", rot90(x, 1, {1, -1}));
  REFUSES_HERE(index_error, "rot90: axis 1 is out of range for rank 1", rot90(x(0, _)));
}

BOOST_AUTO_TEST_CASE(axes_move_in_views) {
  auto const x = counting({2, 3, 4}), cube = counting({2, 2, 2});
  BOOST_TEST(form(moveaxis(x, 0, -1)) == "int64(3, 4, 2)");
  BOOST_TEST(form(moveaxis(x, {0, 1}, {-1, -2})) == "int64(4, 3, 2)");
  BOOST_TEST(form(moveaxis(x, {2, 0}, {0, 1})) == "int64(4, 2, 3)");
  BOOST_TEST((moveaxis(cube, {2, 0}, {0, 1}).to_vector() == ids{0, 2, 4, 6, 1, 3, 5, 7}));
  BOOST_TEST((swapaxes(cube, 0, -1).to_vector() == ids{0, 4, 2, 6, 1, 5, 3, 7}));
  BOOST_TEST(form(permute_dims(x, {1, 2, 0})) == "int64(3, 4, 2)");
  BOOST_TEST((swapaxes(cube, 0, 1).node()->storage == cube.node()->storage));
  BOOST_TEST((ravel(x).node()->storage == x.node()->storage));
  BOOST_TEST(form(ravel(x)) == "int64(24,)");
  BOOST_TEST((ravel(cube(0, _, _).T() + 1).to_vector() == ids{1, 3, 2, 4}));
  BOOST_TEST((ravel(cube(0, _, _).T()).to_vector() == ids{0, 2, 1, 3}));
  BOOST_TEST(form(ravel(sum(x))) == "int64(1,)");
  BOOST_TEST(form(ravel(zeros(0, 3))) == "float64(0,)");
  auto const row = cube(0, 0, _);
  BOOST_TEST(form(atleast_1d(sum(x))) == "int64(1,)");
  BOOST_TEST(form(atleast_1d(row)) == "int64(2,)");
  BOOST_TEST(form(atleast_2d(row)) == "int64(1, 2)");
  BOOST_TEST(form(atleast_2d(sum(x))) == "int64(1, 1)");
  BOOST_TEST(form(atleast_3d(row + 1)) == "int64(1, 2, 1)");
  BOOST_TEST(form(atleast_3d(x(0, _, _))) == "int64(3, 4, 1)");
  BOOST_TEST(form(atleast_3d(sum(x))) == "int64(1, 1, 1)");
  BOOST_TEST((atleast_3d(x(0, _, _).T()).to_vector() == x(0, _, _).T().to_vector()));
  REFUSES_HERE(index_error, "moveaxis: axis 3 is out of range for rank 3", moveaxis(x, 3, 0));
  REFUSES_HERE(index_error, "moveaxis: axis 0 is given twice", moveaxis(x, {0, -3}, {0, 1}));
  REFUSES_HERE(index_error, "moveaxis: 2 axes to 1 places", moveaxis(x, {0, 1}, {2}));
  REFUSES_HERE(index_error, "swapaxes: axis -4 is out of range for rank 3", swapaxes(x, 0, -4));
}

BOOST_AUTO_TEST_CASE(rolls) {
  auto const x = counting({2, 3});
  BOOST_TEST((roll(x, 1).to_vector() == ids{5, 0, 1, 2, 3, 4}));
  BOOST_TEST(form(roll(x, 1)) == "int64(2, 3)");
  BOOST_TEST((roll(x, -1).to_vector() == ids{1, 2, 3, 4, 5, 0}));
  BOOST_TEST((roll(x, 7).to_vector() == ids{5, 0, 1, 2, 3, 4}));
  BOOST_TEST((roll(x, 0).to_vector() == x.to_vector()));
  BOOST_TEST((roll(x, 1, 0).to_vector() == ids{3, 4, 5, 0, 1, 2}));
  BOOST_TEST((roll(x, -1, 1).to_vector() == ids{1, 2, 0, 4, 5, 3}));
  BOOST_TEST((roll(x + 1, 4, -1).to_vector() == ids{3, 1, 2, 6, 4, 5}));
  BOOST_TEST((roll(x.T(), 1).to_vector() == ids{5, 0, 3, 1, 4, 2}));
  BOOST_TEST(roll(zeros(0), 3).to_vector().empty());
  BOOST_TEST(form(roll(zeros(2, 0), 3, 1)) == "float64(2, 0)");
  auto const y = counting({3, 4});
  BOOST_TEST(
      (roll(y, {1, 2}, axis(0, 1)).to_vector() == ids{10, 11, 8, 9, 2, 3, 0, 1, 6, 7, 4, 5}));
  BOOST_TEST((roll(y, 1, axis(0, 1)).to_vector() == ids{11, 8, 9, 10, 3, 0, 1, 2, 7, 4, 5, 6}));
  BOOST_TEST((roll(y, {1, 2}, axis(1)).to_vector() == ids{1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8}));
  BOOST_TEST(array_equal(roll(y, {1, 2}, axis(1, 1)), roll(y, 3, 1)));
  BOOST_TEST(
      (roll(y, {-5, 7}, axis(-1, 0)).to_vector() == ids{9, 10, 11, 8, 1, 2, 3, 0, 5, 6, 7, 4}));
  BOOST_TEST(array_equal(roll(y, {INT64_MAX, INT64_MAX}, axis(0, 0)), roll(y, 2, 0)));
  BOOST_TEST(form(roll(zeros(2, 0), {3, 1}, axis(0, 1))) == "float64(2, 0)");
  REFUSES_HERE(shape_error, "roll: 3 shifts for 2 axes", roll(x, {1, 2, 3}, axis(0, 1)));
  REFUSES_HERE(index_error, "roll: axis 3 is out of range for rank 2", roll(x, 1, axis(0, 3)));
  REFUSES_HERE(index_error, "roll: axis 2 is out of range for rank 2", roll(x, 1, 2));
}

// So large that a GPU begins a part that lies inside a pack with a kernel of its own.
BOOST_AUTO_TEST_CASE(large_parts_begin_anywhere) {
  std::int64_t const n = (1 << 23) + 7;
  array<float> const x = arange(n).astype<float>();
  for (int by : {1, 2, 3, 4}) {
    array<float> const turned = roll(x, by);
    BOOST_TEST(array_equal(turned(slice(by, _)), x(slice(_, -by))));
    BOOST_TEST(array_equal(turned(slice(_, by)), x(slice(-by, _))));
  }
  array<double> const wide = x.astype<double>();
  array<double> y = zeros(n);
  y(slice(1, _)) = 2 * wide(slice(_, -1)) + 1;
  BOOST_TEST(array_equal(y(slice(1, _)), arange(1, 2 * n - 1, 2)));
  BOOST_TEST(y(0).item() == 0);
}

BOOST_AUTO_TEST_CASE(rows_of_a_part_begin_anywhere) {
  std::int64_t const rows = 5, columns = 1500;
  auto const check = [&]<class T>(T) {
    array<T> const x = (arange(rows * columns) % 251).astype<T>().reshape(rows, columns);
    for (std::int64_t const wide : {1500, 1536, 1567, 1601})
      for (std::int64_t const from : {0, 1, 3, 31, 36}) {
        if (from + columns > wide) continue;
        array<T> y = full<T>({rows + 2, wide}, 7);
        y(slice(1, -1), slice(from, from + columns)) = x;
        auto const values = y.to_vector();
        std::vector<T> wanted(values.size(), T(7));
        for (std::int64_t r = 0; r < rows; ++r)
          for (std::int64_t c = 0; c < columns; ++c)
            wanted[(r + 1) * wide + from + c] = static_cast<T>((r * columns + c) % 251);
        BOOST_TEST((values == wanted), to_string(dtype_of<T>) << ' ' << wide << ' ' << from);
      }
  };
  check(std::uint8_t{});
  check(std::int16_t{});
  check(float{});
  check(double{});
}

BOOST_AUTO_TEST_CASE(repeats_and_tiles) {
  auto const x = counting({2, 3}), cube = counting({2, 2, 2});
  array<bool> const flags{true, false};
  BOOST_TEST((repeat(x, 2).to_vector() == ids{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}));
  BOOST_TEST((repeat(x, 2, 0).to_vector() == ids{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  BOOST_TEST((repeat(x + 1, 2, -1).to_vector() == ids{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6}));
  BOOST_TEST(
      (repeat(cube, 2, 1).to_vector() == ids{0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7}));
  BOOST_TEST((repeat(x.T(), 2, 1)(0, _).to_vector() == ids{0, 0, 3, 3}));
  BOOST_TEST(form(repeat(x, 0, 1)) == "int64(2, 0)");
  BOOST_TEST(repeat(x, 0).to_vector().empty());
  BOOST_TEST(form(repeat(sum(x), 3)) == "int64(3,)");
  BOOST_TEST(form(repeat(flags, 2)) == "bool(4,)");
  BOOST_TEST((tile(x, 2).to_vector() == ids{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  BOOST_TEST((tile(x, {2, 1}).to_vector() == ids{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  BOOST_TEST(form(tile(x, {2, 1, 2})) == "int64(2, 2, 6)");
  BOOST_TEST((tile(x, {2, 1, 2})(1, _, _).to_vector() == ids{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}));
  BOOST_TEST((tile(arange(2), {2, 2}).to_vector() == ids{0, 1, 0, 1, 0, 1, 0, 1}));
  BOOST_TEST(
      (tile(cube, {1, 2}).to_vector() == ids{0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7}));
  BOOST_TEST(form(tile(counting({1, 2, 1, 2}), {2, 2, 2, 2})) == "int64(2, 4, 2, 4)");
  BOOST_TEST(sum(tile(counting({1, 2, 1, 2}), {2, 2, 2, 2})).item() == 96);
  BOOST_TEST(form(tile(x, 0)) == "int64(2, 0)");
  BOOST_TEST(form(tile(sum(x), {2, 2})) == "int64(2, 2)");
  // A count an element.
  BOOST_TEST((repeat(x, array<int>{2, 0, 1, 0, 3, 1}).to_vector() == ids{0, 0, 2, 4, 4, 4, 5}));
  BOOST_TEST((repeat(x, array<int>{1, 2}, 0).to_vector() == ids{0, 1, 2, 3, 4, 5, 3, 4, 5}));
  BOOST_TEST((repeat(x, array<int>{0, 2, 1}, 1).to_vector() == ids{1, 1, 2, 4, 4, 5}));
  BOOST_TEST(form(repeat(x, array<int>{0, 2, 1}, -1)) == "int64(2, 3)");
  BOOST_TEST((repeat(x.T(), array<int>{1, 0, 2}, 0).to_vector() == ids{0, 3, 2, 5, 2, 5}));
  BOOST_TEST(array_equal(repeat(x, array<int>{2}, 0), repeat(x, 2, 0)));
  BOOST_TEST(array_equal(repeat(x, full({}, 2)), repeat(x, 2)));
  BOOST_TEST(form(repeat(x, array<int>{0, 0}, 0)) == "int64(0, 3)");
  BOOST_TEST(form(repeat(zeros(0), zeros<int>(0))) == "float64(0,)");
  REFUSES_HERE(shape_error, "repeat: counts of shape (3,) for axis 0 of (2, 3)",
               repeat(x, array<int>{1, 2, 3}, 0));
  REFUSES_HERE(shape_error, "repeat: counts of shape (1, 1) for axis 0 of (2, 3)",
               repeat(x, array<int>{{1}}, 0));
  REFUSES_HERE(shape_error, "repeat: -3 times", repeat(x, array<int>{2, -3}, 0));
  REFUSES_HERE(index_error, "repeat: axis 2 is out of range for rank 2",
               repeat(x, array<int>{1}, 2));
  REFUSES_HERE(shape_error, "repeat: -1 times", repeat(x, -1, 0));
  REFUSES_HERE(index_error, "repeat: axis 2 is out of range for rank 2", repeat(x, 1, 2));
  REFUSES_HERE(shape_error, "tile: -2 times", tile(x, {1, -2}));
}

BOOST_AUTO_TEST_CASE(splits_are_views) {
  auto const x = counting({6}), m = counting({2, 3});
  auto const parts_are = [](auto const& parts, std::vector<ids> const& wanted) {
    bool same = parts.size() == wanted.size();
    for (std::size_t i = 0; same && i < wanted.size(); ++i)
      same = parts[i].to_vector() == wanted[i];
    return same;
  };
  BOOST_TEST(parts_are(split(x, 3), {{0, 1}, {2, 3}, {4, 5}}));
  BOOST_TEST(parts_are(array_split(counting({7}), 3), {{0, 1, 2}, {3, 4}, {5, 6}}));
  BOOST_TEST(parts_are(split(x, {1, 4}), {{0}, {1, 2, 3}, {4, 5}}));
  BOOST_TEST(parts_are(array_split(x, {4, 2, -1, 9}), {{0, 1, 2, 3}, {}, {2, 3, 4}, {5}, {}}));
  BOOST_TEST(parts_are(split(x, {2}), {{0, 1}, {2, 3, 4, 5}}));
  BOOST_TEST(parts_are(split(m, 3, 1), {{0, 3}, {1, 4}, {2, 5}}));
  BOOST_TEST(parts_are(split(m.T() + 1, 3), {{1, 4}, {2, 5}, {3, 6}}));
  BOOST_TEST(parts_are(array_split(counting({2}), 4), {{0}, {1}, {}, {}}));
  BOOST_TEST(form(split(m, 3, -1)[1]) == "int64(2, 1)");
  BOOST_TEST((split(m, 2)[1].node()->storage == m.node()->storage));
  BOOST_TEST((concatenate(axis(1), split(m, 3, 1)).to_vector() == m.to_vector()));
  BOOST_TEST(split(zeros(0), 2).size() == 2u);
  REFUSES_HERE(shape_error, "split: axis 0 of shape (6,) does not split into 4 parts", split(x, 4));
  REFUSES_HERE(shape_error, "array_split: axis 0 of shape (6,) does not split into 0 parts",
               array_split(x, 0));
  REFUSES_HERE(index_error, "split: axis 1 is out of range for rank 1", split(x, 2, 1));
}

BOOST_AUTO_TEST_CASE(pads) {
  array<std::int64_t> const v{1, 2, 3};
  auto const x = counting({2, 3});
  using enum pad_mode;
  BOOST_TEST((pad(v, 1).to_vector() == ids{0, 1, 2, 3, 0}));
  BOOST_TEST((pad(v, {1, 2}, constant, 7).to_vector() == ids{7, 1, 2, 3, 7, 7}));
  BOOST_TEST((pad(v, {2, 1}, edge).to_vector() == ids{1, 1, 1, 2, 3, 3}));
  BOOST_TEST((pad(v, {2, 1}, reflect).to_vector() == ids{3, 2, 1, 2, 3, 2}));
  BOOST_TEST((pad(v, {2, 1}, wrap).to_vector() == ids{2, 3, 1, 2, 3, 1}));
  BOOST_TEST(
      (pad(v, {5, 6}, reflect).to_vector() == ids{2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1}));
  BOOST_TEST(
      (pad(v, {5, 7}, wrap).to_vector() == ids{2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1}));
  BOOST_TEST((pad(v(slice(1)) + 3, {2, 1}, reflect).to_vector() == ids{4, 4, 4, 4}));
  BOOST_TEST(
      (pad(x, {{1, 0}, {0, 2}}).to_vector() == ids{0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 5, 0, 0}));
  BOOST_TEST((pad(x, {{1, 0}, {0, 2}}, edge).to_vector() ==
              ids{0, 1, 2, 2, 2, 0, 1, 2, 2, 2, 3, 4, 5, 5, 5}));
  BOOST_TEST((pad(x, 1, reflect).to_vector() ==
              ids{4, 3, 4, 5, 4, 1, 0, 1, 2, 1, 4, 3, 4, 5, 4, 1, 0, 1, 2, 1}));
  BOOST_TEST((pad(x, {{1, 0}, {1, 1}}, wrap).to_vector() ==
              ids{5, 3, 4, 5, 3, 2, 0, 1, 2, 0, 5, 3, 4, 5, 3}));
  BOOST_TEST(
      (pad(array<float>{0.5f}, 1, constant, -1).to_vector() == std::vector<float>{-1, 0.5f, -1}));
  BOOST_TEST((pad(array<bool>{true}, {0, 1}).to_vector() == std::vector<bool>{true, false}));
  BOOST_TEST(form(pad(x, 0)) == "int64(2, 3)");
  BOOST_TEST((pad(zeros(0, 2), 1, constant, 3.).to_vector() == values(8, 3)));
  BOOST_TEST(pad(sum(x), 1).item() == 15);
  REFUSES_HERE(shape_error, "pad: 1 widths for shape (2, 3)", pad(x, {{1, 1}}));
  REFUSES_HERE(shape_error, "pad: a width of axis 0 is negative", pad(v, -1));
  REFUSES_HERE(shape_error, "pad: axis 0 of shape (0, 2) has no elements to repeat",
               pad(zeros(0, 2), 1, edge));
  REFUSES_HERE(dtype_error, "0.5 is not an integer, so it does not fit int64",
               pad(v, 1, constant, 0.5));
}

BOOST_AUTO_TEST_CASE(triangles) {
  BOOST_TEST((tri(2, 3).to_vector() == values{1, 0, 0, 1, 1, 0}));
  BOOST_TEST((tri<std::int64_t>(3, 2, 1).to_vector() == ids{1, 1, 1, 1, 1, 1}));
  BOOST_TEST((tri(2, 3, -1).to_vector() == values{0, 0, 0, 1, 0, 0}));
  BOOST_TEST((tri(2).to_vector() == values{1, 0, 1, 1}));
  BOOST_TEST(form(tri<float>(0, 3)) == "float32(0, 3)");
  BOOST_TEST((identity(2).to_vector() == values{1, 0, 0, 1}));
  BOOST_TEST(form(identity<std::int32_t>(3)) == "int32(3, 3)");
  array<std::int64_t> const x = counting({2, 3}) + 1;
  BOOST_TEST((tril(x).to_vector() == ids{1, 0, 0, 4, 5, 0}));
  BOOST_TEST((tril(x, 1).to_vector() == ids{1, 2, 0, 4, 5, 6}));
  BOOST_TEST((triu(x).to_vector() == ids{1, 2, 3, 0, 5, 6}));
  BOOST_TEST((triu(x, -1).to_vector() == x.to_vector()));
  BOOST_TEST((triu(x, 1).to_vector() == ids{0, 2, 3, 0, 0, 6}));
  BOOST_TEST((tril(x(0, slice(2))).to_vector() == ids{1, 0, 1, 2}));
  BOOST_TEST((tril(counting({2, 2, 2})).to_vector() == ids{0, 0, 2, 3, 4, 0, 6, 7}));
  BOOST_TEST((triu(x.T() * 2).to_vector() == ids{2, 8, 0, 10, 0, 0}));
  BOOST_TEST((tril(ones<bool>(2, 2)).to_vector() == std::vector<bool>{true, false, true, true}));
  BOOST_TEST(form(triu(array<float>{1, 2})) == "float32(2, 2)");
  BOOST_TEST(explain(tril(x) + x).find("r1") == std::string::npos);  // one kernel
  REFUSES_HERE(shape_error, "tril: shape () has no axis", tril(sum(x)));
  REFUSES_HERE(shape_error, "triu: shape () has no axis", triu(sum(x)));
}

BOOST_AUTO_TEST_CASE(grids) {
  BOOST_TEST((logspace(0, 2, 3).to_vector() == values{1, 10, 100}));
  BOOST_TEST((logspace(0, 3, 4, true, 2).to_vector() == values{1, 2, 4, 8}));
  BOOST_TEST((logspace(0, 4, 4, false, 2).to_vector() == values{1, 2, 4, 8}));
  BOOST_TEST(logspace(0, 1).size() == 50);
  BOOST_TEST((indices({2, 3}).to_vector() == ids{0, 0, 0, 1, 1, 1, 0, 1, 2, 0, 1, 2}));
  BOOST_TEST(form(indices({2, 3})) == "int64(2, 2, 3)");
  BOOST_TEST(form(indices<float>({2, 3})) == "float32(2, 2, 3)");
  BOOST_TEST((indices<float>({2, 2}).to_vector() == std::vector<float>{0, 0, 1, 1, 0, 1, 0, 1}));
  BOOST_TEST(form(indices({2, 0})) == "int64(2, 2, 0)");
  BOOST_TEST(form(indices(extents{})) == "int64(0,)");
  array<std::int64_t> const a{1, 2, 3};
  array<double> const b{4, 5};
  auto const [x, y] = meshgrid(a, b);
  BOOST_TEST((x.to_vector() == ids{1, 2, 3, 1, 2, 3}));
  BOOST_TEST((y.to_vector() == values{4, 4, 4, 5, 5, 5}));
  BOOST_TEST(form(y) == "float64(2, 3)");
  BOOST_TEST((x.node()->storage == a.node()->storage));
  auto const [i, j] = meshgrid(sloth::indexing::ij, a, b + 1);
  BOOST_TEST((i.to_vector() == ids{1, 1, 2, 2, 3, 3}));
  BOOST_TEST((j.to_vector() == values{5, 6, 5, 6, 5, 6}));
  auto const [p, q, r] = meshgrid(b, a, zeros(1));
  BOOST_TEST(form(p) == "float64(3, 2, 1)");
  BOOST_TEST((q.to_vector() == ids{1, 1, 2, 2, 3, 3}));
  BOOST_TEST(form(r) == "float64(3, 2, 1)");
  BOOST_TEST((std::get<0>(meshgrid(a)).to_vector() == a.to_vector()));
}

BOOST_AUTO_TEST_CASE(whole_arrays_are_compared) {
  array<double> const x{1, 2, NAN}, y{1, 2, 3};
  BOOST_TEST(array_equal(y, array<std::int64_t>{1, 2, 3}));
  BOOST_TEST(!array_equal(x, x));
  BOOST_TEST(!array_equal(y, y + 1e-9));
  BOOST_TEST(!array_equal(y, y.reshape(1, 3)));
  BOOST_TEST(array_equal(zeros(0), zeros(0)));
  BOOST_TEST(array_equiv(y, broadcast_to(y, {2, 3})));
  BOOST_TEST(!array_equiv(y, ones(2)));
  BOOST_TEST(allclose(y, y + 1e-9));
  BOOST_TEST(allclose(ones(2, 2), 1.));
  BOOST_TEST(!allclose(y, y + 1e-3));
  BOOST_TEST(allclose(y, y + 1e-3, 0, 1e-2));
  BOOST_TEST(!allclose(x, x));
  REFUSES_HERE(shape_error, "isclose: shapes do not broadcast: (3,) and (2,)",
               allclose(y, ones(2)));
}

BOOST_AUTO_TEST_SUITE_END()
