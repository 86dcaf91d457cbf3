// expect: map takes a functor at namespace scope with a SLOTH_HD call operator, or SLOTH_FN(name, (auto v), v * v): a lambda cannot reach the GPU's kernels
#include <dsl/sloth.hpp>
using namespace sloth;

array<double> f(array<double> const& x) {
  return map([](auto v) { return v * v; }, x) + 1;
}
