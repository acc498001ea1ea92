// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

TEST(is_the_mean_of_the_window_of_what_is_inside_and_valid)
{
    nd_node *in = PIXELS(3, 3, 1, 2, 3, 4, NAN, 6, 7, 8, 9);
    CHECK(READS(apply(arena, "box_filter", FROM(in), DEFAULTS), 7.f / 3, 16.f / 5,
                11.f / 3, 22.f / 5, 5, 28.f / 5, 19.f / 3, 34.f / 5, 23.f / 3));
}

TEST(a_window_of_one_changes_nothing)
{
    nd_node *in = PIXELS(2, 1, 5, NAN);
    CHECK(READS(apply(arena, "box_filter", FROM(in), WITH("size", "1")), 5, NAN));
}

TEST(a_level_is_the_average_of_the_filtered_pixels)
{
    float value[37 * 23];
    for (int i = 0; i < 37 * 23; i++) value[i] = (float)(i * i % 101);
    nd_node *in = picture(arena, 37, 23, value, 37 * 23);
    nd_node *out = apply(arena, "box_filter", FROM(in), WITH("size", "5"));
    for (int level = 1; level < 4; level++)
        CHECK(out && is_average(arena, out, 0, level));
}

TEST(a_window_without_a_middle_and_classes_are_refused)
{
    nd_node *in = PIXELS(1, 1, 5);
    CHECK(!apply(arena, "box_filter", FROM(in), WITH("size", "4")));
    CHECK(error_says("box_filter: size: a window of 4 pixels has no middle\ntake 5"));
    in->band[0].kind = ND_CLASS;
    CHECK(!apply(arena, "box_filter", FROM(in), DEFAULTS));
    CHECK(error_says("band b1 holds classes or flags, which have no mean\n"
                     "select the other bands first"));
}

TEST(says_what_it_will_read)
{
    nd_node *out =
        apply(arena, "box_filter", FROM(PIXELS(9, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9)),
              WITH("size", "5"));
    const nd_tile tile = {{4, 3, 10, 20}, 0, ND_BANDS(0), 0, 0, NULL};
    int level;
    const nd_rect r = out->op->window(out, 0, &tile, &level);
    CHECK(level == 0 && r.x == 2 && r.y == 1 && r.width == 14 && r.height == 24);
}
