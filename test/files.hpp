// Files for a test, and what is thrown about them.
#pragma once

#include <dsl/error.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

namespace fs = std::filesystem;

inline std::string contents(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void put(std::string const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A folder of its own, removed at the end.
struct scratch {
  std::string path = [] {
    std::string name = (fs::temp_directory_path() / "sloth-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(name.data()));
    return name + '/';
  }();
  ~scratch() { fs::remove_all(path); }
  [[nodiscard]] std::ptrdiff_t files() const {
    return std::distance(fs::directory_iterator(path), fs::directory_iterator());
  }
};

template <class F>
std::string message(F&& f) {
  try {
    f();
  } catch (sloth::io_error const& e) {
    return e.what();
  }
  return "no error";
}
