// SPDX-License-Identifier: Apache-2.0
// Coordinate systems by all their names.
#include "../harness.h"
#include <nadir/geo.h>

static bool is(nd_arena *arena, const char *given, const char *text)
{
    const nd_crs *crs = nd_crs_new(arena, given);
    if (crs && strcmp(crs->text, text) == 0) return true;
    printf("# %s became %s\n", given, crs ? crs->text : "nothing");
    return false;
}

TEST(a_code_is_its_own_text)
{
    CHECK(is(arena, "EPSG:32631", "EPSG:32631"));
    CHECK(is(arena, " epsg:4326\n", "EPSG:4326"));
    CHECK(is(arena, "3857", "EPSG:3857"));
    CHECK(is(arena, "urn:ogc:def:crs:EPSG::32631", "EPSG:32631"));
    CHECK(is(arena, "WGS84(DD)", "EPSG:4326"));
}

TEST(names_and_kinds_are_known)
{
    const nd_crs *crs = nd_crs_new(arena, "EPSG:32631");
    CHECK(crs && strcmp(crs->name, "WGS 84 / UTM zone 31N") == 0 && !crs->is_geographic);
    crs = nd_crs_new(arena, "EPSG:4326");
    CHECK(crs && strcmp(crs->name, "WGS 84") == 0 && crs->is_geographic);
}

TEST(proj_strings_and_wkt_of_both_kinds_find_their_code)
{
    CHECK(is(arena, "+proj=utm +zone=31 +datum=WGS84", "EPSG:32631"));
    CHECK(is(arena, "+proj=longlat +datum=WGS84 +no_defs", "EPSG:4326"));
    const nd_crs *crs = nd_crs_new(arena, "EPSG:32733");
    const char *wkt = crs ? nd_crs_wkt(arena, crs) : NULL;
    CHECK(wkt && strncmp(wkt, "PROJCS[", 7) == 0 && !strchr(wkt, '\n'));
    CHECK(wkt && is(arena, wkt, "EPSG:32733"));
    crs = nd_crs_new(arena, "EPSG:3035"); // northing first, which WKT 1 does not tell
    wkt = crs ? nd_crs_wkt(arena, crs) : NULL;
    CHECK(wkt && is(arena, wkt, "EPSG:3035"));
}

// As SNAP 9 writes the default of its Reproject into graphs.
TEST(the_wgs84_that_snap_writes_is_epsg_4326)
{
    CHECK(is(arena,
             "GEOGCS[\"WGS84(DD)\", \n  DATUM[\"WGS84\", \n"
             "    SPHEROID[\"WGS84\", 6378137.0, 298.257223563]], \n"
             "  PRIMEM[\"Greenwich\", 0.0], \n"
             "  UNIT[\"degree\", 0.017453292519943295], \n"
             "  AXIS[\"Geodetic longitude\", EAST], \n"
             "  AXIS[\"Geodetic latitude\", NORTH]]",
             "EPSG:4326"));
}

TEST(what_has_no_code_is_wkt_on_one_line_and_comes_back_the_same)
{
    const nd_crs *crs =
        nd_crs_new(arena, "+proj=laea +lat_0=50 +lon_0=3 +datum=WGS84 +units=m");
    CHECK(crs && strncmp(crs->text, "PROJCRS[", 8) == 0 && !strchr(crs->text, '\n'));
    const nd_crs *again = crs ? nd_crs_new(arena, crs->text) : NULL;
    CHECK(again && nd_crs_same(crs, again));
}

TEST(a_stated_code_that_is_a_lie_is_not_believed)
{
    const nd_crs *crs = nd_crs_new(
        arena,
        "GEOGCS[\"x\",DATUM[\"d\",SPHEROID[\"s\",6370000,0]],PRIMEM[\"Greenwich\",0],"
        "UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]");
    CHECK(crs && strcmp(crs->text, "EPSG:4326") != 0 && crs->is_geographic);
}

TEST(heights_are_left_behind)
{
    CHECK(is(arena, "EPSG:4979", "EPSG:4326"));        // WGS 84 with heights
    CHECK(is(arena, "EPSG:32631+5773", "EPSG:32631")); // UTM and EGM96
}

TEST(auto_42001_is_utm_where_the_scene_is)
{
    const nd_crs *crs = nd_crs_new_at(arena, "AUTO:42001", 3, 45);
    CHECK(crs && strcmp(crs->text, "EPSG:32631") == 0);
    crs = nd_crs_new_at(arena, "AUTO:42001", 179.5, -10);
    CHECK(crs && strcmp(crs->text, "EPSG:32760") == 0);
    CHECK(is(arena, "AUTO:42001,-177,10", "EPSG:32601"));
    crs = nd_crs_new_at(arena, "AUTO:42002", 10.25, 45);
    CHECK(crs && strstr(crs->text, "10.25") && !crs->is_geographic);
    CHECK(!nd_crs_new(arena, "AUTO:42001"));
    CHECK(error_says("AUTO:42001 needs a place\nsay AUTO:42001,longitude,latitude"));
    CHECK(!nd_crs_new(arena, "AUTO:1"));
    CHECK(error_says("there is no AUTO:1\nsay AUTO:42001"));
}

TEST(a_misspelt_authority_is_answered_with_the_right_one)
{
    CHECK(!nd_crs_new(arena, "EPGS:4326"));
    CHECK(error_says("there is no coordinate system EPGS:4326\ndid you mean EPSG:4326?"));
    CHECK(!nd_crs_new(arena, "EPSG:999999"));
    CHECK(error_says("PROJ's database has no EPSG:999999\nlook the code up"));
}

TEST(nonsense_and_what_is_no_map_are_refused_in_two_lines)
{
    CHECK(!nd_crs_new(arena, ""));
    CHECK(error_says("nothing is no coordinate system that PROJ understands\nsay EPSG:"));
    CHECK(!nd_crs_new(arena, "PROJCS[\"x\",GEOGCS["));
    CHECK(error_says("is no coordinate system that PROJ understands\n"));
    CHECK(!nd_crs_new(arena, "EPSG:4978")); // geocentric
    CHECK(error_says("EPSG:4978 is not the coordinate system of a map\n"));
    CHECK(!nd_crs_new(arena, "EPSG:5773")); // heights only
    CHECK(error_says("EPSG:5773 is not the coordinate system of a map\n"));
    char *long_text = nd_alloc(arena, 100001, 1);
    memset(long_text, '[', 100000);
    CHECK(!nd_crs_new(arena, long_text));
    CHECK(error_says("more than 65536 bytes\n"));
}

TEST(the_area_of_use_comes_in_degrees)
{
    nd_box area;
    const nd_crs *crs = nd_crs_new(arena, "EPSG:32631");
    CHECK(crs && nd_crs_area(crs, &area));
    CHECK(area.x0 == 0 && area.x1 == 6 && area.y0 == 0 && area.y1 == 84);
    crs = nd_crs_new(arena, "EPSG:32660");
    CHECK(crs && nd_crs_area(crs, &area) && area.x0 == 174 && area.x1 == 180);
}
