#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A full-size Sentinel-2 product for benchmarks: simulated bands under real metadata.

usage: scene.py FOLDER OUT
FOLDER holds *_B04_10m.jp2, *_B08_10m.jp2, *_B11_20m.jp2 of 10980 and 5490 pixels, laid out as ESA
does and placed at 600000, 4600020 in EPSG:32633. They go, with their georeference rewritten in
place, under the metadata of the bundled T31TDH product, whose name then says SIMULATED; the file
SIMULATED inside says what is not real."""
import pathlib
import shutil
import struct
import sys

folder, out = map(pathlib.Path, sys.argv[1:3])
real = next(pathlib.Path(__file__).parent.parent.glob("data/**/S2A_MSIL1C_20180101T105441_*.SAFE"))
safe = out / real.name.replace(".SAFE", "_SIMULATED.SAFE")
if safe.exists():
    shutil.rmtree(safe)
shutil.copytree(real, safe)
images = next(safe.glob("GRANULE/*/IMG_DATA"))
for old in images.glob("*.jp2"):
    old.unlink()
# Both as text (GML box) and as numbers (GeoTIFF box); each of the same length as what it replaces.
changes = [(b"EPSG::32633", b"EPSG::32631"),
           (b"600000 4490220", b"399960 4690200"), (b"709800 4600020", b"509760 4800000"),
           (b"600005 4600015", b"399965 4799995"), (b"600010 4600010", b"399970 4799990"),
           (struct.pack("<H", 32633), struct.pack("<H", 32631)),
           (struct.pack("<d", 600000), struct.pack("<d", 399960)),
           (struct.pack("<d", 4600020), struct.pack("<d", 4800000)),
           (b"zone 33N", b"zone 31N")]
for band, pattern in (("B04", "*_B04_10m.jp2"), ("B08", "*_B08_10m.jp2"), ("B11", "*_B11_20m.jp2")):
    target = images / f"T31TDH_20180101T105441_{band}.jp2"
    shutil.copyfile(next(folder.glob(pattern)), target)
    with open(target, "r+b") as file:
        head = file.read(16384)
        end = head.index(b"jp2c")
        boxes = head[:end]
        for old, new in changes:
            boxes = boxes.replace(old, new)
        file.seek(0)
        file.write(boxes)
(safe / "SIMULATED").write_text("The pixels of B04, B08 and B11 are simulated; the metadata is that of a real product.\n")
print(safe)
