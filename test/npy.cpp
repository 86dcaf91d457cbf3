#include <dsl/npy.hpp>
#include <dsl/print.hpp>
#include <test/files.hpp>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <streambuf>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace sloth;

BOOST_AUTO_TEST_SUITE(npy)

namespace {

std::string const folder = SLOTH_TEST_DATA "/npy/";

std::string npy_file(std::string const& header, std::string const& data = {}, char major = 1,
                     char minor = 0) {
  std::string file = "\x93NUMPY";
  file += {major, minor};
  std::size_t const n = header.size();
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i) file += static_cast<char>(n >> (8 * i) & 0xff);
  return file + header + data;
}

npy_array read_text(std::string const& file) {
  std::istringstream in(file);
  npy_array array;
  array.header = read_npy(in, "bad.npy", [&](npy_header const& header) {
    BOOST_REQUIRE(header.data_size() <= file.size());
    array.data.resize(header.data_size());
    return array.data.data();
  });
  return array;
}

std::string text_of(npy_array const& a) {
  return format_array(a.header.type, a.data.data(), a.header.shape, a.header.stride);
}

// A pipe: it gives some bytes at a time and cannot seek.
class pipe_buffer : public std::streambuf {
 public:
  explicit pipe_buffer(std::string text) : text_(std::move(text)) {}

 protected:
  int_type underflow() override {
    if (at_ == text_.size()) return traits_type::eof();
    std::size_t const n = std::min<std::size_t>(7, text_.size() - at_);
    setg(text_.data() + at_, text_.data() + at_, text_.data() + at_ + n);
    at_ += n;
    return traits_type::to_int_type(*gptr());
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

constexpr auto good = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";

}  // namespace

// files.txt: name, dtype, rank, shape, fortran_order, big endian, lines of print(x), the lines.
BOOST_AUTO_TEST_CASE(files_of_numpy) {
  std::ifstream list(folder + "files.txt");
  int count = 0;
  for (std::string line; std::getline(list, line); ++count) {
    std::istringstream words(line);
    std::string name, type, text;
    int rank = 0, fortran = 0, big = 0, lines = 0;
    words >> name >> type >> rank;
    extents shape = extents::filled(rank, 0);
    for (auto& n : shape) words >> n;
    words >> fortran >> big >> lines;
    for (int i = 0; i < lines; ++i) {
      std::getline(list, line);
      text += (i ? "\n" : "") + line;
    }
    BOOST_TEST_CONTEXT(name) {
      npy_array const a = read_npy(folder + name);
      BOOST_TEST(to_string(a.header.type) == type);
      BOOST_TEST(to_string(a.header.shape) == to_string(shape));
      BOOST_TEST(a.header.fortran_order == (fortran != 0));
      BOOST_TEST(a.header.swapped == (big != 0));
      BOOST_TEST(a.header.data_offset % 64 == 0u);
      BOOST_TEST(a.header.data_offset + a.header.data_size() == fs::file_size(folder + name));
      BOOST_TEST(text_of(a) == text);
    }
  }
  BOOST_TEST(count >= 45);
}

BOOST_AUTO_TEST_CASE(written_files_are_those_of_numpy) {
  scratch tmp;
  int count = 0;
  for (auto const& entry : fs::directory_iterator(folder)) {
    std::string const name = entry.path().filename();
    if (entry.path().extension() != ".npy" || contents(entry.path())[6] != 1) continue;
    npy_array a;
    if (message([&] { a = read_npy(entry.path()); }) != "no error") continue;
    if (a.header.fortran_order || a.header.swapped) continue;
    write_npy(tmp.path + name, a.header.type, a.data.data(), a.header.shape);
    BOOST_TEST((contents(tmp.path + name) == contents(entry.path())), name);
    ++count;
  }
  BOOST_TEST(count >= 19);
}

BOOST_AUTO_TEST_CASE(every_type_and_rank_returns) {
  scratch tmp;
  std::string const path = tmp.path + "x.npy";
  std::mt19937 random(7);
  for (int type = 0; type < dtype_count; ++type) {
    auto const t = static_cast<dtype>(type);
    if (t == dtype::bf16) continue;
    for (int rank = 0; rank <= 64; rank = rank < 8 ? rank + 1 : rank * 2) {
      extents shape = extents::filled(rank, 1);
      for (int i = 0; i < std::min(rank, 4); ++i) shape[i] = random() % 4;
      npy_array a;
      a.header.type = t;
      a.header.shape = shape;
      a.data.resize(a.header.data_size());
      for (auto& b : a.data) b = static_cast<std::byte>(random() & (t == dtype::boolean ? 1 : 255));
      write_npy(path, t, a.data.data(), shape);
      npy_array const back = read_npy(path);
      BOOST_TEST(to_string(back.header.shape) == to_string(shape));
      BOOST_TEST((back.header.type == t));
      BOOST_TEST((back.header.stride == row_major(shape)));
      BOOST_TEST((back.data == a.data));
    }
  }
  BOOST_TEST(tmp.files() == 1);
}

BOOST_AUTO_TEST_CASE(lenient_where_numpy_is) {
  std::string const data(16, '\0');
  for (auto header : {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
                      "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f8\"}",
                      " { 'shape' : ( 2 , ) , 'descr' : '=f8' , 'fortran_order' : False } \n",
                      "{'descr': 'f8', 'fortran_order': False, 'shape': (2L,), }",
                      "{'descr': '|f8', 'fortran_order': True,\n 'shape': (2,), }\n\n",
                      "{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }",
                      "{'descr': '<u8', 'fortran_order': False, 'shape': (2, 1), }"}) {
    BOOST_TEST(read_text(npy_file(header, data)).data.size() == 16u, header);
  }
}

BOOST_AUTO_TEST_CASE(any_nonzero_byte_is_true) {
  auto const a = read_text(npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }",
                                    {'\x00', '\x80', '\x02'}));
  BOOST_TEST(text_of(a) == "[False  True  True]");
}

BOOST_AUTO_TEST_CASE(stream_stays_behind_the_array) {
  std::string const one = npy_file(good, std::string(16, '\1'));
  std::istringstream in(one + one + "rest");
  std::vector<std::byte> data(16);
  for (int i = 0; i < 2; ++i) (void)read_npy(in, "x", [&](auto&) { return data.data(); });
  BOOST_TEST(std::string(std::istreambuf_iterator<char>(in), {}) == "rest");
}

BOOST_AUTO_TEST_CASE(malformed_headers) {
  std::string const types =
      "expected elements of bool, integers, float16 to 64 or complex64 and 128, found ";
  struct row {
    std::string file, expected;
  };
  auto const order = [](std::string const& value) {
    return npy_file("{'descr': '<f8', 'fortran_order': " + value + ", 'shape': (2,), }");
  };
  auto const shape = [](std::string const& value, std::string const& data = {}) {
    return npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': " + value + ", }", data);
  };
  auto const descr = [](std::string const& value) {
    return npy_file("{'descr': " + value + ", 'fortran_order': False, 'shape': (2,), }");
  };
  std::string const axes65 = [] {
    std::string text = "(";
    for (int i = 0; i < 65; ++i) text += "1,";
    return text + ")";
  }();
  std::vector<row> const rows = {
      {"", "expected a .npy file, which starts with '\\x93NUMPY', found an empty file"},
      {"PK\x03\x04zip",
       "expected a .npy file, which starts with '\\x93NUMPY', found 'PK\\x03\\x04zi'"},
      {"\x93NUMPX\x01\x00",
       "expected a .npy file, which starts with '\\x93NUMPY', found '\\x93NUMPX'"},
      {"\x93NUM", "expected a .npy file, which starts with '\\x93NUMPY', found '\\x93NUM'"},
      {"\x93NUMPY", "expected a format version, found the end of the file"},
      {"\x93NUMPY\x01", "expected a format version, found the end of the file"},
      {npy_file(good, "", 4), "expected format version 1.0, 2.0 or 3.0, found 4.0"},
      {npy_file(good, "", 0), "expected format version 1.0, 2.0 or 3.0, found 0.0"},
      {npy_file(good, "", 1, 1), "expected format version 1.0, 2.0 or 3.0, found 1.1"},
      {std::string("\x93NUMPY\x01\x00", 8), "expected 2 bytes of header length, found 0 bytes"},
      {std::string("\x93NUMPY\x01\x00\x10", 9), "expected 2 bytes of header length, found 1 byte"},
      {std::string("\x93NUMPY\x02\x00\x10\x00\x00", 11),
       "expected 4 bytes of header length, found 3 bytes"},
      {std::string("\x93NUMPY\x01\x00\xff\xff{}", 12),
       "expected 65535 bytes of header, found 2 bytes"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14),
       "expected 4294967295 bytes of header, found 2 bytes"},
      {npy_file(std::string(2 << 20, ' '), "", 2),
       "expected a header of at most 1048576 bytes, found 2097152 bytes"},
      {npy_file(""), "expected a dictionary in the header, found its end"},
      {npy_file("   \n"), "expected a dictionary in the header, found its end"},
      {npy_file("[1, 2]"), "expected a dictionary in the header, found '[1, 2]'"},
      {npy_file("{"), "expected a quoted key in the header, found its end"},
      {npy_file("{}"), "expected the key 'descr' in the header, found none"},
      {npy_file("{'descr'"), "expected ':' after the key 'descr' in the header, found its end"},
      {npy_file("{'descr: '<f8'}"),
       "expected ':' after the key 'descr: ' in the header, found \"<f8'}\""},
      {npy_file("{'descr}"), "expected a closing quote in the header, found \"'descr}\""},
      {npy_file("{descr: '<f8'}"), "expected a quoted key in the header, found \"descr: '<f8'}\""},
      {npy_file("{'descr' '<f8'}"),
       "expected ':' after the key 'descr' in the header, found \"'<f8'}\""},
      {npy_file("{'descr': '<f8' 'shape': (2,)}"),
       "expected ',' or '}' after the value of 'descr' in the header, found \"'shape': (2,)}\""},
      {npy_file("{'descr': '<f8', 'fortran_order': False}"),
       "expected the key 'shape' in the header, found none"},
      {npy_file("{'descr': '<f8', 'shape': (2,)}"),
       "expected the key 'fortran_order' in the header, found none"},
      {npy_file("{'fortran_order': False, 'shape': (2,)}"),
       "expected the key 'descr' in the header, found none"},
      {npy_file("{'descr': '<f8', 'descr': '<f8', 'shape': (2,)}"),
       "expected each key once, found a second 'descr'"},
      {npy_file("{'shape': (2,), 'order': 'C'}"),
       "expected the keys 'descr', 'fortran_order' and 'shape', found 'order'"},
      {npy_file("{,}"), "expected a quoted key in the header, found ',}'"},
      {npy_file(std::string(good) + "}"),
       "expected nothing after the dictionary in the header, found '}'"},
      {npy_file(std::string(good) + std::string(3, '\0')),
       "expected nothing after the dictionary in the header, found '\\x00\\x00\\x00'"},
      {npy_file(good + std::string(" # a comment longer than forty characters, cut")),
       "expected nothing after the dictionary in the header, found '# a comment longer than "
       "forty characters...'"},
      {npy_file(std::string("{'\xff\n': 1}")),
       "expected the keys 'descr', 'fortran_order' and 'shape', found '\\xff\\x0a'"},
      {order("0"),
       "expected True or False for fortran_order in the header, found \"0, 'shape': (2,), }\""},
      {order("true"),
       "expected True or False for fortran_order in the header, found \"true, 'shape': (2,), }\""},
      {order("Truely"),
       "expected ',' or '}' after the value of 'fortran_order' in the header, found \"ly, "
       "'shape': (2,), }\""},
      {order("'False'"),
       "expected True or False for fortran_order in the header, found \"'False', 'shape': "
       "(2,), }\""},
      {order(""),
       "expected True or False for fortran_order in the header, found \", 'shape': (2,), }\""},
      {shape("2"), "expected a tuple for the shape in the header, found '2, }'"},
      {shape("[2]"), "expected a tuple for the shape in the header, found '[2], }'"},
      {shape("(2)"), "expected a tuple for the shape, found an integer in brackets"},
      {shape("(2"), "expected an integer in the shape in the header, found '}'"},
      {shape("(2 3)"), "expected ',' or ')' in the shape in the header, found '3), }'"},
      {shape("(2, -3)"), "expected extents that are not negative in the header, found '-3), }'"},
      {shape("(2, 3.5)"), "expected ',' or ')' in the shape in the header, found '.5), }'"},
      {shape("(2, 0x10)"), "expected ',' or ')' in the shape in the header, found 'x10), }'"},
      {shape("(1e3,)"), "expected ',' or ')' in the shape in the header, found 'e3,), }'"},
      {shape("(True,)"), "expected an integer in the shape in the header, found 'True,), }'"},
      {shape("(None,)"), "expected an integer in the shape in the header, found 'None,), }'"},
      {shape("(,)"), "expected an integer in the shape in the header, found ',), }'"},
      {shape("(2,,3)"), "expected an integer in the shape in the header, found ',3), }'"},
      {shape("((2,),)"), "expected an integer in the shape in the header, found '(2,),), }'"},
      {shape("('2',)"), "expected an integer in the shape in the header, found \"'2',), }\""},
      {shape("(1_000,)"), "expected ',' or ')' in the shape in the header, found '_000,), }'"},
      {shape("(9223372036854775808,)"),
       "expected extents below 2^63 in the header, found '9223372036854775808,), }'"},
      {shape("(99999999999999999999999999,)"),
       "expected extents below 2^63 in the header, found '99999999999999999999999999,), }'"},
      {shape("(9223372036854775807,)"),
       "expected fewer than 2^63 bytes, found shape (9223372036854775807,) of float64"},
      {shape("(4294967296, 4294967296)"),
       "expected fewer than 2^63 bytes, found shape (4294967296, 4294967296) of float64"},
      {shape("(0, 4294967296, 4294967296)"),
       "expected fewer than 2^63 bytes, found shape (0, 4294967296, 4294967296) of float64"},
      {shape(axes65), "expected at most 64 axes, found more"},
      {shape("(1152921504606846975,)"),
       "expected 9223372036854775800 bytes for shape (1152921504606846975,) of float64, found "
       "0 bytes"},
      {shape("(2,)", std::string(15, ' ')),
       "expected 16 bytes for shape (2,) of float64, found 15 bytes"},
      {shape("(1000000, 1000000)"),
       "expected 8000000000000 bytes for shape (1000000, 1000000) of float64, found 0 bytes"},
      {shape("()"), "expected 8 bytes for shape () of float64, found 0 bytes"},
      {descr("8"),
       "expected a type string for descr in the header, found \"8, 'fortran_order': False, "
       "'shape': (2,)...\""},
      {descr("None"),
       "expected a type string for descr in the header, found \"None, 'fortran_order': False, "
       "'shape': (...\""},
      {descr("''"), types + "an unknown type (descr '')"},
      {descr("'<'"), types + "an unknown type (descr '<')"},
      {descr("'<f8"), types + "an unknown type (descr '<f8, ')"},
      {descr("'<f3'"), types + "floats of another size (descr '<f3')"},
      {descr("'<f16'"), types + "floats of another size (descr '<f16')"},
      {descr("'<c32'"), types + "complex numbers of another size (descr '<c32')"},
      {descr("'<i16'"), types + "integers of another size (descr '<i16')"},
      {descr("'<b2'"), types + "integers of another size (descr '<b2')"},
      {descr("'<<f8'"), types + "an unknown type (descr '<<f8')"},
      {descr("'!f8'"), types + "an unknown type (descr '!f8')"},
      {descr("'float64'"), types + "an unknown type (descr 'float64')"},
      {descr("'|O'"), types + "Python objects (descr '|O')"},
      {descr("'|S5'"), types + "byte strings (descr '|S5')"},
      {descr("'<U7'"), types + "strings (descr '<U7')"},
      {descr("'<M8[ns]'"), types + "dates (descr '<M8[ns]')"},
      {descr("'<m8[s]'"), types + "time spans (descr '<m8[s]')"},
      {descr("'|V2'"), types + "raw bytes or a type that NumPy lacks, as bfloat16 (descr '|V2')"},
      {descr("'|T16'"), types + "variable-width strings (descr '|T16')"},
      {descr("[('a', '<f8')]"), types + "a structured dtype"},
      {descr("('<f8', (2,))"), types + "a subarray dtype"},
  };
  BOOST_TEST(rows.size() >= 60u);
  for (auto const& r : rows) {
    BOOST_TEST(message([&] { (void)read_text(r.file); }) == "io_error: bad.npy: " + r.expected);
    pipe_buffer pipe(r.file);
    std::istream in(&pipe);
    std::vector<std::byte> data;
    BOOST_TEST(message([&] {
                 (void)read_npy(in, "bad.npy", [&](npy_header const& h) {
                   data.resize(h.data_size());
                   return data.data();
                 });
               }).starts_with("io_error: bad.npy: expected "));
  }
}

BOOST_AUTO_TEST_CASE(types_that_sloth_lacks) {
  std::string const start =
      "expected elements of bool, integers, float16 to 64 or complex64 and "
      "128, found ";
  auto const found = [&](std::string const& name) {
    std::string const text = message([&] { (void)read_npy(folder + name); });
    std::string const head = "io_error: " + folder + name + ": " + start;
    BOOST_TEST(text.starts_with(head), text);
    return text.substr(std::min(head.size(), text.size()));
  };
  BOOST_TEST(found("object.npy") == "Python objects (descr '|O')");
  BOOST_TEST(found("structured.npy") == "a structured dtype");
  BOOST_TEST(found("string.npy") == "strings (descr '<U2')");
  BOOST_TEST(found("bytes.npy") == "byte strings (descr '|S2')");
  BOOST_TEST(found("date.npy") == "dates (descr '<M8[D]')");
  BOOST_TEST(found("longdouble.npy") == "floats of another size (descr '<f16')");
  BOOST_TEST(found("void2.npy") ==
             "raw bytes or a type that NumPy lacks, as bfloat16 (descr '|V2')");
}

BOOST_AUTO_TEST_CASE(pipes) {
  std::string file = npy_file("{'descr': '>i4', 'fortran_order': False, 'shape': (50000,), }");
  for (int i = 0; i < 50000; ++i) {
    for (int shift = 24; shift >= 0; shift -= 8) file += static_cast<char>(i >> shift & 0xff);
  }
  pipe_buffer pipe(file);
  std::istream in(&pipe);
  std::vector<std::int32_t> data;
  auto const header = read_npy(in, "pipe", [&](npy_header const& h) {
    data.resize(static_cast<std::size_t>(h.shape.size()));
    return data.data();
  });
  BOOST_TEST(header.swapped);
  for (int i = 0; i < 50000; ++i) BOOST_REQUIRE(data[i] == i);

  pipe_buffer liar(
      npy_file("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,)}", "12345"));
  std::istream hostile(&liar);
  BOOST_TEST(message([&] {
               (void)read_npy(hostile, "pipe", [](auto&) -> void* {
                 BOOST_FAIL("memory for data that are not there");
                 return nullptr;
               });
             }) ==
             "io_error: pipe: expected 8000000000000000 bytes for shape (1000000000000000,) of "
             "float64, found 5 bytes");

  scratch tmp;
  std::string const path = tmp.path + "fifo";
  BOOST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  double const x[] = {1, 2.5};
  std::thread writer([&] { write_npy(path, dtype::f64, x, {2}); });
  BOOST_TEST(text_of(read_npy(path)) == "[1.  2.5]");
  writer.join();
  BOOST_TEST(fs::is_fifo(path));
}

BOOST_AUTO_TEST_CASE(streams_that_throw) {
  std::istringstream in("\x93NUMPY");
  in.exceptions(std::ios::failbit | std::ios::badbit);
  BOOST_TEST(message([&] { (void)read_npy_header(in, "x"); }) ==
             "io_error: x: expected a format version, found the end of the file");
}

BOOST_AUTO_TEST_CASE(unreadable_files) {
  scratch tmp;
  BOOST_TEST(message([&] { (void)read_npy(tmp.path); }) ==
             "io_error: " + tmp.path + ": expected a .npy file, found a folder");
  BOOST_TEST(message([&] { (void)read_npy(tmp.path + "no.npy"); }) ==
             "io_error: " + tmp.path +
                 "no.npy: expected a readable .npy file, found No such file or directory");
  BOOST_TEST(message([&] { (void)read_npy("/dev/null"); }) ==
             "io_error: /dev/null: expected a .npy file, which starts with '\\x93NUMPY', found an "
             "empty file");
}

BOOST_AUTO_TEST_CASE(failed_writes_leave_nothing) {
  scratch tmp;
  std::string const path = tmp.path + "x.npy";
  std::vector<double> const x(1 << 16);
  BOOST_TEST(message([&] { write_npy(path, dtype::bf16, x.data(), {2}); }) ==
             "io_error: " + path +
                 ": expected an element type that NumPy has, found bfloat16: save "
                 "x.astype<float>() instead");
  BOOST_TEST(message([&] { write_npy(path, dtype::f64, x.data(), extents::filled(65, 1)); }) ==
             "io_error: " + path + ": expected at most 64 axes, as NumPy, found 65");
  BOOST_TEST(message([&] { write_npy(tmp.path + "no/x.npy", dtype::f64, x.data(), {2}); }) ==
             "io_error: " + tmp.path +
                 "no/x.npy: expected to write the file, found No such file or directory");
  BOOST_TEST(message([&] { write_npy(tmp.path, dtype::f64, x.data(), {2}); }) ==
             "io_error: " + tmp.path + ": expected the name of a file to write, found a folder");
  BOOST_TEST(message([&] { write_npy("/dev/full", dtype::f64, x.data(), {65536}); }) ==
             "io_error: /dev/full: expected to write the file, found No space left on device");
  BOOST_TEST(message([&] { write_npy("/dev/full", dtype::f64, x.data(), {2}); }) ==
             "io_error: /dev/full: expected to write the file, found No space left on device");
  BOOST_TEST(fs::is_character_file("/dev/full"));
  BOOST_TEST(tmp.files() == 0);

  put(path, "precious");
  auto* const old_action = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ::getrlimit(RLIMIT_FSIZE, &old_limit);
  rlimit limit = old_limit;
  limit.rlim_cur = 4096;
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::string const text = message([&] { write_npy(path, dtype::f64, x.data(), {65536}); });
  ::setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_action);
  BOOST_TEST(text == "io_error: " + path + ": expected to write the file, found File too large");
  BOOST_TEST(contents(path) == "precious");
  BOOST_TEST(tmp.files() == 1);
}

BOOST_AUTO_TEST_CASE(replaced_files_keep_mode_and_links) {
  scratch tmp;
  std::string const path = tmp.path + "x.npy", link = tmp.path + "link.npy";
  put(path, "old");
  ::chmod(path.c_str(), 0600);
  fs::create_symlink("x.npy", link);
  float const x[] = {1, 2};
  write_npy(link, dtype::f32, x, {2});
  BOOST_TEST(fs::is_symlink(link));
  BOOST_TEST(text_of(read_npy(path)) == "[1. 2.]");
  BOOST_TEST((fs::status(path).permissions() == fs::perms(0600)));
}

// Whatever the bytes, reading succeeds or throws io_error, and asks for no more than is there.
BOOST_AUTO_TEST_CASE(mutations) {
  std::mt19937 random(20240607);
  auto const below = [&](std::size_t n) { return random() % n; };
  std::vector<std::string> const seeds = {
      npy_file(good, std::string(16, '\3')),
      npy_file("{'descr': '>c16', 'fortran_order': True, 'shape': (2, 3, 1), }",
               std::string(96, '\x41')),
      npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (0, 4), }", "", 2),
      npy_file("{'descr': '<i2', 'fortran_order': False, 'shape': (), }", "ab", 3)};
  std::string const alphabet = "'\"(){}[],: <>|=0123456789bfiucOSTrueFalsdhpL-\n\\";
  int good_files = 0, bad_files = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string file = seeds[below(seeds.size())];
    for (std::size_t n = 1 + below(3); n > 0 && !file.empty(); --n) {
      std::size_t const at = below(file.size());
      switch (below(6)) {
        case 0: file[at] = static_cast<char>(file[at] ^ (1 << below(8))); break;
        case 1: file[at] = static_cast<char>(random()); break;
        case 2: file[at] = alphabet[below(alphabet.size())]; break;
        case 3: file.insert(at, 1 + below(12), alphabet[below(alphabet.size())]); break;
        case 4: file.erase(at, 1 + below(8)); break;
        default: file.resize(at);
      }
    }
    try {
      npy_array const a = read_text(file);
      BOOST_REQUIRE(!text_of(a).empty());
      ++good_files;
    } catch (io_error const& e) {
      BOOST_REQUIRE(std::string_view(e.what()).starts_with("io_error: bad.npy: expected "));
      ++bad_files;
    }
  }
  BOOST_TEST(good_files > 1000);
  BOOST_TEST(bad_files > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
