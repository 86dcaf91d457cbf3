// Systems of equations, inverses and determinants through cuSOLVER, of batches through cuBLAS, of small
// matrices in registers, and Cholesky factors. Of matrices that are read as their transposes, solving
// takes the factors of A^T, and inverses and determinants do not mind.
#include <kernels/cuda/lane.hpp>
#include <kernels/cuda/matrices.hpp>
#include <kernels/cuda/small_lu.hpp>

#include <dsl/determinant.hpp>

#include <cmath>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

namespace {

constexpr int warps = threads / 32;

/// Batches of matrices from this size on are faster one after the other (PyTorch has the same limit).
constexpr int64_t batched_below = 512;
/// Of a call's batch or right-hand sides: what one dimension of a grid may be.
constexpr int64_t most_at_once = 65535;

bool in_batches(matrix_stack const& a) { return a.count > 1 && a.n < batched_below; }

/// Matrices up to this size fit the registers of as many lanes.
template <class T>
constexpr int64_t longest_small = sizeof(T) <= 8 ? 32 : 16;

/// Batches of matrices up to this size are inverted in less time than n equations are solved.
constexpr int64_t longest_inverted = 64;

// ---- kernels

__global__ void store_addresses(std::byte* first, int64_t step, int64_t count, void** to) {
  for (int64_t i = first_element(); i < count; i += grid_step()) to[i] = first + i * step;
}

template <class T>
__global__ void set_identities(int64_t n, int64_t elements, T* out) {
  for (int64_t at = first_element(); at < elements; at += grid_step())
    out[at] = T(real_t<T>(at % (n * n) % (n + 1) == 0));
}

/// Of matrices that caches hold: a thread an element.
template <class T>
__global__ void transpose_small(T const* in, unsigned n, int64_t elements, T* out) {
  for (int64_t at = first_element(); at < elements; at += grid_step()) {
    int64_t const first = at / (n * n) * (n * n);
    unsigned const place = static_cast<unsigned>(at - first), row = place / n;
    out[at] = in[first + (place - row * n) * n + row];
  }
}
template <class T>
void transpose(matrix_stack const& a, T* to) {
  constexpr int64_t small = 32;
  if (a.n <= small) {
    int64_t const elements = a.count * a.n * a.n;
    return launch(transpose_small<T>, blocks_for(elements), threads, static_cast<T const*>(a.data),
                  static_cast<unsigned>(a.n), elements, to);
  }
  operand from;
  from.data = a.data;
  from.type = a.type;
  from.stride = {a.n * a.n, 1, a.n};
  std::uint16_t const slot = 0;
  fused_call call{};
  call.operands = &from;
  call.operand_count = 1;
  call.slot = &slot;
  extents const shape{a.count, a.n, a.n};
  copy_launch(a.type)(call, shape, {to, a.type, row_major(shape)});
}

template <class T>
__global__ void clear_above_diagonals(int64_t n, int64_t elements, T* out) {
  for (int64_t at = first_element(); at < elements; at += grid_step())
    if (int64_t const place = at % (n * n); place % n > place / n) out[at] = T(0);
}

/// A matrix with a NaN is not singular: its report becomes -1, and what is made of it NaN.
template <class T>
__global__ void mark_nan(T const* in, int64_t size, int64_t elements, int* info) {
  for (int64_t at = first_element(); at < elements; at += grid_step())
    if (in[at] != in[at]) info[at / size] = -1;
}
template <class T>
__device__ T not_a_number() {
  return T(real_t<T>(NAN));
}
template <class T>
__global__ void spread_nan(int const* info, int64_t size, int64_t elements, T* out) {
  for (int64_t at = first_element(); at < elements; at += grid_step())
    if (info[at / size] < 0) out[at] = not_a_number<T>();
}

/// The least of matrix * (n + 1) + order.
__global__ void find_failed(int const* info, int64_t count, int64_t n, unsigned long long* found) {
  for (int64_t i = first_element(); i < count; i += grid_step())
    if (info[i] > 0) atomicMin(found, static_cast<unsigned long long>(i * (n + 1) + info[i]));
}

/// A warp a matrix. `pivots` count from 1.
template <class T, class Pivot>
__global__ void multiply_diagonals(T const* factors, Pivot const* pivots, int const* info,
                                   int64_t n, int64_t count, bool logarithms, T* out) {
  int const lane = static_cast<int>(threadIdx.x) % 32;
  for (int64_t m = first_element() / 32; m < count; m += grid_step() / 32) {
    scaled_product<T> of;
    for (int64_t i = lane; i < n; i += 32) {
      T const pivot = factors[m * n * n + i * (n + 1)];
      of *= scaled_product<T>(pivots[m * n + i] == i + 1 ? pivot : -pivot);
    }
    for (int distance = 16; distance > 0; distance /= 2)
      of *= from_lane(of, (lane + distance) % 32);
    if (lane > 0) continue;
    if (n > 0 && info[m] > 0) of = scaled_product<T>(T(0));
    if (n > 0 && info[m] < 0) {
      out[logarithms ? 2 * m : m] = not_a_number<T>();
      if (logarithms) out[2 * m + 1] = not_a_number<T>();
    } else if (logarithms) {
      out[2 * m] = of.sign();
      out[2 * m + 1] = T(of.log_of_size());
    } else {
      out[m] = of.value();
    }
  }
}

/// W lanes a matrix.
template <class T, int W>
__global__ void __launch_bounds__(threads)
    factor_small(T const* in, int n, int64_t count, T* out, int* pivots, int* info) {
  int64_t const size = int64_t{n} * n, step = grid_step() / W;
  for (int64_t m = first_element() / W; __any_sync(~0u, m < count); m += step) {
    bool const there = m < count;
    small_lu<T, W> lu(in + (there ? m : 0) * size, n);
    lu.factor([&](int k, int i) {
      if (there && lu.lane() == 0) pivots[m * n + k] = i + 1;
    });
    if (!there || lu.lane() >= n) continue;
#pragma unroll
    for (int j = 0; j < W; ++j)
      if (j < n) out[m * size + j * n + lu.place()] = lu[j];
    if (lu.lane() == 0) info[m] = lu.report();
  }
}
template <class T, int W>
__global__ void __launch_bounds__(threads)
    invert_small(T const* in, int n, int64_t count, T* out, int* info) {
  int64_t const size = int64_t{n} * n, step = grid_step() / W;
  for (int64_t m = first_element() / W; __any_sync(~0u, m < count); m += step) {
    bool const there = m < count;
    small_lu<T, W> lu(in + (there ? m : 0) * size, n);
    lu.factor([](int, int) {});
    lu.invert([&](int j, T x) {
      if (there && lu.lane() < n)
        out[m * size + j * n + lu.lane()] = lu.report() < 0 ? not_a_number<T>() : x;
    });
    if (there && lu.lane() == 0) info[m] = lu.report();
  }
}
/// f.operator()<W>() with the lanes that a matrix of n rows takes.
template <class T, class F>
void with_lanes(int64_t n, F const& f) {
  constexpr int64_t longest = longest_small<T>;
  if (n <= 8) return f.template operator()<8>();
  if (longest == 16 || n <= 16) return f.template operator()<16>();
  if constexpr (longest > 16) f.template operator()<32>();
}

// ---- what is made of them

/// Where `count` matrices or right-hand sides lie, for the libraries to read on the device.
template <class T>
class addresses {
 public:
  addresses(T const* first, int64_t step, int64_t count)
      : memory_(sizeof(void*) * static_cast<std::size_t>(count)) {
    launch(store_addresses, blocks_for(count), threads,
           reinterpret_cast<std::byte*>(const_cast<T*>(first)),
           step * static_cast<int64_t>(sizeof(T)), count, reinterpret_cast<void**>(memory_.data()));
  }
  [[nodiscard]] auto get() const {
    return reinterpret_cast<typename routines<T>::number**>(memory_.data());
  }

 private:
  workspace memory_;
};

/// f(first, n) for parts of [0, count) that fit a call.
template <class F>
void for_parts(int64_t count, F const& f) {
  for (int64_t first = 0; first < count; first += most_at_once)
    f(first, std::min(most_at_once, count - first));
}

/// P M = L U of copies of matrices, column-major.
template <class T>
class lu {
 public:
  explicit lu(matrix_stack const& a)
      : n_(a.n),
        count_(a.count),
        batched_(a.n <= longest_small<T> || in_batches(a)),
        matrices_(sizeof(T) * static_cast<std::size_t>(a.count * a.n * a.n)),
        pivots_((batched_ ? sizeof(int) : sizeof(int64_t)) *
                static_cast<std::size_t>(a.count * a.n)),
        reports_(a.count) {
    refuse_recording();
    n_ <= longest_small<T> ? factor_in_registers(a) : factor_by_libraries(a);
  }

  /// x becomes op(M)^-1 x, `columns` columns for each matrix.
  void substitute(cublasOperation_t op, int64_t columns, T* x) const {
    if (columns == 0) return;
    if (batched_)
      for_parts(count_, [&](int64_t first, int64_t some) {
        addresses<T> const at(matrix(first), n_ * n_, some);
        for_parts(columns, [&](int64_t column, int64_t wide) {
          addresses<T> const sides(x + (first * columns + column) * n_, n_ * columns, some);
          int wrong = 0;  // a parameter, which the status says too
          check(
              routines<T>::getrs(cublas().handle, op, static_cast<int>(n_), static_cast<int>(wide),
                                 at.get(), static_cast<int>(n_), pivots<int>() + first * n_,
                                 sides.get(), static_cast<int>(n_), &wrong, static_cast<int>(some)),
              "cublas?getrsBatched");
        });
      });
    else
      substitute_one_by_one(op, columns, x);
    spread_nans(columns, x);
  }
  /// M^-1, column-major too.
  void invert(T* out) const {
    if (!batched_ || n_ > longest_inverted) {
      int64_t const elements = count_ * n_ * n_;
      launch(set_identities<T>, blocks_for(elements), threads, n_, elements, out);
      return substitute(CUBLAS_OP_N, n_, out);
    }
    workspace const again(sizeof(int) * static_cast<std::size_t>(count_));  // as they are reported
    for_parts(count_, [&](int64_t first, int64_t some) {
      addresses<T> const at(matrix(first), n_ * n_, some), to(out + first * n_ * n_, n_ * n_, some);
      check(
          routines<T>::getri(cublas().handle, static_cast<int>(n_), at.get(), static_cast<int>(n_),
                             pivots<int>() + first * n_, to.get(), static_cast<int>(n_),
                             reinterpret_cast<int*>(again.data()) + first, static_cast<int>(some)),
          "cublas?getriBatched");
    });
    spread_nans(n_, out);
  }
  [[nodiscard]] failed_factor failed() const { return reports_.first_failed(n_); }

  void determinants(bool logarithms, T* out) const {
    auto const run = [&]<class Pivot>(Pivot const* p) {
      launch(multiply_diagonals<T, Pivot>, blocks_for(count_, warps), threads, matrix(0), p,
             static_cast<int const*>(reports_.get()), n_, count_, logarithms, out);
    };
    batched_ ? run(static_cast<int const*>(pivots<int>()))
             : run(static_cast<int64_t const*>(pivots<int64_t>()));
  }

 private:
  void factor_in_registers(matrix_stack const& a) {
    with_lanes<T>(n_, [&]<int W>() {
      launch(factor_small<T, W>, blocks_for(count_ * W), threads, static_cast<T const*>(a.data),
             static_cast<int>(n_), count_, matrix(0), pivots<int>(), reports_.get());
    });
  }
  void factor_by_libraries(matrix_stack const& a) {
    copy_on_device(matrices_.data(), a.data, static_cast<int64_t>(sizeof(T)) * count_ * n_ * n_);
    if (batched_)
      for_parts(count_, [&](int64_t first, int64_t some) {
        addresses<T> const at(matrix(first), n_ * n_, some);
        check(routines<T>::getrf(cublas().handle, static_cast<int>(n_), at.get(),
                                 static_cast<int>(n_), pivots<int>() + first * n_,
                                 reports_.get() + first, static_cast<int>(some)),
              "cublas?getrfBatched");
      });
    else
      factor_one_by_one();
    int64_t const size = n_ * n_;
    launch(mark_nan<T>, blocks_for(count_ * size), threads, static_cast<T const*>(a.data), size,
           count_ * size, reports_.get());
  }
  void factor_one_by_one() {
    auto const [handle, params] = cusolver();
    cudaDataType const type = routines<T>::type;
    scratch own;
    check(cusolverDnXgetrf_bufferSize(handle, params, n_, n_, type, matrix(0), n_, type,
                                      &own.on_device, &own.on_host),
          "cusolverDnXgetrf_bufferSize");
    own.reserve();
    for (int64_t i = 0; i < count_; ++i)
      check(cusolverDnXgetrf(handle, params, n_, n_, type, matrix(i), n_,
                             pivots<int64_t>() + i * n_, type, own.device->data(), own.on_device,
                             own.host.data(), own.on_host, reports_.get() + i),
            "cusolverDnXgetrf");
    own.finish();
  }
  void spread_nans(int64_t columns, T* x) const {
    int64_t const size = n_ * columns;
    launch(spread_nan<T>, blocks_for(count_ * size), threads,
           static_cast<int const*>(reports_.get()), size, count_ * size, x);
  }
  void substitute_one_by_one(cublasOperation_t op, int64_t columns, T* x) const {
    auto const [handle, params] = cusolver();
    cudaDataType const type = routines<T>::type;
    workspace const wrong(sizeof(int));  // a parameter, which the status says too
    for (int64_t i = 0; i < count_; ++i)
      check(cusolverDnXgetrs(handle, params, op, n_, columns, type, matrix(i), n_,
                             pivots<int64_t>() + i * n_, type, x + i * n_ * columns, n_,
                             reinterpret_cast<int*>(wrong.data())),
            "cusolverDnXgetrs");
  }

  [[nodiscard]] T* matrix(int64_t i) const {
    return reinterpret_cast<T*>(matrices_.data()) + i * n_ * n_;
  }
  template <class Pivot>
  [[nodiscard]] Pivot* pivots() const {
    return reinterpret_cast<Pivot*>(pivots_.data());
  }

  int64_t n_, count_;
  bool batched_;
  workspace matrices_, pivots_;
  reports reports_;
};

template <class T>
failed_factor invert_in_registers(matrix_stack const& a, T* out) {
  refuse_recording();
  reports const said(a.count);
  with_lanes<T>(a.n, [&]<int W>() {
    launch(invert_small<T, W>, blocks_for(a.count * W), threads, static_cast<T const*>(a.data),
           static_cast<int>(a.n), a.count, out, said.get());
  });
  return said.first_failed(a.n);
}

void determinants(matrix_stack const& a, bool logarithms, void* out) {
  with_type(a.type, [&]<class T>() {
    if (a.n > 0) return lu<T>(a).determinants(logarithms, static_cast<T*>(out));
    launch(multiply_diagonals<T, int>, blocks_for(a.count, warps), threads,
           static_cast<T const*>(nullptr), static_cast<int const*>(nullptr),
           static_cast<int const*>(nullptr), a.n, a.count, logarithms, static_cast<T*>(out));
  });
}

}  // namespace

failed_factor reports::first_failed(int64_t n) const {
  workspace const found(sizeof(int64_t));
  auto* const least = reinterpret_cast<unsigned long long*>(found.data());
  clear(least, sizeof *least, 0xff);
  launch(find_failed, blocks_for(count_), threads, get(), count_, n, least);
  int64_t first;
  copy_to_host(&first, least, sizeof first);
  if (first < 0) return {};  // all bits set
  return {first / (n + 1), first % (n + 1)};
}

failed_factor solve(matrix_stack const& a, bool transposed, int64_t columns, void const* b,
                    void* x) {
  failed_factor failed;
  with_type(a.type, [&]<class T>() {
    lu<T> const factors(a);
    copy_on_device(x, b, static_cast<int64_t>(sizeof(T)) * a.count * a.n * columns);
    factors.substitute(transposed ? CUBLAS_OP_N : CUBLAS_OP_T, columns, static_cast<T*>(x));
    failed = factors.failed();
  });
  return failed;
}

// The columns of A^-T are the rows of A^-1.
failed_factor inv(matrix_stack const& a, void* out) {
  failed_factor failed;
  with_type(a.type, [&]<class T>() {
    if (a.n <= longest_small<T>) {
      failed = invert_in_registers(a, static_cast<T*>(out));
    } else {
      lu<T> const factors(a);
      factors.invert(static_cast<T*>(out));
      failed = factors.failed();
    }
  });
  return failed;
}

void det(matrix_stack const& a, void* out) { determinants(a, false, out); }
void slogdet(matrix_stack const& a, void* out) { determinants(a, true, out); }

// cuSOLVER's lower factors take a third of its upper ones' time: two transposes are worth it.
failed_factor cholesky(matrix_stack const& a, void* out) {
  int64_t const n = a.n, elements = a.count * n * n;
  refuse_recording();
  auto const [handle, params] = cusolver();
  reports const said(a.count);
  constexpr auto part = CUBLAS_FILL_MODE_LOWER;
  with_type(a.type, [&]<class T>() {
    workspace const columns(static_cast<std::size_t>(elements) * sizeof(T));
    auto* const own = reinterpret_cast<T*>(columns.data());
    transpose(a, own);
    if (in_batches(a)) {
      for_parts(a.count, [&](int64_t first, int64_t some) {
        addresses<T> const at(own + first * n * n, n * n, some);
        check(routines<T>::potrf(handle, part, static_cast<int>(n), at.get(), static_cast<int>(n),
                                 said.get() + first, static_cast<int>(some)),
              "cusolverDn?potrfBatched");
      });
    } else {
      cudaDataType const type = routines<T>::type;
      scratch memory;
      check(cusolverDnXpotrf_bufferSize(handle, params, part, n, type, own, n, type,
                                        &memory.on_device, &memory.on_host),
            "cusolverDnXpotrf_bufferSize");
      memory.reserve();
      for (int64_t i = 0; i < a.count; ++i)
        check(cusolverDnXpotrf(handle, params, part, n, type, own + i * n * n, n, type,
                               memory.device->data(), memory.on_device, memory.host.data(),
                               memory.on_host, said.get() + i),
              "cusolverDnXpotrf");
      memory.finish();
    }
    matrix_stack factors = a;
    factors.data = own;
    transpose(factors, static_cast<T*>(out));
    launch(clear_above_diagonals<T>, blocks_for(elements), threads, n, elements,
           static_cast<T*>(out));
  });
  return said.first_failed(n);
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
