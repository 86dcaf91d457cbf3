// The CUDA engine's entry points, with the names of the host engine's. All of them enqueue on the
// calling thread's stream and return.
#pragma once

#include <dsl/kernel.hpp>
#include <dsl/memory.hpp>

#include <cstddef>
#include <memory>
#include <span>

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

/// Work that is enqueued again and again: a CUDA graph of the kernels that `enqueue` launches, with the
/// memory that it allocates and releases for them.
class recording {
 public:
  /// Calls enqueue(context), whose kernels are kept and do not run. It may use what this thread's
  /// stream may use already, and belongs to the thread. Throws device_error for what cannot be
  /// recorded, a copy from or to the host for one.
  recording(void (*enqueue)(void*), void* context);
  ~recording();
  recording(recording const&) = delete;
  recording& operator=(recording const&) = delete;
  /// On the thread's own stream.
  void launch() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Through pinned memory; `from` has been read on return.
void copy_to_device(void* to, void const* from, std::size_t bytes);
/// Through pinned memory; the values are there on return.
void copy_to_host(void* to, void const* from, std::size_t bytes);

/// Identifies the calling thread's stream in a buffer's record.
[[nodiscard]] void* stream_id();
/// This thread's work goes to its own stream, not to a user's.
[[nodiscard]] bool uses_own_stream();
/// Sends this thread's work to a user's stream, or to its own again (null); what was used before.
void* use_stream(void* stream);
/// The calling thread's stream waits for what `other` was given so far.
void wait_for_stream(void* other);
void synchronize();

/// Names what this thread does in the object's life to a profiler, in NVTX's domain "sloth": "gemm
/// main.cpp:27", or "gemm" where the place is unknown. Costs nanoseconds where none is attached.
class range {
 public:
  range(const char* kind, location where);
  ~range();
  range(range const&) = delete;
  range& operator=(range const&) = delete;
};

/// The strided copy of elements of `type`.
[[nodiscard]] device_launch copy_launch(dtype type);

/// As host::scan.
void scan(reduction op, dtype type, std::int64_t outer, std::int64_t n, std::int64_t inner,
          void const* in, void* out);

/// As those of the host engine; those that look at indices wait for the answer.
[[nodiscard]] std::int64_t first_outside(std::int64_t const* indices, std::int64_t count,
                                         std::int64_t extent);
[[nodiscard]] std::int64_t take(gather const& g, bool inside);
[[nodiscard]] std::int64_t put(scatter const& s);
/// As host::add_at; f32, f64 and complex numbers may be added in any order, but in a deterministic_scope in
/// one that is the same every run.
[[nodiscard]] std::int64_t add_at(scatter const& s);
void count_flags(std::int64_t n, bool const* flags, std::int64_t* ends);
void compress(std::int64_t element, std::int64_t n, void const* in, bool const* flags,
              std::int64_t const* ends, void* out);
void searchsorted(dtype type, std::int64_t n, void const* sorted, std::int64_t count,
                  void const* values, bool right, std::int64_t* out);
void isin(dtype type, std::int64_t n, void const* among, std::int64_t count, void const* values,
          bool* out);
void bincount(dtype type, std::int64_t n, void const* values, std::int64_t bins, std::int64_t* out);
void histogram(dtype type, std::int64_t n, void const* values, std::int64_t bins, void const* edges,
               bool equal, std::int64_t* out);

/// As those of the host engine; those that tell what failed wait for the answer.
[[nodiscard]] failed_factor solve(matrix_stack const& a, bool transposed, std::int64_t columns,
                                  void const* b, void* x);
[[nodiscard]] failed_factor inv(matrix_stack const& a, void* out);
void det(matrix_stack const& a, void* out);
void slogdet(matrix_stack const& a, void* out);
[[nodiscard]] failed_factor cholesky(matrix_stack const& a, void* out);
[[nodiscard]] failed_factor eigh(matrix_stack const& a, void* out);
[[nodiscard]] failed_factor eigvalsh(matrix_stack const& a, void* out);

/// As host::gemm; f32 products in TF32 where asked.
void gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n, std::int64_t k,
          matrix_operand const& a, matrix_operand const& b, void* c, std::int64_t c_stride,
          bool tf32);
/// Products of one shape and layout, of floating matrices whose rows or columns are contiguous, in one
/// call of the library.
void gemm(dtype type, std::int64_t m, std::int64_t n, std::int64_t k,
          std::span<product_operands const> all, bool tf32);
/// As host::symmetric_gemm.
void symmetric_gemm(dtype type, std::int64_t n, std::int64_t k, matrix_operand const& a, void* c,
                    std::int64_t c_stride);
/// gemm with what becomes of the product. False, and nothing is done, where cuBLASLt has no such
/// kernel.
[[nodiscard]] bool gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n,
                        std::int64_t k, matrix_operand const& a, matrix_operand const& b, void* c,
                        std::int64_t c_stride, bool tf32, gemm_epilogue const& epilogue);

/// As host::select; many ranks are read off the sorted rows.
void select(dtype type, std::int64_t rows, std::int64_t n, std::span<std::int64_t const> ranks,
            void const* in, void* out);
/// As host::sort, host::argsort and host::topk, of rows of less than 2^32 elements; `sort` may put -0 before +0,
/// and of many rows waits for what its stream was given before, unless that is refused (no_sync) or recorded.
void sort(dtype type, std::int64_t rows, std::int64_t n, void const* in, void* out);
void argsort(dtype type, std::int64_t rows, std::int64_t n, void const* in, std::int64_t* out);
/// As host::permutation, of less than 2^32. Few neighbours in order of the words' upper halves may have equal ones.
void permutation(std::int64_t n, std::uint64_t const* words, std::int64_t count, std::int64_t* out);
void topk(dtype type, std::int64_t rows, std::int64_t n, std::int64_t k, void const* in,
          std::int64_t* out);

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
