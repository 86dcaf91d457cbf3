#include <dsl/file.hpp>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <unistd.h>

namespace sloth::inline SLOTH_ABI {

namespace files {

void fail(std::string const& name, std::string const& expected, std::string const& found) {
  throw io_error(name + ": expected " + expected + ", found " + found);
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 40;
  char const quote = text.find('\'') == text.npos ? '\'' : '"';
  std::string out(1, quote);
  for (unsigned char c : text.substr(0, longest)) {
    char escape[5];
    std::snprintf(escape, sizeof escape, c >= ' ' && c < 127 ? "%c" : "\\x%02x", c);
    out += escape;
  }
  return out + (text.size() > longest ? "..." : "") + quote;
}

std::string bytes(std::size_t n) { return std::to_string(n) + (n == 1 ? " byte" : " bytes"); }

std::ifstream open_to_read(std::string const& path, std::string const& kind) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) fail(path, "a " + kind, "a folder");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "a readable " + kind, errno ? std::strerror(errno) : "none");
  return in;
}

new_file::new_file(std::string const& path) : path_(path), target_(path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  auto const status = fs::status(path, ignored);
  if (fs::is_directory(status)) fail(path, "the name of a file to write", "a folder");
  // a device or a pipe must not be replaced by a file, a link's target must
  in_place_ = fs::exists(status) && !fs::is_regular_file(status);
  if (fs::is_symlink(fs::symlink_status(path, ignored))) {
    auto const resolved = fs::weakly_canonical(path, ignored);
    if (!ignored) target_ = resolved.string();
  }
  static std::atomic<unsigned> count{0};
  partial_ = in_place_ ? path
                       : target_ + ".part" + std::to_string(::getpid()) + '.' +
                             std::to_string(count.fetch_add(1));
  errno = 0;
  file_ = std::fopen(partial_.c_str(), in_place_ ? "wb" : "wbx");
  if (!file_) failed();
  if (!in_place_ && fs::exists(status)) {
    fs::permissions(partial_, status.permissions(), ignored);
  }
}

new_file::~new_file() {
  if (file_) std::fclose(file_);
  if (!published_ && !in_place_) std::remove(partial_.c_str());
}

void new_file::write(void const* data, std::size_t size) {
  errno = 0;
  if (size != 0 && std::fwrite(data, 1, size, file_) != size) failed();
}

void new_file::publish() {
  errno = 0;
  if (std::fclose(std::exchange(file_, nullptr)) != 0) failed();
  if (!in_place_ && std::rename(partial_.c_str(), target_.c_str()) != 0) failed();
  published_ = true;
}

void new_file::failed() const {
  fail(path_, "to write the file", errno ? std::strerror(errno) : "an error");
}

}  // namespace files

}  // namespace sloth::inline SLOTH_ABI
