#!/bin/bash
# Measures the GPU engine against hand-written kernels, bare cuBLAS and cuRAND, and the array
# libraries of Python that are there, all sides in alternation, a process a family (bench/gpu.cpp).
# usage: bench/gpu.sh [BUILD_FOLDER] [--family NAME[,NAME]] [--peers NAME[,NAME]|none] [--out FOLDER]
#                     [options of bench_gpu: --filter TEXT --pairs N --quick]
# Peers: cupy cupy_fuse torch torch_compile jax (the default: those that can be imported) and numpy.
# Results go to the terminal and to OUT/bench-gpu-FAMILY.json, OUT by default BUILD_FOLDER. PYTHON
# chooses the interpreter, LABEL the commit's name where git is not there.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
build=$here/build/cuda
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
  build=$1
  shift
fi
families=elementwise,broadcast,reductions,rows,order,functions,random,gemm,planner,small,compare
peers=cupy,cupy_fuse,torch,torch_compile,jax
out=$build
python=${PYTHON:-python3}
options=()
while [ $# -gt 0 ]; do
  case $1 in
    --family | --families) families=$2; shift 2 ;;
    --peers) peers=$2; shift 2 ;;
    --out) out=$2; shift 2 ;;
    *) options+=("$1"); shift ;;
  esac
done
if [ ! -x "$build/bench/bench_gpu" ]; then
  echo "gpu.sh: $build/bench/bench_gpu is not there: build with -DSLOTH_CUDA=ON" >&2
  exit 2
fi

command=()
for peer in ${peers//,/ }; do
  [ "$peer" = none ] && continue
  module=${peer%_*}
  if "$python" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('$module'))"; then
    command+=(--peer "$peer=exec '$python' '$here/bench/peers/gpu.py' --library $peer")
  else
    echo "gpu.sh: $python has no $module: without $peer" >&2
  fi
done

label=${LABEL:-$(git -C "$here" describe --always --dirty 2>/dev/null || echo unknown)}
failed=0
for family in ${families//,/ }; do
  printf '== %s\n' "$family"
  start=$SECONDS
  "$build/bench/bench_gpu" --family "$family" "${command[@]}" --label "$label" \
    --json "$out/bench-gpu-$family.json" "${options[@]}" || failed=1
  printf '== %s: %d s\n\n' "$family" $((SECONDS - start))
done
exit $failed
