// Reductions by a user's own functor.
#pragma once

#include <dsl/create.hpp>
#include <dsl/reduce.hpp>

namespace sloth::inline SLOTH_ABI {

/// f(f(a, b), ...) of the elements: reduce(x * y + 1, f, 0.f), reduce(x, f, 1, axis(0), keepdims), the
/// elementwise part in the same kernel; NumPy's frompyfunc(f, 2, 1).reduce. `f` is a functor of two values
/// at namespace scope whose call operator is marked SLOTH_HD, or made by SLOTH_FN, without state. It is to
/// be associative and commutative, as std::reduce's, and `identity` is to change nothing: elements are
/// taken in an order of the engine's, the same in every run, and the identity itself only where there are
/// none. Computes in the common type of elements and identity, which the result has. Throws index_error for
/// the axis, dtype_error for an identity that does not fit.
template <expression X, class F, scalar_value S, reduce_detail::option... O>
[[nodiscard]] auto reduce(X&& x, F, S identity, O const&... o) {
  if constexpr (is_closure<F>()) {
    static_assert(
        !is_closure<F>(),
        "reduce takes a functor at namespace scope with a SLOTH_HD call operator, or "
        "SLOTH_FN(name, (auto a, auto b), a * b): a lambda cannot reach the GPU's kernels");
    return refused{};
  } else if constexpr (!std::is_empty_v<F>) {
    static_assert(std::is_empty_v<F>, "reduce's functor has no state: it is of elements alone");
    return refused{};
  } else {
    using type = common_t<std::remove_cvref_t<X>, S>;
    using namespace reduce_detail;
    options how;
    (how.set(o), ...);
    type const first = weak_cast<type>(identity, how.where);
    auto tree = as_argument<type>(as_tree(std::forward<X>(x)), how.where);
    using tree_type = decltype(tree);
    extents const shape = tree.shape();
    if (has_no_elements(shape, how))
      return lazy<type>(full<type>(kept_shape(shape, how), first).node(how.where));
    auto const node_of = [&]<class Tree>(Tree&& t) {
      return lazy<type>(reduce_node(bind_tree(std::move(t)), shape, reduction::reduce,
                                    dtype_of<type>, how, device_reduce_by<F, type, Tree>(),
                                    host_reduce_by<F, type>()));
    };
    if constexpr (tree_type::row_count > 0)  // a row kernel first, then its values
      return node_of(leaf<type>(std::move(tree).node(how.where)));
    else
      return node_of(std::move(tree));
  }
}

}  // namespace sloth::inline SLOTH_ABI
