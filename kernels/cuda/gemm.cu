// Matrix products through cuBLAS: row-major by swapping the operands, C^T = B^T A^T.
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/launch.hpp>
#include <kernels/cuda/library.hpp>

#include <cublasLt.h>

#include <map>
#include <memory>
#include <optional>
#include <tuple>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

/// An operand that cuBLAS takes: unit stride along one axis.
struct operand_view {
  std::byte const* data;
  std::int64_t leading;
  bool transposed;  // of its row-major reading
  strides batch;
};

bool fits(std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
  (void)rows;
  return column == 1 && (row >= std::max<std::int64_t>(columns, 1));
}

/// `m` itself, or a packed copy in `packed`. Without `batch` it is one matrix.
operand_view view_of(matrix_operand const& m, dtype type, std::int64_t rows, std::int64_t columns,
                     extents const& batch, std::unique_ptr<workspace>& packed) {
  auto const* data = static_cast<std::byte const*>(m.data);
  // A single row or column may have any stride across.
  std::int64_t const row = rows == 1 && m.column_stride == 1 ? columns : m.row_stride;
  std::int64_t const column = columns == 1 && m.row_stride == 1 ? rows : m.column_stride;
  if (fits(rows, columns, row, m.column_stride)) return {data, row, false, m.batch_stride};
  if (fits(columns, rows, column, m.row_stride)) return {data, column, true, m.batch_stride};
  // Batches that broadcast are packed once.
  extents shape = batch;
  for (int a = 0; a < batch.rank(); ++a)
    if (m.batch_stride[a] == 0) shape[a] = 1;
  shape.push_back(rows);
  shape.push_back(columns);
  packed = std::make_unique<workspace>(static_cast<std::size_t>(shape.size() * size_of(type)));
  operand from;
  from.data = m.data;
  from.type = type;
  if (batch.rank() > 0) from.stride = m.batch_stride;  // else of axes with one matrix
  from.stride.push_back(m.row_stride);
  from.stride.push_back(m.column_stride);
  std::uint16_t const slot = 0;
  fused_call call{};
  call.operands = &from;
  call.operand_count = 1;
  call.slot = &slot;
  copy_launch(type)(call, shape, {packed->data(), type, row_major(shape)});
  strides stride = row_major(shape);
  for (int a = 0; a < batch.rank(); ++a)
    if (shape[a] == 1) stride[a] = 0;
  return {packed->data(), columns, false, strides(stride.begin(), stride.end() - 2)};
}

struct arithmetic {
  cudaDataType_t type;
  cublasComputeType_t compute;
  cudaDataType_t scale;

  /// 1 and 0 of the scale's type.
  [[nodiscard]] void const* one() const {
    static constexpr float of_f32[2] = {1, 0};
    static constexpr double of_f64[2] = {1, 0};
    return is_f64() ? static_cast<void const*>(of_f64) : of_f32;
  }
  [[nodiscard]] void const* zero() const {
    static constexpr double of_any[2] = {0, 0};
    return of_any;
  }

 private:
  [[nodiscard]] bool is_f64() const { return scale == CUDA_R_64F || scale == CUDA_C_64F; }
};
cublasOperation_t flag(bool transposed) { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; }

// Where the matrices of a batch lie: cuBLAS reads their addresses on the device.
struct batch_addresses {
  static constexpr int most = 128;  // products: 3 KiB of the 4 that a kernel's arguments may take
  void* at[3 * most];
};
__global__ void store_addresses(batch_addresses from, int count, void** to) {
  int const i = static_cast<int>(threadIdx.x);
  if (i < count) to[i] = from.at[i];
}
arithmetic arithmetic_of(dtype type, bool tf32) {
  switch (type) {
    case dtype::f16: return {CUDA_R_16F, CUBLAS_COMPUTE_32F, CUDA_R_32F};
    case dtype::bf16: return {CUDA_R_16BF, CUBLAS_COMPUTE_32F, CUDA_R_32F};
    case dtype::f32:
      return {CUDA_R_32F, tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F};
    case dtype::f64: return {CUDA_R_64F, CUBLAS_COMPUTE_64F, CUDA_R_64F};
    case dtype::complex64: return {CUDA_C_32F, CUBLAS_COMPUTE_32F, CUDA_C_32F};
    default: return {CUDA_C_64F, CUBLAS_COMPUTE_64F, CUDA_C_64F};
  }
}

// cuBLAS multiplies no integers of these widths: one thread an element, products wrap.
template <class T>
__global__ void integer_gemm(std::int64_t m, std::int64_t n, std::int64_t k, T const* a,
                             std::int64_t a_row, std::int64_t a_column, T const* b,
                             std::int64_t b_row, std::int64_t b_column, T* c,
                             std::int64_t c_stride) {
  constexpr int tile = 16;
  __shared__ T left[tile][tile + 1], right[tile][tile + 1];
  std::int64_t const blocks = (n + tile - 1) / tile;
  std::int64_t const row = blockIdx.x / blocks * tile + threadIdx.x / tile;
  std::int64_t const column = blockIdx.x % blocks * tile + threadIdx.x % tile;
  int const x = threadIdx.x % tile, y = threadIdx.x / tile;
  T sum = 0;
  for (std::int64_t at = 0; at < k; at += tile) {
    left[y][x] = row < m && at + x < k ? a[row * a_row + (at + x) * a_column] : T{};
    right[y][x] = column < n && at + y < k ? b[(at + y) * b_row + column * b_column] : T{};
    __syncthreads();
#pragma unroll
    for (int i = 0; i < tile; ++i)
      sum = scalar::add(sum, scalar::multiply(left[y][i], right[i][x]));
    __syncthreads();
  }
  if (row < m && column < n) c[row * c_stride + column] = sum;
}

// ---- cuBLASLt, for products with an epilogue

void check_lt(cublasStatus_t status) { check(status, "cublasLt"); }

/// A descriptor of cuBLASLt's, made and destroyed by its own functions.
template <class Handle, cublasStatus_t (*Destroy)(Handle)>
class descriptor {
 public:
  template <class Create, class... A>
  explicit descriptor(Create create, A... a) {
    check_lt(create(&handle_, a...));
  }
  ~descriptor() { Destroy(handle_); }
  descriptor(descriptor const&) = delete;
  descriptor& operator=(descriptor const&) = delete;
  [[nodiscard]] Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};
using matmul_descriptor = descriptor<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using layout_descriptor = descriptor<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using preference_descriptor =
    descriptor<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

template <class V>
void set(matmul_descriptor const& d, cublasLtMatmulDescAttributes_t attribute, V const& value) {
  check_lt(cublasLtMatmulDescSetAttribute(d.get(), attribute, &value, sizeof value));
}
template <class V>
void set(preference_descriptor const& p, cublasLtMatmulPreferenceAttributes_t attribute,
         V const& value) {
  check_lt(cublasLtMatmulPreferenceSetAttribute(p.get(), attribute, &value, sizeof value));
}

/// The alignment of an address that cuBLASLt asks about.
std::uint32_t alignment_of(void const* p) {
  auto const address = reinterpret_cast<std::uintptr_t>(p) | 256;
  return static_cast<std::uint32_t>(address & -address);
}

/// Calls f(a offset, b offset, batch index) for every batch, in elements.
template <class F>
void for_each_batch(extents const& batch, strides const& a, strides const& b, F&& f) {
  std::int64_t const count = batch.size();
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i, a_at = 0, b_at = 0;
    for (int axis = batch.rank() - 1; axis >= 0; --axis) {
      std::int64_t const index = rest % batch[axis];
      rest /= batch[axis];
      a_at += index * a[axis];
      b_at += index * b[axis];
    }
    f(a_at, b_at, i);
  }
}

/// c's lower triangle from its upper one, in squares of 32.
template <class T>
__global__ void mirror(std::int64_t n, T* c, std::int64_t stride) {
  if (blockIdx.y > blockIdx.x) return;
  __shared__ T tile[32][33];
  std::int64_t const left = blockIdx.x * std::int64_t{32}, top = blockIdx.y * std::int64_t{32};
  int const x = static_cast<int>(threadIdx.x) % 32, y = static_cast<int>(threadIdx.x) / 32;
#pragma unroll
  for (int k = y; k < 32; k += 8)
    if (top + k <= left + x && left + x < n) tile[k][x] = c[(top + k) * stride + left + x];
  __syncthreads();
#pragma unroll
  for (int k = y; k < 32; k += 8) {
    std::int64_t const row = left + k, column = top + x;
    if (row < n && column < row) c[row * stride + column] = tile[x][k];
  }
}

template <class T>
void launch_mirror(std::int64_t n, void* c, std::int64_t stride) {
  auto const tiles = static_cast<unsigned>((n + 31) / 32);
  mirror<<<dim3(tiles, tiles), 256, 0, current_stream()>>>(n, static_cast<T*>(c), stride);
  check(cudaGetLastError(), "the mirror image of a triangle");
}

}  // namespace

void gemm(dtype type, std::int64_t m, std::int64_t n, std::int64_t k,
          std::span<product_operands const> all, bool tf32) {
  auto const how = arithmetic_of(type, tf32);
  for (; !all.empty();
       all = all.subspan(std::min<std::size_t>(all.size(), batch_addresses::most))) {
    int const count = static_cast<int>(std::min<std::size_t>(all.size(), batch_addresses::most));
    batch_addresses from;
    std::unique_ptr<workspace> never_packed;
    for (int i = 0; i < count; ++i) {
      from.at[i] = const_cast<void*>(all[i].b.data);
      from.at[count + i] = const_cast<void*>(all[i].a.data);
      from.at[2 * count + i] = all[i].c;
    }
    workspace const addresses(sizeof(void*) * 3 * static_cast<std::size_t>(count));
    auto** const at = reinterpret_cast<void**>(addresses.data());
    launch(store_addresses, 1, 3 * batch_addresses::most, from, 3 * count, at);
    auto const left = view_of(all[0].a, type, m, k, {}, never_packed);
    auto const right = view_of(all[0].b, type, k, n, {}, never_packed);
    check(cublasGemmBatchedEx_64(cublas().handle, flag(right.transposed), flag(left.transposed), n,
                                 m, k, how.one(), at, how.type, right.leading, at + count, how.type,
                                 left.leading, how.zero(), at + 2 * count, how.type, n, count,
                                 how.compute, CUBLAS_GEMM_DEFAULT),
          "cublasGemmBatchedEx");
  }
}

void symmetric_gemm(dtype type, std::int64_t n, std::int64_t k, matrix_operand const& a, void* c,
                    std::int64_t c_stride) {
  std::unique_ptr<workspace> packed;
  auto const m = view_of(a, type, n, k, {}, packed);
  // Column-major, these rows are columns; the lower triangle there is the upper one of rows.
  auto const flag = m.transposed ? CUBLAS_OP_N : CUBLAS_OP_T;
  cublasHandle_t const handle = cublas().handle;
  auto const syrk = [&]<class T>(auto call, T one) {
    T const zero{};
    check(call(handle, CUBLAS_FILL_MODE_LOWER, flag, n, k, &one, reinterpret_cast<T const*>(m.data),
               m.leading, &zero, static_cast<T*>(c), c_stride),
          "cublas?syrk");
    launch_mirror<T>(n, c, c_stride);
  };
  switch (type) {
    case dtype::f32: return syrk(cublasSsyrk_64, 1.f);
    case dtype::f64: return syrk(cublasDsyrk_64, 1.);
    case dtype::complex64: return syrk(cublasCsyrk_64, cuComplex{1, 0});
    default: return syrk(cublasZsyrk_64, cuDoubleComplex{1, 0});
  }
}

void gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n, std::int64_t k,
          matrix_operand const& a, matrix_operand const& b, void* c, std::int64_t c_stride,
          bool tf32) {
  if (m == 0 || n == 0 || batch.size() == 0) return;
  std::int64_t const size = size_of(type);
  auto* const out = static_cast<std::byte*>(c);
  if (k == 0) {
    check(cudaMemsetAsync(c, 0, static_cast<std::size_t>(batch.size() * m * c_stride * size),
                          current_stream()),
          "cudaMemsetAsync");
    return;
  }
  if (type < dtype::f16) {
    visit(type, [&]<class T>() {
      if constexpr (is_integer<T>)
        for_each_batch(batch, a.batch_stride, b.batch_stride,
                       [&](std::int64_t a_at, std::int64_t b_at, std::int64_t i) {
                         launch(integer_gemm<T>, (m + 15) / 16 * ((n + 15) / 16), 256, m, n, k,
                                static_cast<T const*>(a.data) + a_at, a.row_stride, a.column_stride,
                                static_cast<T const*>(b.data) + b_at, b.row_stride, b.column_stride,
                                static_cast<T*>(c) + i * m * c_stride, c_stride);
                       });
    });
    return;
  }
  std::unique_ptr<workspace> packed_a, packed_b;
  auto const left = view_of(a, type, m, k, batch, packed_a);
  auto const right = view_of(b, type, k, n, batch, packed_b);
  auto const how = arithmetic_of(type, tf32);
  // The last batch axis goes to cuBLAS whole, those before it one call each.
  int const rank = batch.rank();
  extents const outer(batch.begin(), batch.end() - (rank > 0));
  strides const outer_a(left.batch.begin(), left.batch.end() - (rank > 0));
  strides const outer_b(right.batch.begin(), right.batch.end() - (rank > 0));
  std::int64_t const count = rank > 0 ? batch.back() : 1;
  std::int64_t const step_a = rank > 0 ? left.batch.back() : 0;
  std::int64_t const step_b = rank > 0 ? right.batch.back() : 0;
  for_each_batch(
      outer, outer_a, outer_b, [&](std::int64_t a_at, std::int64_t b_at, std::int64_t i) {
        check(
            cublasGemmStridedBatchedEx_64(
                cublas().handle, flag(right.transposed), flag(left.transposed), n, m, k, how.one(),
                right.data + b_at * size, how.type, right.leading, step_b, left.data + a_at * size,
                how.type, left.leading, step_a, how.zero(), out + i * count * m * c_stride * size,
                how.type, c_stride, m * c_stride, count, how.compute, CUBLAS_GEMM_DEFAULT),
            "cublasGemmStridedBatchedEx");
      });
}

bool gemm(dtype type, extents const& batch, std::int64_t m, std::int64_t n, std::int64_t k,
          matrix_operand const& a, matrix_operand const& b, void* c, std::int64_t c_stride,
          bool tf32, gemm_epilogue const& e) {
  if (batch.size() != 1 || m == 0 || n == 0 || k == 0) return false;
  if (e.bias.data && e.bias.column_stride != 1 && n > 1) return false;
  if (e.c.data && !fits(m, n, e.c.row_stride, e.c.column_stride)) return false;
  std::unique_ptr<workspace> packed_a, packed_b;
  auto const left = view_of(a, type, m, k, {}, packed_a);
  auto const right = view_of(b, type, k, n, {}, packed_b);
  auto const how = arithmetic_of(type, tf32);
  // Without c it is not read; its layout must be there all the same.
  void const* const addend = e.c.data ? e.c.data : c;
  std::int64_t const addend_stride = e.c.data ? e.c.row_stride : c_stride;

  matmul_descriptor const product(cublasLtMatmulDescCreate, how.compute, how.scale);
  auto const flag = [](bool transposed) { return transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
  set(product, CUBLASLT_MATMUL_DESC_TRANSA, flag(right.transposed));
  set(product, CUBLASLT_MATMUL_DESC_TRANSB, flag(left.transposed));
  cublasLtEpilogue_t const epilogue = [&] {
    bool const bias = e.bias.data != nullptr;
    switch (e.after) {
      case activation::none: return bias ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
      case activation::relu: return bias ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
      default: return bias ? CUBLASLT_EPILOGUE_GELU_BIAS : CUBLASLT_EPILOGUE_GELU;
    }
  }();
  set(product, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
  if (e.bias.data) set(product, CUBLASLT_MATMUL_DESC_BIAS_POINTER, e.bias.data);
  auto const layout = [&](bool transposed, std::int64_t rows, std::int64_t columns) {
    return transposed ? std::pair(columns, rows) : std::pair(rows, columns);
  };
  auto const [right_rows, right_columns] = layout(right.transposed, n, k);
  auto const [left_rows, left_columns] = layout(left.transposed, k, m);
  layout_descriptor const x(cublasLtMatrixLayoutCreate, how.type, right_rows, right_columns,
                            right.leading),
      y(cublasLtMatrixLayoutCreate, how.type, left_rows, left_columns, left.leading),
      z(cublasLtMatrixLayoutCreate, how.type, n, m, addend_stride),
      out(cublasLtMatrixLayoutCreate, how.type, n, m, c_stride);

  auto const aligned = std::make_tuple(alignment_of(right.data), alignment_of(left.data),
                                       alignment_of(addend), alignment_of(c));
  auto const key = std::make_tuple(
      std::make_tuple(how.type, how.compute, epilogue, e.beta != 0), std::make_tuple(m, n, k),
      std::make_tuple(right.leading, left.leading, addend_stride, c_stride),
      std::make_tuple(right.transposed, left.transposed), aligned);
  // By what the heuristic is told; nothing where it refuses.
  thread_local std::map<std::remove_const_t<decltype(key)>, std::optional<cublasLtMatmulAlgo_t>>
      chosen;
  auto const lt = reinterpret_cast<cublasLtHandle_t>(cublas().handle);
  auto const [found, is_new] = chosen.try_emplace(key);
  if (is_new) {
    preference_descriptor const wanted(cublasLtMatmulPreferenceCreate);
    set(wanted, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, cublas_workspace_bytes);
    set(wanted, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, std::get<0>(aligned));
    set(wanted, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, std::get<1>(aligned));
    set(wanted, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, std::get<2>(aligned));
    set(wanted, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, std::get<3>(aligned));
    cublasLtMatmulHeuristicResult_t best{};
    int count = 0;
    auto const status = cublasLtMatmulAlgoGetHeuristic(lt, product.get(), x.get(), y.get(), z.get(),
                                                       out.get(), wanted.get(), 1, &best, &count);
    if (status == CUBLAS_STATUS_SUCCESS && count > 0) found->second = best.algo;
  }
  if (!found->second) return false;
  float const alpha_f = static_cast<float>(e.alpha), beta_f = static_cast<float>(e.beta);
  bool const wide = how.scale == CUDA_R_64F;
  void const* const alpha = wide ? static_cast<void const*>(&e.alpha) : &alpha_f;
  void const* const beta = wide ? static_cast<void const*>(&e.beta) : &beta_f;
  check_lt(cublasLtMatmul(lt, product.get(), alpha, right.data, x.get(), left.data, y.get(), beta,
                          addend, z.get(), c, out.get(), &*found->second, cublas().workspace,
                          cublas_workspace_bytes, current_stream()));
  return true;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
