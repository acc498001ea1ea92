// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"

static const nd_crs wgs84 = {"EPSG:4326", "WGS 84", true};

// 4 x 2 pixels of one degree; pixel (x, y) has its centre at x + 0.5, 1.5 - y.
static nd_node *ground(nd_arena *arena)
{
    nd_node *in = PIXELS(4, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    in->band[0].grid = (nd_grid){4, 2, 0, 2, 1, -1, &wgs84};
    return in;
}

static const char *fields(nd_arena *arena)
{
    return file_of(
        arena, "my-fields.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"crop\":\"wheat\",\"code\":7},"
        "\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[2,0],[2,1],[0,1],[0,0]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"crop\":\"barley\",\"code\":3},"
        "\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[1,0],[4,0],[4,2],[3,2],[3,1],[1,1],[1,"
        "0]]]}}"
        "]}");
}

TEST(each_shape_becomes_a_mask_of_its_own)
{
    nd_node *out = apply(arena, "Import-Vector", FROM(ground(arena)),
                         WITH("vectorFile", fields(arena)));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1,
                1));
    CHECK(out && strcmp(out->band[1].name, "my_fields_1") == 0);
    CHECK(out && out->band[2].role == ND_MASK && out->band[2].kind == ND_FLAGS);
}

TEST(all_shapes_become_one_mask)
{
    nd_node *out = apply(
        arena, "import_vector", FROM(ground(arena)),
        WITH("vector_file", fields(arena), "separateShapes", "false", "name", "sown"));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 1, 1, 1, 1));
    CHECK(out && strcmp(out->band[1].name, "sown") == 0);
}

TEST(an_attribute_becomes_classes_and_the_later_shape_wins)
{
    nd_node *out = apply(arena, "import_vector", FROM(ground(arena)),
                         WITH("vector_file", fields(arena), "attribute", "code"));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, NAN, NAN, NAN, 3, 7, 3, 3, 3));
    out = apply(arena, "import_vector", FROM(ground(arena)),
                WITH("vector_file", fields(arena), "attribute", "crop"));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, NAN, NAN, NAN, 1, 2, 1, 1, 1));
    CHECK(out && out->band[1].kind == ND_CLASS && out->band[1].labels == 2);
    CHECK(out && strcmp(out->band[1].label[0].name, "barley") == 0);
}

// The code of the first shape is an empty text.
TEST(a_shape_without_a_value_is_of_no_class_and_numbers_stay_numbers)
{
    const char *path = file_of(
        arena, "empty.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"\"},\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[0,0],[2,0],[2,1],[0,1],[0,0]]]}},"
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"7\"},\"geometry\":"
        "{\"type\":\"Polygon\",\"coordinates\":[[[2,0],[4,0],[4,1],[2,1],[2,0]]]}}"
        "]}");
    nd_node *out = apply(arena, "import_vector", FROM(ground(arena)),
                         WITH("vector_file", path, "attribute", "code"));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, NAN, NAN, NAN, NAN, NAN, NAN, 7, 7));
    CHECK(out && out->band[1].labels == 1);
}

TEST(what_does_not_fit_is_said)
{
    CHECK(!apply(arena, "import_vector", FROM(ground(arena)),
                 WITH("vector_file", fields(arena), "attribute", "crob")));
    CHECK(error_says(
        "import_vector: the shapes have no attribute crob\ndid you mean crop"));
    CHECK(!apply(
        arena, "import_vector", FROM(ground(arena)),
        WITH("vector_file", fields(arena), "separate_shapes", "no", "name", "B1")));
    CHECK(error_says("the input has a band B1 already\ngive another name"));
    CHECK(!apply(arena, "import_vector", FROM(ground(arena)), DEFAULTS));
    CHECK(error_says("import_vector: vector_file is missing"));
    CHECK(!apply(arena, "import_vector", FROM(PIXELS(1, 1, 1)),
                 WITH("vector_file", fields(arena))));
    CHECK(error_says("the picture has no coordinate system"));
}
