// Linear algebra of matrices in the last two axes: systems of equations, inverses, determinants,
// factorisations. Axes before those are a batch. Heavy: each a step of its own, computed once.
#pragma once

#include <dsl/functions.hpp>

namespace sloth::inline SLOTH_ABI {

namespace linear_algebra_detail {

/// Throws shape_error unless the last two axes are there and of one extent.
void require_square(extents const& shape, const char* name, location where);
/// `a` and `b` have one element type. Throws shape_error.
[[nodiscard]] node_ptr solved(node_ptr const& a, node_ptr const& b, location where);
[[nodiscard]] node_ptr inverse(node_ptr const& a, location where);
[[nodiscard]] node_ptr determinants(node_ptr const& a, location where);
/// (..., 2): the sign, and the logarithm of the size.
[[nodiscard]] node_ptr signs_and_logs(node_ptr const& a, location where);
[[nodiscard]] node_ptr triangle(node_ptr const& a, bool upper, location where);
/// (..., n + 1, n): eigenvalues, then rows that are the conjugate eigenvectors; of conj(a) with `upper`.
[[nodiscard]] node_ptr eigensystems(node_ptr const& a, bool upper, location where);
[[nodiscard]] node_ptr eigenvalues_of(node_ptr const& a, dtype real, bool upper, location where);
/// Row 0 of the last two axes, and the others as columns.
[[nodiscard]] node_ptr first_row(node_ptr const& x, location where);
[[nodiscard]] node_ptr later_rows_turned(node_ptr const& x, location where);
/// Element k of the last axis.
[[nodiscard]] node_ptr last_axis_at(node_ptr const& x, std::int64_t k, location where);

/// What matrices of T are computed in.
template <element T>
using number_t = true_divide_t<T>;

template <element T, expression X>
node_ptr matrices(X&& x, location where) {
  return as_argument<T>(as_tree(std::forward<X>(x)), where).node(where);
}

}  // namespace linear_algebra_detail

#define SLOTH_NO_HALVES                                                                  \
  "linear algebra takes float, double and complex elements, and integers as double, as " \
  "NumPy: convert halves with .astype<float>()"

/// x with a & x = b, by LU factorisation with partial pivoting; a (..., n, n), b (..., n, k) or, where it
/// is 1-D, one vector (n). The axes before broadcast. Throws shape_error; linalg_error, where the
/// values are asked for, when a matrix is singular.
template <expression A, expression B>
[[nodiscard]] auto solve(A&& a, B&& b, location where = location::here()) {
  using namespace linear_algebra_detail;
  if constexpr (is_half<value_t<A>> || is_half<value_t<B>>) {
    static_assert(!is_half<value_t<A>> && !is_half<value_t<B>>, SLOTH_NO_HALVES);
    return refused{};
  } else {
    using type = promote_t<number_t<value_t<A>>, number_t<value_t<B>>>;
    return lazy<type>(solved(matrices<type>(std::forward<A>(a), where),
                             matrices<type>(std::forward<B>(b), where), where));
  }
}

#define SLOTH_OF_MATRICES(name, ...)                                                    \
  template <expression A>                                                               \
  [[nodiscard]] auto name(A&& a, location where = location::here()) {                   \
    using namespace linear_algebra_detail;                                              \
    if constexpr (is_half<value_t<A>>) {                                                \
      static_assert(!is_half<value_t<A>>, SLOTH_NO_HALVES);                             \
      return refused{};                                                                 \
    } else {                                                                            \
      using type = number_t<value_t<A>>;                                                \
      return lazy<type>(__VA_ARGS__(matrices<type>(std::forward<A>(a), where), where)); \
    }                                                                                   \
  }
/// The inverses of (..., n, n). Throws shape_error; linalg_error, where the values are asked for, when
/// a matrix is singular.
SLOTH_OF_MATRICES(inv, inverse)
/// The determinants (...) of (..., n, n): 0 of singular matrices, 1 of empty ones. Throws shape_error.
SLOTH_OF_MATRICES(det, determinants)
#undef SLOTH_OF_MATRICES

/// det = sign * exp(logabsdet), where det itself would overflow.
template <class T>
struct slogdet_result {
  lazy<T> sign;               // -1, 0 or 1; of size 1 or 0 where T is complex
  lazy<real_t<T>> logabsdet;  // -infinity where the sign is 0
};
/// The sign and the logarithm of the absolute value of det(a), in one factorisation. Throws shape_error.
template <expression A>
[[nodiscard]] auto slogdet(A&& a, location where = location::here()) {
  using namespace linear_algebra_detail;
  if constexpr (is_half<value_t<A>>) {
    static_assert(!is_half<value_t<A>>, SLOTH_NO_HALVES);
    return refused{};
  } else {
    using type = number_t<value_t<A>>;
    node_ptr const both = signs_and_logs(matrices<type>(std::forward<A>(a), where), where);
    lazy<type> const logs(last_axis_at(both, 1, where));
    return slogdet_result<type>{lazy<type>(last_axis_at(both, 0, where)),
                                lazy<real_t<type>>(matrices<real_t<type>>(logs, where))};
  }
}

/// L, lower triangular, with L & conjugate(L).T() = a, for Hermitian positive definite a (..., n, n), of
/// which the lower triangle is read; with `upper` the upper one, for U with conjugate(U).T() & U = a.
/// Throws shape_error; linalg_error, where the values are asked for, when a matrix is not positive
/// definite.
template <expression A>
[[nodiscard]] auto cholesky(A&& a, bool upper = false, location where = location::here()) {
  using namespace linear_algebra_detail;
  if constexpr (is_half<value_t<A>>) {
    static_assert(!is_half<value_t<A>>, SLOTH_NO_HALVES);
    return refused{};
  } else {
    using type = number_t<value_t<A>>;
    return lazy<type>(triangle(matrices<type>(std::forward<A>(a), where), upper, where));
  }
}

/// a & eigenvectors = eigenvectors * eigenvalues, which ascend; the columns of the eigenvectors are
/// orthonormal, and their signs, or phases, are the library's choice.
template <class T>
struct eigh_result {
  lazy<real_t<T>> eigenvalues;  // (..., n)
  lazy<T> eigenvectors;         // (..., n, n)
};
/// Of Hermitian a (..., n, n), of which the lower triangle is read, with `upper` the upper one. Throws
/// shape_error; linalg_error, where the values are asked for, when they do not converge.
template <expression A>
[[nodiscard]] auto eigh(A&& a, bool upper = false, location where = location::here()) {
  using namespace linear_algebra_detail;
  if constexpr (is_half<value_t<A>>) {
    static_assert(!is_half<value_t<A>>, SLOTH_NO_HALVES);
    return refused{};
  } else {
    using type = number_t<value_t<A>>;
    node_ptr const all = eigensystems(matrices<type>(std::forward<A>(a), where), upper, where);
    lazy<type> const values(first_row(all, where)), columns(later_rows_turned(all, where));
    lazy<real_t<type>> const real_values(matrices<real_t<type>>(values, where));
    if constexpr (is_complex<type>)
      if (!upper) return eigh_result<type>{real_values, lazy<type>(conjugate(columns).node(where))};
    return eigh_result<type>{real_values, columns};
  }
}
/// The eigenvalues alone.
template <expression A>
[[nodiscard]] auto eigvalsh(A&& a, bool upper = false, location where = location::here()) {
  using namespace linear_algebra_detail;
  if constexpr (is_half<value_t<A>>) {
    static_assert(!is_half<value_t<A>>, SLOTH_NO_HALVES);
    return refused{};
  } else {
    using type = number_t<value_t<A>>;
    return lazy<real_t<type>>(eigenvalues_of(matrices<type>(std::forward<A>(a), where),
                                             dtype_of<real_t<type>>, upper, where));
  }
}
#undef SLOTH_NO_HALVES

}  // namespace sloth::inline SLOTH_ABI
