// A tree's value in a kernel: packs of elements, evaluated in registers.
#pragma once

#include <dsl/box_muller.hpp>
#include <dsl/distributions.hpp>
#include <dsl/philox64.hpp>
#include <dsl/tree.hpp>
#include <kernels/cuda/geometry.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// N elements that are loaded and stored at once.
template <class T, int N>
struct alignas(sizeof(T) * N) pack {
  T v[N];
};

/// Pack i of elements that lie one behind the other, wherever they begin.
template <class U, int N>
__device__ pack<U, N> load_pack(void const* from, std::int64_t i) {
  if (reinterpret_cast<std::uintptr_t>(from) % sizeof(pack<U, N>) == 0)
    return static_cast<pack<U, N> const*>(from)[i];
  pack<U, N> p;
#pragma unroll
  for (int k = 0; k < N; ++k) p.v[k] = static_cast<U const*>(from)[i * N + k];
  return p;
}

/// Which elements a pack of R runs holds: of run r, left[r] of its N elements exist. Runs are loaded
/// together, before any of them is used.
template <int R, int N>
struct runs {
  int left[R];
  bool whole;  // all of them exist
};

/// The runs of a leaf: N elements `step` apart, from p + r * stride on.
template <int R, int N, class U>
__device__ pack<U, R * N> load_runs(U const* p, std::int64_t stride, runs<R, N> const& where,
                                    inner_kind kind, std::int64_t step) {
  pack<U, R * N> out;
  if (kind == inner_kind::vector && where.whole) {
#pragma unroll
    for (int r = 0; r < R; ++r) {
      auto const run = *reinterpret_cast<pack<U, N> const*>(p + r * stride);
#pragma unroll
      for (int k = 0; k < N; ++k) out.v[r * N + k] = run.v[k];
    }
  } else if (kind == inner_kind::splat) {
#pragma unroll
    for (int r = 0; r < R; ++r) {
      U const v = where.left[r] > 0 ? p[r * stride] : U{};
#pragma unroll
      for (int k = 0; k < N; ++k) out.v[r * N + k] = v;
    }
  } else {
#pragma unroll
    for (int r = 0; r < R; ++r)
#pragma unroll
      for (int k = 0; k < N; ++k)
        out.v[r * N + k] = k < where.left[r] ? p[r * stride + k * step] : U{};
  }
  return out;
}

/// How many of `most` are left of `count`.
__device__ inline int left_of(std::int64_t count, int most) {
  return count >= most ? most : static_cast<int>(count);
}

/// N elements of which `left` exist, as one vector where the output takes it.
template <int N, class T>
__device__ void store(T* out, T const* v, bool vector, int left, std::int64_t step) {
  if (vector && left >= N) {
    pack<T, N> p;
#pragma unroll
    for (int k = 0; k < N; ++k) p.v[k] = v[k];
    *reinterpret_cast<pack<T, N>*>(out) = p;
  } else {
#pragma unroll
    for (int k = 0; k < N; ++k)
      if (k < left) out[k * step] = v[k];
  }
}

/// Position in a tree: the next slot of each kind.
struct slots {
  int leaf = 0, scalar = 0, row = 0;
};
template <class Tree>
SLOTH_HD constexpr slots behind(slots at) {
  return {at.leaf + Tree::leaf_count, at.scalar + Tree::scalar_count, at.row + Tree::row_count};
}

/// The widest element that a tree loads or stores.
template <class Tree>
struct widest {
  static constexpr int value = sizeof(typename Tree::value_type);
};
template <class T>
struct widest<scalar_leaf<T>> {
  static constexpr int value = 1;
};
template <generator_kind Kind, class T>
struct widest<generated<Kind, T>> {
  static constexpr int value = 1;
};
template <class Op, class... A>
struct widest<apply<Op, A...>> {
  static constexpr int value = std::max({1, widest<A>::value...});
};
template <reduction Op, class A>
struct widest<row_reduction<Op, A>> {
  static constexpr int value = widest<A>::value;
};

/// Elements in a pack: 16 bytes of the widest type that the tree loads or stores.
template <class Tree>
inline constexpr int pack_size = 16 / std::max<int>(sizeof(typename Tree::value_type),
                                                    widest<Tree>::value);

/// Runs that a thread takes at once: fewer where many leaves want registers, and at most 16 elements,
/// since each of them is code of its own.
template <class Tree>
inline constexpr int run_count = std::clamp(16 / pack_size<Tree>, 1,
                                            Tree::leaf_count <= 3   ? 4
                                            : Tree::leaf_count <= 6 ? 2
                                                                    : 1);

/// A generator's parameters as its kind reads them (dsl/kernel.hpp).
struct two_u64 {
  std::uint64_t a, b;
};
struct two_i64 {
  std::int64_t a, b;
};
struct two_f64 {
  double a, b;
};
struct stop_last {
  double stop;
  std::int64_t last;
};

/// A generator's parameters, and the keys of its seed where it draws.
struct generator_arguments {
  scalar_bits params[2];
  philox_keys keys;
};

/// The element at row-major index i of a generator's own shape, where it is drawn alone.
template <generator_kind Kind, class T>
__device__ T generate(scalar_bits const* params, std::int64_t i) {
  if constexpr (Kind == generator_kind::arange) {
    if constexpr (is_integer<T>) {
      auto const p = params[0].as<two_i64>();
      return static_cast<T>(p.a + i * p.b);
    } else {
      auto const p = params[0].as<two_f64>();
      return convert<T>(__dadd_rn(p.a, __dmul_rn(static_cast<double>(i), p.b)));
    }
  } else if constexpr (Kind == generator_kind::linspace) {
    auto const p = params[0].as<two_f64>();
    auto const end = params[1].as<stop_last>();
    return convert<T>(i == end.last ? end.stop
                                    : __dadd_rn(p.a, __dmul_rn(static_cast<double>(i), p.b)));
  } else if constexpr (Kind == generator_kind::eye) {
    auto const p = params[0].as<two_i64>();
    return convert<T>(i % p.a == i / p.a + p.b);
  } else if constexpr (Kind == generator_kind::numpy) {
    auto const place = params[0].as<two_u64>();
    return numpy_uniform<T>(params[1].as<philox64_key>(),
                            i == 0 ? place.a : place.b + static_cast<std::uint64_t>(i));
  } else {
    return params[0].as<T>();
  }
}
/// The words of elements j to j + N - 1 of the stream: one block where they share it. Neighbouring
/// threads draw neighbouring packs, so that a misaligned stream costs all of them a second block.
template <int N>
__device__ void philox_pack32(philox_keys const& keys, std::uint64_t j, std::uint32_t (&word)[N]) {
  static_assert(N == 2 || N == 4);
  philox_block const first = philox_block32(keys, j);
  unsigned const at = static_cast<unsigned>(j) & 3;
  if (at + N <= 4) {
#pragma unroll
    for (int k = 0; k < N; ++k) word[k] = N == 2 && at == 2 ? first.word[k + 2] : first.word[k];
    if (N == 2 && at == 1) word[0] = first.word[1], word[1] = first.word[2];
    return;
  }
  philox_block const second = philox_block32(keys, j + 4);
  std::uint32_t both[8];  // moved down by `at`, with constant indices
#pragma unroll
  for (int k = 0; k < 4; ++k) both[k] = first.word[k], both[k + 4] = second.word[k];
#pragma unroll
  for (int k = 0; k < 6; ++k) both[k] = at & 2 ? both[k + 2] : both[k];
#pragma unroll
  for (int k = 0; k < N; ++k) word[k] = at & 1 ? both[k + 1] : both[k];
}

template <generator_kind Kind, class T, int N>
__device__ void scale_normals(generator_arguments const& g, T (&v)[N]) {
  if constexpr (Kind == generator_kind::normal) {
    auto const scale = g.params[1].as<two_f64>();
#pragma unroll
    for (int k = 0; k < N; ++k) v[k] = scalar::add(T(scale.a), scalar::multiply(T(scale.b), v[k]));
  }
}

/// N elements of a uniform or normal stream from the block that holds them: all of it, or with N == 2
/// of 32 bits its lower or upper half.
template <generator_kind Kind, class T, int N>
__device__ void draw_pack(philox_block const& b, bool upper, T* v) {
  static_assert(N == 2 || (N == 4 && sizeof(T) == 4));
  constexpr bool normal = Kind == generator_kind::normal;
  if constexpr (sizeof(T) == 4) {
    std::uint32_t word[N];
#pragma unroll
    for (int k = 0; k < N; ++k) word[k] = N == 2 && upper ? b.word[k + 2] : b.word[k];
#pragma unroll
    for (int k = 0; k < N; k += normal ? 2 : 1)
      if constexpr (normal) {
        auto const z = philox_box_muller(word[k], word[k + 1]);
        v[k] = z.sine, v[k + 1] = z.cosine;
      } else {
        v[k] = philox_unit(word[k]);
      }
  } else {
    auto const w = b.word;
    if constexpr (normal) {
      auto const z = philox_box_muller(w[0], w[1], w[2], w[3]);
      v[0] = z.sine, v[1] = z.cosine;
    } else {
      v[0] = philox_unit(w[0], w[1]), v[1] = philox_unit(w[2], w[3]);
    }
  }
}

/// Elements j to j + N - 1 for any j, as a call: where runs lie across two blocks of words, or in
/// several rows of the stream, and that is rare.
template <generator_kind Kind, class T, int N>
__device__ __noinline__ pack<T, N> draw_split_pack(std::uint64_t seed, std::uint64_t j) {
  pack<T, N> p;
  philox_keys const keys = seed;
  if constexpr (Kind == generator_kind::uniform && sizeof(T) == 4 && N > 1) {
    std::uint32_t word[N];
    philox_pack32<N>(keys, j, word);
#pragma unroll
    for (int k = 0; k < N; ++k) p.v[k] = philox_unit(word[k]);
  } else {
    if constexpr (N > 1)
      if (j % 2 == 0) {  // whole pairs
        philox_block b;
        if constexpr (sizeof(T) == 4) {
          std::uint32_t word[N];
          philox_pack32<N>(keys, j, word);
#pragma unroll
          for (int k = 0; k < N; ++k) b.word[k] = word[k];
        } else {
          b = philox_block64(keys, j);
        }
        draw_pack<Kind, T, N>(b, false, p.v);
        return p;
      }
#pragma unroll
    for (int k = 0; k < N; ++k)
      if constexpr (Kind == generator_kind::uniform)
        p.v[k] = philox_uniform<T>(keys, j, k);
      else
        p.v[k] = philox_normal<T>(keys, j, k);
  }
  return p;
}

/// Element j of a distribution, as a call: it is long code, with loops.
template <generator_kind Kind, class T>
__device__ __noinline__ T draw_alone(numbers_of<Kind> const& numbers, std::uint64_t seed,
                                     std::uint64_t j) {
  philox_keys const keys = seed;
  return static_cast<T>(numbers(keys, j));
}

/// Integers j to j + N - 1, as a call: of the block that they share, or of several.
template <class T, int N>
__device__ __noinline__ pack<T, N> draw_split_integers(std::uint64_t seed, std::uint64_t j,
                                                       scalar_bits parameters) {
  using namespace random_detail;
  philox_keys const keys = seed;
  auto const p = parameters.as<two_words>();
  integer_words const words(p.b);
  pack<T, N> out;
  philox_block block{};
#pragma unroll
  for (int k = 0; k < N; ++k) {
    if (k == 0 || (j + k) >> words.shift() != (j + k - 1) >> words.shift())
      block = words.block(keys, j + k);
    out.v[k] = static_cast<T>(draw_integer(keys, j + k, p.a, p.b, words, words.bits(block, j + k)));
  }
  return out;
}
/// The same at once where one block gives a word for each, as most often.
template <class T, int N>
__device__ pack<T, N> draw_integers(philox_keys const& keys, std::uint64_t seed, std::uint64_t j,
                                    scalar_bits parameters) {
  auto const p = parameters.as<random_detail::two_words>();
  random_detail::integer_words const words(p.b);
  if (!words.single || j % N != 0) return draw_split_integers<T, N>(seed, j, parameters);
  philox_block const block = words.block(keys, j);
  pack<T, N> out;
  bool all = true;  // one branch for all of them
#pragma unroll
  for (int k = 0; k < N; ++k) {
    std::uint64_t drawn = 0;
    all &= words.integer(words.bits(block, N == 4 ? k : j + k), p.a, p.b, drawn);
    out.v[k] = static_cast<T>(drawn);
  }
  return all ? out : draw_split_integers<T, N>(seed, j, parameters);
}

/// pack<T, N> of the tree at `At`. A context has `a`, the tree's arguments, load<T, N, slot>(),
/// row<T, slot>(), and `run`: N is a multiple of it. For generators it has index<slot>(k), of element
/// k, and neighbours<slot>(): the indices of a run's elements follow each other.
template <class Tree, slots At, int N>
struct value {  // a leaf
  template <class Context>
  static __device__ auto of(Context const& c) {
    return c.template load<typename Tree::value_type, N, At.leaf>();
  }
};
template <generator_kind Kind, class T, slots At, int N>
struct value<generated<Kind, T>, At, N> {
  template <class Context>
  static __device__ auto of(Context const& c) {
    pack<T, N> p;
    generator_arguments const& g = c.a.generator[At.leaf];
    auto const index = [&](int k) { return c.template index<At.leaf>(k); };
    if constexpr (Kind == generator_kind::uniform || Kind == generator_kind::normal) {
      auto const [seed, offset] = g.params[0].as<two_u64>();
      // What one block of words gives, of elements that lie one behind the other.
      constexpr int block = 16 / static_cast<int>(sizeof(T)), length = Context::run;
      constexpr int run = length < block ? length : block, count = N / run;
      if (run > 1 && c.template neighbours<At.leaf>()) {
        // The context's runs are equally far apart, and most often in one row of the stream: there
        // their blocks have one first product in common, and indices of 32 bits.
        auto const j = offset + static_cast<std::uint64_t>(index(0));
        auto const apart = static_cast<std::uint64_t>(N > length ? index(length) - index(0) : 0);
        auto const from_first = [&](int r) {
          return (r * run / length) * apart + static_cast<unsigned>(r * run % length);
        };
        auto const first = static_cast<std::uint32_t>(j % philox_row);
        // Two loops, so that the blocks of all runs are made side by side.
        if constexpr (run > 1) {
          if (j % run == 0 && apart % 4 == 0 && first + from_first(count - 1) < philox_row) {
            std::uint64_t const row = j / philox_row;
            auto const half = [&](int r) {  // element / 2 % 2
              return (first / 2 + static_cast<unsigned>(r * run % length / 2)) % 2;
            };
            auto const words = [&](int r) {
              auto const thread = (first + static_cast<std::uint32_t>(from_first(r))) / 4;
              return philox_words(g.keys, sizeof(T) == 4 ? row : 2 * row + half(r), thread);
            };
            if constexpr (Kind == generator_kind::normal && sizeof(T) == 8) {
              philox_block blocks[count];
#pragma unroll
              for (int r = 0; r < count; ++r) blocks[r] = words(r);
              philox_normal_pairs(blocks, p.v);
            } else {
#pragma unroll
              for (int r = 0; r < count; ++r)
                draw_pack<Kind, T, run>(words(r), half(r) != 0, p.v + r * run);
            }
          } else
#pragma unroll
            for (int r = 0; r < count; ++r) {
              auto const v = draw_split_pack<Kind, T, run>(seed, j + from_first(r));
#pragma unroll
              for (int k = 0; k < run; ++k) p.v[r * run + k] = v.v[k];
            }
        }
      } else {
#pragma unroll
        for (int k = 0; k < N; ++k)
          p.v[k] =
              draw_split_pack<Kind, T, 1>(seed, offset + static_cast<std::uint64_t>(index(k))).v[0];
      }
      scale_normals<Kind>(g, p.v);
    } else if constexpr (is_distribution(Kind)) {
      auto const [seed, offset] = g.params[0].as<two_u64>();
      if constexpr (Kind == generator_kind::integers) {
        constexpr int run = Context::run < 4 ? Context::run : 4;
        if (run > 1 && c.template neighbours<At.leaf>()) {
#pragma unroll
          for (int r = 0; r < N; r += run) {
            auto const v = draw_integers<T, run>(
                g.keys, seed, offset + static_cast<std::uint64_t>(index(r)), g.params[1]);
#pragma unroll
            for (int k = 0; k < run; ++k) p.v[r + k] = v.v[k];
          }
          return p;
        }
      }
      numbers_of<Kind> const numbers(g.params[1]);
#pragma unroll
      for (int k = 0; k < N; ++k)
        p.v[k] = draw_alone<Kind, T>(numbers, seed, offset + static_cast<std::uint64_t>(index(k)));
    } else {
#pragma unroll
      for (int k = 0; k < N; ++k) p.v[k] = generate<Kind, T>(g.params, index(k));
    }
    return p;
  }
};
template <class T, slots At, int N>
struct value<scalar_leaf<T>, At, N> {
  template <class Context>
  static __device__ auto of(Context const& c) {
    pack<T, N> p;
    T const v = c.a.scalar[At.scalar].template as<T>();
#pragma unroll
    for (int k = 0; k < N; ++k) p.v[k] = v;
    return p;
  }
};
template <reduction Op, class A, slots At, int N>
struct value<row_reduction<Op, A>, At, N> {
  template <class Context>
  static __device__ auto of(Context const& c) {
    using T = typename row_reduction<Op, A>::value_type;
    pack<T, N> p;
    T const v = c.template row<T, At.row + A::row_count>();
#pragma unroll
    for (int k = 0; k < N; ++k) p.v[k] = v;
    return p;
  }
};

template <slots At, int N, class... A>
struct argument_values {
  template <class Context, class F, class... Done>
  static __device__ auto to(Context const&, F const& f, Done const&... done) {
    return f(done...);
  }
};
template <slots At, int N, class Head, class... Tail>
struct argument_values<At, N, Head, Tail...> {
  template <class Context, class F, class... Done>
  static __device__ auto to(Context const& c, F const& f, Done const&... done) {
    auto const head = value<Head, At, N>::of(c);
    return argument_values<behind<Head>(At), N, Tail...>::to(c, f, done..., head);
  }
};

template <class Op, class T, int N>
struct elementwise_call {
  template <class... P>
  __device__ pack<T, N> operator()(P const&... p) const {
    pack<T, N> out;
#pragma unroll
    for (int k = 0; k < N; ++k) out.v[k] = op::evaluate<Op>(p.v[k]...);
    return out;
  }
};
/// Quotients of floats, rounded as IEEE's: the steps of nvcc's own division (Markstein, "Computation
/// of elementary functions on the IBM RISC System/6000", 1990), whose range is checked once a pack and
/// not with a branch for each element. Where it does not hold, and for negative divisors, a / b.
template <int N>
struct elementwise_call<op::divide, float, N> {
  __device__ pack<float, N> operator()(pack<float, N> const& a, pack<float, N> const& b) const {
    // Direct where 2^-30 <= b <= 2^30, and a is 0 or 2^-90 <= |a| <= 2^90.
    bool direct = true;
    float most = 0;
    unsigned least = ~0u;  // twice the bits, less the sign's and with zeros last
#pragma unroll
    for (int k = 0; k < N; ++k) {
      direct = direct && b.v[k] >= 0x1p-30f && b.v[k] <= 0x1p30f;
      most = ::fmaxf(most, ::fabsf(a.v[k]));
      least = ::min(least, 2 * __float_as_uint(a.v[k]) - 2);
    }
    pack<float, N> out;
    if (direct && most <= 0x1p90f && least >= ((127u - 90) << 24) - 2) {
#pragma unroll
      for (int k = 0; k < N; ++k) {
        float r;
        asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(b.v[k]));
        r = __fmaf_rn(r, __fmaf_rn(r, -b.v[k], 1), r);
        float const q = __fmul_rn(a.v[k], r);
        out.v[k] = __fmaf_rn(-__fmaf_rn(q, b.v[k], -a.v[k]), r, q);  // keeps the sign of zero
      }
    } else {
#pragma unroll
      for (int k = 0; k < N; ++k) out.v[k] = op::evaluate<op::divide>(a.v[k], b.v[k]);
    }
    return out;
  }
};
template <class F, class T, int N>
struct map_call {
  F f;
  template <class... P>
  __device__ pack<T, N> operator()(P const&... p) const {
    pack<T, N> out;
#pragma unroll
    for (int k = 0; k < N; ++k) out.v[k] = f(p.v[k]...);
    return out;
  }
};

template <class Op, class... A, slots At, int N>
struct value<apply<Op, A...>, At, N> {
  template <class Context>
  static __device__ pack<typename apply<Op, A...>::value_type, N> of(Context const& c) {
    using T = typename apply<Op, A...>::value_type;
    if constexpr (requires { requires Context::template keeps<apply<Op, A...>>; })
      if (c.has_kept()) return c.template kept<T, N>();
    return argument_values<At, N, A...>::to(c, elementwise_call<Op, T, N>{});
  }
};
template <class F, class... A, slots At, int N>
struct value<apply<op::map<F>, A...>, At, N> {
  template <class Context>
  static __device__ auto of(Context const& c) {
    using T = typename apply<op::map<F>, A...>::value_type;
    constexpr slots first{At.leaf, At.scalar + has_state<op::map<F>>, At.row};
    if constexpr (has_state<op::map<F>>)
      return argument_values<first, N, A...>::to(
          c, map_call<F, T, N>{c.a.scalar[At.scalar].template as<F>()});
    else
      return argument_values<first, N, A...>::to(c, map_call<F, T, N>{});
  }
};

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
