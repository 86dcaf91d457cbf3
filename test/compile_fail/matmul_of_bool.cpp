// expect: the matrix product does not take bool operands: convert with .astype<T>()
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<bool> const& x) { return matmul(x, x); }
