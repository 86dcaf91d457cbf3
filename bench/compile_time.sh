#!/bin/bash
# What an expression costs the compiler: g++ with the flags of a Release build over the umbrella
# header alone, and with 1, 11 and 21 distinct expressions of two kinds:
#   operators   (x op y) op (z op 2.)
#   functions   f(x * 2. + y) * g(y) - x
# CPU seconds (user + system), the least of RUNS, so that a busy machine matters little.
# usage: bench/compile_time.sh [RUNS]     CXX chooses the compiler
# Targets: umbrella and one expression 3.5 s, each further one 0.25 s.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
runs=${1:-3}
cxx=${CXX:-g++}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

isa=()
case $(uname -m) in
  x86_64) read -ra isa <<<"$(sed -n 's/^ *set(v3 \(.*\))$/\1/p' "$here/cmake/sloth_isa.cmake")" ;;
esac
flags=(-std=c++20 -O3 -DNDEBUG "${isa[@]}" -ffp-contract=off "-I$here" -isystem /usr/include/eigen3)

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

# source KIND COUNT: a translation unit with that many expressions.
source_of() {
  echo '#include <dsl/sloth.hpp>'
  for ((i = 0; i < $2; ++i)); do
    echo "sloth::array<double> e$i(sloth::array<double> const& x, sloth::array<double> const& y,"
    echo "                        [[maybe_unused]] sloth::array<double> const& z) {"
    echo "  return $(expression "$1" "$i");"
    echo "}"
  done
}

# seconds KIND COUNT
seconds() {
  source_of "$1" "$2" >"$work/source.cpp"
  for ((r = 0; r < runs; ++r)); do
    ( TIMEFORMAT='%3U %3S'
      time "$cxx" "${flags[@]}" -c "$work/source.cpp" -o "$work/source.o" ) 2>"$work/time" ||
      { cat "$work/time" >&2; exit 1; }
    awk 'END { print $1 + $2 }' "$work/time"
  done | sort -g | head -1
}

umbrella=$(seconds operators 0)
printf '%s, least of %d\n\n' "$("$cxx" --version | head -1)" "$runs"
printf '%-10s %9s %9s %9s %9s %14s %14s\n' kind umbrella '1' '11' '21' 'each, 1 to 11' 'each, 11 to 21'
for kind in operators functions; do
  one=$(seconds "$kind" 1) eleven=$(seconds "$kind" 11) all=$(seconds "$kind" 21)
  awk -v k="$kind" -v u="$umbrella" -v a="$one" -v b="$eleven" -v c="$all" 'BEGIN {
    printf "%-10s %7.2f s %7.2f s %7.2f s %7.2f s %12.3f s %12.3f s", k, u, a, b, c, (b - a) / 10, (c - b) / 10
    print (a <= 3.5 && (c - a) / 20 <= 0.25 ? "  met" : "  BELOW TARGET") }'
done
