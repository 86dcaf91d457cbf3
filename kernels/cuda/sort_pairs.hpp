// Keys that are sorted together with what belongs to each.
#pragma once

#include <kernels/cuda/engine.hpp>

#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

/// n < 2^32 unsigned keys with a value each, of 32 or 64 bits: 32 and 32, 32 and 64, 64 and 32.
template <class K, class V>
class sortable_pairs {
 public:
  explicit sortable_pairs(std::int64_t n)
      : n_(static_cast<std::uint32_t>(n)),
        memory_{workspace(bytes<K>()), workspace(bytes<K>()), workspace(bytes<V>()),
                workspace(bytes<V>())} {}
  [[nodiscard]] K* keys() const { return reinterpret_cast<K*>(memory_[now_keys_].data()); }
  [[nodiscard]] V* values() const { return reinterpret_cast<V*>(memory_[2 + now_values_].data()); }
  /// By the keys, which are below 2^bits, without their `low` lowest bits; equal ones keep their order.
  void sort(int bits, int low = 0);

 private:
  template <class T>
  [[nodiscard]] std::size_t bytes() const {
    return std::size_t{n_} * sizeof(T);
  }
  std::uint32_t n_;
  workspace memory_[4];  // between each two of which the passes go to and fro
  int now_keys_ = 0, now_values_ = 0;
};

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
