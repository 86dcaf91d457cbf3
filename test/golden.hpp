// NumPy's own answers: the cases of test/golden, which scripts/numpy_golden.py writes and describes.
#pragma once

#include <boost/test/unit_test.hpp>
#include <dsl/sloth.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace golden {

/// Each type is kernels of its own: nvcc gets float64, the host engine's tests the others.
#if defined(__CUDACC__)
inline constexpr bool every_type = false;
#else
inline constexpr bool every_type = true;
#endif

inline std::string text_of(std::string const& path) {
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
  bool in_bytes = false;  // elements, or their parts, as int8
  sloth::extents shape;
  std::size_t at = 0;
};

enum class rule : std::uint8_t { exact, ulp, within, raises };

/// What stands behind a function's name: ",axis=0:2,keepdims,mode=edge".
struct options {
  std::map<std::string, std::string> all;

  [[nodiscard]] bool has(std::string const& name) const { return all.contains(name); }
  [[nodiscard]] std::string const& text(std::string const& name) const {
    BOOST_REQUIRE_MESSAGE(has(name), name);
    return all.at(name);
  }
  [[nodiscard]] sloth::extents list(std::string const& name) const {
    sloth::extents numbers;
    std::istringstream each(text(name));
    for (std::string one; std::getline(each, one, ':');) numbers.push_back(std::stoll(one));
    return numbers;
  }
  [[nodiscard]] double real(std::string const& name) const { return std::stod(text(name)); }
  [[nodiscard]] std::int64_t number(std::string const& name) const {
    return std::stoll(text(name));
  }
  [[nodiscard]] std::int64_t number(std::string const& name, std::int64_t otherwise) const {
    return has(name) ? number(name) : otherwise;
  }
};

struct test_case {
  std::string line, raised;  // NumPy's exception, of the rule `raises`
  options with;
  rule how = rule::exact;
  stored result, bound;  // the bound of `within`, of the result's shape
  std::vector<stored> operands;
  std::shared_ptr<std::vector<std::uint8_t> const> data;

  /// Row-major elements of the file.
  template <class T>
  [[nodiscard]] std::vector<T> elements(stored const& s) const {
    std::size_t const n = static_cast<std::size_t>(s.shape.size());
    std::vector<T> values;
    values.reserve(n);
    std::size_t const bytes = n * (s.in_bytes ? 1 + sloth::is_complex<T> : sizeof(T));
    BOOST_REQUIRE(s.at + bytes <= data->size());
    auto const* from = reinterpret_cast<signed char const*>(data->data() + s.at);
    for (std::size_t i = 0; i < n; ++i) {
      T value;
      if (!s.in_bytes) {
        std::memcpy(&value, from + i * sizeof(T), sizeof(T));
      } else if constexpr (sloth::is_complex<T>) {
        using part = typename T::value_type;
        value = {static_cast<part>(from[2 * i]), static_cast<part>(from[2 * i + 1])};
      } else {
        value = sloth::convert<T>(static_cast<int>(from[i]));
      }
      values.push_back(value);
    }
    return values;
  }
};

/// The cases of one pair of files, by function.
using cases = std::map<std::string, std::vector<test_case>>;

inline stored read_stored(std::istream& fields, char layout) {
  stored s;
  s.layout = layout;
  std::string shape;
  fields >> s.type >> shape >> s.at;
  s.in_bytes = s.type.ends_with("/8");
  if (s.in_bytes) s.type.resize(s.type.size() - 2);
  std::vector<std::int64_t> lengths;
  std::istringstream axes(shape == "-" ? "" : shape);
  for (std::string length; std::getline(axes, length, 'x');) lengths.push_back(std::stoll(length));
  s.shape = sloth::extents(lengths.begin(), lengths.end());
  return s;
}

inline test_case read_case(std::string const& line, std::string& name) {
  std::istringstream fields(line);
  std::string rule_name;
  fields >> name >> rule_name;
  test_case c;
  c.line = line;
  std::istringstream written(name);
  std::getline(written, name, ',');
  for (std::string one; std::getline(written, one, ',');) {
    auto const sign = std::min(one.find('='), one.size());
    c.with.all[one.substr(0, sign)] = one.substr(std::min(sign + 1, one.size()));
  }
  std::map<std::string, rule> const rules{
      {"exact", rule::exact}, {"ulp", rule::ulp}, {"within", rule::within}};
  if (rule_name.starts_with("raises:")) {
    c.how = rule::raises;
    c.raised = rule_name.substr(7);
  } else {
    BOOST_REQUIRE_MESSAGE(rules.contains(rule_name), line);
    c.how = rules.at(rule_name);
    c.result = read_stored(fields, 'c');
  }
  if (c.how == rule::within) c.bound = read_stored(fields, 'c');
  for (char layout; fields >> layout;) c.operands.push_back(read_stored(fields, layout));
  BOOST_REQUIRE_MESSAGE(fields.eof(), line);
  return c;
}

/// test/golden/NAME.txt and .npy. The first line is the FNV-1a of all that follows.
inline cases read(std::string const& name) {
  cases all;
  std::string const text = text_of("test/golden/" + name + ".txt");
  auto const data = std::make_shared<std::vector<std::uint8_t> const>(
      sloth::load(SLOTH_TEST_DATA "/../golden/" + name + ".npy")
          .astype<std::uint8_t>()
          .to_vector());
  std::uint64_t hash = 0xcbf29ce484222325;
  auto const mix = [&](auto const& bytes) {
    for (unsigned char const byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  };
  mix(text.substr(text.find('\n') + 1));
  mix(*data);
  std::istringstream lines(text);
  std::string line, function;
  std::getline(lines, line);
  BOOST_REQUIRE_MESSAGE(std::stoull("0" + line, nullptr, 16) == hash,
                        "test/golden is not what scripts/numpy_golden.py wrote");
  std::getline(lines, line);  // of NumPy's version
  while (std::getline(lines, line)) {
    test_case c = read_case(line, function);
    c.data = data;
    all[function].push_back(std::move(c));
  }
  return all;
}

/// One type for all layouts: an operation is instantiated once.
template <class T>
using given = sloth::view<T, false>;

/// The case's operand of that number.
template <class T>
given<T> laid_out(test_case const& c, std::size_t number) {
  using namespace sloth;
  stored const& s = c.operands.at(number);
  BOOST_REQUIRE_MESSAGE(s.type == to_string(dtype_of<T>), c.line);
  std::vector<T> lying = c.elements<T>(s);
  if (s.layout == 'c' || s.shape.rank() == 0)
    return given<T>(sloth::array<T>(lying, s.shape).node());
  if (s.layout == 'r') {
    std::reverse(lying.begin(), lying.end());
    return flip(sloth::array<T>(lying, s.shape));
  }
  std::vector<T> gaps;
  for (T const value : lying) {
    gaps.push_back(value);
    gaps.push_back(T(99));
  }
  extents shape = s.shape;
  shape[shape.rank() - 1] *= 2;
  sloth::array<T> const wide(gaps, shape);
  return given<T>(wide(ellipsis, slice(_, _, 2)).node());
}

// --- comparing -----------------------------------------------------------------------------------

template <class T>
bool same(T const& got,
          T const& want) {  // any NaN for NaN; of the bits of other numbers each counts
  if constexpr (sloth::is_complex<T>)
    return same(got.re, want.re) && same(got.im, want.im);
  else
    return want != want ? got != got : std::memcmp(&got, &want, sizeof got) == 0;
}

template <class T>
bool within(T const& got, T const& want, double bound) {
  if constexpr (sloth::is_complex<T>) {
    return within(got.re, want.re, bound) && within(got.im, want.im, bound);
  } else {
    double const g = sloth::convert<double>(got), w = sloth::convert<double>(want);
    if (!std::isfinite(w)) return std::isnan(w) ? std::isnan(g) : g == w;
    return std::abs(g - w) <= bound;
  }
}

/// How far `ulp`, and the half that the stored value was rounded by, reach from it: 0 where each bit
/// counts.
template <class T>
double reach(T want, double ulp) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isfinite(want) && want != 0) {
      T const size = std::abs(want);
      T const unit = size == std::numeric_limits<T>::max() ? size - std::nextafter(size, T(0))
                                                           : std::nextafter(size, INFINITY) - size;
      return (ulp + 0.5) * double(unit);
    }
  }
  return 0;
}

template <class T>
std::string text_of_value(T const& x) {
  return sloth::to_string(sloth::array<T>(std::vector<T>{x}));
}

template <class R>
void compare_values(test_case const& c, sloth::array<R> const& got, double ulp) {
  using namespace sloth;
  if (c.how == rule::raises) {
    BOOST_ERROR(c.line << "\ngives\n" << to_string(got));
    return;
  }
  BOOST_TEST(c.result.type == to_string(dtype_of<R>), c.line);
  BOOST_TEST(to_string(c.result.shape) == to_string(got.shape()), c.line);
  if (c.result.type != to_string(dtype_of<R>) || c.result.shape != got.shape()) return;
  auto const want = c.elements<R>(c.result);
  auto const bounds = c.how == rule::within ? c.elements<double>(c.bound) : std::vector<double>();
  auto const values = got.to_vector();
  for (std::size_t i = 0; i < values.size(); ++i) {
    R const value = values[i], wanted = want[i];
    double const bound = c.how == rule::within ? bounds[i]
                         : c.how == rule::ulp  ? reach<R>(wanted, ulp)
                                               : 0;
    bool const agrees =
        c.how == rule::within || bound > 0 ? within(value, wanted, bound) : same(value, wanted);
    if (agrees) continue;
    std::ostringstream of;
    of.precision(17);
    for (std::size_t k = 0; k < c.operands.size(); ++k)
      if (stored const& s = c.operands[k]; s.shape == c.result.shape && s.type == "float64")
        of << ' ' << c.elements<double>(s)[i];
    BOOST_ERROR(c.line << "\n[" << i << "] of" << of.str() << " is " << text_of_value<R>(value)
                       << ", NumPy " << text_of_value<R>(wanted) << " within " << bound);
  }
}

/// Whether type, shape and elements are NumPy's; of the rule `ulp` within that bound.
template <sloth::expression E>
void compare(test_case const& c, E&& e, double ulp = 0) {
  using R = sloth::value_t<E>;
  compare_values<R>(c, sloth::array<R>(std::forward<E>(e)), ulp);
}

}  // namespace golden
