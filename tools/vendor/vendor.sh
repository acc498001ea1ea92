#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes src/dash/vendor from npm by lock file. Run by hand when a version changes.
set -eu
cd "$(dirname "$0")"
to=../../src/dash/vendor
npm ci --ignore-scripts --no-audit --no-fund
node node_modules/esbuild/install.js
mkdir -p "$to"
for part in ui uplot ol; do
    node_modules/.bin/esbuild "$part.js" --bundle --minify --format=esm --target=es2022 \
        --legal-comments=none --outfile="$to/$part.js"
done
cp node_modules/uplot/dist/uPlot.min.css "$to/uplot.css"
node coast.mjs "$to/coast.bin"
licence() { cp "node_modules/$1" "$to/LICENSE.$2"; }
licence preact/LICENSE preact
licence @preact/signals/LICENSE signals
licence htm/LICENSE htm
licence uplot/LICENSE uplot
licence ol/LICENSE.md openlayers
licence world-atlas/LICENSE world-atlas
licence rbush/LICENSE rbush
licence quickselect/LICENSE quickselect
cd "$to"
LC_ALL=C sha256sum *.js *.css *.bin LICENSE.* >SHA256SUMS
