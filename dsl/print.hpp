// Arrays as text, exactly as NumPy 2.4 prints them with print(x).
#pragma once

#include <dsl/dtype.hpp>
#include <dsl/extents.hpp>

#include <string>

namespace sloth::inline SLOTH_ABI {

/// numpy.set_printoptions, the options that change digits and layout; NumPy's defaults.
struct print_options {
  int precision = 8;      ///< most digits after the decimal point
  int threshold = 1000;   ///< arrays of more elements are summarised
  int edge_items = 3;     ///< elements kept at each end of a summarised axis
  int line_width = 75;    ///< characters
  bool suppress = false;  ///< small numbers alone do not switch to exponents
};

/// This thread's options: `printing().precision = 3;`.
[[nodiscard]] print_options& printing() noexcept;

/// `str(x)` of the NumPy array with the same elements; `data` points at element (0, ..., 0) and
/// strides count elements. bfloat16, which NumPy lacks, follows the rules of float16.
[[nodiscard]] std::string format_array(dtype type, void const* data, extents const& shape,
                                       strides const& stride,
                                       print_options const& options = printing());

}  // namespace sloth::inline SLOTH_ABI
