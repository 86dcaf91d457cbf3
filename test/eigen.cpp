// Eigen's matrices in and out.
#include <dsl/eigen.hpp>
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(eigen)

BOOST_AUTO_TEST_CASE(arrays_are_read_where_they_lie) {
  device_scope const here(host);
  array<double> const x = arange<double>(6.).reshape(2, 3), v = arange<double>(3.);
  auto const m = to_eigen_matrix(x);
  BOOST_TEST(m.data() == x.data());
  BOOST_TEST(m.rows() == 2);
  BOOST_TEST(m(1, 0) == 3);
  Eigen::VectorXd const product = m * to_eigen_vector(v);
  BOOST_TEST(product(0) == 5);
  BOOST_TEST(product(1) == 14);
}

BOOST_AUTO_TEST_CASE(what_the_device_computed_is_read_too) {
  array<float> const x = arange<float>(4.f).reshape(2, 2), y = x & x;
  BOOST_TEST(to_eigen_matrix(y)(1, 1) == 11);
}

BOOST_AUTO_TEST_CASE(matrices_vectors_and_expressions_become_arrays) {
  Eigen::MatrixXd m(2, 3);  // its columns are contiguous
  m << 1, 2, 3, 4, 5, 6;
  BOOST_TEST(to_string(from_eigen(m)) == "[[1. 2. 3.]\n [4. 5. 6.]]");
  BOOST_TEST(to_string(from_eigen(m.transpose() * 2)) == "[[ 2.  8.]\n [ 4. 10.]\n [ 6. 12.]]");
  BOOST_TEST(to_string(from_eigen(m.row(1))) == "[4. 5. 6.]");
  BOOST_TEST(to_string(from_eigen(m.array() > 3)) == "[[False False False]\n [ True  True  True]]");
  BOOST_TEST(from_eigen(Eigen::MatrixXf(0, 4)).shape() == (extents{0, 4}));
  array<double> const there_and_back = from_eigen(to_eigen_matrix(from_eigen(m)));
  BOOST_TEST(bool(all(there_and_back == from_eigen(m))));
}

BOOST_AUTO_TEST_CASE(every_element_type_goes_there_and_back) {
  auto const check = []<class T>(T) {
    array<T> const x = (arange<double>(5.) - 2.).template astype<T>();
    auto const back = from_eigen(to_eigen_vector(x));
    static_assert(std::is_same_v<decltype(back), array<T> const>);
    BOOST_TEST(bool(all(back == x)), to_string(dtype_of<T>));
  };
  for (int type = 0; type < dtype_count; ++type)
    visit(static_cast<dtype>(type), [&]<class T>() { check(T{}); });
}

BOOST_AUTO_TEST_CASE(other_ranks_are_refused) {
  array<double> const x = zeros(2, 3);
  REFUSES_HERE(shape_error, "to_eigen_vector takes 1 axis, not shape (2, 3)",
               (void)to_eigen_vector(x));
  array<double> const cube = zeros(2, 3, 4);
  REFUSES_HERE(shape_error, "to_eigen_matrix takes 2 axes, not shape (2, 3, 4)",
               (void)to_eigen_matrix(cube));
}

BOOST_AUTO_TEST_SUITE_END()
