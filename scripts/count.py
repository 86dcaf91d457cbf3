#!/usr/bin/env python3
"""Adds up test results, prints one counting line, and fails if anything failed.

Arguments: CTest's JUnit files, Boost.Test's XML reports as FILE:EXIT_STATUS, and the words passed,
failed, skipped. A file that is missing or cut off counts as one failure, since its program did not
get to its end, and so does a program that failed though none of its cases did (ThreadSanitizer).
"""
import collections
import sys
import xml.etree.ElementTree as xml


def boost_report(root, count, status):
    suite = root.find("TestSuite")
    for case in ("passed", "passed_with_warnings", "failed", "skipped", "aborted", "timed_out"):
        kind = "failed" if case in ("aborted", "timed_out") else case.split("_")[0]
        count[kind] += int(suite.get(f"test_cases_{case}", 0))
    if (suite.get("result") != "passed" or status != "0") and not count["failed"]:
        count["failed"] += 1


def ctest_report(root, count, _):
    for case in root.iter("testcase"):
        if case.get("status") == "run":
            count["passed"] += 1
            continue
        skipped = case.find("skipped")  # CTest also says so of a program that it could not start
        asked_for = skipped is not None and skipped.get("message", "").startswith("SKIP_")
        count["skipped" if asked_for else "failed"] += 1


def line(count):
    return f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"


def main(results):
    total = collections.Counter()
    for result in results:
        count = collections.Counter()
        if result in ("passed", "failed", "skipped"):
            count[result] += 1
        else:
            try:
                file, _, status = result.partition(":")
                root = xml.parse(file).getroot()
                (boost_report if root.tag == "TestResult" else ctest_report)(root, count, status)
            except (OSError, xml.ParseError, AttributeError) as problem:
                print(f"{result}: no result ({problem})")
                count["failed"] += 1
            print(f"{result.partition(':')[0]}: {line(count)}")
        total += count
    print(line(total))
    return total["failed"] > 0 or total["passed"] == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
