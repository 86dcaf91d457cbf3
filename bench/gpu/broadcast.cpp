#include "cases.hpp"
#include "elementwise.hpp"

using namespace sloth;

namespace bench {

namespace {

constexpr int64_t n = 16384;
constexpr double elements = static_cast<double>(n) * n;

void rows_and_columns(cases& all) {
  all.measure("row_column/f32/16384", [] {
    auto const m = operand<float>({n, n}, 1), row = operand<float>({n}, 2),
               column = operand<float>({n, 1}, 3);
    return comparison<float>{.bytes = 8 * elements,
                             .flops = 2 * elements,
                             .sloth = [=] { return array<float>(m * row + column); },
                             .reference = by<float>("hand",
                                                    [=](float* z) {
                                                      by_hand::row_column(stream(), data(m),
                                                                          data(row), data(column),
                                                                          z, n, n);
                                                    }),
                             .others = {copy_limit({data(m)}, 4 * elements, 0.95)},
                             .within = {}};
  });
  all.measure("row/f32/16384", [] {
    auto const m = operand<float>({n, n}, 1), row = operand<float>({n}, 2);
    return comparison<float>{
        .bytes = 8 * elements,
        .flops = elements,
        .sloth = [=] { return array<float>(m + row); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::row(stream(), data(m), data(row), z, n, n); }),
        .others = {copy_limit({data(m)}, 4 * elements, 0.95)},
        .within = {}};
  });
  all.measure("column/f32/16384", [] {
    auto const m = operand<float>({n, n}, 1), column = operand<float>({n, 1}, 3);
    return comparison<float>{
        .bytes = 8 * elements,
        .flops = elements,
        .sloth = [=] { return array<float>(m * column); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::column(stream(), data(m), data(column), z, n, n); }),
        .others = {copy_limit({data(m)}, 4 * elements, 0.95)},
        .within = {}};
  });
}

// The limit reads and writes without turning anything.
void transposes(cases& all) {
  all.measure("transpose_add/f32/16384", [] {
    auto const m = operand<float>({n, n}, 1), m2 = operand<float>({n, n}, 2);
    return comparison<float>{
        .bytes = 12 * elements,
        .flops = elements,
        .sloth = [=] { return array<float>(m.T() + m2); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::transpose_add(stream(), data(m), data(m2), z, n); }),
        .others = {copy_limit({data(m), data(m2)}, 4 * elements, 0.90)},
        .within = {}};
  });
  all.measure("transpose_scale/f32/16384", [] {
    auto const m = operand<float>({n, n}, 1);
    return comparison<float>{
        .bytes = 8 * elements,
        .flops = elements,
        .sloth = [=] { return array<float>(2 * m.T()); },
        .reference =
            by<float>("hand", [=](float* z) { by_hand::transpose_scale(stream(), data(m), z, n); }),
        .others = {copy_limit({data(m)}, 4 * elements, 0.90)},
        .within = {}};
  });
}

void rank3(cases& all) {
  all.measure("outer/f32/512x512x1024", [] {
    constexpr int64_t i = 512, j = 512, k = 1024;
    constexpr double results = static_cast<double>(i * j * k);
    auto const a = operand<float>({i, 1, k}, 1), b = operand<float>({1, j, k}, 2);
    return comparison<float>{
        .bytes = 4 * results + 4. * (i + j) * k,
        .flops = results,
        .sloth = [=] { return array<float>(a * b); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::outer_rows(stream(), data(a), data(b), z, i, j, k); }),
        .others = {copy_limit({}, 4 * results, 0.85)},
        .within = {}};
  });
  all.measure("image/f32/8192x8192x3", [] {
    constexpr int64_t side = 8192;
    constexpr double values = 3. * side * side;
    auto const image = operand<float>({side, side, 3}, 1), channel = operand<float>({3}, 2);
    return comparison<float>{.bytes = 8 * values,
                             .flops = values,
                             .sloth = [=] { return array<float>(image * channel); },
                             .reference = by<float>("hand",
                                                    [=](float* z) {
                                                      by_hand::image(stream(), data(image),
                                                                     data(channel), z, side * side);
                                                    }),
                             .others = {copy_limit({data(image)}, 4 * values, 0.85)},
                             .within = {}};
  });
}

}  // namespace

void broadcast(cases& all) {
  rows_and_columns(all);
  transposes(all);
  rank3(all);
}

}  // namespace bench
