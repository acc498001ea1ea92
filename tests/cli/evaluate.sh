#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nadir evaluate: refusals, and with the shipped model its text, JSON and page.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
pictures=$data/eurosat_mini200.zip
echo "no weights" >broken.safetensors
mkdir run
: >run/metrics.jsonl

fails 2 wants_a_model 'evaluate' evaluate
fails 1 refuses_a_broken_model 'broken.safetensors' \
    evaluate broken.safetensors --data "$pictures"
fails 1 refuses_a_run_without_a_model 'holds no model.safetensors' \
    evaluate run --data "$pictures"
fails 1 refuses_a_model_that_is_not_there 'nowhere.safetensors' \
    evaluate nowhere.safetensors --data "$pictures"

model=
for file in "$data"/*.safetensors "$data"/models/*.safetensors \
    "$data"/../share/models/*.safetensors; do
    [ -e "$file" ] && [ -z "$model" ] && model=$file
done
if [ -z "$model" ]; then
    skip tells_how_good_the_shipped_model_is 'no model is bundled'
    finish
fi
run evaluate "$model" --data "$pictures" -o report.html
ended 0
prints 'accuracy'
prints 'AnnualCrop'
grep -q '<!doctype html>' report.html || ok=no
! grep -qE '(src|href)=.?https?:' report.html || ok=no
result tells_how_good_the_shipped_model_is
run evaluate "$model" --data "$pictures" --json
ended 0
python3 - out <<'PYTHON' || ok=no
import json
import sys
told = json.load(open(sys.argv[1]))
assert told["n"] == 200 and len(told["confusion"]) == 10
assert sum(map(sum, told["confusion"])) == 200
right = sum(told["confusion"][k][k] for k in range(10))
assert abs(told["accuracy"] - right / 200) < 1e-12
assert told["interval"][0] < told["accuracy"] < told["interval"][1]
PYTHON
result tells_it_as_one_json_document
run evaluate "$model" --data "$pictures" --dense --json
ended 0
python3 - out <<'PYTHON' || ok=no
import json
import sys
told = json.load(open(sys.argv[1]))
assert told["n"] == 200 and 0.93 < told["accuracy"] < 1
PYTHON
result tells_how_good_dense_answers_are
# A map of two classes on 10 m of UTM about its central meridian, where the ground is 1 / 0.9996² of the grid, and the
# same counts in degrees; estimates by Olofsson's formulas from the matrix that the same command tells.
if /usr/bin/python3 -c 'import numpy; from osgeo import gdal' 2>/dev/null; then
    /usr/bin/python3 - <<'PYTHON'
import numpy
from osgeo import gdal, osr
gdal.UseExceptions()
for name, code, place in (("utm", 32631, (499000, 10, 0, 5000000, 0, -10)), ("degrees", 4326, (3, .001, 0, 45, 0, -.001))):
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(code)
    file = gdal.GetDriverByName("GTiff").Create(name + ".tif", 200, 150, 1, gdal.GDT_Byte)
    file.SetProjection(crs.ExportToWkt())
    file.SetGeoTransform(place)
    map = numpy.full((150, 200), 1, "uint8")
    map[:100] = 5
    map[140:] = 77
    map[145:] = 255
    file.GetRasterBand(1).WriteArray(map)
    file.GetRasterBand(1).SetNoDataValue(255)
file = gdal.GetDriverByName("GTiff").Create("nowhere.tif", 20, 20, 1, gdal.GDT_Byte)
file = gdal.GetDriverByName("GTiff").Create("other.tif", 20, 20, 1, gdal.GDT_Byte)
file.SetProjection(crs.ExportToWkt())
file.SetGeoTransform(place)
file.GetRasterBand(1).Fill(40)
PYTHON
    for name in utm degrees; do
        run evaluate "$model" --data "$pictures" --map $name.tif --json
        ended 0
        /usr/bin/python3 - out $name <<'PYTHON' || ok=no
import json, math, sys
import numpy
told = json.load(open(sys.argv[1]))
n = numpy.array(told["confusion"]).T  # rows: what the model said
row = numpy.zeros((10, 3))
if sys.argv[2] == "utm":
    row[:, 0] = [0, 8000, 0, 0, 0, 20000, 0, 0, 0, 0]
    hectares = row[:, 0] * .01 / .9996 ** 2
    other = 1000 * .01 / .9996 ** 2
else:  # zones of the ellipsoid
    a, f = 6378137, 1 / 298.257223563
    e = math.sqrt(f * (2 - f))
    def q(degrees):
        s = math.sin(math.radians(degrees))
        return s / (1 - e * e * s * s) + math.log((1 + e * s) / (1 - e * s)) / (2 * e)
    def zone(south, north):
        return math.radians(.2) * (a * (1 - f)) ** 2 / 2 * (q(north) - q(south)) / 1e4
    hectares = numpy.zeros(10)
    hectares[5], hectares[1], other = zone(44.9, 45), zone(44.86, 44.9), zone(44.855, 44.86)
W = hectares / hectares.sum()
p = n / n.sum(1, keepdims=True)
area = hectares.sum() * (W[:, None] * p).sum(0)
margin = 1.96 * hectares.sum() * numpy.sqrt((W[:, None] ** 2 * p * (1 - p) / (n.sum(1, keepdims=True) - 1)).sum(0))
got = told["areas"]["classes"]
assert abs(told["areas"]["other"] / other - 1) < 2e-6, told["areas"]
for k in range(10):
    for mine, theirs in ((hectares[k], got[k]["mapped"]), (area[k], got[k]["area"]["value"]), (margin[k], got[k]["area"]["margin"])):
        assert abs(mine - theirs) <= 2e-6 * max(abs(mine), 1), (k, mine, theirs)
PYTHON
        result estimates_areas_of_a_map_in_$name
    done
    run evaluate "$model" --data "$pictures" --map utm.tif -o areas.html
    ended 0
    prints 'mapped, ha'
    prints '10.0 ha more are of no class'
    grep -q 'Areas' areas.html || ok=no
    result prints_the_areas_of_a_map
    fails 1 wants_a_map_that_has_a_place 'does not say where it lies' \
        evaluate "$model" --data "$pictures" --map nowhere.tif -q
    fails 1 wants_a_map_of_the_same_classes 'has no pixel of one of the' \
        evaluate "$model" --data "$pictures" --map other.tif -q
else
    skip estimates_areas_of_a_map 'python3-gdal and python3-numpy are not here'
fi
fails 1 knows_the_sides_of_data 'did you mean test?' \
    evaluate "$model" --data "$pictures" --split tset
fails 1 wants_data 'there is nothing to evaluate' evaluate "$model"
finish
