// expect: complex numbers have no order: cummin and cummax take real elements
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<complex64> const& z) { return cummax(z); }
