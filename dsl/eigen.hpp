// Eigen's matrices and arrays, in and out. Include it beside sloth.hpp.
#pragma once

#include <dsl/array.hpp>

#if !defined(EIGEN_NO_CUDA)
#define EIGEN_NO_CUDA  // as sloth.hpp reads Eigen: its code is the host's, nvcc need not know of it
#endif
#include <Eigen/Core>

namespace sloth::inline SLOTH_ABI {

namespace eigen_detail {

/// Eigen's type with the same bits.
template <class T>
struct scalar_of {
  using type = T;
};
template <>
struct scalar_of<f16> {
  using type = Eigen::half;
};
template <>
struct scalar_of<bf16> {
  using type = Eigen::bfloat16;
};
template <class T>
struct scalar_of<complex<T>> {
  using type = std::complex<T>;
};
/// Sloth's type of an Eigen scalar.
template <class S>
struct element_of {
  using type = S;
};
template <>
struct element_of<Eigen::half> {
  using type = f16;
};
template <>
struct element_of<Eigen::bfloat16> {
  using type = bf16;
};
template <class T>
struct element_of<std::complex<T>> {
  using type = complex<T>;
};

template <class T>
using scalar_t = typename scalar_of<T>::type;

template <class T>
scalar_t<T> const* data_of(array<T> const& x) {
  return reinterpret_cast<scalar_t<T> const*>(x.data());
}

inline void require_axes(extents const& shape, int rank, const char* name, location where) {
  if (shape.rank() != rank)
    throw shape_error(std::string(name) + " takes " + std::to_string(rank) +
                          (rank == 1 ? " axis" : " axes") + ", not shape " + to_string(shape),
                      where);
}

}  // namespace eigen_detail

/// A 2-D array's values as Eigen reads them, where they lie (of an array on the GPU, in its copy on the host):
/// valid until x is written or ends. Throws shape_error.
template <element T>
[[nodiscard]] auto to_eigen_matrix(array<T> const& x, location where = location::here()) {
  using matrix =
      Eigen::Matrix<eigen_detail::scalar_t<T>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  eigen_detail::require_axes(x.shape(), 2, "to_eigen_matrix", where);
  return Eigen::Map<matrix const>(eigen_detail::data_of(x), x.shape()[0], x.shape()[1]);
}
/// The same of a 1-D array, as a column.
template <element T>
[[nodiscard]] auto to_eigen_vector(array<T> const& x, location where = location::here()) {
  using vector = Eigen::Matrix<eigen_detail::scalar_t<T>, Eigen::Dynamic, 1>;
  eigen_detail::require_axes(x.shape(), 1, "to_eigen_vector", where);
  return Eigen::Map<vector const>(eigen_detail::data_of(x), x.shape()[0]);
}

/// The values of a matrix, an array or an expression of Eigen's: 1-D of what is a vector at compile time, else
/// 2-D.
template <class Derived>
[[nodiscard]] auto from_eigen(Eigen::DenseBase<Derived> const& values) {
  using scalar = typename Derived::Scalar;
  using type = typename eigen_detail::element_of<scalar>::type;
  static_assert(element<type>, "no array has elements of this type of Eigen's");
  std::int64_t const rows = values.rows(), columns = values.cols();
  array<type> x = Derived::IsVectorAtCompileTime ? array<type>(extents{rows * columns})
                                                 : array<type>(extents{rows, columns});
  using matrix = Eigen::Array<scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Eigen::Map<matrix> to(reinterpret_cast<scalar*>(x.data()), rows, columns);
  if constexpr (std::is_base_of_v<Eigen::MatrixBase<Derived>, Derived>)
    to = values.derived().array();
  else
    to = values.derived();
  return x;
}

}  // namespace sloth::inline SLOTH_ABI
