// Which of a histogram's bins a value lies in.
#pragma once

#include <dsl/config.hpp>

#include <cmath>
#include <cstdint>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {

/// Bins between ascending edges, the last with both of its own.
template <class T>
class edge_bins {
 public:
  /// `count` + 1 edges; `equal`: as linspace gives them, floating.
  SLOTH_HD edge_bins(T const* edges, std::int64_t count, bool equal)
      : edges_(edges), count_(count), first_(edges[0]), last_(edges[count]) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!equal || !(first_ < last_) || count >= INT32_MAX) return;
      scale_ = static_cast<T>(count) / (last_ - first_);
      // The edges' error is some of the last bits of the one that is furthest from 0.
      T const most = last_ > -first_ ? last_ : -first_;
      constexpr T epsilon = sizeof(T) == 4 ? T(0x1p-23) : T(0x1p-52);
      sure_ = T(0.5) - 8 * epsilon * (most * scale_ + static_cast<T>(count));
      if (!(sure_ > 0)) scale_ = 0;  // bins as narrow as T's numbers are close
    }
  }

  /// Whether `quickly` knows most bins.
  [[nodiscard]] SLOTH_HD bool quick() const { return scale_ > 0; }
  /// Without a look at the edges: -1 where v lies in none, as NaN, -2 where it is near an edge.
  [[nodiscard]] SLOTH_HD std::int32_t quickly(T v) const {
    if (!(v >= first_ && v <= last_)) return -1;
    if constexpr (std::is_floating_point_v<T>) {
      T const at = (v - first_) * scale_;
      auto const bin = static_cast<std::int32_t>(at);  // conversions of 64 bits are dear on a GPU
      if (std::fabs(at - static_cast<T>(bin) - T(0.5)) <= sure_) return bin;
    }
    return -2;
  }
  /// -1 where it lies in none, as NaN.
  SLOTH_HD std::int64_t operator()(T v) const {
    if (!(v >= first_ && v <= last_)) return -1;
    if (quick()) {
      std::int32_t const bin = quickly(v);
      return bin >= 0 ? bin : beside_edge(v);
    }
    std::int64_t below = 0, above = count_;  // edges[below] <= v; v < edges[above] unless the last
    while (above - below > 1) {
      std::int64_t const middle = below + (above - below) / 2;
      (v >= edges_[middle] ? below : above) = middle;
    }
    return below;
  }

 private:
  SLOTH_HD std::int64_t beside_edge(T v) const {
    auto bin = static_cast<std::int64_t>((v - first_) * scale_);
    if (bin >= count_) bin = count_ - 1;
    while (v < edges_[bin]) --bin;
    while (bin + 1 < count_ && v >= edges_[bin + 1]) ++bin;
    return bin;
  }

  T const* edges_;
  std::int64_t count_;
  T first_, last_, scale_ = 0, sure_ = 0;  // `scale_`: bins to 1, 0 where they are not equal
};

}  // namespace sloth::inline SLOTH_ABI
