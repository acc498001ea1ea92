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

// 0, 0, 1, 1, … 1023, 1023, then nine high ones up to 5115, each in a bin of its own: a
// bin is 5115 / 512 wide and holds 20 of the first.
static nd_node *with_tail(nd_arena *arena)
{
    float value[2080];
    int count = 0;
    for (int i = 0; i < 1024; i++) value[count++] = (float)i, value[count++] = (float)i;
    for (int i = 0; i < 32; i++)
        value[count++] = i < 23 ? NAN : 5115 - (float)(31 - i) * 100;
    return picture(arena, 80, 26, value, 2080);
}

// By numpy.histogram(v, 512): the last bin with more than 10 is 101, which ends at
// 1019.0039; 2.5 % of 2057 values are 51.4: 50 lie below 25, 52 below 26.
TEST(peak_cuts_the_thin_tail_of_high_values)
{
    nd_node *in = with_tail(arena);
    nd_node *out = CONVERT(in, "scaling", "Linear (peak clipped histogram)", "type",
                           "uint16", "no_data", "NaN");
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
    if (!out) return;
    CHECK(got[0] == 0 && got[2 * 25] < 8 && got[2079] == 65535 && got[2071] == 65535);
    for (int i = 26; i < 1024; i += 83) {
        const double want =
            fmin(1, (i - 25.0) / (1019.0039 - 25)) * 65535; // ends within a 65 536th
        CHECK(fabs((double)got[2 * i] - want) < 65535 * 0.1 / 1004 + 1);
    }
}

// 101 / 512 is taken for a share: from the left bin 2 is the first beyond 2.5 % of the
// values, from the right bin 82 the first beyond 19.7 %.
TEST(peak_is_strictly_what_snap_makes_of_it)
{
    nd_node *in = with_tail(arena);
    nd_node *out = apply_strict(arena, "Convert-Datatype", FROM(in),
                                WITH("scaling", "peak", "no_data", "NaN"));
    const float *got;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0), 0, &got));
    const double low = 2 * 5115 / 512.0, high = 83 * 5115 / 512.0;
    for (int i = 0; out && i < 1024; i += 31) {
        const double share = fmin(fmax((i - low) / (high - low), 0), 1);
        CHECK(got[2 * i] == (float)trunc(share * 255));
    }
}

TEST(peak_without_a_peak_is_the_clipped_one)
{
    float value[400];
    for (int i = 0; i < 400; i++) value[i] = (float)(i * 3);
    nd_node *in = picture(arena, 20, 20, value, 400);
    const float *a, *b;
    nd_node *peak = CONVERT(in, "scaling", "peak", "no_data", "NaN");
    nd_node *clipped = CONVERT(in, "scaling", "clipped", "no_data", "NaN");
    CHECK(peak && reads_alike(arena, peak, ND_BANDS(0), 0, &a));
    CHECK(clipped && reads_alike(arena, clipped, ND_BANDS(0), 0, &b));
    CHECK(peak && clipped && memcmp(a, b, 400 * sizeof *a) == 0);
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
    in->band[0].role = in->band[1].role = ND_MASK;
    CHECK(!CONVERT(in, "type", "int8") && error_says("no band to convert"));
}
