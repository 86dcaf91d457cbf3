#include <dsl/io.hpp>

#include <dsl/npy.hpp>

namespace sloth::inline SLOTH_ABI {

loaded load(std::string const& path) {
  node_ptr values;
  auto const header = read_npy(path, [&](npy_header const& h) -> void* {
    values = new_storage(h.type, h.shape, {});
    return values->data();
  });
  if (header.fortran_order) values = node::of_view(values, header.shape, header.stride, 0, {});
  return loaded(std::move(values), path);
}

void loaded::refuse(dtype wanted) const {
  throw dtype_error("load: '" + name_ + "' holds " + to_string(type()) +
                    ", which does not cast safely to " + to_string(wanted) +
                    "; use load(path).astype<T>()");
}

void save_node(std::string const& path, node const& values) {
  write_npy(path, values.type, values.shape.size() ? values.data_on(device::host) : nullptr,
            values.shape);
}

}  // namespace sloth::inline SLOTH_ABI
