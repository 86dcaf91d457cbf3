// k-means on the colours of a picture: distances by broadcasting, the new centres as one product. The
// picture is a made one, of six colours with noise, so that the centres to be found are known.
//
// run: --size 200 --out {build}/kmeans.png
// fails: --size 1
#include "picture.hpp"

#include <cxxopts.hpp>

#include <cstdio>
#include <iostream>

using namespace sloth;

int main(int argc, char** argv) try {
  cxxopts::Options options("kmeans", "The colours of a noisy picture");
  options.add_options()("size", "of the picture", cxxopts::value<int>()->default_value("400"))(
      "out", "noisy and found", cxxopts::value<std::string>()->default_value("kmeans.png"))("help",
                                                                                            "");
  auto const given = options.parse(argc, argv);
  if (given.count("help")) return std::cout << options.help(), 0;
  int const n = given["size"].as<int>(), k = 6;
  if (n < 20) throw std::invalid_argument("--size 20 or more");

  // Rings around two points, in six colours and noise.
  array<float> const colours{{230, 60, 50},  {220, 180, 50}, {60, 160, 90},
                             {40, 110, 190}, {120, 60, 150}, {220, 220, 210}};
  auto const at = linspace<float>(-1, 1, n);
  auto const y = expand_dims(at, 1);
  auto const waves = sqrt(square(at - 0.4f) + square(y)) * sqrt(square(at + 0.4f) + square(y));
  array<std::int64_t> const painted = floor(waves * 14).astype<std::int64_t>() % k;
  generator rng(3);
  array<float> const noisy = clip(
      take(colours, ravel(painted), axis(0)) + rng.normal<float>(0, 18, {n * n, 3}), 0.f, 255.f);

  auto const distances = [&](array<float> const& centre) {  // squared, (n * n, centres)
    return sum(square(expand_dims(noisy, 1) - expand_dims(centre, 0)), last_axis);
  };
  array<float> centre = noisy(slice(1));
  while (centre.shape()[0] < k) {  // each next one far from those before it
    std::int64_t const farthest = argmax(min(distances(centre), axis(1))).item();
    centre = concatenate(centre, noisy(slice(farthest, farthest + 1)));
  }
  array<std::int64_t> nearest;
  for (bool settled = false; !settled;) {
    nearest = argmin(distances(centre), axis(1));
    array<float> const member = (expand_dims(nearest, 1) == arange(k)).astype<float>();
    array<float> const moved =
        (member.T() & noisy) / expand_dims(maximum(sum(member, axis(0)), 1.f), 1);
    settled = allclose(moved, centre);
    centre = moved;
  }

  auto const found = take(centre, nearest, axis(0)).reshape(n, n, 3);
  write_png(given["out"].as<std::string>(),
            rint(hstack(noisy.reshape(n, n, 3), found)).astype<std::uint8_t>());
  // Each painted colour has its centre.
  auto const apart = sqrt(sum(square(expand_dims(colours, 1) - expand_dims(centre, 0)), last_axis));
  double const worst = max(min(apart, axis(1))).item();
  std::printf("centres within %.1f of the colours painted, noise 18\n", worst);
  return worst < 5 ? 0 : 1;
} catch (std::exception const& e) {
  std::cerr << "kmeans: " << e.what() << "\n";
  return 1;
}
