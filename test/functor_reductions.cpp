// reduce: reductions by a user's own functor, alone and behind operations that are in the same kernel.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>
#include <test/values.hpp>

#include <cstring>

using namespace sloth;

SLOTH_FN(larger_size, (auto a, auto b), (a < 0 ? -a : a) < (b < 0 ? -b : b) ? b : a);
SLOTH_FN(product_of, (auto a, auto b), a* b);
SLOTH_FN(bits_of_both, (auto a, auto b), a | b);

/// a and b as one resistance: 1 / (1/a + 1/b); of none infinity.
struct in_parallel {
  template <class T>
  SLOTH_HD T operator()(T a, T b) const {
    return 1 / (1 / a + 1 / b);
  }
};
/// Sums modulo 65521, which tells each element that is left out or taken twice.
struct sum_of_residues {
  SLOTH_HD std::int64_t operator()(std::int64_t a, std::int64_t b) const { return (a + b) % 65521; }
};

BOOST_AUTO_TEST_SUITE(functor_reductions)

namespace {

std::int64_t residues(std::vector<std::int64_t> const& v) {
  std::int64_t total = 0;
  for (std::int64_t const one : v) total = (total + one) % 65521;
  return total;
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_all_elements_and_along_axes) {
  array<double> const x{{1, -5, 2}, {-3, 4, 0}};
  is(reduce(x, larger_size, 0), "float64()", {-5});
  is(reduce(x, larger_size, 0, axis(0)), "float64(3,)", {-3, -5, 2});
  is(reduce(x, larger_size, 0, axis(1), keepdims), "float64(2, 1)", {-5, 4});
  is(reduce(x, larger_size, 0, last_axis), "float64(2,)", {-5, 4});
  is(reduce(x, larger_size, 0, last_axis, keepdims), "float64(2, 1)", {-5, 4});
  is(reduce(x, larger_size, 0, axis(0, -1), keepdims), "float64(1, 1)", {-5});
  is(reduce(x.T(), product_of, 1, axis(1)), "float64(3,)", {-3, -20, 0});
  is(reduce(array<double>{2, 3, 6}, in_parallel{}, inf), "float64()", {1});
  is(reduce(x * 2 + 1, product_of, 1., last_axis) - 1, "float64(2,)", {-136, -46});
}

BOOST_AUTO_TEST_CASE(types_are_the_common_ones) {
  array<std::int32_t> const i{5, 8, 2};
  is(reduce(i, bits_of_both, 0), "int32()", {15});
  is(reduce(i, product_of, 1.), "float64()", {80});
  is(reduce(i.astype<std::uint8_t>(), product_of, 1), "uint8()", {80});
  is(reduce(i.astype<f16>() / 4, product_of, 1), "float16()", {1.25});
  is(reduce(array<bool>{false, true}, bits_of_both, false), "bool()", {1});
  using c = complex128;
  array<c> const z{c{1, 2}, c{3, -1}, c{0, 2}};
  BOOST_TEST((reduce(z, product_of, 1).item() == c{-10, 10}));
  BOOST_TEST((reduce(z, product_of, 1).item() == prod(z).item()));
  REFUSES_HERE(dtype_error, "300 does not fit uint8",
               reduce(i.astype<std::uint8_t>(), product_of, 300, axis(0)));
}

BOOST_AUTO_TEST_CASE(of_no_elements_it_is_the_identity) {
  is(reduce(zeros(0), product_of, 1), "float64()", {1});
  is(reduce(zeros(2, 0), in_parallel{}, inf, axis(1)), "float64(2,)", {inf, inf});
  is(reduce(zeros(2, 0), in_parallel{}, inf, axis(0), keepdims), "float64(1, 0)", {});
  is(reduce(zeros(0, 3), product_of, 1, axis(0), keepdims) * 5, "float64(1, 3)", {5, 5, 5});
  is(reduce(full({}, 7.), product_of, 1), "float64()", {7});
  REFUSES_HERE(index_error, "reduce: axis 2 is out of range for rank 2",
               reduce(zeros(2, 3), product_of, 1, axis(2)));
  REFUSES_HERE(index_error, "reduce: axis 1 is given twice",
               reduce(zeros(2, 3), product_of, 1, axis(1, -1)));
}

// Every element counts once, whatever the sizes, axes and layouts.
BOOST_AUTO_TEST_CASE(each_element_counts_once) {
  for (extents const& shape :
       {extents{1, 1, 1}, extents{1, 15, 17}, extents{3, 33, 31}, extents{2, 1025, 7},
        extents{5000, 3, 1}, extents{1, 2, 40000}, extents{7, 129, 513}, extents{65, 4096, 1}}) {
    array<std::int64_t> const flat = arange<std::int64_t>(shape.size()) * 7919 % 65521;
    array<std::int64_t> const x = flat.reshape(shape);
    auto const v = flat.to_vector();
    BOOST_TEST(reduce(x, sum_of_residues{}, 0).item() == residues(v), to_string(shape));
    BOOST_TEST(reduce(flip(x.T()) + 1, sum_of_residues{}, 0).item() ==
                   (residues(v) + shape.size()) % 65521,
               to_string(shape));
    for (int k = 0; k < 3; ++k) {
      array<std::int64_t> const wanted = sum(x, axis(k)) % 65521;
      BOOST_TEST(bool(all(reduce(x, sum_of_residues{}, 0, axis(k)) == wanted)), to_string(shape));
      BOOST_TEST(bool(all(reduce(x.T(), sum_of_residues{}, 0, axis(2 - k)) == wanted.T())),
                 to_string(shape));
    }
    array<std::int64_t> const middle = sum(x, axis(0, 2)) % 65521;
    BOOST_TEST(bool(all(reduce(x, sum_of_residues{}, 0, axis(0, 2)) == middle)), to_string(shape));
  }
}

BOOST_AUTO_TEST_CASE(it_has_the_same_bits_every_run) {
  generator rng(7);
  array<float> const x = rng.rand<float>(200, 3001), y = rng.rand<float>(200, 3001);
  auto const bits = [](array<float> const& a) {
    auto const values = a.to_vector();
    std::vector<std::uint32_t> all(values.size());
    std::memcpy(all.data(), values.data(), 4 * values.size());
    return all;
  };
  auto const once = [&](auto const&... o) {
    return bits(reduce(x * y + 1, in_parallel{}, INFINITY, o...));
  };
  BOOST_TEST((once() == once()));
  BOOST_TEST((once(axis(0)) == once(axis(0))));
  BOOST_TEST((once(axis(1)) == once(axis(1))));
  // And near the value that doubles give.
  array<double> const wanted = 1 / sum(1 / (x.astype<double>() * y.astype<double>() + 1), axis(1));
  array<float> const got = reduce(x * y + 1, in_parallel{}, INFINITY, axis(1));
  BOOST_TEST((max(abs(got - wanted) / wanted) < 3001 * 0x1p-23).item());
}

BOOST_AUTO_TEST_CASE(it_is_one_step_with_what_it_is_of) {
  array<double> const x{{1, 2}, {3, 4}};
  std::string const plan = explain(reduce(x * x + 1, product_of, 1, axis(0)));
  BOOST_TEST(plan.find("reduce  reduce((x0 * x0) + 1, axis 0)") != std::string::npos, plan);
  BOOST_TEST(plan.find("r1") == std::string::npos, plan);
  // Rows first, and in a larger expression.
  is(reduce(x / sum(x, last_axis, keepdims), larger_size, 0) * 3, "float64()", {2});
  auto const both = eval(reduce(x, product_of, 1), reduce(x, larger_size, 0));  // are not one
  is(std::get<0>(both), "float64()", {24});
  is(std::get<1>(both), "float64()", {4});
  auto const step = compile([](auto const& a) { return reduce(a + 1, product_of, 1, axis(0)); });
  is(array<double>(step(x)), "float64(2,)", {8, 15});
  is(array<double>(step(x)), "float64(2,)", {8, 15});
  verify_scope checked;
  is(reduce(x + 1, product_of, 1, axis(1)), "float64(2,)", {6, 20});
}

BOOST_AUTO_TEST_SUITE_END()
