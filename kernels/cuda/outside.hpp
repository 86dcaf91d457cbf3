// How kernels tell that an index is out of range.
#pragma once

#include <dsl/config.hpp>

#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// Where kernels of this thread's stream tell the least position of an index that is out of range: a word in
/// the host's memory, so that nothing is copied and the host can ask while later work goes on. One at a time
/// in a thread.
class outside_position {
 public:
  outside_position();
  /// Waits where nobody has asked: the next one uses the same word.
  ~outside_position();
  outside_position(outside_position const&) = delete;
  outside_position& operator=(outside_position const&) = delete;

  /// For atomicMin.
  [[nodiscard]] unsigned long long* data() const;
  /// The kernels that have been launched so far are all that tell.
  void complete();
  /// Waits for those kernels; -1 where there is none.
  [[nodiscard]] std::int64_t item();

 private:
  bool is_complete_ = false, asked_ = false;
};

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
