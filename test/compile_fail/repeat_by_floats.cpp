// expect: repeat takes whole numbers of times: convert with .astype<std::int64_t>()
#include <dsl/sloth.hpp>
using namespace sloth;

auto f(array<double> const& x) { return repeat(x, x); }
