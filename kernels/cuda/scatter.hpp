// What put and add_at share: the rows that indices tell, values sorted by them, and the promise that nothing
// is changed where an index is out of range.
#pragma once

#include <kernels/cuda/elements.hpp>
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/outside.hpp>
#include <kernels/cuda/sort_pairs.hpp>

#include <bit>
#include <limits>
#include <string>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

using std::int64_t;

/// A scatter with one axis of rows: of whole ones where each has one index, else of single elements.
struct flat_scatter {
  gather at;
  int64_t period;
  bool whole;  // rows
  int64_t count, rows, inner;

  explicit flat_scatter(scatter const& s)
      : at(s.at), period(s.period), whole(at.outer == 1 && at.index_inner == 0) {
    count = whole ? at.count : at.outer * at.count * at.inner;
    rows = whole ? at.extent : at.outer * at.extent * at.inner;
    inner = whole ? at.inner : 1;
  }

  /// Of value j; -1 where its index is out of range, whose position is told.
  [[nodiscard]] __device__ int64_t row(int64_t j, unsigned long long* outside) const {
    int64_t i = 0, o = 0, place = j;
    if (!whole) {
      i = place % at.inner;
      place /= at.inner;
      o = place / at.count;
      place -= o * at.count;
    }
    int64_t const position = o * at.index_outer + place * at.index_step + i * at.index_inner;
    int64_t r = at.indices[position];
    if (r < 0) r += at.extent;
    if (r < 0 || r >= at.extent) {
      atomicMin(outside, static_cast<unsigned long long>(position));
      return -1;
    }
    return whole ? r : (o * at.extent + r) * at.inner + i;
  }
  /// Element i of value j, of words or of numbers.
  template <class U>
  [[nodiscard]] __device__ U value(int64_t j, int64_t i) const {
    int64_t const k = j * inner + i;
    return static_cast<U const*>(at.in)[k < period ? k : k % period];
  }
};

/// The rows of all values, and beside each its place, or of single elements, their words U, its bits.
template <class K, class V, class U>
__global__ void find_rows(const __grid_constant__ flat_scatter s, K* rows, V* beside,
                          unsigned long long* outside) {
  constexpr int at_once = 4;
  for (int64_t first = first_element(); first < s.count; first += at_once * grid_step()) {
    int64_t row[at_once];
    V value[at_once];
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      int64_t const j = first + k * grid_step();
      if (j >= s.count) break;
      row[k] = s.row(j, outside);
      if constexpr (std::is_void_v<U>)
        value[k] = static_cast<V>(j);
      else
        value[k] = s.value<U>(j, 0);
    }
#pragma unroll
    for (int k = 0; k < at_once; ++k) {
      int64_t const j = first + k * grid_step();
      if (j >= s.count) break;
      rows[j] = static_cast<K>(row[k]);
      beside[j] = value[k];
    }
  }
}

/// Values in the order of their rows without their `low` lowest bits, equal ones in their own. Beside each
/// row lies the value's place, or the bits of a single element.
template <class K, class V>
class sorted_rows {
 public:
  sorted_rows(flat_scatter const& s, bool elements, int low, outside_position& outside)
      : pairs_(s.count) {
    auto const find = [&]<class U>() {
      launch(find_rows<K, V, U>, blocks_for(s.count), threads, s, pairs_.keys(), pairs_.values(),
             outside.data());
    };
    if (elements)
      with_word(s.at.element, [&]<class U>() {
        if constexpr (sizeof(U) <= sizeof(V)) find.template operator()<U>();
      });
    else
      find.template operator()<void>();
    outside.complete();  // who asks need not wait for the sort
    pairs_.sort(std::bit_width(static_cast<std::uint64_t>(s.rows - 1)), low);
  }
  [[nodiscard]] K const* rows() const { return pairs_.keys(); }
  [[nodiscard]] V const* beside() const { return pairs_.values(); }

 private:
  sortable_pairs<K, V> pairs_;
};

/// Calls f(sorted, elements), `elements`: their bits are beside the rows. Not where an index is out of range,
/// whose position comes back, else -1.
template <class F>
int64_t with_sorted_rows(flat_scatter const& s, int low, F const& f) {
  constexpr int64_t most = std::numeric_limits<std::uint32_t>::max();
  if (s.count > most)
    throw shape_error("put: " + std::to_string(s.count) +
                      " values; on a GPU they are less than 2^32");
  bool const elements = s.inner == 1 && s.at.element <= 8;
  outside_position outside;
  auto const run = [&]<class K, class V>(bool with_elements) {
    sorted_rows<K, V> const sorted(s, with_elements, low, outside);
    int64_t const first = outside.item();
    if (first < 0) f(sorted, with_elements);
    return first;
  };
  if (s.rows > most) return run.template operator()<std::uint64_t, std::uint32_t>(false);
  if (elements && s.at.element == 8)
    return run.template operator()<std::uint32_t, std::uint64_t>(true);
  return run.template operator()<std::uint32_t, std::uint32_t>(elements);
}

/// Calls write(outside), whose kernels leave out values whose index is out of range. Where there is one, its
/// position comes back, else -1, and all is as before: either the indices are looked at first, or where the
/// elements are fewer they are copied first.
template <class F>
int64_t unless_outside(flat_scatter const& s, F const& write) {
  int64_t const bytes = s.rows * s.inner * s.at.element;
  bool const copies = 2 * bytes <= s.at.index_count() * int64_t{sizeof(int64_t)};
  if (!copies) {
    int64_t const first = first_outside(s.at.indices, s.at.index_count(), s.at.extent);
    if (first < 0) write(nullptr);
    return first;
  }
  workspace const before(static_cast<std::size_t>(bytes));
  copy_on_device(before.data(), s.at.out, bytes);
  outside_position outside;
  write(outside.data());
  int64_t const first = outside.item();
  if (first >= 0) copy_on_device(s.at.out, before.data(), bytes);
  return first;
}

}  // namespace
}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
