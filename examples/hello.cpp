// What Sloth is: expressions read like NumPy, wait until a value is asked for, and then run as few
// passes over memory as they can.
#include <dsl/sloth.hpp>

#include <iostream>

using namespace sloth;

int main() {
  generator rng(42);
  array<double> q = rng.normal(0, 1, {4, 8}), k = rng.normal(0, 1, {6, 8}), v = rng.rand(6, 3);

  auto attention = matmul(softmax((q & k.T()) / 8), v);  // a plan: nothing has run
  std::cout << explain(attention);

  array<double> y = attention;  // now it runs
  std::cout << rint(1000 * y) / 1000 << "\n";
  std::cout << "largest " << max(y).item() << ", row " << argmax(y).item() / 3 << "\n";
}
