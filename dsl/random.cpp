#include <dsl/random.hpp>

#include <dsl/function_trace.hpp>
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

scalar_bits generator_state::take(stream_draw const& draw) {
  std::uint64_t now = position.load(), offset, next;
  auto const even = [&](std::uint64_t n) { return draw.pairs ? n + (n & 1) : n; };
  do {
    int const last = now & 1 ? 64 : 32;
    // Nothing drawn yet: either stream starts at 0.
    offset = even(now >> 1 ? philox_switch(last, draw.bits, now >> 1) : 0);
    next = even(offset + static_cast<std::uint64_t>(draw.count));
  } while (!position.compare_exchange_weak(now, next << 1 | (draw.bits == 64)));
  return {{seed, offset}};
}

scalar_bits generator::take(stream_draw const& draw) {
  function_trace* const traced = function_trace::current();
  return traced ? traced->draw(state_, draw) : state_->take(draw);
}

generator& default_generator() {
  static generator& g = *new generator;  // arrays of static duration may draw at exit
  return g;
}

void seed(std::uint64_t value) { default_generator() = generator(value); }

}  // namespace sloth::inline SLOTH_ABI
