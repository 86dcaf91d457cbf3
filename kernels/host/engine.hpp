// The host engine's entry points: drivers that are compiled once, into the library.
#pragma once

#include <dsl/kernel.hpp>
#include <dsl/memory.hpp>

#include <span>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// Runs `f(context, i)` for i in [0, count) on SLOTH_THREADS threads (all cores by default); on the
/// calling thread when `work`, in elements, is below the size where a parallel region pays. An
/// exception of any `f` is rethrown on the calling thread.
void parallel_for(std::int64_t count, std::int64_t work, void (*f)(void*, std::int64_t),
                  void* context);

/// Threads a parallel region uses: SLOTH_THREADS, else all cores.
[[nodiscard]] int threads() noexcept;

/// out = the form's root over `shape`, elementwise (no row reductions in the form).
void elementwise(fused_call const& call, extents const& shape, destination const& out);

/// out = the form's root over `shape`, whose row reductions run over the last axis, row by row.
/// `shape` is that of the root; it has a last axis.
void row(fused_call const& call, extents const& shape, destination const& out);

/// out = `op` of the form's root (no row reductions) over the axes in `reduced` (one flag an axis of
/// `shape`). `out.stride` has an entry for each axis of `shape`, 0 for reduced ones. `own`: of a user's
/// functor, else null. `ddof` is for var and std. Empty axes give the identity; min, max, argmin, argmax
/// and functors' of them do not come here.
struct accumulator;
void reduce(fused_call const& call, extents const& shape, bool const* reduced, reduction op,
            accumulator const* own, double ddof, destination const& out);

/// out = running sums, products, minima or maxima along the second axis of (outer, n, inner) elements without
/// gaps: 64-bit integers, f32, f64, complex (sums and products). Integers wrap, NaN stays.
void scan(reduction op, dtype type, std::int64_t outer, std::int64_t n, std::int64_t inner,
          void const* in, void* out);

/// out = each of `rows` rows of n elements (row-major, no gaps) in ascending order, NaN last (complex:
/// by real, then imaginary part, those with a NaN last, as NumPy). Stable. in and out are apart.
void sort(dtype type, std::int64_t rows, std::int64_t n, void const* in, void* out);
/// out = for each row the indices that sort it, stable.
void argsort(dtype type, std::int64_t rows, std::int64_t n, void const* in, std::int64_t* out);
/// out = the first `count` of the indices that sort n random words.
void permutation(std::int64_t n, std::uint64_t const* words, std::int64_t count, std::int64_t* out);
/// out = for each row the elements at these places of the order of sort, which may put -0 before +0; a NaN is
/// the quiet one. No complex numbers.
void select(dtype type, std::int64_t rows, std::int64_t n, std::span<std::int64_t const> ranks,
            void const* in, void* out);
/// out = each row with the element at this place that sort puts there, none greater before it and none less
/// behind it.
void partition(dtype type, std::int64_t rows, std::int64_t n, std::int64_t place, void const* in,
               void* out);
/// out = for each row the indices that do this.
void argpartition(dtype type, std::int64_t rows, std::int64_t n, std::int64_t place, void const* in,
                  std::int64_t* out);
/// out = for each row the indices of its k <= n greatest elements, in the order of argsort from its end
/// on: NaN is greatest, of equals the later one.
void topk(dtype type, std::int64_t rows, std::int64_t n, std::int64_t k, void const* in,
          std::int64_t* out);

/// Position of the first index outside of [-extent, extent), -1 where there is none.
[[nodiscard]] std::int64_t first_outside(std::int64_t const* indices, std::int64_t count,
                                         std::int64_t extent);
/// As first_outside, whose element is left out; `inside`: known to be in range, and -1.
[[nodiscard]] std::int64_t take(gather const& g, bool inside);
/// Writes the values, unless an index is out of range (as first_outside). Of several for one element the
/// last one stays.
[[nodiscard]] std::int64_t put(scatter const& s);
/// As put; adds the values to the elements, in their order; integers wrap, f16 and bf16 are summed in f32, of bool
/// it is "or".
[[nodiscard]] std::int64_t add_at(scatter const& s);
/// ends[b] = how many of n flags are set up to the end of block b (flag_block).
void count_flags(std::int64_t n, bool const* flags, std::int64_t* ends);
/// out = those of n elements of so many bytes whose flag is set, of whom count_flags gave `ends`, in their
/// order; their places, of 8 bytes, where `in` is null.
void compress(std::int64_t element, std::int64_t n, void const* in, bool const* flags,
              std::int64_t const* ends, void* out);
/// For each of `count` values the place in n ascending elements, NaN last, where it is to go: before its
/// equals, or behind them (`right`). 64-bit integers, f32, f64.
void searchsorted(dtype type, std::int64_t n, void const* sorted, std::int64_t count,
                  void const* values, bool right, std::int64_t* out);
/// Which of `count` values are among n elements.
void isin(dtype type, std::int64_t n, void const* among, std::int64_t count, void const* values,
          bool* out);
/// out[v] = how many of n values are v, for those in [0, bins); out[bins] = the greatest value, as unsigned
/// numbers are compared, so that a negative one is greater than all others. Integers.
void bincount(dtype type, std::int64_t n, void const* values, std::int64_t bins, std::int64_t* out);
/// out[i] = how many of n values are in bin i of those between bins + 1 ascending edges, the last bin with
/// both of its own; `equal`: edges as linspace gives them. 64-bit integers, f32, f64.
void histogram(dtype type, std::int64_t n, void const* values, std::int64_t bins, void const* edges,
               bool equal, std::int64_t* out);

/// x = the rows A^-1 b of `columns` rows b for each matrix A (A^-T for `transposed` ones), without gaps.
[[nodiscard]] failed_factor solve(matrix_stack const& a, bool transposed, std::int64_t columns,
                                  void const* b, void* x);
/// out = the inverse of each matrix.
[[nodiscard]] failed_factor inv(matrix_stack const& a, void* out);
/// out = the determinant of each matrix, 0 of singular ones.
void det(matrix_stack const& a, void* out);
/// out = pairs: its sign, or x / |x|, and log |x|; 0 and -infinity of singular ones.
void slogdet(matrix_stack const& a, void* out);
/// out = L with zeros above its diagonal, A = L L^H, of each matrix, whose lower triangle is read.
[[nodiscard]] failed_factor cholesky(matrix_stack const& a, void* out);
/// out = for each matrix, of which the lower triangle is read, n eigenvalues in ascending order, then the
/// conjugates of their vectors.
[[nodiscard]] failed_factor eigh(matrix_stack const& a, void* out);
/// out = its real eigenvalues alone.
[[nodiscard]] failed_factor eigvalsh(matrix_stack const& a, void* out);

/// C (m x n) = A (m x k) B (k x n) for every index of `batch`, C row-major with leading dimension
/// `c_stride` and batches packed one after the other. Integers wrap; f16 and bf16 accumulate in f32.
void gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n, std::int64_t k,
          matrix_operand const& a, matrix_operand const& b, void* c, std::int64_t c_stride);

/// C (n x n) = A (n x k) A^T of floating or complex elements.
void symmetric_gemm(dtype type, std::int64_t n, std::int64_t k, matrix_operand const& a, void* c,
                    std::int64_t c_stride);

/// 64-byte aligned memory from the pool; throws out_of_memory. `release` never throws.
[[nodiscard]] void* allocate(std::size_t bytes);
void release(void* data, std::size_t bytes) noexcept;

[[nodiscard]] memory_statistics memory();
void reset_memory_statistics();
void memory_limit(std::size_t bytes);
void trim_memory();

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
