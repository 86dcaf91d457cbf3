// Pairs of measurements: alternatives take turns within each round, so that what else the machine
// does meets all of them, and are compared by the median of the rounds' ratios with its interval.
#pragma once

#include <cxxopts.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {

/// One way to do a case's job. `seconds(k)` does it k times and returns how long that took: by the
/// host's clock here (timed), by a device's events or another process elsewhere.
struct alternative {
  std::string name;
  std::function<double(int)> seconds;
  double target = 0;     // its time over the first alternative's: at least this; 0: no target
  double most_over = 0;  // seconds that the first may take longer: at most this; 0: no target
};

template <class F>
double host_seconds(F const& job, int repeat) {
  auto const start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeat; ++i) job();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}
template <class F>
alternative timed(std::string name, F job, double target = 0) {
  return {std::move(name), [job](int repeat) { return host_seconds(job, repeat); }, target};
}

/// What is measured: the first alternative against each of the others. `bytes` and `flops` are
/// those that the job cannot do without.
struct measured_case {
  std::string name;
  double bytes, flops;
  std::vector<alternative> alternatives;
};

/// A loop at the machine's limit, run before and after each case; `seconds` as an alternative's.
struct limit {
  double bytes = 0;
  std::function<double(int)> seconds;
};

struct interval {
  double low, median, high;
};

inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  std::size_t const n = v.size();
  return n % 2 != 0 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/// The median and its 95 % interval from order statistics: [v(k), v(n + 1 - k)] with the largest k
/// for which P(Binomial(n, 1/2) < k) <= 0.025. No assumption about the distribution.
inline interval median_interval(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  auto const n = static_cast<double>(v.size());
  double below = 0;
  std::size_t k = 0;
  for (; k < v.size() / 2; ++k) {
    double const i = static_cast<double>(k);
    below += std::exp(std::lgamma(n + 1) - std::lgamma(i + 1) - std::lgamma(n - i + 1) -
                      n * std::log(2.));
    if (below > 0.025) break;
  }
  std::size_t const at = k > 0 ? k - 1 : 0;
  return {v[at], median(v), v[v.size() - 1 - at]};
}

/// On a terminal only, so that logs and pipes stay clean.
class progress {
 public:
  void draw(std::string const& name, int done, int total) const {
    if (!on_) return;
    std::string bar(24, '.');
    std::fill_n(bar.begin(), 24 * done / total, '#');
    std::fprintf(stderr, "\r\033[K[%s] %s", bar.c_str(), name.c_str());
  }
  void clear() const {
    if (on_) std::fputs("\r\033[K", stderr);
  }

 private:
  bool on_ = isatty(STDERR_FILENO) != 0;
};

/// A run of cases: the common options, the table, the JSON file.
class session {
  static constexpr int fewest_rounds = 7;  // the fewest from which an interval of 95 % follows: 6

 public:
  /// Exits after --help, or with 2 for a wrong argument. `more` adds options of the program's own.
  session(int argc, char** argv, std::string const& name, std::string const& what,
          std::function<void(cxxopts::Options&)> const& more = {}) {
    cxxopts::Options options(name, what);
    options.add_options()("filter", "Cases whose name contains this; several by commas",
                          cxxopts::value(filter_)->default_value(""),
                          "TEXT")("pairs", "Rounds of each case, at least 30 to count",
                                  cxxopts::value(pairs_)->default_value("31"),
                                  "N")("quick", "7 rounds of each case", cxxopts::value(quick_))(
        "json", "Where to write the results", cxxopts::value(json_), "FILE")(
        "label", "Kept in the JSON file: commit, machine", cxxopts::value(label_), "TEXT")(
        "list", "Print the names of the cases")("help", "Print this text");
    if (more) more(options);
    try {
      auto const given = options.parse(argc, argv);
      if (given.count("help")) {
        std::cout << options.help();
        std::exit(0);
      }
      if (!given.unmatched().empty())
        throw std::invalid_argument("'" + given.unmatched()[0] + "' is no option");
      if (pairs_ < 1) throw std::invalid_argument("--pairs takes 1 or more");
      if (quick_) pairs_ = fewest_rounds;
      list_ = given.count("list") > 0;
    } catch (std::exception const& e) {  // cxxopts 3.0 and 3.1 call theirs differently
      std::cerr << name << ": " << e.what() << "; see --help\n";
      std::exit(2);
    }
  }

  void set_limit(limit l) { limit_ = std::move(l); }
  /// A case that would take longer gets fewer rounds, but no fewer than 7.
  void set_case_seconds(double seconds) { case_seconds_ = seconds; }
  /// One more line at the head of the table and of the JSON file: what was measured on.
  void describe(std::string const& key, std::string const& value) {
    machine_.emplace_back(key, value);
  }
  /// The case is not timed, since its result is wrong or there is none.
  void refuse(std::string const& name, std::string const& why) {
    progress_.clear();
    std::printf("%-28s refused: %s\n", name.c_str(), why.c_str());
    std::fflush(stdout);
    ++refused_;
  }
  [[nodiscard]] bool only_lists() const { return list_; }

  [[nodiscard]] bool wanted(std::string const& name) const {
    if (list_) {
      std::puts(name.c_str());
      return false;
    }
    for (std::size_t at = 0; at <= filter_.size();) {
      std::size_t const end = std::min(filter_.find(',', at), filter_.size());
      if (name.find(filter_.substr(at, end - at)) != std::string::npos) return true;
      at = end + 1;
    }
    return false;
  }

  void run(measured_case const& c) {
    if (printed_++ == 0) print_head();
    double const before = limit_seconds();
    auto const samples = sample(c);
    double const after = limit_seconds();
    double const drift = limit_.seconds ? std::abs(after / before - 1) : 0;
    double const ours = median(samples[0]);
    for (std::size_t k = 1; k < samples.size() || k == 1; ++k) {
      row r{c.name, "", 0, ours, c.bytes / ours, c.flops / ours, 0, drift, {}, 0, {}, 0, 0};
      r.rounds = static_cast<int>(samples[0].size());
      if (limit_.seconds) r.of_limit = r.bytes_per_second * std::min(before, after) / limit_.bytes;
      if (k < samples.size()) {
        r.peer = c.alternatives[k].name;
        r.peer_seconds = median(samples[k]);
        r.target = c.alternatives[k].target;
        r.most_over = c.alternatives[k].most_over;
        std::vector<double> ratios, over;
        for (std::size_t i = 0; i < samples[0].size(); ++i) {
          ratios.push_back(samples[k][i] / samples[0][i]);
          over.push_back(samples[0][i] - samples[k][i]);
        }
        r.ratio = median_interval(ratios);
        r.over = median_interval(over);
      }
      print(r);
      rows_.push_back(r);
    }
  }

  /// The last lines and the JSON file; the program's exit status.
  int finish() {
    if (list_) return 0;
    int below = 0, with_target = 0, void_rows = 0;
    for (auto const& r : rows_) {
      with_target += r.has_target();
      below += r.has_target() && !r.met();
      void_rows += r.drift > 0.02;
    }
    std::printf(
        "\n%zu comparisons, %d with a target, %d below it, %d void (the limit before and "
        "after differs by more than 2 %%)\n",
        rows_.size(), with_target, below, void_rows);
    if (refused_ > 0) std::printf("%d cases refused\n", refused_);
    bool const written = json_.empty() || write_json();
    return written && refused_ == 0 ? 0 : 1;
  }

 private:
  struct row {
    std::string name, peer;
    double peer_seconds, seconds, bytes_per_second, flops_per_second, of_limit, drift;
    interval ratio;  // the peer's time over ours
    double target;
    interval over;  // our time less the peer's, seconds
    double most_over;
    int rounds;

    [[nodiscard]] bool has_target() const { return target > 0 || most_over > 0; }
    [[nodiscard]] bool met() const {
      return ratio.median >= target && (most_over == 0 || over.median <= most_over);
    }
  };

  // A sample takes at least 2 ms, so that the clock and a call cost nothing. Adds one sample's
  // seconds to `round`.
  static int repeats(alternative const& a, double& round) {
    constexpr double least = 2e-3;
    (void)a.seconds(1);
    double once = a.seconds(1);
    if (once < least) {
      int const few = static_cast<int>(std::clamp(2e-4 / std::max(once, 1e-9), 1., 1e5));
      once = a.seconds(few) / few;
    }
    int const count = static_cast<int>(std::clamp(least / once, 1., 1e7));
    round += count * once;
    return count;
  }

  std::vector<std::vector<double>> sample(measured_case const& c) {
    std::size_t const n = c.alternatives.size();
    std::vector<int> repeat;
    double once = 0;
    for (auto const& a : c.alternatives) repeat.push_back(repeats(a, once));
    int rounds = pairs_;
    if (case_seconds_ > 0 && once * rounds > case_seconds_)
      rounds = std::min(rounds, std::max(fewest_rounds, static_cast<int>(case_seconds_ / once)));
    std::vector<std::vector<double>> samples(n);
    for (int round = 0; round < rounds; ++round) {
      progress_.draw(c.name, round, rounds);
      for (std::size_t i = 0; i < n; ++i) {
        std::size_t const k = (i + static_cast<std::size_t>(round)) % n;  // each is first in turn
        samples[k].push_back(c.alternatives[k].seconds(repeat[k]) / repeat[k]);
      }
    }
    progress_.clear();
    return samples;
  }

  double limit_seconds() const {
    if (!limit_.seconds) return 0;
    std::vector<double> all;
    for (int i = 0; i < 12; ++i) all.push_back(limit_.seconds(1));
    return median(std::vector<double>(all.begin() + 2, all.end()));
  }

  static std::string time_text(double seconds) {
    char text[32];
    double const us = seconds * 1e6;
    std::snprintf(text, sizeof text, us < 10 ? "%.3f us" : us < 1e4 ? "%.1f us" : "%.0f us", us);
    return text;
  }

  void print_head() const {
    for (auto const& [key, value] : machine_) std::printf("%s: %s\n", key.c_str(), value.c_str());
    std::printf("%s; %u cores; %s; %d pairs; load %s\n\n", cpu().c_str(),
                std::thread::hardware_concurrency(), compiler().c_str(), pairs_, load().c_str());
    std::printf("%-28s %11s %7s %8s %6s %6s  %-13s %11s %7s %-15s %6s\n", "case", "time", "GB/s",
                "GFLOP/s", "limit", "drift", "peer", "its time", "ratio", "[95 %]", "target");
  }

  static void print(row const& r) {
    std::printf("%-28s %11s %7.1f %8.1f %5.0f%% %5.1f%%", r.name.c_str(),
                time_text(r.seconds).c_str(), r.bytes_per_second * 1e-9, r.flops_per_second * 1e-9,
                r.of_limit * 100, r.drift * 100);
    if (!r.peer.empty()) {
      std::printf("  %-13s %11s %7.3f [%.3f, %.3f]", r.peer.c_str(),
                  time_text(r.peer_seconds).c_str(), r.ratio.median, r.ratio.low, r.ratio.high);
      if (r.target > 0) std::printf(" %6.2f", r.target);
      if (r.most_over > 0)
        std::printf(" %+.3f [%+.3f, %+.3f] us over, target %+.3f", r.over.median * 1e6,
                    r.over.low * 1e6, r.over.high * 1e6, r.most_over * 1e6);
      if (r.has_target()) std::printf(" %s", r.met() ? "met" : "BELOW");
      if (r.drift > 0.02) std::printf(" void");
    }
    std::printf("\n");
    std::fflush(stdout);
  }

  static std::string cpu() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
      if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
    return "unknown CPU";
  }
  static std::string compiler() {
#if defined(__clang__)
    return __VERSION__;
#else
    return std::string("g++ ") + __VERSION__;
#endif
  }
  static std::string load() {
    std::ifstream info("/proc/loadavg");
    std::string text;
    info >> text;
    return text;
  }

  bool write_json() const {
    std::FILE* const out = std::fopen(json_.c_str(), "w");
    if (out == nullptr) {
      std::fprintf(stderr, "cannot write %s\n", json_.c_str());
      return false;
    }
    std::fputs("{", out);
    for (auto const& [key, value] : machine_)
      std::fprintf(out, "\"%s\": \"%s\", ", key.c_str(), value.c_str());
    std::fprintf(out,
                 "\"cpu\": \"%s\", \"compiler\": \"%s\", \"label\": \"%s\", \"pairs\": %d,\n"
                 " \"results\": [",
                 cpu().c_str(), compiler().c_str(), label_.c_str(), pairs_);
    const char* separator = "\n";
    for (auto const& r : rows_) {
      std::fprintf(out,
                   "%s  {\"case\": \"%s\", \"seconds\": %.9g, \"gb_per_s\": %.6g, "
                   "\"gflops\": %.6g, \"of_limit\": %.4g, \"drift\": %.4g, \"void\": %s, "
                   "\"rounds\": %d",
                   separator, r.name.c_str(), r.seconds, r.bytes_per_second * 1e-9,
                   r.flops_per_second * 1e-9, r.of_limit, r.drift,
                   r.drift > 0.02 ? "true" : "false", r.rounds);
      if (!r.peer.empty())
        std::fprintf(out,
                     ", \"peer\": \"%s\", \"peer_seconds\": %.9g, \"ratio\": %.6g, "
                     "\"ratio_low\": %.6g, \"ratio_high\": %.6g, \"target\": %g",
                     r.peer.c_str(), r.peer_seconds, r.ratio.median, r.ratio.low, r.ratio.high,
                     r.target);
      if (r.most_over > 0)
        std::fprintf(out,
                     ", \"over\": %.6g, \"over_low\": %.6g, \"over_high\": %.6g, "
                     "\"most_over\": %g",
                     r.over.median, r.over.low, r.over.high, r.most_over);
      std::fputs("}", out);
      separator = ",\n";
    }
    std::fputs("\n ]}\n", out);
    return std::fclose(out) == 0;
  }

  std::string filter_, json_, label_;
  int pairs_ = 31, printed_ = 0, refused_ = 0;
  bool list_ = false, quick_ = false;
  double case_seconds_ = 0;  // 0: no bound
  std::vector<std::pair<std::string, std::string>> machine_;
  limit limit_;
  progress progress_;
  std::vector<row> rows_;
};

}  // namespace bench
