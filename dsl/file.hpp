// Files: opened, replaced whole, and the words of what is wrong with them.
#pragma once

#include <dsl/error.hpp>

#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace sloth::inline SLOTH_ABI {

namespace files {

/// Throws io_error: "name: expected ..., found ...".
[[noreturn]] void fail(std::string const& name, std::string const& expected,
                       std::string const& found);

/// File contents as they may stand in a message: short, quoted, printable.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// "1 byte", "2 bytes".
[[nodiscard]] std::string bytes(std::size_t n);

/// The file, open in binary mode; `kind` is a word for messages (".npy file"). Throws io_error.
[[nodiscard]] std::ifstream open_to_read(std::string const& path, std::string const& kind);

/// A file that exists under its own name only after `publish`; devices and pipes are written in
/// place. Its members throw io_error.
class new_file {
 public:
  explicit new_file(std::string const& path);
  new_file(new_file const&) = delete;
  new_file& operator=(new_file const&) = delete;
  ~new_file();
  void write(void const* data, std::size_t size);
  void write(std::string_view text) { write(text.data(), text.size()); }
  void publish();

 private:
  [[noreturn]] void failed() const;
  std::string path_, target_, partial_;
  std::FILE* file_ = nullptr;
  bool in_place_ = false, published_ = false;
};

}  // namespace files

}  // namespace sloth::inline SLOTH_ABI
