// expect: ok
#include <dsl/sloth.hpp>
using namespace sloth;

struct cube {
  template <class V>
  SLOTH_HD V operator()(V v) const {
    return v * v * v;
  }
};
struct scaled {
  double by;
  SLOTH_HD double operator()(double v) const { return by * v; }
};
SLOTH_FN(halved, (auto v), v / 2);

array<double> f(array<double>& x, array<double> const& y) {
  array<double> a = (x & y) + 1, b = matmul(x, y + 1);
  lazy<double> s = y + 1;
  array<double> c = x & s, d = 2 * x & y / 2, e = x & -y & exp(y);
  array<float> narrow = x.astype<float>();
  lazy<float> later = (x + 1).astype<float>();
  array<double> clamped = maximum(x, 0), rows = max(x, axis(0));
  x(0, _) = 1;
  x(slice(2), _)(0, _) += y(1, _);
  array<bool> inside = x > 0 && x < 1, both = logical_and(x > 0, x < 1);
  array<double> cubes = map(cube{}, x) + map(scaled{2}, x) + map(halved, x);
  array<std::int64_t> n = ones<std::int64_t>(3);
  n += 2 * n;
  n(0) = 7;
  array<std::int64_t> bits = bitwise_and(n, 1) + ~n;
  array<complex128> z = ones<complex128>(3);
  z += x(0, _);
  array<double> size = min(absolute(z), keepdims);
  array<std::int32_t> dice = (rand(3) * 6).astype<std::int32_t>();
  return a + b + c + d + e + clamped + rows + cubes;
}
