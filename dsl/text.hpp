// Numbers in text files: NumPy's loadtxt and savetxt.
#pragma once

#include <dsl/array.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sloth::inline SLOTH_ABI {

/// NumPy's keywords: loadtxt("x.csv", {.delimiter = ',', .skiprows = 1}).
struct loadtxt_options {
  std::optional<char> delimiter = {};      ///< none: runs of white space
  std::int64_t skiprows = 0;               ///< lines at the start, whatever they hold
  std::string comments = "#";              ///< the rest of a line is left out; "" for none
  std::vector<std::int64_t> usecols = {};  ///< in this order, negative from the end; none: all
  std::optional<std::int64_t> max_rows = {};
  int ndmin = 0;  ///< axes that are kept though they have one element: 0, 1 or 2
};

struct savetxt_options {
  std::string delimiter = " ";
  std::string header = {};  ///< lines, each of which gets `comments` before it
  std::string comments = "# ";
};

[[nodiscard]] node_ptr loadtxt_node(dtype type, std::string const& path,
                                    loadtxt_options const& options, location where);
void savetxt_node(std::string const& path, node_ptr const& values, savetxt_options const& options,
                  location where);

/// The numbers of a text file, (rows x columns) less the axes of one element. Lines of white
/// space are left out; bools are integers, complex numbers 1+2j. Throws io_error with the line and column of a
/// field that is no Value, and for rows of different lengths; index_error for ndmin out of range.
template <element Value = double>
[[nodiscard]] array<Value> loadtxt(std::string const& path, loadtxt_options const& options = {},
                                   location where = location::here()) {
  return array<Value>(loadtxt_node(dtype_of<Value>, path, options, where));
}

/// Writes a 1-D array as lines, a 2-D array as rows, in the fewest digits that loadtxt reads back
/// as the same values; evaluates. Throws io_error, and shape_error for another rank.
template <expression X>
void savetxt(std::string const& path, X const& x, savetxt_options const& options = {},
             location where = location::here()) {
  savetxt_node(path, x.node(where), options, where);
}

}  // namespace sloth::inline SLOTH_ABI
