// SPDX-License-Identifier: Apache-2.0
// YAML graphs: what they say, and what is told when they say it wrong.
#include "graphs.h"

static const char chain[] = "input:  { Read: { file: a.tif } }\n"
                            "steps:\n"
                            "  - Resample: { targetResolution: 10 }\n"
                            "  - BandMaths: { expression: \"B4 * 2\" }\n"
                            "output: { Write: { file: b.tif } }\n";

TEST(a_chain_needs_no_ids)
{
    nd_graph *graph = YAML(chain);
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK);
    CHECK(plan.nodes == 4 && plan.outputs == 1);
    CHECK(plan.nodes == 4 && plan.output[0] == plan.node[3]);
    CHECK(plan.nodes == 4 && plan.node[3]->input[0] == plan.node[2] &&
          plan.node[2]->input[0] == plan.node[1] &&
          plan.node[1]->input[0] == plan.node[0]);
    CHECK(plan.nodes == 4 && strcmp(plan.node[1]->place, "g.yaml:3:5") == 0);
    CHECK(plan.nodes == 4 && strcmp(plan.node[1]->id, "Resample") == 0);
    const toy_resample *set = plan.nodes == 4 ? plan.node[1]->state : NULL;
    CHECK(set && set->resolution == 10);
}

TEST(a_text_is_enough_for_a_file)
{
    nd_graph *graph = YAML("input: a.tif\noutput: b.tif\n");
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 2);
    const toy_read *from = plan.nodes ? plan.node[0]->state : NULL;
    const toy_read *to = plan.nodes ? plan.node[1]->state : NULL;
    CHECK(from && strcmp(from->file.text, "a.tif") == 0);
    CHECK(to && strcmp(to->file.text, "b.tif") == 0);
}

TEST(steps_name_the_ones_they_read_from)
{
    nd_graph *graph = YAML("input:\n"
                           "  - Read: { file: a.tif }\n"
                           "    id: a\n"
                           "  - Read: { file: b.tif }\n"
                           "steps:\n"
                           "  - BandMaths:\n"
                           "    id: all\n"
                           "  - Collocate:\n"
                           "    from: { reference: READ, secondary: a }\n"
                           "output:\n"
                           "  - Write: { file: x }\n"
                           "  - Write: { file: y }\n"
                           "    from: all\n");
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK);
    CHECK(plan.nodes == 6 && plan.outputs == 2);
    if (plan.nodes != 6) return;
    CHECK(plan.node[2]->inputs == 2 && plan.node[2]->input[1] == plan.node[1]);
    CHECK(strcmp(plan.node[2]->input_id[1], "sourceProduct.1") == 0);
    CHECK(plan.node[3]->input[0] == plan.node[1] &&
          plan.node[3]->input[1] == plan.node[0]);
    CHECK(strcmp(plan.node[3]->input_id[0], "reference") == 0);
    CHECK(plan.node[4]->input[0] == plan.node[3] &&
          plan.node[5]->input[0] == plan.node[2]);
    CHECK(strcmp(plan.node[5]->id, "Write(2)") == 0);
}

TEST(variables_have_defaults_and_values)
{
    const char *text = "variables:\n"
                       "  scene:\n"
                       "  size: { default: 20, help: Size of a pixel }\n"
                       "input: \"${scene}\"\n"
                       "steps:\n"
                       "  - Resample: { targetResolution: \"${size}\" }\n";
    nd_graph *graph = YAML(text);
    CHECK(graph && strcmp(nd_graph_open_variables(graph)[0].name, "scene") == 0);
    CHECK(graph && !nd_graph_open_variables(graph)[1].name);
    CHECK(graph && strcmp(nd_graph_variables(graph)[1].help, "Size of a pixel") == 0);
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_E_PARAM);
    CHECK(error_says("${scene} has no value\ngive it: -P scene="));
    const nd_variable given[] = {{"scene", "s.SAFE", NULL}, {"size", "60", NULL}};
    graph = read_with(arena, "g.yaml", text, given, 2);
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK);
    const toy_resample *set = plan.nodes == 2 ? plan.node[1]->state : NULL;
    CHECK(set && set->resolution == 60);
}

TEST(lists_and_entries_reach_the_operator)
{
    nd_graph *graph =
        YAML("input: { Read: { file: a, bandNames: [B2, \"x,y\"] } }\n"
             "steps:\n"
             "  - BandMaths:\n"
             "      targetBands:\n"
             "        - { name: one, expression: B4 }\n"
             "        - { name: two, expression: B4 + 1, noDataValue: 3 }\n"
             "  - BandMaths: { targetBands: { name: n, expression: 1 } }\n");
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 3);
    if (plan.nodes != 3) return;
    const toy_read *read = plan.node[0]->state;
    CHECK(read->bands.count == 2 && strcmp(read->bands.item[1], "x,y") == 0);
    const toy_maths *maths = plan.node[1]->state, *other = plan.node[2]->state;
    const toy_entry *entry = maths->bands.item;
    CHECK(maths->bands.count == 2 && entry && entry[1].no_data == 3 &&
          strcmp(entry[1].expression, "B4 + 1") == 0);
    CHECK(other->bands.count == 1);
}

TEST(all_mistakes_are_told_at_once)
{
    CHECK(tells(arena, "g.yaml",
                "input: { Raed: { file: a.tif } }\n"
                "steps:\n"
                "  - Resample: { targetResolutoin: 10, method: Bilinaer }\n"
                "  - Resample: { targetResolution: 1000, shift: far }\n"
                "    from: nobody\n"
                "outptu: b.tif\n",
                "g.yaml:1:10: there is no operator 'Raed'\ndid you mean Read?\n"
                "g.yaml:3:17: Resample has no setting targetResolutoin\n"
                "did you mean targetResolution?\n"
                "g.yaml:3:47: method: there is no choice Bilinaer\n"
                "did you mean Bilinear?\n"
                "g.yaml:4:35: resolution: 1000 is not between 0 and 100\n"
                "stay within them\n"
                "g.yaml:4:48: shift: far is not a number\ngive one, as in 2.5\n"
                "g.yaml:5:11: Missing source 'nobody' in node 'Resample(2)'\n"
                "name a node of this graph\n"
                "g.yaml:6:1: a graph has no outptu\ndid you mean output?"));
}

TEST(a_circle_is_told_where_it_closes)
{
    CHECK(tells(arena, "g.yaml",
                "steps:\n"
                "  - Resample:\n"
                "    id: a\n"
                "    from: b\n"
                "  - Resample:\n"
                "    id: b\n"
                "    from: a\n",
                "g.yaml:4:11: nodes read from each other in a circle: a from b from a\n"
                "let one of them read from another node"));
}

TEST(anchors_aliases_and_tags_are_refused)
{
    const char *say = "are not read here\nwrite the value out, or use a variable";
    const char *texts[] = {"a: &x [1]\nb: *x\n", "a: !!python/object x\n", "- &a b\n"};
    for (size_t i = 0; i < 3; i++) {
        CHECK(!YAML(texts[i]));
        CHECK(error_says(say));
    }
}

TEST(broken_yaml_is_told_with_its_place)
{
    CHECK(!YAML("input: a\nsteps: [\n"));
    CHECK(error_says("g.yaml:3:1: this is no YAML: while parsing a flow node"));
    CHECK(!YAML("input: a\n\tsteps: b\n"));
    CHECK(error_says("g.yaml:2:1: a tab stands where YAML wants blanks"));
    CHECK(!YAML("input: a\xff\n"));
    CHECK(error_says("g.yaml:1:9: this is no text"));
    CHECK(!YAML("input: a\n---\ninput: b\n"));
    CHECK(error_says("g.yaml:2:1: a second document begins here"));
    CHECK(!YAML("# nothing\n"));
    CHECK(error_says("g.yaml:1:1: this is no graph"));
    CHECK(!YAML("[a, b]\n"));
    CHECK(error_says("g.yaml:1:1: this is no graph"));
}

TEST(what_is_given_twice_is_told)
{
    CHECK(tells(arena, "g.yaml", "input: a\nInput: b\n",
                "g.yaml:2:1: Input is given twice\nkeep one of them"));
    CHECK(tells(arena, "g.yaml",
                "input: { Read: { file: a, bands: b, sourceBands: c } }\n",
                "g.yaml:1:37: sourceBands is given twice\nkeep one of them"));
}

TEST(a_step_that_lost_its_indentation_is_told)
{
    CHECK(tells(arena, "g.yaml",
                "input: a\nsteps:\n  - Resample:\n    targetResolution: 10\n",
                "g.yaml:4:5: a step holds one operator, Resample, and here is "
                "targetResolution\n"
                "indent what belongs to Resample, or begin the next step with a dash"));
}

TEST(a_depth_that_no_graph_needs_is_refused)
{
    char deep[400];
    memset(deep, '[', 300), deep[300] = 0;
    CHECK(!YAML(deep));
    CHECK(error_says("g.yaml:1:49: lists more than 48 deep\nwrite it flatter"));
}
