// Random programs of products and what surrounds them, planned and compiled, against plain loops over
// each operation as it is written. SLOTH_PROGRAMS says how many (2000 by default).
#include <dsl/model.hpp>
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(oracle)

namespace {

using std::int64_t;

/// A matrix, and how large its terms were: the error of any order of the same operations is a few
/// roundings of that size for each operation below.
struct naive {
  int64_t rows, columns;
  std::vector<long double> value, size;

  naive(int64_t r, int64_t c) : rows(r), columns(c), value(r * c), size(r * c) {}
  template <class F>
  static naive of(int64_t r, int64_t c, F const& f) {
    naive n(r, c);
    for (int64_t i = 0; i < r; ++i)
      for (int64_t j = 0; j < c; ++j) {
        auto const [v, s] = f(i, j);
        n.value[i * c + j] = v;
        n.size[i * c + j] = s;
      }
    return n;
  }
  struct element {
    long double value, size;
  };
  [[nodiscard]] element at(int64_t i, int64_t j) const {  // stretched along extents of 1
    int64_t const k = (rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j);
    return {value[k], size[k]};
  }
};

using element = naive::element;

naive product(naive const& a, naive const& b) {
  return naive::of(a.rows, b.columns, [&](int64_t i, int64_t j) {
    element sum{0, 0};
    for (int64_t k = 0; k < a.columns; ++k) {
      sum.value += a.at(i, k).value * b.at(k, j).value;
      sum.size += a.at(i, k).size * b.at(k, j).size;
    }
    return sum;
  });
}
naive transposed(naive const& a) {
  return naive::of(a.columns, a.rows, [&](int64_t i, int64_t j) { return a.at(j, i); });
}
naive combined(long double f, naive const& a, long double g, naive const& b) {
  return naive::of(a.rows, a.columns, [&](int64_t i, int64_t j) {
    element const x = a.at(i, j), y = b.at(i, j);
    return element{f * x.value + g * y.value, std::abs(f) * x.size + std::abs(g) * y.size};
  });
}
naive scaled(long double f, naive const& a) {
  return naive::of(a.rows, a.columns, [&](int64_t i, int64_t j) {
    return element{f * a.at(i, j).value, std::abs(f) * a.at(i, j).size};
  });
}
naive rectified(naive const& a) {
  return naive::of(a.rows, a.columns, [&](int64_t i, int64_t j) {
    return element{std::max(a.at(i, j).value, 0.L), a.at(i, j).size};
  });
}
naive summed(naive const& a, bool down, bool across) {
  return naive::of(down ? 1 : a.rows, across ? 1 : a.columns, [&](int64_t i, int64_t j) {
    element sum{0, 0};
    for (int64_t r = down ? 0 : i; r < (down ? a.rows : i + 1); ++r)
      for (int64_t c = across ? 0 : j; c < (across ? a.columns : j + 1); ++c)
        sum = {sum.value + a.at(r, c).value, sum.size + a.at(r, c).size};
    return sum;
  });
}

naive means(naive const& a, bool down) {
  return scaled(1.L / static_cast<long double>(down ? a.rows : a.columns), summed(a, down, !down));
}
naive variances(naive const& a, bool down) {
  naive const mean = means(a, down);
  return means(naive::of(a.rows, a.columns,
                         [&](int64_t i, int64_t j) {
                           long double const d = a.at(i, j).value - mean.at(i, j).value;
                           long double const s = a.at(i, j).size + mean.at(i, j).size;
                           return element{d * d, s * s};
                         }),
               down);
}
naive traced(naive const& a) {
  element sum{0, 0};
  for (int64_t i = 0; i < a.rows; ++i)
    sum = {sum.value + a.at(i, i).value, sum.size + a.at(i, i).size};
  return naive::of(1, 1, [&](int64_t, int64_t) { return sum; });
}

/// Values that a program has computed or will, each beside what the loops say.
class program {
 public:
  /// With inputs of its own.
  explicit program(std::uint64_t seed) : random_(seed) { start(); }
  /// With its inputs in one array, which a compiled function's argument may be.
  program(std::uint64_t seed, lazy<double> inputs) : random_(seed), given_(std::move(inputs)) {
    start();
  }

  /// All inputs, one behind the other.
  [[nodiscard]] array<double> inputs() const { return array<double>(inputs_); }

  void build() {
    int const steps = 4 + static_cast<int>(random_() % 12);
    for (int k = 0; k < steps; ++k) step();
  }
  /// The last two values.
  [[nodiscard]] auto results() {
    auto last = std::move(values_.back().planned);
    values_.pop_back();
    return std::tuple(std::move(last), std::move(values_.back().planned));
  }
  void check_results(std::tuple<array<double>, array<double>> const& all) const {
    check(std::get<0>(all), values_.back().expected);
    check(std::get<1>(all), (values_.end() - 2)->expected);
  }

  void run() {
    build();
    if (chance(0.5)) {  // all of what is there at once
      std::vector<node_ptr> nodes;
      for (auto const& v : values_) nodes.push_back(v.planned.node());
      evaluate(nodes);
    }
    for (auto const& v : values_) check(v.planned, v.expected);
  }

 private:
  struct value {
    lazy<double> planned;
    naive expected;
  };

  bool chance(double p) { return static_cast<double>(random_() >> 11) * 0x1p-53 < p; }
  double number() { return static_cast<double>(random_() % 16 + 1) / 8 * (chance(0.5) ? 1 : -1); }

  void start() {
    for (int64_t a : extents_)
      for (int64_t b : extents_)
        if (chance(0.6)) add_input(a, b);
    add_input(extents_[0], extents_[1]);
  }
  void add_input(int64_t rows, int64_t columns) {
    auto const first = static_cast<int64_t>(inputs_.size());
    std::vector<double> own(static_cast<std::size_t>(rows * columns));
    for (double& x : own) x = std::ldexp(static_cast<double>(random_() >> 11), -52) - 1;
    inputs_.insert(inputs_.end(), own.begin(), own.end());
    auto const all = given_ ? *given_ : lazy<double>(array<double>(own));
    auto const part = given_ ? slice(first, first + rows * columns) : slice(_);
    values_.push_back(
        {all(part).reshape(rows, columns), naive::of(rows, columns, [&](int64_t i, int64_t j) {
           long double const v = own[static_cast<std::size_t>(i * columns + j)];
           return element{v, std::abs(v)};
         })});
  }
  /// A value with that many rows and columns (0: any); moved away from the program where nothing else
  /// is to reach it.
  value take(int64_t rows = 0, int64_t columns = 0) {
    std::vector<std::size_t> fit;
    for (std::size_t k = 0; k < values_.size(); ++k) {
      naive const& e = values_[k].expected;
      if ((rows == 0 || e.rows == rows) && (columns == 0 || e.columns == columns)) fit.push_back(k);
    }
    if (fit.empty()) {
      add_input(rows ? rows : extents_[1], columns ? columns : extents_[1]);
      return values_.back();
    }
    // Later values more often: programs grow in depth.
    std::size_t const k = fit[std::max(random_() % fit.size(), random_() % fit.size())];
    if (values_.size() < 3 || chance(0.3)) return values_[k];
    value taken = std::move(values_[k]);
    values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(k));
    return taken;
  }
  value operand(int64_t rows = 0, int64_t columns = 0) {  // transposed now and then
    if (chance(0.7)) return take(rows, columns);
    value v = take(columns, rows);
    return {lazy<double>(std::move(v.planned).T()), transposed(v.expected)};
  }

  void step() {
    double const f = number(), g = number();
    auto const kind = random_() % 11;
    if (kind < 4) {
      value a = operand(), b = operand(a.expected.columns);
      values_.push_back(
          {std::move(a.planned) & std::move(b.planned), product(a.expected, b.expected)});
      keep_small();
      return;
    }
    value a = operand();
    naive const& e = a.expected;
    if (kind == 4) {
      values_.push_back({lazy<double>(f * std::move(a.planned)), scaled(f, e)});
    } else if (kind == 5) {
      value b = operand(e.rows, e.columns);
      values_.push_back({lazy<double>(f * std::move(a.planned) + g * std::move(b.planned)),
                         combined(f, e, g, b.expected)});
    } else if (kind == 6) {
      value bias = operand(1, e.columns);
      values_.push_back({lazy<double>(relu(f * std::move(a.planned) + std::move(bias.planned))),
                         rectified(combined(f, e, 1, bias.expected))});
    } else if (kind == 7) {
      value b = operand(e.rows, e.columns);
      values_.push_back({lazy<double>(std::move(a.planned) - std::move(b.planned)),
                         combined(1, e, -1, b.expected)});
    } else if (kind == 8) {
      bool const down = chance(0.5);
      lazy<double> const of = std::move(a.planned);
      values_.push_back({mean(of, axis(down ? 0 : 1), keepdims), means(e, down)});
      values_.push_back({var(of, axis(down ? 0 : 1), keepdims), variances(e, down)});
      keep_small();
    } else if (kind == 9) {
      value b = operand(e.columns, e.rows);
      values_.push_back({trace(std::move(a.planned) & std::move(b.planned)).reshape(1, 1),
                         traced(product(e, b.expected))});
      keep_small();
    } else {
      bool const down = chance(0.5), across = !down || chance(0.5);
      naive const sums = summed(e, down, across);
      values_.push_back(
          {down && across ? lazy<double>(sum(std::move(a.planned), keepdims))
                          : lazy<double>(sum(std::move(a.planned), axis(down ? 0 : 1), keepdims)),
           sums});
    }
    if (chance(0.1) && !given_)
      check(values_.back().planned, values_.back().expected);  // used again
  }
  /// The last value by its largest, so that no program overflows.
  void keep_small() {
    value last = std::move(values_.back());
    values_.pop_back();
    long double const largest =
        *std::max_element(last.expected.size.begin(), last.expected.size.end());
    double const f = 1 / std::exp2(std::ceil(std::log2(static_cast<double>(largest) + 1)));
    if (f > 1e-3) return values_.push_back(std::move(last));
    values_.push_back({lazy<double>(f * std::move(last.planned)), scaled(f, last.expected)});
  }

  static void check(lazy<double> const& planned, naive const& e) {
    array<double> const result = planned;
    BOOST_REQUIRE(result.shape() == (extents{e.rows, e.columns}));
    double const* const p = result.data();
    for (std::size_t k = 0; k < e.value.size(); ++k)
      if (!(std::abs(p[k] - e.value[k]) <= 1e-13L * (e.size[k] + 1e-300L)))
        BOOST_FAIL("element " << k << " is " << p[k] << ", by loops "
                              << static_cast<double>(e.value[k]) << "; " << explain(planned));
  }

  std::mt19937_64 random_;
  std::optional<lazy<double>> given_;
  std::vector<double> inputs_;
  // Long and thin ones too, or no order of products would be better than another.
  int64_t const extents_[4] = {1, static_cast<int64_t>(2 + random_() % 4),
                               static_cast<int64_t>(6 + random_() % 20),
                               static_cast<int64_t>(30 + random_() % 40)};
  std::vector<value> values_;
};

int program_count() {
  char const* const wanted = std::getenv("SLOTH_PROGRAMS");
  return wanted ? std::atoi(wanted) : 2000;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_programs_agree_with_plain_loops) {
  int const programs = program_count();
  BOOST_TEST_REQUIRE(programs > 0);
  for (int seed = 1; seed <= programs; ++seed) BOOST_TEST_CONTEXT("program " << seed) {
      std::optional<model_scope> there;  // every other one as a GPU would plan it
      if (seed % 2 == 0) there.emplace(h200);
      program(static_cast<std::uint64_t>(seed)).run();
    }
}

BOOST_AUTO_TEST_CASE(compiled_programs_agree_with_plain_loops) {
  int const programs = program_count() / 4;
  for (int seed = 1; seed <= programs; ++seed) BOOST_TEST_CONTEXT("program " << seed) {
      auto const number = static_cast<std::uint64_t>(seed);
      std::optional<model_scope> there;
      if (seed % 2 == 0) there.emplace(h200);
      program plain(number);
      plain.build();
      auto const compiled = compile([&](lazy<double> const& inputs) {
        program again(number, inputs);
        again.build();
        return again.results();
      });
      array<double> const inputs = plain.inputs(), others = 0.5 * inputs;
      plain.check_results(compiled(inputs));
      (void)compiled(others);
      plain.check_results(compiled(inputs));
      plain.check_results(compiled(inputs));
    }
}

BOOST_AUTO_TEST_SUITE_END()
