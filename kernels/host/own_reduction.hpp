// The accumulator of a user's functor: instantiated in the user's file, run by the host engine's
// reductions.
#pragma once

#include <kernels/host/reduction.hpp>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

/// F over elements T, without an identity: a state is empty, or holds a value.
template <class F, class T>
struct own_reduction {
  struct state {
    T value;
    bool any;
  };
  static_assert(sizeof(state) <= sizeof(reduction_state));
  static constexpr int lanes = 8;

  static T call(T const& a, T const& b) {
    auto const result = F{}(a, b);
    return convert<T>(static_cast<canonical_t<std::remove_cv_t<decltype(result)>>>(result));
  }
  /// n values, at least one: several runs side by side, since the next call waits for the one before.
  static T of(T const* x, std::int64_t n) {
    if (n < 2 * lanes) {
      T s = x[0];
      for (std::int64_t i = 1; i < n; ++i) s = call(s, x[i]);
      return s;
    }
    T s[lanes];
    for (int k = 0; k < lanes; ++k) s[k] = x[k];
    std::int64_t i = lanes;
    for (; i + lanes <= n; i += lanes)
      for (int k = 0; k < lanes; ++k) s[k] = call(s[k], x[i + k]);
    for (int k = 0; i < n; ++i, ++k) s[k] = call(s[k], x[i]);
    for (int width = lanes / 2; width > 0; width /= 2)
      for (int k = 0; k < width; ++k) s[k] = call(s[k], s[k + width]);
    return s[0];
  }

  static state read(reduction_state const& s) {
    state own;
    __builtin_memcpy(&own, s.bytes, sizeof own);
    return own;
  }
  static void write(reduction_state& s, T const& value, bool any) {
    state const own{value, any};
    __builtin_memcpy(s.bytes, &own, sizeof own);
  }
  static void init(reduction_state& s) { write(s, T{}, false); }
  static void accumulate(reduction_state& s, void const* values, std::int64_t n, std::int64_t) {
    T const more = of(static_cast<T const*>(values), n);
    state const own = read(s);
    write(s, own.any ? call(own.value, more) : more, true);
  }
  static void combine(reduction_state& s, reduction_state const& later) {
    state const own = read(s), other = read(later);
    if (other.any) write(s, own.any ? call(own.value, other.value) : other.value, true);
  }
  static void finish(reduction_state const& s, std::int64_t, double, void* result) {
    *static_cast<T*>(result) = read(s).value;
  }
  static void rows(void const* values, std::int64_t pitch, std::int64_t rows, std::int64_t length,
                   double, void* results, std::int64_t result_pitch) {
    for (std::int64_t i = 0; i < rows; ++i)
      *reinterpret_cast<T*>(static_cast<std::byte*>(results) + i * result_pitch) =
          of(reinterpret_cast<T const*>(static_cast<std::byte const*>(values) + i * pitch), length);
  }

  static T* column(column_states s) { return reinterpret_cast<T*>(s.data[0]); }
  static void columns_init(column_states, std::int64_t) {}  // the first row is taken as it is
  static void columns_add(column_states states, void const* values, std::int64_t n,
                          std::int64_t count, std::int64_t, std::int64_t) {
    T* __restrict s = column(states);
    T const* __restrict x = static_cast<T const*>(values);
    if (count == 0)
      for (std::int64_t i = 0; i < n; ++i) s[i] = x[i];
    else
      for (std::int64_t i = 0; i < n; ++i) s[i] = call(s[i], x[i]);
  }
  static void columns_combine(column_states into, std::int64_t, column_states other, std::int64_t,
                              std::int64_t n) {
    T* const s = column(into);
    T const* const o = column(other);
    for (std::int64_t i = 0; i < n; ++i) s[i] = call(s[i], o[i]);
  }
  static void columns_finish(column_states states, std::int64_t n, std::int64_t, double,
                             void* results) {
    T const* const s = column(states);
    for (std::int64_t i = 0; i < n; ++i) static_cast<T*>(results)[i] = s[i];
  }

  static constexpr accumulator table{
      sizeof(T), sizeof(T),      init,         accumulate,  combine,         finish,
      rows,      {sizeof(T), 0}, columns_init, columns_add, columns_combine, columns_finish};
};

}  // namespace host_engine

template <class F, class T>
void const* host_reduce_by() {
#if defined(__CUDA_ARCH__)
  return nullptr;
#else
  return &host_engine::own_reduction<F, T>::table;
#endif
}

}  // namespace sloth::inline SLOTH_ABI
