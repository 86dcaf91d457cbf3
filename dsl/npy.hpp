// NumPy's .npy files on raw memory: formats 1.0, 2.0 and 3.0 are read, 1.0 is written.
// The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <dsl/dtype.hpp>
#include <dsl/extents.hpp>

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// What a .npy file says of its elements.
struct npy_header {
  dtype type = dtype::f64;
  bool fortran_order = false;  ///< the first axis varies fastest
  bool swapped = false;        ///< the file is big endian
  extents shape;
  strides stride;               ///< of the elements as they lie in the file, in elements
  std::size_t data_offset = 0;  ///< bytes from the magic string to the first element

  /// Bytes of all elements; fits an int64 for every header that was read.
  [[nodiscard]] std::size_t data_size() const noexcept {
    return static_cast<std::size_t>(shape.size()) * static_cast<std::size_t>(size_of(type));
  }
};

/// An array as it was read: element 0 is first, neighbours are `header.stride` apart.
struct npy_array {
  npy_header header;
  std::vector<std::byte> data;
};

/// Memory for `data_size()` bytes; called once, and only after as many are known to be there.
using npy_allocate = std::function<void*(npy_header const&)>;

/// Reads up to the first element. Throws io_error, naming `name`, for what is no .npy header or
/// has elements that Sloth lacks.
[[nodiscard]] npy_header read_npy_header(std::istream& in, std::string const& name);

/// Reads header and elements, in this machine's byte order, bools as 0 or 1; what follows them is
/// left in the stream. Throws io_error; never asks for more memory than the stream holds.
npy_header read_npy(std::istream& in, std::string const& name, npy_allocate const& allocate);
npy_header read_npy(std::string const& path, npy_allocate const& allocate);
[[nodiscard]] npy_array read_npy(std::string const& path);

/// No more bytes come before the first element of a file that is read.
inline constexpr std::size_t npy_longest_start = (1 << 20) + 12;  // NumPy's own limit is 10000

/// From a file's bytes to values of this machine.
void npy_to_native(npy_header const& header, void* data);

/// What stands before the elements in a file of numpy.save. Throws io_error as write_npy does.
[[nodiscard]] std::string npy_header_text(std::string const& name, dtype type,
                                          extents const& shape);

/// Writes the bytes that numpy.save writes. The file appears under its name when it is complete;
/// io_error leaves what was there before. Throws io_error for bfloat16, which NumPy lacks.
void write_npy(std::string const& path, dtype type, void const* row_major_data,
               extents const& shape);

}  // namespace sloth::inline SLOTH_ABI
