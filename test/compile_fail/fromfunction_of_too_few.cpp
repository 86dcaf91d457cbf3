// expect: fromfunction calls f with as many expressions as the shape has extents: fromfunction([](auto i, auto j) { return i + j; }, {3, 4})
#include <dsl/sloth.hpp>
using namespace sloth;

auto f() {
  return fromfunction([](auto i, auto j) { return i + j; }, {3, 4, 5});
}
