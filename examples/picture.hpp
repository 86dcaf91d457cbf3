// Pictures for the examples: colours for numbers, and PNG files through libpng.
#pragma once

#include <dsl/sloth.hpp>

#include <png.h>

#include <cstdint>
#include <stdexcept>
#include <string>

/// (rows, columns) of numbers as (rows, columns, 3) colours: 0 is black, 1 yellow; beyond as at the
/// ends.
template <sloth::expression X>
sloth::array<std::uint8_t> coloured(X const& x) {
  sloth::array<float> const t = sloth::clip(x.template astype<float>(), 0.f, 1.f);
  auto const red = sqrt(t);
  auto const green = t * t * t;
  auto const blue = maximum(sin(6.2831853f * t), 0.f);
  return rint(255 * stack(sloth::axis(2), red, green, blue)).template astype<std::uint8_t>();
}

/// Writes colours (rows, columns, 3) as a PNG file. Throws std::runtime_error.
inline void write_png(std::string const& path, sloth::array<std::uint8_t> const& colours) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.format = PNG_FORMAT_RGB;
  image.height = static_cast<png_uint_32>(colours.shape()[0]);
  image.width = static_cast<png_uint_32>(colours.shape()[1]);
  if (!png_image_write_to_file(&image, path.c_str(), 0, colours.data(), 0, nullptr))
    throw std::runtime_error(path + ": " + image.message);
}
