#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The peer of bench_loader: Pillow and numpy, zip, JPEG, symmetry, brightness, z-score,
batch; one process a core. A B A B, pictures a CPU second.
usage: loader.py BENCH_LOADER ZIP [PICTURES]"""
import io
import multiprocessing
import os
import re
import resource
import subprocess
import sys
import zipfile

import numpy
from PIL import Image

program, path = sys.argv[1:3]
pictures = int(sys.argv[3]) if len(sys.argv) > 3 else 6000


def work(part):
    archive = zipfile.ZipFile(path)
    names = [n for n in archive.namelist() if n.endswith(".jpg")][:pictures][part[0]::part[1]]
    draw = numpy.random.default_rng(part[0])
    mean = numpy.array([88, 97, 104], "f4")[:, None, None]
    scale = numpy.array([52, 35, 29], "f4")[:, None, None]
    before = resource.getrusage(resource.RUSAGE_SELF)
    for first in range(0, len(names), 64):
        some = names[first:first + 64]
        batch = numpy.empty((len(some), 3, 64, 64), "f4")
        for i, name in enumerate(some):
            x = numpy.asarray(Image.open(io.BytesIO(archive.read(name)))).transpose(2, 0, 1)
            turn = int(draw.integers(8))
            x = x[:, ::-1] if turn & 1 else x
            x = x[:, :, ::-1] if turn & 2 else x
            x = x.transpose(0, 2, 1) if turn & 4 else x
            light = numpy.float32(1 + 0.1 * draw.uniform(-1, 1))
            batch[i] = (x * light - mean) / scale
    after = resource.getrusage(resource.RUSAGE_SELF)
    return len(names), after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def peer():
    cores = os.cpu_count()
    with multiprocessing.Pool(cores) as pool:
        done = pool.map(work, [(i, cores) for i in range(cores)])
    return sum(d[0] for d in done) / sum(d[1] for d in done)


def own():
    out = subprocess.run([program, path, str(os.cpu_count()), "1"], check=True,
                         capture_output=True, text=True).stdout
    return float(re.search(r"(\d+) /CPU s", out)[1])


ratios = []
for _ in range(2):
    a, b = own(), peer()
    ratios.append(a / b)
    print(f"nadir {a:.0f}, Pillow and numpy {b:.0f} pictures a CPU second: {a / b:.2f} x")
print(f"ratio {sorted(ratios)[0]:.2f} to {sorted(ratios)[-1]:.2f}")
