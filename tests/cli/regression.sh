#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Values for each pixel, from labels to a map: trained, evaluated, predicted, against numpy.
. "${0%/*}/lib.sh"
cd "$scratch" || exit 1
python=/usr/bin/python3
if ! $python -c 'import numpy; from osgeo import gdal' 2>/dev/null; then
    skip trains_on_values 'python3-gdal and python3-numpy are not here'
    finish
fi

# A height in metres that is a function of the two bands, with a hole; the bands are smooth.
$python - >make.log 2>&1 <<'PYTHON'
import numpy
from osgeo import gdal, osr
gdal.UseExceptions()
crs = osr.SpatialReference()
crs.ImportFromEPSG(32631)
side = 192
y, x = numpy.mgrid[:side, :side]
red = 0.10 + 0.04 * numpy.sin(x / 9) * numpy.cos(y / 14)
nir = 0.30 + 0.09 * numpy.cos(x / 12 + y / 17)
height = 40 * (nir - red) / (nir + red) - 5
height[50:60, 20:70] = -9999
def write(name, bands, names, unit=None):
    file = gdal.GetDriverByName("GTiff").Create(name, side, side, len(bands), gdal.GDT_Float32)
    file.SetProjection(crs.ExportToWkt())
    file.SetGeoTransform((500000, 10, 0, 5000000, 0, -10))
    for k, band in enumerate(bands):
        file.GetRasterBand(k + 1).WriteArray(band.astype("float32"))
        file.GetRasterBand(k + 1).SetDescription(names[k])
        if unit:
            file.GetRasterBand(k + 1).SetUnitType(unit)
            file.GetRasterBand(k + 1).SetNoDataValue(-9999)
write("field.tif", [red, nir], ["red", "nir"])
write("height.tif", [height], ["height"], "m")
PYTHON
"$nadir" new-recipe values -o values.yaml -q || ok=no
run train values.yaml -P scenes=field.tif -P labels=height.tif -P data.chips.size=32 \
    -P data.chips.per_epoch=48 -P data.split.block='640 m' -P data.split.buffer='0 m' -P model.width=8 \
    -P model.depth=2 -P train.epochs=5 -P train.rate=0.005 -P train.precision=float32 -o run
ended 0
prints RMSE
grep -q 'regression' run/model.safetensors || ok=no
grep -q 'Root mean squared error' run/card.md || ok=no
[ -s run/plots/rmse.svg ] && [ ! -e run/plots/accuracy.svg ] || ok=no
result trains_on_values

cat >all.yaml <<'YAML'
data: { raster: field.tif, labels: { raster: height.tif }, task: regression, chips: { size: 32 } }
YAML
run evaluate run --data all.yaml --json
ended 0
cp out told.json
run predict run/model.safetensors field.tif --tile 32 --overlap 0 -o map.tif -q
ended 0
$python - >>out 2>&1 <<'PYTHON' || ok=no
import json
import numpy
from osgeo import gdal
told = json.load(open("told.json"))
file = gdal.Open("map.tif")
assert file.RasterCount == 1 and file.GetRasterBand(1).GetUnitType() == "m"
answer = file.ReadAsArray().astype(float)
truth = gdal.Open("height.tif").ReadAsArray().astype(float)
known = truth > -9999
assert told["n"] == known.sum() and told["value"]["unit"] == "m"
a, t = answer[known], truth[known]
off = a - t
want = {"bias": off.mean(), "mae": abs(off).mean(), "rmse": (off ** 2).mean() ** 0.5,
        "r2": 1 - (off ** 2).sum() / ((t - t.mean()) ** 2).sum(), "r": numpy.corrcoef(a, t)[0, 1],
        "unbiased_rmse": ((off ** 2).mean() - off.mean() ** 2) ** 0.5}
for key, value in want.items():
    print(key, told[key], value)
    assert abs(told[key] - value) < 2e-5 * max(1, abs(value)), key
assert told["rmse_interval"][0] < told["rmse"] < told["rmse_interval"][1]
# Learnt: the deviation of the label is about 6 m.
assert told["rmse"] < 0.4 * told["value"]["stddev"], told["rmse"]
PYTHON
result the_map_is_in_metres_and_the_figures_are_those_of_numpy

run evaluate run -o report.html
ended 0
prints 'MAE'
prints 'standard deviation'
grep -q '<svg class=square' report.html && grep -q 'R²' report.html || ok=no
! grep -qE '(src|href)=.?https?:' report.html || ok=no
result tells_values_as_text_and_as_a_page
run runs . --json
ended 0
prints '"rmse"'
result lists_runs_by_their_error

sed 's/huber: 1/ce: 1/' values.yaml >wrong.yaml
fails 1 refuses_a_loss_of_classes 'losses of classes' train wrong.yaml -P scenes=field.tif -P labels=height.tif \
    -P data.chips.size=32 -P data.split.block='640 m' -o none
fails 1 refuses_views_of_values 'leave --tta out' evaluate run --tta
fails 1 refuses_areas_of_values 'leave --map out' evaluate run --map map.tif
finish
