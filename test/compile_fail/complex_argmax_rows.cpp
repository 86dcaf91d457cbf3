// expect: complex numbers have no order: min, max, argmin and argmax take real elements; use absolute(x)
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<complex64> const& x) { return argmax(x, last_axis, keepdims); }
