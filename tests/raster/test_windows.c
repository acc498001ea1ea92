// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"
#include <nadir/lattice.h>

// Says of a window of 4 x 4 what it is.
static nd_status echo(const void *user, int count, float *x, float *out)
{
    (void)user, (void)count;
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
static nd_status mean(const void *user, int count, float *x, float *out)
{
    (void)user;
    for (int n = 0; n < count; n++) {
        out[n] = 0;
        for (int i = 0; i < 16; i++) out[n] += x[16 * n + i] / 16;
    }
    return ND_OK;
}

// Patches of 4 x 4, two apart, asked for their mean.
static nd_windows_make patches(nd_blend blend, int batch)
{
    return (nd_windows_make){.lattice = {4, 0, blend},
                             .stride = 2,
                             .outputs = 1,
                             .batch = batch,
                             .band = first,
                             .bands = 1,
                             .run = mean,
                             .identity = "mean"};
}

// Patch of cell 0: pixels -1 to 2, of which -1 is reflected to 1; of cell 1: 1 to 4, of
// which 4 is reflected to 2. Rows all the same.
TEST(patches_answer_for_the_cell_in_their_middle)
{
    nd_node *in = PIXELS(4, 1, 0, 4, 8, 12);
    nd_windows_make make = patches(ND_BLEND_CROP, 2);
    CHECK(READS(nd_windows_new(arena, in, &make, "mean"), 4, 4, 8, 8));
    // By lines: the middles of the cells lie at 1 and 3.
    make.lattice.blend = ND_BLEND_LINEAR;
    CHECK(READS(nd_windows_new(arena, in, &make, "mean"), 4, 5, 7, 8));
    // And down a column.
    in = PIXELS(1, 4, 0, 4, 8, 12);
    CHECK(READS(nd_windows_new(arena, in, &make, "mean"), 4, 5, 7, 8));
}

// Twice what was read, once for all patches that see it.
static void twice(const void *user, int k, float *pixel, int64_t count)
{
    (void)user;
    for (int64_t i = 0; i < count; i++) pixel[i] = k ? pixel[i] : 2 * pixel[i];
}

// Both bands of the answer: the sums of what the two bands of a window of 2 x 2 hold.
static nd_status sums(const void *user, int count, float *x, float *out)
{
    (void)user;
    for (int n = 0; n < 2 * count; n++) {
        out[n] = 0;
        for (int i = 0; i < 4; i++) out[n] += x[4 * n + i];
    }
    return ND_OK;
}

TEST(pixels_are_made_ready_once_and_what_is_missing_becomes_nought)
{
    static const int same[] = {0, 0}; // a band may stand for two
    nd_node *in = PIXELS(4, 2, 1, 2, NAN, 4, 5, 6, 7, NAN);
    const nd_windows_make make = {.lattice = {2, 0, ND_BLEND_CROP},
                                  .stride = 2,
                                  .outputs = 2,
                                  .batch = 4,
                                  .band = same,
                                  .bands = 2,
                                  .ready = twice,
                                  .run = sums,
                                  .identity = "sums"};
    CHECK(READS(nd_windows_new(arena, in, &make, "sums"), 28, 28, 22, 22, 28, 28, 22, 22,
                14, 14, 11, 11, 14, 14, 11, 11));
}

// A window of 6 gives the 2 x 2 means of patches of 4 x 4, two apart.
static nd_status dense(const void *user, int count, float *x, float *out)
{
    (void)user, (void)count;
    for (int c = 0; c < 4; c++) {
        out[c] = 0;
        for (int i = 0; i < 16; i++)
            out[c] += x[(c / 2 * 2 + i / 4) * 6 + c % 2 * 2 + i % 4] / 16;
    }
    return ND_OK;
}

TEST(a_window_of_many_cells_gives_what_a_patch_for_each_gives)
{
    nd_node *in = PIXELS(7, 5, 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4,
                         6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5, 0, 2, 8);
    nd_windows_make make = patches(ND_BLEND_LINEAR, 3);
    nd_node *one = nd_windows_new(arena, in, &make, "mean");
    make.lattice.side = 6, make.cells = 2, make.run = dense, make.identity = "dense";
    nd_node *many = nd_windows_new(arena, in, &make, "dense");
    nd_work work = {.arena = arena};
    const nd_rect all = {0, 0, 7, 5}, part = {2, 1, 4, 3};
    nd_tile a, b, c;
    CHECK(one && nd_read(one, &work, ND_BANDS(0), 0, all, &a) == ND_OK);
    CHECK(many && nd_read(many, &work, ND_BANDS(0), 0, all, &b) == ND_OK);
    CHECK(many && nd_read(many, &work, ND_BANDS(0), 0, part, &c) == ND_OK);
    int wrong = 0;
    for (int i = 0; i < 35; i++) wrong += fabsf(a.data[i] - b.data[i]) > 1e-6f;
    for (int y = 1; y < 4; y++)
        for (int x = 2; x < 6; x++) wrong += *nd_at(&b, 0, x, y) != *nd_at(&c, 0, x, y);
    CHECK(wrong == 0);
}
