// Strided copies: elementwise kernels of a lone leaf, one for each element size.
#include <dsl/array.hpp>
#include <kernels/cuda/engine.hpp>
#include <kernels/cuda/flat.hpp>

namespace sloth::inline SLOTH_ABI {
namespace cuda_engine {

device_launch copy_launch(dtype type) {
  switch (size_of(type)) {
    case 1: return &launch_elementwise<leaf<std::uint8_t>>;
    case 2: return &launch_elementwise<leaf<std::uint16_t>>;
    case 4: return &launch_elementwise<leaf<std::uint32_t>>;
    case 8: return &launch_elementwise<leaf<std::uint64_t>>;
    default: return &launch_elementwise<leaf<complex128>>;
  }
}

}  // namespace cuda_engine
}  // namespace sloth::inline SLOTH_ABI
