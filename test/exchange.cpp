// std::format and std::mdspan, where the standard library has them: else this file holds no case.
#include <dsl/format.hpp>
#include <dsl/mdspan.hpp>
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(exchange)

#if defined(__cpp_lib_format)

BOOST_AUTO_TEST_CASE(arrays_and_expressions_are_formatted) {
  array<double> const x{1, 2.5, 1. / 3};
  BOOST_TEST(std::format("x = {}", x) == "x = [1.         2.5        0.33333333]");
  BOOST_TEST(std::format("{}|{}", x(0), x > 2.) == "1.0|[False  True False]");
  BOOST_TEST(std::format("{:.3}", x * 2) == "[2.    5.    0.667]");
  BOOST_TEST(std::format("{:.0}", x) == "[1. 2. 0.]");
  BOOST_TEST(std::format("{}", arange<int>(6).reshape(2, 3)) == "[[0 1 2]\n [3 4 5]]");
  BOOST_TEST(printing().precision == 8);
}

BOOST_AUTO_TEST_CASE(other_formats_are_refused) {
  array<double> const x{1, 2};
  for (auto const* const text : {"{:>9}", "{:.}", "{:.3f}", "{:d}"})
    BOOST_CHECK_THROW((void)std::vformat(text, std::make_format_args(x)), std::format_error);
}

#endif

#if defined(__cpp_lib_mdspan)

BOOST_AUTO_TEST_CASE(arrays_are_read_where_they_lie) {
  device_scope const here(host);
  array<float> const x = arange<float>(24.f).reshape(2, 3, 4);
  auto const m = to_mdspan<3>(x);
  BOOST_TEST(m.data_handle() == x.data());
  BOOST_TEST(m.extent(1) == 3);
  BOOST_TEST((m[1, 2, 3]) == 23);
  BOOST_TEST((to_mdspan<0>(array<int>(full<int>(extents{}, 7)))[]) == 7);
  REFUSES_HERE(shape_error, "to_mdspan<1>: not of shape (2, 3, 4)", (void)to_mdspan<1>(x));
}

BOOST_AUTO_TEST_CASE(any_layout_becomes_an_array) {
  double const values[] = {0, 1, 2, 3, 4, 5};
  std::mdspan const m(values, 2, 3);
  BOOST_TEST(to_string(from_mdspan(m)) == "[[0. 1. 2.]\n [3. 4. 5.]]");
  std::mdspan<double const, std::extents<int, 3, 2>, std::layout_left> const columns(values);
  BOOST_TEST(to_string(from_mdspan(columns)) == "[[0. 3.]\n [1. 4.]\n [2. 5.]]");
  std::layout_stride::mapping const every_other(std::dextents<int, 1>(3), std::array<int, 1>{2});
  BOOST_TEST(to_string(from_mdspan(std::mdspan(values, every_other))) == "[0. 2. 4.]");
  BOOST_TEST(from_mdspan(std::mdspan(values, 0, 3)).shape() == (extents{0, 3}));
  BOOST_TEST(from_mdspan(std::mdspan<double const, std::dextents<int, 0>>(values)).item() == 0);
  array<double> const x = from_mdspan(m);
  BOOST_TEST(bool(all(from_mdspan(to_mdspan<2>(x)) == x)));
}

#endif

BOOST_AUTO_TEST_SUITE_END()
