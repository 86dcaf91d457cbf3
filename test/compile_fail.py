#!/usr/bin/env python3
"""Compiles a snippet that must be refused: compile_fail.py SNIPPET COMPILER [FLAGS...]

The snippet's first line is `// expect: SENTENCE`; the compiler must fail, print the sentence, and
print at most 25 lines, or as many as a `// lines: N` comment says. `// expect: ok` must compile.
"""
import re
import subprocess
import sys


def main(snippet, command):
    text = open(snippet).read()
    first = text.splitlines()[0]
    if not first.startswith("// expect: "):
        return f"{snippet}: the first line is not '// expect: SENTENCE'"
    sentence = first[len("// expect: "):].strip()
    limit = int((re.search(r"^// lines: (\d+)", text, re.MULTILINE) or [0, 25])[1])

    run = subprocess.run(command + [snippet], capture_output=True, text=True)
    output = run.stdout + run.stderr
    lines = len(output.splitlines())
    print(output)
    if sentence == "ok":
        return "it does not compile" if run.returncode else None
    if run.returncode == 0:
        return "it compiles, but must be refused"
    # Compilers break no lines, but they differ in their quotation marks.
    if sentence not in output.replace("\u2018", "'").replace("\u2019", "'"):
        return f"the sentence is missing: {sentence}"
    if lines > limit:
        return f"{lines} lines of output, {limit} are allowed"
    return None


if __name__ == "__main__":
    problem = main(sys.argv[1], sys.argv[2:])
    if problem:
        sys.exit(f"FAILED {sys.argv[1]}: {problem}")
