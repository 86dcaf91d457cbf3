// expect: only the temporary x(...) of a non-const array can be written to; a stored view is a snapshot
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double>& x) {
  auto rows = x(slice(2), _);
  rows(0, _) = 1;
}
