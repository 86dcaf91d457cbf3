#include <dsl/evaluate.hpp>

#include <dsl/describe.hpp>
#include <dsl/function_trace.hpp>
#include <dsl/graph_copy.hpp>
#include <dsl/plan.hpp>
#include <dsl/run.hpp>
#include <dsl/verify.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace sloth::inline SLOTH_ABI {

namespace {

// The graph's one mutex: node states, and the operations of pending nodes. Never destroyed, since
// arrays may outlive static objects.
struct planner {
  std::mutex mutex;
  std::condition_variable changed;
};
planner& the_planner() {
  static planner& p = *new planner;
  return p;
}

/// Waits for a node that another thread has claimed. False when it was given back: its thread failed.
bool await(node const& n) {
  auto& p = the_planner();
  std::unique_lock lock(p.mutex);
  p.changed.wait(lock, [&] { return n.state.load() != node_state::claimed; });
  return n.done();
}

bool await_operands(node const& target) {
  bool all_done = true;
  for_each_operand(target.op, [&](node_ptr const& n) {
    if (!n->done() && !await(*n)) all_done = false;
  });
  return all_done;
}

/// The plan's nodes that are still to be computed, claimed by this thread. What is left at the end
/// is pending again.
class claims {
 public:
  explicit claims(std::vector<step> steps) : steps_(std::move(steps)) {}
  ~claims() {
    if (next_ == steps_.size()) return;
    std::lock_guard lock(the_planner().mutex);
    for (; next_ < steps_.size(); ++next_) steps_[next_].target->state.store(node_state::pending);
    the_planner().changed.notify_all();
  }
  claims(claims const&) = delete;
  claims& operator=(claims const&) = delete;

  [[nodiscard]] std::vector<step> const& steps() const { return steps_; }

  /// Runs step after step. Stops early when an operand has to be planned anew.
  void run_all() {
    while (next_ < steps_.size()) {
      auto const call = call_at(steps_, next_);
      for (step& s : call) {
        if (!await_operands(*s.target)) return;
        s.memory = memory_of(s, where_);
      }
      run(call, where_);
      for (step& s : call) finish(s);
    }
  }

 private:
  void finish(step& s) {
    std::unique_lock lock(the_planner().mutex);
    s.target->storage = std::move(s.memory);
    s.target->state.store(node_state::done, std::memory_order_release);
    // Freed after the lock.
    operation const finished = std::exchange(s.target->op, std::monostate{});
    lock.unlock();
    the_planner().changed.notify_all();
    s.target = {};
    ++next_;
  }

  std::vector<step> steps_;
  std::size_t next_ = 0;
  device where_ = current_device();
};

/// Claims what the roots need. Where all of that is in other threads' hands, waits for them first
/// and returns nothing.
std::vector<step> claim(std::span<node_ptr const> roots, std::optional<verification>& check) {
  auto& p = the_planner();
  std::unique_lock lock(p.mutex);
  if (check) check->remember(roots);
  auto steps = make_plan(roots);
  if (check) check->keep(steps);
  for (auto const& s : steps) s.target->state.store(node_state::claimed, std::memory_order_relaxed);
  if (steps.empty())
    p.changed.wait(lock, [&] {
      for (auto const& root : roots)
        if (root->state.load() == node_state::claimed) return false;
      return true;
    });
  return steps;
}

}  // namespace

std::unique_lock<std::mutex> lock_planner() { return std::unique_lock(the_planner().mutex); }

void evaluate(std::span<node_ptr const> roots) {
  auto const all_done = [&] {
    for (auto const& root : roots)
      if (!root->done()) return false;
    return true;
  };
  while (!all_done()) {
    std::optional<verification> check;
    if (verification::wanted()) check.emplace();
    claims mine(claim(roots, check));
    if (function_trace const* traced = function_trace::current())
      traced->refuse_values(mine.steps());
    if (tracing() && !mine.steps().empty()) trace("plan\n" + describe(mine.steps()).text());
    mine.run_all();
    if (check) check->compare();
  }
}

void group_outputs(std::span<node_ptr const> nodes, device_outputs launch) {
  static std::atomic<std::uint32_t> last{0};
  std::uint32_t number = ++last;
  if (number == 0) number = ++last;
  std::uint16_t position = 0;
  for (auto const& n : nodes)
    if (auto* call = std::get_if<fused_operation>(&n->op))
      call->outputs = {launch, number, position++, static_cast<std::uint16_t>(nodes.size())};
}

node_ptr new_storage(dtype type, extents const& shape, location where, device on) {
  return node::of_storage(type, shape, allocate(type, shape, where, on));
}

node_ptr computed(dtype type, extents const& shape, fused_operation&& values, location where) {
  bool const ready = std::all_of(
      values.operands.begin(), values.operands.end(),
      [](graph_operand const& operand) { return !operand.source || operand.source->done(); });
  if (ready && !tracing() && !function_trace::current() && !verification::wanted()) {
    device const here = current_device();
    node_ptr result = new_storage(type, shape, where, here);
    run_fused(values, shape, {result->data(), type, result->stride}, here, where);
    return result;
  }
  node_ptr result = node::of_operation(type, shape, std::move(values), where);
  evaluate(result);
  return result;
}

std::string explain_nodes(std::span<node_ptr const> roots, plan_format format) {
  auto const lock = lock_planner();
  graph_copy const graph(roots);
  plan_description const plan = describe(make_plan(graph.roots()));
  return format == plan_format::json       ? plan.json()
         : format == plan_format::graphviz ? plan.graphviz()
                                           : plan.text();
}

node_ptr without_gaps(node_ptr n) {
  if (is_contiguous(n->shape, n->stride)) return n;
  return node::of_operation(n->type, n->shape, copy_of(n), n->where);
}

node_ptr contiguous(node_ptr n) {
  n = without_gaps(std::move(n));
  evaluate(n);
  return n;
}

node_ptr reshaped(node_ptr const& n, extents const& wanted, location where) {
  extents const shape = resolve_shape(wanted, n->shape, where);
  if (auto view = reshaped_view(n, shape, where)) return view;
  return node::of_operation(
      n->type, shape, view_operation{node::of_operation(n->type, n->shape, copy_of(n), where)},
      where);
}

namespace {
std::size_t bytes_of(node const& n) {
  return static_cast<std::size_t>(n.shape.size() * size_of(n.type));
}
constexpr const char* to_host = "from the GPU to the host";
}  // namespace

node_ptr detached(node_ptr const& n, location where) {
  no_sync::refuse_copy(bytes_of(*n), "on write, since another handle reaches them", where);
  evaluate(n);
  node_ptr copy = node::of_operation(n->type, n->shape, copy_of(n), where);
  evaluate(copy);
  return copy;
}

void make_exclusive_on_host(node_ptr& target) {
  bool const exclusive = target->references() == 1 && target->storage->references() == 1;
  if (!exclusive || target->storage->where() != device::host) {
    if (exclusive) no_sync::refuse_copy(bytes_of(*target), to_host, {});
    device_scope const here(device::host);
    target = detached(target, {});
  }
  target->storage->will_write();
}

void refuse_item(node const& n, location where) {
  throw shape_error("item: shape " + to_string(n.shape) + " has " + std::to_string(n.shape.size()) +
                        " elements, not one",
                    where);
}

void read_element(node const& n, void* to, [[maybe_unused]] location where) {
  auto const size = static_cast<std::size_t>(size_of(n.type));
  n.storage->require_values();
#if defined(SLOTH_CUDA)
  if (n.storage->where() == device::gpu) {
    no_sync::refuse_copy(size, to_host, where);
    n.storage->will_read();
    return cuda_engine::copy_to_host(to, n.data(), size);
  }
#endif
  std::memcpy(to, n.data(), size);
}

bool truth_of(node_ptr const& n) {
  if (n->shape.size() != 1)
    throw shape_error("the truth of shape " + to_string(n->shape) +
                      " is ambiguous: use any(...) or all(...)");
  evaluate(n);
  return visit(n->type, [&]<class T>() {
    T value;
    read_element(*n, &value);
    return convert<bool>(value);
  });
}

}  // namespace sloth::inline SLOTH_ABI
