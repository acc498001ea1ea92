// SPDX-License-Identifier: Apache-2.0
// Expected values: numpy, from the published formulas (doubles over float32 bands).
#include "../rasters.h"

enum { BANDS = 12 };
static const struct {
    const char *name;
    double nm;
} msi[BANDS] = {{"B1", 443},  {"B2", 490}, {"B3", 560},   {"B4", 665},
                {"B5", 705},  {"B6", 740}, {"B7", 783},   {"B8", 842},
                {"B8A", 865}, {"B9", 945}, {"B11", 1610}, {"B12", 2190}};

// Two pixels of Sentinel-2: a meadow, and a dry field.
static nd_node *scene(nd_arena *arena)
{
    nd_node *in =
        PIXELS(2, 1, .11f, .2f, .08f, .15f, .09f, .18f, .06f, .25f, .12f, .27f, .3f, .29f,
               .38f, .3f, .4f, .31f, .42f, .32f, .41f, .1f, .2f, .4f, .1f, .35f);
    for (int b = 0; in && b < BANDS; b++)
        in->band[b].name = msi[b].name, in->band[b].wavelength_nm = msi[b].nm;
    return in;
}

static const struct {
    const char *name;
    float value[2], flags[2];
} truth[] = {
    {"ndvi", {0.739130443f, 0.107142861f}, {0, 0}},
    {"savi", {0.531250009f, 0.0849056636f}, {0, 0}},
    {"tsavi", {-0.590909052f, -0.617647051f}, {0, 0}},
    {"msavi", {0.494738009f, 0.0771408725f}, {0, 0}},
    {"msavi2", {0.539444884f, 0.0778115027f}, {0, 0}},
    {"dvi", {0.340000007f, 0.0600000024f}, {0, 0}},
    {"rvi", {6.66666692f, 1.24000001f}, {0, 0}},
    {"pvi", {0.240416311f, 0.0424264086f}, {0, 0}},
    {"ipvi", {0.869565222f, 0.55357143f}, {0, 0}},
    {"wdvi", {0.310000008f, -0.0649999976f}, {0, 0}},
    {"tndvi", {1.11316236f, 0.779193725f}, {0, 0}},
    {"gndvi", {0.61702126f, 0.25f}, {0, 0}},
    {"gemi", {0.832039553f, 0.370933324f}, {0, 0}},
    {"arvi", {0.818181824f, -0.0606060483f}, {0, 0}},
    {"ndi45", {0.333333333f, 0.0384615583f}, {0, 0}},
    {"mtci", {3.00000031f, 0.99999851f}, {0, 0}},
    {"mcari", {0.108f, 0.0021600109f}, {0, 0}},
    {"reip", {724.444443f, 713.75f}, {0, 0}},
    {"s2rep", {724.444443f, 713.75f}, {0, 0}},
    {"ireci", {0.800000041f, 0.0537037128f}, {0, 0}},
    {"pssra", {6.3333334f, 1.20000005f}, {4, 4}},
    {"ndwi", {0.6f, -0.0606060483f}, {0, 0}},
    {"ndwi2", {-0.632653054f, -0.265306108f}, {0, 0}},
    {"mndwi", {-0.0526315666f, -0.320754692f}, {0, 0}},
    {"ndpi", {0.0526315666f, 0.320754692f}, {0, 0}},
    {"ndti", {-0.20000003f, 0.162790678f}, {0, 0}},
    {"bi", {0.0764852943f, 0.217830212f}, {0, 0}},
    {"bi2", {0.239234895f, 0.252322548f}, {0, 0}},
    {"ri", {4.9382708f, 10.716734f}, {4, 4}},
    {"ci", {-0.20000003f, 0.162790678f}, {0, 0}},
    {"bai", {8.53242291f, 11.7647057f}, {4, 4}},
    {"bain", {-0.140000004f, 0.340000004f}, {2, 0}},
    {"bcc", {0.347826079f, 0.258620694f}, {0, 0}},
    {"aweinsh", {-0.815000003f, -1.91999998f}, {2, 2}},
};

// The bands of all inputs, whatever their sizes.
static nd_status stack_plan(nd_node *self)
{
    static const nd_source from[] = {{0, 0}, {1, 0}};
    self->band = nd_alloc(self->arena, 2, sizeof *self->band);
    if (!self->band) return ND_E_MEMORY;
    for (int i = 0; i < 2; i++) self->band[i] = self->input[i]->band[0];
    self->bands = 2, self->state = from;
    return ND_OK;
}
static nd_status stack(const nd_node *self, nd_work *work, nd_tile *tile)
{
    return nd_forward(self, work, self->state, 0, 0, tile);
}
static const nd_op op_stack = {.name = "stack",
                               .min_inputs = 2,
                               .max_inputs = 2,
                               .levels = ND_EXACT,
                               .plan = stack_plan,
                               .compute = stack};

TEST(every_index_is_its_published_formula_and_flags_what_it_cannot_be)
{
    for (size_t i = 0; i < sizeof truth / sizeof *truth; i++) {
        nd_node *out = apply(arena, truth[i].name, FROM(scene(arena)), DEFAULTS);
        const bool ok = READS(out, truth[i].value[0], truth[i].value[1],
                              truth[i].flags[0], truth[i].flags[1]);
        if (!ok) printf("# %s\n", truth[i].name);
        CHECK(ok);
    }
    CHECK(sizeof truth / sizeof *truth == 34);
}

TEST(answers_to_snaps_name_and_names_its_bands_as_snap)
{
    for (size_t i = 0; i < sizeof truth / sizeof *truth; i++) {
        char snap[16];
        snprintf(snap, sizeof snap, "%sOp", truth[i].name);
        const nd_op *op = nd_op_find(nd_ops, snap);
        CHECK(op && strcmp(op->name, truth[i].name) == 0);
    }
    nd_node *out = apply(arena, "NdviOp", FROM(scene(arena)), DEFAULTS);
    CHECK(out && strcmp(out->name, "pixels_ndvi") == 0);
    CHECK(out && strcmp(out->band[0].name, "pixels_ndvi") == 0);
    CHECK(out && strcmp(out->band[1].name, "flags") == 0 && out->band[1].labels == 3);
    CHECK(out && out->band[1].kind == ND_FLAGS && out->band[1].sample == ND_I32);
    out = apply(arena, "ndvi", FROM(scene(arena)), WITH("name", "green"));
    CHECK(out && strcmp(out->band[0].name, "green") == 0);
}

TEST(expressions_name_it_by_its_short_name_too)
{
    nd_node *out = apply(arena, "ndvi", FROM(scene(arena)), DEFAULTS);
    out = apply(arena, "BandMaths", FROM(out),
                WITH("expression", "ndvi + pixels_ndvi + (flags.NEGATIVE ? 10 : 0)"));
    CHECK(READS(out, 2 * 0.739130467f, 2 * 0.107142851f));
}

TEST(factors_and_bands_may_be_given)
{
    nd_node *out = apply(arena, "NdviOp", FROM(scene(arena)),
                         WITH("redFactor", "2", "nirFactor", "0.5", "redSourceBand", "B3",
                              "nirSourceBand", "B8A"));
    // (0.21 - 0.18) / 0.39, (0.16 - 0.36) / 0.52
    CHECK(READS(out, 0.0769230769f, -0.384615385f, 0, 0));
    out = apply(arena, "savi", FROM(scene(arena)), WITH("soilCorrectionFactor", "0"));
    CHECK(READS(out, 0.739130467f, 0.107142851f, 0, 0));
    out = apply(arena, "pvi", FROM(scene(arena)), WITH("angle_deg", "90"));
    CHECK(READS(out, 0.4f, 0.31f, 0, 0));
    out = apply(arena, "wdvi", FROM(scene(arena)), WITH("slopeSoilLine", "1"));
    CHECK(READS(out, 0.34f, 0.06f, 0, 0));
    out = apply(arena, "dvi", FROM(scene(arena)), WITH("red", "B1", "nir", "B1"));
    CHECK(READS(out, 0, 0, 0, 0));
}

TEST(bands_without_wavelengths_are_known_by_sentinel_2s_names)
{
    nd_node *in = PIXELS(1, 1, .06f, .4f);
    in->band[0].name = "B04", in->band[1].name = "B08";
    CHECK(READS(apply(arena, "dvi", FROM(in), DEFAULTS), 0.34f, 0));
    in->band[0].name = "red", in->band[1].name = "infrared";
    CHECK(!apply(arena, "dvi", FROM(in), DEFAULTS));
    CHECK(error_says("dvi: no band says its wavelength, and one near 625 nm is needed"));
    CHECK(!apply(arena, "dvi", FROM(in), WITH("red", "rad")));
    CHECK(error_says("the input has no band rad\ndid you mean red?"));
    CHECK(READS(apply(arena, "dvi", FROM(in), WITH("red", "red", "nir", "infrared")),
                0.34f, 0));
}

TEST(no_data_has_no_index_and_no_flags_and_what_cannot_be_computed_says_so)
{
    nd_node *in = PIXELS(4, 1, 0, NAN, .5f, -.1f, 0, .5f, .1f, .2f);
    in->band[0].name = "B4", in->band[1].name = "B8";
    CHECK(READS(apply(arena, "ndvi", FROM(in), DEFAULTS), NAN, NAN, -.4f / .6f, 3, 1, NAN,
                0, 4));
}

TEST(strict_mode_gives_zero_where_snap_does)
{
    nd_node *in = PIXELS(4, 1, 0, NAN, .5f, -.1f, 0, .5f, .1f, .2f);
    in->band[0].name = "B4", in->band[1].name = "B8", in->band[0].no_data = .5;
    CHECK(READS(apply_strict(arena, "ndvi", FROM(in), DEFAULTS), 0, 0, -.4f / .6f, 3, 1,
                0, 0, 4));
    nd_node *all = scene(arena);
    // 4 (G - S1) - 0.25 N + 2.75 S2, SNAP's sign
    CHECK(READS(apply_strict(arena, "AweinshOp", FROM(all), DEFAULTS), -.265f, .005f, 2,
                0));
}

// Infrared in 20 m over red in 10 m: the coarse grid, and the pixel up left of each four.
TEST(bands_of_two_sizes_meet_at_the_lowest_resolution_or_the_highest)
{
    nd_node *fine = PIXELS(2, 2, .1f, .2f, .3f, .4f), *coarse = PIXELS(1, 1, .9f);
    fine->band[0].name = "B4", coarse->band[0].name = "B8";
    coarse->band[0].grid.pixel_x = 20, coarse->band[0].grid.pixel_y = -20;
    nd_node *in = apply_op(arena, &op_stack, FROM(fine, coarse), DEFAULTS);
    CHECK(READS(apply(arena, "dvi", FROM(in), DEFAULTS), .8f, 0));
    CHECK(READS(apply(arena, "dvi", FROM(in), WITH("downsampling", "Mean")), .65f, 0));
    CHECK(READS(apply(arena, "dvi", FROM(in), WITH("resampleType", "Highest resolution")),
                .8f, .7f, .6f, .5f, 0, 0, 0, 0));
}

TEST(one_band_is_not_taken_for_two)
{
    nd_node *in = PIXELS(1, 1, 1, 2);
    in->band[0].name = "B4", in->band[1].name = "B8";
    CHECK(!apply(arena, "ndi45", FROM(in), DEFAULTS));
    CHECK(error_says("ndi45: band B4 is the nearest to two of the wavelengths needed\n"
                     "take a scene with the bands, or name them in the settings"));
}
