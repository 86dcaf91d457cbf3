// Which launches a form has on the GPU.
#pragma once

#include <kernels/cuda/reduce.hpp>
#include <kernels/cuda/row.hpp>

namespace sloth::inline SLOTH_ABI {

template <class Tree>
constexpr device_launch device_launch_of() {
  if constexpr (Tree::row_count > 0)
    return &cuda_engine::launch_row<Tree>;
  else
    return &cuda_engine::launch_elementwise<Tree>;
}

template <reduction Op, class Tree>
device_reduce device_reduce_of() {
  return &cuda_engine::launch_reduce<cuda_engine::reducer<Op, typename Tree::value_type>, Tree>;
}
template <class F, class T, class Tree>
device_reduce device_reduce_by() {
  return &cuda_engine::launch_reduce<cuda_engine::own_reducer<F, T>, Tree>;
}

template <class... Tree>
device_outputs device_outputs_of() {
  return &cuda_engine::launch_outputs<Tree...>;
}

}  // namespace sloth::inline SLOTH_ABI
