// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

// The formula's band k, from `low` to `high` as 0 to 1.
#define SHARE                                                                            \
    "hole => (x + y) % 31 == 0\n"                                                        \
    "share => lambda k, low, high: np.clip(((k + 1) * 1000 + x + 2 * y - low) / (high "  \
    "- low), 0, 1)\n"

TEST(one_band_is_grey_from_low_to_high_and_clear_where_nothing_is)
{
    const char *path = nd_text(arena, "%s/a.png", folder_new(arena));
    nd_node *node =
        formula_node(arena, (formula){.width = 600, .height = 530, .bands = 1});
    CHECK(write_with(arena, node,
                     (nd_write){path, NULL, OPTIONS({"low", "1100"}, {"high", "2000"}),
                                false, NULL}) == ND_OK);
    CHECK(gdal_says(arena, path,
                    SHARE
                    "t => ds.GetRasterBand(1).GetColorTable()\n"
                    "lut => np.array([t.GetColorEntry(i) for i in range(t.GetCount())])\n"
                    "p => lut[a[0]]\n"
                    "(p[hole][:, 3] == 0).all() and (p[~hole][:, 3] == 255).all()\n"
                    "np.abs(p[..., 0] - 255 * share(0, 1100, 2000))[~hole].max() <= 1.5\n"
                    "ds.GetMetadataItem('Comment').startswith('nadir')\n"));
}

TEST(three_bands_are_red_green_and_blue)
{
    const char *path = nd_text(arena, "%s/a.png", folder_new(arena));
    nd_node *node =
        formula_node(arena, (formula){.width = 600, .height = 530, .bands = 3});
    CHECK(write_with(
              arena, node,
              (nd_write){path, NULL,
                         OPTIONS({"low", "1100"}, {"high", "5000"}, {"rgb", "b3,b1,b2"}),
                         false, NULL}) == ND_OK);
    CHECK(gdal_says(arena, path,
                    SHARE
                    "a.shape == (4, 530, 600)\n"
                    "(a[3] == np.where(hole, 0, 255)).all()\n"
                    "all(np.abs(a[i].astype(int) - 255 * share(k, 1100, "
                    "5000))[~hole].max() <= 1 for i, k in enumerate((2, 0, 1)))\n"));
}

TEST(a_picture_that_is_all_there_needs_no_alpha)
{
    const char *path = nd_text(arena, "%s/a.png", folder_new(arena));
    nd_node *node = formula_node(
        arena, (formula){.width = 60, .height = 50, .bands = 3, .whole = true});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    // By default 2 to 98 % of all three: the ends are reached.
    CHECK(gdal_says(arena, path,
                    "a.shape == (3, 50, 60)\na.min() == 0 and a.max() == 255\n"
                    "a[2].mean() > a[1].mean() > a[0].mean()\n"));
}

TEST(classes_have_the_colours_of_their_labels)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/c.png", folder);
    nd_node *node = mixed_node(arena, (mixed){.width = 60, .height = 50});
    nd_pool *pool = nd_pool_new(1);
    const nd_run run = {.pool = pool};
    CHECK(nd_write_node(node, ND_BANDS(2), &(nd_write){.path = path}, &run) == ND_OK);
    CHECK(gdal_says(arena, path,
                    MIXED
                    "t => ds.GetRasterBand(1).GetColorTable()\n"
                    "lut => np.array([t.GetColorEntry(i) for i in range(t.GetCount())])\n"
                    "want => np.array([(0, 0, 255, 255), (0, 160, 0, 255), (255, 0, 0, "
                    "255), (255, 255, 0, 255)])\n"
                    "(lut[a[0]] == want[C]).all()\n"));
    // The same classes in a TIFF: samples stay, the table comes along.
    path = nd_text(arena, "%s/c.tif", folder);
    CHECK(nd_write_node(node, ND_BANDS(2), &(nd_write){.path = path}, &run) == ND_OK);
    CHECK(gdal_says(
        arena, path,
        MIXED "np.array_equal(a[0], C)\n"
              "ds.GetRasterBand(1).GetColorTable().GetColorEntry(1) == (0, 160, 0, 255)\n"
              "ds.GetRasterBand(1).GetMetadataItem('CLASS_2') == 'town'\n"
              "ds.GetRasterBand(1).GetNoDataValue() is None\n"));
    nd_pool_free(pool);
}

TEST(a_large_picture_goes_through_gdal_and_looks_the_same)
{
    // 100 megapixels of indices are more than is gathered in memory.
    const char *path = nd_text(arena, "%s/a.png", folder_new(arena));
    nd_node *node =
        formula_node(arena, (formula){.width = 101000, .height = 1000, .bands = 1});
    if (!getenv("NADIR_TEST_SLOW")) SKIP("NADIR_TEST_SLOW writes 100 megapixels");
    CHECK(write_with(arena, node,
                     (nd_write){path, NULL, OPTIONS({"low", "1000"}, {"high", "104000"}),
                                false, NULL}) == ND_OK);
    CHECK(gdal_says(arena, path,
                    SHARE
                    "t => ds.GetRasterBand(1).GetColorTable()\n"
                    "lut => np.array([t.GetColorEntry(i) for i in range(t.GetCount())])\n"
                    "np.abs(lut[a[0]][..., 0] - 255 * share(0, 1000, "
                    "104000))[~hole].max() <= 1.5\n"));
}

TEST(a_jpeg_is_near_what_it_shows)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.jpg", folder);
    nd_node *node = formula_node(
        arena, (formula){.width = 600, .height = 530, .bands = 3, .whole = true});
    CHECK(write_with(
              arena, node,
              (nd_write){path, NULL,
                         OPTIONS({"low", "1000"}, {"high", "5000"}, {"QUALITY", "95"}),
                         false, NULL}) == ND_OK);
    CHECK(gdal_says(arena, path,
                    SHARE "a.shape == (3, 530, 600)\n"
                          "all(np.abs(a[k].astype(int) - 255 * share(k, 1000, "
                          "5000)).mean() < 3 for k in range(3))\n"));
    CHECK(access(nd_text(arena, "%s/.a.jpg.nadir-part", folder), F_OK) != 0);
}

TEST(pictures_have_no_other_options)
{
    nd_node *node = formula_node(arena, (formula){.width = 6, .height = 5, .bands = 1});
    CHECK(write_with(arena, node,
                     (nd_write){"/tmp/nadir-none.png", NULL, OPTIONS({"colour", "red"}),
                                false, NULL}) == ND_E_PARAM);
    CHECK(error_says("a picture has no option colour\nuse rgb, ramp"));
    CHECK(write_with(arena, node,
                     (nd_write){"/tmp/nadir-none.png", NULL, OPTIONS({"ramp", "virids"}),
                                false, NULL}) == ND_E_PARAM);
    CHECK(error_says("use viridis"));
}
