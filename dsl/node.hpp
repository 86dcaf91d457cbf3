// The run-time graph: one immutable node behind every array, lazy and view.
#pragma once

#include <dsl/kernel.hpp>
#include <dsl/scope.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// A counted pointer, 8 bytes; T has `retain(T*)` and `release(T*)`, found by ADL, and counts one
/// reference from its beginning.
template <class T>
class counted {
 public:
  counted() noexcept = default;
  /// The first handle of a new object.
  static counted first(T* fresh) noexcept {
    counted result;
    result.p_ = fresh;
    return result;
  }
  explicit counted(T* p) noexcept : p_(p) {
    if (p_) retain(p_);
  }
  counted(counted const& other) noexcept : counted(other.p_) {}
  counted(counted&& other) noexcept : p_(std::exchange(other.p_, nullptr)) {}
  counted& operator=(counted other) noexcept {
    std::swap(p_, other.p_);
    return *this;
  }
  ~counted() {
    if (p_) release(p_);
  }

  [[nodiscard]] T* get() const noexcept { return p_; }
  T* operator->() const noexcept { return p_; }
  T& operator*() const noexcept { return *p_; }
  explicit operator bool() const noexcept { return p_ != nullptr; }
  friend bool operator==(counted const& a, counted const& b) noexcept { return a.p_ == b.p_; }

 private:
  T* p_ = nullptr;
};

/// Gives up one of an object's references; true for the last one, whose owner nobody races with.
[[nodiscard]] inline bool drop_reference(std::atomic<int>& references) noexcept {
  return references.load(std::memory_order_acquire) == 1 ||
         references.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

/// Memory that arrays share. A buffer on the GPU records the stream of its last write and those of
/// its readers: the same stream costs nothing, another one waits on an event.
class buffer {
 public:
  /// Pooled memory; throws out_of_memory.
  static counted<buffer> allocate(std::size_t bytes, location where = {}, device on = device::host);
  /// A user's memory, kept alive by `owner`.
  static counted<buffer> adopt(void* data, std::size_t bytes, std::shared_ptr<void const> owner,
                               device on = device::host);
  /// No memory: an argument of a function that is being traced. Reading it throws trace_error.
  static counted<buffer> placeholder();

  ~buffer();
  buffer(buffer const&) = delete;
  buffer& operator=(buffer const&) = delete;

  [[nodiscard]] std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  /// A user's memory.
  [[nodiscard]] bool adopted() const noexcept { return owner_ != nullptr; }
  [[nodiscard]] bool is_placeholder() const noexcept;
  /// Throws trace_error for a placeholder.
  void require_values() const;
  [[nodiscard]] device where() const noexcept { return where_; }
  /// This buffer, or its copy on the other device: made once, kept until a write drops it. Of a
  /// user's memory, which he may write himself, a new one each time. Throws device_error under
  /// no_sync where a copy is to be made, naming the place that needs it.
  [[nodiscard]] counted<buffer> on(device where, location place = {});
  /// Before this thread's stream reads, or writes: waits for other streams' use, and drops copies
  /// that a write makes stale.
  void will_read();
  void will_write();
  /// Handles that reach this memory: nodes, not copies of their handles.
  [[nodiscard]] int references() const noexcept {
    return references_.load(std::memory_order_acquire);
  }

  friend void retain(buffer* b) noexcept { b->references_.fetch_add(1, std::memory_order_relaxed); }
  friend void release(buffer* b) noexcept {
    if (drop_reference(b->references_)) delete b;
  }

 private:
  buffer(std::byte* data, std::size_t bytes, device where, std::shared_ptr<void const> owner)
      : where_(where), data_(data), bytes_(bytes), owner_(std::move(owner)) {}

  std::atomic<int> references_{1};
  device where_;
  std::byte* data_;
  std::size_t bytes_;
  std::mutex mutex_;  // of the copy and the streams
  counted<buffer> copy_;
  [[maybe_unused]] void* writer_ = nullptr;  // streams, in a build with CUDA
  std::vector<void*> readers_;
  std::shared_ptr<void const> owner_;  // null: from the pool
};

class node;
using node_ptr = counted<node>;

/// An operand of a fused expression in the graph: a node, or a generator.
struct graph_operand {
  node_ptr source;  // null for a generator
  generator_kind generator = generator_kind::none;
  scalar_bits params[2];
  dtype type = dtype::f64;
  extents shape;
};

/// Expressions that eval was given together, and that one kernel may compute.
struct output_group {
  device_outputs launch = nullptr;  // null in a build without CUDA
  std::uint32_t number = 0;         // of the group; 0: none
  std::uint16_t position = 0, count = 0;
};

/// An erased tree of elementwise operations and row reductions.
struct fused_operation {
  fused_form const* form = nullptr;
  output_group outputs;
  std::vector<graph_operand> operands;  // distinct
  // As in a fused_call, as many as the form has slots, all in one block of memory.
  scalar_bits* scalars = nullptr;
  std::int64_t* row_length = nullptr;
  std::uint16_t *slot = nullptr, *row_alias = nullptr;
  bool* part_shared = nullptr;
  std::unique_ptr<std::byte[]> slots;

  // Compiled once: each expression of a user's file has such an object.
  fused_operation();
  /// Without operands, its slots still to be filled.
  explicit fused_operation(fused_form const& form);
  /// Over other operands.
  [[nodiscard]] fused_operation over(std::vector<graph_operand> other) const;
  fused_operation(fused_operation&&) noexcept;
  fused_operation& operator=(fused_operation&&) noexcept;
  ~fused_operation();
};

/// `op` of a fused argument over some axes.
struct reduce_operation {
  fused_operation argument;
  extents domain;             // shape of the argument
  std::vector<bool> reduced;  // one an axis of the domain
  reduction op = reduction::sum;
  double ddof = 0;
  device_reduce device = nullptr;
  void const* host = nullptr;  // of a user's functor: the host engine's accumulator
  // Of a trace: the same reduction of a * b, which the trace of a product a & b.T() is.
  fused_form const* of_products = nullptr;
  device_reduce device_of_products = nullptr;
  const char* rule = "";  // what the planner changed, for explain
};

/// An expression around a product, which computes it on its way to memory (rules.hpp):
/// after(alpha * product + beta * c + bias).
struct product_epilogue {
  fused_operation written;  // the operand with neither source nor generator is the product
  double alpha = 1, beta = 0;
  int c = -1, bias = -1;  // which operands
  activation after = activation::none;
};

/// a & b by NumPy's matmul rules.
struct matmul_operation {
  node_ptr a, b;
  bool tf32 = false;       // precision_scope when the product was built; the host computes in f32
  bool ordered = false;    // the planner has chosen the order of this chain (rules.hpp)
  std::string rule;        // what it changed, for explain
  bool symmetric = false;  // b is the transpose of a, and one triangle is to be computed
  std::unique_ptr<product_epilogue> epilogue{};
};

/// Arrays beside each other that fill the result, each computed where it lies there: behind each other along
/// the axis, or around it along others too.
struct concatenate_operation {
  struct part {
    fused_operation values;
    extents shape;     // of the values
    bool is_slice;     // lacks the axis: one index of it
    extents origin{};  // its first element's place in the result
  };
  std::vector<part> parts;
  int axis;
};

/// Operations that are compiled into the library: one function an engine, over operands without gaps.
enum class primitive : std::uint8_t {
  cumsum,
  cumprod,
  cummin,
  cummax,
  sort,
  argsort,
  permutation,
  partition,
  argpartition,
  select,
  topk,
  take,
  take_along_axis,
  count_flags,
  compress,
  searchsorted,
  isin,
  bincount,
  histogram,
  solve,
  inv,
  det,
  slogdet,
  cholesky,
  eigh,
  eigvalsh
};
[[nodiscard]] constexpr const char* to_string(primitive p) noexcept {
  // clang-format off
  constexpr const char* names[] = {
      "cumsum", "cumprod", "cummin", "cummax", "sort", "argsort", "permutation", "partition",
      "argpartition", "select", "topk", "take", "take_along_axis", "count_flags", "compress",
      "searchsorted", "isin", "bincount", "histogram", "solve", "inv", "det", "slogdet", "cholesky", "eigh", "eigvalsh"};
  // clang-format on
  return names[static_cast<int>(p)];
}
struct primitive_operation {
  primitive is;
  std::vector<node_ptr> operands;
  // Scans: how many axes follow theirs; take, take_along_axis: the axis; partition, argpartition: which
  // place; searchsorted: 1 for the right side; histogram: 1 for equal bins; solve: 1 where the matrices
  // lie transposed.
  std::int64_t option = 0;
  bool inside = false;                // take_along_axis: the indices are known to be in range
  std::vector<std::int64_t> ranks{};  // select: the places in order that are read
};

/// Another reading of the base's result: the node's stride and offset count from its element 0.
struct view_operation {
  node_ptr base;
};

using operation = std::variant<std::monostate, fused_operation, reduce_operation, matmul_operation,
                               concatenate_operation, primitive_operation, view_operation>;

enum class node_state : std::uint8_t { pending, claimed, done };

class node {
 public:
  dtype type;
  extents shape;
  sloth::strides stride;    // of the result, in elements; row-major unless a view says otherwise
  std::int64_t offset = 0;  // of element (0, ..., 0) in `storage`, in elements
  counted<buffer> storage;  // null until computed
  std::atomic<node_state> state{node_state::pending};
  operation op;  // dropped once computed, and the operands with it
  location where;
  counted<node> written;  // while it is verified: its copy as it was before any rule (verify.hpp)
  std::uint64_t visited =
      0;  // the last planning pass that met this node; under the planner's mutex

  node(dtype type_, extents shape_, location where_ = {})
      : type(type_), shape(std::move(shape_)), stride(row_major(shape)), where(where_) {}

  /// A computed node over `storage`: row-major from its beginning, or as the strides say.
  static node_ptr of_storage(dtype type, extents const& shape, counted<buffer> storage);
  static node_ptr of_storage(dtype type, extents const& shape, strides stride, std::int64_t offset,
                             counted<buffer> storage);
  /// A pending node.
  static node_ptr of_operation(dtype type, extents shape, operation op, location where);
  static node_ptr of_operation(dtype type, extents const& shape, fused_operation&& op,
                               location where);
  /// A view of `base`, computed or not; `stride` and `offset` count in base's storage when it is
  /// computed and in its row-major result when it is not.
  static node_ptr of_view(node_ptr const& base, extents shape, strides stride, std::int64_t offset,
                          location where);

  [[nodiscard]] bool done() const noexcept {
    return state.load(std::memory_order_acquire) == node_state::done;
  }
  /// Element (0, ..., 0) where the memory is.
  [[nodiscard]] std::byte* data() const noexcept {
    return storage->data() + offset * size_of(type);
  }
  /// The same on `where`, in a copy when the memory is elsewhere.
  [[nodiscard]] std::byte* data_on(device where, location place = {}) const {
    return storage->on(where, place)->data() + offset * size_of(type);
  }
  [[nodiscard]] int references() const noexcept {
    return references_.load(std::memory_order_acquire);
  }

  friend void retain(node* n) noexcept { n->references_.fetch_add(1, std::memory_order_relaxed); }
  friend void release(node* n) noexcept;

 private:
  std::atomic<int> references_{1};
  node* next_dying_ = nullptr;
};

/// Calls f(fused_operation&) for each elementwise expression in `op`.
template <class Operation, class F>
void for_each_expression(Operation& op, F&& f) {
  if (auto* call = std::get_if<fused_operation>(&op)) f(*call);
  if (auto* call = std::get_if<reduce_operation>(&op)) f(call->argument);
  if (auto* call = std::get_if<matmul_operation>(&op))
    if (call->epilogue) f(call->epilogue->written);
  if (auto* call = std::get_if<concatenate_operation>(&op))
    for (auto& part : call->parts) f(part.values);
}
/// Calls f(node_ptr const&) for each node that `op` reads.
template <class F>
void for_each_operand(operation const& op, F&& f) {
  if (auto* call = std::get_if<matmul_operation>(&op)) f(call->a), f(call->b);
  if (auto* call = std::get_if<primitive_operation>(&op))
    for (auto const& operand : call->operands) f(operand);
  if (auto* call = std::get_if<view_operation>(&op)) f(call->base);
  for_each_expression(op, [&](fused_operation const& call) {
    for (auto const& operand : call.operands)
      if (operand.source) f(operand.source);
  });
}

}  // namespace sloth::inline SLOTH_ABI
