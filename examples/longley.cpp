// Least squares on Longley's data, whose columns are so nearly dependent that single precision finds
// none of the coefficients: beside the values that NIST certifies, in digits.
//
// run:
#include <dsl/sloth.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>

using namespace sloth;

int main(int argc, char** argv) try {
  array<double> const data = load(argc > 1 ? argv[1] : "examples/data/longley/longley.npy");
  array<double> const y = data(_, 0), x = data(_, slice(1, _));

  // About their means and in units of their spreads the columns are as far from dependent as they
  // can be made; the normal equations square what is left.
  array<double> const middle = mean(x, axis(0)), spread = sloth::std(x, axis(0)),
                      z = (x - middle) / spread, target = y - mean(y);
  array<double> slope = solve(z.T() & z, z.T() & target);
  array<double> const left = target - (z & slope);
  slope += solve(z.T() & z, z.T() & left);
  array<double> const found =
      concatenate(expand_dims(mean(y) - sum(slope * middle / spread), 0), slope / spread);

  // NIST, Statistical Reference Datasets, Longley: the constant, then the columns in order.
  array<double> const certified{-3482258.63459582, 15.0618722713733,  -0.358191792925910e-01,
                                -2.02022980381683, -1.03322686717359, -0.511041056535807e-01,
                                1829.15146461355};
  const char* const names[] = {"constant",     "GNP deflator", "GNP", "unemployed",
                               "armed forces", "population",   "year"};
  array<double> const digits = -log10(maximum(abs(found / certified - 1), 1e-15));
  for (std::int64_t k = 0; k < found.size(); ++k)
    std::printf("%-13s %20.12g  %20.12g  %4.1f digits\n", names[k], found.item(k),
                certified.item(k), digits.item(k));
  return min(digits).item() > 9 ? 0 : 1;
} catch (std::exception const& e) {
  std::cerr << "longley: " << e.what() << "\n";
  return 1;
}
