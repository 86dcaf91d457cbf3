#!/usr/bin/env python3
"""Compiles the C++ of a README: readme.py README -- COMPILER FLAGS... -- LINK ARGUMENTS...

Every ```cpp block must compile. A block with `int main` is a program. Any other gets the umbrella
header and `using namespace sloth`, and is tried as the body of main, then as a piece of a file.
Where the next fenced block is ```text and no heading lies between, the program is run, and must
print that text; a line `...` in it stands for any lines.

A comment before the block, alone or among others, says what the reader is spared:
  <!-- given: array<double> x = ones(3, 4); -->   declarations, put before the block
  <!-- refused: SENTENCE -->                      the block must not compile, and says why
"""
import pathlib
import re
import subprocess
import sys
import tempfile

PROLOGUE = "#include <dsl/sloth.hpp>\n#include <iostream>\n#include <vector>\n"


def blocks(text):
    """Yields (line, code, given, refused, output) of each ```cpp block."""
    fences = list(re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    end = 0
    for fence, following in zip(fences, fences[1:] + [None]):
        before, end = text[end:fence.start()], fence.end()
        if fence[1] != "cpp":
            continue
        comments = re.search(r"((?:<!--(?:(?!-->).)*-->\s*)*)\Z", before, re.DOTALL)[1]
        given = "\n".join(re.findall(r"<!-- given:(.*?)-->", comments, re.DOTALL))
        refused = re.search(r"<!-- refused:(.*?)-->", comments, re.DOTALL)
        output = None
        if following and following[1] == "text" \
                and not re.search(r"^#", text[fence.end():following.start()], re.MULTILINE):
            output = following[2]
        yield (text.count("\n", 0, fence.start()) + 1, fence[2], given,
               refused and refused[1].strip(), output)


def wrapped(code, given):
    """The programs that `code` may be a part of."""
    if "int main" in code:
        return [code]
    head = PROLOGUE + "".join(re.findall(r"^#include.*\n", code, re.MULTILINE))
    body = re.sub(r"^#include.*\n", "\n", code, flags=re.MULTILINE)
    head += "using namespace sloth;\n"
    return [f"{head}int main() {{\n{given}\n{body}\n}}\n",
            f"{head}{given}\n{body}\nint main() {{}}\n"]


def fits(printed, expected):
    lines = [re.escape(line.rstrip()) for line in expected.strip("\n").split("\n")]
    pattern = r"\n".join(r"(?:.*)" if line == re.escape("...") else line for line in lines)
    actual = "\n".join(line.rstrip() for line in printed.strip("\n").split("\n"))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def check(code, given, refused, output, compiler, link, folder):
    source, program = folder / "snippet.cpp", folder / "snippet"
    command = compiler + ["-Wno-unused", str(source)]  # a snippet names what it shows
    if output is None or refused:
        command += ["-fsyntax-only"]
    else:
        command += ["-o", str(program)] + link
    messages = []
    for text in wrapped(code, given):
        source.write_text(text)
        run = subprocess.run(command, capture_output=True, text=True)
        messages.append(run.stderr)
        if run.returncode == 0:
            break
    if refused:
        if run.returncode == 0:
            return "it compiles, but the text says that it is refused"
        if not any(refused in message for message in messages):
            return f"'{refused}' is missing in\n{messages[0]}"
        return None
    if run.returncode:
        return messages[0]
    if output is not None:
        ran = subprocess.run([str(program)], capture_output=True, text=True, timeout=120,
                             cwd=folder)
        if ran.returncode or not fits(ran.stdout, output):
            return (f"exit status {ran.returncode}, printed\n{ran.stdout}{ran.stderr}"
                    f"instead of\n{output}")
    return None


def main(readme, compiler, link):
    failures = count = ran = 0
    with tempfile.TemporaryDirectory() as folder:
        for line, code, given, refused, output in blocks(readme.read_text()):
            count += 1
            ran += output is not None
            problem = check(code, given, refused, output, compiler, link, pathlib.Path(folder))
            if problem:
                failures += 1
                print(f"{readme.name}:{line}: {problem}")
    print(f"{count} blocks, {ran} of them run, {failures} wrong")
    return failures or not count


if __name__ == "__main__":
    _, compiler, link = "\0".join(["", *sys.argv[2:], ""]).split("\0--\0")
    sys.exit(bool(main(pathlib.Path(sys.argv[1]), compiler.strip("\0").split("\0"),
                       link.strip("\0").split("\0"))))
