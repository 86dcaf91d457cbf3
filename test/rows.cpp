// Row kernels: expressions that mix elementwise operations and reductions of the last axis.
#include <dsl/sloth.hpp>
#include <test/pairwise.hpp>

#include <boost/test/unit_test.hpp>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(row_kernels)

namespace {

/// Row-wise references in long double.
struct rows {
  std::int64_t count, length;
  std::vector<precise> at;
  template <class F>
  rows each(F f) const {  // f(row) gives a row
    rows result{count, length, {}};
    for (std::int64_t r = 0; r < count; ++r) {
      std::vector<precise> const row(at.begin() + r * length, at.begin() + (r + 1) * length);
      for (precise v : f(row)) result.at.push_back(v);
    }
    return result;
  }
};

precise total(std::vector<precise> const& row) {
  precise sum = 0;
  for (precise v : row) sum += v;
  return sum;
}
precise largest(std::vector<precise> const& row) {
  return *std::max_element(row.begin(), row.end());
}

template <expression X>
void close(X const& x, rows const& want, precise bound) {
  auto const got = x.to_vector();
  BOOST_REQUIRE_EQUAL(got.size(), want.at.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!(std::abs(precise(got[i]) - want.at[i]) <= bound * std::abs(want.at[i]) + bound * 1e-3L)) {
      BOOST_ERROR("element " << i << " is " << got[i] << ", not " << want.at[i]);
      return;
    }
}

array<double> random_rows(std::int64_t count, std::int64_t length, std::uint64_t seed) {
  return generator(seed).uniform(-5, 5, {count, length});
}
rows model_of(array<double> const& x) {
  rows m{x.shape()[0], x.shape()[1], {}};
  for (double v : x) m.at.push_back(v);
  return m;
}

template <expression X>
auto softmax(X const& x) {
  auto e = exp(x - max(x, last_axis, keepdims));
  return e / sum(e, last_axis, keepdims);
}
template <expression X>
auto layer_norm(X const& x) {
  return (x - mean(x, last_axis, keepdims)) / sqrt(var(x, last_axis, keepdims) + 1e-5);
}
template <expression X>
auto log_sum_exp(X const& x) {
  auto const m = max(x, last_axis, keepdims);
  return m + log(sum(exp(x - m), last_axis, keepdims));
}

std::vector<precise> softmax_of(std::vector<precise> row) {
  precise const m = largest(row);
  for (precise& v : row) v = std::exp(v - m);
  precise const sum = total(row);
  for (precise& v : row) v /= sum;
  return row;
}

}  // namespace

BOOST_AUTO_TEST_CASE(row_expressions_are_right_for_rows_of_any_length) {
  for (auto const& [count, length] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                      {3, 17},
                                      {64, 2},
                                      {5, 2049},
                                      {2, 70'001},
                                      {1, 400'000}}) {
    BOOST_TEST_INFO_SCOPE(count << " rows of " << length);
    array<double> const x = random_rows(count, length, 11);
    rows const m = model_of(x);
    precise const bound = (depth(length) + 20) * unit_roundoff<double>();
    close(softmax(x), m.each(softmax_of), bound);
    close(layer_norm(x), m.each([](std::vector<precise> row) {
      precise const n = static_cast<precise>(row.size()), mean = total(row) / n;
      precise square = 0;
      for (precise v : row) square += (v - mean) * (v - mean);
      for (precise& v : row) v = (v - mean) / std::sqrt(square / n + 1e-5L);
      return row;
    }),
          100 * bound);  // v - mean cancels
    auto const expected = m.each([](std::vector<precise> const& row) {
      precise const top = largest(row);
      precise sum = 0;
      for (precise v : row) sum += std::exp(v - top);
      return std::vector<precise>{top + std::log(sum)};
    });
    close(log_sum_exp(x), expected, 20 * bound);
    BOOST_TEST(explain(softmax(x)).find("r1") == std::string::npos);
    BOOST_TEST(explain(layer_norm(x)).find("r1") == std::string::npos);
    // The same through a transposed, a reversed and a broadcast operand.
    array<double> const y = array<double>(x.T());
    BOOST_TEST(bool(all(softmax(y.T()) == softmax(x))));
    array<double> const backwards = x(_, slice(_, _, -1));
    BOOST_TEST(bool(all(softmax(backwards(_, slice(_, _, -1))) == softmax(x))));
    BOOST_TEST(bool(all(softmax(broadcast_to(x(0, _), {3, length})) == softmax(x(slice(1), _)))));
    array<float> const f = x.astype<float>();
    BOOST_TEST(bool(all(isclose(softmax(f), softmax(x), 1e-4, 1e-7))));
  }
}

// Rows of whole packs, few and many, with operands that are rows and columns themselves.
BOOST_AUTO_TEST_CASE(rows_are_scaled_and_shifted_by_rows_and_columns) {
  for (auto const& [count, length] : {std::pair<std::int64_t, std::int64_t>{7, 16384},
                                      {1200, 4096},
                                      {3000, 1000},
                                      {40'000, 128},
                                      {3, 20'480}}) {
    array<float> const x = random_rows(count, length, 5).astype<float>();
    array<float> const scale = random_rows(1, length, 6)(0, _).astype<float>();
    array<float> const shift = random_rows(1, length, 7)(0, _).astype<float>();
    array<float> const weight = random_rows(count, 1, 8).astype<float>();
    array<float> const got =
        (x - mean(x, last_axis, keepdims)) / sqrt(var(x, last_axis, keepdims) + 1.f) * scale +
        shift * weight - max(x * weight, last_axis, keepdims);
    array<float> const sums = sum(x * scale, last_axis);
    auto const xs = x.to_vector(), ss = scale.to_vector(), bs = shift.to_vector(),
               ws = weight.to_vector(), ys = got.to_vector(), ts = sums.to_vector();
    precise worst = 0, worst_sum = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      float const* const row = xs.data() + i * length;
      precise const n = static_cast<precise>(length), w = ws[i];
      precise mean_ = 0, square = 0, top = row[0] * w, dot_ = 0, size = 0;
      for (std::int64_t j = 0; j < length; ++j) {
        mean_ += row[j] / n;
        top = std::max(top, row[j] * w);
        dot_ += precise{row[j]} * ss[j];
        size += std::abs(precise{row[j]} * ss[j]);
      }
      for (std::int64_t j = 0; j < length; ++j) square += (row[j] - mean_) * (row[j] - mean_) / n;
      for (std::int64_t j = 0; j < length; ++j) {
        precise const want = (row[j] - mean_) / std::sqrt(square + 1) * ss[j] + bs[j] * w - top;
        worst = std::max(worst, std::abs(ys[i * length + j] - want));
      }
      worst_sum = std::max(worst_sum, std::abs(ts[i] - dot_) / size);
    }
    BOOST_TEST(worst < 5e-5, count << " rows of " << length << ": " << worst);
    BOOST_TEST(worst_sum < (depth(length) + 2) * unit_roundoff<float>(),
               count << " rows of " << length << ": " << worst_sum);
  }
}

BOOST_AUTO_TEST_CASE(equal_forms_over_other_operands_are_not_confused) {
  for (std::int64_t const length : {3, 100, 5000, 200'000}) {
    BOOST_TEST_INFO_SCOPE("rows of " << length);
    array<double> const a = random_rows(2, length, 1), b = random_rows(2, length, 2);
    auto const kept = [](auto const& e) { return array<double>(e); };  // one reduction at a time
    auto const top = [&](auto const& x) { return kept(max(x, last_axis, keepdims)); };
    auto const add = [&](auto const& x) { return kept(sum(x, last_axis, keepdims)); };
    // On a GPU the operands of one kernel decide how many blocks share a long row: no bit for bit.
    bool const by_blocks = length > 5000 && current_device() == gpu;
    auto const same = [&](auto const& got, auto const& want) {
      bool const equal =
          by_blocks ? bool(all(isclose(got, want, 1e-10, 1e-8))) : bool(all(got == want));
      return equal && got.shape() == want.shape();
    };
    auto const m = [](auto const& x) { return max(x, last_axis, keepdims); };
    auto const s = [](auto const& x) { return sum(x, last_axis, keepdims); };
    BOOST_TEST(same((a - m(a)) + (b - m(b)), (a - top(a)) + (b - top(b))));
    BOOST_TEST(same((a - m(b)) + (b - m(a)), (a - top(b)) + (b - top(a))));
    BOOST_TEST(same(exp(a - m(a)) / s(exp(b - m(b))), exp(a - top(a)) / add(exp(b - top(b)))));
    BOOST_TEST(same(exp(a - m(b)) / s(exp(a - m(a))), exp(a - top(b)) / add(exp(a - top(a)))));
    BOOST_TEST(same(s(a * 2) / s(a * 3), kept(add(a * 2) / add(a * 3))));
    BOOST_TEST(same(s(a * 2) + a * 2 - a * 3, add(a * 2) + a * 2 - a * 3));
    BOOST_TEST(same(s(a * 2) + (a * 3 - s(a * 3)), add(a * 2) + (a * 3 - add(a * 3))));
    BOOST_TEST(same(m(a - s(a - m(a))) * a, top(a - add(a - top(a))) * a));
    BOOST_TEST(same(s(s(a)) + s(a), add(add(a)) + add(a)));
    BOOST_TEST(same(s(s(a) + b) - m(m(a) * b), add(add(a) + b) - top(top(a) * b)));
    // Rows of other lengths, and of one element.
    array<double> const c = random_rows(2, length + 7, 3), one = random_rows(2, 1, 4);
    array<double> const row = random_rows(1, length, 5);
    BOOST_TEST(same(a - s(c), a - add(c)));
    // Summed over blocks of another length on a GPU: no bit for bit.
    BOOST_TEST(bool(all(isclose(a * s(a) - s(c) * m(one), a * add(a) - add(c) * top(one), 1e-12))));
    BOOST_TEST(same(a - s(one), a - one));
    BOOST_TEST(same(s(one + row) * a, add(one + row) * a));
    BOOST_TEST(same((one + row) - s(one + row), (one + row) - add(one + row)));
    BOOST_TEST(same(s(one * 2) + one * 2 + a, add(one * 2) + one * 2 + a));
    BOOST_TEST(same(s(row) + a, add(row) + a));
    BOOST_TEST(same(one - s(c), one - add(c)));
    // Rows under more axes than they have.
    array<double> const cube = random_rows(3 * 2, length, 6).reshape(3, 2, length);
    BOOST_TEST(same(cube - s(a), cube - add(a)));
    BOOST_TEST(
        same(exp(cube - m(cube)) / s(exp(a - m(a))), exp(cube - top(cube)) / add(exp(a - top(a)))));
  }
}

BOOST_AUTO_TEST_CASE(short_rows_are_evaluated_in_blocks) {
  auto const s = [](auto const& x) { return sum(x, last_axis, keepdims); };
  auto const add = [](auto const& x) { return array<float>(sum(x, last_axis, keepdims)); };
  auto const same = [](array<float> const& got, array<float> const& want) {
    return bool(all(got == want)) && got.shape() == want.shape();
  };
  for (auto const& [planes, count, length] : {std::array<std::int64_t, 3>{1, 1, 5},
                                              {2, 17, 5},
                                              {3, 700, 33},
                                              {5, 3, 1000},
                                              {2, 40, 2049}}) {
    BOOST_TEST_INFO_SCOPE(planes << " planes of " << count << " rows of " << length);
    auto const draw = [&](extents const& shape) {
      return array<float>(generator(12).uniform<float>(-1, 1, shape));
    };
    array<float> const x = draw({planes, count, length}), plane = draw({count, length});
    array<float> const row = draw({length}), column = draw({count, 1}), one = draw({planes, 1, 1});
    array<float> const across = draw({length, count});
    auto const u = generator(13).uniform<float>(0, 1, {count, length});
    array<float> const drawn = u;
    BOOST_TEST(same(x * row - s(x * row) * column, x * row - add(x * row) * column));
    BOOST_TEST(same(x * one - s(x * one) / plane, x * one - add(x * one) / plane));
    BOOST_TEST(same(s(x * column) + column, add(x * column) + column));
    BOOST_TEST(same(x - s(across.T() * plane), x - add(across.T() * plane)));
    BOOST_TEST(same(u * x - s(u), drawn * x - add(drawn)));
    array<float> const soft = softmax(x);
    array<float> y = x * 1;
    y = softmax(y) - y;  // over its own memory
    BOOST_TEST(same(y, soft - x));
    array<float> wide = zeros<float>(planes, 2 * count, 2 * length);
    wide(_, slice(_, _, -2), slice(_, _, 2)) = softmax(x);
    BOOST_TEST(same(wide(_, slice(_, _, -2), slice(_, _, 2)), soft));
    wide(_, slice(_, count), slice(_, length)) = softmax(x);  // rows with gaps
    BOOST_TEST(same(wide(_, slice(_, count), slice(_, length)), soft));
  }
}

BOOST_AUTO_TEST_CASE(row_reductions_mix_with_everything_else) {
  array<double> const x{{1, 5, 2}, {4, -1, 4}};
  using v = std::vector<double>;
  BOOST_TEST(((x * argmax(x, last_axis, keepdims)).to_vector() == v{1, 5, 2, 0, 0, 0}));
  BOOST_TEST((where(any(x < 0, last_axis, keepdims), 0, x).to_vector() == v{1, 5, 2, 0, 0, 0}));
  BOOST_TEST(((x == max(x, last_axis, keepdims)).to_vector() ==
              std::vector<bool>{false, true, false, true, false, true}));
  array<std::int32_t> const i = x.astype<std::int32_t>();
  BOOST_TEST(((i - sum(i, last_axis, keepdims)).to_vector() ==
              std::vector<std::int64_t>{-7, -3, -6, -3, -8, -3}));
  BOOST_TEST((sum(x - min(x, last_axis, keepdims)).item() == 15));  // a row step, then a reduction
  BOOST_TEST((sum(x - min(x, last_axis, keepdims), axis(0)).to_vector() == v{5, 4, 6}));
  BOOST_TEST(((x - min(x, last_axis, keepdims)).T()(0, _).to_vector() == v{0, 5}));
  BOOST_TEST(
      (matmul(x - min(x, last_axis, keepdims), array<double>{1, 1, 1}).to_vector() == v{5, 10}));
  auto const r = generator(3).rand(4, 3000);
  array<double> const drawn = r, share = r / sum(r, last_axis, keepdims);
  BOOST_TEST(bool(all(isclose(sum(share, last_axis), 1.))));
  BOOST_TEST(bool(all(share == drawn / sum(drawn, last_axis, keepdims))));
  BOOST_TEST(((sum(ones(2, 3), last_axis, keepdims) + zeros(2, 3)).to_vector() == v(6, 3)));
  array<double> y = x;
  y(_, slice(_, _, -1)) = y / sum(y, last_axis, keepdims);
  BOOST_TEST((y.to_vector() == v{0.25, 0.625, 0.125, 4. / 7, -1. / 7, 4. / 7}));
}

BOOST_AUTO_TEST_SUITE_END()
