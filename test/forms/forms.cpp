// Typed expressions against plain loops over each operation as it is written, with the error bounds
// of their rows composed. SLOTH_SITUATIONS says on how many shapes, strides and values each form is
// evaluated in each way (12 by default).
#include <test/forms/situation.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <set>
#include <string>

namespace forms {

// Of the generated files.
void add_forms_0(std::vector<form>& to);
void add_forms_1(std::vector<form>& to);

std::vector<form> const& all_forms() {
  static std::vector<form> const all = [] {
    std::vector<form> forms;
    add_forms_0(forms);
    add_forms_1(forms);
    return forms;
  }();
  return all;
}

namespace {

int situation_count() {
  char const* const wanted = std::getenv("SLOTH_SITUATIONS");
  return wanted ? std::atoi(wanted) : 12;
}

/// Sums over all forms and situations.
struct totals {
  std::int64_t situations = 0, checked = 0, open = 0, in_place = 0;
};
totals check_all(way how) {
  int const situations = situation_count();
  BOOST_TEST_REQUIRE(situations > 0);
  totals all;
  std::uint64_t number = 0;
  for (form const& f : all_forms()) {
    ++number;
    for (int k = 0; k < situations; ++k) {
      std::uint64_t const seed =
          (number * 1000003 + static_cast<std::uint64_t>(k)) * 4 + static_cast<std::uint64_t>(how);
      outcome const o = situation(f, how, seed).run();
      all.situations += 1;
      all.checked += o.checked;
      all.open += o.open;
      all.in_place += o.in_place;
      if (o.problem.empty()) continue;
      BOOST_ERROR(f.text << ", situation " << k << ": " << o.problem);
      break;
    }
  }
  BOOST_TEST_MESSAGE(all.situations << " situations, " << all.checked << " elements, " << all.open
                                    << " left open, " << all.in_place << " in place");
  BOOST_TEST(all.checked > 100 * all.situations);
  BOOST_TEST(all.open * 50 < all.checked);
  return all;
}

/// Whether a form's text has `name` as a word.
bool is_used(std::string const& name) {
  for (form const& f : all_forms()) {
    std::string const text = f.text;
    auto const is_letter = [&](std::size_t k) {
      return k < text.size() && (std::isalnum(text[k]) || text[k] == '_');
    };
    for (auto k = text.find(name); k != std::string::npos; k = text.find(name, k + 1))
      if (!is_letter(k - 1) && !is_letter(k + name.size())) return true;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forms_)

BOOST_AUTO_TEST_CASE(there_are_enough_of_all_operations_and_types) {
  std::set<std::string> different;
  std::set<dtype> leaves, results;
  for (form const& f : all_forms()) {
    std::string key = f.text;
    for (auto const& leaf : f.leaves) key += std::string(" ") + to_string(leaf.type);
    different.insert(key);
    results.insert(f.result);
    for (auto const& leaf : f.leaves) leaves.insert(leaf.type);
  }
  BOOST_TEST(different.size() >= 300u);
  BOOST_TEST(leaves.size() == std::size_t{sloth::dtype_count});
  BOOST_TEST(results.size() == std::size_t{sloth::dtype_count});
  for (auto const& row : sloth::operation_rows)
    BOOST_TEST((is_used(row.name) || (*row.symbol && is_used(std::string(row.symbol)))),
               row.name << " is in no form");
}

BOOST_AUTO_TEST_CASE(new_arrays_agree_with_plain_loops) { (void)check_all(way::fresh); }

BOOST_AUTO_TEST_CASE(regions_agree_with_plain_loops_and_the_rest_stays) {
  auto const all = check_all(way::region);
  BOOST_TEST(all.in_place * 2 > all.situations);
}

BOOST_AUTO_TEST_CASE(arrays_that_are_written_over_agree_with_plain_loops) {
  auto const all = check_all(way::over);
  BOOST_TEST(all.in_place * 10 > all.situations);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace forms
