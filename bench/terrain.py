#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Simulated pictures to compress: fields of many sizes and some sensor noise, as u16.tif
(reflectance times 10000) and f32.tif (an index of two such). usage: terrain.py FOLDER SIDE"""
import sys

import numpy as np
from osgeo import gdal, osr

folder, side = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(1)
srs = osr.SpatialReference()
srs.ImportFromEPSG(32631)


def create(name, kind):
    options = ["TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512"]
    made = gdal.GetDriverByName("GTiff").Create(f"{folder}/{name}.tif", side, side, 1, kind, options)
    made.SetGeoTransform((399960, 10, 0, 4800000, 0, -10))
    made.SetProjection(srs.ExportToWkt())
    return made


def grid(cell):
    return rng.normal(size=(side // cell + 2, side // cell + 2)).astype("f4")


cells = [(n, grid(n), grid(n)) for n in (3, 17, 64, 400, 2500)]
columns = np.arange(side)


def rows(y, count, which):
    at = np.arange(y, y + count)
    out = np.full((count, side), 2000, "f4")
    for n, *fields in cells:
        f, weight = fields[which], 60 * np.sqrt(n) ** 0.7
        out += weight * f[np.ix_(at // n, columns // n)]
    return np.clip(out + rng.normal(0, 12, out.shape), 1, 15000)


u16, f32 = create("u16", gdal.GDT_UInt16), create("f32", gdal.GDT_Float32)
for y in range(0, side, 512):
    count = min(512, side - y)
    red, infrared = rows(y, count, 0), rows(y, count, 1) + 1000
    u16.GetRasterBand(1).WriteArray(red.astype("u2"), 0, y)
    f32.GetRasterBand(1).WriteArray((infrared - red) / (infrared + red), 0, y)
