// expect: deleted
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double>& x) {
  auto row = x(0, _);
  row = 1;
}
