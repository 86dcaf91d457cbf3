#include <dsl/print.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(print)

namespace {

dtype dtype_named(std::string const& name) {
  for (int i = 0; i < dtype_count; ++i) {
    if (to_string(static_cast<dtype>(i)) == name) return static_cast<dtype>(i);
  }
  BOOST_FAIL("no dtype " + name);
  return {};
}

// One array of test/data/print.txt, which scripts/numpy_print.py writes.
struct golden {
  std::string name;
  dtype type{};
  extents shape;
  strides stride;
  std::int64_t offset = 0;
  print_options options;
  std::vector<unsigned char> bytes;
  std::string text;
};

extents integers(std::istream& in) {
  std::vector<std::int64_t> list;
  for (std::int64_t v; in >> v;) list.push_back(v);
  return {list.begin(), list.end()};
}

bool read(std::istream& in, golden& g) {
  auto const line = [&] {
    std::string text, key;
    std::getline(in, text);
    std::istringstream words(text);
    words >> key >> std::ws;
    return words;
  };
  std::getline(line(), g.name);
  if (!in) return false;
  std::string name;
  line() >> name;
  g.type = dtype_named(name);
  auto shape = line(), stride = line();
  g.shape = integers(shape);
  g.stride = integers(stride);
  line() >> g.offset;
  auto& o = g.options;
  line() >> o.precision >> o.threshold >> o.edge_items >> o.line_width >> o.suppress;
  std::string data, key, value;
  std::getline(in, data);
  std::istringstream words(data);
  words >> key >> value;
  g.bytes.clear();
  if (key == "ramp") {
    auto const n = std::stoul(value);
    g.bytes.resize(n * static_cast<std::size_t>(size_of(g.type)));
    visit(g.type, [&]<class T>() {
      for (std::size_t i = 0; i < n; ++i) {
        T const element = static_cast<T>(static_cast<double>(i));
        std::memcpy(g.bytes.data() + i * sizeof(T), &element, sizeof(T));
      }
    });
  } else {
    for (std::size_t i = 0; i < value.size(); i += 2) {
      g.bytes.push_back(static_cast<unsigned char>(std::stoi(value.substr(i, 2), nullptr, 16)));
    }
  }
  int lines = 0;
  line() >> lines;
  g.text.clear();
  for (int i = 0; i < lines; ++i) {
    std::string text;
    std::getline(in, text);
    g.text += (i ? "\n" : "") + text;
  }
  return true;
}

template <class T>
std::string text_of(std::initializer_list<double> values) {
  std::vector<T> data;
  for (double v : values) data.push_back(T(v));
  return format_array(dtype_of<T>, data.data(), {static_cast<std::int64_t>(data.size())}, {1});
}

template <class T>
std::string scalar_of(T x) {
  return format_array(dtype_of<T>, &x, {}, {});
}

// The text of every finite value reads back as that value, and no two values share one.
template <class H>
void check_every_half() {
  std::set<std::string> seen;
  int finite = 0;
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    H const x = H::from_bits(static_cast<std::uint16_t>(bits));
    if (!std::isfinite(static_cast<float>(x))) continue;
    ++finite;
    std::string const text = scalar_of(x);
    seen.insert(text);
    if (H(std::strtod(text.c_str(), nullptr)).bits != bits) BOOST_ERROR(bits << ": " << text);
  }
  BOOST_TEST(static_cast<int>(seen.size()) == finite);
}

}  // namespace

BOOST_AUTO_TEST_CASE(as_numpy) {
  std::ifstream in(SLOTH_TEST_DATA "/print.txt");
  BOOST_REQUIRE(in);
  int count = 0;
  for (golden g; read(in, g); ++count) {
    auto const* data = g.bytes.data() + g.offset * size_of(g.type);
    std::string const text = format_array(g.type, data, g.shape, g.stride, g.options);
    BOOST_TEST(text == g.text, g.name << ":\n" << text << "\nNumPy:\n" << g.text);
  }
  BOOST_TEST(count >= 200);
}

BOOST_AUTO_TEST_CASE(bfloat16) {
  BOOST_TEST(text_of<bf16>({1, 0.5, -2}) == "[ 1.   0.5 -2. ]");
  BOOST_TEST(text_of<bf16>({0.1, 1. / 3}) == "[0.1   0.334]");
  BOOST_TEST(text_of<bf16>({99, 1}) == "[99.  1.]");
  BOOST_TEST(text_of<bf16>({100, 1}) == "[1.e+02 1.e+00]");
  BOOST_TEST(text_of<bf16>({NAN, -INFINITY, 3}) == "[ nan -inf   3.]");
  BOOST_TEST(text_of<bf16>({3.3895314e38}) == "[3.39e+38]");
  BOOST_TEST(scalar_of(bf16(3.14159)) == "3.14");
  BOOST_TEST(scalar_of(bf16(128.)) == "1.28e+02");
  BOOST_TEST(scalar_of(bf16::from_bits(1)) == "9e-41");
}

BOOST_AUTO_TEST_CASE(halves_read_back) {
  check_every_half<f16>();
  check_every_half<bf16>();
}

BOOST_AUTO_TEST_CASE(options_belong_to_the_thread) {
  double const x = 1. / 3;
  printing().precision = 2;
  BOOST_TEST(format_array(dtype::f64, &x, {1}, {1}) == "[0.33]");
  std::string other;
  std::thread([&] { other = format_array(dtype::f64, &x, {1}, {1}); }).join();
  BOOST_TEST(other == "[0.33333333]");
  printing() = {};
  BOOST_TEST(format_array(dtype::f64, &x, {1}, {1}) == "[0.33333333]");
}

BOOST_AUTO_TEST_CASE(negative_options_count_as_zero) {
  double const x[] = {1.25, 2, 3};
  print_options o;
  o.precision = o.edge_items = o.threshold = o.line_width = -7;
  BOOST_TEST(format_array(dtype::f64, x, {3}, {1}, o) == "[...\n 3.]");
}

BOOST_AUTO_TEST_SUITE_END()
