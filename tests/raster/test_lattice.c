// SPDX-License-Identifier: Apache-2.0
#include "../harness.h"
#include <math.h>
#include <nadir/lattice.h>

// Adds up the weights over each pixel of an axis, in the order of the windows.
static bool is_partition(nd_lattice l, int length)
{
    float sum[256] = {0};
    const int count = nd_lattice_count(l, length);
    for (int k = 0; k < count; k++)
        for (int i = 0; i < l.side; i++) {
            const int x = nd_lattice_start(l, k) + i;
            if (x >= 0 && x < length) sum[x] += nd_lattice_weight(l, i);
        }
    for (int x = 0; x < length; x++)
        if (sum[x] < 1 || sum[x] > 1) return false;
    return true;
}

TEST(weights_over_a_pixel_add_up_to_one_exactly)
{
    int wrong = 0;
    for (int side = 2; side <= 64; side++)
        for (int overlap = 0; overlap <= side / 2; overlap++)
            for (int length = 1; length <= 200; length += 7)
                for (int b = ND_BLEND_CROP; b <= ND_BLEND_COSINE; b++)
                    wrong +=
                        !is_partition((nd_lattice){side, overlap, (nd_blend)b}, length);
    CHECK(wrong == 0);
}

TEST(the_windows_under_pixels_are_those_that_hold_them)
{
    int wrong = 0;
    for (int side = 2; side <= 20; side++)
        for (int overlap = 0; overlap <= side / 2; overlap++) {
            const nd_lattice l = {side, overlap, ND_BLEND_LINEAR};
            for (int x = 0; x < 90; x++) {
                int from, to;
                nd_lattice_under(l, 90, x, 1, &from, &to);
                for (int k = 0; k < nd_lattice_count(l, 90); k++) {
                    const int i = x - nd_lattice_start(l, k);
                    wrong += (i >= 0 && i < side) != (k >= from && k <= to);
                }
            }
        }
    CHECK(wrong == 0);
}

TEST(beyond_an_axis_pixels_come_back_without_the_edge_twice)
{
    static const int want[] = {2, 1, 0, 1, 2, 3, 2, 1, 0, 1};
    for (int x = -2; x < 8; x++) CHECK(nd_lattice_reflect(x, 4) == want[x + 2]);
    CHECK(nd_lattice_reflect(-5, 1) == 0);
}
