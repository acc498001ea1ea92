// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"
#include <nadir/product.h>

// A picture of 4 x 3 pixels of one degree, as ESRI's ASCII grids are written.
static const char *grid_file(nd_arena *arena)
{
    return file_of(arena, "read.asc",
                   "ncols 4\nnrows 3\nxllcorner 10\nyllcorner 50\ncellsize 1\n"
                   "NODATA_value -9\n1 2 3 4\n5 6 -9 8\n9 10 11 12\n");
}
// The same with WGS 84 beside it.
static const char *map_file(nd_arena *arena)
{
    (void)file_of(arena, "read.prj", WGS84_PRJ);
    return grid_file(arena);
}

TEST(a_file_becomes_a_picture_whose_holes_are_no_data)
{
    const char *path = grid_file(arena);
    nd_node *out = apply(arena, "Read", FROM(NULL), WITH("file", path));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, NAN, 8, 9, 10, 11, 12));
    CHECK(out && out->product && strcmp(out->product->name, out->name) == 0);
    CHECK(out && out->band[0].grid.x == 10 && out->band[0].grid.y == 53);
}

TEST(a_part_of_it_is_read_by_pixels_or_by_ground)
{
    const char *path = map_file(arena);
    CHECK(READS(
        apply(arena, "read", FROM(NULL), WITH("file", path, "pixelRegion", "1,1,2,2")), 6,
        NAN, 10, 11));
    nd_node *out = apply(arena, "read", FROM(NULL),
                         WITH("file", path, "geometryRegion",
                              "POLYGON((12.2 51.5,13.5 51.5,13.5 52.9,12.2 51.5))"));
    CHECK(READS(out, 3, 4, NAN, 8));
    CHECK(out && out->product && out->band[0].grid.x == 12);
}

TEST(the_switch_of_snap_counts_when_it_is_turned_off_by_hand)
{
    const char *path = grid_file(arena);
    CHECK(READS(apply(arena, "read", FROM(NULL),
                      WITH("file", path, "pixelRegion", "1,1,1,1", "useAdvancedOptions",
                           "false")),
                1, 2, 3, 4, 5, 6, NAN, 8, 9, 10, 11, 12));
    CHECK(READS(
        apply(arena, "read", FROM(NULL),
              WITH("file", path, "pixelRegion", "1,1,1,1", "useAdvancedOptions", "true")),
        6));
}

TEST(metadata_stays_away_if_asked)
{
    const char *path = grid_file(arena);
    nd_node *out =
        apply(arena, "read", FROM(NULL), WITH("file", path, "copy_metadata", "false"));
    CHECK(out && !out->product);
}

TEST(the_key_follows_the_file)
{
    const char *path = grid_file(arena);
    nd_node *a = apply(arena, "read", FROM(NULL), WITH("file", path));
    nd_node *b = apply(arena, "read", FROM(NULL), WITH("file", path));
    FILE *file = path ? fopen(path, "a") : NULL;
    if (file) fputs("\n\n", file), fclose(file);
    nd_node *c = apply(arena, "read", FROM(NULL), WITH("file", path));
    CHECK(a && b && c && memcmp(&a->key, &b->key, sizeof a->key) == 0);
    CHECK(a && c && memcmp(&a->key, &c->key, sizeof a->key) != 0);
}

TEST(what_is_not_there_or_not_in_it_is_said)
{
    const char *path = grid_file(arena);
    CHECK(!apply(arena, "read", FROM(NULL), WITH("file", "/nowhere/scene.tif")));
    CHECK(error_says("/nowhere/scene.tif"));
    CHECK(!apply(arena, "read", FROM(NULL), WITH("file", "")));
    CHECK(error_says("read: file is empty\ngive the path of a scene"));
    CHECK(!apply(arena, "read", FROM(NULL), WITH("file", path, "bands", "band_11")));
    CHECK(error_says("the input has no band band_11\ndid you mean band_1?"));
    CHECK(!apply(arena, "read", FROM(NULL),
                 WITH("file", path, "pixel_region", "0,0,1,1", "geometry_region", "x")));
    CHECK(error_says("pixel_region and geometry_region contradict each other"));
    CHECK(!apply(arena, "read", FROM(NULL), DEFAULTS));
    CHECK(error_says("read: file is missing"));
}
