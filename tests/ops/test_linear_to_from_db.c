// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

static nd_node *power(nd_arena *arena)
{
    nd_node *in = PIXELS(4, 1, 1, 100, 0, NAN, .5f, -1, 2, 1e-3f);
    in->band[0].name = "Sigma0_VV", in->band[0].unit = "intensity";
    in->band[1].name = "Sigma0_VH", in->band[1].unit = "intensity";
    return in;
}

TEST(power_becomes_decibel)
{
    nd_node *out = apply(arena, "LinearToFromdB", FROM(power(arena)), DEFAULTS);
    // 10 log10 0.5 and 2
    CHECK(READS(out, 0, 20, NAN, NAN, -3.01029996f, NAN, 3.01029996f, -30));
    CHECK(out && strcmp(out->band[0].name, "Sigma0_VV_db") == 0);
    CHECK(out && strcmp(out->band[0].unit, "intensity_db") == 0);
    CHECK(out && strcmp(out->name, "pixels_dB") == 0);
}

TEST(decibel_becomes_power)
{
    nd_node *in = apply(arena, "LinearToFromdB", FROM(power(arena)), DEFAULTS);
    nd_node *out = apply(arena, "dBToLinear", FROM(in), DEFAULTS);
    CHECK(READS(out, 1, 100, NAN, NAN, .5f, NAN, 2, 1e-3f));
    CHECK(out && strcmp(out->band[1].name, "Sigma0_VH") == 0);
    CHECK(out && strcmp(out->band[1].unit, "intensity") == 0);
}

TEST(strict_mode_gives_what_snap_gives_for_zero)
{
    nd_node *out = apply_strict(arena, "LinearToFromdB", FROM(power(arena)),
                                WITH("sourceBands", "Sigma0_VV"));
    const float *got;
    CHECK(out && out->bands == 1 && reads_alike(arena, out, ND_BANDS(0), 0, &got) &&
          got[0] == 0 && got[2] == -1e-30f && isnan(got[3]));
}

TEST(a_complex_pair_becomes_one_intensity)
{
    nd_node *in = PIXELS(1, 1, 3, 4, 10);
    in->band[0].name = "i_IW1_VV", in->band[0].unit = "real";
    in->band[1].name = "q_IW1_VV", in->band[1].unit = "imaginary";
    nd_node *out = apply(arena, "LinearToFromdB", FROM(in), DEFAULTS);
    CHECK(READS(out, 13.9794001f, 10)); // 10 log10 25
    CHECK(out && strcmp(out->band[0].name, "Intensity_IW1_VV_db") == 0);
    in->band[1].unit = "m";
    CHECK(!apply(arena, "LinearToFromdB", FROM(in), DEFAULTS));
    CHECK(error_says("band i_IW1_VV is the real half of a number"));
}

TEST(a_misspelt_band_is_answered_with_the_nearest)
{
    CHECK(
        !apply(arena, "LinearToFromdB", FROM(power(arena)), WITH("bands", "Sigma0_VW")));
    CHECK(error_says("did you mean Sigma0_V"));
}
