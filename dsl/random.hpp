// Random values: cuRAND's Philox stream as lazy leaves, drawn in the kernel that uses them.
#pragma once

#include <dsl/functions.hpp>

#include <atomic>

namespace sloth::inline SLOTH_ABI {

/// A counter-based generator: every draw is a pure function of (seed, offset, index), the same on
/// every device and the same bits as cuRAND's Philox4_32_10. A draw takes its offset when it is
/// created, atomically: draws in one thread are reproducible, draws from several distinct.
class generator {
 public:
  /// Seeded from the system's entropy.
  generator();
  explicit generator(std::uint64_t seed) : seed_(seed) {}
  generator(generator const& other) : seed_(other.seed_), state_(other.state_.load()) {}
  generator& operator=(generator const& other) {
    seed_ = other.seed_;
    state_ = other.state_.load();
    return *this;
  }

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  /// Elements drawn so far, in the stream of the width drawn last.
  [[nodiscard]] std::uint64_t offset() const { return state_.load() >> 1; }

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
    std::uint64_t const params[2] = {
        seed_, advance(checked_size(shape, {}), Kind == generator_kind::normal, 8 * sizeof(Value))};
    return generated<Kind, Value>(shape, scalar_bits::of(params), second);
  }
  /// Takes `count` elements of a stream of that width: their first offset.
  std::uint64_t advance(std::int64_t count, bool pairs, int bits);

  std::uint64_t seed_;
  std::atomic<std::uint64_t> state_{0};  // offset * 2 + (the last draw was 64 bits wide)
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
