// expect: array<T> = e needs a cast that cannot lose values (NumPy's 'safe'); write .astype<T>() to convert all the same
#include <dsl/sloth.hpp>
using namespace sloth;

void f(array<double> const& x) { array<std::int32_t> y = x; }
