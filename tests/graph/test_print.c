// SPDX-License-Identifier: Apache-2.0
// Graphs printed: one canonical form in each language, and there and back.
#include "graphs.h"

static const char *as_yaml(nd_arena *arena, const nd_graph *graph)
{
    nd_buffer out = {.arena = arena};
    if (!graph || nd_graph_print_yaml(graph, &out) != ND_OK) return "nothing";
    const char *text = nd_buffer_text(&out);
    return text ? text : "nothing";
}

static const char *as_xml(nd_arena *arena, const nd_graph *graph)
{
    nd_buffer out = {.arena = arena};
    if (!graph || nd_graph_print_xml(graph, &out) != ND_OK) return "nothing";
    const char *text = nd_buffer_text(&out);
    return text ? text : "nothing";
}

// Both ways, from either, and the same text again.
static bool goes_round(nd_arena *arena, const nd_graph *graph)
{
    const char *yaml = as_yaml(arena, graph), *xml = as_xml(arena, graph);
    const nd_graph *from_yaml = YAML(yaml), *from_xml = XML(xml);
    const char *again = as_yaml(arena, from_yaml);
    if (strcmp(yaml, again) == 0 && strcmp(yaml, as_yaml(arena, from_xml)) == 0 &&
        strcmp(as_yaml(arena, XML(as_xml(arena, from_yaml))), yaml) == 0)
        return true;
    const nd_error error = nd_error_take();
    printf("# %s\n%s---\n%s---\n%s---\n", error.what, yaml, again, xml);
    return false;
}

TEST(a_chain_is_printed_without_ids)
{
    nd_graph *graph =
        XML("<graph id=\"G\"><version>1.0</version><node id=\"Read\"><operator>Read"
            "</operator><parameters><file>a &amp; b.tif</file><bandNames>B2, B3,x\\u002Cy"
            "</bandNames></parameters></node><node id=\"Resample\"><operator>Resample"
            "</operator><sources><source refid=\"read\"/></sources><parameters>"
            "<resolution>10</resolution><resampleOnPyramidLevels>true"
            "</resampleOnPyramidLevels><shift/></parameters></node><node id=\"Write\">"
            "<operator>write</operator><sources><source refid=\"resample\"/></sources>"
            "<parameters><file>$out</file></parameters></node></graph>");
    CHECK(strcmp(
              as_yaml(arena, graph),
              "name: G\n"
              "input: { Read: { file: \"a & b.tif\", sourceBands: [B2, B3, \"x,y\"] } }\n"
              "steps:\n"
              "  - Resample: { targetResolution: 10 }\n"
              "output: { Write: { file: \"${out}\", formatName: BEAM-DIMAP } }\n") == 0);
    CHECK(goes_round(arena, graph));
}

TEST(other_shapes_keep_their_ids_and_names)
{
    nd_graph *graph =
        YAML("variables: { out: x.tif, size: { help: Pixel } }\n"
             "input:\n"
             "  - Read: { file: a.tif }\n"
             "  - Read: { file: b.tif }\n"
             "    id: b\n"
             "steps:\n"
             "  - BandMaths: { targetBands: [ { name: n, expression: \"a ? b : "
             "c\" }, { name: m, expression: 'a \"quoted\" very long line that "
             "will not fit upon one line' } ] }\n"
             "  - Resample: { targetResolution: \"${size}\" }\n"
             "    from: b\n"
             "  - Collocate:\n"
             "    from: { reference: BandMaths, secondary: Resample }\n"
             "  - band_maths\n"
             "output:\n"
             "  - Write: { file: \"${out}\", formatName: GeoTIFF }\n"
             "  - Write: { file: y.dim, formatName: GeoTIFF }\n"
             "    from: b\n");
    const char *expected = "variables:\n"
                           "  out: x.tif\n"
                           "  size: { help: Pixel }\n"
                           "input:\n"
                           "  - Read: { file: a.tif }\n"
                           "  - Read: { file: b.tif }\n"
                           "    id: b\n"
                           "steps:\n"
                           "  - BandMaths:\n"
                           "      targetBands:\n"
                           "        - { name: n, expression: \"a ? b : c\" }\n"
                           "        - name: m\n"
                           "          expression: \"a \\\"quoted\\\" very long line that "
                           "will not fit upon one "
                           "line\"\n"
                           "  - Resample: { targetResolution: \"${size}\" }\n"
                           "    from: b\n"
                           "  - Collocate:\n"
                           "    from: { reference: BandMaths, secondary: Resample }\n"
                           "  - BandMaths\n"
                           "output:\n"
                           "  - Write: { file: \"${out}\", formatName: GeoTIFF }\n"
                           "  - Write: { file: y.dim, formatName: GeoTIFF }\n"
                           "    from: b\n";
    CHECK(strcmp(as_yaml(arena, graph), expected) == 0);
    if (strcmp(as_yaml(arena, graph), expected) != 0) printf("%s", as_yaml(arena, graph));
    graph = YAML(expected);
    CHECK(strcmp(as_yaml(arena, graph), expected) == 0);
    CHECK(strcmp(as_yaml(arena, XML(as_xml(arena, graph))) + strlen("name: Graph\n"),
                 expected) == 0);
}

TEST(blanks_around_a_value_mean_nothing_in_either_language)
{
    nd_graph *spaced = YAML("steps:\n  - Read: { file: ' a b.tif ' }\n"
                            "  - Write: { file: \"\\t\" }\n"),
             *bare = YAML("steps:\n  - Read: { file: a b.tif }\n  - Write: {}\n");
    CHECK(strcmp(as_yaml(arena, spaced), as_yaml(arena, bare)) == 0);
    CHECK(goes_round(arena, bare));
}
TEST(xml_says_the_format_that_yaml_leaves_to_the_name)
{
    nd_graph *graph = YAML("input: a.tif\noutput: b.tif\n");
    CHECK(strstr(as_xml(arena, graph), "<formatName>GeoTIFF</formatName>"));
}

TEST(a_source_of_the_header_becomes_an_input)
{
    nd_graph *graph =
        XML("<graph id=\"G\"><version>1.0</version><header><source name=\"S\"/></header>"
            "<node id=\"Resample\"><operator>Resample</operator><sources>"
            "<source refid=\"S\"/></sources></node></graph>");
    CHECK(strstr(as_xml(arena, graph), "<source name=\"S\"/>"));
    const char *yaml = as_yaml(arena, graph);
    CHECK(strstr(yaml, "  - Read: { file: \"${S}\" }\n    id: S\n"));
    nd_graph *again = YAML(yaml);
    CHECK(again && strcmp(nd_graph_open_variables(again)->name, "S") == 0);
}
