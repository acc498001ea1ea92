#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Numbers that the tests of learn expect of the bundled pictures, by Pillow and numpy."""
import io
import sys
import zipfile

import numpy
from PIL import Image

# The split by file, as learn.md and dataset.h define it: hash, Philox, shares by class.
M = (1 << 64) - 1


def rotate(x, by):
    return (x << by | x >> (64 - by)) & M


def mix(x):
    x = ((x ^ x >> 33) * 0xFF51AFD7ED558CCD) & M
    x = ((x ^ x >> 33) * 0xC4CEB9FE1A85EC53) & M
    return x ^ x >> 33


def name_hash(data):
    a, b = 0x243F6A8885A308D3 + len(data), 0
    for i in range(0, len(data), 8):
        w = int.from_bytes(data[i:i + 8], "little")
        a = (rotate(a ^ w * 0x87C37B91114253D5 & M, 27) * 5 + b) & M
        b = (rotate(b ^ w * 0x4CF5AD432745937F & M, 31) * 5 + a) & M
    a = mix((a + b) & M)
    return a, mix((b + a) & M)


def philox(key, c):
    k = [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def order(key, seed):
    a, b = name_hash(key.encode())
    r = philox(seed, [a & 0xFFFFFFFF, a >> 32, b & 0xFFFFFFFF, b >> 32])
    return r[1] << 32 | r[0], r[3] << 32 | r[2]


def split(names, valid, test, seed):
    keys = sorted(n.split("/", 1)[1] for n in names)
    side = {}
    for c in sorted({k.split("/")[0] for k in keys}):
        mine = sorted((k for k in keys if k.split("/")[0] == c), key=lambda k: order(k, seed))
        v, t = int(valid * len(mine) + 0.5), int(test * len(mine) + 0.5)
        side.update({k: "valid" if i < v else "test" if i < v + t else "train"
                     for i, k in enumerate(mine)})
    return side


def pictures_of_tests():
    archive = zipfile.ZipFile("data/eurosat_mini200.zip")
    names = sorted(archive.namelist())
    pictures = numpy.stack([numpy.asarray(Image.open(io.BytesIO(archive.read(n)))) for n in names])
    print(len(names), names[0], names[37], names[-1])
    print("pixels of picture 37:", pictures[37, 0, 0], pictures[37, 5, 9], pictures[37, 63, 63])
    flat = pictures.reshape(-1, 3).astype(float)
    print("mean", flat.mean(0), "sigma", flat.std(0))
    print("p2, p50, p98", [numpy.percentile(flat[:, b], [2, 50, 98]) for b in range(3)])
    dn = numpy.clip((flat - 1) * 2750 / 254, 0, 2750)
    print("DN: mean", dn.mean(0), "sigma", dn.std(0))
    side = split(names, 0.1, 0.2, 1)
    print([k for k in sorted(side) if side[k] == "valid"])
    print([k for k in sorted(side) if side[k] == "test"][:8])


if __name__ == "__main__":
    if len(sys.argv) == 1:
        pictures_of_tests()
    # The list of EuroSAT's development pictures: learn_golden.py ZIP > data/eurosat_split.tsv
    else:
        side = split(zipfile.ZipFile(sys.argv[1]).namelist(), 0.1, 0.2, 1)
        print("# EuroSAT RGB, 18,001 pictures by file, seed 1: those that are not learnt from")
        for key in sorted(k for k in side if side[k] != "train"):
            print(key, key.split("/")[0], side[key], sep="\t")
