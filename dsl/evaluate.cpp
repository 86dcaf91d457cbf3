#include <dsl/evaluate.hpp>

#include <dsl/plan.hpp>
#include <kernels/host/engine.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>

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

bool tracing() {
  static bool const on = [] {
    const char* text = std::getenv("SLOTH_TRACE");
    return text && *text && *text != '0';
  }();
  return on;
}

void trace(std::string const& text) {
  if (tracing()) std::fprintf(stderr, "sloth: %s\n", text.c_str());
}

/// A leaf's strides over a domain: 0 along axes that it lacks or stretches.
strides aligned(extents const& shape, strides const& stride, int domain_rank) {
  strides result = extents::filled(domain_rank, 0);
  int const lead = domain_rank - shape.rank();
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] != 1) result[lead + axis] = stride[axis];
  return result;
}

thread_local device const* chosen_device = nullptr;

device current_device() {
  if (chosen_device) return *chosen_device;
#if defined(SLOTH_CUDA)
  if (cuda_engine::available()) return device::gpu;
#endif
  return device::host;
}

/// The node's elements for a kernel on `where`, after other streams' writes.
std::byte* read_on(node const& n, device where) {
  auto const storage = n.storage->on(where);
  storage->will_read();
  return storage->data() + n.offset * size_of(n.type);
}

/// `call` with its operands' addresses, as the engine takes it.
class bound_call {
 public:
  bound_call(fused_operation const& call, int domain_rank, device where) : call_(call) {
    operands_.reserve(call.operands.size());
    for (auto const& from : call.operands) {
      operand to;
      to.type = from.type;
      to.generator = from.generator;
      to.params[0] = from.params[0];
      to.params[1] = from.params[1];
      if (from.source) to.data = read_on(*from.source, where);
      to.stride = aligned(from.shape, from.source ? from.source->stride : row_major(from.shape),
                          domain_rank);
      operands_.push_back(std::move(to));
    }
  }
  [[nodiscard]] fused_call get() const {
    return {call_.form,
            operands_.data(),
            static_cast<int>(operands_.size()),
            call_.slot.data(),
            call_.scalars.data(),
            call_.row_alias.data(),
            call_.row_length.data(),
            call_.part_shared.get()};
  }

 private:
  fused_operation const& call_;
  std::vector<operand> operands_;
};

void run_fused(fused_operation const& call, extents const& shape, destination const& out,
               device where) {
  bound_call const bound(call, shape.rank(), where);
#if defined(SLOTH_CUDA)
  if (where == device::gpu) {
    auto const launch = call.form->device ? call.form->device : cuda_engine::copy_launch(out.type);
    return launch(bound.get(), shape, out);
  }
#endif
  if (call.form->row_count > 0)
    host_engine::row(bound.get(), shape, out);
  else
    host_engine::elementwise(bound.get(), shape, out);
}

void run_reduce(reduce_operation const& call, dtype type, void* out, device where) {
  int const rank = call.domain.rank();
  std::vector<char> reduced(call.reduced.begin(), call.reduced.end());
  static_assert(sizeof(bool) == 1);
  strides stride = extents::filled(rank, 0);
  std::int64_t step = 1;
  for (int axis = rank - 1; axis >= 0; --axis)
    if (!reduced[axis]) {
      stride[axis] = step;
      step *= call.domain[axis];
    }
  bound_call const bound(call.argument, rank, where);
#if defined(SLOTH_CUDA)
  if (where == device::gpu)
    return call.device(bound.get(), call.domain, reinterpret_cast<bool const*>(reduced.data()),
                       call.ddof, {out, type, std::move(stride)});
#endif
  host_engine::reduce(bound.get(), call.domain, reinterpret_cast<bool const*>(reduced.data()),
                      call.op, call.ddof, {out, type, std::move(stride)});
}

void run_matmul(matmul_operation const& call, node const& target, void* out, device where) {
  auto const e = matmul_shape(call.a->shape, call.b->shape, target.where);
  auto matrix_of = [&](node const& n, bool left) {
    int const rank = n.shape.rank();
    matrix_operand m;
    m.data = read_on(n, where);
    m.row_stride = rank >= 2 ? n.stride[rank - 2] : left ? 0 : n.stride[0];
    m.column_stride = rank >= 2 || left ? n.stride[rank - 1] : 0;
    extents const batch(n.shape.begin(), n.shape.end() - std::min(2, rank));
    strides const stride(n.stride.begin(), n.stride.end() - std::min(2, rank));
    m.batch_stride = aligned(batch, stride, e.batch.rank());
    return m;
  };
#if defined(SLOTH_CUDA)
  if (where == device::gpu)
    return cuda_engine::gemm(target.type, e.batch, e.m, e.n, e.k, matrix_of(*call.a, true),
                             matrix_of(*call.b, false), out, e.n, call.tf32);
#endif
  host_engine::gemm(target.type, e.batch, e.m, e.n, e.k, matrix_of(*call.a, true),
                    matrix_of(*call.b, false), out, e.n);
}

/// Memory for the target's values, then its kernel.
counted<buffer> run(step const& s, device where) {
  node const& target = *s.target;
  if (auto* call = std::get_if<view_operation>(&target.op)) return call->base->storage;
  std::int64_t bytes = 0;
  std::int64_t const size = checked_size(target.shape, target.where);
  if (__builtin_mul_overflow(size, size_of(target.type), &bytes))
    throw out_of_memory(SIZE_MAX, memory().limit, target.where);
  auto storage = buffer::allocate(static_cast<std::size_t>(bytes), target.where, where);
  if (auto* call = std::get_if<fused_operation>(&target.op))
    run_fused(*call, target.shape, {storage->data(), target.type, target.stride}, where);
  else if (auto* call = std::get_if<reduce_operation>(&target.op))
    run_reduce(*call, target.type, storage->data(), where);
  else if (auto* call = std::get_if<matmul_operation>(&target.op))
    run_matmul(*call, target, storage->data(), where);
  return storage;
}

/// Waits for operands that other threads have claimed. False when one was given back: its thread
/// failed.
bool await_operands(node const& target) {
  auto& p = the_planner();
  bool all_done = true;
  for_each_operand(target.op, [&](node_ptr const& n) {
    if (n->done()) return;
    std::unique_lock lock(p.mutex);
    p.changed.wait(lock, [&] { return n->state.load() != node_state::claimed; });
    all_done = all_done && n->done();
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
    for (; next_ < steps_.size(); ++next_) {
      node& target = *steps_[next_].target;
      if (!await_operands(target)) return;
      auto storage = run(steps_[next_], where_);
      operation finished;  // freed after the lock
      {
        std::lock_guard lock(the_planner().mutex);
        target.storage = std::move(storage);
        target.state.store(node_state::done, std::memory_order_release);
        finished = std::exchange(target.op, std::monostate{});
      }
      the_planner().changed.notify_all();
      steps_[next_].target = {};
    }
  }

 private:
  std::vector<step> steps_;
  std::size_t next_ = 0;
  device where_ = current_device();
};

/// Claims what the roots need. Where all of that is in other threads' hands, waits for them first
/// and returns nothing.
std::vector<step> claim(std::span<node_ptr const> roots) {
  auto& p = the_planner();
  std::unique_lock lock(p.mutex);
  auto steps = make_plan(roots);
  for (auto const& s : steps) s.target->state.store(node_state::claimed);
  if (steps.empty())
    p.changed.wait(lock, [&] {
      for (auto const& root : roots)
        if (root->state.load() == node_state::claimed) return false;
      return true;
    });
  return steps;
}

}  // namespace

void evaluate(std::span<node_ptr const> roots) {
  auto const all_done = [&] {
    for (auto const& root : roots)
      if (!root->done()) return false;
    return true;
  };
  while (!all_done()) {
    claims mine(claim(roots));
    if (tracing() && !mine.steps().empty()) trace("plan\n" + to_string(mine.steps()));
    mine.run_all();
  }
}

std::string explain_nodes(std::span<node_ptr const> roots) {
  std::lock_guard lock(the_planner().mutex);
  return to_string(make_plan(roots));
}

namespace {

// A strided copy has no arithmetic: its form is the leaf itself, one for each element type.
fused_form const& copy_form(dtype type) {
  static auto const forms = [] {
    std::vector<fused_form> all(dtype_count);
    for (int i = 0; i < dtype_count; ++i) {
      all[i] = {};
      all[i].root.type = static_cast<dtype>(i);
      all[i].root.leaf_count = 1;
      all[i].leaves = 1;
      all[i].print = [](std::string const* leaf, scalar_bits const*) { return leaf[0]; };
    }
    return all;
  }();
  return forms[static_cast<int>(type)];
}

fused_operation copy_of(node_ptr const& n) {
  fused_operation call;
  call.form = &copy_form(n->type);
  graph_operand operand;
  operand.source = n;
  operand.type = n->type;
  operand.shape = n->shape;
  call.operands.push_back(std::move(operand));
  call.slot = {0};
  return call;
}

}  // namespace

node_ptr contiguous(node_ptr const& n) {
  node_ptr result = is_contiguous(n->shape, n->stride)
                        ? n
                        : node::of_operation(n->type, n->shape, copy_of(n), n->where);
  evaluate(result);
  return result;
}

node_ptr reshaped(node_ptr const& n, extents const& wanted, location where) {
  extents const shape = resolve_shape(wanted, n->shape, where);
  if (auto view = reshaped_view(n, shape, where)) return view;
  return node::of_operation(
      n->type, shape, view_operation{node::of_operation(n->type, n->shape, copy_of(n), where)},
      where);
}

node_ptr detached(node_ptr const& n, location where) {
  evaluate(n);
  node_ptr copy = node::of_operation(n->type, n->shape, copy_of(n), where);
  evaluate(copy);
  return copy;
}

void make_exclusive_on_host(node_ptr& target) {
  bool const exclusive = target->references() == 1 && target->storage->references() == 1;
  if (!exclusive || target->storage->where() != device::host) {
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

void read_element(node const& n, void* to) {
  auto const size = static_cast<std::size_t>(size_of(n.type));
#if defined(SLOTH_CUDA)
  if (n.storage->where() == device::gpu) {
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

namespace {

/// First and one past the last element that a reading touches, in elements of its storage.
std::pair<std::int64_t, std::int64_t> reach(extents const& shape, strides const& stride,
                                            std::int64_t offset) {
  std::int64_t low = offset, high = offset + 1;
  for (int axis = 0; axis < shape.rank(); ++axis)
    (stride[axis] < 0 ? low : high) += (shape[axis] - 1) * stride[axis];
  return {low, high};
}

/// Each element is read where it is written, or the two do not meet.
bool may_write_while_reading(node const& region, node const& read) {
  if (read.offset == region.offset && read.shape == region.shape && read.stride == region.stride)
    return true;
  auto const [write_low, write_high] = reach(region.shape, region.stride, region.offset);
  auto const [read_low, read_high] = reach(read.shape, read.stride, read.offset);
  return write_high <= read_low || read_high <= write_low;
}

/// How many of the memory's nodes and of their handles belong to this assignment, and whether that
/// is all of them.
bool reached_only_from(node_ptr const& target, node_ptr const& region,
                       fused_operation const& values, std::vector<node*> const& leaves) {
  std::vector<std::pair<node*, int>> handles;  // of nodes over target's storage
  auto count = [&](node* n) {
    if (!n || !(n->storage == target->storage)) return;
    for (auto& [known, number] : handles)
      if (known == n) return void(++number);
    handles.emplace_back(n, 1);
  };
  count(target.get());
  count(region.get());
  for (auto const& operand : values.operands) count(operand.source.get());
  for (node* leaf : leaves) count(leaf);
  for (auto const& [n, number] : handles)
    if (n->references() != number) return false;
  return target->storage->references() == static_cast<int>(handles.size());
}

void evaluate_operands(fused_operation const& values) {
  std::vector<node_ptr> sources;
  for (auto const& operand : values.operands)
    if (operand.source && !operand.source->done()) sources.push_back(operand.source);
  if (!sources.empty()) evaluate(sources);
}

bool may_overwrite(node_ptr const& region, fused_operation const& values) {
  for (auto const& operand : values.operands)
    if (operand.source && operand.source->storage == region->storage &&
        !may_write_while_reading(*region, *operand.source))
      return false;
  return true;
}

}  // namespace

bool overwrite(node_ptr const& target, fused_operation const& values, extents const& shape,
               std::vector<node*> const& leaves) {
  if (!target || target->shape != shape) return false;  // moved from, or of another size
  if (target->storage->adopted() || target->storage->where() != current_device()) return false;
  evaluate_operands(values);
  if (!reached_only_from(target, {}, values, leaves) || !may_overwrite(target, values))
    return false;
  target->storage->will_write();
  if (shape.size() > 0)
    run_fused(values, shape, {target->data(), target->type, target->stride}, current_device());
  return true;
}

void assign(node_ptr& target, node_ptr&& region, fused_operation&& values, extents const& shape,
            std::vector<node*> const& leaves, location where) {
  if (broadcast(region->shape, shape, "assignment", where) != region->shape)
    throw shape_error(
        "assignment: shape " + to_string(shape) + " does not fit " + to_string(region->shape),
        where);
  if (region->shape.size() == 0) return;
  evaluate_operands(values);
  if (!reached_only_from(target, region, values, leaves)) {
    auto const bytes = target->shape.size() * size_of(target->type);
    trace("copy-on-write " + std::to_string(bytes) + " because " + to_string(where));
    node_ptr copy = detached(target, where);
    region =
        node::of_view(copy, region->shape, region->stride, region->offset - target->offset, where);
    target = std::move(copy);
  } else if (!may_overwrite(region, values)) {
    node_ptr temporary = node::of_operation(target->type, shape, std::move(values), where);
    evaluate(temporary);
    values = copy_of(temporary);
  }
  region->storage->will_write();
  run_fused(values, region->shape, {region->data(), region->type, region->stride},
            region->storage->where());
}

namespace {
thread_local precision current_precision = precision::ieee;
}  // namespace

device_scope::device_scope(device where, location here) : where_(where), previous_(chosen_device) {
#if defined(SLOTH_CUDA)
  if (where == device::gpu && !cuda_engine::available())
    throw device_error("no GPU or driver was found", here);
#else
  if (where == device::gpu)
    throw device_error("this build of Sloth has the host engine only", here);
#endif
  chosen_device = &where_;
}
device_scope::~device_scope() { chosen_device = previous_; }

precision_scope::precision_scope(precision p) : previous_(current_precision) {
  current_precision = p;
}
precision_scope::~precision_scope() { current_precision = previous_; }
precision precision_scope::current() { return current_precision; }

}  // namespace sloth::inline SLOTH_ABI
