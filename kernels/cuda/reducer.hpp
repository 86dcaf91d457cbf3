// Reductions on the device: state, adding an element, combining in a fixed order.
#pragma once

#include <dsl/tree.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// f16 and bf16 accumulate in f32; NumPy's accumulators otherwise.
template <class T>
using accumulator_t = std::conditional_t<is_half<T>, float, T>;

template <reduction Op, class T>
struct reducer;

template <class T>
struct reducer<reduction::sum, T> {
  using result = sum_t<T>;
  using state = accumulator_t<result>;
  static __device__ state identity() { return state{}; }
  static __device__ void add(state& s, T v, std::int64_t) { s = scalar::add(s, convert<state>(v)); }
  static __device__ void combine(state& s, state const& o) { s = scalar::add(s, o); }
  static __device__ result finish(state const& s, std::int64_t, double) {
    return convert<result>(s);
  }
};
template <class T>
struct reducer<reduction::prod, T> {
  using result = sum_t<T>;
  using state = accumulator_t<result>;
  static __device__ state identity() { return convert<state>(1); }
  static __device__ void add(state& s, T v, std::int64_t) {
    s = scalar::multiply(s, convert<state>(v));
  }
  static __device__ void combine(state& s, state const& o) { s = scalar::multiply(s, o); }
  static __device__ result finish(state const& s, std::int64_t, double) {
    return convert<result>(s);
  }
};
template <class T>
struct reducer<reduction::mean, T> {
  using result = mean_t<T>;
  using state = accumulator_t<result>;
  static __device__ state identity() { return state{}; }
  static __device__ void add(state& s, T v, std::int64_t) { s = scalar::add(s, convert<state>(v)); }
  static __device__ void combine(state& s, state const& o) { s = scalar::add(s, o); }
  static __device__ result finish(state const& s, std::int64_t n, double) {
    return convert<result>(s / convert<state>(n));
  }
};

/// Welford's update and Chan's combination: count, mean, sum of squared deviations.
template <class T>
struct reducer<reduction::var, T> {
  using result = real_t<mean_t<T>>;
  using wide = accumulator_t<mean_t<T>>;
  using real = accumulator_t<result>;
  struct state {
    real n;
    wide mean;
    real m2;
  };
  static __device__ state identity() { return {0, wide{}, 0}; }
  static __device__ real squared(wide d) {
    if constexpr (is_complex<wide>)
      return d.re * d.re + d.im * d.im;
    else
      return d * d;
  }
  static __device__ real product(wide a, wide b) {  // a times the conjugate of b, real part
    if constexpr (is_complex<wide>)
      return a.re * b.re + a.im * b.im;
    else
      return a * b;
  }
  static __device__ void add(state& s, T v, std::int64_t) {
    wide const x = convert<wide>(v);
    s.n += 1;
    wide const d = x - s.mean;
    s.mean = s.mean + d / wide(s.n);
    s.m2 += product(d, x - s.mean);
  }
  static __device__ void combine(state& s, state const& o) {
    if (o.n == 0) return;
    if (s.n == 0) {
      s = o;
      return;
    }
    real const n = s.n + o.n;
    wide const d = o.mean - s.mean;
    s.mean = s.mean + d * wide(o.n / n);
    s.m2 += o.m2 + squared(d) * (s.n * (o.n / n));
    s.n = n;
  }
  static __device__ result finish(state const& s, std::int64_t n, double ddof) {
    real const divisor = static_cast<real>(n) - static_cast<real>(ddof);
    return convert<result>(s.m2 / (divisor > 0 ? divisor : real(0)));
  }
};
template <class T>
struct reducer<reduction::std, T> : reducer<reduction::var, T> {
  using base = reducer<reduction::var, T>;
  static __device__ typename base::result finish(typename base::state const& s, std::int64_t n,
                                                 double ddof) {
    return op::evaluate<op::sqrt>(base::finish(s, n, ddof));
  }
};

/// A value and where it was found; the first of equal ones, and the first NaN, win.
template <class T, bool Greatest>
struct extreme {
  struct state {
    std::int64_t index;
    T v;
  };
  static __device__ state identity() { return {-1, T{}}; }
  static __device__ void combine(state& s, state const& o) {
    if (o.index < 0) return;
    bool take;
    if (s.index < 0)
      take = true;
    else if (s.v != s.v || o.v != o.v)
      take = o.v != o.v && (!(s.v != s.v) || o.index < s.index);
    else if (s.v == o.v)
      take = o.index < s.index;
    else
      take = Greatest ? o.v > s.v : o.v < s.v;
    if (take) s = o;
  }
  static __device__ void add(state& s, T v, std::int64_t i) { combine(s, {i, v}); }
};
template <class T>
struct reducer<reduction::max, T> : extreme<T, true> {
  using result = T;
  using state = typename extreme<T, true>::state;
  static __device__ result finish(state const& s, std::int64_t, double) { return s.v; }
};
template <class T>
struct reducer<reduction::min, T> : extreme<T, false> {
  using result = T;
  using state = typename extreme<T, false>::state;
  static __device__ result finish(state const& s, std::int64_t, double) { return s.v; }
};
template <class T>
struct reducer<reduction::argmax, T> : extreme<T, true> {
  using result = std::int64_t;
  using state = typename extreme<T, true>::state;
  static __device__ result finish(state const& s, std::int64_t, double) { return s.index; }
};
template <class T>
struct reducer<reduction::argmin, T> : extreme<T, false> {
  using result = std::int64_t;
  using state = typename extreme<T, false>::state;
  static __device__ result finish(state const& s, std::int64_t, double) { return s.index; }
};

template <class T>
struct reducer<reduction::any, T> {
  using result = bool;
  using state = bool;
  static __device__ state identity() { return false; }
  static __device__ void add(state& s, T v, std::int64_t) { s = s || convert<bool>(v); }
  static __device__ void combine(state& s, state const& o) { s = s || o; }
  static __device__ result finish(state const& s, std::int64_t, double) { return s; }
};
template <class T>
struct reducer<reduction::all, T> {
  using result = bool;
  using state = bool;
  static __device__ state identity() { return true; }
  static __device__ void add(state& s, T v, std::int64_t) { s = s && convert<bool>(v); }
  static __device__ void combine(state& s, state const& o) { s = s && o; }
  static __device__ result finish(state const& s, std::int64_t, double) { return s; }
};
template <class T>
struct reducer<reduction::count_nonzero, T> {
  using result = std::int64_t;
  using state = std::int64_t;
  static __device__ state identity() { return 0; }
  static __device__ void add(state& s, T v, std::int64_t) { s += convert<bool>(v); }
  static __device__ void combine(state& s, state const& o) { s += o; }
  static __device__ result finish(state const& s, std::int64_t, double) { return s; }
};
template <class T>
struct reducer<reduction::norm, T> {  // in f64: squares of f32 cannot overflow there
  using result = real_t<mean_t<T>>;
  using state = double;
  static __device__ state identity() { return 0; }
  static __device__ void add(state& s, T v, std::int64_t) {
    if constexpr (is_complex<T>) {
      double const re = v.re, im = v.im;
      s += re * re + im * im;
    } else {
      double const x = convert<double>(v);
      s += x * x;
    }
  }
  static __device__ void combine(state& s, state const& o) { s += o; }
  static __device__ result finish(state const& s, std::int64_t, double) {
    return convert<result>(std::sqrt(s));
  }
};

// --- combining across threads, in an order that only the size decides ------------------------------

template <class S>
__device__ S shuffle_down(S const& s, int delta) {
  static_assert(std::is_trivially_copyable_v<S>);
  constexpr int words = (sizeof(S) + 3) / 4;
  unsigned bits[words] = {};
  __builtin_memcpy(bits, &s, sizeof(S));
#pragma unroll
  for (int w = 0; w < words; ++w) bits[w] = __shfl_down_sync(0xffffffffu, bits[w], delta);
  S other = s;
  __builtin_memcpy(&other, bits, sizeof(S));
  return other;
}

/// The warp's state in lane 0.
template <class R, class S>
__device__ S reduce_warp(S s) {
#pragma unroll
  for (int delta = 16; delta > 0; delta /= 2) R::combine(s, shuffle_down(s, delta));
  return s;
}

/// The block's state in thread 0. `shared` holds a state a warp.
template <class R, class S>
__device__ S reduce_block(S s, std::byte* shared) {
  S* const warps = reinterpret_cast<S*>(shared);
  s = reduce_warp<R>(s);
  __syncthreads();
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = s;
  __syncthreads();
  if (threadIdx.x < 32) {
    s = threadIdx.x < blockDim.x / 32 ? warps[threadIdx.x] : R::identity();
    s = reduce_warp<R>(s);
  }
  return s;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
