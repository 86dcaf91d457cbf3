// expect: only the temporary x(...) of a non-const array can be written to; a stored view is a snapshot
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double> const& x, array<int> const& i) { x(i) = 1.; }
