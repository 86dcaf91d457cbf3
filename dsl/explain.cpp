#include <dsl/explain.hpp>

#include <charconv>

namespace sloth::inline SLOTH_ABI {

namespace {

template <class T>
std::string shortest(T value) {
  char text[64];
  auto const end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

bool is_binary_text(std::string const& text) {
  // An operand needs parentheses when it holds a blank outside any of its own.
  int depth = 0;
  for (char c : text) {
    depth += (c == '(') - (c == ')');
    if (c == ' ' && depth == 0) return true;
  }
  return false;
}

std::string operand_text(std::string const& text) {
  return is_binary_text(text) ? "(" + text + ")" : text;
}

}  // namespace

std::string print_scalar(dtype type, scalar_bits const& value) {
  return visit(type, [&]<class T>() -> std::string {
    T const v = value.as<T>();
    if constexpr (std::is_same_v<T, bool>)
      return v ? "true" : "false";
    else if constexpr (is_complex<T>)
      return "(" + shortest(v.re) + "+" + shortest(v.im) + "j)";
    else if constexpr (is_half<T>)
      return shortest(static_cast<float>(v));
    else
      return shortest(v);
  });
}

std::string print_operation(const char* name, const char* symbol,
                            std::initializer_list<std::string> arguments) {
  auto const* a = arguments.begin();
  if (*symbol && arguments.size() == 2)
    return operand_text(a[0]) + " " + symbol + " " + operand_text(a[1]);
  if (*symbol) return symbol + operand_text(a[0]);
  std::string text = std::string(name) + "(";
  for (std::size_t i = 0; i < arguments.size(); ++i) text += (i ? ", " : "") + a[i];
  return text + ")";
}

std::string print_row_reduction(reduction op, std::string const& argument) {
  return std::string(to_string(op)) + "(" + argument + ", last_axis, keepdims)";
}

}  // namespace sloth::inline SLOTH_ABI
