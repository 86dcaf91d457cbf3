#include <dsl/file.hpp>
#include <dsl/npy.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <istream>
#include <optional>
#include <string_view>

namespace sloth::inline SLOTH_ABI {

using namespace files;

namespace {

static_assert(std::endian::native == std::endian::little, ".npy files are written little endian");

constexpr std::string_view magic = "\x93NUMPY";
constexpr int max_rank = 64;  // NPY_MAXDIMS: NumPy itself reads no more
constexpr std::size_t max_header_size = npy_longest_start - 12;
constexpr std::size_t block_size = 1 << 16;  // of a stream that does not know its size

// At most `n` bytes; fewer at the end of the stream or after a failed read.
std::size_t read_some(std::istream& in, void* to, std::size_t n) {
  try {
    in.read(static_cast<char*>(to), static_cast<std::streamsize>(n));
  } catch (std::ios_base::failure const&) {  // where the caller has set in.exceptions()
  }
  return static_cast<std::size_t>(in.gcount());
}

// Bytes up to the end of the stream, unless that cannot be known: pipes cannot seek, and devices
// and files of /proc call themselves empty.
std::optional<std::size_t> remaining(std::istream& in) {
  auto* const buffer = in.rdbuf();
  std::streamoff const here = buffer->pubseekoff(0, std::ios::cur, std::ios::in);
  if (here < 0) return std::nullopt;
  std::streamoff const end = buffer->pubseekoff(0, std::ios::end, std::ios::in);
  buffer->pubseekpos(here, std::ios::in);
  if (end <= 0) return std::nullopt;
  return static_cast<std::size_t>(std::max<std::streamoff>(end - here, 0));
}

// Exactly `n` bytes, or an error; memory grows with what has arrived.
std::string read_exactly(std::istream& in, std::string const& name, std::size_t n,
                         std::string const& what) {
  std::string data;
  while (data.size() < n) {
    std::size_t const had = data.size(), wanted = std::min(n - had, block_size);
    data.resize(had + wanted);
    data.resize(had + read_some(in, data.data() + had, wanted));
    if (data.size() < had + wanted) fail(name, bytes(n) + " of " + what, bytes(data.size()));
  }
  return data;
}

// The subset of Python's literals that a header may consist of.
class header_parser {
 public:
  header_parser(std::string_view text, std::string const& name) : text_(text), name_(name) {}

  npy_header parse() {
    npy_header header;
    bool has_type = false, has_order = false, has_shape = false;
    expect('{', "a dictionary");
    while (!accept('}')) {
      std::string_view const key = string("a quoted key");
      auto const once = [&](bool& seen) {
        if (seen) fail(name_, "each key once", "a second " + in_quotes(key));
        seen = true;
      };
      expect(':', "':' after the key " + in_quotes(key));
      if (key == "descr")
        once(has_type), parse_type(header);
      else if (key == "fortran_order")
        once(has_order), header.fortran_order = boolean();
      else if (key == "shape")
        once(has_shape), header.shape = shape();
      else
        fail(name_, "the keys 'descr', 'fortran_order' and 'shape'", in_quotes(key));
      if (!accept(',') && peek() != '}')
        unexpected("',' or '}' after the value of " + in_quotes(key));
    }
    if (peek() != '\0' || at_ != text_.size()) unexpected("nothing after the dictionary");
    require(has_type, "descr");
    require(has_order, "fortran_order");
    require(has_shape, "shape");
    return header;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::strchr(" \t\r\n\f", text_[at_]) && text_[at_]) ++at_;
  }
  char peek() { return skip_space(), at_ < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  [[noreturn]] void unexpected(std::string const& expected) {
    skip_space();
    auto const rest = text_.substr(at_, text_.find_last_not_of(" \t\r\n\f") + 1 - at_);
    fail(name_, expected + " in the header", at_ == text_.size() ? "its end" : in_quotes(rest));
  }
  void expect(char c, std::string const& what) {
    if (!accept(c)) unexpected(what);
  }
  void require(bool seen, std::string_view key) {
    if (!seen) fail(name_, "the key " + in_quotes(key) + " in the header", "none");
  }

  std::string_view string(std::string const& what) {
    char const quote = peek();
    if (quote != '\'' && quote != '"') unexpected(what);
    auto const end = text_.find(quote, at_ + 1);
    if (end == text_.npos) unexpected("a closing quote");
    auto const content = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return content;
  }

  bool boolean() {
    if (accept_word("True")) return true;
    if (accept_word("False")) return false;
    unexpected("True or False for fortran_order");
  }

  std::int64_t extent() {
    if (peek() == '-') unexpected("extents that are not negative");
    auto const start = at_;
    std::int64_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[at_] - '0', &value)) {
        at_ = start;
        unexpected("extents below 2^63");
      }
    }
    if (at_ == start) unexpected("an integer in the shape");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // written by Python 2
    return value;
  }

  extents shape() {
    std::vector<std::int64_t> list;
    expect('(', "a tuple for the shape");
    bool comma = true;
    while (!accept(')')) {
      if (!comma) unexpected("',' or ')' in the shape");
      if (list.size() == max_rank) {
        fail(name_, "at most " + std::to_string(max_rank) + " axes", "more");
      }
      list.push_back(extent());
      comma = accept(',');
    }
    if (list.size() == 1 && !comma) fail(name_, "a tuple for the shape", "an integer in brackets");
    return {list.begin(), list.end()};
  }

  void parse_type(npy_header& header) {
    constexpr auto supported = "elements of bool, integers, float16 to 64 or complex64 and 128";
    if (peek() == '[') fail(name_, supported, "a structured dtype");
    if (peek() == '(') fail(name_, supported, "a subarray dtype");
    std::string_view const descr = string("a type string for descr");
    std::string_view code = descr;
    if (!code.empty() && std::strchr("<>|=", code[0]) && code[0]) {
      header.swapped = code[0] == '>';
      code.remove_prefix(1);
    }
    struct row {
      std::string_view code;
      dtype type;
    };
    static constexpr row rows[] = {
        {"b1", dtype::boolean},   {"i1", dtype::i8},         {"i2", dtype::i16}, {"i4", dtype::i32},
        {"i8", dtype::i64},       {"u1", dtype::u8},         {"u2", dtype::u16}, {"u4", dtype::u32},
        {"u8", dtype::u64},       {"f2", dtype::f16},        {"f4", dtype::f32}, {"f8", dtype::f64},
        {"c8", dtype::complex64}, {"c16", dtype::complex128}};
    for (auto const& r : rows) {
      if (r.code == code) {
        header.type = r.type;
        if (size_of(r.type) == 1) header.swapped = false;
        return;
      }
    }
    fail(name_, supported, describe(code) + " (descr " + in_quotes(descr) + ')');
  }

  static std::string describe(std::string_view code) {
    constexpr auto unknown = "an unknown type";
    auto const size = code.substr(std::min<std::size_t>(code.size(), 1));
    bool const sized = !size.empty() && size.find_first_not_of("0123456789") == size.npos;
    switch (code.empty() ? '\0' : code[0]) {
      case 'O': return "Python objects";
      case 'S':
      case 'a': return "byte strings";
      case 'U': return "strings";
      case 'T': return "variable-width strings";
      case 'M': return "dates";
      case 'm': return "time spans";
      case 'V': return "raw bytes or a type that NumPy lacks, as bfloat16";
      case 'f': return sized ? "floats of another size" : unknown;
      case 'c': return sized ? "complex numbers of another size" : unknown;
      case 'i':
      case 'u':
      case 'b': return sized ? "integers of another size" : unknown;
      default: return unknown;
    }
  }

  std::string_view text_;
  std::string const& name_;
  std::size_t at_ = 0;
};

// Zero extents do not excuse the others: strides are products too.
void check_size(npy_header const& header, std::string const& name) {
  std::int64_t total = size_of(header.type);
  for (auto extent : header.shape) {
    if (extent != 0 && __builtin_mul_overflow(total, extent, &total)) {
      fail(name, "fewer than 2^63 bytes",
           "shape " + to_string(header.shape) + " of " + to_string(header.type));
    }
  }
}

strides file_strides(npy_header const& header) {
  if (!header.fortran_order) return row_major(header.shape);
  extents const reversed(std::make_reverse_iterator(header.shape.end()),
                         std::make_reverse_iterator(header.shape.begin()));
  strides const s = row_major(reversed);
  return {std::make_reverse_iterator(s.end()), std::make_reverse_iterator(s.begin())};
}

void reverse_bytes(std::byte* data, std::size_t size, std::size_t width) {
  for (std::size_t i = 0; i + width <= size; i += width) std::reverse(data + i, data + i + width);
}

std::string elements_text(npy_header const& header) {
  return bytes(header.data_size()) + " for shape " + to_string(header.shape) + " of " +
         to_string(header.type);
}

}  // namespace

void npy_to_native(npy_header const& header, void* data) {
  auto* const elements = static_cast<std::byte*>(data);
  std::size_t const size = header.data_size();
  if (header.type == dtype::boolean) {  // any other byte in a bool is undefined behaviour
    for (std::size_t i = 0; i < size; ++i) elements[i] = std::byte{elements[i] != std::byte{0}};
  }
  if (header.swapped) {
    bool const pairs = header.type == dtype::complex64 || header.type == dtype::complex128;
    reverse_bytes(elements, size, static_cast<std::size_t>(size_of(header.type)) / (pairs ? 2 : 1));
  }
}

// The same spaces as numpy.lib.format._write_array_header: room for the growth of the first axis
// to 21 digits, then padding to a multiple of 64.
std::string npy_header_text(std::string const& name, dtype type, extents const& shape) {
  if (type == dtype::bf16) {
    fail(name, "an element type that NumPy has", "bfloat16: save x.astype<float>() instead");
  }
  if (shape.rank() > max_rank) {
    fail(name, "at most " + std::to_string(max_rank) + " axes, as NumPy",
         std::to_string(shape.rank()));
  }
  bool const byte = size_of(type) == 1;
  char const kind = type == dtype::boolean                                           ? 'b'
                    : type == dtype::complex64 || type == dtype::complex128          ? 'c'
                    : type == dtype::f16 || type == dtype::f32 || type == dtype::f64 ? 'f'
                    : type >= dtype::u8 && type <= dtype::u64                        ? 'u'
                                                                                     : 'i';
  std::string text = "{'descr': '";
  text += byte ? '|' : '<';
  text += kind + std::to_string(size_of(type)) +
          "', 'fortran_order': False, 'shape': " + to_string(shape) + ", }";
  if (shape.rank() > 0) text.append(21 - std::to_string(shape[0]).size(), ' ');
  std::size_t const prefix = magic.size() + 4;
  text.append(64 - (prefix + text.size() + 1) % 64, ' ');
  text += '\n';
  auto const length = static_cast<std::uint16_t>(text.size());  // max_rank keeps it below 2^16
  std::string out(magic);
  out += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  return out + text;
}

npy_header read_npy_header(std::istream& in, std::string const& name) {
  std::array<char, 8> start{};
  std::size_t const got = read_some(in, start.data(), start.size());
  std::string_view const found(start.data(), got);
  if (found.substr(0, magic.size()) != magic) {
    fail(name, "a .npy file, which starts with '\\x93NUMPY'",
         got == 0 ? "an empty file" : in_quotes(found.substr(0, magic.size())));
  }
  if (got < start.size()) fail(name, "a format version", "the end of the file");
  int const major = static_cast<unsigned char>(start[6]);
  int const minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0) {
    fail(name, "format version 1.0, 2.0 or 3.0",
         std::to_string(major) + '.' + std::to_string(minor));
  }
  std::size_t const width = major == 1 ? 2 : 4;
  std::string const stored = read_exactly(in, name, width, "header length");
  std::size_t length = 0;
  for (std::size_t i = 0; i < width; ++i) {
    length |= std::size_t{static_cast<unsigned char>(stored[i])} << (8 * i);
  }
  if (auto const left = remaining(in); left && length > *left) {
    fail(name, bytes(length) + " of header", bytes(*left));
  }
  if (length > max_header_size) {
    fail(name, "a header of at most " + bytes(max_header_size), bytes(length));
  }
  std::string const text = read_exactly(in, name, length, "header");
  npy_header header = header_parser(text, name).parse();
  check_size(header, name);
  header.stride = file_strides(header);
  header.data_offset = start.size() + width + length;
  return header;
}

npy_header read_npy(std::istream& in, std::string const& name, npy_allocate const& allocate) {
  npy_header const header = read_npy_header(in, name);
  std::size_t const size = header.data_size();
  auto const check = [&](std::size_t available) {
    if (available < size) fail(name, elements_text(header), bytes(available));
  };
  if (auto const left = remaining(in)) {
    check(*left);
    void* const data = allocate(header);
    check(read_some(in, data, size));
    npy_to_native(header, data);
    return header;
  }
  std::vector<std::byte> arrived;
  while (arrived.size() < size) {
    std::size_t const had = arrived.size(), wanted = std::min(size - had, block_size);
    arrived.resize(had + wanted);
    arrived.resize(had + read_some(in, arrived.data() + had, wanted));
    if (arrived.size() < had + wanted) break;
  }
  check(arrived.size());
  void* const data = allocate(header);
  if (size != 0) std::memcpy(data, arrived.data(), size);
  npy_to_native(header, data);
  return header;
}

npy_header read_npy(std::string const& path, npy_allocate const& allocate) {
  std::ifstream in = open_to_read(path, ".npy file");
  return read_npy(in, path, allocate);
}

npy_array read_npy(std::string const& path) {
  npy_array array;
  array.header = read_npy(path, [&](npy_header const& header) {
    array.data.resize(header.data_size());
    return array.data.data();
  });
  return array;
}

void write_npy(std::string const& path, dtype type, void const* row_major_data,
               extents const& shape) {
  std::string const header = npy_header_text(path, type, shape);
  new_file file(path);
  file.write(header.data(), header.size());
  file.write(row_major_data, static_cast<std::size_t>(shape.size() * size_of(type)));
  file.publish();
}

}  // namespace sloth::inline SLOTH_ABI
