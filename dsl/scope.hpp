// Scopes of a thread: where evaluations run, on which stream, in which arithmetic products are built,
// what keeps its order, what may wait or copy.
#pragma once

#include <dsl/error.hpp>

#include <cstdint>
#include <utility>

namespace sloth::inline SLOTH_ABI {

/// Where memory lies and evaluations run.
enum class device : std::uint8_t { host, gpu };
inline constexpr device host = device::host, gpu = device::gpu;

/// Where this thread's evaluations run now.
[[nodiscard]] device current_device();

/// Evaluations of this thread run on the given device until the scope ends; elsewhere they run on the
/// GPU if there is one. gpu throws device_error without one.
class [[nodiscard]] device_scope {
 public:
  explicit device_scope(device where, location here = location::here());
  ~device_scope();
  device_scope(device_scope const&) = delete;
  device_scope& operator=(device_scope const&) = delete;

 private:
  device where_;
  device const* previous_;
};

/// Arithmetic of f32 matrix products that are built in the scope; others are untouched. The host
/// computes them in IEEE f32 whatever is asked.
enum class precision : std::uint8_t { ieee, tf32 };
inline constexpr precision tf32 = precision::tf32;

class [[nodiscard]] precision_scope {
 public:
  explicit precision_scope(precision p);
  ~precision_scope();
  precision_scope(precision_scope const&) = delete;
  precision_scope& operator=(precision_scope const&) = delete;
  [[nodiscard]] static precision current();

 private:
  precision previous_;
};

/// What holds in this thread until the object's life ends.
template <class Scope>
class flag_scope {
 public:
  flag_scope(flag_scope const&) = delete;
  flag_scope& operator=(flag_scope const&) = delete;
  [[nodiscard]] static bool current() { return is_on_; }

 protected:
  flag_scope() : previous_(std::exchange(is_on_, true)) {}
  ~flag_scope() { is_on_ = previous_; }

 private:
  static inline thread_local bool is_on_ = false;
  bool previous_;
};

/// Evaluations of this thread keep the operations as they are written, until the scope ends: the
/// planner's rules that change roundings or the order of additions are off.
class [[nodiscard]] strict_scope : public flag_scope<strict_scope> {};

/// Until the scope ends, every evaluation of this thread gives the same bits every run on one device. Without
/// it that holds for all but add_at of floating and complex numbers on a GPU, whose additions then take
/// place in an order of their own.
class [[nodiscard]] deterministic_scope : public flag_scope<deterministic_scope> {};

/// Until the scope ends, this thread's evaluations are computed once more, on the host and without the
/// planner's rules, and compared step by step; the first step that differs is thrown as verify_error,
/// with its line. SLOTH_VERIFY=1 does so everywhere. Slow. Not looked at are what compiled functions
/// compute, writes at arrays of indices, and anything under no_sync; on the host an elementwise step runs
/// through the same kernel again, so that there the planner is what is verified.
class [[nodiscard]] verify_scope : public flag_scope<verify_scope> {};

/// Until the scope ends, what would wait for the GPU or copy without being asked to throws
/// device_error in this thread, and no values change: an operand that lies on the other device and
/// has no copy there, the host's reading of the GPU's values (`item`, `to_vector`, `data`, printing,
/// saving, `if (...)`), a copy-on-write, synchronize(). Without a GPU that is the copy-on-write alone.
class [[nodiscard]] no_sync : public flag_scope<no_sync> {
 public:
  /// Throws device_error within a scope: "no_sync: BYTES bytes would be copied HOW".
  static void refuse_copy(std::size_t bytes, const char* how, location where);
};

/// This thread's work on the GPU goes to a stream of the user's, a cudaStream_t, until the scope
/// ends; elsewhere each thread has a stream of its own. Its owner may destroy it then. Throws
/// device_error without a GPU.
class [[nodiscard]] stream_scope {
 public:
  explicit stream_scope(void* stream, location here = location::here());
  ~stream_scope();
  stream_scope(stream_scope const&) = delete;
  stream_scope& operator=(stream_scope const&) = delete;

 private:
  [[maybe_unused]] void* previous_;  // in a build with CUDA
};

/// Waits until the device has done what this thread has given it so far; faults are thrown here.
/// Throws device_error under no_sync.
void synchronize(location here = location::here());

}  // namespace sloth::inline SLOTH_ABI
