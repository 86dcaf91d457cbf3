#!/usr/bin/env python3
"""Prints the README's performance tables from the JSON files of bench/host.sh or bench/gpu.sh, not
of both: table.py FILE..."""
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


GPU_ROWS = [
    ("chain1/f32/2^28", "`2.5*x + y - 0.5*x*y`, f32, 2^28"),
    ("chain1/f64/2^27", "the same, f64, 2^27"),
    ("chain1_misaligned/f32/2^28", "the same, f32, of `x(slice(1, _))`"),
    ("chain1_stride2/f32/2^27", "the same, f32, of `x(slice(_, _, 2))`"),
    ("heavy/f32/2^28", "`exp(-x*x) * sin(y) + sqrt(abs(x))`, f32, 2^28"),
    ("black_scholes/f32/2^26", "a call's price by Black and Scholes, f32, 2^26"),
    ("row_column/f32/16384", "`m * row + column`, f32, 16384^2"),
    ("row/f32/16384", "`m + row`, f32, 16384^2"),
    ("column/f32/16384", "`m * column`, f32, 16384^2"),
    ("transpose_add/f32/16384", "`m.T() + m2`, f32, 16384^2"),
    ("transpose_scale/f32/16384", "`2 * m.T()`, f32, 16384^2"),
    ("outer/f32/512x512x1024", "(512, 1, 1024) times (1, 512, 1024), f32"),
    ("image/f32/8192x8192x3", "image (8192, 8192, 3) times channel (3), f32"),
    ("sum/f32/2^28", "`sum(x)`, f32, 2^28"),
    ("sum_fused/f32/2^28", "`sum(x*x + y)`, f32, 2^28"),
    ("max/f32/2^28", "`max(x)`, f32, 2^28"),
    ("argmax/f32/2^28", "`argmax(x)`, f32, 2^28"),
    ("mean/f32/2^28", "`mean(x)`, f32, 2^28"),
    ("var/f32/2^28", "`var(x)`, f32, 2^28"),
    ("norm/f32/2^28", "`norm(x)`, f32, 2^28"),
    ("row_sums/f32/16384", "`sum(m, axis(1))`, f32, 16384^2"),
    ("column_sums/f32/16384", "`sum(m, axis(0))`, f32, 16384^2"),
    ("column_sums/f32/1000000x128", "the same, 10^6 x 128"),
    ("column_sums/f32/128x1000000", "the same, 128 x 10^6"),
    ("softmax/f32/16384x16384", "softmax of rows, f32, 16384^2"),
    ("softmax/f32/65536x4096", "the same, 65536 x 4096"),
    ("softmax/f32/1000000x128", "the same, 10^6 x 128"),
    ("softmax/f32/128x1000000", "the same, 128 x 10^6"),
    ("softmax/f32/20000x10007", "the same, 20000 x 10007"),
    ("softmax/f16/16384x16384", "the same, f16, 16384^2"),
    ("layer_norm/f32/16384x16384", "layer norm of rows, f32, 16384^2"),
    ("layer_norm/f32/65536x4096", "the same, 65536 x 4096"),
    ("layer_norm/f32/1000000x128", "the same, 10^6 x 128"),
    ("layer_norm/f32/128x1000000", "the same, 128 x 10^6"),
    ("layer_norm/f32/20000x10007", "the same, 20000 x 10007"),
    ("cumsum/f32/2^28", "`cumsum(x)`, f32, 2^28"),
    ("cumsum/f64/2^27", "the same, f64, 2^27"),
    ("cumsum_rows_128/f32/2^28", "of rows of 128, f32, 2^28"),
    ("cumsum_rows_128/f64/2^27", "the same, f64, 2^27"),
    ("sort/f32/2^26", "`sort(x)`, f32, 2^26"),
    ("sort/f64/2^26", "the same, f64"),
    ("compress/f32/2^28", "`compress(flags, x)`, half of them, f32, 2^28"),
    ("bincount/i64/2^26", "`bincount(x)`, 256 values, i64, 2^26"),
    ("argsort/f32/2^26", "`argsort(x)`, f32, 2^26"),
    ("sort_rows/f32/65536x4096", "`sort(m)`, f32, 65536 x 4096"),
    ("sort_rows/f32/1000000x100", "the same, 10^6 x 100"),
    ("sort_columns/f32/4096x16384", "`sort(m, axis(0))`, f32, 4096 x 16384"),
    ("topk/f32/2^28x100", "`topk(x, 100)`, f32, 2^28"),
    ("topk/f32/2^28x10000", "the same, k = 10^4"),
    ("topk/f32/2^30x100", "the same, k = 100, 2^30"),
    ("partition/f32/2^28x10000", "`partition(x, 10000)`, f32, 2^28"),
    ("median/f32/2^28", "`median(x)`, f32, 2^28"),
    ("percentile/f32/2^28", "`percentile(x, 99)`, f32, 2^28"),
    ("median_rows/f32/65536x4096", "`median(m, axis(1))`, f32, 65536 x 4096"),
    ("searchsorted/f32/2^24x2^26", "`searchsorted(a, x)`, f32, 2^26 in 2^24"),
    ("digitize/f32/2^28", "`digitize(x, edges)`, 257 edges, f32, 2^28"),
    ("histogram/f32/2^28", "`histogram(x, 256, -1, 1)`, f32, 2^28"),
    ("unique/i32/2^26", "`unique(x)`, 10^6 values, i32, 2^26"),
    ("take_rows/f32/1000000x256", "`take(m, i, axis(0))`, 10^6 rows of 256, f32"),
    ("take/f32/2^28x2^25", "`take(x, i)`, 2^25 of 2^28, f32"),
    ("take_along_axis/f32/16384x4096", "`take_along_axis(m, i)`, f32, 16384 x 4096"),
    ("put/f32/2^28x2^24", "`put(x, i, y)`, 2^24 of 2^28, f32"),
    ("add_at/f32/2^20x2^26", "`add_at(x, i, y)`, 2^26 to 2^20, f32"),
    ("flags/f32/2^28", "`x(x > 0)`, f32, 2^28"),
    ("nonzero/f32/2^28", "`nonzero(x > 0)`, f32, 2^28"),
    ("cumsum_columns/f32/16384x16384", "`cumsum(m, axis(0))`, f32, 16384^2"),
    ("cumprod/f32/2^28", "`cumprod(x)`, f32, 2^28"),
    ("gradient/f32/2^28", "`gradient(x)`, f32, 2^28"),
    ("roll/f32/2^28", "`roll(x, 12345)`, f32, 2^28"),
    ("concatenate/f32/2^28", "`concatenate(x, y)`, f32, twice 2^27"),
    ("repeat/f32/2^26", "`repeat(x, 4)`, f32, 2^26"),
    ("pad/f32/16384x16384", "`pad(m, 1)`, f32, 16384^2"),
    ("argmax_columns/f32/16384x16384", "`argmax(m, axis(0))`, f32, 16384^2"),
    ("argmax_rows/f32/16384x16384", "`argmax(m, axis(1))`, f32, 16384^2"),
    ("erf/f32/2^28", "`erf(x)`, f32, 2^28"),
    ("erf/f64/2^27", "the same, f64, 2^27"),
    ("erfinv/f32/2^28", "`erfinv(x)`, f32, 2^28"),
    ("gammaln/f32/2^28", "`gammaln(x)`, f32, 2^28"),
    ("i0/f32/2^28", "`i0(x)`, f32, 2^28"),
    ("complex_multiply/complex64/2^27", "`x * y`, complex64, 2^27"),
    ("complex_exp/complex64/2^27", "`exp(x)`, complex64, 2^27"),
    ("solve/f64/4096", "`solve(a, b)`, f64, n = 4096"),
    ("solve_batched/f64/100000x8", "the same, 10^5 times n = 8"),
    ("inv/f64/4096", "`inv(a)`, f64, n = 4096"),
    ("inv_batched/f64/100000x8", "the same, 10^5 times n = 8"),
    ("det/f64/4096", "`det(a)`, f64, n = 4096"),
    ("det_batched/f64/100000x8", "the same, 10^5 times n = 8"),
    ("cholesky/f64/4096", "`cholesky(a)`, f64, n = 4096"),
    ("cholesky_batched/f64/100000x8", "the same, 10^5 times n = 8"),
    ("standard_normal/f64/2^27", "`rng.standard_normal(n)`, f64, 2^27"),
    ("exponential/f32/2^28", "`rng.exponential(2, n)`, f32, 2^28"),
    ("gamma/f64/2^26", "`rng.gamma(2.5, 2, n)`, f64, 2^26"),
    ("poisson/i64/2^26", "`rng.poisson(10, n)`, 2^26"),
    ("integers/i64/2^27", "`rng.integers(1000, n)`, i64, 2^27"),
    ("numpy_random/f64/2^27", "`numpy_generator(seed).random(n)`, f64, 2^27"),
    ("permutation/i64/2^24", "`rng.permutation(n)`, 2^24"),
    ("rand/f32/2^28", "`rand<float>(n)`, 2^28"),
    ("rand/f64/2^27", "`rand(n)`, 2^27"),
    ("normal/f32/2^28", "normal numbers, f32, 2^28"),
    ("sum_exp_rand/f32/2^28", "`sum(exp(-rand<float>(n)))`, 2^28"),
    ("product/f32/1024", "`a & b`, f32, n = 1024"),
    ("product/f32/4096", "the same, n = 4096"),
    ("product/f32/8192", "the same, n = 8192"),
    ("product/tf32/8192", "the same, TF32, n = 8192"),
    ("product/f64/4096", "the same, f64, n = 4096"),
    ("product/f64/5000", "the same, f64, n = 5000"),
    ("product/f16/4096", "the same, f16, n = 4096"),
    ("product/f16/8192", "the same, f16, n = 8192"),
    ("product/bf16/4096", "the same, bf16, n = 4096"),
    ("product/bf16/8192", "the same, bf16, n = 8192"),
    ("product/complex64/2048", "the same, complex64, n = 2048"),
    ("product_transposed/f32/4096", "`a & b.T()`, f32, n = 4096"),
    ("product_batched/f32/64x512", "64 products of f32, n = 512"),
    ("product_vector/f32/8192", "matrix and vector, f32, n = 8192"),
    ("chain/f32/8192x8", "`a & b & v`, f32, extents 8192 and 8"),
    ("dense/f32/8192", "`relu(2 * (a & b) + bias)`, f32, n = 8192"),
    ("symmetric/f32/8192", "`x & x.T()`, f32, n = 8192"),
    ("symmetric/f64/8192", "the same, f64"),
    ("multiply_add/f32/1024", "`x*y + x`, f32, 1024 elements"),
    ("replay/f32/100x1024", "100 kernels `z*y + z` by `compile`, f32, 1024 elements"),
    ("products/f64/5x256", "five products, f64, n = 256"),
    ("compare/f64/5000", "five times `x = rand(n, n); x = x & x`, f64, n = 5000"),
    ("compare/f64/15000", "the same, n = 15000"),
]
# What is written by hand or called bare, in one column under the name given there.
BY_HAND = ("hand", "cub", "cublas", "curand", "launch", "curand, cublas", "product", "graph")
PEERS = {"cupy": "CuPy", "cupy_fuse": "CuPy fuse", "torch": "PyTorch", "torch_compile": "torch.compile",
         "jax": "JAX", "numpy": "NumPy"}


def milliseconds(seconds):
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-4 else f"{seconds * 1e6:.3g} us"


def with_interval(result):
    text = f"{result['ratio']:.2f} [{result['ratio_low']:.2f}, {result['ratio_high']:.2f}]"
    return text + (" void" if result["void"] else "")


def gpu_table(runs, found):
    peers = [name for name in PEERS if any(peer == name for _, peer in found)]
    heads = ["case", "Sloth", "limit / Sloth", "by hand / Sloth"]
    heads += [f"{PEERS[name]} / Sloth" for name in peers]
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for case, title in GPU_ROWS:
        of_case = {peer: r for (name, peer), r in found.items() if name == case}
        if not of_case:
            continue
        cells = [title, milliseconds(next(iter(of_case.values()))["seconds"])]
        cells.append(with_interval(of_case["limit"]) if "limit" in of_case else "")
        hand = [f"{with_interval(of_case[name])} {name}" for name in BY_HAND if name in of_case]
        cells.append(", ".join(hand))
        cells += [f"{of_case[name]['ratio']:.2f}" if name in of_case else "" for name in peers]
        print("| " + " | ".join(cells) + " |")
    first = runs[0]
    commits = " and ".join(sorted({run["label"] for run in runs}))
    print(f"\n{first['gpu']}, driver {first['driver']}, CUDA {first['cuda']}, commit {commits}, "
          f"{first['pairs']} interleaved rounds (fewer of what takes long).")


def main(files):
    runs = [json.load(open(name)) for name in files]
    found = {(r["case"], r.get("peer")): r for run in runs for r in run["results"]}
    if "gpu" in runs[0]:
        return gpu_table(runs, found)
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
