#!/usr/bin/env python3
"""Compiles a snippet that must be refused: compile_fail.py SNIPPET COMPILER [FLAGS...]

The snippet's first line is `// expect: SENTENCE`; the compiler must fail, print the sentence, and
print at most 25 lines, or as many as a `// lines: N` comment says. `// expect: ok` must compile.

compile_fail.py --together SNIPPET... -- COMPILER [FLAGS...]: for nvcc, which takes seconds for a file,
whatever is in it. All that must be refused is one file, a namespace each. Those whose sentence is not
told there with their own lines (an instantiation is refused once) are a second one, and so on; what
is never told is compiled alone.
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def sentence_of(text):
    return re.match(r"// expect: (.*)", text)[1].strip()


def compiled(command, source):
    run = subprocess.run(command + [source], capture_output=True, text=True)
    # Compilers break no lines, but they differ in their quotation marks.
    return run.returncode, (run.stdout + run.stderr).replace("\u2018", "'").replace("\u2019", "'")


def untold(sentences, command):
    """Of snippets in one file those whose sentence is not told with their lines."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "all.cpp")
        source.write_text("#include <dsl/sloth.hpp>\n" + "".join(
            f"namespace snippet_{i} {{\n#include \"{path}\"\n}}\n"
            for i, path in enumerate(sentences)))
        _, output = compiled(command, str(source))
    # An error, and below it how it came about.
    errors = re.split(r"\n(?=\S+\(\d+\): (?:catastrophic )?error)", output)
    return {path: sentence for path, sentence in sentences.items()
            if not any(sentence in error and path in error for error in errors)}


def together(snippets, command):
    """The snippets that have to be compiled alone."""
    sentences = {path: sentence_of(open(path).read()) for path in snippets}
    left = {path: sentence for path, sentence in sentences.items() if sentence != "ok"}
    accepted = [path for path in snippets if path not in left]
    while left and len(still := untold(left, command)) < len(left):
        left = still
    return accepted + list(left)


def main(snippet, command):
    text = open(snippet).read()
    sentence = sentence_of(text)
    limit = int((re.search(r"^// lines: (\d+)", text, re.MULTILINE) or [0, 25])[1])

    returncode, output = compiled(command, snippet)
    lines = len(output.splitlines())
    print(output)
    if sentence == "ok":
        return "it does not compile" if returncode else None
    if returncode == 0:
        return "it compiles, but must be refused"
    if sentence not in output:
        return f"the sentence is missing: {sentence}"
    if lines > limit:
        return f"{lines} lines of output, {limit} are allowed"
    return None


if __name__ == "__main__":
    alone, command = sys.argv[1:2], sys.argv[2:]
    if alone == ["--together"]:
        end = sys.argv.index("--")
        command = sys.argv[end + 1:]
        alone = together(sys.argv[2:end], command)
        print(f"{end - 2} snippets, {len(alone)} of them compiled alone")
    problems = [f"FAILED {path}: {problem}" for path in alone if (problem := main(path, command))]
    sys.exit("\n".join(problems) or 0)
