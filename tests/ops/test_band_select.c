// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

TEST(keeps_the_bands_that_are_listed)
{
    nd_node *in = PIXELS(2, 1, 1, 2, 3, 4, 5, 6);
    CHECK(READS(apply(arena, "BandSelect", FROM(in), WITH("sourceBands", "b3, b1")), 1, 2,
                5, 6));
    CHECK(READS(apply(arena, "band_select", FROM(in), DEFAULTS), 1, 2, 3, 4, 5, 6));
}

TEST(keeps_the_bands_whose_whole_name_fits_a_pattern)
{
    nd_node *in = PIXELS(1, 1, 1, 2, 3);
    CHECK(READS(apply(arena, "band_select", FROM(in), WITH("bandNamePattern", "b[23]")),
                2, 3));
    CHECK(!apply(arena, "band_select", FROM(in), WITH("pattern", "b")));
    CHECK(error_says("band_select: no band of 3 fits the selection\n"
                     "select less strictly"));
    CHECK(!apply(arena, "band_select", FROM(in), WITH("pattern", "b[")));
    CHECK(error_says("pattern b[: a [ that is not closed"));
}

TEST(knows_polarisations_and_sub_images_by_the_words_of_a_name)
{
    nd_node *in = PIXELS(1, 1, 1, 2, 3);
    in->band[0].name = "Intensity_IW1_VV";
    in->band[1].name = "Intensity_IW1_VH";
    in->band[2].name = "Intensity_IW2_VV";
    CHECK(
        READS(apply(arena, "band_select", FROM(in), WITH("selectedPolarisations", "vv")),
              1, 3));
    CHECK(READS(apply(arena, "band_select", FROM(in),
                      WITH("polarisations", "VV,VH", "sub_images", "IW1")),
                1, 2));
    CHECK(!apply(arena, "band_select", FROM(in), WITH("polarisations", "V")));
    CHECK(error_says("no band of 3 fits"));
}

TEST(angle_grids_stay_and_masks_go_when_others_are_named)
{
    nd_node *in = PIXELS(1, 1, 1, 2, 3, 4);
    in->band[1].role = ND_ANGLE;
    in->band[2].role = in->band[3].role = ND_MASK;
    CHECK(READS(apply(arena, "band_select", FROM(in), WITH("bands", "b1", "masks", "b4")),
                1, 2, 4));
}

TEST(a_misspelt_band_is_answered_with_the_nearest)
{
    nd_node *in = PIXELS(1, 1, 1, 2);
    CHECK(!apply(arena, "band_select", FROM(in), WITH("bands", "bb2")));
    CHECK(error_says("band_select: the input has no band bb2\ndid you mean b2?"));
}

TEST(bands_of_several_sizes_keep_their_own)
{
    nd_node *two = apply(arena, "band_merge", FROM(PIXELS(2, 1, 1, 2)), DEFAULTS);
    CHECK(two && strcmp(apply(arena, "band_select", FROM(two), DEFAULTS)->name,
                        "pixels_subset") == 0);
}
