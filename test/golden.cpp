// The elementwise operations against NumPy's own answers: test/golden, which
// scripts/numpy_golden.py writes and describes.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <dsl/sloth.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace sloth;

namespace {

std::string text_of(std::string const& path) {
  std::ifstream file(SLOTH_TEST_DATA "/../../" + path);
  BOOST_REQUIRE_MESSAGE(file, path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// An array of the file: where its elements are, and how they are to lie in memory: 'c' as they
/// are, 'r' reversed, 's' every second element of the last axis.
struct stored {
  char layout = 'c';
  std::string type;
  extents shape;
  std::size_t at = 0;
};

struct golden_case {
  std::string line;
  bool exact = true;
  stored result;
  std::vector<stored> operands;
};

struct golden {
  std::vector<std::uint8_t> data;
  std::map<std::string, std::vector<golden_case>> cases;  // of each function
};

stored read_stored(std::istream& fields, char layout) {
  stored s;
  s.layout = layout;
  std::string shape;
  fields >> s.type >> shape >> s.at;
  std::vector<std::int64_t> lengths;
  std::istringstream axes(shape == "-" ? "" : shape);
  for (std::string length; std::getline(axes, length, 'x');) lengths.push_back(std::stoll(length));
  s.shape = extents(lengths.begin(), lengths.end());
  return s;
}

/// Both files, read once. The first line is the FNV-1a of all that follows.
golden const& numpys() {
  static golden const all = [] {
    golden g;
    std::string const text = text_of("test/golden/elementwise.txt");
    g.data = load(SLOTH_TEST_DATA "/../golden/elementwise.npy").astype<std::uint8_t>().to_vector();
    std::uint64_t hash = 0xcbf29ce484222325;
    auto const mix = [&](auto const& bytes) {
      for (unsigned char const byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
    };
    auto const first = text.find('\n') + 1;
    mix(text.substr(first));
    mix(g.data);
    std::istringstream lines(text);
    std::string line;
    std::getline(lines, line);
    BOOST_REQUIRE_MESSAGE(std::stoull("0" + line, nullptr, 16) == hash,
                          "test/golden is not what scripts/numpy_golden.py wrote");
    std::getline(lines, line);  // of NumPy's version
    while (std::getline(lines, line)) {
      std::istringstream fields(line);
      std::string name, rule;
      fields >> name >> rule;
      golden_case c;
      c.line = line;
      c.exact = rule == "exact";
      c.result = read_stored(fields, 'c');
      for (char layout; fields >> layout;) c.operands.push_back(read_stored(fields, layout));
      BOOST_REQUIRE_MESSAGE(fields.eof() && (c.exact || rule == "ulp"), line);
      g.cases[name].push_back(std::move(c));
    }
    return g;
  }();
  return all;
}

/// Row-major elements of the file.
template <class T>
T const* elements(stored const& s) {
  auto const& data = numpys().data;
  BOOST_REQUIRE(s.at % sizeof(T) == 0);
  BOOST_REQUIRE(s.at + static_cast<std::size_t>(s.shape.size()) * sizeof(T) <= data.size());
  return reinterpret_cast<T const*>(data.data() + s.at);
}

/// One type for all layouts: an operation is instantiated once.
template <class T>
using operand = view<T, false>;

template <class T>
operand<T> laid_out(stored const& s) {
  std::span<T const> const values(elements<T>(s), static_cast<std::size_t>(s.shape.size()));
  std::vector<T> lying(values.begin(), values.end());
  if (s.layout == 'c') return operand<T>(array<T>(lying, s.shape).node());
  if (s.layout == 'r') {
    std::reverse(lying.begin(), lying.end());
    return flip(array<T>(lying, s.shape));
  }
  std::vector<T> gaps;
  for (T const value : lying) gaps.insert(gaps.end(), {value, T(99)});
  extents shape = s.shape;
  shape[shape.rank() - 1] *= 2;
  array<T> const wide(gaps, shape);
  return operand<T>(wide(ellipsis, slice(_, _, 2)).node());
}

/// NaN for NaN; the bits, or within `ulp` and the half that the stored value was rounded by.
template <class T>
bool agrees(T got, T want, bool exact, double ulp) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(want)) return std::isnan(got);
    if (!exact && std::isfinite(want) && want != 0) {
      T const size = std::abs(want);
      T const unit = size == std::numeric_limits<T>::max() ? size - std::nextafter(size, T(0))
                                                           : std::nextafter(size, INFINITY) - size;
      return std::abs(double(got) - double(want)) <= (ulp + 0.5) * double(unit);
    }
  }
  return std::memcmp(&got, &want, sizeof got) == 0;
}

template <class R>
void compare(golden_case const& c, array<R> const& got, double ulp) {
  BOOST_TEST(c.result.type == to_string(dtype_of<R>), c.line);
  BOOST_TEST(to_string(c.result.shape) == to_string(got.shape()), c.line);
  if (c.result.type != to_string(dtype_of<R>) || !(c.result.shape == got.shape())) return;
  auto const values = got.to_vector();
  auto const* want = elements<R>(c.result);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (R const value = values[i]; !agrees<R>(value, want[i], c.exact, ulp)) {
      std::ostringstream of;
      for (auto const& s : c.operands)
        if (s.shape == c.result.shape) {
          if (s.type == "float64") of << ' ' << elements<double>(s)[i];
          if (s.type == "float32") of << ' ' << elements<float>(s)[i];
          if (s.type == "int32") of << ' ' << elements<std::int32_t>(s)[i];
          if (s.type == "uint8") of << ' ' << +elements<std::uint8_t>(s)[i];
        }
      BOOST_ERROR(c.line << "\n[" << i << "] of" << of.str() << ": " << +value << ", NumPy "
                         << +want[i]);
    }
}

/// Calls `function` on operands of type T. Op says whether it takes them.
template <class Op, class T, class F>
void run_in(golden_case const& c, double ulp, F function) {
  auto const x = [&](std::size_t i) { return laid_out<T>(c.operands[i]); };
  auto const check = [&](auto const& e) {
    compare(c, array<value_t<std::remove_cvref_t<decltype(e)>>>(e), ulp);
  };
  if constexpr (!accepted<Op::types, decltype(compute_type<Op::in, T>())> ||
                (is_integer<T> && Op::in == computes_in::floating))
    BOOST_ERROR("not called in this type: " << c.line);
  else if constexpr (requires { Op::value(T(), T(), T()); })
    check(function(x(0), x(1), x(2)));
  else if constexpr (requires { Op::value(T(), T()); })
    check(function(x(0), x(1)));
  else
    check(function(x(0)));
}

/// Each function and type is kernels of its own: nvcc gets float64, the others are in elementwise.cpp
/// and elementwise_integers.cpp.
#if defined(__CUDACC__)
constexpr bool every_type = false;
#else
constexpr bool every_type = true;
#endif

/// Runs the cases of a row; there must be some for each function of NumPy's.
template <class Op, class F>
void run(std::string const& numpy, double ulp, F function) {
  auto const found = numpys().cases.find(Op::name);
  if (numpy.empty()) return;
  BOOST_REQUIRE_MESSAGE(found != numpys().cases.end(),
                        Op::name << " has no case: run scripts/numpy_golden.py");
  std::map<std::string, int> counts;
  for (auto const& c : found->second) {
    BOOST_TEST_CONTEXT(c.line) {
      auto const& type = c.operands.at(0).type;
      ++counts[type];
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
  }
  std::ostringstream text;
  for (auto const& [type, count] : counts) text << ", " << count << " of " << type;
  BOOST_TEST_MESSAGE(Op::name << ": " << found->second.size() << " cases" << text.str());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_)

#define RUN(name, symbol, numpy, types, in, low, high, ulp, ...) \
  run<op::name>(numpy, ulp, [](auto const&... x) { return sloth::name(x...); });

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
  std::map<std::string, std::string> const reasons{{"abs", "absolute's other name"},
                                                   {"erf", scipys},
                                                   {"erfc", scipys},
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
  auto const& cases = numpys().cases;
  for (auto const& name : listed)
    BOOST_TEST(cases.contains(name) != reasons.contains(name),
               name << " has neither cases nor a reason, or both");
  for (auto const& [name, reason] : reasons) BOOST_TEST(listed.contains(name), name);
  for (auto const& [name, all] : cases) BOOST_TEST(listed.contains(name), name);
}

BOOST_AUTO_TEST_SUITE_END()
