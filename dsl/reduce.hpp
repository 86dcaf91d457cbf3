// Reductions: whole, over axes, and over the last axis inside a row.
#pragma once

#include <dsl/array.hpp>

namespace sloth::inline SLOTH_ABI {

/// Tag: over the last axis. With keepdims the reduction stays in the fused row kernel.
struct last_axis_t {};
inline constexpr last_axis_t last_axis{};

/// Tag: reduced axes stay, with extent 1.
struct keepdims_t {};
inline constexpr keepdims_t keepdims{};

/// Value: over these axes, negative ones from the end.
struct axis_list {
  extents axes;
  location where;
};
[[nodiscard]] inline axis_list axis(std::int64_t a, location where = location::here()) {
  return {{a}, where};
}
[[nodiscard]] inline axis_list axis(std::int64_t a, std::int64_t b,
                                    location where = location::here()) {
  return {{a, b}, where};
}
[[nodiscard]] inline axis_list axis(std::int64_t a, std::int64_t b, std::int64_t c,
                                    location where = location::here()) {
  return {{a, b, c}, where};
}
[[nodiscard]] inline axis_list axis(extents axes, location where = location::here()) {
  return {std::move(axes), where};
}

/// Value: delta degrees of freedom of var and std, 0 by default as in NumPy.
struct ddof {
  double value;
  explicit constexpr ddof(double v) : value(v) {}
};

/// The number from 0 of the only axis in the list. Throws index_error.
[[nodiscard]] int one_axis(axis_list const& list, int rank, const char* name);

namespace reduce_detail {

/// What the options of one call say.
struct options {
  bool all_axes = true;
  extents axes;
  bool keep = false;
  double ddof = 0;
  location where;

  void set(last_axis_t) { all_axes = false, axes = {-1}; }
  void set(keepdims_t) { keep = true; }
  void set(axis_list const& list) { all_axes = false, axes = list.axes, where = list.where; }
  void set(sloth::ddof d) { ddof = d.value; }
};

template <class O>
concept option = requires(options all, O o) {
  all.set(o);
};

template <class Wanted, class... O>
inline constexpr bool has = (std::is_same_v<Wanted, std::remove_cvref_t<O>> || ...);

/// The pending node of `op` over the argument.
[[nodiscard]] node_ptr reduce_node(fused_operation&& argument, extents const& shape, reduction op,
                                   dtype result, options const& how, device_reduce device,
                                   void const* host = nullptr);
/// Whether a reduced axis is empty, and the shape of the result. Throws index_error.
[[nodiscard]] bool has_no_elements(extents const& shape, options const& how);
[[nodiscard]] extents kept_shape(extents const& shape, options const& how);
/// Throws shape_error when a reduction without identity meets an empty axis.
void require_elements(extents const& shape, reduction op, options const& how);

template <reduction Op, class X, class... O>
auto reduce(X&& x, O const&... o) {
  using result = reduction_t<Op, value_t<X>>;
  constexpr bool ordered = Op == reduction::min || Op == reduction::max ||
                           Op == reduction::argmin || Op == reduction::argmax;
  if constexpr (ordered && is_complex<value_t<X>>) {
    static_assert(!is_complex<value_t<X>>,
                  "complex numbers have no order: min, max, argmin and "
                  "argmax take real elements; use absolute(x)");
    return refused{};
  } else {
    options how;
    (how.set(o), ...);
    auto tree = as_tree(std::forward<X>(x));
    using tree_type = decltype(tree);
    if constexpr (has<last_axis_t, O...> && has<keepdims_t, O...>) {
      require_elements(tree.shape(), Op, how);
      return row_reduction<Op, tree_type>(std::move(tree), how.ddof);
    } else if constexpr (tree_type::row_count > 0) {  // a row kernel first, then its values
      leaf<value_t<X>> values(tree.node(how.where));
      extents const shape = values.shape();
      return lazy<result>(reduce_node(bind_tree(std::move(values)), shape, Op, dtype_of<result>,
                                      how, device_reduce_of<Op, leaf<value_t<X>>>()));
    } else {
      extents const shape = tree.shape();
      return lazy<result>(reduce_node(bind_tree(std::move(tree)), shape, Op, dtype_of<result>, how,
                                      device_reduce_of<Op, tree_type>()));
    }
  }
}

}  // namespace reduce_detail

/// sum(x), sum(x, axis(0)), sum(x, last_axis, keepdims): shapes and result types as NumPy's. Throws
/// index_error for an axis out of range.
#define SLOTH_REDUCTION(name)                                                          \
  template <expression X, reduce_detail::option... O>                                  \
  [[nodiscard]] auto name(X&& x, O const&... options) {                                \
    return reduce_detail::reduce<reduction::name>(std::forward<X>(x), options...);     \
  }                                                                                    \
  template <expression X, scalar_value S, class... O>                                  \
  auto name(X const&, S, O const&...) {                                                \
    static_assert(!scalar_value<S>,                                                    \
                  "a number is no axis: write axis(0) for the axis, maximum(x, 0) or " \
                  "minimum(x, 0) for elementwise bounds");                             \
    return refused{};                                                                  \
  }
SLOTH_REDUCTION(sum)
SLOTH_REDUCTION(prod)
SLOTH_REDUCTION(mean)
SLOTH_REDUCTION(var)
SLOTH_REDUCTION(std)
SLOTH_REDUCTION(min)
SLOTH_REDUCTION(max)
SLOTH_REDUCTION(argmin)
SLOTH_REDUCTION(argmax)
SLOTH_REDUCTION(any)
SLOTH_REDUCTION(all)
SLOTH_REDUCTION(count_nonzero)
SLOTH_REDUCTION(norm)
#undef SLOTH_REDUCTION

/// Sum over diagonal k of a 2-D expression. Throws shape_error for any other rank.
template <expression X>
[[nodiscard]] auto trace(X&& x, std::int64_t k = 0, location where = location::here()) {
  using value = value_t<X>;
  using product = apply<op::multiply, leaf<value>, leaf<value>>;
  reduce_detail::options how;
  how.where = where;
  leaf<value> values(diagonal(as_tree(std::forward<X>(x)).node(where), k, where));
  extents const shape = values.shape();
  node_ptr total = reduce_detail::reduce_node(bind_tree(std::move(values)), shape, reduction::sum,
                                              dtype_of<sum_t<value>>, how,
                                              device_reduce_of<reduction::sum, leaf<value>>());
  if constexpr (std::is_same_v<value, sum_t<value>>) {
    auto& call = std::get<reduce_operation>(total->op);
    call.of_products = &form_of<product>();
    call.device_of_products = device_reduce_of<reduction::sum, product>();
  }
  return lazy<sum_t<value>>(std::move(total));
}

}  // namespace sloth::inline SLOTH_ABI
