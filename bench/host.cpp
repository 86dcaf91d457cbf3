// The host engine against hand-written Eigen (host/eigen.cpp, the same flags) and, with --peer,
// against NumPy (peers/numpy_host.py). All sides of a case take turns; Eigen reads the very operands
// that Sloth reads and writes to memory that is there, Sloth makes a new array each time.
//
// Three families, one a process, since the number of threads is fixed at first use: `one-thread`
// (SLOTH_THREADS=1; Eigen's arrays know no other), `all-cores` (products; Eigen's with OpenMP) and
// `functions` (host/functions.cpp: all cores, against NumPy alone). bench/host.sh runs them. `limit` is a triad by hand over 2^24 floats on one thread (all cores: on
// all of them); `drift` how much it changed while the case ran.
#include "host/eigen.hpp"
#include "host/functions.hpp"

#include <bench/harness.hpp>
#include <bench/peer.hpp>
#include <dsl/sloth.hpp>

#include <optional>

using namespace sloth;
using bench::measured_case;
using bench::timed;
using std::int64_t;

namespace {

constexpr double contiguous_target = 0.95, broadcast_target = 0.9, numpy_target = 3;

class cases {
 public:
  cases(bench::session& to, bench::peer* numpy) : to_(to), numpy_(numpy) {}

  /// `ours` returns an array or a lazy of the same values as `theirs` writes to its argument.
  template <class T, class Ours, class Theirs>
  void compare(std::string const& name, double bytes, double flops, int64_t results, Ours ours,
               Theirs theirs, double target, double over_numpy = 0,
               std::function<void(T*)> const& also = {}) {
    array<T> out(extents{results});
    T* const memory = out.data();
    theirs(memory);
    require_equal(name, array<T>(ours()), out);
    measured_case c{name,
                    bytes,
                    flops,
                    {timed("sloth", [ours] { array<T> const z = ours(); }),
                     timed(
                         "eigen", [theirs, memory] { theirs(memory); }, target)}};
    if (also) c.alternatives.push_back(timed("eigen blocked", [also, memory] { also(memory); }));
    if (numpy_ != nullptr && numpy_->knows(name))
      c.alternatives.push_back(numpy_->measures(name, over_numpy));
    to_.run(c);
  }
  [[nodiscard]] bool wanted(std::string const& name) const { return to_.wanted(name); }

 private:
  template <class T>
  static void require_equal(std::string const& name, array<T> const& a, array<T> const& b) {
    T const* const x = a.data();
    T const* const y = b.data();
    if (a.size() != b.size()) throw std::runtime_error(name + ": another size");
    for (int64_t i = 0; i < a.size(); ++i)
      if (!(std::abs(x[i] - y[i]) <= T(2e-3) * (std::abs(y[i]) + T(1e-3))))
        throw std::runtime_error(name + ": Sloth and Eigen differ at " + std::to_string(i) + ": " +
                                 std::to_string(x[i]) + ", " + std::to_string(y[i]));
  }

  bench::session& to_;
  bench::peer* numpy_;
};

std::string of_size(std::string const& name, const char* type, std::string const& size) {
  return name + "/" + type + "/" + size;
}

template <class T>
constexpr const char* type_name = sizeof(T) == 4 ? "f32" : "f64";

/// Uniform in (-1, 1].
template <class T>
array<T> operand(extents const& shape, std::uint64_t seed) {
  return generator(seed).uniform<T>(-1, 1, shape);
}

template <class T>
void chain1(cases& all, int64_t n, std::string const& size, double target, double over_numpy) {
  std::string const name = of_size("chain1", type_name<T>, size);
  if (!all.wanted(name)) return;
  auto const x = operand<T>({n}, 1), y = operand<T>({n}, 2);
  all.compare<T>(
      name, 3. * sizeof(T) * static_cast<double>(n), 5. * static_cast<double>(n), n,
      [=] { return array<T>(2.5 * x + y - 0.5 * x * y); },
      [=](T* z) { plain_eigen::chain1(x.data(), y.data(), z, n); }, target, over_numpy);
}

template <class T>
void whole_sum(cases& all) {
  std::string const name = of_size("sum", type_name<T>, "2^24");
  if (!all.wanted(name)) return;
  int64_t const n = 1 << 24;
  auto const x = operand<T>({n}, 1), y = array<T>(operand<T>({n}, 2) + 2);
  all.compare<T>(
      name, 2. * sizeof(T) * n, 3. * n, 1, [=] { return sum(x * x + y); },
      [=](T* z) { *z = plain_eigen::sum_of_squares(x.data(), y.data(), n); }, contiguous_target);
}

void chains(cases& all) {
  for (int power : {12, 16, 20, 24}) {
    std::string const size = "2^" + std::to_string(power);
    chain1<float>(all, int64_t{1} << power, size, contiguous_target,
                  power >= 20 ? numpy_target : 0);
    chain1<double>(all, int64_t{1} << power, size, contiguous_target,
                   power >= 20 ? numpy_target : 0);
  }
  for (int64_t n : {16, 512}) chain1<float>(all, n, std::to_string(n), 0, 0);

  int64_t const n = 1 << 24;
  double const elements = static_cast<double>(n);
  auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
  if (std::string const name = of_size("chain6", "f32", "2^24"); all.wanted(name))
    all.compare<float>(
        name, 12 * elements, 6 * elements, n,
        [=] { return array<float>((x + y) * (x - y) / (x * x + 1)); },
        [=](float* z) { plain_eigen::chain6(x.data(), y.data(), z, n); }, contiguous_target,
        numpy_target);
  if (std::string const name = of_size("heavy", "f32", "2^24"); all.wanted(name))
    all.compare<float>(
        name, 12 * elements, 8 * elements, n,
        [=] { return array<float>(exp(-x * x) * sin(y) + sqrt(abs(x))); },
        [=](float* z) { plain_eigen::heavy(x.data(), y.data(), z, n); }, contiguous_target,
        numpy_target);
  if (std::string const name = of_size("relu", "f32", "2^24"); all.wanted(name))
    all.compare<float>(
        name, 12 * elements, 2 * elements, n, [=] { return array<float>(relu(x - y)); },
        [=](float* z) { plain_eigen::relu_difference(x.data(), y.data(), z, n); },
        contiguous_target);
  whole_sum<float>(all);
  whole_sum<double>(all);
}

void matrices(cases& all) {
  int64_t const n = 4096;
  double const elements = static_cast<double>(n * n);
  auto const m = operand<float>({n, n}, 1), m2 = operand<float>({n, n}, 2);
  auto const row = operand<float>({n}, 3), column = operand<float>({n, 1}, 4);
  auto const named = [](const char* name) { return of_size(name, "f32", "4096"); };
  if (all.wanted(named("row_column")))
    all.compare<float>(
        named("row_column"), 8 * elements, 2 * elements, n * n,
        [=] { return array<float>(m * row + column); },
        [=](float* z) { plain_eigen::row_column(m.data(), row.data(), column.data(), z, n, n); },
        broadcast_target);
  if (all.wanted(named("row")))
    all.compare<float>(
        named("row"), 8 * elements, elements, n * n, [=] { return array<float>(m + row); },
        [=](float* z) { plain_eigen::row_broadcast(m.data(), row.data(), z, n, n); },
        broadcast_target);
  if (all.wanted(named("column")))
    all.compare<float>(
        named("column"), 8 * elements, elements, n * n, [=] { return array<float>(m * column); },
        [=](float* z) { plain_eigen::column_broadcast(m.data(), column.data(), z, n, n); },
        broadcast_target);
  if (all.wanted(named("transpose_add")))
    all.compare<float>(
        named("transpose_add"), 12 * elements, elements, n * n,
        [=] { return array<float>(m.T() + m2); },
        [=](float* z) { plain_eigen::transpose_add(m.data(), m2.data(), z, n); }, broadcast_target,
        0, [=](float* z) { plain_eigen::transpose_add_blocked(m.data(), m2.data(), z, n); });
  if (all.wanted(named("transpose_scale")))
    all.compare<float>(
        named("transpose_scale"), 8 * elements, elements, n * n,
        [=] { return array<float>(2 * m.T()); },
        [=](float* z) { plain_eigen::transpose_scale(m.data(), z, n); }, broadcast_target, 0,
        [=](float* z) { plain_eigen::transpose_scale_blocked(m.data(), z, n); });
  auto const positive = array<float>(m + 2);
  if (all.wanted(named("row_sums")))
    all.compare<float>(
        named("row_sums"), 4 * elements, elements, n, [=] { return sum(positive, axis(1)); },
        [=](float* z) { plain_eigen::row_sums(positive.data(), z, n, n); }, contiguous_target);
  if (all.wanted(named("column_sums")))
    all.compare<float>(
        named("column_sums"), 4 * elements, elements, n, [=] { return sum(positive, axis(0)); },
        [=](float* z) { plain_eigen::column_sums(positive.data(), z, n, n); }, contiguous_target);
}

void rows(cases& all) {
  for (auto const& [rows, columns] : {std::pair<int64_t, int64_t>{4096, 4096}, {100000, 128}}) {
    std::string const size = std::to_string(rows) + "x" + std::to_string(columns);
    double const elements = static_cast<double>(rows * columns);
    auto const m = operand<float>({rows, columns}, 1);
    int64_t const r = rows, c = columns;
    if (std::string const name = of_size("softmax", "f32", size); all.wanted(name))
      all.compare<float>(
          name, 8 * elements, 5 * elements, rows * columns,
          [=] {
            auto const e = exp(m - max(m, last_axis, keepdims));
            return array<float>(e / sum(e, last_axis, keepdims));
          },
          [=](float* z) { plain_eigen::softmax(m.data(), z, r, c); }, contiguous_target,
          numpy_target);
    if (std::string const name = of_size("layer_norm", "f32", size); all.wanted(name))
      all.compare<float>(
          name, 8 * elements, 7 * elements, rows * columns,
          [=] {
            return array<float>((m - mean(m, last_axis, keepdims)) /
                                sqrt(var(m, last_axis, keepdims) + 1e-5));
          },
          [=](float* z) { plain_eigen::layer_norm(m.data(), z, r, c); }, contiguous_target,
          numpy_target);
  }
}

template <class T>
void products(cases& all) {
  for (int64_t n : {256, 1000, 2000}) {
    double const d = static_cast<double>(n);
    auto const x = array<T>(operand<T>({n, n}, 1) + 1), w = array<T>(operand<T>({n, n}, 2) + 1);
    std::string const name = of_size("product", type_name<T>, std::to_string(n));
    if (all.wanted(name))
      all.compare<T>(
          name, 3 * sizeof(T) * d * d, 2 * d * d * d, n * n, [=] { return x & x; },
          [=](T* z) { plain_eigen::product(x.data(), x.data(), z, n); }, contiguous_target);
    std::string const transposed = of_size("product_transposed", type_name<T>, std::to_string(n));
    if (all.wanted(transposed))
      all.compare<T>(
          transposed, 3 * sizeof(T) * d * d, 2 * d * d * d, n * n, [=] { return x & w.T(); },
          [=](T* z) { plain_eigen::product_transposed(x.data(), w.data(), z, n); },
          contiguous_target);
  }
}

/// z = 2.5 x + y by hand, in as many parts as threads.
bench::limit triad() {
  int64_t const n = 1 << 24;
  auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
  auto z = std::make_shared<array<float>>(extents{n});
  struct parts {
    float const *x, *y;
    float* z;
    int64_t n, count;
    static void run(void* context, int64_t part) {
      auto const& p = *static_cast<parts*>(context);
      float const* const x = p.x;
      float const* const y = p.y;
      float* const z = p.z;
#pragma GCC ivdep
      for (int64_t i = p.n / p.count * part; i < p.n / p.count * (part + 1); ++i)
        z[i] = 2.5f * x[i] + y[i];
    }
  };
  auto const job = [=] {
    parts p{x.data(), y.data(), z->data(), n, host_engine::threads()};
    host_engine::parallel_for(p.count, n, parts::run, &p);
  };
  return {12. * static_cast<double>(n), timed("triad", job).seconds};
}

}  // namespace

int main(int argc, char** argv) try {
  std::string family, command;
  bench::session session(
      argc, argv, "bench_host", "Sloth's host engine against hand-written Eigen and NumPy",
      [&](cxxopts::Options& options) {
        options.add_options()("family", "one-thread, all-cores or functions",
                              cxxopts::value(family)->default_value("one-thread"), "NAME")(
            "peer", "A command that times the same cases: python3 bench/peers/numpy_host.py",
            cxxopts::value(command), "COMMAND");
      });
  if (family != "one-thread" && family != "all-cores" && family != "functions") {
    std::cerr << "bench_host: --family takes one-thread, all-cores or functions\n";
    return 2;
  }
  if (family == "one-thread") setenv("SLOTH_THREADS", "1", 1);  // before its first use
  device_scope const here(host);
  plain_eigen::use_threads(host_engine::threads());
  std::optional<bench::peer> numpy;
  if (!command.empty()) numpy.emplace("numpy", command);
  session.set_limit(triad());
  cases all(session, numpy ? &*numpy : nullptr);
  if (family == "functions") {
    session.set_case_seconds(0.8);  // the family in 4 minutes
    measure_functions(session, numpy ? &*numpy : nullptr);
  } else if (family == "one-thread") {
    chains(all);
    matrices(all);
    rows(all);
  } else {
    products<float>(all);
    products<double>(all);
  }
  return session.finish();
} catch (std::exception const& e) {
  std::cerr << "bench_host: " << e.what() << "\n";
  return 1;
}
