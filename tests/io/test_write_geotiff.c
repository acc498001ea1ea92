// SPDX-License-Identifier: Apache-2.0
#include "written.h"

#define FORMULA                                                                          \
    "want => np.stack([np.where((x + y) % 31 == 0, np.nan, (k + 1) * 1000 + x + 2 * y) " \
    "for k in range(a.shape[0])])\n"                                                     \
    "np.array_equal(a, want.astype('f4'), equal_nan=True)\n"

TEST(gdal_reads_the_pixels_place_and_names_that_were_written)
{
    const char *path = nd_text(arena, "%s/a.tif", folder_new(arena));
    nd_node *node =
        formula_node(arena, (formula){.width = 700, .height = 530, .bands = 2});
    CHECK(write_with(arena, node, (nd_write){.path = path, .history = "ndvi <1> & 2"}) ==
          ND_OK);
    CHECK(gdal_says(arena, path,
                    FORMULA
                    "ds.GetGeoTransform() == (300000, 10, 0, 4900020, 0, -10)\n"
                    "ds.GetSpatialRef().GetAuthorityCode(None) == '32631'\n"
                    "ds.GetRasterBand(2).GetDescription() == 'b2'\n"
                    "ds.GetRasterBand(1).GetUnitType() == 'm'\n"
                    "np.isnan(ds.GetRasterBand(1).GetNoDataValue())\n"
                    "ds.GetRasterBand(1).GetBlockSize() == [512, 512]\n"
                    "ds.GetRasterBand(1).GetOverviewCount() == 0\n"
                    "ds.GetMetadataItem('HISTORY') == 'ndvi <1> & 2'\n"
                    "ds.GetMetadataItem('TIFFTAG_SOFTWARE').startswith('nadir')\n"));
}

TEST(every_compression_and_predictor_gives_the_same_pixels_back)
{
    const char *folder = folder_new(arena);
    static const char *const ways[][2] = {{"deflate", "none"}, {"deflate", "2"},
                                          {"zstd", "3"},       {"zstd", "none"},
                                          {"deflate", "auto"}, {"none", "auto"}};
    nd_node *node =
        formula_node(arena, (formula){.width = 150, .height = 70, .bands = 3});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *path = nd_text(arena, "%s/%zu.tif", folder, i);
        CHECK(write_with(arena, node,
                         (nd_write){path, NULL,
                                    OPTIONS({"COMPRESS", ways[i][0]},
                                            {"PREDICTOR", ways[i][1]}, {"tile", "64"}),
                                    false, NULL}) == ND_OK);
        CHECK(gdal_says(arena, path, FORMULA));
    }
}

TEST(overviews_are_means_of_what_is_valid)
{
    const char *path = nd_text(arena, "%s/a.tif", folder_new(arena));
    nd_node *node =
        formula_node(arena, (formula){.width = 301, .height = 203, .bands = 2});
    CHECK(write_with(arena, node,
                     (nd_write){path, NULL, OPTIONS({"overviews", "yes"}, {"tile", "64"}),
                                false, NULL}) == ND_OK);
    CHECK(gdal_says(
        arena, path,
        FORMULA
        "ds.GetRasterBand(1).GetOverviewCount() == 3\n"
        "o => ds.GetRasterBand(2).GetOverview(0).ReadAsArray()\n"
        "o.shape == (102, 151)\n"
        "p => np.pad(a[1], ((0, 1), (0, 1)), mode='edge').astype('f8')\n"
        "q => np.stack([p[0::2, 0::2], p[0::2, 1::2], p[1::2, 0::2], p[1::2, 1::2]])\n"
        "n => np.isfinite(q).sum(0)\n"
        "m => np.where(n >= 2, np.nansum(q, 0) / np.maximum(n, 1), np.nan)\n"
        "np.allclose(o, m, rtol=1e-6, equal_nan=True)\n"));
}
