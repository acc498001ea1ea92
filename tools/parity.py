#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far SNAP's published graphs get: checked, planned, run, agreeing with numbers.

Reads the folder snap-graphs of NADIR_TEST_DATA. Graphs are planned and run on the
bundled scene data/31UFS instead of their own input; those that end in one index are
compared with the published formula in numpy, where numpy and GDAL's Python are there.
Then their own tests are run on products simulated under their own names, and compared
with the numbers that SNAP's developers recorded (snap_numbers.py). Columns: runs (crop:
on the crop; made: only on a simulated product), formula, and of SNAP's own numbers the
pixel values that agree and the facts that agree (sizes, places, names, units, codings).
  parity.py [--nadir PROGRAM] [--check] [--update]
--check: only whether tests/graphs/parity.txt still says what `nadir check` says;
--update: writes that file anew.
"""
import argparse, json, os, re, subprocess, sys, tempfile
from pathlib import Path

import snap_numbers

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / 'tests/graphs/parity.txt'
SCENE = ROOT / 'data/31UFS'
REGION = '100,200,96,80'  # x, y, width, height: all of its bands lie on one grid

# Published formulas of one index each, on reflectance by SNAP's band parameters.
INDEX = {
    'DviOp': lambda b, p: b['nir'] - b['red'],
    'IpviOp': lambda b, p: b['nir'] / (b['nir'] + b['red']),
    'WdviOp': lambda b, p: b['nir'] - p.get('slopeSoilLine', 1.5) * b['red'],
    'PssraOp': lambda b, p: b['nir'] / b['red'],
    'GndviOp': lambda b, p: (b['nir'] - b['green']) / (b['nir'] + b['green']),
    'NdwiOp': lambda b, p: (b['nir'] - b['mir']) / (b['nir'] + b['mir']),
    'Ndwi2Op': lambda b, p: (b['green'] - b['nir']) / (b['green'] + b['nir']),
    'MndwiOp': lambda b, p: (b['green'] - b['mir']) / (b['green'] + b['mir']),
    'NdpiOp': lambda b, p: (b['mir'] - b['green']) / (b['mir'] + b['green']),
    'NdtiOp': lambda b, p: (b['red'] - b['green']) / (b['red'] + b['green']),
    'CiOp': lambda b, p: (b['red'] - b['green']) / (b['red'] + b['green']),
    'RiOp': lambda b, p: b['red'] ** 2 / b['green'] ** 3,
    'TndviOp': lambda b, p: ((b['nir'] - b['red']) / (b['nir'] + b['red']) + 0.5) ** 0.5,
    'ArviOp': lambda b, p: arvi(b['nir'], 2 * b['red'] - b['blue']),
    'PviOp': lambda b, p: (b['nir'] - b['red']) * 0.5 ** 0.5,
    'GemiOp': lambda b, p: gemi(b['nir'], b['red']),
    'McariOp': lambda b, p: ((b['red2'] - b['red1']) - 0.2 * (b['red2'] - b['green']))
    * b['red2'] / b['red1'],
    'Ndi45Op': lambda b, p: (b['red5'] - b['red4']) / (b['red5'] + b['red4']),
    'IreciOp': lambda b, p: (b['nir'] - b['red4']) / (b['red5'] / b['red6']),
}


def arvi(nir, rb):
    return (nir - rb) / (nir + rb)


def gemi(nir, red):
    eta = (2 * (nir ** 2 - red ** 2) + 1.5 * nir + 0.5 * red) / (nir + red + 0.5)
    return eta * (1 - 0.25 * eta) - (red - 0.125) / (1 - red)


ROLE = {'redSourceBand': 'red', 'nirSourceBand': 'nir', 'greenSourceBand': 'green',
        'mirSourceBand': 'mir', 'blueSourceBand': 'blue', 'red1SourceBand': 'red1',
        'red2SourceBand': 'red2', 'redSourceBand4': 'red4', 'redSourceBand5': 'red5',
        'redSourceBand6': 'red6'}


def heights():
    return str(Path(os.environ.get('NADIR_TEST_DATA', '')) / 'dem')


def run(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=300,
                          env={**os.environ, 'LC_ALL': 'C',
                               'NADIR_AUX': heights()})
    return done.returncode, done.stdout, done.stderr


def first_mistake(said):
    lines = [line for line in said.splitlines() if re.match(r'.*:\d+:\d+: ', line)]
    lines = [l for l in lines if 'has no effect' not in l and 'is now called' not in l]
    return re.sub(r'^.*?:\d+:\d+: ', '', lines[0]) if lines else said.strip()[:80]


def check(program, graph):
    """One line of the committed list, and the variables that are open."""
    code, out, err = run(program, 'check', str(graph))
    if code == 0:
        return 'checked', re.findall(r'-P (\S+?)=', out)
    missing = sorted(set(re.findall(r"SPI not found for operator '(.*?)'", err)))
    if missing:
        return 'lacks ' + ', '.join(missing), []
    return 'wrong: ' + first_mistake(err), []


def settings(folder):
    """What SNAP's tests give each graph: the first test of each."""
    given = {}
    path = folder / '_tests/s1s2-tests.json'
    for test in json.loads(path.read_text()) if path.exists() else []:
        given.setdefault(test['g'], test['par'])
    return given


BANDS = {'B1': 'B2', 'B5': 'B8A', 'B6': 'B8A', 'B7': 'B8A', 'B12': 'B11'}


AREA = ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},'
        '"geometry":{"type":"Polygon","coordinates":[[[5.24,51.29],[5.27,51.29],[5.27,51.31],'
        '[5.24,51.29]]]}}]}')
# What no test of SNAP's gives: Reproject's own defaults.
UNSAID = {'crs': 'EPSG:4326', 'resampling': 'Nearest', 'orthorectify': 'false',
          'nodatavalue': 'NaN', 'includetiepointgrids': 'true', 'adddeltabands': 'false'}


def value_of(name, given, scratch):
    """SNAP's value, brought to the bundled scene: its bands, a region inside it."""
    low = name.lower()
    if low == 'vectorfile':
        (scratch / 'area.geojson').write_text(AREA)
        return str(scratch / 'area.geojson')
    if low == 'resamplingpreset' and given.get(name):
        (scratch / 'preset.res').write_text('made up\nB2:First:Nearest\n')
        return str(scratch / 'preset.res')
    if low == 'referenceproductname':
        return 'S2_MSIL1C_31UFS_crop'
    if name not in given and low in UNSAID:
        return UNSAID[low]
    if low == 'inputformatname':
        return ''
    if low.startswith('input') or low == 'filelist':
        return str(SCENE)
    if low.startswith('out') and 'format' not in low:
        return str(scratch / 'out.dim')
    if 'region' in low:
        return '' if 'geo' in low or 'polygon' in low else REGION
    text = given.get(name, '')
    if 'band' in low:
        return ','.join(BANDS.get(b, b) for b in text.split(','))
    if 'expression' in low:
        return re.sub(r'\bB(1|5|6|7|12)\b', lambda m: BANDS[m.group()], text)
    if low == 'crs':
        return 'EPSG:4326' if text == 'WGS84(DD)' else text
    return text


def agrees(graph, values, scratch):
    """Largest difference to the formula; None: nothing independent to compare with."""
    text = graph.read_text(errors='replace')
    ops = [o for o in re.findall(r'<operator>(.*?)</operator>', text)
           if o.endswith('Op')]
    if len(ops) != 1 or ops[0] not in INDEX or 'resampleRefBand' not in values:
        return None
    try:
        import numpy
        from osgeo import gdal
    except ImportError:
        return None
    gdal.UseExceptions()
    x, y, w, h = map(int, REGION.split(','))

    def pixels(band):
        name = band if len(band) > 2 else 'B0' + band[1]
        raw = gdal.Open(str(SCENE / f'ref_input_S2_{name}.tif')).ReadAsArray(x, y, w, h)
        return raw.astype('float64') / 10000
    bands = {ROLE[k]: pixels(v) for k, v in values.items() if k in ROLE}
    made = [p for p in (scratch / 'out.data').glob('*.img') if 'flags' not in p.name]
    if len(made) != 1:
        return float('nan')
    got = numpy.fromfile(made[0], '>f4').reshape(h, w)
    with numpy.errstate(all='ignore'):
        want = INDEX[ops[0]](bands, {})
    fine = numpy.isfinite(want) & numpy.isfinite(got)
    scale = numpy.maximum(1, numpy.abs(want[fine]))
    return float((numpy.abs(got[fine] - want[fine]) / scale).max())


def try_out(program, graph, open_names, given):
    """Planned, run, largest difference: each a word for the table."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        values = {n: value_of(n, given, scratch) for n in open_names}
        words = [w for n, v in values.items() for w in ('-P', f'{n}={v}')]
        code, _, err = run(program, 'check', str(graph), *words)
        if code:
            return 'no', '', '', first_mistake(err)
        code, _, err = run(program, 'run', str(graph), *words)
        if code:
            return 'yes', 'no', '', first_mistake(err)
        worst = agrees(graph, values, scratch)
        if worst is None:
            return 'yes', 'yes', '', ''
        return 'yes', 'yes', 'yes' if worst <= 1e-5 else 'no', f'{worst:.1e}'


def compare_list(lines, update):
    text = '\n'.join(lines) + '\n'
    if update:
        LIST.write_text(text)
    old = LIST.read_text().splitlines() if LIST.exists() else []
    lost = [l for l in old if l.endswith(': checked') and l not in lines]
    lost += [l for l in lines if ': wrong' in l and l not in old]
    same = bool(old) and not lost
    print(f'{"ok" if same else "not ok"} 1 - what passed the check passes it still')
    for line in sorted(set(lines) ^ set(old)):
        print('#', '+' if line in lines else '-', line)
    if set(lines) ^ set(old):
        print('# python3 tools/parity.py --update writes the list anew')
    print('1..1')
    return 0 if same else 1


def pixels_met(row):
    """"2/2": predicted and met; "2/2 t": used, but others lead there in turn; "!": not all."""
    if row.get('predicted'):
        return f'{row["met"]}/{row["predicted"]}' + '!' * (row['met'] < row['predicted'])
    if row.get('turn'):
        return f'{row["turned"]}/{row["turn"]} t' + '!' * (row['turned'] < row['turn'])
    return ''


def numbers(program, data):
    """SNAP's own numbers by graph: sums over its tests."""
    own = {}
    for test, result in snap_numbers.all_tests(program, data):
        if 'fail' in test['fr'].split('/') and result['ran']:
            result = dict(ran=True)  # it ran; its numbers are not to be trusted
        row = own.setdefault(test['g'], dict(ran=False) | snap_numbers.count({}))
        row['ran'] = row['ran'] or result['ran']
        for key, value in snap_numbers.count(result).items():
            row[key] += value
        lines = snap_numbers.mistakes(test, result) if result['ran'] else []
        for line in lines:
            print(f'{test["id"]}: {line}', flush=True)
    return own


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument('--nadir', default=None)
    ask.add_argument('--check', action='store_true')
    ask.add_argument('--update', action='store_true')
    ask = ask.parse_args()
    data = os.environ.get('NADIR_TEST_DATA')
    folder = Path(data or '') / 'snap-graphs'
    if not data or not folder.is_dir():
        print('ok 1 - published graphs # SKIP NADIR_TEST_DATA is not set\n1..1')
        return 0
    program = ask.nadir or next(str(p) for p in (ROOT / 'build/nadir',
                                                  ROOT / 'build/nadir')
                                if p.exists())
    graphs = sorted(p for p in folder.rglob('*.xml') if '_expected' not in p.parts)
    checked = [(g, *check(program, g)) for g in graphs]
    lines = [f'{g.relative_to(folder)}: {said}' for g, said, _ in checked]
    if ask.check or ask.update:
        return compare_list(lines, ask.update)
    given = settings(folder)
    count = dict.fromkeys(('checked', 'planned', 'run', 'agree'), 0)
    lack = snap_numbers.reason_to_skip()
    own = {} if lack else numbers(program, data)
    count |= {'agree with a formula': 0, "agree with SNAP's own pixels": 0,
              "agree with SNAP's facts": 0}
    del count['agree']
    print(f'{"graph":58} check runs formula pixels  facts')
    for graph, said, names in checked:
        name = str(graph.relative_to(folder))
        if said != 'checked':
            print(f'{name:58} no    {said}')
            continue
        _, runs, same, why = try_out(program, graph, names, given.get(name, {}))
        row = own.get(name, {})
        where = 'crop' if runs == 'yes' else 'made' if row.get('ran') else 'no'
        pixels = pixels_met(row)
        told = f'{row["told"]}/{row["facts"]}' if row.get('facts') else ''
        print(f'{name:58} yes   {where:4} {same:7} {pixels:7} {told:7} '
              f'{why if where == "no" or same else ""}'.rstrip())
        count['checked'] += 1
        count['run'] += where != 'no'
        count['agree with a formula'] += same == 'yes'
        count["agree with SNAP's own pixels"] += bool(pixels) and '!' not in pixels
        count["agree with SNAP's facts"] += bool(told) and row['told'] == row['facts']
    del count['planned']
    print(f'{len(graphs)} graphs: ' + ', '.join(f'{v} {k}' for k, v in count.items()))
    if lack:
        print(f"not compared with SNAP's own numbers: {lack}")
        return 0
    sums = {k: sum(r[k] for r in own.values()) for k in snap_numbers.count({})}
    print("SNAP's own numbers, on simulated products:", snap_numbers.words_for(sums))
    print(f'{sums["own"]} more facts differ by choice: '
          + '; '.join(snap_numbers.OWN_WAY.values()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
