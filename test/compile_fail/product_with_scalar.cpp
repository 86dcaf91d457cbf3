// expect: '&' is the matrix product and takes two arrays: write 'x * 2' for a scalar, bitwise_and(x, 2) for bits
#include <dsl/sloth.hpp>
using namespace sloth;

array<double> f(array<double> const& x, array<double> const& y) { return x & 2; }
