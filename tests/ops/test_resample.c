// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/geo.h>

// Bands of pixels of their own size over the same ground, from one picture each.
static nd_status stack_plan(nd_node *self)
{
    self->bands = self->inputs;
    self->band = nd_alloc(self->arena, (size_t)self->bands, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int i = 0; i < self->inputs; i++) {
        self->band[i] = self->input[i]->band[0];
        self->band[i].name = nd_text(self->arena, "s%d", i + 1);
    }
    return ND_OK;
}
static nd_status stack_compute(const nd_node *self, nd_work *work, nd_tile *tile)
{
    for (int k = 0; k < tile->bands.count; k++) {
        nd_tile in;
        ND_TRY(nd_read(self->input[tile->bands.band[k]], work, ND_BANDS(0), tile->level,
                       tile->rect, &in));
        for (int y = tile->rect.y; y < tile->rect.y + tile->rect.height; y++)
            memcpy(nd_at(tile, k, tile->rect.x, y), nd_at(&in, 0, tile->rect.x, y),
                   (size_t)tile->rect.width * sizeof(float));
    }
    return ND_OK;
}
static const nd_op op_stack = {.name = "stack",
                               .min_inputs = 1,
                               .max_inputs = -1,
                               .levels = ND_EXACT,
                               .plan = stack_plan,
                               .compute = stack_compute};

static nd_node *sized(nd_arena *arena, nd_node *node, double side)
{
    if (!node) return NULL;
    node->band[0].grid.pixel_x = side, node->band[0].grid.pixel_y = -side;
    node->band[0].grid.crs = nd_crs_new(arena, "EPSG:32631");
    return node;
}
#define STACK(...) apply_op(arena, &op_stack, FROM(__VA_ARGS__), DEFAULTS)
#define SIZED(side, width, height, ...)                                                  \
    sized(arena, PIXELS(width, height, __VA_ARGS__), side)

// One pixel of 20 m and its neighbours beside a grid of 10 m; s1 only says the size.
static nd_node *two(nd_arena *arena)
{
    return STACK(SIZED(10, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0), SIZED(20, 2, 1, 10, 20));
}

static nd_node *strictly(nd_arena *arena, nd_node *in, const char *const *with)
{
    const nd_op *op = nd_op_find(nd_ops, "Resample");
    nd_settings settings;
    if (!op || !in || nd_settings_new(arena, &op->table, &settings) != ND_OK) return NULL;
    for (; *with; with += 2)
        if (nd_settings_set(arena, &settings, with[0], with[1]) != ND_OK) return NULL;
    return nd_node_new(
        arena,
        &(nd_make){
            .op = op, .input = &in, .inputs = 1, .settings = &settings, .strict = true});
}

TEST(nearest_repeats_pixels_and_leaves_the_reference_alone)
{
    nd_node *in = STACK(SIZED(10, 4, 2, 1, 2, 3, 4, 5, 6, 7, 8), SIZED(20, 2, 1, 10, 20));
    nd_node *out = apply(arena, "Resample", FROM(in), WITH("referenceBand", "s1"));
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8, 10, 10, 20, 20, 10, 10, 20, 20));
    CHECK(out && strcmp(out->name, "pixels_resampled") == 0);
}

// SNAP: u = dx / 2 - 0.5 between centres: -0.5, 0, 0.5, 1 of [10 | 20].
TEST(bilinear_samples_where_snap_does)
{
    nd_node *out = apply(arena, "Resample", FROM(two(arena)),
                         WITH("referenceBand", "s1", "upsampling", "Bilinear"));
    CHECK(READS(out, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 15, 20, 10, 10, 15, 20));
}

// GDAL: u = (dx + 0.5) / 2 - 0.5: -0.25, 0.25, 0.75, 1.25.
TEST(bilinear_samples_at_centres_when_asked)
{
    nd_node *out = apply(
        arena, "Resample", FROM(two(arena)),
        WITH("referenceBand", "s1", "upsampling", "Bilinear", "sample_at", "Centre"));
    CHECK(READS(out, 0, 0, 0, 0, 0, 0, 0, 0, 10, 12.5f, 17.5f, 20, 10, 12.5f, 17.5f, 20));
}

// Three to one: (dx + 0.5) / 3 - 0.5 = -1/3, 0, 1/3 around each centre.
TEST(bilinear_by_three_and_down_the_rows)
{
    nd_node *in =
        STACK(SIZED(10, 3, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
              SIZED(30, 1, 2, 3, 9));
    nd_node *out = apply(
        arena, "Resample", FROM(in),
        WITH("referenceBand", "s1", "upsampling", "Bilinear", "sample_at", "Centre"));
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    const float want[] = {3, 3, 5, 7, 9, 9};
    for (int i = 0; got && i < 18; i++) CHECK(is_near(got[i], want[i / 3]));
}

TEST(missing_pixels_give_their_weight_away_unless_strict)
{
    nd_node *in = STACK(SIZED(10, 6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
                        SIZED(20, 3, 1, 10, NAN, 30));
    nd_node *out = apply(
        arena, "Resample", FROM(in),
        WITH("referenceBand", "s1", "upsampling", "Bilinear", "sample_at", "Centre"));
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    const float want[] = {10, 10, NAN, NAN, 30, 30};
    for (int i = 0; got && i < 12; i++) CHECK(is_near(got[i], want[i % 6]));
    // Strictly any missing tap, and all beyond the edge, makes none.
    in = STACK(SIZED(10, 6, 6, [35] = 0), SIZED(20, 3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    out = strictly(arena, in, WITH("referenceBand", "s1", "upsampling", "Bilinear"));
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    CHECK(got && isnan(got[0]) && isnan(got[5]) && got[7] == 1 && got[8] == 1.5f);
    CHECK(got && got[14] == 3 && isnan(got[35]));
}

// Keys at a half: -1, 9, 9, -1 of 16 of 1, 5, 2, 8.
TEST(bicubic_weighs_four)
{
    nd_node *in = STACK(SIZED(10, 8, 2, [15] = 0), SIZED(20, 4, 1, 1, 5, 2, 8));
    nd_node *out = apply(arena, "Resample", FROM(in),
                         WITH("referenceBand", "s1", "upsampling", "Bicubic"));
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    // One row has no four rows around it: bilinear takes over, at 1.5 of [5 | 2].
    CHECK(got && got[4] == 3.5f);
    float tall[16];
    for (int i = 0; i < 16; i++) tall[i] = (const float[]){1, 5, 2, 8}[i % 4];
    in = STACK(SIZED(10, 8, 8, [63] = 0),
               sized(arena, picture(arena, 4, 4, tall, 16), 20));
    out = apply(arena, "Resample", FROM(in),
                WITH("referenceBand", "s1", "upsampling", "Bicubic"));
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    CHECK(got && is_near(got[4 * 8 + 4], (-1 + 45 + 18 - 8) / 16.0f));
    out = strictly(arena, in, WITH("referenceBand", "s1", "upsampling", "Bicubic"));
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    CHECK(got && is_near(got[4 * 8 + 4], (-1 + 45 + 18 - 8) / 16.0f));
}

static nd_node *down(nd_arena *arena, const char *how)
{
    nd_node *in =
        STACK(SIZED(20, 2, 1, 0, 0), SIZED(10, 4, 2, 1, 2, 3, NAN, 6, 7, NAN, NAN));
    return apply(arena, "Resample", FROM(in),
                 WITH("referenceBand", "s1", "downsampling", how));
}

TEST(fewer_pixels_are_first_least_most_mean_or_median)
{
    CHECK(READS(down(arena, "First"), 0, 0, 1, 3));
    CHECK(READS(down(arena, "Min"), 0, 0, 1, 3));
    CHECK(READS(down(arena, "Max"), 0, 0, 7, 3));
    CHECK(READS(down(arena, "Mean"), 0, 0, 4, 3));
    CHECK(READS(down(arena, "Median"), 0, 0, 4, 3)); // (2 + 6) / 2
}

// 10 m to 15 m: the second pixel counts half in the first and half in the second.
TEST(a_mean_weighs_parts_of_pixels_by_their_area)
{
    nd_node *in = STACK(SIZED(15, 2, 1, 0, 0), SIZED(10, 3, 2, 3, 6, 9, 3, 6, 9));
    in->band[0].grid.pixel_y = -20;
    nd_node *out = apply(arena, "Resample", FROM(in),
                         WITH("referenceBand", "s1", "downsampling", "Mean"));
    CHECK(READS(out, 0, 0, 4, 8));
}

// Rows of 60 m are three of 20 m each: 3 times 20/60 is 1, not a little less.
TEST(a_pixel_on_an_edge_is_of_the_row_that_begins_there_strictly)
{
    nd_node *in =
        STACK(SIZED(20, 1, 27, [26] = 0), SIZED(60, 1, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8));
    nd_node *out =
        strictly(arena, in, WITH("referenceBand", "s1", "upsampling", "Nearest"));
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(1), 0, &got));
    for (int i = 0; got && i < 27; i++) CHECK(got[i] == (float)(i / 3));
}

TEST(whole_numbers_are_cut_towards_zero_strictly)
{
    nd_node *in = STACK(SIZED(20, 1, 1, 0), SIZED(10, 2, 2, 1, 2, 2, 2));
    in->band[1].sample = ND_I16, in->band[1].no_data = (double)NAN;
    CHECK(READS(apply(arena, "Resample", FROM(in),
                      WITH("referenceBand", "s1", "downsampling", "Mean")),
                0, 1.75f));
    CHECK(READS(strictly(arena, in, WITH("referenceBand", "s1", "downsampling", "Mean")),
                0, 1));
}

static nd_node *flags(nd_arena *arena, const char *how)
{
    // Bits: 1 in all four, 2 in three, 4 in two, 8 in one.
    nd_node *in = STACK(SIZED(20, 1, 1, 0), SIZED(10, 2, 2, 15, 7, 3, 1));
    in->band[1].kind = ND_FLAGS;
    return apply(
        arena, "Resample", FROM(in),
        WITH("referenceBand", "s1", "downsampling", "Mean", "flagDownsampling", how));
}

TEST(flags_have_ways_of_their_own)
{
    CHECK(READS(flags(arena, "First"), 0, 15));
    CHECK(READS(flags(arena, "FlagAnd"), 0, 1));
    CHECK(READS(flags(arena, "FlagOr"), 0, 15));
    CHECK(READS(flags(arena, "FlagMedianAnd"), 0, 3));
    CHECK(READS(flags(arena, "FlagMedianOr"), 0, 7));
}

TEST(classes_are_never_mixed)
{
    nd_node *in = two(arena);
    in->band[1].kind = ND_CLASS;
    nd_node *out = apply(arena, "Resample", FROM(in),
                         WITH("referenceBand", "s1", "upsampling", "Bilinear"));
    CHECK(READS(out, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10, 20, 20, 10, 10, 20, 20));
    in = STACK(SIZED(20, 1, 1, 0), SIZED(10, 2, 2, 4, 8, 8, 8));
    in->band[1].kind = ND_CLASS;
    CHECK(READS(apply(arena, "Resample", FROM(in),
                      WITH("referenceBand", "s1", "downsampling", "Mean")),
                0, 4));
}

TEST(the_size_may_be_said_by_numbers_or_by_metres)
{
    nd_node *in = SIZED(10, 4, 2, 1, 2, 3, 4, 5, 6, 7, 8);
    nd_node *out =
        apply(arena, "Resample", FROM(in),
              WITH("targetWidth", "2", "targetHeight", "1", "downsampling", "Mean"));
    CHECK(READS(out, 3.5f, 5.5f));
    CHECK(out && out->band[0].grid.pixel_x == 20 && out->band[0].grid.x == 0);
    out = apply(arena, "Resample", FROM(in),
                WITH("targetResolution", "30", "downsampling", "Max"));
    CHECK(READS(out, 7, 8)); // ceil(40 / 30) x ceil(20 / 30)
    CHECK(out && out->band[0].grid.pixel_y == -30);
}

TEST(where_only_centres_meet_the_corner_moves)
{
    nd_node *in = STACK(SIZED(10, 4, 4, [15] = 0), SIZED(20, 2, 2, [3] = 0));
    in->band[1].grid.x = -5, in->band[1].grid.y = 5;
    nd_node *out = apply(arena, "Resample", FROM(in), WITH("targetResolution", "20"));
    CHECK(out && out->band[0].grid.x == -5 && out->band[0].grid.y == 5);
    in->band[1].grid.x = -7;
    CHECK(!apply(arena, "Resample", FROM(in), WITH("targetResolution", "20")));
    CHECK(error_says("the bands neither share their upper left corner nor the centre of "
                     "their first pixel\ngive a reference_band"));
}

TEST(single_bands_may_be_an_exception)
{
    nd_node *in = STACK(SIZED(20, 1, 1, 0), SIZED(10, 2, 2, 1, 2, 3, 4),
                        SIZED(10, 2, 2, 1, 2, 3, 4));
    nd_node *out =
        apply(arena, "Resample", FROM(in),
              WITH("referenceBand", "s1", "bandResamplings", "s2:Bilinear:Max"));
    CHECK(READS(out, 0, 4, 1));
    out = apply(arena, "Resample", FROM(in), // the order of SNAP's own tests
                WITH("referenceBand", "s1", "bandResamplings", "s2:Max:Bilinear"));
    CHECK(READS(out, 0, 4, 1));
    CHECK(!apply(arena, "Resample", FROM(in),
                 WITH("referenceBand", "s1", "bandResamplings", "s2:Max:Mean")));
    CHECK(error_says("s2:Max:Mean is no way to resample\nwrite band:"));
    CHECK(!apply(arena, "Resample", FROM(in),
                 WITH("referenceBand", "s1", "bandResamplings", "s2:Bilinear:Mox")));
    CHECK(error_says("s2:Bilinear:Mox is no way to resample\nwrite band:"));
    CHECK(!apply(arena, "Resample", FROM(in),
                 WITH("referenceBand", "s1", "resamplingPreset", "/nowhere/p")));
    CHECK(error_says("there is no file /nowhere/p\n"));
}

TEST(the_size_must_be_said_once)
{
    nd_node *in = two(arena);
    CHECK(!apply(arena, "Resample", FROM(in), DEFAULTS));
    CHECK(error_says("the new size must be said once\ngive one of"));
    CHECK(!apply(arena, "Resample", FROM(in),
                 WITH("referenceBand", "s1", "targetResolution", "10")));
    CHECK(error_says("the new size must be said once\n"));
    CHECK(!apply(arena, "Resample", FROM(in), WITH("targetResolution", "0.0000001")));
    CHECK(error_says("pixels\nchoose another target_resolution"));
    CHECK(!apply(arena, "Resample", FROM(in), WITH("targetWidth", "5")));
    CHECK(error_says("5 x 0 pixels\n"));
    CHECK(!apply(arena, "Resample", FROM(in), WITH("referenceBand", "s3")));
    CHECK(error_says("the input has no band s3\n"));
}

TEST(levels_are_cut_alike_whatever_is_done)
{
    float v[40 * 40];
    for (int i = 0; i < 1600; i++)
        v[i] = i % 37 ? (float)(100 * nd_random_unit(5, (uint64_t)i)) : NAN;
    nd_node *in = STACK(sized(arena, picture(arena, 40, 40, v, 1600), 10),
                        sized(arena, picture(arena, 20, 20, v, 400), 20),
                        sized(arena, picture(arena, 7, 7, v, 49), 60));
    static const char *const side[] = {"10", "20", "60", "7", "25"};
    const float *got;
    for (int i = 0; i < 5; i++) {
        nd_node *out = apply(arena, "Resample", FROM(in),
                             WITH("targetResolution", side[i], "upsampling", "Bilinear",
                                  "downsampling", "Mean"));
        for (int level = 0; level < 3; level++)
            CHECK(out && reads_alike(arena, out, ND_BANDS(0, 1, 2), level, &got));
    }
}

TEST(s2_resampling_has_its_own_defaults_and_keeps_what_is_named)
{
    nd_node *in = STACK(SIZED(10, 6, 6, [35] = 36), SIZED(60, 1, 1, 5),
                        SIZED(60, 1, 1, 7), SIZED(10, 6, 6, 1, [35] = 0));
    in->band[3].role = ND_MASK;
    nd_node *out = apply(arena, "S2Resampling", FROM(in), DEFAULTS);
    CHECK(READS(out, 1, 5, 7, 1)); // the mean of 36 pixels; a mask's first
    out = apply(arena, "S2Resampling", FROM(in), WITH("bands", "s1,s3"));
    CHECK(READS(out, 1, 7, 1));
    CHECK(!apply(arena, "S2Resampling", FROM(in), WITH("bands", "s9")));
    CHECK(error_says("the input has no band s9\n"));
}
