// Printing, and .npy and .npz files.
#pragma once

#include <dsl/functions.hpp>
#include <dsl/npz.hpp>
#include <dsl/print.hpp>

#include <ostream>

namespace sloth::inline SLOTH_ABI {

/// The values as NumPy prints them; evaluates.
template <expression X>
[[nodiscard]] std::string to_string(X const& x, print_options const& options = printing()) {
  node_ptr const n = contiguous(x.node());
  return format_array(n->type, n->shape.size() ? n->data_on(device::host) : nullptr, n->shape,
                      n->stride, options);
}
template <expression X>
std::ostream& operator<<(std::ostream& out, X const& x) {
  return out << to_string(x);
}

/// Values of a file, of the element type found there; becomes an array<T> to which it casts safely.
class loaded {
 public:
  /// `call` is what a message shows of where the values come from: "load(path)".
  explicit loaded(node_ptr values, std::string name, std::string call)
      : values_(std::move(values)), name_(std::move(name)), call_(std::move(call)) {}
  [[nodiscard]] dtype type() const { return values_->type; }
  [[nodiscard]] extents const& shape() const { return values_->shape; }

  /// Throws dtype_error when the file's type does not cast safely to T.
  template <element Value>
  operator array<Value>() const {  // NOLINT
    return visit(values_->type, [&]<class T>() -> array<Value> {
      if constexpr (can_cast_safe(dtype_of<T>, dtype_of<Value>))
        return array<Value>(leaf<T>(values_));
      else
        refuse(dtype_of<Value>);
    });
  }
  /// The values converted to T whatever they are.
  template <element Value>
  [[nodiscard]] array<Value> astype() const {
    return visit(values_->type, [&]<class T>() -> array<Value> {
      return array<Value>(as_argument<Value>(leaf<T>(values_), {}));
    });
  }

 private:
  [[noreturn]] void refuse(dtype wanted) const;
  node_ptr values_;
  std::string name_, call_;
};

/// Reads a .npy file (C and Fortran order, either byte order). Throws io_error.
[[nodiscard]] loaded load(std::string const& path);

void save_node(std::string const& path, node const& contiguous_values);
/// Writes a .npy file; evaluates. Throws io_error.
template <expression X>
void save(std::string const& path, X const& x) {
  save_node(path, *contiguous(x.node()));
}

/// The arrays of a .npz file, by name; each is read when it is asked for.
class loaded_npz {
 public:
  explicit loaded_npz(npz_file file) : file_(std::move(file)) {}
  /// In the file's order, as NumPy's `files`.
  [[nodiscard]] std::vector<std::string> names() const { return file_.names(); }
  [[nodiscard]] bool contains(std::string const& name) const { return file_.contains(name); }
  /// Throws io_error for a name that is not there, for a member that is damaged, and for a compressed one
  /// where the library was built without zlib.
  [[nodiscard]] loaded operator[](std::string const& name) const;

 private:
  npz_file file_;
};

/// Opens a .npz file: array<float> w = load_npz("model.npz")["w"]. Throws io_error.
[[nodiscard]] loaded_npz load_npz(std::string const& path);

/// A name and the values that are saved under it.
struct named_values {
  std::string name;
  node_ptr values;
  template <expression X>
  named_values(std::string member, X const& x) : name(std::move(member)), values(x.node()) {}
};
/// Writes a .npz file, uncompressed: savez("model.npz", {{"w", w}, {"b", b}}); evaluates. Throws
/// io_error.
void savez(std::string const& path, std::vector<named_values> const& members);
/// The same, compressed. Throws io_error, also where the library was built without zlib.
void savez_compressed(std::string const& path, std::vector<named_values> const& members);

}  // namespace sloth::inline SLOTH_ABI
