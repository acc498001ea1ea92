// SPDX-License-Identifier: Apache-2.0
// Graphs that read sets of scenes: who gets each scene, and who all of them as one.
#include "../files.h"
#include "../rasters.h"
#include <nadir/graph.h>

static const char *scene(nd_arena *arena, const char *name, int side, double pixel,
                         const char *values)
{
    return file_of(arena, name,
                   nd_text(arena,
                           "ncols %d\nnrows %d\nxllcorner 0\nyllcorner 0\n"
                           "cellsize %g\n%s\n",
                           side, side, pixel, values));
}
#define FINE(name, values)   scene(arena, name, 2, 1, values)
#define COARSE(name, values) scene(arena, name, 1, 2, values)

static nd_status plan(nd_arena *arena, const char *text, const nd_graph_with *with,
                      nd_planned *planned)
{
    const nd_graph *graph =
        with->before ? with->before->graph
                     : nd_graph_read(arena, &(nd_graph_ask){.path = "set.yaml",
                                                            .text = text,
                                                            .catalogue = nd_ops});
    *planned = (nd_planned){0};
    return graph ? nd_graph_plan_with(arena, graph, with, planned) : nd_error_code();
}

// A graph of a set of two scenes, called set, and what follows.
static const char *set_of(nd_arena *arena, const char *a, const char *b, const char *more)
{
    return nd_text(arena,
                   "input:\n"
                   "  - ProductSet-Reader: { fileList: \"%s,%s\" }\n"
                   "    id: set\n%s",
                   a, b, more);
}

TEST(collocate_gets_each_scene_of_a_set_on_a_grid_of_its_own)
{
    const char *text =
        set_of(arena, FINE("a.asc", "1 2 3 4"), COARSE("b.asc", "9"),
               "steps:\n  - Collocate: { secondaryComponentPattern: \"other\" }\n");
    nd_planned made;
    CHECK(plan(arena, text, &(nd_graph_with){0}, &made) == ND_OK);
    if (made.nodes != 2) return;
    CHECK(READS(made.node[1], 1, 2, 3, 4, 9, 9, 9, 9, 1, 1, 1, 1));
    CHECK(strcmp(made.node[1]->band[1].name, "other") == 0);
    // A page shows the first of a set.
    CHECK(READS(made.node[0], 1, 2, 3, 4));
    CHECK(strcmp(made.node[0]->id, "set") == 0);
}

TEST(a_mosaic_gets_each_scene_of_a_set)
{
    const char *a = file_of(arena, "a.prj", WGS84_PRJ) ? FINE("a.asc", "1 2 3 4") : NULL;
    const char *b = file_of(arena, "b.prj", WGS84_PRJ) ? COARSE("b.asc", "9") : NULL;
    nd_planned made;
    CHECK(plan(arena,
               set_of(arena, a, b,
                      "steps:\n"
                      "  - Mosaic: { westBound: 0, southBound: 0, eastBound: 2,"
                      " northBound: 2, pixelSizeX: 1, pixelSizeY: 1,"
                      " variables: [{ name: v, expression: band_1 }] }\n"),
               &(nd_graph_with){0}, &made) == ND_OK);
    if (made.nodes == 2) CHECK(READS(made.node[1], 5, 5.5, 6, 6.5, 2, 2, 2, 2));
}

TEST(other_inputs_come_before_the_scenes_of_a_set)
{
    const char *more = nd_text(arena,
                               "  - Read: { file: \"%s\" }\n"
                               "    id: one\n"
                               "steps:\n"
                               "  - Collocate:\n"
                               "    from: [set, one]\n",
                               COARSE("c.asc", "7"));
    const char *text = set_of(arena, COARSE("a.asc", "8"), COARSE("b.asc", "9"), more);
    nd_planned made;
    CHECK(plan(arena, text, &(nd_graph_with){0}, &made) == ND_OK);
    if (made.nodes == 3) CHECK(READS(made.node[2], 7, 8, 1, 9, 1));
}

static const char both_ways[] = "steps:\n"
                                "  - BandMaths: { targetBands: [{ name: m,"
                                " expression: band_1 + band_1_2 }] }\n"
                                "  - Collocate:\n"
                                "    from: set\n";

TEST(others_get_a_set_as_one)
{
    const char *text =
        set_of(arena, COARSE("a.asc", "8"), COARSE("b.asc", "9"), both_ways);
    nd_planned made;
    CHECK(plan(arena, text, &(nd_graph_with){0}, &made) == ND_OK);
    if (made.nodes != 3) return;
    CHECK(READS(made.node[0], 8, 9));
    CHECK(READS(made.node[1], 17));
    CHECK(READS(made.node[2], 8, 9, 1));
}

TEST(scenes_that_are_taken_as_one_lie_on_one_grid)
{
    const char *text =
        set_of(arena, FINE("a.asc", "1 2 3 4"), COARSE("b.asc", "9"), both_ways);
    nd_planned made;
    CHECK(plan(arena, text, &(nd_graph_with){0}, &made) == ND_E_DATA);
    CHECK(error_says("b.asc is 1 x 1 pixels, "));
}

TEST(a_set_that_has_not_changed_is_not_read_again)
{
    const char *text = set_of(arena, FINE("a.asc", "1 2 3 4"), COARSE("b.asc", "9"),
                              "steps:\n  - Collocate:\n");
    nd_planned before, after;
    const nd_override o = {"Collocate", "secondary_pattern", "other"};
    CHECK(plan(arena, text, &(nd_graph_with){0}, &before) == ND_OK);
    CHECK(plan(arena, text, &(nd_graph_with){&o, 1, &before}, &after) == ND_OK);
    if (after.nodes != 2) return;
    CHECK(after.node[0] == before.node[0] && after.node[1] != before.node[1]);
    CHECK(after.node[1]->inputs == 2);
    CHECK(after.node[1]->input[1] == before.node[1]->input[1]);
}
