// SPDX-License-Identifier: Apache-2.0
#include "../rasters.h"

static nd_node *scene(nd_arena *arena)
{
    nd_node *in = PIXELS(3, 1, 0, 5, NAN, 1, 2, 3);
    in->band[0].no_data = 7;
    in->band[1].no_data = NAN, in->band[1].scale = 0.5, in->band[1].offset = 1;
    return in;
}

TEST(the_number_becomes_no_data)
{
    nd_node *out = apply(arena, "SetNoDataValue", FROM(scene(arena)), DEFAULTS);
    CHECK(READS(out, NAN, 5, NAN, NAN, 2, 3)); // stored 0 is 1 in the scaled band
    CHECK(out && out->band[0].no_data == 0 && out->band[1].no_data == 0);
    out = apply(arena, "SetNoDataValue", FROM(scene(arena)), WITH("noDataValue", "2"));
    CHECK(READS(out, 0, 5, NAN, 1, NAN, 3));
}

TEST(without_one_every_number_counts)
{
    nd_node *out = apply(arena, "SetNoDataValue", FROM(scene(arena)),
                         WITH("noDataValueUsed", "false"));
    CHECK(READS(out, 0, 5, 7, 1, 2, 3) && isnan(out->band[0].no_data));
}

TEST(strict_mode_counts_the_former_number)
{
    nd_node *out = apply_strict(arena, "SetNoDataValue", FROM(scene(arena)),
                                WITH("noDataValue", "5"));
    CHECK(READS(out, 0, NAN, 7, 1, 2, 3));
}
