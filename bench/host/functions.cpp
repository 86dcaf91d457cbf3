#include "functions.hpp"

#include <dsl/sloth.hpp>

#include <cmath>
#include <memory>

using namespace sloth;
using std::int64_t;

namespace {

constexpr double numpy_target = 1;

template <class T>
const char* type_name() {
  return dtype_of<T> == dtype::f32          ? "f32"
         : dtype_of<T> == dtype::f64        ? "f64"
         : dtype_of<T> == dtype::i32        ? "i32"
         : dtype_of<T> == dtype::i64        ? "i64"
         : dtype_of<T> == dtype::complex128 ? "complex128"
                                            : "bool";
}

/// Uniform in (-1, 1], whole numbers over their 31 bits.
template <class T>
array<T> values(extents const& shape, std::uint64_t seed) {
  generator rng(seed);
  if constexpr (is_integer<T>) {
    return rng.integers<T>(0x7fffffff, shape);
  } else if constexpr (is_complex<T>) {
    auto const re = rng.uniform(-1, 1, shape), im = rng.uniform(-1, 1, shape);
    return re + complex128(0, 1) * im;
  } else {
    return rng.uniform<T>(-1, 1, shape);
  }
}
array<int64_t> below(int64_t limit, extents const& shape, std::uint64_t seed) {
  return generator(seed).integers(limit, shape);
}

class measurement {
 public:
  measurement(bench::session& to, bench::peer* numpy) : to_(to), numpy_(numpy) {}

  /// `make` returns the job, which returns what it computed. `bytes` are those that it cannot do without.
  template <class T, class Make>
  void time(std::string const& name, std::string const& size, double bytes, Make const& make) {
    std::string const whole = name + "/" + type_name<T>() + "/" + size;
    if (!to_.wanted(whole)) return;
    auto const job = make();
    bench::measured_case c{
        whole, bytes, 0, {bench::timed("sloth", [&] { auto const result = job(); })}};
    if (numpy_ != nullptr && numpy_->knows(whole))
      c.alternatives.push_back(numpy_->measures(whole, numpy_target));
    to_.run(c);
    if (numpy_ != nullptr) numpy_->release();
  }

 private:
  bench::session& to_;
  bench::peer* numpy_;
};

constexpr int64_t million = int64_t{1} << 20;

/// Of n elements: f(x), which reads x and writes `written` bytes an element.
template <class T, class F>
void of_vector(measurement& all, std::string const& name, int power, double written, F f) {
  int64_t const n = int64_t{1} << power;
  all.time<T>(name, "2^" + std::to_string(power), (sizeof(T) + written) * n, [=] {
    auto const x = values<T>({n}, 1);
    return [=] { return f(x); };
  });
}
template <class T, class F>
void of_vectors(measurement& all, std::string const& name, int power, double written, F f) {
  int64_t const n = int64_t{1} << power;
  all.time<T>(name, "2^" + std::to_string(power), (2 * sizeof(T) + written) * n, [=] {
    auto const x = values<T>({n}, 1), y = values<T>({n}, 2);
    return [=] { return f(x, y); };
  });
}
template <class T, class F>
void of_matrix(measurement& all, std::string const& name, int64_t rows, int64_t columns,
               double written, F f) {
  all.time<T>(name, std::to_string(rows) + "x" + std::to_string(columns),
              sizeof(T) * double(rows * columns) + written, [=] {
                auto const x = values<T>({rows, columns}, 1);
                return [=] { return f(x); };
              });
}
template <class T, class F>
void of_matrices(measurement& all, std::string const& name, int64_t rows, int64_t columns,
                 double written, F f) {
  all.time<T>(name, std::to_string(rows) + "x" + std::to_string(columns),
              2 * sizeof(T) * double(rows * columns) + written, [=] {
                auto const x = values<T>({rows, columns}, 1), y = values<T>({rows, columns}, 2);
                return [=] { return f(x, y); };
              });
}

template <class T>
void scans(measurement& all) {
  constexpr double size = sizeof(T), square = size * 4 * million;
  of_vector<T>(all, "cumsum", 22, size, [](auto const& x) { return array<T>(cumsum(x)); });
  of_matrix<T>(all, "cumsum_columns", 2048, 2048, square,
               [](auto const& x) { return array<T>(cumsum(x, axis(0))); });
  of_matrix<T>(all, "cumsum_rows", 2048, 2048, square,
               [](auto const& x) { return array<T>(cumsum(x, axis(1))); });
  all.time<T>("cumprod", "2^22", 2 * square, [] {
    array<T> const x = generator(1).uniform<T>(0.9999, 1.0001, {4 * million});
    return [=] { return array<T>(cumprod(x)); };
  });
  of_vector<T>(all, "diff", 22, size, [](auto const& x) { return array<T>(diff(x)); });
  of_matrix<T>(all, "diff_columns", 2048, 2048, square,
               [](auto const& x) { return array<T>(diff(x, 1, 0)); });
  of_vector<T>(all, "gradient", 22, size, [](auto const& x) { return array<T>(gradient(x)); });
}

template <class T>
void sorts(measurement& all) {
  constexpr double size = sizeof(T), i64 = 8;
  of_vector<T>(all, "sort", 20, size, [](auto const& x) { return array<T>(sort(x)); });
  of_vector<T>(all, "argsort", 20, i64, [](auto const& x) { return array<int64_t>(argsort(x)); });
  for (auto const& [rows, columns] : {std::pair<int64_t, int64_t>{10000, 100}, {256, 4096}}) {
    double const elements = double(rows * columns);
    of_matrix<T>(all, "sort_rows", rows, columns, size * elements,
                 [](auto const& x) { return array<T>(sort(x)); });
    of_matrix<T>(all, "argsort_rows", rows, columns, i64 * elements,
                 [](auto const& x) { return array<int64_t>(argsort(x)); });
  }
  of_matrix<T>(all, "sort_columns", 1024, 1024, size * million,
               [](auto const& x) { return array<T>(sort(x, axis(0))); });
  of_matrix<T>(all, "argsort_columns", 1024, 1024, i64 * million,
               [](auto const& x) { return array<int64_t>(argsort(x, axis(0))); });
}

template <class T>
void order(measurement& all) {
  constexpr double size = sizeof(T);
  all.time<T>("partition", "2^20x524288", 2 * size * million, [] {
    auto const x = values<T>({million}, 1);
    return [=] { return array<T>(partition(x, million / 2)); };
  });
  all.time<T>("topk", "2^20x100", size * million, [] {
    auto const x = values<T>({million}, 1);
    return [=] {
      auto [values, places] = topk(x, 100);
      return eval(values, places);
    };
  });
  of_vector<T>(all, "median", 20, 0, [](auto const& x) { return array<T>(median(x)); });
  of_matrix<T>(all, "median_rows", 10000, 100, 0,
               [](auto const& x) { return array<T>(median(x, axis(1))); });
  of_matrix<T>(all, "median_columns", 1024, 1024, 0,
               [](auto const& x) { return array<T>(median(x, axis(0))); });
  of_vector<T>(all, "percentile", 20, 0, [](auto const& x) { return array<T>(percentile(x, 99)); });
  all.time<T>("searchsorted", "65536x2^20", (size + 8) * million, [] {
    array<T> const ascending = sort(values<T>({65536}, 1));
    auto const x = values<T>({million}, 2);
    return [=] { return array<int64_t>(searchsorted(ascending, x)); };
  });
  all.time<T>("digitize", "2^20", (size + 8) * million, [] {
    auto const x = values<T>({million}, 1);
    array<T> const edges = linspace<T>(-1, 1, 257);
    return [=] { return array<int64_t>(digitize(x, edges)); };
  });
  of_vector<T>(all, "histogram", 20, 0,
               [](auto const& x) { return histogram(x, 256, -1, 1).first; });
  all.time<T>("histogram_edges", "2^20", size * million, [] {
    auto const x = values<T>({million}, 1);
    array<T> const edges = concatenate(full<T>(extents{1}, T(-1)), linspace<T>(-0.5, 1, 255));
    return [=] { return histogram(x, edges).first; };
  });
}

void counts(measurement& all) {
  all.time<int64_t>("bincount", "2^22", 8 * 4 * million, [] {
    auto const x = below(256, {4 * million}, 1);
    return [=] { return bincount(x); };
  });
  of_vector<double>(all, "unique", 20, 8, [](auto const& x) { return unique(x); });
  all.time<std::int32_t>("unique", "2^20", 4 * million, [] {
    auto const x = generator(1).integers<std::int32_t>(1000000, {million});
    return [x = array<std::int32_t>(x)] { return unique(x); };
  });
  all.time<int64_t>("unique_few", "2^20", 8 * million, [] {
    auto const x = below(100, {million}, 1);
    return [=] { return unique(x); };
  });
  for (int64_t count : {1024, 65536})
    all.time<int64_t>("isin", "2^20x" + std::to_string(count), 9 * million, [=] {
      auto const x = below(2 * count, {million}, 1), among = below(2 * count, {count}, 2);
      return [=] { return array<bool>(isin(x, among)); };
    });
}

template <class T>
void chosen(measurement& all) {
  constexpr double size = sizeof(T);
  all.time<T>("take", "2^22x2^20", (8 + 2 * size) * million, [] {
    auto const x = values<T>({4 * million}, 1);
    auto const indices = below(4 * million, {million}, 2);
    return [=] { return array<T>(take(x, indices)); };
  });
  all.time<T>("take_rows", "100000x64", (8 + 2 * 64 * size) * 100000, [] {
    auto const x = values<T>({100000, 64}, 1);
    auto const indices = below(100000, {100000}, 2);
    return [=] { return array<T>(take(x, indices, axis(0))); };
  });
  all.time<T>("take_along_axis", "1024x1024", (8 + 2 * size) * million, [] {
    auto const x = values<T>({1024, 1024}, 1);
    auto const indices = below(1024, {1024, 1024}, 2);
    return [=] { return array<T>(take_along_axis(x, indices)); };
  });
  // In place: the only other handle, the last result, is gone by the next call.
  all.time<T>("put", "2^22x2^20", (8 + 2 * size) * million, [] {
    auto const x = std::make_shared<array<T>>(values<T>({4 * million}, 1));
    auto const indices = below(4 * million, {million}, 2);
    auto const y = values<T>({million}, 3);
    return [=] {
      put(*x, indices, y);
      return *x;
    };
  });
  all.time<T>("add_at", "65536x2^20", (8 + size) * million, [] {
    auto const x = std::make_shared<array<T>>(values<T>({65536}, 1));
    auto const indices = below(65536, {million}, 2);
    auto const y = values<T>({million}, 3);
    return [=] {
      add_at(*x, indices, y);
      return *x;
    };
  });
  all.time<T>("put_flags", "2^22", 4 * size * million, [] {
    auto const x = std::make_shared<array<T>>(values<T>({4 * million}, 1));
    return [=] {
      (*x)(*x > 0.5) = 0.25;
      return *x;
    };
  });
  of_vector<T>(all, "flags", 22, size / 2, [](auto const& x) { return array<T>(x(x > 0)); });
  of_vector<T>(all, "flatnonzero", 22, 4, [](auto const& x) { return flatnonzero(x > 0); });
  of_matrix<T>(all, "nonzero_matrix", 2048, 2048, 8. * 4 * million,
               [](auto const& x) { return nonzero(x > 0); });
  of_vectors<T>(all, "where", 22, size,
                [](auto const& x, auto const& y) { return array<T>(where(x > 0, x, y)); });
}

template <class T>
void pieces(measurement& all) {
  constexpr double size = sizeof(T), square = size * 4 * million;
  of_vector<T>(all, "repeat", 20, 4 * size, [](auto const& x) { return array<T>(repeat(x, 4)); });
  of_matrix<T>(all, "repeat_rows", 1024, 1024, square,
               [](auto const& x) { return array<T>(repeat(x, 4, 0)); });
  all.time<T>("repeat_counts", "2^20", (4.5 * size + 8) * million, [] {
    auto const x = values<T>({million}, 1);
    auto const counts = below(8, {million}, 2);
    return [=] { return array<T>(repeat(x, counts)); };
  });
  of_matrix<T>(all, "tile", 1024, 1024, square, [](auto const& x) {
    return array<T>(tile(x, {2, 2}));
  });
  of_vector<T>(all, "roll", 22, size, [](auto const& x) { return array<T>(roll(x, 12345)); });
  of_matrix<T>(all, "roll_rows", 2048, 2048, square,
               [](auto const& x) { return array<T>(roll(x, 100, 1)); });
  of_vector<T>(all, "flip", 22, size, [](auto const& x) { return array<T>(flip(x)); });
  of_matrix<T>(all, "flip_rows", 2048, 2048, square,
               [](auto const& x) { return array<T>(flip(x, 1)); });
  all.time<T>("concatenate", "2^22", 2 * square, [] {
    auto const x = values<T>({2 * million}, 1), y = values<T>({2 * million}, 2);
    return [=] { return array<T>(concatenate(x, y)); };
  });
  of_matrices<T>(all, "concatenate_columns", 2048, 1024, square,
                 [](auto const& x, auto const& y) { return array<T>(concatenate(axis(1), x, y)); });
  of_vectors<T>(all, "stack", 21, 2 * size,
                [](auto const& x, auto const& y) { return array<T>(stack(x, y)); });
  of_vectors<T>(all, "stack_last", 21, 2 * size,
                [](auto const& x, auto const& y) { return array<T>(stack(axis(-1), x, y)); });
  of_matrix<T>(all, "pad", 2048, 2048, square, [](auto const& x) { return array<T>(pad(x, 1)); });
  of_matrix<T>(all, "pad_edge", 2048, 2048, square,
               [](auto const& x) { return array<T>(pad(x, 3, pad_mode::edge)); });
}

template <class T>
void reductions(measurement& all) {
  of_vector<T>(all, "argmax", 22, 0, [](auto const& x) { return array<int64_t>(argmax(x)); });
  of_matrix<T>(all, "argmax_rows", 2048, 2048, 0,
               [](auto const& x) { return array<int64_t>(argmax(x, axis(1))); });
  of_matrix<T>(all, "argmax_columns", 2048, 2048, 0,
               [](auto const& x) { return array<int64_t>(argmax(x, axis(0))); });
  of_matrix<T>(all, "max_columns", 2048, 2048, 0,
               [](auto const& x) { return array<T>(max(x, axis(0))); });
  of_matrix<T>(all, "all_rows", 2048, 2048, 0,
               [](auto const& x) { return array<bool>(sloth::all(x != 0, axis(1))); });
  of_vector<T>(all, "count_nonzero", 22, 0,
               [](auto const& x) { return array<int64_t>(count_nonzero(x)); });
  of_matrix<T>(all, "std_rows", 2048, 2048, 0,
               [](auto const& x) { return array<T>(sloth::std(x, axis(1))); });
  of_matrix<T>(all, "std_columns", 2048, 2048, 0,
               [](auto const& x) { return array<T>(sloth::std(x, axis(0))); });
  of_matrix<T>(all, "var_rows", 2048, 2048, 0,
               [](auto const& x) { return array<T>(var(x, axis(1))); });
  of_matrix<T>(all, "var_columns", 2048, 2048, 0,
               [](auto const& x) { return array<T>(var(x, axis(0))); });
}

void flags(measurement& all) {
  int64_t const n = 16 * million;
  all.time<bool>("all", "2^24", double(n), [=] {
    array<bool> const x = values<float>({n}, 1) > -2;
    return [=] { return array<bool>(sloth::all(x)); };
  });
  all.time<bool>("any", "2^24", double(n), [=] {
    array<bool> const x = values<float>({n}, 1) < -2;
    return [=] { return array<bool>(any(x)); };
  });
  all.time<bool>("count_true", "2^24", double(n), [=] {
    array<bool> const x = values<float>({n}, 1) > -2;
    return [=] { return array<int64_t>(count_nonzero(x)); };
  });
}

void products(measurement& all) {
  of_matrix<double>(all, "cov", 64, 16384, 0, [](auto const& x) { return array<double>(cov(x)); });
  all.time<double>("einsum", "200", 4 * 8 * 200 * 200, [] {
    auto const x = values<double>({200, 200}, 1), y = values<double>({200, 200}, 2),
               z = values<double>({200, 200}, 3);
    return [=] { return array<double>(einsum("ij,jk,kl->il", x, y, z)); };
  });
  of_matrices<double>(all, "einsum_batched", 4096, 256, 8 * 4096, [](auto const& x, auto const& y) {
    return array<double>(einsum("ij,ij->i", x, y));
  });
  all.time<double>("tensordot", "64", 16 * 64 * 64 * 64, [] {
    auto const x = values<double>({64, 64, 64}, 1), y = values<double>({64, 64, 64}, 2);
    return [=] { return array<double>(tensordot(x, y)); };
  });
  of_matrices<double>(all, "kron", 48, 48, 8. * 48 * 48 * 48 * 48,
                      [](auto const& x, auto const& y) { return array<double>(kron(x, y)); });
  all.time<double>("outer", "2048", 8. * 4 * million, [] {
    auto const x = values<double>({2048}, 1), y = values<double>({2048}, 2);
    return [=] { return array<double>(outer(x, y)); };
  });
}

/// One matrix of n, or `count` of them; symmetric and well conditioned.
void matrices(measurement& all, int64_t count, int64_t n) {
  std::string const behind = count == 1 ? "" : "_batched";
  std::string const size =
      count == 1 ? std::to_string(n) : std::to_string(count) + "x" + std::to_string(n);
  extents const shape = count == 1 ? extents{n, n} : extents{count, n, n};
  extents const columns = count == 1 ? extents{n} : extents{count, n, 1};
  auto const r = values<double>(shape, 1);
  array<double> const a = eye(n) + (r + swapaxes(r, -1, -2)) / (4 * std::sqrt(double(n)));
  auto const b = values<double>(columns, 2);
  double const whole = 8 * double(a.size()), part = 8 * double(b.size());
  all.time<double>("solve" + behind, size, whole + 2 * part,
                   [=] { return [=] { return array<double>(solve(a, b)); }; });
  all.time<double>("inv" + behind, size, 2 * whole,
                   [=] { return [=] { return array<double>(inv(a)); }; });
  all.time<double>("det" + behind, size, whole,
                   [=] { return [=] { return array<double>(det(a)); }; });
  all.time<double>("cholesky" + behind, size, 2 * whole,
                   [=] { return [=] { return array<double>(cholesky(a)); }; });
}

/// draw(rng) of n elements.
template <class T, class Draw>
void drawn(measurement& all, std::string const& name, int power, Draw draw) {
  all.time<T>(name, "2^" + std::to_string(power), double(sizeof(T)) * double(int64_t{1} << power),
              [=] {
                auto const rng = std::make_shared<generator>(1);
                return [=] { return array<T>(draw(*rng)); };
              });
}
void draws(measurement& all) {
  extents const n{million};
  drawn<double>(all, "random", 20, [=](generator& rng) { return rng.rand(n); });
  drawn<double>(all, "uniform", 20, [=](generator& rng) { return rng.uniform(-1, 1, n); });
  drawn<double>(all, "standard_normal", 20, [=](generator& rng) { return rng.standard_normal(n); });
  drawn<float>(all, "standard_normal", 20,
               [=](generator& rng) { return rng.standard_normal<float>(n); });
  drawn<double>(all, "exponential", 20, [=](generator& rng) { return rng.exponential(2, n); });
  drawn<float>(all, "exponential", 20,
               [=](generator& rng) { return rng.exponential<float>(2, n); });
  drawn<double>(all, "gamma", 20, [=](generator& rng) { return rng.gamma(2.5, 2, n); });
  drawn<int64_t>(all, "poisson", 20, [=](generator& rng) { return rng.poisson(10, n); });
  drawn<int64_t>(all, "poisson_great", 20, [=](generator& rng) { return rng.poisson(1000, n); });
  drawn<int64_t>(all, "integers", 20, [=](generator& rng) { return rng.integers(1000, n); });
  drawn<int64_t>(all, "permutation", 20, [=](generator& rng) { return rng.permutation(million); });
  drawn<int64_t>(all, "choice", 20, [=](generator& rng) { return rng.choice(1000, n); });
  drawn<int64_t>(all, "choice_once", 20,
                 [=](generator& rng) { return rng.choice(million, {million / 4}, false); });
  auto const drawing = [] { return std::make_shared<generator>(1); };
  all.time<double>("shuffle", "2^20", 16 * million, [=] {
    auto const x = std::make_shared<array<double>>(values<double>({million}, 1));
    return [=, rng = drawing()] {
      rng->shuffle(*x);
      return *x;
    };
  });
  of_matrix<double>(all, "permuted_rows", 16384, 64, 8 * million, [rng = drawing()](auto const& x) {
    return array<double>(rng->permutation(x));
  });
  all.time<double>("choice_of", "2^20", 16 * million, [=] {
    auto const x = values<double>({million}, 1);
    return [=, rng = drawing()] { return array<double>(rng->choice(x, {million})); };
  });
  all.time<double>("choice_weighted", "10000x2^20", 8 * million, [=] {
    array<double> const w = generator(1).uniform(0.5, 1.5, {10000}), p = w / sum(w);
    return [=, rng = drawing()] { return array<int64_t>(rng->choice(10000, {million}, true, p)); };
  });
}

void functions_of_numbers(measurement& all) {
  int64_t const n = million;
  of_vectors<complex128>(all, "complex_multiply", 20, 16,
                         [](auto const& x, auto const& y) { return array<complex128>(x * y); });
  of_vector<complex128>(all, "complex_abs", 20, 8,
                        [](auto const& x) { return array<double>(abs(x)); });
  of_vector<complex128>(all, "complex_exp", 20, 16,
                        [](auto const& x) { return array<complex128>(exp(x)); });
  auto const between = [&]<class T>(T, const char* name, double low, double high, auto f) {
    all.time<T>(name, "2^20", 2. * sizeof(T) * n, [=] {
      array<T> const x = generator(1).uniform<T>(low, high, {n});
      return [=] { return array<T>(f(x)); };
    });
  };
  auto const erf_of = [](auto const& x) { return erf(x); };
  auto const gammaln_of = [](auto const& x) { return gammaln(x); };
  auto const erfinv_of = [](auto const& x) { return erfinv(x); };
  auto const i0_of = [](auto const& x) { return i0(x); };
  between(double{}, "erf", -3, 3, erf_of);
  between(float{}, "erf", -3, 3, erf_of);
  between(double{}, "gammaln", 0.5, 20, gammaln_of);
  between(float{}, "gammaln", 0.5, 20, gammaln_of);
  between(double{}, "erfinv", -0.999, 0.999, erfinv_of);
  between(double{}, "i0", -5, 5, i0_of);
  all.time<float>("to_i32", "2^22", 8 * 4 * n, [=] {
    array<float> const x = generator(1).uniform<float>(-1000, 1000, {4 * n});
    return [=] { return array<std::int32_t>(x.astype<std::int32_t>()); };
  });
  of_vector<double>(all, "to_f32", 22, 4,
                    [](auto const& x) { return array<float>(x.template astype<float>()); });
}

}  // namespace

void measure_functions(bench::session& to, bench::peer* numpy) {
  measurement all(to, numpy);
  scans<float>(all);
  scans<double>(all);
  sorts<float>(all);
  sorts<double>(all);
  sorts<std::int32_t>(all);
  sorts<int64_t>(all);
  order<float>(all);
  order<double>(all);
  counts(all);
  chosen<float>(all);
  chosen<double>(all);
  pieces<float>(all);
  pieces<double>(all);
  reductions<float>(all);
  reductions<double>(all);
  flags(all);
  products(all);
  matrices(all, 1, 500);
  matrices(all, 1000, 8);
  draws(all);
  functions_of_numbers(all);
}
