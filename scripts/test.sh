#!/bin/bash
# Everything that must hold, on a fresh clone too: builds, tests, sanitizers, warnings, format; where
# nvcc is found, the CUDA configuration, whose cases run on the GPU, if there is one, and on the host
# engine; without a GPU it is compiled to PTX with little optimisation. The last line counts:
# Boost.Test cases, and one for each script test.
set -uo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh --test || exit 1
jobs=$(nproc)
results=()  # files and words that scripts/count.py adds up

stage() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

# build DIR TARGETS... : quiet unless it fails.
build() {
  local log=$1/build.log
  if ! cmake --build "$1" -j "$jobs" --target "${@:2}" >"$log" 2>&1; then
    cat "$log"
    return 1
  fi
  tail -n 1 "$log"
}

# cases DIR REPORT COMMAND... : runs DIR's Boost.Test cases (through COMMAND).
cases() {
  local dir=$1 report=$1/$2.xml
  rm -f "$report"
  "${@:3}" "$dir/test/sloth_tests" --report_level=short --report_format=XML --report_sink="$report"
  results+=("$report:$?")
}

# scripts DIR CTEST_ARGUMENTS... : runs DIR's examples and script tests.
scripts() {
  rm -f "$1/ctest.xml"
  ctest --test-dir "$1" "${@:2}" -j "$jobs" --output-on-failure --output-junit ctest.xml
  results+=("$1/ctest.xml")
}

# sanitized PRESET FILES ENVIRONMENT... : builds the cases of these files only, and runs them.
sanitized() {
  local dir=build/$1 through=(env "${@:3}")
  # Sanitizers of this age cannot place their shadow under every address randomisation.
  setarch "$(uname -m)" -R true 2>/dev/null && through+=(setarch "$(uname -m)" -R)
  if cmake --preset "$1" "-DSLOTH_TEST_FILES=$2" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >/dev/null &&
     build "$dir" sloth_tests; then
    cases "$dir" sloth_tests "${through[@]}"
  else
    results+=(failed)
  fi
}

# Few compilers at a time take several files of tests together, which is less work.
batch=$((8 / jobs > 1 ? 8 / jobs : 1))

nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
[ -x "$nvcc" ] || nvcc=

stage "host: build"
if cmake --preset host -DSLOTH_TESTS=ON -DSLOTH_EXAMPLES=ON -DSLOTH_BENCH=ON \
     -DSLOTH_TEST_BATCH=$batch -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >/dev/null && build build/host all; then
  stage "host: Boost.Test"
  cases build/host sloth_tests env
  stage "host: examples and scripts"
  # The project that has Sloth's sources in its own builds all of it: once, with CUDA where that is.
  scripts build/host -LE boost ${nvcc:+-E outside.subdirectory}
else
  results+=(failed)
fi

stage "clang: no warning; lifetime and aliasing under Address- and UndefinedBehaviorSanitizer"
sanitized asan "lifetime;aliasing;eval;compile" UBSAN_OPTIONS=print_stacktrace=1

stage "clang: threads under ThreadSanitizer"
sanitized tsan "threads;compile" TSAN_OPTIONS=ignore_noninstrumented_modules=1

stage "CUDA: build"
cuda=build/cuda
options=(-DSLOTH_TESTS=ON -DSLOTH_EXAMPLES=ON -DSLOTH_BENCH=ON -DSLOTH_TEST_BATCH=$batch
  -DCMAKE_COMPILE_WARNING_AS_ERROR=ON)
if [ -n "$nvcc" ] && ! nvidia-smi -L 2>/dev/null; then  # no kernel runs, so nothing can be measured
  cuda=build/cuda-compile
  quickly="-O0 -DNDEBUG -Xcompiler=-O1"  # the host's side: -O0 makes thrice as much of it
  [[ $("$nvcc" --help) != *Ofast-compile* ]] || quickly+=" -Ofc=mid"
  options+=("-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG" "-DCMAKE_CUDA_FLAGS_RELEASE=$quickly"
    -DCMAKE_CUDA_ARCHITECTURES=90-virtual  # the outside projects and the README get machine code
    -DSLOTH_BENCH=OFF)
fi
if [ -z "$nvcc" ]; then
  echo "left out: there is no nvcc here"
  results+=(skipped)
elif cmake --preset cuda -B "$cuda" "${options[@]}" >/dev/null && build "$cuda" all; then
  if [ "$cuda" = build/cuda ]; then
    stage "CUDA: Boost.Test on the GPU"
    cases "$cuda" gpu_cases env
  fi
  stage "CUDA: Boost.Test on the host engine"
  cases "$cuda" host_cases env CUDA_VISIBLE_DEVICES=
  stage "CUDA: examples, and what nvcc compiles in the script tests"
  scripts "$cuda" -L "example|nvcc|outside|profiler"
else
  results+=(failed)
fi

stage "size of the test binaries, sanitizers' aside"
total=0
for binary in build/host/test/sloth_tests "$cuda/test/sloth_tests"; do
  [ -f "$binary" ] || continue
  strip -o "$binary.stripped" "$binary"
  size=$(stat -c %s "$binary.stripped")
  rm "$binary.stripped"
  echo "$binary: $((size >> 10)) KiB stripped"
  total=$((total + size))
done
echo "together $((total >> 10)) KiB of 65536"
[ "$total" -le "$((64 << 20))" ] && results+=(passed) || results+=(failed)

stage "done"
python3 scripts/count.py "${results[@]}"
