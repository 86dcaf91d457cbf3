// The matrix product: & and matmul, with the guards against & where C++ reads it otherwise.
#pragma once

#include <dsl/functions.hpp>

namespace sloth::inline SLOTH_ABI {

namespace matmul_detail {

/// The pending product of two nodes; an operand given twice in equal form is computed once.
[[nodiscard]] node_ptr product(node_ptr a, node_ptr b, dtype type, location where);

template <class X>
inline constexpr bool is_scalar_operand = false;
template <class V>
inline constexpr bool is_scalar_operand<scalar_leaf<V>> = true;

/// An operator token was written: + - * / % < <= > >= == != && ||. Products and quotients with a
/// scalar pass, since * and / bind tighter than & and mean the same.
template <class X>
inline constexpr bool is_operator_expression = false;
template <class Op, class A, class B>
inline constexpr bool is_operator_expression<apply<Op, A, B>> =
    Op::symbol[0] != '\0' &&
    !((std::is_same_v<Op, op::multiply> || std::is_same_v<Op, op::divide>)&&(is_scalar_operand<A> ||
                                                                             is_scalar_operand<B>));

template <class A, class B>
auto product_of(location where, A&& a, B&& b) {
  using type = promote_t<value_t<A>, value_t<B>>;
  return lazy<type>(product(as_argument<type>(std::forward<A>(a), where).node(where),
                            as_argument<type>(std::forward<B>(b), where).node(where),
                            dtype_of<type>, where));
}

template <class A, class B>
auto product_operator(location where, A&& a, B&& b) {
  using left = std::remove_cvref_t<A>;
  using right = std::remove_cvref_t<B>;
  if constexpr (!expression<right>) {
    static_assert(!scalar_value<right>,
                  "'&' is the matrix product and takes two arrays: write "
                  "'x * 2' for a scalar, bitwise_and(x, 2) for bits");
    return refused{};
  } else if constexpr (std::is_same_v<value_t<left>, bool> ||
                       std::is_same_v<value_t<right>, bool>) {
    static_assert(!std::is_same_v<value_t<left>, bool> && !std::is_same_v<value_t<right>, bool>,
                  "'&' is the matrix product and does not take bool operands: use '&&' or "
                  "logical_and");
    return refused{};
  } else if constexpr (is_operator_expression<left> || is_operator_expression<right>) {
    static_assert(!is_operator_expression<left> && !is_operator_expression<right>,
                  "an operand of '&' is an operator expression, and C++ reads 'x & y + b' as "
                  "'x & (y + b)': write '(x & y) + b', or matmul(x, y + b), or name it first: "
                  "lazy<double> s = y + b");
    return refused{};
  } else {
    return product_of(where, std::forward<A>(a), std::forward<B>(b));
  }
}

}  // namespace matmul_detail

/// Matrix product, NumPy's matmul: C (m x n) = A (m x k) B (k x n); 1-D operands are a row on the
/// left and a column on the right; axes before the last two broadcast. Throws shape_error.
template <expression A, expression B>
[[nodiscard]] auto matmul(A&& a, B&& b, location where = location::here()) {
  using type = promote_t<value_t<A>, value_t<B>>;
  if constexpr (std::is_same_v<type, bool>) {
    static_assert(!std::is_same_v<type, bool>,
                  "the matrix product does not take bool operands: "
                  "convert with .astype<T>()");
    return refused{};
  } else {
    return matmul_detail::product_of(where, std::forward<A>(a), std::forward<B>(b));
  }
}

/// Inner product of 1-D operands, matrix product of 2-D ones, as NumPy's dot up to rank 2. Throws
/// shape_error, for higher ranks too, where NumPy's dot and matmul differ.
template <expression A, expression B>
[[nodiscard]] auto dot(A&& a, B&& b, location where = location::here()) {
  if (a.rank() > 2 || b.rank() > 2)
    throw shape_error("dot: ranks above 2: " + to_string(a.shape()) + " and " +
                          to_string(b.shape()) + "; use matmul",
                      where);
  return matmul(std::forward<A>(a), std::forward<B>(b), where);
}

}  // namespace sloth::inline SLOTH_ABI
