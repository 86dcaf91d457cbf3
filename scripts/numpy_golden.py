#!/usr/bin/env python3
"""Writes test/golden: what NumPy 2 answers. elementwise.{txt,npy} for each elementwise operation,
functions.{txt,npy} for reductions, scans, orders, and operations in types that those leave out;
arrays.{txt,npy} for shapes, products, indices and what is refused; types.txt for the types of results, `-` where NumPy refuses.

    python3 scripts/numpy_golden.py

The rows come from dsl/operations.hpp; a new row with a NumPy name gets its cases when this runs
again. The .npy is the bytes of all operands and results. A line of the .txt is a case: function and
its options, rule, result, operands, each array as type, shape and first byte, an operand with its
layout before them. `exact` compares every bit but NaN's; `ulp` allows the bound of the row around a
value that NumPy found in the next wider type, and compares NaN, infinities and zeros exactly;
`within` allows the numbers of an array that follows the result: the rounding errors of sums in any
order around such a value; `raises:NAME` has no result, NumPy refuses. Of several results each is a case,
`part=i:n`. Where `/8` stands behind a type, the elements are stored as int8.
"""
import itertools
import pathlib
import re
import warnings

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
        return kind not in ("integral", "integers")
    return kind in ("any", "numeric", "ordered", "real", "integral", "integers") or computes_in == "quotient"


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


def fits_a_byte(x):
    with np.errstate(invalid="ignore"):
        return bool(np.all((x.astype(np.int8) == x) & ~np.signbit(np.where(x == 0, x, 0))))


class Cases:
    """Cases of one pair of files."""

    def __init__(self, in_bytes=False):
        self.in_bytes = in_bytes
        self.data, self.lines, self.places = bytearray(), [], {}

    def put(self, array):
        parts = np.ascontiguousarray(array).view(array.real.dtype) if array.shape else np.array(
            [array.real, array.imag][:1 + np.iscomplexobj(array)])
        if self.in_bytes and array.itemsize > 1 and fits_a_byte(parts):
            return self.placed(parts.astype(np.int8), array, "/8")
        return self.placed(array, array)

    def placed(self, stored, array, how=""):
        content = stored.tobytes()
        if content not in self.places:
            self.data.extend(b"\0" * (-len(self.data) % (1 if how else 8)))
            self.places[content] = len(self.data)
            self.data.extend(content)
        at = self.places[content]
        return f"{array.dtype.name}{how} {'x'.join(map(str, array.shape)) or '-'} {at}"

    def add(self, function, rule, result, layout, x, bound=None):
        operands = [f"{way} {self.put(v)}" for way, v in zip(layout, x)]
        fields = [function, rule] + ([] if result is None else [self.put(np.asarray(result))])
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
                   for k, v in options.items() if v is not None)
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


# ---- shapes, products, indices: functions whose values are exact


def numbers(shape, number=0):
    """Whole numbers: their products and sums are exact in any order."""
    random = np.random.default_rng([SEED, number, *shape])
    return np.asarray(random.integers(-9, 10, shape)).astype(np.float64)


def add_called(cases, name, options, x, function, layout="c", shown=None):
    """What function(*x, **options) gives, or that it raises."""
    x = [np.asarray(v) for v in x]
    named = name + text_of(options if shown is None else shown)
    try:
        with np.errstate(all="ignore"):
            result = function(*x, **options)
    except (ValueError, IndexError, TypeError, ArithmeticError) as error:
        cases.add(named, f"raises:{type(error).__name__}", None, layout * len(x), x)
        return
    if x and x[0].ndim == 0 and "axis" in options and options["axis"] is not None:
        return  # axes 0 and -1 of an array that has none: refused here
    several = isinstance(result, (list, tuple))
    for i, part in enumerate(result if several else [result]):
        rule = named + (f",part={i}:{len(result)}" if several else "")
        if name == "det":
            cases.add(rule, "within", part, layout * len(x), x, 4 * spacing(part))
        else:
            cases.add(rule, "exact", part, layout * len(x), x)


def shapes(cases):
    def add(name, x, layout="c", function=None, **options):
        x = x if isinstance(x, list) else [x]
        shown = None
        if (by := options.get("indices_or_sections")) is not None:
            shown = {"parts" if isinstance(by, int) else "at": by, "axis": options["axis"]}
        add_called(cases, name, options, x, function or getattr(np, name), layout, shown)

    m, t, v, one, none = (numbers(s) for s in ((3, 4), (2, 3, 4), (5,), (), (2, 0, 3)))
    for layout, x in (("c", m), ("r", m), ("s", t)):
        for shape in ((12,), (24,), (2, -1), (-1, 2, 3), (4, 3, 2), (6, 4), (5, -1), (-1, -1), (7,), (0,)):
            add("reshape", x, layout, shape=shape)
    add("reshape", m.T.copy(), shape=())
    add("reshape", one, shape=())
    add("reshape", none, shape=(0,))
    add("reshape", none, shape=(3, -1))
    add("reshape", none, shape=(0, -1))
    for x in (one, v, m, t, none):
        add("ravel", x)
        add("transpose", x)
        add("squeeze", x[None, ..., None])
        for name in ("atleast_1d", "atleast_2d", "atleast_3d"):
            add(name, x)
        add("flip", x)
        for k in (0, -2):
            for name in ("diag", "diagonal", "trace", "tril", "triu"):
                if x.ndim < 3 or name in ("tril", "triu"):  # batches of diagonals are not there
                    add(name, x, function=None, **({"offset" if name in ("diagonal", "trace") else "k": k}))
            add("diagflat", x, k=k)
        for axis in (0, -1, 3):
            add("expand_dims", x, axis=axis)
            add("flip", x, axis=axis)
            add("roll", x, shift=-7 if axis else 2, axis=axis)
            add("repeat", x, repeats=3, axis=axis)
            add("split", x, indices_or_sections=(1, 2), axis=axis)
            add("array_split", x, indices_or_sections=2, axis=axis)
            add("diff", x, axis=axis)
            if axis < 2:
                add("split", x, indices_or_sections=2, axis=axis)
                add("squeeze", x[..., None, :, None] if x.ndim else x, axis=axis)
                add("diff", x, n=2, axis=axis)
        add("roll", x, shift=3)
        add("roll", x, shift=-1)
        for repeats in (0, 2, -1):
            if x.size or repeats >= 0:  # of no element NumPy takes any
                add("repeat", x, repeats=repeats)
        add("fliplr", x)
        add("flipud", x)
        for k in (0, 1, 3, -2):
            add("rot90", x, k=k)
        for reps in ((), (2,), (2, 1), (1, 2, 2), (1, 0), (-1,)):
            add("tile", x, reps=reps)
        add("ediff1d", x)
        for way in ("constant", "edge", "reflect", "wrap"):
            for width in ((1, 2), (7, 0), (-1, 0)):
                if x.ndim and x.size and not (way == "constant" and x.ndim == 3):
                    add("pad", x, pad_width=width, mode=way)
        add("pad", x, pad_width=(1, 1), mode="constant", constant_values=7)
    add("pad", none, pad_width=(1, 1), mode="edge")
    add("pad", none, pad_width=(1, 1), mode="wrap")
    for axes in ((1, 0), (0, 1), (-1, 0), (0, 0), (0,), (0, 2), (1, 0, 2)):
        add("transpose", m, "r", axes=axes)
    for axes in ((2, 0, 1), (0, 2, 1), (-1, 1, 0), (0, 1, -1)):
        add("permute_dims", t, "s", axes=axes)
    for source, destination in (((0,), (-1,)), ((0, 1), (2, 0)), ((2,), (0,)), ((-1, -2), (0, -1)),
                                ((0,), (0, 1)), ((3,), (0,)), ((0, 0), (1, 2)), ((), ())):
        add("moveaxis", t, "r", source=source, destination=destination)
    for axis1, axis2 in ((0, 2), (1, -1), (0, 0), (0, 3), (-4, 0)):
        add("swapaxes", t, axis1=axis1, axis2=axis2)
    for axis in ((0, 1), (1, -1), (0, 0), (0, 3)):
        add("flip", t, "s", axis=axis)
    for axes in ((1, 0), (1, 2), (-1, 0), (0, 0), (0,), (0, 3)):
        add("rot90", t, axes=axes)
    for shift, axis in (((1, 2), (0, 1)), ((1,), (0, 2)), ((1, 2), (1, 1)), ((1, 2, 3), (0, 1)), ((5,), (3,))):
        add("roll", t, "r", shift=shift, axis=axis)
    for x, shape in ((v, (3, 5)), (m[:, :1], (2, 3, 4)), (one, (2, 2)), (m, (3, 4)), (m, (4, 3)), (m, (4,)),
                     (v[:1], (0,)), (m, (1, 4)), (v, ()), (one, ())):
        add("broadcast_to", x, "r" if x.ndim else "c", shape=shape)

    def joined(name):
        return lambda *x, **options: getattr(np, name)(x, **options)

    for parts in ([m, m + 1], [m, m[:1]], [m, m[:, :2]], [m, v], [v, v[:2], v], [one, one], [t, t], [t, m],
                  [none, none], [v, v[:0]], [m]):
        for name in ("concatenate", "stack"):
            for axis in (0, 1, -1, 3):
                add(name, parts, function=joined(name), axis=axis)
        for name in ("hstack", "vstack", "dstack"):
            add(name, parts, function=joined(name))
    add("concatenate", [m.astype(np.float64), (m * 3).astype(np.int64)], function=joined("concatenate"),
        axis=0)
    for parts in (0, -1, 5, 7):
        for name in ("split", "array_split"):
            add(name, v, indices_or_sections=parts, axis=0)
    for at in ((2,), (0, 9), (-1,), (3, 1), ()):
        add("split", v, "r", indices_or_sections=at, axis=0)
        add("array_split", m, "s", indices_or_sections=at, axis=1)
    for counts in ([1, 0, 2], [2], [1, 2], [-1, 1, 1]):
        add("repeat", [m, np.array(counts)], axis=0)
    add("repeat", [m, np.arange(12)])
    add("repeat", [m, np.arange(5)])
    for x in (v, m, t):
        for options in ({}, {"axis": 0}, {"axis": 2}):
            add("gradient", x, **({"axis": -1} | options))
            add("trapezoid", x, **({"axis": -1} | options))
    add("gradient", v[:1], axis=0)
    add("diff", v, n=-1)
    add("diff", v, n=9)
    add("diff", m > 0)


# A subscript's items: an integer, "a~b~c" a slice, "..." and "new".
SUBSCRIPTS = ["0", "-1", "~~", "1~", "~-1", "~~2", "~~-1", "5~1~-2", "-2~~-1", "1~1", "9~", "~-9~-1", "new",
              "...", "~~-7", "~~100", "2"]


def python_of(items):
    def item(text):
        if text in ("new", "..."):
            return None if text == "new" else Ellipsis
        bounds = text.split("~")
        if len(bounds) == 1:
            return int(text)
        return slice(*(int(b) if b else None for b in bounds))

    return tuple(item(text) for text in items)


def subscripts(cases):
    random = np.random.default_rng([SEED, 7])
    t, m = numbers((4, 3, 5)), numbers((3, 4))
    tries = [[s] for s in SUBSCRIPTS] + [["3"], ["-5"], ["..."] * 2, ["~~0"], ["0"] * 4, ["0", "3"],
                                         ["...", "5"], ["new"] * 4, ["0", "...", "new"], ["~"] * 4]
    for _ in range(48):
        tries.append(list(random.choice(SUBSCRIPTS, random.integers(2, 5))))
    for i, items in enumerate(tries):
        at = python_of(items)
        shown = {"at": "/".join(items)}
        add_called(cases, "subscript", {}, [t], lambda x: x[at].copy(), "crs"[i % 3], shown)

        def write(x):
            x = x.copy()
            x[at] = x[at][..., ::-1] + 100 if np.ndim(x[at]) else 100.0
            return x

        if i % 2 == 0:
            add_called(cases, "assign", {}, [m], write, "c", shown)


def products(cases):
    def add(name, x, function=None, shown=None, **options):
        integers = name in ("matmul", "einsum", "matrix_power")  # products of their own
        for dtype in (np.float64, np.complex128) + (np.int64,) * integers:
            y = [np.asarray(v).astype(dtype) for v in x]
            if dtype is np.complex128:
                y = [np.asarray(v + 1j * v.ravel()[::-1].reshape(v.shape)) for v in y]
            add_called(cases, name, options, y, function or getattr(np, name), "csr"[len(x[0].shape) % 3],
                       shown)

    v3, v4, v0, one = numbers((3,)), numbers((4,)), numbers((0,)), numbers(())
    m, n, b, c = numbers((3, 4)), numbers((4, 2)), numbers((2, 3, 4)), numbers((2, 4, 2))
    square, empty = numbers((3, 3)), numbers((3, 0))
    for x in ([m, n], [v3, m], [m, v4], [v4, v4], [b, c], [b, n], [m, c], [b, v4], [v3, b], [b[:1], c],
              [empty, empty.T], [empty.T, empty], [m, m], [v3, v4], [one, m], [b, b], [n, one], [b[:, None], c]):
        add("matmul", x)
        if x[0].ndim <= 2 and x[1].ndim <= 2 and min(x[0].ndim, x[1].ndim) > 0:
            add("dot", x)
    for x in ([v4, v4], [m, m], [m, n], [b, b], [v0, v0], [v3, v4], [one, one], [m.T.copy(), m]):
        add("vdot", x)
    for x in ([v4, v4], [m, v4], [m, m[:2]], [b, v4], [b, b], [one, m], [m, one], [m, n], [v3, v4]):
        add("inner", x)
    for x in ([v3, v4], [m, v3], [one, v3], [v0, v3]):
        add("outer", x)
    for x in ([v3, v4], [m, n], [v3, m], [b, n], [one, m]):
        add("kron", x)
    for x in ([b, c], [m, n], [b, b]):
        for axes in (0, 1, 2, 3):
            add("tensordot", x, lambda a, b, axes=axes: np.tensordot(a, b, axes), {"axes": axes})
    for pair in (((1,), (1,)), ((2, 0), (1, 0)), ((0, -1), (0, -2)), ((2,), (1, 0)), ((2, 2), (1, 1)),
                 ((3,), (0,)), ((1,), (2,))):
        add("tensordot", [b, c], lambda a, b, pair=pair: np.tensordot(a, b, pair),
            {"a": pair[0], "b": pair[1]})
    for x in ([v3, v3 + 1], [square, v3], [square, square.T.copy()], [v4, v4], [m, v3], [one, v3],
              [square[:2], square]):
        add("cross", x)
    for x in (square, b[:, :, :3].copy(), m):
        for k in (0, 1, 2, 3, 5):
            add("matrix_power", [x], np.linalg.matrix_power, n=k)
    add("matrix_power", [v3], np.linalg.matrix_power, n=2)
    for how, x in (("ij_jk->ik", [m, n]), ("ij_jk", [m, n]), ("ij->ji", [m]), ("ij->", [m]), ("ii->i", [square]),
                   ("ii", [square]), ("i_i", [v3, v3]), ("i_j->ji", [v3, v4]), ("bij_bjk->bik", [b, c]),
                   ("...ij_...jk->...ik", [b, c]), ("ij_j_i", [m, v4, v3]), ("bij_bij->b", [b, b]),
                   ("i_i_i->i", [v3, v3, v3]), ("bij->j", [b]), ("bji_bjk->kib", [b, b]), ("ij_jk", [m, m]),
                   ("ijk->i", [m]), ("ij->ii", [m]), ("ij->k", [m]), ("i->i_", [v3]), ("i_j", [v3]), ("i1", [m]),
                   ("_i", [one, v3]), ("...->...", [b]), ("...j->...", [b]), ("i...->...i", [b])):
        add("einsum", x, lambda *y, how=how: np.asarray(np.einsum(how.replace("_", ","), *y)), {"how": how})


def indices(cases):
    def add(name, x, layout="c", function=None, **options):
        add_called(cases, name, options, x if isinstance(x, list) else [x], function or getattr(np, name),
                   layout)

    m, t, v, one, none = (numbers(s, 3) for s in ((3, 4), (2, 3, 4), (7,), (), (2, 0)))
    places = [np.array(p, np.int64) for p in
              ([0, 2, -1], [[1, 0], [-2, 1]], 1, [], [3], [-4], [0, 12], [-13])]
    for layout, x in (("r", v), ("s", m), ("c", t)):
        for p in places:
            for axis in (None, 0, -1, 3):
                add("take", [x, p], layout, axis=axis)
    for axis in (-1, 0, 1, 2):
        at = np.argsort(m, axis=min(axis, 1), kind="stable")
        add("take_along_axis", [m, at], "s", axis=axis)
        add("take_along_axis", [m, at[:1]], axis=axis)
        add("take_along_axis", [m, at[:2]], axis=axis)
        add("take_along_axis", [m, at + 3], axis=axis)
        add("take_along_axis", [m, at[0]], axis=axis)

    def written(function):
        def run(x, *rest, **options):
            x = x.copy()
            function(x, *rest, **options)
            return x
        return run

    for p, w in (([0, 5, -1], [1, 2, 3]), ([0, 5, -1, 0], [7]), ([[1, 2], [3, 4]], [9, 8]), ([12], [1]),
                 ([-13], [1]), ([], [1]), ([3, 3, 3], [1, 2, 3]), ([1, 2], [])):
        add("put", [m, np.array(p, np.int64), np.array(w, np.float64)], function=written(np.put))
    for axis, p, w in ((1, [[0, -1], [1, 2], [3, 3]], [[1, 2], [3, 4], [5, 6]]), (0, [[2, 1, 0, 2]], [[9]]),
                       (-1, [[0], [1], [2]], [7]), (1, [[4], [0], [0]], [1]), (2, [[0]], [1]),
                       (1, [[0], [1], [2]], [[1, 2, 3]]), (1, [[0], [1]], [1]), (1, [0, 1], [1])):
        add("put_along_axis", [m, np.array(p, np.int64), np.array(w, np.float64)],
            function=written(np.put_along_axis), axis=axis)
    for p, w in (([0, 2, 0], numbers((3, 4), 5)), ([-1, -1], [1.0]), ([1], numbers((4,), 6)), ([3], [1.0]),
                 ([[0, 1], [1, 1]], numbers((2, 2, 4), 5)), ([0, 1], numbers((3, 4), 5)), ([], [1.0])):
        add("add_at", [m, np.array(p, np.int64), np.asarray(w)], function=written(np.add.at))
    special = np.array([np.nan, 1, 0.0, np.inf, 0.0, np.nan, -np.inf, 1])
    for x in (v, m, t, none, special):
        flags = x > 0
        for name in ("nonzero", "flatnonzero", "argwhere"):
            add(name, x, "s")
        add("extract", [flags, x])
        add("masked", [x, flags], function=lambda x, flags: x[flags])
        add("masked", [x, flags[:1]], function=lambda x, flags: x[flags])
        add("rows", [x, np.array([0, -1, 1])], function=lambda x, p: x[p])
        add("rows", [x, np.array([7])], function=lambda x, p: x[p])
        add("where", [flags, x, -x])
        add("where", [flags, x, one])
        add("where", [flags, x, numbers((5,))])
        add("count_nonzero", x)
        for name in ("unique", "unique_counts", "unique_inverse"):
            add(name, x, function=lambda x, name=name: (lambda r: r if name == "unique" else tuple(r))(
                getattr(np, name)(x)))
        add("isin", [x, np.array([1.0, -3, 4, np.nan])])
        add("isin", [x, none])
    add("nonzero", one)
    add("where", [m > 0, m, m.astype(np.int64)])
    for name in ("intersect1d", "union1d", "setdiff1d"):
        for a, b in ((v, m), (m, none), (none, v), (v, v)):
            add(name, [a, b])
    edges = np.array([-5.0, -1, -1, 0, 3, np.nan])
    for side in ("left", "right"):
        for x in (v, m, one, none, special):
            add("searchsorted", [edges, x], side=side)
        add("searchsorted", [m, v], side=side)
        add("searchsorted", [none[0], v], side=side)
    for right in (0, 1):
        for x in (v, m, one):
            add("digitize", [x, edges[:5]], function=lambda x, bins, right: np.digitize(x, bins, bool(right)),
                right=right)
    for x in ([0, 3, 1, 3], [], [-1, 2], [[1, 2]]):
        for minlength in (0, 6):
            add("bincount", np.array(x, np.int64), minlength=minlength)
    add("bincount", np.array([1]), minlength=-1)
    for bins in (4, 1, 0):
        add("histogram", v, bins=bins)
        add("histogram", none, bins=bins)
    add("histogram", special, bins=3)
    for e in ([-9.0, -2, 0, 5], [0.0, -1], [0.0, 0, 9], [-3.0, 3]):
        add("histogram", [v, np.array(e)], function=lambda x, e: np.histogram(x, e))
        add("histogram", [m, np.array(e)], function=lambda x, e: np.histogram(x, e))


def statistics(cases):
    """Of one axis or all: also where there is no element, no axis, or no such share."""
    m, t, v, one, none = (numbers(s, 4) for s in ((3, 4), (2, 3, 4), (7,), (), (2, 0, 3)))
    holes = np.where(np.abs(t) > 4, np.nan, t)
    for x in (one, m, none, holes):
        for axis in (None, 0, -1, 3):
            for name in ("min", "max", "argmin", "argmax", "ptp", "median", "sum", "any"):
                if name == "median" and x is none:
                    continue  # an error here, NaN and a warning there
                add_called(cases, name, {"axis": axis}, [x], getattr(np, name))
            for q in (0, 25, 101):
                if q == 25 or axis == 0:
                    add_called(cases, "percentile", {"q": q, "axis": axis}, [x], np.percentile)
            if axis is not None:
                for name, f in (("cumsum", np.cumsum), ("cummax", np.maximum.accumulate), ("sort", np.sort),
                                ("argsort", lambda x, axis: np.argsort(x, axis=axis, kind="stable"))):
                    add_called(cases, name, {"axis": axis}, [x], f)
        for axis in ((0, 0), (0, 1), (0, 7)):
            for name in ("min", "sum"):
                add_called(cases, name, {"axis": axis}, [x], getattr(np, name))


def solvers(cases):
    """What they refuse; and small systems whose answers are exact."""
    good = np.array([[2.0, 0, 0], [4, 1, 0], [0, 2, 4]])
    singular, wide, one = np.ones((3, 3)), numbers((3, 4)), numbers(())
    v, m, none = np.array([2.0, 4, 8]), np.array([[2.0, 4], [8, 16], [0, 2]]), np.zeros((0, 0))
    stack = np.stack([good, 2 * good])
    for a in (good, singular, wide, one, v, none, stack, np.stack([good, singular])):
        for name in ("inv", "det", "cholesky"):
            if name != "cholesky" or a is not good and a is not stack:
                add_called(cases, name, {}, [a], getattr(np.linalg, name))
        for b in (v, m, m[:2], one):
            add_called(cases, "solve", {}, [a, b], np.linalg.solve)
    add_called(cases, "cholesky", {}, [np.array([[4.0, 2], [2, 10]])], np.linalg.cholesky)
    add_called(cases, "cholesky", {}, [np.array([[4.0, 2], [2, -1]])], np.linalg.cholesky)


def creations(cases):
    def add(name, function, **options):
        add_called(cases, name, {}, [], lambda: function(*options.values()), "c", options)

    for n, m, k in ((3, 3, 0), (2, 4, 1), (4, 2, -2), (3, 3, 5), (0, 2, 0), (2, -1, 0)):
        add("eye", np.eye, n=n, m=m, k=k)
        if m >= 0:  # NumPy takes a negative one for none
            add("tri", np.tri, n=n, m=m, k=k)
    for start, stop, step in ((0, 5, 1), (1, 2, 0.1), (5, 1, 1), (5, -1, -1.5), (0, 1, 0), (0.3, 0.9, 0.1)):
        add("arange", lambda *x: np.arange(*map(float, x)), start=start, stop=stop, step=step)
    for start, stop, num in ((0, 1, 50), (0.1, 0.7, 7), (3, -2, 11), (1, 1, 3), (2, 5, 1), (2, 5, 0), (0, 1, -1)):
        for endpoint in (1, 0):
            add("linspace", lambda a, b, n, e: np.linspace(a, b, n, bool(e)), start=start, stop=stop, num=num,
                endpoint=endpoint)


def of_broadcasts(cases):
    shapes = [(), (1,), (3,), (4,), (2, 3), (3, 1), (0,), (2, 1, 3)]
    for a, b in itertools.product(shapes, shapes):
        add_called(cases, "add", {}, [numbers(a), numbers(b, 2)], np.add)


# ---- the types of results

ELEMENTS = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16",
            "float32", "float64", "complex64", "complex128"]
TYPED = {  # beside the rows of dsl/operations.hpp; of an array (2, 2) of the type
    "sum": np.sum, "prod": np.prod, "mean": np.mean, "var": np.var, "std": np.std, "min": np.min,
    "max": np.max, "argmin": np.argmin, "argmax": np.argmax, "any": np.any, "all": np.all,
    "count_nonzero": np.count_nonzero, "norm": np.linalg.norm, "cumsum": np.cumsum, "cumprod": np.cumprod,
    "cummax": np.maximum.accumulate, "sort": np.sort, "argsort": np.argsort,
    "searchsorted": lambda x: np.searchsorted(x.ravel(), x), "take": lambda x: np.take(x, [0]),
    "matmul": lambda x: x @ x, "tensordot": lambda x: np.tensordot(x, x, 1), "kron": lambda x: np.kron(x, x),
    "inv": np.linalg.inv, "det": np.linalg.det, "solve": lambda x: np.linalg.solve(x, x),
    "eigvalsh": np.linalg.eigvalsh, "cholesky": np.linalg.cholesky, "reshape": np.ravel,
    "concatenate": lambda x: np.concatenate([x, x]), "trace": np.trace, "diff": np.diff, "tril": np.tril,
    "gradient": lambda x: np.gradient(x, axis=0), "median": np.median, "nansum": np.nansum,
    "nanmean": np.nanmean, "average": np.average, "ptp": np.ptp, "cov": np.cov}


def types():
    functions, arity = {}, 0
    for line in (ROOT / "dsl/operations.hpp").read_text().splitlines():
        arity += line.startswith("#define SLOTH_") and "_OPERATIONS(X)" in line
        if row := ROW.match(line):
            name, numpy = row.groups()[:2]
            functions[name] = lambda x, f=getattr(np, numpy), n=arity: f(*[x] * n)
    rows = {}
    for name, function in (functions | TYPED).items():
        row = []
        for dtype in ELEMENTS:
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    row.append(np.asarray(function(np.eye(2).astype(dtype))).dtype.name)
            except TypeError:
                row.append("-")
        rows.setdefault(" ".join(row), []).append(name)
    lines = [f"# NumPy {np.__version__}, scripts/numpy_golden.py: the types of results of operands of",
             " ".join(ELEMENTS)] + [f"{row} : {' '.join(names)}" for row, names in rows.items()]
    (ROOT / "test/golden/types.txt").write_text("\n".join(lines) + "\n")
    print(f"types: {len(functions | TYPED)} functions, {len(rows)} rows")


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
    cases = Cases(in_bytes=True)
    shapes(cases)
    subscripts(cases)
    products(cases)
    indices(cases)
    statistics(cases)
    solvers(cases)
    of_broadcasts(cases)
    creations(cases)
    cases.write("arrays")
    types()


if __name__ == "__main__":
    main()
