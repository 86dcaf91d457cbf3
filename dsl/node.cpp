#include <dsl/node.hpp>

#include <kernels/host/engine.hpp>

namespace sloth::inline SLOTH_ABI {

namespace {

std::byte* take(std::size_t bytes, location where) {
  try {
    return static_cast<std::byte*>(host_engine::allocate(bytes));
  } catch (out_of_memory const& error) {  // the engine does not know the user's line
    throw out_of_memory(error.wanted(), error.available(), where);
  }
}

}  // namespace

counted<buffer> buffer::allocate(std::size_t bytes, location where) {
  std::byte* data = take(bytes, where);
  try {
    return counted<buffer>(new buffer(data, bytes, nullptr));
  } catch (...) {
    host_engine::release(data, bytes);
    throw;
  }
}

counted<buffer> buffer::adopt(void* data, std::size_t bytes, std::shared_ptr<void const> owner) {
  return counted<buffer>(new buffer(static_cast<std::byte*>(data), bytes, std::move(owner)));
}

buffer::~buffer() {
  if (!owner_) host_engine::release(data_, bytes_);
}

node_ptr node::of_storage(dtype type, extents shape, strides stride, std::int64_t offset,
                          counted<buffer> storage) {
  node_ptr result(new node(type, std::move(shape)));
  result->stride = std::move(stride);
  result->offset = offset;
  result->storage = std::move(storage);
  result->state.store(node_state::done, std::memory_order_release);
  return result;
}

node_ptr node::of_operation(dtype type, extents shape, operation op, location where) {
  node_ptr result(new node(type, std::move(shape), where));
  result->op = std::move(op);
  return result;
}

node_ptr node::of_view(node_ptr const& base, extents shape, strides stride, std::int64_t offset,
                       location where) {
  if (base->done())
    return of_storage(base->type, std::move(shape), std::move(stride), offset, base->storage);
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
  if (n->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
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
