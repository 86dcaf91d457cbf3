// Systems of equations, inverses, determinants and Cholesky factors through Eigen. Of matrices that are read
// as their transposes, solving takes the factors of A^T, inverses and determinants do not mind, and L of A
// is the memory of L^T.
#include <kernels/host/matrices.hpp>

#include <dsl/determinant.hpp>

#define Eigen sloth_eigen
#include <Eigen/Cholesky>
#include <Eigen/LU>
#undef Eigen

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

template <class T>
using row_major_matrix = sloth_eigen::Matrix<number<T>, sloth_eigen::Dynamic, sloth_eigen::Dynamic,
                                             sloth_eigen::RowMajor>;
template <class T>
using lu_in_place = sloth_eigen::PartialPivLU<sloth_eigen::Ref<matrix<T>>>;

/// The pivot that is 0, from 1; 0 where none is.
template <class T>
int64_t zero_pivot(T const* factors, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    if (factors[i * (n + 1)] == T(0)) return i + 1;
  return 0;
}

/// x becomes M^-T x for the factors P M = L U, a block of columns at a time.
template <class T>
void substitute(lu_in_place<T> const& lu, int64_t n, int64_t columns, T* x) {
  static constexpr int64_t width = 64;
  struct job {
    lu_in_place<T> const& lu;
    int64_t n, columns;
    T* x;
  } all{lu, n, columns, x};
  parallel_for(
      (columns + width - 1) / width, n * n * columns,
      [](void* of, int64_t part) {
        auto const& j = *static_cast<job const*>(of);
        auto own = map_of(j.x + part * width * j.n, j.n, std::min(width, j.columns - part * width));
        auto const& factors = j.lu.matrixLU();
        factors.template triangularView<sloth_eigen::Upper>().transpose().solveInPlace(own);
        factors.template triangularView<sloth_eigen::UnitLower>().transpose().solveInPlace(own);
        own = j.lu.permutationP().transpose() * own;
      },
      &all);
}

/// x = rows A^-1 x for each matrix, A^-T for transposed ones.
template <class T>
failed_factor solve_in_place(matrix_stack const& a, bool transposed, int64_t columns, T* x) {
  std::vector<int64_t> orders(static_cast<std::size_t>(a.count));
  int64_t const n = a.n;
  for_each_matrix<T>(a, [&](int64_t i, T* memory) {
    auto const in = map_of(static_cast<T const*>(a.data) + i * n * n, n, n);
    auto factors = map_of(memory, n, n);
    if (transposed)
      factors = in.transpose();
    else
      factors = in;
    sloth_eigen::Ref<matrix<T>> own(factors);
    lu_in_place<T> const lu(own);
    orders[i] = zero_pivot(memory, n);
    if (orders[i] == 0) substitute(lu, n, columns, x + i * n * columns);
  });
  return first_of(orders);
}

template <class T, class F>
void for_each_determinant(matrix_stack const& a, F const& f) {
  int64_t const n = a.n;
  for_each_matrix<T>(a, [&](int64_t i, T* memory) {
    auto factors = map_of(memory, n, n);
    factors = map_of(static_cast<T const*>(a.data) + i * n * n, n, n);
    sloth_eigen::Ref<matrix<T>> own(factors);
    lu_in_place<T> const lu(own);
    scaled_product<T> of(T(real_t<T>(lu.permutationP().determinant())));
    bool const singular = zero_pivot(memory, n) != 0;
    if (singular) of = scaled_product<T>(T(0));
    for (int64_t k = 0; k < n && !singular; ++k) of *= scaled_product<T>(memory[k * (n + 1)]);
    f(i, of);
  });
}

}  // namespace

failed_factor solve(matrix_stack const& a, bool transposed, int64_t columns, void const* b,
                    void* x) {
  failed_factor failed;
  with_type(a.type, [&]<class T>() {
    auto* const out = static_cast<T*>(x);
    std::copy_n(static_cast<T const*>(b), a.count * a.n * columns, out);
    failed = solve_in_place(a, transposed, columns, out);
  });
  return failed;
}

// The columns of A^-T are the rows of A^-1.
failed_factor inv(matrix_stack const& a, void* out) {
  failed_factor failed;
  with_type(a.type, [&]<class T>() {
    auto* const inverse = static_cast<T*>(out);
    for (int64_t i = 0; i < a.count; ++i) map_of(inverse + i * a.n * a.n, a.n, a.n).setIdentity();
    failed = solve_in_place(a, true, a.n, inverse);
  });
  return failed;
}

void det(matrix_stack const& a, void* out) {
  with_type(a.type, [&]<class T>() {
    for_each_determinant<T>(
        a, [&](int64_t i, scaled_product<T> const& of) { static_cast<T*>(out)[i] = of.value(); });
  });
}

void slogdet(matrix_stack const& a, void* out) {
  with_type(a.type, [&]<class T>() {
    for_each_determinant<T>(a, [&](int64_t i, scaled_product<T> const& of) {
      static_cast<T*>(out)[2 * i] = of.sign();
      static_cast<T*>(out)[2 * i + 1] = T(of.log_of_size());
    });
  });
}

failed_factor cholesky(matrix_stack const& a, void* out) {
  std::vector<int64_t> orders(static_cast<std::size_t>(a.count));
  int64_t const n = a.n;
  with_type(a.type, [&]<class T>() {
    for_each_matrix<T>(a, [&](int64_t i, T*) {
      T* const lower = static_cast<T*>(out) + i * n * n;
      std::copy_n(static_cast<T const*>(a.data) + i * n * n, n * n, lower);
      sloth_eigen::Map<row_major_matrix<T>> own(reinterpret_cast<number<T>*>(lower), n, n);
      // LLT itself does not say where it failed.
      orders[i] =
          1 + sloth_eigen::internal::llt_inplace<number<T>, sloth_eigen::Lower>::blocked(own);
      for (int64_t k = 0; k < n; ++k) std::fill(lower + k * n + k + 1, lower + (k + 1) * n, T(0));
    });
  });
  return first_of(orders);
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
