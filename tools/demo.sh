#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bundled real scenes become maps and the bundled pictures train a network; prints the
# path of each, and how to see it live.
set -eu
out=${DEMO_DIR:-demo}
mkdir -p "$out"
for graph in data/graphs/*.yaml; do
    map=$out/$(basename "$graph" .yaml)
    build/nadir run "$graph" -P out="$map.tif" --force --quiet
    build/nadir run "$graph" -P out="$map.tif" --preview "$map.png" --force --quiet
    echo "$map.tif"
    echo "$map.png"
done
rm -rf "$out/run"
build/nadir train examples/land.yaml -o "$out/run" --quiet
build/nadir evaluate "$out/run" -o "$out/run/report.html" --quiet > /dev/null
echo "$out/run/model.safetensors"
echo "$out/run/report.html"
echo "see a map live:      build/nadir map data/graphs/land.yaml"
echo "see the training:    build/nadir watch $out/run"
echo "train and watch:     build/nadir train examples/land.yaml --page"
