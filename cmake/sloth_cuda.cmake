# The CUDA engine: its sources, and user files compiled by nvcc.

# CMake 3.25 stops at `native` where there is no GPU: look first.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  execute_process(COMMAND nvidia-smi -L RESULT_VARIABLE no_gpu OUTPUT_QUIET ERROR_QUIET)
  if(no_gpu)
    set(CMAKE_CUDA_ARCHITECTURES 90)
  else()
    set(CMAKE_CUDA_ARCHITECTURES native)
  endif()
endif()
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)

# Adds kernels/cuda to the library; its users' files see SLOTH_CUDA.
function(sloth_add_cuda_engine target)
  file(GLOB sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/kernels/cuda/*.cpp ${PROJECT_SOURCE_DIR}/kernels/cuda/*.cu)
  target_sources(${target} PRIVATE ${sources})
  target_compile_definitions(${target} PUBLIC SLOTH_CUDA)
  sloth_isa_flags(isa_flags)
  list(JOIN isa_flags "," isa_flags)
  target_compile_options(${target} PUBLIC
    "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;-Xcompiler=${isa_flags},-ffp-contract=off>")
  target_link_libraries(${target} PUBLIC CUDA::cudart_static CUDA::cublas)
endfunction()

# Compiles the target's own .cpp files with nvcc, since kernels are instantiated in them.
function(sloth_compile_with_nvcc target)
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  set_source_files_properties(${sources} PROPERTIES LANGUAGE CUDA)
endfunction()
