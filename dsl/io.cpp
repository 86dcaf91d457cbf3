#include <dsl/io.hpp>

#include <dsl/npy.hpp>

namespace sloth::inline SLOTH_ABI {

namespace {

// `read` takes what makes the memory and returns the header.
template <class Read>
node_ptr read_node(Read const& read) {
  node_ptr values;
  npy_header const header = read([&](npy_header const& h) -> void* {
    values = new_storage(h.type, h.shape, {});
    return values->data();
  });
  if (header.fortran_order) values = node::of_view(values, header.shape, header.stride, 0, {});
  return values;
}

void const* host_data(node const& values) {
  return values.shape.size() ? values.data_on(device::host) : nullptr;
}

void write_members(std::string const& path, std::vector<named_values> const& members,
                   bool compressed) {
  std::vector<node_ptr> nodes;
  for (auto const& m : members) nodes.push_back(without_gaps(m.values));
  evaluate(nodes);
  std::vector<npz_values> list;
  for (std::size_t i = 0; i < nodes.size(); ++i)
    list.push_back({members[i].name, nodes[i]->type, host_data(*nodes[i]), nodes[i]->shape});
  write_npz(path, list, compressed);
}

}  // namespace

loaded load(std::string const& path) {
  return loaded(read_node([&](npy_allocate const& allocate) { return read_npy(path, allocate); }),
                path, "load(path)");
}

loaded_npz load_npz(std::string const& path) { return loaded_npz(npz_file(path)); }

loaded loaded_npz::operator[](std::string const& name) const {
  return loaded(read_node([&](npy_allocate const& allocate) { return file_.read(name, allocate); }),
                file_.path(), "load_npz(path)[\"" + name + "\"]");
}

void savez(std::string const& path, std::vector<named_values> const& members) {
  write_members(path, members, false);
}
void savez_compressed(std::string const& path, std::vector<named_values> const& members) {
  write_members(path, members, true);
}

void loaded::refuse(dtype wanted) const {
  throw dtype_error(call_.substr(0, call_.find('(')) + ": '" + name_ + "' holds " +
                    to_string(type()) + ", which does not cast safely to " + to_string(wanted) +
                    "; use " + call_ + ".astype<T>()");
}

void save_node(std::string const& path, node const& values) {
  write_npy(path, values.type, host_data(values), values.shape);
}

}  // namespace sloth::inline SLOTH_ABI
