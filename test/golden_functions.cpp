// Reductions, scans and orders, and operations in the types that golden.cpp leaves out, against NumPy's
// own answers: test/golden/functions, which scripts/numpy_golden.py writes and describes.
#include <set>
#include <test/golden.hpp>

using namespace sloth;
using namespace golden;

BOOST_AUTO_TEST_SUITE(golden_functions)

namespace {

cases const& numpys() {
  static cases const all = read("functions");
  return all;
}

// --- functions -----------------------------------------------------------------------------------

/// f is a reduction; also as a row kernel, where the last axis stays.
template <class T, class F>
void run_reduction(test_case const& c, F f) {
  auto const x = laid_out<T>(c, 0);
  bool const keep = c.with.has("keepdims"), has_axes = c.with.has("axis");
  extents const axes = has_axes ? c.with.list("axis") : extents();
  sloth::ddof const by(static_cast<double>(c.with.number("ddof", 0)));
  if (!has_axes)
    keep ? compare(c, f(x, by, keepdims)) : compare(c, f(x, by));
  else
    keep ? compare(c, f(x, by, axis(axes), keepdims)) : compare(c, f(x, by, axis(axes)));
  if constexpr (std::is_same_v<T, double>)
    if (keep && axes.rank() == 1 && axes[0] == x.rank() - 1)
      compare(c, f(x, last_axis, keepdims, by));
}
template <class T, class F>
void run_scan(test_case const& c, F f) {
  auto const x = laid_out<T>(c, 0);
  c.with.has("axis") ? compare(c, f(x, axis(c.with.list("axis")))) : compare(c, f(x));
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
  auto const x = laid_out<T>(c, 0);
  auto const by = [&]<class N>(std::type_identity<N>) {
    if (c.operands.at(1).type == to_string(dtype_of<N>)) compare(c, ldexp(x, laid_out<N>(c, 1)));
  };
  if constexpr (!is_complex<T>) {
    if (name == "frexp") {
      auto const [mantissa, exponent] = frexp(x);
      c.result.type == "int32" ? compare(c, exponent) : compare(c, mantissa);
      return true;
    }
    if (name == "nextafter") return compare(c, nextafter(x, laid_out<T>(c, 1))), true;
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
  if (name == "angle") return compare(c, angle(x, c.with.has("deg"))), true;
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
    auto const found = numpys().find(name);
    BOOST_REQUIRE_MESSAGE(found != numpys().end(), name << " has no case");
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

#define OF(function)                                                                \
  []<class T>(std::type_identity<T>, std::string const& name, test_case const& c) { \
    return function<T>(name, c);                                                    \
  }
BOOST_AUTO_TEST_CASE(reductions) { run_all(reductions_, OF(is_reduction)); }
BOOST_AUTO_TEST_CASE(scans_and_orders) { run_all(scans_and_orders_, OF(is_scan_or_order)); }
BOOST_AUTO_TEST_CASE(operations) { run_all(operations_, OF(is_operation)); }
#undef OF
BOOST_AUTO_TEST_CASE(no_case_is_left_out) {
  for (auto const& [name, all] : numpys())
    BOOST_TEST(
        reductions_.count(name) + scans_and_orders_.count(name) + operations_.count(name) == 1u,
        name);
}

BOOST_AUTO_TEST_SUITE_END()
