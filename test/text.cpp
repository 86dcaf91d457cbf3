// loadtxt and savetxt. What NumPy 2 makes of the same text stands beside it.
#include <dsl/sloth.hpp>
#include <test/files.hpp>
#include <test/refuses.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(text)

namespace {

// "(2, 2) [[1. 2.]\n [3. 4.]]"
template <class T = double>
std::string read(scratch const& tmp, std::string const& text, loadtxt_options const& options = {}) {
  put(tmp.path + "x.txt", text);
  auto const x = loadtxt<T>(tmp.path + "x.txt", options);
  return to_string(x.shape()) + ' ' + to_string(x);
}

template <class T>
void returns(scratch const& tmp, std::vector<T> const& values) {
  array<T> const x(values);
  savetxt(tmp.path + "x.txt", x);
  auto const back = loadtxt<T>(tmp.path + "x.txt").to_vector();
  BOOST_REQUIRE(back.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_TEST(std::memcmp(&back[i], &values[i], sizeof(T)) == 0,
               to_string(dtype_of<T>) << " at " << i << " in\n"
                                      << contents(tmp.path + "x.txt"));
}

template <class T>
std::vector<T> random_bits() {
  std::mt19937_64 random(11);
  std::vector<T> values(500);
  for (auto& v : values) do {
      auto const bits = random();
      std::memcpy(&v, &bits, sizeof v);
    } while (std::isnan(static_cast<double>(v)));
  values.insert(values.end(), {T(0.f), T(-0.f), T(std::numeric_limits<float>::infinity()),
                               T(-std::numeric_limits<float>::infinity())});
  return values;
}

}  // namespace

BOOST_AUTO_TEST_CASE(loadtxt_reads_what_numpy_reads) {
  scratch const tmp;
  loadtxt_options const comma{.delimiter = ','};
  BOOST_TEST(read(tmp, "1 2\n3 4\n") == "(2, 2) [[1. 2.]\n [3. 4.]]");
  BOOST_TEST(read(tmp, "1,2\n\n3,4", comma) == "(2, 2) [[1. 2.]\n [3. 4.]]");
  BOOST_TEST(read(tmp, "1, 2 # c\n#x\n 3,4", comma) == "(2, 2) [[1. 2.]\n [3. 4.]]");
  BOOST_TEST(read(tmp, "1 2 3\r\n4 5 6\r\n") == "(2, 3) [[1. 2. 3.]\n [4. 5. 6.]]");
  BOOST_TEST(read(tmp, "1\t2", {.delimiter = '\t'}) == "(2,) [1. 2.]");
  BOOST_TEST(read(tmp, "a b\n1 2", {.skiprows = 1}) == "(2,) [1. 2.]");
  BOOST_TEST(read(tmp, "1\n2\n3", {.max_rows = 2}) == "(2,) [1. 2.]");
  BOOST_TEST(read(tmp, "1 % 2", {.comments = "%"}) == "() 1.0");
  BOOST_TEST(read(tmp, "1 2 9\n3 4", {.usecols = {1, 0}}) == "(2, 2) [[2. 1.]\n [4. 3.]]");
  BOOST_TEST(read(tmp, "1 2 9\n3 4", {.usecols = {-1}}) == "(2,) [9. 4.]");
  BOOST_TEST(read(tmp, "1e999 -1e999 1e-999 +5 inf nan infinity") ==
             "(7,) [ inf -inf   0.   5.  inf  nan  inf]");
  BOOST_TEST(read<float>(tmp, "1e39 -1e-46 0.1") == "(3,) [ inf -0.   0.1]");
  BOOST_TEST(read<complex128>(tmp, "1+2j (3-4j) 2j 5") == "(4,) [1.+2.j 3.-4.j 0.+2.j 5.+0.j]");
  BOOST_TEST(read<bool>(tmp, "1 0 2") == "(3,) [ True False  True]");
  BOOST_TEST(read<std::int8_t>(tmp, "127 -128 +3") == "(3,) [ 127 -128    3]");
  BOOST_TEST(read<std::uint64_t>(tmp, "18446744073709551615") == "() 18446744073709551615");

  auto const shape = [&](std::string const& lines, loadtxt_options const& options) {
    put(tmp.path + "x.txt", lines);
    return to_string(loadtxt(tmp.path + "x.txt", options).shape());
  };
  BOOST_TEST((shape("", {}) == "(0,)" && shape("# none", {.ndmin = 2}) == "(0, 1)"));
  BOOST_TEST(shape("", {.usecols = {1, 2}}) == "(0, 2)");
  BOOST_TEST(shape("1 2\n3 4", {.max_rows = 0}) == "(0,)");
  BOOST_TEST((shape("1", {}) == "()" && shape("1", {.ndmin = 1}) == "(1,)"));
  BOOST_TEST((shape("1 2", {.ndmin = 1}) == "(2,)" && shape("1\n2", {.ndmin = 1}) == "(2,)"));
  BOOST_TEST((shape("1 2", {.ndmin = 2}) == "(1, 2)" && shape("1\n2", {.ndmin = 2}) == "(2, 1)"));
}

BOOST_AUTO_TEST_CASE(bad_fields_have_a_place) {
  scratch const tmp;
  std::string const path = tmp.path + "x.txt";
  auto const refused = [&]<class T>(T, std::string const& text, loadtxt_options const& options) {
    std::string const found = message([&] { (void)read<T>(tmp, text, options); });
    std::string const head = "io_error: " + path + ": ";
    return found.substr(std::min(found.size(), found.starts_with(head) ? head.size() : 0));
  };
  loadtxt_options const comma{.delimiter = ','};
  auto const real = [&](std::string const& text, loadtxt_options const& options) {
    return refused(1., text, options);
  };
  BOOST_TEST(real("a,b\n1,2\n# c\n3,x y", {.delimiter = ',', .skiprows = 1}) ==
             "line 4, column 2: expected float64, found 'x y'");
  BOOST_TEST(real("1,,2", comma) == "line 1, column 2: expected float64, found ''");
  BOOST_TEST(real("1,2,\n", comma) == "line 1, column 3: expected float64, found ''");
  BOOST_TEST(real("1 2\n3\n", {}) == "line 2: expected 2 columns, found 1");
  BOOST_TEST(real("1\n\n2 3", {}) == "line 3: expected 1 column, found 2");
  BOOST_TEST(real("1 2 x\n3 4", {.usecols = {0, 2}}) ==
             "line 1, column 3: expected float64, found 'x'");
  BOOST_TEST(real("1 2 3\n3 4", {.usecols = {0, 2}}) ==
             "line 2: expected a column 2, found 2 columns");
  BOOST_TEST(real("1", {.usecols = {-2}}) == "line 1: expected a column -2, found 1 column");
  for (std::string const bad : {"1_0", "0x10", "+-5", "++5", "+", "-", ".", "e5", "1e", "1e5x",
                                "nanx", "--1", "1.2.3", "True"})
    BOOST_TEST(real(bad, {}) == "line 1, column 1: expected float64, found '" + bad + "'");
  BOOST_TEST(real(std::string("1 \0", 3), {}) ==
             "line 1, column 2: expected float64, found '\\x00'");
  std::int8_t const narrow = 1;
  BOOST_TEST(refused(narrow, "300", {}) == "line 1, column 1: expected int8, found '300'");
  BOOST_TEST(refused(narrow, "1.5", {}) == "line 1, column 1: expected int8, found '1.5'");
  BOOST_TEST(refused(std::uint8_t{1}, "-1", {}) == "line 1, column 1: expected uint8, found '-1'");
  BOOST_TEST(refused(true, "True", {}) == "line 1, column 1: expected bool, found 'True'");
  for (std::string const bad :
       {"1+2", "1+2i", "(1+2j", "1+2j)", "j", "1j2", "1++2j", "1 + 2j", "()"})
    BOOST_TEST(refused(complex128{}, bad, comma) ==
               "line 1, column 1: expected complex128, found '" + bad + "'");
  BOOST_TEST(message([&] { (void)loadtxt(tmp.path + "no"); }) ==
             "io_error: " + tmp.path +
                 "no: expected a readable text file, found No such file or directory");
  REFUSES_HERE(index_error, "loadtxt: ndmin is 0, 1 or 2, not 3", loadtxt(path, {.ndmin = 3}));
}

BOOST_AUTO_TEST_CASE(savetxt_writes_what_reads_back) {
  scratch const tmp;
  std::string const path = tmp.path + "x.csv";
  array<double> const x{{1, 0.1, -2.5}, {1e300, 3, 4}};
  savetxt(path, x, {.delimiter = ", ", .header = "a, b, c\nsecond"});
  BOOST_TEST(contents(path) == "# a, b, c\n# second\n1, 0.1, -2.5\n1e+300, 3, 4\n");
  BOOST_TEST(bool(all(loadtxt(path, {.delimiter = ','}) == x)));
  savetxt(path, x.T());  // an expression, evaluated
  BOOST_TEST(contents(path) == "1 1e+300\n0.1 3\n-2.5 4\n");
  savetxt(path, x > 1.);
  BOOST_TEST(contents(path) == "0 0 0\n1 1 1\n");
  savetxt(path, array<complex64>{complex64{1, -2}, complex64{0, 0.5f}});
  BOOST_TEST(contents(path) == "1-2j\n0+0.5j\n");
  savetxt(path, zeros(0, 3));
  BOOST_TEST(contents(path).empty());
  REFUSES_HERE(shape_error, "savetxt: the array has 1 or 2 axes, not shape ()",
               (savetxt(path, sum(x)), 0));
  REFUSES_HERE(shape_error, "savetxt: the array has 1 or 2 axes, not shape (1, 2, 3)",
               (savetxt(path, x.reshape({1, 2, 3})), 0));
  BOOST_TEST(message([&] { savetxt("/dev/full", arange(100000.)); }) ==
             "io_error: /dev/full: expected to write the file, found No space left on device");
  array<double> const many = rand(300, 200);
  savetxt(path, many);
  BOOST_TEST(bool(all(loadtxt(path) == many)));

  returns(tmp, random_bits<double>());
  returns(tmp, random_bits<float>());
  returns(tmp, random_bits<f16>());
  returns(tmp, random_bits<bf16>());
  returns<std::int64_t>(tmp, {INT64_MIN, -1, 0, INT64_MAX});
  returns<std::uint64_t>(tmp, {0, UINT64_MAX});
  returns<std::int8_t>(tmp, {-128, 127});
  returns<complex64>(tmp, {{1.5f, -0.f}, {-0.f, 3e-45f}, {INFINITY, -INFINITY}, {1e38f, 0.1f}});
  savetxt(path, array<double>{-std::nan(""), std::nan("")});
  BOOST_TEST(contents(path) == "nan\nnan\n");
}

// Whatever the text, reading succeeds or throws io_error.
BOOST_AUTO_TEST_CASE(any_text) {
  scratch const tmp;
  std::mt19937 random(5);
  std::string const alphabet = "0123456789..++--eEjjnaif(),,  \t\n\n\r#x";
  int good = 0, bad = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n)
      text += random() % 50 ? alphabet[random() % alphabet.size()] : static_cast<char>(random());
    try {
      (void)(i % 2 ? read(tmp, text) : read<complex64>(tmp, text, {.delimiter = ','}));
      ++good;
    } catch (io_error const&) {
      ++bad;
    }
  }
  BOOST_TEST((good > 300 && bad > 300), good << " and " << bad);
}

// The values are those of numpy.genfromtxt, but for what docs/numpy.md says.
BOOST_AUTO_TEST_CASE(genfromtxt_fills_gaps) {
  scratch const tmp;
  auto const of = [&]<class T = double>(std::string const& text, genfromtxt_options const& options,
                                        T = {}) {
    put(tmp.path + "x.txt", text);
    auto const x = genfromtxt<T>(tmp.path + "x.txt", options);
    return to_string(x.shape()) + ' ' + to_string(x);
  };
  char const comma = ',';
  BOOST_TEST(of("a,b,c\n1,,3\n4,x, 6 \n\n7,8,\n", {.delimiter = comma, .skip_header = 1}) ==
             "(3, 3) [[ 1. nan  3.]\n [ 4. nan  6.]\n [ 7.  8. nan]]");
  BOOST_TEST(of("1,,3\n4,-,6\n", {.delimiter = comma, .missing_values = {"-"}, .filling_values = 0},
                std::int64_t()) == "(2, 3) [[1 0 3]\n [4 0 6]]");
  BOOST_TEST(of("1,,3\n4,NA,6\n", {.delimiter = comma}, std::int32_t()) ==
             "(2, 3) [[ 1 -1  3]\n [ 4 -1  6]]");
  BOOST_TEST(of("1,-999,N/A",
                {.delimiter = comma, .missing_values = {"-999", "N/A"}, .filling_values = 7}) ==
             "(3,) [1. 7. 7.]");
  BOOST_TEST(of("1,,0\n", {.delimiter = comma}, bool()) == "(3,) [ True False False]");
  BOOST_TEST(of("1,,2+3j\n", {.delimiter = comma}, complex128()) ==
             "(3,) [ 1.+0.j nan+0.j  2.+3.j]");
  BOOST_TEST(of("1 2 3 # x\n4 ? 6\n", {.usecols = {1, -1}}) == "(2, 2) [[ 2.  3.]\n [nan  6.]]");
  BOOST_TEST(of(",,\n1,2,3", {.delimiter = comma}) == "(2, 3) [[nan nan nan]\n [ 1.  2.  3.]]");
  BOOST_TEST(of("1 2\n3 4\n5 6\n", {.max_rows = 2}) == "(2, 2) [[1. 2.]\n [3. 4.]]");
  BOOST_TEST(of("5\n", {.ndmin = 2}) == "(1, 1) [[5.]]");
  BOOST_TEST(of("", {}) == "(0,) []");
  std::string const path = tmp.path + "x.txt";
  put(path, "1 2\n3\n");
  REFUSES(io_error, path + ": line 2: expected 2 columns, found 1", genfromtxt(path));
  put(path, "1,,3\n");
  REFUSES(io_error, path + ": line 1, column 2: expected uint8, found ''",
          genfromtxt<std::uint8_t>(path, {.delimiter = comma}));
  BOOST_TEST(of("1,,3\n", {.delimiter = comma, .filling_values = 9}, std::uint8_t()) ==
             "(3,) [1 9 3]");
  REFUSES_HERE(dtype_error, "genfromtxt: the filling value 0.500000 is no int32",
               genfromtxt<std::int32_t>(path, {.filling_values = 0.5}));
  REFUSES_HERE(index_error, "genfromtxt: ndmin is 0, 1 or 2, not 3",
               genfromtxt(path, {.ndmin = 3}));
  REFUSES(io_error, path + "no: expected a readable text file, found No such file or directory",
          genfromtxt(path + "no"));
}

BOOST_AUTO_TEST_SUITE_END()
