// The heat equation on a square whose edge is kept cold: explicit steps on views, in place. The start
// is a sum of sine waves, each of which fades by a known factor a step, so that the end is known too.
//
// run: --size 100 --steps 200 --out {build}/heat.png
#include "picture.hpp"

#include <cxxopts.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>

using namespace sloth;

constexpr double pi = 3.1415926535897932;

struct wave {
  int across, down;
  double height;
};
constexpr wave waves[] = {{1, 1, 1.0}, {3, 2, 0.7}, {5, 7, 0.6}, {9, 14, 0.5}};

/// The waves on the points i / n, each `left(wave)` of its height.
template <class F>
array<double> sum_of_waves(int n, F const& left) {
  auto const at = arange(n + 1) * (pi / n);
  array<double> sum = zeros(n + 1, n + 1);
  for (wave const& w : waves)
    sum += w.height * left(w) * outer(sin(w.down * at), sin(w.across * at));
  return sum;
}

int main(int argc, char** argv) try {
  cxxopts::Options options("heat", "The heat equation on a square");
  options.add_options()("size", "steps of the grid along an edge",
                        cxxopts::value<int>()->default_value("300"))(
      "steps", "in time", cxxopts::value<int>()->default_value("2000"))(
      "out", "the picture", cxxopts::value<std::string>()->default_value("heat.png"))("help", "");
  auto const given = options.parse(argc, argv);
  if (given.count("help")) return std::cout << options.help(), 0;
  int const n = given["size"].as<int>(), steps = given["steps"].as<int>();
  if (n < 2 || steps < 0) throw std::invalid_argument("--size 2 and --steps 0, or more");

  double const r = 0.2;  // of a neighbour's difference, a step
  array<double> u = sum_of_waves(n, [](wave const&) { return 1.0; });
  array<double> const start = u;
  auto const inner = slice(1, -1), before = slice(_, -2), behind = slice(2, _);
  for (int step = 0; step < steps; ++step)
    u(inner, inner) += r * (u(before, inner) + u(behind, inner) + u(inner, before) +
                            u(inner, behind) - 4 * u(inner, inner));

  array<double> const known = sum_of_waves(n, [&](wave const& w) {
    double const down = std::sin(w.down * pi / (2 * n)), across = std::sin(w.across * pi / (2 * n));
    return std::pow(1 - 4 * r * (down * down + across * across), steps);
  });
  write_png(given["out"].as<std::string>(), coloured(0.5 + 0.35 * hstack(start, u)));

  double const wrong = max(abs(u - known)).item();
  std::printf("%d steps: off by %.1e at most, of %.3f\n", steps, wrong, max(known).item());
  return wrong < 1e-12 ? 0 : 1;
} catch (std::exception const& e) {
  std::cerr << "heat: " << e.what() << "\n";
  return 1;
}
