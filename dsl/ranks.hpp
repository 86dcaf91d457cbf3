// Places in order that are looked for among the elements of a row, by a sample of it.
#pragma once

#include <dsl/config.hpp>

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// Neighbouring ranks, and the places of a sorted sample between which they are expected; outside of it
/// where there is no bound.
struct rank_bracket {
  std::size_t first, count;  // of the ranks
  std::int64_t low, high;

  /// Of a sample of that size.
  [[nodiscard]] std::int64_t places(std::int64_t sample) const {
    return (high < sample ? high : sample) - (low > 0 ? low : 0);
  }
};

/// Brackets of ascending ranks of n elements, so many standard deviations of a random sample to both sides;
/// those that meet are one.
[[nodiscard]] inline std::vector<rank_bracket> brackets_of(std::span<std::int64_t const> ranks,
                                                           std::int64_t n, std::int64_t sample,
                                                           double deviations) {
  std::vector<rank_bracket> all;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    double const share = (static_cast<double>(ranks[i]) + 0.5) / static_cast<double>(n),
                 at = share * static_cast<double>(sample),
                 apart = deviations * std::sqrt(at * (1 - share)) + 2;
    auto const low = static_cast<std::int64_t>(std::floor(at - apart)),
               high = static_cast<std::int64_t>(std::ceil(at + apart));
    if (all.empty() || low > all.back().high) {
      all.push_back({i, 1, low, high});
    } else {
      all.back().high = high;
      ++all.back().count;
    }
  }
  return all;
}

/// Which element of a row is the i-th of a sample, one of `stride` neighbours.
SLOTH_HD constexpr std::int64_t sampled_place(std::int64_t i, std::int64_t stride) {
  return i * stride + static_cast<std::uint32_t>(i) * 2654435769u % stride;
}

}  // namespace sloth::inline SLOTH_ABI
