// Statistics made of reductions: ptp, average, covariances, those that leave NaN out, and the
// exponential family.
#pragma once

#include <dsl/matmul.hpp>
#include <dsl/reduce.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {

namespace statistics_detail {

/// Weights as they lie along the reduced axis of `shape`; those of its shape as they are. Throws
/// shape_error.
[[nodiscard]] node_ptr weights_for(node_ptr const& weights, extents const& shape,
                                   reduce_detail::options const& how);
/// `shape` without the reduced axes.
[[nodiscard]] extents without_reduced(extents const& shape, reduce_detail::options const& how,
                                      const char* name);

/// Variables in rows; a 1-D array is one. Throws shape_error for any other rank than 1 and 2.
[[nodiscard]] node_ptr variables_of(node_ptr const& x, const char* name, location where);

template <class... O>
reduce_detail::options options_of(O const&... o) {
  reduce_detail::options how;
  (how.set(o), ...);
  return how;
}

/// NaN in none but floating types.
template <class T>
inline constexpr bool has_nan = is_floating<T>;
/// Where sums of T are taken without overflow: halves in f32.
template <class T>
using summed_t = std::conditional_t<is_half<T>, float, T>;

template <class Tree>
auto with_for_nan(Tree const& x, double value) {
  if constexpr (has_nan<value_t<Tree>>)
    return where(isnan(x), value, x);
  else
    return x;
}
template <class Tree>
auto without_nan(Tree const& x) {
  return with_for_nan(x, 0);
}
/// How many elements are no NaN, in the real type that their mean divides by.
template <class Tree, class... O>
auto counted_without_nan(Tree const& x, O const&... o) {
  return sum((!isnan(x)).template astype<real_t<value_t<Tree>>>(), o...);
}

template <bool Max, class Tree, class... O>
auto extreme_without_nan(Tree const& x, O const&... o) {
  using type = value_t<Tree>;
  constexpr double none =
      Max ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  auto const all_nan = all(isnan(x), o...);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if constexpr (Max)
    return where(all_nan, nan, max(with_for_nan(x, none), o...)).template astype<type>();
  else
    return where(all_nan, nan, min(with_for_nan(x, none), o...)).template astype<type>();
}

template <class Tree, class... O>
auto variance_without_nan(Tree const& x, O const&... o) {
  auto const options = options_of(o...);
  auto const count = counted_without_nan(x, o..., keepdims);
  auto const mean_of = sum(without_nan(x), o..., keepdims) / count;
  auto const squares = square(absolute(without_nan(x - mean_of)));
  using real = value_t<decltype(squares)>;
  auto const n = counted_without_nan(x, o...);
  auto const divisor = n - real(options.ddof);
  return where(divisor > real(0), sum(squares, o...) / divisor,
               std::numeric_limits<double>::quiet_NaN());
}

template <expression X>
auto covariances(X&& x, double degrees, const char* name, location where) {
  using type = promote_t<value_t<X>, double>;
  static_assert(!is_complex<type>, "cov and corrcoef take real elements");
  view<type, false> const rows(
      variables_of(as_argument<type>(as_tree(std::forward<X>(x)), where).node(where), name, where));
  double const divisor = std::max(double(rows.shape().back()) - degrees, 0.);
  lazy<type> const centred(rows - mean(rows, last_axis, keepdims));
  return matmul(centred, centred.T(where), where) * (1 / divisor);
}

}  // namespace statistics_detail

/// The range of the values: max - min. Options, types and errors as theirs.
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto ptp(X&& x, O const&... options) {
  auto const tree = as_tree(std::forward<X>(x));
  return max(tree, options...) - min(tree, options...);
}

/// mean(x), or sum(x * weights) / sum(weights) with weights of x's shape, or 1-D along the one axis
/// that is reduced. Floating, at least f64 for integers. Throws shape_error; weights of sum 0 give NaN
/// or infinity.
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto average(X&& x, O const&... options) {
  return mean(std::forward<X>(x), options...);
}
template <expression X, expression W, reduce_detail::option... O>
[[nodiscard]] auto average(X&& x, W&& weights, O const&... options) {
  using common = promote_t<value_t<X>, value_t<W>>;
  using type = std::conditional_t<is_floating<common>, common, double>;
  auto const how = statistics_detail::options_of(options...);
  auto const values = as_tree(std::forward<X>(x)).template astype<type>();
  extents const shape = values.shape();
  view<value_t<W>, false> const along(statistics_detail::weights_for(
      as_tree(std::forward<W>(weights)).node(how.where), shape, how));
  auto const of_all = broadcast_to(along, shape, how.where).template astype<type>();
  return sum(values * of_all, options...) / sum(of_all, options...);
}

/// The covariances of the rows, or the variance of a 1-D array, whose sums are divided by n - ddof;
/// in at least f64. One matrix product. Throws shape_error for any other rank than 1 and 2.
template <expression X>
[[nodiscard]] auto cov(X&& x, ddof degrees = ddof(1), location where = location::here()) {
  auto const all = statistics_detail::covariances(std::forward<X>(x), degrees.value, "cov", where);
  extents const shape = all.size() == 1 ? extents{} : all.shape();
  return view<value_t<decltype(all)>, false>(reshaped(all.node(where), shape, where));
}
/// Pearson's correlation coefficients of the rows: cov divided by both standard deviations, kept in
/// [-1, 1]. Types and errors as cov's.
template <expression X>
[[nodiscard]] auto corrcoef(X&& x, location where = location::here()) {
  auto const all = statistics_detail::covariances(std::forward<X>(x), 1, "corrcoef", where);
  using part = view<value_t<decltype(all)>, false>;
  part const c(all.node(where));
  lazy<value_t<part>> const deviation(sqrt(part(diagonal(c.node(), 0, where))));
  auto const ratio = c / expand_dims(deviation, 1, where) / deviation;
  extents const shape = all.size() == 1 ? extents{} : all.shape();
  return part(reshaped(clip(ratio, -1, 1).node(where), shape, where));
}

/// sum and prod with NaN as 0 and 1; mean, var, std, min and max of the elements that are no NaN, NaN
/// where there are none (var and std: no more than ddof). Options and types as the functions without
/// nan in their names.
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nansum(X&& x, O const&... options) {
  return sum(statistics_detail::without_nan(as_tree(std::forward<X>(x))), options...);
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanprod(X&& x, O const&... options) {
  using type = value_t<X>;
  auto const tree = as_tree(std::forward<X>(x));
  if constexpr (statistics_detail::has_nan<type>)
    return prod(where(isnan(tree), type(1), tree), options...);
  else
    return prod(tree, options...);
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanmean(X&& x, O const&... options) {
  using type = value_t<X>;
  if constexpr (!statistics_detail::has_nan<type>) {
    return mean(std::forward<X>(x), options...);
  } else {
    using summed = statistics_detail::summed_t<type>;
    auto const tree = as_argument<summed>(as_tree(std::forward<X>(x)), {});
    return (sum(statistics_detail::without_nan(tree), options...) /
            statistics_detail::counted_without_nan(tree, options...))
        .template astype<type>();
  }
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanvar(X&& x, O const&... options) {
  using type = value_t<X>;
  if constexpr (!statistics_detail::has_nan<type>) {
    return var(std::forward<X>(x), options...);
  } else {
    using summed = statistics_detail::summed_t<type>;
    auto const tree = as_argument<summed>(as_tree(std::forward<X>(x)), {});
    return statistics_detail::variance_without_nan(tree, options...)
        .template astype<reduction_t<reduction::var, type>>();
  }
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanstd(X&& x, O const&... options) {
  return sqrt(nanvar(std::forward<X>(x), options...));
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanmax(X&& x, O const&... options) {
  auto const tree = as_tree(std::forward<X>(x));
  if constexpr (statistics_detail::has_nan<value_t<X>> && !is_complex<value_t<X>>)
    return statistics_detail::extreme_without_nan<true>(tree, options...);
  else
    return max(tree, options...);
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanmin(X&& x, O const&... options) {
  auto const tree = as_tree(std::forward<X>(x));
  if constexpr (statistics_detail::has_nan<value_t<X>> && !is_complex<value_t<X>>)
    return statistics_detail::extreme_without_nan<false>(tree, options...);
  else
    return min(tree, options...);
}

/// argmin and argmax of the elements that are no NaN; 0 where there are none (NumPy: ValueError).
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanargmax(X&& x, O const&... options) {
  return argmax(statistics_detail::with_for_nan(as_tree(std::forward<X>(x)), -INFINITY),
                options...);
}
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto nanargmin(X&& x, O const&... options) {
  return argmin(statistics_detail::with_for_nan(as_tree(std::forward<X>(x)), INFINITY), options...);
}

/// log(sum(exp(x))) without overflow, over all elements or as the options say; SciPy's. Integers in
/// the floating type of exp. With last_axis and keepdims it stays in the fused row kernel.
template <expression X, reduce_detail::option... O>
[[nodiscard]] auto logsumexp(X&& x, O const&... options) {
  using type = floating_t<value_t<X>>;
  auto const how = statistics_detail::options_of(options...);
  auto const tree = as_argument<type>(as_tree(std::forward<X>(x)), how.where);
  auto const greatest = max(tree, options..., keepdims);
  auto const top = where(isfinite(greatest), greatest, type(0));
  auto result = log(sum(exp(tree - top), options..., keepdims)) + top;
  if constexpr (reduce_detail::has<keepdims_t, O...>)
    return result;
  else
    return view<type, false>(
        reshaped(std::move(result).node(how.where),
                 statistics_detail::without_reduced(tree.shape(), how, "logsumexp"), how.where));
}
/// exp(x) / sum(exp(x)) along the last axis, or axis(...), without overflow: one row kernel along the
/// last axis.
template <expression X>
[[nodiscard]] auto softmax(X&& x) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  auto const e = exp(tree - max(tree, last_axis, keepdims));
  return e / sum(e, last_axis, keepdims);
}
template <expression X>
[[nodiscard]] auto softmax(X&& x, axis_list const& axes) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), axes.where);
  auto const e = exp(tree - max(tree, axes, keepdims));
  return e / sum(e, axes, keepdims);
}
/// log(softmax(x)) without the loss of small values.
template <expression X>
[[nodiscard]] auto log_softmax(X&& x) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), {});
  auto const below = tree - max(tree, last_axis, keepdims);
  return below - log(sum(exp(below), last_axis, keepdims));
}
template <expression X>
[[nodiscard]] auto log_softmax(X&& x, axis_list const& axes) {
  auto const tree = as_argument<floating_t<value_t<X>>>(as_tree(std::forward<X>(x)), axes.where);
  auto const below = tree - max(tree, axes, keepdims);
  return below - log(sum(exp(below), axes, keepdims));
}

}  // namespace sloth::inline SLOTH_ABI
