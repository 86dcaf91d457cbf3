#include <dsl/promotion.hpp>

#include <charconv>

namespace sloth::inline SLOTH_ABI {

namespace promotion_detail {

template <class S>
std::string number_text(S value) {
  if constexpr (std::is_floating_point_v<S>)
    if (value != value) return "nan";  // whatever its sign
  char text[64];                       // the longest shortest-form double has 24 characters
  auto const end = std::to_chars(text, text + sizeof text, value).ptr;
  return std::string(text, end);
}

template std::string number_text(signed char);
template std::string number_text(short);
template std::string number_text(int);
template std::string number_text(long);
template std::string number_text(long long);
template std::string number_text(unsigned char);
template std::string number_text(unsigned short);
template std::string number_text(unsigned);
template std::string number_text(unsigned long);
template std::string number_text(unsigned long long);
template std::string number_text(float);
template std::string number_text(double);
template std::string number_text(long double);

}  // namespace promotion_detail

}  // namespace sloth::inline SLOTH_ABI
