// A network of two layers learns to read handwritten digits: every step of the training is one
// compiled function, planned once. The picture: the digits that it had not seen and read wrongly.
//
// run: --epochs 40 --out {build}/digits.png
// fails: --data no_such_file.npy
#include "picture.hpp"

#include <cxxopts.hpp>

#include <cstdio>
#include <iostream>

using namespace sloth;

/// The hidden layer, and the logarithm of each digit's probability.
template <expression X, expression A, expression B>
auto forward(X const& x, A const& a, B const& b) {
  auto const hidden = relu(x & a);
  return std::pair(hidden, log_softmax(hidden & b, axis(1)));
}

int main(int argc, char** argv) try {
  cxxopts::Options options("digits", "A network that reads handwritten digits");
  options.add_options()("epochs", "", cxxopts::value<int>()->default_value("40"))(
      "hidden", "", cxxopts::value<int>()->default_value("64"))(
      "data", "", cxxopts::value<std::string>()->default_value("examples/data/digits/digits.npy"))(
      "out", "the picture", cxxopts::value<std::string>()->default_value("digits.png"))("help", "");
  auto const given = options.parse(argc, argv);
  if (given.count("help")) return std::cout << options.help(), 0;
  int const epochs = given["epochs"].as<int>(), hidden = given["hidden"].as<int>();

  generator rng(1);
  array<std::uint8_t> rows = load(given["data"].as<std::string>());
  rng.shuffle(rows);
  array<float> const seen = ones<float>(rows.shape()[0], 65);  // the last column: a bias
  array<float> image = seen;
  image(_, slice(64)) = rows(_, slice(64)).astype<float>() / 16;
  array<std::int64_t> const digit = rows(_, 64).astype<std::int64_t>();
  array<float> const wanted = (expand_dims(digit, 1) == arange(10)).astype<float>();
  auto const train = slice(1500), test = slice(1500, _);

  array<float> a = 0.2f * rng.normal<float>(0, 1, {65, hidden});
  array<float> b = 0.2f * rng.normal<float>(0, 1, {hidden, 10});
  auto const step = compile([](auto const& x, auto const& t, auto const& a, auto const& b) {
    auto const [h, logs] = forward(x, a, b);
    auto const wrong = exp(logs) - t;  // the loss's gradient before the softmax
    float const rate = 0.2f / 100;
    return std::tuple(a - rate * matmul(x.T(), where(h > 0, matmul(wrong, b.T()), 0.f)),
                      b - rate * matmul(h.T(), wrong));
  });
  for (int epoch = 0; epoch < epochs; ++epoch)
    for (int k = 0; k < 1500; k += 100)
      std::tie(a, b) = step(array<float>(image(slice(k, k + 100))),
                            array<float>(wanted(slice(k, k + 100))), a, b);

  auto const read = [&](slice part) -> array<std::int64_t> {
    return argmax(forward(array<float>(image(part)), a, b).second, axis(1));
  };
  auto const right = [&](slice part) { return mean(read(part) == digit(part)).item(); };
  std::printf("right: %.1f %% of 1500 seen, %.1f %% of %d others\n", 100 * right(train),
              100 * right(test), static_cast<int>(digit.shape()[0] - 1500));

  array<float> const missed =
      take(image(test, slice(64)), flatnonzero(read(test) != digit(test)), axis(0));
  auto const count = missed.shape()[0];
  auto const strip = transpose(missed.reshape(count, 8, 8), {1, 0, 2}).reshape(8, 8 * count);
  if (count > 0)
    write_png(given["out"].as<std::string>(), coloured(repeat(repeat(strip, 8, 0), 8, 1)));
  return right(test) > 0.92 ? 0 : 1;  // 96 % in eight splits, and three deviations of 297 digits
} catch (std::exception const& e) {
  std::cerr << "digits: " << e.what() << "\n";
  return 1;
}
