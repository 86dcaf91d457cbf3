// Monte Carlo beside closed forms: pi by points in a square, and the price of a European call by paths
// of Black and Scholes' model. Paths live in one fused kernel, from the random numbers to the mean.
// The picture: how many of 4096 runs have which mean so far, after 1, 2, ... 1024 paths.
//
// run: --paths 4000000 --out {build}/black_scholes.png
#include "picture.hpp"

#include <cxxopts.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>

using namespace sloth;

constexpr double spot = 100, strike = 105, rate = 0.02, sigma = 0.25, years = 1;
double const drift = (rate - sigma * sigma / 2) * years, spread = sigma * std::sqrt(years);
double const discount = std::exp(-rate * years);

double closed_form() {
  auto const below = [](double x) { return std::erfc(-x / std::sqrt(2.)) / 2; };
  double const d = (std::log(spot / strike) + drift) / spread;
  return spot * below(d + spread) - discount * strike * below(d);
}

/// What the call is worth today on paths that end by these standard normal numbers.
template <expression X>
auto payoff(X const& normal) {
  return discount * maximum(spot * exp(drift + spread * normal) - strike, 0);
}

/// Whether an estimate is within five standard errors.
bool agrees(const char* what, double estimate, double error, double known) {
  std::printf("%-5s %.5f +- %.5f, known to be %.5f\n", what, estimate, error, known);
  return std::abs(estimate - known) < 5 * error;
}

int main(int argc, char** argv) try {
  cxxopts::Options options("black_scholes", "Monte Carlo beside closed forms");
  options.add_options()("paths", "", cxxopts::value<std::int64_t>()->default_value("20000000"))(
      "seed", "", cxxopts::value<std::uint64_t>()->default_value("1"))(
      "out", "the picture", cxxopts::value<std::string>()->default_value("black_scholes.png"))(
      "help", "");
  auto const given = options.parse(argc, argv);
  if (given.count("help")) return std::cout << options.help(), 0;
  auto const n = given["paths"].as<std::int64_t>();
  auto const rows = static_cast<double>(n);
  generator rng(given["seed"].as<std::uint64_t>());

  double const inside = mean(square(rng.rand(n)) + square(rng.rand(n)) < 1).item();
  bool good = agrees("pi", 4 * inside, 4 * std::sqrt(inside * (1 - inside) / rows), std::acos(-1.));

  auto const worth = payoff(rng.standard_normal({n}));
  array<double> price, variance;
  std::tie(price, variance) = eval(mean(worth), var(worth));
  good = agrees("call", price.item(), std::sqrt(variance.item() / rows), closed_form()) && good;

  // Means so far, by run and paths, as rows of the picture; its columns are the numbers of paths.
  int const runs = 4096, paths = 1024, height = 512;
  array<double> const so_far =
      cumsum(payoff(rng.standard_normal({runs, paths})), axis(1)) / (1 + arange(paths));
  auto const row = clip(height / 2 - (so_far - closed_form()) * 32, 0, height - 1);
  auto const cell = row.astype<std::int64_t>() * paths + arange(paths);
  auto const count = bincount(ravel(cell), height * paths).reshape(height, paths);
  write_png(given["out"].as<std::string>(), coloured(log1p(count) / std::log(200.)));
  return good ? 0 : 1;
} catch (std::exception const& e) {
  std::cerr << "black_scholes: " << e.what() << "\n";
  return 1;
}
