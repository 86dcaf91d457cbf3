// DLPack in and out: memory shared with other libraries (https://dmlc.github.io/dlpack, version 1.0). Include
// it beside sloth.hpp. The structures are those of the user's dlpack.h: DLManagedTensor or
// DLManagedTensorVersioned.
#pragma once

#include <dsl/array.hpp>

#include <memory>
#include <vector>

namespace sloth::inline SLOTH_ABI {

namespace dlpack_detail {

template <class Managed>
concept managed = requires(Managed m) {
  m.dl_tensor.byte_offset;
  m.manager_ctx;
  m.deleter(&m);
};

/// What a tensor says.
struct description {
  void* data;
  int device_type, device_id;
  unsigned code, bits, lanes;
  std::span<std::int64_t const> shape;
  std::int64_t const* strides;  // in elements; null: row-major
  std::uint64_t byte_offset;
  bool read_only;
};

/// Throws dtype_error for elements of another type, device_error for memory that is neither the host's nor
/// the first GPU's, or without one, shape_error for negative extents.
void require(description const& from, dtype type, location where);
/// The tensor's memory as it lies where that is row-major and may be written, else a copy. Of what `require`
/// has let pass.
[[nodiscard]] node_ptr adopted(description const& from, dtype type,
                               std::shared_ptr<void const> owner, location where);

/// An array's values while others read them.
struct lent {
  node_ptr values;
  std::vector<std::int64_t> shape, strides;
  description as;
  explicit lent(node_ptr const& n);
};

}  // namespace dlpack_detail

/// An array over the memory of a tensor, on the host or the GPU, whose deleter runs when nothing needs it any
/// more: `from_dlpack<float>(tensor)`. It takes the tensor over unless it throws. A tensor that is not
/// row-major, or says that it is read-only, is copied. What its producer's own streams do to the memory has
/// ended. Throws dtype_error, shape_error, device_error.
template <element T, dlpack_detail::managed Managed>
[[nodiscard]] array<T> from_dlpack(Managed* tensor, location where = location::here()) {
  auto const& t = tensor->dl_tensor;
  dlpack_detail::description from{t.data,
                                  static_cast<int>(t.device.device_type),
                                  static_cast<int>(t.device.device_id),
                                  t.dtype.code,
                                  t.dtype.bits,
                                  t.dtype.lanes,
                                  {t.shape, static_cast<std::size_t>(t.ndim)},
                                  t.strides,
                                  t.byte_offset,
                                  false};
  if constexpr (requires { tensor->flags; }) from.read_only = (tensor->flags & 1) != 0;
  dlpack_detail::require(from, dtype_of<T>, where);
  std::shared_ptr<Managed> owner(tensor, [](Managed* m) {
    if (m->deleter) m->deleter(m);
  });
  return array<T>(dlpack_detail::adopted(from, dtype_of<T>, std::move(owner), where));
}

/// The array's memory, where it lies, for another library to read: `to_dlpack<DLManagedTensor>(x)`. Its deleter
/// gives it back; a write to x in the meantime goes to a copy. On the GPU the values are there when this
/// thread's stream has come so far: synchronize(), or read them on that stream.
template <dlpack_detail::managed Managed, element T>
[[nodiscard]] Managed* to_dlpack(array<T> const& x) {
  struct holder {
    Managed managed{};
    dlpack_detail::lent values;
    explicit holder(node_ptr const& n) : values(n) {}
  };
  auto* const made = new holder(x.node());
  auto const& from = made->values.as;
  Managed& m = made->managed;
  auto& t = m.dl_tensor;
  t.data = from.data;
  t.device.device_type = static_cast<decltype(t.device.device_type)>(from.device_type);
  t.device.device_id = from.device_id;
  t.ndim = static_cast<decltype(t.ndim)>(from.shape.size());
  t.dtype.code = static_cast<decltype(t.dtype.code)>(from.code);
  t.dtype.bits = static_cast<decltype(t.dtype.bits)>(from.bits);
  t.dtype.lanes = 1;
  t.shape = made->values.shape.data();
  t.strides = made->values.strides.data();
  t.byte_offset = 0;
  if constexpr (requires { m.version.major; }) m.version.major = 1;
  if constexpr (requires { m.flags; }) m.flags = 1;  // read-only
  m.manager_ctx = made;
  m.deleter = [](Managed* of) { delete static_cast<holder*>(of->manager_ctx); };
  return &m;
}

}  // namespace sloth::inline SLOTH_ABI
