#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/ops/reproject_truth.h: what GDAL's warper, asked exactly, makes of a small picture.

usage: reproject_truth.py > tests/ops/reproject_truth.h   (needs Debian's python3-gdal)
The picture is the same formula here and in the test; GDAL's numbers are the truth."""
import sys

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
W, H = 24, 20
y, x = np.mgrid[0:H, 0:W]
picture = ((x * 37 + y * 101) % 211).astype(np.float32)
picture[(x * 7 + y * 3) % 29 == 0] = np.nan


def source(epsg, left, top):
    ds = gdal.GetDriverByName("MEM").Create("", W, H, 1, gdal.GDT_Float32)
    ds.SetGeoTransform([left, 10, 0, top, 0, -10])
    srs = osr.SpatialReference()
    srs.ImportFromEPSG(epsg)
    ds.SetProjection(srs.ExportToWkt())
    ds.GetRasterBand(1).SetNoDataValue(float("nan"))
    ds.GetRasterBand(1).WriteArray(picture)
    return ds


# name, source EPSG, its corner, target EPSG, target's corner, pixel width and height
cases = [
    ("web_map", 32631, 500000, 4650000, 3857, 333955.0, 5160900.0, 9.0, 9.0),
    ("degrees", 32633, 399960, 5100000, 4326, 13.70740, 46.04510, 0.00009, 0.00007),
    ("arctic", 32631, 500000, 8990000, 3995, 52500.0, -982000.0, 8.0, 8.0),
]
kernels = [("nearest", gdal.GRA_NearestNeighbour), ("bilinear", gdal.GRA_Bilinear), ("cubic", gdal.GRA_Cubic)]
OW, OH = 14, 10


def corner(src_epsg, left, top, dst_epsg):
    a, b = osr.SpatialReference(), osr.SpatialReference()
    for s, n in ((a, src_epsg), (b, dst_epsg)):
        s.ImportFromEPSG(n)
        s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(a, b).TransformPoint(left, top)


print("// SPDX-License-Identifier: Apache-2.0")
print(f"// Made by tools/reproject_truth.py: GDAL {gdal.VersionInfo('RELEASE_NAME')}'s warper, error threshold 0.")
print("#pragma once\n#include <math.h>\n")
print("typedef struct truth {\n    const char *from, *to, *resampling;\n    double left, top, x, y, pixel_x, pixel_y;")
print(f"    float value[{OW} * {OH}];\n}} truth;\n")
print("static const truth truths[] = {")
for name, epsg, left, top, to, tx, ty, px, py in cases:
    cx, cy, _ = corner(epsg, left - 8, top + 8, to)
    digits = 6 if to == 4326 else 0
    tx, ty = round(cx, digits), round(cy, digits)
    for kernel, alg in kernels:
        out = gdal.Warp("", source(epsg, left, top), format="MEM", dstSRS=f"EPSG:{to}", width=OW, height=OH,
                        outputBounds=[tx, ty - OH * py, tx + OW * px, ty], resampleAlg=alg, errorThreshold=0,
                        dstNodata=float("nan"), outputType=gdal.GDT_Float32)
        v = out.ReadAsArray().ravel()
        words = ["NAN" if np.isnan(a) else f"{a:.6g}" + ("" if "." in f"{a:.6g}" or "e" in f"{a:.6g}" else ".0") + "f" for a in v]
        print(f"    // {name}")
        print(f'    {{"EPSG:{epsg}", "EPSG:{to}", "{kernel}", {left}, {top}, {tx!r}, {ty!r}, {px!r}, {py!r},\n     {{', end="")
        for i in range(0, len(words), 8):
            print(("      " if i else "") + ", ".join(words[i:i + 8]) + ("," if i + 8 < len(words) else "}},"))
print("};")
