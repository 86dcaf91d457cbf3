// Eigenvalues and eigenvectors of Hermitian matrices through Eigen.
#include <kernels/host/matrices.hpp>

#define Eigen sloth_eigen
#include <Eigen/Eigenvalues>
#undef Eigen

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {
/// f(i, solver) for the eigenvalues of each matrix, and their vectors where they are wanted.
template <class T, class F>
failed_factor for_each_eigensystem(matrix_stack const& a, bool vectors, F const& f) {
  std::vector<int64_t> orders(static_cast<std::size_t>(a.count));
  int64_t const n = a.n;
  for_each_matrix<T>(a, [&](int64_t i, T*) {
    auto const in = map_of(static_cast<T const*>(a.data) + i * n * n, n, n);
    sloth_eigen::SelfAdjointEigenSolver<matrix<T>> const found(
        in.transpose(), vectors ? sloth_eigen::ComputeEigenvectors : sloth_eigen::EigenvaluesOnly);
    orders[i] = found.info() != sloth_eigen::Success;
    if (orders[i] == 0) f(i, found);
  });
  return first_of(orders);
}
}  // namespace

failed_factor eigh(matrix_stack const& a, void* out) {
  failed_factor failed;
  int64_t const n = a.n;
  with_type(a.type, [&]<class T>() {
    failed = for_each_eigensystem<T>(a, true, [&](int64_t i, auto const& found) {
      T* const own = static_cast<T*>(out) + i * (n + 1) * n;
      map_of(own, n, 1) = found.eigenvalues().template cast<number<T>>();
      map_of(own + n, n, n) = found.eigenvectors().conjugate();
    });
  });
  return failed;
}

failed_factor eigvalsh(matrix_stack const& a, void* out) {
  failed_factor failed;
  with_type(a.type, [&]<class T>() {
    failed = for_each_eigensystem<T>(a, false, [&](int64_t i, auto const& found) {
      map_of(static_cast<real_t<T>*>(out) + i * a.n, a.n, 1) = found.eigenvalues();
    });
  });
  return failed;
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
