// compile(f): a function of arrays whose plan is made once for each combination of shapes.
#pragma once

#include <dsl/functions.hpp>
#include <dsl/kept_plans.hpp>

namespace sloth::inline SLOTH_ABI {

namespace compile_detail {

template <class R>
inline constexpr bool is_tuple_of_expressions = false;
template <class... X>
inline constexpr bool is_tuple_of_expressions<std::tuple<X...>> = (expression<X> && ...);

/// Calls f(x...) with each expression that a function returned.
template <class R, class F>
decltype(auto) with_results(R&& result, F&& f) {
  if constexpr (expression<R>)
    return f(std::forward<R>(result));
  else
    return std::apply(std::forward<F>(f), std::forward<R>(result));
}

/// The arrays that a call returns: one, or a std::tuple of them.
template <class R>
struct arrays_of {
  using type = array<value_t<R>>;
  static type make(std::vector<node_ptr>&& n) { return type(std::move(n.front())); }
};
template <class... X>
struct arrays_of<std::tuple<X...>> {
  using type = std::tuple<array<value_t<X>>...>;
  static type make(std::vector<node_ptr>&& n) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return type(array<value_t<X>>(std::move(n[I]))...);
    }
    (std::index_sequence_for<X...>{});
  }
};

}  // namespace compile_detail

/// What compile(f) returns. Copies share their plans; calls are thread-safe.
template <class F>
class compiled {
  struct state {
    F function;
    kept_plans known{};
  };

 public:
  explicit compiled(F f) : state_(new state{std::move(f)}) {}

  /// f of the arguments' arrays, evaluated: an array, or a std::tuple of them.
  template <expression... X>
  auto operator()(X&&... x) const {
    return call(array<value_t<X>>(std::forward<X>(x))...);
  }

 private:
  template <class... Value>
  auto call(array<Value> const&... argument) const {
    using result = std::remove_cvref_t<std::invoke_result_t<F&, array<Value> const&...>>;
    if constexpr (!expression<result> && !compile_detail::is_tuple_of_expressions<result>) {
      static_assert(expression<result>,
                    "a compiled function returns an expression or a std::tuple of expressions");
      return refused{};
    } else {
      std::array<node_ptr, sizeof...(Value)> const nodes = {argument.node()...};
      return compile_detail::arrays_of<result>::make(
          state_->known(nodes, &trace<Value...>, &state_->function));
    }
  }

  template <class... Value>
  static std::vector<node_ptr> trace(void* function, std::span<node_ptr const> arguments) {
    auto& f = *static_cast<F*>(function);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return compile_detail::with_results(
          f(array<Value>(arguments[I])...), []<class... X>(X&&... x) {
            return std::vector<node_ptr>{as_tree(std::forward<X>(x)).node()...};
          });
    }
    (std::index_sequence_for<Value...>{});
  }

  std::shared_ptr<state> state_;
};

/// A function of arrays that is planned once for each combination of their shapes and types, and
/// then runs that plan: `auto step = compile([](auto const& w, auto const& x) { return w - x; });`
/// `w = step(w, x)`. On the GPU the kernels are launched as one CUDA graph where arguments and
/// results lie where they have been twice before (unless it draws random numbers, which come anew at
/// each call). f is called once for each combination, with arrays that have shapes and no values:
/// it returns an expression, or a std::tuple of expressions. What it captures keeps the value that it
/// had then; what varies from call to call, numbers included, is an argument. Throws trace_error
/// where f asks for values.
template <class F>
[[nodiscard]] auto compile(F f) {
  return compiled<F>(std::move(f));
}

}  // namespace sloth::inline SLOTH_ABI
