// expect: map's functor is copied into kernels: it must be trivially copyable and at most 16 bytes
#include <dsl/sloth.hpp>
using namespace sloth;

struct polynomial {
  double a, b, c;
  SLOTH_HD double operator()(double v) const { return (a * v + b) * v + c; }
};

array<double> f(array<double> const& x) { return map(polynomial{1, 2, 3}, x); }
