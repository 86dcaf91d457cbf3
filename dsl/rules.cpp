#include <dsl/rules.hpp>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace sloth::inline SLOTH_ABI {

namespace {

/// The rules that SLOTH_WITHOUT names, a bit each.
unsigned switched_off() {
  unsigned off = 0;
  char const* const text = std::getenv("SLOTH_WITHOUT");
  std::string_view rest = text ? text : "";
  while (!rest.empty()) {
    std::string_view const name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    auto const* const row = std::find_if(std::begin(rule_rows), std::end(rule_rows),
                                         [&](rule_row const& r) { return r.name == name; });
    if (row == std::end(rule_rows))
      throw std::invalid_argument("SLOTH_WITHOUT: there is no rule '" + std::string(name) + "'");
    off |= 1u << (row - std::begin(rule_rows));
  }
  return off;
}

}  // namespace

bool is_on(rule r) {
  static unsigned const off = switched_off();
  rule_row const& row = rule_rows[static_cast<int>(r)];
  return !as_written_scope::current() && (off >> static_cast<int>(r) & 1) == 0 &&
         (row.kind == rule_kind::exact || !strict_scope::current());
}

}  // namespace sloth::inline SLOTH_ABI
