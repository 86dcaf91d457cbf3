// expect: indices are integers; elements are chosen by flags with compress(flags, x)
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double>& x, array<bool> const& m) { add_at(x, m, 1.); }
