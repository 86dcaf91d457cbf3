// Prints test/data/random_curand.inc, the known answers of test/random.cpp, from cuRAND's host
// generator (which needs the CUDA toolkit and no GPU):
//   g++ -std=c++20 -O2 -I. -I$CUDA/include test/data/random_curand.cpp -L$CUDA/lib64 -lcurand
//   ./a.out > test/data/random_curand.inc
// The committed file is from cuRAND 10.4 (CUDA 13.0) and glibc 2.36.
#include <curand.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

void check(curandStatus_t status) {
  if (status == CURAND_STATUS_SUCCESS) return;
  std::fprintf(stderr, "curandStatus_t %d\n", static_cast<int>(status));
  std::exit(1);
}

curandGenerator_t host_generator(std::uint64_t seed) {
  curandGenerator_t g;
  check(curandCreateGeneratorHost(&g, CURAND_RNG_PSEUDO_PHILOX4_32_10));
  check(curandSetPseudoRandomGeneratorSeed(g, seed));
  return g;
}

constexpr std::uint64_t seeds[] = {0, 42, 0x123456789ABCDEFu, ~std::uint64_t{0}};
constexpr std::int64_t indices[] = {0,     1,      2,      3,      4,      7,     1023,
                                    65537, 262142, 262143, 262144, 262147, 524291};
constexpr std::int64_t longest = 524292;

// An offset in the float stream is set, far ones too.
void floats() {
  constexpr std::uint64_t offsets[] = {0, 6, 262141, (std::uint64_t{1} << 34) + 2,
                                       (std::uint64_t{1} << 53) + 5};
  std::vector<float> u(longest), z(longest);
  std::puts("inline constexpr answer<float> floats[] = {");
  for (auto seed : seeds) {
    for (auto offset : offsets) {
      auto g = host_generator(seed);
      check(curandSetGeneratorOffset(g, offset));
      check(curandGenerateUniform(g, u.data(), u.size()));
      check(curandSetGeneratorOffset(g, offset));
      check(curandGenerateNormal(g, z.data(), z.size(), 0, 1));
      check(curandDestroyGenerator(g));
      for (auto i : indices) {
        std::printf("    {0x%llxu, 0x%llxu, %lld, %a, %a},\n",
                    static_cast<unsigned long long>(seed), static_cast<unsigned long long>(offset),
                    static_cast<long long>(i), static_cast<double>(u[i]),
                    static_cast<double>(z[i]));
      }
    }
  }
  std::puts("};");
}

// One in the double stream is reached by drawing: curandSetGeneratorOffset leads elsewhere.
void doubles() {
  constexpr std::uint64_t offsets[] = {0, 6, 262141};
  std::vector<double> u(longest), z(longest);
  std::puts("inline constexpr answer<double> doubles[] = {");
  for (auto seed : seeds) {
    for (auto offset : offsets) {
      auto g = host_generator(seed);
      if (offset != 0) check(curandGenerateUniformDouble(g, u.data(), offset));
      check(curandGenerateUniformDouble(g, u.data(), u.size()));
      check(curandDestroyGenerator(g));
      g = host_generator(seed);
      if (offset != 0) check(curandGenerateUniformDouble(g, z.data(), offset));
      check(curandGenerateNormalDouble(g, z.data(), z.size(), 0, 1));
      check(curandDestroyGenerator(g));
      for (auto i : indices) {
        std::printf("    {0x%llxu, 0x%llxu, %lld, %a, %a},\n",
                    static_cast<unsigned long long>(seed), static_cast<unsigned long long>(offset),
                    static_cast<long long>(i), u[i], z[i]);
      }
    }
  }
  std::puts("};");
}

}  // namespace

int main() {
  std::puts("// Written by test/data/random_curand.cpp: {seed, offset, i, uniform, normal}.");
  floats();
  doubles();
}
