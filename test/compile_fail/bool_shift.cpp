// expect: this operation does not accept operands of this element type, as in NumPy; convert an operand with .astype<T>()
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<bool> const& x) { return left_shift(x, x); }
