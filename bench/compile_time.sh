#!/bin/bash
# What an expression costs the compiler: g++, or with --nvcc nvcc, with the flags of a Release build
# over the umbrella header alone, and with 1, 11 and 21 distinct expressions of two kinds:
#   operators   (x op y) op (z op 2.)
#   functions   f(x * 2. + y) * g(y) - x
# CPU seconds (user + system), the least of RUNS, so that a busy machine matters little.
# usage: bench/compile_time.sh [--nvcc] [RUNS]     CXX and NVCC choose the compilers
# Targets: umbrella and one expression 3.5 s, each further one 0.25 s. With nvcc the measure is a file
# that holds nothing but `#include <thrust/tabulate.h>`, compiled in the same run: umbrella and one
# expression at most 1.5 times its time, each further one 0.7 s.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
compiler=${CXX:-g++}
nvcc=false
if [ "${1:-}" = --nvcc ]; then
  nvcc=true
  compiler=${NVCC:-nvcc}
  shift
fi
runs=${1:-3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

isa=()
case $(uname -m) in
  x86_64) read -ra isa <<<"$(sed -n 's/^ *set(v3 \(.*\))$/\1/p' "$here/cmake/sloth_isa.cmake")" ;;
esac
host=("${isa[@]}" -ffp-contract=off)
if $nvcc; then  # as cmake/sloth_cuda.cmake has it
  host=(-x cu -arch=sm_90 "-Xcompiler=$(IFS=,; echo "${host[*]}")")
fi
flags=(-std=c++20 -O3 -DNDEBUG "${host[@]}" "-I$here" -isystem /usr/include/eigen3)

ops=('+' '-' '*' '/')
functions=(exp log sqrt sin cos tanh abs floor square log1p expm1 ceil rint cbrt sinh relu sigmoid)

# expression KIND I: the I-th of its kind.
expression() {
  local i=$2
  if [ "$1" = operators ]; then
    echo "(x ${ops[i % 4]} y) ${ops[i / 4 % 4]} (z ${ops[(i + i / 16 + 1) % 4]} 2.)"
  else
    echo "${functions[i % 17]}(x * 2. + y) * ${functions[(3 * i + 1 + i / 17) % 17]}(y) - x"
  fi
}

# source_of KIND COUNT: a translation unit with that many expressions.
source_of() {
  echo '#include <dsl/sloth.hpp>'
  for ((i = 0; i < $2; ++i)); do
    echo "sloth::array<double> e$i(sloth::array<double> const& x, sloth::array<double> const& y,"
    echo "                        [[maybe_unused]] sloth::array<double> const& z) {"
    echo "  return $(expression "$1" "$i");"
    echo "}"
  done
}

# seconds < SOURCE
seconds() {
  cat >"$work/source.cpp"
  for ((r = 0; r < runs; ++r)); do
    ( TIMEFORMAT='%3U %3S'
      time "$compiler" "${flags[@]}" -c "$work/source.cpp" -o "$work/source.o" ) 2>"$work/time" ||
      { cat "$work/time" >&2; exit 1; }
    awk 'END { print $1 + $2 }' "$work/time"
  done | sort -g | head -1
}

most_one=3.5 most_each=0.25
printf '%s, least of %d\n' "$("$compiler" --version | grep -m 1 -E '[0-9]+\.[0-9]')" "$runs"
if $nvcc; then
  thrust=$(echo '#include <thrust/tabulate.h>' | seconds)
  most_one=$(awk "BEGIN { print 1.5 * $thrust }") most_each=0.7
  printf '#include <thrust/tabulate.h> alone: %.2f s\n' "$thrust"
  flags+=(-DSLOTH_CUDA -DCCCL_DISABLE_NVTX)
fi
umbrella=$(source_of operators 0 | seconds)
printf '\n%-10s %9s %9s %9s %9s %14s %14s\n' kind umbrella '1' '11' '21' 'each, 1 to 11' 'each, 11 to 21'
for kind in operators functions; do
  one=$(source_of $kind 1 | seconds) eleven=$(source_of $kind 11 | seconds)
  all=$(source_of $kind 21 | seconds)
  awk -v k="$kind" -v u="$umbrella" -v a="$one" -v b="$eleven" -v c="$all" \
    -v most_one="$most_one" -v most_each="$most_each" -v thrust="${thrust:-0}" 'BEGIN {
    printf "%-10s %7.2f s %7.2f s %7.2f s %7.2f s %12.3f s %12.3f s", k, u, a, b, c, (b - a) / 10, (c - b) / 10
    if (thrust) printf "  1: %.2f times Thrust", a / thrust
    print (a <= most_one && (c - a) / 20 <= most_each ? "  met" : "  BELOW TARGET") }'
done
