// Products of many factors that neither overflow nor vanish on the way.
#pragma once

#include <dsl/promotion.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {

/// fraction * 2^exponent, the fraction's size in [0.5, 1) unless it is 0, infinite or NaN; T is f32, f64
/// or complex, whose larger part is meant.
template <class T>
class scaled_product {
 public:
  using real = real_t<T>;

  SLOTH_HD scaled_product() : scaled_product(T(1)) {}
  SLOTH_HD explicit scaled_product(T factor) : fraction_(factor) { normalize(); }
  SLOTH_HD scaled_product(T fraction, std::int64_t exponent)
      : fraction_(fraction), exponent_(exponent) {}
  [[nodiscard]] SLOTH_HD T fraction() const { return fraction_; }
  [[nodiscard]] SLOTH_HD std::int64_t exponent() const { return exponent_; }

  SLOTH_HD scaled_product& operator*=(scaled_product const& other) {
    fraction_ = fraction_ * other.fraction_;
    exponent_ += other.exponent_;
    normalize();
    return *this;
  }

  [[nodiscard]] SLOTH_HD T value() const {
    constexpr std::int64_t most = 5000;  // beyond it all is 0 or infinite
    return scaled(fraction_, static_cast<int>(exponent_ < -most  ? -most
                                              : exponent_ > most ? most
                                                                 : exponent_));
  }
  /// x / |x|, 0 of 0.
  [[nodiscard]] SLOTH_HD T sign() const {
    if constexpr (is_complex<T>) {
      real const size = std::hypot(fraction_.re, fraction_.im);
      return size == 0 ? T(0) : T(fraction_.re / size, fraction_.im / size);
    } else {
      return fraction_ > 0 ? T(1) : fraction_ < 0 ? T(-1) : fraction_;
    }
  }
  [[nodiscard]] SLOTH_HD real log_of_size() const {
    constexpr double ln2 = 0.69314718055994530942;
    double size;
    if constexpr (is_complex<T>)
      size = std::hypot(static_cast<double>(fraction_.re), static_cast<double>(fraction_.im));
    else
      size = std::fabs(static_cast<double>(fraction_));
    return static_cast<real>(std::log(size) + static_cast<double>(exponent_) * ln2);
  }

 private:
  static SLOTH_HD T scaled(T x, int by) {
    if constexpr (is_complex<T>)
      return T(std::ldexp(x.re, by), std::ldexp(x.im, by));
    else
      return std::ldexp(x, by);
  }
  SLOTH_HD void normalize() {
    real size;
    if constexpr (is_complex<T>)
      size = std::fmax(std::fabs(fraction_.re), std::fabs(fraction_.im));
    else
      size = std::fabs(fraction_);
    if (!(size > 0) || size - size != 0) return;
    int by;
    std::frexp(size, &by);
    fraction_ = scaled(fraction_, -by);
    exponent_ += by;
  }

  T fraction_;
  std::int64_t exponent_ = 0;
};

}  // namespace sloth::inline SLOTH_ABI
