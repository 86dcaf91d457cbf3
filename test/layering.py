#!/usr/bin/env python3
"""Checks who includes whom (README, 'Layers'): layering.py SOURCE_DIR"""
import pathlib
import re
import sys

EIGEN = r"Eigen/|unsupported/Eigen/"
CUDA = r"cuda|cublas|curand|cusolver|cusparse|thrust/|cub/|nv/"

# Pattern of files, what their includes must not match, why. The first fitting row of a file rules.
RULES = [
    # The two headers of dsl/ that reach below it: the user's file must see the templates.
    ("dsl/sloth.hpp", rf"kernels/(?!host/|cuda/form.hpp)|{CUDA}", "sloth.hpp reaches the engines' templates only"),
    ("dsl/eigen.hpp", rf"kernels/|{CUDA}", "eigen.hpp is the bridge to Eigen only"),
    ("dsl/*.hpp", rf"kernels/|{EIGEN}|{CUDA}", "the language's headers know no engine"),
    ("dsl/*.cpp", rf"kernels/cuda/(?!engine.hpp)|{EIGEN}|{CUDA}", "sources know engines by interface"),
    ("kernels/host/*", rf"kernels/cuda/|{CUDA}|dsl/sloth.hpp", "the host engine is C++ and Eigen"),
    ("kernels/cuda/engine.hpp", rf"kernels/|{EIGEN}|{CUDA}|dsl/sloth.hpp", "the engine's interface shows no CUDA"),
    ("kernels/cuda/*.cpp", rf"kernels/host/|{EIGEN}|thrust/|cub/|cuda/|dsl/sloth.hpp",
     "what g++ compiles of the CUDA engine knows the libraries' C interfaces only"),
    ("kernels/cuda/*", rf"kernels/host/|{EIGEN}|dsl/sloth.hpp", "the CUDA engine knows no other"),
]
SOURCES = (".cpp", ".hpp", ".cu", ".cuh")
ABOVE = r"examples/|test/|bench/"  # nobody includes these
USERS = ("examples/*.cpp", "test/outside/*/*.cpp", "test/compile_fail/*.cpp")


def includes(path, root, seen=None):
    """Names in the #include lines of `path`, with their line numbers."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            yield number, match[1], match[2]


def reaches_eigen(path, root, seen):
    """True when `path` includes Eigen, directly or through the project's own headers."""
    for _, _, name in includes(path, root):
        if re.match(EIGEN, name):
            return True
        below = root / name
        if name not in seen and below.exists():
            seen.add(name)
            if reaches_eigen(below, root, seen):
                return True
    return False


def main(root):
    problems, files = [], 0
    for folder in ("dsl", "kernels", "examples", "test", "bench"):
        for path in sorted(p for p in (root / folder).rglob("*") if p.suffix in SOURCES):
            files += 1
            here = path.relative_to(root)
            rule = next((r for r in RULES if here.match(r[0])), None)
            for number, quote, name in includes(path, root):
                place = f"{here}:{number}: <{name}>"
                if rule and re.match(rule[1], name):
                    problems.append(f"{place}: {rule[2]}")
                if folder in ("dsl", "kernels") and re.match(ABOVE, name):
                    problems.append(f"{place}: nothing of the library includes what is built on it")
                if folder in ("dsl", "kernels") and quote == '"':
                    problems.append(f"{place}: includes follow the repository path, in <>")
                if any(here.match(u) for u in USERS) and re.match(r"dsl/|kernels/", name) \
                        and name not in ("dsl/sloth.hpp", "dsl/eigen.hpp"):
                    problems.append(f"{place}: users include <dsl/sloth.hpp>")
            if here.match("dsl/*.cpp") and reaches_eigen(path, root, set()):
                problems.append(f"{here}: Eigen must not reach the language's sources")
    print(f"{files} files")
    return problems


if __name__ == "__main__":
    found = main(pathlib.Path(sys.argv[1]))
    if found:
        sys.exit("\n".join(found))
