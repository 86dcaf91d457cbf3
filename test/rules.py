#!/usr/bin/env python3
"""Runs the planner's tests without each of its rules: rules.py DSL_FOLDER TEST_PROGRAM. Some test
must miss it, or nothing would tell that it no longer works."""
import os
import pathlib
import re
import subprocess
import sys


def planner_tests(program, without):
    return subprocess.run([program, "--run_test=planner", "--report_level=no"],
                          env={**os.environ, "SLOTH_WITHOUT": without, "SLOTH_THREADS": "1"},
                          capture_output=True, text=True)


def main():
    folder, program = sys.argv[1:]
    header = (pathlib.Path(folder) / "rules.hpp").read_text()
    names = re.findall(r'^    \{"(\w+)", rule_kind::', header, re.MULTILINE)
    enumerators = re.search(r"enum class rule : [^{]*\{([^}]*)\}", header)[1].replace(",", " ").split()
    if names != enumerators:
        sys.exit("rules.py: rule and rule_rows differ: %s, %s" % (enumerators, names))
    failures = []
    if planner_tests(program, "").returncode != 0:
        failures.append("the tests fail with all rules")
    unknown = planner_tests(program, "no_such_rule")
    if "there is no rule 'no_such_rule'" not in unknown.stdout + unknown.stderr:
        failures.append("an unknown name is not refused")
    for name in names:
        if planner_tests(program, name).returncode == 0:
            failures.append("no test misses the rule %s" % name)
    if failures:
        sys.exit("rules.py: " + "; ".join(failures))
    print("%d rules, each missed by a test" % len(names))


main()
