#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two simulated 16-bit bands for bench/geo.sh, of 10 and 20 m, as large as a Sentinel-2 tile.

usage: geo.py FOLDER   (needs Debian's python3-gdal and python3-numpy)"""
import sys

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
random = np.random.default_rng(1)
utm = osr.SpatialReference()
utm.ImportFromEPSG(32633)
for name, side, pixel in (("10m", 10980, 10), ("20m", 5490, 20)):
    file = gdal.GetDriverByName("GTiff").Create(f"{sys.argv[1]}/{name}.tif", side, side, 1, gdal.GDT_UInt16, ["TILED=YES"])
    file.SetProjection(utm.ExportToWkt())
    file.SetGeoTransform([600000, pixel, 0, 4600020, 0, -pixel])
    for y in range(0, side, 549):
        rows = 800 + 200 * random.standard_normal((549, side))
        file.GetRasterBand(1).WriteArray(rows.clip(1, 9999).astype(np.uint16), 0, y)
    file = None
