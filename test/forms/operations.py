"""What the generator of forms knows of types and operations: promotion, the types that an operation
accepts, the domain that its operands are kept in, the range of its values."""
import itertools
import math

# NumPy's promotion, rows and columns in the order of TYPES.
TYPES = "bool i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 c64 c128".split()
PROMOTED = """
bool i8  i16 i32  i64  u8  u16 u32  u64  f16 bf16 f32 f64  c64  c128
i8   i8  i16 i32  i64  i16 i32 i64  f64  f16 bf16 f32 f64  c64  c128
i16  i16 i16 i32  i64  i16 i32 i64  f64  f32 f32  f32 f64  c64  c128
i32  i32 i32 i32  i64  i32 i32 i64  f64  f64 f64  f64 f64  c128 c128
i64  i64 i64 i64  i64  i64 i64 i64  f64  f64 f64  f64 f64  c128 c128
u8   i16 i16 i32  i64  u8  u16 u32  u64  f16 bf16 f32 f64  c64  c128
u16  i32 i32 i32  i64  u16 u16 u32  u64  f32 f32  f32 f64  c64  c128
u32  i64 i64 i64  i64  u32 u32 u32  u64  f64 f64  f64 f64  c128 c128
u64  f64 f64 f64  f64  u64 u64 u64  u64  f64 f64  f64 f64  c128 c128
f16  f16 f32 f64  f64  f16 f32 f64  f64  f16 f32  f32 f64  c64  c128
bf16 bf16 f32 f64 f64 bf16 f32 f64 f64 f32 bf16 f32 f64 c64 c128
f32  f32 f32 f64  f64  f32 f32 f64  f64  f32 f32  f32 f64  c64  c128
f64  f64 f64 f64  f64  f64 f64 f64  f64  f64 f64  f64 f64  c128 c128
c64  c64 c64 c128 c128 c64 c64 c128 c128 c64 c64  c64 c128 c64  c128
c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128 c128
""".split()
CPP = dict(zip(TYPES, ["bool"] + [f"std::int{n}_t" for n in (8, 16, 32, 64)] +
               [f"std::uint{n}_t" for n in (8, 16, 32, 64)] +
               ["sloth::f16", "sloth::bf16", "float", "double", "sloth::complex64", "sloth::complex128"]))

INTEGERS = [t for t in TYPES if t[0] in "iu"]
REAL_FLOATING = ["f16", "bf16", "f32", "f64"]
COMPLEX = ["c64", "c128"]
ANY = set(TYPES)
ORDERED = ANY - set(COMPLEX)
REAL = ORDERED - {"bool"}
NUMERIC = ANY - {"bool"}


def promote(a, b):
    return PROMOTED[len(TYPES) * TYPES.index(a) + TYPES.index(b)]


def floating(t):
    return t if t in REAL_FLOATING + COMPLEX else promote(t, "f16")


def quotient(t):
    return t if t in REAL_FLOATING + COMPLEX else "f64"


def limits(t):
    if t == "bool":
        return 0, 1
    if t in INTEGERS:
        bits = int(t[1:])
        return (0, 2**bits - 1) if t[0] == "u" else (-2**(bits - 1), 2**(bits - 1) - 1)
    return (-6e4, 6e4) if t == "f16" else (-1e30, 1e30)


class Refused(Exception):
    """A choice does not fit: another one is drawn."""


class E:
    """An expression: its text, type, least and greatest value, and how many operations it has."""

    def __init__(self, text, type, low, high, operations=0, rows=0):
        least, greatest = limits(type)
        if low < least or high > greatest:
            if type not in INTEGERS:
                raise Refused
            low, high = least, greatest  # it wraps
        self.text, self.type, self.low, self.high = text, type, low, high
        self.operations, self.rows = operations, rows

    def within(self, low, high):
        return low <= self.low and self.high <= high


# name: accepted types, computed in, domain, values from a domain
SIGNED_UNIT = lambda lo, hi: (-1, 1)  # noqa: E731


def of_ends(f):
    def over(*ends):
        values = [f(*p) for p in itertools.product(*[ends[i:i + 2] for i in range(0, len(ends), 2)])]
        return min(values), max(values)
    return over


FLOATING = set(REAL_FLOATING)
ALL_FLOATING = set(REAL_FLOATING + COMPLEX)
TRUTH = lambda *ends: (0, 1)  # noqa: E731
UNARY = {
    "absolute": (ANY, "common", None, lambda lo, hi: (0, max(abs(lo), abs(hi)))),
    "negative": (NUMERIC, "common", None, lambda lo, hi: (-hi, -lo)),
    "positive": (NUMERIC, "common", None, lambda lo, hi: (lo, hi)),
    "conjugate": (NUMERIC, "common", None, lambda lo, hi: (lo, hi)),
    "real": (ANY, "common", None, lambda lo, hi: (lo, hi)),
    "imag": (ANY, "common", None, lambda lo, hi: (lo, hi)),
    "sign": (REAL, "common", None, SIGNED_UNIT),
    "square": (NUMERIC, "common", None, lambda lo, hi: (0, max(lo * lo, hi * hi))),
    "reciprocal": (NUMERIC, "common", (0.1, 1e3), of_ends(lambda x: 1 / x)),
    "floor": (ORDERED, "common", None, of_ends(math.floor)),
    "ceil": (ORDERED, "common", None, of_ends(math.ceil)),
    "trunc": (ORDERED, "common", None, of_ends(math.trunc)),
    "rint": (FLOATING, "floating", None, of_ends(round)),
    "sqrt": (ALL_FLOATING, "floating", (0, 1e6), of_ends(math.sqrt)),
    "cbrt": (FLOATING, "floating", (-1e6, 1e6), of_ends(lambda x: math.copysign(abs(x)**(1 / 3), x))),
    "exp": (ALL_FLOATING, "floating", (-10, 8), of_ends(math.exp)),
    "exp2": (FLOATING, "floating", (-10, 10), of_ends(lambda x: 2**x)),
    "expm1": (FLOATING, "floating", (-10, 8), of_ends(math.expm1)),
    "log": (ALL_FLOATING, "floating", (0.01, 1e6), of_ends(math.log)),
    "log2": (FLOATING, "floating", (0.01, 1e6), of_ends(math.log2)),
    "log10": (FLOATING, "floating", (0.01, 1e6), of_ends(math.log10)),
    "log1p": (FLOATING, "floating", (-0.9, 1e6), of_ends(math.log1p)),
    "sin": (ALL_FLOATING, "floating", (-100, 100), SIGNED_UNIT),
    "cos": (ALL_FLOATING, "floating", (-100, 100), SIGNED_UNIT),
    "tan": (FLOATING, "floating", (-1.4, 1.4), of_ends(math.tan)),
    "arcsin": (FLOATING, "floating", (-0.95, 0.95), of_ends(math.asin)),
    "arccos": (FLOATING, "floating", (-0.95, 0.95), of_ends(math.acos)),
    "arctan": (FLOATING, "floating", (-1e3, 1e3), of_ends(math.atan)),
    "sinh": (FLOATING, "floating", (-8, 8), of_ends(math.sinh)),
    "cosh": (FLOATING, "floating", (-8, 8), lambda lo, hi: (1, math.cosh(max(abs(lo), abs(hi))))),
    "tanh": (FLOATING, "floating", (-20, 20), SIGNED_UNIT),
    "arcsinh": (FLOATING, "floating", (-1e3, 1e3), of_ends(math.asinh)),
    "arccosh": (FLOATING, "floating", (1.05, 1e6), of_ends(math.acosh)),
    "arctanh": (FLOATING, "floating", (-0.95, 0.95), of_ends(math.atanh)),
    "deg2rad": (FLOATING, "floating", (-1e3, 1e3), of_ends(math.radians)),
    "rad2deg": (FLOATING, "floating", (-1e2, 1e2), of_ends(math.degrees)),
    "erf": (FLOATING, "floating", (-6, 6), SIGNED_UNIT),
    "erfc": (FLOATING, "floating", (-6, 9), lambda lo, hi: (0, 2)),
    "erfinv": (FLOATING, "floating", (-0.95, 0.95), lambda lo, hi: (-1.4, 1.4)),
    "ndtr": (FLOATING, "floating", (-30, 9), lambda lo, hi: (0, 1)),
    "gamma": (FLOATING, "floating", (1.5, 8), of_ends(math.gamma)),
    "gammaln": (FLOATING, "floating", (1.5, 1e4), of_ends(math.lgamma)),
    "i0": (FLOATING, "quotient", (-8, 8), lambda lo, hi: (1, 428)),
    "sigmoid": (FLOATING, "floating", (-80, 80), lambda lo, hi: (0, 1)),
    "relu": (REAL, "common", None, lambda lo, hi: (0, max(hi, 0))),
    "gelu_tanh": (FLOATING, "floating", (-3, 50), lambda lo, hi: (-0.2, max(hi, 0))),
    "spacing": (FLOATING, "floating", None, lambda lo, hi: (-max(-lo, hi) / 100, max(-lo, hi) / 100)),
    "isnan": (ANY, "common", None, TRUTH),
    "isinf": (ANY, "common", None, TRUTH),
    "isfinite": (ANY, "common", None, TRUTH),
    "isposinf": (ORDERED, "common", None, TRUTH),
    "isneginf": (ORDERED, "common", None, TRUTH),
    "signbit": (FLOATING, "floating", None, TRUTH),
    "logical_not": (ANY, "boolean", None, TRUTH),
    "invert": (set(INTEGERS) | {"bool"}, "common", None, None),
}
SUM = of_ends(lambda a, b: a + b)
EXTREME = lambda a, b, c, d: (min(a, c), max(b, d))  # noqa: E731
BITS = (set(INTEGERS) | {"bool"}, "common", None, None)
DIVISOR = (0.4, 1e3)
BINARY = {
    "add": (ANY, "common", None, SUM),
    "subtract": (NUMERIC, "common", None, of_ends(lambda a, b: a - b)),
    "multiply": (ANY, "common", None, of_ends(lambda a, b: a * b)),
    "divide": (ALL_FLOATING, "quotient", DIVISOR, of_ends(lambda a, b: a / b)),
    "floor_divide": (REAL, "common", DIVISOR, of_ends(lambda a, b: math.floor(a / b))),
    "remainder": (REAL, "common", DIVISOR, lambda a, b, c, d: (0, d)),
    "fmod": (REAL, "common", DIVISOR, lambda a, b, c, d: (-d, d) if a < 0 else (0, d)),
    "power": (NUMERIC - set(COMPLEX), "common", (0.1, 3), of_ends(lambda a, b: a**b)),
    "arctan2": (FLOATING, "floating", None, lambda *e: (-3.2, 3.2)),
    "hypot": (FLOATING, "floating", None, lambda a, b, c, d: (0, math.hypot(max(-a, b), max(-c, d)))),
    "copysign": (FLOATING, "floating", None, lambda a, b, c, d: (-max(-a, b), max(-a, b))),
    "nextafter": (FLOATING, "floating", None, lambda a, b, c, d: (min(a, 1.01 * a), max(b, 1.01 * b))),
    "heaviside": (FLOATING, "floating", None, lambda a, b, c, d: (min(0, c), max(1, d))),
    "maximum": (ORDERED, "common", None, EXTREME),
    "minimum": (ORDERED, "common", None, EXTREME),
    "fmax": (ORDERED, "common", None, EXTREME),
    "fmin": (ORDERED, "common", None, EXTREME),
    "equal": (ANY, "common", None, TRUTH),
    "not_equal": (ANY, "common", None, TRUTH),
    "less": (ORDERED, "common", None, TRUTH),
    "less_equal": (ORDERED, "common", None, TRUTH),
    "greater": (ORDERED, "common", None, TRUTH),
    "greater_equal": (ORDERED, "common", None, TRUTH),
    "logical_and": (ANY, "boolean", None, TRUTH),
    "logical_or": (ANY, "boolean", None, TRUTH),
    "logical_xor": (ANY, "boolean", None, TRUTH),
    "bitwise_and": BITS,
    "bitwise_or": BITS,
    "bitwise_xor": BITS,
    "left_shift": (set(INTEGERS), "common", (0, 40), None),
    "right_shift": (set(INTEGERS), "common", (0, 40), None),
    "gcd": BITS,
    "lcm": BITS,
}
SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "remainder": "%", "equal": "==",
           "not_equal": "!=", "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=",
           "logical_and": "&&", "logical_or": "||", "negative": "-", "logical_not": "!", "invert": "~"}
REDUCTIONS = {
    "sum": 4, "prod": 1, "mean": 4, "var": 2, "std": 2, "min": 3, "max": 4, "argmin": 1, "argmax": 1,
    "any": 1, "all": 1, "count_nonzero": 1, "norm": 1}
OTHERS = ["where", "clip", "fma", "isclose", "astype", "map"]
COMMON = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "exp", "sqrt", "absolute", "where",
          "astype", "map"]


# Truth values hide wrong numbers, so numbers come more often.
WEIGHTS = {name: 1 if row[3] is TRUTH else 2 for name, row in {**UNARY, **BINARY}.items()}
WEIGHTS.update({name: 3 for name in OTHERS}, isclose=1)
for common in COMMON:
    WEIGHTS[common] += 5


def result_type(kind, t):
    return {"common": t, "floating": floating(t), "quotient": quotient(t), "boolean": "bool"}[kind]
