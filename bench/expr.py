#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A 12-operation expression over 120 Mpx in memory: nadir beside numexpr, A B A B, one
thread each, CPU seconds of the evaluation alone, ratio of the medians.

usage: expr.py BENCH_EXPR [ROUNDS] (numpy and numexpr needed: Debian's python3-numexpr)"""
import statistics
import subprocess
import sys

TEXT = "(2.5*(a-b)/(a+6.0*b-7.5*c+1.0)+0.1)*(a-c)/(a+c)"  # 13 operations, 12 different signs
PIXELS = 120_000_000


def numexpr_once(single):
    import numexpr
    import numpy
    import time
    numexpr.set_num_threads(1)
    i = numpy.arange(PIXELS, dtype=numpy.uint32)
    names = {}
    for name, factor in zip("abc", (2654435761, 2246822519, 3266489917)):
        names[name] = ((i * numpy.uint32(factor)) >> 20).astype(numpy.float32) * numpy.float32(1e-4)
    del i
    text = TEXT
    if single:  # constants that keep numexpr in float32: faster, and less exact
        for k, number in enumerate(("2.5", "6.0", "7.5", "1.0", "0.1")):
            text = text.replace(number, f"k{k}")
            names[f"k{k}"] = numpy.float32(number)
    out = numpy.zeros(PIXELS, numpy.float32)
    seconds = []
    for _ in range(3):
        start = time.process_time()
        numexpr.evaluate(text, names, out=out, casting="same_kind")
        seconds.append(time.process_time() - start)
    good = (out < 1e3) & (out > -1e3)
    print(*(f"{s:.4f}" for s in seconds), f"{out[good].sum(dtype=numpy.float64):.6f}")


def measure(command):
    *seconds, total = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return min(map(float, seconds)), float(total)


if sys.argv[1] == "--numexpr":
    numexpr_once(sys.argv[2] == "float32")
    sys.exit()
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
sides = {"nadir": [sys.argv[1], TEXT, "3"],
         "numexpr": [sys.executable, __file__, "--numexpr", "float64"],
         "numexpr in float32": [sys.executable, __file__, "--numexpr", "float32"]}
seen = {name: [] for name in sides}
for _ in range(rounds):
    for name, command in sides.items():
        seen[name].append(measure(command))
ours = statistics.median(s for s, _ in seen["nadir"])
for name, runs in seen.items():
    cpu = statistics.median(s for s, _ in runs)
    print(f"{name}: {cpu:.3f} s CPU, {cpu / ours:.2f} x nadir's, sum {runs[0][1]:.3f}")
