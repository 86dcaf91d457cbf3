#include <dsl/rules.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>
#include <vector>

namespace sloth::inline SLOTH_ABI {

namespace {

/// A value of an expression: a number, or a sum of operands times factors, no more of them than an
/// epilogue has.
struct combination {
  struct term {
    int operand;
    double factor;
  };
  static constexpr int most = 3;  // the product, c and the bias
  double number = 0;
  int count = 0;  // of terms; 0: the number
  term terms[most];

  [[nodiscard]] bool is_number() const { return count == 0; }
  [[nodiscard]] std::span<term const> all() const {
    return {terms, static_cast<std::size_t>(count)};
  }
};

/// Reads an expression as a linear combination of its operands with an activation around it.
class linear_reader {
 public:
  explicit linear_reader(fused_operation const& call) : call_(call), form_(*call.form) {}

  /// False where it is nothing of the kind.
  bool read() {
    int count = form_.item_count;
    if (count == 0 || form_.row_count > 0) return false;
    tree_item const& root = form_.items[count - 1];
    if (root.kind == item_kind::apply && root.arguments == 1) {
      std::string_view const name = root.name;
      if (name == "relu") after = activation::relu;
      if (name == "gelu_tanh") after = activation::gelu_tanh;
      if (after != activation::none) --count;
    }
    values_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      if (!take(form_.items[i])) return false;
    return true;
  }
  /// What read() has found.
  [[nodiscard]] std::span<combination::term const> terms() const { return values_.back().all(); }

  activation after = activation::none;

 private:
  bool take(tree_item const& item) {
    switch (item.kind) {
      case item_kind::leaf: values_.push_back({0, 1, {{call_.slot[leaf_++], 1}}}); return true;
      case item_kind::scalar: {
        double const number = visit(item.type, [&]<class T>() -> double {
          if constexpr (is_real_floating<T>)
            return static_cast<double>(call_.scalars[scalar_].template as<T>());
          return 0;
        });
        ++scalar_;
        values_.push_back({number, 0, {}});
        return is_factor(number);
      }
      case item_kind::apply: return apply(item);
      case item_kind::row: return false;
    }
    return false;
  }

  bool apply(tree_item const& item) {
    std::string_view const name = item.name;
    if (item.arguments == 1 && name == "negative") return scale(values_.back(), -1);
    if (item.arguments != 2) return false;
    combination b = values_.back();
    values_.pop_back();
    combination& a = values_.back();
    if (name == "multiply") {
      if (a.is_number()) std::swap(a, b);
      return b.is_number() && scale(a, b.number);
    }
    if (name == "divide") return b.is_number() && scale(a, 1 / b.number);
    if (name == "subtract") return scale(b, -1) && add(a, b);
    return name == "add" && add(a, b);
  }

  // Products multiply by it in f64 or, of narrower elements, in f32: whose range it must not leave.
  [[nodiscard]] bool is_factor(double x) const {
    bool const narrow = form_.items[form_.item_count - 1].type != dtype::f64;
    return narrow ? std::isnormal(static_cast<float>(x)) : std::isnormal(x);
  }
  // One term only: a sum may be small where its terms, scaled one by one, overflow.
  [[nodiscard]] bool scale(combination& x, double factor) const {
    if (x.count != 1) return false;
    double& own = x.terms[0].factor;
    own *= factor;
    return is_factor(own);
  }
  static bool add(combination& a, combination const& b) {
    if (a.is_number() || b.is_number() || a.count + b.count > combination::most) return false;
    for (auto const& term : b.all()) a.terms[a.count++] = term;
    return true;
  }

  fused_operation const& call_;
  fused_form const& form_;
  std::vector<combination> values_;
  std::size_t leaf_ = 0, scalar_ = 0;
};

/// The product that an operand is, if nothing but that and its step reach it.
matmul_operation* product_of(graph_operand const& operand, node const& n) {
  node* const source = operand.source.get();
  if (!source || source->references() != 2 || source->type != n.type ||
      !(source->shape == n.shape) || !is_pending(*source))
    return nullptr;
  auto* const product = std::get_if<matmul_operation>(&source->op);
  bool const matrices = product && product->a->shape.rank() > 1 && product->b->shape.rank() > 1;
  return matrices && !product->epilogue ? product : nullptr;
}

bool is_row(extents const& shape, std::int64_t columns) {
  return shape.rank() > 0 && shape.size() == columns && shape.back() == columns;
}

}  // namespace

bool is_epilogue(fused_operation const& call) { return linear_reader(call).read(); }

bool in_library(matmul_operation const& call, dtype type, device_model const& on) {
  if (!call.epilogue || call.symmetric ||
      matmul_shape(call.a->shape, call.b->shape, {}).batch.size() != 1)
    return false;
  product_support const& known = on.support(type);
  bool const c = call.epilogue->c >= 0, bias = call.epilogue->bias >= 0;
  switch (call.epilogue->after) {
    case activation::none:
      return c && bias ? known.c_and_bias : c ? known.c : bias ? known.bias : known.alpha;
    case activation::relu: return known.relu && !c;
    case activation::gelu_tanh: return known.gelu_tanh && !c;
  }
  return false;
}

node_ptr fold_into_product(node& n) {
  auto* const call = std::get_if<fused_operation>(&n.op);
  bool const real_floating = visit(n.type, []<class T>() { return is_real_floating<T>; });
  if (!call || !real_floating || !is_on(rule::epilogue)) return {};
  auto& operands = call->operands;
  auto const found = std::find_if(operands.begin(), operands.end(), [&](auto const& operand) {
    return product_of(operand, n) != nullptr;
  });
  linear_reader expression(*call);
  if (found == operands.end() || !expression.read()) return {};

  product_epilogue around;
  around.alpha = 0;
  around.after = expression.after;
  for (auto const& [index, factor] : expression.terms()) {
    graph_operand const& from = operands[index];
    bool const product = &from == &*found;
    if (!from.source || from.type != n.type) return {};
    if (product && around.alpha == 0) {
      around.alpha = factor;
    } else if (!product && from.shape == n.shape && around.c < 0) {
      around.c = index;
      around.beta = factor;
    } else if (!product && is_row(from.shape, n.shape.back()) && factor == 1 && around.bias < 0) {
      around.bias = index;
    } else {
      return {};
    }
  }
  matmul_operation folded = std::move(*product_of(*found, n));
  node_ptr product = std::exchange(found->source, {});
  around.written = std::move(*call);
  folded.epilogue = std::make_unique<product_epilogue>(std::move(around));
  n.op = std::move(folded);
  return product;
}

}  // namespace sloth::inline SLOTH_ABI
