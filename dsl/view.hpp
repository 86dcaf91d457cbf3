// Views: what a subscript, T() or reshape returns. Only the temporary x(...) of an array writes.
#pragma once

#include <dsl/expression.hpp>

namespace sloth::inline SLOTH_ABI {

template <dtype From, dtype To>
concept same_kind = can_cast_same_kind(From, To);

/// Part of an array or lazy, by strides: a snapshot of it, whatever is written to the array later.
/// A `Writable` view, the temporary x(...) of a non-const array, assigns to the array's elements.
template <class Value, bool Writable>
class view : public expression_base<view<Value, Writable>> {
 public:
  using value_type = Value;

  explicit view(node_ptr n) : node_(std::move(n)) {}
  view(node_ptr n, array<Value>& target, location where)
      : node_(std::move(n)), target_(&target), where_(where) {}
  view(view const&) = default;
  view(view&&) = default;

  [[nodiscard]] extents const& shape() const { return node_->shape; }
  [[nodiscard]] node_ptr const& node(location = {}) const { return node_; }
  [[nodiscard]] leaf<Value> tree() const& { return leaf<Value>(node_); }
  [[nodiscard]] leaf<Value> tree() && { return leaf<Value>(std::move(node_)); }

  /// Writes the elements: the values broadcast to this shape and are cast by NumPy's same_kind rule.
  /// Throws shape_error.
  template <expression_or_scalar E>
  void operator=(E&& values) && {
    write(std::forward<E>(values));
  }
  void operator=(view const& values) && { write(values); }
  void operator=(view&& values) && { write(std::move(values)); }
  template <expression_or_scalar E>
  void operator=(E&&) & = delete;  // a stored view is a snapshot: write through x(...) = e
  void operator=(view const&) & = delete;
  void operator=(view&&) & = delete;

#define SLOTH_VIEW_UPDATE(symbol, functor)                                           \
  template <expression_or_scalar E>                                                  \
  void operator symbol(E&& e)&& {                                                    \
    write(elementwise<op::functor>(where_, leaf<Value>(node_), std::forward<E>(e))); \
  }                                                                                  \
  template <expression_or_scalar E>                                                  \
  void operator symbol(E&&)& = delete;
  SLOTH_VIEW_UPDATE(+=, add)
  SLOTH_VIEW_UPDATE(-=, subtract)
  SLOTH_VIEW_UPDATE(*=, multiply)
  SLOTH_VIEW_UPDATE(/=, divide)
  SLOTH_VIEW_UPDATE(%=, remainder)
#undef SLOTH_VIEW_UPDATE

  /// A part of this part; of a temporary x(...) it still writes.
  template <index_like... I>
  [[nodiscard]] auto operator()(located_item first, I const&... i) && {
    // Leaves no handle behind, or x(...)(...) = e would copy.
    auto part = subscript(std::exchange(node_, {}), {first.item, index_item(i)...}, first.where);
    if constexpr (Writable)
      return view(std::move(part), *target_, first.where);
    else
      return view(std::move(part));
  }
  template <index_like... I>
  [[nodiscard]] auto operator()(located_item first, I const&... i) const& {
    return view<Value, false>(subscript(node_, {first.item, index_item(i)...}, first.where));
  }

 private:
  template <class E>
  void write(E&& values);

  node_ptr node_;
  array<Value>* target_ = nullptr;
  location where_;
};

}  // namespace sloth::inline SLOTH_ABI
