// A tree's value in a kernel: packs of elements, evaluated in registers.
#pragma once

#include <dsl/philox.hpp>
#include <dsl/tree.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// N elements that are loaded and stored at once.
template <class T, int N>
struct alignas(sizeof(T) * N) pack {
  T v[N];
};

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

/// The generator's element at row-major index i of its own shape.
template <generator_kind Kind, class T>
__device__ T generate(scalar_bits const* params, std::int64_t i) {
  struct two_u64 {
    std::uint64_t a, b;
  };
  struct two_i64 {
    std::int64_t a, b;
  };
  struct two_f64 {
    double a, b;
  };
  if constexpr (Kind == generator_kind::uniform) {
    auto const key = params[0].as<two_u64>();
    return philox_uniform<T>(key.a, key.b, static_cast<std::uint64_t>(i));
  } else if constexpr (Kind == generator_kind::normal) {
    auto const key = params[0].as<two_u64>();
    auto const scale = params[1].as<two_f64>();
    T const z = philox_normal<T>(key.a, key.b, static_cast<std::uint64_t>(i));
    return scalar::add(T(scale.a), scalar::multiply(T(scale.b), z));
  } else if constexpr (Kind == generator_kind::arange) {
    if constexpr (is_integer<T>) {
      auto const p = params[0].as<two_i64>();
      return static_cast<T>(p.a + i * p.b);
    } else {
      auto const p = params[0].as<two_f64>();
      return convert<T>(__dadd_rn(p.a, __dmul_rn(static_cast<double>(i), p.b)));
    }
  } else if constexpr (Kind == generator_kind::linspace) {
    struct stop_last {
      double stop;
      std::int64_t last;
    };
    auto const p = params[0].as<two_f64>();
    auto const end = params[1].as<stop_last>();
    return convert<T>(i == end.last ? end.stop
                                    : __dadd_rn(p.a, __dmul_rn(static_cast<double>(i), p.b)));
  } else if constexpr (Kind == generator_kind::eye) {
    auto const p = params[0].as<two_i64>();
    return convert<T>(i % p.a == i / p.a + p.b);
  } else {
    return params[0].as<T>();
  }
}

/// pack<T, N> of the tree at `At`. A context has load<T, N, slot>(), index<slot>(k) for generators,
/// scalar(slot), row<T>(slot), params(slot).
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
#pragma unroll
    for (int k = 0; k < N; ++k)
      p.v[k] = generate<Kind, T>(c.params(At.leaf), c.template index<At.leaf>(k));
    return p;
  }
};
template <class T, slots At, int N>
struct value<scalar_leaf<T>, At, N> {
  template <class Context>
  static __device__ auto of(Context const& c) {
    pack<T, N> p;
    T const v = c.scalar(At.scalar).template as<T>();
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
  static __device__ auto of(Context const& c) {
    using T = typename apply<Op, A...>::value_type;
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
          c, map_call<F, T, N>{c.scalar(At.scalar).template as<F>()});
    else
      return argument_values<first, N, A...>::to(c, map_call<F, T, N>{});
  }
};

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
