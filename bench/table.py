#!/usr/bin/env python3
"""Prints the README's performance table from the JSON files of bench/host.sh: table.py FILE..."""
import json
import sys

ROWS = [
    ("chain1/f32/2^24", "`2.5*x + y - 0.5*x*y`, f32, 2^24"),
    ("chain1/f64/2^24", "the same, f64, 2^24"),
    ("chain1/f32/2^20", "the same, f32, 2^20"),
    ("chain1/f32/2^16", "the same, f32, 2^16"),
    ("chain6/f32/2^24", "`(x + y) * (x - y) / (x*x + 1)`, f32, 2^24"),
    ("heavy/f32/2^24", "`exp(-x*x) * sin(y) + sqrt(abs(x))`, f32, 2^24"),
    ("row/f32/4096", "matrix and row, f32, 4096^2"),
    ("column/f32/4096", "matrix and column, f32, 4096^2"),
    ("row_column/f32/4096", "`m * row + column`, f32, 4096^2"),
    ("transpose_add/f32/4096", "`m.T() + m2`, f32, 4096^2"),
    ("sum/f32/2^24", "`sum(x*x + y)`, f32, 2^24"),
    ("softmax/f32/4096x4096", "softmax of rows, f32, 4096^2"),
    ("softmax/f32/100000x128", "softmax of rows, f32, 10^5 x 128"),
    ("layer_norm/f32/4096x4096", "layer norm of rows, f32, 4096^2"),
    ("layer_norm/f32/100000x128", "layer norm of rows, f32, 10^5 x 128"),
    ("product/f32/2000", "`x & x`, f32, n = 2000, all cores"),
    ("product/f64/2000", "`x & x`, f64, n = 2000, all cores"),
]


def main(files):
    runs = [json.load(open(name)) for name in files]
    found = {(r["case"], r["peer"]): r for run in runs for r in run["results"]}
    print("| case | Sloth | Eigen / Sloth | NumPy / Sloth |\n|---|---|---|---|")
    for case, title in ROWS:
        eigen, numpy = found.get((case, "eigen")), found.get((case, "numpy"))
        if not eigen:
            continue
        ms = eigen["seconds"] * 1e3
        other = f"{numpy['ratio']:.2f}" if numpy else ""
        spread = f"{eigen['ratio']:.2f} [{eigen['ratio_low']:.2f}, {eigen['ratio_high']:.2f}]"
        print(f"| {title} | {ms:.3g} ms | {spread} | {other} |")
    first = runs[0]
    print(f"\n{first['cpu']}, {first['compiler']}, commit {first['label']}, "
          f"{first['pairs']} interleaved rounds.")


if __name__ == "__main__":
    main(sys.argv[1:])
