#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SNAP's own numbers: its published graphs with their own settings, on simulated products,
against the values and facts that SNAP's developers recorded.

The products are not here. Where several tests look at one pixel, a few of their values
determine the digital numbers there (whole numbers: found by search), the product is made
with those, and nadir has to arrive at all the others. Values that were used to determine
a pixel never count as agreement. Grids, places, names, wavelengths, units, times and codings
need no pixels: they follow from the product's name and the graph.
  snap_numbers.py [--nadir PROGRAM] [--verbose]
"""
import argparse, datetime, json, math, os, re, subprocess, sys, tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import snap_scene  # noqa: E402
from snap_solve import (  # noqa: E402
    close, in_turn, red_and_green, red_edge, solve, values_of)

LARGE = 3e7  # samples: larger outputs are looked at pixel by pixel
# Facts in which nadir is of another mind, and why: told, not counted as agreement.
OWN_WAY = {
    'description': 'nadir describes bands in its own words',
    'no-data': 'nadir declares no-data; SNAP declares none, and counts 0 as a value',
}


# Differences that are understood: by graph, the kinds of facts they touch, and the reason.
KNOWN = {
    'graphSubsetRefBandPolygonRegionWKT': (('size', 'place'), 'SNAP keeps the pixels between '
        'the corners of a polygon; nadir also those that its lines bulge over on this grid'),
    'graphReadOpWithPolygonSubsetByPolygonRegionWKT': (('size', 'place'), 'as there'),
    'graphReprojectSubset': (('size',), 'SNAP brings a region to another grid by the centres '
        'of its corner pixels: 1795 for 6 x 300; nadir keeps the same ground'),
    'graphReadOpWithPixelSubset': (('size',), 'angle grids: SNAP keeps a column more'),
    'graphReaderMultiLevel': (('size',), 'whether Reproject begins a last row hangs on the '
        'last bit of h / (h / 200)'),
}
# Bands of files that a simulated product lacks: weather, and places as bands.
FROM_FILES = {'tcwv', 'tco3', 'msl', 'r', 'z', '10u', '10v', 'lat', 'lon'} | {
    'aod550', 'bcaod550', 'omaod550', 'ssaod550', 'suaod550', 'aod469', 'aod670', 'aod865',
    'aod1240'}


def load(data):
    """[(test, [(output's name, expected content)])] of the tests with expected numbers."""
    folder = Path(data) / 'snap-graphs'
    found = []
    for test in json.loads((folder / '_tests/s1s2-tests.json').read_text()):
        outputs = []
        for out in test['out']:
            path = folder / '_expected' / (out.get('expected') or '-')
            if path.is_file():
                content = json.loads(path.read_text())['expectedContent']
                outputs.append((out['parameter'], content))
        if outputs and not test['g'].startswith('s1tbx'):
            found.append((test, outputs))
    return found


def product_of(test):
    """The Sentinel-2 products that a test reads, by the name of the parameter."""
    named = {k: re.sub(r'\.(SAFE|zip).*', '', next(
        (p for p in v.split('/') if p.startswith('S2')
         and p.endswith(('.SAFE', '.zip'))), '')) for k, v in test['inputs'].items()}
    return {k: v for k, v in named.items() if snap_scene.parts(v)}


# ---- Where an output's pixel comes from.

def frame(test, content, about):
    """From a pixel of the output to metres right and down of the tile's corner, and the size
    of an output's pixel; None: that takes more than arithmetic."""
    given, graph = test['par'], Path(test['g']).stem
    x0, y0 = (int(t) for t in given.get('subsetRegion', '0,0').split(',')[:2])
    size = given.get('resampleRefBand') or given.get('referenceBand') or ''
    metres = snap_scene.METRES.get(size)
    if given.get('targetResolution'):
        metres = int(given['targetResolution'])
    if graph == 'graphRadiometricIndices':
        metres = 100
    if graph == 'graphBandMathNBR':
        metres = 20
    if graph == 'graphCoastalAnalysis_S2':
        metres, x0, y0 = 60, 0, 0
    if graph in ('graphIpviOpFull', 'graph2BandMathBandMath'):
        metres = 10
    if 'Reproj' in graph or 'crs' in given:
        return degrees(content, about, metres or 10)
    if not metres or 'polygonRegion' in given or 'pixelRegion' in given:
        return None
    return lambda x, y: ((x + x0) * metres, (y + y0) * metres)


def is_mixed(test, band):
    """Whether a band's pixel is made of several."""
    given = test['par']
    between = 'AdvResampling' in test['g'] and not given.get('resamplingPreset')
    return between and band != given['referenceBand'] or test['g'].endswith(
        ('S2Resampling.xml', 'FilteredBands.xml', 'AdvancedResample.xml'))


def degrees(content, about, metres):
    """The same of a map in degrees: its grid follows from the two places SNAP tells."""
    places = (content.get('geoCoding') or {}).get('coordinates', [])
    if len(places) != 2:
        return None
    from osgeo import osr
    a, b = places
    step_x = (b['lon'] - a['lon']) / (b['x'] - a['x'])
    step_y = (b['lat'] - a['lat']) / (b['y'] - a['y'])
    code, left, top = snap_scene.corner(about['tile'])
    turn = turner(4326, code, osr)

    def back(x, y):
        e, n, _ = turn.TransformPoint(a['lon'] + (x + .5 - a['x']) * step_x,
                                      a['lat'] + (y + .5 - a['y']) * step_y)
        return (e - left) // metres * metres, (top - n) // metres * metres
    return back


def turner(one, other, osr):
    systems = []
    for code in (one, other):
        s = osr.SpatialReference()
        if isinstance(code, int):
            s.ImportFromEPSG(code)
        else:
            s.SetFromUserInput(code)
        s.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        systems.append(s)
    return osr.CoordinateTransformation(*systems)


# ---- Running a graph and reading what it wrote.

def run(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True,
                          timeout=300, env={**os.environ, 'LC_ALL': 'C'})
    return done.returncode, done.stdout, done.stderr


def plan_of(program, graph, words):
    """What `nadir explain` says of each output: {file: bands}, in order."""
    code, out, err = run(program, 'explain', graph, '--json', '-q', *words)
    if code:
        return None, err
    line = next(l for l in out.splitlines() if l.startswith('{"nodes"'))
    return json.loads(line)['nodes'], ''


class Header:
    """A BEAM-DIMAP header, and its pixels."""

    def __init__(self, path):
        self.path, self.root = path, ET.parse(path).getroot()
        self.bands = {}
        for info in self.root.iter('Spectral_Band_Info'):
            band = {e.tag: (e.text or '') for e in info}
            self.bands[band['BAND_NAME']] = band
        files = [e.get('href') for e in self.root.iter('DATA_FILE_PATH')]
        for band in self.bands.values():
            band['file'] = path.parent / files[int(band['BAND_INDEX'])].replace('.hdr', '.img')

    def text(self, tag):
        found = self.root.find('.//' + tag)
        return '' if found is None else found.text or ''

    def value(self, name, x, y):
        import numpy
        band = self.bands[name]
        width = int(band['BAND_RASTER_WIDTH'])
        kind = {'float32': '>f4', 'float64': '>f8', 'uint16': '>u2', 'int16': '>i2',
                'uint8': '>u1', 'int8': '>i1', 'int32': '>i4', 'uint32': '>u4'}
        kind = numpy.dtype(kind[band['DATA_TYPE']])
        with open(band['file'], 'rb') as file:
            file.seek((y * width + x) * kind.itemsize)
            raw = float(numpy.frombuffer(file.read(kind.itemsize), kind)[0])
        none = band['NO_DATA_VALUE_USED'] == 'true'
        if none and (raw == float(band['NO_DATA_VALUE']) or math.isnan(raw)):
            return math.nan
        return raw * float(band['SCALING_FACTOR']) + float(band['SCALING_OFFSET'])

    def view(self):
        """What facts are compared, in one shape for header and plan."""
        def of(b):
            return dict(width=int(b['BAND_RASTER_WIDTH']), height=int(b['BAND_RASTER_HEIGHT']),
                        unit=b.get('PHYSICAL_UNIT', ''), nm=float(b.get('BAND_WAVELEN') or 0),
                        wide=float(b.get('BANDWIDTH') or 0), help=b['BAND_DESCRIPTION'],
                        used=b['NO_DATA_VALUE_USED'], none=b['NO_DATA_VALUE'],
                        at=[float(t) for t in b['IMAGE_TO_MODEL_TRANSFORM'].split(',')]
                        if b.get('IMAGE_TO_MODEL_TRANSFORM') else None)
        flags = {f.findtext('Flag_Name'): int(f.findtext('Flag_Index'))
                 for f in self.root.iter('Flag')}
        bands = {n: of(b) for n, b in self.bands.items()}
        fine = max(bands.values(), key=lambda b: b['width'] * b['height'])
        return dict(width=int(self.text('NCOLS')), height=int(self.text('NROWS')),
                    bands=bands, flags=flags, at=fine['at'], crs=self.text('WKT'),
                    start=self.text('PRODUCT_SCENE_RASTER_START_TIME'))


def plan_view(node):
    bands = {b['name']: dict(width=b['width'], height=b['height'], unit=b['unit'] or '',
                             nm=b.get('wavelength_nm', 0), wide=b.get('bandwidth_nm', 0),
                             at=[b['pixel_x'], 0, 0, b['pixel_y'], b['x'], b['y']],
                             crs=b['crs']) for b in node['bands']}
    fine = max(bands.values(), key=lambda b: b['width'] * b['height'])
    return dict(width=fine['width'], height=fine['height'], bands=bands, flags=None,
                start=None, at=fine['at'], crs=fine['crs'])


def facts(content, view, when):
    """[(kind, what, does nadir say the same)] of all that needs no pixels."""
    told = [same('size', 'the scene', (content['sceneWidth'], content['sceneHeight']),
                 (view['width'], view['height']))]
    told += places(content, view)
    if content.get('startTime') and view['start']:
        told.append(('time', 'start, to the second',
                     content['startTime'].split('.')[0] == view['start'].split('.')[0]
                     and when in content['startTime']))
    for b in content.get('bands', []):
        name, own = b['name'], view['bands'].get(b['name'])
        if name in FROM_FILES:
            continue
        told.append(('name', name, own is not None))
        if not own:
            continue
        told.append(same('size', name, (b['bandWidth'], b['bandHeight']),
                         (own['width'], own['height'])))
        told.append(('wavelength', name, close(b['spectralWavelength'], own['nm'])
                     and close(b['spectralBandwidth'], own['wide'])))
        if b.get('geophysicalUnit'):
            told.append(same('unit', name, b['geophysicalUnit'], own['unit']))
        if 'help' in own:
            told.append(('description', name, b['description'] == own['help']))
            used = b['noDataValueUsed'].lower() == own['used']
            told.append(('no-data', name, used and (own['used'] == 'false' or close(
                b['noDataValue'], float(own['none'])))))
    if content.get('flagCodings') and view['flags'] is not None:
        for coding in content['flagCodings']:
            for s in coding['samples']:
                told.append(('coding', s['name'], view['flags'].get(s['name']) == s['value']))
    return told


def same(kind, what, want, got):
    return kind, what if want == got else f'{what}: SNAP {want}, nadir {got}', want == got


def places(content, view):
    coordinates = (content.get('geoCoding') or {}).get('coordinates', [])
    if not view['at'] or not view['crs']:
        return [('place', 'none', False)] if coordinates else []
    from osgeo import osr
    turn = turner(view['crs'], 4326, osr)
    told = []
    for p in coordinates:
        a = view['at']
        lon, lat, _ = turn.TransformPoint(a[0] * p['x'] + a[2] * p['y'] + a[4],
                                          a[1] * p['x'] + a[3] * p['y'] + a[5])
        off = abs(lon - p['lon']), abs(lat - p['lat'])
        told.append(('place', f'{p["x"]:g},{p["y"]:g}: off by {off[0]:.2g},{off[1]:.2g}',
                     max(off) <= 1e-6))
    return told


# ---- One product: what is known of its pixels, and which values that leaves to predict.

class Scene:
    def __init__(self, name, tests):
        self.name, self.about = name, snap_scene.parts(name)
        self.known, self.empty = {}, []
        # (file, band, x, y): 'used' to determine a pixel, 'turn' if others lead there too,
        # 'predicted' by others, 'carried': put in and come out
        self.role = {}
        contents = {}
        for test, outputs in tests:
            for entry, (_, content) in zip(test['out'], outputs):
                contents[Path(entry['expected']).stem] = test, content
        if 'expectedDVI' in contents:
            self.meet(contents)
        for file, (test, content) in contents.items():
            self.take(file, test, content)

    def put(self, band, ground, number):
        metres = snap_scene.metres_of(band, self.about)
        x, y = (math.floor(g / metres + 1e-9) for g in ground)
        old = self.known.get((band, x, y))
        if number is not None and old is not None:
            return old == number
        if number is not None or (band, x, y) not in self.known:
            self.known[band, x, y] = number
        return None

    def meet(self, contents):
        """The two pixels that fifteen index tests share, and those of the soil graph."""
        index = {f: c for f, (t, c) in contents.items() if 'fail' not in t['fr']
                 and c['sceneWidth'] == 300 and len(c['bands']) == 2}
        solved, used = solve(index)
        turned = in_turn(index, solved)
        where = frame(*contents['expectedDVI'], self.about)
        for pixel, bands in solved.items():
            for band, number in bands.items():
                self.put(band, where(*pixel), number)
        for file, content in index.items():
            for band, x, y, _ in values_of(content):
                if (x, y) in solved and not band.startswith('flags'):
                    key = file, (x, y)
                    self.role[file, band, x, y] = (
                        'turn' if key in used & turned else
                        'used' if key in used else 'predicted')
        # SNAP marks these two as failing: compared, not counted.
        for file in ('expectedIRECI', 'expectedREIP'):
            for band, x, y, value in values_of(contents[file][1]):
                if (x, y) in solved and not band.startswith('flags'):
                    self.role[file, band, x, y] = 'carried'
                    if file == 'expectedIRECI':
                        self.put('B6', where(x, y), red_edge(solved[x, y], value))
        soil = contents['expectedMergeWaterSoilOp'][1]
        for band, x, y, value in values_of(soil):
            if band == 'flags' and (x, y) in solved:
                self.role['expectedMergeWaterSoilOp', band, x, y] = 'predicted'
            if band.startswith('flags'):
                continue
            found = red_and_green(value, band.rsplit('_', 1)[1])
            self.role['expectedMergeWaterSoilOp', band, x, y] = 'used'
            for name, number in zip(('B4', 'B3'), found or ()):
                self.put(name, where(x, y), number)
            if found and band.endswith('_ri'):  # the same index's flag, in a test of its own
                self.role['expectedRI', 'flags', x, y] = 'predicted'

    def take(self, file, test, content):
        where = frame(test, content, self.about)
        for band, x, y, value in values_of(content):
            if not where or is_mixed(test, band):
                continue
            ground = where(x, y)
            for name in snap_scene.BANDS + ('SCL',):
                self.put(name, ground, None)
            if value in ('NaN', 0.0) and band in snap_scene.BANDS:
                self.empty.append((int(ground[0] // 10), int(ground[1] // 10)))
            elif band in snap_scene.BANDS:
                number = round(value * 10000 - self.about['offset'])
                again = self.put(band, ground, number)
                self.role[file, band, x, y] = {None: 'carried', True: 'predicted',
                                               False: 'open'}[again]
            elif file == 'expectedIPVIFull' and value in (0.0, 1.0) and x < 4000:
                self.empty.append((ground[0] // 10, ground[1] // 10))
                self.role[file, band, x, y] = 'carried'


# ---- A test: its graph run, its numbers compared.

def graph_of(test, data):
    return Path(data) / 'snap-graphs' / test['g']


def words_of(test, paths, scratch, data):
    words, graph = [], graph_of(test, data).read_text()
    for name, value in test['inputs'].items():
        words += ['-P', f'{name}={paths.get(name, value)}']
    for name, value in test['par'].items():
        if not re.search(r'\$\{?' + name + r'\b', graph):
            continue  # SNAP's gpt passes over it, and so does nadir's; run and explain refuse
        value = value.replace('&lt;', '<').replace('&gt;', '>').replace('&amp;', '&')
        if name == 'resamplingPreset' and value:  # SNAP's own file is not published
            preset = scratch / 'preset.res'
            preset.write_text('simulated\nB1:First:Nearest\nB2:First:Nearest\n')
            value = preset
        if name == 'outputFormat':  # its pixels are looked at, whatever the format
            value = 'BEAM-DIMAP'
        words += ['-P', f'{name}={value}']
    for out in test['out']:
        words += ['-P', f'{out["parameter"]}={scratch / out["parameter"]}.dim']
    return words


def looking_at(graph, scratch, x, y, band):
    """The graph with a Subset of one pixel before what it writes."""
    text = graph.read_text()
    at = text.rindex('<operator>Write</operator>')
    start = text.rindex('<node', 0, at)
    source = re.search(r'refid="(.*?)"', text[at:]).group(1)
    cut = (f'<node id="Look"><operator>Subset</operator><sources><sourceProduct '
           f'refid="{source}"/></sources><parameters><sourceBands>{band}</sourceBands>'
           f'<region>{x},{y},1,1</region><referenceBand>{band}</referenceBand>'
           f'</parameters></node>\n')
    tail = text[start:].replace(f'refid="{source}"', 'refid="Look"', 1)
    path = scratch / 'look.xml'
    path.write_text(text[:start] + cut + tail)
    return path


def compare(program, folder, scene, test, outputs, data, scratch):
    """What became of a test: the facts and the values, each with whether it is met."""
    graph = graph_of(test, data)
    words = words_of(test, folder, scratch, data)
    large = LARGE < sum(b['bandWidth'] * b['bandHeight'] for _, content in outputs
                        for b in content.get('bands', []))
    result = dict(ran=True, large=large, facts=[], values=[])
    if large:
        nodes, said = plan_of(program, graph, words)
        if nodes is None:
            return dict(ran=False, why=said)
        writes = [n for n in nodes if n['operator'] == 'write']
    else:
        code, _, said = run(program, 'run', graph, '--snap-strict', '-q', '--force', *words)
        if code:
            return dict(ran=False, why=said)
    d = scene.about['date']
    when = datetime.date(int(d[:4]), int(d[4:6]), int(d[6:8])).strftime('%d-%b-%Y').upper()
    for i, (entry, (parameter, content)) in enumerate(zip(test['out'], outputs)):
        file = Path(entry['expected']).stem
        header = None if large else Header(scratch / f'{parameter}.dim')
        told = facts(content, plan_view(writes[i]) if large else header.view(), when)
        if 'NetCDF' in test['par'].get('outputFormat', ''):  # read back by SNAP otherwise
            told = [f for f in told if f[0] in ('size', 'name')]
        result['facts'] += told
        for band, x, y, want in values_of(content):
            role = scene.role.get((file, band, x, y))
            if not role or role == 'open':
                continue
            got = look(program, graph, words, scratch, band, x, y) if large else (
                header.value(band, x, y) if band in header.bands else math.inf)
            result['values'].append((role, band, x, y, want, got, close(want, got)))
    return result


def look(program, graph, words, scratch, band, x, y):
    graph = looking_at(graph, scratch, x, y, band)
    code, _, said = run(program, 'run', graph, '--snap-strict', '-q', '--force', *words)
    if code:
        return math.inf
    out = next(w for w in words if str(w).endswith('.dim')).split('=', 1)[1]
    header = Header(Path(out))
    return header.value(band, 0, 0) if band in header.bands else math.inf


def all_tests(program, data, wanted=None):
    """Yields (test, result) of every test of one Sentinel-2 product that nadir can run."""
    scenes = {}
    for test, outputs in load(data):
        products = product_of(test)
        if products and set(test['inputs']) == set(products):
            scenes.setdefault(tuple(products.values()), []).append((test, outputs, products))
    for names, tests in scenes.items():
        main = Scene(names[0], [(t, o) for t, o, _ in tests])
        with tempfile.TemporaryDirectory() as room:
            room = Path(room)
            path = {names[0]: snap_scene.build(room, names[0], data, main.known, main.empty)}
            for other in names[1:]:
                path[other] = snap_scene.build(room, other, data, {})
            for test, outputs, products in tests:
                if wanted and not wanted(test):
                    continue
                scratch = room / 'out'
                scratch.mkdir(exist_ok=True)
                if 'useSRTM>true' in graph_of(test, data).read_text():
                    snap_scene.heights(room, main.about['tile'])
                    os.environ['NADIR_AUX'] = str(room)
                folder = {k: path[v] for k, v in products.items()}
                yield test, compare(program, folder, main, test, outputs, data, scratch)
                for left in scratch.rglob('*'):
                    if left.is_file():
                        left.unlink()


def mistakes(test, result):
    """What a test finds that is neither met nor understood, in words."""
    if not result['ran']:
        return ['does not run: ' + result['why'].strip().split('\n')[0]]
    known = KNOWN.get(Path(test['g']).stem, ((), ''))[0]
    found = [f'{kind} of {what}' for kind, what, met in result.get('facts', [])
             if not met and kind not in OWN_WAY and kind not in known]
    return found + [f'{band} at {x},{y} is {got:g}, SNAP has {want} ({role})'
                    for role, band, x, y, want, got, met in result.get('values', [])
                    if not met]


def count(result):
    """How many values of each role there are and are met; facts that are, and are met."""
    row = dict(used=0, turn=0, turned=0, predicted=0, carried=0, met=0, facts=0, told=0,
               own=0)
    for role, *_, met in result.get('values', []):
        row[role] += 1
        row['met'] += met and role == 'predicted'
        row['turned'] += met and role == 'turn'
    for kind, _, met in result.get('facts', []):
        if kind in OWN_WAY:
            row['own'] += not met
        else:
            row['facts'] += 1
            row['told'] += met
    return row


def words_for(total):
    used = total['used'] + total['turn']
    return (f'{used} values determine the pixels; of {total["predicted"]} others '
            f'{total["met"]} agree; {total["turned"]} of the {used} follow from the others in '
            f'turn; {total["told"]} of {total["facts"]} facts agree')


def is_quick(test):
    """The tests that the suite runs: small, of the product that most of them share."""
    return 'T34HFH' in str(test['inputs']) and 'subsetRegion' in test['par']


def reason_to_skip():
    data = os.environ.get('NADIR_TEST_DATA')
    if not data or not (Path(data) / 'snap-graphs').is_dir():
        return 'NADIR_TEST_DATA is not set'
    try:
        import numpy  # noqa: F401
        from osgeo import gdal  # noqa: F401
    except ImportError as lack:
        return f'{lack.name} is not there'
    return None


def main():
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument('--nadir', default=str(snap_scene.ROOT / 'build/nadir'))
    ask.add_argument('--all', action='store_true', help='the large ones too')
    ask.add_argument('--verbose', action='store_true', help='every value and difference')
    ask = ask.parse_args()
    lack = reason_to_skip()
    if lack:
        print(f"ok 1 - SNAP's own numbers # SKIP {lack}\n1..1")
        return 0
    total, number, failed = count({}), 0, 0
    for test, result in all_tests(ask.nadir, os.environ['NADIR_TEST_DATA'],
                                  None if ask.all else is_quick):
        if 'SPI not found' in result.get('why', ''):
            continue  # an operator that nadir lacks: parity.txt lists them
        number += 1
        row, wrong = count(result), mistakes(test, result)
        if 'fail' in test['fr'].split('/'):  # SNAP's own list says: not to be trusted
            wrong = []
        failed += bool(wrong)
        print(f'{"not ok" if wrong else "ok"} {number} - {test["id"]}: {row["met"]} of '
              f'{row["predicted"]} values, in turn {row["turned"]} of {row["turn"]}, '
              f'{row["told"]} of {row["facts"]} facts', flush=True)
        for line in wrong:
            print('#', line)
        for kind, what, met in result.get('facts', []) if ask.verbose else []:
            if not met:
                print('#', kind, what)
        for value in result.get('values', []) if ask.verbose else []:
            print('#', *value)
        total = {k: total[k] + row[k] for k in total}
    print('#', words_for(total))
    print(f'1..{number}')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
