// SPDX-License-Identifier: Apache-2.0
#include "../raster/engine.h"
#include <nadir/geo.h>
#include <nadir/product.h>

#define MATHS(in, text) apply(arena, "band_maths", FROM(in), WITH("expression", text))

TEST(makes_a_band_of_others)
{
    nd_node *in = PIXELS(2, 1, 1, 5, 3, 1);
    nd_node *out =
        apply(arena, "BandMaths", FROM(in),
              WITH("expression", "(b2 - b1) / (b2 + b1)", "name", "ndvi", "unit", "1"));
    CHECK(READS(out, 0.5f, -4 / 6.0f));
    CHECK(out && strcmp(out->band[0].name, "ndvi") == 0 &&
          out->band[0].sample == ND_F32 && isnan(out->band[0].no_data));
    CHECK(out && strcmp(out->name, "pixels_BandMath") == 0);
}

TEST(no_data_stays_no_data_and_what_is_infinite_becomes_it)
{
    nd_node *in = PIXELS(4, 1, 1, NAN, 0, -1);
    CHECK(READS(MATHS(in, "2 / b1"), 2, NAN, NAN, -2));
    CHECK(READS(MATHS(in, "log(b1)"), 0, NAN, NAN, NAN));
    CHECK(READS(MATHS(in, "b1 > 0 ? 7 : NaN"), 7, NAN, NAN, NAN));
}

TEST(strict_mode_counts_with_the_number_that_means_no_data)
{
    nd_node *in = PIXELS(3, 1, 1, NAN, 3);
    in->band[0].no_data = -10, in->band[0].scale = 0.5, in->band[0].offset = 1;
    CHECK(READS(MATHS(in, "b1 + 1"), 2, NAN, 4));
    nd_node *out =
        apply_strict(arena, "BandMaths", FROM(in), WITH("expression", "b1 + 1"));
    CHECK(READS(out, 2, -3, 4)); // 1 + 0.5 * -10 = -4
}

TEST(several_targets_as_snap_writes_them)
{
    nd_node *in = PIXELS(3, 1, 1, 2, 300);
    nd_node *out = apply(
        arena, "BandMaths", FROM(in),
        WITH("targetBands",
             "[{\"name\":\"half\",\"type\":\"float32\",\"expression\":\"b1 * f\","
             "\"description\":\"d\",\"unit\":\"m\",\"noDataValue\":1.0,"
             "\"spectralWavelength\":\"null\",\"spectralBandIndex\":\"null\"},"
             "{\"name\":\"small\",\"type\":\"uint8\",\"expression\":\"b1 * 1.9\"},"
             "{\"name\":\"mask\",\"type\":\"uint8\",\"expression\":\"b1 > 1.5 && on\"}]",
             "variables",
             "[{\"name\":\"f\",\"type\":\"float32\",\"value\":0.5},"
             "{\"name\":\"on\",\"type\":\"boolean\",\"value\":\"true\"}]"));
    CHECK(READS(out, 0.5f, NAN, 150, 1, 3, 255, 0, 1, 1));
    CHECK(out && out->band[0].no_data == 1 && strcmp(out->band[0].help, "d") == 0 &&
          strcmp(out->band[0].unit, "m") == 0 && out->band[0].wavelength_nm == 0);
    CHECK(out && out->band[1].sample == ND_U8 && out->band[2].kind == ND_CLASS);
}

TEST(strict_mode_wraps_whole_numbers_around)
{
    nd_node *in = PIXELS(4, 1, 300, -1, NAN, 1.9f);
    nd_node *out = apply_strict(arena, "BandMaths", FROM(in),
                                WITH("expression", "b1", "type", "uint8"));
    CHECK(READS(out, 44, 255, 0, 1));
    out = apply(arena, "BandMaths", FROM(in), WITH("expression", "b1", "type", "uint8"));
    CHECK(READS(out, 255, 0, NAN, 1));
}

TEST(scaled_targets_hold_what_their_file_can)
{
    nd_node *in = PIXELS(2, 1, 1.26f, 2);
    nd_node *out = apply(arena, "BandMaths", FROM(in),
                         WITH("targetBands",
                              "[{\"name\":\"s\",\"type\":\"int16\",\"expression\":\"b1\","
                              "\"scalingFactor\":0.5,\"scalingOffset\":-1,"
                              "\"noDataValue\":9}]"));
    // (1.26 + 1) / 0.5 = 4.52, cut to 4: 4 * 0.5 - 1.
    CHECK(READS(out, 1, 2));
    CHECK(out && out->band[0].no_data == 20 && out->band[0].scale == 0.5);
}

TEST(valid_expressions_make_no_data_elsewhere)
{
    nd_node *in = PIXELS(2, 1, 1, 5);
    const char *targets = "[{\"name\":\"v\",\"expression\":\"b1\",\"validExpression\":"
                          "\"b1 > 2\"}]";
    CHECK(
        READS(apply(arena, "BandMaths", FROM(in), WITH("targetBands", targets)), NAN, 5));
    CHECK(READS(apply_strict(arena, "BandMaths", FROM(in), WITH("targetBands", targets)),
                1, 5));
}

TEST(names_bands_of_several_inputs)
{
    nd_node *a = PIXELS(1, 1, 1, 2), *b = PIXELS(1, 1, 10, 20);
    nd_node *out = apply(arena, "BandMaths", FROM(a, b),
                         WITH("expression",
                              "b1 + $2.b1 + $sourceProduct.1.b2 * 100 + $1.b2 * 1000 + "
                              "${sourceProduct}.b1 * 1e4"));
    CHECK(READS(out, 1 + 10 + 2000 + 2000 + 10000));
}

// A product of two sizes, as Sentinel-2's: each target has the grid of what it reads.
TEST(each_target_has_the_grid_of_its_own_sources)
{
    nd_node *fine = PIXELS(4, 2, 1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40, 50, 60, 70, 80);
    nd_node *coarse = PIXELS(2, 1, 100, 200, 7, 9);
    const char *targets = "[{\"name\":\"f\",\"expression\":\"b1 + b2\"},"
                          "{\"name\":\"c\",\"expression\":\"$2.b1 - $2.b2\"},"
                          "{\"name\":\"g\",\"expression\":\"b2 * 2 + X\"},"
                          "{\"name\":\"d\",\"expression\":\"$2.b1 + X\"},"
                          "{\"name\":\"none\",\"expression\":\"Y\"}]";
    nd_node *out =
        apply(arena, "BandMaths", FROM(fine, coarse), WITH("targetBands", targets));
    CHECK(READS(out, 11, 22, 33, 44, 55, 66, 77, 88, 93, 191, 20.5f, 41.5f, 62.5f, 83.5f,
                100.5f, 121.5f, 142.5f, 163.5f, 100.5f, 201.5f, 0.5f, 0.5f, 0.5f, 0.5f,
                1.5f, 1.5f, 1.5f, 1.5f));
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(1, 3), 0, &got) && got[1] == 191 &&
          got[3] == 201.5f);
    CHECK(out && out->levels == ND_REDUCED);
}

// The sums 3 and 9 feed a further sum, as one chain of rows.
TEST(rows_behind_targets_of_several_grids_take_those_of_their_own)
{
    nd_node *fine = PIXELS(2, 1, 1, 2), *coarse = PIXELS(1, 1, 9);
    nd_node *both =
        apply(arena, "BandMaths", FROM(fine, coarse),
              WITH("targetBands", "[{\"name\":\"c\",\"expression\":\"$2.b1 * 2\"},"
                                  "{\"name\":\"f\",\"expression\":\"b1 * 3\"}]"));
    nd_node *out = both ? MATHS(both, "f + 1") : NULL;
    CHECK(READS(out, 4, 7));
    out = both ? MATHS(both, "c + 1") : NULL;
    CHECK(READS(out, 19));
    CHECK(both && !MATHS(both, "c + f"));
    CHECK(error_says("band c is 1 x 1 pixels, f is 2 x 1, or they lie apart"));
}

TEST(more_targets_than_63_lie_on_several_grids)
{
    nd_buffer text = {.arena = arena};
    nd_node *fine = PIXELS(2, 1, 1, 2), *coarse = PIXELS(1, 1, 9);
    for (int i = 0; i < 130; i++)
        nd_buffer_add(&text, "%s{\"name\":\"t%d\",\"expression\":\"%s + %d\"}",
                      i ? "," : "[", i, i % 2 ? "$2.b1" : "b1", i);
    nd_buffer_add(&text, "]");
    nd_node *out = apply(arena, "BandMaths", FROM(fine, coarse),
                         WITH("targetBands", nd_buffer_text(&text)));
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(128), 0, &got) && got[1] == 130);
    CHECK(out && reads_alike(arena, out, ND_BANDS(1, 127, 129), 0, &got) &&
          got[0] == 10 && got[1] == 136 && got[2] == 138);
}

TEST(knows_masks_flags_and_facts_of_bands)
{
    static const nd_label labels[] = {{2, "CLOUD", NULL, 0}, {4, "WATER", NULL, 0}};
    nd_node *in = PIXELS(3, 1, 2, 6, 1, 0, 1, 1, 9, 9, 9);
    in->band[0].kind = ND_FLAGS, in->band[0].label = labels, in->band[0].labels = 2;
    in->band[1].role = ND_MASK, in->band[2].no_data = 77;
    in->band[2].wavelength_nm = 665, in->band[2].scale = 0.1;
    CHECK(READS(MATHS(in, "b1.CLOUD and not b1.WATER"), 1, 0, 0));
    CHECK(READS(MATHS(in, "b2 ? b3.raw : 1"), 1, 9, 9));
    CHECK(READS(MATHS(in, "b3.no_data_value + b3.spectral_wavelength * 1000 + "
                          "b3.scaling_factor + b3.scaling_offset"),
                665077.1f, 665077.1f, 665077.1f));
}

TEST(a_mask_with_labels_has_numbers)
{
    static const nd_label labels[] = {{2, "detector_02", NULL, 0},
                                      {3, "detector_03", NULL, 0}};
    nd_node *in = PIXELS(3, 1, 2, 3, 0);
    in->band[0].role = ND_MASK, in->band[0].kind = ND_CLASS;
    in->band[0].label = labels, in->band[0].labels = 2;
    CHECK(READS(MATHS(in, "b1 * 10"), 20, 30, 0));
    CHECK(READS(MATHS(in, "b1 == 3 || b1.detector_02"), 1, 1, 0));
}

TEST(knows_where_and_when_a_pixel_is)
{
    nd_node *in = PIXELS(2, 2, 1, 1, 1, 1);
    in->band[0].grid = (nd_grid){
        2, 2, 500000, 4649776.22482, 100, -100, nd_crs_new(arena, "EPSG:32631")};
    CHECK(READS(MATHS(in, "X * 10 + Y"), 5.5f, 15.5f, 6.5f, 16.5f));
    // Pixel 0 lies 50 m east of the central meridian of zone 31, 3 degrees east; at
    // 42 degrees north a degree is 82 853 m (0.9996 of it on the map).
    CHECK(READS(MATHS(in, "round((LON - 3) * 1e4)"), 6, 18, 6, 18));
    CHECK(READS(MATHS(in, "round((LAT - 42) * 1e4)"), -5, -5, -14, -14));
    in->product = &(nd_product){.start = "2000-01-02T12:00:00.000Z",
                                .stop = "2000-01-02T12:00:08.640Z"};
    CHECK(READS(MATHS(in, "round((MJD - 1.5) * 1e6)"), 25, 25, 75, 75));
    in->product = NULL;
    CHECK(!MATHS(in, "TIME") && error_says("does not say when it was taken"));
    in->band[0].grid.crs = NULL;
    CHECK(!MATHS(in, "LAT") && error_says("does not say where it lies"));
}

TEST(a_linear_expression_is_exact_on_every_level)
{
    nd_node *in = PIXELS(2, 2, 1, 2, 3, 4, 5, 7, 1, 3);
    nd_node *out = MATHS(in, "2 * b1 - b2 + 1");
    const float *got;
    CHECK(out && out->levels == ND_EXACT);
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 1, &got) && got[0] == 2);
    CHECK(MATHS(in, "b1 * b2")->levels == ND_REDUCED);
    CHECK(MATHS(in, "b1 > 1")->levels == ND_REDUCED);
}

TEST(says_what_is_wrong_with_an_expression)
{
    nd_node *in = PIXELS(1, 1, 1, 2), *wide = PIXELS(2, 1, 1, 2);
    CHECK(!MATHS(in, "b1 + B9"));
    CHECK(error_says("band_maths: column 6 of \"b1 + B9\": there is no band or mask B9"));
    CHECK(!apply(arena, "BandMaths", FROM(in), DEFAULTS) &&
          error_says("expression is missing"));
    CHECK(!apply(arena, "BandMaths", FROM(in, wide), WITH("expression", "b1 + $2.b1")));
    CHECK(error_says("band b1 is 1 x 1 pixels, b1 is 2 x 1"));
    CHECK(!apply(arena, "BandMaths", FROM(in),
                 WITH("expression", "b1", "noDataValue", "none")) &&
          error_says("none is not a number"));
}

// A file's 16-bit numbers are added in float, which is exact; the quotient is rounded
// once.
TEST(whole_numbers_of_a_file_give_the_bits_of_doubles)
{
    counter c = {300, 200, 2, 64, ND_U16, 0, 0, -1};
    nd_node *out = apply(arena, "BandMaths", FROM(counted(arena, &c)),
                         WITH("expression", "(b1 - b2) / (b1 + b2)", "name", "index"));
    CHECK(out);
    const float *got =
        out ? run_all(arena, out, (how){1, 128, 1 << 20, false}, NULL) : NULL;
    int wrong = 0;
    for (int y = 0; got && y < 200; y++)
        for (int x = 0; x < 300; x++) {
            const double a = (double)pixel_of(0, x, y), b = (double)pixel_of(1, x, y);
            const float is = got[y * 300 + x], want = (float)((a - b) / (a + b));
            wrong += isfinite(want) ? is != want : !isnan(is);
        }
    CHECK(got && wrong == 0);
}
