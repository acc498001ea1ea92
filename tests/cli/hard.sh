#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What may go wrong around nadir: a library that is missing, archives that reach out, folders
# that may not be written, nobody who listens.
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

# Archives and headers whose names lead out of them: nothing is read or written there.
mkdir -p deep/er
echo 'the secret' >secret.txt
cp "$scene" secret.tif
cat >reach.py <<'PYTHON'
import pathlib, sys, zipfile
safe, how = pathlib.Path(sys.argv[1]), sys.argv[2]
out = "/../" * 3 if how == "names" else "/"
with zipfile.ZipFile(f"deep/er/{how}.zip", "w") as z:
    for f in sorted(f for f in safe.rglob("*") if f.is_file()):
        name, data = f"{safe.name}/{f.relative_to(safe)}", f.read_bytes()
        if how == "files" and f.name == "MTD_MSIL1C.xml":
            data = data.replace(b"IMG_DATA/T31TDH_20180101T105441_B01",
                                b"IMG_DATA/../../../../../../secret")
        z.writestr(name, data)
        if how == "names":
            for start in ("../../", "/", f"{safe.name}/../../", str(pathlib.Path.cwd()) + "/"):
                z.writestr(start + "slipped-" + f.name, data)
PYTHON
safe=$(echo "$data"/T31TDH/*.SAFE)
python3 reach.py "$safe" names
python3 reach.py "$safe" files
run info deep/er/names.zip --json
ended 0
silent
prints '"name":"S2A_MSIL1C_20180101T105441'
result opens_an_archive_with_names_that_lead_out
run op band_select deep/er/names.zip --source-bands B1 -j 1 -q -o deep/b1.tif
ended 0
run op band_select "$safe" --source-bands B1 -j 1 -q -o deep/same.tif
cmp -n 1000000 deep/b1.tif deep/same.tif || ok=no # the rest holds the time; on one thread tiles lie in order
[ -z "$(find . / -xdev -name 'slipped-*' 2>/dev/null | head -n 1)" ] || ok=no
result reads_its_pixels_and_lays_nothing_down
run op band_select deep/er/files.zip --source-bands B1 -j 1 -q -o deep/b1.tif --force
ended 0
cmp -n 1000000 deep/b1.tif deep/same.tif || ok=no
result follows_no_image_name_out_of_an_archive

header() { # header HREF: a BEAM-DIMAP whose band is in that file
    cat >deep/er/p.dim <<XML
<Dimap_Document><Metadata_Id><METADATA_FORMAT version="2.12.1">DIMAP</METADATA_FORMAT></Metadata_Id>
<Raster_Dimensions><NCOLS>4</NCOLS><NROWS>4</NROWS><NBANDS>1</NBANDS></Raster_Dimensions>
<Data_Access><Data_File><DATA_FILE_PATH href="$1" /><BAND_INDEX>0</BAND_INDEX></Data_File></Data_Access>
<Image_Interpretation><Spectral_Band_Info><BAND_INDEX>0</BAND_INDEX><BAND_NAME>b</BAND_NAME>
<DATA_TYPE>uint8</DATA_TYPE></Spectral_Band_Info></Image_Interpretation></Dimap_Document>
XML
}
mkdir deep/er/p.data
printf 'ENVI\nsamples = 4\nlines = 4\nbands = 1\nheader offset = 0\ndata type = 1\ninterleave = bsq\nbyte order = 0\n' >deep/er/p.data/b.hdr
head -c 16 /dev/zero >deep/er/p.data/b.img
cp deep/er/p.data/b.hdr deep/secret.hdr
cp deep/er/p.data/b.img deep/secret.img
header p.data/b.hdr
run op band_select deep/er/p.dim -o deep/in.tif -q
ended 0
result reads_a_header_whose_file_is_its_own
for href in ../secret.hdr p.data/../../secret.hdr "$PWD/deep/secret.hdr" "/vsizip/$PWD/x.zip/y.hdr"; do
    header "$href"
    run op band_select deep/er/p.dim -o deep/out.tif
    ended 1
    two_lines
    [ ! -e deep/out.tif ] || ok=no
    result "follows_no_file_name_out_of_a_header_$(echo "$href" | tr -dc 'a-z' | cut -c 1-20)"
done
sed 's#file: *[^,}]*\.[a-z0-9]*#file: ../../secret.tif#' "$data"/31UFS/crop.yaml >deep/er/crop.yaml
fails 1 follows_no_file_name_out_of_a_crop 'names no file beside the crop' info deep/er

# A folder that may not be written, of each kind that can be had here.
mkdir locked
chmod 555 locked
may_not() { # may_not TITLE COMMAND …: it says so in two lines and leaves nothing
    title=$1
    shift
    "$@" >out 2>err </dev/null
    got=$? ok=yes
    ended 1
    two_lines
    says 'locked may not be written'
    [ -z "$(ls -A locked)" ] || ok=no
    result "$title"
}
if [ "$(id -u)" -ne 0 ]; then
    may_not writes_nothing_into_a_folder_of_others "$nadir" op subset "$scene" -o locked/x.tif
elif setpriv --reuid=65534 --clear-groups test -r "$scene" -a -x "$nadir" 2>/dev/null; then
    chmod 755 .
    may_not writes_nothing_into_a_folder_of_others \
        setpriv --reuid=65534 --clear-groups "$nadir" op subset "$scene" -o locked/x.tif
else
    skip writes_nothing_into_a_folder_of_others 'no other user may read the scene'
fi
if mount -t tmpfs -o ro none locked 2>/dev/null; then
    for name in x.tif x.dim x.nc x.png x.jp2; do
        may_not "writes_no_${name#*.}_where_all_is_read_only" "$nadir" op subset "$scene" -o locked/$name
    done
    umount locked
else
    skip writes_nothing_where_all_is_read_only 'no file system may be mounted here'
fi

# Nobody listens. Signals as a shell has them: a pipeline of commands that only print ends.
cat >unheard.py <<'PYTHON'
import os, signal, subprocess, sys
how, *words = sys.argv[1:]
def before():
    signal.signal(signal.SIGPIPE, signal.SIG_IGN if how == "ignored" else signal.SIG_DFL)
    if how == "closed":
        os.close(0), os.close(1)
    if how == "all":
        os.close(0), os.close(1), os.close(2)
read, write = os.pipe()
os.close(read)
code = subprocess.run(words, stdout=write, stdin=subprocess.DEVNULL,
                      stderr=open("err", "w"), preexec_fn=before).returncode
sys.exit(code if code >= 0 else 128 - code)
PYTHON
unheard() { # unheard HOW STATUS TITLE WORD …
    how=$1 want=$2 title=$3
    shift 3
    : >out
    python3 unheard.py "$how" "$nadir" "$@"
    got=$? ok=yes
    ended "$want"
    [ "$want" -ne 1 ] || { two_lines && says 'nobody reads what is printed'; }
    [ "$want" -ne 0 ] || silent
    result "$title"
}
unheard pipe 141 a_listing_ends_with_its_reader describe --json
unheard ignored 1 says_so_where_a_broken_pipe_is_an_error describe --json
unheard closed 1 says_so_where_the_output_is_closed ops
run op subset "$scene" -o heard.tif --region 0,0,300,300
for how in pipe ignored closed all; do
    unheard $how 0 "a_map_is_made_though_nobody_listens_$how" \
        op subset "$scene" -o "$how.tif" --region 0,0,300,300
    ok=yes
    # SNAP's header behind the pixels holds the time.
    cmp -n 500000 heard.tif "$how.tif" || ok=no
    result "the_map_holds_no_word_of_it_$how"
done
finish
