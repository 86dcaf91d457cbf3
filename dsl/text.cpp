#include <dsl/evaluate.hpp>
#include <dsl/file.hpp>
#include <dsl/text.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace sloth::inline SLOTH_ABI {

using namespace files;

namespace {

constexpr std::string_view space = " \t\r\n\f\v";

std::string_view trimmed(std::string_view text) {
  std::size_t const first = text.find_first_not_of(space);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(space) + 1 - first);
}

// One number at the start of `text`, which loses it. Floats too large or small for their type
// become infinite or zero, as in NumPy; integers do not.
template <class Value>
bool read_number(std::string_view& text, Value& value) {
  char const *first = text.data(), *const last = first + text.size();
  if (text.size() > 1 && *first == '+' && text[1] != '-') ++first;
  auto result = std::from_chars(first, last, value);
  if constexpr (std::is_floating_point_v<Value>) {
    if (result.ec == std::errc::result_out_of_range) {
      long double wide = 0;
      result = std::from_chars(first, last, wide);
      value = static_cast<Value>(wide);
    }
  }
  if (result.ec != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(result.ptr - text.data()));
  return true;
}

// "1", "2j", "1+2j" or one of them in brackets.
template <class Part>
bool read_complex(std::string_view text, Part& real, Part& imaginary) {
  if (text.starts_with('(') && text.ends_with(')')) text = trimmed(text.substr(1, text.size() - 2));
  if (!read_number(text, real)) return false;
  if (text.empty()) return true;
  if (text == "j") {
    imaginary = std::exchange(real, Part{});
    return true;
  }
  return (text[0] == '+' || text[0] == '-') && read_number(text, imaginary) && text == "j";
}

template <class Value>
bool read_value(std::string_view text, Value& value) {
  if constexpr (is_complex<Value>) {
    decltype(value.re) real{}, imaginary{};
    if (!read_complex(text, real, imaginary)) return false;
    value = Value{real, imaginary};
    return true;
  } else {
    using wide =
        std::conditional_t<is_half<Value>, float,
                           std::conditional_t<std::is_same_v<Value, bool>, std::int64_t, Value>>;
    wide number{};
    if (!read_number(text, number) || !text.empty()) return false;
    value = static_cast<Value>(number);
    return true;
  }
}

template <class Value>
void write_number(std::string& out, Value value) {
  char digits[32];
  if constexpr (std::is_floating_point_v<Value>) {
    if (std::isnan(value)) value = std::abs(value);  // no "-nan"
  }
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <class Value>
void write_value(std::string& out, Value const& value) {
  if constexpr (is_complex<Value>) {
    write_number(out, value.re);
    if (!std::signbit(value.im) || std::isnan(value.im)) out += '+';
    write_number(out, value.im);
    out += 'j';
  } else if constexpr (is_half<Value>) {
    write_number(out, static_cast<float>(value));
  } else if constexpr (std::is_same_v<Value, bool>) {
    out += value ? '1' : '0';
  } else {
    write_number(out, value);
  }
}

void split(std::string_view line, std::optional<char> delimiter,
           std::vector<std::string_view>& fields) {
  fields.clear();
  if (delimiter) {
    for (std::size_t end; (end = line.find(*delimiter)) != line.npos; line.remove_prefix(end + 1))
      fields.push_back(trimmed(line.substr(0, end)));
    fields.push_back(trimmed(line));
    return;
  }
  while (!(line = trimmed(line)).empty()) {
    std::size_t const end = std::min(line.find_first_of(space), line.size());
    fields.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

bool is_blank(std::string_view line, std::optional<char> delimiter) {
  return trimmed(line).empty() && !(delimiter && line.find(*delimiter) != line.npos);
}

std::string columns(std::size_t n) { return std::to_string(n) + (n == 1 ? " column" : " columns"); }

// NumPy's rule: axes of one element go, unless ndmin keeps them.
extents squeezed(std::int64_t rows, std::int64_t columns, int ndmin) {
  if (ndmin == 2) return {rows, columns};
  extents shape;
  if (rows != 1) shape.push_back(rows);
  if (columns != 1) shape.push_back(columns);
  if (shape.rank() < ndmin) shape.push_back(1);
  return shape;
}

/// What stands for a field that is missing.
template <class Value>
struct filling {
  std::vector<std::string> const& missing_values;
  std::optional<Value> value;
  [[nodiscard]] bool is_missing(std::string_view field) const {
    return std::find(missing_values.begin(), missing_values.end(), field) != missing_values.end();
  }
};

/// The value given, or NumPy's for the type; unsigned types have none.
template <class Value>
std::optional<Value> filling_value(std::optional<double> given, location where) {
  if (given) {
    if constexpr (is_integer<Value>) {
      Value const value = convert<Value>(*given);
      if (convert<double>(value) != *given)
        throw dtype_error("genfromtxt: the filling value " + std::to_string(*given) + " is no " +
                              to_string(dtype_of<Value>),
                          where);
      return value;
    } else {
      return convert<Value>(*given);
    }
  }
  if constexpr (is_floating<Value>)
    return convert<Value>(std::numeric_limits<double>::quiet_NaN());
  else if constexpr (std::is_same_v<Value, bool>)
    return false;
  else if constexpr (std::is_signed_v<Value>)
    return static_cast<Value>(-1);
  else
    return {};
}

template <class Value>
node_ptr read_rows(std::string const& path, loadtxt_options const& options,
                   filling<Value> const* gaps, location where) {
  std::ifstream in = open_to_read(path, "text file");
  std::vector<Value> values;
  std::vector<std::string_view> fields;
  std::int64_t rows = 0, number = 0;
  std::size_t width = 0;  // of the first row
  std::string text;
  auto const place = [&] { return path + ": line " + std::to_string(number); };
  auto const enough = [&] { return options.max_rows && rows >= *options.max_rows; };
  while (!enough() && std::getline(in, text)) {
    if (++number <= options.skiprows) continue;
    std::string_view line = text;
    if (!options.comments.empty()) line = line.substr(0, line.find(options.comments));
    if (is_blank(line, options.delimiter)) continue;
    split(line, options.delimiter, fields);
    if (rows++ == 0) width = fields.size();
    if (options.usecols.empty() && fields.size() != width)
      fail(place(), columns(width), std::to_string(fields.size()));
    auto const read = [&](std::size_t i) {
      Value value{};
      bool const is_value = !(gaps && gaps->is_missing(fields[i])) && read_value(fields[i], value);
      if (!is_value && gaps && gaps->value) {
        value = *gaps->value;
      } else if (!is_value) {
        fail(place() + ", column " + std::to_string(i + 1), to_string(dtype_of<Value>),
             in_quotes(fields[i]));
      }
      values.push_back(value);
    };
    for (std::int64_t const column : options.usecols) {
      auto const count = static_cast<std::int64_t>(fields.size());
      if (column < -count || column >= count)
        fail(place(), "a column " + std::to_string(column), columns(fields.size()));
      read(static_cast<std::size_t>(column < 0 ? column + count : column));
    }
    if (options.usecols.empty())
      for (std::size_t i = 0; i < fields.size(); ++i) read(i);
  }
  if (in.bad()) fail(path, "a readable text file", "an error while reading");
  if (!options.usecols.empty()) width = options.usecols.size();
  if (rows == 0 && options.usecols.empty()) width = 1;
  node_ptr result = new_storage(
      dtype_of<Value>, squeezed(rows, static_cast<std::int64_t>(width), options.ndmin), where);
  std::copy(values.begin(), values.end(), reinterpret_cast<Value*>(result->data()));
  return result;
}

void require_ndmin(const char* name, int ndmin, location where) {
  if (ndmin < 0 || ndmin > 2)
    throw index_error(std::string(name) + ": ndmin is 0, 1 or 2, not " + std::to_string(ndmin),
                      where);
}

template <class Value>
void write_rows(std::string const& path, node const& values, savetxt_options const& options) {
  constexpr std::size_t block = 1 << 16;
  std::int64_t const size = values.shape.size(), rows = values.shape[0],
                     width = values.shape.rank() == 2 ? values.shape[1] : 1;
  auto const* next =
      size == 0 ? nullptr : reinterpret_cast<Value const*>(values.data_on(device::host));
  std::string out;
  if (!options.header.empty()) {
    out = options.comments;
    for (char const c : options.header) out += c == '\n' ? c + options.comments : std::string(1, c);
    out += '\n';
  }
  new_file file(path);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < width; ++i) {
      if (i != 0) out += options.delimiter;
      write_value(out, *next++);
    }
    out += '\n';
    if (out.size() >= block) {
      file.write(out);
      out.clear();
    }
  }
  file.write(out);
  file.publish();
}

}  // namespace

node_ptr loadtxt_node(dtype type, std::string const& path, loadtxt_options const& options,
                      location where) {
  require_ndmin("loadtxt", options.ndmin, where);
  return visit(type,
               [&]<class Value>() { return read_rows<Value>(path, options, nullptr, where); });
}

node_ptr genfromtxt_node(dtype type, std::string const& path, genfromtxt_options const& options,
                         location where) {
  require_ndmin("genfromtxt", options.ndmin, where);
  loadtxt_options const as_loadtxt{options.delimiter, options.skip_header, options.comments,
                                   options.usecols,   options.max_rows,    options.ndmin};
  return visit(type, [&]<class Value>() {
    filling<Value> const gaps{options.missing_values,
                              filling_value<Value>(options.filling_values, where)};
    return read_rows<Value>(path, as_loadtxt, &gaps, where);
  });
}

void savetxt_node(std::string const& path, node_ptr const& values, savetxt_options const& options,
                  location where) {
  if (values->shape.rank() != 1 && values->shape.rank() != 2) {
    throw shape_error("savetxt: the array has 1 or 2 axes, not shape " + to_string(values->shape),
                      where);
  }
  node_ptr const flat = contiguous(values);
  visit(values->type, [&]<class Value>() { write_rows<Value>(path, *flat, options); });
}

}  // namespace sloth::inline SLOTH_ABI
