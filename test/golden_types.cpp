// The types of results against NumPy's: test/golden/types.txt, which scripts/numpy_golden.py writes.
#include <iterator>
#include <set>
#include <test/golden.hpp>

using namespace sloth;
using namespace golden;

BOOST_AUTO_TEST_SUITE(golden_types)

namespace {

template <class T>
inline constexpr bool is_bool = std::is_same_v<T, bool>;

constexpr int refused = -1;
template <class T>
constexpr int number = static_cast<int>(dtype_of<T>);

/// Of a row of dsl/operations.hpp for operands of type T.
template <class Op, int Operands, class T>
constexpr int of_row() {
  using type = decltype(compute_type<Op::in, T>());
  if constexpr (!accepted<Op::types, type>)
    return refused;
  else if constexpr (Operands == 1)
    return number<typename result_of<Op, type>::type>;
  else if constexpr (Operands == 2)
    return number<typename result_of<Op, type, type>::type>;
  else
    return number<typename result_of<Op, type, type, type>::type>;
}
template <reduction Op, class T>
constexpr int of_reduction() {
  using enum reduction;
  if constexpr (is_complex<T> && (Op == min || Op == max || Op == argmin || Op == argmax))
    return refused;
  else
    return number<reduction_t<Op, T>>;
}
/// f called with an array of T, never run.
template <class T, bool Refused, class F>
constexpr int of_call(F const&) {
  if constexpr (Refused)
    return refused;
  else
    return number<value_t<std::invoke_result_t<F, array<T>>>>;
}

struct entry {
  const char* name;
  int type;
};
/// What each function gives for T.
template <class T>
std::map<std::string, std::string> types_for() {
#define UNARY(name, ...) {#name, of_row<op::name, 1, T>()},
#define BINARY(name, ...) {#name, of_row<op::name, 2, T>()},
#define TERNARY(name, ...) {#name, of_row<op::name, 3, T>()},
#define REDUCTION(name) {#name, of_reduction<reduction::name, T>()},
#define CALL(name, refused, ...) \
  {#name, of_call<T, refused>([](auto const& x) { return __VA_ARGS__; })},
  static constexpr entry entries[] = {
      // clang-format off
    SLOTH_UNARY_OPERATIONS(UNARY)
    SLOTH_BINARY_OPERATIONS(BINARY)
    SLOTH_TERNARY_OPERATIONS(TERNARY)
    REDUCTION(sum) REDUCTION(prod) REDUCTION(mean) REDUCTION(var) REDUCTION(std) REDUCTION(min)
    REDUCTION(max) REDUCTION(argmin) REDUCTION(argmax) REDUCTION(any) REDUCTION(all)
    REDUCTION(count_nonzero) REDUCTION(norm)
    CALL(cumsum, false, cumsum(x))
    CALL(cumprod, false, cumprod(x))
    CALL(cummax, is_complex<T>, cummax(x))
    CALL(sort, false, sort(x))
    CALL(argsort, false, argsort(x))
    CALL(searchsorted, is_complex<T>, searchsorted(x, x))
    CALL(take, false, take(x, array<int>{0}))
    CALL(matmul, is_bool<T>, matmul(x, x))
    CALL(tensordot, is_bool<T>, tensordot(x, x, 1))
    CALL(inv, is_half<T>, inv(x))
    CALL(det, is_half<T>, det(x))
    CALL(solve, is_half<T>, solve(x, x))
    CALL(eigvalsh, is_half<T>, eigvalsh(x))
    CALL(cholesky, is_half<T>, cholesky(x))
    CALL(reshape, false, x.reshape(-1))
    CALL(concatenate, false, concatenate(x, x))
    CALL(trace, false, trace(x))
    CALL(kron, false, kron(x, x))
    CALL(diff, false, diff(x))
    CALL(tril, false, tril(x))
    CALL(gradient, is_bool<T>, gradient(x))
    CALL(median, is_complex<T>, median(x))
    CALL(nansum, false, nansum(x))
    CALL(nanmean, false, nanmean(x))
    CALL(average, false, average(x))
    CALL(ptp, is_bool<T> || is_complex<T>, ptp(x))
    CALL(cov, is_complex<T>, cov(x))
      // clang-format on
  };
#undef CALL
#undef REDUCTION
#undef TERNARY
#undef BINARY
#undef UNARY
  std::map<std::string, std::string> types;
  for (auto const& e : entries)
    types[e.name] = e.type == refused ? "-" : to_string(static_cast<dtype>(e.type));
  return types;
}

template <bool Every>
std::map<std::string, std::map<std::string, std::string>> types_for_all() {
  std::map<std::string, std::map<std::string, std::string>> all;
  auto const add = [&]<class... T>(std::type_identity<T>...) {
    ((all[to_string(dtype_of<T>)] = types_for<T>()), ...);
  };
  add(std::type_identity<double>());
  if constexpr (Every)
    add(std::type_identity<bool>(), std::type_identity<std::int8_t>(),
        std::type_identity<std::int16_t>(), std::type_identity<std::int32_t>(),
        std::type_identity<std::int64_t>(), std::type_identity<std::uint8_t>(),
        std::type_identity<std::uint16_t>(), std::type_identity<std::uint32_t>(),
        std::type_identity<std::uint64_t>(), std::type_identity<f16>(), std::type_identity<float>(),
        std::type_identity<complex64>(), std::type_identity<complex128>());
  return all;
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
  int compared = 0;
  auto here = types_for_all<every_type>();
  while (std::getline(lines, line)) {
    auto const colon = line.find(" : ");
    auto const types = words(line.substr(0, colon));
    BOOST_REQUIRE_EQUAL(types.size(), elements.size());
    for (auto const& name : words(line.substr(colon + 3)))
      for (std::size_t i = 0; i < types.size(); ++i) {
        if (!here.contains(elements[i])) continue;
        ++compared;
        BOOST_TEST(
            here.at(elements[i])[name] ==
                (differs_here(name, elements[i]) ? opposite(types[i], elements[i]) : types[i]),
            name << " of " << elements[i]);
      }
  }
  BOOST_TEST_MESSAGE(compared << " types");
  BOOST_TEST(compared == (every_type ? 1680 : 120));
}

BOOST_AUTO_TEST_SUITE_END()
