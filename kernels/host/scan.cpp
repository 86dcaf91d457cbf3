#include <kernels/host/engine.hpp>

#include <dsl/scalar.hpp>

#include <algorithm>
#include <vector>

namespace sloth::inline SLOTH_ABI {
namespace host_engine {

namespace {

using std::int64_t;

// A longer row is scanned in parts of this size, each from its own beginning, which are shifted by
// what is before them: by all threads or by one, the additions are the same.
constexpr int64_t part = 4096;

template <reduction Op, class T>
T combined(T a, T b) {
  if constexpr (Op == reduction::sum)
    return scalar::add(a, b);
  else if constexpr (Op == reduction::prod)
    return scalar::multiply(a, b);
  else if constexpr (Op == reduction::min)
    return scalar::minimum(a, b);
  else
    return scalar::maximum(a, b);
}

template <reduction Op, class T>
void scan_part(T const* in, T* out, int64_t n) {
  T running = in[0];
  out[0] = running;
  for (int64_t i = 1; i < n; ++i) out[i] = running = combined<Op>(running, in[i]);
}
template <reduction Op, class T>
void shift(T* out, int64_t n, T before) {
  for (int64_t i = 0; i < n; ++i) out[i] = combined<Op>(before, out[i]);
}

template <reduction Op, class T>
struct row_scan {
  T const* in;
  T* out;
  int64_t n;
  [[nodiscard]] int64_t parts() const { return (n + part - 1) / part; }
  [[nodiscard]] int64_t length(int64_t p) const { return std::min(part, n - p * part); }

  /// Part by part, each while it is in the cache.
  void run() const {
    scan_part<Op>(in, out, length(0));
    for (int64_t p = 1; p < parts(); ++p) {
      T* const to = out + p * part;
      scan_part<Op>(in + p * part, to, length(p));
      shift<Op>(to, length(p), to[-1]);
    }
  }
  /// All parts at once, then what is before each, then all shifts at once.
  void run_together() {
    parallel_for(
        parts(), n,
        [](void* of, int64_t p) {
          auto const& r = *static_cast<row_scan*>(of);
          scan_part<Op>(r.in + p * part, r.out + p * part, r.length(p));
        },
        this);
    std::vector<T> before(static_cast<std::size_t>(parts()));
    for (int64_t p = 1; p < parts(); ++p) {
      T const last = out[p * part - 1];
      before[p] = p == 1 ? last : combined<Op>(before[p - 1], last);
    }
    struct shifts {
      row_scan const& row;
      std::vector<T> const& before;
    } all{*this, before};
    parallel_for(
        parts() - 1, n,
        [](void* of, int64_t i) {
          auto const& s = *static_cast<shifts*>(of);
          shift<Op>(s.row.out + (i + 1) * part, s.row.length(i + 1), s.before[i + 1]);
        },
        &all);
  }
};

template <reduction Op, class T>
void scan_rows(int64_t rows, int64_t n, void const* in, void* out) {
  struct job {
    T const* in;
    T* out;
    int64_t n;
    [[nodiscard]] row_scan<Op, T> row(int64_t r) const { return {in + r * n, out + r * n, n}; }
  } all{static_cast<T const*>(in), static_cast<T*>(out), n};
  if (rows >= threads() || n <= part)
    parallel_for(
        rows, rows * n, [](void* of, int64_t r) { static_cast<job const*>(of)->row(r).run(); },
        &all);
  else
    for (int64_t r = 0; r < rows; ++r) all.row(r).run_together();
}

/// Each row from the one above it, a chunk of columns a job.
template <reduction Op, class T>
void scan_columns(int64_t outer, int64_t n, int64_t inner, void const* in, void* out) {
  struct job {
    T const* in;
    T* out;
    int64_t n, inner, width, chunks;
    void run(int64_t i) const {
      int64_t const column = i % chunks * width, count = std::min(width, inner - column);
      T const* from = in + i / chunks * n * inner + column;
      T* to = out + i / chunks * n * inner + column;
      std::copy_n(from, count, to);
      for (int64_t row = 1; row < n; ++row) {
        from += inner;
        T const* const above = to;
        to += inner;
        for (int64_t j = 0; j < count; ++j) to[j] = combined<Op>(above[j], from[j]);
      }
    }
  };
  int64_t const width = std::max<int64_t>(512, (inner + threads() - 1) / threads());
  job all{static_cast<T const*>(in),  static_cast<T*>(out), n, inner, width,
          (inner + width - 1) / width};
  parallel_for(
      outer * all.chunks, outer * n * inner,
      [](void* of, int64_t i) { static_cast<job const*>(of)->run(i); }, &all);
}

template <class T>
void scan_of(reduction op, int64_t outer, int64_t n, int64_t inner, void const* in, void* out) {
  auto const by = [&]<reduction Op>() {
    inner == 1 ? scan_rows<Op, T>(outer, n, in, out)
               : scan_columns<Op, T>(outer, n, inner, in, out);
  };
  if (op == reduction::sum) return by.template operator()<reduction::sum>();
  if (op == reduction::prod) return by.template operator()<reduction::prod>();
  if constexpr (!is_complex<T>) {
    if (op == reduction::min) return by.template operator()<reduction::min>();
    by.template operator()<reduction::max>();
  }
}

}  // namespace

void scan(reduction op, dtype type, int64_t outer, int64_t n, int64_t inner, void const* in,
          void* out) {
  if (outer == 0 || n == 0 || inner == 0) return;
  switch (type) {
    case dtype::i64: return scan_of<int64_t>(op, outer, n, inner, in, out);
    case dtype::u64: return scan_of<std::uint64_t>(op, outer, n, inner, in, out);
    case dtype::f32: return scan_of<float>(op, outer, n, inner, in, out);
    case dtype::f64: return scan_of<double>(op, outer, n, inner, in, out);
    case dtype::complex64: return scan_of<complex64>(op, outer, n, inner, in, out);
    case dtype::complex128: return scan_of<complex128>(op, outer, n, inner, in, out);
    default: break;  // the language converts to these
  }
}

}  // namespace host_engine
}  // namespace sloth::inline SLOTH_ABI
