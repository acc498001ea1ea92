// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include "dash/dash.h"
#include "scene.h"

static dash_plan *plan(nd_arena *arena, nd_graph **graph)
{
    dash_plan *made = NULL;
    *graph = scene_graph(arena, NULL, 0);
    return *graph && dash_plan_new(&(nd_dash_map){.graph = *graph}, NULL, NULL, 0,
                                   &made) == ND_OK
               ? made
               : NULL;
}

TEST(a_change_makes_its_step_and_what_stands_on_it_anew_and_nothing_else)
{
    nd_graph *graph;
    dash_plan *base = plan(arena, &graph), *again = NULL;
    const dash_change change = {"index", "gain", "2"};
    CHECK(base && base->steps == 3 && base->nodes == 3);
    if (!base) return;
    CHECK(dash_plan_new(&(nd_dash_map){.graph = graph}, base, &change, 1, &again) ==
          ND_OK);
    if (again) {
        CHECK(again->step[0].node == base->step[0].node);
        CHECK(again->step[1].node != base->step[1].node);
        CHECK(again->step[2].node != base->step[2].node);
        CHECK(again->step[2].node->input[0] == again->step[1].node);
        CHECK(((const index_set *)again->step[1].settings->data)->gain == 2);
        CHECK(!dash_plan_find(base, again->step[2].node->key));
        CHECK(dash_plan_find(again, again->step[2].node->key) == again->step[2].node);
    }
    dash_plan_unref(again);
    dash_plan_unref(base);
}

TEST(the_same_settings_give_the_same_keys_in_every_plan)
{
    nd_graph *graph;
    dash_plan *base = plan(arena, &graph), *there = NULL, *back = NULL;
    const dash_change gain[] = {{"index", "gain", "2"}, {"index", "gain", "1"}};
    if (!base) return;
    CHECK(dash_plan_new(&(nd_dash_map){.graph = graph}, base, gain, 1, &there) == ND_OK);
    CHECK(dash_plan_new(&(nd_dash_map){.graph = graph}, base, gain, 2, &back) == ND_OK);
    CHECK(back && dash_plan_find(base, back->step[2].node->key));
    dash_plan_unref(there), dash_plan_unref(back), dash_plan_unref(base);
}

TEST(a_plan_outlives_its_base_s_other_users)
{
    nd_graph *graph;
    dash_plan *base = plan(arena, &graph), *again = NULL;
    const dash_change change = {"box", "radius", "1"};
    if (!base) return;
    CHECK(dash_plan_new(&(nd_dash_map){.graph = graph}, base, &change, 1, &again) ==
          ND_OK);
    dash_plan_unref(base);
    nd_work work = {.arena = arena};
    nd_tile tile;
    CHECK(again && nd_read(again->step[2].node, &work, ND_BANDS(0), 0,
                           (nd_rect){5, 5, 2, 2}, &tile) == ND_OK);
    dash_plan_unref(again);
}

TEST(a_wrong_change_is_told_by_name_and_value)
{
    nd_graph *graph;
    dash_plan *base = plan(arena, &graph);
    if (!base) return;
    CHECK(dash_change_check(arena, base, &(dash_change){"index", "gain", "3"}) == ND_OK);
    CHECK(dash_change_check(arena, base, &(dash_change){"index", "gain", "300"}) ==
          ND_E_PARAM);
    CHECK(error_says("gain: 300 is not between 0 and 100"));
    CHECK(dash_change_check(arena, base, &(dash_change){"idnex", "gain", "3"}) ==
          ND_E_PARAM);
    CHECK(error_says("there is no step idnex\ndid you mean index?"));
    CHECK(dash_change_check(arena, base, &(dash_change){"index", "gian", "3"}) ==
          ND_E_PARAM);
    CHECK(error_says("did you mean gain?"));
    dash_plan_unref(base);
}

TEST(a_node_is_no_truer_than_what_it_stands_on)
{
    nd_graph *graph;
    dash_plan *base = plan(arena, &graph);
    if (!base) return;
    CHECK(dash_plan_levels(base, base->step[0].node) == ND_REDUCED);
    CHECK(dash_plan_levels(base, base->step[1].node) == ND_REDUCED);
    CHECK(dash_plan_levels(base, base->step[2].node) == ND_FULL);
    dash_plan_unref(base);
}

TEST(a_node_tells_the_worst_figure_measured_below_it)
{
    nd_graph *graph;
    dash_plan *base = plan(arena, &graph);
    if (!base) return;
    CHECK(dash_plan_error(base, base->step[0].node) == 0); // nobody measured the scene
    CHECK(dash_plan_error(base, base->step[1].node) == 7.5);
    CHECK(dash_plan_error(base, base->step[2].node) == 0); // a FULL one reads the truth
    dash_plan_unref(base);
}

TEST(an_event_is_read_or_refused)
{
    dash_moves m;
    const char *good =
        "{\"changed\":[\"a.b.c\"],\"values\":{\"x.y\":1.5,\"a.b.c\":true}}";
    CHECK(dash_event_parse(arena, good, strlen(good), &m) == ND_OK && m.changes == 2);
    CHECK(m.newest == 1 && strcmp(m.change[1].step, "a.b") == 0);
    CHECK(strcmp(m.change[1].name, "c") == 0 && strcmp(m.change[1].value, "true") == 0);
    CHECK(strcmp(m.change[0].value, "1.5") == 0);
    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"values\":[]}",
                                      "{\"values\":{\"x\":1}}",
                                      "{}",
                                      "{\"values\"",
                                      "{\"values\":{\".y\":1}}",
                                      "{\"values\":{\"x.\":1}}",
                                      "{\"values\":{\"x.y\":[1]}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(dash_event_parse(arena, bad[i], strlen(bad[i]), &m) == ND_E_DATA);
        (void)nd_error_take();
    }
}

TEST(a_map_may_do_as_snap_does)
{
    nd_graph *graph = scene_graph(arena, NULL, 0);
    dash_plan *base = NULL, *moved = NULL;
    const nd_dash_map map = {.graph = graph, .strict = true};
    const dash_change change = {"index", "gain", "2"};
    CHECK(graph && dash_plan_new(&map, NULL, NULL, 0, &base) == ND_OK);
    CHECK(base && dash_plan_new(&map, base, &change, 1, &moved) == ND_OK);
    for (int i = 0; base && moved && i < base->nodes; i++)
        CHECK(base->node[i]->strict && moved->node[i]->strict);
    dash_plan_unref(moved), dash_plan_unref(base);
}

TEST(labels_are_shown_beside_the_step_that_they_belong_to)
{
    nd_op labels = op_box;
    labels.name = "labels";
    const nd_op *const ops[] = {&op_scene, &op_index, &op_box, &labels, NULL};
    const nd_graph *graph =
        nd_graph_read(arena, &(nd_graph_ask){.path = "known.yaml",
                                             .text = "input: { scene: {} }\n"
                                                     "steps:\n"
                                                     "  - index: {}\n"
                                                     "  - box: {}\n"
                                                     "  - labels: {}\n"
                                                     "    from: index\n",
                                             .catalogue = ops});
    nd_dash dash = {.map = {.graph = graph, .command = "nadir map known.yaml"}};
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    dash_plan *made = NULL;
    CHECK(graph && dash_plan_new(&dash.map, NULL, NULL, 0, &made) == ND_OK);
    if (!made) return;
    CHECK(dash_page_print(&dash, made, &out) == ND_OK);
    CHECK(strstr(nd_buffer_text(&text),
                 "\"first\":{\"left\":\"index\",\"right\":\"labels\","
                 "\"compared\":true}"));
    dash_plan_unref(made);
}
