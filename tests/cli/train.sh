#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nadir train with masks: raster and graph give the same run, a map comes of it, and the
# page of a run that trains obeys.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
python=/usr/bin/python3
if ! $python -c 'import numpy; from osgeo import gdal' 2>/dev/null; then
    skip trains_with_masks 'python3-gdal and python3-numpy are not here'
    finish
fi

# Water is 9 dB darker than land, of which the noise is 1 dB: hard to miss.
$python - >make.log 2>&1 <<'PYTHON'
import numpy
from osgeo import gdal, osr
gdal.UseExceptions()
crs = osr.SpatialReference()
crs.ImportFromEPSG(32631)
noise = numpy.random.default_rng(7)
height, width = 160, 256
y, x = numpy.mgrid[:height, :width]
water = (numpy.sin(x / 19) + numpy.cos(y / 13) > 0.3).astype("uint8")
def write(name, bands, names, type):
    file = gdal.GetDriverByName("GTiff").Create(name, width, height, len(bands), type)
    file.SetProjection(crs.ExportToWkt())
    file.SetGeoTransform((500000, 10, 0, 5000000, 0, -10))
    for k, band in enumerate(bands):
        file.GetRasterBand(k + 1).WriteArray(band)
        file.GetRasterBand(k + 1).SetDescription(names[k])
decibels = [f - 9.0 * water + noise.normal(0, 1, water.shape) for f in (-9.0, -15.0)]
write("scene.tif", [b.astype("float32") for b in decibels], ["VV", "VH"], gdal.GDT_Float32)
write("labels.tif", [water], ["water"], gdal.GDT_Byte)
PYTHON
recipe() { # SOURCE UNIT LABELS
    cat <<YAML
data:
  $1
  $2
  labels: { $3 }
  chips: { size: 32, per_epoch: 24 }
  split: { by: block, block: 640 m, buffer: 0 m, valid: 0.3 }
  classes: [ { name: land }, { name: water } ]
model: { name: unet, width: 8, depth: 2 }
train: { epochs: 2, batch: 4, rate: 0.01, ema: 0, precision: float32 }
YAML
}
recipe 'raster: scene.tif' '' 'raster: labels.tif' >masks.yaml
recipe 'raster: scene.tif' 'unit: dB' 'raster: labels.tif' >decibels.yaml
recipe 'graph: graph.yaml' 'scenes: scene.tif' 'raster: labels.tif' >graphs.yaml
cat >graph.yaml <<'YAML'
input: { Read: { file: "${scene}" } }
steps:
  - Subset: { region: "0,0,256,160" }
output: { Write: { file: "${out}", formatName: GeoTIFF } }
YAML
cat >both.yaml <<'YAML'
input: { Read: { file: "${scene}" } }
steps:
  - BandMaths: { expression: "VV + VH < -33 ? 1 : 0", name: truth }
    id: truth
  - BandSelect: { sourceBands: [VV, VH] }
    from: Read
output: { Write: { file: "${out}", formatName: GeoTIFF } }
YAML

run train masks.yaml -o raster -j 1
ended 0
silent
prints 'raster/model.safetensors'
result trains_with_a_raster_of_labels

run predict raster/model.safetensors scene.tif -o map.tif
ended 0
$python - >>out 2>>err <<'PYTHON' || ok=no
from osgeo import gdal
import json, struct
file, truth = gdal.Open("map.tif"), gdal.Open("labels.tif").ReadAsArray()
found = file.ReadAsArray()
assert file.RasterCount == 1 and found.shape == truth.shape, found.shape
right = (found == truth).mean()
print("right", right)
assert right > 0.9
PYTHON
result makes_a_map_of_the_same_scene

run info raster/model.safetensors --json
ended 0
$python - out 2>>err <<'PYTHON' || ok=no
import json, sys
card = json.load(open(sys.argv[1]))["card"]
vv, vh = card["input"]["bands"]
assert vv["name"] == "VV" and vh["name"] == "VH" and "unit" not in vv, vv
assert card["input"]["pixel_m"] == 10 and card["input"]["patch"] == 32, card
# Depth 2 halves once. Pairs of 3 x 3 see 2 pixels before, 4 at half the size, 2 after.
tile = card["input"]["tile"]
assert tile["multiple"] == 2 and 8 <= tile["radius"] <= 10, tile
assert [c["name"] for c in card["output"]["classes"]] == ["land", "water"]
PYTHON
result the_card_knows_bands_and_windows

run train masks.yaml -o decibels -j 1 -P data.unit=dB -P train.epochs=1
ended 0
run predict decibels/model.safetensors scene.tif -o decibels.tif
ended 1
two_lines
says 'does not say its unit'
[ ! -e decibels.tif ] || ok=no
run predict decibels/model.safetensors scene.tif -o decibels.tif --units dB
ended 0
result a_unit_of_training_is_asked_for_again

run train graphs.yaml -o graph -j 1
ended 0
silent
losses() { sed -n 's/.*"t":"step".*"loss":\([^,]*\),.*/\1/p' "$1/metrics.jsonl"; }
losses raster >raster.losses
losses graph >graph.losses
[ -s raster.losses ] && cmp -s raster.losses graph.losses || ok=no
result a_graph_trains_to_the_same_losses

sed -e 's/raster: labels.tif/node: truth/' -e 's/graph.yaml/both.yaml/' graphs.yaml >nodes.yaml
run train nodes.yaml -o nodes -j 1 -P train.epochs=1
ended 0
silent
"$nadir" train nodes.yaml -o none -P data.labels.node=truht 2>>err && ok=no
says 'did you mean truth?'
[ ! -e none ] || ok=no
result a_step_of_the_graph_is_the_label

if strace -o strace.log true 2>strace.err; then
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=open,openat,creat -o strace.log \
        "$nadir" train graphs.yaml -o traced -j 1 -P train.epochs=1 >out 2>err
    got=$? ok=yes
    ended 0
    grep -E 'O_CREAT|O_WRONLY|O_RDWR|creat\(' strace.log |
        grep -vE '"traced/|"/dev/|/proc/|ENOENT' >out
    [ ! -s out ] || ok=no
    result no_file_is_written_between
else
    skip no_file_is_written_between 'strace does not run here'
fi

# Where nothing is kept to judge by, the weights after the last step are the model.
run train masks.yaml -o unjudged -j 1 -P data.split.valid=0
ended 0
silent
grep -q 'Not measured' unjudged/card.md || ok=no
grep -q '"best":null' unjudged/status.json || ok=no
$python - >>out 2>>err <<'PYTHON' || ok=no
import json, numpy
def arrays(path):
    with open(path, "rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    return {k: data[slice(*v["data_offsets"])] for k, v in head.items() if k != "__metadata__"}
model, state = arrays("unjudged/model.safetensors"), arrays("unjudged/state/last.safetensors")
assert len(model) > 20, len(model)
assert all(bytes_ == state["net." + name] for name, bytes_ in model.items())
PYTHON
result without_judges_the_last_weights_are_the_model

run train "$data/../examples/eurosat.yaml" -P "pictures=$data/eurosat_mini200.zip" -o land -j 1 \
    -P train.epochs=1 -P model.width=4
ended 0
silent
run info land/model.safetensors --json
prints '"level":"L1C"'
prints '"pixel_m":10'
prints '"name":"SeaLake","color":"#08519c"'
result a_model_of_eurosat_says_what_pictures_it_is_for

run train masks.yaml -o hard -j 1 -P data.chips.sampling=hard -P train.epochs=1
[ -s hard/model.safetensors ] || ok=no
grep -q data.hardness hard/state/last.safetensors || ok=no
result hard_chips_are_drawn_by_the_losses_of_masks

# The page while a run trains: its address, curves, and the button that stops it.
python3 - "$nadir" >out 2>err <<'PYTHON'
import json, subprocess, sys, urllib.request
run = subprocess.Popen([sys.argv[1], "train", "masks.yaml", "-o", "paged", "-j", "1", "--page", "--port", "0",
                        "--no-browser", "-P", "train.epochs=2000"], stdout=subprocess.PIPE, text=True)
url = next(line for line in run.stdout if line.startswith("http://")).strip()
token = url.split("?t=")[1]
print("page", urllib.request.urlopen(url, timeout=20).status)
base = url.split("/?")[0]
def ask(path, body=None):
    head = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(base + path, body, head), timeout=20)
print("curves", ask("/api/runs/0/curves").status)
print("told", ask("/api/runs/0/control", json.dumps({"command": "stop"}).encode()).status)
run.stdout.read()
print("ended with", run.wait(60), json.load(open("paged/status.json"))["state"])
PYTHON
got=$? ok=yes
ended 0
silent
prints 'page 200'
prints 'curves 200'
prints 'told 200'
prints 'ended with 0 stopped'
result a_page_follows_the_run_and_stops_it
finish
