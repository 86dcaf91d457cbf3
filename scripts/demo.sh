#!/bin/bash
# From a fresh clone to Sloth and plain Eigen side by side, with CUDA where nvcc is found:
# demo.sh [arguments of compare]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

if [ ! -f build/demo/CMakeCache.txt ]; then
  quietly cmake -G Ninja -S . -B build/demo -DSLOTH_TESTS=OFF -DSLOTH_BENCH=OFF
  sed -n 's/^-- Sloth: //p' "$log"
fi
echo "building compare in build/demo"
quietly cmake --build build/demo --target compare
build/demo/examples/compare "$@"
