#!/bin/sh
# Checks that the sources are as clang-format writes them; `test/format.sh --fix` rewrites them.
cd "$(dirname "$0")/.." || exit 1
command -v clang-format >/dev/null || { echo "no clang-format here"; exit 77; }

sources() { find dsl kernels examples test bench -name '*.[ch]pp' -o -name '*.cu'; }
if [ "$1" = --fix ]; then
  sources | xargs clang-format -i
  exit
fi
# Not by --dry-run: version 14 also reports namespace comments that it would leave as they are.
wrong=$(sources | sort | while read -r file; do
  clang-format "$file" | diff -u --label "$file" --label "$file, formatted" "$file" -
done)
[ -z "$wrong" ] && exit
echo "$wrong"
exit 1
