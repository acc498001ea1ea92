#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far a preview lies from the truth: each operator on the bundled crop 31UFS, rendered at
a level and averaged from level 0. Needs python3-gdal and python3-numpy.

usage: levels.py NADIR [LEVEL [OPERATOR ...]]   Prints, for each, what it declares, and the 99th percentile of
the difference over all pixels whose block is valid, in % of the band's 2nd to 98th percentile
range (the worst band; flags are left out, they have no mean). EXACT should give 0, REDUCED at most 1."""
import json
import subprocess
import sys
import tempfile

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
nadir, level = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
side, wanted = 2 ** level, sys.argv[3:]
extra = {"band_maths": ["--expression", "(B8 - B4) / (B8 + B4)"],
         "band_select": ["--bands", "B4"], "resample": ["--target_resolution", "20"],
         "reproject": ["--crs", "EPSG:3857"], "subset": ["--region", "16,32,256,512"]}
ops = json.loads(subprocess.check_output([nadir, "describe", "--json"]))["operators"]


def pixels(words, path):
    done = subprocess.run([nadir, *words, "-o", path, "--force", "--quiet"], capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip().splitlines()[0] if done.stderr.strip() else "failed"
    data = gdal.Open(path)
    bands = []
    for i in range(1, data.RasterCount + 1):
        band = data.GetRasterBand(i)
        if band.GetDescription() == "flags":
            continue
        value = band.ReadAsArray().astype(float)
        if band.GetNoDataValue() is not None:
            value[value == band.GetNoDataValue()] = np.nan
        bands.append(value)
    return bands, None


for op in ops:
    if wanted and op["name"] not in wanted:
        continue
    if op.get("max_inputs") == 0 or op["name"] in ("write", "exec"):
        continue
    with tempfile.TemporaryDirectory() as folder:
        words = ["op", op["name"], "data/31UFS", *extra.get(op["name"], [])]
        full, wrong = pixels(words, folder + "/full.tif")
        small, wrong = pixels([*words, "--level", str(level)], folder + "/small.tif") if full else (None, wrong)
        if not small:
            print(f"{op['name']:20} {op['levels']:8} not tried: {wrong}")
            continue
        worst = 0.0
        for a, b in zip(full, small):
            h, w = a.shape[0] // side, a.shape[1] // side
            mean = a[:h * side, :w * side].reshape(h, side, w, side).mean(axis=(1, 3))
            spread = np.nanpercentile(a, 98) - np.nanpercentile(a, 2)
            off = np.abs(b[:h, :w] - mean)
            off = off[np.isfinite(off)]
            if off.size and spread > 0:
                worst = max(worst, np.percentile(off, 99) / spread * 100)
        print(f"{op['name']:20} {op['levels']:8} {worst:9.4f} %")
