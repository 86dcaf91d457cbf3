// Reductions on the device: state, adding an element, combining in a fixed order.
#pragma once

#include <dsl/tree.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// f16 and bf16 accumulate in f32; NumPy's accumulators otherwise.
template <class T>
using accumulator_t = std::conditional_t<is_half<T>, float, T>;

/// A reduction of elements T: `state`, its identity, adding element v with index i (in increasing
/// order), combining with another part's state, and the result. `ordered`: combining does not
/// commute to the bit.
template <reduction Op, class T>
struct reducer;

template <class S, int N>
__device__ S pairwise_sum(S const* v) {
  if constexpr (N == 1)
    return v[0];
  else
    return scalar::add(pairwise_sum<S, N / 2>(v), pairwise_sum<S, N - N / 2>(v + N / 2));
}
template <class T>
struct reducer<reduction::sum, T> {
  using result = sum_t<T>;
  using state = accumulator_t<result>;
  static __device__ state identity() { return state{}; }
  static __device__ void add(state& s, T v, std::int64_t) { s = scalar::add(s, convert<state>(v)); }
  /// N elements at once, in pairs: a shorter chain of additions, and less rounding.
  template <int N>
  static __device__ void add_pack(state& s, T const* v, std::int64_t) {
    state wide[N];
#pragma unroll
    for (int k = 0; k < N; ++k) wide[k] = convert<state>(v[k]);
    s = scalar::add(s, pairwise_sum<state, N>(wide));
  }
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
struct reducer<reduction::mean, T> : reducer<reduction::sum, mean_t<T>> {
  using result = mean_t<T>;
  using state = accumulator_t<result>;
  static __device__ void add(state& s, T v, std::int64_t) { s = scalar::add(s, convert<state>(v)); }
  template <int N>
  static __device__ void add_pack(state& s, T const* v, std::int64_t i) {
    mean_t<T> converted[N];
#pragma unroll
    for (int k = 0; k < N; ++k) converted[k] = convert<mean_t<T>>(v[k]);
    reducer<reduction::sum, mean_t<T>>::template add_pack<N>(s, converted, i);
  }
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
  static constexpr bool ordered = true;
  static __device__ state identity() { return {0, wide{}, 0}; }
  static __device__ real squared(wide d) {
    if constexpr (is_complex<wide>)
      return d.re * d.re + d.im * d.im;
    else
      return d * d;
  }
  /// Off by 2 ulp, which moves mean and m2 no more than their own rounding does.
  static __device__ real fraction(real a, real b) {
    if constexpr (std::is_same_v<real, float>)
      return __fdividef(a, b);
    else
      return a / b;
  }
  static __device__ real product(wide a, wide b) {  // a times the conjugate of b, real part
    if constexpr (is_complex<wide>)
      return a.re * b.re + a.im * b.im;
    else
      return a * b;
  }
  /// `moved`, the mean of m and of o with that weight by their difference; or where that is no finite
  /// number, as infinities' is, or overflows, by their sum.
  static __device__ wide mean_of(wide m, wide o, real weight, wide moved) {
    auto const of = [&](real a, real b, real by_difference) {
      real const d = b - a;
      return d - d == 0 ? by_difference : a * (1 - weight) + b * weight;
    };
    if constexpr (is_complex<wide>)
      return {of(m.re, o.re, moved.re), of(m.im, o.im, moved.im)};
    else
      return of(m, o, moved);
  }
  static __device__ void add(state& s, T v, std::int64_t) {
    wide const x = convert<wide>(v);
    s.n += 1;
    wide const d = x - s.mean;
    s.mean = mean_of(s.mean, x, 1 / s.n, s.mean + d / wide(s.n));
    s.m2 += product(d, x - s.mean);
  }
  /// N elements at once: their own mean and squares first, so that they cost one division.
  template <int N>
  static __device__ void add_pack(state& s, T const* v, std::int64_t) {
    wide sum{};
#pragma unroll
    for (int k = 0; k < N; ++k) sum = sum + convert<wide>(v[k]);
    state own{real(N), sum * wide(real(1) / real(N)), 0};
#pragma unroll
    for (int k = 0; k < N; ++k) own.m2 += squared(convert<wide>(v[k]) - own.mean);
    combine(s, own);
  }
  static __device__ void combine(state& s, state const& o) {
    if (o.n == 0) return;
    if (s.n == 0) {
      s = o;
      return;
    }
    real const n = s.n + o.n, weight = fraction(o.n, n);
    wide const d = o.mean - s.mean;
    s.mean = mean_of(s.mean, o.mean, weight, s.mean + d * wide(weight));
    s.m2 += o.m2 + squared(d) * (s.n * weight);
    s.n = n;
  }
  using mean_result = mean_t<T>;
  static __device__ mean_result mean(state const& s) {
    return convert<mean_result>(s.n > 0 ? s.mean : s.mean / wide(s.n));
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

/// The greatest or least value; NaN wins.
template <class T, bool Greatest>
struct extreme {
  using result = T;
  using state = T;
  using limits = std::numeric_limits<std::conditional_t<is_half<T>, float, T>>;
  static constexpr auto least = limits::has_infinity ? -limits::infinity() : limits::lowest();
  static constexpr auto most = limits::has_infinity ? limits::infinity() : limits::max();
  static __device__ state identity() { return convert<T>(Greatest ? least : most); }
  static constexpr bool ordered = is_floating<T> && !std::is_same_v<T, float>;  // zeros' signs
  static __device__ void combine(state& s, T v) {
    if constexpr (std::is_same_v<T, float>) {
      if constexpr (Greatest)
        asm("max.NaN.f32 %0, %0, %1;" : "+f"(s) : "f"(v));
      else
        asm("min.NaN.f32 %0, %0, %1;" : "+f"(s) : "f"(v));
    } else {
      bool const take = Greatest ? v > s : v < s;
      s = take || v != v ? v : s;
    }
  }
  static __device__ void add(state& s, T v, std::int64_t) { combine(s, v); }
  static __device__ result finish(state const& s, std::int64_t, double) { return s; }
};
template <class T>
struct reducer<reduction::max, T> : extreme<T, true> {};
template <class T>
struct reducer<reduction::min, T> : extreme<T, false> {};

/// Where the greatest or least value is: the first of equal ones, and the first NaN, win.
template <class T, bool Greatest>
struct position {
  using result = std::int64_t;
  struct state {
    std::int64_t index;
    T v;
  };
  static __device__ state identity() { return {-1, T{}}; }
  static __device__ bool beats(T a, T b) {
    return b == b && (Greatest ? !(a <= b) : !(a >= b));  // a NaN beats any number
  }
  static __device__ void add(state& s, T v, std::int64_t i) {
    if (s.index < 0 || beats(v, s.v)) s = {i, v};
  }
  /// N elements at once: the best of them first, whose number among them is small.
  template <int N>
  static __device__ void add_pack(state& s, T const* v, std::int64_t i) {
    T best = v[0];
    int at = 0;
#pragma unroll
    for (int k = 1; k < N; ++k) {
      bool const better = beats(v[k], best);
      best = better ? v[k] : best;
      at = better ? k : at;
    }
    if (s.index < 0 || beats(best, s.v)) s = {i + at, best};
  }
  static __device__ void combine(state& s, state const& o) {
    if (o.index < 0) return;
    bool const equal = !beats(o.v, s.v) && !beats(s.v, o.v);
    if (s.index < 0 || beats(o.v, s.v) || (equal && o.index < s.index)) s = o;
  }
  static __device__ result finish(state const& s, std::int64_t, double) { return s.index; }
};
template <class T>
struct reducer<reduction::argmax, T> : position<T, true> {};
template <class T>
struct reducer<reduction::argmin, T> : position<T, false> {};

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

/// A user's functor, without an identity: a state is empty, or holds a value.
template <class F, class T>
struct own_reducer {
  using result = T;
  struct state {
    T value;
    bool any;
  };
  static constexpr bool ordered = true;
  static __device__ T call(T const& a, T const& b) {
    auto const r = F{}(a, b);
    return convert<T>(static_cast<canonical_t<std::remove_cv_t<decltype(r)>>>(r));
  }
  static __device__ state identity() { return {T{}, false}; }
  static __device__ void add(state& s, T v, std::int64_t) {
    s.value = s.any ? call(s.value, v) : v;
    s.any = true;
  }
  static __device__ void combine(state& s, state const& o) {
    if (o.any) add(s, o.value, 0);
  }
  static __device__ result finish(state const& s, std::int64_t, double) { return s.value; }
};

/// Adds the first `count` of v's elements, the first of which has index i.
template <class R, int N, class T>
__device__ void add_pack(typename R::state& s, T const* v, std::int64_t i, int count) {
  if (count == N) {
    if constexpr (requires { R::template add_pack<N>(s, v, i); }) {
      R::template add_pack<N>(s, v, i);
    } else {
#pragma unroll
      for (int k = 0; k < N; ++k) R::add(s, v[k], i + k);
    }
  } else {
#pragma unroll
    for (int k = 0; k < N; ++k)
      if (k < count) R::add(s, v[k], i + k);
  }
}

// --- combining across threads, in an order that only the size decides ------------------------------

template <class S>
__device__ S shuffle_xor(S const& s, int lanes) {
  static_assert(std::is_trivially_copyable_v<S>);
  constexpr int words = (sizeof(S) + 3) / 4;
  unsigned bits[words] = {};
  __builtin_memcpy(bits, &s, sizeof(S));
#pragma unroll
  for (int w = 0; w < words; ++w) bits[w] = __shfl_xor_sync(0xffffffffu, bits[w], lanes);
  S other = s;
  __builtin_memcpy(&other, bits, sizeof(S));
  return other;
}

/// The state of a team of a warp's lanes, the same bits in each of them: where combining does not
/// commute, the lower lane's comes first. All lanes of the warp take part.
template <class R, class S>
__device__ S reduce_warp(S s, int team = 32) {
#pragma unroll
  for (int lanes = 1; lanes < 32; lanes *= 2) {
    if (lanes >= team) break;
    S other = shuffle_xor(s, lanes);
    if constexpr (requires { requires R::ordered; }) {
      bool const upper = threadIdx.x & lanes;
      S const mine = s;
      s = upper ? other : mine;
      other = upper ? mine : other;
    }
    R::combine(s, other);
  }
  return s;
}

/// What is at an address in shared memory.
template <class T>
__device__ T* shared_pointer(unsigned address) {
  return static_cast<T*>(__cvta_shared_to_generic(address));
}

/// The block's state, in every thread. `room`, an address in shared memory, has place for 32 states,
/// and is free for other use only after the block's next synchronisation.
template <class R, class S>
__device__ S reduce_block(S s, unsigned room) {
  S* const warps = shared_pointer<S>(room);
  s = reduce_warp<R>(s);
  if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = s;
  __syncthreads();
  s = threadIdx.x % 32 < blockDim.x / 32 ? warps[threadIdx.x % 32] : R::identity();
  return reduce_warp<R>(s);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
