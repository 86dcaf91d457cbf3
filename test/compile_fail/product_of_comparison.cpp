// expect: '&' is the matrix product and does not take bool operands: use '&&' or logical_and
#include <dsl/sloth.hpp>
using namespace sloth;

lazy<bool> f(array<double> const& x, array<double> const& y) { return x & y < 1; }
