// Independent jobs, each x = rand(n, n); x = x & x, in four ways: one by one, a thread a job, a
// process a job, and all of them in one evaluation. When is each done, and when are all?
//
// A way's clock starts before its first job and stops when its threads have joined and its processes
// have exited. A job is done when the sum of its product is known, for which the host waits. Each
// process starts from nothing: program, threads, on a GPU a CUDA context and cuBLAS, all of it on the
// clock. The other ways run in this process, where a job before them has started the engine; what
// that one took is printed. On the host every job takes all cores, whoever else does too.
//
// Job k draws from a generator of seed + k, so every way has the same numbers and must find the sums
// that x's row and column sums promise. Exit status: 0; 1 when something failed or a sum is wrong; 2
// for a wrong argument.
//
// run: --n 64 --repeat 1
// run: --n 33 --jobs 3 --seed 7 --device host --json
// run: --n 1 --jobs 1
// fails: --n 0
// fails: --jobs 0
// fails: --device abacus
#include "concurrency/processes.hpp"

#include <dsl/sloth.hpp>

#include <cxxopts.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <future>
#include <iostream>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

using namespace sloth;

struct settings {
  std::int64_t n;
  int jobs, repeat, only;  // only: job `only` and no other, as a process of its own; else -1
  std::uint64_t seed;
  std::string engine;
  bool json = false;
};

/// Nothing when only help was wanted; throws for a wrong argument.
std::optional<settings> parse(int argc, char** argv) {
  settings s;
  cxxopts::Options options("concurrency", "Jobs x = rand(n, n); x = x & x, in four ways");
  auto add = options.add_options();
  add("n,size", "Rows of a matrix; --n too", cxxopts::value(s.n)->default_value("3000"), "N");
  add("jobs", "Jobs", cxxopts::value(s.jobs)->default_value("5"), "K");
  add("repeat", "Runs of a way, of which the median counts; the ways take turns",
      cxxopts::value(s.repeat)->default_value("3"), "R");
  add("device", "host or gpu; by default the GPU if there is one", cxxopts::value(s.engine),
      "NAME");
  add("seed", "Of the random numbers; else the system's entropy", cxxopts::value(s.seed), "SEED");
  add("json", "Print JSON and nothing else", cxxopts::value(s.json));
  add("help", "Print this text");
  options.add_options("internal")("only", "", cxxopts::value(s.only)->default_value("-1"));
  std::vector<const char*> arguments(argv, argv + argc);
  for (auto& a : arguments)  // to cxxopts a name of one letter has one dash
    if (a == std::string_view("--n")) a = "-n";
  auto const given = options.parse(argc, arguments.data());
  if (given.count("help")) return std::cout << options.help({""}), std::nullopt;
  if (!given.unmatched().empty())
    throw std::invalid_argument("'" + given.unmatched()[0] + "' is no option");
  if (s.n < 1 || s.n > 100000) throw std::invalid_argument("--n takes 1 to 100000");
  if (s.jobs < 1 || s.jobs > 1000) throw std::invalid_argument("--jobs takes 1 to 1000");
  if (s.repeat < 1) throw std::invalid_argument("--repeat takes 1 or more");
  if (!given.count("seed")) s.seed = generator().seed();
  if (!given.count("device")) s.engine = current_device() == device::gpu ? "gpu" : "host";
  if (s.engine != "gpu" && s.engine != "host")
    throw std::invalid_argument("--device takes host or gpu, not '" + s.engine + "'");
  return s;
}

auto draw(settings const& s, int k) { return generator(s.seed + k).rand(s.n, s.n); }

/// Job k on its own: the sum of its product.
double job(settings const& s, int k) {
  device_scope const here(s.engine == "gpu" ? gpu : host);  // of this thread
  array<double> x = draw(s, k);
  x = x & x;
  return sum(x).item();
}

/// What became of a way's jobs; NaN until a job is done.
struct run {
  explicit run(int jobs) : done(jobs, std::nan("")), sums(jobs, std::nan("")) {}
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  void finish(int k, double sum) { sums.at(k) = sum, done.at(k) = seconds(); }

  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::vector<double> done, sums;  // seconds since the start; sums of the products
  double wall = 0;                 // seconds
};

void one_by_one(settings const& s, run& r) {
  for (int k = 0; k < s.jobs; ++k) r.finish(k, job(s, k));
}

void threads(settings const& s, run& r) {
  std::vector<std::future<void>> all;  // std::async: a std::thread whose exception get() rethrows
  for (int k = 0; k < s.jobs; ++k)
    all.push_back(std::async(std::launch::async, [&, k] { r.finish(k, job(s, k)); }));
  for (auto& one : all) one.get();
}

void processes(settings const& s, run& r) {
  std::vector<std::vector<std::string>> options;
  for (int k = 0; k < s.jobs; ++k)
    options.push_back({"--size=" + std::to_string(s.n), "--seed=" + std::to_string(s.seed),
                       "--device=" + s.engine, "--only=" + std::to_string(k)});
  run_again(options, [&](std::string const& line) {  // as main prints it for --only
    std::size_t sum;
    int const k = std::stoi(line, &sum);
    r.finish(k, std::stod(line.substr(sum)));
  });
}

void one_eval(settings const& s, run& r) {
  device_scope const here(s.engine == "gpu" ? gpu : host);
  std::vector<lazy<double>> products;
  std::vector<node_ptr> nodes;
  for (int k = 0; k < s.jobs; ++k) {
    lazy<double> const x = draw(s, k);
    nodes.push_back(products.emplace_back(x & x).node());
  }
  evaluate(nodes);  // what eval(a, b, ...) calls
  for (int k = 0; k < s.jobs; ++k) r.finish(k, sum(products[k]).item());
}

struct way {
  const char* name;
  void (*start)(settings const&, run&);
  std::vector<run> runs = {};  // in the end ordered by their wall seconds
  [[nodiscard]] run const& median() const { return runs[runs.size() / 2]; }
};

void print_table(settings const& s, double first, std::vector<way> const& ways) {
  std::printf("x = rand(n, n); x = x & x; n = %s, f64, %s, seed %s, median of %d\n",
              std::to_string(s.n).c_str(), s.engine.c_str(), std::to_string(s.seed).c_str(),
              s.repeat);
  std::printf("the first job, which started the engine: %.4f s\n\n", first);
  for (auto const& w : ways)
    for (int k = 0; k < s.jobs; ++k)
      std::printf("%-12s job %-4d %10.4f s\n", w.name, k + 1, w.median().done[k]);
  std::printf("\n%-12s %12s %9s\n", "way", "wall", "speed-up");
  for (auto const& w : ways)
    std::printf("%-12s %10.4f s %9.2f\n", w.name, w.median().wall,
                ways[0].median().wall / w.median().wall);
}

void print_json(settings const& s, double first, std::vector<way> const& ways) {
  std::printf("{\"n\": %s, \"device\": \"%s\", \"seed\": %s, \"repeat\": %d, \"first_job_s\": %.9g",
              std::to_string(s.n).c_str(), s.engine.c_str(), std::to_string(s.seed).c_str(),
              s.repeat, first);
  const char* separator = ",\n \"ways\": [\n";
  for (auto const& w : ways) {
    run const& r = w.median();
    std::printf("%s  {\"way\": \"%s\", \"wall_s\": %.9g, \"speedup\": %.6g, \"jobs\": [", separator,
                w.name, r.wall, ways[0].median().wall / r.wall);
    for (int k = 0; k < s.jobs; ++k)
      std::printf("%s{\"job\": \"job %d\", \"done_s\": %.9g, \"sum\": %.17g}", k > 0 ? ", " : "",
                  k + 1, r.done[k], r.sums[k]);
    std::printf("]}");
    separator = ",\n";
  }
  std::printf("\n ]}\n");
}

/// sum(x & x) of each job, from x's column and row sums.
std::vector<double> promised_sums(settings const& s) {
  device_scope const here(s.engine == "gpu" ? gpu : host);
  std::vector<double> sums;
  for (int k = 0; k < s.jobs; ++k) {
    array<double> const x = draw(s, k);
    sums.push_back(dot(sum(x, axis(0)), sum(x, axis(1))).item());
  }
  return sums;
}

int compare(settings const& s) {
  run start(1);
  start.finish(0, job(s, 0));
  std::vector<double> const promised = promised_sums(s);
  bool right = std::set<double>(promised.begin(), promised.end()).size() == promised.size();
  if (!right) std::fprintf(stderr, "concurrency: two jobs drew the same numbers\n");
  // All terms are positive, so errors are relative: n eps for either side; in the sum over a whole
  // matrix no more than 4096 terms are added one after another.
  double const bound = static_cast<double>(2 * s.n + 4096) * std::numeric_limits<double>::epsilon();

  std::vector<way> ways{{"one by one", one_by_one},
                        {"threads", threads},
                        {"processes", processes},
                        {"one eval", one_eval}};
  for (int i = 0; i < s.repeat; ++i)
    for (auto& w : ways) {
      run r(s.jobs);
      w.start(s, r);
      r.wall = r.seconds();
      for (int k = 0; k < s.jobs; ++k)
        if (!(std::abs(r.sums[k] / promised[k] - 1) <= bound)) {  // so NaN is wrong too
          std::fprintf(stderr, "concurrency: %s: job %d has the sum %.17g, not %.17g\n", w.name,
                       k + 1, r.sums[k], promised[k]);
          right = false;
        }
      w.runs.push_back(r);
    }
  for (auto& w : ways)
    std::sort(w.runs.begin(), w.runs.end(), [](auto& a, auto& b) { return a.wall < b.wall; });
  (s.json ? print_json : print_table)(s, start.done[0], ways);
  return right ? 0 : 1;
}

int main(int argc, char** argv) {
  std::optional<settings> s;
  try {
    s = parse(argc, argv);
  } catch (std::exception const& e) {
    std::cerr << "concurrency: " << e.what() << "; see --help\n";
    return 2;
  }
  try {
    if (!s) return 0;
    if (s->only < 0) return compare(*s);
    std::printf("%d %.17g\n", s->only, job(*s, s->only));
    return 0;
  } catch (std::exception const& e) {
    std::cerr << "concurrency: " << e.what() << "\n";
    return 1;
  }
}
