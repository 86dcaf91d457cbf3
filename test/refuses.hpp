// Asserts what is thrown, its message in full and the place that it names.
#pragma once

#include <dsl/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace refuses_detail {

inline void check(sloth::error const& thrown, std::string const& text, const char* file, int line) {
  std::string const what = thrown.what();
  if (!file) {
    BOOST_TEST(what == text);
    return;
  }
  sloth::location const where = thrown.where();
  BOOST_TEST(what == text + "  [" + sloth::to_string(where) + "]");
  BOOST_TEST(std::string(where.file) == file);
  BOOST_TEST(std::abs(where.line - line) <= 3, what << " names line " << where.line << ", not "
                                                    << line);  // a call may take a few lines
}

template <class Kind, class F>
void run(F const& f, std::string const& text, const char* file, int line) {
  try {
    f();
    BOOST_ERROR("line " << line << ": nothing is thrown, but " << text << " is expected");
  } catch (Kind const& thrown) {
    check(thrown, text, file, line);
  } catch (std::exception const& thrown) {
    BOOST_ERROR("line " << line << ": another exception: " << thrown.what());
  }
}

}  // namespace refuses_detail

/// The expression throws `kind`: "kind: text", and no place.
#define REFUSES(kind, text, ...)                                                                 \
  refuses_detail::run<sloth::kind>([&] { (void)(__VA_ARGS__); }, #kind ": " + std::string(text), \
                                   nullptr, __LINE__)
/// The expression throws `kind`: "kind: text  [this file:this line]".
#define REFUSES_HERE(kind, text, ...)                                                            \
  refuses_detail::run<sloth::kind>([&] { (void)(__VA_ARGS__); }, #kind ": " + std::string(text), \
                                   __FILE__, __LINE__)
