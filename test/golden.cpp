// The elementwise operations against NumPy's own answers: test/golden, which
// scripts/numpy_golden.py writes and describes.
#include <functional>
#include <regex>
#include <set>
#include <test/golden.hpp>

using namespace sloth;
using namespace golden;

BOOST_AUTO_TEST_SUITE(golden_)

namespace {

cases const& numpys() {
  static cases const all = read("elementwise");
  return all;
}

/// Calls `function` on operands of type T. Op says whether it takes them.
template <class Op, class T, class F>
void run_in(test_case const& c, double ulp, F function) {
  auto const x = [&](std::size_t i) { return laid_out<T>(c, i); };
  auto const check = [&](auto const& e) { compare(c, e, ulp); };
  if constexpr (!accepted<Op::types, decltype(compute_type<Op::in, T>())> ||
                (is_integer<T> &&
                 (Op::in == computes_in::floating || Op::in == computes_in::own_floating)))
    BOOST_ERROR("not called in this type: " << c.line);
  else if constexpr (requires { Op::value(T(), T(), T()); })
    check(function(x(0), x(1), x(2)));
  else if constexpr (requires { Op::value(T(), T()); })
    check(function(x(0), x(1)));
  else
    check(function(x(0)));
}

/// Runs the cases of a row; there must be some for each function of NumPy's.
void run(std::string const& name, std::string const& numpy,
         std::function<void(test_case const&, std::string const& type)> const& run_one) {
  auto const found = numpys().find(name);
  if (numpy.empty()) return;
  BOOST_REQUIRE_MESSAGE(found != numpys().end(),
                        name << " has no case: run scripts/numpy_golden.py");
  std::map<std::string, int> counts;
  for (auto const& c : found->second) {
    BOOST_TEST_CONTEXT(c.line) {
      auto const& type = c.operands.at(0).type;
      ++counts[type];
      run_one(c, type);
    }
  }
  std::ostringstream text;
  for (auto const& [type, count] : counts) text << ", " << count << " of " << type;
  BOOST_TEST_MESSAGE(name << ": " << found->second.size() << " cases" << text.str());
}
template <class Op, class F>
void run_one(test_case const& c, std::string const& type, double ulp, F function) {
  if (type == "float64") {
    run_in<Op, double>(c, ulp, function);
  } else if constexpr (every_type) {
    if (type == "float32")
      run_in<Op, float>(c, ulp, function);
    else if (type == "int32")
      run_in<Op, std::int32_t>(c, ulp, function);
    else if (type == "uint8")
      run_in<Op, std::uint8_t>(c, ulp, function);
    else
      BOOST_ERROR("no such type: " << type);
  }
}

}  // namespace

#define RUN(name, symbol, numpy, types, in, low, high, ulp, ...)                         \
  run(#name, numpy, [](test_case const& c, std::string const& type) {                    \
    run_one<op::name>(c, type, ulp, [](auto const&... x) { return sloth::name(x...); }); \
  });

BOOST_AUTO_TEST_CASE(operations_of_one_operand){
    SLOTH_UNARY_OPERATIONS(RUN)} BOOST_AUTO_TEST_CASE(operations_of_two_operands){
    SLOTH_BINARY_OPERATIONS(RUN)} BOOST_AUTO_TEST_CASE(operations_of_three_operands) {
  SLOTH_TERNARY_OPERATIONS(RUN)
}
#undef RUN

// Each elementwise function of docs/numpy.md has cases or a reason why not.
BOOST_AUTO_TEST_CASE(every_elementwise_function_of_numpys_is_there) {
  char const* const composed = "of rows that have cases; numpy_functions.cpp, elementwise*.cpp";
  char const* const scipys = "not NumPy's; elementwise.cpp holds it against MPFR";
  char const* const others = "golden_functions.cpp has cases";
  std::map<std::string, std::string> const reasons{{"abs", "absolute's other name"},
                                                   {"erf", scipys},
                                                   {"erfc", scipys},
                                                   {"erfinv", scipys},
                                                   {"ndtr", scipys},
                                                   {"sigmoid", scipys},
                                                   {"gamma", scipys},
                                                   {"gammaln", scipys},
                                                   {"divmod", composed},
                                                   {"float_power", composed},
                                                   {"fabs", composed},
                                                   {"logaddexp", composed},
                                                   {"logaddexp2", composed},
                                                   {"sinc", composed},
                                                   {"round", composed},
                                                   {"modf", composed},
                                                   {"ldexp", others},
                                                   {"frexp", others},
                                                   {"angle", others},
                                                   {"nan_to_num", composed},
                                                   {"where", composed},
                                                   {"select", composed},
                                                   {"isclose", composed}};
  std::string const text = text_of("docs/numpy.md");
  auto const begin = text.find("## Elementwise"), end = text.find("\n## ", begin);
  BOOST_REQUIRE(begin != std::string::npos && end != std::string::npos);
  std::istringstream lines(text.substr(begin, end - begin));
  std::regex const row(R"re(\| `[^`]+` \| `([a-z_0-9]+)` \|.*)re");
  std::set<std::string> listed;
  std::smatch found;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, found, row)) listed.insert(found[1]);
  BOOST_TEST(listed.size() > 90u);
  auto const& cases = numpys();
  for (auto const& name : listed)
    BOOST_TEST(cases.contains(name) != reasons.contains(name),
               name << " has neither cases nor a reason, or both");
  for (auto const& [name, reason] : reasons) BOOST_TEST(listed.contains(name), name);
  for (auto const& [name, all] : cases) BOOST_TEST(listed.contains(name), name);
}

BOOST_AUTO_TEST_SUITE_END()
