// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

#define CONVERT(in, ...) apply(arena, "Convert-Datatype", FROM(in), WITH(__VA_ARGS__))

TEST(truncate_cuts_to_the_range_and_drops_the_fraction)
{
    nd_node *in = PIXELS(5, 1, -3, 1.9f, 300, NAN, 7);
    nd_node *out = CONVERT(in, "targetScalingStr", "Truncate", "targetNoDataValue", "7");
    CHECK(READS(out, 0, 1, 255, NAN, NAN));
    CHECK(out && out->band[0].sample == ND_U8 && out->band[0].no_data == 7);
    out = CONVERT(in, "type", "int8", "scaling", "truncate", "no_data", "-1");
    CHECK(READS(out, -3, 1, 127, NAN, 7));
}

TEST(linear_fills_the_type_from_least_to_greatest)
{
    nd_node *in = PIXELS(5, 1, -1, 0, 1, NAN, 3);
    nd_node *out =
        CONVERT(in, "scaling", "Linear (slope and intercept)", "no_data", "255");
    CHECK(READS(out, 0, 63, 127, NAN, NAN)); // 255 / 4 = 63.75, 127.5, 255 is no data
    out = CONVERT(in, "scaling", "linear", "type", "int16", "no_data", "NaN");
    CHECK(READS(out, -32768, -16384, 0, NAN, 32767)); // -16384.25, -0.5
}

// 0, 1, … 999: 2.5 % of the values are 25.
TEST(clipped_leaves_out_the_outer_five_percent)
{
    float value[1000];
    for (int i = 0; i < 1000; i++) value[i] = (float)i;
    nd_node *in = picture(arena, 50, 20, value, 1000);
    nd_node *out = apply(arena, "Convert-Datatype", FROM(in), WITH("no_data", "NaN"));
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
    CHECK(out && got[0] == 0 && got[24] == 0 && got[26] == 0 && got[30] == 1);
    CHECK(out && got[500] == 127 && got[972] >= 254 && got[976] == 255 &&
          got[999] == 255);
}

TEST(logarithmic_is_the_decibel_of_the_linear_scale)
{
    nd_node *in = PIXELS(3, 1, 0, 1, 2);
    // 0 has none: the least; 10 log10 127.5 = 21.05, 10 log10 255 = 24.07
    CHECK(READS(CONVERT(in, "scaling", "logarithmic", "no_data", "NaN"), 0, 21, 24));
}

TEST(real_types_and_whole_bands_that_fit_are_not_scaled)
{
    nd_node *in = PIXELS(3, 1, 5, 300, NAN);
    CHECK(READS(CONVERT(in, "type", "float32", "no_data", "-1"), 5, 300, NAN));
    in->band[0].sample = ND_U16;
    CHECK(READS(CONVERT(in, "type", "uint16"), 5, 300, NAN));
    CHECK(READS(CONVERT(in, "type", "int32"), 5, 300, NAN));
}

TEST(takes_the_bands_named_and_says_what_it_cannot)
{
    nd_node *in = PIXELS(1, 1, 5, 6);
    nd_node *out = CONVERT(in, "sourceBands", "b2", "type", "float64");
    CHECK(READS(out, 6));
    CHECK(!CONVERT(in, "sourceBands", "b3") && error_says("has no band b3"));
    CHECK(!CONVERT(in, "scaling", "peak") && error_says("not there yet"));
    in->band[0].role = in->band[1].role = ND_MASK;
    CHECK(!CONVERT(in, "type", "int8") && error_says("no band to convert"));
}
