// P M = L U of a small matrix in the registers of a few neighbouring lanes, a row a lane.
#pragma once

#include <dsl/complex.hpp>
#include <kernels/cuda/lane.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// A matrix of n rows, n <= W, in W lanes of a warp; all lanes of the warp go through each function.
template <class T, int W>
class small_lu {
 public:
  using real = real_t<T>;

  /// Of a column-major matrix.
  __device__ small_lu(T const* matrix, int n) : n_(n), lane_(static_cast<int>(threadIdx.x) % W) {
    bool unknown = false;
#pragma unroll
    for (int j = 0; j < W; ++j) {
      row_[j] = lane_ < n && j < n ? matrix[j * n + lane_] : T(0);
      unknown = unknown || row_[j] != row_[j];
    }
    unsigned const lanes = __ballot_sync(~0u, unknown);
    has_nan_ = (lanes >> (threadIdx.x % 32 - lane_) & ~0u >> (32 - W)) != 0;
  }

  /// Partial pivoting; pivot(k, i) is told that rows k and i change places in step k.
  template <class F>
  __device__ void factor(F const& pivot) {
    bool waits = lane_ < n_;  // its row has not been a pivot's
#pragma unroll
    for (int k = 0; k < W; ++k) {
      if (k >= n_) break;
      int const chosen = lane_of_largest(waits, row_[k]);
      T const divisor = from(row_[k], chosen);
      int const place = __shfl_sync(~0u, place_, chosen, W);
      pivot(k, place);
      if (place_ == k) place_ = place;
      if (lane_ == chosen) place_ = k, waits = false;
      if (lane_ == k) source_ = chosen;
      if (divisor == T(0)) {
        if (zero_pivot_ == 0) zero_pivot_ = k + 1;
      } else if (waits) {
        row_[k] = row_[k] / divisor;
      }
#pragma unroll
      for (int j = k + 1; j < W; ++j) {
        T const upper = from(row_[j], chosen);
        if (waits) row_[j] = row_[j] - row_[k] * upper;
      }
    }
  }

  /// Of the factors: of the row that lies in this lane, where it belongs, and its elements.
  [[nodiscard]] __device__ int place() const { return place_; }
  [[nodiscard]] __device__ T const& operator[](int column) const { return row_[column]; }
  [[nodiscard]] __device__ int lane() const { return lane_; }
  /// As LAPACK's info, the first pivot that is 0, from 1; -1 of a matrix with a NaN.
  [[nodiscard]] __device__ int report() const { return has_nan_ ? -1 : zero_pivot_; }

  /// Row `lane` of M^-1 = U^-1 L^-1 P after factor(): column(j, x) is told its elements.
  template <class F>
  __device__ void invert(F const& column) {
    T x[W];
#pragma unroll
    for (int j = 0; j < W; ++j) row_[j] = from(row_[j], source_);  // row i to lane i
#pragma unroll
    for (int j = 0; j < W; ++j) {  // x U = a row of the identity
      if (j >= n_) break;
      x[j] = T(real(j == lane_));
#pragma unroll
      for (int i = 0; i < j; ++i) x[j] = x[j] - x[i] * from(row_[j], i);
      x[j] = x[j] / from(row_[j], j);
    }
#pragma unroll
    for (int j = W - 1; j >= 0; --j) {  // x L = x
      if (j >= n_) continue;
#pragma unroll
      for (int i = j + 1; i < W; ++i)
        if (i < n_) x[j] = x[j] - x[i] * from(row_[j], i);
      column(__shfl_sync(~0u, source_, j, W), x[j]);
    }
  }

 private:
  static __device__ T from(T const& v, int lane) { return from_lane(v, lane, ~0u, W); }
  /// Of those that wait; a NaN is the largest.
  __device__ int lane_of_largest(bool waits, T const& v) const {
    real size;
    if constexpr (is_complex<T>)
      size = std::fabs(v.re) + std::fabs(v.im);
    else
      size = std::fabs(v);
    if (size != size) size = real(INFINITY);
    if (!waits) size = real(-1);
    int at = lane_;
#pragma unroll
    for (int distance = W / 2; distance > 0; distance /= 2) {
      real const other = __shfl_xor_sync(~0u, size, distance, W);
      int const other_at = __shfl_xor_sync(~0u, at, distance, W);
      if (other > size || (other == size && other_at < at)) size = other, at = other_at;
    }
    return at;
  }

  int n_, lane_, place_ = lane_, source_ = lane_, zero_pivot_ = 0;
  bool has_nan_;
  T row_[W];
};

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
