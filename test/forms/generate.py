#!/usr/bin/env python3
"""Writes C++ files of typed expression forms: generate.py OUTPUT...

Each form is a random expression that has a type: operations accept their operands' types, and their
operands stay in the domain that the operations' rows state, so that few values are left undecided.
"""
import itertools
import math
import random
import re
import sys

from operations import (BINARY, COMPLEX, CPP, FLOATING, INTEGERS, OTHERS, REAL_FLOATING, REDUCTIONS, SYMBOLS, TRUTH,
                        TYPES, UNARY, WEIGHTS, E, Refused, limits, of_ends, promote, quotient, floating,
                        result_type)

SEED, COUNT = 1, 305

class Writer:
    """Draws one form."""

    def __init__(self, rng, row_chance):
        self.rng, self.row_chance = rng, row_chance
        groups = [["f32"], ["f64"], ["f32", "f64"], ["f32", "i32"], REAL_FLOATING, INTEGERS,
                  ["bool", "f32", "i64"], COMPLEX + ["f32"], TYPES, ["f16", "f32"], ["bf16", "f64"]]
        palette = rng.choices(groups, [5, 5, 2, 1, 1, 2, 1, 1, 2, 1, 1])[0]
        self.leaves = []
        for name in "abcd"[:rng.choices([1, 2, 3, 4], [3, 5, 3, 1])[0]]:
            t = rng.choice(palette)
            if t in ("f32", "f64") and rng.random() < 0.08:
                self.leaves.append((E(name, t, 0, 1), f"drawn<{CPP[t]}>"))
                continue
            low, high = limits(t)
            if t != "bool":
                low, high = (0 if t[0] == "u" else -9, 9) if t in INTEGERS else (-2, 2)
            self.leaves.append((E(name, t, low, high), CPP[t]))

    def leaf(self):
        return self.rng.choice(self.leaves)[0]

    def scalar(self, t, low=-4, high=4):
        """A C++ value that fits beside elements of type t; a floating one makes integers double."""
        integral = t in INTEGERS or t == "bool"
        low = max(low, 0) if t[0] in "ub" else low
        if self.rng.random() < (0.8 if integral else 0.2) and math.ceil(low) <= math.floor(high):
            v = self.rng.randint(math.ceil(low), math.floor(high))
            return E(str(v), "i64" if t == "bool" else t, v, v)
        v = round(self.rng.uniform(low, high), self.rng.choice([0, 1, 2]))
        if not low <= v <= high:
            raise Refused
        return E(repr(float(v)), "f64" if integral else t, v, v)

    def draw(self, operations):
        """An expression of about that many operations."""
        if operations <= 0:
            return self.leaf()
        if self.rng.random() < self.row_chance:
            return self.reduction(operations)
        return self.operation(self.rng.choices(list(WEIGHTS), WEIGHTS.values())[0], operations)

    def operation(self, name, operations):
        if name in UNARY:
            return self.unary(name, self.draw(operations - 1))
        if name in BINARY:
            left = self.rng.randint(0, operations - 1)
            a = self.draw(left)
            b = self.draw(operations - 1 - left) if left < operations - 1 or self.rng.random() < 0.6 \
                else self.scalar(a.type)
            return self.binary(name, *((b, a) if self.rng.random() < 0.3 else (a, b)))
        return getattr(self, name)(operations - 1)

    def tamed(self, x, low, high):
        """x, or a simple function of it with values from low to high."""
        if x.within(low, high) or x.type in COMPLEX:
            return x
        if low > 0 and x.type in FLOATING:
            shift = round(low + 0.5, 2)
            moved = E(f"(absolute({x.text}) + {shift})", x.type, shift,
                      max(abs(x.low), abs(x.high)) + shift, x.operations + 2, x.rows)
            if moved.within(low, high):
                return moved
        if x.type in FLOATING:
            low, high = round(low + 0.05, 2), round(high - 0.05, 2)
        least, greatest = max(low, limits(x.type)[0]), min(high, limits(x.type)[1])
        if x.type in INTEGERS:
            least, greatest = math.ceil(least), math.floor(greatest)
        if x.type == "bool" or least > greatest:
            raise Refused
        return E(f"clip({x.text}, {least}, {greatest})", x.type, least, greatest, x.operations + 1, x.rows)

    def unary(self, name, x):
        types, kind, domain, values = UNARY[name]
        if domain:
            x = self.tamed(x, *domain)
        t = result_type(kind, x.type)
        if t not in types:
            raise Refused
        text = f"({SYMBOLS[name]}{x.text})" if name in SYMBOLS and self.rng.random() < 0.7 \
            else f"{name}({x.text})"
        if x.type in COMPLEX and name in ("exp", "square", "reciprocal", "sqrt", "log", "sin", "cos"):
            if not x.within(-3, 3):
                raise Refused
            low, high = -25, 25
        else:
            low, high = values(x.low, x.high) if values else limits(t)
        if values is TRUTH:
            t = "bool"
        if name in ("absolute", "real", "imag"):
            high = 1.5 * high if name == "absolute" and t in COMPLEX else high
            t = {"c64": "f32", "c128": "f64"}.get(t, t)
        if name == "imag" and x.type not in COMPLEX:
            low, high = 0, 0
        return E(text, t, low, high, x.operations + 1, x.rows)

    def common(self, *operands):
        strong = [x.type for x in operands if not self.is_scalar(x)]
        t = strong[0]
        for other in strong[1:]:
            t = promote(t, other)
        for x in operands:
            if self.is_scalar(x):
                if "." in x.text and t not in REAL_FLOATING + COMPLEX:
                    t = "f64"
                elif t == "bool" and x.text not in ("true", "false"):
                    t = "i64"
                low, high = limits(t)
                if not low <= x.low <= high:
                    raise Refused
        return t

    @staticmethod
    def is_scalar(x):
        return x.text[0] in "-0123456789" and x.operations == 0

    def binary(self, name, a, b):
        types, kind, domain, values = BINARY[name]
        if domain and name == "power":
            a = self.tamed(a, *domain) if not self.is_scalar(a) else a
        if domain:
            b = self.tamed(b, *domain) if not self.is_scalar(b) else b
        common = self.common(a, b)
        t = result_type(kind, common)
        if t not in types or (self.is_scalar(b) and domain and not b.within(*domain)):
            raise Refused
        if domain and name == "power" and not a.within(*domain):
            raise Refused
        if common in COMPLEX and domain and not (b.within(0.3, 1e3) or not self.is_scalar(b)):
            raise Refused
        if name in SYMBOLS and self.rng.random() < 0.8:
            text = f"({a.text} {SYMBOLS[name]} {b.text})"
        else:
            text = f"{name}({a.text}, {b.text})"
        if not values:
            low, high = limits(t)
        elif common in COMPLEX and values is not TRUTH:
            reach = 3 * max(-a.low, a.high) * max(-b.low, b.high)
            low, high = -reach - 9, reach + 9
        else:
            low, high = values(a.low, a.high, b.low, b.high)
        if values is TRUTH:
            t = "bool"
        return E(text, t, low, high, a.operations + b.operations + 1, a.rows + b.rows)

    def reduction(self, operations):
        op = self.rng.choices(list(REDUCTIONS), list(REDUCTIONS.values()))[0]
        x = self.draw(operations - 1)
        if x.type in COMPLEX and op not in ("sum", "mean", "var", "norm"):
            raise Refused
        if op == "prod":
            x = self.tamed(x, 0.9, 1.1) if x.type in FLOATING else x
        t, low, high = x.type, x.low, x.high
        mean = quotient(t)
        extra = ""
        if op in ("sum", "prod"):
            if t in INTEGERS or t == "bool":
                t = "u64" if t[0] == "u" else "i64"
            low, high = (limits(t) if t in INTEGERS else (2500 * min(low, 0), 2500 * max(high, 0)))
            if op == "prod" and t not in INTEGERS:
                low, high = -1e30 if t != "f16" else -6e4, 1e30 if t != "f16" else 6e4
        elif op == "mean":
            t = mean
        elif op in ("var", "std", "norm"):
            t = {"c64": "f32", "c128": "f64"}.get(mean, mean)
            size = max(abs(low), abs(high))
            low, high = 0, size * {"var": 2 * size, "std": 2, "norm": 60}[op]
            if op != "norm" and self.rng.random() < 0.2:
                extra = ", sloth::ddof(1)"
        elif op in ("any", "all"):
            t, low, high = "bool", 0, 1
        elif op in ("argmin", "argmax", "count_nonzero"):
            t, low, high = "i64", 0, 3000
        return E(f"{op}({x.text}, last_axis, keepdims{extra})", t, low, high, x.operations + 2, x.rows + 1)

    def where(self, operations):
        n = [self.rng.randint(0, max(operations - 1, 0)) for _ in range(2)]
        c = self.draw(n[0])
        if c.type != "bool" and self.rng.random() < 0.7:
            c = self.binary(self.rng.choice(["less", "greater", "greater_equal"]), c, self.leaf())
        a = self.draw(n[1])
        b = self.leaf() if self.rng.random() < 0.5 else self.scalar(a.type)
        a, b = (a, b) if self.rng.random() < 0.6 else (b, a)
        return E(f"where({c.text}, {a.text}, {b.text})", self.common(a, b), min(a.low, b.low),
                 max(a.high, b.high), c.operations + a.operations + b.operations + 1,
                 c.rows + a.rows + b.rows)

    def clip(self, operations):
        x, low, high = self.draw(operations), self.leaf(), self.leaf()
        if self.rng.random() < 0.5:
            low, high = self.scalar(x.type, -2, 0), self.scalar(x.type, 0, 3)
        t = self.common(x, low, high)
        if t in COMPLEX:
            raise Refused
        all_three = (x, low, high)
        return E(f"clip({x.text}, {low.text}, {high.text})", t, min(v.low for v in all_three),
                 max(v.high for v in all_three), x.operations + 1, x.rows)

    def fma(self, operations):
        x, y, z = self.draw(operations), self.leaf(), self.leaf()
        if self.rng.random() < 0.4:
            y = self.scalar(x.type)
        t = floating(self.common(x, y, z))
        if t in COMPLEX:
            raise Refused
        low, high = of_ends(lambda a, b, c: a * b + c)(x.low, x.high, y.low, y.high, z.low, z.high)
        return E(f"fma({x.text}, {y.text}, {z.text})", t, low, high, x.operations + 1, x.rows)

    def isclose(self, operations):
        x, y = self.draw(operations), self.leaf()
        if floating(self.common(x, y)) in COMPLEX:
            raise Refused
        return E(f"isclose({x.text}, {y.text})", "bool", 0, 1, x.operations + 1, x.rows)

    def astype(self, operations):
        x = self.draw(operations)
        t = self.rng.choice(TYPES)
        if t == x.type or t == "bool" and x.type not in INTEGERS:
            raise Refused
        low, high = x.low, x.high
        if t in INTEGERS or t == "bool":
            least, greatest = limits(t)
            low, high = (least, greatest) if low < least or high > greatest else (math.floor(low), math.ceil(high))
        return E(f"({x.text}).template astype<{CPP[t]}>()", t, low, high, x.operations + 1, x.rows)

    def map(self, operations):
        x = self.draw(operations)
        kind = self.rng.choice(["cube", "above", "halfway"])
        if x.type not in ("f32", "f64") and (x.type not in FLOATING or kind != "cube"):
            raise Refused
        if kind == "cube":
            return E(f"map(cube{{}}, {x.text})", x.type, x.low**3, x.high**3, x.operations + 1, x.rows)
        if kind == "above":
            return E(f"map(above{{0.5f}}, {x.text})", x.type, max(x.low, 0.5), max(x.high, 0.5),
                     x.operations + 1, x.rows)
        y = self.unary("negative", x)
        same = [leaf for leaf, _ in self.leaves if leaf.type == x.type]
        y = self.rng.choice(same) if same else y
        return E(f"map(halfway{{}}, {x.text}, {y.text})", x.type, min(x.low, y.low), max(x.high, y.high),
                 x.operations + y.operations + 1, x.rows + y.rows)

    def shared(self, operations):
        """A named part that is used twice or more."""
        s = self.draw(operations - 2)
        if s.operations == 0 or s.operations > 3:
            raise Refused
        self.leaves.append((E("s", s.type, s.low, s.high), None))
        e = self.draw(2)
        if e.text.count("s") < 2 or e.operations == 0:
            raise Refused
        e.before, e.rows = s.text, e.rows + s.rows
        e.operations += s.operations
        return e


# Forms that users write, of one operand for each T, in two of the types below.
PATTERNS = [
    ("T", "exp(a - max(a, last_axis, keepdims)) / sum(exp(a - max(a, last_axis, keepdims)), last_axis, keepdims)"),
    ("T", "auto const s = exp(a - max(a, last_axis, keepdims)); return s / sum(s, last_axis, keepdims);"),
    ("T", "a - max(a, last_axis, keepdims) - log(sum(exp(a - max(a, last_axis, keepdims)), last_axis, keepdims))"),
    ("T", "(a - mean(a, last_axis, keepdims)) / sqrt(var(a, last_axis, keepdims) + 0.5)"),
    ("TTT", "auto const m = mean(a, last_axis, keepdims); return (a - m) / sqrt(var(a, last_axis, keepdims) + 1e-1) * b + c;"),
    ("TT", "a / sqrt(mean(a * a, last_axis, keepdims) + 0.25) * b"),
    ("TT", "auto const d = a - b; return d / (norm(d, last_axis, keepdims) + 1);"),
    ("TT", "where(a > mean(b, last_axis, keepdims), a, b)"),
    ("TTT", "auto const s = exp(a * 0.5 + b); return s / sum(s, last_axis, keepdims) * c;"),
    ("TT", "auto const s = exp(a) * 0.5; return s / (sum(s, last_axis, keepdims) + 1) * b;"),
    ("TT", "maximum(a, max(b, last_axis, keepdims)) - min(a, last_axis, keepdims)"),
    ("TT", "sum(a * b, last_axis, keepdims) + mean(a, last_axis, keepdims)"),
    ("T", "mean(square(a - mean(a, last_axis, keepdims)), last_axis, keepdims)"),
]
PATTERN_TYPES = ["f32", "f64", "f16", "f32", "f64", "bf16"]


COMPLEX_PATTERNS = [("TT", "a * b"), ("TTT", "a * b - b * c")]  # bit-equal to the plain formula


def pattern_forms():
    for (leaves, text), t in itertools.product(COMPLEX_PATTERNS, COMPLEX):
        yield tuple((name, CPP[t]) for name in "abc"[:len(leaves)]), f"return {text};"
    for k, (leaves, text) in enumerate(PATTERNS):
        for t in (PATTERN_TYPES[k % 6], PATTERN_TYPES[(k + 1) % 6]):
            body = text if "return" in text else f"return {text};"
            yield tuple((name, CPP[t]) for name in "abc"[:len(leaves)]), body


def random_form(rng, operations, root=None):
    """Its leaves as (name, C++ type), its body, its result's type."""
    while True:
        try:
            w = Writer(rng, row_chance=rng.choice([0, 0, 0.15]))
            before = ""
            if root:
                e = w.operation(root, operations)
            elif rng.random() < 0.2:
                e = w.shared(operations)
                before = f"auto const s = {e.before}; "
            else:
                e = w.draw(operations)
            if not 1 <= e.operations <= operations + 1 or e.rows > 3:
                continue
            body = f"{before}return {e.text};"
            words = set(re.findall(r"\w+", body))
            leaves = tuple((x.text, cpp) for x, cpp in w.leaves if cpp and x.text in words)
            return leaves, body, e.type
        except (Refused, OverflowError, ValueError, ZeroDivisionError):
            continue


def forms(seed, count):
    """First the patterns, then forms of each operation, then of each type as result, then any."""
    rng = random.Random(seed)
    seen = {form: True for form in pattern_forms()}
    roots = list(UNARY) + list(BINARY) + OTHERS
    wanted, unread = 2 * TYPES, set(CPP.values())
    sizes = [1, 2, 2, 3, 3, 4, 6]
    while len(seen) < count:
        root = roots.pop() if roots else None
        leaves, body, result = random_form(rng, rng.choice(sizes[:5] if root else sizes), root)
        read = {cpp for _, cpp in leaves}
        if not root and (wanted or unread) and result not in wanted and not read & unread:
            continue
        unread -= read
        if result in wanted:
            wanted.remove(result)
        seen[leaves, body] = True
    return list(seen)


def write(path, part, numbered):
    lines = [f"// Written by {sys.argv[0].rsplit('/', 1)[-1]}.", "#include <test/forms/form.hpp>", "",
             "namespace forms {", "namespace {", "", "using sloth::keepdims, sloth::last_axis;", ""]
    for number, (leaves, body) in numbered:
        parameters = ", ".join(f"{name.upper()} const& {name}" for name, _ in leaves)
        classes = ", ".join(f"class {name.upper()}" for name, _ in leaves)
        lines += [f"struct form_{number} {{", f"  template <{classes}>",
                  f"  auto operator()({parameters}) const {{", f"    {body}", "  }", "};"]
    lines += ["", "}  // namespace", "", f"void add_forms_{part}(std::vector<form>& to) {{"]
    for number, (leaves, body) in numbered:
        types = ", ".join(cpp for _, cpp in leaves)
        lines.append(f"  to.push_back(make_form<form_{number}, {types}>(\"{body}\"));")
    lines += ["}", "", "}  // namespace forms", ""]
    with open(path, "w") as out:
        out.write("\n".join(lines))


def main(paths):
    numbered = list(enumerate(forms(SEED, COUNT)))
    for part, path in enumerate(paths):
        write(path, part, numbered[part::len(paths)])


if __name__ == "__main__":
    main(sys.argv[1:])
