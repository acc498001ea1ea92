// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/geo.h>

// A grid of degrees: pixels of half a degree whose first centre lies on (x, y).
static nd_node *degrees(nd_arena *arena, nd_node *node, double x, double y)
{
    for (int b = 0; node && b < node->bands; b++) {
        nd_grid *g = &node->band[b].grid;
        g->crs = nd_crs_new(arena, "EPSG:4326");
        g->pixel_x = 0.5, g->pixel_y = -0.5;
        g->x = x - 0.25, g->y = y + 0.25;
    }
    return node;
}
#define AT(x, y, width, height, ...)                                                     \
    degrees(arena, PIXELS(width, height, __VA_ARGS__), x, y)
// From 10 to 11.5 east and 45 to 45.5 north: 3 x 1 pixels, centred on 10, 10.5, 11.
#define BOUNDS                                                                           \
    "westBound", "10", "eastBound", "11.5", "southBound", "45", "northBound", "45.5",    \
        "pixelSizeX", "0.5", "pixelSizeY", "0.5"
#define B1 "variables", "[{\"name\": \"v\", \"expression\": \"b1\"}]"

TEST(takes_the_mean_where_sources_overlap_and_counts_them)
{
    nd_node *a = AT(10, 45.5, 2, 1, 1, 2), *b = AT(10.5, 45.5, 1, 1, 6);
    nd_node *out = apply(arena, "Mosaic", FROM(a, b), WITH(B1, BOUNDS));
    CHECK(READS(out, 1, 4, NAN, 1, 2, 0));
    CHECK(out && strcmp(out->band[0].name, "v") == 0);
    CHECK(out && strcmp(out->band[1].name, "v_count") == 0);
    CHECK(out && strcmp(out->name, "mosaic") == 0);
    // As SNAP: the centre of the first pixel lies on the corner of the bounds.
    CHECK(out && out->band[0].grid.x == 9.75 && out->band[0].grid.y == 45.75);
}

TEST(expressions_are_of_each_source_and_missing_pixels_do_not_count)
{
    nd_node *a = AT(10, 45.5, 3, 1, 1, 2, NAN, 10, 10, 10),
            *b = AT(10, 45.5, 3, 1, 5, NAN, NAN, 20, 20, 20);
    nd_node *out = apply(
        arena, "Mosaic", FROM(a, b),
        WITH("variables", "[{\"name\": \"v\", \"expression\": \"b1 + b2\"}]", BOUNDS));
    CHECK(READS(out, 18, 12, NAN, 2, 1, 0));
}

#define TWO                                                                              \
    "conditions", "[{\"name\": \"high\", \"expression\": \"b1 > 2\", \"output\": true}," \
                  " {\"name\": \"odd\", \"expression\": \"b1 != 4\"}]"

TEST(conditions_choose_what_counts_and_may_be_counted_themselves)
{
    nd_node *a = AT(10, 45.5, 3, 1, 1, 4, 5), *b = AT(10, 45.5, 3, 1, 3, 3, 4);
    nd_node *out = apply(arena, "Mosaic", FROM(a, b), WITH(B1, TWO, BOUNDS));
    CHECK(READS(out, 2, 3.5f, 4.5f, 2, 2, 2, 1, 2, 2));
    out = apply(arena, "Mosaic", FROM(a, b), WITH(B1, TWO, BOUNDS, "combine", "AND"));
    CHECK(READS(out, 3, 3, 5, 1, 1, 1, 1, 2, 2));
    CHECK(out && strcmp(out->band[2].name, "high") == 0);
}

// `update` is the earlier mosaic; it need not be the last.
static nd_node *go_on(nd_arena *arena, nd_node *update, nd_node *source,
                      const char *const *with)
{
    const nd_op *op = nd_op_find(nd_ops, "Mosaic");
    nd_settings set;
    if (nd_settings_new(arena, &op->table, &set) != ND_OK) return NULL;
    for (; *with; with += 2)
        if (nd_settings_set(arena, &set, with[0], with[1]) != ND_OK) return NULL;
    return nd_node_new(
        arena, &(nd_make){.op = op,
                          .input = FROM(update, source),
                          .input_id = (const char *[]){"updateProduct", "sourceProduct"},
                          .inputs = 2,
                          .settings = &set});
}
static nd_node *name(nd_node *node, const char *const *names)
{
    for (int b = 0; node && b < node->bands; b++) node->band[b].name = names[b];
    return node;
}
#define NAMED(node, ...) name(node, (const char *const[]){__VA_ARGS__})

// (2 x 4 + 7) / 3, 5 alone, and three sources of 10 as they were. Its grid is taken.
TEST(an_earlier_mosaic_goes_on_weighed_by_its_counts)
{
    nd_node *source = AT(10, 45.5, 3, 1, 7, 5, NAN);
    nd_node *earlier =
        NAMED(AT(10, 45.5, 3, 1, 1, 0, 2, 4, NAN, 10, 2, 0, 3), "high", "v", "v_count");
    CHECK(READS(go_on(arena, earlier, source, WITH(B1)), 5, 5, 10, 3, 1, 3));
#define HIGH                                                                             \
    "conditions", "[{\"name\": \"high\", \"expression\": \"b1 > 5\", \"output\": true}]"
    CHECK(READS(go_on(arena, earlier, source, WITH(B1, HIGH)), 5, NAN, 10, 3, 0, 3, 2, 0,
                2));
    // As SNAP writes it: 0 where there is none, and where the mean is 0.
    earlier = NAMED(AT(10, 45.5, 3, 1, NAN, NAN, 10, 2, 0, 3), "v", "v_count");
    earlier->band[0].no_data = 0;
    CHECK(READS(go_on(arena, earlier, source, WITH(B1)), 7 / 3.0f, 5, 10, 3, 1, 3));
    // What lies outside of it adds nothing.
    CHECK(
        READS(go_on(arena, earlier, AT(50, 0, 1, 1, 9), WITH(B1)), 0, NAN, 10, 2, 0, 3));
}

TEST(a_mosaic_in_two_goes_is_the_one_of_all_sources)
{
    nd_node *a = AT(10, 45.5, 3, 1, 1, 2, NAN), *b = AT(10.5, 45.5, 2, 1, 6, 3),
            *c = AT(10, 45.5, 2, 1, 5, 4);
    nd_node *first = apply(arena, "Mosaic", FROM(a, b), WITH(B1, BOUNDS));
    nd_node *second = go_on(arena, first, c, WITH(B1));
    const float *got;
    CHECK(READS(second, 3, 4, 3, 2, 3, 1));
    for (int level = 0; second && level < 2; level++)
        CHECK(reads_alike(arena, second, ND_BANDS(0, 1), level, &got));
    CHECK(
        READS(apply(arena, "Mosaic", FROM(a, b, c), WITH(B1, BOUNDS)), 3, 4, 3, 2, 3, 1));
}

TEST(an_earlier_mosaic_must_have_the_bands_that_go_on)
{
    nd_node *source = AT(10, 45.5, 3, 1, 7, 5, NAN);
    nd_node *earlier = NAMED(AT(10, 45.5, 3, 1, 4, NAN, 10, 2, 0, 3), "v", "v_cnt");
    CHECK(!go_on(arena, earlier, source, WITH(B1)));
    CHECK(
        error_says("mosaic: updateProduct has no band v_count\ngive the variables and"));
    earlier->band[1].name = "v_count", earlier->band[1].grid.width = 2;
    CHECK(!go_on(arena, earlier, source, WITH(B1)));
    CHECK(error_says("band v_count of updateProduct is of another size\n"));
    CHECK(!go_on(arena, PIXELS(3, 1, 1, 2, 3), source, WITH(B1)));
    CHECK(error_says("updateProduct does not say where on Earth it lies\ngive a mosaic"));
}

TEST(strictly_nothing_is_0)
{
    nd_node *in = AT(10, 45.5, 1, 1, 7);
    const nd_op *op = nd_op_find(nd_ops, "Mosaic");
    nd_settings set;
    CHECK(op && nd_settings_new(arena, &op->table, &set) == ND_OK);
    const char *const with[] = {B1, BOUNDS, NULL};
    for (int i = 0; op && with[i]; i += 2)
        CHECK(nd_settings_set(arena, &set, with[i], with[i + 1]) == ND_OK);
    const nd_make make = {
        .op = op, .input = &in, .inputs = 1, .settings = &set, .strict = true};
    CHECK(READS(nd_node_new(arena, &make), 7, 0, 0, 1, 0, 0));
}

TEST(sources_come_from_other_coordinate_systems)
{
    nd_node *in = PIXELS(1, 1, 3);
    nd_grid *g = &in->band[0].grid;
    g->crs = nd_crs_new(arena, "EPSG:32632"); // 10.5 east, 45.5 north lies in it
    *g = (nd_grid){1, 1, 600000, 5060000, 40000, -40000, g->crs};
    nd_node *out = apply(arena, "Mosaic", FROM(in), WITH(B1, BOUNDS));
    CHECK(READS(out, NAN, 3, NAN, 0, 1, 0));
}

TEST(what_cannot_contribute_is_left_out_unless_nothing_is_left)
{
    nd_node *a = AT(10, 45.5, 3, 1, 1, 2, 3), *far = AT(50, 0, 1, 1, 9),
            *lost = PIXELS(1, 1, 9);
    CHECK(READS(apply(arena, "Mosaic", FROM(far, a, lost), WITH(B1, BOUNDS)), 1, 2, 3, 1,
                1, 1));
    CHECK(!apply(arena, "Mosaic", FROM(far, lost), WITH(B1, BOUNDS)));
    CHECK(error_says("mosaic: no source lies inside of the bounds\ngive bounds"));
}

TEST(says_what_is_wrong_before_a_pixel_moves)
{
    nd_node *a = AT(10, 45.5, 3, 1, 1, 2, 3);
    CHECK(!apply(arena, "Mosaic", FROM(a), WITH(B1, BOUNDS, "crs", "EPGS:4326")));
    CHECK(error_says("did you mean EPSG:4326?"));
    CHECK(!apply(arena, "Mosaic", FROM(a),
                 WITH(B1, BOUNDS, "pixelSizeX", "0.0000001", "pixelSizeY", "0.0000001")));
    CHECK(error_says("pixels\nchoose other bounds"));
    CHECK(!apply(arena, "Mosaic", FROM(a), WITH(B1, BOUNDS, "northBound", "40")));
    CHECK(error_says("north_bound 40 is not north of south_bound 45\nswap the two"));
    CHECK(
        !apply(arena, "Mosaic", FROM(a),
               WITH("variables", "[{\"name\": \"v\", \"expression\": \"c1\"}]", BOUNDS)));
    CHECK(error_says("c1"));
}
