// What scans of rows and of columns have in common: how two values become one, and how blocks tell each
// other theirs.
#pragma once

#include <kernels/cuda/engine.hpp>

#include <dsl/scalar.hpp>

#include <cmath>
#include <cstdint>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

template <reduction Op, class T>
struct scan_step {
  /// identity() combined with x is x to the bit.
  static __device__ T identity() {
    if constexpr (Op == reduction::prod)
      return convert<T>(1);
    else if constexpr (is_complex<T>)
      return T{-0.f, -0.f};
    else if constexpr (Op == reduction::sum)
      return std::is_integral_v<T> ? T(0) : T(-0.f);
    else if constexpr (std::is_integral_v<T>)  // the greatest, or its complement, the least
      return Op == reduction::min ? T(~0ull >> std::is_signed_v<T>)
                                  : T(~(~0ull >> std::is_signed_v<T>));
    else
      return Op == reduction::min ? T(INFINITY) : T(-INFINITY);
  }
  static __device__ T combined(T a, T b) {
    if constexpr (Op == reduction::sum)
      return scalar::add(a, b);
    else if constexpr (Op == reduction::prod)
      return scalar::multiply(a, b);
    else if constexpr (Op == reduction::min)
      return scalar::minimum(a, b);
    else
      return scalar::maximum(a, b);
  }
};

/// A word and the turn it belongs to in one store: who sees the turn has the word. `turn` may tell more.
__device__ inline void publish(std::uint64_t* to, unsigned turn, unsigned word) {
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(to),
               "l"(std::uint64_t{turn} << 32 | word)
               : "memory");
}
__device__ inline std::uint64_t published(std::uint64_t const* from) {
  std::uint64_t seen;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(seen) : "l"(from) : "memory");
  return seen;
}

/// Calls f<Op, T>() for what the language scans; other types it converts before.
template <class F>
void visit_scan(reduction op, dtype type, F const& f) {
  auto const of = [&]<class T>(T) {
    if (op == reduction::sum) return f.template operator()<reduction::sum, T>();
    if (op == reduction::prod) return f.template operator()<reduction::prod, T>();
    if constexpr (!is_complex<T>) {
      if (op == reduction::min) return f.template operator()<reduction::min, T>();
      f.template operator()<reduction::max, T>();
    }
  };
  switch (type) {
    case dtype::i64: return of(std::int64_t{});
    case dtype::u64: return of(std::uint64_t{});
    case dtype::f32: return of(float{});
    case dtype::f64: return of(double{});
    case dtype::complex64: return of(complex64{});
    case dtype::complex128: return of(complex128{});
    default: break;
  }
}

/// As scan, where inner > 1.
void scan_columns(reduction op, dtype type, std::int64_t outer, std::int64_t n, std::int64_t inner,
                  void const* in, void* out);

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
