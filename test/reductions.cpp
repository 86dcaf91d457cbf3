// Reductions over every choice of axes against long double, and row kernels of reductions.
#include <dsl/sloth.hpp>
#include <test/refuses.hpp>

#include <filesystem>
#include <fstream>
#include <random>

using namespace sloth;

namespace {

using precise = long double;

template <class T>
constexpr precise unit_roundoff() {
  if constexpr (std::is_same_v<T, f16>)
    return 0x1p-11L;
  else if constexpr (std::is_same_v<T, bf16>)
    return 0x1p-8L;
  else if constexpr (is_floating<T>)
    return std::numeric_limits<real_t<T>>::epsilon() / 2;
  else
    return 0x1p-53L;
}

/// Additions that a value passes at most: a run inside a chunk, then a tree.
precise depth(std::size_t n) {
  precise const terms = static_cast<precise>(n);
  return std::min(terms, 64 + std::log2(terms + 1)) + 2;
}

template <class T>
precise number(T v) {
  if constexpr (is_half<T>)
    return static_cast<float>(v);
  else
    return static_cast<precise>(v);
}

/// Elements of a view in row-major order.
template <class T>
struct model {
  extents shape;
  std::vector<T> at;
};

/// For each element of the result, in order, the elements that it reduces, in order.
template <class T>
std::vector<std::vector<T>> groups(model<T> const& m, std::vector<bool> const& reduced) {
  std::int64_t count = 1;
  for (int axis = 0; axis < m.shape.rank(); ++axis)
    if (!reduced[axis]) count *= m.shape[axis];
  std::vector<std::vector<T>> result(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < std::ssize(m.at); ++i) {
    std::int64_t rest = i, to = 0, step = 1;
    for (int axis = m.shape.rank() - 1; axis >= 0; --axis) {
      if (!reduced[axis]) {
        to += rest % m.shape[axis] * step;
        step *= m.shape[axis];
      }
      rest /= m.shape[axis];
    }
    result[static_cast<std::size_t>(to)].push_back(m.at[static_cast<std::size_t>(i)]);
  }
  return result;
}

struct expected {
  precise value, bound;
};

void compare(precise got, expected want) {
  bool const right = std::isnan(want.value)   ? std::isnan(got)
                     : std::isinf(want.value) ? got == want.value
                                              : std::abs(got - want.value) <= want.bound;
  BOOST_TEST(right, "got " << got << ", not " << want.value << " +- " << want.bound);
}

/// `call(v, options...)` for every choice of axes against `reference(group)`.
template <class T, class Call, class Reference>
void check(view<T, false> const& v, model<T> const& m, Call call, Reference reference,
           bool one_axis = false) {
  int const rank = m.shape.rank();
  auto same = [&](auto const& result, std::vector<bool> const& reduced, bool keep) {
    extents shape;
    for (int axis = 0; axis < rank; ++axis)
      if (!reduced[axis])
        shape.push_back(m.shape[axis]);
      else if (keep)
        shape.push_back(1);
    BOOST_TEST(to_string(result.shape()) == to_string(shape));
    auto const lists = groups(m, reduced);
    auto const got = result.to_vector();
    BOOST_REQUIRE_EQUAL(got.size(), lists.size());
    for (std::size_t i = 0; i < lists.size(); ++i) compare(number(got[i]), reference(lists[i]));
  };
  same(call(v), std::vector<bool>(rank, true), false);
  if (rank == 0) return;
  for (unsigned mask = 1; mask < 1u << rank; ++mask) {
    if (one_axis && (mask & (mask - 1))) continue;
    std::vector<bool> reduced;
    extents axes;
    for (int axis = 0; axis < rank; ++axis) {
      reduced.push_back(mask >> axis & 1);
      if (reduced[axis]) axes.insert(0, mask % 3 ? axis : axis - rank);
    }
    same(call(v, axis(axes)), reduced, false);
    same(call(v, axis(axes), keepdims), reduced, true);
  }
  std::vector<bool> last(rank, false);
  last[rank - 1] = true;
  same(call(v, last_axis), last, false);
  same(call(v, last_axis, keepdims), last, true);
}

#define CALL(name) [](auto const&... a) { return name(a...); }

template <class T>
void check_all(view<T, false> const& v, extents const& shape, std::vector<T> const& values) {
  using list = std::vector<T>;
  model<T> const m{shape, values};
  constexpr precise u = unit_roundoff<T>();
  bool const empty = values.empty();
  auto sum_of = [](list const& x) {
    precise total = 0, absolute = 0;
    for (T a : x) total += number(a), absolute += std::abs(number(a));
    return expected{total, absolute};
  };
  auto moments = [=](list const& x) {  // variance, and the largest value
    precise const n = static_cast<precise>(x.size()), mean = sum_of(x).value / n;
    precise square = 0, largest = 0;
    for (T a : x) {
      square += (number(a) - mean) * (number(a) - mean);
      largest = std::max(largest, std::abs(number(a)));
    }
    return expected{square / n, largest};
  };
  auto var_of = [=](list const& x) {
    auto const [value, largest] = moments(x);
    precise const k = depth(x.size()) * u;
    return expected{value,
                    4 * k * value + k * k * largest * largest + (is_half<T> ? u * value : 0)};
  };
  check(v, m, CALL(sum), [=](list const& x) {
    auto const [value, absolute] = sum_of(x);
    return expected{value, is_integer<T> ? 0 : depth(x.size()) * u * absolute};
  });
  check(v, m, CALL(mean), [=](list const& x) {
    auto const [value, absolute] = sum_of(x);
    precise const n = static_cast<precise>(x.size());
    return expected{value / n, depth(x.size()) * u * absolute / n};
  });
  check(v, m, CALL(var), var_of);
  check(v, m, CALL(sloth::std), [=](list const& x) {
    auto const [value, bound] = var_of(x);
    return expected{std::sqrt(value), std::sqrt(value + bound) - std::sqrt(value) +
                                          4 * u * std::sqrt(value) + std::sqrt(bound) * u};
  });
  check(v, m, CALL(norm), [=](list const& x) {
    precise square = 0;
    for (T a : x) square += number(a) * number(a);
    return expected{std::sqrt(square), depth(x.size()) * u * std::sqrt(square)};
  });
  check(v, m, CALL(any), [](list const& x) {
    return expected{precise(std::any_of(x.begin(), x.end(), [](T a) { return number(a) != 0; })),
                    0};
  });
  check(v, m, CALL(all), [](list const& x) {
    return expected{precise(std::all_of(x.begin(), x.end(), [](T a) { return number(a) != 0; })),
                    0};
  });
  check(v, m, CALL(count_nonzero), [](list const& x) {
    return expected{precise(std::count_if(x.begin(), x.end(), [](T a) { return number(a) != 0; })),
                    0};
  });
  if (empty) return;
  auto const smaller = [](T a, T b) { return number(a) < number(b); };
  check(v, m, CALL(min), [=](list const& x) {
    return expected{number(*std::ranges::min_element(x, smaller)), 0};
  });
  check(v, m, CALL(max), [=](list const& x) {
    return expected{number(*std::ranges::max_element(x, smaller)), 0};
  });
  auto position = [](list const& x, auto at) { return expected{precise(at - x.begin()), 0}; };
  check(
      v, m, CALL(argmin),
      [=](list const& x) { return position(x, std::ranges::min_element(x, smaller)); }, true);
  check(
      v, m, CALL(argmax),
      [=](list const& x) { return position(x, std::ranges::max_element(x, smaller)); }, true);
}

template <class T>
void check_type(std::vector<extents> const& shapes) {
  BOOST_TEST_INFO_SCOPE(to_string(dtype_of<T>));
  std::mt19937_64 random(7);
  for (auto const& shape : shapes) {
    BOOST_TEST_INFO_SCOPE("shape " << to_string(shape));
    std::vector<T> values;  // ties and zeros are frequent
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      auto const draw = static_cast<int>(random() % 41);
      values.push_back(convert<T>(is_floating<T> ? (draw - 20) / 8. : double(draw % 7)));
    }
    array<T> const x(values, shape);
    check_all<T>(x(ellipsis), shape, values);
    extents reversed = shape;
    std::reverse(reversed.begin(), reversed.end());
    check_all<T>(x.T(), reversed, x.T().to_vector());
    if (shape.rank() > 0) {
      auto const v = x(slice(_, _, -1), ellipsis);
      check_all<T>(v, shape, v.to_vector());
    }
  }
}

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

BOOST_AUTO_TEST_SUITE(reductions)

BOOST_AUTO_TEST_CASE(every_reduction_over_every_choice_of_axes) {
  check_type<double>({{},
                      {1},
                      {7},
                      {33},
                      {1025},
                      {3, 4},
                      {5, 1, 3},
                      {2, 3, 4},
                      {1, 1},
                      {3, 2, 1, 5},
                      {3, 4100},
                      {2100, 3},
                      {70, 70},
                      {0},
                      {3, 0},
                      {0, 3},
                      {2, 0, 3},
                      {9000}});
}

BOOST_AUTO_TEST_CASE(every_element_type) {
  std::vector<extents> const shapes{{5}, {3, 40}, {2, 3, 4}, {4, 2049}};
  check_type<float>(shapes);
  check_type<f16>({{5}, {3, 40}, {2, 3, 4}});
  check_type<bf16>({{5}, {3, 40}});
  check_type<bool>(shapes);
  check_type<std::int8_t>(shapes);
  check_type<std::int16_t>({{3, 40}});
  check_type<std::int32_t>(shapes);
  check_type<std::int64_t>(shapes);
  check_type<std::uint8_t>(shapes);
  check_type<std::uint16_t>({{3, 40}});
  check_type<std::uint32_t>({{3, 40}});
  check_type<std::uint64_t>({{3, 40}});
}

BOOST_AUTO_TEST_CASE(complex_sums_products_and_norms) {
  using c = complex128;
  array<c> const x{{c{1, 2}, c{3, -1}}, {c{0, 1}, c{-2, 0}}};
  BOOST_TEST((sum(x).item() == c{2, 2}));
  BOOST_TEST((sum(x, axis(0)).to_vector() == std::vector<c>{{1, 3}, {1, -1}}));
  BOOST_TEST((prod(x, axis(1)).to_vector() == std::vector<c>{{5, 5}, {0, -2}}));
  BOOST_TEST((mean(x).item() == c{0.5, 0.5}));
  BOOST_TEST((sum(x, last_axis, keepdims).to_vector() == std::vector<c>{{4, 1}, {-2, 1}}));
  BOOST_TEST(norm(x).item() == std::sqrt(20.));
  BOOST_TEST(var(x).item() == 4.5);  // mean of |x - mean|^2
  BOOST_TEST(count_nonzero(x).item() == 4);
  BOOST_TEST(bool(all(x)));
  BOOST_TEST((sum(x.astype<complex64>()).item() == complex64{2, 2}));
}

BOOST_AUTO_TEST_CASE(result_types_are_numpys) {
  auto const type = [](auto const& x) { return std::string(to_string(x.node()->type)); };
  array<std::int8_t> const i{1};
  array<std::uint16_t> const u{1};
  array<bool> const b{true};
  array<float> const f{1.f};
  array<f16> const h = ones<f16>(1);
  array<complex64> const c = ones<complex64>(1);
  BOOST_TEST(type(sum(i)) == "int64");
  BOOST_TEST(type(sum(u)) == "uint64");
  BOOST_TEST(type(prod(b)) == "int64");
  BOOST_TEST(type(sum(h)) == "float16");
  BOOST_TEST(type(mean(i)) == "float64");
  BOOST_TEST(type(mean(h)) == "float16");
  BOOST_TEST(type(mean(f)) == "float32");
  BOOST_TEST(type(var(b)) == "float64");
  BOOST_TEST(type(var(c)) == "float32");
  BOOST_TEST(type(norm(c)) == "float32");
  BOOST_TEST(type(max(u)) == "uint16");
  BOOST_TEST(type(argmax(f)) == "int64");
  BOOST_TEST(type(any(f)) == "bool");
  BOOST_TEST(type(count_nonzero(b)) == "int64");
}

BOOST_AUTO_TEST_CASE(products_and_wrapping_sums) {
  array<double> const x{{0.5, 4, 2}, {1, -3, 0.25}};
  BOOST_TEST(prod(x).item() == -3);
  BOOST_TEST((prod(x, axis(0)).to_vector() == std::vector<double>{0.5, -12, 0.5}));
  BOOST_TEST((prod(x, last_axis, keepdims).to_vector() == std::vector<double>{4, -0.75}));
  array<std::uint8_t> const b = full<std::uint8_t>({70}, 3);
  std::uint64_t power = 1;
  for (int i = 0; i < 70; ++i) power *= 3;  // wraps
  BOOST_TEST(prod(b).item() == power);
  array<std::int64_t> const big{std::numeric_limits<std::int64_t>::max(), 1};
  BOOST_TEST(sum(big).item() == std::numeric_limits<std::int64_t>::min());
  array<std::int8_t> const small = full<std::int8_t>({1000}, 127);
  BOOST_TEST(sum(small).item() == 127'000);
  array<f16> const h = full<f16>({4096}, 1);  // would stop at 2048 in f16
  BOOST_TEST(static_cast<float>(sum(h).item()) == 4096.f);
  BOOST_TEST(static_cast<float>(mean(full<f16>({70000}, 1)).item()) == 1.f);  // the sum overflows
}

BOOST_AUTO_TEST_CASE(nan_wins_ties_go_first) {
  double const nan = NAN;
  array<double> const x{{1, nan, 3, nan}, {2, 7, 7, 0}};
  BOOST_TEST(std::isnan(max(x).item()));
  BOOST_TEST(std::isnan(min(x).item()));
  BOOST_TEST(argmax(x).item() == 1);
  BOOST_TEST(argmin(x).item() == 1);
  BOOST_TEST((argmax(x, axis(1)).to_vector() == std::vector<std::int64_t>{1, 1}));
  BOOST_TEST((argmin(x, axis(1)).to_vector() == std::vector<std::int64_t>{1, 3}));
  BOOST_TEST((argmax(x, axis(0)).to_vector() == std::vector<std::int64_t>{1, 0, 1, 0}));
  BOOST_TEST((argmax(x, last_axis, keepdims).to_vector() == std::vector<std::int64_t>{1, 1}));
  BOOST_TEST(std::isnan(sum(x).item()));
  BOOST_TEST(bool(all(x(0, _))));  // NaN is true
  BOOST_TEST(count_nonzero(x).item() == 7);
  // The first of equals and the first NaN, wherever chunks and threads end.
  for (std::int64_t const n : {3000, 70'000, 300'000}) {
    array<float> y = zeros<float>(n);
    BOOST_TEST(argmax(y).item() == 0);
    y(slice(n - 2, _)) = 1;
    BOOST_TEST(argmax(y).item() == n - 2);
    BOOST_TEST(argmax(y, last_axis, keepdims).item() == n - 2);
    y(n / 2) = 1;
    BOOST_TEST(argmax(y).item() == n / 2);
    y(n - 1) = NAN;
    BOOST_TEST(argmax(y).item() == n - 1);
    BOOST_TEST(argmin(y).item() == n - 1);
    y(n / 3) = NAN;
    BOOST_TEST(argmin(y).item() == n / 3);
    BOOST_TEST(argmax(y, last_axis, keepdims).item() == n / 3);
  }
  array<float> const zero{0.f, -0.f};
  BOOST_TEST(argmin(zero).item() == 0);
  BOOST_TEST(argmax(array<double>{-INFINITY, -INFINITY}).item() == 0);
}

BOOST_AUTO_TEST_CASE(degrees_of_freedom) {
  array<double> const x{{1, 2, 4}, {3, 3, 9}};
  array<double> const expected{7. / 3, 12};
  BOOST_TEST(bool(all(isclose(var(x, axis(1), ddof(1)), expected, 1e-15, 0.))));
  BOOST_TEST(bool(all(isclose(var(x, last_axis, keepdims, ddof(1))(_, 0), expected, 1e-15, 0.))));
  BOOST_TEST(std::isinf(var(x, ddof(6)).item()));
  BOOST_TEST(std::isnan(var(array<double>{1}, ddof(1)).item()));
  auto const both = var(x, last_axis, keepdims, ddof(1)) - var(x, last_axis, keepdims);
  auto const got = both.to_vector();
  BOOST_TEST(std::abs(got[1] - 4) < 1e-14);
}

BOOST_AUTO_TEST_CASE(empty_axes_give_the_identity_or_are_refused) {
  array<double> const none = zeros(2, 0);
  BOOST_TEST((sum(none, axis(1)).to_vector() == std::vector<double>{0, 0}));
  BOOST_TEST((prod(none, axis(1)).to_vector() == std::vector<double>{1, 1}));
  BOOST_TEST(!bool(any(none)));
  BOOST_TEST(bool(all(none)));
  BOOST_TEST(std::isnan(mean(none).item()));
  BOOST_TEST(std::isnan(var(none).item()));
  BOOST_TEST(norm(none).item() == 0);
  REFUSES(shape_error, "max: no elements along axis 1 of shape (2, 0)", max(none));
  REFUSES(shape_error, "min: no elements along axis 1 of shape (2, 0)",
          min(none, last_axis, keepdims));
  REFUSES_HERE(shape_error, "argmax: no elements along axis 1 of shape (2, 0)",
               argmax(none, axis(-1)));
  REFUSES_HERE(index_error, "sum: axis 2 is out of range for rank 2", sum(none, axis(2)));
  REFUSES_HERE(index_error, "mean: axis -3 is out of range for rank 2", mean(none, axis(-3)));
  REFUSES_HERE(index_error, "sum: axis 1 is given twice", sum(none, axis(1, -1)));
  REFUSES_HERE(index_error, "argmin: takes one axis or all", argmin(ones(2, 2, 2), axis(0, 1)));
}

BOOST_AUTO_TEST_CASE(sums_of_many_terms_keep_the_pairwise_bound) {
  std::int64_t const n = (1 << 20) + 3;
  array<float> const x = generator(5).rand<float>(n);
  precise exact = 0;
  for (float v : x) exact += v;
  compare(sum(x).item(), {exact, depth(n) * unit_roundoff<float>() * exact});
  compare(sum(x(slice(_, _, -1))).item(), {exact, depth(n) * unit_roundoff<float>() * exact});
  compare(sum(x, last_axis, keepdims).item(), {exact, depth(n) * unit_roundoff<float>() * exact});
  compare(mean(x).item(), {exact / n, depth(n) * unit_roundoff<float>() * exact / n});
  compare(sum(x(_, newaxis), axis(0)).item(), {exact, depth(n) * unit_roundoff<float>() * exact});
  array<float> const far = x + 1e4f;  // var of values far from zero
  precise mean_of = 0, square = 0;
  for (float v : far) mean_of += v;
  mean_of /= n;
  for (float v : far) square += (v - mean_of) * (v - mean_of);
  compare(var(far).item(), {square / n, 1e-3L * square / n});
  compare(var(far, last_axis, keepdims).item(), {square / n, 1e-3L * square / n});
}

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

// Writes the bits of large reductions to the file that the environment names.
BOOST_AUTO_TEST_CASE(bits_of_large_reductions) {
  array<float> const x = generator(9).normal<float>(0, 1, {700, 1001});
  array<double> const y = generator(9).normal(1, 3, {1, 700'003});
  std::ostringstream bits;
  bits << std::hexfloat << sum(x).item() << ' ' << var(x).item() << ' ' << norm(y).item() << ' '
       << prod(y * 0.5).item() << ' ' << mean(y).item() << ' ' << argmax(x).item() << ' '
       << sum(sum(x, axis(0)) * arange<float>(1001)).item() << ' ' << sum(softmax(y) * y).item()
       << ' ' << var(x, axis(1)).item(77) << ' ' << sum(layer_norm(x) * x, axis(0)).item(500) << ' '
       << sum(y, last_axis, keepdims).item();
  array<float> const again = generator(9).normal<float>(0, 1, {700, 1001});
  BOOST_TEST(sum(x).item() == sum(again).item());
  if (const char* path = std::getenv("SLOTH_TEST_BITS")) std::ofstream(path) << bits.str();
  BOOST_TEST(!bits.str().empty());
}

BOOST_AUTO_TEST_CASE(any_number_of_threads_gives_the_same_bits) {
  if (std::getenv("SLOTH_TEST_BITS")) return;  // this is such a run
  auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
  auto const path = std::filesystem::temp_directory_path() /
                    ("sloth_bits_" + std::to_string(std::random_device{}()));
  std::vector<std::string> results;
  for (const char* threads : {"1", "2", "3", "8"}) {
    std::string const command = std::string("SLOTH_THREADS=") + threads +
                                " SLOTH_TEST_BITS=" + path.string() + " '" + self +
                                "' --run_test=reductions/bits_of_large_reductions >/dev/null 2>&1";
    BOOST_TEST(std::system(command.c_str()) == 0);
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    results.push_back(line);
  }
  std::filesystem::remove(path);
  BOOST_TEST(!results[0].empty());
  for (auto const& result : results) BOOST_TEST(result == results[0]);
}

BOOST_AUTO_TEST_SUITE_END()
