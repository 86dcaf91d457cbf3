// What a fused expression hands to an engine: its compiled chunk functions, its operands and the
// domain they are evaluated over. Nothing here is a template; the engines' drivers compile once.
#pragma once

#include <dsl/dtype.hpp>
#include <dsl/extents.hpp>
#include <dsl/reduction.hpp>

#include <cstddef>
#include <cstring>
#include <string>

namespace sloth::inline SLOTH_ABI {

/// A scalar of any element type, or 16 bytes of a functor's state. Whole words: kernels would load
/// bytes one by one.
struct alignas(16) scalar_bits {
  std::uint64_t words[2] = {};

  template <class T>
  SLOTH_HD static scalar_bits of(T const& value) {
    static_assert(sizeof(T) <= 16);
    scalar_bits bits;
    __builtin_memcpy(bits.words, &value, sizeof(T));
    return bits;
  }
  template <class T>
  [[nodiscard]] SLOTH_HD T as() const {
    std::uint64_t const loaded[2] = {words[0], words[1]};
    T value;
    __builtin_memcpy(&value, loaded, sizeof(T));
    return value;
  }
  friend bool operator==(scalar_bits const& a, scalar_bits const& b) noexcept {
    return a.words[0] == b.words[0] && a.words[1] == b.words[1];
  }
};

/// Values that are a function of an element's row-major index, drawn where they are used.
/// params: uniform {seed u64 | offset u64}; normal {seed u64 | offset u64}, {mean f64 | stddev f64};
/// arange {start f64 | step f64} or, for integer types, {start i64 | step i64};
/// linspace {start f64 | step f64}, {stop f64 | index of the last element i64};
/// eye {columns i64 | diagonal i64}; full: {value};
/// numpy {place of element 0 u64 | that of element i less i, for the others u64}, {key 2 x u64};
/// {seed u64 | offset u64} and of dsl/distributions.hpp integers {low u64 | greatest less low u64}, gamma
/// {shape f64}, beta {a f64 | b f64}, poisson {lam f64}, binomial {n f64 | p f64}, geometric {p f64},
/// negative_binomial {n f64 | p f64}.
enum class generator_kind : std::uint8_t {
  none,
  uniform,
  normal,
  arange,
  linspace,
  eye,
  full,
  numpy,
  integers,
  gamma,
  beta,
  poisson,
  binomial,
  geometric,
  negative_binomial
};
/// Random numbers of dsl/distributions.hpp.
SLOTH_HD constexpr bool is_distribution(generator_kind kind) {
  return kind >= generator_kind::integers;
}
/// Random numbers, whose first parameter says which.
constexpr bool is_drawn(generator_kind kind) {
  return kind == generator_kind::uniform || kind == generator_kind::normal ||
         kind >= generator_kind::numpy;
}

/// One operand of a fused expression, aligned to the axes of the domain: axes it does not have, and
/// those of extent 1, have stride 0.
struct operand {
  void const* data = nullptr;  // element (0, ..., 0); unused by a generator
  dtype type = dtype::f64;
  generator_kind generator = generator_kind::none;
  scalar_bits params[2];
  std::int64_t offset = 0;  // of a generator: the row-major index at (0, ..., 0)
  strides stride;           // in elements of memory, or for a generator of its row-major index
};

/// `n` consecutive elements of the domain, every operand contiguous.
struct chunk {
  std::int64_t n;
  void* out;                  // contiguous, n elements
  void const* const* leaf;    // by leaf slot: n contiguous elements
  scalar_bits const* scalar;  // by scalar slot
  scalar_bits const* row;     // by row-reduction slot: the results for this row
  void const* const* part;    // by part of this stage: n contiguous elements
  std::byte* scratch;         // stage::scratch * chunk_elements bytes, 64-byte aligned
};
using chunk_function = void (*)(chunk const&);

/// Elements a chunk has at most: operands and temporaries of a few chunks stay in the L1 cache.
inline constexpr std::int64_t chunk_elements = 2048;

/// A sub-expression of a stage whose form equals the argument of an earlier row reduction. Where
/// their operands are equal too, the engine reads the values it has kept; else it runs `run`.
struct stage_part {
  chunk_function run;
  dtype type;
  int row;      // the row reduction whose argument has this form
  int scratch;  // bytes per element
  int first_leaf, leaf_count, first_scalar, scalar_count, first_row, row_count;  // slots it reads
};

/// One pass over the domain, or over one row of it.
struct stage {
  chunk_function run;  // nullptr: the value is leaf slot `first_leaf` as it is
  dtype type;          // of the values that `run` writes
  int scratch;         // bytes per element; 0: `run` takes chunks of any length
  int first_leaf, leaf_count, first_scalar, scalar_count, first_row, row_count;  // slots it reads
  stage_part const* parts;
  int part_count;
  void const* form;  // equal for equal forms, whatever their slots
};

/// A row reduction: `argument` over one row, reduced to the scalar in its row slot.
struct row_stage {
  reduction op;
  dtype result;
  int ddof;  // scalar slot of its degrees of freedom, an f64
  stage argument;
};

/// A tree as data, for the planner: in post-order, its leaves and scalars in the order of their slots.
enum class item_kind : std::uint8_t { leaf, scalar, apply, row };
struct tree_item {
  item_kind kind;
  dtype type;        // of its value
  int arguments;     // of an operation: the values before it
  const char* name;  // of an operation
};

struct fused_call;
struct destination;
/// Enqueues a form's kernels over `shape` on the GPU; row forms run their row kernel.
using device_launch = void (*)(fused_call const&, extents const& shape, destination const&);
/// Enqueues a reduction of a form on the GPU. `mean`, where var and std are given one, receives the
/// means, each where its variance is.
using device_reduce = void (*)(fused_call const&, extents const& shape, bool const* reduced,
                               double ddof, destination const&, void* mean);

/// Enqueues several elementwise forms over one shape on the GPU: in one kernel where all lie flat.
using device_outputs = void (*)(fused_call const* calls, extents const& shape,
                                destination const* out);

/// The form of an expression: one static object for each type of tree. Leaf, scalar and row slots
/// are numbered left to right, row reductions in post-order.
struct fused_form {
  stage root;
  row_stage const* rows;
  int row_count;
  int leaves, scalars;
  int operations;  // elementwise operations per element of the root
  std::string (*print)(std::string const* leaf, scalar_bits const* scalar);
  tree_item const* items;  // none: a leaf as it is
  int item_count;
  device_launch device;  // null in a build without CUDA
};

/// A form bound to operands: equal leaves share an operand.
struct fused_call {
  fused_form const* form;
  operand const* operands;
  int operand_count;
  std::uint16_t const* slot;       // leaf slot -> operand
  scalar_bits const* scalars;      // by scalar slot
  std::uint16_t const* row_alias;  // row slot -> the first row slot with an equal reduction
  std::int64_t const* row_length;  // row slot -> extent of the reduced last axis
  bool const* part_shared;         // parts of all stages in order (rows first, root last):
                                   // its operands equal those of its row's argument
};

/// The slots that a stage or part reads.
struct slot_range {
  int first_leaf, leaf_count, first_scalar, scalar_count, first_row, row_count;
};
template <class Stage>
[[nodiscard]] slot_range range_of(Stage const& s) {
  return {s.first_leaf, s.leaf_count, s.first_scalar, s.scalar_count, s.first_row, s.row_count};
}
/// Two ranges of equal forms have equal operands in a call.
template <class Call>
[[nodiscard]] bool equal_slots(Call const& call, slot_range a, slot_range b) {
  for (int i = 0; i < a.leaf_count; ++i)
    if (call.slot[a.first_leaf + i] != call.slot[b.first_leaf + i]) return false;
  for (int i = 0; i < a.scalar_count; ++i)
    if (call.scalars[a.first_scalar + i] != call.scalars[b.first_scalar + i]) return false;
  for (int i = 0; i < a.row_count; ++i)
    if (call.row_alias[a.first_row + i] != call.row_alias[b.first_row + i]) return false;
  return true;
}

/// Where a step writes.
struct destination {
  void* data;
  dtype type;
  strides stride;  // in elements, one an axis of the domain
};

/// One operand of a batched matrix product.
struct matrix_operand {
  void const* data;
  std::int64_t row_stride, column_stride;  // in elements, any sign
  strides batch_stride;                    // one a batch axis, 0 where broadcast
};

/// Elements of `extent` rows of `inner` ones, in each of `outer` blocks, at `count` places:
/// out[o, j, i] = in[o, index(o, j, i), i]; indices below 0 count from the end, the steps are theirs.
struct gather {
  std::int64_t element;  // bytes
  std::int64_t outer, extent, inner, count;
  std::int64_t index_outer, index_step, index_inner;
  void const* in;
  std::int64_t const* indices;
  void* out;

  [[nodiscard]] std::int64_t index_count() const {
    return index_inner == 0 ? count : outer * count * inner;
  }
};

/// Flags that are counted together: compress reads how many are set up to the end of each block.
inline constexpr std::int64_t flag_block = 4096;

/// The same the other way round: values for the elements out[o, index(o, j, i), i] of `at.out`, in
/// order the `period` elements of `at.in`, again and again.
struct scatter {
  dtype type;
  std::int64_t period;  // 0 where there are no values
  gather at;
};

/// `count` square matrices without gaps, one behind the other.
struct matrix_stack {
  dtype type;  // f32, f64, complex
  std::int64_t count, n;
  void const* data;
};
/// The first matrix that a factorisation failed on, -1 where there is none: its pivot that is 0, its leading
/// minor that is not positive, from 1; 1 for eigenvalues.
struct failed_factor {
  std::int64_t matrix = -1, order = 0;
};

/// One of several products of a shape: c = a b, c row-major.
struct product_operands {
  matrix_operand a, b;
  void* c;
};

enum class activation : std::uint8_t { none, relu, gelu_tanh };

/// What libraries of products do to p = a & b before it goes to memory: after(alpha * p + beta * c + bias).
struct gemm_epilogue {
  double alpha = 1, beta = 0;
  matrix_operand c{}, bias{};  // of the product's shape, one value a column; without data: none
  activation after = activation::none;
};

}  // namespace sloth::inline SLOTH_ABI
