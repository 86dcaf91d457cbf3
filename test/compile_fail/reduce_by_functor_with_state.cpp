// expect: reduce's functor has no state: it is of elements alone
#include <dsl/sloth.hpp>
using namespace sloth;

struct weighted {
  double weight;
  SLOTH_HD double operator()(double a, double b) const { return a + weight * b; }
};

array<double> f(array<double> const& x) { return reduce(x, weighted{2}, 0., axis(0)); }
