// Numbers in text files: NumPy's loadtxt, genfromtxt and savetxt.
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

/// NumPy's keywords: genfromtxt("x.csv", {.delimiter = ',', .skip_header = 1, .filling_values = 0}).
struct genfromtxt_options {
  std::optional<char> delimiter = {};
  std::int64_t skip_header = 0;
  std::string comments = "#";
  std::vector<std::string> missing_values = {};  ///< besides an empty field and what is no number
  std::optional<double> filling_values =
      {};  ///< for them; none: NaN, -1 for signed integers, false
  std::vector<std::int64_t> usecols = {};
  std::optional<std::int64_t> max_rows = {};
  int ndmin = 0;
};

struct savetxt_options {
  std::string delimiter = " ";
  std::string header = {};  ///< lines, each of which gets `comments` before it
  std::string comments = "# ";
};

[[nodiscard]] node_ptr loadtxt_node(dtype type, std::string const& path,
                                    loadtxt_options const& options, location where);
[[nodiscard]] node_ptr genfromtxt_node(dtype type, std::string const& path,
                                       genfromtxt_options const& options, location where);
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

/// loadtxt of a file with gaps: a field that is empty, one of missing_values or no Value counts as missing
/// and becomes the filling value. Throws io_error for rows of different lengths, and for a missing field of
/// an unsigned type without a filling value; dtype_error for a filling value that is no Value; index_error
/// for ndmin out of range.
template <element Value = double>
[[nodiscard]] array<Value> genfromtxt(std::string const& path,
                                      genfromtxt_options const& options = {},
                                      location where = location::here()) {
  return array<Value>(genfromtxt_node(dtype_of<Value>, path, options, where));
}

/// Writes a 1-D array as lines, a 2-D array as rows, in the fewest digits that loadtxt reads back
/// as the same values; evaluates. Throws io_error, and shape_error for another rank.
template <expression X>
void savetxt(std::string const& path, X const& x, savetxt_options const& options = {},
             location where = location::here()) {
  savetxt_node(path, x.node(where), options, where);
}

}  // namespace sloth::inline SLOTH_ABI
