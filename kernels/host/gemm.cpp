// host_engine::gemm: floating and complex products through Eigen, integer ones through blocked loops.
#include <kernels/host/engine.hpp>
#include <kernels/host/team.hpp>

// A program that links Sloth may hold Eigen too, built without OpenMP or with other flags. Of equal
// templates the linker keeps one: a product here could run the program's, on one thread or, where
// only half of it is the program's, with data races. Under another name this copy is on its own.
#ifdef EIGEN_CORE_H
#error "kernels/host/gemm.cpp wants a copy of Eigen of its own: keep it out of unity builds"
#endif
#define EIGEN_NO_DEBUG  // shapes are checked where the expression is built
#define Eigen sloth_eigen
#include <Eigen/Core>
#undef Eigen

#include <algorithm>
#include <complex>
#include <cstdlib>
#include <type_traits>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {
namespace {

using std::int64_t;

/// Memory from the pool, kept until a larger block is wanted.
template <class T>
class buffer {
 public:
  buffer() = default;
  buffer(buffer const&) = delete;
  buffer& operator=(buffer const&) = delete;
  ~buffer() { drop(); }

  T* reserve(int64_t n) {
    if (n > size_) {
      drop();
      data_ = static_cast<T*>(allocate(static_cast<std::size_t>(n) * sizeof(T)));
      size_ = n;
    }
    return data_;
  }

 private:
  void drop() noexcept {
    if (size_ > 0) release(data_, static_cast<std::size_t>(size_) * sizeof(T));
    size_ = 0;
  }
  T* data_ = nullptr;
  int64_t size_ = 0;
};

template <class T>
struct view {
  T const* data;
  int64_t rows, columns, row_stride, column_stride;

  [[nodiscard]] view transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  [[nodiscard]] view row_range(int64_t first, int64_t count) const {
    return {data + first * row_stride, count, columns, row_stride, column_stride};
  }
  [[nodiscard]] bool row_major() const {
    return (column_stride == 1 || columns == 1) && (rows == 1 || row_stride >= columns);
  }
  [[nodiscard]] bool column_major() const { return transposed().row_major(); }
  [[nodiscard]] bool runs_down() const { return std::abs(row_stride) < std::abs(column_stride); }
};

/// f(i) for i in [0, count), in parallel unless this is already one part of a parallel loop.
template <class F>
void loop(bool parallel, int64_t count, int64_t work, F f) {
  if (parallel && count > 1) {
    parallel_for(
        count, work, [](void* g, int64_t i) { (*static_cast<F*>(g))(i); }, &f);
  } else {
    for (int64_t i = 0; i < count; ++i) f(i);
  }
}

/// `v`, row-major without gaps, as T. Where `v` runs down, 16 rows at a time: whole cache lines.
template <class T, class S>
void pack(view<S> const& v, T* out) {
  int64_t const n = v.columns;
  if (!v.runs_down()) {
    for (int64_t i = 0; i < v.rows; ++i) {
      S const* const p = v.data + i * v.row_stride;
      for (int64_t j = 0; j < n; ++j) out[i * n + j] = static_cast<T>(p[j * v.column_stride]);
    }
    return;
  }
  for (int64_t first = 0; first < v.rows; first += 16) {
    int64_t const last = std::min(first + 16, v.rows);
    for (int64_t j = 0; j < n; ++j) {
      S const* const p = v.data + j * v.column_stride;
      for (int64_t i = first; i < last; ++i) out[i * n + j] = static_cast<T>(p[i * v.row_stride]);
    }
  }
}

enum class order { any, by_row, by_column };

/// A matrix of S in an order that the products read: in place where it can be, else packed as T.
template <class T, class S>
class operand_of {
 public:
  view<T> load(view<S> v, order wanted, bool parallel) {
    if constexpr (std::is_same_v<T, S>) {
      if (wanted != order::by_column && v.row_major()) return v;
      if (wanted != order::by_row && v.column_major()) return v;
    }
    bool const down = wanted == order::any ? v.runs_down() : wanted == order::by_column;
    if (down) v = v.transposed();
    view<T> const packed{copy(v, parallel), v.rows, v.columns, v.columns, 1};
    return down ? packed.transposed() : packed;
  }
  /// The single row or column of `n` elements.
  T const* vector(S const* data, int64_t n, int64_t stride, bool parallel) {
    if constexpr (std::is_same_v<T, S>) {
      if (stride == 1 || n == 1) return data;
    }
    return copy({data, 1, n, stride * n, stride}, parallel);
  }

 private:
  T const* copy(view<S> const& v, bool parallel) {
    T* const out = memory_.reserve(v.rows * v.columns);
    if (source_ == v.data) return out;  // broadcast over the batch
    int64_t const rows = std::max<int64_t>(16, (1 << 16) / v.columns / 16 * 16);
    loop(parallel, (v.rows + rows - 1) / rows, v.rows * v.columns, [&](int64_t i) {
      pack(v.row_range(i * rows, std::min(rows, v.rows - i * rows)), out + i * rows * v.columns);
    });
    source_ = v.data;
    return out;
  }
  buffer<T> memory_;
  S const* source_ = nullptr;
};

/// What the products of one thread share.
template <class T, class S>
struct workspace {
  operand_of<T, S> a, b;
  buffer<T> c;
};

// ---- tiny products, where Eigen's setup costs more than the arithmetic

constexpr int64_t tiny = 16;

/// C = A B for k <= tiny and n <= Width, row by row, B kept in rows of Width. In vectors of GCC and
/// Clang, which wrap: of plain loops as short as these neither makes vector code.
template <int Width, class T, class S>
void tiny_product(view<S> const& a, view<S> const& b, S* c, int64_t c_stride) {
  constexpr int bytes = std::min<int>(32, Width * sizeof(T)), lanes = bytes / sizeof(T);
  typedef T vector __attribute__((vector_size(bytes)));
  // Copies of a fixed size where they can be: GCC makes `rep movs` of loops up to n.
  bool const whole = std::is_same_v<T, S> && b.columns == Width;
  alignas(32) T rows[tiny * Width], sums[Width];
  for (int64_t l = 0; l < b.rows; ++l) {
    T* const row = rows + l * Width;
    S const* const p = b.data + l * b.row_stride;
    if (whole && b.column_stride == 1) {
      std::memcpy(row, p, sizeof sums);
    } else {
      for (int j = 0; j < Width; ++j) {
        row[j] = j < b.columns ? static_cast<T>(p[j * b.column_stride]) : T(0);
      }
    }
  }
  for (int64_t i = 0; i < a.rows; ++i) {
    vector sum[Width / lanes] = {};
    for (int64_t l = 0; l < a.columns; ++l) {
      T const x = static_cast<T>(a.data[i * a.row_stride + l * a.column_stride]);
      for (int v = 0; v < Width / lanes; ++v) {
        vector row;
        std::memcpy(&row, rows + l * Width + v * lanes, bytes);
        sum[v] += row * x;
      }
    }
    S* const to = c + i * c_stride;
    if (whole) {
      std::memcpy(static_cast<void*>(to), sum, sizeof sums);
    } else {
      std::memcpy(sums, sum, sizeof sums);
      for (int j = 0; j < Width; ++j) {
        if (j < b.columns) to[j] = static_cast<S>(sums[j]);
      }
    }
  }
}

/// False where the product is not tiny: nothing is written.
template <class T, class S>
bool tiny_product(view<S> const& a, view<S> const& b, S* c, int64_t c_stride) {
  int64_t const n = b.columns, k = a.columns;
  if constexpr (std::is_arithmetic_v<T>) {
    constexpr int widest = std::min<int>(tiny, 64 / sizeof(T));  // two vectors
    if (n > widest || k > tiny || a.rows > tiny) return false;
    if (n <= 4)
      tiny_product<4, T>(a, b, c, c_stride);
    else if (n <= 8)
      tiny_product<8, T>(a, b, c, c_stride);
    else
      tiny_product<widest, T>(a, b, c, c_stride);
    return true;
  }
  return false;
}

// ---- Eigen

template <class T, int Order>
using matrix_map =
    sloth_eigen::Map<sloth_eigen::Matrix<T, sloth_eigen::Dynamic, sloth_eigen::Dynamic, Order>,
                     sloth_eigen::Unaligned, sloth_eigen::OuterStride<>>;
template <class T, int Order>
using const_matrix_map = sloth_eigen::Map<
    sloth_eigen::Matrix<T, sloth_eigen::Dynamic, sloth_eigen::Dynamic, Order> const,
    sloth_eigen::Unaligned, sloth_eigen::OuterStride<>>;
template <class T>
using column = sloth_eigen::Matrix<T, sloth_eigen::Dynamic, 1>;

template <class T, class F>
void as_eigen(view<T> const& v, F f) {
  using stride = sloth_eigen::OuterStride<>;
  if (v.row_major()) {
    f(const_matrix_map<T, sloth_eigen::RowMajor>(v.data, v.rows, v.columns, stride(v.row_stride)));
  } else {
    f(const_matrix_map<T, sloth_eigen::ColMajor>(v.data, v.rows, v.columns,
                                                 stride(v.column_stride)));
  }
}

template <class T>
void multiply(view<T> const& a, view<T> const& b, T* c, int64_t c_stride) {
  matrix_map<T, sloth_eigen::RowMajor> out(c, a.rows, b.columns,
                                           sloth_eigen::OuterStride<>(c_stride));
  // Not `= x * y`: that clears a strided C element by element.
  for (int64_t i = 0; i < a.rows; ++i) std::fill_n(c + i * c_stride, b.columns, T(0));
  as_eigen(a, [&](auto const& x) { as_eigen(b, [&](auto const& y) { out.noalias() += x * y; }); });
}

/// Eigen divides the rows of a row-major C among its threads; a C of few rows is divided here, by
/// columns.
template <class T>
void multiply(view<T> const& a, view<T> const& b, T* c, int64_t c_stride, bool parallel) {
  if (!parallel) return multiply(a, b, c, c_stride);
  int64_t const m = a.rows, n = b.columns, k = a.columns, cores = threads();
  int64_t const width = (n / (2 * cores) + 63) / 64 * 64;
  if (cores == 1 || m >= 8 * cores || n < 128 || m * n * k < (1 << 18)) {
    team const of(static_cast<int>(cores));
    return multiply(a, b, c, c_stride);
  }
  loop(true, (n + width - 1) / width, m * n * k, [&](int64_t i) {
    team const alone(1);
    int64_t const first = i * width, count = std::min(width, n - first);
    multiply(a, b.transposed().row_range(first, count).transposed(), c + first, c_stride);
  });
}

/// y = a x, for a of at least two rows.
template <class T>
void multiply(view<T> const& a, T const* x, T* y) {
  sloth_eigen::Map<column<T> const> const in(x, a.columns);
  sloth_eigen::Map<column<T>> out(y, a.rows);
  as_eigen(a, [&](auto const& m) { out.noalias() = m * in; });
}

/// Rows of `a` for one task of a vector product: what they hold stays in the L2 cache, and a column
/// of the part is long enough to stream.
template <class T, class S>
int64_t rows_per_task(view<S> const& a) {
  int64_t const size = a.columns * static_cast<int64_t>(sizeof(T));
  if (a.rows * size <= (1 << 20)) return a.rows;
  int64_t const rows = (1 << 18) / size / 16 * 16;
  return std::min(a.rows, std::max<int64_t>(rows, a.runs_down() ? 512 : 16));
}

/// y (m) = a (m x k) x (k), in parts of the rows that depend on shape and strides only, so that the
/// bits do not depend on the number of threads.
template <class T, class S>
void vector_product(view<S> const& a, S const* x, int64_t x_stride, S* y, int64_t y_stride,
                    workspace<T, S>& w, bool parallel) {
  int64_t const k = a.columns, rows = rows_per_task<T>(a);
  T const* const in = w.b.vector(x, k, x_stride, parallel);
  if (a.rows == 1) {
    T const* const row = w.a.vector(a.data, k, a.column_stride, parallel);
    sloth_eigen::Map<column<T> const> const p(row, k), q(in, k);
    *y = static_cast<S>((p.transpose() * q).value());
    return;
  }
  auto const part = [&](int64_t i, workspace<T, S>& own) {
    view<S> const mine = a.row_range(i * rows, std::min(rows, a.rows - i * rows));
    view<T> const m = own.a.load(mine, order::any, false);
    S* const to = y + i * rows * y_stride;
    if constexpr (std::is_same_v<T, S>) {
      if (y_stride == 1) return multiply(m, in, to);
    }
    T* const result = own.c.reserve(mine.rows);
    multiply(m, in, result);
    for (int64_t r = 0; r < mine.rows; ++r) to[r * y_stride] = static_cast<S>(result[r]);
  };
  if (rows == a.rows) return part(0, w);
  loop(parallel, (a.rows + rows - 1) / rows, a.rows * k, [&](int64_t i) {
    workspace<T, S> own;
    part(i, own);
  });
}

/// C (m x n) = A (m x k) B (k x n), C row-major.
template <class T, class S>
void product(view<S> const& a, view<S> const& b, S* c, int64_t c_stride, workspace<T, S>& w,
             bool parallel) {
  int64_t const m = a.rows, n = b.columns;
  if (tiny_product<T>(a, b, c, c_stride)) return;
  if (n == 1) return vector_product(a, b.data, b.row_stride, c, c_stride, w, parallel);
  if (m == 1) {
    return vector_product(b.transposed(), a.data, a.column_stride, c, int64_t{1}, w, parallel);
  }
  view<T> const x = w.a.load(a, order::any, parallel), y = w.b.load(b, order::any, parallel);
  if constexpr (std::is_same_v<T, S>) {
    multiply(x, y, c, c_stride, parallel);
  } else {
    T* const result = w.c.reserve(m * n);
    multiply(x, y, result, n, parallel);
    loop(parallel, m, m * n, [&](int64_t i) {
      for (int64_t j = 0; j < n; ++j) c[i * c_stride + j] = static_cast<S>(result[i * n + j]);
    });
  }
}

/// C = A A^T: the blocks of the lower triangle as products, then their mirror images.
template <class T>
void symmetric_product(view<T> const& a, T* c, int64_t c_stride) {
  int64_t const n = a.rows, panel = std::max<int64_t>(128, (n / 8 + 15) / 16 * 16);
  workspace<T, T> w;
  view<T> const x = w.a.load(a, order::any, true);
  for (int64_t first = 0; first < n; first += panel) {
    int64_t const rows = std::min(panel, n - first);
    multiply(x.row_range(first, rows), x.row_range(0, first + rows).transposed(),
             c + first * c_stride, c_stride, true);
  }
  constexpr int64_t tile = 32;
  loop(true, (n + tile - 1) / tile, n * n, [&](int64_t task) {
    int64_t const top = task * tile, bottom = std::min(n, top + tile);
    for (int64_t left = top; left < n; left += tile)
      for (int64_t i = top; i < bottom; ++i)
        for (int64_t j = std::max(left, i + 1); j < std::min(n, left + tile); ++j)
          c[i * c_stride + j] = c[j * c_stride + i];
  });
}

// ---- integers, modulo 2^n: as unsigned, and not narrower than unsigned int, to which C++ promotes

template <class U>
using wide = std::conditional_t<(sizeof(U) < 4), std::uint32_t, U>;

/// Few columns: every element of C is the dot product of two contiguous runs. C has any strides.
template <std::unsigned_integral U>
void dot_products(view<U> const& a, view<U> const& b, U* c, int64_t row_stride,
                  int64_t column_stride, workspace<U, U>& w, bool parallel) {
  int64_t const k = a.columns, n = b.columns, rows = rows_per_task<U>(a);
  view<U> const y = w.b.load(b, order::by_column, parallel);
  loop(parallel, (a.rows + rows - 1) / rows, a.rows * n * k, [&](int64_t task) {
    operand_of<U, U> own;
    int64_t const first = task * rows, count = std::min(rows, a.rows - first);
    view<U> const x = own.load(a.row_range(first, count), order::by_row, false);
    for (int64_t i = 0; i < count; ++i) {
      U const* const p = x.data + i * x.row_stride;
      for (int64_t j = 0; j < n; ++j) {
        U const* const q = y.data + j * y.column_stride;
        U sum = 0;
        for (int64_t l = 0; l < k; ++l) sum = static_cast<U>(sum + wide<U>(p[l]) * q[l]);
        c[(first + i) * row_stride + j * column_stride] = sum;
      }
    }
  });
}

/// c (m x n) += a (m x k) b (k x n) for blocks that fit the L1 cache, four rows of b at a time.
template <std::unsigned_integral U>
void add_block(view<U> const& a, view<U> const& b, U* c, int64_t c_stride) {
  using W = wide<U>;
  int64_t const n = b.columns, step = b.row_stride;
  for (int64_t i = 0; i < a.rows; ++i) {
    U* __restrict const row = c + i * c_stride;
    U const* x = a.data + i * a.row_stride;
    U const* y = b.data;
    int64_t l = 0;
    for (; l + 4 <= a.columns; l += 4, x += 4 * a.column_stride, y += 4 * step) {
      W const x0 = x[0], x1 = x[a.column_stride], x2 = x[2 * a.column_stride],
              x3 = x[3 * a.column_stride];
      U const *y0 = y, *y1 = y + step, *y2 = y + 2 * step, *y3 = y + 3 * step;
      for (int64_t j = 0; j < n; ++j) {
        row[j] = static_cast<U>(row[j] + x0 * y0[j] + x1 * y1[j] + x2 * y2[j] + x3 * y3[j]);
      }
    }
    for (; l < a.columns; ++l, x += a.column_stride, y += step) {
      for (int64_t j = 0; j < n; ++j) row[j] = static_cast<U>(row[j] + W(*x) * y[j]);
    }
  }
}

template <std::unsigned_integral U>
void product(view<U> const& a, view<U> const& b, U* c, int64_t c_stride, workspace<U, U>& w,
             bool parallel) {
  int64_t const m = a.rows, n = b.columns, k = a.columns;
  if (tiny_product<U>(a, b, c, c_stride)) return;
  if (n < 16) return dot_products(a, b, c, c_stride, int64_t{1}, w, parallel);
  if (m == 1 && b.runs_down()) {
    return dot_products(b.transposed(), a.transposed(), c, int64_t{1}, c_stride, w, parallel);
  }
  constexpr int64_t rows = 32, depth = 32, width = 1024 / sizeof(U);
  view<U> const y = w.b.load(b, order::by_row, parallel);
  int64_t const across = (n + width - 1) / width;
  loop(parallel, (m + rows - 1) / rows * across, m * n * k, [&](int64_t task) {
    int64_t const i = task / across * rows, j = task % across * width;
    int64_t const high = std::min(rows, m - i), broad = std::min(width, n - j);
    U* const to = c + i * c_stride + j;
    for (int64_t r = 0; r < high; ++r) std::fill_n(to + r * c_stride, broad, U{0});
    for (int64_t l = 0; l < k; l += depth) {
      int64_t const deep = std::min(depth, k - l);
      add_block<U>({a.data + i * a.row_stride + l * a.column_stride, high, deep, a.row_stride,
                    a.column_stride},
                   {y.data + l * y.row_stride + j, deep, broad, y.row_stride, 1}, to, c_stride);
    }
  });
}

// ---- batches

struct batch_of {
  extents shape;
  strides a, b;
};

/// Elements from the first matrix to that of index `i`.
int64_t offset(extents const& shape, strides const& stride, int64_t i) {
  int64_t at = 0;
  for (int axis = shape.rank() - 1; axis > 0; --axis) {
    at += i % shape[axis] * stride[axis];
    i /= shape[axis];
  }
  return shape.empty() ? at : at + i * stride[0];
}

/// Leaves out the last axes of extent 1, and those along which B stays while the rows of A go on:
/// these are more rows of one product.
void fold(batch_of& batch, int64_t& m, matrix_operand& a) {
  while (!batch.shape.empty()) {
    int const axis = batch.shape.rank() - 1;
    int64_t const extent = batch.shape[axis], step = batch.a[axis];
    if (extent != 1) {
      if (batch.b[axis] != 0 || (m != 1 && step != m * a.row_stride)) return;
      if (m == 1) a.row_stride = step;
      m *= extent;
    }
    batch.shape.erase(axis);
    batch.a.erase(axis);
    batch.b.erase(axis);
  }
}

/// T is what the products compute in, S what memory holds.
template <class T, class S = T>
void run(batch_of const& batch, int64_t m, int64_t n, int64_t k, matrix_operand const& a,
         matrix_operand const& b, S* c, int64_t c_stride) {
  auto const one = [&](int64_t i, workspace<T, S>& w, bool parallel) {
    view<S> const x{static_cast<S const*>(a.data) + offset(batch.shape, batch.a, i), m, k,
                    a.row_stride, a.column_stride};
    view<S> const y{static_cast<S const*>(b.data) + offset(batch.shape, batch.b, i), k, n,
                    b.row_stride, b.column_stride};
    product(x, y, c + i * m * c_stride, c_stride, w, parallel);
  };
  int64_t const count = batch.shape.size(), work = m * n * k, cores = threads();
  // A product on one core waits for nobody, but the cores should finish together.
  bool const many =
      count >= 8 * cores || (count >= 2 * cores && work < (1 << 24)) || work < (1 << 18);
  if (count == 1 || !many) {
    workspace<T, S> w;
    for (int64_t i = 0; i < count; ++i) one(i, w, true);
    return;
  }
  int64_t const group = std::max<int64_t>(1, (1 << 16) / (work + 64));
  loop(true, (count + group - 1) / group, count * (work / 8 + 16), [&](int64_t task) {
    team const alone(1);
    workspace<T, S> w;
    int64_t const end = std::min(count, (task + 1) * group);
    for (int64_t i = task * group; i < end; ++i) one(i, w, false);
  });
}

}  // namespace

void gemm(dtype type, extents const& batch, int64_t m, int64_t n, int64_t k,
          matrix_operand const& a, matrix_operand const& b, void* c, int64_t c_stride) {
  if (m == 0 || n == 0 || batch.size() == 0) return;
  if (k == 0) {
    int64_t const size = size_of(type);
    for (int64_t i = 0; i < batch.size() * m; ++i) {
      std::memset(static_cast<std::byte*>(c) + i * c_stride * size, 0,
                  static_cast<std::size_t>(n * size));
    }
    return;
  }
  batch_of folded{batch, a.batch_stride, b.batch_stride};
  matrix_operand left = a;
  fold(folded, m, left);
  auto const go = [&]<class T, class S = T>() {
    run<T, S>(folded, m, n, k, left, b, static_cast<S*>(c), c_stride);
  };
  switch (type) {
    case dtype::boolean: break;  // refused where the expression is built
    case dtype::i8:
    case dtype::u8: return go.operator()<std::uint8_t>();
    case dtype::i16:
    case dtype::u16: return go.operator()<std::uint16_t>();
    case dtype::i32:
    case dtype::u32: return go.operator()<std::uint32_t>();
    case dtype::i64:
    case dtype::u64: return go.operator()<std::uint64_t>();
    case dtype::f16: return go.operator()<float, f16>();
    case dtype::bf16: return go.operator()<float, bf16>();
    case dtype::f32: return go.operator()<float>();
    case dtype::f64: return go.operator()<double>();
    case dtype::complex64: return go.operator()<std::complex<float>>();
    case dtype::complex128: return go.operator()<std::complex<double>>();
  }
}

void symmetric_gemm(dtype type, int64_t n, int64_t k, matrix_operand const& a, void* c,
                    int64_t c_stride) {
  visit(type, [&]<class V>() {
    if constexpr (is_floating<V> && !is_half<V>) {
      using T = typename std::conditional_t<is_complex<V>, std::complex<real_t<V>>, V>;
      symmetric_product<T>({static_cast<T const*>(a.data), n, k, a.row_stride, a.column_stride},
                           static_cast<T*>(c), c_stride);
    }
  });
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
