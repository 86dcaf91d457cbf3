// expect: '&' is the matrix product and does not take bool operands: use '&&' or logical_and
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<double> const& x) { return (x > 0) & (x < 1); }
