// DEFLATE (RFC 1951), as ZIP members hold it, through zlib where the library was built with it.
#pragma once

#include <dsl/config.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sloth::inline SLOTH_ABI {

namespace files {

/// Whether this library was built with zlib; without it the others may not be called.
[[nodiscard]] bool has_zlib() noexcept;

/// `size` bytes behind `before`, in one stream.
[[nodiscard]] std::string deflated(std::string const& before, void const* data, std::uint64_t size);

/// The bytes that a stream of deflated ones holds, piece by piece.
class inflater {
 public:
  /// Where the deflated bytes come from: writes at most `size`, returns how many; 0 at the end.
  class source {
   public:
    virtual std::size_t read(void* to, std::size_t size) = 0;

   protected:
    ~source() = default;
  };
  explicit inflater(source& from);
  inflater(inflater const&) = delete;
  inflater& operator=(inflater const&) = delete;
  ~inflater();

  /// The next bytes, `size` unless the stream ends before, or is damaged.
  std::uint64_t read(void* to, std::uint64_t size);
  /// Whether the stream has ended behind what was read.
  [[nodiscard]] bool at_end();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace files

}  // namespace sloth::inline SLOTH_ABI
