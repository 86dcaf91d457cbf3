// A project of its own that uses Sloth.
#include <dsl/sloth.hpp>

#include <iostream>

int main() {
  using namespace sloth;
  array<double> x = ones(4, 4);
  array<double> y = (x & x) + 2 * x;
  std::cout << sum(y).item() << '\n';  // 16 * (4 + 2)
}
