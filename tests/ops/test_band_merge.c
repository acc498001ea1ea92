// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

TEST(takes_all_bands_of_all_inputs_and_counts_up_names_that_are_taken)
{
    nd_node *a = PIXELS(2, 1, 1, 2, 3, 4), *b = PIXELS(2, 1, 5, 6),
            *c = PIXELS(2, 1, 7, 8);
    nd_node *out = apply(arena, "BandMerge", FROM(a, b, c), DEFAULTS);
    CHECK(READS(out, 1, 2, 3, 4, 5, 6, 7, 8));
    CHECK(out && strcmp(out->band[2].name, "b1_2") == 0);
    CHECK(out && strcmp(out->band[3].name, "b1_3") == 0);
}

TEST(reads_bands_of_several_inputs_in_one_call)
{
    nd_node *a = PIXELS(2, 1, 1, 2), *b = PIXELS(2, 1, 5, 6);
    nd_node *out = apply(arena, "band_merge", FROM(a, b, a), DEFAULTS);
    const float *got = NULL;
    CHECK(out && reads_alike(arena, out, ND_BANDS(0, 1, 2), 0, &got));
    CHECK(out && got[1] == 2 && got[2] == 5 && got[5] == 2);
}

TEST(takes_only_the_bands_that_are_named)
{
    nd_node *a = PIXELS(1, 1, 1, 2), *b = PIXELS(1, 1, 3);
    b->band[0].name = "other";
    CHECK(READS(apply(arena, "band_merge", FROM(a, b), WITH("bands", "b2,other")), 2, 3));
    CHECK(!apply(arena, "band_merge", FROM(a, b), WITH("bands", "b2,b33")));
    CHECK(error_says("the input has no band b33\nit has b1, b2"));
}

TEST(strict_mode_takes_all_whatever_is_named)
{
    nd_node *a = PIXELS(1, 1, 1, 2);
    CHECK(READS(apply_strict(arena, "band_merge", FROM(a), WITH("bands", "b2")), 1, 2));
}

TEST(refuses_pictures_of_another_size_or_place)
{
    nd_node *a = PIXELS(2, 1, 1, 2), *b = PIXELS(1, 1, 5), *c = PIXELS(2, 1, 7, 8);
    CHECK(!apply(arena, "band_merge", FROM(a, b), DEFAULTS));
    CHECK(
        error_says("band_merge: sourceProduct.1 is 1 x 1 pixels, sourceProduct is 2 x 1\n"
                   "bring them to one grid with Resample or Collocate"));
    c->band[0].grid.x = 0.5;
    CHECK(!apply(arena, "band_merge", FROM(a, c), DEFAULTS));
    CHECK(error_says("sourceProduct.1 does not cover the ground of sourceProduct\n"
                     "bring them to one grid with Collocate, or allow a larger error"));
}

TEST(nearly_the_same_ground_becomes_the_same)
{
    nd_node *a = PIXELS(2, 1, 1, 2), *c = PIXELS(2, 1, 7, 8);
    c->band[0].grid.x = 1e-6;
    nd_node *out = apply(arena, "band_merge", FROM(a, c), DEFAULTS);
    CHECK(out && nd_grid_same(&out->band[0].grid, &out->band[1].grid));
    CHECK(READS(out, 1, 2, 7, 8));
}
