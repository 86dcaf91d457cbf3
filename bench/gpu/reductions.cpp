#include "reductions.hpp"
#include "cases.hpp"

#include <cmath>

using namespace sloth;

namespace bench {

namespace {

/// Sums of n values of either sign: rounding and cancellation stay well below sqrt(n), one lost
/// part of a sum does not.
tolerance of_sum(double n) { return {1e-4, std::sqrt(n)}; }

/// A whole reduction of 2^28 floats.
template <class Ours>
void whole(cases& all, std::string const& name, Ours ours,
           void (*by_hand)(cudaStream_t, float const*, value_t<decltype(ours(array<float>{}))>*,
                           int64_t),
           double flops, tolerance within, double target) {
  using T = value_t<decltype(ours(array<float>{}))>;
  all.measure(name + "/f32/2^28", [=] {
    int64_t const n = int64_t{1} << 28;
    double const elements = static_cast<double>(n);
    auto const x = operand<float>({n}, 1);
    return comparison<T>{
        .bytes = 4 * elements,
        .flops = flops * elements,
        .sloth = [=] { return array<T>(ours(x)); },
        .reference = by<T>("hand", [=](T* z) { by_hand(stream(), data(x), z, n); }),
        .others = {read_limit({data(x)}, 4 * elements, target)},
        .within = within};
  });
}

void wholes(cases& all) {
  double const elements = 0x1p28;
  using x_t = array<float>;
  whole(
      all, "sum", [](x_t const& x) { return sum(x); }, by_hand::sum, 1, of_sum(elements), 0.95);
  all.measure("sum_fused/f32/2^28", [=] {
    int64_t const n = int64_t{1} << 28;
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    return comparison<float>{
        .bytes = 8 * elements,
        .flops = 3 * elements,
        .sloth = [=] { return array<float>(sum(x * x + y)); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::sum_fused(stream(), data(x), data(y), z, n); }),
        .others = {read_limit({data(x), data(y)}, 4 * elements, 0.95)},
        .within = {2e-6, 1}};
  });
  whole(
      all, "max", [](x_t const& x) { return max(x); }, by_hand::max, 1, {0, 1}, 0.95);
  whole(
      all, "argmax", [](x_t const& x) { return argmax(x); }, by_hand::argmax, 1, {0, 1}, 0.90);
  whole(
      all, "mean", [](x_t const& x) { return mean(x); }, by_hand::mean, 1,
      {1e-4, 1 / std::sqrt(elements)}, 0.95);
  whole(
      all, "var", [](x_t const& x) { return var(x); }, by_hand::var, 3, {1e-5, 0}, 0.90);
  whole(
      all, "norm", [](x_t const& x) { return norm(x); }, by_hand::norm, 2, {1e-5, 0}, 0.95);
}

void axes(cases& all) {
  all.measure("row_sums/f32/16384", [] {
    int64_t const n = 16384;
    double const elements = static_cast<double>(n * n);
    auto const m = operand<float>({n, n}, 1);
    return comparison<float>{
        .bytes = 4 * elements,
        .flops = elements,
        .sloth = [=] { return array<float>(sum(m, axis(1))); },
        .reference =
            by<float>("hand", [=](float* z) { by_hand::row_sums(stream(), data(m), z, n, n); }),
        .others = {read_limit({data(m)}, 4 * elements, 0.95)},
        .within = of_sum(static_cast<double>(n))};
  });
  struct {
    const char* size;
    int64_t rows, columns;
  } const shapes[] = {
      {"16384", 16384, 16384}, {"1000000x128", 1000000, 128}, {"128x1000000", 128, 1000000}};
  for (auto const& shape : shapes)
    all.measure(std::string("column_sums/f32/") + shape.size, [=] {
      int64_t const rows = shape.rows, columns = shape.columns;
      double const elements = static_cast<double>(rows * columns);
      auto const m = operand<float>({rows, columns}, 1);
      return comparison<float>{
          .bytes = 4 * elements,
          .flops = elements,
          .sloth = [=] { return array<float>(sum(m, axis(0))); },
          .reference = by<float>(
              "hand", [=](float* z) { by_hand::column_sums(stream(), data(m), z, rows, columns); }),
          .others = {read_limit({data(m)}, 4 * elements, rows == columns ? 0.95 : 0.90)},
          .within = of_sum(static_cast<double>(rows))};
    });
}

}  // namespace

void reductions(cases& all) {
  wholes(all);
  axes(all);
}

}  // namespace bench
