// expect: put, put_along_axis and add_at write to an array<T> that has a name and is not const; parts of one are written by x(...) = e and x(...) += e
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double> const& x, array<int> const& i) { add_at(x, i, 1.); }
