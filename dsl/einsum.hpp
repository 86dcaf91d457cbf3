// Einstein's sums: any number of operands, by matrix products of two at a time.
#pragma once

#include <dsl/matmul.hpp>
#include <dsl/reduce.hpp>
#include <dsl/shape.hpp>

#include <span>
#include <string_view>

namespace sloth::inline SLOTH_ABI {

namespace einsum_detail {

/// The subscripts, with the place where they were written.
struct subscripts {
  std::string_view text;
  location where;
  subscripts(const char* t, const char* file = __builtin_FILE(),  // NOLINT
             int line = __builtin_LINE())
      : text(t), where{file, line} {}
};

/// What depends on the element type.
struct arithmetic {
  node_ptr (*sum)(node_ptr const& x, extents const& axes, location where);
  node_ptr (*multiply)(node_ptr const& a, node_ptr const& b, location where);
  node_ptr (*matmul)(node_ptr const& a, node_ptr const& b, location where);
};

template <class T>
inline constexpr arithmetic arithmetic_of = {
    [](node_ptr const& x, extents const& axes, location where) {
      return sum(view<T, false>(x), axis(axes, where)).template astype<T>().node(where);
    },
    [](node_ptr const& a, node_ptr const& b, location where) {
      return sloth::multiply(view<T, false>(a), view<T, false>(b), where).node(where);
    },
    [](node_ptr const& a, node_ptr const& b, location where) {
      return sloth::matmul(view<T, false>(a), view<T, false>(b), where).node(where);
    }};

[[nodiscard]] node_ptr run(subscripts const& how, std::span<node_ptr const> operands,
                           arithmetic const& with);

}  // namespace einsum_detail

/// einsum("ij,jk->ik", a, b): the product of the operands, each axis named by a letter, summed over the
/// letters that are not behind "->"; without "->" the letters that stand once remain, in alphabetical
/// order. A letter twice in one operand takes its diagonal; "..." stands for any axes, which broadcast.
/// The cheapest pair of operands is multiplied first, as a matrix product where something is summed.
/// Computes in the operands' common type, which is that of the result. Throws shape_error.
template <expression... X>
[[nodiscard]] auto einsum(einsum_detail::subscripts how, X&&... x) {
  using type = common_t<std::remove_cvref_t<X>...>;
  static_assert(!std::is_same_v<type, bool>,
                "einsum does not take bool operands: convert with .astype<T>()");
  node_ptr const nodes[] = {
      as_argument<type>(as_tree(std::forward<X>(x)), how.where).node(how.where)...};
  return view<type, false>(einsum_detail::run(how, nodes, einsum_detail::arithmetic_of<type>));
}

}  // namespace sloth::inline SLOTH_ABI
