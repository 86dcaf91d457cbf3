// The Mandelbrot set: a functor of one's own over a grid that is never in memory, one kernel from the
// coordinates to the counts. Its area, here the share of grid points that stay, is 1.50659.
//
// run: --width 1200 --steps 1000 --out {build}/mandelbrot.png
// fails: --width 0
#include "picture.hpp"

#include <cxxopts.hpp>

#include <cmath>
#include <cstdio>
#include <iostream>

using namespace sloth;

/// Steps of z = z^2 + c, from 0 on, until |z| > 2; at most `most`.
struct steps_until_far {
  int most;
  SLOTH_HD float operator()(double x, double y) const {
    double re = 0, im = 0;
    for (int k = 0; k < most; ++k) {
      double const re2 = re * re, im2 = im * im;
      if (re2 + im2 > 4) return static_cast<float>(k);
      im = 2 * re * im + y;
      re = re2 - im2 + x;
    }
    return static_cast<float>(most);
  }
};

int main(int argc, char** argv) try {
  cxxopts::Options options("mandelbrot", "The Mandelbrot set, its picture and its area");
  options.add_options()("width", "points along the real axis",
                        cxxopts::value<int>()->default_value("2000"))(
      "steps", "after which a point counts as inside",
      cxxopts::value<int>()->default_value("2000"))(
      "out", "the picture", cxxopts::value<std::string>()->default_value("mandelbrot.png"))("help",
                                                                                            "");
  auto const given = options.parse(argc, argv);
  if (given.count("help")) return std::cout << options.help(), 0;
  int const width = given["width"].as<int>(), height = width * 6 / 7;
  int const most = given["steps"].as<int>();
  if (height < 1 || most < 1) throw std::invalid_argument("--width 2 and --steps 1, or more");

  auto const x = linspace(-2.1, 0.7, width);                    // (width)
  auto const y = expand_dims(linspace(-1.2, 1.2, height), 1);   // (height, 1)
  array<float> const count = map(steps_until_far{most}, x, y);  // (height, width)
  write_png(
      given["out"].as<std::string>(),
      coloured(1 - 1 / sqrt(1 + count / 4)) * expand_dims(count < most, 2).astype<std::uint8_t>());

  double const pixel = 2.8 / (width - 1) * 2.4 / (height - 1);
  double const area = pixel * static_cast<double>(count_nonzero(count == most).item());
  std::printf("area %.4f, known to be 1.50659\n", area);
  return std::abs(area - 1.50659) < 0.01 ? 0 : 1;
} catch (std::exception const& e) {
  std::cerr << "mandelbrot: " << e.what() << "\n";
  return 1;
}
