#include "random.hpp"

#include "cases.hpp"
#include "reductions.hpp"

using namespace sloth;

namespace bench {

namespace {

constexpr std::uint64_t seed_of_all = 20240607;

template <class T, class Ours>
comparison<T> drawn(int64_t n, Ours ours, tolerance within, void (*curand)(T*, int64_t)) {
  double const elements = static_cast<double>(n);
  return {.bytes = sizeof(T) * elements,
          .flops = 0,
          .sloth = ours,
          .reference = by<T>("",
                             [=](T* z) {
                               plain_curand::seed(stream(), seed_of_all);
                               curand(z, n);
                             }),
          .others = {copy_limit({}, sizeof(T) * elements, 0.95),
                     by<T>("curand", [=](T* z) { curand(z, n); })},
          .within = within};
}

void draws(cases& all) {
  int64_t const n = int64_t{1} << 28;
  all.measure("rand/f32/2^28", [=] {
    auto c = drawn<float>(
        n, [=] { return array<float>(generator(seed_of_all).rand<float>(n)); }, {0, 1},
        plain_curand::uniform);
    c.others.push_back(
        by<float>("hand", [=](float* z) { by_hand::rand(stream(), seed_of_all, z, n); }));
    return c;
  });
  all.measure("rand/f64/2^27", [=] {
    return drawn<double>(
        n / 2, [=] { return array<double>(generator(seed_of_all).rand<double>(n / 2)); }, {0, 1},
        plain_curand::uniform);
  });
  // cuRAND takes __sincosf, within 2^-21 of the sine, times a radius below 7.
  all.measure("normal/f32/2^28", [=] {
    auto c = drawn<float>(
        n, [=] { return array<float>(generator(seed_of_all).normal<float>(0, 1, {n})); }, {1e-5, 1},
        plain_curand::normal);
    c.others[0].target = 0;  // computes more than it writes
    c.others[1].target = 0.95;
    return c;
  });
}

void consumed(cases& all) {
  int64_t const n = int64_t{1} << 28;
  double const elements = static_cast<double>(n);
  all.measure("sum_exp_rand/f32/2^28", [=] {
    return comparison<float>{
        .bytes = 0,
        .flops = 2 * elements,
        .sloth = [=] { return array<float>(sum(exp(-generator(seed_of_all).rand<float>(n)))); },
        .reference = by<float>(
            "hand", [=](float* z) { by_hand::sum_exp_rand(stream(), seed_of_all, z, n); }, 0.95),
        .others = {},
        .within = {1e-5, 0}};
  });
}

}  // namespace

void random(cases& all) {
  draws(all);
  consumed(all);
}

}  // namespace bench
