// NumPy's own answers: the cases of test/golden, which scripts/numpy_golden.py writes and describes.
#pragma once

#include <boost/test/unit_test.hpp>
#include <dsl/sloth.hpp>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
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
  sloth::extents shape;
  std::size_t at = 0;
};

enum class rule : std::uint8_t { exact, ulp, within };

struct test_case {
  std::string line, options;
  rule how = rule::exact;
  stored result, bound;  // the bound of `within`, of the result's shape
  std::vector<stored> operands;
};

/// The cases of one pair of files, by function.
struct cases {
  std::vector<std::uint8_t> data;
  std::map<std::string, std::vector<test_case>> of;

  /// Row-major elements of the file.
  template <class T>
  [[nodiscard]] T const* elements(stored const& s) const {
    BOOST_REQUIRE(s.at % alignof(T) == 0);
    BOOST_REQUIRE(s.at + static_cast<std::size_t>(s.shape.size()) * sizeof(T) <= data.size());
    return reinterpret_cast<T const*>(data.data() + s.at);
  }
};

inline stored read_stored(std::istream& fields, char layout) {
  stored s;
  s.layout = layout;
  std::string shape;
  fields >> s.type >> shape >> s.at;
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
  auto const comma = std::min(name.find(','), name.size());
  c.options = name.substr(comma);
  name.resize(comma);
  if (rule_name != "exact") c.how = rule_name == "ulp" ? rule::ulp : rule::within;
  BOOST_REQUIRE_MESSAGE(c.how != rule::within || rule_name == "within", line);
  c.result = read_stored(fields, 'c');
  if (c.how == rule::within) c.bound = read_stored(fields, 'c');
  for (char layout; fields >> layout;) c.operands.push_back(read_stored(fields, layout));
  BOOST_REQUIRE_MESSAGE(fields.eof(), line);
  return c;
}

/// test/golden/NAME.txt and .npy. The first line is the FNV-1a of all that follows.
inline cases read(std::string const& name) {
  cases all;
  std::string const text = text_of("test/golden/" + name + ".txt");
  all.data =
      sloth::load(SLOTH_TEST_DATA "/../golden/" + name + ".npy").astype<std::uint8_t>().to_vector();
  std::uint64_t hash = 0xcbf29ce484222325;
  auto const mix = [&](auto const& bytes) {
    for (unsigned char const byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  };
  mix(text.substr(text.find('\n') + 1));
  mix(all.data);
  std::istringstream lines(text);
  std::string line, function;
  std::getline(lines, line);
  BOOST_REQUIRE_MESSAGE(std::stoull("0" + line, nullptr, 16) == hash,
                        "test/golden is not what scripts/numpy_golden.py wrote");
  std::getline(lines, line);  // of NumPy's version
  while (std::getline(lines, line)) {
    test_case c = read_case(line, function);
    all.of[function].push_back(std::move(c));
  }
  return all;
}

/// One type for all layouts: an operation is instantiated once.
template <class T>
using operand = sloth::view<T, false>;

template <class T>
operand<T> laid_out(cases const& of, stored const& s) {
  using namespace sloth;
  T const* const values = of.elements<T>(s);
  std::vector<T> lying(values, values + s.shape.size());
  if (s.layout == 'c') return operand<T>(sloth::array<T>(lying, s.shape).node());
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
  return operand<T>(wide(ellipsis, slice(_, _, 2)).node());
}

/// Whether the result's type and shape are NumPy's.
template <class R>
bool has_form(test_case const& c, sloth::array<R> const& got) {
  using namespace sloth;
  BOOST_TEST(c.result.type == to_string(dtype_of<R>), c.line);
  BOOST_TEST(to_string(c.result.shape) == to_string(got.shape()), c.line);
  return c.result.type == to_string(dtype_of<R>) && c.result.shape == got.shape();
}

}  // namespace golden
