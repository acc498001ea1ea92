// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/lattice.h>

// Says of a window of 4 x 4 what it is.
static nd_status echo(void *user, int symmetries, float *x, float *out)
{
    (void)user, (void)symmetries;
    memcpy(out, x, 16 * sizeof *x);
    return ND_OK;
}

static const int first[] = {0};

static nd_node *windows(nd_arena *arena, nd_node *in, nd_blend blend)
{
    return nd_windows_new(arena, in,
                          &(nd_windows_make){.lattice = {4, 2, blend},
                                             .outputs = 1,
                                             .band = first,
                                             .bands = 1,
                                             .run = echo,
                                             .identity = "echo"},
                          "echo");
}

TEST(windows_that_say_what_they_see_blend_to_the_picture)
{
    nd_node *in = PIXELS(5, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    CHECK(READS(windows(arena, in, ND_BLEND_CROP), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                13, 14, 15));
    CHECK(READS(windows(arena, in, ND_BLEND_COSINE), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                12, 13, 14, 15));
}

TEST(a_window_without_data_is_not_asked_for)
{
    nd_node *in = PIXELS(2, 1, NAN, NAN);
    CHECK(READS(windows(arena, in, ND_BLEND_LINEAR), 0, 0));
}

// The mean of each patch of 4 x 4; a batch holds two.
static nd_status mean(void *user, int symmetries, float *x, float *out)
{
    (void)user, (void)symmetries;
    for (int n = 0; n < 2; n++) {
        out[n] = 0;
        for (int i = 0; i < 16; i++) out[n] += x[16 * n + i] / 16;
    }
    return ND_OK;
}

// Patch of cell 0: pixels -1 to 2, of which -1 is reflected to 1; of cell 1: 1 to 4, of
// which 4 is reflected to 2. Rows all the same.
TEST(patches_answer_for_the_cell_in_their_middle)
{
    nd_node *in = PIXELS(4, 1, 0, 4, 8, 12);
    nd_windows_make make = {.lattice = {4, 0, ND_BLEND_CROP},
                            .stride = 2,
                            .outputs = 1,
                            .batch = 2,
                            .band = first,
                            .bands = 1,
                            .run = mean,
                            .identity = "mean"};
    CHECK(READS(nd_windows_new(arena, in, &make, "mean"), 4, 4, 8, 8));
    // By lines: the middles of the cells lie at 1 and 3.
    make.lattice.blend = ND_BLEND_LINEAR;
    CHECK(READS(nd_windows_new(arena, in, &make, "mean"), 4, 5, 7, 8));
}
