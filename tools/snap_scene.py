#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sentinel-2 products that are not here, simulated: real metadata moved to another tile,
empty images that hold only the digital numbers asked for.

Where a tile lies follows from its name alone (the military grid, corners on multiples of
60 m), never from what is to be compared with.
"""
import math
import re
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROWS = 'ABCDEFGHJKLMNPQRSTUV'
BANDS = ('B1', 'B2', 'B3', 'B4', 'B5', 'B6', 'B7', 'B8', 'B8A', 'B9', 'B10', 'B11', 'B12')
METRES = {'B1': 60, 'B2': 10, 'B3': 10, 'B4': 10, 'B5': 20, 'B6': 20, 'B7': 20, 'B8': 10,
          'B8A': 20, 'B9': 60, 'B10': 60, 'B11': 20, 'B12': 20, 'SCL': 20}
# Of no scene: what lies around the pixels that are known, a field in summer.
AROUND = {'B1': 1300, 'B2': 1000, 'B3': 900, 'B4': 800, 'B5': 1200, 'B6': 2200, 'B7': 2700,
          'B8': 2900, 'B8A': 3000, 'B9': 900, 'B10': 20, 'B11': 1900, 'B12': 1100, 'SCL': 4}


def parts(name):
    """What a product's name says: level, date, baseline, tile."""
    found = re.match(r'S2(.)_MSI(L1C|L2A)_(\d{8}T\d{6})_N(\d\d)(\d\d)_R(\d{3})_T(\w{5})_', name)
    if not found:
        return None
    unit, level, date, major, minor, orbit, tile = found.groups()
    return dict(unit=unit, level=level, date=date, baseline=f'{major}.{minor}', tile=tile,
                offset=-1000 if int(major) >= 4 else 0, orbit=int(orbit))


def corner(tile):
    """EPSG code, easting and northing of the upper left corner of a tile."""
    from osgeo import osr
    zone, belt, column, row = int(tile[:2]), tile[2], tile[3], tile[4]
    south = belt < 'N'
    columns = ('ABCDEFGH', 'JKLMNPQR', 'STUVWXYZ')[(zone - 1) % 3]
    east = (columns.index(column) + 1) * 100000
    least = ('CDEFGHJKLMNPQRSTUVWX'.index(belt) - 10) * 8
    code = (32700 if south else 32600) + zone
    degrees, metres = osr.SpatialReference(), osr.SpatialReference()
    degrees.ImportFromEPSG(4326)
    metres.ImportFromEPSG(code)
    degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    turn = osr.CoordinateTransformation(degrees, metres)
    floor = turn.TransformPoint(zone * 6 - 183.0, float(least))[1]
    north = (ROWS.index(row) - (0 if zone % 2 else 5)) % 20 * 100000
    while north < floor - 100000:
        north += 2000000
    top = north + 100000
    if south:  # there multiples of 60 m count from the equator, at 10 000 km
        top = 10000000 - (10000000 - top) // 60 * 60
    else:
        top = -(-top // 60) * 60
    return code, east // 60 * 60, top


def heights(folder, tile):
    """Tiles of heights of one arc-second under a tile, all of them 0: open sea."""
    from osgeo import osr
    code, left, top = corner(tile)
    metres, degrees = osr.SpatialReference(), osr.SpatialReference()
    metres.ImportFromEPSG(code)
    degrees.ImportFromEPSG(4326)
    degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    turn = osr.CoordinateTransformation(metres, degrees)
    places = [turn.TransformPoint(left + x * 109800., top - y * 109800.)
              for x in (0, 1) for y in (0, 1)]
    lon, lat = ([math.floor(p[k]) for p in places] for k in (0, 1))
    for south in range(min(lat), max(lat) + 1):
        for west in range(min(lon), max(lon) + 1):
            name = f'{"NS"[south < 0]}{abs(south):02}{"EW"[west < 0]}{abs(west):03}'
            with zipfile.ZipFile(folder / f'{name}.SRTMGL1.hgt.zip', 'w',
                                 zipfile.ZIP_DEFLATED, compresslevel=1) as file:
                file.writestr(f'{name}.hgt', bytes(2 * 3601 * 3601))


# SNAP's own results at the size of "B2" show what that copy of a product holds.
COARSE = {('L2A', '12SUB'): 60}


def metres_of(band, about):
    level, baseline = about['level'], about['baseline']
    if (level, about['tile']) in COARSE:
        return COARSE[level, about['tile']]
    fine = level == 'L2A' and float(baseline) >= 4
    return 20 if band == 'B1' and fine else METRES[band]


def metadata(level, data):
    """The two files of metadata of a real product of that level, as text."""
    if level == 'L1C':
        safe = next((ROOT / 'data/T31TDH').glob('*.SAFE'))
        return (safe / 'MTD_MSIL1C.xml').read_text(), next(
            safe.glob('GRANULE/*/MTD_TL.xml')).read_text()
    packed = next((Path(data) / 's2/safe_metadata_only').glob('*MSIL2A*.zip'))
    with zipfile.ZipFile(packed) as z:
        names = z.namelist()
        scene = next(n for n in names if n.endswith('MTD_MSIL2A.xml'))
        tile = next(n for n in names if n.endswith('MTD_TL.xml'))
        return z.read(scene).decode(), z.read(tile).decode()


def retold(scene, tile, name, about):
    """Those metadata as if they were of the product of that name."""
    code, x, y = corner(about['tile'])
    d = about['date']
    when = f'{d[:4]}-{d[4:6]}-{d[6:11]}:{d[11:13]}:{d[13:]}.000Z'
    for tag, text in (('PRODUCT_URI', name + '.SAFE'), ('PRODUCT_START_TIME', when),
                      ('PRODUCT_STOP_TIME', when), ('PROCESSING_BASELINE', about['baseline']),
                      ('SENSING_ORBIT_NUMBER', str(about['orbit'])),
                      ('SPACECRAFT_NAME', 'Sentinel-2' + about['unit'])):
        scene = re.sub(rf'<{tag}>[^<]*<', f'<{tag}>{text}<', scene)
    scene = re.sub(r'<IMAGE_FILE>[^<]*</IMAGE_FILE>', '', scene)
    scene = re.sub(r'<(\w+_ADD_OFFSET) .*?</\1>', '', scene)
    kind = 'RADIO_ADD_OFFSET' if about['level'] == 'L1C' else 'BOA_ADD_OFFSET'
    rows = ''.join(f'<{kind} band_id="{i}">{about["offset"]}</{kind}>' for i in range(13))
    if about['offset']:
        scene = re.sub(r'(</\w*:?General_Info>)', rows + r'\1', scene, count=1)
    tile = re.sub(r'EPSG:\d+', f'EPSG:{code}', tile)
    tile = re.sub(r'<ULX>\d+', f'<ULX>{x}', tile)
    tile = re.sub(r'<ULY>\d+', f'<ULY>{y}', tile)
    tile = re.sub(r'_T\d\d[A-Z]{3}_N\d\d\.\d\d',
                  f'_T{about["tile"]}_N{about["baseline"]}', tile)
    return scene, tile


def image(path, metres, around, pixels, empty, at):
    """A TIFF of a whole tile that takes room only where something is known."""
    from osgeo import gdal
    import numpy
    gdal.UseExceptions()
    side, block = 109800 // metres, 256
    code, x, y = at
    options = ['TILED=YES', 'BLOCKXSIZE=256', 'BLOCKYSIZE=256', 'SPARSE_OK=TRUE',
               'COMPRESS=DEFLATE']
    file = gdal.GetDriverByName('GTiff').Create(str(path), side, side, 1, gdal.GDT_UInt16,
                                                options)
    file.SetGeoTransform((x, metres, 0, y, 0, -metres))
    band = file.GetRasterBand(1)
    blocks = {}
    for (px, py), value in pixels.items():
        if not (0 <= px < side and 0 <= py < side):
            continue
        key = px // block, py // block
        if key not in blocks:
            w, h = min(block, side - key[0] * block), min(block, side - key[1] * block)
            blocks[key] = numpy.full((h, w), around, 'uint16')
        if value is not None:
            blocks[key][py % block, px % block] = value
    for px, py in empty:
        if (px // block, py // block) in blocks:
            blocks[px // block, py // block][py % block, px % block] = 0
    for (i, j), values in blocks.items():
        band.WriteArray(values, i * block, j * block)
    file = None


def build(folder, name, data, known, empty=()):
    """The product under `folder`: known {(band, x, y): digital number or None}, in pixels
    of the band; None asks for the surroundings. `empty`: ground, in pixels of 10 m, where
    nothing was seen. Answers the path of the product."""
    about = parts(name)
    level = about['level']
    safe = Path(folder) / (name + '.SAFE')
    granule = safe / 'GRANULE' / f'{level}_T{about["tile"]}_A000000_{about["date"]}'
    scene, tile = retold(*metadata(level, data), name, about)
    (granule / 'IMG_DATA').mkdir(parents=True)
    (safe / f'MTD_MSI{level}.xml').write_text(scene)
    (granule / 'MTD_TL.xml').write_text(tile)
    (safe / 'SIMULATED').write_text('Metadata of another product, moved; pixels made up.\n')
    at = corner(about['tile'])
    for band in BANDS + (('SCL',) if level == 'L2A' else ()):
        if level == 'L2A' and band == 'B10':
            continue
        metres = metres_of(band, about)
        file = band if len(band) > 2 else 'B0' + band[1]
        end = f'_{file}_{metres}m.tif' if level == 'L2A' else f'_{file}.tif'
        image(granule / 'IMG_DATA' / (f'T{about["tile"]}_{about["date"]}' + end), metres,
              AROUND[band] - (about['offset'] if band != 'SCL' else 0),
              {(x, y): v for (b, x, y), v in known.items() if b == band},
              [(x * 10 // metres, y * 10 // metres) for x, y in empty], at)
    return safe
