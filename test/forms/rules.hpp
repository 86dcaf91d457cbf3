// One elementwise operation on bounded values: what a row's rules are and where they stand.
#pragma once

#include <test/forms/bounded.hpp>

#include <string_view>

namespace forms {

/// A row, and the type it computes in.
struct at {
  sloth::operation_row const& row;
  dtype type;
};
/// Of as many operands as the row has, all decided and of the type.
using rule = cell (*)(at const& of, cell const* x);

/// Null where there are no such elements.
struct row_rules {
  rule real, complex;
};
[[nodiscard]] row_rules rules_of(std::string_view name);
/// Null where real numbers' rule is exact on integers.
[[nodiscard]] rule integer_rule(std::string_view name);

}  // namespace forms
