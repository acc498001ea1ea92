// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"
#include "reproject_truth.h"
#include <nadir/geo.h>
#include <nadir/run.h>

static nd_node *place(nd_arena *arena, nd_node *node, const char *crs, double x, double y)
{
    for (int b = 0; node && b < node->bands; b++) {
        node->band[b].grid.crs = nd_crs_new(arena, crs);
        node->band[b].grid.x = x, node->band[b].grid.y = y;
    }
    return node;
}
#define NUMBER(x) nd_text_of_real(arena, x)

// The picture of tools/reproject_truth.py.
static nd_node *scene(nd_arena *arena, const char *crs, double left, double top)
{
    enum { W = 24, H = 20 };
    float v[W * H];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            v[y * W + x] = (x * 7 + y * 3) % 29 ? (float)((x * 37 + y * 101) % 211) : NAN;
    return place(arena, picture(arena, W, H, v, W * H), crs, left, top);
}

static nd_node *as_gdal(nd_arena *arena, const truth *t, const char *error)
{
    return apply(arena, "Reproject", FROM(scene(arena, t->from, t->left, t->top)),
                 WITH("crs", t->to, "resampling", t->resampling, "pixelSizeX",
                      NUMBER(t->pixel_x), "pixelSizeY", NUMBER(t->pixel_y), "width", "14",
                      "height", "10", "referencePixelX", "0", "referencePixelY", "0",
                      "easting", NUMBER(t->x), "northing", NUMBER(t->y), "max_error_px",
                      error));
}

static bool agrees(const truth *t, const float *got, float within)
{
    for (int i = 0; i < 14 * 10; i++) {
        if (isnan(got[i]) && isnan(t->value[i])) continue;
        if (fabsf(got[i] - t->value[i]) <= within) continue;
        printf("# %s to %s, %s, pixel %d: %g, not %g\n", t->from, t->to, t->resampling, i,
               (double)got[i], (double)t->value[i]);
        return false;
    }
    return true;
}

// Neighbours differ by up to 211: a thousandth of a pixel is 0.2.
TEST(gives_what_gdal_gives_when_both_are_exact)
{
    const float *got = NULL;
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        nd_node *out = as_gdal(arena, &truths[i], "0");
        CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
        CHECK(out && agrees(&truths[i], got, 2e-3f));
    }
}

TEST(gives_nearly_that_when_positions_may_be_off_by_a_hundredth)
{
    const float *got = NULL;
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++) {
        if (strcmp(truths[i].resampling, "nearest") == 0) continue;
        nd_node *out = as_gdal(arena, &truths[i], "0.01");
        CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
        CHECK(out && agrees(&truths[i], got, 211 * 0.01f * 2));
    }
}

// A scene of 4 x 2 pixels of one degree goes to plate carree metres of the same sphere:
// 111 319.49 m each; the box is its outline, and one pixel more than fits.
TEST(lays_the_grid_as_snap_does)
{
    nd_node *in = place(arena, PIXELS(4, 2, 1, 2, 3, 4, 5, 6, 7, 8), "EPSG:4326", 10, 2);
    for (int i = 0; i < 1; i++)
        in->band[i].grid.pixel_x = 1, in->band[i].grid.pixel_y = -1;
    nd_node *out = apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:3857"));
    const double degree = 111319.49079327358;
    // 2 degrees of latitude are 222 684.208 505 54 m of Mercator: ln tan(46 deg) * a.
    const double tall = 6378137 * log(tan((45 + 1) * 3.14159265358979323846 / 180));
    CHECK(out && fabs(out->band[0].grid.x - 10 * degree) < 1e-3);
    CHECK(out && fabs(out->band[0].grid.y - tall) < 1e-3);
    CHECK(out && fabs(out->band[0].grid.pixel_x - degree) < 1e-3);
    CHECK(out && fabs(out->band[0].grid.pixel_y + degree) < 1e-3);
    CHECK(out && (out->band[0].grid.width == 5 || out->band[0].grid.width == 4));
    CHECK(out && out->band[0].grid.height == 3); // 1 + floor(2.0004)
    CHECK(out && strcmp(out->name, "projected_pixels") == 0);
}

TEST(pixel_size_size_and_reference_pixel_are_obeyed)
{
    nd_node *in = place(arena, PIXELS(2, 2, 1, 2, 3, 4), "EPSG:32631", 500000, 4500020);
    nd_node *out =
        apply(arena, "reproject", FROM(in),
              WITH("crs", "EPSG:32631", "pixel_size", "5", "width", "4", "height", "4"));
    CHECK(READS(out, 1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4));
    out = apply(arena, "reproject", FROM(in),
                WITH("crs", "32631", "pixelSizeX", "10", "pixelSizeY", "10", "width", "2",
                     "height", "1", "referencePixelX", "0.5", "referencePixelY", "0.5",
                     "easting", "500015", "northing", "4500005"));
    CHECK(out && out->band[0].grid.x == 500010 && out->band[0].grid.y == 4500010);
    CHECK(READS(out, 4, NAN));
}

TEST(the_same_grid_gives_the_same_pixels_with_every_kernel)
{
    static const char *const kernel[] = {"Nearest", "Bilinear", "Bicubic"};
    for (int k = 0; k < 3; k++) {
        nd_node *in = place(arena, PIXELS(3, 2, 1, 2, NAN, 4, 5, 6), "EPSG:32631", 0, 20);
        nd_node *out = apply(arena, "reproject", FROM(in),
                             WITH("crs", "EPSG:32631", "width", "3", "height", "2",
                                  "resampling", kernel[k]));
        CHECK(READS(out, 1, 2, NAN, 4, 5, 6));
    }
}

TEST(goes_on_another_products_grid)
{
    nd_node *in = place(arena, PIXELS(2, 2, 1, 2, 3, 4), "EPSG:32631", 500000, 4500020);
    nd_node *onto = place(arena, PIXELS(2, 1, 0, 0), "EPSG:32631", 500010, 4500010);
    nd_node *out = apply(arena, "Reproject", FROM(in, onto), DEFAULTS);
    CHECK(out && nd_grid_same(&out->band[0].grid, &onto->band[0].grid));
    CHECK(READS(out, 4, NAN));
    CHECK(!apply(arena, "Reproject", FROM(in, onto), WITH("crs", "EPSG:4326")));
    CHECK(error_says("more than one says what the target is\n"));
}

TEST(bands_of_several_sizes_keep_a_grid_each_and_angles_can_stay_behind)
{
    nd_node *in =
        place(arena, PIXELS(2, 2, 1, 2, 3, 4, 9, 9, 9, 9), "EPSG:32631", 500000, 4500020);
    in->band[1].grid.pixel_x = 20, in->band[1].grid.pixel_y = -20;
    in->band[1].role = ND_ANGLE;
    nd_node *out = apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:3857"));
    CHECK(out && out->bands == 2);
    CHECK(out && out->band[1].grid.pixel_x > 1.9 * out->band[0].grid.pixel_x);
    out = apply(arena, "reproject", FROM(in),
                WITH("crs", "EPSG:3857", "includeTiePointGrids", "false"));
    CHECK(out && out->bands == 1);
}

// Both bands land on the one grid that is asked for, from two grids.
TEST(bands_from_two_grids_are_read_together_on_one)
{
    nd_node *in =
        place(arena, PIXELS(2, 2, 1, 2, 3, 4, 5, 6, 7, 8), "EPSG:32631", 500000, 4500020);
    in->band[1].grid.x = 500010;
    nd_node *onto = place(arena, PIXELS(2, 1, 0, 0), "EPSG:32631", 500010, 4500010);
    nd_node *out = apply(arena, "Reproject", FROM(in, onto), DEFAULTS);
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0, 1), 0, &got));
    CHECK(got && got[0] == 4 && isnan(got[1]) && got[2] == 7 && got[3] == 8);
}

TEST(outside_of_the_scene_whole_numbers_say_no_data)
{
    nd_node *in = place(arena, PIXELS(1, 1, 5), "EPSG:32631", 500000, 4500020);
    in->band[0].sample = ND_U16, in->band[0].no_data = (double)NAN;
    nd_node *out = apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:4326"));
    CHECK(out && out->band[0].no_data == 0);
    out = apply(arena, "reproject", FROM(in),
                WITH("crs", "EPSG:4326", "noDataValue", "65535"));
    CHECK(out && out->band[0].no_data == 65535);
}

TEST(across_180_degrees_it_goes_on)
{
    nd_node *in = place(arena, PIXELS(2, 1, 1, 2), "EPSG:32601", 160000, 10);
    in->band[0].grid.pixel_x = 10000, in->band[0].grid.pixel_y = -10000;
    nd_node *out = apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:4326"));
    CHECK(out && out->band[0].grid.x > 179 && out->band[0].grid.x < 180);
    CHECK(out && out->band[0].grid.x + 3 * out->band[0].grid.pixel_x > 180);
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got) && got[0] == 1 &&
          got[1] == 2);
}

TEST(auto_42001_is_the_zone_of_the_scene)
{
    nd_node *in = place(arena, PIXELS(1, 1, 5), "EPSG:4326", 3, -45);
    in->band[0].grid.pixel_x = 0.01, in->band[0].grid.pixel_y = -0.01;
    nd_node *out = apply(arena, "reproject", FROM(in), WITH("crs", "AUTO:42001"));
    CHECK(out && strcmp(out->band[0].grid.crs->text, "EPSG:32731") == 0);
}

// In degrees around (3, 0), where a pixel of 10 m is 0.000 09: the box of the shape.
TEST(an_aoi_cuts_whole_pixels_of_the_same_grid)
{
    float v[400];
    for (int i = 0; i < 400; i++) v[i] = (float)i;
    nd_node *in = place(arena, picture(arena, 20, 20, v, 400), "EPSG:32631", 500000, 200);
    const char *aoi = file_of(arena, "aoi.geojson",
                              "{\"type\":\"Polygon\",\"coordinates\":[[[3.0005,0.0005],"
                              "[3.001,0.0005],[3.001,0.001],[3.0005,0.001],"
                              "[3.0005,0.0005]]]}");
    nd_node *all = apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:4326"));
    nd_node *out =
        apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:4326", "aoi", aoi));
    CHECK(all && out && out->band[0].grid.width < 8 && out->band[0].grid.height < 8);
    const nd_grid *a = all ? &all->band[0].grid : NULL,
                  *b = out ? &out->band[0].grid : NULL;
    if (!a || !b) return;
    const double x = (b->x - a->x) / a->pixel_x, y = (b->y - a->y) / a->pixel_y;
    CHECK(fabs(x - round(x)) < 1e-6 && fabs(y - round(y)) < 1e-6);
    CHECK(b->x <= 3.0005 && b->x + b->width * b->pixel_x >= 3.001);
    const float *whole = NULL, *part = NULL;
    CHECK(reads_alike(arena, all, ND_BANDS(0), 0, &whole));
    CHECK(reads_alike(arena, out, ND_BANDS(0), 0, &part));
    CHECK(whole && part && part[0] == whole[(int)round(y) * a->width + (int)round(x)]);
    const char *far =
        file_of(arena, "far.geojson", "{\"type\":\"Point\",\"coordinates\":[40,0]}");
    CHECK(!apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:4326", "aoi", far)));
    CHECK(error_says("the aoi lies outside of the scene\n"));
}

TEST(a_file_of_wkt_says_the_target)
{
    nd_node *in = place(arena, PIXELS(1, 1, 5), "EPSG:32631", 500000, 4500020);
    const char *wkt = nd_crs_wkt(arena, nd_crs_new(arena, "EPSG:3035"));
    nd_node *out = apply(arena, "reproject", FROM(in),
                         WITH("wktFile", file_of(arena, "laea.wkt", wkt)));
    CHECK(out && strcmp(out->band[0].grid.crs->text, "EPSG:3035") == 0);
}

TEST(says_what_it_cannot_do)
{
    nd_node *lost = PIXELS(1, 1, 5);
    nd_node *in = place(arena, PIXELS(1, 1, 5), "EPSG:32631", 500000, 4500020);
    CHECK(!apply(arena, "reproject", FROM(lost), WITH("crs", "EPSG:4326")));
    CHECK(error_says("the scene does not say where on Earth it lies\nuse a source"));
    CHECK(!apply(arena, "reproject", FROM(in), DEFAULTS));
    CHECK(error_says("nothing says what the target is\ngive a crs"));
    CHECK(!apply(arena, "reproject", FROM(in), WITH("crs", "EPGS:4326")));
    CHECK(error_says("did you mean EPSG:4326?"));
    CHECK(!apply(arena, "reproject", FROM(in),
                 WITH("crs", "EPSG:3857", "pixel_size", "0.0000001")));
    CHECK(error_says("pixels\nchoose another pixel_size"));
    CHECK(
        !apply(arena, "reproject", FROM(in),
               WITH("crs", "EPSG:3857", "width", "1000000000", "height", "1000000000")));
    CHECK(error_says("the result would be 1000000000 x 1000000000 pixels\n"));
    CHECK(!apply(arena, "reproject", FROM(in),
                 WITH("crs", "EPSG:3857", "orientation", "30")));
    CHECK(error_says("a grid turned by 30 degrees is not done\n"));
    CHECK(!apply(arena, "reproject", FROM(in), WITH("wktFile", "/nowhere/x.wkt")));
    CHECK(error_says("there is no file /nowhere/x.wkt\n"));
}

// Off by what a level may be off: 1 % of the range at the 99th percentile, on a smooth
// picture of waves some 40 pixels long.
TEST(levels_are_near_the_mean_of_level_0_and_cut_alike)
{
    enum { SIDE = 256 };
    static float v[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        v[i] = 100 + 50 * sinf((float)(i % SIDE) / 7) * cosf((float)(i / SIDE) / 6);
    nd_node *in = place(arena, picture(arena, SIDE, SIDE, v, SIDE * SIDE), "EPSG:32631",
                        500000, 5000000);
    nd_node *out = apply(arena, "reproject", FROM(in),
                         WITH("crs", "EPSG:3857", "resampling", "Bilinear"));
    const float *full = NULL, *small = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &full));
    for (int level = 1; out && level <= 2; level++) {
        const nd_grid g = out->band[0].grid, l = nd_grid_at(g, level);
        CHECK(reads_alike(arena, out, ND_BANDS(0), level, &small));
        int bad = 0, count = 0;
        for (int y = 0; y < g.height >> level; y++)
            for (int x = 0; x < g.width >> level; x++) {
                const nd_tile tile = {
                    {0, 0, g.width, g.height}, 0, ND_BANDS(0), g.width, g.width,
                    (float *)(uintptr_t)full};
                const int side = 1 << level;
                const float mean =
                    nd_mean(&tile, 0, (nd_rect){x * side, y * side, side, side});
                const float got = small[y * l.width + x];
                if (isnan(mean) || isnan(got)) continue;
                count++, bad += fabsf(got - mean) > 1; // of -50 … 50
            }
        printf("# level %d: %d of %d off by more than 1 %%\n", level, bad, count);
        CHECK(count > 1000 && bad * 100 <= count);
    }
}

// What the schedule is told holds what compute reads, give or take its pixel.
TEST(its_window_covers_the_source_of_a_tile)
{
    nd_node *in = scene(arena, "EPSG:32631", 500000, 4650000);
    nd_node *out = apply(arena, "reproject", FROM(in), WITH("crs", "EPSG:3857"));
    int level = 9;
    const nd_tile tile = {.rect = {8, 8, 4, 4}, .level = 0, .bands = ND_BANDS(0)};
    CHECK(out && out->op->scattered);
    const nd_rect w = out ? out->op->window(out, 0, &tile, &level) : (nd_rect){0};
    CHECK(level == 0 && w.width >= 4 && w.width < 12 && w.height >= 4 && w.height < 12);
    CHECK(w.x > 0 && w.x < 10 && w.y > 0 && w.y < 12);
}
