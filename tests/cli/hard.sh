#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What may go wrong around nadir: a library that is missing, archives that reach out.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
scene=$data/29RKH/B04.tif

# GDAL's library hidden by an empty file, for one command only.
library=$(ldconfig -p 2>/dev/null | sed -n 's/.*libgdal\.so\.[0-9]* .*=> //p' | head -n 1)
[ -n "$library" ] || library=$(find /usr/lib -name 'libgdal.so.[0-9]*' 2>/dev/null | head -n 1)
cat >without.sh <<'SH'
mount --bind /dev/null "$1" && shift && exec "$@"
SH
how=
for one in 'unshare -m' 'unshare -rm'; do
    if [ -n "$library" ] && $one sh without.sh "$library" true 2>/dev/null; then how=$one && break; fi
done
without() { # without STATUS TITLE 'words' WORD …
    want=$1 title=$2 words=$3
    shift 3
    # shellcheck disable=SC2086
    $how sh without.sh "$library" "$nadir" "$@" >out 2>err </dev/null
    got=$? ok=yes
    ended "$want"
    if [ "$want" -eq 0 ]; then prints "$words"; else
        two_lines
        says "$words"
        says 'apt install libgdal'
        [ ! -e out.tif ] || ok=no
    fi
    result "$title"
}
if [ -n "$how" ] && ! ldd "$nadir" | grep -q libgdal; then
    without 1 opens_no_scene_without_gdal_and_says_so 'the library libgdal.so' info "$scene"
    without 1 runs_nothing_without_gdal_and_says_so 'the library libgdal.so' op subset "$scene" -o out.tif
    without 1 shows_no_map_without_gdal_and_says_so 'the library libgdal.so' map "$scene" --port 0 --no-browser
    without 0 lists_operators_without_gdal 'band_maths' ops
else
    for title in opens_no_scene_without_gdal_and_says_so runs_nothing_without_gdal_and_says_so \
        shows_no_map_without_gdal_and_says_so lists_operators_without_gdal; do
        skip $title 'the library cannot be hidden here'
    done
fi
finish
