#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Graphs on real pixels: what is written, what is said, how it ends.
. "${0%/*}/lib.sh"
data=$2
cd "$scratch" || exit 1
cat >graph.yaml <<'YAML'
input: { Read: { file: "${scene}" } }
steps:
  - BandSelect: { sourceBands: band_1 }
output: { Write: { file: "${out}", formatName: GeoTIFF } }
YAML
cat >open.yaml <<'YAML'
input: { Read: { file: "${scene}" } }
steps:
  - BandSelect: { sourceBands: band_1 }
YAML
scene=$data/29RKH/B04.tif

run run graph.yaml -P "scene=$scene" -P out=one.tif
ended 0
silent
prints 'writing    one.tif   1 098 x 1 098, 1 band'
prints 'wrote      one.tif'
[ -s one.tif ] || ok=no
result writes_a_map_and_says_so

fails 1 leaves_an_existing_file_alone 'one.tif exists already' \
    run graph.yaml -P "scene=$scene" -P out=one.tif
run run graph.yaml -P "scene=$scene" -P out=one.tif --force --quiet
ended 0
silent
[ ! -s out ] || ok=no
result replaces_it_when_forced_and_keeps_quiet

fails 2 asks_for_what_is_open 'give it on the command line: -P scene=… -P out=…' \
    run graph.yaml
fails 1 fails_on_a_missing_scene 'nowhere.tif' \
    run graph.yaml -P scene=nowhere.tif -P out=x.tif
fails 1 fails_on_a_missing_graph 'nowhere.yaml' run nowhere.yaml
fails 2 asks_where_to_write 'give -o FILE, or end it with a Write' \
    run open.yaml -P "scene=$scene"
run run open.yaml -P "scene=$scene" -o two.tif
ended 0
[ -s two.tif ] || ok=no
result writes_where_it_is_told

run run graph.yaml -P "scene=$scene" -P out=small.tif --level 3 --json
ended 0
prints '"event":"written","file":"small.tif","width":138,"height":138'
python3 -c 'import json, sys
for line in open(sys.argv[1]): json.loads(line)' out || ok=no
result renders_a_level_and_tells_it_in_json_lines

fails 2 refuses_a_variable_that_nobody_uses 'did you mean out?' \
    run graph.yaml -P "scene=$scene" -P out=x.tif -P ut=y.tif --level 4
fails 2 names_all_variables_where_none_is_near 'leave it out, or take one of scene, out' \
    run graph.yaml -P "scene=$scene" -P out=x.tif -P nothing=alike
fails 2 checks_the_names_of_variables 'did you mean scene?' check graph.yaml -P sceen=x
fails 2 explains_nothing_under_a_wrong_name 'did you mean scene?' \
    explain graph.yaml -P sceen=x -P out=x.tif
fails 2 shows_nothing_under_a_wrong_name 'did you mean scene?' \
    map graph.yaml -P sceen=x --port 0 --no-browser
[ ! -e x.tif ] || ok=no
run gpt graph.yaml -Pscene="$scene" -Pout=gpt.tif -Put=y.tif
ended 0
says 'the graph has no variable ut; did you mean out?'
result passes_over_it_in_gpt_as_snap_does

# What is no graph is called what it is.
fails 1 says_that_pixels_are_no_graph 'is no graph but a file of pixels' run "$scene"
says "nadir op NAME $scene -o OUT"
fails 1 says_that_a_folder_is_no_graph 'is no graph but a folder' run "$data/29RKH"

# A run does not eat what it reads: not under another name, not through a link.
cp "$scene" eaten.tif
cp "$scene" before.tif
ln -s eaten.tif link.tif
ln eaten.tif hard.tif
fails 1 does_not_replace_its_input 'eaten.tif cannot be replaced: this run reads eaten.tif' \
    run graph.yaml -P scene=eaten.tif -P out=eaten.tif --force
fails 1 nor_through_a_link 'link.tif cannot be replaced: this run reads eaten.tif' \
    op subset eaten.tif -o link.tif --force
fails 1 nor_under_its_other_name 'hard.tif cannot be replaced: this run reads ' \
    gpt Subset -Ssource=eaten.tif -t hard.tif -f GeoTIFF
run op subset eaten.tif -o eaten.dim --region 0,0,20,20 -q
fails 1 nor_a_part_of_it 'cannot be replaced: this run reads eaten.dim' \
    op subset eaten.dim -o ./eaten.dim --force
cmp eaten.tif before.tif || ok=no
result the_input_is_as_it_was
run op subset eaten.tif -o new/folder/part.tif --region 0,0,20,20
ended 0
says 'the folder new/folder was not there and is made'
[ -s new/folder/part.tif ] || ok=no
result says_that_it_makes_a_folder
cat >twice.yaml <<YAML
input: { Read: { file: "$scene" }, id: scene }
steps:
  - Write: { file: same.tif }
    from: scene
  - Write: { file: ./same.tif }
    from: scene
YAML
fails 1 refuses_two_outputs_in_one_file 'two outputs would be written to ./same.tif' \
    run twice.yaml

# A list: a torn scene does not stop the others, and a second call goes on.
mkdir scenes
cp "$data/29RKH/B04.tif" scenes/a.tif
head -c 2000 "$data/29RKH/B08.tif" >scenes/b.tif
cp "$data/29RKH/B11.tif" scenes/c.tif
run run graph.yaml --each 'scene=scenes/*.tif' -P 'out=map_{scene}.tif' --skip-existing
ended 1
prints '2 done, 0 skipped, 1 failed'
says 'scenes/b.tif failed; the others go on'
[ -s map_a.tif ] && [ ! -e map_b.tif ] && [ -s map_c.tif ] || ok=no
result a_failed_scene_does_not_stop_the_list
cp "$data/29RKH/B08.tif" scenes/b.tif
run run graph.yaml --each 'scene=scenes/*.tif' -P 'out=map_{scene}.tif' --skip-existing
ended 0
silent
prints '1 done, 2 skipped, 0 failed'
[ -s map_b.tif ] || ok=no
result a_list_goes_on_where_it_stopped
run run graph.yaml --each 'scene=scenes/*.tif' -P out=same.tif --force
ended 1
says "put the scene into its name, as in -P 'out={scene}.tif'"
prints '1 done, 0 skipped, 2 failed'
result no_scene_overwrites_another
fails 2 wants_a_name_for_each 'every scene would be written to x.tif' \
    run open.yaml --each 'scene=scenes/*.tif' -o x.tif
fails 1 says_when_no_scene_fits 'no file is called scenes/*.zip' \
    run graph.yaml --each 'scene=scenes/*.zip' -P out=x.tif
fails 2 refuses_a_list_without_a_name 'names no variable' \
    run graph.yaml --each 'scenes/*.tif' -P out=x.tif

# A square of 0.02 degrees in the scene; pixels are 100 m.
cat >area.geojson <<'JSON'
{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {},
 "geometry": {"type": "Polygon", "coordinates":
  [[[-11.3, 29.2], [-11.28, 29.2], [-11.28, 29.22], [-11.3, 29.22], [-11.3, 29.2]]]}}]}
JSON
sed 's/-11.3, 29.2\]/-11.3, 129.2]/' area.geojson >wrong.geojson
echo '{"type": "Point", "coordinates": [1, 2]}' >point.geojson
fails 1 refuses_an_area_that_is_not_in_degrees 'is no longitude and latitude in degrees' \
    run open.yaml -P "scene=$scene" -o cut.tif --aoi wrong.geojson
fails 1 refuses_an_area_without_a_polygon 'there is no polygon in it' \
    run open.yaml -P "scene=$scene" -o cut.tif --aoi point.geojson

# A full disk and a stop leave nothing behind.
fails 1 fails_where_nothing_can_be_written '/proc cannot be written' \
    run open.yaml -P "scene=$scene" -o /proc/x.tif

finish
