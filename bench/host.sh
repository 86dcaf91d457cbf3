#!/bin/bash
# Measures the host engine against hand-written Eigen and Debian's NumPy, all sides in alternation:
# chains, broadcasts, reductions and row kernels on one thread, products and NumPy's other functions on
# all cores, each family in a process of its own (bench/host.cpp says why). Quiet machine wanted.
# usage: bench/host.sh [BUILD_FOLDER] [options of bench_host: --filter TEXT --pairs N]
# Results go to the terminal and to BUILD_FOLDER/bench-host-FAMILY.json.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
build=$here/build/host
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
  build=$1
  shift
fi
if [ ! -x "$build/bench/bench_host" ]; then
  echo "host.sh: $build/bench/bench_host is not there: cmake --preset host && cmake --build --preset host" >&2
  exit 2
fi
peer=()
if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
  peer=(--peer "/usr/bin/python3 '$here/bench/peers/numpy_host.py'")
else
  echo "host.sh: no NumPy at /usr/bin/python3 (python3-numpy): Eigen only" >&2
fi
label=$(git -C "$here" describe --always --dirty 2>/dev/null || echo unknown)
for family in one-thread all-cores functions; do
  printf '== %s\n' "$family"
  "$build/bench/bench_host" --family "$family" "${peer[@]}" --label "$label" \
    --json "$build/bench-host-$family.json" "$@"
done
