#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Changes of grid of 120 million 16-bit pixels against gdalwarp and gdal_translate, in turn.
# usage: bench/geo.sh BUILD [RUNS]; needs 2 GB in the folder TMPDIR (/tmp).
set -e
here=$(dirname "$0") nadir=$1/nadir runs=${2:-3}
work=$(mktemp -d "${TMPDIR:-/tmp}/nadir-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
/usr/bin/python3 "$here/geo.py" "$work"
fine=$work/10m.tif coarse=$work/20m.tif a=$work/a.tif b=$work/b.tif
for crs in EPSG:3857 EPSG:4326; do
    for kernel in Bilinear Bicubic; do
        gdal=bilinear target=0.27
        [ $kernel = Bilinear ] || gdal=cubic target=-
        python3 "$here/pair.py" "reproject to $crs $kernel" $target "$runs" \
            "$nadir op reproject $fine -o $a --crs $crs --resampling $kernel -q" \
            "gdalwarp -q -t_srs $crs -r $gdal -multi -wo NUM_THREADS=2 -wm 500 -co TILED=YES $fine $b" "$a" "$b"
    done
done
python3 "$here/pair.py" "20 to 10 m bilinear" 0.43 "$runs" \
    "$nadir op resample $coarse -o $a --target-resolution 10 --upsampling Bilinear -q" \
    "gdal_translate -q -outsize 10980 10980 -r bilinear -co TILED=YES $coarse $b" "$a" "$b"
python3 "$here/pair.py" "10 to 20 m mean" - "$runs" \
    "$nadir op resample $fine -o $a --target-resolution 20 --downsampling Mean -q" \
    "gdal_translate -q -outsize 5490 5490 -r average -co TILED=YES $fine $b" "$a" "$b"
