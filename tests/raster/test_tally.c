// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

// Kind of pixel (x, y): 1 in the first 64 columns, 2 right of them, 0 in the last one.
static bool passes(nd_tally *t, int x, int y, int width, int64_t count[ND_TALLIED])
{
    uint8_t kind[ND_ROW];
    for (int i = 0; i < width; i++) kind[i] = x + i == 129 ? 0 : x + i < 64 ? 1 : 2;
    return nd_tally_row(t, &(nd_ctx){.x = x, .y = y, .count = width}, kind, count);
}

TEST(a_pixel_counts_once_however_often_it_passes)
{
    const nd_grid grid = {130, 2, 0, 0, 1, -1, NULL};
    nd_tally *t = nd_tally_new(arena, &grid);
    int64_t n[ND_TALLIED] = {0};
    if (!t) return;
    uint8_t none[130] = {0};
    // A preview is not the picture.
    CHECK(!nd_tally_row(t, &(nd_ctx){.count = 65, .level = 1}, none, n));
    for (int y = 0; y < 2; y++) {
        CHECK(!passes(t, 0, y, 70, n) && !passes(t, 0, y, 70, n));
        CHECK(!passes(t, 60, y, 68, n));
        CHECK(passes(t, 128, y, 2, n) == (y == 1));
    }
    CHECK(n[0] == 2 && n[1] == 128 && n[2] == 130);
    CHECK(t && !passes(t, 0, 0, 130, n));
}
