#include <dsl/random.hpp>

#include <dsl/philox.hpp>

#include <random>

namespace sloth::inline SLOTH_ABI {

namespace {
std::uint64_t entropy() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}
}  // namespace

generator::generator() : generator(entropy()) {}

std::uint64_t generator::advance(std::int64_t count, bool pairs, int bits) {
  std::uint64_t state = state_.load(), offset, next;
  auto const even = [&](std::uint64_t n) { return pairs ? n + (n & 1) : n; };
  do {
    int const last = state & 1 ? 64 : 32;
    // Nothing drawn yet: either stream starts at 0.
    offset = even(state >> 1 ? philox_switch(last, bits, state >> 1) : 0);
    next = even(offset + static_cast<std::uint64_t>(count));
  } while (!state_.compare_exchange_weak(state, next << 1 | (bits == 64)));
  return offset;
}

generator& default_generator() {
  static generator& g = *new generator;  // arrays of static duration may draw at exit
  return g;
}

void seed(std::uint64_t value) { default_generator() = generator(value); }

}  // namespace sloth::inline SLOTH_ABI
