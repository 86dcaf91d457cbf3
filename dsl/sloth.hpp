// Sloth: lazy arrays with NumPy's names, on Eigen and the GPU. Include this.
#pragma once

#include <dsl/create.hpp>
#include <dsl/functions.hpp>
#include <dsl/io.hpp>
#include <dsl/matmul.hpp>
#include <dsl/memory.hpp>
#include <dsl/random.hpp>
#include <dsl/reduce.hpp>

#if defined(SLOTH_CUDA)
#include <kernels/cuda/form.hpp>
#endif
#include <kernels/host/engine.hpp>
#include <kernels/host/flat.hpp>
