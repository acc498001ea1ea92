// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"

static const nd_crs wgs84 = {"EPSG:4326", "WGS 84", true};
static const nd_label kinds[] = {{3, "Forest", NULL, 0x00FF00FF}, {5, "Water", NULL, 0}};

// 4 x 2 pixels of one degree; pixel (x, y) has its centre at x + 0.5, 1.5 - y.
static nd_node *ground(nd_arena *arena, bool has_classes)
{
    nd_node *in = PIXELS(4, 2, 3, 5, 3, 5, 3, 3, NAN, 5);
    in->band[0].grid = (nd_grid){4, 2, 0, 2, 1, -1, &wgs84};
    if (has_classes) {
        in->band[0].kind = ND_CLASS;
        in->band[0].label = kinds, in->band[0].labels = 2;
    }
    return in;
}

static const char *fields(nd_arena *arena)
{
    return file_of(
        arena, "known.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"cover\":\"water\",\"code\":3},"
        "\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[2,0],[2,1],[0,1],[0,0]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"cover\":\"heath\",\"code\":9},"
        "\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[1,0],[4,0],[4,2],[3,2],[3,1],[1,1],[1,"
        "0]]]}}"
        "]}");
}

// Two fields of one pixel each, of classes "(bare)" and "1".
static const char *mixed(nd_arena *arena)
{
    return file_of(
        arena, "mixed.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"cover\":\"(bare)\"},\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"cover\":\"1\"},\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[1,0],[2,0],[2,1],[1,1],[1,0]]]}}"
        "]}");
}

// An ASCII grid: the simplest raster that can be written by hand. Two pixels of two
// degrees, of which the right one lies over columns 2 and 3.
static const char *raster(nd_arena *arena)
{
    return file_of(arena, "known.asc",
                   "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 2\n5 7\n");
}

TEST(a_class_of_the_same_name_gets_the_prediction_s_number_and_colour)
{
    nd_node *out = apply(arena, "labels", FROM(ground(arena, true)),
                         WITH("file", fields(arena), "field", "cover"));
    // "heath" is not the prediction's: it comes behind, as 6.
    CHECK(READS(out, NAN, NAN, NAN, 6, 5, 6, 6, 6));
    CHECK(out && out->bands == 1 && out->band[0].kind == ND_CLASS);
    CHECK(out && out->band[0].labels == 3 && out->band[0].label[0].colour == 0x00FF00FF);
    CHECK(out && strcmp(out->band[0].label[2].name, "heath") == 0);
    // The prediction gives its classes, and is never read.
    CHECK(out && out->inputs == 0);
}

TEST(numbers_stay_what_they_are_and_one_may_say_nothing)
{
    nd_node *out = apply(arena, "labels", FROM(ground(arena, true)),
                         WITH("file", fields(arena), "field", "code"));
    CHECK(READS(out, NAN, NAN, NAN, 9, 3, 9, 9, 9));
    CHECK(out && out->band[0].labels == 3 &&
          strcmp(out->band[0].label[2].name, "9") == 0);
    out = apply(arena, "labels", FROM(ground(arena, true)),
                WITH("file", fields(arena), "field", "code", "ignore", "9"));
    CHECK(READS(out, NAN, NAN, NAN, NAN, 3, NAN, NAN, NAN));
}

TEST(words_without_a_prediction_are_numbered_by_the_alphabet)
{
    nd_node *out = apply(arena, "labels", FROM(ground(arena, false)),
                         WITH("file", fields(arena), "field", "cover"));
    CHECK(READS(out, NAN, NAN, NAN, 1, 2, 1, 1, 1));
}

// Whatever sorts before it: a parenthesis comes before the digits.
TEST(a_class_that_is_called_by_a_number_has_it_for_itself)
{
    nd_node *out = apply(arena, "labels", FROM(ground(arena, false)),
                         WITH("file", mixed(arena), "field", "cover"));
    CHECK(READS(out, NAN, NAN, NAN, NAN, 2, 1, NAN, NAN));
    CHECK(out && out->band[0].labels == 2);
}

TEST(a_raster_on_another_grid_is_taken_by_its_nearest_pixel)
{
    nd_node *out = apply(arena, "labels", FROM(ground(arena, true)),
                         WITH("file", raster(arena), "ignore", "7"));
    // Its file says no coordinate system.
    CHECK(!out && error_says("do not both say where they lie"));
    file_of(arena, "known.prj", WGS84_PRJ);
    out = apply(arena, "labels", FROM(ground(arena, true)), WITH("file", raster(arena)));
    CHECK(READS(out, 5, 5, 7, 7, 5, 5, 7, 7));
    out = apply(arena, "labels", FROM(ground(arena, true)),
                WITH("file", raster(arena), "ignore", "7"));
    CHECK(READS(out, 5, 5, NAN, NAN, 5, 5, NAN, NAN));
}

TEST(what_does_not_fit_is_said)
{
    CHECK(!apply(arena, "labels", FROM(ground(arena, true)),
                 WITH("file", fields(arena), "field", "covr")));
    CHECK(error_says("the shapes have no attribute covr\ndid you mean cover"));
    CHECK(
        !apply(arena, "labels", FROM(ground(arena, true)), WITH("file", fields(arena))));
    CHECK(error_says("the shapes have 2 attributes\n"
                     "say which holds the class, as in field: cover"));
    CHECK(!apply(arena, "labels", FROM(ground(arena, true)),
                 WITH("file", "/nowhere/x.tif")));
    CHECK(error_says("/nowhere/x.tif"));
}
