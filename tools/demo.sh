#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bundled real scenes become maps; prints the path of each, and how to see one live.
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
echo "see one live: build/nadir map data/graphs/ndvi.yaml"
