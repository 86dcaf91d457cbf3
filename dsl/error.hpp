// Typed exceptions; every message carries both values and the user's file:line.
#pragma once

#include <dsl/config.hpp>

#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>

namespace sloth::inline SLOTH_ABI {

/// Where in the user's source an expression was written.
struct location {
  const char* file = "";
  int line = 0;

  static constexpr location here(const char* file = __builtin_FILE(),
                                 int line = __builtin_LINE()) noexcept {
    return {file, line};
  }
};

/// "main.cpp:27", the file without its folders; "?" where the place is unknown.
[[nodiscard]] std::string to_string(location where);

/// Base of every exception that Sloth throws. Not a std::exception itself, so that each kind can
/// have the standard base that fits it (out_of_memory is a std::bad_alloc).
class error {
 public:
  virtual ~error() = default;
  [[nodiscard]] virtual const char* what() const noexcept = 0;
  [[nodiscard]] location where() const noexcept { return where_; }

 protected:
  explicit error(location where) : where_(where) {}

 private:
  location where_;
};

/// "kind: message  [file:line]".
[[nodiscard]] std::string error_text(const char* kind, std::string const& message, location where);

#define SLOTH_ERROR_KIND(kind)                                                   \
  class kind : public std::runtime_error, public error {                         \
   public:                                                                       \
    explicit kind(std::string const& message, location where = {})               \
        : std::runtime_error(error_text(#kind, message, where)), error(where) {} \
    [[nodiscard]] const char* what() const noexcept override {                   \
      return std::runtime_error::what();                                         \
    }                                                                            \
  };

SLOTH_ERROR_KIND(shape_error)   // shapes that do not fit each other
SLOTH_ERROR_KIND(index_error)   // an index or axis out of range
SLOTH_ERROR_KIND(dtype_error)   // a value or element type that does not fit
SLOTH_ERROR_KIND(linalg_error)  // singular, not positive definite
SLOTH_ERROR_KIND(device_error)  // the device or one of its libraries failed
SLOTH_ERROR_KIND(io_error)      // a file that cannot be read or written
SLOTH_ERROR_KIND(
    verify_error)  // a step computed something else than what was written (SLOTH_VERIFY)
SLOTH_ERROR_KIND(trace_error)  // values are asked for while a function is traced (dsl/compile.hpp)
#undef SLOTH_ERROR_KIND

/// The memory limit or the machine's memory is used up; nothing was changed.
class out_of_memory : public std::bad_alloc, public error {
 public:
  out_of_memory(std::size_t wanted, std::size_t available, location where = {});
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
  [[nodiscard]] std::size_t wanted() const noexcept { return wanted_; }
  [[nodiscard]] std::size_t available() const noexcept { return available_; }

 private:
  std::size_t wanted_, available_;
  std::string text_;
};

}  // namespace sloth::inline SLOTH_ABI
