#!/usr/bin/env python3
"""Writes test/golden: what NumPy 2 answers. elementwise.{txt,npy} for each elementwise operation,
functions.{txt,npy} for reductions, scans, orders, and operations in types that those leave out.

    python3 scripts/numpy_golden.py

The rows come from dsl/operations.hpp; a new row with a NumPy name gets its cases when this runs
again. The .npy is the bytes of all operands and results. A line of the .txt is a case: function and
its options, rule, result, operands, each array as type, shape and first byte, an operand with its
layout before them. `exact` compares every bit but NaN's; `ulp` allows the bound of the row around a
value that NumPy found in the next wider type, and compares NaN, infinities and zeros exactly;
`within` allows the numbers of an array that follows the result: the rounding errors of sums in any
order around such a value.
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
        if name == "i0":
            del x[1]  # NumPy has NaN
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


class Cases:
    """Cases of one pair of files."""

    def __init__(self):
        self.data, self.lines, self.places = bytearray(), [], {}

    def put(self, array):
        content = array.tobytes()
        if content not in self.places:
            self.data.extend(b"\0" * (-len(self.data) % 8))
            self.places[content] = len(self.data)
            self.data.extend(content)
        at = self.places[content]
        return f"{array.dtype.name} {'x'.join(map(str, array.shape)) or '-'} {at}"

    def add(self, function, rule, result, layout, x, bound=None):
        operands = [f"{way} {self.put(v)}" for way, v in zip(layout, x)]
        fields = [function, rule, self.put(np.asarray(result))]
        if bound is not None:
            fields.append(self.put(bound.astype(np.float64)))
        self.lines.append(" ".join(fields + operands))

    def write(self, name):
        out = ROOT / "test/golden"
        data = bytes(self.data)
        np.save(out / f"{name}.npy", np.frombuffer(data, np.uint8))
        text = f"# NumPy {np.__version__}, seed {SEED}, scripts/numpy_golden.py\n"
        text += "\n".join(self.lines) + "\n"
        text = f"{fnv(text.encode() + data):016x}\n{text}"
        (out / f"{name}.txt").write_text(text)
        print(f"{name}: {len(self.lines)} cases, {len(data)} bytes, {len(text)} of text")


def elementwise():
    cases, arity = Cases(), 0
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
                cases.add(name, "ulp" if near else "exact", result, layout, x)
    cases.write("elementwise")


# ---- functions of whole arrays

WIDE = {"float16": np.float64, "float32": np.float64, "float64": np.longdouble, "bool": np.longdouble,
        "int64": np.longdouble, "complex128": np.clongdouble}
# What a sum is kept in: halves in float32.
UNIT = {"float16": 2.0**-24, "float32": 2.0**-24}
REDUCTIONS = ["sum", "prod", "mean", "var", "std", "min", "max", "argmin", "argmax", "any", "all"]
SCANS = {"cumsum": np.cumsum, "cumprod": np.cumprod, "cummin": np.minimum.accumulate,
         "cummax": np.maximum.accumulate}


def values(dtype, shape, number=0):
    random = np.random.default_rng([SEED, np.dtype(dtype).num, number, *shape])
    if dtype == "bool":
        return np.asarray(random.integers(0, 2, shape)).astype(bool)
    if dtype == "int64":
        return np.asarray(random.integers(-50, 50, shape))
    x = np.asarray(random.uniform(-3, 3, shape))
    return (x + 1j * random.uniform(-3, 3, shape) if dtype == "complex128" else x).astype(dtype)


def specials(dtype):
    """Rows of which each asks something of its own."""
    f = np.finfo(dtype)
    nan, inf, least, most = np.nan, np.inf, f.smallest_subnormal, f.max
    return np.array([[1, nan, 3, nan], [inf, 1, 2, 3], [-inf, 1, inf, 2], [nan, inf, -inf, 0],
                     [least, -least, least, 0], [most, -most, 1, most], [0, 0, 0, 0], [2, 2, 1, 1],
                     [-inf, -inf, 5, 4]], dtype)


def spacing(x):
    """Of each element: what rounding moves it by, twice."""
    parts = [np.abs(x.real), np.abs(x.imag)] if np.iscomplexobj(x) else [np.abs(x)]
    with np.errstate(invalid="ignore"):
        return sum(np.nan_to_num(np.abs(np.spacing(p)).astype(np.float64), posinf=0) for p in parts)


def bound_of(name, x, wide, result, options):
    """Of n terms in any order each is in at most n roundings (Higham, Accuracy and Stability of
    Numerical Algorithms, section 4.2), of their product in n; a variance takes squares of differences
    from a mean that is itself off by n roundings."""
    unit = UNIT.get(x.dtype.name, 2.0**-53) * (4 if np.iscomplexobj(x) else 1)
    size = np.abs(wide)
    if name in SCANS:
        n = np.cumsum(np.ones(x.shape), **options)
        sums = np.cumsum(size, **options) if name == "cumsum" else np.abs(result)
        return n * unit * sums + spacing(result)
    n = np.sum(np.ones(x.shape), **{k: v for k, v in options.items() if k != "ddof"})
    plain = {k: v for k, v in options.items() if k != "ddof"}
    if name == "prod":
        return n * unit * np.abs(result) + spacing(result)
    if name in ("sum", "mean"):
        total = getattr(np, name)(size, **plain)
        return (n + 1) * unit * total + spacing(result)
    var = np.var(wide, **options)
    more = n / (n - options.get("ddof", 0))
    off = 2 * (n + 4) * unit * var + more * (n * unit * np.mean(size, **plain))**2
    if name == "std":
        root = np.sqrt(var)
        off = np.where(root > 0, off / (2 * np.where(root > 0, root, 1)), np.sqrt(off))
    return off + spacing(result)


def text_of(options):
    text = "".join(f",{k}" if v is True else f",{k}={':'.join(map(str, np.atleast_1d(v)))}"
                   for k, v in options.items())
    return text


def add_reduced(cases, name, layout, x, options):
    """A reduction or a scan of x along the axes."""
    function = SCANS.get(name) or getattr(np, name)
    with np.errstate(all="ignore"):
        result = np.asarray(function(x, **options))
        rounds = np.issubdtype(result.dtype, np.inexact) and name not in (
            "min", "max", "cummin", "cummax")
        if not rounds:
            cases.add(name + text_of(options), "exact", result, layout, [x])
            return
        wide = x.astype(WIDE[x.dtype.name])
        better = np.asarray(function(wide, **options))
        result = better.astype(result.dtype)
        bound = np.asarray(bound_of(name, x, wide, result, options))
    most = np.finfo(np.float64).max
    bound = np.where(bound < most, bound, 0)  # where no rounding matters
    cases.add(name + text_of(options), "within", result, layout, [x], bound)


def reductions(cases):
    forms = [("r", (19,), {}), ("c", (3, 5), {"axis": 0}), ("s", (3, 5), {"axis": 1, "keepdims": True}),
             ("c", (3, 5), {"keepdims": True}), ("s", (2, 3, 4), {"axis": -2}),
             ("r", (2, 3, 4), {"axis": (0, 2)}), ("c", (), {}),
             ("c", (2, 3, 4), {"axis": (-1, 0), "keepdims": True}), ("c", (2, 0, 3), {"axis": 2}),
             ("c", (2, 0, 3), {"axis": 1}), ("r", (4, 1), {"axis": 1})]
    for name in REDUCTIONS:
        ordered = name in ("min", "max", "argmin", "argmax")
        for dtype in WIDE:
            if ordered and dtype == "complex128":
                continue
            for layout, shape, options in forms:
                empty = 0 in shape and options["axis"] == 1
                if name.startswith("arg") and np.size(options.get("axis", 0)) > 1:
                    continue
                if empty and (ordered or name in ("mean", "var", "std")):  # errors, and warnings
                    continue
                add_reduced(cases, name, layout, values(dtype, shape), options)
                if name in ("var", "std") and shape == (3, 5):
                    add_reduced(cases, name, layout, values(dtype, shape), {**options, "ddof": 1})
            if "float" in dtype:
                x = specials(dtype)
                # A sum in another order may overflow on the way. A variance that does is NaN here, in
                # NumPy inf.
                if name in ("sum", "mean", "var", "std"):
                    x = x[~(np.abs(x) == np.finfo(dtype).max).any(axis=1)]
                add_reduced(cases, name, "c", x, {"axis": 1})


def scans(cases):
    for name in SCANS:
        for dtype in WIDE:
            if name in ("cummin", "cummax") and dtype == "complex128":
                continue
            for layout, shape, options in (("r", (19,), {"axis": 0}), ("c", (3, 5), {"axis": 0}),
                                           ("s", (2, 3, 4), {"axis": 1}), ("r", (3, 4), {"axis": -1}),
                                           ("c", (2, 0, 3), {"axis": 0})):
                add_reduced(cases, name, layout, values(dtype, shape), options)
            if name in ("cumsum", "cumprod"):
                add_reduced(cases, name, "s", values(dtype, (2, 3)), {})
            if "float" in dtype:
                add_reduced(cases, name, "c", specials(dtype), {"axis": 1})


def orders(cases):
    for dtype in WIDE:
        arrays = [(layout, values(dtype, shape), axis) for layout, shape, axis in
                  (("r", (19,), -1), ("c", (3, 5), 0), ("s", (2, 3, 4), 1), ("c", (2, 0, 3), -1))]
        few = (np.abs(values("int64", (4, 9), 1)) % 3).astype(dtype)  # many are equal
        arrays.append(("s", few, 1))
        if "float" in dtype:
            arrays.append(("c", specials(dtype), 1))
        for layout, x, axis in arrays:
            for name in ("sort", "argsort"):
                result = getattr(np, name)(x, axis=axis, kind="stable")
                cases.add(f"{name},axis={axis}", "exact", result, layout, [x])


def other_operations(cases):
    """Elementwise, where the operands differ in type, results are two, or the rows' cases have not the
    types."""
    for dtype, by in (("float64", "int32"), ("float32", "int64"), ("float16", "int8"),
                      ("int64", "uint8")):
        x = special("", np.dtype(dtype).type, 0)
        exponents = [0, 1, -1, 5, 100] if by != "uint8" else [0, 1, 5, 100]
        if by in ("int32", "int64"):
            exponents += [-1074, -150, 1100, -2200, np.iinfo(by).max, np.iinfo(by).min]
        n = np.array(exponents, by)
        with np.errstate(all="ignore"):
            cases.add("ldexp", "exact", np.ldexp(x[:, None], n), "rs", [x[:, None], n])
            cases.add("ldexp", "exact", np.ldexp(x[3], n), "cr", [x[3], n])
    for dtype in ("float64", "float32", "float16", "int64"):
        for layout, x in (("c", special("", np.dtype(dtype).type, 0)),
                          ("s", sampled("", "", -9, 9, np.dtype(dtype).type, (2, 3), 0))):
            for part in np.frexp(x):
                cases.add("frexp", "exact", part, layout, [x])
    half = special("", np.float16, 0)
    pairs = [p for p in itertools.product(half, half) if any(p)]  # of zeros NumPy's is the first in
    a, b = (np.ascontiguousarray(v) for v in np.array(pairs).T)  # float16 alone, and the second here
    with np.errstate(all="ignore"):
        cases.add("nextafter", "exact", np.nextafter(a, b), "cc", [a, b])
        cases.add("spacing", "exact", np.spacing(np.abs(half)), "r", [np.abs(half)])
    f = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1, -1, 2.5])
    z = np.array([complex(*p) for p in itertools.product(f, f)])
    for layout, x in (("c", z), ("r", values("complex128", (3, 4))), ("s", values("complex128", (5,)))):
        for name in ("real", "imag", "conjugate"):
            cases.add(name, "exact", np.ascontiguousarray(getattr(np, name)(x)), layout, [x])
        with np.errstate(all="ignore"):
            for options in ({}, {"deg": True}):
                angle = np.angle(x.astype(np.clongdouble), **options).astype(np.float64)
                cases.add("angle" + text_of(options), "within", angle, layout, [x], 4 * spacing(angle))
    for dtype in ("float64", "int64"):
        x = special("", np.dtype(dtype).type, 0)
        cases.add("angle", "within", np.angle(x), "c", [x], 2 * spacing(np.angle(x)))


def main():
    assert int(np.__version__.split(".")[0]) >= 2
    assert np.finfo(np.longdouble).nmant > 60, "needs a long double wider than double"
    elementwise()
    cases = Cases()
    reductions(cases)
    scans(cases)
    orders(cases)
    other_operations(cases)
    cases.write("functions")


if __name__ == "__main__":
    main()
