// The CUDA engine's entry points, with the names of the host engine's. All of them enqueue on the
// calling thread's stream and return.
#pragma once

#include <dsl/kernel.hpp>
#include <dsl/memory.hpp>

#include <cstddef>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

[[nodiscard]] bool available() noexcept;

/// Device memory, usable on the calling thread's stream at once.
[[nodiscard]] void* allocate(std::size_t bytes);
/// Gives it back; work that this thread's stream was given before may still use it.
void release(void* data, std::size_t bytes) noexcept;

[[nodiscard]] memory_statistics memory();
void reset_memory_statistics();
void memory_limit(std::size_t bytes);
void trim_memory();

/// Temporary device memory of a launch.
class workspace {
 public:
  explicit workspace(std::size_t bytes);
  ~workspace();
  workspace(workspace const&) = delete;
  workspace& operator=(workspace const&) = delete;
  [[nodiscard]] std::byte* data() const { return data_; }

 private:
  std::byte* data_;
  std::size_t bytes_;
};

/// Through pinned memory; `from` has been read on return.
void copy_to_device(void* to, void const* from, std::size_t bytes);
/// Through pinned memory; the values are there on return.
void copy_to_host(void* to, void const* from, std::size_t bytes);

/// Identifies the calling thread's stream in a buffer's record.
[[nodiscard]] void* stream_id();
/// Sends this thread's work to a user's stream, or to its own again (null); what was used before.
void* use_stream(void* stream);
/// The calling thread's stream waits for what `other` was given so far.
void wait_for_stream(void* other);
void synchronize();

/// The strided copy of elements of `type`.
[[nodiscard]] device_launch copy_launch(dtype type);

/// As host::gemm; f32 products in TF32 where asked.
void gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n, std::int64_t k,
          matrix_operand const& a, matrix_operand const& b, void* c, std::int64_t c_stride,
          bool tf32);
/// As host::symmetric_gemm.
void symmetric_gemm(dtype type, std::int64_t n, std::int64_t k, matrix_operand const& a, void* c,
                    std::int64_t c_stride);
/// gemm with what becomes of the product. False, and nothing is done, where cuBLASLt has no such
/// kernel.
[[nodiscard]] bool gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n,
                        std::int64_t k, matrix_operand const& a, matrix_operand const& b, void* c,
                        std::int64_t c_stride, bool tf32, gemm_epilogue const& epilogue);

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
