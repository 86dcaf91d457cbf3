// expect: compress takes flags: compare, or write x != 0; indices are for take(x, indices)
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<int> const& i, array<double> const& x) { return compress(i, x); }
