// The typed expression tree: leaves, scalars, generators, elementwise operations and row
// reductions. A tree's type is its form: kernels are templates on it and see only numbered slots.
#pragma once

#include <dsl/node.hpp>
#include <dsl/operations.hpp>

#include <concepts>

namespace sloth::inline SLOTH_ABI {

struct expression_tag {};

/// Anything that stands in an expression: array, lazy, view and every tree of them.
template <class X>
concept expression = std::derived_from<std::remove_cvref_t<X>, expression_tag>;

template <class X>
concept scalar_value = weak_scalar<std::remove_cvref_t<X>>;

template <class X>
concept expression_or_scalar = expression<X> || scalar_value<X>;

template <expression X>
using value_t = typename std::remove_cvref_t<X>::value_type;

/// Collects a tree's operands and scalars in slot order.
class binder {
 public:
  explicit binder(fused_operation& call)
      : operands_(call.operands),
        slot_(call.slot),
        scalar_(call.scalars),
        row_length_(call.row_length) {}
  void leaf(node_ptr source);
  void generator(generator_kind kind, dtype type, extents const& shape, scalar_bits const* params);
  void scalar(scalar_bits value);
  void row(std::int64_t length);

 private:
  std::vector<graph_operand>& operands_;
  std::uint16_t* slot_;  // the next of each kind
  scalar_bits* scalar_;
  std::int64_t* row_length_;
};

/// The static form of a tree; defined by the engines' kernel templates.
template <class Tree>
fused_form const& form_of();
/// The GPU's launch of a reduction of that form; null in a build without CUDA.
template <reduction Op, class Tree>
device_reduce device_reduce_of();
/// The same by a functor F in type T, and the host engine's accumulator.
template <class F, class T, class Tree>
device_reduce device_reduce_by();
template <class F, class T>
void const* host_reduce_by();
/// And its launch of several elementwise forms.
template <class... Tree>
device_outputs device_outputs_of();

/// The tree's form with its operands, whose handles the tree gives away, and its scalars. What is not
/// the tree's own is compiled once.
[[nodiscard]] fused_operation bind_form(fused_form const& form, void* tree,
                                        void (*bind)(void* tree, binder& to));
template <class Tree>
requires(!std::is_reference_v<Tree>) [[nodiscard]] fused_operation bind_tree(Tree&& tree) {
  return bind_form(form_of<Tree>(), &tree,
                   [](void* t, binder& to) { static_cast<Tree*>(t)->bind(to); });
}

template <class Self>
class expression_base;

/// A node's values: what array, lazy and view become inside a tree.
template <element Value>
class leaf : public expression_base<leaf<Value>> {
 public:
  using value_type = Value;
  static constexpr int leaf_count = 1, scalar_count = 0, row_count = 0;

  explicit leaf(node_ptr source) : source_(std::move(source)) {}
  [[nodiscard]] extents const& shape() const { return source_->shape; }
  [[nodiscard]] node_ptr const& node(location = {}) const { return source_; }
  void bind(binder& to) { to.leaf(std::move(source_)); }

 private:
  node_ptr source_;
};

template <class Tree>
inline constexpr bool is_leaf_tree = false;
template <class Value>
inline constexpr bool is_leaf_tree<leaf<Value>> = true;

/// A C++ value that took the type of its expression.
template <element Value>
class scalar_leaf {
 public:
  using value_type = Value;
  static constexpr int leaf_count = 0, scalar_count = 1, row_count = 0;

  explicit scalar_leaf(Value value) : value_(value) {}
  [[nodiscard]] static extents shape() { return {}; }
  void bind(binder& to) const { to.scalar(scalar_bits::of(value_)); }

 private:
  Value value_;
};

/// Values drawn from an element's index (rand, arange, eye, ...), in the kernel that uses them.
template <generator_kind Kind, element Value>
class generated : public expression_base<generated<Kind, Value>> {
 public:
  using value_type = Value;
  static constexpr int leaf_count = 1, scalar_count = 0, row_count = 0;

  explicit generated(extents shape, scalar_bits first, scalar_bits second = {})
      : shape_(std::move(shape)), params_{first, second} {
    checked_size(shape_, {});
  }
  [[nodiscard]] extents const& shape() const { return shape_; }
  void bind(binder& to) const { to.generator(Kind, dtype_of<Value>, shape_, params_); }

 private:
  extents shape_;
  scalar_bits params_[2];
};

/// Plain members, one behind the other: std::tuple costs seconds of compile time.
template <class... A>
struct arguments {
  void bind(binder&) const {}
  template <class F>
  void for_each(F const&) const {}
};
template <class Head, class... Tail>
struct arguments<Head, Tail...> {
  Head head;
  [[no_unique_address]] arguments<Tail...> tail;

  explicit arguments(Head&& head_, Tail&&... tail_)
      : head(std::move(head_)), tail(std::move(tail_)...) {}
  void bind(binder& to) {
    head.bind(to);
    tail.bind(to);
  }
  template <class F>
  void for_each(F const& f) const {
    f(head);
    tail.for_each(f);
  }
};

/// Grows `shape` to the broadcast shape of all that it is called with.
struct shape_stretcher {
  extents& shape;
  const char* operation;
  location where;
  bool first = true;
  void operator()(extents const& other);
};

/// Element type of Op over operands of types T.
template <class Op, class... T>
struct result_of {
  using type = decltype(op::evaluate<Op>(std::declval<T>()...));
};
template <class F, class... T>
struct result_of<op::map<F>, T...> {
  using type = canonical_t<std::remove_cvref_t<std::invoke_result_t<F const&, T...>>>;
};

template <class Op>
inline constexpr bool has_state = false;
template <class F>
inline constexpr bool has_state<op::map<F>> = !std::is_empty_v<F>;

/// Op of the arguments' elements, over their broadcast shape.
template <class Op, class... A>
class apply : public expression_base<apply<Op, A...>> {
 public:
  using operation = Op;
  using value_type = typename result_of<Op, typename A::value_type...>::type;
  static constexpr int leaf_count = (A::leaf_count + ... + 0);
  static constexpr int scalar_count = (A::scalar_count + ... + has_state<Op>);
  static constexpr int row_count = (A::row_count + ... + 0);

  apply(Op op, location where, A&&... a) : op_(op), arguments_(std::move(a)...) {
    shape_stretcher stretch{shape_, Op::name, where};
    arguments_.for_each([&]<class X>(X const& x) {
      if constexpr (X::leaf_count > 0) stretch(x.shape());
    });
  }
  [[nodiscard]] extents const& shape() const { return shape_; }
  void bind(binder& to) {
    if constexpr (has_state<Op>) to.scalar(scalar_bits::of(op_.f));
    arguments_.bind(to);
  }

 private:
  [[no_unique_address]] Op op_;
  extents shape_;
  arguments<A...> arguments_;
};

/// A reduction over the last axis that keeps it with extent 1: a scalar of the row in the kernel.
template <reduction Op, class A>
class row_reduction : public expression_base<row_reduction<Op, A>> {
 public:
  using argument = A;
  using value_type = reduction_t<Op, typename A::value_type>;
  static constexpr reduction op = Op;
  static constexpr int leaf_count = A::leaf_count, scalar_count = A::scalar_count + 1;
  static constexpr int row_count = A::row_count + 1;

  row_reduction(A&& a, double ddof) : shape_(a.shape()), argument_(std::move(a)), ddof_(ddof) {
    length_ = shape_.back();
    shape_.back() = 1;
  }
  [[nodiscard]] extents const& shape() const { return shape_; }
  void bind(binder& to) {
    argument_.bind(to);
    to.scalar(scalar_bits::of(ddof_));
    to.row(length_);
  }

 private:
  extents shape_;
  A argument_;
  std::int64_t length_;
  double ddof_;
};

template <class Value = double>
class array;
template <class Value>
class lazy;
template <class Value, bool Writable>
class view;

/// What an operand becomes inside a tree.
template <expression X>
auto as_tree(X&& x) {
  if constexpr (requires { x.tree(); })
    return std::forward<X>(x).tree();
  else
    return std::forward<X>(x);
}
template <expression X>
using tree_t = decltype(as_tree(std::declval<X>()));

// Where a static_assert has fired: the rest of the expression compiles silently.
struct refused {
  template <class T>
  requires std::is_class_v<T>
  operator T() const;  // NOLINT
#define SLOTH_SILENT_OPERATOR(symbol)                   \
  friend refused operator symbol(refused, auto const&); \
  friend refused operator symbol(expression auto const&, refused);
  SLOTH_SILENT_OPERATOR(+)
  SLOTH_SILENT_OPERATOR(-)
  SLOTH_SILENT_OPERATOR(*)
  SLOTH_SILENT_OPERATOR(/)
  SLOTH_SILENT_OPERATOR(&)
#undef SLOTH_SILENT_OPERATOR
};

namespace tree_detail {

/// The promoted type of the expressions among X.
template <class... X>
constexpr dtype strong() {
  dtype type = dtype::boolean;
  bool first = true;
  auto add = [&]<class Y>(std::type_identity<Y>) {
    if constexpr (expression<Y>) {
      type = first ? dtype_of<value_t<Y>> : promote(type, dtype_of<value_t<Y>>);
      first = false;
    }
  };
  (add(std::type_identity<X>{}), ...);
  return type;
}

/// T after the C++ scalars among X had their weak say.
template <class T, class... X>
struct weak {
  using type = T;
};
template <class T, class X, class... Rest>
struct weak<T, X, Rest...> : weak<T, Rest...> {};
template <class T, class X, class... Rest>
requires scalar_value<X>
struct weak<T, X, Rest...> : weak<weak_promote_t<T, std::remove_cvref_t<X>>, Rest...> {
};

}  // namespace tree_detail

/// NumPy's result type of the operands: expressions strong, C++ values weak.
template <class... X>
using common_t = typename tree_detail::weak<type_of_t<tree_detail::strong<X...>()>, X...>::type;

// Of a forwarding reference: a temporary that is a tree already.
template <class X>
inline constexpr bool is_passing_tree =
    std::is_same_v<X, std::remove_cvref_t<X>> && !requires(X x) {
  x.tree();
};

/// `x` as an argument of type C: cast where its elements have another, checked where it is a value.
/// A temporary tree of that type is passed on as it is. Where only the `Truth` counts, any value fits.
template <element C, bool Truth = false, class X>
decltype(auto) as_argument(X&& x, location where) {
  if constexpr (expression<X>) {
    constexpr bool same = std::is_same_v<value_t<X>, C>;
    if constexpr (same && is_passing_tree<X>) {
      return std::forward<X>(x);
    } else {
      auto tree = as_tree(std::forward<X>(x));
      if constexpr (same)
        return tree;
      else
        return apply<op::cast<C>, decltype(tree)>({}, where, std::move(tree));
    }
  } else if constexpr (Truth) {
    return scalar_leaf<C>(x != std::remove_cvref_t<X>(0));
  } else {
    return scalar_leaf<C>(weak_cast<C>(x, where));
  }
}

/// The tree of Op over x, with NumPy's promotion and broadcasting.
template <class Op, class... X>
auto elementwise(location where, X&&... x) {
  using common = common_t<std::remove_cvref_t<X>...>;
  using type = decltype(compute_type<Op::in, common>());
  constexpr bool truth = Op::in == computes_in::boolean;
  if constexpr (!accepted<Op::types, type>) {
    static_assert(accepted<Op::types, type>,
                  "this operation does not accept operands of this element type, as in NumPy; "
                  "convert an operand with .astype<T>()");
    return refused{};
  } else {
    return apply<
        Op, std::remove_cvref_t<decltype(as_argument<type, truth>(std::forward<X>(x), where))>...>(
        {}, where, as_argument<type, truth>(std::forward<X>(x), where)...);
  }
}

}  // namespace sloth::inline SLOTH_ABI
