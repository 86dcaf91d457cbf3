#include <dsl/dlpack.hpp>

#include <dsl/evaluate.hpp>
#include <dsl/scope.hpp>

#include <algorithm>

namespace sloth::inline SLOTH_ABI {
namespace dlpack_detail {

namespace {

// DLPack's numbers of devices and of types.
constexpr int cpu = 1, cuda = 2, cuda_host = 3;
enum : unsigned { of_int, of_uint, of_float, of_bfloat = 4, of_complex, of_bool };

unsigned code_of(dtype type) {
  return visit(type, []<class T>() -> unsigned {
    if constexpr (std::is_same_v<T, bool>)
      return of_bool;
    else if constexpr (std::is_same_v<T, bf16>)
      return of_bfloat;
    else if constexpr (is_complex<T>)
      return of_complex;
    else if constexpr (is_floating<T>)
      return of_float;
    else
      return std::is_signed_v<T> ? of_int : of_uint;
  });
}
unsigned bits_of(dtype type) { return static_cast<unsigned>(size_of(type)) * 8; }

std::string text_of(description const& from) {
  constexpr const char* names[] = {"int", "uint", "float", "handle", "bfloat", "complex", "bool"};
  std::string text = from.code < std::size(names) ? names[from.code]
                                                  : "type " + std::to_string(from.code) + " of ";
  text += std::to_string(from.bits);
  if (from.lanes != 1) text += " x " + std::to_string(from.lanes);
  return text;
}

extents shape_of(description const& from) { return {from.shape.begin(), from.shape.end()}; }

}  // namespace

void require(description const& from, dtype type, location where) {
  if (from.code != code_of(type) || from.bits != bits_of(type) || from.lanes != 1)
    throw dtype_error(
        "from_dlpack: the tensor is of " + text_of(from) + ", the array of " + to_string(type),
        where);
  if (std::any_of(from.shape.begin(), from.shape.end(), [](auto extent) { return extent < 0; }))
    throw shape_error("from_dlpack: a negative extent: " + to_string(shape_of(from)), where);
  bool const on_host = from.device_type == cpu || from.device_type == cuda_host;
  if (!on_host && (from.device_type != cuda || from.device_id != 0))
    throw device_error("from_dlpack: device " + std::to_string(from.device_type) + ":" +
                           std::to_string(from.device_id) +
                           " is neither the host nor the first GPU",
                       where);
  if (!on_host) device_scope const there(device::gpu, where);  // throws without one
}

node_ptr adopted(description const& from, dtype type, std::shared_ptr<void const> owner,
                 location where) {
  extents const shape = shape_of(from);
  strides const stride =
      from.strides ? strides(from.strides, from.strides + from.shape.size()) : row_major(shape);
  std::int64_t low = 0, high = shape.size() > 0 ? 1 : 0;
  if (high > 0)
    for (int axis = 0; axis < shape.rank(); ++axis)
      (stride[axis] < 0 ? low : high) += (shape[axis] - 1) * stride[axis];
  std::int64_t const size = size_of(type);
  device const on = from.device_type == cuda ? device::gpu : device::host;
  auto* const first = static_cast<std::byte*>(from.data) + from.byte_offset + low * size;
  auto storage = buffer::adopt(high > low ? first : from.data,
                               static_cast<std::size_t>((high - low) * size), std::move(owner), on);
  bool const as_it_lies = !from.read_only && is_contiguous(shape, stride);
  if (as_it_lies) return node::of_storage(type, shape, std::move(storage));
  node_ptr const strided = node::of_storage(type, shape, stride, -low, std::move(storage));
  device_scope const there(on, where);
  node_ptr copy = detached(strided, where);
  if (on == device::gpu) synchronize(where);  // before the tensor's memory goes
  return copy;
}

lent::lent(node_ptr const& n)
    : values(contiguous(n)),
      shape(values->shape.begin(), values->shape.end()),
      as{nullptr, cpu, 0, code_of(n->type), bits_of(n->type), 1, shape, nullptr, 0, true} {
  strides.resize(shape.size());
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0; step *= shape[axis]) strides[axis] = step;
  values->storage->will_read();
  if (values->storage->where() == device::gpu) as.device_type = cuda;
  as.data = values->data();
}

}  // namespace dlpack_detail
}  // namespace sloth::inline SLOTH_ABI
