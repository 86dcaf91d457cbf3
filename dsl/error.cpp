#include <dsl/error.hpp>

#include <string_view>

namespace sloth::inline SLOTH_ABI {

std::string to_string(location where) {
  if (where.line == 0) return "?";
  std::string_view file = where.file;
  file = file.substr(file.find_last_of('/') + 1);
  return std::string(file) + ":" + std::to_string(where.line);
}

std::string error_text(const char* kind, std::string const& message, location where) {
  std::string text = std::string(kind) + ": " + message;
  if (where.line != 0) text += "  [" + to_string(where) + "]";
  return text;
}

out_of_memory::out_of_memory(std::size_t wanted, std::size_t available, location where)
    : error(where),
      wanted_(wanted),
      available_(available),
      text_(error_text(
          "out_of_memory",
          "wanted " + std::to_string(wanted) + " bytes, " + std::to_string(available) + " are free",
          where)) {}

}  // namespace sloth::inline SLOTH_ABI
