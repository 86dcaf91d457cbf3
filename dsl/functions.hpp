// Elementwise functions by name: a function for each row, and those whose operands differ in type.
#pragma once

#include <dsl/array.hpp>
#include <dsl/model.hpp>

#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>

namespace sloth::inline SLOTH_ABI {

#define SLOTH_UNARY_FUNCTION(name, ...)                   \
  template <expression X>                                 \
  [[nodiscard]] auto name(X&& x) {                        \
    return elementwise<op::name>({}, std::forward<X>(x)); \
  }
SLOTH_UNARY_OPERATIONS(SLOTH_UNARY_FUNCTION)
#undef SLOTH_UNARY_FUNCTION

#define SLOTH_BINARY_FUNCTION(name, ...)                                         \
  template <expression_or_scalar A, expression_or_scalar B>                      \
  requires(expression<A> || expression<B>) [[nodiscard]] auto name(              \
      A&& a, B&& b, location where = location::here()) {                         \
    return elementwise<op::name>(where, std::forward<A>(a), std::forward<B>(b)); \
  }
SLOTH_BINARY_OPERATIONS(SLOTH_BINARY_FUNCTION)
#undef SLOTH_BINARY_FUNCTION

#define SLOTH_TERNARY_FUNCTION(name, ...)                                            \
  template <expression_or_scalar A, expression_or_scalar B, expression_or_scalar C>  \
  requires(expression<A> || expression<B> || expression<C>) [[nodiscard]] auto name( \
      A&& a, B&& b, C&& c, location where = location::here()) {                      \
    return elementwise<op::name>(where, std::forward<A>(a), std::forward<B>(b),      \
                                 std::forward<C>(c));                                \
  }
SLOTH_TERNARY_OPERATIONS(SLOTH_TERNARY_FUNCTION)
#undef SLOTH_TERNARY_FUNCTION

/// absolute(x), under NumPy's short name.
template <expression X>
[[nodiscard]] auto abs(X&& x) {
  return absolute(std::forward<X>(x));
}

namespace functions_detail {
/// The type of values that are chosen from; of C++ values alone NumPy's default types.
template <class... X>
struct choice {
  using type = weak_promote_t<bool, std::common_type_t<X...>>;
};
template <class... X>
requires(expression<X> || ...) struct choice<X...> {
  using type = common_t<X...>;
};
template <class... X>
using choice_t = typename choice<std::remove_cvref_t<X>...>::type;

template <element T, class C, class A, class B>
auto choose(location here, C&& c, A&& a, B&& b) {
  auto condition = as_argument<bool>(std::forward<C>(c), here);
  auto x = as_argument<T>(std::forward<A>(a), here);
  auto y = as_argument<T>(std::forward<B>(b), here);
  return apply<op::where, decltype(condition), decltype(x), decltype(y)>(
      {}, here, std::move(condition), std::move(x), std::move(y));
}
}  // namespace functions_detail

/// c ? a : b, elementwise; c is true where it is not 0. Broadcasts; throws shape_error.
template <expression C, expression_or_scalar A, expression_or_scalar B>
[[nodiscard]] auto where(C&& c, A&& a, B&& b, location here = location::here()) {
  using namespace functions_detail;
  return choose<choice_t<A, B>>(here, std::forward<C>(c), std::forward<A>(a), std::forward<B>(b));
}
/// The choice of the first condition that is true, elementwise, else the last operand: a of c, b of
/// d, e of f. Their common type, which is not that of nested calls of where. Throws shape_error.
template <expression C, expression_or_scalar A, expression D, expression_or_scalar B,
          expression_or_scalar Otherwise>
[[nodiscard]] auto select(C&& c, A&& a, D&& d, B&& b, Otherwise&& otherwise,
                          location here = location::here()) {
  using namespace functions_detail;
  using type = choice_t<A, B, Otherwise>;
  return choose<type>(here, std::forward<C>(c), std::forward<A>(a),
                      choose<type>(here, std::forward<D>(d), std::forward<B>(b),
                                   std::forward<Otherwise>(otherwise)));
}
template <expression C, expression_or_scalar A, expression D, expression_or_scalar B, expression F,
          expression_or_scalar E, expression_or_scalar Otherwise>
[[nodiscard]] auto select(C&& c, A&& a, D&& d, B&& b, F&& f, E&& e, Otherwise&& otherwise,
                          location here = location::here()) {
  using namespace functions_detail;
  using type = choice_t<A, B, E, Otherwise>;
  return choose<type>(here, std::forward<C>(c), std::forward<A>(a),
                      choose<type>(here, std::forward<D>(d), std::forward<B>(b),
                                   choose<type>(here, std::forward<F>(f), std::forward<E>(e),
                                                std::forward<Otherwise>(otherwise))));
}

/// x rounded to decimals, halves to even; negative ones round to tens. Integers stay integers: as they
/// are unless decimals are negative, which goes through f64.
template <expression X>
[[nodiscard]] auto round(X&& x, int decimals = 0) {
  using type = value_t<X>;
  static_assert(!is_complex<type>, "round takes real elements");
  double const up = decimals > 0 ? std::pow(10., decimals) : 1;
  double const down = decimals < 0 ? std::pow(10., -decimals) : 1;
  auto tree = as_tree(std::forward<X>(x));
  if constexpr (std::is_integral_v<type>)
    if (decimals >= 0) return lazy<type>(std::move(tree).node());
  auto rounded = (rint(tree * up / down) * down / up).template astype<type>();
  if constexpr (std::is_integral_v<type>)
    return lazy<type>(std::move(rounded).node());
  else
    return rounded;
}
/// floor_divide(a, b) and remainder(a, b), a tuple of expressions.
template <expression_or_scalar A, expression_or_scalar B>
requires(expression<A> || expression<B>)
    [[nodiscard]] auto divmod(A const& a, B const& b, location where = location::here()) {
  return std::tuple{floor_divide(a, b, where), remainder(a, b, where)};
}

/// x with numbers for NaN, infinity and -infinity: 0 and the greatest and least of the type, unless
/// given. Integers as they are.
template <expression X>
[[nodiscard]] auto nan_to_num(X&& x, double nan = 0, std::optional<double> posinf = {},
                              std::optional<double> neginf = {}) {
  using type = value_t<X>;
  static_assert(!is_complex<type>, "nan_to_num takes real elements");
  auto const tree = as_tree(std::forward<X>(x));
  if constexpr (!is_floating<type>) {
    return tree;
  } else {
    double const most = convert<double>(std::numeric_limits<type>::max());
    auto const bounded = where(isposinf(tree), posinf.value_or(most),
                               where(isneginf(tree), neginf.value_or(-most), tree));
    return where(isnan(tree), nan, bounded);
  }
}

/// |a - b| <= atol + rtol |b|, elementwise; NaN is close to nothing.
template <expression_or_scalar A, expression_or_scalar B>
requires(expression<A> || expression<B>)
    [[nodiscard]] auto isclose(A&& a, B&& b, double rtol = 1e-5, double atol = 1e-8,
                               location where = location::here()) {
  return elementwise<op::isclose>(where, std::forward<A>(a), std::forward<B>(b), rtol, atol);
}

/// a 2^n, elementwise, n of an integer type that fits into int64, or a C++ integer. In a's type as
/// exp's is; a C++ value is f64. Broadcasts; throws shape_error.
template <expression_or_scalar A, expression_or_scalar N>
requires(expression<A> || expression<N>)
    [[nodiscard]] auto ldexp(A&& a, N&& n, location where = location::here()) {
  using type = floating_t<common_t<std::remove_cvref_t<A>>>;
  using exponent = promote_t<common_t<std::remove_cvref_t<N>>, std::int32_t>;
  if constexpr (is_complex<type> || !std::is_integral_v<exponent>) {
    static_assert(
        !is_complex<type> && std::is_integral_v<exponent>,
        "ldexp takes real numbers and integer exponents that fit into int64, as in NumPy; "
        "convert an operand with .astype<T>()");
    return refused{};
  } else {
    auto x = as_argument<type>(std::forward<A>(a), where);
    auto e = as_argument<exponent>(std::forward<N>(n), where);
    return apply<op::ldexp, decltype(x), decltype(e)>({}, where, std::move(x), std::move(e));
  }
}
/// m and n, int32, with x = m 2^n and 0.5 <= |m| < 1: a tuple of expressions. Zeros, infinities and NaN
/// are m themselves, and n is 0.
template <expression X>
[[nodiscard]] auto frexp(X&& x) {
  auto const tree = as_tree(std::forward<X>(x));
  return std::tuple{elementwise<op::frexp_mantissa>({}, tree),
                    elementwise<op::frexp_exponent>({}, tree)};
}

/// The type's name as the compiler prints it, to tell a lambda from a named functor.
template <class F>
[[nodiscard]] constexpr bool is_closure() {
  constexpr std::string_view name = __PRETTY_FUNCTION__;
  return name.find("lambda") != std::string_view::npos;
}

/// f of the elements, fused like any operation. `f` is a functor at namespace scope whose call
/// operator is marked SLOTH_HD, or made by SLOTH_FN; its state, if any, takes at most 16 bytes.
template <class F, expression_or_scalar... X>
requires(expression<X> || ...) [[nodiscard]] auto map(F f, X&&... x) {
  if constexpr (is_closure<F>()) {
    static_assert(!is_closure<F>(),
                  "map takes a functor at namespace scope with a SLOTH_HD call operator, or "
                  "SLOTH_FN(name, (auto v), v * v): a lambda cannot reach the GPU's kernels");
    return refused{};
  } else if constexpr (!std::is_trivially_copyable_v<F> || sizeof(F) > 16) {
    static_assert(std::is_trivially_copyable_v<F> && sizeof(F) <= 16,
                  "map's functor is copied into kernels: it must be trivially copyable and at most "
                  "16 bytes");
    return refused{};
  } else {
    auto argument = []<class Y>(Y&& y) {
      if constexpr (expression<Y>)
        return as_tree(std::forward<Y>(y));
      else
        return scalar_leaf<canonical_t<std::remove_cvref_t<Y>>>(y);
    };
    return apply<op::map<F>, decltype(argument(std::forward<X>(x)))...>(
        {f}, {}, argument(std::forward<X>(x))...);
  }
}

/// SLOTH_FN(cube, (auto v), v * v * v): a functor for map, at namespace scope.
#define SLOTH_FN(name, parameters, ...)                                         \
  struct name##_function {                                                      \
    constexpr SLOTH_HD auto operator() parameters const { return __VA_ARGS__; } \
  };                                                                            \
  inline constexpr name##_function name {}

/// The axes in another order: reversed, or as given.
template <expression X>
[[nodiscard]] auto transpose(X&& x) {  // no location: transpose(x, {0, 1}) could be one
  return x.T({});
}
template <expression X>
[[nodiscard]] auto transpose(X&& x, extents const& axes, location where = location::here()) {
  return view<value_t<X>, false>(permuted(x.node(where), axes, where));
}
/// The same elements under another shape, row-major; one extent may be -1.
template <expression X>
[[nodiscard]] auto reshape(X&& x, extents const& shape, location where = location::here()) {
  return x.reshape(shape, where);
}
/// Axes of extent 1 removed: all, or one. Throws shape_error when its extent is another.
template <expression X>
[[nodiscard]] auto squeeze(X&& x, location where = location::here()) {
  return view<value_t<X>, false>(squeezed(x.node(where), where));
}
template <expression X>
[[nodiscard]] auto squeeze(X&& x, std::int64_t axis, location where = location::here()) {
  return view<value_t<X>, false>(squeezed(x.node(where), axis, where));
}
/// A new axis of extent 1 at `axis`.
template <expression X>
[[nodiscard]] auto expand_dims(X&& x, std::int64_t axis, location where = location::here()) {
  return view<value_t<X>, false>(expanded(x.node(where), axis, where));
}
/// x read as `shape`, stretched along axes of extent 1; nothing is copied.
template <expression X>
[[nodiscard]] auto broadcast_to(X&& x, extents const& shape, location where = location::here()) {
  return view<value_t<X>, false>(broadcasted(x.node(where), shape, where));
}

namespace functions_detail {
/// A tree of operations on elements, not a value that is there or a node of its own.
template <class Tree>
inline constexpr bool is_elementwise = false;
template <class Op, class... A>
inline constexpr bool is_elementwise<apply<Op, A...>> = apply<Op, A...>::row_count == 0;

template <class... X>
std::array<node_ptr, sizeof...(X)> nodes_of(X&&... x) {
  std::array<node_ptr, sizeof...(X)> nodes = {as_tree(std::forward<X>(x)).node()...};
  if constexpr (sizeof...(X) > 1 && (is_elementwise<std::remove_cvref_t<tree_t<X>>> && ...))
    group_outputs(nodes, device_outputs_of<std::remove_cvref_t<tree_t<X>>...>());
  return nodes;
}
}  // namespace functions_detail

/// Evaluates the expressions as one plan and returns their arrays: auto [a, b] = eval(x, y).
template <expression... X>
auto eval(X&&... x) {
  auto const nodes = functions_detail::nodes_of(std::forward<X>(x)...);
  evaluate(nodes);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    if constexpr (sizeof...(X) == 1)
      return array<value_t<X>...>(contiguous(nodes[I])...);
    else
      return std::tuple<array<value_t<X>>...>{array<value_t<X>>(contiguous(nodes[I]))...};
  }
  (std::make_index_sequence<sizeof...(X)>{});
}

namespace explain_detail {
template <class... X>
std::string explain_as(plan_format format, X&&... x) {
  auto const nodes = functions_detail::nodes_of(std::forward<X>(x)...);
  return explain_nodes(nodes, format);
}
}  // namespace explain_detail

/// The plan that evaluating the expressions runs, a line a step.
template <expression... X>
[[nodiscard]] std::string explain(X&&... x) {
  return explain_detail::explain_as(plan_format::text, std::forward<X>(x)...);
}
/// The plan for another device, whether there is one or not: explain(x & y, h200).
template <expression X>
[[nodiscard]] std::string explain(X&& x, device_model const& planned_for) {
  model_scope const there(planned_for);
  return explain(std::forward<X>(x));
}
/// The same as a JSON object: `device`, `inputs`, `steps` with what each reads, its flops, its bytes
/// and the seconds that the planner expects, and their sum; `temporaries`, how many results are freed
/// within the plan, and `peak_bytes`, the most bytes of results that are there at once.
template <expression... X>
[[nodiscard]] std::string explain_json(X&&... x) {
  return explain_detail::explain_as(plan_format::json, std::forward<X>(x)...);
}
/// The same as a graph in Graphviz's language: a box a step, an arrow from what it reads.
template <expression... X>
[[nodiscard]] std::string explain_graphviz(X&&... x) {
  return explain_detail::explain_as(plan_format::graphviz, std::forward<X>(x)...);
}

}  // namespace sloth::inline SLOTH_ABI
