#!/usr/bin/env python3
"""The cases of bench/gpu.cpp in Python's array libraries: --library cupy, cupy_fuse, torch,
torch_compile, jax or numpy. Reads lines `CASE REPEAT`, answers with the seconds that REPEAT
evaluations took, or `unknown`; bench/gpu.cpp asks in alternation with its own runs. A case is
compiled and warmed up when it is first asked for; its operands go when another one is.

Events on the library's stream, or the host's clock until the last result is there (JAX, NumPy, and
the cases that bench/gpu.cpp times so). f32 products are IEEE everywhere but in product/tf32.
With cases as arguments: those on their own, in milliseconds, the median of 9. Sizes are free there:
gpu.py --library numpy chain1/f32/2^20."""

import argparse
import gc
import sys

import functions
from gpu_libraries import LIBRARIES, Jax

ROOT_HALF = 0.70710678118654752
BY_HOST_CLOCK = ("replay", "multiply_add", "products", "compare")


def black_scholes(lib):
    def price(spot, strike, years, rate, volatility):
        spread = volatility * lib.sqrt(years)
        d1 = (lib.log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread
        d2 = d1 - spread
        return (spot * (0.5 * lib.erfc(d1 * -ROOT_HALF))
                - strike * lib.exp(-rate * years) * (0.5 * lib.erfc(d2 * -ROOT_HALF)))
    return price


def chain1(x, y):
    return 2.5 * x + y - 0.5 * x * y


# name -> the number of operands, 1-D as long as the size says, and the function of them
VECTORS = {
    "chain1": (2, lambda lib: chain1),
    "heavy": (2, lambda lib: lambda x, y: lib.exp(-x * x) * lib.sin(y) + lib.sqrt(lib.abs(x))),
    "multiply_add": (2, lambda lib: lambda x, y: x * y + x),
    "sum": (1, lambda lib: lambda x: lib.sum(x)),
    "sum_fused": (2, lambda lib: lambda x, y: lib.sum(x * x + y)),
    "max": (1, lambda lib: lambda x: lib.max(x)),
    "argmax": (1, lambda lib: lambda x: lib.argmax(x)),
    "mean": (1, lambda lib: lambda x: lib.mean(x)),
    "var": (1, lambda lib: lambda x: lib.var(x)),
    "norm": (1, lambda lib: lambda x: lib.norm(x)),
    "cumsum": (1, lambda lib: lambda x: lib.cumsum(x)),
    "sort": (1, lambda lib: lambda x: lib.sort(x)),
}
# The same of matrices, rows x columns; "r" is a row and "c" a column that fit.
MATRICES = {
    "row_column": ("mrc", lambda lib: lambda m, row, column: m * row + column),
    "row": ("mr", lambda lib: lambda m, row: m + row),
    "column": ("mc", lambda lib: lambda m, column: m * column),
    "transpose_add": ("mm", lambda lib: lambda m, m2: lib.transpose_add(m, m2)),
    "transpose_scale": ("m", lambda lib: lambda m: lib.transpose_scale(m)),
    "row_sums": ("m", lambda lib: lambda m: lib.sum(m, 1)),
    "column_sums": ("m", lambda lib: lambda m: lib.sum(m, 0)),
    "softmax": ("m", lambda lib: lambda m: lib.softmax(m)),
    "layer_norm": ("m", lambda lib: lambda m: lib.layer_norm(m)),
    "dense": ("mmr", lambda lib: lambda a, b, bias: lib.relu(2 * lib.matmul(a, b) + bias)),
    "symmetric": ("m", lambda lib: lambda x: lib.matmul(x, x.T)),
    "product": ("mm", lambda lib: lambda a, b: lib.matmul(a, b)),
    "product_transposed": ("mm", lambda lib: lambda a, b: lib.matmul(a, b.T)),
    "product_vector": ("mr", lambda lib: lambda m, x: lib.matmul(m, x)),
}


def drawing(lib, f):
    """f() with new random numbers at each call; under JAX they are a function of a key."""
    if not isinstance(lib, Jax):
        return lib.compiled(f)

    def with_key(key):
        lib.draw_key = key
        return f()
    job = lib.compiled(with_key)
    return lambda: job(lib.next_key())


def special_job(lib, name, type, size):
    """Cases whose operands or steps are their own."""
    shape = [length(n) for n in size.split("x")]
    if name in ("chain1_misaligned", "chain1_stride2"):
        stride2 = name == "chain1_stride2"
        whole = [lib.operand((2 * shape[0] if stride2 else shape[0] + 4,), type, k) for k in (1, 2)]
        part = slice(None, None, 2) if stride2 else slice(1, -3)
        job = lib.compiled(lambda x, y: chain1(x[part], y[part]))
        return lambda: job(*whole)
    if name == "black_scholes":
        ranges = ((10, 50), (10, 50), (0.25, 10), (0.01, 0.05), (0.1, 0.5))
        operands = [lib.between(low, high, (shape[0],), type, k)
                    for k, (low, high) in enumerate(ranges)]
        job = lib.compiled(black_scholes(lib))
        return lambda: job(*operands)
    if name == "outer":
        i, j, k = shape
        a, b = lib.operand((i, 1, k), type, 1), lib.operand((1, j, k), type, 2)
        job = lib.compiled(lambda a, b: a * b)
        return lambda: job(a, b)
    if name == "image":
        image, channel = lib.operand(tuple(shape), type, 1), lib.operand((shape[2],), type, 2)
        job = lib.compiled(lambda image, channel: image * channel)
        return lambda: job(image, channel)
    if name == "rand":
        return drawing(lib, lambda: lib.rand(shape[0], type))
    if name == "normal":
        return drawing(lib, lambda: lib.normal(shape[0]))
    if name == "sum_exp_rand":
        return drawing(lib, lambda: lib.sum(lib.exp(-lib.rand(shape[0], type))))
    if name == "product_batched":
        count, n = shape
        a, b = (lib.operand((count, n, n), type, k) for k in (1, 2))
        job = lib.compiled(lambda a, b: lib.matmul(a, b))
        return lambda: job(a, b)
    if name == "product" and type == "tf32":
        a, b = (lib.operand((shape[0], shape[0]), "f32", k) for k in (1, 2))
        job = lib.compiled(lambda a, b: lib.tf32(a, b))
        return lambda: job(a, b)
    if name == "chain":
        n, columns = shape
        a, b, v = (lib.operand(s, type, k + 1) for k, s in enumerate(((n, n), (n, n), (n, columns))))
        job = lib.compiled(lambda a, b, v: lib.matmul(lib.matmul(a, b), v))
        return lambda: job(a, b, v)
    if name == "products":
        count, n = shape
        x = [lib.operand((n, n), type, k + 1) for k in range(count)]
        job = lib.compiled(lambda *all: [lib.matmul(m, m) for m in all])
        return lambda: job(*x)
    if name == "compare":
        def step():
            x = lib.rand((shape[0], shape[0]), type)
            return lib.matmul(x, x)
        once = drawing(lib, step)

        def steps():
            for _ in range(5):
                x = once()
            return x
        return steps
    if name in functions.DRAWS:
        return drawing(lib, functions.DRAWS[name](lib, shape[0], type))
    return functions.job_of(lib, name, type, shape)


def length(text):
    return 2 ** int(text[2:]) if text.startswith("2^") else int(text)


def job_of(lib, case):
    """The case as a function without arguments, or None."""
    parts = case.split("/")
    if len(parts) != 3:
        return None
    name, type, size = parts
    if lib.jobs is not None and name not in lib.jobs:
        return None
    job = special_job(lib, name, type, size)
    if job is not None:
        return job
    if lib.type(type) is None:
        return None
    if name in VECTORS:
        count, function = VECTORS[name]
        operands = [lib.operand((length(size),), type, seed + 1) for seed in range(count)]
    elif name in MATRICES:
        shape = [length(n) for n in size.split("x")]
        rows, columns = shape[0], shape[-1]
        kinds, function = MATRICES[name]
        shapes = {"m": (rows, columns), "r": (columns,), "c": (rows, 1)}
        operands = [lib.operand(shapes[kind], type, k + 1) for k, kind in enumerate(kinds)]
    else:
        return None
    compiled = lib.compiled(function(lib))
    return lambda: compiled(*operands)


def warm_job(lib, case):
    """job_of, compiled and warmed up; None when the library cannot run it."""
    try:
        job = job_of(lib, case)
        if job is not None:
            seconds(lib, case, job, 3)
        return job
    except Exception as e:  # a peer that fails a case is no reason to end the others
        print("gpu.py: %s: %s: %s" % (case, type(e).__name__, str(e).split("\n")[0]),
              file=sys.stderr)
        return None


def seconds(lib, case, job, repeat):
    by_clock = case.split("/")[0] in BY_HOST_CLOCK
    return (lib.by_clock if by_clock else lib.by_events)(job, repeat)


def serve(lib):
    case, job = None, None
    for line in sys.stdin:
        asked, repeat = line.split()
        if asked != case:
            job = None
            gc.collect()
            lib.free()
            case, job = asked, warm_job(lib, asked)
        print(seconds(lib, case, job, int(repeat)) if job else "unknown", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", choices=LIBRARIES, required=True)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    given = parser.parse_args()
    lib = LIBRARIES[given.library]()
    if not given.cases:
        return serve(lib)
    for case in given.cases:
        job = warm_job(lib, case)
        if job is None:
            sys.exit("gpu.py: %s does not run '%s'" % (given.library, case))
        median = sorted(seconds(lib, case, job, 1) for _ in range(9))[4]
        print("%-32s %10.4f ms" % (case, 1e3 * median))
        job = None
        gc.collect()
        lib.free()
    return 0


if __name__ == "__main__":
    sys.exit(main())
