#include <dsl/function_trace.hpp>

namespace sloth::inline SLOTH_ABI {

namespace {
thread_local function_trace* entered_trace = nullptr;

std::uint64_t stand_in(traced_draw const& draw) { return reinterpret_cast<std::uintptr_t>(&draw); }
}  // namespace

function_trace::function_trace(std::span<node_ptr const> arguments) {
  for (auto const& a : arguments)
    placeholders_.push_back(
        node::of_storage(a->type, a->shape, row_major(a->shape), 0, buffer::placeholder()));
}

int function_trace::argument_of(node const& n) const {
  for (std::size_t i = 0; i < placeholders_.size(); ++i)
    if (n.storage == placeholders_[i]->storage) return static_cast<int>(i);
  return -1;
}

scalar_bits function_trace::draw(std::shared_ptr<random_stream> const& from,
                                 stream_draw const& what) {
  traced_draw const taken{from, what, from->take(what)};
  draws_.push_back(std::make_unique<traced_draw>(taken));
  return {{stand_in(*draws_.back()), 0}};
}

traced_draw const* function_trace::draw_of(graph_operand const& operand) const {
  if (!is_drawn(operand.generator)) return nullptr;
  for (auto const& d : draws_)
    if (operand.params[0].words[0] == stand_in(*d)) return d.get();
  return nullptr;
}

void function_trace::draw_again() {
  for (auto const& d : draws_)
    if (auto const from = d->from.lock()) d->taken = from->take(d->what);
}

bool function_trace::varies(operation const& op) const {
  bool found = false;
  for_each_operand(op, [&](node_ptr const& n) { found = found || argument_of(*n) >= 0; });
  for_each_expression(op, [&](fused_operation const& call) {
    for (auto const& operand : call.operands) found = found || draw_of(operand);
  });
  return found;
}

namespace {
[[noreturn]] void refuse(location where) {
  throw trace_error(
      "a compiled function evaluates what depends on its arguments or on a draw while it is "
      "traced; it can build expressions with 'auto' or 'lazy' and return them",
      where);
}
}  // namespace

void function_trace::refuse_draws(fused_operation const& call, location where) const {
  for (auto const& operand : call.operands)
    if (draw_of(operand)) refuse(where);
}

void function_trace::refuse_values(std::span<step const> steps) const {
  for (step const& s : steps)
    if (varies(s.target->op)) refuse(s.target->where);
}

function_trace* function_trace::current() { return entered_trace; }
function_trace::scope::scope(function_trace& entered) { entered_trace = &entered; }
function_trace::scope::~scope() { entered_trace = nullptr; }

}  // namespace sloth::inline SLOTH_ABI
