// Fusion: the same arithmetic operation by operation, an array each, and as one expression. First a
// chain of elementwise operations, then softmax, whose rows stay in the cache between its steps.
//
// Bytes are counted as a pass over memory has to move them: each operand and each result once.
//
// run: --n 100000 --rows 100 --columns 300 --repeat 3
// run: --n 1000 --rows 1 --columns 1 --repeat 1 --type f64
// fails: --n 0
#include <dsl/sloth.hpp>

#include <cxxopts.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

using namespace sloth;

template <expression X>
auto chain(X const& x) {
  return exp(-x * x) * sin(x) + sqrt(abs(x));
}

/// Median over `repeat` runs, in milliseconds; one run before them warms up.
template <class F>
double median(int repeat, F const& f) {
  std::vector<double> times;
  for (int i = 0; i <= repeat; ++i) {
    auto const start = std::chrono::steady_clock::now();
    f();
    std::chrono::duration<double, std::milli> const time = std::chrono::steady_clock::now() - start;
    if (i > 0) times.push_back(time.count());
  }
  std::nth_element(times.begin(), times.begin() + repeat / 2, times.end());
  return times[repeat / 2];
}

void report(const char* title, double apart_ms, double apart_bytes, double fused_ms,
            double fused_bytes, bool same_bits) {
  std::printf("%-22s %10s %10s %8s\n", title, "ms", "MB moved", "GB/s");
  std::printf("  an array a step      %10.2f %10.1f %8.1f\n", apart_ms, 1e-6 * apart_bytes,
              1e-6 * apart_bytes / apart_ms);
  std::printf("  fused                %10.2f %10.1f %8.1f\n", fused_ms, 1e-6 * fused_bytes,
              1e-6 * fused_bytes / fused_ms);
  std::printf("  %.2f times as fast, %s\n\n", apart_ms / fused_ms,
              same_bits ? "the same bits" : "rounded differently");
}

template <class T>
bool run(std::int64_t n, std::int64_t rows, std::int64_t columns, int repeat) {
  generator rng(7);
  double const whole = static_cast<double>(n) * sizeof(T);
  array<T> x = rng.normal<T>(0, 1, {n}), y, z;

  double apart = median(repeat, [&] {
    array<T> a = -x, b = a * x, c = exp(b), d = sin(x), e = c * d, f = abs(x), g = sqrt(f);
    y = e + g;
  });
  double fused = median(repeat, [&] { z = chain(x); });
  std::cout << explain(chain(x)) << "\n";
  // Arrays read and written by -x, a * x, exp, sin, c * d, abs, sqrt, e + g: 2 for each unary
  // operation, 3 for each binary one.
  report("elementwise chain", apart, (2 + 3 + 2 + 2 + 3 + 2 + 2 + 3) * whole, fused, 2 * whole,
         bool(all(y == z)));

  double const matrix = static_cast<double>(rows * columns) * sizeof(T);
  double const column = static_cast<double>(rows) * sizeof(T);
  array<T> s = rng.normal<T>(0, 1, {rows, columns}), p, q;
  apart = median(repeat, [&] {
    array<T> m = max(s, last_axis, keepdims), d = s - m, e = exp(d),
             t = sum(e, last_axis, keepdims);
    p = e / t;
  });
  fused = median(repeat, [&] { q = softmax(s); });
  std::cout << explain(softmax(s)) << "\n";
  // max reads one matrix, s - m and exp read and write one, sum reads one, e / t reads and writes
  // one; m and t are columns, written and read.
  report("softmax of rows", apart, 8 * matrix + 4 * column, fused, 2 * matrix, bool(all(p == q)));
  return bool(all(isclose(y, z))) && bool(all(isclose(p, q)));
}

int main(int argc, char** argv) try {
  std::int64_t n = 0, rows = 0, columns = 0;
  int repeat = 0;
  std::string type;
  cxxopts::Options options("fusion", "Operation by operation against one expression");
  auto add = options.add_options();
  add("n,length", "Elements of the chain; --n too", cxxopts::value(n)->default_value("16000000"),
      "N");
  add("rows", "Rows of the softmax", cxxopts::value(rows)->default_value("4000"), "R");
  add("columns", "Columns of the softmax", cxxopts::value(columns)->default_value("4000"), "C");
  add("type", "f32 or f64", cxxopts::value(type)->default_value("f32"), "TYPE");
  add("repeat", "Runs, of which the median counts", cxxopts::value(repeat)->default_value("7"),
      "K");
  add("help", "Print this text");
  std::vector<const char*> arguments(argv, argv + argc);
  for (auto& a : arguments)  // to cxxopts a name of one letter has one dash
    if (a == std::string_view("--n")) a = "-n";
  auto const given = options.parse(argc, arguments.data());
  if (given.count("help")) return std::cout << options.help(), 0;
  if (n < 1 || rows < 1 || columns < 1 || repeat < 1 || (type != "f32" && type != "f64") ||
      !given.unmatched().empty())
    throw std::invalid_argument("sizes and --repeat take 1 or more, --type f32 or f64; see --help");

  std::printf("%d threads, %s\n\n", host_engine::threads(), type.c_str());
  return (type == "f32" ? run<float> : run<double>)(n, rows, columns, repeat) ? 0 : 1;
} catch (std::exception const& e) {
  std::cerr << "fusion: " << e.what() << "\n";
  return 2;
}
