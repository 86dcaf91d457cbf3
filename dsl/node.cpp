#include <dsl/node.hpp>

#include <kernels/host/engine.hpp>
#if defined(SLOTH_CUDA)
#include <kernels/cuda/engine.hpp>
#endif

namespace sloth::inline SLOTH_ABI {

namespace {

std::byte* take(std::size_t bytes, location where, device on) {
  try {
#if defined(SLOTH_CUDA)
    if (on == device::gpu) return static_cast<std::byte*>(cuda_engine::allocate(bytes));
#endif
    (void)on;
    return static_cast<std::byte*>(host_engine::allocate(bytes));
  } catch (out_of_memory const& error) {  // the engines do not know the user's line
    throw out_of_memory(error.wanted(), error.available(), where);
  }
}

void give_back(std::byte* data, std::size_t bytes, device on) noexcept {
#if defined(SLOTH_CUDA)
  if (on == device::gpu) return cuda_engine::release(data, bytes);
#endif
  (void)on;
  host_engine::release(data, bytes);
}

}  // namespace

counted<buffer> buffer::allocate(std::size_t bytes, location where, device on) {
  std::byte* data = take(bytes, where, on);
  try {
    void* writer = nullptr;
#if defined(SLOTH_CUDA)
    if (on == device::gpu) writer = cuda_engine::stream_id();
#endif
    auto fresh = counted<buffer>::first(new buffer(data, bytes, on, nullptr));
    fresh->writer_ = writer;
    return fresh;
  } catch (...) {
    give_back(data, bytes, on);
    throw;
  }
}

counted<buffer> buffer::adopt(void* data, std::size_t bytes, std::shared_ptr<void const> owner,
                              device on) {
  return counted<buffer>::first(
      new buffer(static_cast<std::byte*>(data), bytes, on, std::move(owner)));
}

namespace {
constexpr char placeholder_mark = 0;
}

counted<buffer> buffer::placeholder() {
  std::shared_ptr<void const> const mark(std::shared_ptr<void const>(), &placeholder_mark);
  return adopt(nullptr, 0, mark);
}

bool buffer::is_placeholder() const noexcept { return owner_.get() == &placeholder_mark; }

void buffer::require_values() const {
  if (is_placeholder())
    throw trace_error(
        "a compiled function asks for the values of an argument while it is traced; it can build "
        "expressions of its arguments and return them");
}

buffer::~buffer() {
#if defined(SLOTH_CUDA)
  try {  // other streams may still use it: it goes back, or to its owner, behind them
    if (where_ == device::gpu) {
      will_write();
      if (owner_) cuda_engine::synchronize();
    }
  } catch (...) {  // a destructor never throws, and a device that failed frees nothing anyway
  }
#endif
  if (!owner_) give_back(data_, bytes_, where_);
}

counted<buffer> buffer::on(device where, [[maybe_unused]] location place) {
  require_values();
  if (where == where_) return counted<buffer>(this);
  std::lock_guard lock(mutex_);
  counted<buffer> copy = copy_;
#if defined(SLOTH_CUDA)
  if (!copy) {
    no_sync::refuse_copy(
        bytes_, where == device::gpu ? "from the host to the GPU" : "from the GPU to the host",
        place);
    copy = allocate(bytes_, {}, where);
    if (where == device::gpu) {
      cuda_engine::copy_to_device(copy->data_, data_, bytes_);
    } else {
      if (writer_ != nullptr && writer_ != cuda_engine::stream_id())
        cuda_engine::wait_for_stream(writer_);
      cuda_engine::copy_to_host(copy->data_, data_, bytes_);
    }
    if (!owner_) copy_ = copy;
  }
#endif
  return copy;
}

void buffer::will_read() {
#if defined(SLOTH_CUDA)
  if (where_ != device::gpu) return;
  void* const mine = cuda_engine::stream_id();
  if (std::atomic_ref(writer_).load(std::memory_order_acquire) == mine) return;
  std::lock_guard lock(mutex_);
  for (void* reader : readers_)
    if (reader == mine) return;  // it has waited for the writer already
  cuda_engine::wait_for_stream(writer_);
  readers_.push_back(mine);
#endif
}

void buffer::will_write() {
#if defined(SLOTH_CUDA)
  std::lock_guard lock(mutex_);
  copy_ = {};
  if (where_ != device::gpu) return;
  void* const mine = cuda_engine::stream_id();
  if (writer_ != nullptr && writer_ != mine) cuda_engine::wait_for_stream(writer_);
  for (void* reader : readers_)
    if (reader != mine) cuda_engine::wait_for_stream(reader);
  readers_.clear();
  std::atomic_ref(writer_).store(mine, std::memory_order_release);
#endif
}

node_ptr node::of_storage(dtype type, extents const& shape, counted<buffer> storage) {
  auto result = node_ptr::first(new node(type, shape));
  result->storage = std::move(storage);
  result->state.store(node_state::done, std::memory_order_release);
  return result;
}

node_ptr node::of_storage(dtype type, extents const& shape, strides stride, std::int64_t offset,
                          counted<buffer> storage) {
  node_ptr result = of_storage(type, shape, std::move(storage));
  result->stride = std::move(stride);
  result->offset = offset;
  return result;
}

namespace {

/// Where the slots of a form lie in their block: the widest first, each aligned behind the others.
struct slot_layout {
  std::size_t row_length, slot, row_alias, part_shared, bytes;

  explicit slot_layout(fused_form const& form) {
    std::size_t const rows = static_cast<std::size_t>(form.row_count);
    row_length = static_cast<std::size_t>(form.scalars) * sizeof(scalar_bits);
    slot = row_length + rows * sizeof(std::int64_t);
    row_alias = slot + static_cast<std::size_t>(form.leaves) * sizeof(std::uint16_t);
    part_shared = row_alias + rows * sizeof(std::uint16_t);
    int parts = form.root.part_count;
    for (int r = 0; r < form.row_count; ++r) parts += form.rows[r].argument.part_count;
    bytes = part_shared + static_cast<std::size_t>(parts);
  }
};

}  // namespace

fused_operation::fused_operation() = default;
fused_operation::fused_operation(fused_form const& form_) : form(&form_) {
  slot_layout const at(form_);
  slots = std::make_unique_for_overwrite<std::byte[]>(at.bytes);
  scalars = reinterpret_cast<scalar_bits*>(slots.get());
  row_length = reinterpret_cast<std::int64_t*>(slots.get() + at.row_length);
  slot = reinterpret_cast<std::uint16_t*>(slots.get() + at.slot);
  row_alias = reinterpret_cast<std::uint16_t*>(slots.get() + at.row_alias);
  part_shared = reinterpret_cast<bool*>(slots.get() + at.part_shared);
}
fused_operation fused_operation::over(std::vector<graph_operand> other) const {
  fused_operation result(*form);
  result.outputs = outputs;
  result.operands = std::move(other);
  std::copy_n(slots.get(), slot_layout(*form).bytes, result.slots.get());
  return result;
}
fused_operation::fused_operation(fused_operation&&) noexcept = default;
fused_operation& fused_operation::operator=(fused_operation&&) noexcept = default;
fused_operation::~fused_operation() = default;

node_ptr node::of_operation(dtype type, extents shape, operation op, location where) {
  auto result = node_ptr::first(new node(type, std::move(shape), where));
  result->op = std::move(op);
  return result;
}

node_ptr node::of_operation(dtype type, extents const& shape, fused_operation&& op,
                            location where) {
  auto result = node_ptr::first(new node(type, shape, where));
  result->op.emplace<fused_operation>(std::move(op));
  return result;
}

node_ptr node::of_view(node_ptr const& base, extents shape, strides stride, std::int64_t offset,
                       location where) {
  if (base->done()) return of_storage(base->type, shape, std::move(stride), offset, base->storage);
  // Results are row-major from element 0 of their own storage, so that stride and offset are known
  // before the base is computed, and stay right when another thread finishes it meanwhile.
  node_ptr result = of_operation(base->type, std::move(shape), view_operation{base}, where);
  result->stride = std::move(stride);
  result->offset = offset;
  return result;
}

// A chain of 10^6 nodes must not be freed by 10^6 nested destructors: nodes that die while another
// one dies wait in a list.
void release(node* n) noexcept {
  if (!drop_reference(n->references_)) return;
  thread_local node* dying = nullptr;
  thread_local bool draining = false;
  n->next_dying_ = dying;
  dying = n;
  if (draining) return;
  draining = true;
  while (dying) {
    node* next = dying;
    dying = next->next_dying_;
    delete next;
  }
  draining = false;
}

}  // namespace sloth::inline SLOTH_ABI
