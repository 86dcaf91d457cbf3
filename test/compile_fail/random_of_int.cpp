// expect: random values are float or double; convert with .astype<T>()
#include <dsl/sloth.hpp>
using namespace sloth;

auto f() { return rand<int>(3); }
