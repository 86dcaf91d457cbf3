// The GPU engine against kernels written by hand (gpu/*.cu), against bare calls of cuBLAS and cuRAND
// and, with --peer, against the array libraries of Python (peers/gpu.py). All sides of a case take
// turns on one stream or wait; the hand-written ones read the very operands that Sloth reads and
// write to memory that is there, Sloth makes a new array each time. Times are those of CUDA events
// around the evaluations, in the families `small` and `compare` the host's until the last is done.
//
// A family a process (--family; bench/gpu.sh runs all). `limit` as a competitor moves the case's
// bytes through 16-byte kernels, the fastest of several; the column `limit` compares with a copy of
// 1 GiB on the device, and `drift` is how much that changed while the case ran.
#include "gpu/cases.hpp"
#include "gpu/streams.hpp"

#include <bench/harness.hpp>
#include <bench/peer.hpp>

#include <memory>
#include <optional>

namespace {

struct family {
  const char* name;
  void (*run)(bench::cases&);
};
constexpr family families[] = {
    {"elementwise", bench::elementwise},
    {"broadcast", bench::broadcast},
    {"reductions", bench::reductions},
    {"rows", bench::rows},
    {"order", bench::order},
    {"functions", bench::functions},
    {"random", bench::random},
    {"gemm", bench::products},
    {"planner", bench::planner},
    {"small", bench::small},
    {"compare", bench::compare},
};

constexpr double case_seconds = 4;  // of all rounds of a case, so that a GPU's hour suffices

bench::limit device_copy() {
  constexpr std::int64_t bytes = std::int64_t{1} << 30;
  auto const from = std::make_shared<sloth::array<float>>(bench::operand<float>({bytes / 4}, 1));
  auto const to = std::make_shared<sloth::array<float>>(bench::operand<float>({bytes / 4}, 2));
  return {2. * bytes, [from, to](int repeat) {
            auto* const out = const_cast<float*>(bench::data(*to));
            return bench::event_seconds(
                [&] { by_hand::streams(bench::stream(), 2, {bench::data(*from)}, 1, out, bytes); },
                repeat);
          }};
}

void describe_device(bench::session& session) {
  cudaDeviceProp device{};
  int runtime = 0;
  if (cudaGetDeviceProperties(&device, 0) != cudaSuccess ||
      cudaRuntimeGetVersion(&runtime) != cudaSuccess)
    throw std::runtime_error("the device does not say what it is");
  session.describe("gpu", device.name);
  std::string driver = "unknown";
  std::ifstream version("/proc/driver/nvidia/version");
  for (std::string word; version >> word;)  // "... Kernel Module 580.95.05 Release ..."
    if (word.find_first_not_of("0123456789.") == std::string::npos &&
        word.find('.') != std::string::npos) {
      driver = word;
      break;
    }
  session.describe("driver", driver);
  session.describe("cuda",
                   std::to_string(runtime / 1000) + "." + std::to_string(runtime % 1000 / 10));
}

}  // namespace

int main(int argc, char** argv) try {
  std::string name;
  std::vector<std::string> commands;
  bench::session session(
      argc, argv, "bench_gpu", "Sloth's GPU engine against hand-written kernels and its peers",
      [&](cxxopts::Options& options) {
        options.add_options()("family",
                              "elementwise, broadcast, reductions, rows, order, functions, random, "
                              "gemm, planner, small or compare",
                              cxxopts::value(name)->default_value("elementwise"), "NAME")(
            "peer", "A command that times the same cases: cupy='python3 gpu.py --library cupy'",
            cxxopts::value(commands), "NAME=COMMAND");
      });
  auto const* const chosen = std::find_if(std::begin(families), std::end(families),
                                          [&](family const& f) { return name == f.name; });
  if (chosen == std::end(families)) {
    std::cerr << "bench_gpu: there is no family '" << name << "'; see --help\n";
    return 2;
  }
  std::vector<std::unique_ptr<bench::peer>> peers;
  std::vector<bench::peer*> all;
  if (session.only_lists()) {
    bench::cases names(session, {});
    chosen->run(names);
    return 0;
  }
  sloth::device_scope const here(sloth::gpu);
  for (auto const& text : commands) {
    std::size_t const at = text.find('=');
    if (at == std::string::npos) throw std::runtime_error("--peer takes NAME=COMMAND");
    peers.push_back(std::make_unique<bench::peer>(text.substr(0, at), text.substr(at + 1)));
    all.push_back(peers.back().get());
  }
  describe_device(session);
  session.set_case_seconds(case_seconds);
  session.set_limit(device_copy());
  bench::cases to_measure(session, all);
  chosen->run(to_measure);
  return session.finish();
} catch (std::exception const& e) {
  std::cerr << "bench_gpu: " << e.what() << "\n";
  return 1;
}
