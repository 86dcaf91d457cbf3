// The types of results against NumPy's: test/golden/types.txt, which scripts/numpy_golden.py writes.
#include <iterator>
#include <set>
#include <test/golden.hpp>

using namespace sloth;
using namespace golden;

namespace {

template <class T>
inline constexpr bool is_bool = std::is_same_v<T, bool>;

/// Of a row of dsl/operations.hpp for operands of type T; "-" where they are refused.
template <class Op, int Operands, class T>
std::string of_row() {
  using type = decltype(compute_type<Op::in, T>());
  if constexpr (!accepted<Op::types, type>)
    return "-";
  else if constexpr (Operands == 1)
    return to_string(dtype_of<typename result_of<Op, type>::type>);
  else if constexpr (Operands == 2)
    return to_string(dtype_of<typename result_of<Op, type, type>::type>);
  else
    return to_string(dtype_of<typename result_of<Op, type, type, type>::type>);
}
template <reduction Op, class T>
std::string of_reduction() {
  using enum reduction;
  if constexpr (is_complex<T> && (Op == min || Op == max || Op == argmin || Op == argmax))
    return "-";
  else
    return to_string(dtype_of<reduction_t<Op, T>>);
}
/// f called with an array of T, never run.
template <class T, bool Refused, class F>
std::string of_call(F const&) {
  if constexpr (Refused)
    return "-";
  else
    return to_string(dtype_of<value_t<std::invoke_result_t<F, array<T>>>>);
}

/// What each function gives for T.
template <class T>
std::map<std::string, std::string> types_for() {
  std::map<std::string, std::string> types;
#define UNARY(name, ...) types[#name] = of_row<op::name, 1, T>();
#define BINARY(name, ...) types[#name] = of_row<op::name, 2, T>();
#define TERNARY(name, ...) types[#name] = of_row<op::name, 3, T>();
  SLOTH_UNARY_OPERATIONS(UNARY)
  SLOTH_BINARY_OPERATIONS(BINARY)
  SLOTH_TERNARY_OPERATIONS(TERNARY)
#define REDUCTION(name) types[#name] = of_reduction<reduction::name, T>();
  REDUCTION(sum)
  REDUCTION(prod)
  REDUCTION(mean)
  REDUCTION(var)
  REDUCTION(std)
  REDUCTION(min)
  REDUCTION(max)
  REDUCTION(argmin)
  REDUCTION(argmax)
  REDUCTION(any)
  REDUCTION(all)
  REDUCTION(count_nonzero)
  REDUCTION(norm)
#define CALL(name, refused, ...) \
  types[#name] = of_call<T, refused>([](auto const& x) { return __VA_ARGS__; });
  CALL(cumsum, false, cumsum(x))
  CALL(cumprod, false, cumprod(x))
  CALL(cummax, is_complex<T>, cummax(x))
  CALL(sort, false, sort(x))
  CALL(argsort, false, argsort(x))
  CALL(searchsorted, is_complex<T>, searchsorted(x, x))
  CALL(take, false, take(x, array<int>{0}))
  CALL(matmul, is_bool<T>, matmul(x, x))
  CALL(tensordot, is_bool<T>, tensordot(x, x, 1))
  CALL(kron, false, kron(x, x))
  CALL(inv, is_half<T>, inv(x))
  CALL(det, is_half<T>, det(x))
  CALL(solve, is_half<T>, solve(x, x))
  CALL(eigvalsh, is_half<T>, eigvalsh(x))
  CALL(cholesky, is_half<T>, cholesky(x))
  CALL(reshape, false, x.reshape(-1))
  CALL(concatenate, false, concatenate(x, x))
  CALL(trace, false, trace(x))
  CALL(diff, false, diff(x))
  CALL(tril, false, tril(x))
  CALL(gradient, is_bool<T>, gradient(x))
  CALL(median, is_complex<T>, median(x))
  CALL(nansum, false, nansum(x))
  CALL(nanmean, false, nanmean(x))
  CALL(average, false, average(x))
  CALL(ptp, is_bool<T> || is_complex<T>, ptp(x))
  CALL(cov, is_complex<T>, cov(x))
#undef CALL
#undef REDUCTION
#undef TERNARY
#undef BINARY
#undef UNARY
  return types;
}

/// What is refused here and not in NumPy, or for gcd and lcm the other way round: README.md, "Differences
/// from NumPy".
bool differs_here(std::string const& name, std::string const& type) {
  static std::set<std::string> const of_bool{
      "conjugate", "square", "reciprocal", "power",       "floor_divide", "remainder", "fmod",
      "gcd",       "lcm",    "left_shift", "right_shift", "matmul",       "tensordot"};
  static std::set<std::string> const of_complex{
      "sign",   "ptp",        "rint",    "exp2",    "expm1",        "log2",    "log10",
      "log1p",  "tan",        "arcsin",  "arccos",  "arctan",       "sinh",    "cosh",
      "tanh",   "arcsinh",    "arccosh", "arctanh", "less",         "greater", "maximum",
      "fmax",   "less_equal", "minimum", "fmin",    "clip",         "min",     "max",
      "cummax", "median",     "argmin",  "argmax",  "searchsorted", "cov",     "greater_equal"};
  return type == "bool" ? of_bool.contains(name)
                        : type.starts_with("complex") && of_complex.contains(name);
}
std::string opposite(std::string const& numpys, std::string const& type) {
  return numpys == "-" ? type : "-";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_types)

BOOST_AUTO_TEST_CASE(types_of_results) {
  std::istringstream lines(text_of("test/golden/types.txt"));
  std::string line;
  std::getline(lines, line);  // of NumPy's version
  std::getline(lines, line);
  auto const words = [](std::string const& text) {
    std::istringstream each(text);
    return std::vector<std::string>(std::istream_iterator<std::string>(each), {});
  };
  auto const elements = words(line);
  std::map<std::string, std::map<std::string, std::string>> here{
      {"bool", types_for<bool>()},
      {"int8", types_for<std::int8_t>()},
      {"int16", types_for<std::int16_t>()},
      {"int32", types_for<std::int32_t>()},
      {"int64", types_for<std::int64_t>()},
      {"uint8", types_for<std::uint8_t>()},
      {"uint16", types_for<std::uint16_t>()},
      {"uint32", types_for<std::uint32_t>()},
      {"uint64", types_for<std::uint64_t>()},
      {"float16", types_for<f16>()},
      {"float32", types_for<float>()},
      {"float64", types_for<double>()},
      {"complex64", types_for<complex64>()},
      {"complex128", types_for<complex128>()}};
  while (std::getline(lines, line)) {
    auto const colon = line.find(" : ");
    auto const types = words(line.substr(0, colon));
    BOOST_REQUIRE_EQUAL(types.size(), elements.size());
    for (auto const& name : words(line.substr(colon + 3)))
      for (std::size_t i = 0; i < types.size(); ++i) {
        BOOST_TEST(
            here.at(elements[i])[name] ==
                (differs_here(name, elements[i]) ? opposite(types[i], elements[i]) : types[i]),
            name << " of " << elements[i]);
      }
  }
}

BOOST_AUTO_TEST_SUITE_END()
