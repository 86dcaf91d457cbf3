// Row kernels by hand, float arithmetic: softmax and layer norm of rows x columns.
#pragma once

#include <cstdint>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

namespace by_hand {

using std::int64_t;

/// z = exp(m - max) / sum, of any columns: three passes over a row, as plainly as it is written.
void softmax_plain(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns);
void softmax_plain(cudaStream_t s, __half const* m, __half* z, int64_t rows, int64_t columns);
/// z = (m - mean) / sqrt(var + 1e-5)
void layer_norm_plain(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns);

/// The same with a row in registers, for 128, 4096 and 16384 columns.
[[nodiscard]] bool in_registers(int64_t columns);
void softmax(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns);
void layer_norm(cudaStream_t s, float const* m, float* z, int64_t rows, int64_t columns);

}  // namespace by_hand
