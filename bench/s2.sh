#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A full-size Sentinel-2 scene through whole commands, beside the peers that are installed.
# NADIR_BENCH: a folder with *_B04_10m.jp2, *_B08_10m.jp2 and *_B11_20m.jp2 (simulated, full
# size); see scene.py. usage: s2.sh BUILD [part of a name]
set -u
build=${1:-build} only=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
nadir=$(cd "$build" && pwd)/nadir
[ -n "${NADIR_BENCH:-}" ] && [ -d "$NADIR_BENCH" ] || { echo "skipped: NADIR_BENCH names no folder with a full-size scene"; exit 0; }
python=/usr/bin/python3
command -v gdalwarp >/dev/null && $python -c 'from osgeo_utils import gdal_calc' 2>/dev/null || { echo "skipped: no gdal-bin and python3-gdal"; exit 0; }
out=$(mktemp -d "${TMPDIR:-/tmp}/nadir-bench.XXXXXX")
trap 'rm -rf "$out"' EXIT
cd "$NADIR_BENCH" || exit 1
safe=$(ls -d ./*SIMULATED.SAFE 2>/dev/null | head -n 1)
[ -n "$safe" ] || safe=$($python "$here/scene.py" . .)
b04=$(ls ./*_B04_10m.jp2) b08=$(ls ./*_B08_10m.jp2) b11=$(ls ./*_B11_20m.jp2)
for b in b04 b08 b11; do # 16-bit tiled TIFF, once
    eval "jp2=\$$b"
    [ -f $b.tif ] || gdal_translate -q "$jp2" $b.tif -co TILED=YES -co NBITS=16
done

graph() { # graph NAME, text on standard input
    cat >"$out/$1.yaml"
}
graph ndvi2 <<'G'
input:
  - { Read: { file: b08.tif }, id: nir }
  - { Read: { file: b04.tif }, id: red }
steps:
  - BandMaths: { expression: "($nir.band_1 - $red.band_1) / ($nir.band_1 + $red.band_1)", name: ndvi }
    from: [nir, red]
output: { Write: { file: "${out}" } }
G
graph ndvi <<'G'
input:  { Read: { file: "${scene}" } }
steps:
  - BandMaths: { expression: "(B8 - B4) / (B8 + B4)", name: ndvi }
output: { Write: { file: "${out}" } }
G
graph resample <<'G'
input:  { Read: { file: b11.tif } }
steps:
  - Resample: { targetResolution: 10, upsampling: Bilinear }
output: { Write: { file: "${out}" } }
G
graph mean <<'G'
input:  { Read: { file: b04.tif } }
steps:
  - Resample: { targetResolution: 20, downsampling: Mean }
output: { Write: { file: "${out}" } }
G
graph reproject <<'G'
input:  { Read: { file: b04.tif } }
steps:
  - Reproject: { crs: EPSG:3857, resampling: Bilinear }
output: { Write: { file: "${out}" } }
G
graph copy <<'G'
input:  { Read: { file: b04.tif } }
output: { Write: { file: "${out}", formatName: COG, compress: "${codec}", level: "${level}", predictor: "${predictor}" } }
G
a="$out/a.tif" b="$out/b.tif"
pair() { # pair NAME TARGET RUNS A B
    case $1 in *"$only"*) $python "$here/pair.py" "$@" "$a" "$b" ;; esac
}
run="$nadir run --quiet --force"
pair 'NDVI from 16-bit TIFF / gdal_calc' 0.33 5 "$run $out/ndvi2.yaml -P out=$a" \
    "$python -m osgeo_utils.gdal_calc --quiet --overwrite -A b08.tif -B b04.tif --type=Float32 --calc='(A.astype(numpy.float32)-B)/(A.astype(numpy.float32)+B)' --outfile=$b"
pair '20 to 10 m bilinear / gdal_translate' 0.43 5 "$run $out/resample.yaml -P out=$a" \
    "gdal_translate -q -outsize 10980 10980 -r bilinear -co TILED=YES b11.tif $b"
pair '10 to 20 m mean / gdal_translate' 1 5 "$run $out/mean.yaml -P out=$a" \
    "gdal_translate -q -tr 20 20 -r average -co TILED=YES b04.tif $b"
pair 'reproject to EPSG:3857 / gdalwarp' 0.27 3 "$run $out/reproject.yaml -P out=$a" \
    "gdalwarp -q -overwrite -t_srs EPSG:3857 -r bilinear -multi -wo NUM_THREADS=2 -wm 500 -co TILED=YES b04.tif $b"
pair 'COG DEFLATE 6 / GDAL' 1 3 "$run $out/copy.yaml -P codec=DEFLATE -P level=6 -P predictor=none -P out=$a" \
    "gdal_translate -q -of COG -co COMPRESS=DEFLATE -co NUM_THREADS=2 b04.tif $b"
pair 'COG ZSTD 1 + predictor / GDAL' 1 3 "$run $out/copy.yaml -P codec=ZSTD -P level=1 -P predictor=whole -P out=$a" \
    "gdal_translate -q -of COG -co COMPRESS=ZSTD -co LEVEL=1 -co PREDICTOR=YES -co NUM_THREADS=2 b04.tif $b"
pair 'NDVI from JPEG 2000 / decoding both' 1.05 2 "$run $out/ndvi.yaml -P scene=$safe -P out=$a" \
    "$python -c 'import sys; from osgeo import gdal; [gdal.Open(f).ReadAsArray() for f in sys.argv[1:]]' $b04 $b08"
