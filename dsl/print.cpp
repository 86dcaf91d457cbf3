// The rules are those of numpy/_core/arrayprint.py (FloatingFormat, IntegerFormat, _formatArray)
// and, for rank 0, of the scalars' __str__ (scalartypes.c.src).
#include <dsl/print.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string_view>
#include <vector>

namespace sloth::inline SLOTH_ABI {

namespace {

// A positive number d.ddd * 10^exponent; `digits` holds d and ddd without the point.
struct decimal {
  std::string digits;
  int exponent = 0;

  void trim() { digits.resize(std::max<std::size_t>(digits.find_last_not_of('0') + 1, 1)); }
  [[nodiscard]] int fraction_digits() const {
    return std::max(static_cast<int>(digits.size()) - 1 - exponent, 0);
  }
};

decimal parse_scientific(std::string_view text) {
  auto const e = text.find('e');
  decimal d{std::string(text.substr(0, e)), 0};
  if (d.digits.size() > 1) d.digits.erase(1, 1);
  auto const* first = text.data() + e + 1;
  std::from_chars(*first == '+' ? first + 1 : first, text.data() + text.size(), d.exponent);
  return d;
}

// A double has at most 767 significant digits, 1074 of them behind the point.
constexpr std::size_t text_size = 1600;

// x > 0 to so many significant digits, exactly, ties to even.
decimal rounded(double x, int digits) {
  char text[text_size];
  auto const end = std::to_chars(text, text + text_size, x, std::chars_format::scientific,
                                 std::min(digits, 800) - 1);
  return parse_scientific({text, static_cast<std::size_t>(end.ptr - text)});
}

template <class T>
double round_to(double x) {
  return static_cast<T>(x);
}

// The fewest digits that read back as x > 0, of those the nearest.
template <class T>
decimal shortest(double x) {
  if constexpr (std::is_floating_point_v<T>) {
    char text[64];
    auto const end =
        std::to_chars(text, text + sizeof text, static_cast<T>(x), std::chars_format::scientific);
    return parse_scientific({text, static_cast<std::size_t>(end.ptr - text)});
  }
  for (int n = 1;; ++n) {
    decimal const nearest = rounded(x, n);
    std::int64_t leading = 0;
    std::from_chars(nearest.digits.data(), nearest.digits.data() + n, leading);
    // Above a power of two the gap is twice as wide: there the next decimal up may read back
    // although the nearest one, below, does not.
    for (std::int64_t const digits : {leading, leading + 1}) {
      std::string const d = std::to_string(digits);
      std::string const text = d + 'e' + std::to_string(nearest.exponent - (n - 1));
      double value = 0;
      std::from_chars(text.data(), text.data() + text.size(), value);
      if (round_to<T>(value) != x) continue;
      decimal found{d, nearest.exponent + static_cast<int>(d.size()) - n};
      found.trim();
      return found;
    }
  }
}

// What the formatting rules need to know of a real type; its values are widened to double.
struct real_type {
  decimal (*shortest)(double);
  double (*round)(double);
  double array_limit;   // exponents from here on: 10^min(8, numpy.finfo(T).precision)
  double scalar_limit;  // the same for rank 0
};
template <class T>
constexpr double type_limit = std::is_same_v<T, float> ? 1e6
                              : std::is_same_v<T, f16> ? 1e3
                                                       : 1e2;
template <class T>
constexpr real_type real_type_of{shortest<T>, round_to<T>,
                                 std::is_same_v<T, double> ? 1e8 : type_limit<T>,
                                 std::is_same_v<T, double> ? 1e16 : type_limit<T>};

std::string sign_of(double x, bool plus) {
  return std::signbit(x) && !std::isnan(x) ? "-" : plus ? "+" : "";
}

std::string exponent_text(int exponent, int width) {
  std::string digits = std::to_string(std::abs(exponent));
  if (static_cast<int>(digits.size()) < width) digits.insert(0, width - digits.size(), '0');
  return (exponent < 0 ? "e-" : "e+") + digits;
}

struct split_number {
  std::string whole, fraction;  // the sign is part of `whole`
};

// Positional, with the shortest digits but at most `precision` behind the point.
split_number positional(real_type const& type, double x, int precision, bool plus) {
  split_number s{sign_of(x, plus), {}};
  double const magnitude = std::abs(x);
  if (magnitude == 0) return s.whole += '0', s;
  decimal const d = type.shortest(magnitude);
  if (d.fraction_digits() > precision) {
    char text[text_size];
    auto const end =
        std::to_chars(text, text + text_size, magnitude, std::chars_format::fixed, precision);
    std::string_view const fixed(text, static_cast<std::size_t>(end.ptr - text));
    auto const point = std::min(fixed.find('.'), fixed.size());
    s.whole += fixed.substr(0, point);
    s.fraction = fixed.substr(std::min(point + 1, fixed.size()));
    s.fraction.resize(s.fraction.find_last_not_of('0') + 1);
    return s;
  }
  int const digits = static_cast<int>(d.digits.size());
  if (d.exponent < 0) {
    s.whole += '0';
    s.fraction = std::string(-d.exponent - 1, '0') + d.digits;
  } else if (digits <= d.exponent + 1) {
    s.whole += d.digits + std::string(d.exponent + 1 - digits, '0');
  } else {
    s.whole += d.digits.substr(0, d.exponent + 1);
    s.fraction = d.digits.substr(d.exponent + 1);
  }
  return s;
}

// |x| with the shortest digits but at most `most` and, with exact ones, at least `least` behind
// the first.
decimal significant(real_type const& type, double x, int least, int most) {
  double const magnitude = std::abs(x);
  if (magnitude == 0) return {std::string(least + 1, '0'), 0};
  decimal d = type.shortest(magnitude);
  int const behind = static_cast<int>(d.digits.size()) - 1;
  if (behind < least) return rounded(magnitude, least + 1);
  if (behind > most) d = rounded(magnitude, most + 1);
  if (most > least) d.trim();
  return d;
}

// One width and one notation for all elements: NumPy's FloatingFormat.
class floating_format {
 public:
  floating_format(real_type const& type, std::vector<double> const& values,
                  print_options const& options, bool plus)
      : type_(type), precision_(std::max(options.precision, 0)), plus_(plus) {
    std::vector<double> finite;
    bool negative_infinity = plus;
    for (double x : values) {
      if (std::isfinite(x))
        finite.push_back(x);
      else if (x < 0)
        negative_infinity = true;
    }
    if (!finite.empty()) {
      exponential_ = needs_exponent(finite, options.suppress);
      if (exponential_)
        fit_exponential(finite);
      else
        fit_positional(finite);
    }
    if (finite.size() != values.size()) {
      int const offset = right_ + 1;
      left_ = std::max({left_, 3 - offset, 3 + negative_infinity - offset});
    }
  }

  [[nodiscard]] std::string operator()(double x) const {
    if (!std::isfinite(x)) {
      std::string const text = sign_of(x, plus_) + (std::isnan(x) ? "nan" : "inf");
      int const pad = left_ + right_ + 1 - static_cast<int>(text.size());
      return std::string(std::max(pad, 0), ' ') + text;
    }
    split_number s;
    std::string exponent;
    if (exponential_) {
      decimal const d = significant(type_, x, precision_, precision_);
      s = {sign_of(x, plus_) + d.digits[0], d.digits.substr(1)};
      exponent = exponent_text(d.exponent, exponent_width_);
    } else {
      s = positional(type_, x, precision_, plus_);
      exponent.assign(right_ - s.fraction.size(), ' ');
    }
    std::string const pad(left_ - s.whole.size(), ' ');
    return pad + s.whole + '.' + s.fraction + exponent;
  }

 private:
  [[nodiscard]] bool needs_exponent(std::vector<double> const& finite, bool suppress) const {
    double largest = 0, smallest = 0;
    for (double x : finite) {
      if (x == 0) continue;
      largest = std::max(largest, std::abs(x));
      smallest = smallest == 0 ? std::abs(x) : std::min(smallest, std::abs(x));
    }
    if (largest == 0) return false;
    return largest >= type_.array_limit || (!suppress && (smallest < type_.round(0.0001) ||
                                                          type_.round(largest / smallest) > 1000));
  }

  void fit_exponential(std::vector<double> const& finite) {
    int fraction = 0;
    for (double x : finite) {
      decimal const d = significant(type_, x, 0, precision_);
      fraction = std::max(fraction, static_cast<int>(d.digits.size()) - 1);
      exponent_width_ = std::max(exponent_width_, d.exponent / 100 != 0 ? 3 : 2);
      left_ = std::max(left_, 1 + static_cast<int>(sign_of(x, plus_).size()));
    }
    precision_ = fraction;
    right_ = exponent_width_ + 2 + precision_;
  }

  void fit_positional(std::vector<double> const& finite) {
    for (double x : finite) {
      split_number const s = positional(type_, x, precision_, plus_);
      left_ = std::max(left_, static_cast<int>(s.whole.size()));
      right_ = std::max(right_, static_cast<int>(s.fraction.size()));
    }
  }

  real_type type_;
  int precision_;
  bool plus_;  // the sign of positive values is shown
  bool exponential_ = false;
  int left_ = 0, right_ = 0;  // characters before and behind the point
  int exponent_width_ = 2;
};

using element_text = std::function<std::string(std::int64_t offset)>;

// How to print each of the elements of `data` at `shown`, all alike.
template <class T>
element_text element_format(T const* data, std::vector<std::int64_t> const& shown,
                            print_options const& options) {
  if constexpr (std::is_same_v<T, bool>) {
    return [data](std::int64_t i) { return data[i] ? " True" : "False"; };
  } else if constexpr (is_integer<T>) {
    std::size_t width = 0;
    for (auto i : shown) width = std::max(width, std::to_string(data[i]).size());
    return [data, width](std::int64_t i) {
      std::string const text = std::to_string(data[i]);
      return std::string(width - text.size(), ' ') + text;
    };
  } else if constexpr (is_complex<T>) {
    std::vector<double> re, im;
    for (auto i : shown) {
      re.push_back(data[i].re);
      im.push_back(data[i].im);
    }
    auto const& type = real_type_of<decltype(T::re)>;
    floating_format const real(type, re, options, false), imaginary(type, im, options, true);
    return [=](std::int64_t i) {
      std::string text = imaginary(data[i].im);
      text.insert(text.find_last_not_of(' ') + 1, 1, 'j');
      return real(data[i].re) + text;
    };
  } else {
    std::vector<double> values;
    for (auto i : shown) values.push_back(data[i]);
    floating_format const format(real_type_of<T>, values, options, false);
    return [=](std::int64_t i) { return format(data[i]); };
  }
}

// str(numpy.float64(x)): every digit that is needed, exponents outside [1e-4, limit).
std::string scalar_text(real_type const& type, double x, std::string_view zero_fraction) {
  double const magnitude = std::abs(x);
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return sign_of(x, false) + "inf";
  if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < type.scalar_limit)) {
    split_number const s = positional(type, x, text_size, false);
    if (s.fraction.empty()) return s.whole + std::string(zero_fraction);
    return s.whole + '.' + s.fraction;
  }
  decimal d = type.shortest(magnitude);
  std::string const exponent = exponent_text(d.exponent, 2);
  if (d.digits.size() > 1) d.digits.insert(1, 1, '.');
  return sign_of(x, false) + d.digits + exponent;
}

template <class T>
std::string scalar_text(T x) {
  if constexpr (std::is_same_v<T, bool>) {
    return x ? "True" : "False";
  } else if constexpr (is_integer<T>) {
    return std::to_string(x);
  } else if constexpr (is_complex<T>) {
    auto const& type = real_type_of<decltype(T::re)>;
    double const re = x.re, im = x.im;
    std::string const imaginary = scalar_text(type, im, "") + 'j';
    if (re == 0 && !std::signbit(re)) return imaginary;
    return '(' + scalar_text(type, re, "") + (imaginary[0] == '-' ? "" : "+") + imaginary + ')';
  } else {
    return scalar_text(real_type_of<T>, x, ".0");
  }
}

// Brackets, line breaks and the summary's dots: NumPy's _formatArray.
class layout {
 public:
  layout(extents const& shape, strides const& stride, print_options const& options)
      : shape_(shape),
        stride_(stride),
        line_width_(options.line_width),
        edge_(std::max(options.edge_items, 0)),
        summarise_(shape.size() > options.threshold) {}

  // The offsets of the elements that decide the width. With no edge items NumPy prints each
  // axis's last element, but a[-0:], and so every element, decides.
  [[nodiscard]] std::vector<std::int64_t> shown() const {
    std::vector<std::int64_t> offsets;
    collect(0, 0, offsets);
    return offsets;
  }

  [[nodiscard]] std::string text(element_text const& element) const {
    return rows(element, 0, 0, line_width_);
  }

 private:
  [[nodiscard]] bool is_cut(int axis) const { return summarise_ && shape_[axis] > 2 * edge_; }

  void collect(int axis, std::int64_t offset, std::vector<std::int64_t>& offsets) const {
    if (axis == shape_.rank()) return offsets.push_back(offset);
    std::int64_t const n = shape_[axis];
    bool const cut = is_cut(axis) && edge_ > 0;
    for (std::int64_t i = 0; i < n; ++i) {
      if (cut && i == edge_) i = n - edge_;
      collect(axis + 1, offset + i * stride_[axis], offsets);
    }
  }

  std::string rows(element_text const& element, int axis, std::int64_t offset, int width) const {
    if (axis == shape_.rank()) return element(offset);
    bool const last_axis = axis == shape_.rank() - 1;
    std::string const indent(axis + 1, ' ');
    std::string const separator = last_axis ? " " : std::string(shape_.rank() - axis - 1, '\n');
    std::string done, line = last_axis ? indent : "";
    auto add = [&](std::string const& word) {
      if (!last_axis) {
        line += indent + word;
      } else {
        // a break that would leave nothing on the line does not help
        bool const too_long = static_cast<std::int64_t>(line.size() + word.size()) > width - 1;
        if (too_long && line.size() > indent.size()) {
          line.resize(line.find_last_not_of(' ') + 1);
          done += line + '\n';
          line = indent;
        }
        line += word;
      }
    };
    std::int64_t const n = shape_[axis];
    bool const cut = is_cut(axis);
    for (std::int64_t i = 0; i < n; ++i) {
      if (cut && i == std::min<std::int64_t>(edge_, n - 1)) {
        add("...");
        line += separator;
        i = std::min(n - edge_, n - 1);
      }
      add(rows(element, axis + 1, offset + i * stride_[axis], width - 1));
      if (i != n - 1) line += separator;
    }
    return '[' + (done + line).substr(indent.size()) + ']';
  }

  extents const& shape_;
  strides const& stride_;
  int line_width_;
  std::int64_t edge_;
  bool summarise_;
};

}  // namespace

print_options& printing() noexcept {
  thread_local print_options options;
  return options;
}

std::string format_array(dtype type, void const* data, extents const& shape, strides const& stride,
                         print_options const& options) {
  if (shape.size() == 0) return "[]";
  return visit(type, [&]<class T>() {
    auto const* elements = static_cast<T const*>(data);
    if (shape.rank() == 0) return scalar_text(*elements);
    layout const frame(shape, stride, options);
    return frame.text(element_format(elements, frame.shown(), options));
  });
}

}  // namespace sloth::inline SLOTH_ABI
