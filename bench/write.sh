#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# COGs of 120 million pixels against GDAL's own driver, on the same input, in turn.
# usage: bench/write.sh BUILD [RUNS]; needs 2 GB in the folder TMPDIR (/tmp).
set -e
here=$(dirname "$0") build=$1 runs=${2:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/nadir-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 "$here/terrain.py" "$work" 10980
for type in u16 f32; do
    in=$work/$type.tif a=$work/a.tif b=$work/b.tif
    gdal="gdal_translate -q -of COG -co OVERVIEWS=AUTO -co RESAMPLING=AVERAGE -co NUM_THREADS=2"
    python3 "$here/pair.py" "$type COG DEFLATE 6" 1 "$runs" \
        "$build/bench/bench_write $in $a COG compress=deflate level=6 predictor=none" \
        "$gdal -co COMPRESS=DEFLATE $in $b"
    stat -c "%s bytes" "$a" "$b"
    python3 "$here/pair.py" "$type COG ZSTD 1 + predictor" - "$runs" \
        "$build/bench/bench_write $in $a COG compress=zstd level=1" \
        "$gdal -co COMPRESS=ZSTD -co LEVEL=1 -co PREDICTOR=YES $in $b"
    stat -c "%s bytes" "$a" "$b"
    python3 "$here/pair.py" "$type GeoTIFF uncompressed" - "$runs" \
        "$build/bench/bench_write $in $a GeoTIFF" \
        "gdal_translate -q -co TILED=YES -co BLOCKXSIZE=512 -co BLOCKYSIZE=512 $in $b"
done
