// std::format of arrays and expressions, where the library has it. Include it beside sloth.hpp.
#pragma once

#include <dsl/io.hpp>

#include <version>

#if defined(__cpp_lib_format)

#include <algorithm>
#include <format>

/// "{}" is what to_string(x) gives, "{:.3}" the same with at most 3 digits after the decimal point; evaluates.
template <sloth::expression X>
class std::formatter<X, char> {
 public:
  constexpr auto parse(std::format_parse_context& text) {
    auto at = text.begin();
    if (at != text.end() && *at == '.') {
      auto const digits = ++at;
      for (precision_ = 0; at != text.end() && *at >= '0' && *at <= '9' && precision_ < 100; ++at)
        precision_ = 10 * precision_ + (*at - '0');
      if (at == digits) throw std::format_error("no digits after the point");
    }
    if (at != text.end() && *at != '}')
      throw std::format_error("an array is formatted by {} or with a precision, {:.3}");
    return at;
  }
  template <class Context>
  auto format(X const& x, Context& to) const {
    sloth::print_options options = sloth::printing();
    if (precision_ >= 0) options.precision = precision_;
    std::string const text = sloth::to_string(x, options);
    return std::copy(text.begin(), text.end(), to.out());
  }

 private:
  int precision_ = -1;
};

#if defined(__cpp_lib_format_ranges)
// An array of one axis has begin() and end(), but is printed as every other.
template <sloth::element T>
constexpr std::range_format std::format_kind<sloth::array<T>> = std::range_format::disabled;
#endif

#endif
