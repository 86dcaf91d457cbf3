// Products by bare cuBLAS calls: row-major, C (m x n) = A (m x k) B (k x n), into memory that is
// there, with the 32 MiB of workspace that NVIDIA recommends for Hopper.
#pragma once

#include <cstdint>
#include <cuda_runtime_api.h>

namespace plain_cublas {

using std::int64_t;

enum class arithmetic { f16, bf16, f32, tf32, f64, complex64 };

/// b is n x k and read transposed where `transposed` says so.
void product(cudaStream_t s, arithmetic how, int64_t m, int64_t n, int64_t k, void const* a,
             void const* b, void* c, bool transposed = false);
/// `count` products of contiguous matrices.
void batched(cudaStream_t s, arithmetic how, int64_t count, int64_t m, int64_t n, int64_t k,
             void const* a, void const* b, void* c);
/// y = A x, A: m x n
void matrix_vector(cudaStream_t s, float const* a, float const* x, float* y, int64_t m, int64_t n);

}  // namespace plain_cublas
