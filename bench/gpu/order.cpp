#include "order.hpp"
#include "cases.hpp"

#include <cmath>

using namespace sloth;

namespace bench {

namespace {

constexpr double cub_target = 0.95;  // Sloth allocates its result, CUB's is there

template <class T>
void scans(cases& all, std::string const& type, int power) {
  int64_t const n = int64_t{1} << power;
  double const elements = static_cast<double>(n);
  std::string const size = "/" + type + "/2^" + std::to_string(power);
  all.measure("cumsum" + size, [=] {
    auto const x = operand<T>({n}, 1);
    return comparison<T>{
        .bytes = 2. * sizeof(T) * elements,
        .flops = elements,
        .sloth = [=] { return array<T>(cumsum(x)); },
        .reference = by<T>(
            "cub", [=](T* z) { plain_cub::inclusive_sum(stream(), data(x), z, n); }, cub_target),
        .others = {copy_limit({data(x)}, sizeof(T) * elements, 0)},
        .within = {1e-5, std::sqrt(elements)}};
  });
  all.measure("cumsum_rows_128" + size, [=] {
    auto const x = operand<T>({n / 128, 128}, 1);
    return comparison<T>{
        .bytes = 2. * sizeof(T) * elements,
        .flops = elements,
        .sloth = [=] { return array<T>(cumsum(x, last_axis)); },
        .reference =
            by<T>("", [=](T* z) { by_hand::cumsum_rows(stream(), data(x), z, n / 128, 128); }),
        .others = {copy_limit({data(x)}, sizeof(T) * elements, 0.85)},
        .within = {1e-5, 12}};
  });
}

template <class T>
void sorts(cases& all, std::string const& type) {
  int64_t const n = int64_t{1} << 26;
  double const elements = static_cast<double>(n);
  all.measure("sort/" + type + "/2^26", [=] {
    auto const x = operand<T>({n}, 1);
    return comparison<T>{
        .bytes = 2. * sizeof(T) * elements,
        .flops = 0,
        .sloth = [=] { return array<T>(sort(x)); },
        .reference = by<T>(
            "cub", [=](T* z) { plain_cub::sort(stream(), data(x), z, n); }, cub_target),
        .others = {},
        .within = {0, 1}};
  });
}

void chosen(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  all.measure("compress/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1);
    array<bool> const flags = x > 0;
    return comparison<float>{
        .bytes = (1 + 4 + 2) * elements,
        .flops = 0,
        .sloth = [=] { return array<float>(compress(flags, x)); },
        .reference = by<float>(
            "cub", [=](float* z) { plain_cub::select(stream(), data(x), data(flags), z, n); }),
        .others = {},
        .within = {0, 1}};
  });
  all.measure("bincount/i64/2^26", [=] {
    int64_t const m = n / 4;
    array<int64_t> const x = floor((operand<double>({m}, 1) + 1) * 127.9).astype<int64_t>();
    return comparison<int64_t>{
        .bytes = 2. * elements,
        .flops = 0,
        .sloth = [=] { return array<int64_t>(bincount(x, 256)); },
        .reference = by<int64_t>(
            "cub", [=](int64_t* z) { plain_cub::histogram(stream(), data(x), z, m, 256); }),
        .others = {},
        .within = {0, 1}};
  });
}

}  // namespace

void order(cases& all) {
  scans<float>(all, "f32", 28);
  scans<double>(all, "f64", 27);
  sorts<float>(all, "f32");
  sorts<double>(all, "f64");
  chosen(all);
}

}  // namespace bench
