// A form: an expression written once, as a template on its operands' types, over Sloth's arrays and
// over bounded ones.
#pragma once

#include <dsl/sloth.hpp>
#include <test/forms/bounded.hpp>

#include <string>
#include <vector>

namespace forms {

/// An operand of uniform random numbers, drawn in the kernel that uses them.
template <class T>
struct drawn {};

/// What a form is evaluated on: a view, whose handle it takes, or a draw.
struct leaf_source {
  sloth::node_ptr values;
  extents shape;
  std::uint64_t seed = 0;
};

template <class T>
struct leaf_type {
  static constexpr bool random = false;
  static constexpr dtype type = sloth::dtype_of<T>;
  static auto from(leaf_source& source) { return sloth::view<T, false>(std::move(source.values)); }
};
template <class T>
struct leaf_type<drawn<T>> {
  static constexpr bool random = true;
  static constexpr dtype type = sloth::dtype_of<T>;
  static auto from(leaf_source& source) {
    return sloth::generator(source.seed).rand<T>(source.shape);
  }
};

/// Where a form's values go: to a new array, `array<R> z = e`; through a view, `x(...) = e`; or over
/// an array, `x = e`.
enum class way : std::uint8_t { fresh, region, over };

struct destination {
  way how;
  sloth::node_ptr array, region;  // handles that the form takes
};

struct form {
  char const* text;
  struct leaf {
    dtype type;
    bool random;
  };
  std::vector<leaf> leaves;
  dtype result;
  int row_reductions;
  bounded (*expected)(bounded const* leaves);
  /// The array that was written.
  sloth::node_ptr (*evaluate)(leaf_source* leaves, destination to);
};

template <class Expression, class... T>
struct instance {
  static auto tree(leaf_source* leaves) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Expression()(leaf_type<T>::from(leaves[I])...);
    }
    (std::index_sequence_for<T...>());
  }
  using result = sloth::value_t<decltype(tree(nullptr))>;

  static sloth::node_ptr evaluate(leaf_source* leaves, destination to) {
    auto e = tree(leaves);
    if (to.how == way::fresh) {
      sloth::array<result> const z = std::move(e);
      return z.node();
    }
    sloth::array<result> x(std::move(to.array));
    if (to.how == way::region)
      sloth::view<result, true>(std::move(to.region), x, {}) = std::move(e);
    else
      x = std::move(e);
    return x.node();
  }
  static bounded expected(bounded const* leaves) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return Expression()(leaves[I]...); }
    (std::index_sequence_for<T...>());
  }
};

template <class Expression, class... T>
form make_form(char const* text) {
  using all = instance<Expression, T...>;
  return {text,
          {{leaf_type<T>::type, leaf_type<T>::random}...},
          sloth::dtype_of<typename all::result>,
          decltype(all::tree(nullptr))::row_count,
          all::expected,
          all::evaluate};
}

// Functors for map, and what they are of bounded values.

struct cube {
  template <class V>
  SLOTH_HD V operator()(V v) const {
    return v * v * v;
  }
};
inline bounded map(cube, bounded const& x) { return x * x * x; }

/// Its state is a scalar of the expression.
struct above {
  float least;
  template <class V>
  SLOTH_HD V operator()(V v) const {
    return v > V(least) ? v : V(least);
  }
};
inline bounded map(above f, bounded const& x) { return where(x > f.least, x, f.least); }

struct halfway {
  template <class V>
  SLOTH_HD V operator()(V a, V b) const {
    return (a + b) / V(2);
  }
};
inline bounded map(halfway, bounded const& a, bounded const& b) { return (a + b) / 2; }

/// All of them; the generated files add theirs.
[[nodiscard]] std::vector<form> const& all_forms();

}  // namespace forms
