// expect: reduce takes a functor at namespace scope with a SLOTH_HD call operator, or SLOTH_FN(name, (auto a, auto b), a * b): a lambda cannot reach the GPU's kernels
#include <dsl/sloth.hpp>
using namespace sloth;

array<double> f(array<double> const& x) {
  return reduce(
      x, [](auto a, auto b) { return a * b; }, 1, axis(0));
}
