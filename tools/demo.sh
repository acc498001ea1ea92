#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The bundled real scenes become maps; prints the path of each, and how to see one live.
set -eu
out=${DEMO_DIR:-demo}
mkdir -p "$out"
for graph in data/graphs/*.yaml; do
    name=$(basename "$graph" .yaml)
    build/src/cli/nadir run "$graph" -P out="$out/$name.tif" --force --quiet
    echo "$out/$name.tif"
done
echo "see one live: build/src/cli/nadir map data/graphs/ndvi.yaml"
