// expect: linear algebra takes float, double and complex elements, and integers as double, as NumPy: convert halves with .astype<float>()
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<f16> const& a, array<double> const& b) { return solve(a, b); }
