// Eigenvalues and eigenvectors of Hermitian matrices through cuSOLVER, one matrix after the other.
#include <kernels/cuda/matrices.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

/// Eigenvalues in front of the vectors of each matrix.
template <class T>
__global__ void store_eigenvalues(real_t<T> const* values, int64_t n, int64_t elements, T* out) {
  for (int64_t at = first_element(); at < elements; at += grid_step())
    out[at / n * (n + 1) * n + at % n] = T(values[at]);
}

/// Eigenvalues, and where they are wanted the vectors, behind copies of the matrices at `own`, `step` elements
/// apart. Read as a transpose, the lower triangle is the upper one of conj(A).
template <class T>
failed_factor eigensystems(matrix_stack const& a, T* own, int64_t step, bool vectors,
                           real_t<T>* values) {
  auto const [handle, params] = cusolver();
  auto const mode = vectors ? CUSOLVER_EIG_MODE_VECTOR : CUSOLVER_EIG_MODE_NOVECTOR;
  constexpr auto part = CUBLAS_FILL_MODE_UPPER;
  constexpr cudaDataType type = routines<T>::type, real = routines<T>::real_type;
  reports const said(a.count);
  scratch memory;
  check(cusolverDnXsyevd_bufferSize(handle, params, mode, part, a.n, type, own, a.n, real, values,
                                    type, &memory.on_device, &memory.on_host),
        "cusolverDnXsyevd_bufferSize");
  memory.reserve();
  int64_t const size = a.n * a.n;
  for (int64_t i = 0; i < a.count; ++i) {
    copy_on_device(own + i * step, static_cast<T const*>(a.data) + i * size,
                   size * static_cast<int64_t>(sizeof(T)));
    check(cusolverDnXsyevd(handle, params, mode, part, a.n, type, own + i * step, a.n, real,
                           values + i * a.n, type, memory.device->data(), memory.on_device,
                           memory.host.data(), memory.on_host, said.get() + i),
          "cusolverDnXsyevd");
  }
  memory.finish();
  return said.first_failed(a.n);
}

}  // namespace

failed_factor eigh(matrix_stack const& a, void* out) {
  refuse_recording();
  failed_factor failed;
  int64_t const n = a.n, elements = a.count * n;
  with_type(a.type, [&]<class T>() {
    workspace const memory(static_cast<std::size_t>(elements) * sizeof(real_t<T>));
    auto* const values = reinterpret_cast<real_t<T>*>(memory.data());
    failed = eigensystems(a, static_cast<T*>(out) + n, (n + 1) * n, true, values);
    launch(store_eigenvalues<T>, blocks_for(elements), threads,
           static_cast<real_t<T> const*>(values), n, elements, static_cast<T*>(out));
  });
  return failed;
}

failed_factor eigvalsh(matrix_stack const& a, void* out) {
  refuse_recording();
  failed_factor failed;
  with_type(a.type, [&]<class T>() {
    workspace const memory(static_cast<std::size_t>(a.n * a.n) * sizeof(T));  // of one at a time
    failed = eigensystems(a, reinterpret_cast<T*>(memory.data()), 0, false,
                          static_cast<real_t<T>*>(out));
  });
  return failed;
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
