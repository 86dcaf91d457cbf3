#!/bin/bash
# From a fresh clone to Sloth and plain Eigen side by side: demo.sh [arguments of compare]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() { "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }; }

if [ ! -f build/host/CMakeCache.txt ]; then
  quietly cmake --preset host -DSLOTH_TESTS=OFF -DSLOTH_BENCH=OFF
fi
echo "building compare in build/host"
quietly cmake --build --preset host --target compare
build/host/examples/compare "$@"
