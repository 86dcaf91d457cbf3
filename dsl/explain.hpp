// An expression as text, for explain, and as data, for the planner.
#pragma once

#include <dsl/tree.hpp>

#include <array>

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

/// Writes a tree's items behind each other.
template <class Tree>
struct tree_listing {
  static constexpr int size = 1;
  static constexpr void into(tree_item*& out) {
    *out++ = {item_kind::leaf, dtype_of<typename Tree::value_type>, 0, ""};
  }
};
template <class T>
struct tree_listing<scalar_leaf<T>> {
  static constexpr int size = 1;
  static constexpr void into(tree_item*& out) { *out++ = {item_kind::scalar, dtype_of<T>, 0, ""}; }
};
template <class Op, class... A>
struct tree_listing<apply<Op, A...>> {
  static constexpr int size = 1 + (tree_listing<A>::size + ... + 0);
  static constexpr void into(tree_item*& out) {
    (tree_listing<A>::into(out), ...);
    *out++ = {item_kind::apply, dtype_of<typename apply<Op, A...>::value_type>,
              static_cast<int>(sizeof...(A)), Op::name};
  }
};
template <reduction Op, class A>
struct tree_listing<row_reduction<Op, A>> {
  static constexpr int size = 1 + tree_listing<A>::size;
  static constexpr void into(tree_item*& out) {
    tree_listing<A>::into(out);
    *out++ = {item_kind::row, dtype_of<typename row_reduction<Op, A>::value_type>, 1, ""};
  }
};
template <class Tree>
inline constexpr auto tree_items = [] {
  std::array<tree_item, tree_listing<Tree>::size> all{};
  tree_item* out = all.data();
  tree_listing<Tree>::into(out);
  return all;
}();

/// Elementwise operations and row reductions an element.
template <class Tree>
constexpr int operations_of() {
  int n = 0;
  for (tree_item const& i : tree_items<Tree>)
    n += i.kind == item_kind::apply || i.kind == item_kind::row;
  return n;
}

}  // namespace sloth::inline SLOTH_ABI
