# SPDX-License-Identifier: Apache-2.0
"""What published values of indices say of the digital numbers below: a search over whole
numbers, with SNAP's own tolerance."""
import math
import struct

import snap_scene


def close(want, got):
    """SNAP's own tolerance, as its comparator has it, on float32."""
    if isinstance(want, str) and want == 'NaN':
        return math.isnan(got)
    want = float(want)
    delta = 1e-6 if abs(want) < 1 else round(abs(want) * 1e-6, 7)
    return abs(float(got) - want) <= delta * (1 + 1e-9)


def single(value):
    return struct.unpack('f', struct.pack('f', value))[0]


# Which index determines which band once the others are known. Published formulas, on
# digital numbers: those of ratios do not care for the scale.
STEPS = [('expectedDVI', 'expectedPSSRa', ('B4', 'B8')),
         ('expectedCI', None, 'B3', lambda k, v: (k['B4'] - v) / (k['B4'] + v)),
         ('expectedNDI45', None, 'B5', lambda k, v: (v - k['B4']) / (v + k['B4'])),
         ('expectedMNDWI', None, 'B12', lambda k, v: (k['B3'] - v) / (k['B3'] + v)),
         ('expectedARVI', None, 'B2', lambda k, v: (k['B8'] - 2 * k['B4'] + v)
          / ((k['B8'] + 2 * k['B4'] - v) or math.inf))]


def values_of(content):
    for band in content.get('bands', []):
        for p in band.get('expectedPixels', []):
            yield band['name'], int(p['x']), int(p['y']), p['value']


def solve(contents):
    """{pixel: {band: digital number}}, the values used {(file, pixel)}, of the pixels where
    the index tests of one product meet. Every search must have exactly one answer."""
    at = {name: {(x, y): v for b, x, y, v in values_of(c) if not b.startswith('flags')}
          for name, c in contents.items()}
    known, used = {}, set()
    for pixel in at['expectedDVI']:
        less, ratio = at['expectedDVI'][pixel], at['expectedPSSRa'][pixel]
        less = round(less * 10000)
        fits = [r for r in range(1, 20000) if close(ratio, single((r + less) / r))]
        k = {}
        if len(fits) == 1:
            k = {'B4': fits[0], 'B8': fits[0] + less}
            used |= {('expectedDVI', pixel), ('expectedPSSRa', pixel)}
        for name, _, band, formula in STEPS[1:] if k else []:
            want = at[name][pixel]
            fits = [v for v in range(1, 20000) if close(want, single(formula(k, v)))]
            if len(fits) == 1:
                k[band] = fits[0]
                used.add((name, pixel))
        known[pixel] = k
    return known, used


# Another choice of values that determines the same bands, but for blue: PVI at 45 degrees
# is (N - R) / sqrt 2, IPVI is N / (N + R).
TURN = [('expectedRI', 'B3', lambda k, v: k['B4'] ** 2 * 1e4 / v ** 3),
        ('expectedMCARI', 'B5', lambda k, v: (v - k['B4'] - .2 * (v - k['B3'])) / 1e4
         * v / k['B4']),
        ('expectedNDWI', 'B12', lambda k, v: (k['B8'] - v) / (k['B8'] + v))]


def in_turn(contents, known):
    """Of the values that `solve` used, those that others lead to as well: {(file, pixel)}."""
    at = {name: {(x, y): v for b, x, y, v in values_of(c) if not b.startswith('flags')}
          for name, c in contents.items()}
    found = set()
    for pixel, first in known.items():
        less = round(at['expectedPVI'][pixel] * math.sqrt(2) * 10000)
        share = at['expectedIPVI'][pixel]
        fits = [r for r in range(1, 20000)
                if r + less > 0 and close(share, single((r + less) / (2 * r + less)))]
        if fits != [first.get('B4')]:
            continue
        found |= {('expectedDVI', pixel), ('expectedPSSRa', pixel)}
        for (name, band, formula), first_by in zip(TURN, ('CI', 'NDI45', 'MNDWI')):
            fits = [v for v in range(1, 20000)
                    if close(at[name][pixel], single(formula(first, v)))]
            if fits == [first.get(band)]:
                found.add(('expected' + first_by, pixel))
    return found


def red_edge(known, ireci):
    """Band 6 from IRECI, (N - R4) / (R5 / R6)."""
    k = known
    fits = [v for v in range(1, 20000) if k.keys() >= {'B4', 'B5', 'B8'} and close(
        ireci, single((k['B8'] - k['B4']) / 1e4 * v / k['B5']))]
    return fits[0] if len(fits) == 1 else None


def pair(want, formula, first, second):
    """Two whole numbers that give the value, the closest to what is likely; or None."""
    best = None
    for a in range(1, 12000):
        for b in formula(want, a):
            if b < 1 or b > 30000:
                continue
            far = abs(math.log(a / first)) + abs(math.log(b / second))
            if best is None or far < best[0]:
                best = far, a, b
    return best and best[1:]


def red_and_green(want, kind):
    """Red and green that give RI or NDTI at a pixel where nothing else is known."""
    likely = snap_scene.AROUND['B4'], snap_scene.AROUND['B3']

    def greens(v, r):
        if kind == 'ri':  # R²/G³ on reflectance
            g = round(((r / 1e4) ** 2 / v) ** (1 / 3) * 1e4)
            return [g] if g and close(v, single((r / 1e4) ** 2 / (g / 1e4) ** 3)) else []
        g = round(r * (1 - v) / (1 + v))
        return [g] if close(v, single((r - g) / (r + g))) else []
    return pair(want, greens, *likely)
