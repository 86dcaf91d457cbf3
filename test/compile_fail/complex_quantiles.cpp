// expect: complex numbers have no quantiles
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<complex64> const& z, array<double> const& q) { return quantile(z, q); }
