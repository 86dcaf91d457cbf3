// expect: '&' is the matrix product and does not take bool operands: use '&&' or logical_and
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<bool> const& x, array<bool> const& y) { return x & y; }
