#!/bin/bash
# Builds projects that use Sloth from outside, with CUDA where BUILD_DIR has it: outside.sh BUILD_DIR
# [install|find_package|march_native|subdirectory]; without a name all of them, in this order.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
work=$build/outside
prefix=$work/prefix

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
compiler=$(cached CMAKE_CXX_COMPILER)

cuda=OFF engine=host_only
if grep -q 'set(sloth_CUDA ON)' "$build/sloth-config.cmake"; then
  cuda=ON engine=cuda_and_host
fi

# level_of FLAGS...: the ISA level that dsl/config.hpp makes of the flags.
level_of() {
  echo '#include <dsl/config.hpp>
level=SLOTH_ISA' | "$compiler" "$@" -I"$source" -E -x c++ - | sed -n 's/^level=//p'
}

# configure_and_build PROJECT ARGUMENTS...
configure_and_build() {
  local name=$1
  shift
  rm -rf "${work:?}/$name"
  cmake -G Ninja -S "$source/test/outside/$name" -B "$work/$name" \
    -DCMAKE_CXX_COMPILER="$compiler" "$@"
  cmake --build "$work/$name"
}

install() {
  rm -rf "$prefix"
  cmake --install "$build" --prefix "$prefix"
}

find_package() {
  configure_and_build find_package -DCMAKE_PREFIX_PATH="$prefix"
  [ "$("$work/find_package/outside")" = 96 ]
}

march_native() {
  local library native march=native log=$work/march_native.log
  case "$(cached SLOTH_ISA)" in
    x86-64-v3) library=x86_64_v3 ;;
    *) echo "the library is not of level x86-64-v3"; return 77 ;;
  esac
  native=$(level_of -march=native)
  [ "$native" != "$library" ] || march=x86-64-v4
  if configure_and_build march_native -DCMAKE_PREFIX_PATH="$prefix" -DHIGHER_MARCH=$march \
      >"$log" 2>&1; then
    cat "$log"
    echo "it links, but -march=$march must not"
    return 1
  fi
  cat "$log"
  # A failure of the linker, not of the compiler, with the level of the caller in its message.
  grep -q "undefined reference to .*sloth::${engine}_$(level_of -march=$march)::" "$log"
}

subdirectory() {
  configure_and_build subdirectory -DSLOTH_SOURCE="$source" -DSLOTH_CUDA=$cuda \
    -DCMAKE_BUILD_TYPE=None -DCMAKE_CUDA_FLAGS="$(cached CMAKE_CUDA_FLAGS_RELEASE)"
  [ "$("$work/subdirectory/outside")" = 96 ]
}

mkdir -p "$work"
for project in ${2:-install find_package march_native subdirectory}; do
  $project
done
