// Values written to the elements that indices tell. Where it matters which of several values for one element
// is written, they are sorted by their rows, stable, and the last of a row's values stays.
#include <kernels/cuda/scatter.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

/// The values of one row are all the same.
template <class U>
__global__ void put_any(const __grid_constant__ flat_scatter s, unsigned long long* outside) {
  auto* const out = static_cast<U*>(s.at.out);
  for (int64_t e = first_element(); e < s.count * s.inner; e += grid_step()) {
    int64_t const j = e / s.inner, i = e - j * s.inner;
    int64_t const row = s.row(j, outside);
    if (row >= 0) out[row * s.inner + i] = s.value<U>(j, i);
  }
}
/// The rows are sorted but for their `low` lowest bits: values of a group of rows that differ in these lie
/// beside each other, in their own order. Of a row the last one of its group is put.
template <class U, class K, class V>
__global__ void put_last(const __grid_constant__ flat_scatter s, K const* rows, V const* beside,
                         bool elements, int low) {
  constexpr int near = 8;  // that a thread looks at alone
  auto* const out = static_cast<U*>(s.at.out);
  int64_t const n = s.count * s.inner;
  int const lane = static_cast<int>(threadIdx.x) % 32;
  auto const is_in_group = [&](int64_t q, K row) {
    return q < s.count && rows[q] >> low == row >> low;
  };
  for (int64_t e = first_element(); e - lane < n; e += grid_step()) {
    int64_t const p = e / s.inner, i = e - p * s.inner;
    bool stays = e < n, searching = stays;
    K const row = stays ? rows[p] : K{};
    for (int64_t q = p + 1; searching && q <= p + near; ++q) {
      searching = is_in_group(q, row) && rows[q] != row;
      stays = searching || !is_in_group(q, row);
    }
    for (unsigned open = __ballot_sync(~0u, searching); open != 0; open &= open - 1) {
      int const whose = __ffs(static_cast<int>(open)) - 1;
      K const wanted = __shfl_sync(~0u, row, whose);
      bool found = false, in_group = true;
      for (int64_t q = __shfl_sync(~0u, p, whose) + near + 1 + lane; !found && in_group; q += 32) {
        in_group = is_in_group(q, wanted);
        found = __any_sync(~0u, in_group && rows[q] == wanted);
        in_group = __all_sync(~0u, in_group);
      }
      if (lane == whose) stays = !found;
    }
    if (!stays) continue;
    if constexpr (sizeof(U) <= sizeof(V))
      if (elements) {
        out[row] = static_cast<U>(beside[p]);
        continue;
      }
    out[static_cast<int64_t>(row) * s.inner + i] = s.value<U>(static_cast<int64_t>(beside[p]), i);
  }
}

/// The bits that put_last may be left: a sort takes 8 at a time, so that a few more cost as much. Not where
/// groups would be large.
int unsorted_bits(flat_scatter const& s) {
  int const bits = std::bit_width(static_cast<std::uint64_t>(s.rows - 1)), low = bits % 8;
  return bits > 8 && low <= 4 && s.count <= s.rows * (32 >> low) ? low : 0;
}

}  // namespace

int64_t put(scatter const& all) {
  flat_scatter const s(all);
  int64_t const n = s.count * s.inner;
  if (n == 0 || s.period == 0) return first_outside(s.at.indices, s.at.index_count(), s.at.extent);
  if (s.inner % s.period == 0)
    return unless_outside(s, [&](unsigned long long* outside) {
      with_word(s.at.element,
                [&]<class U>() { launch(put_any<U>, blocks_for(n), threads, s, outside); });
    });
  int const low = unsorted_bits(s);
  return with_sorted_rows(s, low,
                          [&]<class K, class V>(sorted_rows<K, V> const& sorted, bool elements) {
                            with_word(s.at.element, [&]<class U>() {
                              launch(put_last<U, K, V>, blocks_for(n), threads, s, sorted.rows(),
                                     sorted.beside(), elements, low);
                            });
                          });
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
