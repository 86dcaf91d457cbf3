# The ISA level that the library and everything that includes its headers are compiled for.
#
# A level is given as single extensions (-mavx2 -mfma ...) and not as -march: extensions add up in
# any order on the command line, so a user's own -march=native is neither overridden nor overrides,
# and where it means a higher level the link fails with a name that says so (dsl/config.hpp).

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(default_isa x86-64-v3)
else()
  set(default_isa "")
endif()
set(SLOTH_ISA "${default_isa}" CACHE STRING
  "ISA level: x86-64-v3, x86-64-v4, any other value of -march (native), or empty for none")
set_property(CACHE SLOTH_ISA PROPERTY STRINGS x86-64-v3 x86-64-v4 native "")

function(sloth_isa_flags result)
  set(v3 -mavx2 -mfma -mbmi -mbmi2 -mf16c -mlzcnt -mmovbe -mpopcnt -mcx16 -msahf -mxsave)
  if(SLOTH_ISA STREQUAL x86-64-v3)
    set(flags ${v3})
  elseif(SLOTH_ISA STREQUAL x86-64-v4)
    set(flags ${v3} -mavx512f -mavx512bw -mavx512cd -mavx512dq -mavx512vl)
  elseif(SLOTH_ISA)
    set(flags -march=${SLOTH_ISA})
  endif()
  set(${result} "${flags}" PARENT_SCOPE)
endfunction()
