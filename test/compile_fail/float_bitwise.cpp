// expect: this operation does not accept operands of this element type, as in NumPy; convert an operand with .astype<T>()
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<double> const& x) { return bitwise_and(x, x); }
