// An expression's type, shape and elements against NumPy's.
#pragma once

#include <boost/test/unit_test.hpp>
#include <dsl/sloth.hpp>

#include <cmath>
#include <string>
#include <vector>

using values = std::vector<double>;
inline double const nan_ = NAN, inf = INFINITY;

/// Elements to 1e-14 of their size, NaN for NaN.
inline void are(values const& got, std::string const& form, values const& want) {
  BOOST_REQUIRE_EQUAL(got.size(), want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    BOOST_TEST((std::isnan(want[i])
                    ? std::isnan(got[i])
                    : got[i] == want[i] || std::abs(got[i] - want[i]) <= 1e-14 * std::abs(want[i])),
               form << " [" << i << "] is " << got[i] << ", not " << want[i]);
}
/// Type and shape as "float64(2, 3)", and elements.
template <sloth::expression X>
void is(X const& x, std::string const& form, values const& want) {
  using namespace sloth;
  BOOST_TEST(to_string(dtype_of<value_t<X>>) + to_string(x.shape()) == form);
  are(x.template astype<double>().to_vector(), form, want);
}
