// Plain Eigen against Sloth: `steps` times x = rand(n, n); x = x & x, on every engine that is there.
// compare/eigen.cpp does the same by hand, with the same random numbers, on the same cores, with
// the same flags. The first run is the cold one; the other runs of all engines take turns.
//
// Exit status: 0; 1 when something failed or a product is wrong; 2 for a wrong argument.
//
// run: --input examples/data/matrix.npy --expect examples/data/product.npy
// run: --n 1,33,200 --repeat 2 --json
// run: --n 64 --type f32 --repeat 1
// fails: --input examples/data/product.npy --expect examples/data/matrix.npy
// fails: --n 10,-3
// fails: --type f16
#include "compare/eigen.hpp"

#include <dsl/sloth.hpp>

#include <cxxopts.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <optional>
#include <string_view>
#include <unistd.h>

using namespace sloth;

#if defined(__clang__)
constexpr const char* compiler = __VERSION__;
#else
constexpr const char* compiler = "g++ " __VERSION__;
#endif

struct settings {
  std::vector<std::int64_t> sizes;
  std::string type, input, output, expect;
  int repeat = 5, steps = 5;
  bool json = false;
};

struct wrong_argument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Nothing when only help was wanted.
std::optional<settings> parse(int argc, char** argv) {
  settings s;
  cxxopts::Options options("compare", "Plain Eigen against Sloth: x = rand(n, n); x = x & x");
  auto add = options.add_options();
  add("n,sizes", "Sizes; --n too", cxxopts::value(s.sizes)->default_value("500,1000,2000"),
      "N,N,...");
  add("type", "Element type: f32 or f64 (with --input: the file's)", cxxopts::value(s.type),
      "TYPE");
  add("steps", "Products in a run", cxxopts::value(s.steps)->default_value("5"), "K");
  add("repeat", "Warm runs, of which the median counts",
      cxxopts::value(s.repeat)->default_value("5"), "R");
  add("json", "Print JSON and nothing else", cxxopts::value(s.json));
  add("input", "x & x of this matrix instead of random ones", cxxopts::value(s.input), "X.npy");
  add("output", "Where to save the product (with --input)", cxxopts::value(s.output), "Y.npy");
  add("expect", "Fail unless the product is this one (with --input)", cxxopts::value(s.expect),
      "Y.npy");
  add("help", "Print this text");
  std::vector<const char*> arguments(argv, argv + argc);
  for (auto& a : arguments)  // to cxxopts a name of one letter has one dash
    if (a == std::string_view("--n")) a = "-n";
  try {
    auto const given = options.parse(argc, arguments.data());
    if (given.count("help")) return std::cout << options.help(), std::nullopt;
    if (!given.unmatched().empty())
      throw wrong_argument("'" + given.unmatched()[0] + "' is no option");
  } catch (wrong_argument const&) {
    throw;
  } catch (std::exception const& e) {  // cxxopts 3.0 and 3.1 call theirs differently
    throw wrong_argument(e.what());
  }
  for (auto n : s.sizes)
    if (n < 1 || n > 100000) throw wrong_argument("--n takes sizes from 1 to 100000");
  if (!s.type.empty() && s.type != "f32" && s.type != "f64")
    throw wrong_argument("--type takes f32 or f64, not '" + s.type + "'");
  if (s.repeat < 1 || s.steps < 1) throw wrong_argument("--repeat and --steps take 1 or more");
  if (s.input.empty() && !(s.output.empty() && s.expect.empty()))
    throw wrong_argument("--output and --expect need --input");
  return s;
}

/// On a terminal only, so that logs and pipes stay clean.
class progress {
 public:
  explicit progress(int total) : total_(total) { draw(); }
  ~progress() {
    if (on_) std::fputs("\r\033[K", stderr);
  }
  void step() { ++done_, draw(); }

 private:
  void draw() const {
    if (!on_) return;
    std::string bar(30, '.');
    std::fill_n(bar.begin(), 30 * done_ / total_, '#');
    std::fprintf(stderr, "\r[%s] %d/%d", bar.c_str(), done_, total_);
  }
  int total_, done_ = 0;
  bool on_ = isatty(STDERR_FILENO) != 0;
};

struct engine {
  std::string name;
  device where;
};

std::vector<engine> engines() {
  std::vector<engine> found{{"sloth host", device::host}};
  try {
    device_scope const probe(device::gpu);
    found.push_back({"sloth gpu", device::gpu});
  } catch (device_error const&) {
  }
  return found;
}

struct result {
  std::int64_t n;
  std::string engine;
  double cold, warm;           // seconds
  double gflops, speedup;      // of the warm runs
  double error, error_bounds;  // relative to |x| |x|, and in units of n eps
};

/// Largest |c - expected| / (|x| |x|). Two products in T, each within n eps / 2 of the exact one,
/// stay within n eps of each other.
template <class T>
double largest_error(array<T> const& x, array<T> const& c, array<T> const& expected) {
  auto const a = abs(x.template astype<double>());
  auto const off = abs(c.template astype<double>() - expected);
  return max(where(c == expected, 0., off / matmul(a, a))).item();
}
template <class T>
double bound(std::int64_t n) {
  return static_cast<double>(n) * std::numeric_limits<T>::epsilon();
}

template <class F>
double seconds(F const& f) {
  auto const start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// One size on all engines: of random matrices, or of `given`. The product goes to `product`.
template <class T>
std::vector<result> measure(std::int64_t n, settings const& s, array<T> const* given,
                            array<T>& product, progress& bar) {
  constexpr std::uint64_t seed = 1;
  int const steps = given ? 1 : s.steps;
  std::shared_ptr<T const> by_eigen;
  array<T> x;

  std::vector<engine> const ours = engines();
  std::vector<std::function<void()>> runs{[&] {
    by_eigen = given ? plain_eigen::square(given->data(), n)
                     : plain_eigen::random_products<T>(n, steps, seed);
  }};
  for (auto const& e : ours)
    runs.push_back([&, e] {
      device_scope const here(e.where);
      if (given) {
        x = *given & *given;
      } else {
        generator rng(seed);
        for (int step = 0; step < steps; ++step) {  // the seed's job
          x = rng.rand<T>(n, n);
          x = x & x;
        }
      }
      (void)x.item(0, 0);  // waits for a device
    });

  std::vector<result> results;
  std::vector<std::vector<double>> warm(runs.size());
  std::vector<array<T>> products;
  for (auto const& run : runs) {
    results.push_back({n, products.empty() ? "eigen" : ours[products.size() - 1].name, seconds(run),
                       0, 0, 0, 0, 0});
    products.push_back(
        products.empty() ? array<T>(std::span<T const>(by_eigen.get(), n * n), {n, n}) : x);
    bar.step();
  }
  for (int r = 0; r < s.repeat; ++r)
    for (std::size_t i = 0; i < runs.size(); ++i) {
      warm[i].push_back(seconds(runs[i]));
      bar.step();
    }

  array<T> last = given ? *given : array<T>();  // what was multiplied last
  generator rng(seed);
  for (int step = 0; !given && step < steps; ++step) last = rng.rand<T>(n, n);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto& of = results[i];
    std::nth_element(warm[i].begin(), warm[i].begin() + s.repeat / 2, warm[i].end());
    of.warm = warm[i][s.repeat / 2];
    of.gflops = 2e-9 * steps * static_cast<double>(n * n * n) / of.warm;
    of.speedup = results[0].warm / of.warm;
    of.error = largest_error<T>(last, products[i], products[0]);
    of.error_bounds = of.error / bound<T>(n);
  }
  product = x;
  return results;
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

void print_table(std::vector<result> const& all, std::string const& what) {
  std::printf("%s; %s; %d threads; Sloth %s, Eigen %s, %s\n\n", what.c_str(), cpu_name().c_str(),
              host_engine::threads(), SLOTH_VERSION, plain_eigen::version().c_str(), compiler);
  std::printf("%6s  %-10s %10s %10s %9s %9s %9s %8s\n", "n", "engine", "cold ms", "warm ms",
              "GFLOP/s", "speed-up", "error", "/ bound");
  for (auto const& r : all)
    std::printf("%6lld  %-10s %10.3f %10.3f %9.1f %9.2f %9.1e %8.4f\n", static_cast<long long>(r.n),
                r.engine.c_str(), 1e3 * r.cold, 1e3 * r.warm, r.gflops, r.speedup, r.error,
                r.error_bounds);
  std::printf(
      "\nspeed-up: over Eigen, warm. error: the largest |C - Eigen's C| / (|x| |x|); bound: "
      "n eps.\n");
}

void print_json(std::vector<result> const& all, std::string const& type, int steps, int repeat,
                double total, double expected) {
  std::printf(
      "{\"cpu\": \"%s\", \"threads\": %d, \"sloth\": \"%s\", \"eigen\": \"%s\", "
      "\"compiler\": \"%s\", \"type\": \"%s\", \"steps\": %d, \"repeat\": %d,\n",
      cpu_name().c_str(), host_engine::threads(), SLOTH_VERSION, plain_eigen::version().c_str(),
      compiler, type.c_str(), steps, repeat);
  if (!std::isnan(total)) std::printf(" \"sum\": %.17g,\n", total);
  if (!std::isnan(expected)) std::printf(" \"expected_error_bounds\": %.6g,\n", expected);
  std::printf(" \"results\": [");
  const char* separator = "\n";
  for (auto const& r : all) {
    std::printf(
        "%s  {\"n\": %lld, \"engine\": \"%s\", \"cold_s\": %.9g, \"warm_s\": %.9g, "
        "\"gflops\": %.6g, \"speedup\": %.6g, \"error\": %.6g, \"error_bounds\": %.6g}",
        separator, static_cast<long long>(r.n), r.engine.c_str(), r.cold, r.warm, r.gflops,
        r.speedup, r.error, r.error_bounds);
    separator = ",\n";
  }
  std::printf("\n ]}\n");
}

template <class T>
int compare(settings const& s, std::optional<array<T>> const& given) {
  std::string const type = sizeof(T) == 4 ? "f32" : "f64";
  std::vector<std::int64_t> const sizes = given ? std::vector{given->shape()[0]} : s.sizes;
  std::vector<result> all;
  array<T> product;
  {
    progress bar(static_cast<int>(sizes.size() * (1 + s.repeat) * (1 + engines().size())));
    for (auto n : sizes)
      for (auto const& r : measure<T>(n, s, given ? &*given : nullptr, product, bar))
        all.push_back(r);
  }
  double total = std::nan(""), expected = total;  // NaN: there is none
  if (given) total = static_cast<double>(sum(product).item());
  if (!s.output.empty()) save(s.output, product);
  if (!s.expect.empty()) {
    array<T> const wanted = load(s.expect);
    if (wanted.shape() != product.shape())
      throw shape_error(s.expect + ": shape " + to_string(wanted.shape()) + ", not " +
                        to_string(product.shape()));
    expected = largest_error<T>(*given, product, wanted) / bound<T>(sizes[0]);
  }

  if (s.json) {
    print_json(all, type, given ? 1 : s.steps, s.repeat, total, expected);
  } else {
    print_table(all, given ? s.input + " " + to_string(given->shape()) + " " + type
                           : std::to_string(s.steps) + " products a run, " + type);
    if (given)
      std::printf("x & x: shape %s, sum %.17g\n", to_string(product.shape()).c_str(), total);
    if (!s.expect.empty()) std::printf("%s: off by %.4f bounds\n", s.expect.c_str(), expected);
  }
  bool right = s.expect.empty() || expected <= 1;
  if (!right) std::fprintf(stderr, "compare: the product is not %s\n", s.expect.c_str());
  for (auto const& r : all)
    if (!(r.error_bounds <= 1)) {
      std::fprintf(stderr, "compare: %s is wrong for n = %lld\n", r.engine.c_str(),
                   static_cast<long long>(r.n));
      right = false;
    }
  return right ? 0 : 1;
}

template <class T>
int compare_file(settings const& s, loaded const& file) {
  if (file.shape().rank() != 2 || file.shape()[0] != file.shape()[1] || file.shape().size() == 0)
    throw io_error(s.input + ": a square matrix is needed, not shape " + to_string(file.shape()));
  return compare<T>(s, file.astype<T>());
}

int main(int argc, char** argv) try {
  auto const s = parse(argc, argv);
  if (!s) return 0;
  plain_eigen::use_threads(host_engine::threads());
  if (s->input.empty()) return s->type == "f32" ? compare<float>(*s, {}) : compare<double>(*s, {});
  loaded const file = load(s->input);
  if (!can_cast_safe(file.type(), dtype::f64))
    throw io_error(s->input + ": real numbers are needed, not " + to_string(file.type()));
  bool const f32 = s->type.empty() ? file.type() == dtype::f32 : s->type == "f32";
  return f32 ? compare_file<float>(*s, file) : compare_file<double>(*s, file);
} catch (wrong_argument const& e) {
  std::cerr << "compare: " << e.what() << "; see --help\n";
  return 2;
} catch (std::exception const& e) {
  std::cerr << "compare: " << e.what() << "\n";
  return 1;
}
