#include "elementwise.hpp"
#include "cases.hpp"

using namespace sloth;

namespace bench {

namespace {

void chains(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  all.measure("chain1/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    return comparison<float>{
        .bytes = 12 * elements,
        .flops = 5 * elements,
        .sloth = [=] { return array<float>(2.5 * x + y - 0.5 * x * y); },
        .reference =
            by<float>("hand", [=](float* z) { by_hand::chain1(stream(), data(x), data(y), z, n); }),
        .others = {copy_limit({data(x), data(y)}, 4 * elements, 0.95)},
        .within = {}};
  });
  all.measure("heavy/f32/2^28", [=] {
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    return comparison<float>{
        .bytes = 12 * elements,
        .flops = 8 * elements,
        .sloth = [=] { return array<float>(exp(-x * x) * sin(y) + sqrt(abs(x))); },
        .reference =
            by<float>("hand", [=](float* z) { by_hand::heavy(stream(), data(x), data(y), z, n); }),
        .others = {copy_limit({data(x), data(y)}, 4 * elements, 0.95)},
        .within = {}};
  });
  all.measure("chain1/f64/2^27", [=] {
    auto const x = operand<double>({n / 2}, 1), y = operand<double>({n / 2}, 2);
    return comparison<double>{
        .bytes = 12 * elements,
        .flops = 2.5 * elements,
        .sloth = [=] { return array<double>(2.5 * x + y - 0.5 * x * y); },
        .reference = by<double>(
            "hand", [=](double* z) { by_hand::chain1(stream(), data(x), data(y), z, n / 2); }),
        .others = {copy_limit({data(x), data(y)}, 4 * elements, 0.95)},
        .within = {1e-14, 1}};
  });
}

// Operands that start one element in, and every second element.
void parts(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  all.measure("chain1_misaligned/f32/2^28", [=] {
    auto const x = operand<float>({n + 4}, 1), y = operand<float>({n + 4}, 2);
    return comparison<float>{.bytes = 12 * elements,
                             .flops = 5 * elements,
                             .sloth =
                                 [=] {
                                   auto const u = x(slice(1, -3)), v = y(slice(1, -3));
                                   return array<float>(2.5 * u + v - 0.5 * u * v);
                                 },
                             .reference = by<float>("hand",
                                                    [=](float* z) {
                                                      by_hand::chain1_misaligned(
                                                          stream(), data(x) + 1, data(y) + 1, z, n);
                                                    }),
                             .others = {copy_limit({data(x), data(y)}, 4 * elements, 0)},
                             .within = {}};
  });
  all.measure("chain1_stride2/f32/2^27", [=] {
    auto const x = operand<float>({n}, 1), y = operand<float>({n}, 2);
    return comparison<float>{
        .bytes = 10 * elements,  // whole lines are read
        .flops = 2.5 * elements,
        .sloth =
            [=] {
              auto const u = x(slice(_, _, 2)), v = y(slice(_, _, 2));
              return array<float>(2.5 * u + v - 0.5 * u * v);
            },
        .reference = by<float>(
            "limit",
            [=](float* z) { by_hand::chain1_stride2(stream(), data(x), data(y), z, n / 2); }, 0.95),
        .others = {},
        .within = {}};
  });
}

template <expression A, expression B, expression C, expression D, expression E>
auto call_price(A const& spot, B const& strike, C const& years, D const& rate,
                E const& volatility) {
  auto const spread = volatility * sqrt(years);
  auto const d1 = (log(spot / strike) + (rate + 0.5 * square(volatility)) * years) / spread;
  auto const d2 = d1 - spread;
  return spot * (0.5 * erfc(d1 * -0.70710678118654752)) -
         strike * exp(-rate * years) * (0.5 * erfc(d2 * -0.70710678118654752));
}

void prices(cases& all) {
  int64_t const n = int64_t{1} << 26;
  double const elements = static_cast<double>(n);
  all.measure("black_scholes/f32/2^26", [=] {
    auto const between = [n](double low, double high, std::uint64_t seed) {
      return array<float>(generator(seed).uniform<float>(low, high, {n}));
    };
    auto const spot = between(10, 50, 1), strike = between(10, 50, 2), years = between(0.25, 10, 3),
               rate = between(0.01, 0.05, 4), volatility = between(0.1, 0.5, 5);
    by_hand::options const o{data(spot), data(strike), data(years), data(rate), data(volatility)};
    return comparison<float>{
        .bytes = 24 * elements,
        .flops = 21 * elements,
        .sloth = [=] { return array<float>(call_price(spot, strike, years, rate, volatility)); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::black_scholes(stream(), o, z, n); }, 0.95),
        .others = {copy_limit({o.spot, o.strike, o.years, o.rate, o.volatility}, 4 * elements, 0)},
        .within = {2e-5, 10}};
  });
}

}  // namespace

void elementwise(cases& all) {
  chains(all);
  parts(all);
  prices(all);
}

}  // namespace bench
