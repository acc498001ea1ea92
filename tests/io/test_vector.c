// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/vector.h>
#include <unistd.h>

const nd_op *const nd_ops[] = {NULL};

static const char *const utm31 = "EPSG:32631";

// Burns shape `s` into a picture of `level`, cut in tiles of `cut` pixels.
static bool burn(nd_arena *arena, const nd_layout *l, int s, nd_grid grid, int level,
                 int cut, float *out)
{
    const nd_grid g = nd_grid_at(grid, level);
    nd_work work = {.arena = arena};
    for (int y = 0; y < g.height; y += cut)
        for (int x = 0; x < g.width; x += cut) {
            nd_rect r = nd_rect_clip((nd_rect){x, y, cut, cut}, g.width, g.height);
            nd_tile tile = {r, level, ND_BANDS(0), g.width, 0, out + y * g.width + x};
            if (nd_layout_burn(l, &work, s, 0, 1, &tile) != ND_OK) return false;
        }
    return true;
}

static bool burns(nd_arena *arena, const char *wkt, nd_grid grid, int level,
                  const char *picture)
{
    const nd_vector *v = nd_vector_parse(arena, wkt);
    const nd_layout *l = v ? nd_vector_lay(arena, v, &grid) : NULL;
    const nd_grid g = nd_grid_at(grid, level);
    for (int cut = 1; l && cut <= 16; cut += 5) {
        float *out = nd_alloc(arena, (size_t)(g.width * g.height), sizeof *out);
        if (!out || !burn(arena, l, 0, grid, level, cut, out)) return false;
        for (int i = 0; i < g.width * g.height; i++)
            if ((out[i] != 0) != (picture[i] == '#')) {
                printf("# cut %d, pixel %d, %d: %g\n", cut, i % g.width, i / g.width,
                       (double)out[i]);
                return false;
            }
    }
    return l != NULL;
}

static nd_grid degrees(int width, int height)
{
    static const nd_crs wgs = {"EPSG:4326", "WGS 84", true};
    return (nd_grid){width, height, 0, height, 1, -1, &wgs};
}

TEST(a_polygon_holds_the_pixels_whose_centre_it_holds)
{
    // Pixel (x, y) has its centre at longitude x + 0.5, latitude 3.5 - y.
    CHECK(burns(arena, "POLYGON((0.6 0.4, 3.6 0.4, 3.6 2.6, 0.6 2.6, 0.6 0.4))",
                degrees(5, 4), 0,
                "....."
                ".###."
                ".###."
                ".###."));
}

TEST(a_hole_stays_open_and_the_parts_of_one_shape_belong_together)
{
    CHECK(burns(arena,
                "MULTIPOLYGON(((0 0, 5 0, 5 4, 0 4, 0 0),(1 1, 3 1, 3 3, 1 3, 1 1)),"
                "((6 0, 7 0, 7 1, 6 1, 6 0)))",
                degrees(7, 4), 0,
                "#####.."
                "#..##.."
                "#..##.."
                "#####.#"));
}

TEST(a_triangle_on_a_level_holds_the_centres_of_the_larger_pixels)
{
    // x + y < 8 from the lower left; centres of level 1 lie at odd numbers: 1, 3, 5, 7.
    CHECK(burns(arena, "POLYGON((0 0, 7.9 0, 0 7.9, 0 0))", degrees(8, 8), 1,
                "...."
                "#..."
                "##.."
                "###."));
}

TEST(a_line_burns_what_it_passes_and_a_point_its_pixel)
{
    CHECK(burns(arena, "LINESTRING(0.5 3.5, 4.5 1.5)", degrees(5, 4), 0,
                "##..."
                ".###."
                "...##"
                "....."));
    CHECK(burns(arena, "LINESTRING(2.5 0.5, 2.5 2.5)", degrees(5, 4), 0,
                "....."
                "..#.."
                "..#.."
                "..#.."));
    CHECK(burns(arena, "MULTIPOINT((0.1 0.1),(4.9 3.9))", degrees(5, 4), 0,
                "....#"
                "....."
                "....."
                "#...."));
}

// From GDAL 3.6 with PROJ 9.1: (4, 52) is at 568649.7049, 5761510.3166, 472 m south of
// the chord between (3, 52) at 500000, 5761038.2126 and (5, 52) at 637294.3659,
// 5762926.8129.
TEST(shapes_are_bent_into_the_system_of_the_picture)
{
    const nd_crs crs = {utm31, "WGS 84 / UTM zone 31N", false};
    const nd_grid grid = {2000, 1000, 490000, 5770000, 100, -100, &crs};
    const nd_vector *v =
        nd_vector_parse(arena, "POLYGON((3 51.5, 5 51.5, 5 52, 3 52, 3 51.5))");
    const nd_layout *l = v ? nd_vector_lay(arena, v, &grid) : NULL;
    float *out = nd_alloc(arena, 2000 * 1000, sizeof *out);
    CHECK(l && out && burn(arena, l, 0, grid, 0, 1000, out));
    const int column = (int)((568649.7049 - 490000) / 100);
    int first = 0;
    while (first < 1000 && l && out && out[first * 2000 + column] == 0) first++;
    CHECK(first == (int)((5770000 - 5761510.3166) / 100 + 0.5));
    double box[4];
    CHECK(l && nd_layout_bounds(l, box) && fabs(box[0] - 100) < 0.1);
}

TEST(what_lies_outside_has_no_bounds_and_what_leans_out_is_cut)
{
    const nd_grid grid = degrees(5, 4);
    double box[4];
    const nd_vector *far = nd_vector_parse(arena, "POLYGON((20 0, 30 0, 30 9, 20 0))");
    const nd_vector *near =
        nd_vector_parse(arena, "POLYGON((-9 1, 2.5 1, 2.5 90, -9 90, -9 1))");
    CHECK(far && near);
    CHECK(!nd_layout_bounds(nd_vector_lay(arena, far, &grid), box));
    CHECK(nd_layout_bounds(nd_vector_lay(arena, near, &grid), box));
    CHECK(box[0] == 0 && box[1] == 0 && box[2] == 2.5 && box[3] == 3);
}

static const char *written(nd_arena *arena, const char *name, const char *text)
{
    const char *folder = getenv("TMPDIR");
    const char *path =
        nd_text(arena, "%s/nadir-%ld-%s", folder ? folder : "/tmp", (long)getpid(), name);
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return NULL;
    fputs(text, file);
    fclose(file);
    return path;
}

TEST(a_file_brings_its_shapes_and_their_attributes)
{
    const char *path = written(
        arena, "two.geojson",
        "{\"type\":\"FeatureCollection\",\"features\":["
        "{\"type\":\"Feature\",\"properties\":{\"kind\":\"lake\",\"n\":3},"
        "\"geometry\":{\"type\":\"Point\",\"coordinates\":[1,2]}},"
        "{\"type\":\"Feature\",\"properties\":{\"kind\":null,\"n\":4},"
        "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[1,2],[3,2]]}}]}");
    const nd_vector *v = path ? nd_vector_open(arena, path, NULL) : NULL;
    CHECK(v && nd_vector_shapes(v) == 2 && nd_vector_fields(v) == 2);
    CHECK(v && strcmp(nd_vector_field(v, 0), "kind") == 0);
    CHECK(v && strcmp(nd_vector_value(v, 0, 0), "lake") == 0);
    CHECK(v && !nd_vector_value(v, 1, 0) && strcmp(nd_vector_value(v, 1, 1), "4") == 0);
    CHECK(path && !nd_vector_open(arena, path, "three"));
    CHECK(error_says("there is no layer three\nthe first one is "));
    if (path) remove(path);
}

TEST(what_is_no_file_of_shapes_is_refused)
{
    CHECK(!nd_vector_open(arena, "/nowhere/land.shp", NULL));
    CHECK(error_says("there is no file /nowhere/land.shp\n"
                     "give the path of a file of shapes"));
    const char *path =
        written(arena, "broken.geojson", "{\"type\":\"FeatureCollection\",");
    CHECK(path && !nd_vector_open(arena, path, NULL));
    CHECK(error_says("is no file of shapes that can be read\n"
                     "give a Shapefile, GeoJSON, GeoPackage or KML"));
    if (path) remove(path);
    CHECK(!nd_vector_parse(arena, "POLYGON((1 2, 3"));
    CHECK(error_says("POLYGON((1 2, 3 is no shape in WKT\n"
                     "write it as POLYGON((lon lat, lon lat, …)), first point last"));
    CHECK(!nd_vector_parse(arena, "POINT(1 2) and more"));
    CHECK(error_says("is no shape in WKT"));
}

TEST(a_picture_without_a_system_takes_no_shapes_with_one)
{
    const nd_grid grid = {4, 4, 0, 0, 10, -10, NULL};
    const nd_vector *v = nd_vector_parse(arena, "POINT(1 2)");
    CHECK(v && !nd_vector_lay(arena, v, &grid));
    CHECK(error_says("the picture has no coordinate system, so shapes cannot be laid on "
                     "pixels\ngive it one, or use pixel coordinates"));
}
