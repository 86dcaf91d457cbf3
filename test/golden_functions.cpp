// Reductions, scans and orders, and operations in the types that golden.cpp leaves out, against NumPy's
// own answers: test/golden/functions, which scripts/numpy_golden.py writes and describes.
#include <cmath>
#include <dsl/sloth.hpp>
#include <set>
#include <test/golden.hpp>

using namespace sloth;
using namespace golden;

namespace {

cases const& numpys() {
  static cases const all = read("functions");
  return all;
}

// --- comparing -----------------------------------------------------------------------------------

template <class T>
bool same_part(T got, T want) {  // any NaN for NaN; of the bits of other numbers each counts
  return want != want ? got != got : std::memcmp(&got, &want, sizeof got) == 0;
}
template <class T>
bool same(T const& got, T const& want) {
  if constexpr (is_complex<T>)
    return same_part(got.re, want.re) && same_part(got.im, want.im);
  else
    return same_part(got, want);
}

bool near(double got, double want, double bound) {
  if (!std::isfinite(want)) return std::isnan(want) ? std::isnan(got) : got == want;
  return std::abs(got - want) <= bound;
}
template <class T>
bool within(T const& got, T const& want, double bound) {
  if constexpr (is_complex<T>)
    return near(got.re, want.re, bound) && near(got.im, want.im, bound);
  else
    return near(convert<double>(got), convert<double>(want), bound);
}

template <class T>
std::string text_of(T const& x) {
  return to_string(array<T>(std::vector<T>{x}));
}

template <expression E>
void compare(test_case const& c, E&& e) {
  using R = value_t<E>;
  array<R> const got = std::forward<E>(e);
  if (!has_form(c, got)) return;
  R const* const want = numpys().elements<R>(c.result);
  double const* const bound = c.how == rule::within ? numpys().elements<double>(c.bound) : nullptr;
  for (std::int64_t i = 0; i < got.size(); ++i) {
    R const value = got.data()[i];
    if (!(bound ? within(value, want[i], bound[i]) : same(value, want[i])))
      BOOST_ERROR(c.line << "\n[" << i << "] is " << text_of<R>(value) << ", NumPy "
                         << text_of<R>(want[i]) << (bound ? " within " : "")
                         << (bound ? std::to_string(bound[i]) : ""));
  }
}

// --- options -------------------------------------------------------------------------------------

/// What stands behind a function's name: ",axis=0:2,keepdims,ddof=1,deg".
struct options {
  extents axes;
  bool has_axes = false, keep = false, deg = false;
  double ddof = 0;

  explicit options(test_case const& c) {
    std::istringstream all(c.options);
    for (std::string one; std::getline(all, one, ',');) {
      std::istringstream value(one.substr(std::min(one.find('=') + 1, one.size())));
      if (one == "keepdims") {
        keep = true;
      } else if (one == "deg") {
        deg = true;
      } else if (one.starts_with("ddof=")) {
        value >> ddof;
      } else if (one.starts_with("axis=")) {
        has_axes = true;
        for (std::string k; std::getline(value, k, ':');) axes.push_back(std::stoll(k));
      } else {
        BOOST_REQUIRE_MESSAGE(one.empty(), c.line);
      }
    }
  }
};

// --- functions -----------------------------------------------------------------------------------

/// f is a reduction; also as a row kernel, where the last axis stays.
template <class T, class F>
void run_reduction(test_case const& c, F f) {
  auto const x = laid_out<T>(numpys(), c.operands.at(0));
  options const o(c);
  sloth::ddof const by(o.ddof);
  if (!o.has_axes)
    o.keep ? compare(c, f(x, by, keepdims)) : compare(c, f(x, by));
  else
    o.keep ? compare(c, f(x, by, axis(o.axes), keepdims)) : compare(c, f(x, by, axis(o.axes)));
  if constexpr (std::is_same_v<T, double>)
    if (o.has_axes && o.keep && o.axes.rank() == 1 && o.axes[0] == x.rank() - 1)
      compare(c, f(x, last_axis, keepdims, by));
}
template <class T, class F>
void run_scan(test_case const& c, F f) {
  auto const x = laid_out<T>(numpys(), c.operands.at(0));
  options const o(c);
  o.has_axes ? compare(c, f(x, axis(o.axes))) : compare(c, f(x));
}

/// Whether c's function is called `name`, which then runs.
template <class T>
bool is_reduction(std::string const& name, test_case const& c) {
#define CALL(name_)                                                                             \
  if (name == #name_) {                                                                         \
    run_reduction<T>(c, [](auto const& x, auto const&... o) { return sloth::name_(x, o...); }); \
    return true;                                                                                \
  }
  CALL(sum)
  CALL(prod)
  CALL(mean)
  CALL(var)
  CALL(std)
  CALL(any)
  CALL(all)
  if constexpr (!is_complex<T>) {
    CALL(min)
    CALL(max)
    CALL(argmin)
    CALL(argmax)
  }
#undef CALL
  return false;
}
template <class T>
bool is_scan_or_order(std::string const& name, test_case const& c) {
#define CALL(name_)                                                                        \
  if (name == #name_) {                                                                    \
    run_scan<T>(c, [](auto const& x, auto const&... o) { return sloth::name_(x, o...); }); \
    return true;                                                                           \
  }
  CALL(cumsum)
  CALL(cumprod)
  CALL(sort)
  CALL(argsort)
  if constexpr (!is_complex<T>) {
    CALL(cummin)
    CALL(cummax)
  }
#undef CALL
  return false;
}
template <class T>
bool is_operation(std::string const& name, test_case const& c) {
  auto const x = laid_out<T>(numpys(), c.operands.at(0));
  auto const by = [&]<class N>(std::type_identity<N>) {
    if (c.operands.at(1).type == to_string(dtype_of<N>))
      compare(c, ldexp(x, laid_out<N>(numpys(), c.operands[1])));
  };
  if constexpr (!is_complex<T>) {
    if (name == "frexp") {
      auto const [mantissa, exponent] = frexp(x);
      c.result.type == "int32" ? compare(c, exponent) : compare(c, mantissa);
      return true;
    }
    if (name == "nextafter")
      return compare(c, nextafter(x, laid_out<T>(numpys(), c.operands.at(1)))), true;
    if (name == "spacing") return compare(c, spacing(x)), true;
    if (name == "ldexp") {
      by(std::type_identity<std::int32_t>());
      by(std::type_identity<std::int64_t>());
      by(std::type_identity<std::int8_t>());
      by(std::type_identity<std::uint8_t>());
      return true;
    }
  } else {
    if (name == "real") return compare(c, real(x)), true;
    if (name == "imag") return compare(c, imag(x)), true;
    if (name == "conjugate") return compare(c, conjugate(x)), true;
  }
  if (name == "angle") return compare(c, angle(x, options(c).deg)), true;
  return false;
}

using names = std::set<std::string>;
names const reductions_{"sum", "prod", "mean",   "var",    "std", "min",
                        "max", "any",  "argmin", "argmax", "all"};
names const scans_and_orders_{"cumsum", "cumprod", "cummin", "cummax", "sort", "argsort"};
names const operations_{"frexp", "nextafter", "spacing", "ldexp",
                        "real",  "imag",      "angle",   "conjugate"};

/// Runs the cases of `functions` in the types T, and tells if one has not run.
template <class... T, class F>
void run(names const& functions, F const& f) {
  for (auto const& name : functions) {
    auto const found = numpys().of.find(name);
    BOOST_REQUIRE_MESSAGE(found != numpys().of.end(), name << " has no case");
    int count = 0;
    for (auto const& c : found->second) {
      auto const& type = c.operands.at(0).type;
      bool const has_run =
          ((type == to_string(dtype_of<T>) && f(std::type_identity<T>(), name, c)) || ...);
      bool const is_wanted = every_type || type == "float64";
      BOOST_TEST(has_run == is_wanted, c.line);
      count += has_run;
    }
    BOOST_TEST_MESSAGE(name << ": " << count << " cases");
  }
}
template <class F>
void run_all(names const& functions, F const& f) {
  if constexpr (every_type)
    run<double, float, f16, bool, std::int64_t, complex128>(functions, f);
  else
    run<double>(functions, f);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_functions)

#define OF(function)                                                                \
  []<class T>(std::type_identity<T>, std::string const& name, test_case const& c) { \
    return function<T>(name, c);                                                    \
  }
BOOST_AUTO_TEST_CASE(reductions) { run_all(reductions_, OF(is_reduction)); }
BOOST_AUTO_TEST_CASE(scans_and_orders) { run_all(scans_and_orders_, OF(is_scan_or_order)); }
BOOST_AUTO_TEST_CASE(operations) { run_all(operations_, OF(is_operation)); }
#undef OF
BOOST_AUTO_TEST_CASE(no_case_is_left_out) {
  for (auto const& [name, all] : numpys().of)
    BOOST_TEST(
        reductions_.count(name) + scans_and_orders_.count(name) + operations_.count(name) == 1u,
        name);
}

BOOST_AUTO_TEST_SUITE_END()
