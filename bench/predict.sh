#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# nadir predict over a full-size scene of three bands (simulated: a real crop, stretched) beside the network alone
# on as many windows; then how live the page is with Predict, level by level.
# usage: predict.sh NADIR BENCH_PREDICTOR FOLDER [STRIDE [THREADS [ROWS]]]: ROWS: only so many of the scene
set -eu
here=$(cd "${0%/*}" && pwd)
nadir=$1 alone=$2 folder=$3 stride=${4:-64} threads=${5:-2} rows=${6:-10980}
side=10980 model=$here/../data/models/land-use.safetensors scene=$folder/three.tif
mkdir -p "$folder"
if [ ! -e "$scene" ]; then
    gdalbuildvrt -q -separate "$folder/three.vrt" "$here"/../data/31UFS/ref_input_S2_B04.tif \
        "$here"/../data/31UFS/ref_input_S2_B03.tif "$here"/../data/31UFS/ref_input_S2_B02.tif
    gdal_translate -q "$folder/three.vrt" "$scene.part.tif" -outsize $side $side -r bilinear -co TILED=YES \
        -co BLOCKXSIZE=512 -co BLOCKYSIZE=512 -co INTERLEAVE=BAND -co BIGTIFF=IF_SAFER \
        -a_srs EPSG:32631 -a_ullr 600000 5700000 709800 5590200
    mv "$scene.part.tif" "$scene"
fi
if [ "$rows" -lt $side ]; then
    part=$folder/three_$rows.tif
    [ -e "$part" ] || gdal_translate -q -srcwin 0 0 $side "$rows" "$scene" "$part" -co TILED=YES -co BLOCKXSIZE=512 \
        -co BLOCKYSIZE=512 -co INTERLEAVE=BAND
    scene=$part
fi
bands="B04=band_1,B03=band_2,B02=band_3"
windows=$(((side + stride - 1) / stride * ((rows + stride - 1) / stride)))
/usr/bin/python3 - "$nadir" "$alone" "$model" "$scene" "$folder/map.tif" "$stride" "$windows" "$bands" "$threads" <<'PYTHON'
import json, os, subprocess, sys, time
nadir, alone, model, scene, out, stride, windows, bands, threads = sys.argv[1:]
def net(count):
    """CPU seconds of a window, of as many processes at once as there are threads."""
    all_ = [subprocess.Popen([alone, model, str(count)], stdout=subprocess.PIPE, text=True) for _ in range(int(threads))]
    told = [json.loads(p.communicate()[0]) for p in all_]
    return sum(t["cpu_s"] / t["windows"] for t in told) / len(told)
before = net(2048)
start = time.monotonic()
child = subprocess.Popen([nadir, "predict", model, scene, "-o", out, "--stride", stride, "--units", "DN",
                          "--bands", bands, "-j", threads, "-q", "--force"])
_, status, use = os.wait4(child.pid, 0)
if status:
    sys.exit(f"nadir predict failed with {status}")
wall, cpu = time.monotonic() - start, use.ru_utime + use.ru_stime
each = (before + net(2048)) / 2
ratio = cpu / (each * int(windows))
print(f"predict: stride {stride}, {windows} windows, {cpu:.1f} CPU s, {wall:.1f} s, {use.ru_maxrss / 1024:.0f} MB; the network alone "
      f"{1000 * each:.3f} ms a window, {each * int(windows):.1f} CPU s; ratio {ratio:.3f} (at most 1.10: "
      f"{'met' if ratio <= 1.1 else 'MISSED'}), memory at most 1500 MB: {'met' if use.ru_maxrss < 1500 * 1024 else 'MISSED'}")
PYTHON
cat >"$folder/live.yaml" <<YAML
input: { Read: { file: "$scene" } }
steps:
  - Predict: { model: "$model", stride: $stride, units: DN, bands: [B04=band_1, B03=band_2, B02=band_3] }
output: { Write: { file: "\${out}", formatName: COG } }
YAML
/usr/bin/python3 "$here/live.py" "$nadir" "$folder/live.yaml"
