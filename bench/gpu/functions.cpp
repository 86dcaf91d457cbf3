// NumPy's functions that are no chains of operations: order, indexing, scans, pieces put together,
// special functions, linear algebra, random numbers. `limit` reads and writes the bytes that the job
// cannot do without; of what is read at random places whole sectors of 32 bytes. A reference without a
// name gives the right values: a plain kernel, or Sloth's own result on the host.
#include "functions.hpp"

#include "cases.hpp"
#include "order.hpp"
#include "streams.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

using namespace sloth;

namespace bench {

namespace {

constexpr double limit_target = 0.90, cub_target = 0.95, no_target = 0;
constexpr double sector = 32;

/// Reads and writes as many bytes, 16 a thread and step, in memory of its own.
competitor moves(double read, double written, double target) {
  auto const floats = [](double bytes, std::uint64_t seed) {
    return std::make_shared<array<float>>(
        operand<float>({static_cast<int64_t>(bytes) / 4 + 4}, seed));
  };
  double const both = std::floor(std::min(read, written) / 16) * 16;
  auto const from = floats(std::max(both, read - both), 98), to = floats(written, 99);
  competitor c{"limit", {}, target, 0};
  static_assert(by_hand::copy_variants == by_hand::read_variants);
  for (int v = 0; v < by_hand::copy_variants; ++v)
    c.variants.push_back([=](void* z) {
      by_hand::sources const source{data(*from)};
      char* const out = const_cast<char*>(reinterpret_cast<char const*>(data(*to)));
      auto const bytes = static_cast<int64_t>(both);
      if (both > 0) by_hand::streams(stream(), v, source, 1, out, bytes);
      if (read - both >= 16)
        by_hand::reads(stream(), v, source, 1, static_cast<float*>(z),
                       static_cast<int64_t>(read) - bytes);
      if (written - both >= 16)
        by_hand::streams(stream(), v, {}, 0, out + bytes, static_cast<int64_t>(written) - bytes);
    });
  return c;
}

/// What `of` returns on the host.
template <class T, class F>
competitor on_host(F const& of) {
  return by<T>("", [=](T* z) {
    array<T> right;
    {
      device_scope const here(host);
      right = array<T>(of());
    }
    if (cudaMemcpyAsync(z, data(right), static_cast<std::size_t>(right.size()) * sizeof(T),
                        cudaMemcpyDeviceToDevice, stream()) != cudaSuccess)
      throw std::runtime_error("the host's result does not get to the device");
  });
}

/// A job, the bytes that it reads and writes at least, the right values.
template <class T>
struct job {
  double read, written, target;
  std::function<array<T>()> sloth;
  competitor reference;
  tolerance within = {0, 1};
  double flops = 0;

  operator comparison<T>() const {  // NOLINT
    return {.bytes = read + written,
            .flops = flops,
            .sloth = sloth,
            .reference = reference,
            .others = {moves(read, written, target)},
            .within = within};
  }
};

template <class T, class Make>
void measure(cases& all, std::string const& name, Make const& make) {
  all.measure(name, [&] { return comparison<T>(make()); });
}

template <class T>
array<T> integers(int64_t below, extents const& shape, std::uint64_t seed) {
  return generator(seed).integers<T>(below, shape);
}

void sorts(cases& all) {
  int64_t const n = int64_t{1} << 26;
  double const elements = static_cast<double>(n);
  measure<int64_t>(all, "argsort/f32/2^26", [=] {
    auto const x = operand<float>({n}, 1);
    return job<int64_t>{
        4 * elements, 8 * elements, no_target, [=] { return array<int64_t>(argsort(x)); },
        by<int64_t>(
            "cub", [=](int64_t* z) { plain_cub::argsort(stream(), data(x), z, n); }, cub_target)};
  });
  struct {
    const char* size;
    int64_t rows, columns;
  } const shapes[] = {{"65536x4096", 65536, 4096}, {"1000000x100", 1000000, 100}};
  for (auto const& shape : shapes)
    measure<float>(all, std::string("sort_rows/f32/") + shape.size, [=] {
      int64_t const rows = shape.rows, columns = shape.columns;
      double const size = 4. * static_cast<double>(rows * columns);
      auto const x = operand<float>({rows, columns}, 1);
      return job<float>{
          size, size, no_target, [=] { return array<float>(sort(x)); },
          by<float>(
              "cub", [=](float* z) { plain_cub::sort_rows(stream(), data(x), z, rows, columns); },
              cub_target)};
    });
  measure<float>(all, "sort_columns/f32/4096x16384", [=] {
    int64_t const rows = 4096, columns = 16384;
    auto const x = operand<float>({rows, columns}, 1);
    array<float> const turned = x.T();
    return job<float>{4 * elements, 4 * elements, no_target,
                      [=] { return array<float>(sort(x, axis(0))); }, by<float>("", [=](float* z) {
                        by_hand::sort_columns(stream(), data(turned), z, rows, columns);
                      })};
  });
}

void selections(cases& all, int power, int64_t k) {
  std::string const size = "2^" + std::to_string(power) + "x" + std::to_string(k);
  int64_t const n = int64_t{1} << power;
  double const elements = static_cast<double>(n);
  measure<float>(all, "topk/f32/" + size, [=] {
    auto const x = operand<float>({n}, 1);
    return job<float>{4 * elements, 12. * static_cast<double>(k), limit_target,
                      [=] {
                        auto [values, places] = topk(x, k);
                        auto [v, p] = eval(values, places);
                        return array<float>(v);
                      },
                      by<float>("", [=](float* z) { by_hand::topk(stream(), data(x), z, n, k); })};
  });
  if (power > 28 || k < 10000) return;
  measure<float>(all, "partition/f32/" + size, [=] {
    auto const x = operand<float>({n}, 1);
    double const q = static_cast<double>(k) / static_cast<double>(n - 1);
    return job<float>{
        4 * elements,
        4 * elements,
        limit_target,
        [=] {
          array<float> const parted = partition(x, k);
          return array<float>(parted(slice(k, k + 1)));
        },
        by<float>("", [=](float* z) { by_hand::quantile(stream(), data(x), z, n, q); }),
        {1e-6, 1}};
  });
}

void quantiles(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  for (double q : {0.5, 0.99})
    measure<float>(all, q == 0.5 ? "median/f32/2^28" : "percentile/f32/2^28", [=] {
      auto const x = operand<float>({n}, 1);
      return job<float>{
          4 * elements,
          0,
          limit_target,
          [=] { return q == 0.5 ? array<float>(median(x)) : array<float>(percentile(x, 100 * q)); },
          by<float>("", [=](float* z) { by_hand::quantile(stream(), data(x), z, n, q); }),
          {1e-6, 1}};
    });
  measure<float>(all, "median_rows/f32/65536x4096", [=] {
    int64_t const rows = 65536, columns = 4096;
    auto const x = operand<float>({rows, columns}, 1);
    return job<float>{
        4 * elements,
        4. * rows,
        limit_target,
        [=] { return array<float>(median(x, axis(1))); },
        by<float>("",
                  [=](float* z) { by_hand::median_of_rows(stream(), data(x), z, rows, columns); }),
        {1e-6, 1}};
  });
}

void searches(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  measure<int64_t>(all, "searchsorted/f32/2^24x2^26", [=] {
    int64_t const length = n / 16, m = n / 4;
    array<float> const ascending = sort(operand<float>({length}, 1));
    auto const values = operand<float>({m}, 2);
    return job<int64_t>{(1. / 16 + 1. / 4) * 4 * elements, 2 * elements, no_target,
                        [=] { return array<int64_t>(searchsorted(ascending, values)); },
                        by<int64_t>("hand", [=](int64_t* z) {
                          by_hand::searchsorted(stream(), data(ascending), length, data(values), z,
                                                m, false);
                        })};
  });
  measure<int64_t>(all, "digitize/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1);
    array<float> const edges = linspace<float>(-1, 1, 257);
    return job<int64_t>{4 * elements, 8 * elements, limit_target,
                        [=] { return array<int64_t>(digitize(x, edges)); },
                        by<int64_t>("hand", [=](int64_t* z) {
                          by_hand::searchsorted(stream(), data(edges), 257, data(x), z, n, true);
                        })};
  });
  // CUB computes the bins, Sloth and NumPy compare with their edges.
  measure<int64_t>(all, "histogram/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1);
    return job<int64_t>{
        4 * elements,
        8 * 256,
        limit_target,
        [=] { return histogram(x, 256, -1, 1).first; },
        by<int64_t>("cub",
                    [=](int64_t* z) { plain_cub::histogram(stream(), data(x), z, n, 256, -1, 1); }),
        {1e-4, 1}};
  });
  measure<std::int32_t>(all, "unique/i32/2^26", [=] {
    int64_t const m = n / 4, distinct = 1000000;
    auto const x = integers<std::int32_t>(distinct, {m}, 1);
    return job<std::int32_t>{
        elements, 4. * distinct, no_target, [=] { return unique(x); },
        by<std::int32_t>(
            "cub", [=](std::int32_t* z) { plain_cub::unique(stream(), data(x), z, m); },
            cub_target)};
  });
}

void indexing(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  measure<float>(all, "take_rows/f32/1000000x256", [=] {
    int64_t const rows = 1000000, columns = 256;
    double const size = 4. * rows * columns;
    auto const x = operand<float>({rows, columns}, 1);
    auto const indices = integers<int64_t>(rows, {rows}, 2);
    return job<float>{size + 8. * rows, size, limit_target,
                      [=] { return array<float>(take(x, indices, axis(0))); },
                      by<float>("", [=](float* z) {
                        by_hand::take(stream(), data(x), data(indices), z, rows, columns);
                      })};
  });
  measure<float>(all, "take/f32/2^28x2^25", [=] {
    int64_t const m = n / 8;
    auto const x = operand<float>({n}, 1);
    auto const indices = integers<int64_t>(n, {m}, 2);
    return job<float>{(8 + sector) * elements / 8, 4 * elements / 8, limit_target,
                      [=] { return array<float>(take(x, indices)); },
                      by<float>("hand", [=](float* z) {
                        by_hand::take(stream(), data(x), data(indices), z, m, 1);
                      })};
  });
  measure<float>(all, "take_along_axis/f32/16384x4096", [=] {
    int64_t const rows = 16384, columns = 4096;
    double const size = static_cast<double>(rows * columns);
    auto const x = operand<float>({rows, columns}, 1);
    auto const indices = integers<int64_t>(columns, {rows, columns}, 2);
    return job<float>{
        12 * size, 4 * size, limit_target,
        [=] { return array<float>(take_along_axis(x, indices)); }, by<float>("hand", [=](float* z) {
          by_hand::take_along_rows(stream(), data(x), data(indices), z, rows, columns);
        })};
  });
  // In place from the second time on: the first result is kept.
  measure<float>(all, "put/f32/2^28x2^24", [=] {
    int64_t const m = n / 16;
    double const indexed = static_cast<double>(m);
    auto const x = operand<float>({n}, 1);
    auto const y = std::make_shared<array<float>>(x);
    auto const indices = integers<int64_t>(n, {m}, 2);
    // Of equal indices equal values, so that any order gives the same.
    array<float> const values = indices.astype<float>();
    return job<float>{(12 + sector) * indexed, sector * indexed, no_target,
                      [=] {
                        put(*y, indices, values);
                        return *y;
                      },
                      by<float>("", [=](float* z) {
                        by_hand::put(stream(), data(x), n, data(indices), data(values), z, m);
                      })};
  });
  measure<float>(all, "add_at/f32/2^20x2^26", [=] {
    int64_t const length = int64_t{1} << 20, m = n / 4;
    auto const x = operand<float>({length}, 1);
    auto const y = std::make_shared<array<float>>(x);
    auto const indices = integers<int64_t>(length, {m}, 2);
    auto const values = operand<float>({m}, 3);
    return job<float>{12 * elements / 4 + 4. * length,
                      4. * length,
                      no_target,
                      [=] {
                        add_at(*y, indices, values);
                        return *y;
                      },
                      by<float>("",
                                [=](float* z) {
                                  by_hand::add_at(stream(), data(x), length, data(indices),
                                                  data(values), z, m);
                                }),
                      {1e-4, 1}};
  });
  // Half of the flags are set.
  measure<float>(all, "flags/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1);
    array<bool> const flags = x > 0;
    return job<float>{
        4 * elements, 2 * elements, limit_target, [=] { return array<float>(x(x > 0)); },
        by<float>("", [=](float* z) { plain_cub::select(stream(), data(x), data(flags), z, n); })};
  });
  measure<int64_t>(all, "nonzero/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1);
    array<bool> const flags = x > 0;
    return job<int64_t>{
        4 * elements, 4 * elements, limit_target, [=] { return nonzero(x > 0)[0]; },
        by<int64_t>("", [=](int64_t* z) { plain_cub::nonzero(stream(), data(flags), z, n); })};
  });
}

void scans(cases& all) {
  int64_t const n = int64_t{1} << 28, side = 16384;
  double const elements = static_cast<double>(n);
  measure<float>(all, "cumsum_columns/f32/16384x16384", [=] {
    auto const x = operand<float>({side, side}, 1);
    return job<float>{
        4 * elements,
        4 * elements,
        limit_target,
        [=] { return array<float>(cumsum(x, axis(0))); },
        by<float>("", [=](float* z) { by_hand::cumsum_columns(stream(), data(x), z, side, side); }),
        {1e-5, 128}};
  });
  measure<float>(all, "cumprod/f32/2^28", [=] {
    array<float> const x = generator(1).uniform<float>(0.9999, 1.0001, {n});
    return job<float>{
        4 * elements,
        4 * elements,
        no_target,
        [=] { return array<float>(cumprod(x)); },
        by<float>(
            "cub", [=](float* z) { plain_cub::inclusive_product(stream(), data(x), z, n); },
            cub_target),
        {1e-2, 0}};
  });
  measure<float>(all, "gradient/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1);
    return job<float>{4 * elements, 4 * elements, limit_target,
                      [=] { return array<float>(gradient(x)); },
                      by<float>("", [=](float* z) { by_hand::gradient(stream(), data(x), z, n); })};
  });
}

void copy(void* to, void const* from, int64_t floats) {
  if (cudaMemcpyAsync(to, from, static_cast<std::size_t>(4 * floats), cudaMemcpyDeviceToDevice,
                      stream()) != cudaSuccess)
    throw std::runtime_error("a copy on the device failed");
}

void pieces(cases& all) {
  int64_t const n = int64_t{1} << 28, side = 16384;
  double const elements = static_cast<double>(n);
  measure<float>(all, "roll/f32/2^28", [=] {
    int64_t const shift = 12345;
    auto const x = operand<float>({n}, 1);
    return job<float>{4 * elements, 4 * elements, limit_target,
                      [=] { return array<float>(roll(x, shift)); }, by<float>("", [=](float* z) {
                        copy(z, data(x) + n - shift, shift);
                        copy(z + shift, data(x), n - shift);
                      })};
  });
  measure<float>(all, "concatenate/f32/2^28", [=] {
    auto const x = operand<float>({n / 2}, 1), y = operand<float>({n / 2}, 2);
    return job<float>{4 * elements, 4 * elements, limit_target,
                      [=] { return array<float>(concatenate(x, y)); }, by<float>("", [=](float* z) {
                        copy(z, data(x), n / 2);
                        copy(z + n / 2, data(y), n / 2);
                      })};
  });
  measure<float>(all, "repeat/f32/2^26", [=] {
    auto const x = operand<float>({n / 4}, 1);
    return job<float>{
        elements, 4 * elements, limit_target, [=] { return array<float>(repeat(x, 4)); },
        by<float>("", [=](float* z) { by_hand::repeat(stream(), data(x), z, n / 4, 4); })};
  });
  measure<float>(all, "pad/f32/16384x16384", [=] {
    auto const x = operand<float>({side, side}, 1);
    return job<float>{4 * elements, 4. * (side + 2) * (side + 2), limit_target,
                      [=] { return array<float>(pad(x, 1)); },
                      by<float>("", [=](float* z) { by_hand::pad(stream(), data(x), z, side); })};
  });
  for (int along : {0, 1})
    measure<int64_t>(
        all, along == 0 ? "argmax_columns/f32/16384x16384" : "argmax_rows/f32/16384x16384", [=] {
          auto const x = operand<float>({side, side}, 1);
          return job<int64_t>{4 * elements, 8. * side, limit_target,
                              [=] { return array<int64_t>(argmax(x, axis(along))); },
                              by<int64_t>("", [=](int64_t* z) {
                                (along == 0 ? by_hand::argmax_columns : by_hand::argmax_rows)(
                                    stream(), data(x), z, side, side);
                              })};
        });
}

template <class T, class Ours>
void special_function(cases& all, std::string const& name, int64_t n, Ours ours,
                      by_hand::special right, double low, double high, tolerance within) {
  measure<T>(all, name, [=] {
    array<T> const x = generator(1).uniform<T>(low, high, {n});
    double const size = sizeof(T) * static_cast<double>(n);
    return job<T>{
        size,
        size,
        limit_target,
        [=] { return array<T>(ours(x)); },
        by<T>("", [=](T* z) { by_hand::special_function(stream(), right, data(x), z, n); }),
        within};
  });
}

void special_functions(cases& all) {
  using by_hand::special;
  int64_t const n = int64_t{1} << 28;
  special_function<float>(all, "erf/f32/2^28", n, [](auto const& x) { return erf(x); },
                          special::erf, -3, 3, {1e-6, 0});
  special_function<double>(all, "erf/f64/2^27", n / 2, [](auto const& x) { return erf(x); },
                           special::erf, -3, 3, {1e-14, 0});
  special_function<float>(all, "erfinv/f32/2^28", n, [](auto const& x) { return erfinv(x); },
                          special::erfinv, -0.999, 0.999, {2e-6, 0});
  special_function<float>(all, "gammaln/f32/2^28", n, [](auto const& x) { return gammaln(x); },
                          special::gammaln, 0.5, 20, {2e-6, 1});
  special_function<float>(all, "i0/f32/2^28", n, [](auto const& x) { return i0(x); }, special::i0,
                          -5, 5, {2e-6, 0});
}

void complex_numbers(cases& all) {
  int64_t const n = int64_t{1} << 27;
  double const size = 8. * static_cast<double>(n);
  auto const numbers = [n](std::uint64_t seed) {
    generator rng(seed);
    auto const re = rng.uniform<float>(-1, 1, {n}), im = rng.uniform<float>(-1, 1, {n});
    return array<complex64>(re + complex64(0, 1) * im);
  };
  measure<complex64>(all, "complex_multiply/complex64/2^27", [=] {
    auto const x = numbers(1), y = numbers(2);
    return job<complex64>{2 * size,
                          size,
                          limit_target,
                          [=] { return array<complex64>(x * y); },
                          by<float>("",
                                    [=](float* z) {
                                      by_hand::complex_multiply(stream(), cuda_data(x),
                                                                cuda_data(y), z, n);
                                    }),
                          {1e-6, 1}};
  });
  measure<complex64>(all, "complex_exp/complex64/2^27", [=] {
    auto const x = numbers(1);
    return job<complex64>{
        size,
        size,
        limit_target,
        [=] { return array<complex64>(exp(x)); },
        by<float>("", [=](float* z) { by_hand::complex_exp(stream(), cuda_data(x), z, n); }),
        {1e-6, 1}};
  });
}

/// Of one matrix of n, or of `count` of them; symmetric and well conditioned.
template <class Ours>
void matrices(cases& all, std::string const& name, int64_t count, int64_t n, double flops,
              double results, Ours ours, double target) {
  std::string const size =
      count == 1 ? std::to_string(n) : std::to_string(count) + "x" + std::to_string(n);
  measure<double>(all, name + (count == 1 ? "/f64/" : "_batched/f64/") + size, [=] {
    extents const shape = count == 1 ? extents{n, n} : extents{count, n, n};
    extents const columns = count == 1 ? extents{n} : extents{count, n, 1};
    auto const r = operand<double>(shape, 1), b = operand<double>(columns, 2);
    array<double> const a = eye(n) + (r + swapaxes(r, -1, -2)) / (4 * std::sqrt(double(n)));
    double const all_of_a = 8. * static_cast<double>(a.size());
    double const right_sides = name == "solve" ? 8. * static_cast<double>(b.size()) : 0;
    return job<double>{all_of_a + right_sides,
                       8 * results * static_cast<double>(count),
                       target,
                       [=] { return array<double>(ours(a, b)); },
                       on_host<double>([=] { return ours(a, b); }),
                       {1e-9, name == "det" ? 0. : 1.},
                       flops * static_cast<double>(count)};
  });
}

void linear_algebra(cases& all) {
  struct {
    int64_t count, n;
    double target;
  } const sizes[] = {{1, 4096, no_target}, {100000, 8, limit_target}};
  for (auto const& [count, n, target] : sizes) {
    double const d = static_cast<double>(n), cube = d * d * d;
    matrices(
        all, "solve", count, n, 2 * cube / 3 + 2 * d * d, d,
        [](auto const& a, auto const& b) { return solve(a, b); }, target);
    matrices(
        all, "inv", count, n, 2 * cube, d * d, [](auto const& a, auto const&) { return inv(a); },
        target);
    matrices(
        all, "det", count, n, 2 * cube / 3, 1, [](auto const& a, auto const&) { return det(a); },
        target);
    matrices(
        all, "cholesky", count, n, cube / 3, d * d,
        [](auto const& a, auto const&) { return cholesky(a); }, target);
  }
}

constexpr std::uint64_t seed_of_all = 20240607;

/// The same draw on the host gives the right values.
template <class T, class Draw>
void drawn(cases& all, std::string const& name, int64_t n, Draw draw, double target,
           tolerance within) {
  measure<T>(all, name, [=] {
    return job<T>{0,
                  sizeof(T) * static_cast<double>(n),
                  target,
                  [=] { return array<T>(draw()); },
                  on_host<T>(draw),
                  within};
  });
}

void draws(cases& all) {
  int64_t const n = int64_t{1} << 27;
  drawn<double>(all, "standard_normal/f64/2^27", n,
                [=] { return generator(seed_of_all).standard_normal({n}); }, no_target, {1e-12, 1});
  drawn<float>(all, "exponential/f32/2^28", 2 * n,
               [=] { return generator(seed_of_all).exponential<float>(2, {2 * n}); }, limit_target,
               {1e-5, 0.1});
  drawn<double>(all, "gamma/f64/2^26", n / 2,
                [=] { return generator(seed_of_all).gamma(2.5, 2, {n / 2}); }, no_target,
                {1e-10, 1});
  drawn<int64_t>(all, "poisson/i64/2^26", n / 2,
                 [=] { return generator(seed_of_all).poisson(10, {n / 2}); }, no_target, {0, 1});
  drawn<int64_t>(all, "integers/i64/2^27", n,
                 [=] { return generator(seed_of_all).integers(1000, {n}); }, limit_target, {0, 1});
  drawn<double>(all, "numpy_random/f64/2^27", n,
                [=] { return numpy_generator(seed_of_all).random({n}); }, limit_target, {0, 1});
  drawn<int64_t>(all, "permutation/i64/2^24", n / 8,
                 [=] { return generator(seed_of_all).permutation(n / 8); }, no_target, {0, 1});
}

}  // namespace

void functions(cases& all) {
  sorts(all);
  selections(all, 28, 100);
  selections(all, 28, 10000);
  quantiles(all);
  searches(all);
  indexing(all);
  scans(all);
  pieces(all);
  special_functions(all);
  complex_numbers(all);
  linear_algebra(all);
  draws(all);
  selections(all, 30, 100);
}

}  // namespace bench
