// Memory of the pool for the time of a call.
#pragma once

#include <kernels/host/engine.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

template <class E>
class scratch {
 public:
  explicit scratch(std::int64_t n)
      : bytes_(static_cast<std::size_t>(n) * sizeof(E)), data_(static_cast<E*>(allocate(bytes_))) {}
  ~scratch() { release(data_, bytes_); }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  [[nodiscard]] E* data() const { return data_; }

 private:
  std::size_t bytes_;
  E* data_;
};

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
