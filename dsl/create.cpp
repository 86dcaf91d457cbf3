#include <dsl/create.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace create_detail {

std::int64_t arange_length(double start, double stop, double step, location where) {
  double const n = std::ceil((stop - start) / step);
  if (step == 0 || !(n < 9e18))
    throw dtype_error("arange: no length for start " + std::to_string(start) + ", stop " +
                          std::to_string(stop) + ", step " + std::to_string(step),
                      where);
  return n > 0 ? static_cast<std::int64_t>(n) : 0;
}

std::int64_t arange_length(std::int64_t start, std::int64_t stop, std::int64_t step,
                           location where) {
  if (step == 0) throw dtype_error("arange: the step is 0", where);
  auto const u = [](std::int64_t v) { return static_cast<std::uint64_t>(v); };
  if (step > 0 ? start >= stop : start <= stop) return 0;
  std::uint64_t const span = step > 0 ? u(stop) - u(start) : u(start) - u(stop);
  std::uint64_t const stride = step > 0 ? u(step) : 0 - u(step);
  return static_cast<std::int64_t>((span - 1) / stride) + 1;
}

}  // namespace create_detail
}  // namespace sloth::inline SLOTH_ABI
