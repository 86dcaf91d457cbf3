// What every expression can do: operators, views, casts, evaluation points.
#pragma once

#include <dsl/evaluate.hpp>
#include <dsl/index.hpp>
#include <dsl/tree.hpp>

#include <vector>

namespace sloth::inline SLOTH_ABI {

/// An operand with the place where the operator was written: the conversion's default arguments are
/// evaluated in the user's line, which an operator itself cannot have.
template <class X>
struct located {
  X value;
  location where;

  template <class Y>
  requires std::same_as<std::remove_cvref_t<Y>, X> located(Y&& y,
                                                           const char* file = __builtin_FILE(),
                                                           int line = __builtin_LINE())  // NOLINT
      : value(std::forward<Y>(y)), where{file, line} {}
};

namespace matmul_detail {
/// a & b; both compile-time guards sit here (dsl/matmul.hpp).
template <class A, class B>
auto product_operator(location where, A&& a, B&& b);
}  // namespace matmul_detail

/// Base of every expression, by CRTP. `Self` has value_type and shape(), and node() or a tree form.
template <class Self>
class expression_base : public expression_tag {
 public:
  [[nodiscard]] int rank() const { return self().shape().rank(); }
  [[nodiscard]] std::int64_t size() const { return self().shape().size(); }

  /// The node of this expression's values, pending where it is a tree.
  [[nodiscard]] node_ptr node(location where = {}) const& { return Self(self()).node(where); }
  /// Of a temporary: what only the tree reached only the node reaches then, and the planner may
  /// change it.
  [[nodiscard]] node_ptr node(location where = {}) && {
    extents const shape = self().shape();
    return node::of_operation(dtype_of<value_t<Self>>, shape,
                              bind_tree(std::move(static_cast<Self&>(*this))), where);
  }

  /// The axes reversed (2-D: the transpose). A view.
  [[nodiscard]] auto T(location where = location::here()) const& {
    return as_view(transposed(self().node(where), where));
  }
  [[nodiscard]] auto T(location where = location::here()) && {
    node_ptr own = as_tree(std::move(static_cast<Self&>(*this))).node(where);
    return as_view(transposed_temporary(std::move(own), where));
  }
  /// The same elements in row-major order under another shape; one extent may be -1. A view where
  /// NumPy's is one, else a copy. Throws shape_error when the sizes differ.
  template <std::integral... N>
  [[nodiscard]] auto reshape(N... extent) const {
    return reshape(extents{static_cast<std::int64_t>(extent)...}, {});
  }
  [[nodiscard]] auto reshape(extents const& shape, location where = location::here()) const {
    return as_view(reshaped(self().node(where), shape, where));
  }

  /// Part of the expression: integers, `_`, slice, newaxis, ellipsis, one an axis from the first.
  /// Throws index_error for an index out of range or too many of them.
  template <index_like... I>
  [[nodiscard]] auto operator()(located_item first, I const&... i) const {
    return as_view(subscript(self().node(), {first.item, index_item(i)...}, first.where));
  }

  /// Elements converted to `To` (float to integer truncates and saturates).
  template <element To>
  [[nodiscard]] auto astype() const {
    return as_argument<To>(self(), {});
  }

  /// The only element; evaluates. Throws shape_error unless there is exactly one.
  [[nodiscard]] auto item(location where = location::here()) const {
    return item_of<value_t<Self>>(self().node(where), where);
  }
  /// The element at (i, ...); evaluates.
  template <std::integral First, std::integral... I>
  [[nodiscard]] auto item(First first, I... i) const {
    return (*this)(located_item(first, "", 0), i...).item({});
  }
  /// The elements in row-major order; evaluates.
  [[nodiscard]] auto to_vector(location where = location::here()) const {
    return vector_of<value_t<Self>>(self().node(where), where);
  }
  /// The truth of the only element; evaluates. Throws shape_error unless there is exactly one.
  explicit operator bool() const { return truth_of(self().node()); }

// For each operator two hidden friends: expression op anything, value op expression.
#define SLOTH_LOCATED_OPERATOR(symbol, functor)                                       \
  template <expression_or_scalar R>                                                   \
  [[nodiscard]] friend auto operator symbol(located<Self> l, R&& r) {                 \
    return elementwise<op::functor>(l.where, std::move(l.value), std::forward<R>(r)); \
  }                                                                                   \
  template <scalar_value L>                                                           \
  [[nodiscard]] friend auto operator symbol(L const& l, located<Self> r) {            \
    return elementwise<op::functor>(r.where, l, std::move(r.value));                  \
  }
  SLOTH_LOCATED_OPERATOR(+, add)
  SLOTH_LOCATED_OPERATOR(-, subtract)
  SLOTH_LOCATED_OPERATOR(*, multiply)
  SLOTH_LOCATED_OPERATOR(/, divide)
  SLOTH_LOCATED_OPERATOR(%, remainder)
  SLOTH_LOCATED_OPERATOR(<, less)
  SLOTH_LOCATED_OPERATOR(<=, less_equal)
  SLOTH_LOCATED_OPERATOR(>, greater)
  SLOTH_LOCATED_OPERATOR(>=, greater_equal)
#undef SLOTH_LOCATED_OPERATOR

  /// Matrix product, NumPy's @.
  template <expression_or_scalar R>
  [[nodiscard]] friend auto operator&(located<Self> l, R&& r) {
    return matmul_detail::product_operator(l.where, std::move(l.value), std::forward<R>(r));
  }

 protected:
  [[nodiscard]] Self const& self() const { return static_cast<Self const&>(*this); }
  [[nodiscard]] static auto as_view(node_ptr n) { return view<value_t<Self>, false>(std::move(n)); }
};

// C++20 also tries a == b as b == a, which would make a hidden friend with a converted left operand
// ambiguous: these are free templates, and their errors carry no line.
#define SLOTH_FREE_OPERATOR(symbol, functor)                                                  \
  template <expression_or_scalar L, expression_or_scalar R>                                   \
  requires(expression<L> || expression<R>) [[nodiscard]] auto operator symbol(L&& l, R&& r) { \
    return elementwise<op::functor>({}, std::forward<L>(l), std::forward<R>(r));              \
  }
SLOTH_FREE_OPERATOR(==, equal)
SLOTH_FREE_OPERATOR(!=, not_equal)
SLOTH_FREE_OPERATOR(&&, logical_and)
SLOTH_FREE_OPERATOR(||, logical_or)
#undef SLOTH_FREE_OPERATOR

template <expression X>
[[nodiscard]] auto operator-(X&& x) {
  return elementwise<op::negative>({}, std::forward<X>(x));
}
template <expression X>
[[nodiscard]] auto operator!(X&& x) {
  return elementwise<op::logical_not>({}, std::forward<X>(x));
}
template <expression X>
[[nodiscard]] auto operator~(X&& x) {
  return elementwise<op::invert>({}, std::forward<X>(x));
}

}  // namespace sloth::inline SLOTH_ABI
