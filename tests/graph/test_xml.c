// SPDX-License-Identifier: Apache-2.0
// SNAP's XML: what it says, and what is told when it says it wrong.
#include "graphs.h"

#define GRAPH(body) "<graph id=\"G\">\n<version>1.0</version>\n" body "</graph>\n"
#define READ                                                                             \
    "<node id=\"R\"><operator>Read</operator>"                                           \
    "<parameters><file>a.tif</file></parameters></node>\n"

TEST(a_published_graph_is_read_as_it_stands)
{
    nd_graph *graph =
        XML("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<graph id=\"Graph\">\n"
            "  <version>1.0</version>\n"
            "  <!-- the order of children is free -->\n"
            "  <node id=\"Write\"><sources><source refid=\"bandmaths\"/></sources>\n"
            "    <parameters class=\"com.bc.ceres.binding.dom.XppDomElement\">\n"
            "      <file>b.dim</file><formatName>BEAM-DIMAP</formatName></parameters>\n"
            "    <operator>Write</operator></node>\n"
            "  <node id=\"BandMaths\"><operator>bandmaths</operator>\n"
            "    <sources><sourceProduct refid=\"Read\"/></sources>\n"
            "    <parameters><targetBands><targetBand><name>n</name>\n"
            "      <expression>B4 &lt; 3</expression><noDataValue>1.0E-1f</noDataValue>\n"
            "      </targetBand></targetBands><variables/></parameters></node>\n"
            "  <node id=\"Read\"><operator>Read</operator><sources/>\n"
            "    <parameters><file>a.tif</file><sourceBands/></parameters></node>\n"
            "  <applicationData id=\"Presentation\"><node id=\"Read\"/>\n"
            "  </applicationData>\n"
            "</graph>\n");
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 3);
    if (plan.nodes != 3) return;
    CHECK(plan.node[0]->input[0] == plan.node[1] &&
          plan.node[1]->input[0] == plan.node[2]);
    CHECK(strcmp(plan.node[0]->place, "g.xml:8:15") == 0);
    CHECK(strcmp(plan.node[2]->id, "Read") == 0);
    const toy_maths *maths = plan.node[1]->state;
    const toy_entry *entry = maths->bands.item;
    CHECK(maths->bands.count == 1 && strcmp(entry->expression, "B4 < 3") == 0);
    CHECK(maths->bands.count == 1 && entry->no_data == 0.1);
    const toy_read *read = plan.node[2]->state;
    CHECK(read->bands.count == 0);
}

TEST(sources_come_in_all_of_snaps_forms)
{
    nd_graph *graph =
        XML(GRAPH(READ "<node id=\"S\"><operator>Read</operator><parameters>"
                       "<file>b</file></parameters></node>\n"
                       "<node id=\"M\"><operator>BandMaths</operator><sources>"
                       "<sourceProducts>R, S</sourceProducts></sources></node>\n"
                       "<node id=\"C\"><operator>Collocate</operator><sources>"
                       "<master> R </master><slave refid=\"s\"/></sources></node>\n"));
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 4);
    if (plan.nodes != 4) return;
    CHECK(plan.node[2]->inputs == 2 && plan.node[2]->input[1] == plan.node[1]);
    CHECK(strcmp(plan.node[2]->input_id[1], "sourceProducts1") == 0);
    CHECK(plan.node[3]->input[0] == plan.node[0] &&
          plan.node[3]->input[1] == plan.node[1]);
    CHECK(strcmp(plan.node[3]->input_id[0], "master") == 0);
    CHECK(plan.outputs == 2);
}

TEST(variables_are_put_in_after_parsing)
{
    const char *text =
        GRAPH("<header><parameter name=\"size\" defaultValue=\"20\"/></header>"
              "<node id=\"R\"><operator>Read</operator><parameters>"
              "<file>${dir}${name}.tif</file></parameters></node>"
              "<node id=\"M\"><operator>Resample</operator><sources><source "
              "refid=\"${from}\"/></sources><parameters><targetResolution>$size"
              "</targetResolution></parameters></node>"
              "<node id=\"B\"><operator>BandMaths</operator><sources><a refid=\"M\"/>"
              "</sources><parameters><expression>$sourceProduct.B4 + $1.B4</expression>"
              "</parameters></node>");
    const nd_variable given[] = {
        {"dir", "x<&y/", NULL}, {"name", "$dir", NULL}, {"from", "r", NULL}};
    nd_graph *graph = read_with(arena, "g.xml", text, given, 3);
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 3);
    if (plan.nodes != 3) return;
    const toy_read *read = plan.node[0]->state;
    CHECK(strcmp(read->file.text, "x<&y/$dir.tif") == 0);
    const toy_resample *set = plan.node[1]->state;
    CHECK(set->resolution == 20);
    const toy_maths *maths = plan.node[2]->state;
    CHECK(strcmp(maths->expression, "$sourceProduct.B4 + $1.B4") == 0);
    graph = XML(text);
    const nd_variable *open = graph ? nd_graph_open_variables(graph) : NULL;
    CHECK(open && strcmp(open[0].name, "dir") == 0 && strcmp(open[1].name, "name") == 0 &&
          strcmp(open[2].name, "from") == 0 && !open[3].name);
}

TEST(files_given_from_outside_become_reads_and_a_write)
{
    const char *text =
        GRAPH("<header><source name=\"S\"/></header>"
              "<node id=\"A\"><operator>Resample</operator><sources><source>${S}"
              "</source></sources></node><node id=\"B\"><operator>Resample</operator>"
              "<sources><source refid=\"S\"/></sources></node>");
    const nd_graph_ask ask = {.path = "g.xml",
                              .text = text,
                              .source = &(nd_variable){"S", "s.SAFE", NULL},
                              .sources = 1,
                              .target = "t.dim",
                              .catalogue = toys};
    nd_graph *graph = nd_graph_read(arena, &ask);
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 4);
    if (plan.nodes != 4) return;
    CHECK(plan.node[0]->input[0] == plan.node[2] &&
          plan.node[1]->input[0] == plan.node[2]);
    CHECK(strcmp(plan.node[2]->id, "ReadOp@S") == 0);
    CHECK(plan.outputs == 2 && plan.output[1] == plan.node[3] &&
          plan.node[3]->input[0] == plan.node[1]);
    graph = XML(text);
    CHECK(graph && strcmp(nd_graph_open_variables(graph)[0].name, "S") == 0);
}

TEST(all_mistakes_are_told_at_once)
{
    CHECK(tells(arena, "g.xml",
                "<graph>\n"
                "  <node id=\"Read\">\n"
                "    <operator>Read</operator>\n"
                "    <parameters><file/></parameters>\n"
                "  </node>\n"
                "  <node id=\"read\">\n"
                "    <operatr>Read</operatr>\n"
                "  </node>\n"
                "  <node id=\"é\"><operator>Resampel</operator></node>\n"
                "  <node id=\"é2\"><operator>Resample</operator><sources>"
                "<source refid=\"Raed\"/></sources><parameters class=\"x\">\n"
                "      <!-- far --> <targetResolution> 10.5 </targetResolution>\n"
                "      <methd>Nearest</methd></parameters></node>\n"
                "</graph>\n",
                "g.xml:1:1: No version is specified in the graph XML.\n"
                "write <version>1.0</version> after <graph …>\n"
                "g.xml:3:15: file is missing\ngive it: Scene to read\n"
                "g.xml:6:13: node read has no operator\n"
                "write <operator>…</operator>\n"
                "g.xml:6:13: node id 'read' is taken by line 2\n"
                "give one of them another id\n"
                "g.xml:7:5: there is no <operatr> in <node>\ndid you mean <operator>?\n"
                "g.xml:9:26: SPI not found for operator 'Resampel'\n"
                "did you mean Resample?\n"
                "g.xml:10:70: Missing source 'Raed' in node 'é2'\n"
                "did you mean Read?\n"
                "g.xml:11:39: resolution: 10.5 is not a whole number\n"
                "give one, as in 3\n"
                "g.xml:12:7: Resample has no setting methd\ndid you mean method?"));
}

TEST(what_is_not_well_formed_is_told_with_its_place)
{
    CHECK(!XML("<graph>\n  <a>\n  </b>\n</graph>"));
    CHECK(error_says("g.xml:3:3: this is not well-formed XML: <a> of line 2 ends as "
                     "</b>\nclose every element"));
    CHECK(!XML("<graph>\n<a>x &y; </a></graph>"));
    CHECK(error_says("this is not well-formed XML: Entity 'y' not defined\n"
                     "write & as &amp; and < as &lt;"));
    CHECK(!XML("<graph>"));
    CHECK(error_says("g.xml:1:8: this is not well-formed XML"));
    CHECK(!XML(""));
    CHECK(error_says("g.xml:1:1: Empty graph."));
    CHECK(!XML("<grph/>"));
    CHECK(error_says("g.xml:1:1: the root is <grph>, not <graph>"));
    CHECK(!XML(GRAPH("")));
    CHECK(error_says("g.xml:1:1: Empty graph."));
    CHECK(!XML("<graph><version>2</version>" READ "</graph>"));
    CHECK(error_says("g.xml:1:17: Wrong version given in the graph XML: 2"));
}

TEST(a_doctype_is_refused_before_it_is_read)
{
    CHECK(!XML("<?xml version=\"1.0\"?>\n<!DOCTYPE graph [<!ENTITY a SYSTEM "
               "\"file:///etc/passwd\">]>\n<graph>&a;</graph>"));
    CHECK(error_says("g.xml:2:1: a graph has no DOCTYPE\ndelete it"));
}

TEST(a_depth_that_no_graph_needs_is_refused)
{
    char deep[700] = "";
    for (int i = 0; i < 200; i++) strcat(deep, "<a>");
    CHECK(!XML(deep));
    CHECK(error_says("g.xml:1:145: elements more than 48 deep\nno graph needs that"));
}

TEST(other_encodings_keep_their_columns)
{
    CHECK(!XML("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"
               "<graph id=\"\xe9\xe9\"><version>3</version>" READ "</graph>"));
    CHECK(error_says("g.xml:2:25: Wrong version"));
    CHECK(!XML("<?xml version=\"1.0\" encoding=\"klingon\"?>\n<graph/>"));
    CHECK(error_says("g.xml:1:1: there is no encoding klingon\nsave the file as UTF-8"));
    CHECK(!XML("<graph id=\"\xe9\xe9\"/>"));
    CHECK(error_says("g.xml:1:12: this is not well-formed XML"));
}

TEST(a_source_that_stands_twice_is_told)
{
    CHECK(!XML(GRAPH(READ "<node id=\"C\"><operator>Collocate</operator><sources>\n"
                          "<a refid=\"R\"/><b refid=\"r\"/></sources></node>")));
    CHECK(error_says("g.xml:5:25: duplicated source node id 'r' in node 'C'"));
}

TEST(an_operator_gets_as_many_inputs_as_it_takes)
{
    CHECK(!XML(GRAPH("<node id=\"C\"><operator>Resample</operator></node>")));
    CHECK(error_says("g.xml:3:24: Operator 'Resample': Mandatory source product "
                     "(field 'sourceProduct') not set."));
    CHECK(!XML(GRAPH(READ "<node id=\"S\"><operator>Read</operator><sources>"
                          "<a refid=\"R\"/></sources><parameters><file>b</file>"
                          "</parameters></node>")));
    CHECK(error_says("g.xml:4:58: Read takes no input"));
}
