#include "cases.hpp"

#include "streams.hpp"

#include <bench/harness.hpp>
#include <bench/peer.hpp>
#include <kernels/cuda/engine.hpp>

namespace bench {

namespace {

void check(cudaError_t status, const char* call) {
  if (status != cudaSuccess)
    throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(status));
}

/// Seconds of `repeat` jobs and the wait for the last, by the host's clock.
double synchronised_seconds(std::function<void()> const& job, int repeat) {
  check(cudaStreamSynchronize(stream()), "cudaStreamSynchronize");
  auto const all = [&] {
    for (int i = 0; i < repeat; ++i) job();
    check(cudaStreamSynchronize(stream()), "cudaStreamSynchronize");
  };
  return host_seconds(all, 1);
}

alternative timed_by(clock time, std::string name, std::function<void()> job, double target,
                     double most_over) {
  return {std::move(name),
          [time, job = std::move(job)](int repeat) {
            return time == clock::events ? event_seconds(job, repeat)
                                         : synchronised_seconds(job, repeat);
          },
          target, most_over};
}

/// The variant that is fastest: the least of three runs each after one.
std::function<void(void*)> const& fastest(competitor const& c, void* z) {
  if (c.variants.size() == 1) return c.variants[0];
  std::size_t best = 0;
  double least = 0;
  for (std::size_t k = 0; k < c.variants.size(); ++k) {
    double seconds = 0;
    for (int run = 0; run < 4; ++run) {
      double const now = event_seconds([&] { c.variants[k](z); }, 2);
      if (run == 1 || (run > 1 && now < seconds)) seconds = now;
    }
    if (k == 0 || seconds < least) best = k, least = seconds;
  }
  return c.variants[best];
}

by_hand::sources sources_of(std::initializer_list<void const*> from) {
  by_hand::sources all{};
  std::copy(from.begin(), from.end(), all.begin());
  return all;
}

}  // namespace

double event_seconds(std::function<void()> const& job, int repeat) {
  struct pair {
    cudaEvent_t start, stop;
    pair() {
      check(cudaEventCreate(&start), "cudaEventCreate");
      check(cudaEventCreate(&stop), "cudaEventCreate");
    }
  };
  static pair const event;
  check(cudaEventRecord(event.start, stream()), "cudaEventRecord");
  for (int i = 0; i < repeat; ++i) job();
  check(cudaEventRecord(event.stop, stream()), "cudaEventRecord");
  check(cudaEventSynchronize(event.stop), "cudaEventSynchronize");
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, event.start, event.stop), "cudaEventElapsedTime");
  return 1e-3 * milliseconds;
}

cudaStream_t stream() { return static_cast<cudaStream_t>(sloth::cuda_engine::stream_id()); }

competitor copy_limit(std::initializer_list<void const*> from, double bytes, double target) {
  competitor c{"limit", {}, target, 0};
  for (int v = 0; v < by_hand::copy_variants; ++v)
    c.variants.push_back([v, all = sources_of(from), count = static_cast<int>(from.size()),
                          bytes = static_cast<int64_t>(bytes)](void* z) {
      by_hand::streams(stream(), v, all, count, z, bytes);
    });
  return c;
}

competitor read_limit(std::initializer_list<void const*> from, double bytes, double target) {
  competitor c{"limit", {}, target, 0};
  for (int v = 0; v < by_hand::read_variants; ++v)
    c.variants.push_back([v, all = sources_of(from), count = static_cast<int>(from.size()),
                          bytes = static_cast<int64_t>(bytes)](void* z) {
      by_hand::reads(stream(), v, all, count, static_cast<float*>(z), bytes);
    });
  return c;
}

cases::memory::memory(std::size_t bytes) {
  bytes = std::max(bytes, std::size_t{1} << 20);
  check(cudaMallocAsync(&data_, bytes, stream()), "cudaMallocAsync");
  check(cudaMemsetAsync(data_, 0xff, bytes, stream()), "cudaMemsetAsync");
}
cases::memory::~memory() { cudaFreeAsync(data_, stream()); }

bool cases::wanted(std::string const& name) const { return to_.wanted(name); }

void cases::guarded(std::string const& name, std::function<void()> const& job) {
  try {
    job();
  } catch (std::exception const& e) {
    to_.refuse(name, e.what());
  }
  for (auto* p : peers_) p->release();
}

void cases::refuse(std::string const& name, difference const& off, tolerance const& within) {
  char text[200];
  std::snprintf(text, sizeof text,
                "element %lld is %.9g, by hand %.9g: off by %.3g of its size, %.3g allowed",
                static_cast<long long>(off.at), off.a, off.b, off.largest, within.relative);
  to_.refuse(name, text);
}

void cases::run(std::string const& name, erased const& c, void* z) {
  measured_case m{name, c.bytes, c.flops, {timed_by(c.time, "sloth", c.sloth, 0, 0)}};
  auto const compete = [&](competitor const& with) {
    auto const& job = fastest(with, z);
    m.alternatives.push_back(timed_by(
        c.time, with.name, [job, z] { job(z); }, with.target, with.most_over));
  };
  if (!c.reference.name.empty()) compete(c.reference);
  for (auto const& other : c.others) compete(other);
  for (auto* p : peers_)
    if (p->knows(name)) m.alternatives.push_back(p->measures(name, 0));
  to_.run(m);
}

}  // namespace bench
