// SPDX-License-Identifier: Apache-2.0
#include "graphs.h"

static const char text[] = "input: a.tif\n"
                           "steps:\n"
                           "  - Resample: { targetResolution: 20, shift: 1 }\n"
                           "output: b.tif\n";

TEST(a_setting_given_beside_the_text_wins_over_it)
{
    const nd_variable given[] = {{"Resample.targetResolution", "10", NULL}};
    nd_graph *graph = read_with(arena, "g.yaml", text, given, 1);
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 3);
    const toy_resample *set = plan.nodes == 3 ? plan.node[1]->state : NULL;
    CHECK(set && set->resolution == 10 && set->shift == 1);
}

TEST(what_is_asked_at_the_plan_wins_over_both)
{
    const nd_variable given[] = {{"Resample.shift", "2", NULL}};
    const nd_override later[] = {{"Resample", "shift", "3"}};
    nd_graph *graph = read_with(arena, "g.yaml", text, given, 1);
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan_with(arena, graph, &(nd_graph_with){later, 1, NULL},
                                      &plan) == ND_OK);
    const toy_resample *set = plan.nodes == 3 ? plan.node[1]->state : NULL;
    CHECK(set && set->shift == 3);
}

TEST(a_wrong_setting_beside_the_text_is_a_mistake)
{
    const nd_variable name[] = {{"Resample.shfit", "2", NULL}};
    CHECK(!read_with(arena, "g.yaml", text, name, 1));
    CHECK(error_says("did you mean shift"));
    const nd_variable value[] = {{"Resample.targetResolution", "1000", NULL}};
    CHECK(!read_with(arena, "g.yaml", text, value, 1));
    CHECK(error_says("1000 is not between 0 and 100"));
}

TEST(each_node_brings_its_operator_and_settings_as_the_text_has_them)
{
    nd_graph *graph = YAML(text);
    nd_planned plan = {0}, again = {0};
    const nd_override moved[] = {{"Resample", "shift", "3"}};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) == ND_OK && plan.nodes == 3);
    CHECK(graph && nd_graph_plan_with(arena, graph, &(nd_graph_with){moved, 1, &plan},
                                      &again) == ND_OK);
    if (again.nodes != 3) return;
    CHECK(again.node[0] == plan.node[0] && again.node[1] != plan.node[1]);
    CHECK(again.step[0].op == plan.node[0]->op && again.step[0].settings.data);
    CHECK(((const toy_resample *)again.step[1].settings.data)->shift == 3);
}

TEST(without_sinks_what_only_a_write_needs_may_stay_open)
{
    nd_graph *graph = YAML("input: a.tif\nsteps:\n  - Resample:\n"
                           "output: { Write: { file: \"${out}\" } }\n");
    nd_planned plan = {0};
    CHECK(graph && nd_graph_plan(arena, graph, &plan) != ND_OK);
    CHECK(error_says("${out} has no value\ngive it: -P out=…"));
    CHECK(graph && nd_graph_needs(graph, false) && !nd_graph_needs(graph, true));
    CHECK(graph &&
          nd_graph_plan_with(arena, graph, &(nd_graph_with){.without_sinks = true},
                             &plan) == ND_OK);
    CHECK(plan.nodes == 3 && plan.node[2] == plan.node[1] && plan.step[2].op->sink);
    graph = YAML("input: \"${scene}\"\noutput: b.tif\n");
    CHECK(graph && strcmp(nd_graph_needs(graph, true), "scene") == 0);
}
