// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

TEST(all_bands_lie_in_one_image_beside_its_header)
{
    const char *folder = folder_new(arena);
    nd_node *node =
        formula_node(arena, (formula){.width = 2100, .height = 300, .bands = 3});
    CHECK(write_with(arena, node,
                     (nd_write){.path = nd_text(arena, "%s/a.hdr", folder)}) == ND_OK);
    CHECK(entries(folder) == 2);
    CHECK(gdal_says(arena, nd_text(arena, "%s/a.img", folder),
                    "want => np.stack([np.where((x + y) % 31 == 0, np.nan, (k + 1) * "
                    "1000 + x + 2 * y) for k in range(3)])\n"
                    "np.array_equal(a, want.astype('f4'), equal_nan=True)\n"
                    "ds.GetDriver().ShortName == 'ENVI'\n"
                    "ds.GetGeoTransform() == (300000, 10, 0, 4900020, 0, -10)\n"
                    "ds.GetSpatialRef().GetUTMZone() == 31\n"
                    "ds.GetRasterBand(3).GetDescription() == 'b3'\n"));
}

TEST(unlike_bands_become_floats_and_keep_their_values)
{
    const char *folder = folder_new(arena);
    nd_node *node = mixed_node(arena, (mixed){.width = 40, .height = 30});
    CHECK(write_with(arena, node,
                     (nd_write){.path = nd_text(arena, "%s/a.img", folder),
                                .format = "ENVI"}) == ND_OK);
    CHECK(gdal_says(
        arena, nd_text(arena, "%s/a.img", folder),
        MIXED
        "np.array_equal(a[0], F, equal_nan=True)\n"
        "np.array_equal(a[1], np.where(hole, np.nan, S * 0.5 + 10), equal_nan=True)\n"
        "np.array_equal(a[2], C) and np.array_equal(a[3], G)\n"));
}

TEST(bands_of_two_sizes_do_not_fit)
{
    const char *folder = folder_new(arena);
    nd_node *node = mixed_node(arena, (mixed){.width = 40, .height = 30, .sizes = true});
    CHECK(
        write_with(arena, node, (nd_write){.path = nd_text(arena, "%s/a.hdr", folder)}) ==
        ND_E_DATA);
    CHECK(error_says("band f is 40 x 30 pixels, half is 20 x 15: ENVI holds one size\n"
                     "put a Resample before it, or write BEAM-DIMAP"));
    CHECK(entries(folder) == 0);
}
