// expect: an assignment in place takes values that cast within their kind (float to float, integer to wider kinds); write x = ... or convert with .astype<T>()
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<int>& x, array<int> const& i, array<double> const& v) { put(x, i, v); }
