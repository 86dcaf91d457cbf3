#!/usr/bin/env python3
"""The cases of bench/host.cpp in NumPy. Reads lines `CASE REPEAT`, answers with the seconds that
REPEAT evaluations took, or `unknown`; bench/host.cpp asks in alternation with its own runs.
With arguments: the named cases (or all) on their own, in milliseconds, the median of 9."""

import re
import sys
import time

import numpy as np

import functions
from gpu_libraries import NumPy

TYPES = {"f32": np.float32, "f64": np.float64}


def operand(shape, type, seed):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(TYPES[type])


def softmax(m):
    e = np.exp(m - m.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def layer_norm(m):
    return (m - m.mean(-1, keepdims=True)) / np.sqrt(m.var(-1, keepdims=True) + 1e-5)


# name -> (number of operands of the case's shape, the job)
VECTORS = {
    "chain1": (2, lambda x, y: 2.5 * x + y - 0.5 * x * y),
    "chain6": (2, lambda x, y: (x + y) * (x - y) / (x * x + 1)),
    "heavy": (2, lambda x, y: np.exp(-x * x) * np.sin(y) + np.sqrt(np.abs(x))),
    "relu": (2, lambda x, y: np.maximum(x - y, 0)),
    "sum": (2, lambda x, y: np.sum(x * x + y)),
}
MATRICES = {
    "row_column": (1, lambda m, row, column: m * row + column),
    "row": (1, lambda m, row, column: m + row),
    "column": (1, lambda m, row, column: m * column),
    # order="C": by default NumPy keeps the operand's order and transposes nothing
    "transpose_add": (2, lambda m, m2, row, column: np.add(m.T, m2, order="C")),
    "transpose_scale": (1, lambda m, row, column: np.multiply(2, m.T, order="C")),
    "row_sums": (1, lambda m, row, column: m.sum(1)),
    "column_sums": (1, lambda m, row, column: m.sum(0)),
    "softmax": (1, lambda m, row, column: softmax(m)),
    "layer_norm": (1, lambda m, row, column: layer_norm(m)),
    "product": (1, lambda m, row, column: m @ m),
    "product_transposed": (2, lambda m, w, row, column: m @ w.T),
}
# A product of 1000 takes Debian's reference BLAS a second.
LARGEST_PRODUCT = 256

ALL = (
    ["chain1/%s/%s" % (t, n) for n in ("2^12", "2^16", "2^20", "2^24") for t in TYPES]
    + ["chain1/f32/16", "chain1/f32/512"]
    + ["%s/f32/2^24" % name for name in ("chain6", "heavy", "relu", "sum")] + ["sum/f64/2^24"]
    + ["%s/f32/4096" % name for name in MATRICES if name not in
       ("softmax", "layer_norm", "product", "product_transposed")]
    + ["%s/f32/%s" % (name, s) for s in ("4096x4096", "100000x128")
       for name in ("softmax", "layer_norm")]
    + ["%s/%s/256" % (name, t) for t in TYPES for name in ("product", "product_transposed")]
)


def length(text):
    return 2 ** int(text[2:]) if text.startswith("2^") else int(text)


def function_job(name, type, shape):
    """A case of bench/host/functions.cpp."""
    lib = NumPy()
    if name in functions.DRAWS:
        return functions.DRAWS[name](lib, shape[0], type)
    job = functions.job_of(lib, name, type, shape)
    try:
        if job:
            job()
        return job
    except ImportError:  # SciPy's functions without SciPy
        return None


def job_of(case):
    """The case as a function without arguments, or None."""
    match = re.fullmatch(r"(\w+)/(\w+)/([\dx^]+)", case)
    if not match:
        return None
    name, type, size = match.groups()
    if type not in TYPES or name not in {**VECTORS, **MATRICES}:
        return function_job(name, type, [length(n) for n in size.split("x")])
    if name in VECTORS:
        count, job = VECTORS[name]
        operands = [operand(length(size), type, seed) for seed in range(count)]
    else:
        shape = [length(n) for n in size.split("x")] * (1 if "x" in size else 2)
        if name.startswith("product") and shape[0] > LARGEST_PRODUCT:
            return None
        count, job = MATRICES[name]
        operands = [operand(shape, type, seed) for seed in range(count)]
        operands += [operand(shape[1], type, 3), operand((shape[0], 1), type, 4)]
    return lambda: job(*operands)


def seconds(job, repeat):
    start = time.perf_counter()
    for _ in range(repeat):
        job()
    return time.perf_counter() - start


def serve():
    kept = (None, None)
    for line in sys.stdin:
        case, repeat = line.split()
        if case != kept[0]:
            kept = (None, None)
            kept = (case, job_of(case))
        print(seconds(kept[1], int(repeat)) if kept[1] else "unknown", flush=True)


if len(sys.argv) == 1:
    serve()
else:
    for case in ALL if sys.argv[1:] == ["all"] else sys.argv[1:]:
        job = job_of(case)
        if job is None:
            sys.exit("numpy_host.py: no case '%s'; one of: %s" % (case, " ".join(ALL)))
        job()
        print("%-28s %9.3f ms" % (case, 1e3 * sorted(seconds(job, 1) for _ in range(9))[4]))
