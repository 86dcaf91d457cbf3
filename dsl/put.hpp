// Writing to elements that arrays of indices or of flags choose: x(indices) = e, x(flags) = e, put,
// put_along_axis, add_at. In place, as every write.
#pragma once

#include <dsl/indexing.hpp>

namespace sloth::inline SLOTH_ABI {

namespace put_detail {

/// Values for the rows of an array of shape x at the indices. Throws shape_error where they do not
/// broadcast to indices.shape + x.shape[1:], index_error for an array without axes.
[[nodiscard]] indexed_values for_rows(const char* name, extents const& x, node_ptr indices,
                                      node_ptr values, location where);
/// For its elements in row-major order; the values are taken again and again.
[[nodiscard]] indexed_values for_elements(const char* name, extents const& x, node_ptr indices,
                                          node_ptr values);
/// For an element at each index along an axis. Throws shape_error, index_error.
[[nodiscard]] indexed_values for_elements_along(const char* name, extents const& x,
                                                node_ptr indices, node_ptr values,
                                                axis_list const& along);
/// For the elements whose flag is set, which lie at `places`. Throws shape_error unless there are as many
/// values, or one.
[[nodiscard]] indexed_values for_flags(extents const& x, node_ptr places, node_ptr values,
                                       location where);

/// The values in the type of the array, pending.
template <class Value, expression_or_scalar E>
node_ptr values_of(E&& values, location where) {
  array_detail::require_same_kind<Value, E>();
  if constexpr (expression<E>)
    return as_argument<Value>(std::forward<E>(values), where).node(where);
  else
    return full<Value>(extents{}, weak_cast<Value>(values, where)).node(where);
}

template <class X>
inline constexpr bool is_array = false;
template <class Value>
inline constexpr bool is_array<array<Value>&> = true;

template <class X>
constexpr bool require_array() {
  static_assert(
      is_array<X>,
      "put, put_along_axis and add_at write to an array<T> that has a name and is not const; "
      "parts of one are written by x(...) = e and x(...) += e");
  return is_array<X>;
}

}  // namespace put_detail

/// x's elements at the indices, in row-major order, become the values, which are taken again and again
/// where they are fewer. Indices below 0 count from the end; of several values for one element the last
/// one stays. Throws index_error, and leaves x as it was.
template <class X, expression I, expression_or_scalar V>
void put(X&& x, I&& indices, V&& values, location where = location::here()) {
  using namespace put_detail;
  if constexpr (require_array<X>()) {
    node_ptr at = indexing_detail::indices_of(std::forward<I>(indices), where);
    node_ptr with = values_of<value_t<X>>(std::forward<V>(values), where);
    x.write_at(for_elements("put", x.shape(), std::move(at), std::move(with)), where);
  }
}
/// x[i, indices[i, j]] = values[i, j] along the last axis, or along another. The ranks agree, the indices
/// broadcast to x's other extents, the values to the indices. Throws shape_error, index_error. Else as put.
template <class X, expression I, expression_or_scalar V>
void put_along_axis(X&& x, I&& indices, V&& values, axis_list const& along = axis(-1)) {
  using namespace put_detail;
  if constexpr (require_array<X>()) {
    node_ptr at = indexing_detail::indices_of(std::forward<I>(indices), along.where);
    node_ptr with = values_of<value_t<X>>(std::forward<V>(values), along.where);
    x.write_at(
        for_elements_along("put_along_axis", x.shape(), std::move(at), std::move(with), along),
        along.where);
  }
}

/// x(indices) += values that adds each of several values for one row: NumPy's add.at. The values broadcast
/// to indices.shape + x.shape[1:]. Integers wrap, f16 and bf16 are summed in f32, of bool it is "or". On a
/// GPU the order of additions, and with it the last bits, may differ from run to run, but not in a
/// deterministic_scope. Throws shape_error, index_error, and leaves x as it was.
template <class X, expression I, expression_or_scalar V>
void add_at(X&& x, I&& indices, V&& values, location where = location::here()) {
  using namespace put_detail;
  if constexpr (require_array<X>()) {
    node_ptr at = indexing_detail::indices_of(std::forward<I>(indices), where);
    node_ptr with = values_of<value_t<X>>(std::forward<V>(values), where);
    indexed_values all = for_rows("add_at", x.shape(), std::move(at), std::move(with), where);
    all.adds = true;
    x.write_at(std::move(all), where);
  }
}

/// x(flags) of an array: reads as compress(flags, x), computed when it is used, of what x holds now. The
/// temporary writes in place: x(x < 0) = 0, or values in the order of the elements, as many as there are
/// flags that are set, else shape_error. Flags broadcast for a number, else they have x's shape.
template <class Value, class Flags>
class masked : public expression_base<masked<Value, Flags>> {
 public:
  using value_type = Value;

  masked(array<Value>& target, Flags flags, location where)
      : target_(&target), source_(target), flags_(std::move(flags)), where_(where) {}
  masked(masked const&) = default;
  masked(masked&&) = default;

  [[nodiscard]] extents const& shape() const { return node()->shape; }
  [[nodiscard]] node_ptr const& node(location = {}) const {
    if (!chosen_) chosen_ = compress(flags_, source_, where_).node();
    return chosen_;
  }
  [[nodiscard]] leaf<Value> tree() const { return leaf<Value>(node()); }

  template <expression_or_scalar E>
  void operator=(E&& values) && {
    if constexpr (expression<E>)
      write_in_order(std::forward<E>(values));
    else
      write(values);
  }
  void operator=(masked const& values) && { write_in_order(values); }
  void operator=(masked&& values) && { write_in_order(std::move(values)); }
  template <expression_or_scalar E>
  void operator=(E&&) & = delete;  // a stored x(flags) is a snapshot
  void operator=(masked const&) & = delete;
  void operator=(masked&&) & = delete;

#define SLOTH_MASKED_UPDATE(symbol, functor)                                               \
  template <expression_or_scalar E>                                                        \
  void operator symbol(E&& values)&& {                                                     \
    if constexpr (expression<E>)                                                           \
      write_in_order(                                                                      \
          elementwise<op::functor>(where_, leaf<Value>(node()), std::forward<E>(values))); \
    else                                                                                   \
      write(elementwise<op::functor>(where_, *target_, values));                           \
  }                                                                                        \
  template <expression_or_scalar E>                                                        \
  void operator symbol(E&&)& = delete;
  SLOTH_MASKED_UPDATE(+=, add)
  SLOTH_MASKED_UPDATE(-=, subtract)
  SLOTH_MASKED_UPDATE(*=, multiply)
  SLOTH_MASKED_UPDATE(/=, divide)
  SLOTH_MASKED_UPDATE(%=, remainder)
#undef SLOTH_MASKED_UPDATE

 private:
  template <class E>
  void write(E&& values) {
    auto chosen = sloth::where(std::move(flags_), std::forward<E>(values), *target_);
    source_ = array<Value>();  // the last other handle: the write is in place
    target_->write(node_ptr(target_->node()), std::move(chosen), where_);
  }
  template <class E>
  void write_in_order(E&& values) {
    extents const& shape = target_->shape();
    indexing_detail::require_flags(flags_.shape(), shape, where_);
    node_ptr with = put_detail::values_of<Value>(std::forward<E>(values), where_);
    node_ptr places = flatnonzero(std::move(flags_), where_).node();
    source_ = array<Value>();
    target_->write_at(put_detail::for_flags(shape, std::move(places), std::move(with), where_),
                      where_);
  }

  array<Value>* target_;
  array<Value> source_;
  Flags flags_;
  location where_;
  mutable node_ptr chosen_;
};

/// x(indices) of an array: reads as take(x, indices, axis(0)). The temporary writes the rows: the values
/// broadcast to indices.shape + x.shape[1:]; of several for one row the last one stays, of x(indices) += e
/// too (add_at adds them all). Throws shape_error, index_error, and leaves x as it was.
template <class Value>
class picked : public expression_base<picked<Value>> {
 public:
  using value_type = Value;

  template <expression I>
  picked(array<Value>& target, I&& indices, location where)
      : target_(&target),
        indices_(indexing_detail::indices_of(std::forward<I>(indices), where)),
        node_(indexing_detail::taken(target.node(), indices_, axis(0, where))),
        where_(where) {}
  picked(picked const&) = default;
  picked(picked&&) = default;

  [[nodiscard]] extents const& shape() const { return node_->shape; }
  [[nodiscard]] node_ptr const& node(location = {}) const { return node_; }
  [[nodiscard]] leaf<Value> tree() const& { return leaf<Value>(node_); }
  [[nodiscard]] leaf<Value> tree() && { return leaf<Value>(std::move(node_)); }

  template <expression_or_scalar E>
  void operator=(E&& values) && {
    write(std::forward<E>(values));
  }
  void operator=(picked const& values) && { write(values); }
  void operator=(picked&& values) && { write(std::move(values)); }
  template <expression_or_scalar E>
  void operator=(E&&) & = delete;  // a stored x(indices) is a snapshot
  void operator=(picked const&) & = delete;
  void operator=(picked&&) & = delete;

#define SLOTH_PICKED_UPDATE(symbol, functor)                                                       \
  template <expression_or_scalar E>                                                                \
  void operator symbol(E&& values)&& {                                                             \
    write(                                                                                         \
        elementwise<op::functor>(where_, leaf<Value>(std::move(node_)), std::forward<E>(values))); \
  }                                                                                                \
  template <expression_or_scalar E>                                                                \
  void operator symbol(E&&)& = delete;
  SLOTH_PICKED_UPDATE(+=, add)
  SLOTH_PICKED_UPDATE(-=, subtract)
  SLOTH_PICKED_UPDATE(*=, multiply)
  SLOTH_PICKED_UPDATE(/=, divide)
  SLOTH_PICKED_UPDATE(%=, remainder)
#undef SLOTH_PICKED_UPDATE

 private:
  template <class E>
  void write(E&& values) {
    node_ptr with = put_detail::values_of<Value>(std::forward<E>(values), where_);
    node_ = {};  // the last other handle: the write is in place
    target_->write_at(put_detail::for_rows("assignment", target_->shape(), std::move(indices_),
                                           std::move(with), where_),
                      where_);
  }

  array<Value>* target_;
  node_ptr indices_, node_;
  location where_;
};

}  // namespace sloth::inline SLOTH_ABI
