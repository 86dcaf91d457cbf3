#include <dsl/verify.hpp>

#include <dsl/describe.hpp>
#include <dsl/evaluate.hpp>
#include <dsl/function_trace.hpp>
#include <dsl/graph_copy.hpp>
#include <dsl/rules.hpp>
#include <dsl/run.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <string_view>

namespace sloth::inline SLOTH_ABI {

namespace {

/// The elements of a computed node, in row-major order on the host.
class host_values {
 public:
  explicit host_values(node_ptr const& n) : dense_(contiguous(n)) {
    storage_ = dense_->storage->on(device::host);
  }
  template <class T>
  [[nodiscard]] T const* as() const {
    return reinterpret_cast<T const*>(storage_->data()) + dense_->offset;
  }

 private:
  node_ptr dense_;
  counted<buffer> storage_;
};

template <class T>
double magnitude(T const& x) {
  if constexpr (is_complex<T>) {
    return std::max(magnitude(x.re), magnitude(x.im));
  } else {
    double const size = std::abs(convert<double>(x));
    return std::isfinite(size) ? size : 0;
  }
}

/// The largest finite magnitude of a node's elements.
double largest(node_ptr const& n) {
  host_values const values(n);
  return visit(n->type, [&]<class T>() {
    double most = 0;
    for (std::int64_t i = 0; i < n->shape.size(); ++i)
      most = std::max(most, magnitude(values.as<T>()[i]));
    return most;
  });
}

/// How large what a step adds up may be, and whether one of its operations jumps.
struct step_bounds {
  double scale = 0;
  std::int64_t terms = 1;  // of a sum
  bool jumps = false;
  bool undecided = false;  // equality of sums within the step

  /// How many elements may differ.
  [[nodiscard]] std::int64_t tolerated(std::int64_t size) const {
    return undecided ? size : jumps ? std::max<std::int64_t>(1, size / 1000) : 0;
  }

  void add(fused_operation const& call) {
    for (auto const& operand : call.operands) {
      scale = std::max(scale, operand.source ? largest(operand.source) : generated(operand));
      jumps = jumps || is_distribution(operand.generator);  // where a candidate is refused
    }
    int scalar = 0;
    for (int i = 0; i < call.form->item_count; ++i) {
      tree_item const& item = call.form->items[i];
      if (item.kind == item_kind::scalar)
        scale = std::max(scale, visit(item.type, [&]<class T>() {
                           return magnitude(call.scalars[scalar++].template as<T>());
                         }));
      jumps = jumps || is_step_function(item.name);
      undecided = undecided || (call.form->row_count > 0 && is_equality(item.name));
    }
    for (int r = 0; r < call.form->row_count; ++r) terms = std::max(terms, call.row_length[r]);
  }
  static double generated(graph_operand const& operand) {
    if (operand.generator == generator_kind::gamma)
      return 64 + operand.params[1].as<double>();  // by that, never far above its mean
    return is_drawn(operand.generator) ? 1 : static_cast<double>(operand.shape.size());
  }
  static bool is_equality(std::string_view name) { return name == "equal" || name == "not_equal"; }
  static bool is_step_function(std::string_view name) {
    constexpr std::string_view all[] = {
        "less",    "less_equal",     "greater",       "greater_equal", "equal",      "not_equal",
        "floor",   "ceil",           "trunc",         "rint",          "sign",       "floor_divide",
        "where",   "remainder",      "fmod",          "astype",        "isclose",    "isnan",
        "isinf",   "isfinite",       "map",           "logical_not",   "logical_or", "logical_and",
        "spacing", "frexp_mantissa", "frexp_exponent"};
    return std::find(std::begin(all), std::end(all), name) != std::end(all);
  }
};

step_bounds bounds_of(node const& n) {
  step_bounds b;
  if (auto const* call = std::get_if<fused_operation>(&n.op)) b.add(*call);
  if (auto const* call = std::get_if<reduce_operation>(&n.op)) {
    b.add(call->argument);
    b.terms = std::max(b.terms, call->domain.size() / std::max<std::int64_t>(n.shape.size(), 1));
    if (call->op == reduction::var) b.scale = std::max(b.scale, b.scale * b.scale);
    b.jumps = b.jumps || call->op == reduction::argmin || call->op == reduction::argmax ||
              call->op == reduction::any || call->op == reduction::all;
  }
  if (auto const* call = std::get_if<concatenate_operation>(&n.op))
    for (auto const& part : call->parts) b.add(part.values);
  if (auto const* call = std::get_if<primitive_operation>(&n.op)) {
    b.jumps = n.type < dtype::f16;  // positions of nearly equal elements
    if (call->is <= primitive::cummax) {
      b.scale = largest(call->operands[0]);
      int const axis = n.shape.rank() - 1 - static_cast<int>(call->option);
      b.terms = std::max<std::int64_t>(n.shape[axis], 1);
    }
    // How far two factorisations of a matrix are apart depends on its condition.
    if (call->is >= primitive::solve) b.scale = std::numeric_limits<double>::infinity();
  }
  if (auto const* call = std::get_if<matmul_operation>(&n.op)) {
    b.scale = largest(call->a) * largest(call->b);
    b.terms = std::max<std::int64_t>(call->a->shape.back(), 1);
  }
  b.scale *= static_cast<double>(b.terms);
  return b;
}

/// An element of both sides that differs too much.
struct difference {
  std::int64_t count = 0, at = -1;  // how many do, and the first one
  std::string planned, written;
};

template <class T>
bool near(T const& a, T const& b, double most) {
  if constexpr (is_complex<T>)
    return near(a.re, b.re, most) && near(a.im, b.im, most);
  else if constexpr (is_floating<T>) {
    double const x = convert<double>(a), y = convert<double>(b);
    return x == y || (std::isnan(x) && std::isnan(y)) || std::abs(x - y) <= most;
  } else {
    return a == b;
  }
}

template <class T>
double epsilon(bool tf32) {
  if constexpr (std::is_same_v<T, f16>)
    return 0x1p-10;
  else if constexpr (std::is_same_v<T, bf16>)
    return 0x1p-7;
  else if constexpr (is_complex<T>)
    return epsilon<real_t<T>>(tf32);
  else if constexpr (is_floating<T>)
    return tf32 && sizeof(T) == 4 ? 0x1p-10
                                  : static_cast<double>(std::numeric_limits<T>::epsilon());
  else
    return 0;
}

template <class T>
std::string text_of(T const& x) {
  std::ostringstream out;
  out.precision(17);
  if constexpr (is_complex<T>)
    out << convert<double>(x.re) << "+" << convert<double>(x.im) << "j";
  else if constexpr (is_floating<T>)
    out << convert<double>(x);
  else
    out << +x;
  return out.str();
}

difference compare_values(node_ptr const& planned, node_ptr const& written, double scale,
                          bool tf32) {
  host_values const a(planned), b(written);
  return visit(planned->type, [&]<class T>() {
    difference d;
    double const most =
        std::sqrt(epsilon<T>(tf32)) * std::max(scale, std::max(largest(planned), largest(written)));
    for (std::int64_t i = 0; i < planned->shape.size(); ++i) {
      T const x = a.as<T>()[i], y = b.as<T>()[i];
      if (near(x, y, most)) continue;
      if (d.count++ == 0) d.at = i, d.planned = text_of(x), d.written = text_of(y);
    }
    return d;
  });
}

/// Throws verify_error where too many elements differ.
void require_near(node_ptr const& planned, node_ptr const& written, step_bounds const& b, bool tf32,
                  std::string const& expression, location where) {
  difference const d = compare_values(planned, written, b.scale, tf32);
  if (d.count > b.tolerated(planned->shape.size()))
    throw verify_error(expression + ": element " + to_string(index_of(d.at, planned->shape)) +
                           " is " + d.planned + ", as written " + d.written,
                       where);
}

thread_local bool within = false;  // what a verification itself evaluates is not verified

struct comparing {
  comparing() { within = true; }
  ~comparing() { within = false; }
  device_scope const here{device::host};
  as_written_scope const as_written;
};

}  // namespace

bool verification::wanted() {
  static bool const everywhere = [] {
    const char* text = std::getenv("SLOTH_VERIFY");
    return text && *text && *text != '0';
  }();
  return (everywhere || verify_scope::current()) && !within && !no_sync::current() &&
         !function_trace::current();
}

void verification::remember(std::span<node_ptr const> roots) {
  graph_copy const copies(roots);
  for (auto const& [original, copy] : copies.nodes()) original->written = node_ptr(copy);
}

void verification::keep(std::span<step const> steps) {
  plan_description const plan = describe(steps);
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].target->written)
      results_.push_back({steps[i].target,
                          std::string(to_string(steps[i].kind)) + " " + plan.steps[i].expression});
}

void verification::compare() {
  comparing const now;
  int count = 0;
  for (auto& [planned, expression] : results_) {
    node_ptr const written = std::exchange(planned->written, {});
    if (!planned->done() || !written) continue;
    std::vector<node_ptr> operands;
    for_each_operand(written->op, [&](node_ptr const& n) { operands.push_back(n); });
    evaluate(operands);  // those that the plan did without
    step_bounds const b = bounds_of(*written);
    auto const* product = std::get_if<matmul_operation>(&written->op);
    bool const tf32 = product && product->tf32;
    evaluate(std::span(&written, 1));
    require_near(planned, written, b, tf32, expression, planned->where);
    written->storage = planned->storage;
    written->stride = planned->stride;
    written->offset = planned->offset;
    ++count;
  }
  results_.clear();
  trace("verified " + std::to_string(count) + " results");
}

struct write_verification::expected {
  node_ptr region, values;
  step_bounds bounds;
  std::string expression;
  location where;
};

write_verification::write_verification(node_ptr const& region, fused_operation const& values,
                                       location where)
    : wanted_(std::make_unique<expected>()) {
  comparing const now;
  node_ptr const written = node::of_operation(region->type, region->shape,
                                              values.over(std::vector(values.operands)), where);
  step_bounds const bounds = bounds_of(*written);
  std::string expression = [&] {
    auto const lock = lock_planner();
    return "write " + describe(make_plan(std::span(&written, 1))).steps.back().expression;
  }();
  evaluate(std::span(&written, 1));
  *wanted_ = {region, written, bounds, std::move(expression), where};
}
write_verification::~write_verification() = default;

void write_verification::compare() const {
  comparing const now;
  require_near(wanted_->region, wanted_->values, wanted_->bounds, false, wanted_->expression,
               wanted_->where);
  trace("verified a write");
}

}  // namespace sloth::inline SLOTH_ABI
