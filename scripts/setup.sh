#!/bin/bash
# Installs what is missing from Debian's packages: for the demo, or with --test for the tests too.
# As root or with sudo.
set -euo pipefail

missing=()
# need PACKAGE FILE_OR_COMMAND: a path is looked for as a file, anything else as a command.
need() {
  case "$2" in
    /*) compgen -G "$2" >/dev/null || missing+=("$1") ;;
    *) command -v "$2" >/dev/null || missing+=("$1") ;;
  esac
}

need g++ g++
need cmake cmake
need ninja-build ninja
need libeigen3-dev /usr/include/eigen3/Eigen/Core
need libcxxopts-dev /usr/include/cxxopts.hpp
need libpng-dev "/usr/include/png.h"
need zlib1g-dev /usr/include/zlib.h
if [ "${1:-}" = --test ]; then
  need libboost-test-dev /usr/include/boost/test/included/unit_test.hpp
  need libmpfr-dev /usr/include/mpfr.h
  need clang clang++
  need libclang-rt-dev "/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.tsan*.a"
  need libomp-dev "/usr/lib/llvm-*/lib/libomp.so"
  need clang-format clang-format
  need python3 python3
  need python3-numpy /usr/lib/python3/dist-packages/numpy
fi
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  as_root=(sudo)
fi
if ! command -v apt-get >/dev/null || ! command -v "${as_root[0]:-true}" >/dev/null; then
  echo "missing, and not installable here without apt-get as root: ${missing[*]}" >&2
  exit 1
fi

echo "installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 </dev/null ||
    { cat "$log" >&2; exit 1; }
}
quietly apt-get -q update
quietly apt-get -q -y --no-install-recommends install "${missing[@]}"
