// The host's chunk functions: one pass of Eigen's packets over the translated tree per chunk. The
// only part of the host engine that is instantiated in the user's file. nvcc reads the file twice;
// for the device (__CUDA_ARCH__) the forms are there for their kernels alone, without Eigen.
#pragma once

#include <dsl/explain.hpp>
#if !defined(__CUDA_ARCH__)
#include <kernels/host/operations.hpp>
#endif

#include <array>

#if !defined(__CUDA_ARCH__)
namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Position in a tree: the next slot of each kind.
struct slots {
  int leaf = 0, scalar = 0, row = 0, part = 0;
};

template <class T>
inline constexpr bool is_leaf = false;
template <class V>
inline constexpr bool is_leaf<leaf<V>> = true;
template <generator_kind Kind, class V>
inline constexpr bool is_leaf<generated<Kind, V>> = true;
template <class T>
inline constexpr bool is_scalar_leaf = false;
template <class V>
inline constexpr bool is_scalar_leaf<scalar_leaf<V>> = true;

// --- the row reductions of a tree, in post-order -------------------------------------------------

template <class... A>
struct type_list {
  template <class... B>
  friend type_list<A..., B...> operator+(type_list, type_list<B...>) {
    return {};
  }
};

template <class Tree>
struct row_arguments {
  using type = type_list<>;
};
template <class Op, class... A>
struct row_arguments<apply<Op, A...>> {
  using type = decltype((type_list<>{} + ... + typename row_arguments<A>::type{}));
};
template <reduction Op, class A>
struct row_arguments<row_reduction<Op, A>> {
  using type = decltype(typename row_arguments<A>::type{} + type_list<A>{});
};

/// The first row reduction before `limit` whose argument has the form `Tree`, or -1.
template <class Tree, class... A>
constexpr int row_with_argument(type_list<A...>, int limit) {
  if (is_leaf<Tree> || is_scalar_leaf<Tree> || Tree::leaf_count == 0) return -1;
  int i = 0, found = -1;
  ((found = found < 0 && i < limit && std::is_same_v<Tree, A> ? i : found, ++i), ...);
  return found;
}
template <class Root, class Tree, int Limit>
inline constexpr int shared_row =
    Limit == 0 ? -1 : row_with_argument<Tree>(typename row_arguments<Root>::type{}, Limit);

template <class Root, class Tree, int Limit>
struct parts_in {
  static constexpr int value = shared_row<Root, Tree, Limit> >= 0 ? 1 : 0;
};
template <class Root, class Op, class... A, int Limit>
struct parts_in<Root, apply<Op, A...>, Limit> {
  static constexpr int value = shared_row<Root, apply<Op, A...>, Limit> >= 0
                                   ? 1
                                   : (parts_in<Root, A, Limit>::value + ... + 0);
};

/// The position behind `Tree`.
template <class Root, class Tree, int Limit>
constexpr slots behind(slots at) {
  return {at.leaf + Tree::leaf_count, at.scalar + Tree::scalar_count, at.row + Tree::row_count,
          at.part + parts_in<Root, Tree, Limit>::value};
}

// --- values of a sub-tree in a chunk: an Eigen expression, or a loop over elements ----------------

template <class T>
struct loop_leaf {
  using value_type = T;
  T const* p;
  T operator[](std::int64_t i) const { return p[i]; }
};
template <class T>
struct loop_scalar {
  using value_type = T;
  T v;
  T operator[](std::int64_t) const { return v; }
};
template <class Op, class... A>
struct loop_apply;
template <class Op, class A>
struct loop_apply<Op, A> {
  using value_type = decltype(op::evaluate<Op>(std::declval<typename A::value_type>()));
  A a;
  value_type operator[](std::int64_t i) const { return op::evaluate<Op>(a[i]); }
};
template <class Op, class A, class B>
struct loop_apply<Op, A, B> {
  using value_type = decltype(op::evaluate<Op>(std::declval<typename A::value_type>(),
                                               std::declval<typename B::value_type>()));
  A a;
  B b;
  value_type operator[](std::int64_t i) const { return op::evaluate<Op>(a[i], b[i]); }
};
template <class Op, class A, class B, class C>
struct loop_apply<Op, A, B, C> {
  using value_type = decltype(op::evaluate<Op>(std::declval<typename A::value_type>(),
                                               std::declval<typename B::value_type>(),
                                               std::declval<typename C::value_type>()));
  A a;
  B b;
  C c;
  value_type operator[](std::int64_t i) const { return op::evaluate<Op>(a[i], b[i], c[i]); }
};
template <class Op, class A, class B, class C, class D>
struct loop_apply<Op, A, B, C, D> {
  using value_type = decltype(op::evaluate<Op>(
      std::declval<typename A::value_type>(), std::declval<typename B::value_type>(),
      std::declval<typename C::value_type>(), std::declval<typename D::value_type>()));
  A a;
  B b;
  C c;
  D d;
  value_type operator[](std::int64_t i) const { return op::evaluate<Op>(a[i], b[i], c[i], d[i]); }
};
template <class F, class... A>
struct loop_map {
  using value_type =
      canonical_t<std::remove_cvref_t<std::invoke_result_t<F const&, typename A::value_type...>>>;
  F f;
  arguments<A...> a;
  value_type operator[](std::int64_t i) const { return at(i, a); }
  template <class... V>
  value_type at(std::int64_t, arguments<> const&, V... v) const {
    return f(v...);
  }
  template <class Head, class... Tail, class... V>
  value_type at(std::int64_t i, arguments<Head, Tail...> const& rest, V... v) const {
    return at(i, rest.tail, v..., rest.head[i]);
  }
};

template <class X>
concept eigen_expression = requires {
  typename X::PlainObject;
};

template <class T>
using eigen_map = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1> const>;

// Packets, then single elements: of Eigen's own assignment, which also aligns its stores, an
// optimiser has a third copy to go through. Inlined, so that `x` stays in registers: an object in
// memory is read back only behind the stores of the chunk before.
template <class X, class T>
[[gnu::always_inline]] inline void store(X const& x, T* out, std::int64_t n) {
  if constexpr (eigen_expression<X>) {
    using namespace Eigen::internal;
    evaluator<X> const from(x);
    std::int64_t i = 0;
    if constexpr ((evaluator<X>::Flags & Eigen::PacketAccessBit) != 0) {
      using packet = typename packet_traits<T>::type;
      constexpr std::int64_t size = packet_traits<T>::size;
      auto const move = [&](std::int64_t at) __attribute__((always_inline)) {
        pstoreu(out + at, from.template packet<Eigen::Unaligned, packet>(at));
      };
      // Two a turn: one, and its speed depends by a fifth on where in memory the loop's code lies.
      for (; i + 2 * size <= n; i += 2 * size) move(i), move(i + size);
      if (i + size <= n) {
        move(i);
        i += size;
      }
    }
    for (; i < n; ++i) out[i] = from.coeff(i);
  } else {
#if !defined(__clang__)  // which warns in the user's file that it does not know it
#pragma GCC ivdep
#endif
    for (std::int64_t i = 0; i < n; ++i) out[i] = x[i];
  }
}

/// A chunk while it is evaluated: hands out its scratch memory piece by piece.
class evaluation {
 public:
  explicit evaluation(chunk const& c) : c_(c), scratch_(c.scratch) {}
  chunk const& operator*() const { return c_; }

  /// `x` as an Eigen expression: loops with operations are run into scratch memory first.
  template <class X>
  auto to_eigen(X const& x) {
    if constexpr (eigen_expression<X>) {
      return x;
    } else {
      using T = typename X::value_type;
      if constexpr (std::is_same_v<X, loop_leaf<T>>)
        return eigen_map<T>(x.p, c_.n);
      else if constexpr (std::is_same_v<X, loop_scalar<T>>)
        return Eigen::Array<T, Eigen::Dynamic, 1>::Constant(c_.n, x.v);
      else
        return eigen_map<T>(materialized<T>(x), c_.n);
    }
  }
  /// `x` as a loop: Eigen expressions are run into scratch memory first, vectorised.
  template <class X>
  auto to_loop(X const& x) {
    if constexpr (eigen_expression<X>) {
      using T = typename X::Scalar;
      return loop_leaf<T>{materialized<T>(x)};
    } else {
      return x;
    }
  }

 private:
  template <class T, class X>
  T const* materialized(X const& x) {
    T* out = reinterpret_cast<T*>(scratch_);
    scratch_ += sizeof(T) * chunk_elements;
    store(x, out, c_.n);
    return out;
  }

  chunk const& c_;
  std::byte* scratch_;
};

/// How a sub-tree's values come: from memory or a scalar, as an Eigen expression, or by a loop.
enum class value_kind { plain, eigen, loop };
template <class Tree>
inline constexpr value_kind kind_of_value = value_kind::plain;
template <class Op, class... A>
inline constexpr value_kind kind_of_value<apply<Op, A...>> =
    eigen_column<Op, typename apply<Op, A...>::value_type>::exists &&
            (std::is_same_v<typename A::value_type, typename apply<Op, A...>::value_type> && ...)
        ? value_kind::eigen
        : value_kind::loop;

template <class Root, class Tree, slots At, int Limit>
struct lower;

/// The arguments of an apply, each behind the one before.
template <class Root, int Limit, slots At, class... A>
struct lower_arguments {
  template <class F, class... Done>
  static auto to(evaluation&, F f, Done const&... done) {
    return f(done...);
  }
};
template <class Root, int Limit, slots At, class Head, class... Tail>
struct lower_arguments<Root, Limit, At, Head, Tail...> {
  template <class F, class... Done>
  static auto to(evaluation& e, F f, Done const&... done) {
    auto const head = lower<Root, Head, At, Limit>::of(e);
    return lower_arguments<Root, Limit, behind<Root, Head, Limit>(At), Tail...>::to(e, f, done...,
                                                                                    head);
  }
};

template <class T, slots At>
loop_leaf<T> part_value(evaluation& e) {
  return {static_cast<T const*>((*e).part[At.part])};
}

template <class Root, class Tree, slots At, int Limit>
struct lower {  // a leaf or generator
  using T = typename Tree::value_type;
  static auto of(evaluation& e) { return loop_leaf<T>{static_cast<T const*>((*e).leaf[At.leaf])}; }
};
template <class Root, class T, slots At, int Limit>
struct lower<Root, scalar_leaf<T>, At, Limit> {
  static auto of(evaluation& e) { return loop_scalar<T>{(*e).scalar[At.scalar].template as<T>()}; }
};
template <class Root, reduction Op, class A, slots At, int Limit>
struct lower<Root, row_reduction<Op, A>, At, Limit> {
  using tree = row_reduction<Op, A>;
  using T = typename tree::value_type;
  static auto of(evaluation& e) {
    if constexpr (shared_row<Root, tree, Limit> >= 0)
      return part_value<T, At>(e);
    else
      return loop_scalar<T>{(*e).row[At.row + tree::row_count - 1].template as<T>()};
  }
};
template <class Root, class Op, class... A, slots At, int Limit>
struct lower<Root, apply<Op, A...>, At, Limit> {
  using tree = apply<Op, A...>;
  using T = typename tree::value_type;
  static auto of(evaluation& e) {
    if constexpr (shared_row<Root, tree, Limit> >= 0)
      return part_value<T, At>(e);
    else
      return lower_arguments<Root, Limit, At, A...>::to(e, [&](auto const&... a) {
        if constexpr (kind_of_value<tree> == value_kind::eigen)
          return eigen_column<Op, T>::of(e.to_eigen(a)...);
        else
          return loop_apply<Op, decltype(e.to_loop(a))...>{e.to_loop(a)...};
      });
  }
};
template <class Root, class F, class... A, slots At, int Limit>
struct lower<Root, apply<op::map<F>, A...>, At, Limit> {
  using tree = apply<op::map<F>, A...>;
  using T = typename tree::value_type;
  static auto of(evaluation& e) {
    if constexpr (shared_row<Root, tree, Limit> >= 0) {
      return part_value<T, At>(e);
    } else {
      constexpr bool state = has_state<op::map<F>>;
      constexpr slots first{At.leaf, At.scalar + state, At.row, At.part};
      return lower_arguments<Root, Limit, first, A...>::to(e, [&](auto const&... a) {
        using arguments_type = arguments<decltype(e.to_loop(a))...>;
        if constexpr (state)
          return loop_map<F, decltype(e.to_loop(a))...>{(*e).scalar[At.scalar].template as<F>(),
                                                        arguments_type(e.to_loop(a)...)};
        else
          return loop_map<F, decltype(e.to_loop(a))...>{F{}, arguments_type(e.to_loop(a)...)};
      });
    }
  }
};

// --- stages -----------------------------------------------------------------------------------------

/// Bytes of scratch memory an element: an operand passes through it where the kinds differ.
template <class Tree>
struct scratch_of {
  static constexpr int value = 0;
};
template <class Op, class... A>
struct scratch_of<apply<Op, A...>> {
  template <class X>
  static constexpr int operand = kind_of_value<X> != value_kind::plain&& kind_of_value<X> !=
                                         kind_of_value<apply<Op, A...>>
                                     ? static_cast<int>(sizeof(typename X::value_type))
                                     : 0;
  static constexpr int value = ((operand<A> + scratch_of<A>::value) + ... + 0);
};

template <class Root, class Tree, slots At, int Limit>
void run_chunk(chunk const& c) {
  using T = typename Tree::value_type;
  evaluation e(c);
  store(lower<Root, Tree, At, Limit>::of(e), static_cast<T*>(c.out), c.n);
}

template <class Root, class Tree, slots At, int Limit>
struct collect_parts {
  static constexpr void into(stage_part* out, int& n) {
    constexpr int row = shared_row<Root, Tree, Limit>;
    if constexpr (row >= 0)
      out[n++] = {&run_chunk<Root, Tree, slots{At.leaf, At.scalar, At.row, 0}, 0>,
                  dtype_of<typename Tree::value_type>,
                  row,
                  scratch_of<Tree>::value,
                  At.leaf,
                  Tree::leaf_count,
                  At.scalar,
                  Tree::scalar_count,
                  At.row,
                  Tree::row_count};
    else
      descend(static_cast<Tree*>(nullptr), out, n);
  }
  template <class Op, class... A>
  static constexpr void descend(apply<Op, A...>*, stage_part* out, int& n) {
    next<slots{At.leaf, At.scalar + has_state<Op>, At.row, At.part}, A...>(out, n);
  }
  template <class Other>
  static constexpr void descend(Other*, stage_part*, int&) {}
  template <slots Here, class Head, class... Tail>
  static constexpr void next(stage_part* out, int& n) {
    collect_parts<Root, Head, Here, Limit>::into(out, n);
    if constexpr (sizeof...(Tail) > 0) next<behind<Root, Head, Limit>(Here), Tail...>(out, n);
  }
};

template <class Root, class Tree, slots At, int Limit>
struct stage_table {
  static constexpr int part_count = parts_in<Root, Tree, Limit>::value;
  static constexpr auto parts = [] {
    std::array<stage_part, part_count + 1> all{};
    int n = 0;
    collect_parts<Root, Tree, At, Limit>::into(all.data(), n);
    return all;
  }();
};

template <class Tree>
inline constexpr char form_tag = 0;

template <class Root, class Tree, slots At, int Limit>
constexpr stage make_stage() {
  using table = stage_table<Root, Tree, At, Limit>;
  chunk_function run = nullptr;
  if constexpr (!is_leaf<Tree>) run = &run_chunk<Root, Tree, At, Limit>;
  return {run,
          dtype_of<typename Tree::value_type>,
          scratch_of<Tree>::value,
          At.leaf,
          Tree::leaf_count,
          At.scalar,
          Tree::scalar_count,
          At.row,
          Tree::row_count,
          table::parts.data(),
          table::part_count,
          &form_tag<Tree>};
}

template <class Root, class Tree, slots At>
struct collect_rows {
  static constexpr void into(row_stage* out) { descend(static_cast<Tree*>(nullptr), out); }
  template <reduction Op, class A>
  static constexpr void descend(row_reduction<Op, A>*, row_stage* out) {
    collect_rows<Root, A, At>::into(out);
    constexpr int own = At.row + A::row_count;
    out[own] = {Op, dtype_of<typename Tree::value_type>, At.scalar + A::scalar_count,
                make_stage<Root, A, slots{At.leaf, At.scalar, At.row, 0}, own>()};
  }
  template <class Op, class... A>
  static constexpr void descend(apply<Op, A...>*, row_stage* out) {
    next<slots{At.leaf, At.scalar + has_state<Op>, At.row, 0}, A...>(out);
  }
  template <class Other>
  static constexpr void descend(Other*, row_stage*) {}
  template <slots Here, class Head, class... Tail>
  static constexpr void next(row_stage* out) {
    collect_rows<Root, Head, Here>::into(out);
    if constexpr (sizeof...(Tail) > 0) next<behind<Root, Head, 0>(Here), Tail...>(out);
  }
};

template <class Root>
inline constexpr auto row_table = [] {
  std::array<row_stage, Root::row_count + 1> all{};
  collect_rows<Root, Root, slots{}>::into(all.data());
  return all;
}();

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
#endif

namespace sloth::inline SLOTH_ABI {

#if !defined(SLOTH_CUDA)
template <class Tree>
constexpr device_launch device_launch_of() {
  return nullptr;
}
template <reduction Op, class Tree>
device_reduce device_reduce_of() {
  return nullptr;
}
template <class F, class T, class Tree>
device_reduce device_reduce_by() {
  return nullptr;
}
template <class... Tree>
device_outputs device_outputs_of() {
  return nullptr;
}
#endif

template <class Tree>
fused_form const& form_of() {
#if defined(__CUDA_ARCH__)
  static constexpr fused_form form = {{}, nullptr, 0,       0, 0,
                                      0,  nullptr, nullptr, 0, device_launch_of<Tree>()};
#else
  static constexpr fused_form form = {
      host_engine::make_stage<Tree, Tree, host_engine::slots{}, Tree::row_count>(),
      host_engine::row_table<Tree>.data(),
      Tree::row_count,
      Tree::leaf_count,
      Tree::scalar_count,
      operations_of<Tree>(),
      [](std::string const* leaf, scalar_bits const* scalar) {
        return tree_text<Tree>::of(leaf, scalar);
      },
      tree_items<Tree>.data(),
      static_cast<int>(tree_items<Tree>.size()),
      device_launch_of<Tree>()};
#endif
  return form;
}

}  // namespace sloth::inline SLOTH_ABI
