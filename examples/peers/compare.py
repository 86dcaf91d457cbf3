#!/usr/bin/env python3
"""The jobs of examples/compare and examples/concurrency in NumPy, and in CuPy where that is
installed and finds a GPU, timed and printed alike.

As examples/compare: STEPS times x = rand(n, n); x = x @ x. The first run is the cold one; the other
runs of both libraries take turns. GFLOP/s and speed-up (over NumPy) are of the warm ones.

--concurrency, as examples/concurrency: jobs x = rand(n, n); x = x @ x in threads, in processes, one
by one and, with CuPy, one by one on the GPU. A job is done when the sum of its product is known; a
way's clock runs until its threads and processes have ended. Processes start from nothing, NumPy's
import included. The other ways run in this process, after a first job for each library."""

import argparse
import json
import math
import multiprocessing
import multiprocessing.connection
import os
import statistics
import sys
import threading
import time

import numpy


class NumPy:
    name = "numpy"

    def __init__(self, module=numpy):
        self.library = module
        self.version = "NumPy " + module.__version__

    def rand(self, rng, n, type):
        return rng.random((n, n), dtype=type)

    def steps(self, n, type, steps):
        """The article's loop."""
        rng = self.rng()
        for _ in range(steps):
            x = self.rand(rng, n, type)
            x = x @ x
        x[0, 0].item()  # waits for a device

    def job(self, n, type):
        x = self.rand(self.rng(), n, type)
        x = x @ x
        return x.sum().item()

    def rng(self):
        return numpy.random.default_rng()


class CuPy(NumPy):
    name = "cupy"

    def __init__(self):
        import cupy
        super().__init__(cupy)
        gpu = cupy.cuda.runtime.getDeviceProperties(cupy.cuda.runtime.getDevice())["name"].decode()
        self.version = "CuPy %s on %s" % (cupy.__version__, gpu)

    def rng(self):
        return self.library.random  # cuRAND's generator, one for all: a new one takes milliseconds

    def rand(self, rng, n, type):
        return rng.random_sample((n, n), dtype=type)


def libraries():
    found = [NumPy()]
    try:
        found.append(CuPy())
    except ImportError:
        pass
    except Exception as error:  # CuPy's own: no driver, no GPU
        print("compare.py: without CuPy:", error, file=sys.stderr)
    return found


def seconds(f, *arguments):
    start = time.perf_counter()
    f(*arguments)
    return time.perf_counter() - start


def compare(engines, n, type, steps, repeat):
    """One size on all engines: a result each."""
    cold = [seconds(e.steps, n, type, steps) for e in engines]
    rounds = [[seconds(e.steps, n, type, steps) for e in engines] for _ in range(repeat)]
    warm = [statistics.median(times) for times in zip(*rounds)]
    return [{"n": n, "engine": e.name, "cold_s": c, "warm_s": w,
             "gflops": 2e-9 * steps * n ** 3 / w, "speedup": warm[0] / w}
            for e, c, w in zip(engines, cold, warm)]


class Run:
    """When a way's jobs were done, in seconds after its start, and their sums."""

    def __init__(self, jobs):
        self.done, self.sums = [math.nan] * jobs, [math.nan] * jobs
        self.start = time.perf_counter()

    def seconds(self):
        return time.perf_counter() - self.start

    def finish(self, k, total):
        self.done[k], self.sums[k] = self.seconds(), total


def one_by_one(run, jobs, engine, n, type):
    for k in range(jobs):
        run.finish(k, engine.job(n, type))


def threads(run, jobs, engine, n, type):
    started = [threading.Thread(target=lambda k=k: run.finish(k, engine.job(n, type)))
               for k in range(jobs)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def send_sum(pipe, n, type):
    pipe.send(NumPy().job(n, type))


def processes(run, jobs, engine, n, type):
    fresh = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    started, reports = [], {}
    for k in range(jobs):
        report, pipe = fresh.Pipe(duplex=False)
        started.append(fresh.Process(target=send_sum, args=(pipe, n, type)))
        started[k].start()
        pipe.close()
        reports[report] = k
    while reports:
        for report in multiprocessing.connection.wait(list(reports)):
            run.finish(reports.pop(report), report.recv())  # EOFError: its process failed
    for process in started:
        process.join()


def concurrency(engines, n, type, jobs, repeat):
    """Seconds of each engine's first job; a result for each way; whether the sums may be right."""
    first = {e.name: seconds(e.job, n, type) for e in engines}
    ways = {"one by one": (one_by_one, engines[0]), "threads": (threads, engines[0]),
            "processes": (processes, engines[0])}
    if len(engines) > 1:
        ways["gpu"] = (one_by_one, engines[1])
    runs, right = {name: [] for name in ways}, True
    for _ in range(repeat):
        for name, (way, engine) in ways.items():
            run = Run(jobs)
            way(run, jobs, engine, n, type)
            run.wall = run.seconds()
            runs[name].append(run)
            if not (all(map(math.isfinite, run.sums)) and len(set(run.sums)) == jobs):
                print("compare.py: %s: a job failed, or two drew the same numbers: the sums are %s"
                      % (name, run.sums), file=sys.stderr)
                right = False
    medians = {name: sorted(all, key=lambda run: run.wall)[repeat // 2]
               for name, all in runs.items()}
    return first, [
        {"way": name, "wall_s": run.wall, "speedup": medians["one by one"].wall / run.wall,
         "jobs": [{"job": "job %d" % (k + 1), "done_s": run.done[k], "sum": run.sums[k]}
                  for k in range(jobs)]} for name, run in medians.items()], right


def cpu_name():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else "unknown CPU"


def parse():
    def positive(text):
        if int(text) < 1:
            raise argparse.ArgumentTypeError("1 or more, not " + text)
        return int(text)

    def sizes(text):
        return [positive(n) for n in text.split(",")]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--n", type=sizes, metavar="N,N,...", help="sizes (500,1000,2000; --concurrency: 3000)")
    add("--type", choices=("f32", "f64"), default="f64", help="element type (f64)")
    add("--steps", type=positive, default=5, metavar="K", help="products in a run (5)")
    add("--repeat", type=positive, metavar="R",
        help="warm runs, of which the median counts (5; --concurrency: 3)")
    add("--json", action="store_true", help="print JSON and nothing else")
    add("--concurrency", action="store_true", help="measure ways to run jobs side by side")
    add("--jobs", type=positive, default=5, metavar="K", help="jobs (5), with --concurrency")
    given = parser.parse_args()
    given.n = given.n or ([3000] if given.concurrency else [500, 1000, 2000])
    given.repeat = given.repeat or (3 if given.concurrency else 5)
    if given.concurrency and len(given.n) > 1:
        parser.error("--concurrency takes one size")
    return given


def main():
    given = parse()
    engines = libraries()
    type = numpy.dtype({"f32": "float32", "f64": "float64"}[given.type])
    versions = ", ".join(e.version for e in engines)
    about = {"cpu": cpu_name(), "cores": len(os.sched_getaffinity(0)), "libraries": versions,
             "type": given.type, "repeat": given.repeat}
    heading = "%s; %s; %d cores; %s" % (given.type, about["cpu"], about["cores"], versions)

    if not given.concurrency:
        if not given.json:
            print("%d products a run, %s\n" % (given.steps, heading))
            print("%6s  %-10s %10s %10s %9s %9s"
                  % ("n", "engine", "cold ms", "warm ms", "GFLOP/s", "speed-up"))
        results = []
        for n in given.n:
            results += compare(engines, n, type, given.steps, given.repeat)
            for r in [] if given.json else results[-len(engines):]:
                print("%6d  %-10s %10.3f %10.3f %9.1f %9.2f"
                      % (n, r["engine"], 1e3 * r["cold_s"], 1e3 * r["warm_s"], r["gflops"],
                         r["speedup"]), flush=True)
        if given.json:
            print(json.dumps({**about, "steps": given.steps, "results": results}, indent=1))
        return 0

    n = given.n[0]
    first, ways, right = concurrency(engines, n, type, given.jobs, given.repeat)
    if given.json:
        print(json.dumps({"n": n, **about, "first_job_s": first, "ways": ways}, indent=1))
        return 0 if right else 1
    print("x = rand(n, n); x = x @ x; n = %d, %s, median of %d" % (n, heading, given.repeat))
    print("the first job: %s\n" % ", ".join("%s %.4f s" % f for f in first.items()))
    for way in ways:
        for job in way["jobs"]:
            print("%-12s %-8s %10.4f s" % (way["way"], job["job"], job["done_s"]))
    print("\n%-12s %12s %9s" % ("way", "wall", "speed-up"))
    for way in ways:
        print("%-12s %10.4f s %9.2f" % (way["way"], way["wall_s"], way["speedup"]))
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
