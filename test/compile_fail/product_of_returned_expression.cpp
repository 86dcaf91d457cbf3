// expect: an operand of '&' is an operator expression, and C++ reads 'x & y + b' as 'x & (y + b)': write '(x & y) + b', or matmul(x, y + b), or name it first: lazy<double> s = y + b
#include <dsl/sloth.hpp>
using namespace sloth;

auto shifted(array<double> const& x) { return x + 1; }
array<double> f(array<double> const& x) { return x & shifted(x); }
