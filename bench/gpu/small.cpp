// Jobs so small that what counts is the time from one evaluation to the next.
#include "cases.hpp"
#include "cublas.hpp"
#include "elementwise.hpp"
#include "random.hpp"

using namespace sloth;
using plain_cublas::arithmetic;

namespace bench {

namespace {

constexpr int chain_length = 100;

/// The same kernel by hand, chain_length times, as a CUDA graph of its own.
class hand_graph {
 public:
  hand_graph(float const* from, float const* with, int64_t n) : from_(from), with_(with), n_(n) {}
  ~hand_graph() {
    if (work_) cudaGraphExecDestroy(work_);
  }
  hand_graph(hand_graph const&) = delete;
  hand_graph& operator=(hand_graph const&) = delete;
  void launch(float* z) {
    if (!work_) record(z);
    cudaGraphLaunch(work_, stream());
  }

 private:
  void record(float* z) {
    cudaStream_t recording;
    cudaGraph_t kernels;
    cudaStreamCreate(&recording);
    cudaStreamBeginCapture(recording, cudaStreamCaptureModeRelaxed);
    for (int i = 0; i < chain_length; ++i)
      by_hand::multiply_add(recording, i == 0 ? from_ : z, with_, z, n_);
    cudaStreamEndCapture(recording, &kernels);
    cudaGraphInstantiate(&work_, kernels, 0);
    cudaGraphDestroy(kernels);
    cudaStreamDestroy(recording);
  }

  float const *from_, *with_;
  int64_t n_;
  cudaGraphExec_t work_ = nullptr;
};

}  // namespace

void small(cases& all) {
  // Kernels that nothing fuses, since each is a lazy: what is measured is a launch in a replay.
  all.measure("replay/f32/100x1024", [] {
    int64_t const n = 1024;
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    auto const by_graph = std::make_shared<hand_graph>(data(x), data(y), n);
    auto const replayed = compile([](auto const& from, auto const& with) {
      lazy<float> z = from;
      for (int i = 0; i < chain_length; ++i) z = lazy<float>(z * with + z);
      return z;
    });
    return comparison<float>{.bytes = chain_length * 12. * n,
                             .flops = chain_length * 2. * n,
                             .sloth = [=] { return replayed(x, y); },
                             .reference = by<float>(
                                 "graph", [=](float* z) { by_graph->launch(z); }, 0.95),
                             .others = {},
                             .within = {},
                             .time = clock::host};
  });
  all.measure("multiply_add/f32/1024", [] {
    constexpr double most_over_launch = 1.6e-6;  // seconds
    int64_t const n = 1024;
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    return comparison<float>{.bytes = 12. * n,
                             .flops = 2. * n,
                             .sloth = [=] { return array<float>(x * y + x); },
                             .reference = by<float>(
                                 "launch",
                                 [=, from = data(x), with = data(y)](float* z) {
                                   by_hand::multiply_add(stream(), from, with, z, n);
                                 },
                                 0, most_over_launch),
                             .others = {},
                             .within = {},
                             .time = clock::host};
  });
  all.measure("products/f64/5x256", [] {
    int64_t const n = 256;
    double const d = static_cast<double>(n);
    std::array<array<double>, 5> x;
    std::array<double const*, 5> from;
    for (std::size_t k = 0; k < x.size(); ++k) {
      x[k] = operand<double>({n, n}, k + 1);
      from[k] = data(x[k]);
    }
    return comparison<double>{
        .bytes = 5 * 2 * 8 * d * d,
        .flops = 5 * 2 * d * d * d,
        .sloth =
            [=] {
              auto all = eval(x[0] & x[0], x[1] & x[1], x[2] & x[2], x[3] & x[3], x[4] & x[4]);
              return std::get<4>(all);
            },
        .reference = by<double>(
            "cublas",
            [=](double* z) {
              for (auto const* m : from)
                plain_cublas::product(stream(), arithmetic::f64, n, n, n, m, m, z);
            },
            0.95),
        .others = {},
        .within = {1e-12, 16},
        .time = clock::host};
  });
}

// The article's loop: five times new random numbers and their product with themselves.
void compare(cases& all) {
  for (int64_t n : {5000, 15000})
    all.measure("compare/f64/" + std::to_string(n), [=] {
      constexpr int steps = 5;
      constexpr std::uint64_t seed = 1;
      double const d = static_cast<double>(n);
      auto const drawn = std::make_shared<array<double>>(operand<double>({n, n}, 1));
      return comparison<double>{.bytes = steps * 3 * 8 * d * d,
                                .flops = steps * 2 * d * d * d,
                                .sloth =
                                    [=] {
                                      generator rng(seed);
                                      array<double> x;
                                      for (int step = 0; step < steps; ++step) {
                                        x = rng.rand(n, n);
                                        x = x & x;
                                      }
                                      return x;
                                    },
                                .reference = by<double>(
                                    "curand, cublas",
                                    [=](double* z) {
                                      auto* const x = const_cast<double*>(data(*drawn));
                                      plain_curand::seed(stream(), seed);
                                      for (int step = 0; step < steps; ++step) {
                                        plain_curand::uniform(x, n * n);
                                        plain_cublas::product(stream(), arithmetic::f64, n, n, n, x,
                                                              x, z);
                                      }
                                    },
                                    0.98),
                                .others = {},
                                .within = {1e-11, 1},
                                .time = clock::host};
    });
}

}  // namespace bench
