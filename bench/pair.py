#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two commands in turn, A B A B, as whole processes: CPU seconds, wall, peak memory, ratio.

usage: pair.py NAME TARGET RUNS 'command A' 'command B' [file to remove before each run …]
TARGET: the ratio A/B of CPU seconds that is aimed at ('-': none). Medians are compared."""
import os
import statistics
import subprocess
import sys
import time


def once(command, remove):
    for path in remove:
        subprocess.run(["rm", "-rf", path], check=False)
    start = time.monotonic()
    child = subprocess.Popen(["sh", "-c", "exec " + command], stdout=subprocess.DEVNULL)
    _, status, use = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed with {status}: {command}")
    return use.ru_utime + use.ru_stime, time.monotonic() - start, use.ru_maxrss / 1024


name, target, runs, a, b, *remove = sys.argv[1:]
seen = ([], [])
for _ in range(int(runs)):
    for side, command in zip(seen, (a, b)):
        side.append(once(command, remove))
cpu = [statistics.median(s[0] for s in side) for side in seen]
wall = [statistics.median(s[1] for s in side) for side in seen]
peak = [max(s[2] for s in side) for side in seen]
ratio = cpu[0] / cpu[1]
verdict = "" if target == "-" else f"  target {target}  " + ("met" if ratio <= float(target) else "MISSED")
print(f"{name}: CPU {cpu[0]:.2f} / {cpu[1]:.2f} s = {ratio:.2f}{verdict}; wall {wall[0]:.2f} / {wall[1]:.2f} s;"
      f" memory {peak[0]:.0f} / {peak[1]:.0f} MB; {runs} runs", flush=True)
