#include <kernels/host/reduction.hpp>

#include <dsl/kernel.hpp>
#include <dsl/promotion.hpp>
#include <kernels/host/lanes.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <new>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

// Halves are widened a chunk at a time and bool is a byte of 0 or 1, so that the loops below see
// plain arithmetic types and complex.
template <class T>
using plain = std::conditional_t<is_half<T>, float,
                                 std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>>;

void widen(f16 const* from, float* to, int64_t n) {
  int64_t i = 0;
#if defined(__F16C__) && defined(__AVX__)
  for (; i + 8 <= n; i += 8) {
    __m128i bits;
    std::memcpy(&bits, from + i, 16);
    _mm256_storeu_ps(to + i, _mm256_cvtph_ps(bits));
  }
#endif
  for (; i < n; ++i) to[i] = from[i];
}
void widen(bf16 const* from, float* to, int64_t n) {
  for (int64_t i = 0; i < n; ++i) to[i] = from[i];
}

template <class T, class F>
void with_plain(void const* values, int64_t n, F f) {
  if constexpr (is_half<T>) {
    alignas(64) float wide[chunk_elements];
    widen(static_cast<T const*>(values), wide, n);
    f(static_cast<float const*>(wide));
  } else {
    f(static_cast<plain<T> const*>(values));
  }
}

template <class T>
double squared(T v) {
  if constexpr (is_complex<T>)
    return squared(v.re) + squared(v.im);
  else
    return static_cast<double>(v) * static_cast<double>(v);
}
template <class T>
bool is_nonzero(T v) {
  if constexpr (is_complex<T>)
    return v.re != 0 || v.im != 0;
  else
    return v != 0;
}

struct nothing {};

// Each accumulator: its state, add (a chunk), combine, value (the result before rounding); and by
// column: components A and B, start, add_one, join.

// ---- sums: floats in vectors, chunks in double; integers wrap in 64 bits
template <class E, bool Mean>
struct sums {
  static constexpr bool exact = std::is_integral_v<E> && !(Mean && sizeof(E) == 8);
  using state = std::conditional_t<is_complex<E>, complex128,
                                   std::conditional_t<exact, std::uint64_t, double>>;
  using A = std::conditional_t<std::is_integral_v<E>, state, E>;
  using B = nothing;

  static state start_state() { return state{}; }
  static void add(state& s, E const* x, int64_t n, int64_t) {
    if constexpr (is_complex<E>) {
      using R = typename E::value_type;
      R re[4] = {}, im[4] = {};
      for (int64_t i = 0; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; ++k) re[k] += x[i + k].re, im[k] += x[i + k].im;
      for (int64_t i = n / 4 * 4; i < n; ++i) re[0] += x[i].re, im[0] += x[i].im;
      s.re += (re[0] + re[1]) + (re[2] + re[3]);
      s.im += (im[0] + im[1]) + (im[2] + im[3]);
    } else if constexpr (exact) {
      for (int64_t i = 0; i < n; ++i) s += static_cast<std::uint64_t>(x[i]);
    } else {
      using L = std::conditional_t<std::is_integral_v<E>, double, E>;
      auto const same = [](auto v) { return v; };
      s += sum_lanes<L>(x, n, same);
    }
  }
  static void combine(state& s, state const& o) { s += o; }
  template <class S>
  static auto value(S s, int64_t count) {
    if constexpr (!Mean) {
      return s;
    } else if constexpr (is_complex<E>) {
      double const n = static_cast<double>(count);
      return complex128{s.re / n, s.im / n};
    } else if constexpr (exact && std::is_signed_v<E>) {
      return static_cast<double>(static_cast<int64_t>(s)) / static_cast<double>(count);
    } else {
      return static_cast<double>(s) / static_cast<double>(count);
    }
  }

  static void start(A& a, B&) { a = A{}; }
  static void add_one(A& a, B&, E x, int64_t, double) { a += static_cast<A>(x); }
  static void join(A& a, B&, int64_t, A o, B, int64_t) { a += o; }
  static auto column_value(A a, B, int64_t count, double) { return value(a, count); }
};

// ---- products: floats in double, in four runs of neighbours: large and small factors that
// alternate cancel within a run as they do one after the other
template <class E>
struct products {
  using state =
      std::conditional_t<is_complex<E>, complex128,
                         std::conditional_t<std::is_integral_v<E>, std::uint64_t, double>>;
  using A = state;
  using B = nothing;

  static state start_state() { return state(1); }
  static void add(state& s, E const* x, int64_t n, int64_t) {
    if constexpr (std::is_integral_v<E>) {
      for (int64_t i = 0; i < n; ++i) s *= static_cast<std::uint64_t>(x[i]);
    } else {
      int64_t const quarter = n / 4;
      state p[4] = {state(1), state(1), state(1), state(1)};
      for (int64_t i = 0; i < quarter; ++i)
        for (int k = 0; k < 4; ++k) p[k] = p[k] * state(x[i + k * quarter]);
      for (int64_t i = 4 * quarter; i < n; ++i) p[3] = p[3] * state(x[i]);
      s = s * ((p[0] * p[1]) * (p[2] * p[3]));
    }
  }
  static void combine(state& s, state const& o) { s = s * o; }
  static state value(state s, int64_t) { return s; }

  static void start(A& a, B&) { a = A(1); }
  static void add_one(A& a, B&, E x, int64_t, double) { a = a * A(x); }
  static void join(A& a, B&, int64_t, A o, B, int64_t) { a = a * o; }
  static A column_value(A a, B, int64_t, double) { return a; }
};

// ---- var and std: two passes over a chunk (floats in float, the mean's error corrected), then
// T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating formulae and a pairwise algorithm for computing
// sample variances", 1979
struct moments {
  int64_t count;
  double mean, m2;  // m2: sum of |x - mean|^2
};
inline void join_moments(double& mean, double& m2, double n, double other_mean, double other_m2,
                         double m) {
  double const delta = other_mean - mean, share = m / (n + m);
  mean += delta * share;
  m2 += other_m2 + delta * delta * n * share;
}

template <class E, bool Root>
struct variances {
  using state = moments;
  using A = double;  // mean
  using B = double;  // m2

  static state start_state() { return {0, 0, 0}; }
  static void add(state& s, E const* x, int64_t n, int64_t) {
    using L = std::conditional_t<std::is_same_v<E, float>, float, double>;
    double const share = 1 / static_cast<double>(n);
    L const guess = static_cast<L>(sum_lanes<L>(x, n, [](auto v) { return v; }) * share);
    deviations<L> const d = sum_deviations(x, n, guess);
    double const rest = d.sum, squares = d.squares;
    combine(s, {n, guess + rest * share, std::max(squares - rest * rest * share, 0.)});
  }
  static void combine(state& s, state const& o) {
    if (o.count == 0) return;
    if (s.count == 0) {
      s = o;
      return;
    }
    join_moments(s.mean, s.m2, static_cast<double>(s.count), o.mean, o.m2,
                 static_cast<double>(o.count));
    s.count += o.count;
  }
  static double finished(double m2, int64_t count, double ddof) {
    double const v = m2 / std::max(static_cast<double>(count) - ddof, 0.);
    return Root ? std::sqrt(v) : v;
  }

  static void start(A& a, B& b) { a = b = 0; }
  static void add_one(A& mean, B& m2, E x, int64_t, double reciprocal) {
    double const v = static_cast<double>(x), delta = v - mean;
    mean += delta * reciprocal;
    m2 += delta * (v - mean);
  }
  static void join(A& a, B& b, int64_t n, A oa, B ob, int64_t m) {
    join_moments(a, b, static_cast<double>(n), oa, ob, static_cast<double>(m));
  }
  static double column_value(A, B b, int64_t count, double ddof) {
    return finished(b, count, ddof);
  }
};

// The variance of complex numbers is that of the real parts plus that of the imaginary parts.
template <class R, bool Root>
struct variances<complex<R>, Root> {
  struct state {
    int64_t count;
    complex128 mean;
    double m2;
  };
  using A = complex128;
  using B = double;

  static state start_state() { return {0, {0, 0}, 0}; }
  static void add(state& s, complex<R> const* x, int64_t n, int64_t) {
    complex128 sum{0, 0};
    for (int64_t i = 0; i < n; ++i) sum += complex128(x[i].re, x[i].im);
    double const count = static_cast<double>(n);
    complex128 const mean{sum.re / count, sum.im / count};
    double m2 = 0;
    for (int64_t i = 0; i < n; ++i) m2 += squared(complex128(x[i].re, x[i].im) - mean);
    combine(s, {n, mean, m2});
  }
  static void combine(state& s, state const& o) {
    if (o.count == 0) return;
    if (s.count == 0) {
      s = o;
      return;
    }
    join(s.mean, s.m2, s.count, o.mean, o.m2, o.count);
    s.count += o.count;
  }
  static double finished(double m2, int64_t count, double ddof) {
    return variances<double, Root>::finished(m2, count, ddof);
  }

  static void start(A& a, B& b) { a = {0, 0}, b = 0; }
  static void add_one(A& mean, B& m2, complex<R> x, int64_t, double reciprocal) {
    complex128 const v{x.re, x.im}, delta = v - mean;
    mean += complex128{delta.re * reciprocal, delta.im * reciprocal};
    m2 += delta.re * (v.re - mean.re) + delta.im * (v.im - mean.im);
  }
  static void join(A& a, B& b, int64_t n, A oa, B ob, int64_t m) {
    double const count = static_cast<double>(n), share = static_cast<double>(m) / (count + m);
    complex128 const delta = oa - a;
    a += complex128{delta.re * share, delta.im * share};
    b += ob + squared(delta) * count * share;
  }
  static double column_value(A, B b, int64_t count, double ddof) {
    return finished(b, count, ddof);
  }
};

// ---- norms: floats in float unless their squares may overflow or vanish, then in double, where
// they cannot; plain for doubles, as NumPy
template <class E>
struct norms {
  using state = double;
  using A = double;
  using B = nothing;

  static state start_state() { return 0; }
  static void add(state& s, E const* x, int64_t n, int64_t) {
    if constexpr (is_complex<E>) {
      using R = typename E::value_type;
      norms<R>::add(s, reinterpret_cast<R const*>(x), 2 * n, 0);
    } else {
      auto const square = [](auto v) { return v * v; };
      if constexpr (std::is_same_v<E, float>) {
        float const sum = sum_lanes<float>(x, n, square);
        if (sum > 0x1p-80f && sum < 0x1p120f) {
          s += sum;
          return;
        }
      }
      s += sum_lanes<double>(x, n, square);
    }
  }
  static void combine(state& s, state const& o) { s += o; }
  static double value(state s, int64_t) { return std::sqrt(s); }

  static void start(A& a, B&) { a = 0; }
  static void add_one(A& a, B&, E x, int64_t, double) { a += squared(x); }
  static void join(A& a, B&, int64_t, A o, B, int64_t) { a += o; }
  static double column_value(A a, B, int64_t, double) { return std::sqrt(a); }
};

// ---- min and max: NaN wins
template <class E, bool Less>
struct extremes {
  using state = E;
  using A = E;
  using B = nothing;

  static constexpr E identity() {
    using limits = std::numeric_limits<E>;
    if constexpr (std::is_floating_point_v<E>)
      return Less ? limits::infinity() : -limits::infinity();
    else
      return Less ? limits::max() : limits::min();
  }
  static E better(E a, E b) {
    if constexpr (std::is_floating_point_v<E>)
      return extreme<Less>(a, b);
    else
      return Less ? std::min(a, b) : std::max(a, b);
  }
  static state start_state() { return identity(); }
  static void add(state& s, E const* x, int64_t n, int64_t) {
    s = better(s, extreme_lanes<Less>(x, n));
  }
  static void combine(state& s, state const& o) { s = better(s, o); }
  static E value(state s, int64_t) { return s; }

  static void start(A& a, B&) { a = identity(); }
  static void add_one(A& a, B&, E x, int64_t, double) { a = better(a, x); }
  static void join(A& a, B&, int64_t, A o, B, int64_t) { a = better(a, o); }
  static E column_value(A a, B, int64_t, double) { return a; }
};

// ---- argmin and argmax: the first of equals, the first NaN
template <class E, bool Less>
struct positions {
  struct state {
    E value;
    int64_t index;  // -1: none yet
  };
  using A = E;
  using B = int64_t;

  static bool is_nan(E v) { return v != v; }
  static bool wins(E v, E over) {
    return (Less ? v < over : v > over) || (is_nan(v) && !is_nan(over));
  }
  static bool replaces(E v, int64_t at, E over, int64_t over_at) {
    if (over_at < 0 || wins(v, over)) return at >= 0;
    return at >= 0 && at < over_at && (v == over || (is_nan(v) && is_nan(over)));
  }
  static state start_state() { return {E{}, -1}; }
  static void add(state& s, E const* x, int64_t n, int64_t first) {
    E const best = extreme_lanes<Less>(x, n);
    if (s.index >= 0 && !wins(best, s.value)) return;
    s = {best, first + (is_nan(best) ? first_of(x, n, [](auto v) { return v != v; })
                                     : first_of(x, n, [=](auto v) { return v == best; }))};
  }
  static void combine(state& s, state const& o) {
    if (replaces(o.value, o.index, s.value, s.index)) s = o;
  }
  static int64_t value(state s, int64_t) { return s.index; }

  static void start(A& a, B& b) { a = E{}, b = -1; }
  static void add_one(A& a, B& b, E x, int64_t index, double) {
    bool const better = (b < 0) | wins(x, a);
    a = better ? x : a;
    b = better ? index : b;
  }
  static void join(A& a, B& b, int64_t, A oa, B ob, int64_t) {
    bool const better = replaces(oa, ob, a, b);
    a = better ? oa : a;
    b = better ? ob : b;
  }
  static int64_t column_value(A, B b, int64_t, double) { return b; }
};

// ---- any, all, count_nonzero: NaN counts as true
template <class E, reduction Op>
struct counts {
  using state = int64_t;
  using A = int64_t;
  using B = nothing;

  static state start_state() { return 0; }
  static void add(state& s, E const* x, int64_t n, int64_t) {
    int64_t i = 0;
    if constexpr (sizeof(E) == 1)  // bytes are counted in bytes
      while (i + 32 <= n) {
        std::uint8_t few[32] = {};
        for (int64_t const end = std::min(n - 31, i + 32 * 255); i < end; i += 32)
          for (int k = 0; k < 32; ++k) few[k] += is_nonzero(x[i + k]);
        for (std::uint8_t f : few) s += f;
      }
    std::int32_t found = 0;
    for (; i < n; ++i) found += is_nonzero(x[i]);
    s += found;
  }
  static void combine(state& s, state const& o) { s += o; }
  static int64_t value(state s, int64_t count) {
    if constexpr (Op == reduction::any) return s != 0;
    if constexpr (Op == reduction::all) return s == count;
    return s;
  }

  static void start(A& a, B&) { a = 0; }
  static void add_one(A& a, B&, E x, int64_t, double) { a += is_nonzero(x); }
  static void join(A& a, B&, int64_t, A o, B, int64_t) { a += o; }
  static int64_t column_value(A a, B, int64_t count, double) { return value(a, count); }
};

template <reduction Op, class E>
constexpr auto choose() {
  using enum reduction;
  if constexpr (Op == sum || Op == mean)
    return sums<E, Op == mean>{};
  else if constexpr (Op == prod)
    return products<E>{};
  else if constexpr (Op == var || Op == std)
    return variances<E, Op == std>{};
  else if constexpr (Op == norm)
    return norms<E>{};
  else if constexpr (Op == any || Op == all || Op == count_nonzero)
    return counts<E, Op>{};
  else if constexpr (Op == argmin || Op == argmax)
    return positions<E, Op == argmin>{};
  else
    return extremes<E, Op == min>{};
}

template <class R, class V>
R rounded(V v) {
  if constexpr (std::is_integral_v<V> && is_integer<R>)
    return static_cast<R>(v);
  else
    return convert<R>(v);
}

// The table's functions of one reduction over one element type.
template <reduction Op, class T>
struct entry {
  using E = plain<T>;
  using M = decltype(choose<Op, E>());
  using S = typename M::state;
  using A = typename M::A;
  using B = typename M::B;
  using R = reduction_t<Op, T>;
  static constexpr bool two = !std::is_same_v<B, nothing>;
  static_assert(sizeof(S) <= sizeof(reduction_state));

  static S& as(reduction_state& s) { return *std::launder(reinterpret_cast<S*>(s.bytes)); }
  static S const& as(reduction_state const& s) {
    return *std::launder(reinterpret_cast<S const*>(s.bytes));
  }
  static void init(reduction_state& s) { new (s.bytes) S(M::start_state()); }
  static void accumulate(reduction_state& s, void const* values, int64_t n, int64_t first) {
    with_plain<T>(values, n, [&](E const* x) { M::add(as(s), x, n, first); });
  }
  static void combine(reduction_state& s, reduction_state const& o) { M::combine(as(s), as(o)); }
  static R result(S const& s, int64_t count, double ddof) {
    if constexpr (Op == reduction::var || Op == reduction::std)
      return rounded<R>(M::finished(s.m2, count, ddof));
    else
      return rounded<R>(M::value(s, count));
  }
  static void finish(reduction_state const& s, int64_t count, double ddof, void* to) {
    *static_cast<R*>(to) = result(as(s), count, ddof);
  }
  static void rows(void const* values, int64_t pitch, int64_t rows, int64_t length, double ddof,
                   void* to, int64_t to_pitch) {
    for (int64_t i = 0; i < rows; ++i) {
      S s = M::start_state();
      if (length > 0)
        with_plain<T>(static_cast<std::byte const*>(values) + i * pitch, length,
                      [&](E const* x) { M::add(s, x, length, 0); });
      *reinterpret_cast<R*>(static_cast<std::byte*>(to) + i * to_pitch) = result(s, length, ddof);
    }
  }

  static A* first(column_states s) { return reinterpret_cast<A*>(s.data[0]); }
  static B* second(column_states s) { return reinterpret_cast<B*>(s.data[1]); }
  // One loop for one or two components; `unused` keeps the signature.
  template <class F>
  static void each(column_states s, int64_t n, F f) {
    A* const a = first(s);
    if constexpr (two) {
      B* const b = second(s);
      for (int64_t i = 0; i < n; ++i) f(i, a[i], b[i]);
    } else {
      B unused;
      for (int64_t i = 0; i < n; ++i) f(i, a[i], unused);
    }
  }
  static B other_second(column_states o, int64_t i) {
    if constexpr (two)
      return second(o)[i];
    else
      return B{};
  }

  static void columns_init(column_states s, int64_t n) {
    each(s, n, [](int64_t, A& a, B& b) { M::start(a, b); });
  }
  static void columns_add(column_states s, void const* values, int64_t n, int64_t count,
                          int64_t index, int64_t width) {
    double const reciprocal = 1. / static_cast<double>(count + 1);
    with_plain<T>(values, n, [&](E const* __restrict x) {
      if constexpr (Op == reduction::argmin || Op == reduction::argmax) {
        A* __restrict a = first(s);
        B* __restrict b = second(s);
        for (int64_t begin = 0; begin < n; begin += width, ++index)
          for (int64_t i = begin; i < std::min(begin + width, n); ++i)
            M::add_one(a[i], b[i], x[i], index, 0);
      } else if constexpr (two) {
        A* __restrict a = first(s);
        B* __restrict b = second(s);
        for (int64_t i = 0; i < n; ++i) M::add_one(a[i], b[i], x[i], 0, reciprocal);
      } else {
        A* __restrict a = first(s);
        B unused;
        for (int64_t i = 0; i < n; ++i) M::add_one(a[i], unused, x[i], 0, 0);
      }
    });
  }
  static void columns_combine(column_states s, int64_t count, column_states o, int64_t other_count,
                              int64_t n) {
    A const* const oa = first(o);
    each(s, n, [&](int64_t i, A& a, B& b) {
      M::join(a, b, count, oa[i], other_second(o, i), other_count);
    });
  }
  static void columns_finish(column_states s, int64_t n, int64_t count, double ddof, void* to) {
    R* const results = static_cast<R*>(to);
    each(s, n, [&](int64_t i, A& a, B& b) {
      results[i] = rounded<R>(M::column_value(a, b, count, ddof));
    });
  }

  static constexpr accumulator table{sizeof(T),
                                     sizeof(R),
                                     init,
                                     accumulate,
                                     combine,
                                     finish,
                                     rows,
                                     {sizeof(A), two ? static_cast<int64_t>(sizeof(B)) : 0},
                                     columns_init,
                                     columns_add,
                                     columns_combine,
                                     columns_finish};
};

constexpr bool is_ordered_only(reduction op) {
  using enum reduction;
  return op == min || op == max || op == argmin || op == argmax;
}

template <reduction Op>
constexpr std::array<accumulator const*, dtype_count> row_of_table() {
  std::array<accumulator const*, dtype_count> row{};
#define X(name, type, numpy)                                \
  if constexpr (!(is_complex<type> && is_ordered_only(Op))) \
    row[static_cast<int>(dtype::name)] = &entry<Op, type>::table;
  SLOTH_DTYPES(X)
#undef X
  return row;
}

template <std::size_t... Op>
constexpr auto whole_table(std::index_sequence<Op...>) {
  return std::array{row_of_table<static_cast<reduction>(Op)>()...};
}

}  // namespace

accumulator const* find_accumulator(reduction op, dtype type) noexcept {
  static constexpr auto table = whole_table(std::make_index_sequence<reduction_count>{});
  return table[static_cast<std::size_t>(op)][static_cast<std::size_t>(type)];
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
