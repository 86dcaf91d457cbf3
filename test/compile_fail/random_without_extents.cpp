// expect: deleted
#include <dsl/sloth.hpp>
using namespace sloth;

auto f() { return sloth::rand(); }
