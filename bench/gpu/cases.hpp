// A case of the GPU's benchmark: Sloth's job, the right values by hand, and what competes.
#pragma once

#include "difference.hpp"

#include <dsl/evaluate.hpp>
#include <dsl/sloth.hpp>

#include <functional>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

namespace bench {

class session;
class peer;

using sloth::array;
using sloth::extents;
using std::int64_t;

/// The calling thread's stream: Sloth's and that of all that competes.
[[nodiscard]] cudaStream_t stream();

/// Seconds of `repeat` jobs between two events on the stream.
[[nodiscard]] double event_seconds(std::function<void()> const& job, int repeat);

/// Something that does a case's job, or moves as much memory, into memory that is there.
struct competitor {
  std::string name;
  std::vector<std::function<void(void*)>> variants;  // the fastest competes
  double target = 0;     // its time over Sloth's: at least this; 0: no target
  double most_over = 0;  // seconds that Sloth may take longer; 0: no target
};

template <class T>
competitor by(std::string name, std::function<void(T*)> job, double target = 0,
              double most_over = 0) {
  return {std::move(name), {[job](void* z) { job(static_cast<T*>(z)); }}, target, most_over};
}
/// `limit`: 16-byte kernels that read `from`, `bytes` each, and write as much; and those that read.
[[nodiscard]] competitor copy_limit(std::initializer_list<void const*> from, double bytes,
                                    double target);
[[nodiscard]] competitor read_limit(std::initializer_list<void const*> from, double bytes,
                                    double target);

/// A result is right where |a - b| <= relative (|b| + floor).
struct tolerance {
  double relative = 1e-5, floor = 1;
};

/// Events on the stream, or the host's clock with the wait for the last job.
enum class clock { events, host };

template <class T>
struct comparison {
  double bytes = 0, flops = 0;  // that the job cannot do without
  std::function<array<T>()> sloth;
  competitor reference;  // gives the right values; competes unless its name is empty
  std::vector<competitor> others;
  tolerance within;
  bench::clock time = bench::clock::events;
};

/// Uniform in (-1, 1].
template <class T>
array<T> operand(extents const& shape, std::uint64_t seed) {
  return sloth::generator(seed).uniform<T>(-1, 1, shape);
}
/// The array's memory on the GPU; valid as long as the array.
template <class T>
T const* data(array<T> const& x) {
  return reinterpret_cast<T const*>(x.node()->data_on(sloth::gpu));
}
/// CUDA's type of an element type, with the same bits.
template <class T>
using cuda_type = std::conditional_t<
    std::is_same_v<T, sloth::f16>, __half,
    std::conditional_t<std::is_same_v<T, sloth::bf16>, __nv_bfloat16,
                       std::conditional_t<std::is_same_v<T, sloth::complex64>, float, T>>>;
template <class T>
cuda_type<T> const* cuda_data(array<T> const& x) {
  return reinterpret_cast<cuda_type<T> const*>(data(x));
}

/// Runs cases: checks Sloth's result against the reference and times nothing that is wrong.
class cases {
 public:
  cases(session& to, std::vector<peer*> peers) : to_(to), peers_(std::move(peers)) {}

  /// `make` returns the case's comparison<T>; it is called only when the case is wanted.
  template <class Make>
  void measure(std::string const& name, Make const& make) {
    if (!wanted(name)) return;
    guarded(name, [&] {
      auto const c = make();
      run(name, c);
    });
  }

 private:
  /// With the element type gone: what cases.cpp needs.
  struct erased {
    double bytes, flops;
    std::function<void()> sloth;
    competitor const& reference;
    std::vector<competitor> const& others;
    bench::clock time;
  };

  template <class T>
  void run(std::string const& name, comparison<T> const& c) {
    using element = cuda_type<T>;
    array<T> const ours = c.sloth();
    int64_t const elements = ours.size() * static_cast<int64_t>(sizeof(T) / sizeof(element));
    memory const right(static_cast<std::size_t>(ours.size()) * sizeof(T));
    c.reference.variants.at(0)(right.data());
    auto const off =
        largest_difference(stream(), cuda_data(ours), static_cast<element const*>(right.data()),
                           elements, c.within.floor);
    if (!(off.largest <= c.within.relative)) return refuse(name, off, c.within);
    run(name,
        {c.bytes, c.flops, [&c] { array<T> const z = c.sloth(); }, c.reference, c.others, c.time},
        right.data());
  }

  /// Device memory filled with NaNs, so that nothing unwritten passes for a result; at least 1 MiB,
  /// for a reading kernel's results.
  class memory {
   public:
    explicit memory(std::size_t bytes);
    ~memory();
    memory(memory const&) = delete;
    memory& operator=(memory const&) = delete;
    [[nodiscard]] void* data() const { return data_; }

   private:
    void* data_ = nullptr;
  };

  [[nodiscard]] bool wanted(std::string const& name) const;
  void guarded(std::string const& name, std::function<void()> const& job);
  void refuse(std::string const& name, difference const& off, tolerance const& within);
  void run(std::string const& name, erased const& c, void* z);

  session& to_;
  std::vector<peer*> peers_;
};

void elementwise(cases& all);
void broadcast(cases& all);
void reductions(cases& all);
void rows(cases& all);
void order(cases& all);
void functions(cases& all);
void random(cases& all);
void products(cases& all);
void planner(cases& all);
void small(cases& all);
void compare(cases& all);

}  // namespace bench
