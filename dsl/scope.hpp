// Scopes of a thread: where evaluations run, on which stream, in which arithmetic products are built.
#pragma once

#include <dsl/error.hpp>

#include <cstdint>

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

/// Evaluations of this thread keep the operations as they are written, until the scope ends: the
/// planner's rules that change roundings or the order of additions are off.
class [[nodiscard]] strict_scope {
 public:
  strict_scope();
  ~strict_scope();
  strict_scope(strict_scope const&) = delete;
  strict_scope& operator=(strict_scope const&) = delete;
  [[nodiscard]] static bool current();

 private:
  bool previous_;
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
void synchronize();

}  // namespace sloth::inline SLOTH_ABI
