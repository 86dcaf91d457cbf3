#include <dsl/describe.hpp>

#include <dsl/rules.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <span>
#include <unordered_map>

namespace sloth::inline SLOTH_ABI {

namespace {

const char* name_of(generator_kind kind) {
  constexpr const char* names[] = {"",     "rand",    "normal",   "arange",    "linspace",
                                   "eye",  "full",    "random",   "integers",  "gamma",
                                   "beta", "poisson", "binomial", "geometric", "negative_binomial"};
  return names[static_cast<int>(kind)];
}

/// 'T' where the operand's columns, not its rows, are contiguous: a transposed view goes into the
/// product as it is.
char layout_of(node const& n) {
  int const rank = n.shape.rank();
  return rank >= 2 && n.stride[rank - 2] == 1 && n.stride[rank - 1] != 1 ? 'T' : 'N';
}

std::string epilogue_text(product_epilogue const& e, bool in_library) {
  auto const shortest = [](double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", x);
    return std::string(text);
  };
  std::string text;
  if (e.alpha != 1) text += ", alpha " + shortest(e.alpha);
  if (e.c >= 0) text += ", beta " + shortest(e.beta);
  if (e.bias >= 0) text += ", bias";
  if (e.after == activation::relu) text += ", relu";
  if (e.after == activation::gelu_tanh) text += ", gelu_tanh";
  if (text.empty()) text = ", alpha 1";
  return (in_library ? "in the product: " : "over the product: ") + text.substr(2);
}

/// Describes step after step, and names what they read as it is met.
class describer {
 public:
  plan_description plan{planning_model(), {}, {}, {}};

  explicit describer(std::span<step const> steps) {
    std::unordered_map<node const*, std::vector<std::size_t>> readers;
    for (step const& s : steps) {
      add(s);
      for_each_operand(s.target->op, [&](node_ptr const& from) {
        auto& known = readers[from.get()];
        if (known.empty() || known.back() != plan.steps.size() - 1)
          known.push_back(plan.steps.size() - 1);
      });
    }
    for (std::size_t i = 0; i < steps.size(); ++i)
      plan.steps[i].stored = why_stored(steps, steps[i], readers[steps[i].target.get()]);
    plan.memory = memory_use(steps);
  }

 private:
  void add(step const& s) {
    described_step d{};
    reads_ = &d.reads;
    d.kind = s.kind;
    node const& n = *s.target;
    if (auto* call = std::get_if<fused_operation>(&n.op)) d.expression = text_of(*call);
    if (auto* call = std::get_if<reduce_operation>(&n.op)) {
      d.expression = text_of(*call);
      d.rule = call->rule;
    }
    if (auto* call = std::get_if<concatenate_operation>(&n.op)) d.expression = text_of(*call);
    if (auto* call = std::get_if<primitive_operation>(&n.op)) d.expression = text_of(*call);
    if (auto* call = std::get_if<view_operation>(&n.op)) d.expression = "of " + name(call->base);
    if (auto* call = std::get_if<matmul_operation>(&n.op)) {
      std::string product = name(call->a) + " & ";  // names are given left to right
      product += name(call->b);
      d.expression = call->epilogue ? text_of(call->epilogue->written, product) : product;
      d.flags = {layout_of(*call->a), layout_of(*call->b)};
      if (call->tf32) d.flags += " tf32";
      d.rule = call->rule;
      if (call->epilogue)
        add_to(d.rule, epilogue_text(*call->epilogue, in_library(*call, n.type, plan.on)));
    }
    d.result = {"r" + std::to_string(plan.steps.size()), n.type, n.shape};
    d.flops = s.flops();
    d.bytes = s.bytes();
    d.seconds = s.seconds(plan.on);
    d.where = n.where;
    if (s.together > 1) {
      call_ = d.result.name;
      std::string const what = s.kind == step_kind::gemm     ? " products"
                               : s.kind == step_kind::reduce ? " reductions"
                                                             : " expressions";
      add_to(d.rule, std::to_string(s.together) + what + " in one call");
    } else if (s.together == 0) {
      add_to(d.rule, "in one call with " + call_);
    }
    names_[s.target.get()] = d.result.name;
    plan.steps.push_back(std::move(d));
  }
  /// Of a product or an elementwise step, by the steps that read it; of others nothing.
  std::string why_stored(std::span<step const> steps, step const& s,
                         std::vector<std::size_t> const& readers) const {
    bool const product = s.kind == step_kind::gemm;
    if (!product && s.kind != step_kind::fused && s.kind != step_kind::row) return "";
    if (readers.empty()) return "";
    std::string const& first = plan.steps[readers[0]].result.name;
    if (readers.size() > 1)
      return first + " and " + plan.steps[readers[1]].result.name + " read it";
    auto const* reader = std::get_if<fused_operation>(&steps[readers[0]].target->op);
    if (!reader || (product && reader->form->row_count > 0)) return "";
    if (!product) return "it is a lazy value";
    bool const named =
        s.target->references() > 2;  // by more than the plan's own step and the reader
    if (named) return "another handle reaches it";
    return is_epilogue(*reader) ? "" : first + " is no epilogue";
  }
  std::string const& name(node_ptr const& n) {
    auto& known = names_[n.get()];
    if (known.empty()) {
      known = "x" + std::to_string(plan.inputs.size());
      plan.inputs.push_back({known, n->type, n->shape});
    }
    if (std::find(reads_->begin(), reads_->end(), known) == reads_->end()) reads_->push_back(known);
    return known;
  }
  std::string text_of(fused_operation const& call, std::string const& product = {}) {
    std::vector<std::string> leaf;
    for (auto slot : std::span(call.slot, static_cast<std::size_t>(call.form->leaves))) {
      auto const& operand = call.operands[slot];
      if (operand.source)
        leaf.push_back(name(operand.source));
      else if (operand.generator == generator_kind::none)
        leaf.push_back(product);
      else
        leaf.push_back(name_of(operand.generator) + to_string(operand.shape));
    }
    return call.form->print(leaf.data(), call.scalars);
  }
  std::string text_of(reduce_operation const& call) {
    std::string text = std::string(to_string(call.op)) + "(" + text_of(call.argument);
    bool first = true;
    for (int axis = 0; axis < call.domain.rank(); ++axis)
      if (call.reduced[axis]) {
        text += (first ? ", axis " : " ") + std::to_string(axis);
        first = false;
      }
    return text + ")";
  }
  std::string text_of(primitive_operation const& call) {
    std::string text = to_string(call.is), separator = "(";
    for (auto const& operand : call.operands) {
      text += separator + name(operand);
      separator = ", ";
    }
    return text + ")";
  }
  std::string text_of(concatenate_operation const& call) {
    bool const stacks = std::all_of(call.parts.begin(), call.parts.end(),
                                    [](auto const& part) { return part.is_slice; });
    std::string text = stacks ? "stack(" : "concatenate(";
    for (auto const& part : call.parts) text += text_of(part.values) + ", ";
    return text + "axis " + std::to_string(call.axis) + ")";
  }

  std::map<node const*, std::string> names_;
  std::string call_;  // the first result of the last call of several steps
  std::vector<std::string>* reads_ = nullptr;
};

std::string typed(described_value const& v) {
  return std::string(to_string(v.type)) + to_string(v.shape);
}

std::string work(double amount, const char* unit) {
  constexpr const char* prefix[] = {"", " k", " M", " G", " T"};
  int p = 0;
  for (; amount >= 1000 && p < 4; ++p) amount /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, p == 0 ? "%.0f %s%s" : "%.3g%s%s", amount,
                p == 0 ? "" : prefix[p], unit);
  return text;
}
std::string work(described_step const& s) {
  return "[" + work(s.flops, "flop") + ", " + work(s.bytes, "B") + "]";
}

std::string quoted(std::string const& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string number(const char* format, double x) {
  char text[32];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

/// "[f(a), f(b)]"
template <class Range, class F>
std::string list(Range const& range, F const& f, const char* separator = ", ") {
  std::string text;
  for (auto const& x : range) text += (text.empty() ? "" : separator) + f(x);
  return "[" + text + "]";
}

std::string json_of(described_value const& v) {
  return "\"name\": " + quoted(v.name) + ", \"type\": " + quoted(std::string(to_string(v.type))) +
         ", \"shape\": " + list(v.shape, [](std::int64_t n) { return std::to_string(n); });
}

}  // namespace

plan_description describe(std::span<step const> steps) { return describer(steps).plan; }

std::string plan_description::text() const {
  std::string all;
  for (auto const& x : inputs) all += (all.empty() ? "" : ", ") + x.name + ": " + typed(x);
  if (!all.empty()) all += "\n";
  for (auto const& s : steps) {
    std::string kind = to_string(s.kind);
    kind.resize(std::max<std::size_t>(8, kind.size() + 2), ' ');
    all += s.result.name + ": " + typed(s.result) + "  " + kind + s.expression;
    if (!s.flags.empty()) all += "  " + s.flags;
    if (s.kind != step_kind::view) all += "  " + work(s);
    if (!s.rule.empty()) all += "  " + s.rule;
    if (!s.stored.empty()) all += "  stored: " + s.stored;
    all += "\n";
  }
  return all;
}

std::string plan_description::json() const {
  double seconds = 0;
  for (auto const& s : steps) seconds += s.seconds;
  auto const step_of = [](described_step const& s) {
    std::string text = "\n  {" + json_of(s.result) + ", \"kind\": " + quoted(to_string(s.kind)) +
                       ", \"expression\": " + quoted(s.expression) +
                       ", \"reads\": " + list(s.reads, quoted);
    if (!s.flags.empty()) text += ", \"flags\": " + quoted(s.flags);
    if (!s.rule.empty()) text += ", \"rule\": " + quoted(s.rule);
    if (!s.stored.empty()) text += ", \"stored\": " + quoted(s.stored);
    if (s.where.line > 0) text += ", \"where\": " + quoted(to_string(s.where));
    return text + ", \"flops\": " + number("%.0f", s.flops) +
           ", \"bytes\": " + number("%.0f", s.bytes) +
           ", \"seconds\": " + number("%.4g", s.seconds) + "}";
  };
  return "{\"device\": " + quoted(on.name) + ", \"inputs\": " +
         list(
             inputs, [](described_value const& v) { return "\n  {" + json_of(v) + "}"; }, ",") +
         ", \"steps\": " + list(steps, step_of, ",") + ", \"seconds\": " + number("%.4g", seconds) +
         ", \"temporaries\": " + std::to_string(memory.temporaries) +
         ", \"peak_bytes\": " + number("%.0f", memory.peak_bytes) + "}\n";
}

std::string plan_description::graphviz() const {
  std::string all = "digraph plan {\n  node [shape=box];\n";
  for (auto const& x : inputs)
    all += "  " + x.name + " [shape=ellipse, label=" + quoted(x.name + ": " + typed(x)) + "];\n";
  for (auto const& s : steps) {
    std::string label = s.result.name + ": " + typed(s.result) + "  " + to_string(s.kind);
    std::string const why = s.stored.empty() ? "" : "stored: " + s.stored;
    for (std::string const& line :
         {s.expression, s.kind == step_kind::view ? "" : work(s), s.rule, why})
      if (!line.empty()) label += "\n" + line;
    std::string escaped;  // Graphviz writes a new line as \n
    for (char c : quoted(label)) escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
    all += "  " + s.result.name + " [label=" + escaped + "];\n";
    for (auto const& x : s.reads) all += "  " + x + " -> " + s.result.name + ";\n";
  }
  return all + "}\n";
}

}  // namespace sloth::inline SLOTH_ABI
