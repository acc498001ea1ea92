// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <unistd.h>

static const nd_crs utm31 = {"EPSG:32631", "WGS 84 / UTM zone 31N", false};
static const nd_crs wgs84 = {"EPSG:4326", "WGS 84", true};

TEST(cuts_a_rectangle_of_pixels)
{
    nd_node *in = PIXELS(4, 3, 0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23);
    nd_node *out = apply(arena, "Subset", FROM(in), WITH("region", "1,1,2,2"));
    CHECK(READS(out, 11, 12, 21, 22));
    CHECK(out && out->band[0].grid.x == 10 && out->band[0].grid.y == -10);
    CHECK(out && strcmp(out->name, "Subset_pixels") == 0);
}

TEST(no_width_goes_to_the_edge_and_what_leans_out_is_cut)
{
    nd_node *in = PIXELS(3, 2, 1, 2, 3, 4, 5, 6);
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("region", "1,0,0,1")), 2, 3));
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("region", "2,1,99,99")), 6));
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("region", "")), 1, 2, 3, 4, 5, 6));
    CHECK(READS(
        apply(arena, "subset", FROM(in), WITH("region", "2,1,1,1", "fullSwath", "true")),
        4, 5, 6));
}

TEST(takes_every_nth_pixel_from_the_start_of_the_region)
{
    nd_node *in = PIXELS(5, 3, 0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24);
    nd_node *out =
        apply(arena, "subset", FROM(in),
              WITH("region", "1,0,4,3", "subSamplingX", "3", "subSamplingY", "2"));
    CHECK(READS(out, 1, 4, 21, 24));
    CHECK(out && out->band[0].grid.pixel_x == 30 && out->band[0].grid.pixel_y == -20);
}

TEST(keeps_the_bands_named_and_the_angle_grids)
{
    nd_node *in = PIXELS(1, 1, 1, 2, 3, 4);
    in->band[2].role = in->band[3].role = ND_ANGLE;
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("sourceBands", "b2")), 2, 3, 4));
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("tiePointGridNames", "b4")), 1, 2,
                4));
    CHECK(!apply(arena, "subset", FROM(in), WITH("bands", "b9")));
    CHECK(error_says("the input has no band b9\n"));
}

// After a Resample: one grid in, one grid out.
TEST(angles_on_the_grid_of_the_bands_are_cut_as_they)
{
    nd_node *in = PIXELS(4, 1, 0, 1, 2, 3, 10, 11, 12, 13);
    in->band[1].role = ND_ANGLE;
    nd_node *out = apply(arena, "subset", FROM(in), WITH("region", "1,0,2,1"));
    CHECK(READS(out, 1, 2, 11, 12));
}

// Bands of two inputs whatever their sizes.
static nd_status stack_plan(nd_node *self)
{
    nd_source *from = nd_alloc(self->arena, 2, sizeof *from);
    self->band = nd_alloc(self->arena, 2, sizeof *self->band);
    if (!from || !self->band) return ND_E_MEMORY;
    self->bands = 2, self->state = from, from[1].input = 1;
    for (int b = 0; b < 2; b++) self->band[b] = self->input[b]->band[0];
    self->band[1].name = "coarse";
    return ND_OK;
}
static nd_status stack_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return nd_forward(self, work, self->state, 0, 0, tile);
}
static const nd_op op_stack = {.name = "stack",
                               .min_inputs = 2,
                               .max_inputs = 2,
                               .levels = ND_EXACT,
                               .plan = stack_plan,
                               .compute = stack_compute};

// A 10 m band of 12 x 12 pixels and a 20 m band of 6 x 6 under it.
static nd_node *two_sizes(nd_arena *arena)
{
    float fine[144], coarse[36];
    for (int i = 0; i < 144; i++) fine[i] = (float)i;
    for (int i = 0; i < 36; i++) coarse[i] = (float)(1000 + i);
    nd_node *a = picture(arena, 12, 12, fine, 144), *b = picture(arena, 6, 6, coarse, 36);
    b->band[0].grid.pixel_x = 20, b->band[0].grid.pixel_y = -20;
    return apply_op(arena, &op_stack, FROM(a, b), DEFAULTS);
}

// Of a product without a crs both bands show the same, each in its own pixels.
TEST(a_region_of_a_product_without_a_place_is_the_same_share_of_each_band)
{
    nd_node *in = two_sizes(arena);
    if (!in) return;
    for (int b = 0; b < 2; b++)
        in->band[b].grid.x = in->band[b].grid.y = 0, in->band[b].grid.pixel_x = 1,
        in->band[b].grid.pixel_y = -1;
    nd_node *out = apply(arena, "Subset", FROM(in), WITH("region", "4,2,4,6"));
    CHECK(out && out->band[0].grid.width == 4 && out->band[0].grid.height == 6);
    CHECK(out && out->band[1].grid.width == 2 && out->band[1].grid.height == 3);
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    // Rows 1 to 3, columns 2 and 3 of 6 x 6.
    const float want[] = {1008, 1009, 1014, 1015, 1020, 1021};
    for (int i = 0; out && i < 6; i++) CHECK(got[i] == want[i]);
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got) && got[0] == 28);
}

TEST(bands_of_other_sizes_keep_the_same_ground)
{
    nd_node *in = two_sizes(arena);
    nd_node *out = apply(arena, "subset", FROM(in), WITH("region", "2,4,4,2"));
    CHECK(READS(out, 50, 51, 52, 53, 62, 63, 64, 65, 1013, 1014));
    CHECK(out && out->band[1].grid.x == 20 && out->band[1].grid.y == -40);
    // Half a pixel at the end is dropped, as SNAP does: 2331 for 4663 / 2.
    out = apply(arena, "subset", FROM(in), WITH("region", "2,4,5,2"));
    CHECK(READS(out, 50, 51, 52, 53, 54, 62, 63, 64, 65, 66, 1013, 1014));
    // In pixels of the other band the same numbers are twice as much ground.
    out = apply(arena, "subset", FROM(in),
                WITH("region", "1,2,2,1", "referenceBand", "coarse"));
    CHECK(READS(out, 50, 51, 52, 53, 62, 63, 64, 65, 1013, 1014));
}

// Regions that begin in the middle of a coarse pixel, somewhere in degrees: no rounding
// makes the part of a coarse band wider or narrower.
TEST(a_region_of_odd_pixels_keeps_as_many_coarse_ones_wherever_it_lies)
{
    static const char *const regions[] = {"1,0,4,4", "3,0,4,4", "5,0,4,4", "7,0,4,4"};
    nd_node *in = two_sizes(arena);
    if (!in) return;
    for (int b = 0; b < 2; b++) {
        nd_grid *g = &in->band[b].grid;
        *g = (nd_grid){g->width,       g->height,       -9.5,  51,
                       1e-4 * (1 + b), -1e-4 * (1 + b), &wgs84};
    }
    for (int i = 0; i < 4; i++) {
        nd_node *out = apply(arena, "subset", FROM(in), WITH("region", regions[i]));
        CHECK(out && out->band[1].grid.width == 2 && out->band[1].grid.height == 2);
        const float *got = NULL;
        // A centre on the edge belongs to what begins there: pixel 0 for region 1.
        CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got) &&
              got[0] == (float)(1000 + i));
    }
}

static nd_node *textured(nd_arena *arena, int width, int height)
{
    float *value = nd_alloc(arena, (size_t)(width * height), sizeof *value);
    for (int i = 0; value && i < width * height; i++)
        value[i] = (float)(i * 7 % 1013 + i * i % 61);
    return value ? picture(arena, width, height, value, (size_t)(width * height)) : NULL;
}

TEST(a_level_is_the_average_wherever_the_part_begins_and_ends)
{
    static const char *const regions[] = {"0,0,64,48", "8,16,32,24", "8,8,37,21",
                                          "3,5,40,30", "2,4,0,0",    "16,16,0,0",
                                          "1,0,63,47", "4,12,11,7",  "32,32,33,17"};
    nd_node *in = textured(arena, 67, 53);
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        nd_node *out = apply(arena, "subset", FROM(in), WITH("region", regions[i]));
        const float *whole = NULL;
        for (int level = 1; level < 6; level++) {
            CHECK(out && is_average(arena, out, 0, level));
            CHECK(out && reads_alike(arena, out, ND_BANDS(0), level, &whole));
        }
    }
}

// A picture whose pixels say in which column their middle lies; its levels are declared
// to be approximations, as those of JPEG 2000 are.
static nd_status ramp_plan(nd_node *self)
{
    self->band = nd_alloc(self->arena, 1, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    self->bands = 1;
    *self->band = (nd_band){.name = "x", .grid = {999, 40, 0, 0, 10, -10, NULL}};
    return ND_OK;
}
static nd_status ramp_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    (void)self, (void)work;
    for (int y = tile->rect.y; y < tile->rect.y + tile->rect.height; y++)
        for (int x = tile->rect.x; x < tile->rect.x + tile->rect.width; x++)
            *nd_at(tile, 0, x, y) = (float)nd_level0(x, tile->level);
    return ND_OK;
}

TEST(over_rough_levels_a_level_lies_an_eighth_of_a_pixel_off_at_most)
{
    static const nd_op ramp = {
        .name = "ramp", .levels = ND_REDUCED, .plan = ramp_plan, .compute = ramp_compute};
    nd_node *in = apply_op(arena, &ramp, FROM(NULL), DEFAULTS);
    nd_node *out =
        in ? apply(arena, "subset", FROM(in), WITH("region", "37,5,800,30")) : NULL;
    const float *got;
    for (int level = 0; level < 6; level++) {
        CHECK(out && reads_alike(arena, out, ND_BANDS(0), level, &got));
        for (int x = 0; out && x < 800 >> level; x++)
            CHECK(fabs((double)got[x] - 37 - nd_level0(x, level)) <= (1 << level) / 8.0);
    }
}

TEST(a_level_of_a_thinned_picture_is_the_average_of_what_is_left)
{
    nd_node *out =
        apply(arena, "subset", FROM(textured(arena, 67, 53)),
              WITH("region", "3,2,0,0", "subSamplingX", "2", "subSamplingY", "3"));
    for (int level = 1; level < 4; level++)
        CHECK(out && is_average(arena, out, 0, level));
}

// Corners by GDAL 3.6 with PROJ 9.1: (4, 52) is at 568649.7049, 5761510.3166 and
// (4.01, 51.99) at 569352.3 5760407.4 in UTM zone 31N; every pixel touched is kept.
TEST(ground_is_given_in_degrees_and_kept_in_pixels)
{
    nd_node *in = textured(arena, 100, 100);
    in->band[0].grid = (nd_grid){100, 100, 568000, 5762000, 50, -50, &utm31};
    nd_node *out =
        apply(arena, "subset", FROM(in),
              WITH("geoRegion", "POLYGON((4 52,4.01 52,4.01 51.99,4 51.99,4 52))"));
    // Left edge lies at 568649.7 (upper corner), top at 5761517.1 (right corner).
    CHECK(out && out->band[0].grid.x == 568600 && out->band[0].grid.y == 5761550);
    CHECK(!apply(arena, "subset", FROM(in),
                 WITH("geoRegion", "POLYGON((9 52,9.1 52,9.1 51.9,9 52))")));
    CHECK(error_says("subset: the region lies outside of the picture\n"
                     "give a region that overlaps it"));
    CHECK(!apply(arena, "subset", FROM(in), WITH("geoRegion", "POLYGON((9 52")));
    CHECK(error_says("is no shape in WKT"));
}

TEST(a_shape_leaves_no_data_around_it)
{
    nd_node *in = PIXELS(4, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    in->band[0].grid = (nd_grid){4, 4, 0, 4, 1, -1, &wgs84};
    CHECK(READS(apply(arena, "subset", FROM(in),
                      WITH("polygonRegion", "POLYGON((1 0, 4 0, 4 3.3, 1 0))",
                           "subSamplingX", "2")),
                NAN, NAN, NAN, NAN, NAN, 7, NAN, 10, 11, 13, 14, 15));
}

TEST(the_box_of_a_file_of_shapes_is_kept)
{
    const char *folder = getenv("TMPDIR");
    const char *path = nd_text(arena, "%s/nadir-%ld-aoi.geojson",
                               folder ? folder : "/tmp", (long)getpid());
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fputs("{\"type\":\"Polygon\",\"coordinates\":"
          "[[[1.2,0.4],[2.6,0.4],[2.6,1.4],[1.2,0.4]]]}",
          file);
    fclose(file);
    nd_node *in = PIXELS(4, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    in->band[0].grid = (nd_grid){4, 4, 0, 4, 1, -1, &wgs84};
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("aoi", path)), 9, 10, 13, 14));
    CHECK(READS(apply(arena, "subset", FROM(in), WITH("vectorFile", path)), NAN, NAN, 13,
                14));
    remove(path);
}

TEST(a_region_that_is_none_is_refused)
{
    nd_node *in = PIXELS(2, 1, 1, 2);
    CHECK(!apply(arena, "subset", FROM(in), WITH("region", "1,2,three,4")));
    CHECK(error_says("subset: region: 1,2,three,4 is not x,y,width,height\n"
                     "write four whole numbers, as in 0,0,512,512"));
    CHECK(!apply(arena, "subset", FROM(in), WITH("region", "2,0,1,1")));
    CHECK(error_says("region: 2,0,1,1 begins outside of the picture\n"
                     "it has 2 x 1 pixels"));
    CHECK(!apply(arena, "subset", FROM(in), WITH("geoRegion", "POINT(1 2)")));
    CHECK(error_says("the picture has no coordinate system"));
}
