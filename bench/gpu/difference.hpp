// How far two results on the device are apart.
#pragma once

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

namespace bench {

/// The largest |a - b| / (|b| + floor) and where it is; infinite where either is not finite.
struct difference {
  double largest;
  std::int64_t at;
  double a, b;  // the values there
};

/// Of n elements; waits for them.
difference largest_difference(cudaStream_t s, float const* a, float const* b, std::int64_t n,
                              double floor);
difference largest_difference(cudaStream_t s, double const* a, double const* b, std::int64_t n,
                              double floor);
difference largest_difference(cudaStream_t s, __half const* a, __half const* b, std::int64_t n,
                              double floor);
difference largest_difference(cudaStream_t s, __nv_bfloat16 const* a, __nv_bfloat16 const* b,
                              std::int64_t n, double floor);
difference largest_difference(cudaStream_t s, std::int32_t const* a, std::int32_t const* b,
                              std::int64_t n, double floor);
difference largest_difference(cudaStream_t s, std::int64_t const* a, std::int64_t const* b,
                              std::int64_t n, double floor);

}  // namespace bench
