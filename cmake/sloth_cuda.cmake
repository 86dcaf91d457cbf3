# The CUDA engine: whether it is built, and its sources.
#
# SLOTH_CUDA=AUTO takes it where nvcc is found, can compile C++20 and accepts the C++ compiler. The
# answer is SLOTH_CUDA as a plain variable: ON or OFF.
include(CheckLanguage)
include(sloth_compile_with_nvcc)

set(oldest_nvcc 12.0)  # the first with C++20
if(DEFINED CMAKE_CUDA_COMPILER AND NOT CMAKE_CUDA_COMPILER)
  unset(CMAKE_CUDA_COMPILER CACHE)  # what an earlier run did not find may be there now
endif()
set(nvcc ${CMAKE_CUDA_COMPILER})
set(why_not)
if(NOT SLOTH_CUDA)
  set(why_not "SLOTH_CUDA is OFF")
else()
  if(NOT nvcc)
    find_program(SLOTH_NVCC NAMES $ENV{CUDACXX} nvcc PATHS ENV CUDA_PATH /usr/local/cuda /opt/cuda
      PATH_SUFFIXES bin DOC "nvcc, for SLOTH_CUDA")
    mark_as_advanced(SLOTH_NVCC)
    set(nvcc ${SLOTH_NVCC})
  endif()
  if(nvcc)
    execute_process(COMMAND ${nvcc} --version OUTPUT_VARIABLE nvcc_version ERROR_QUIET)
    string(REGEX MATCH "release ([0-9.]+)" nvcc_version "${nvcc_version}")
    set(nvcc_version ${CMAKE_MATCH_1})
    if(NOT nvcc_version VERSION_GREATER_EQUAL oldest_nvcc)
      set(why_not "${oldest_nvcc} is the least version of nvcc, ${nvcc} is ${nvcc_version}")
    endif()
  else()
    set(why_not "no nvcc was found on PATH or in /usr/local/cuda; CUDACXX may name it")
  endif()
endif()

# One C++ compiler for all of a program, unless the user chose another for nvcc.
if(NOT why_not AND NOT CMAKE_CUDA_COMPILER)
  set(ENV{CUDACXX} ${nvcc})
  if(NOT CMAKE_CUDA_HOST_COMPILER AND NOT DEFINED ENV{CUDAHOSTCXX})
    set(ENV{CUDAHOSTCXX} ${CMAKE_CXX_COMPILER})
  endif()
  if(SLOTH_CUDA STREQUAL AUTO)
    check_language(CUDA)
    if(NOT CMAKE_CUDA_COMPILER)
      set(why_not "nvcc ${nvcc_version} does not work with ${CMAKE_CXX_COMPILER}")
    endif()
  endif()
endif()

if(NOT why_not)
  if(NOT CMAKE_CUDA_ARCHITECTURES)
    sloth_cuda_architectures(CMAKE_CUDA_ARCHITECTURES)
  endif()
  enable_language(CUDA)
  find_package(CUDAToolkit QUIET)
  if(NOT TARGET CUDA::cublas OR NOT TARGET CUDA::cusolver OR NOT TARGET CUDA::cudart_static)
    set(why_not
      "the CUDA toolkit of ${CMAKE_CUDA_COMPILER} lacks cuBLAS, cuSOLVER or the run-time library")
  endif()
endif()

if(NOT why_not)
  set(SLOTH_CUDA ON)
  list(JOIN CMAKE_CUDA_ARCHITECTURES " " names)
  message(STATUS "Sloth: CUDA engine (nvcc ${CMAKE_CUDA_COMPILER_VERSION}, architecture ${names}) "
    "and host engine")
elseif(SLOTH_CUDA AND NOT SLOTH_CUDA STREQUAL AUTO)
  message(FATAL_ERROR "SLOTH_CUDA is ${SLOTH_CUDA}, but ${why_not}")
else()
  set(SLOTH_CUDA OFF)
  message(STATUS "Sloth: host engine only (${why_not})")
endif()

# Adds kernels/cuda to the library; its users' files see SLOTH_CUDA. CUB names no ranges for profilers
# there: the steps' names are ours, and their header costs every file about 0.4 s.
function(sloth_add_cuda_engine target)
  file(GLOB sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/kernels/cuda/*.cpp ${PROJECT_SOURCE_DIR}/kernels/cuda/*.cu)
  target_sources(${target} PRIVATE ${sources})
  target_compile_definitions(${target} PUBLIC SLOTH_CUDA CCCL_DISABLE_NVTX)
  sloth_isa_flags(isa_flags)
  list(JOIN isa_flags "," isa_flags)
  target_compile_options(${target} PUBLIC
    "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;-Xcompiler=${isa_flags},-ffp-contract=off>")
  target_link_libraries(${target} PUBLIC
    CUDA::cudart_static CUDA::cublas CUDA::cublasLt CUDA::cusolver)
endfunction()
