// expect: array<T> = e needs a cast that cannot lose values (NumPy's 'safe'); write .astype<T>() to convert all the same
#include <dsl/sloth.hpp>
using namespace sloth;

array<float> f(array<double> const& x) {
  array<float> y = x + 1;
  return y;
}
