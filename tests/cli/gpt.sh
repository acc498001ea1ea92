#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The words of SNAP's gpt, as scripts write them.
. "${0%/*}/lib.sh"
data=$(realpath "$2")
cd "$scratch" || exit 1
scene=$data/29RKH/B04.tif
cat >graph.xml <<'XML'
<graph id="Graph">
  <version>1.0</version>
  <node id="Read">
    <operator>Read</operator>
    <sources/>
    <parameters class="com.bc.ceres.binding.dom.XppDomElement"><file>${input}</file></parameters>
  </node>
  <node id="Subset">
    <operator>Subset</operator>
    <sources><sourceProduct refid="Read"/></sources>
    <parameters><region>${region}</region></parameters>
  </node>
</graph>
XML
sed 's/<sourceProduct refid="Read"\/>/<sourceProduct refid="${in}"\/>/; /<node id="Read">/,/<\/node>/d' \
    graph.xml >source.xml
sed 's/\${in}/${sourceProduct}/' source.xml >positional.xml
sed 's/<\/graph>/<node id="W"><operator>Write<\/operator><sources><sourceProduct refid="Subset"\/><\/sources><parameters><file>${out}<\/file><\/parameters><\/node><\/graph>/' \
    graph.xml >write.xml

# makes TITLE WIDTH FILE WORD …: runs and reads back the width.
makes() {
    title=$1 width=$2 file=$3
    shift 3
    run gpt "$@"
    ended 0
    silent
    "$nadir" info "$file" --json >info.json 2>>err || ok=no
    python3 -c 'import json, sys
bands = json.load(open("info.json"))["bands"]
sys.exit(bands[0]["width"] != int(sys.argv[1]))' "$width" || ok=no
    result "$title"
}
makes hands_a_region_to_the_reader 40 part.tif Subset -PpixelRegion=8,8,40,30 -t part.tif "$scene"
fails 1 refuses_a_region_that_is_none 'is not x,y,width,height' gpt Subset -PpixelRegion=8,8 -t none.tif "$scene"
makes runs_a_graph 100 a.tif ./graph.xml "-Pinput=$scene" -Pregion=0,0,100,50 -t a.tif
makes replaces_as_snap_does 90 a.tif graph.xml "-Pinput=$scene" -Pregion=0,0,90,50 -t a.tif
makes takes_the_format_by_name 80 b.tif graph.xml "-Pinput=$scene" -Pregion=0,0,80,50 -t b.tif -f GeoTIFF
makes writes_target_dim_of_itself 70 target.dim graph.xml "-Pinput=$scene" -Pregion=0,0,70,50
makes gives_dim_to_a_name_without_one 60 c.dim graph.xml "-Pinput=$scene" -Pregion=0,0,60,50 -t c
makes takes_a_named_source 50 d.tif source.xml "-Sin=$scene" -Pregion=0,0,50,50 -t d.tif
makes takes_files_by_number 40 e.tif positional.xml -Pregion=0,0,40,50 -t e.tif "$scene"
makes hands_a_region_to_the_readers_of_a_graph 36 part2.tif positional.xml -Pregion=0,0,0,0 \
    -PpixelRegion=8,8,36,30 -t part2.tif "$scene"
makes hands_a_region_to_named_sources_of_a_graph 20 part3.tif source.xml -Pregion=4,0,20,9 \
    -PpixelRegion=8,8,36,30 "-Sin=$scene" -t part3.tif
python3 -c 'import json, sys
a = json.load(open("info.json"))["bands"][0]["transform"]
sys.exit(a[0] != float(sys.argv[1]) + 12 * a[1])' "$("$nadir" info "$scene" --json |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["bands"][0]["transform"][0])')" ||
    { bad=1; echo "# the region begins elsewhere"; }
fails 1 refuses_a_region_of_a_graph_that_is_none 'is not x,y,width,height' gpt source.xml \
    -Pregion=0,0,9,9 -PpixelRegion=8,8 "-Sin=$scene" -t none.tif
makes leaves_the_graphs_own_write_alone 30 own.dim write.xml "-Pinput=$scene" -Pregion=0,0,30,50 \
    -Pout=own.dim -t ignored.tif
[ ! -e ignored.tif ] || { bad=1; echo "# -t was written, too"; }
makes runs_an_operator 20 f.tif Subset "$scene" -Pregion=0,0,20,10 -t f.tif -q 1 -c 64M -x -e -J-Xmx8G
makes runs_an_operator_over_a_named_source 25 g.tif Subset "-Ssource=$scene" -Pregion=0,0,25,10 -t g.tif

printf '# of a script\nregion = 0,0,\\\n   35,10\ninput: nowhere.tif\n' >p.properties
makes reads_a_properties_file 35 h.tif graph.xml -p p.properties "-Pinput=$scene" -t h.tif
echo '<parameters><region>0,0,45,10</region></parameters>' >p.xml
makes reads_an_xml_file_of_parameters 45 i.tif graph.xml -p p.xml "-Pinput=$scene" -t i.tif

does explains_itself '-Pname=value' gpt -h
does explains_an_operator 'region' gpt Subset -h
does explains_a_graph '-Pregion=' gpt graph.xml -h
does tells_its_version 'nadir 0.' gpt --diag
does lists_formats_to_read SENTINEL-2-MSI-MultiRes gpt -iformat
does lists_formats_to_write NetCDF4-BEAM gpt -oformat
run gpt -oformat
for format in $(cat "$scratch/out"); do # each is one that -f knows
    "$nadir" gpt Subset -f "$format" -t "known_$format" "$scene" 2>&1 | grep -q 'no output format' && ok=no
done
result lists_only_formats_it_knows
fails 2 answers_a_misspelt_operator 'did you mean Subset?' gpt Subzet "$scene"
fails 2 answers_a_misspelt_parameter 'did you mean region?' gpt Subset -Pregoin=1 "$scene"
fails 2 refuses_an_unknown_option "there is no option -z" gpt Subset -z
fails 2 refuses_a_parameter_without_a_value '-Pregion gives no value' gpt Subset -Pregion
fails 2 refuses_a_negative_cache 'is not a whole number from 0 on' gpt Subset -c -1
fails 2 wants_something_to_run 'gpt needs a graph file or an operator' gpt
fails 2 asks_for_what_the_graph_leaves_open 'the graph needs a value for region' gpt graph.xml "-Pinput=$scene"
fails 1 fails_on_a_missing_graph 'nowhere.xml' gpt nowhere.xml
finish
