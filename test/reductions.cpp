// Reductions over every choice of axes against long double.
#include <dsl/sloth.hpp>
#include <test/pairwise.hpp>
#include <test/refuses.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(reductions)

namespace {

/// Shape and elements in row-major order, of whatever type.
struct values {
  extents shape;
  std::vector<precise> at;
};

template <class T>
values values_of(array<T> const& x) {
  values result{x.shape(), {}};
  for (T v : x)
    if constexpr (is_half<T>)
      result.at.push_back(static_cast<float>(v));
    else
      result.at.push_back(static_cast<precise>(v));
  return result;
}

using group = std::vector<precise>;

/// For each element of the result, in order, the elements that it reduces, in order.
std::vector<group> groups(values const& x, std::vector<bool> const& reduced) {
  std::int64_t count = 1;
  for (int axis = 0; axis < x.shape.rank(); ++axis)
    if (!reduced[axis]) count *= x.shape[axis];
  std::vector<group> result(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < std::ssize(x.at); ++i) {
    std::int64_t rest = i, to = 0, step = 1;
    for (int axis = x.shape.rank() - 1; axis >= 0; --axis) {
      if (!reduced[axis]) {
        to += rest % x.shape[axis] * step;
        step *= x.shape[axis];
      }
      rest /= x.shape[axis];
    }
    result[static_cast<std::size_t>(to)].push_back(x.at[static_cast<std::size_t>(i)]);
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

enum class spelling { whole, axes, axes_keepdims, last, last_keepdims };

/// A reduction of one view by every spelling, and what it is to give for a group of elements.
struct reduction_of_view {
  std::function<values(spelling, axis_list const&)> call;
  std::function<expected(group const&)> reference;
  bool one_axis = false;
};

void check(values const& x, reduction_of_view const& r) {
  int const rank = x.shape.rank();
  auto same = [&](spelling how, axis_list const& axes, std::vector<bool> const& reduced) {
    bool const keep = how == spelling::axes_keepdims || how == spelling::last_keepdims;
    extents shape;
    for (int i = 0; i < rank; ++i)
      if (!reduced[i])
        shape.push_back(x.shape[i]);
      else if (keep)
        shape.push_back(1);
    values const got = r.call(how, axes);
    BOOST_TEST(to_string(got.shape) == to_string(shape));
    auto const lists = groups(x, reduced);
    BOOST_REQUIRE_EQUAL(got.at.size(), lists.size());
    for (std::size_t i = 0; i < lists.size(); ++i) compare(got.at[i], r.reference(lists[i]));
  };
  same(spelling::whole, axis(0), std::vector<bool>(rank, true));
  if (rank == 0) return;
  for (unsigned mask = 1; mask < 1u << rank; ++mask) {
    if (r.one_axis && (mask & (mask - 1))) continue;
    std::vector<bool> reduced;
    extents axes;
    for (int i = 0; i < rank; ++i) {
      reduced.push_back(mask >> i & 1);
      if (reduced[i]) axes.insert(0, mask % 3 ? i : i - rank);
    }
    same(spelling::axes, axis(axes), reduced);
    same(spelling::axes_keepdims, axis(axes), reduced);
  }
  std::vector<bool> last(rank, false);
  last[rank - 1] = true;
  same(spelling::last, axis(0), last);
  same(spelling::last_keepdims, axis(0), last);
}

expected sum_of(group const& x) {
  precise total = 0, absolute = 0;
  for (precise a : x) total += a, absolute += std::abs(a);
  return {total, absolute};
}
expected moments_of(group const& x) {  // variance, and the largest value
  precise const n = static_cast<precise>(x.size()), mean = sum_of(x).value / n;
  precise square = 0, largest = 0;
  for (precise a : x) {
    square += (a - mean) * (a - mean);
    largest = std::max(largest, std::abs(a));
  }
  return {square / n, largest};
}
template <class At>
expected position(group const& x, At at) {
  return {static_cast<precise>(at - x.begin()), 0};
}
bool not_zero(precise a) { return a != 0; }

// Row kernels of every type are those of last_axis; with keepdims they are compiled for one.
#define CALL(name)                                                                    \
  [&v](spelling how, axis_list const& axes) {                                         \
    switch (how) {                                                                    \
      case spelling::whole: return values_of(array(name(v)));                         \
      case spelling::axes: return values_of(array(name(v, axes)));                    \
      case spelling::axes_keepdims: return values_of(array(name(v, axes, keepdims))); \
      case spelling::last: return values_of(array(name(v, last_axis)));               \
      default: break;                                                                 \
    }                                                                                 \
    if constexpr (std::is_same_v<T, double>)                                          \
      return values_of(array(name(v, last_axis, keepdims)));                          \
    else                                                                              \
      return values_of(array(name(v, axis(-1), keepdims)));                           \
  }

template <class T>
void check_all(view<T, false> const& v) {
  values const x = values_of(array<T>(v));
  precise const u = unit_roundoff<T>();
  auto var_of = [u](group const& g) {
    auto const [value, largest] = moments_of(g);
    precise const k = depth(g.size()) * u;
    return expected{value,
                    4 * k * value + k * k * largest * largest + (is_half<T> ? u * value : 0)};
  };
  check(x, {CALL(sum), [u](group const& g) {
              auto const [value, absolute] = sum_of(g);
              return expected{value, is_integer<T> ? 0 : depth(g.size()) * u * absolute};
            }});
  check(x, {CALL(mean), [u](group const& g) {
              auto const [value, absolute] = sum_of(g);
              precise const n = static_cast<precise>(g.size());
              return expected{value / n, depth(g.size()) * u * absolute / n};
            }});
  check(x, {CALL(var), var_of});
  check(x, {CALL(sloth::std), [u, var_of](group const& g) {
              auto const [value, bound] = var_of(g);
              return expected{std::sqrt(value), std::sqrt(value + bound) - std::sqrt(value) +
                                                    4 * u * std::sqrt(value) +
                                                    std::sqrt(bound) * u};
            }});
  check(x, {CALL(norm), [u](group const& g) {
              precise square = 0;
              for (precise a : g) square += a * a;
              return expected{std::sqrt(square), depth(g.size()) * u * std::sqrt(square)};
            }});
  check(x, {CALL(any), [](group const& g) {
              return expected{precise(std::ranges::any_of(g, not_zero)), 0};
            }});
  check(x, {CALL(all), [](group const& g) {
              return expected{precise(std::ranges::all_of(g, not_zero)), 0};
            }});
  check(x, {CALL(count_nonzero), [](group const& g) {
              return expected{precise(std::ranges::count_if(g, not_zero)), 0};
            }});
  if (x.at.empty()) return;
  check(x, {CALL(min), [](group const& g) { return expected{*std::ranges::min_element(g), 0}; }});
  check(x, {CALL(max), [](group const& g) { return expected{*std::ranges::max_element(g), 0}; }});
  check(x, {CALL(argmin), [](group const& g) { return position(g, std::ranges::min_element(g)); },
            true});
  check(x, {CALL(argmax), [](group const& g) { return position(g, std::ranges::max_element(g)); },
            true});
}
#undef CALL

template <class T>
void check_type(std::vector<extents> const& shapes) {
  BOOST_TEST_INFO_SCOPE(to_string(dtype_of<T>));
  std::mt19937_64 random(7);
  for (auto const& shape : shapes) {
    BOOST_TEST_INFO_SCOPE("shape " << to_string(shape));
    std::vector<T> elements;  // ties and zeros are frequent
    for (std::int64_t i = 0; i < shape.size(); ++i) {
      auto const draw = static_cast<int>(random() % 41);
      elements.push_back(convert<T>(is_floating<T> ? (draw - 20) / 8. : double(draw % 7)));
    }
    array<T> const x(elements, shape);
    check_all<T>(x(ellipsis));
    check_all<T>(x.T());
    if (shape.rank() > 0) check_all<T>(x(slice(_, _, -1), ellipsis));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(flags_that_are_set) {
  for (std::int64_t n : {1, 31, 32, 33, 255 * 32, 255 * 32 + 1, 70001}) {
    array<bool> flags = ones<bool>(n);
    BOOST_TEST(sloth::all(flags).item());
    BOOST_TEST(count_nonzero(flags).item() == n);
    for (std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
      array<bool> x = flags;
      x(at) = false;
      BOOST_TEST(!sloth::all(x).item());
      BOOST_TEST(count_nonzero(x).item() == n - 1);
      BOOST_TEST(any(!x).item());
      BOOST_TEST(!any(x && !x).item());
    }
  }
}

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
  // At each place of a chunk's vectors and of the elements behind them.
  for (std::int64_t const n : {1, 31, 128, 173})
    for (std::int64_t i = 0; i < n; ++i) {
      array<float> y = zeros<float>(n);
      y(slice(i, _)) = 1;
      BOOST_TEST(argmax(y).item() == i);
      BOOST_TEST(argmax(y.astype<std::int64_t>()).item() == i);
      BOOST_TEST(argmax(y.astype<std::int8_t>()).item() == i);
      y(slice(i, _)) = NAN;
      BOOST_TEST(argmin(y).item() == i);
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

// Writes the bits of large reductions to the file that the environment names.
BOOST_AUTO_TEST_CASE(bits_of_large_reductions) {
  array<float> const x = generator(9).normal<float>(0, 1, {700, 1001});
  array<double> const y = generator(9).normal(1, 3, {1, 700'003});
  auto const top = exp(y - max(y, last_axis, keepdims));
  auto const centred = x - mean(x, last_axis, keepdims);
  std::ostringstream bits;
  bits << std::hexfloat << sum(x).item() << ' ' << var(x).item() << ' ' << norm(y).item() << ' '
       << prod(y * 0.5).item() << ' ' << mean(y).item() << ' ' << argmax(x).item() << ' '
       << sum(sum(x, axis(0)) * arange<float>(1001)).item() << ' '
       << sum(top / sum(top, last_axis, keepdims) * y).item() << ' ' << var(x, axis(1)).item(77)
       << ' ' << sum(centred * x, axis(0)).item(500) << ' ' << sum(y, last_axis, keepdims).item();
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
