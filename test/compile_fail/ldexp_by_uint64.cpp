// expect: ldexp takes real numbers and integer exponents that fit into int64, as in NumPy
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<double> const& x, array<std::uint64_t> const& n) { return ldexp(x, n); }
