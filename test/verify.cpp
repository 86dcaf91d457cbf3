// SLOTH_VERIFY: plans against what was written.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <cmath>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(verify)

namespace {

using matrix = array<double>;

/// A functor whose values change between the plan's run and its verification, as those of a broken
/// kernel would: it counts the elements that it has seen.
std::int64_t seen = 0, right_until = 0;
struct fickle {
  template <class V>
  SLOTH_HD V operator()(V v) const {
#if defined(__CUDA_ARCH__)
    return v;
#else
    return seen++ < right_until ? v : v + 1;
#endif
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_the_planner_changes_agrees_with_what_was_written) {
  generator rng(3);
  matrix const a = rng.normal(0, 1, {40, 30}), b = rng.normal(0, 1, {30, 50}),
               v = rng.normal(0, 1, {50, 2}), bias = rng.normal(0, 1, {50});
  verify_scope const checked;
  BOOST_TEST(matrix(relu(2 * (a & b) + bias)).size() == 2000);
  BOOST_TEST(matrix(a & b & v).size() == 80);
  auto const [product, twice, total] = eval((a & b).T(), exp(a & b) + sin(a & b), sum(a & b));
  BOOST_TEST(std::isfinite(total.item()));
  auto const [m, s] = eval(mean(a, axis(0)), var(a, axis(0)));
  BOOST_TEST(m.size() == s.size());
  matrix const row = exp(a - max(a, last_axis, keepdims));
  BOOST_TEST((max(row) == 1.).item());
  array<bool> const truth = a > 0. && a < 1.;
  BOOST_TEST(count_nonzero(truth).item() > 0);
  BOOST_TEST(std::isfinite(sum(rng.normal(0, 1, {1000}) * rng.rand(1000)).item()));
}

BOOST_AUTO_TEST_CASE(the_first_step_that_differs_is_named_with_its_line) {
  device_scope const here(host);
  matrix const x = arange<double>(6.).reshape(2, 3);
  verify_scope const checked;
  seen = 0, right_until = 6;  // the plan's six elements
  REFUSES_HERE(verify_error, "fused map(x0) * 2: element (0, 0) is 0, as written 2",
               (void)matrix(map(fickle{}, x) * 2));
  seen = 0, right_until = 12;
  BOOST_TEST((sum(matrix(map(fickle{}, x) * 2)) == 30.).item());
}

BOOST_AUTO_TEST_CASE(writes_into_arrays_agree_with_what_was_written) {
  matrix x = arange<double>(12.).reshape(3, 4);
  verify_scope const checked;
  x += 1.;
  x(_, 0) = x(_, 1) * 2;
  x(slice(1, _), _) = x(slice(_, -1), _) + 1.;  // overlaps
  x = x.T()(slice(_, 3), _) - max(x);
  x(0, _) = 7.;
  BOOST_TEST(x.shape() == (extents{3, 3}));
  BOOST_TEST((x(0, 1) == 7.).item());
  generator rng(1);
  x(1, _) = rng.rand(3);
  BOOST_TEST(all(x(1, _) == generator(1).rand(3)).item());
}

BOOST_AUTO_TEST_CASE(a_wrong_write_is_named_with_its_line) {
  device_scope const here(host);
  matrix x = arange<double>(6.).reshape(2, 3);
  verify_scope const checked;
  seen = 0, right_until = 3;  // what is to be written
  REFUSES_HERE(verify_error, "write map(x0) * 2: element (0,) is 2, as written 0",
               x(0, _) = map(fickle{}, x(0, _)) * 2);
}

BOOST_AUTO_TEST_CASE(equality_of_what_a_step_sums_is_not_decided) {
  generator rng(3);
  matrix const x = rng.rand(300, 70), y = 1. * x;
  verify_scope const checked;
  array<bool> const same = sum(x / 3, last_axis) == sum(y, last_axis) / 3;
  BOOST_TEST(same.size() == 300);
}

BOOST_AUTO_TEST_CASE(what_follows_a_wrong_step_is_not_blamed) {
  device_scope const here(host);
  matrix const x = ones(2, 3), w = ones(3, 2);
  verify_scope const checked;
  seen = 0, right_until = 6;
  REFUSES_HERE(verify_error, "fused map(x0): element (0, 0) is 1, as written 2",
               (void)matrix(lazy<double>(map(fickle{}, x)) & w));
}

BOOST_AUTO_TEST_SUITE_END()
