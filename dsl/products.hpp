// Products of arrays beside matmul: outer, inner, tensordot, kron, cross, powers.
#pragma once

#include <dsl/linear_algebra.hpp>
#include <dsl/matmul.hpp>
#include <dsl/shape.hpp>

namespace sloth::inline SLOTH_ABI {

namespace products_detail {

/// A sum over pairs of axes as one matrix product: the orders of the operands' axes, the matrices that
/// they are read as then, and the shape of the result.
struct contraction {
  extents a_axes, b_axes, a_matrix, b_matrix, shape;
};
/// `a_axes` and `b_axes` are summed over in pairs. Throws index_error, and shape_error where their
/// numbers or extents differ.
[[nodiscard]] contraction contract(extents const& a, extents const& b, extents const& a_axes,
                                   extents const& b_axes, const char* name, location where);
/// The last `count` axes of a with the first ones of b.
[[nodiscard]] contraction contract(extents const& a, extents const& b, std::int64_t count,
                                   location where);

/// The shapes that operands of kron broadcast to each other with, and that of the result.
struct interleaving {
  extents a, b, shape;
};
[[nodiscard]] interleaving interleave(extents const& a, extents const& b);

void require_three(extents const& a, extents const& b, location where);
/// Throws dtype_error.
[[noreturn]] void refuse_power(std::int64_t n, dtype type, location where);

template <expression A, expression B>
auto run(contraction const& how, A&& a, B&& b, location where) {
  auto const matrix = [&]<class X>(X&& x, extents const& axes, extents const& shape) {
    return shape_detail::view_of<X>(shape_detail::arranged(
        shape_detail::node_of(std::forward<X>(x), where), axes, shape, where));
  };
  auto product = matmul(matrix(std::forward<A>(a), how.a_axes, how.a_matrix),
                        matrix(std::forward<B>(b), how.b_axes, how.b_matrix), where);
  if constexpr (std::is_same_v<decltype(product), refused>)
    return product;
  else
    return shape_detail::view_of<decltype(product)>(
        shape_detail::arranged(std::move(product).node(where), {}, how.shape, where));
}

}  // namespace products_detail

/// a_i b_j of the elements in row-major order: 2-D, fused into what uses it.
template <expression A, expression B>
[[nodiscard]] auto outer(A&& a, B&& b, location where = location::here()) {
  return multiply(a.reshape(extents{-1, 1}, where), b.reshape(extents{1, -1}, where), where);
}

/// The sum of conjugate(a) b over the elements in row-major order. Throws shape_error where the sizes
/// differ.
template <expression A, expression B>
[[nodiscard]] auto vdot(A&& a, B&& b, location where = location::here()) {
  auto x = ravel(std::forward<A>(a), where);
  auto y = ravel(std::forward<B>(b), where);
  if constexpr (is_complex<value_t<A>>)
    return matmul(conjugate(std::move(x)), std::move(y), where);
  else
    return matmul(std::move(x), std::move(y), where);
}

/// The sum of products over `a_axes` of a and `b_axes` of b, in pairs; the result has the other axes
/// of a, then those of b. One matrix product. Throws index_error, and shape_error where the axes'
/// numbers or extents differ.
template <expression A, expression B>
[[nodiscard]] auto tensordot(A&& a, B&& b, extents const& a_axes, extents const& b_axes,
                             location where = location::here()) {
  auto const how =
      products_detail::contract(a.shape(), b.shape(), a_axes, b_axes, "tensordot", where);
  return products_detail::run(how, std::forward<A>(a), std::forward<B>(b), where);
}
/// Over the last `axes` of a and the first ones of b, 2 unless given; 0 is the outer product.
template <expression A, expression B, std::integral N>
[[nodiscard]] auto tensordot(A&& a, B&& b, N axes, location where = location::here()) {
  auto const how = products_detail::contract(a.shape(), b.shape(), axes, where);
  return products_detail::run(how, std::forward<A>(a), std::forward<B>(b), where);
}
template <expression A, expression B>
[[nodiscard]] auto tensordot(A&& a, B&& b, location where = location::here()) {
  return tensordot(std::forward<A>(a), std::forward<B>(b), 2, where);
}

/// The sum of products over the last axes: a number for 1-D operands, a & b.T() for 2-D ones. Of an
/// operand without axes the product with it. Throws shape_error.
template <expression A, expression B>
[[nodiscard]] auto inner(A&& a, B&& b, location where = location::here()) {
  bool const scales = a.rank() == 0 || b.rank() == 0;
  auto const how =
      scales ? products_detail::contract(a.shape(), b.shape(), 0, where)
             : products_detail::contract(a.shape(), b.shape(), {-1}, {-1}, "inner", where);
  return products_detail::run(how, std::forward<A>(a), std::forward<B>(b), where);
}

/// Kronecker product: blocks of b, one for each element of a and scaled by it. The shorter of the
/// shapes is filled up with ones in front.
template <expression A, expression B>
[[nodiscard]] auto kron(A&& a, B&& b, location where = location::here()) {
  auto const how = products_detail::interleave(a.shape(), b.shape());
  auto blocks = multiply(a.reshape(how.a, where), b.reshape(how.b, where), where);
  return shape_detail::view_of<decltype(blocks)>(
      reshaped(std::move(blocks).node(where), how.shape, where));
}

/// Cross products of the vectors of 3 along the last axes; the others broadcast. Throws shape_error.
template <expression A, expression B>
[[nodiscard]] auto cross(A&& a, B&& b, location where = location::here()) {
  products_detail::require_three(a.shape(), b.shape(), where);
  shape_detail::view_of<A> const x(shape_detail::node_of(std::forward<A>(a), where));
  shape_detail::view_of<B> const y(shape_detail::node_of(std::forward<B>(b), where));
  auto const at = [&](auto const& v, int i) { return v(ellipsis, i); };
  auto const component = [&](int i, int j) {
    return subtract(multiply(at(x, i), at(y, j), where), multiply(at(x, j), at(y, i), where),
                    where);
  };
  return stack(axis(-1, where), component(1, 2), component(2, 0), component(0, 1));
}

/// The product of n factors a, or -n inverses of floating a, by squaring; of none the identity. Axes
/// before the last two stay. Throws shape_error for matrices that are not square, dtype_error for
/// negative powers of integers; linalg_error, where the values are asked for, for singular ones.
template <expression A>
[[nodiscard]] auto matrix_power(A&& a, std::int64_t n, location where = location::here()) {
  using type = value_t<A>;
  lazy<type> square(shape_detail::node_of(std::forward<A>(a), where));
  extents const shape = square.shape();
  linear_algebra_detail::require_square(shape, "matrix_power", where);
  if (n == 0) return lazy<type>(broadcast_to(eye<type>(shape.back()), shape, where).node(where));
  auto left = static_cast<std::uint64_t>(n);
  if (n < 0) {
    left = 0 - left;
    if constexpr (is_floating<type> && !is_half<type>)
      square = inv(square, where);
    else
      products_detail::refuse_power(n, dtype_of<type>, where);
  }
  std::optional<lazy<type>> power;
  for (;; square = matmul(square, square, where)) {
    if (left % 2 != 0) power = power ? matmul(*power, square, where) : square;
    if ((left /= 2) == 0) return *power;
  }
}

}  // namespace sloth::inline SLOTH_ABI
