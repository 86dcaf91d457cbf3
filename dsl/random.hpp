// Random values: cuRAND's Philox stream as lazy leaves, drawn in the kernel that uses them.
#pragma once

#include <dsl/functions.hpp>

#include <atomic>
#include <memory>

namespace sloth::inline SLOTH_ABI {

/// A draw of `count` elements: of one by one or of pairs, of 32 or 64 bits.
struct stream_draw {
  std::int64_t count;
  bool pairs;
  int bits;
};

/// Where a generator is in its stream; a compiled function draws from it at each call.
struct generator_state {
  std::uint64_t seed;
  std::atomic<std::uint64_t> position{0};  // offset * 2 + (the last draw was 64 bits wide)

  explicit generator_state(std::uint64_t seed_) : seed(seed_) {}
  /// {seed, offset} of the draw, whose elements are taken.
  [[nodiscard]] scalar_bits take(stream_draw const& draw);
};

/// A counter-based generator: every draw is a pure function of (seed, offset, index), the same on
/// every device and the same bits as cuRAND's Philox4_32_10. A draw takes its offset when it is
/// created, atomically: draws in one thread are reproducible, draws from several distinct.
class generator {
 public:
  /// Seeded from the system's entropy.
  generator();
  explicit generator(std::uint64_t seed) : state_(std::make_shared<generator_state>(seed)) {}
  generator(generator const& other) : generator(other.seed()) {
    state_->position = other.state_->position.load();
  }
  generator& operator=(generator const& other) {
    state_->seed = other.seed();
    state_->position = other.state_->position.load();
    return *this;
  }

  [[nodiscard]] std::uint64_t seed() const { return state_->seed; }
  /// Elements drawn so far, in the stream of the width drawn last.
  [[nodiscard]] std::uint64_t offset() const { return state_->position.load() >> 1; }

  /// Uniform in (0, 1], as cuRAND.
  template <element Value = double, std::integral... N>
  [[nodiscard]] auto rand(N... extent) {
    return rand<Value>(extents{static_cast<std::int64_t>(extent)...});
  }
  template <element Value = double>
  [[nodiscard]] auto rand(extents const& shape) {
    return draw<generator_kind::uniform, Value>(shape, {});
  }
  /// Uniform in (low, high].
  template <element Value = double>
  [[nodiscard]] auto uniform(double low, double high, extents const& shape) {
    return Value(low) + Value(high - low) * rand<Value>(shape);
  }
  /// Normal, by Box and Muller's transform in cuRAND's element order; n values advance the offset by
  /// n rounded up to even.
  template <element Value = double>
  [[nodiscard]] auto normal(double mean, double stddev, extents const& shape) {
    double const both[2] = {mean, stddev};
    return draw<generator_kind::normal, Value>(shape, scalar_bits::of(both));
  }

 private:
  template <generator_kind Kind, element Value>
  auto draw(extents const& shape, scalar_bits second) {
    static_assert(std::is_same_v<Value, float> || std::is_same_v<Value, double>,
                  "random values are float or double; convert with .astype<T>()");
    stream_draw const draw{checked_size(shape, {}), Kind == generator_kind::normal,
                           8 * sizeof(Value)};
    return generated<Kind, Value>(shape, take(draw), second);
  }
  /// {seed, offset}, or what stands for them in a function that is being traced.
  [[nodiscard]] scalar_bits take(stream_draw const& draw);

  std::shared_ptr<generator_state> state_;
};

/// The process's generator: seeded from the system's entropy until seed(n) fixes it.
[[nodiscard]] generator& default_generator();
void seed(std::uint64_t value);

/// Uniform in (0, 1] from the default generator: rand(512, 512), rand<float>(n).
template <element Value = double, std::integral... N>
requires(sizeof...(N) > 0) [[nodiscard]] auto rand(N... extent) {
  return default_generator().rand<Value>(extent...);
}
template <element Value = double>
[[nodiscard]] auto rand(extents const& shape) {
  return default_generator().rand<Value>(shape);
}
/// rand() without extents would silently be C's.
int rand() = delete;

}  // namespace sloth::inline SLOTH_ABI
