// Which of a histogram's bins a value lies in.
#pragma once

#include <dsl/config.hpp>

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
      if (!equal || !(first_ < last_)) return;
      scale_ = static_cast<T>(count) / (last_ - first_);
      T const most =
          last_ > -first_ ? last_ : -first_;  // the edges' error is some of its last bits
      constexpr T epsilon = sizeof(T) == 4 ? T(0x1p-23) : T(0x1p-52);
      unsure_ = 8 * epsilon * (most * scale_ + static_cast<T>(count));
      if (!(unsure_ < T(0.5))) scale_ = 0;  // bins as narrow as T's numbers are close
    }
  }

  /// -1 where it lies in none, as NaN.
  SLOTH_HD std::int64_t operator()(T v) const {
    if (!(v >= first_ && v <= last_)) return -1;
    if constexpr (std::is_floating_point_v<T>)
      if (scale_ > 0) return near((v - first_) * scale_, v);
    std::int64_t below = 0, above = count_;  // edges[below] <= v; v < edges[above] unless the last
    while (above - below > 1) {
      std::int64_t const middle = below + (above - below) / 2;
      (v >= edges_[middle] ? below : above) = middle;
    }
    return below;
  }

 private:
  /// The bin of v, which the bins' width puts at `at`: only near an edge the edges are looked at.
  SLOTH_HD std::int64_t near(T at, T v) const {
    auto bin = static_cast<std::int64_t>(at);
    T const in = at - static_cast<T>(bin);
    if (bin < count_ && in >= unsure_ && 1 - in >= unsure_) return bin;
    if (bin >= count_) bin = count_ - 1;
    while (v < edges_[bin]) --bin;
    while (bin + 1 < count_ && v >= edges_[bin + 1]) ++bin;
    return bin;
  }

  T const* edges_;
  std::int64_t count_;
  T first_, last_, scale_ = 0, unsure_ = 0;  // `scale_`: bins to 1, 0 where they are not equal
};

}  // namespace sloth::inline SLOTH_ABI
