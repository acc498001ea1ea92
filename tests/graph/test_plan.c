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
