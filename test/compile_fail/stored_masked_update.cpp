// expect: deleted
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double>& x) {
  auto few = x(x > 1.);
  few += 1.;
}
