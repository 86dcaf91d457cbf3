// expect: deleted
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double>& x, array<int> const& i) {
  auto rows = x(i);
  rows = 1.;
}
