// NumPy's own random numbers: Generator(Philox(seed)).random().
#pragma once

#include <dsl/philox64.hpp>
#include <dsl/random.hpp>

#include <mutex>

namespace sloth::inline SLOTH_ABI {

/// Where a numpy_generator is in its stream of 64-bit words, next the place of the 32-bit half that
/// the last float left, an odd number, or 0.
struct numpy_state {
  std::uint64_t seed, offset = 0, half = 0;
  friend bool operator==(numpy_state const&, numpy_state const&) = default;
};

namespace random_detail {

class numpy_stream : public random_stream {
 public:
  explicit numpy_stream(numpy_state const& from) : state_(from) {}
  [[nodiscard]] scalar_bits take(stream_draw const& draw) override;
  [[nodiscard]] numpy_state state() const {
    std::lock_guard const lock(mutex_);
    return state_;
  }
  void restore(numpy_state const& from) {
    std::lock_guard const lock(mutex_);
    state_ = from;
  }

 private:
  mutable std::mutex mutex_;
  numpy_state state_;
};

}  // namespace random_detail

/// The bits of NumPy 2's Generator(Philox(seed)), on every device. A draw takes its place in the
/// stream when it is created: draws in one thread are reproducible, draws from several distinct.
class numpy_generator {
 public:
  explicit numpy_generator(std::uint64_t seed) : numpy_generator(numpy_state{seed}) {}
  /// One that continues where the other's state() was taken.
  explicit numpy_generator(numpy_state const& state)
      : key_(numpy_key(state.seed)),
        stream_(std::make_shared<random_detail::numpy_stream>(state)) {}
  numpy_generator(numpy_generator const& other) : numpy_generator(other.state()) {}
  numpy_generator& operator=(numpy_generator const& other) {
    numpy_state const state = other.state();
    if (state.seed == stream_->state().seed) {
      stream_->restore(state);  // compiled functions that draw from it follow
    } else {
      key_ = numpy_key(state.seed);
      stream_ = std::make_shared<random_detail::numpy_stream>(state);
    }
    return *this;
  }

  [[nodiscard]] numpy_state state() const { return stream_->state(); }

  /// Uniform in [0, 1): random(n) and random(n, dtype=np.float32). Throws shape_error.
  template <element Value = double, std::integral... N>
  [[nodiscard]] auto random(N... extent) {
    return random<Value>(extents{static_cast<std::int64_t>(extent)...});
  }
  template <element Value = double>
  [[nodiscard]] auto random(extents const& shape) {
    static_assert(std::is_same_v<Value, float> || std::is_same_v<Value, double>,
                  "random values are float or double; convert with .astype<T>()");
    stream_draw const draw{checked_size(shape, {}), false, 8 * sizeof(Value)};
    return generated<generator_kind::numpy, Value>(shape, random_detail::take(stream_, draw),
                                                   scalar_bits::of(key_));
  }

 private:
  philox64_key key_;
  std::shared_ptr<random_detail::numpy_stream> stream_;
};

}  // namespace sloth::inline SLOTH_ABI
