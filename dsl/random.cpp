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

namespace random_detail {

namespace {
void require(bool holds, const char* what, const char* range, double value, location where) {
  if (!holds)
    throw dtype_error(
        std::string(what) + " must " + range + ": " + promotion_detail::number_text(value), where);
}
}  // namespace

void require_not_negative(double value, const char* what, location where) {
  require(value >= 0, what, "not be negative", value, where);
}
void require_positive(double value, const char* what, location where) {
  require(value > 0, what, "be positive", value, where);
}
void require_probability(double value, const char* what, location where) {
  require(value >= 0 && value <= 1, what, "be in [0, 1]", value, where);
}
void require_success(double p, const char* what, location where) {
  require(p > 0 && p <= 1, what, "be in (0, 1]", p, where);
}
void require_trials(std::int64_t n, const char* what, location where) {
  if (n < 0 || n > std::int64_t{1} << 53)
    throw dtype_error(std::string(what) + " must be in [0, 2^53]: " + std::to_string(n), where);
}
void require_rate(double lam, const char* what, location where) {
  require(lam >= 0 && lam <= 9.2e18, what, "be in [0, 9.2e18]", lam, where);
}
void require_triangle(double left, double mode, double right, location where) {
  using promotion_detail::number_text;
  if (!(left <= mode && mode <= right && left < right))
    throw dtype_error("triangular: left <= mode <= right and left < right must hold: " +
                          number_text(left) + ", " + number_text(mode) + ", " + number_text(right),
                      where);
}

void refuse_integers(const char* rule, std::string const& low, std::string const& high,
                     location where) {
  throw dtype_error("integers: " + std::string(rule) + ": " + low + ", " + high, where);
}

void require_axis(extents const& shape, const char* name, location where) {
  if (shape.rank() == 0) throw shape_error(std::string(name) + ": shape () has no axis", where);
}
void require_choice(std::int64_t count, std::int64_t n, bool replace, location where) {
  if (n < 0 || (count > 0 && n == 0) || (!replace && count > n))
    throw shape_error("choice: " + std::to_string(count) + " cannot be chosen of " +
                          std::to_string(n) + (replace ? "" : " without replacement"),
                      where);
}
void require_weights(extents const& shape, std::int64_t n, location where) {
  if (shape != extents{n})
    throw shape_error(
        "choice: p has shape " + to_string(shape) + " for " + std::to_string(n) + " elements",
        where);
}
void require_weights(weight_facts const& p, std::int64_t count, bool replace, location where) {
  require(p.least >= 0, "choice: p", "not be negative", p.least, where);
  require(std::abs(p.sum - 1) <= p.tolerance, "choice: p", "add up to 1", p.sum, where);
  if (!replace && count > p.positive)
    throw shape_error("choice: " + std::to_string(count) + " cannot be chosen of " +
                          std::to_string(p.positive) + " whose p is not 0",
                      where);
}

std::uint64_t position_of(generator_state const& state, location where) {
  if (state.width != 32 && state.width != 64)
    throw dtype_error("generator: the width must be 32 or 64: " + std::to_string(state.width),
                      where);
  if (state.offset >> 63 != 0)
    throw dtype_error("generator: the offset must be below 2^63: " + std::to_string(state.offset),
                      where);
  return state.offset << 1 | (state.width == 64);
}

scalar_bits philox_stream::take(stream_draw const& draw) {
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

scalar_bits take(std::shared_ptr<random_stream> const& from, stream_draw const& draw) {
  function_trace* const traced = function_trace::current();
  return traced ? traced->draw(from, draw) : from->take(draw);
}

}  // namespace random_detail

generator::generator() : generator(entropy()) {}

generator& default_generator() {
  static generator& g = *new generator;  // arrays of static duration may draw at exit
  return g;
}

void seed(std::uint64_t value) { default_generator() = generator(value); }

}  // namespace sloth::inline SLOTH_ABI
