#include "cublas.hpp"

#include "launch.hpp"

#include <cublas_v2.h>

namespace plain_cublas {

namespace {

void check(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw std::runtime_error(std::string("cuBLAS: ") + cublasGetStatusString(status));
}

cublasHandle_t handle(cudaStream_t s) {
  constexpr std::size_t workspace_bytes = 32 << 20;
  static cublasHandle_t made = nullptr;
  static cudaStream_t bound = nullptr;
  if (made == nullptr) check(cublasCreate(&made));
  if (bound != s) {  // setting the stream drops the workspace
    static void* const workspace = [] {
      void* p = nullptr;
      by_hand::check(cudaMalloc(&p, workspace_bytes));
      return p;
    }();
    check(cublasSetStream(made, s));
    check(cublasSetWorkspace(made, workspace, workspace_bytes));
    bound = s;
  }
  return made;
}

struct types {
  cudaDataType_t data;
  cublasComputeType_t compute;
  bool wide;  // alpha and beta are double
};
types types_of(arithmetic how) {
  switch (how) {
    case arithmetic::f16: return {CUDA_R_16F, CUBLAS_COMPUTE_32F, false};
    case arithmetic::bf16: return {CUDA_R_16BF, CUBLAS_COMPUTE_32F, false};
    case arithmetic::f32: return {CUDA_R_32F, CUBLAS_COMPUTE_32F, false};
    case arithmetic::tf32: return {CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, false};
    case arithmetic::f64: return {CUDA_R_64F, CUBLAS_COMPUTE_64F, true};
    default: return {CUDA_C_32F, CUBLAS_COMPUTE_32F, false};
  }
}

// Complex scalars of float have their zero imaginary part behind them.
float const one_f[2] = {1, 0}, zero_f[2] = {0, 0};
double const one_d = 1, zero_d = 0;
void const* one(types t) { return t.wide ? static_cast<void const*>(&one_d) : one_f; }
void const* zero(types t) { return t.wide ? static_cast<void const*>(&zero_d) : zero_f; }

}  // namespace

// cuBLAS is column-major: C^T (n x m) = B^T A^T.
void product(cudaStream_t s, arithmetic how, int64_t m, int64_t n, int64_t k, void const* a,
             void const* b, void* c, bool transposed) {
  types const t = types_of(how);
  int const rows = static_cast<int>(n), columns = static_cast<int>(m), inner = static_cast<int>(k);
  check(cublasGemmEx(handle(s), transposed ? CUBLAS_OP_T : CUBLAS_OP_N, CUBLAS_OP_N, rows, columns,
                     inner, one(t), b, t.data, transposed ? inner : rows, a, t.data, inner, zero(t),
                     c, t.data, rows, t.compute, CUBLAS_GEMM_DEFAULT));
}

void batched(cudaStream_t s, arithmetic how, int64_t count, int64_t m, int64_t n, int64_t k,
             void const* a, void const* b, void* c) {
  types const t = types_of(how);
  int const rows = static_cast<int>(n), columns = static_cast<int>(m), inner = static_cast<int>(k);
  check(cublasGemmStridedBatchedEx(handle(s), CUBLAS_OP_N, CUBLAS_OP_N, rows, columns, inner,
                                   one(t), b, t.data, rows, k * n, a, t.data, inner, m * k, zero(t),
                                   c, t.data, rows, m * n, static_cast<int>(count), t.compute,
                                   CUBLAS_GEMM_DEFAULT));
}

void matrix_vector(cudaStream_t s, float const* a, float const* x, float* y, int64_t m, int64_t n) {
  check(cublasSgemv(handle(s), CUBLAS_OP_T, static_cast<int>(n), static_cast<int>(m), one_f, a,
                    static_cast<int>(n), x, 1, zero_f, y, 1));
}

}  // namespace plain_cublas
