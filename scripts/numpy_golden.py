#!/usr/bin/env python3
"""Writes test/golden/elementwise.{txt,npy}: what NumPy 2 answers for each elementwise operation.

    python3 scripts/numpy_golden.py

The rows come from dsl/operations.hpp; a new row with a NumPy name gets its cases when this runs
again. The .npy is the bytes of all operands and results. A line of the .txt is a case: function,
rule, result, operands, each array as type, shape and first byte, an operand with its layout before
them. `exact` compares every bit but NaN's; `ulp` allows the bound of the row around a value that
NumPy found in the next wider type, and compares NaN, infinities and zeros exactly.
"""
import itertools
import pathlib
import re

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = 20261128
ROW = re.compile(r'^  X\((\w+), +"[^"]*", +"(\w+)", +(\w+), +(\w+), +(\S+), +(\S+), +(\S+),')
TYPES = (np.float64, np.float32, np.int32, np.uint8)
WIDER = {np.dtype(np.float32): np.float64, np.dtype(np.float64): np.longdouble}
# Where both zeros are equal NumPy may answer with either.
ONE_ZERO = {"maximum", "minimum", "fmax", "fmin", "clip"}


def accepted(kind, computes_in, dtype):
    if np.issubdtype(dtype, np.floating):
        return kind != "integral"
    return kind in ("any", "numeric", "ordered", "real", "integral") or computes_in == "quotient"


def sampled(name, kind, low, high, dtype, shape, operand):
    # The same for all functions of a domain, so that it is stored once.
    random = np.random.default_rng([SEED, int(np.dtype(dtype).num), operand, *shape])
    if np.issubdtype(dtype, np.floating):
        return np.asarray(random.uniform(low, high, shape)).astype(dtype)
    least, most = (0, 31) if operand and ("shift" in name or name == "power") else (-100, 100)
    if name == "reciprocal":
        least = 1  # of integers, 1 / 0 is not defined
    return np.asarray(random.integers(max(least, np.iinfo(dtype).min), most, shape)).astype(dtype)


def special(name, dtype, operand):
    if np.issubdtype(dtype, np.floating):
        f = np.finfo(dtype)
        x = [np.nan, np.inf, 0.0, f.smallest_subnormal, f.tiny, f.max, 1, 0.5, 1.5, 2.5, 3]
        x = np.array(x + [-v for v in x[1:]], dtype)
        return np.where(x == 0, dtype(0), x) if name in ONE_ZERO else x
    i = np.iinfo(dtype)
    x = [0, 1, 2, 3, 7, i.max - 1, i.max, i.min, i.min + 1] + [-1, -2, -7] * (i.min < 0)
    if operand and name == "power":
        x = [v for v in x if v >= 0]
    if operand and "shift" in name:
        x = [0, 1, 7, 8, 31, 32, 100]
    if name == "reciprocal":
        x = [v for v in x if v]
    return np.array(x, dtype)


def operands(name, kind, arity, low, high, dtype):
    """Layouts and arrays: special values against each other, then shapes."""
    step = 2 if arity == 3 else 1
    x = np.array(list(itertools.product(*(special(name, dtype, i)[::step] for i in range(arity)))),
                 dtype)
    yield "c" * arity, [np.ascontiguousarray(x[:, i]) for i in range(arity)]
    shapes = (["c", ()], ["c", (0,)], ["c", (2, 0, 3)], ["c", (9,)], ["r", (19,)], ["s", (19,)],
              ["r", (3, 5)], ["s", (2, 3, 4)])
    for layout, shape in shapes:
        yield layout * arity, [sampled(name, kind, low, high, dtype, shape, i) for i in range(arity)]
    if arity == 1:
        return
    rest = [()] * (arity - 2)
    for layout, pair in (("cc", [(3, 1), (1, 4)]), ("rs", [(2, 1, 3), (4, 3)]), ("cr", [(), (5,)]),
                         ("sc", [(2, 3), (3,)]), ("cc", [(0, 1), (1, 3)])):
        yield layout + "c" * len(rest), [sampled(name, kind, low, high, dtype, s, i)
                                         for i, s in enumerate(pair + rest)]


def fnv(data):
    h = 0xcbf29ce484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001b3) & 0xffffffffffffffff
    return h


def main():
    assert int(np.__version__.split(".")[0]) >= 2
    assert np.finfo(np.longdouble).nmant > 60, "needs a long double wider than double"
    data, lines, places = bytearray(), [], {}

    def put(array):
        content = array.tobytes()
        if content not in places:
            data.extend(b"\0" * (-len(data) % 8))
            places[content] = len(data)
            data.extend(content)
        at = places[content]
        return f"{array.dtype.name} {'x'.join(map(str, array.shape)) or '-'} {at}"

    arity = 0
    for line in (ROOT / "dsl/operations.hpp").read_text().splitlines():
        arity += line.startswith("#define SLOTH_") and "_OPERATIONS(X)" in line
        row = ROW.match(line)
        if not row:
            continue
        name, numpy, kind, computes_in = row.groups()[:4]
        low, high, ulp = map(float, row.groups()[4:])
        function = getattr(np, numpy)
        for dtype in TYPES:
            if not accepted(kind, computes_in, dtype):
                continue
            for layout, x in operands(name, kind, arity, low, high, dtype):
                with np.errstate(all="ignore"):
                    result = np.asarray(function(*x))
                    near = ulp > 0.5 and np.issubdtype(result.dtype, np.floating)
                    if near:
                        wide = function(*(v.astype(WIDER[result.dtype]) for v in x))
                        result = np.asarray(wide).astype(result.dtype)
                fields = " ".join(f"{way} {put(v)}" for way, v in zip(layout, x))
                lines.append(f"{name} {'ulp' if near else 'exact'} {put(result)} {fields}")
    out = ROOT / "test/golden"
    np.save(out / "elementwise.npy", np.frombuffer(bytes(data), np.uint8))
    text = f"# NumPy {np.__version__}, seed {SEED}, scripts/numpy_golden.py\n" + "\n".join(lines) + "\n"
    text = f"{fnv(text.encode() + bytes(data)):016x}\n{text}"
    (out / "elementwise.txt").write_text(text)
    print(f"{len(lines)} cases, {len(data)} bytes, {len(text)} of text")


if __name__ == "__main__":
    main()
