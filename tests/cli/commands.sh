#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check, explain, info, op, new-graph, cache and map: what each prints and how it ends.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
scene=$data/29RKH/B04.tif
cat >graph.yaml <<'YAML'
input: { Read: { file: "${scene}" } }
steps:
  - Subset: { region: "0,0,600,600" }
  - BandMaths: { expression: "band_1 / 10000", name: reflectance }
output: { Write: { file: "${out}", formatName: GeoTIFF } }
YAML
cat >wrong.yaml <<'YAML'
input: { Read: { file: a.tif } }
steps:
  - Subset: { regoin: "0,0,600,600" }
  - BandMats: { expression: "1" }
output: { Write: { file: b.tif } }
YAML

does checks_what_the_text_can_tell 'it needs -P scene=… -P out=…' check graph.yaml
does checks_with_headers_open 'graph.yaml is right: 4 nodes, planned' \
    check graph.yaml -P "scene=$scene" -P out=x.tif
[ ! -e x.tif ] || bad=1
run check wrong.yaml
ended 1
says 'wrong.yaml:3:'
says 'did you mean region?'
says 'wrong.yaml:4:'
says 'did you mean BandMaths?'
[ "$(wc -l <err)" -eq 4 ] || ok=no
result tells_every_mistake_in_two_lines
run check wrong.yaml --json
ended 1
[ "$(grep -c '"event":"error"' out)" -eq 2 ] || ok=no
prints '"where":"wrong.yaml:3:'
result tells_mistakes_as_json
run check graph.yaml --print xml
ended 0
silent
cp out printed.xml
"$nadir" check printed.xml --print yaml >again.yaml 2>>err || ok=no
"$nadir" check again.yaml --print xml 2>>err | cmp -s - printed.xml || ok=no
silent
result prints_a_graph_both_ways
fails 2 knows_no_other_form 'there is no choice json' check graph.yaml --print json
fails 1 fails_on_no_graph 'this is no graph' check /dev/null

run explain graph.yaml -P "scene=$scene" -P out=x.tif
ended 0
silent
prints '600 x 600, 100 x 100, WGS 84 / UTM zone 29N'
prints '4 tiles of 512 x 512 pixels'
prints 'of memory at the peak'
result explains_the_plan
run explain graph.yaml -P "scene=$scene" -P out=x.tif --json
ended 0
python3 -c 'import json
plan = json.load(open("out"))
assert [n["operator"] for n in plan["nodes"]] == ["read", "subset", "band_maths", "write"], plan
assert plan["outputs"][0]["tiles"] == 4 and plan["outputs"][0]["peak_bytes"] > 0' 2>err || ok=no
result explains_it_as_json
[ ! -e x.tif ] || bad=1

does tells_about_a_raster 'WGS 84 / UTM zone 29N' info "$scene"
run info "$data/T31TDH/S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911.SAFE" --json
ended 0
python3 -c 'import json
def refuse(x): raise ValueError(x)
i = json.load(open("out"), parse_constant=refuse)
assert i["mission"] == "Sentinel-2A" and i["tile"] == "T31TDH" and i["level"] == "L1C", i' 2>err || ok=no
silent
result tells_about_a_scene_as_strict_json
fails 1 fails_on_what_is_no_scene 'graph.yaml' info graph.yaml
fails 1 fails_on_what_is_not_there 'nowhere.SAFE' info nowhere.SAFE
fails 2 wants_a_scene_to_tell_about 'write nadir info FILE' info

run subset "$scene" -o part.tif --region 0,0,30,20 --json
ended 0
prints '"event":"written","file":"part.tif","width":30,"height":20,"bands":1'
result runs_an_operator_by_its_name
run op Subset "$scene" -o part2.tif --sub-sampling-x 2 --subSamplingY 2
ended 0
prints '549 x 549'
result takes_settings_with_dashes_and_as_snap_spells_them
does explains_an_operators_settings 'sub_sampling_x' subset --help
fails 2 answers_a_misspelt_setting 'did you mean --region?' subset "$scene" -o x.tif --regoin 0,0,1,1
fails 2 answers_a_misspelt_operator 'did you mean Subset?' op Subzet "$scene"
run op Subset "$scene" -o part3.tif
ended 0
prints 'subset   1 operator, 1 scene'
prints "reading    $scene"
result tells_the_scene_a_single_operator_reads

head -c 3000 "$scene" >torn.tif
run op Subset torn.tif -o part4.tif
ended 1
two_lines
grep -q '^torn.tif cannot be read: ' "$scratch/err" || ok=no
[ ! -e part4.tif ] || ok=no
result names_a_torn_scene_once_and_leaves_no_file

mkdir -p bare
fails 1 knows_a_folder_without_a_scene 'bare is a folder in which no scene is found' info bare

fails 2 says_how_a_size_is_written 'as in 500M or 2G' subset "$scene" -o x.tif --memory 12X

fails 2 wants_an_operator 'nadir op needs the name of an operator' op
fails 2 wants_an_input 'subset needs an input file' subset -o x.tif
fails 2 wants_an_output 'give -o FILE' subset "$scene"
fails 2 refuses_a_value_out_of_range 'is not between' subset "$scene" -o x.tif --sub-sampling-x 0
fails 1 says_where_a_setting_does_not_fit 'region' subset "$scene" -o x.tif --region 9999,0,1,1
[ ! -e x.tif ] || bad=1

run new-graph ndvi -o ndvi.yaml
ended 0
silent
[ -s ndvi.yaml ] || ok=no
result writes_a_graph_to_start_from
fails 1 leaves_an_existing_graph_alone 'ndvi.yaml exists already' new-graph ndvi -o ndvi.yaml
fails 2 answers_a_misspelt_graph 'did you mean ndvi?' new-graph ndiv

does tells_of_an_empty_cache '0 files' cache
mkdir -p cache/nadir/reduced
head -c 3000000 /dev/zero >cache/nadir/reduced/old
head -c 2000000 /dev/zero >cache/nadir/reduced/new
touch -d '2001-01-01' cache/nadir/reduced/old
ln -s "$scratch/ndvi.yaml" cache/nadir/link
does lists_the_cache 'cache/nadir/reduced/old' cache list
does limits_the_cache '1 file, 2 MB of at most 4 MB' cache limit 4M
[ ! -e cache/nadir/reduced/old ] && [ -e cache/nadir/reduced/new ] || { bad=1; echo '# the wrong one went'; }
run cache clear --json
ended 0
prints '"bytes":0,"limit":4194304,"files":[]'
[ ! -e cache/nadir/reduced/new ] && [ -s ndvi.yaml ] || ok=no
result clears_the_cache_and_follows_no_link
fails 2 refuses_a_limit_that_is_no_size 'ten is no size' cache limit ten
fails 2 answers_a_misspelt_job 'write nadir cache clear' cache claer

echo 'input: { Reed: { file: a.tif } }' >reed.yaml
# map: prints its address, answers there, and ends when it is told to.
python3 - "$nadir" "$scene" >out 2>err <<'PYTHON'
import signal, subprocess, sys, time, urllib.error, urllib.request
nadir, scene = sys.argv[1:]
run = subprocess.Popen([nadir, "map", scene, "--port", "0", "--no-browser"], stdout=subprocess.PIPE, text=True)
url = run.stdout.readline().strip()
print(urllib.request.urlopen(url, timeout=20).status)
try:
    urllib.request.urlopen(url.split("?")[0] + "state", timeout=20)
except urllib.error.HTTPError as error:
    print("without its token", error.code)
began = time.monotonic()
run.send_signal(signal.SIGINT)
print("ended with", run.wait(20), "in time" if time.monotonic() - began < 5 else "late")
PYTHON
got=$? ok=yes
ended 0
silent
prints 200
prints 'without its token 40'
prints 'ended with 130 in time'
result serves_a_map_until_it_is_stopped
fails 1 shows_no_map_of_nothing 'nowhere.tif' map nowhere.tif --no-browser
fails 1 shows_no_map_of_a_wrong_graph 'did you mean Read?' map reed.yaml --no-browser
fails 2 asks_what_the_graph_leaves_open '-P scene=…' map graph.yaml --no-browser
finish
