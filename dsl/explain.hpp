// An expression as text, and its operation count: what explain prints of a fused step.
#pragma once

#include <dsl/tree.hpp>

namespace sloth::inline SLOTH_ABI {

[[nodiscard]] std::string print_scalar(dtype type, scalar_bits const& value);
/// "a + b", "exp(a)", "where(c, a, b)".
[[nodiscard]] std::string print_operation(const char* name, const char* symbol,
                                          std::initializer_list<std::string> arguments);
[[nodiscard]] std::string print_row_reduction(reduction op, std::string const& argument);

/// Text of a tree, given its leaves' names and its scalars in slot order.
template <class Tree>
struct tree_text {
  [[gnu::cold]] static std::string of(std::string const*& leaf, scalar_bits const*&) {
    return *leaf++;
  }
};
template <class T>
struct tree_text<scalar_leaf<T>> {
  [[gnu::cold]] static std::string of(std::string const*&, scalar_bits const*& scalar) {
    return print_scalar(dtype_of<T>, *scalar++);
  }
};
template <class Op, class... A>
struct tree_text<apply<Op, A...>> {
  [[gnu::cold]] static std::string of(std::string const*& leaf, scalar_bits const*& scalar) {
    scalar += has_state<Op>;
    return print_operation(Op::name, Op::symbol, {tree_text<A>::of(leaf, scalar)...});
  }
};
template <reduction Op, class A>
struct tree_text<row_reduction<Op, A>> {
  [[gnu::cold]] static std::string of(std::string const*& leaf, scalar_bits const*& scalar) {
    std::string const argument = tree_text<A>::of(leaf, scalar);
    ++scalar;  // ddof
    return print_row_reduction(Op, argument);
  }
};

/// Elementwise operations and row reductions an element.
template <class Tree>
struct tree_operations {
  static constexpr int value = 0;
};
template <class Op, class... A>
struct tree_operations<apply<Op, A...>> {
  static constexpr int value = 1 + (tree_operations<A>::value + ... + 0);
};
template <reduction Op, class A>
struct tree_operations<row_reduction<Op, A>> {
  static constexpr int value = 1 + tree_operations<A>::value;
};

}  // namespace sloth::inline SLOTH_ABI
