// SPDX-License-Identifier: Apache-2.0
// Plans of a read graph: with other values, with nodes of an earlier plan.
#include "graphs.h"

static const char two[] = "input:\n"
                          "  - Read: { file: a.tif }\n"
                          "    id: a\n"
                          "  - Read: { file: b.tif }\n"
                          "    id: b\n"
                          "steps:\n"
                          "  - Resample: { targetResolution: 10, referenceBand: B4 }\n"
                          "    from: a\n"
                          "  - Collocate:\n"
                          "    from: [Resample, b]\n";

static nd_status plan_with(nd_arena *arena, const nd_graph *graph, const nd_override *o,
                           size_t count, const nd_planned *before, nd_planned *planned)
{
    const nd_graph_with with = {o, count, before};
    return nd_graph_plan_with(arena, graph, &with, planned);
}

TEST(a_setting_can_be_planned_otherwise)
{
    nd_graph *graph = YAML(two);
    nd_planned plan = {0};
    const nd_override o = {"RESAMPLE", "resolution", "20"};
    CHECK(graph && plan_with(arena, graph, &o, 1, NULL, &plan) == ND_OK);
    const toy_resample *set = plan.nodes == 4 ? plan.node[2]->state : NULL;
    CHECK(set && set->resolution == 20 && strcmp(set->band, "B4") == 0);
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK);
    set = plan.nodes == 4 ? plan.node[2]->state : NULL;
    CHECK(set && set->resolution == 10);
}

TEST(what_has_not_changed_is_taken_from_an_earlier_plan)
{
    nd_graph *graph = YAML(two);
    nd_planned before = {0}, after = {0}, again = {0};
    const nd_override o = {"Resample", "targetResolution", "20"};
    CHECK(graph && nd_graph_plan(arena, graph, &before) == ND_OK);
    CHECK(graph && plan_with(arena, graph, &o, 1, &before, &after) == ND_OK);
    if (after.nodes != 4) return;
    CHECK(after.node[0] == before.node[0] && after.node[1] == before.node[1]);
    CHECK(after.node[2] != before.node[2] && after.node[3] != before.node[3]);
    CHECK(after.node[3]->input[1] == before.node[1]);
    CHECK(plan_with(arena, graph, &o, 1, &after, &again) == ND_OK);
    CHECK(again.node[2] == after.node[2] && again.node[3] == after.node[3]);
    CHECK(plan_with(arena, graph, NULL, 0, &after, &again) == ND_OK);
    CHECK(again.node[0] == after.node[0] && again.node[2] != after.node[2]);
}

TEST(a_wrong_value_is_told_with_its_node)
{
    nd_graph *graph = YAML(two);
    nd_planned plan = {0};
    nd_override o = {"Resample", "resolution", "101"};
    CHECK(graph && plan_with(arena, graph, &o, 1, NULL, &plan) == ND_E_PARAM);
    CHECK(error_says("g.yaml:7:35: resolution: 101 is not between 0 and 100"));
    o = (nd_override){"Resampel", "resolution", "1"};
    CHECK(graph && plan_with(arena, graph, &o, 1, NULL, &plan) == ND_E_PARAM);
    CHECK(error_says("the graph has no node Resampel"));
}

TEST(a_plan_that_fails_points_at_the_setting_it_speaks_of)
{
    nd_graph *graph =
        YAML("input: a.tif\n"
             "steps:\n"
             "  - Resample: { targetResolution: 10, referenceBand: B44 }\n");
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_E_DATA);
    CHECK(error_says("g.yaml:3:54: the input has no band B44\ndid you mean B4?"));
}

TEST(a_long_chain_is_planned_within_its_bounds)
{
    nd_buffer text = {.arena = arena};
    nd_buffer_add(&text, "input: a.tif\nsteps:\n");
    for (int i = 0; i < 2000; i++) nd_buffer_add(&text, "  - Resample\n");
    nd_graph *graph = YAML(nd_buffer_text(&text));
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 2001);
    for (int i = 0; i < 2100; i++) nd_buffer_add(&text, "  - Resample\n");
    CHECK(!YAML(nd_buffer_text(&text)));
    CHECK(error_says("a graph of more than 4096 nodes\nwrite it as several"));
}

TEST(who_asks_for_snaps_accidents_gets_them_in_every_node)
{
    nd_graph *graph = YAML(two);
    nd_planned plain = {0}, strict = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plain) == ND_OK);
    const nd_graph_with with = {.before = &plain, .strict = true};
    CHECK(graph && nd_graph_plan_with(arena, graph, &with, &strict) == ND_OK);
    for (int i = 0; i < 4; i++)
        CHECK(strict.nodes == 4 && strict.node[i]->strict && !plain.node[i]->strict);
}

static const char field[] = "input:\n"
                            "  - Read: { file: \"${scene}\" }\n"
                            "    id: a\n"
                            "  - Read: { file: labels.tif }\n"
                            "    id: label\n"
                            "steps:\n"
                            "  - Resample: { targetResolution: \"${pixel}\", "
                            "referenceBand: B4 }\n"
                            "    from: a\n";

static nd_graph *read_field(void *user, nd_arena *arena, const nd_graph_ask *ask)
{
    nd_graph_ask own = *ask;
    own.text = field, own.catalogue = toys;
    ++*(int *)user;
    return nd_graph_read(arena, &own);
}

TEST(a_graph_is_planned_for_each_scene_with_the_step_of_its_labels)
{
    static const char *const scene[] = {"s1.tif", "s2.tif"};
    static const char *const given[] = {" pixel = 20"}, *const wrong[] = {"pixel"};
    int reads = 0, nodes = 0;
    nd_node *const *node = NULL;
    nd_graph_scenes all = {.path = "g.yaml",
                           .scene = {scene, 2},
                           .given = {given, 1},
                           .step = "Label",
                           .read = read_field,
                           .user = &reads};
    CHECK(nd_graph_plan_scenes(arena, &all, &node, &nodes) == ND_OK);
    CHECK(nodes == 4 && reads == 2);
    for (int i = 0; nodes == 4 && i < 2; i++) {
        const toy_resample *set = node[2 * (ptrdiff_t)i]->state;
        const toy_read *from = node[2 * (ptrdiff_t)i]->input[0]->state;
        const toy_read *label = node[2 * (ptrdiff_t)i + 1]->state;
        CHECK(set->resolution == 20 && strcmp(from->file.text, scene[i]) == 0);
        CHECK(strcmp(label->file.text, "labels.tif") == 0);
    }
    all.step = "labl";
    CHECK(nd_graph_plan_scenes(arena, &all, &node, &nodes) == ND_E_PARAM);
    CHECK(error_says("the graph has no step labl\ndid you mean label?"));
    all.step = NULL, all.given.item = wrong;
    CHECK(nd_graph_plan_scenes(arena, &all, &node, &nodes) == ND_E_PARAM);
    CHECK(error_says("pixel gives no variable a value\nwrite name=value"));
    all.given = (nd_list){0};
    CHECK(nd_graph_plan_scenes(arena, &all, &node, &nodes) == ND_E_PARAM);
    CHECK(error_says("${pixel} has no value"));
}
