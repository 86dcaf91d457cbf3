#!/usr/bin/env python3
"""Compiles the C++ of a README: readme.py [--nvcc] README -- COMPILER FLAGS... -- LINK ARGUMENTS...

Every ```cpp block must compile. A block with `int main` is a program. Any other gets the umbrella
header and `using namespace sloth`, and is tried as the body of main, then as a piece of a file.
Where the next fenced block is ```text and no heading lies between, the program is run, and must
print that text; a line `...` in it stands for any lines.

A comment before the block, alone or among others, says what the reader is spared:
  <!-- given: array<double> x = ones(3, 4); -->   declarations, put before the block
  <!-- refused: SENTENCE -->                      the block must not compile, and says why

With --nvcc the compiler takes many seconds for a file, whatever is in it: then all blocks that must
compile are one file, each in a namespace of its own.
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
    """The programs that `code` may be a part of, the likely one first."""
    if "int main" in code:
        return [code]
    head = PROLOGUE + "".join(re.findall(r"^#include.*\n", code, re.MULTILINE))
    body = re.sub(r"^#include.*\n", "\n", code, flags=re.MULTILINE)
    head += "using namespace sloth;\n"
    inside = f"{head}int main() {{\n{given}\n{body}\n}}\n"
    outside = f"{head}{given}\n{body}\nint main() {{}}\n"
    defines = re.search(r"^(template|class|struct|SLOTH_FN)\b", body, re.MULTILINE)
    return [outside, inside] if defines else [inside, outside]


def fits(printed, expected):
    lines = [re.escape(line.rstrip()) for line in expected.strip("\n").split("\n")]
    pattern = r"\n".join(r"(?:.*)" if line == re.escape("...") else line for line in lines)
    actual = "\n".join(line.rstrip() for line in printed.strip("\n").split("\n"))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def compiled(command):
    run = subprocess.run(command, capture_output=True, text=True)
    return run.returncode == 0, run.stdout + run.stderr


def refusal(programs, sentence, check_only, source):
    """What is wrong with a block that must not compile, with that sentence."""
    messages = []
    for text in programs:
        source.write_text(text)
        compiles, message = compiled(check_only + [str(source)])
        if compiles:
            return "it compiles, but the text says that it is refused"
        messages.append(message)
    if not any(sentence in message for message in messages):
        return f"'{sentence}' is missing in\n{messages[0]}"
    return None


def output_of(command, expected, folder):
    """What is wrong with the output of a program."""
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=folder)
    if ran.returncode or not fits(ran.stdout, expected):
        return (f"exit status {ran.returncode}, printed\n{ran.stdout}{ran.stderr}"
                f"instead of\n{expected}")
    return None


def acceptance(programs, output, compiler, link, check_only, source):
    """What is wrong with a block that must compile and print `output`, if that is not None."""
    program = source.with_suffix("")
    messages = []
    for text in programs:
        source.write_text(text)
        compiles, message = compiled(
            check_only + [str(source)] if output is None
            else compiler + [str(source), "-o", str(program)] + link)
        if compiles:
            return None if output is None else output_of([str(program)], output, source.parent)
        messages.append(message)
    return messages[0]


def together(accepted, readme):
    """One program of all blocks; its argument is the line of the one to run."""
    texts = [(line, wrapped(code, given)[0]) for line, code, given, _, _ in accepted]
    parts = sorted({name for _, text in texts
                    for name in re.findall(r"^#include.*\n", text, re.MULTILINE)})
    for line, text in texts:
        text = re.sub(r"^#include.*", "", text, flags=re.MULTILINE)
        text = re.sub(r"\bint main\(\)", "void run()", text)
        place = f'#line 1 "{readme.name}:{line}/snippet.cpp"'
        parts.append(f"namespace line_{line} {{\n{place}\n{text}}}\n")
    parts.append("#include <cstdlib>\nint main(int, char** arguments) {\n"
                 "  switch (std::atoi(arguments[1])) {\n")
    parts += [f"    case {line}: line_{line}::run(); break;\n" for line, _ in texts]
    return "".join(parts) + "  }\n}\n"


def main(readme, nvcc, compiler, link):
    found = list(blocks(readme.read_text()))
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / ("snippet.cu" if nvcc else "snippet.cpp")
        program = source.with_suffix("")
        check_only = compiler + (["-c", "-o", "/dev/null"] if nvcc else ["-fsyntax-only"])
        built = True
        if nvcc:
            source.write_text(together([b for b in found if not b[3]], readme))
            built, message = compiled(compiler + [str(source), "-o", str(program)] + link)
            if not built:
                problems.append(f"{readme.name}: {message}")
        for line, code, given, refused, output in found:
            problem = None
            if refused:
                problem = refusal(wrapped(code, given), refused, check_only, source)
            elif not nvcc:
                problem = acceptance(wrapped(code, given), output, compiler, link, check_only,
                                     source)
            elif built and output is not None:
                problem = output_of([str(program), str(line)], output, folder)
            if problem:
                problems.append(f"{readme.name}:{line}: {problem}")
    print(*problems, sep="\n")
    ran = sum(block[4] is not None for block in found)
    print(f"{len(found)} blocks, {ran} of them run, {len(problems)} wrong")
    return problems or not found


if __name__ == "__main__":
    first, compiler, link = "\0".join(["", *sys.argv[1:], ""]).split("\0--\0")
    *options, readme = first.strip("\0").split("\0")
    sys.exit(bool(main(pathlib.Path(readme), options == ["--nvcc"],
                       compiler.strip("\0").split("\0"), link.strip("\0").split("\0"))))
