// Shapes and strides: a short vector of int64, row-major, any rank.
#pragma once

#include <dsl/error.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace sloth::inline SLOTH_ABI {

/// The extents of an array along its axes (or its strides, in elements). Ranks up to `inline_rank`
/// live in the object, higher ones on the heap.
class extents {
 public:
  static constexpr int inline_rank = 6;

  extents() noexcept = default;
  extents(std::initializer_list<std::int64_t> list) : extents(list.begin(), list.end()) {}
  template <class It>
  extents(It first, It last) {
    resize(static_cast<int>(last - first));
    std::copy(first, last, begin());
  }
  extents(extents const& other) {
    if (other.rank_ > inline_rank)
      copy_heap(other);
    else
      take(const_cast<extents&>(other));
  }
  extents(extents&& other) noexcept { take(other); }
  extents& operator=(extents const& other) {
    if (rank_ > inline_rank || other.rank_ > inline_rank)
      assign_heap(other);
    else
      take(const_cast<extents&>(other));
    return *this;
  }
  extents& operator=(extents&& other) noexcept {
    if (this != &other) {
      if (rank_ > inline_rank) drop_heap();
      take(other);
    }
    return *this;
  }
  ~extents() {
    if (rank_ > inline_rank) drop_heap();
  }

  /// `rank` axes, each of extent `value`.
  static extents filled(int rank, std::int64_t value) {
    extents e;
    e.resize(rank);
    std::fill(e.begin(), e.end(), value);
    return e;
  }

  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] bool empty() const noexcept { return rank_ == 0; }
  [[nodiscard]] std::int64_t* begin() noexcept {
    return rank_ > inline_rank ? at_.heap : at_.inside;
  }
  [[nodiscard]] std::int64_t* end() noexcept { return begin() + rank_; }
  [[nodiscard]] std::int64_t const* begin() const noexcept {
    return rank_ > inline_rank ? at_.heap : at_.inside;
  }
  [[nodiscard]] std::int64_t const* end() const noexcept { return begin() + rank_; }
  [[nodiscard]] std::int64_t& operator[](int axis) noexcept { return begin()[axis]; }
  [[nodiscard]] std::int64_t operator[](int axis) const noexcept { return begin()[axis]; }
  [[nodiscard]] std::int64_t back() const noexcept { return end()[-1]; }
  [[nodiscard]] std::int64_t& back() noexcept { return end()[-1]; }

  /// Product of the extents: the number of elements (1 for rank 0).
  [[nodiscard]] std::int64_t size() const noexcept {
    std::int64_t n = 1;
    for (auto e : *this) n *= e;
    return n;
  }

  void push_back(std::int64_t value) { insert(rank_, value); }
  void insert(int axis, std::int64_t value) {
    extents grown;
    grown.resize(rank_ + 1);
    std::copy(begin(), begin() + axis, grown.begin());
    grown[axis] = value;
    std::copy(begin() + axis, end(), grown.begin() + axis + 1);
    *this = std::move(grown);
  }
  void erase(int axis) {
    extents shrunk;
    shrunk.resize(rank_ - 1);
    std::copy(begin(), begin() + axis, shrunk.begin());
    std::copy(begin() + axis + 1, end(), shrunk.begin() + axis);
    *this = std::move(shrunk);
  }

  friend bool operator==(extents const& a, extents const& b) noexcept {
    if (a.rank_ != b.rank_) return false;
    for (int axis = 0; axis < a.rank_; ++axis)
      if (a[axis] != b[axis]) return false;
    return true;
  }

 private:
  void resize(int rank) {  // only on an empty object
    if (rank > inline_rank) at_.heap = new std::int64_t[rank];
    rank_ = rank;
  }
  void take(extents& other) noexcept {
    rank_ = other.rank_;
    at_ = other.at_;
    if (rank_ > inline_rank) other.rank_ = 0;
  }

  // Rare, and not for every expression to compile.
  void copy_heap(extents const& other);
  void assign_heap(extents const& other);
  void drop_heap() noexcept;

  int rank_ = 0;
  union {
    std::int64_t inside[inline_rank] = {};
    std::int64_t* heap;
  } at_;
};

using strides = extents;

/// "(3, 4)", "(3,)", "()": as NumPy prints a shape.
[[nodiscard]] std::string to_string(extents const& shape);

/// The index of element i in row-major order.
[[nodiscard]] extents index_of(std::int64_t i, extents const& shape);

/// Strides, in elements, of a row-major array without gaps.
[[nodiscard]] strides row_major(extents const& shape);

/// The number of elements. Throws shape_error for a negative extent, out_of_memory beyond int64.
std::int64_t checked_size(extents const& shape, location where);

/// True when elements in row-major order follow each other in memory (size-1 axes do not count).
[[nodiscard]] bool is_contiguous(extents const& shape, strides const& stride) noexcept;

/// NumPy's broadcasting: shapes aligned at the last axis, size-1 axes stretched. Throws shape_error
/// naming `operation` and both shapes.
[[nodiscard]] extents broadcast(extents const& a, extents const& b, const char* operation,
                                location where);

/// `axis` counted from the end when negative; index_error unless -rank <= axis < rank.
[[nodiscard]] int normalize_axis(std::int64_t axis, int rank, const char* operation,
                                 location where);

}  // namespace sloth::inline SLOTH_ABI
