# sloth_compile_with_nvcc(TARGET [FILES...]): for those who use Sloth. It compiles the target's own
# .cpp files, or only FILES, with nvcc, since kernels are instantiated in them; where Sloth has no
# CUDA engine it does nothing, so that it can always be called. The compiler's options of
# CMAKE_CXX_FLAGS hold for these files too. Call it in the target's folder, when the target has its
# files, and outside of functions unless the project has enabled CUDA.

# native where there is a GPU: CMake 3.25 stops at `native` where there is none.
function(sloth_cuda_architectures result)
  execute_process(COMMAND nvidia-smi -L RESULT_VARIABLE failed OUTPUT_QUIET ERROR_QUIET)
  if(failed)
    set(${result} 90 PARENT_SCOPE)
  else()
    set(${result} native PARENT_SCOPE)
  endif()
endfunction()

# A project of C++ alone that has Sloth in a folder: CUDA is enabled in that folder only.
macro(sloth_compile_with_nvcc)
  get_property(sloth_cuda TARGET sloth::sloth PROPERTY SLOTH_CUDA)
  if(sloth_cuda)
    if(NOT CMAKE_CUDA_COMPILER_LOADED)
      if(NOT CMAKE_CUDA_ARCHITECTURES)
        sloth_cuda_architectures(CMAKE_CUDA_ARCHITECTURES)
      endif()
      enable_language(CUDA)
    endif()
    sloth_set_language_cuda(${ARGV})
  endif()
endmacro()

function(sloth_set_language_cuda target)
  set(files ${ARGN})
  if(NOT files)
    get_target_property(files ${target} SOURCES)
    list(FILTER files INCLUDE REGEX "\\.(cpp|cc|cxx)$")
  endif()
  set_source_files_properties(${files} PROPERTIES LANGUAGE CUDA)

  get_target_property(architectures ${target} CUDA_ARCHITECTURES)
  if(NOT architectures)  # the target is older than the language
    set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES "${CMAKE_CUDA_ARCHITECTURES}")
  endif()

  # Through -Xcompiler, since nvcc takes some for its own (-Werror); it splits at commas.
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  foreach(flag ${flags})
    string(REPLACE "," "\\," flag "${flag}")
    target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${flag}>")
  endforeach()
endfunction()
