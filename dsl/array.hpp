// array<T>: values that are there. lazy<T>: values that are computed once, when asked for.
#pragma once

#include <dsl/view.hpp>

#include <initializer_list>
#include <span>

namespace sloth::inline SLOTH_ABI {

template <class Value, class Flags>
class masked;  // dsl/put.hpp
template <class Value>
class picked;  // dsl/put.hpp

namespace array_detail {

/// A braced list of values or of lists, of any depth; all on one level have one length.
template <class Value>
struct nested_list {
  Value value{};
  std::vector<nested_list> items;
  bool is_list = false;

  template <scalar_value S>
  nested_list(S v) : value(weak_cast<Value>(v)) {}  // NOLINT
  nested_list(std::initializer_list<nested_list> list) : items(list), is_list(true) {}
};

template <class Value>
void measure(nested_list<Value> const& list, int depth, extents& shape) {
  if (!list.is_list) return;
  if (depth == shape.rank()) shape.push_back(static_cast<std::int64_t>(list.items.size()));
  if (!list.items.empty()) measure(list.items.front(), depth + 1, shape);
}

template <class Value>
void fill(nested_list<Value> const& list, int depth, extents const& shape, Value*& out) {
  if (list.is_list != (depth < shape.rank()) ||
      (list.is_list && static_cast<std::int64_t>(list.items.size()) != shape[depth]))
    throw shape_error("array: the nested lists differ in length at depth " + std::to_string(depth));
  if (!list.is_list) *out++ = list.value;
  for (auto const& item : list.items) fill(item, depth + 1, shape, out);
}

/// What is written in place is cast as NumPy's same_kind rule allows.
template <class Value, class E>
constexpr void require_same_kind() {
  if constexpr (expression<E>)
    static_assert(can_cast_same_kind(dtype_of<value_t<E>>, dtype_of<Value>),
                  "an assignment in place takes values that cast within their kind (float to "
                  "float, integer to wider kinds); write x = ... or convert with .astype<T>()");
}

}  // namespace array_detail

/// Values of one type in row-major order. Copies share memory until one of them writes. Building
/// one from an expression evaluates it.
template <class Value>
class array : public expression_base<array<Value>> {
  /// The left side of +=, with the place where it was written.
  struct update_target {
    array& value;
    location where;
    update_target(array& x, const char* file = __builtin_FILE(),  // NOLINT
                  int line = __builtin_LINE())
        : value(x), where{file, line} {}
  };

 public:
  using value_type = Value;

  /// No elements: shape (0,).
  array() : array(extents{0}) {}
  /// Uninitialised elements.
  explicit array(extents const& shape, location where = location::here())
      : node_(new_storage(dtype_of<Value>, shape, where)) {}
  /// Nested braces: {1, 2} is 1-D, {{1, 2}, {3, 4}} 2-D. Throws shape_error for ragged lists.
  array(std::initializer_list<array_detail::nested_list<Value>> list) {
    array_detail::nested_list<Value> const root(list);
    extents shape;
    measure(root, 0, shape);
    node_ptr fresh = new_storage(dtype_of<Value>, shape, {});
    auto* out = reinterpret_cast<Value*>(fresh->data());
    fill(root, 0, shape, out);
    node_ = std::move(fresh);
  }
  /// A copy of the values, 1-D or as `shape`. Throws shape_error when the sizes differ.
  explicit array(std::span<Value const> values, location where = location::here())
      : array(values, extents{static_cast<std::int64_t>(values.size())}, where) {}
  array(std::span<Value const> values, extents const& shape, location where = location::here())
      : node_(new_storage(dtype_of<Value>, shape, where)) {
    if (shape.size() != static_cast<std::int64_t>(values.size()))
      throw shape_error(
          "array: " + std::to_string(values.size()) + " values for shape " + to_string(shape),
          where);
    std::copy(values.begin(), values.end(), reinterpret_cast<Value*>(node_->data()));
  }
  template <class Allocator>
  explicit array(std::vector<Value, Allocator> const& values, location where = location::here())
      : array(values, extents{static_cast<std::int64_t>(values.size())}, where) {}
  template <class Allocator>
  array(std::vector<Value, Allocator> const& values, extents const& shape,
        location where = location::here())
      : node_(new_storage(dtype_of<Value>, shape, where)) {
    if (shape.size() != static_cast<std::int64_t>(values.size()))
      throw shape_error(
          "array: " + std::to_string(values.size()) + " values for shape " + to_string(shape),
          where);
    std::copy(values.begin(), values.end(), reinterpret_cast<Value*>(node_->data()));
  }
  /// One value, shape ().
  template <scalar_value S>
  explicit array(S value) : node_(new_storage(dtype_of<Value>, extents{}, {})) {
    *reinterpret_cast<Value*>(node_->data()) = weak_cast<Value>(value, {});
  }
  /// A user's row-major memory, on the host or the GPU, read and written in place; `owner` keeps it
  /// alive. What his own streams do to it has ended when Sloth is to see it.
  [[nodiscard]] static array adopt(Value* data, extents const& shape,
                                   std::shared_ptr<void const> owner, device on = host) {
    auto storage = buffer::adopt(data, static_cast<std::size_t>(shape.size()) * sizeof(Value),
                                 std::move(owner), on);
    return array(node::of_storage(dtype_of<Value>, shape, std::move(storage)));
  }

  /// Evaluates the expression. Its type must cast safely, as in NumPy; else .astype<T>().
  template <expression E>
  requires(!std::same_as<std::remove_cvref_t<E>, array>)
      array(E&& e, location where = location::here())  // NOLINT
      : node_(evaluated(std::forward<E>(e), where)) {}
  array(array const&) = default;
  array(array&&) noexcept = default;
  array& operator=(array const&) = default;
  array& operator=(array&&) noexcept = default;
  /// Evaluates the expression, into this array's own memory where nothing else needs it.
  template <expression E>
  requires(!std::same_as<std::remove_cvref_t<E>, array>) array& operator=(E&& e) {
    if constexpr (is_leaf_tree<tree_t<E>> ||
                  !can_cast_safe(dtype_of<value_t<E>>, dtype_of<Value>)) {
      node_ = evaluated(std::forward<E>(e), {});
    } else {
      auto tree = as_argument<Value>(std::forward<E>(e), {});
      extents const shape = tree.shape();
      auto call = bind_tree(std::move(tree));
      if (!overwrite(node_, call, shape))
        node_ = computed(dtype_of<Value>, shape, std::move(call), {});
    }
    return *this;
  }

  explicit array(node_ptr computed) : node_(std::move(computed)) {}

  [[nodiscard]] extents const& shape() const { return node_->shape; }
  [[nodiscard]] node_ptr const& node(location = {}) const { return node_; }
  [[nodiscard]] leaf<Value> tree() const& { return leaf<Value>(node_); }
  [[nodiscard]] leaf<Value> tree() && { return leaf<Value>(std::move(node_)); }

  /// Part of the array; the temporary writes: x(0, _) = e, x(slice(1, -1)) += e.
  template <index_like... I>
  [[nodiscard]] auto operator()(located_item first, I const&... i) & {
    return view<Value, true>(subscript(node_, {first.item, index_item(i)...}, first.where), *this,
                             first.where);
  }
  template <index_like... I>
  [[nodiscard]] auto operator()(located_item first, I const&... i) const& {
    return view<Value, false>(subscript(node_, {first.item, index_item(i)...}, first.where));
  }
  template <index_like... I>
  [[nodiscard]] auto operator()(located_item first, I const&... i) && {
    return view<Value, false>(subscript(node_, {first.item, index_item(i)...}, first.where));
  }

  /// The elements whose flag is set: compress(flags, x). The temporary writes them: x(x < 0) = 0.
  template <expression F>
  requires std::same_as < value_t<F>,
  bool > [[nodiscard]] auto operator()(F&& flags, location where = location::here()) & {
    return masked<Value, tree_t<F>>(*this, as_tree(std::forward<F>(flags)), where);
  }
  template <expression F>
  requires std::same_as < value_t<F>,
  bool > [[nodiscard]] auto operator()(F&& flags, location where = location::here()) const& {
    return compress(std::forward<F>(flags), *this, where);
  }
  /// Rows by an array of their indices: take(x, indices, axis(0)). The temporary writes them.
  template <expression I>
  requires is_integer<value_t<I>>
  [[nodiscard]] auto operator()(I&& indices, location where = location::here()) & {
    return picked<Value>(*this, std::forward<I>(indices), where);
  }
  template <expression I>
  requires is_integer<value_t<I>>
  [[nodiscard]] auto operator()(I&& indices, location where = location::here()) const& {
    return take(*this, std::forward<I>(indices), 0, where);
  }

#define SLOTH_ARRAY_UPDATE(symbol, functor)                                                 \
  /** In place where no other handle reads these elements; same_kind casts. */              \
  template <expression_or_scalar E>                                                         \
  friend array& operator symbol(update_target x, E&& e) {                                   \
    x.value.write(node_ptr(x.value.node_),                                                  \
                  elementwise<op::functor>(x.where, x.value, std::forward<E>(e)), x.where); \
    return x.value;                                                                         \
  }
  SLOTH_ARRAY_UPDATE(+=, add)
  SLOTH_ARRAY_UPDATE(-=, subtract)
  SLOTH_ARRAY_UPDATE(*=, multiply)
  SLOTH_ARRAY_UPDATE(/=, divide)
  SLOTH_ARRAY_UPDATE(%=, remainder)
#undef SLOTH_ARRAY_UPDATE

  /// Row-major elements. The non-const pointer is to memory that no other array shares.
  [[nodiscard]] Value const* data() const {
    return reinterpret_cast<Value const*>(node_->data_on(device::host));
  }
  [[nodiscard]] Value* data() {
    make_exclusive_on_host(node_);
    return reinterpret_cast<Value*>(node_->data());
  }
  [[nodiscard]] Value const* begin() const { return data(); }
  [[nodiscard]] Value const* end() const { return data() + shape().size(); }

  /// What a view's assignment does to its array.
  template <class E>
  void write(node_ptr&& region, E&& values, location where) {
    array_detail::require_same_kind<Value, E>();
    auto tree = as_argument<Value>(std::forward<E>(values), where);
    extents const shape = tree.shape();
    assign(node_, std::move(region), bind_tree(std::move(tree)), shape, where);
  }
  /// The same of an assignment at indices.
  void write_at(indexed_values&& all, location where) { assign_at(node_, std::move(all), where); }

 private:
  template <class E>
  static node_ptr evaluated(E&& e, location where) {
    if constexpr (!can_cast_safe(dtype_of<value_t<E>>, dtype_of<Value>)) {
      static_assert(can_cast_safe(dtype_of<value_t<E>>, dtype_of<Value>),
                    "array<T> = e needs a cast that cannot lose values (NumPy's 'safe'); write "
                    ".astype<T>() to convert all the same");
      return {};
    } else {
      auto&& tree = as_argument<Value>(std::forward<E>(e), where);
      if constexpr (is_leaf_tree<std::remove_cvref_t<decltype(tree)>>) {
        return contiguous(tree.node());
      } else {
        extents const shape = tree.shape();
        return computed(dtype_of<Value>, shape, bind_tree(std::move(tree)), where);
      }
    }
  }

  node_ptr node_;
};

template <class Value>
requires(!element<Value>) class array<Value> {
  static_assert(sizeof(Value) == 0,
                "array<T> takes one of Sloth's element types: bool, int8_t to "
                "int64_t, uint8_t to uint64_t, f16, bf16, float, double, "
                "complex64, complex128");

 public:
  array(auto const&...) {}  // so that this is the only error
};

template <class Value, bool Writable>
template <class E>
void view<Value, Writable>::write(E&& values) {
  static_assert(Writable,
                "only the temporary x(...) of a non-const array can be written to; "
                "a stored view is a snapshot");
  if constexpr (Writable) target_->write(std::move(node_), std::forward<E>(values), where_);
}

template <class T>
array(std::initializer_list<T>) -> array<canonical_t<T>>;
template <class T>
array(std::initializer_list<std::initializer_list<T>>) -> array<canonical_t<T>>;
template <class T>
array(std::initializer_list<std::initializer_list<std::initializer_list<T>>>)
    -> array<canonical_t<T>>;
template <class T, class Allocator>
array(std::vector<T, Allocator>) -> array<canonical_t<T>>;
template <expression E>
array(E&&) -> array<value_t<E>>;

/// Values that are computed at most once, however many expressions share the handle.
template <class Value>
class lazy : public expression_base<lazy<Value>> {
 public:
  using value_type = Value;

  template <expression E>
  requires(!std::same_as<std::remove_cvref_t<E>, lazy>)
      lazy(E&& e, location where = location::here()) {  // NOLINT
    if constexpr (!can_cast_safe(dtype_of<value_t<E>>, dtype_of<Value>))
      static_assert(can_cast_safe(dtype_of<value_t<E>>, dtype_of<Value>),
                    "lazy<T> = e needs a cast that cannot lose values (NumPy's 'safe'); write "
                    ".astype<T>() to convert all the same");
    else
      node_ = as_argument<Value>(std::forward<E>(e), where).node(where);
  }
  explicit lazy(node_ptr n) : node_(std::move(n)) {}

  [[nodiscard]] extents const& shape() const { return node_->shape; }
  [[nodiscard]] node_ptr const& node(location = {}) const { return node_; }
  [[nodiscard]] leaf<Value> tree() const& { return leaf<Value>(node_); }
  [[nodiscard]] leaf<Value> tree() && { return leaf<Value>(std::move(node_)); }

 private:
  node_ptr node_;
};

template <expression E>
lazy(E const&) -> lazy<value_t<E>>;

}  // namespace sloth::inline SLOTH_ABI
