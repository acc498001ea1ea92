// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"

static const char *const small =
    "ncols 2\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\n";

static const char *grid(nd_arena *arena, const char *name, const char *values)
{
    return file_of(arena, name, nd_text(arena, "%s%s\n", small, values));
}

TEST(bands_of_all_scenes_come_together_in_order)
{
    const char *a = grid(arena, "a.asc", "1 2"), *b = grid(arena, "b.asc", "3 4");
    nd_node *out = apply(arena, "ProductSet-Reader", FROM(NULL),
                         WITH("fileList", nd_text(arena, "%s, %s,", b, a)));
    CHECK(READS(out, 3, 4, 1, 2));
    CHECK(out && strcmp(out->band[0].name, "band_1") == 0);
    CHECK(out && strcmp(out->band[1].name, "band_1_2") == 0);
}

TEST(a_folder_stands_for_the_scenes_directly_in_it)
{
    const char *a = grid(arena, "b.asc", "3 4");
    (void)grid(arena, "a.asc", "1 2");
    (void)file_of(arena, "notes.txt", "no scene\n");
    const char *folder = nd_text(arena, "%.*s", (int)(strrchr(a, '/') - a), a);
    CHECK(READS(apply(arena, "product_set_reader", FROM(NULL), WITH("file_list", folder)),
                1, 2, 3, 4));
}

TEST(a_scene_on_another_grid_is_named)
{
    const char *a = grid(arena, "a.asc", "1 2");
    const char *b =
        file_of(arena, "wide.asc",
                "ncols 3\nnrows 1\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3\n");
    CHECK(!apply(arena, "product_set_reader", FROM(NULL),
                 WITH("file_list", nd_text(arena, "%s,%s", a, b))));
    CHECK(error_says("wide.asc is 3 x 1 pixels, "));
}

TEST(nothing_to_read_is_a_mistake)
{
    CHECK(!apply(arena, "product_set_reader", FROM(NULL), WITH("file_list", " , ")));
    CHECK(error_says("product_set_reader: file_list is empty\ngive the paths of scenes"));
    CHECK(!apply(arena, "product_set_reader", FROM(NULL), DEFAULTS));
    CHECK(error_says("product_set_reader: file_list is missing"));
    CHECK(
        !apply(arena, "product_set_reader", FROM(NULL), WITH("file_list", "/no/a.tif")));
    CHECK(error_says("/no/a.tif"));
}
