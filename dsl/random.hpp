// Random values: cuRAND's Philox stream as lazy leaves, drawn in the kernel that uses them.
#pragma once

#include <dsl/functions.hpp>
#include <dsl/indexing.hpp>
#include <dsl/order.hpp>
#include <dsl/scan.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace sloth::inline SLOTH_ABI {

/// A draw of `count` elements: of one by one or of pairs, of 32 or 64 bits.
struct stream_draw {
  std::int64_t count;
  bool pairs;
  int bits;
};

/// Where a generator is in its numbers; a compiled function draws from it at each call.
class random_stream {
 public:
  virtual ~random_stream() = default;
  /// The first parameter of the draw's leaf; the elements are taken.
  [[nodiscard]] virtual scalar_bits take(stream_draw const& draw) = 0;
};

/// Where a generator is: its next element's offset in the stream of `width` bits, 32 or 64, of the
/// numbers drawn last.
struct generator_state {
  std::uint64_t seed, offset = 0;
  int width = 32;
  friend bool operator==(generator_state const&, generator_state const&) = default;
};

namespace random_detail {

/// The position that it says; throws dtype_error for another width, or an offset past 2^63.
[[nodiscard]] std::uint64_t position_of(generator_state const& state, location where);

struct philox_stream : random_stream {
  std::uint64_t seed;
  std::atomic<std::uint64_t> position{0};  // offset * 2 + (the last draw was 64 bits wide)

  explicit philox_stream(std::uint64_t seed_) : seed(seed_) {}
  /// {seed, offset}.
  [[nodiscard]] scalar_bits take(stream_draw const& draw) override;
};

/// The same, or what stands for it in a function that is being traced.
[[nodiscard]] scalar_bits take(std::shared_ptr<random_stream> const& from, stream_draw const& draw);

/// Throw dtype_error, of NaN too. `what` is "function: the parameter".
void require_not_negative(double value, const char* what, location where);
void require_positive(double value, const char* what, location where);
void require_probability(double value, const char* what, location where);
/// In (0, 1].
void require_success(double p, const char* what, location where);
/// A number of trials, in [0, 2^53].
void require_trials(std::int64_t n, const char* what, location where);
/// Counts whose mean is lam fit int64: NumPy's limit.
void require_rate(double lam, const char* what, location where);
/// left <= mode <= right and left < right, else dtype_error.
void require_triangle(double left, double mode, double right, location where);

/// Throws dtype_error for "integers: RULE: low, high".
[[noreturn]] void refuse_integers(const char* rule, std::string const& low, std::string const& high,
                                  location where);

/// Throws shape_error where an array has no first axis.
void require_axis(extents const& shape, const char* name, location where);
/// Throws shape_error where `count` of n elements cannot be chosen.
void require_choice(std::int64_t count, std::int64_t n, bool replace, location where);
/// What choice needs to know of p; throws shape_error, dtype_error.
struct weight_facts {
  double least, sum, tolerance;
  std::int64_t positive;
};
/// NumPy's: the root of the type's epsilon, of float64's for integers.
template <class T>
double sum_tolerance() {
  if constexpr (is_real_floating<T>)
    return std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon()));
  return 0x1p-26;
}
void require_weights(extents const& shape, std::int64_t n, location where);
void require_weights(weight_facts const& p, std::int64_t count, bool replace, location where);

/// A draw of 1 stands for all numbers above 1 - epsilon / 4: where its distance from 1 counts, that
/// is the mean of theirs, so that no draw is infinite.
template <class T>
inline constexpr T below_one = std::numeric_limits<T>::epsilon() / 8;

/// The standard Laplace distribution's inverse at u in (0, 1].
struct laplace_quantile {
  template <class T>
  SLOTH_HD T operator()(T u) const {
    if (u <= T(0.5)) return std::log(2 * u);
    return -std::log(2 * (u < T(1) ? T(1) - u : below_one<T>));
  }
};
/// That of the triangle over (0, 1) with its top at `mode`.
template <class T>
struct triangle_quantile {
  T mode;
  SLOTH_HD T operator()(T u) const {
    return u <= mode ? std::sqrt(u * mode) : T(1) - std::sqrt((T(1) - u) * (T(1) - mode));
  }
};

}  // namespace random_detail

/// A counter-based generator: every draw is a pure function of (seed, offset, index), the same on
/// every device and the same bits as cuRAND's Philox4_32_10. A draw takes its offset when it is
/// created, atomically: draws in one thread are reproducible, draws from several distinct.
class generator {
 public:
  /// Seeded from the system's entropy.
  generator();
  explicit generator(std::uint64_t seed)
      : state_(std::make_shared<random_detail::philox_stream>(seed)) {}
  /// One that continues where the other's state() was taken. Throws dtype_error for a width that is
  /// neither 32 nor 64, or an offset of 2^63 or more.
  explicit generator(generator_state const& state, location where = location::here())
      : generator(state.seed) {
    state_->position = random_detail::position_of(state, where);
  }
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

  /// What generator(state) continues from equally; of one moment where other threads draw.
  [[nodiscard]] generator_state state() const {
    std::uint64_t const now = state_->position.load();
    return {seed(), now >> 1, now & 1 ? 64 : 32};
  }

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
  /// n rounded up to even. Throws dtype_error for stddev < 0.
  template <element Value = double>
  [[nodiscard]] auto normal(double mean, double stddev, extents const& shape,
                            location where = location::here()) {
    random_detail::require_not_negative(stddev, "normal: the standard deviation", where);
    double const both[2] = {mean, stddev};
    return draw<generator_kind::normal, Value>(shape, scalar_bits::of(both));
  }
  template <element Value = double>
  [[nodiscard]] auto standard_normal(extents const& shape) {
    return normal<Value>(0, 1, shape);
  }

  // Of one uniform or normal number an element, fused into what uses them. NumPy's parameters;
  // dtype_error where one is out of its range.

  /// exp(normal(mean, sigma)), sigma >= 0.
  template <element Value = double>
  [[nodiscard]] auto lognormal(double mean, double sigma, extents const& shape,
                               location where = location::here()) {
    random_detail::require_not_negative(sigma, "lognormal: sigma", where);
    return exp(normal<Value>(mean, sigma, shape));
  }
  /// -log(u).
  template <element Value = double>
  [[nodiscard]] auto standard_exponential(extents const& shape) {
    return abs(log(rand<Value>(shape)));  // -log(1) is -0
  }
  /// -scale log(u), scale >= 0.
  template <element Value = double>
  [[nodiscard]] auto exponential(double scale, extents const& shape,
                                 location where = location::here()) {
    random_detail::require_not_negative(scale, "exponential: the scale", where);
    return scale * standard_exponential<Value>(shape);
  }
  /// scale sqrt(-2 log(u)), scale >= 0.
  template <element Value = double>
  [[nodiscard]] auto rayleigh(double scale, extents const& shape,
                              location where = location::here()) {
    random_detail::require_not_negative(scale, "rayleigh: the scale", where);
    return scale * sqrt(2 * standard_exponential<Value>(shape));
  }
  /// (-log(u))^(1 / a), a > 0.
  template <element Value = double>
  [[nodiscard]] auto weibull(double a, extents const& shape, location where = location::here()) {
    random_detail::require_positive(a, "weibull: the shape", where);
    return power(standard_exponential<Value>(shape), 1 / a);
  }
  /// Lomax's, or Pareto's second kind, as NumPy's: u^(-1 / a) - 1, a > 0.
  template <element Value = double>
  [[nodiscard]] auto pareto(double a, extents const& shape, location where = location::here()) {
    random_detail::require_positive(a, "pareto: the shape", where);
    return expm1(standard_exponential<Value>(shape) / a);
  }
  /// loc + scale log(2 u) up to u = 1/2, loc - scale log(2 - 2 u) above; scale >= 0.
  template <element Value = double>
  [[nodiscard]] auto laplace(double loc, double scale, extents const& shape,
                             location where = location::here()) {
    random_detail::require_not_negative(scale, "laplace: the scale", where);
    return loc + scale * map(random_detail::laplace_quantile{}, rand<Value>(shape));
  }
  /// loc + scale log(u / (1 - u)), scale >= 0.
  template <element Value = double>
  [[nodiscard]] auto logistic(double loc, double scale, extents const& shape,
                              location where = location::here()) {
    random_detail::require_not_negative(scale, "logistic: the scale", where);
    return loc - scale * log(expm1(positive_exponential<Value>(shape)));
  }
  /// loc - scale log(-log(u)), scale >= 0.
  template <element Value = double>
  [[nodiscard]] auto gumbel(double loc, double scale, extents const& shape,
                            location where = location::here()) {
    random_detail::require_not_negative(scale, "gumbel: the scale", where);
    return loc - scale * log(positive_exponential<Value>(shape));
  }
  /// tan(pi (u - 1/2)).
  template <element Value = double>
  [[nodiscard]] auto standard_cauchy(extents const& shape) {
    return tan(3.1415926535897932 * (rand<Value>(shape) - 0.5));
  }
  /// Between left and right, most of all at mode; left <= mode <= right, left < right.
  template <element Value = double>
  [[nodiscard]] auto triangular(double left, double mode, double right, extents const& shape,
                                location where = location::here()) {
    random_detail::require_triangle(left, mode, right, where);
    double const width = right - left;
    random_detail::triangle_quantile<Value> const quantile{Value((mode - left) / width)};
    return left + width * map(quantile, rand<Value>(shape));
  }
  /// True with probability p, 0 <= p <= 1: u <= p.
  template <element Value = double>
  [[nodiscard]] auto bernoulli(double p, extents const& shape, location where = location::here()) {
    random_detail::require_probability(p, "bernoulli: p", where);
    return rand<Value>(shape) <= p;
  }

  // Of as many random words an element as it takes (dsl/distributions.hpp), lazy and fused as the
  // others; n elements advance the offset as n doubles do.

  /// Integers from low up to but without high, or with it, each exactly equally likely; of any
  /// integer type: integers<std::int8_t>(0, 7, {3}). Throws dtype_error where there are none, or the
  /// bounds do not fit the type.
  template <element Value = std::int64_t, std::integral L, std::integral H>
  [[nodiscard]] auto integers(L low, H high, extents const& shape, bool endpoint = false,
                              location where = location::here()) {
    static_assert(is_integer<Value>, "integers are of an integer type; convert with .astype<T>()");
    constexpr Value greatest = std::numeric_limits<Value>::max();
    auto const first = static_cast<std::uint64_t>(low), end = static_cast<std::uint64_t>(high);
    if (endpoint ? std::cmp_greater(low, high) : std::cmp_greater_equal(low, high))
      random_detail::refuse_integers(
          endpoint ? "low must not exceed high" : "low must be less than high", std::to_string(low),
          std::to_string(high), where);
    bool const one_more = !endpoint && high > 0 && end - 1 == std::uint64_t{greatest};
    if (!std::in_range<Value>(low) || !(std::in_range<Value>(high) || one_more))
      random_detail::refuse_integers(
          ("the bounds must fit " + std::string(to_string(dtype_of<Value>))).c_str(),
          std::to_string(low), std::to_string(high), where);
    std::uint64_t const bounds[2] = {first, end - (endpoint ? 0 : 1) - first};
    return distribution<generator_kind::integers, Value>(shape, bounds);
  }
  template <element Value = std::int64_t, std::integral H>
  [[nodiscard]] auto integers(H high, extents const& shape, location where = location::here()) {
    return integers<Value>(0, high, shape, false, where);
  }

  /// Gamma's with scale 1, shape >= 0.
  [[nodiscard]] auto standard_gamma(double shape, extents const& size,
                                    location where = location::here()) {
    random_detail::require_not_negative(shape, "standard_gamma: the shape", where);
    return gamma_numbers(shape, size);
  }
  /// Density proportional to x^(shape - 1) exp(-x / scale), shape >= 0, scale >= 0.
  [[nodiscard]] auto gamma(double shape, double scale, extents const& size,
                           location where = location::here()) {
    random_detail::require_not_negative(shape, "gamma: the shape", where);
    random_detail::require_not_negative(scale, "gamma: the scale", where);
    return scale * gamma_numbers(shape, size);
  }
  /// Sums of df squares of normal numbers, df > 0.
  [[nodiscard]] auto chisquare(double df, extents const& size, location where = location::here()) {
    random_detail::require_positive(df, "chisquare: df", where);
    return 2 * gamma_numbers(df / 2, size);
  }
  /// Density proportional to x^(a - 1) (1 - x)^(b - 1), a > 0, b > 0.
  [[nodiscard]] auto beta(double a, double b, extents const& size,
                          location where = location::here()) {
    random_detail::require_positive(a, "beta: a", where);
    random_detail::require_positive(b, "beta: b", where);
    double const both[2] = {a, b};
    return distribution<generator_kind::beta, double>(size, both);
  }
  // Counts, of int64.

  /// Events where lam are expected, 0 <= lam <= 9.2e18.
  [[nodiscard]] auto poisson(double lam, extents const& size, location where = location::here()) {
    random_detail::require_rate(lam, "poisson: lam", where);
    return distribution<generator_kind::poisson, std::int64_t>(size, lam);
  }
  /// Successes in n trials, 0 <= n <= 2^53, 0 <= p <= 1.
  [[nodiscard]] auto binomial(std::int64_t n, double p, extents const& size,
                              location where = location::here()) {
    random_detail::require_trials(n, "binomial: n", where);
    random_detail::require_probability(p, "binomial: p", where);
    double const both[2] = {static_cast<double>(n), p};
    return distribution<generator_kind::binomial, std::int64_t>(size, both);
  }
  /// Trials up to and with the first success, 0 < p <= 1; at most the greatest int64.
  [[nodiscard]] auto geometric(double p, extents const& size, location where = location::here()) {
    random_detail::require_success(p, "geometric: p", where);
    return distribution<generator_kind::geometric, std::int64_t>(size, p);
  }
  /// Failures before the n-th success, n > 0, 0 < p <= 1; at most the greatest int64.
  [[nodiscard]] auto negative_binomial(double n, double p, extents const& size,
                                       location where = location::here()) {
    random_detail::require_positive(n, "negative_binomial: n", where);
    random_detail::require_success(p, "negative_binomial: p", where);
    random_detail::require_rate((1 - p) / p * (n + 10 * std::sqrt(n)),
                                "negative_binomial: the greatest mean", where);
    double const both[2] = {n, p};
    return distribution<generator_kind::negative_binomial, std::int64_t>(size, both);
  }

  // In random order: by sorting 64 random bits an element, which are equal once in 2^65 / n^2 draws.

  /// The integers below n, int64.
  template <std::integral N>
  [[nodiscard]] auto permutation(N n) {
    return in_random_order(n, n);
  }
  /// x along its first axis. Throws shape_error where there is none.
  template <expression X>
  [[nodiscard]] auto permutation(X&& x, location where = location::here()) {
    random_detail::require_axis(x.shape(), "permutation", where);
    auto const order = permutation(x.shape()[0]);
    return take(std::forward<X>(x), order, axis(0, where));
  }
  /// Gives x its elements in another order along its first axis. Throws shape_error.
  template <element Value>
  void shuffle(array<Value>& x, location where = location::here()) {
    random_detail::require_axis(x.shape(), "shuffle", where);
    x = permutation(x, where);
  }

  /// Of the integers below n, int64 of `shape`: each as likely, again and again or, without
  /// `replace`, once at most. Throws shape_error where there are too few.
  template <std::integral N>
  [[nodiscard]] auto choice(N n, extents const& shape, bool replace = true,
                            location where = location::here()) {
    std::int64_t const size = n, count = checked_size(shape, where);
    random_detail::require_choice(count, size, replace, where);
    using chosen = view<std::int64_t, false>;
    if (replace) return chosen(integers(0, std::max<std::int64_t>(size, 1), shape).node(where));
    return chosen(reshape(in_random_order(size, count), shape, where).node(where));
  }
  /// Element i with probability p[i]; without `replace`, of those that are left in proportion to p.
  /// Evaluates p. Throws shape_error unless p is (n), or too few are not 0; dtype_error unless they
  /// are not negative and add up to 1 within the root of their type's
  /// epsilon.
  template <std::integral N, expression P>
  [[nodiscard]] auto choice(N n, extents const& shape, bool replace, P&& p,
                            location where = location::here()) {
    std::int64_t const size = n, count = checked_size(shape, where);
    random_detail::require_choice(count, size, replace, where);
    random_detail::require_weights(p.shape(), size, where);
    array<double> const weight = std::forward<P>(p).template astype<double>();
    if (size > 0)
      random_detail::require_weights(
          {min(weight).item(), sum(weight).item(), random_detail::sum_tolerance<value_t<P>>(),
           count_nonzero(weight).item()},
          count, replace, where);
    return weighted_choice(weight, shape, replace, where);
  }
  /// Elements of x along its first axis: x[choice(n, shape, ...)].
  template <expression X>
  [[nodiscard]] auto choice(X&& x, extents const& shape, bool replace = true,
                            location where = location::here()) {
    random_detail::require_axis(x.shape(), "choice", where);
    auto const chosen = choice(x.shape()[0], shape, replace, where);
    return take(std::forward<X>(x), chosen, axis(0, where));
  }
  template <expression X, expression P>
  [[nodiscard]] auto choice(X&& x, extents const& shape, bool replace, P&& p,
                            location where = location::here()) {
    random_detail::require_axis(x.shape(), "choice", where);
    auto const chosen = choice(x.shape()[0], shape, replace, std::forward<P>(p), where);
    return take(std::forward<X>(x), chosen, axis(0, where));
  }

 private:
  // Templates, so that they are instantiated where they are used, not in every file.

  /// The first `count` of the integers below n.
  template <element Word = std::uint64_t>
  view<std::int64_t, false> in_random_order(std::int64_t n, std::int64_t count) {
    auto const words = integers<Word>(0, ~Word{0}, {n}, true).node();
    return view<std::int64_t, false>(
        primitive_node(primitive::permutation, dtype::i64, {count}, {words}, 0, words->where));
  }
  template <class Weight>
  view<std::int64_t, false> weighted_choice(Weight const& weight, extents const& shape,
                                            bool replace, location where) {
    using chosen = view<std::int64_t, false>;
    if (weight.size() == 0) return chosen(zeros<std::int64_t>(shape).node(where));
    if (!replace)  // Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006
      return chosen(reshape(argsort(standard_exponential(weight.shape()) /
                                    weight)(slice(checked_size(shape, where))),
                            shape, where)
                        .node(where));
    Weight const upto = cumsum(weight, last_axis);
    return chosen(
        searchsorted(upto / upto(slice(-1, _)), rand(shape), side::left, where).node(where));
  }
  generated<generator_kind::gamma, double> gamma_numbers(double shape, extents const& size) {
    return distribution<generator_kind::gamma, double>(size, shape);
  }
  template <generator_kind Kind, element Value, class P>
  generated<Kind, Value> distribution(extents const& shape, P const& parameters) {
    stream_draw const draw{checked_size(shape, {}), false, 64};
    return generated<Kind, Value>(shape, random_detail::take(state_, draw),
                                  scalar_bits::of(parameters));
  }
  template <element Value>
  auto positive_exponential(extents const& shape) {
    return maximum(standard_exponential<Value>(shape), random_detail::below_one<Value>);
  }
  template <generator_kind Kind, element Value>
  generated<Kind, Value> draw(extents const& shape, scalar_bits second) {
    static_assert(std::is_same_v<Value, float> || std::is_same_v<Value, double>,
                  "random values are float or double; convert with .astype<T>()");
    stream_draw const draw{checked_size(shape, {}), Kind == generator_kind::normal,
                           8 * sizeof(Value)};
    return generated<Kind, Value>(shape, random_detail::take(state_, draw), second);
  }

  std::shared_ptr<random_detail::philox_stream> state_;
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
