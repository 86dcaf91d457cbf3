// NumPy's .npz files on raw memory: a ZIP archive of .npy files, stored, that is, uncompressed, or deflated.
// The format: PKWARE's APPNOTE.TXT 6.3; sections are named where they are used.
#pragma once

#include <dsl/npy.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// One array of a .npz file, by the name that it has in numpy.load's result.
struct npz_values {
  std::string name;
  dtype type;
  void const* row_major_data;
  extents shape;
};

/// Writes what numpy.savez writes, or `compressed` what numpy.savez_compressed does, with ZIP64 sizes
/// throughout. The file appears under its name when it is complete. Throws io_error for bfloat16, an empty
/// name, a name that stands twice, and compressed where the library was built without zlib.
void write_npz(std::string const& path, std::span<npz_values const> members, bool compressed);

/// The directory of a .npz file, read once; the members are read from the file when asked for.
class npz_file {
 public:
  /// Throws io_error for what is no ZIP archive, or one that was cut off.
  explicit npz_file(std::string path);

  /// The arrays in the file's order, without ".npy"; other members are left out.
  [[nodiscard]] std::vector<std::string> names() const;
  [[nodiscard]] bool contains(std::string const& name) const { return find(name) != nullptr; }
  [[nodiscard]] std::string const& path() const noexcept { return path_; }

  /// Reads one array, as read_npy does. Throws io_error for a name that is not there, an encrypted
  /// member, a deflated one where the library was built without zlib, one that is compressed in
  /// another way, and bytes that have changed since they were written (CRC-32).
  npy_header read(std::string const& name, npy_allocate const& allocate) const;

 private:
  struct member {
    std::string name;  // with ".npy"
    std::uint64_t offset, stored_size, size;
    std::uint32_t crc;
    std::uint16_t flags, method;
  };
  [[nodiscard]] member const* find(std::string const& name) const;

  std::string path_;
  std::vector<member> members_;
};

}  // namespace sloth::inline SLOTH_ABI
