// What a row kernel keeps of a row: the argument of its last reduction, where the root has it again.
// Softmax's exponentials are computed once so.
#pragma once

#include <kernels/cuda/value.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// The argument of the last row reduction of a tree, and its place in it.
template <class Tree, slots At>
struct last_argument {
  using type = void;
};
template <slots At, class... A>
struct last_argument_of {
  using type = void;
};
template <slots At, class Head, class... Tail>
struct last_argument_of<At, Head, Tail...>
    : std::conditional_t<(Tail::row_count + ... + 0) == 0, last_argument<Head, At>,
                         last_argument_of<behind<Head>(At), Tail...>> {};
template <class Op, class... A, slots At>
struct last_argument<apply<Op, A...>, At>
    : last_argument_of<slots{At.leaf, At.scalar + has_state<Op>, At.row}, A...> {};
template <reduction Op, class A, slots At>
struct last_argument<row_reduction<Op, A>, At> {
  using type = A;
  static constexpr slots at = At;
};

/// That argument when it is more than an operand, else void.
template <class Tree>
using kept_tree = std::conditional_t<std::is_void_v<typename last_argument<Tree, slots{}>::type> ||
                                         is_leaf_tree<typename last_argument<Tree, slots{}>::type>,
                                     void, typename last_argument<Tree, slots{}>::type>;
template <class Tree>
constexpr int kept_size() {
  if constexpr (std::is_void_v<kept_tree<Tree>>)
    return 0;
  else
    return sizeof(typename kept_tree<Tree>::value_type);
}

/// Calls f(slots) for each place of `Wanted` in a tree, outside of its row reductions.
template <class Wanted, class Tree, slots At>
struct places {
  template <class F>
  static void each(F const&) {}
};
template <class Wanted, slots At, class... A>
struct places_in {
  template <class F>
  static void each(F const&) {}
};
template <class Wanted, slots At, class Head, class... Tail>
struct places_in<Wanted, At, Head, Tail...> {
  template <class F>
  static void each(F const& f) {
    places<Wanted, Head, At>::each(f);
    places_in<Wanted, behind<Head>(At), Tail...>::each(f);
  }
};
template <class Wanted, class Op, class... A, slots At>
struct places<Wanted, apply<Op, A...>, At> {
  template <class F>
  static void each(F const& f) {
    if constexpr (std::is_same_v<Wanted, apply<Op, A...>>)
      f(At);
    else
      places_in<Wanted, slots{At.leaf, At.scalar + has_state<Op>, At.row}, A...>::each(f);
  }
};

/// True when the root has the kept tree, everywhere over the operands of the last reduction.
template <class Tree>
bool keeps_argument(fused_call const& call) {
  using kept = kept_tree<Tree>;
  int found = 0, equal = 0;
  if constexpr (!std::is_void_v<kept>) {
    constexpr slots from = last_argument<Tree, slots{}>::at;
    places<kept, Tree, slots{}>::each([&](slots at) {
      bool same = true;
      for (int k = 0; k < kept::leaf_count; ++k)
        same = same && call.slot[at.leaf + k] == call.slot[from.leaf + k];
      for (int k = 0; k < kept::scalar_count; ++k)
        same = same && call.scalars[at.scalar + k] == call.scalars[from.scalar + k];
      for (int k = 0; k < kept::row_count; ++k)
        same = same && call.row_alias[at.row + k] == call.row_alias[from.row + k];
      ++found;
      equal += same;
    });
  }
  return found > 0 && equal == found;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
