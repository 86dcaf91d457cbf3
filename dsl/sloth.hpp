// Sloth: lazy arrays with NumPy's names, on Eigen and the GPU. Include this.
#pragma once

#include <dsl/compare.hpp>
#include <dsl/compile.hpp>
#include <dsl/composed.hpp>
#include <dsl/concatenate.hpp>
#include <dsl/create.hpp>
#include <dsl/difference.hpp>
#include <dsl/einsum.hpp>
#include <dsl/functions.hpp>
#include <dsl/functor_reduction.hpp>
#include <dsl/grid.hpp>
#include <dsl/histogram.hpp>
#include <dsl/indexing.hpp>
#include <dsl/io.hpp>
#include <dsl/linear_algebra.hpp>
#include <dsl/matmul.hpp>
#include <dsl/memory.hpp>
#include <dsl/numpy_generator.hpp>
#include <dsl/order.hpp>
#include <dsl/products.hpp>
#include <dsl/put.hpp>
#include <dsl/random.hpp>
#include <dsl/reduce.hpp>
#include <dsl/scan.hpp>
#include <dsl/sets.hpp>
#include <dsl/shape.hpp>
#include <dsl/statistics.hpp>
#include <dsl/text.hpp>

#if defined(SLOTH_CUDA)
#if !defined(__CUDACC__)
#error "this Sloth has the CUDA engine: compile with nvcc (CMake: sloth_compile_with_nvcc(target))"
#else
#include <kernels/cuda/form.hpp>
#endif
#endif
#include <kernels/host/engine.hpp>
#include <kernels/host/flat.hpp>
#include <kernels/host/own_reduction.hpp>
