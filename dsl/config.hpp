// The configuration every translation unit must share: engine, ISA level, host/device marking.
#pragma once

#if defined(__CUDACC__)
#define SLOTH_HD __host__ __device__
#else
#define SLOTH_HD
#endif

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
#define SLOTH_ISA x86_64_v4
#elif defined(__AVX2__) && defined(__FMA__)
#define SLOTH_ISA x86_64_v3
#elif defined(__x86_64__)
#define SLOTH_ISA x86_64_baseline
#else
#define SLOTH_ISA generic
#endif

#if defined(SLOTH_CUDA)
#define SLOTH_ENGINE cuda_and_host
#else
#define SLOTH_ENGINE host_only
#endif

#define SLOTH_JOIN_(a, b) a##_##b
#define SLOTH_JOIN(a, b) SLOTH_JOIN_(a, b)

// Part of every mangled name: objects of different engines or ISA levels do not link, and the
// undefined reference says which level the caller was compiled for.
#define SLOTH_ABI SLOTH_JOIN(SLOTH_ENGINE, SLOTH_ISA)

namespace sloth::inline SLOTH_ABI {}
