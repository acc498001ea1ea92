// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"

static const nd_crs wgs84 = {"EPSG:4326", "WGS 84", true};
static const nd_crs utm31 = {"EPSG:32631", "WGS 84 / UTM zone 31N", false};

// 4 x 2 pixels of one degree; pixel (x, y) has its centre at x + 0.5, 1.5 - y.
static nd_node *ground(nd_arena *arena)
{
    nd_node *in = PIXELS(4, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    in->band[0].grid = (nd_grid){4, 2, 0, 2, 1, -1, &wgs84};
    return in;
}

// Heights of the same ground: a land of three, two zeros, the rest without.
static const char *heights(nd_arena *arena)
{
    (void)file_of(arena, "dem.prj", WGS84_PRJ);
    return file_of(arena, "dem.asc",
                   "ncols 4\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\n"
                   "NODATA_value -32768\n-32768 0 12 5\n-32768 -32768 0 -3\n");
}

TEST(land_goes_or_the_sea_by_heights)
{
    CHECK(READS(apply(arena, "Land-Sea-Mask", FROM(ground(arena)),
                      WITH("dem_file", heights(arena))),
                1, 2, NAN, NAN, 5, 6, 7, NAN));
    CHECK(READS(apply(arena, "Land-Sea-Mask", FROM(ground(arena)),
                      WITH("dem_file", heights(arena), "landMask", "false")),
                NAN, NAN, 3, 4, NAN, NAN, NAN, 8));
    CHECK(READS(apply(arena, "land_sea_mask", FROM(ground(arena)),
                      WITH("dem_file", heights(arena), "zero_is_sea", "false")),
                1, NAN, NAN, NAN, 5, 6, NAN, NAN));
}

TEST(heights_under_finer_pixels_are_the_nearest)
{
    float value[64];
    for (int i = 0; i < 64; i++) value[i] = (float)i;
    nd_node *in = picture(arena, 32, 2, value, 64);
    in->band[0].grid = (nd_grid){32, 2, 0, 2, 0.125, -1, &wgs84};
    nd_node *out =
        apply(arena, "land_sea_mask", FROM(in), WITH("dem_file", heights(arena)));
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
    for (int x = 0; x < 32 && out; x++) CHECK(!isnan(got[x]) == (x < 16));
}

TEST(a_mask_of_the_scene_keeps_what_it_holds)
{
    nd_node *in = PIXELS(4, 1, 1, 2, 3, 4, 0, 1, NAN, 2);
    in->band[1].role = ND_MASK;
    CHECK(READS(apply(arena, "land_sea_mask", FROM(in), WITH("geometry", "b2")), NAN, 2,
                NAN, 4, 0, 1, NAN, 2));
    CHECK(READS(apply(arena, "land_sea_mask", FROM(in),
                      WITH("geometry", "b2", "invertGeometry", "true")),
                1, NAN, 3, NAN, 0, 1, NAN, 2));
    CHECK(!apply(arena, "land_sea_mask", FROM(in), WITH("geometry", "b7")));
    CHECK(error_says("land_sea_mask: the input has no band b7\n"));
}

TEST(shapes_of_ones_own_are_land)
{
    const char *coast = file_of(arena, "coast.geojson",
                                "{\"type\":\"Polygon\",\"coordinates\":"
                                "[[[0,0],[2,0],[2,1],[0,1],[0,0]]]}");
    CHECK(READS(
        apply(arena, "land_sea_mask", FROM(ground(arena)), WITH("vector_file", coast)), 1,
        2, 3, 4, NAN, NAN, 7, 8));
    CHECK(READS(apply(arena, "land_sea_mask", FROM(ground(arena)),
                      WITH("vector_file", coast, "land_mask", "false")),
                NAN, NAN, NAN, NAN, 5, 6, NAN, NAN));
}

TEST(what_goes_reaches_beyond_the_shore)
{
    nd_node *in =
        PIXELS(7, 3, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7, 1, 1,
               1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    in->band[1].role = ND_MASK;
    CHECK(READS(apply(arena, "land_sea_mask", FROM(in),
                      WITH("geometry", "b2", "shorelineExtension", "1")),
                1, 2, 3, 4, 5, NAN, NAN, 1, 2, 3, 4, 5, NAN, NAN, 1, 2, 3, 4, 5, 6, 7, 1,
                1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1));
}

TEST(only_the_bands_named_are_there)
{
    nd_node *in = PIXELS(1, 1, 5, 6, 1);
    in->band[2].role = ND_MASK;
    CHECK(READS(apply(arena, "land_sea_mask", FROM(in),
                      WITH("geometry", "b3", "sourceBands", "b2")),
                6, 1));
}

TEST(heights_that_lack_are_said_before_a_pixel_moves)
{
    setenv("HOME", "/nowhere", 1);
    unsetenv("NADIR_AUX");
    unsetenv("XDG_DATA_HOME");
    CHECK(!apply(arena, "land_sea_mask", FROM(ground(arena)), DEFAULTS));
    CHECK(error_says("land_sea_mask: heights lack, 15 of 15 tiles: "));
    nd_node *sea = apply(arena, "land_sea_mask", FROM(ground(arena)),
                         WITH("missing_is_sea", "true", "land_mask", "false"));
    CHECK(READS(sea, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN));
    CHECK(!apply(arena, "land_sea_mask", FROM(PIXELS(1, 1, 1)), DEFAULTS));
    CHECK(error_says("the picture has no coordinate system, so no heights lie under it\n"
                     "give it one, or use a geometry"));
}

// By GDAL 3.6: centres transformed to WGS 84, the pixel of the tile under each; 1518 are
// not 0, and their numbers add up to 1236291.
TEST(a_real_tile_is_found_and_read)
{
    enum { SIDE = 40 };
    const char *data = getenv("NADIR_TEST_DATA");
    if (!data) SKIP("NADIR_TEST_DATA is not set");
    setenv("NADIR_AUX", data, 1);
    float value[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++) value[i] = 1;
    nd_node *in = picture(arena, SIDE, SIDE, value, SIDE * SIDE);
    in->band[0].grid = (nd_grid){SIDE, SIDE, 645000, 5755000, 1000, -1000, &utm31};
    nd_node *out = apply(arena, "land_sea_mask", FROM(in), WITH("land_mask", "false"));
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
    int land = 0, numbers = 0;
    for (int i = 0; i < SIDE * SIDE && out; i++)
        if (!isnan(got[i])) land++, numbers += i;
    CHECK(land == 1518 && numbers == 1236291);
}
