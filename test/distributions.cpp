// numpy_generator against NumPy's numbers; integers, choices and distributions of a generator.
#include "refuses.hpp"
#include "values.hpp"

using namespace sloth;

namespace {

#include "data/random_numpy.inc"

template <class T>
int differences(numpy_generator& rng, std::vector<double> const& want) {
  auto const got = rng.random<T>(want.size()).to_vector();
  int wrong = got.size() != want.size();
  for (std::size_t i = 0; i < got.size(); ++i) wrong += static_cast<double>(got[i]) != want[i];
  return wrong;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(distributions)

BOOST_AUTO_TEST_CASE(numbers_of_numpy) {
  for (auto const& sequence : numpy_sequences) {
    numpy_generator rng(numpy_state{sequence.seed, sequence.words, 0});
    int at = 0;
    for (auto const& draw : sequence.draws) {
      // A copy draws the same; the original goes on after the second draw.
      numpy_generator copy = rng, restored(rng.state());
      BOOST_TEST((draw.wide ? differences<double>(copy, draw.values)
                            : differences<float>(copy, draw.values)) == 0,
                 "seed " << sequence.seed << ", draw " << at);
      BOOST_TEST((draw.wide ? differences<double>(restored, draw.values)
                            : differences<float>(restored, draw.values)) == 0);
      BOOST_TEST((draw.wide ? differences<double>(rng, draw.values)
                            : differences<float>(rng, draw.values)) == 0);
      BOOST_TEST((copy.state() == rng.state()));
      ++at;
    }
  }
}

BOOST_AUTO_TEST_CASE(places_of_numpys_draws) {
  numpy_generator rng(42);
  auto const wide = rng.random(100000);
  auto const narrow = rng.random<float>(extents{100001});
  BOOST_TEST((rng.state() == numpy_state{42, 150001, 300001}));
  array<double> const x = wide, y = reshape(wide, {100, 1000}).T();
  array<float> const z = narrow;
  for (auto const& p : numpy_places) {
    BOOST_TEST(wide(slice(p.at, p.at + 1)).item() == p.wide);
    BOOST_TEST(x(p.at).item() == p.wide);
    BOOST_TEST(y(p.at % 1000, p.at / 1000).item() == p.wide);
    BOOST_TEST(static_cast<double>(z(p.at).item()) == p.narrow);
    BOOST_TEST(narrow(slice(p.at, _))(0).item() == z(p.at).item());
  }
  BOOST_TEST(std::abs(sum(wide).item() - numpy_sums[0]) < 1e-8);
  BOOST_TEST(std::abs(sum(narrow.astype<double>()).item() - numpy_sums[1]) < 1e-8);
  // Fused, in halves of another operand's shape, and with nothing drawn.
  array<double> const twice = 2 * wide + 1;
  BOOST_TEST(array_equal(twice, 2 * x + 1));
  auto const before = rng.state();
  BOOST_TEST(rng.random<float>(0, 3).size() == 0);
  BOOST_TEST((rng.state() == before));
  REFUSES(shape_error, "an extent is negative: (-1,)", rng.random(-1));
}

BOOST_AUTO_TEST_CASE(a_compiled_function_draws_numpys_numbers) {
  auto rng = std::make_shared<numpy_generator>(42);
  auto const f = compile([rng](auto const& x) { return x + rng->random<float>(3); });
  numpy_generator other(42);
  array<float> const zero = zeros<float>(3);
  for (int call = 0; call < 4; ++call) {
    array<float> const got = f(zero), want = other.random<float>(3);
    BOOST_TEST(array_equal(got, want));
  }
}

BOOST_AUTO_TEST_SUITE_END()
