// Functions of one real number that the C++ library lacks. On the host: CUDA has its own.
#pragma once

#include <dsl/config.hpp>

namespace sloth::inline SLOTH_ABI {
namespace special {

/// y with erf(y) = x: infinite at -1 and 1, NaN outside of them.
[[nodiscard]] double erfinv(double x);
[[nodiscard]] float erfinv(float x);
/// The modified Bessel function of the first kind of order 0.
[[nodiscard]] double i0(double x);
[[nodiscard]] float i0(float x);
/// The standard normal distribution function.
[[nodiscard]] double ndtr(double x);
[[nodiscard]] float ndtr(float x);

}  // namespace special
}  // namespace sloth::inline SLOTH_ABI
