#include <dsl/numpy_generator.hpp>

namespace sloth::inline SLOTH_ABI {
namespace random_detail {

scalar_bits numpy_stream::take(stream_draw const& draw) {
  std::lock_guard const lock(mutex_);
  auto const count = static_cast<std::uint64_t>(draw.count);
  if (draw.bits == 64) {
    std::uint64_t const first = state_.offset;
    state_.offset += count;
    return {{first, first}};
  }
  // The half left over, then halves of words from here on.
  std::uint64_t const left = state_.half != 0 ? 1 : 0, next = 2 * state_.offset;
  scalar_bits const taken{{left != 0 ? state_.half : next, next - left}};
  if (count == 0) return taken;
  std::uint64_t const halves = count - left;
  state_.offset += (halves + 1) / 2;
  state_.half = halves % 2 != 0 ? 2 * state_.offset - 1 : 0;
  return taken;
}

}  // namespace random_detail
}  // namespace sloth::inline SLOTH_ABI
