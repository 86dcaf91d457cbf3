// expect: array<T> takes one of Sloth's element types: bool, int8_t to int64_t, uint8_t to uint64_t, f16, bf16, float, double, complex64, complex128
#include <dsl/sloth.hpp>
using namespace sloth;

array<long double> f() { return {}; }
