#include "rows.hpp"

#include "cases.hpp"

using namespace sloth;

namespace bench {

namespace {

template <expression X>
auto softmax_of(X const& m) {
  auto const e = exp(m - max(m, last_axis, keepdims));
  return e / sum(e, last_axis, keepdims);
}
template <expression X>
auto layer_norm_of(X const& m) {
  return (m - mean(m, last_axis, keepdims)) / sqrt(var(m, last_axis, keepdims) + 1e-5);
}

/// The plain kernel gives the right values; where there is one that keeps rows in registers it
/// competes.
void softmax_and_layer_norm(cases& all, int64_t rows, int64_t columns, double target) {
  std::string const size = std::to_string(rows) + "x" + std::to_string(columns);
  double const elements = static_cast<double>(rows) * static_cast<double>(columns);
  all.measure("softmax/f32/" + size, [=] {
    auto const m = operand<float>({rows, columns}, 1);
    comparison<float> c{
        .bytes = 8 * elements,
        .flops = 5 * elements,
        .sloth = [=] { return array<float>(softmax_of(m)); },
        .reference = by<float>(
            "", [=](float* z) { by_hand::softmax_plain(stream(), data(m), z, rows, columns); }),
        .others = {},
        .within = {2e-5, 0}};
    if (by_hand::in_registers(columns))
      c.others.push_back(by<float>(
          "hand", [=](float* z) { by_hand::softmax(stream(), data(m), z, rows, columns); }));
    c.others.push_back(copy_limit({data(m)}, 4 * elements, target));
    return c;
  });
  all.measure("layer_norm/f32/" + size, [=] {
    auto const m = operand<float>({rows, columns}, 1);
    comparison<float> c{
        .bytes = 8 * elements,
        .flops = 7 * elements,
        .sloth = [=] { return array<float>(layer_norm_of(m)); },
        .reference = by<float>(
            "", [=](float* z) { by_hand::layer_norm_plain(stream(), data(m), z, rows, columns); }),
        .others = {},
        .within = {1e-5, 1}};
    if (by_hand::in_registers(columns))
      c.others.push_back(by<float>(
          "hand", [=](float* z) { by_hand::layer_norm(stream(), data(m), z, rows, columns); }));
    c.others.push_back(copy_limit({data(m)}, 4 * elements, target));
    return c;
  });
}

void half_rows(cases& all) {
  all.measure("softmax/f16/16384x16384", [] {
    int64_t const n = 16384;
    double const elements = static_cast<double>(n * n);
    array<f16> const m = operand<float>({n, n}, 1).astype<f16>();
    return comparison<f16>{
        .bytes = 4 * elements,
        .flops = 5 * elements,
        .sloth =
            [=] {
              // In float between the reading and the writing: sums of 2^14 halves need it.
              return array<f16>(softmax_of(m.astype<float>()).template astype<f16>());
            },
        .reference = by<__half>(
            "", [=](__half* z) { by_hand::softmax_plain(stream(), cuda_data(m), z, n, n); }),
        .others = {copy_limit({data(m)}, 2 * elements, 0)},
        .within = {2e-3, 3e-5}};  // the results are near the least halves, 2^-24 apart
  });
}

}  // namespace

void rows(cases& all) {
  softmax_and_layer_norm(all, 16384, 16384, 0.90);
  softmax_and_layer_norm(all, 65536, 4096, 0.85);
  softmax_and_layer_norm(all, 1000000, 128, 0.85);
  softmax_and_layer_norm(all, 128, 1000000, 0.85);
  softmax_and_layer_norm(all, 20000, 10007, 0);
  half_rows(all);
}

}  // namespace bench
