// SLOTH_VERIFY: plans against what was written.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <cmath>

using namespace sloth;

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

BOOST_AUTO_TEST_SUITE(verify)

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

BOOST_AUTO_TEST_CASE(what_follows_a_wrong_step_is_not_blamed) {
  device_scope const here(host);
  matrix const x = ones(2, 3), w = ones(3, 2);
  verify_scope const checked;
  seen = 0, right_until = 6;
  REFUSES_HERE(verify_error, "fused map(x0): element (0, 0) is 1, as written 2",
               (void)matrix(lazy<double>(map(fickle{}, x)) & w));
}

BOOST_AUTO_TEST_SUITE_END()
