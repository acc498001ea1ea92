// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

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

TEST(bands_of_unlike_types_share_one_that_holds_their_values)
{
    const char *path = nd_text(arena, "%s/a.tif", folder_new(arena));
    nd_node *node = mixed_node(arena, (mixed){.width = 60, .height = 50});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    CHECK(gdal_says(
        arena, path,
        MIXED
        "np.array_equal(a[0], F, equal_nan=True) and a.dtype == np.float32\n"
        "np.array_equal(a[1], np.where(hole, np.nan, S * 0.5 + 10), equal_nan=True)\n"
        "np.array_equal(a[2], C) and np.array_equal(a[3], G)\n"
        "ds.GetRasterBand(2).GetMetadataItem('CENTRAL_WAVELENGTH_UM', 'IMAGERY') == "
        "'0.6646'\n"
        "ds.GetRasterBand(4).GetMetadataItem('KIND') == 'flags'\n"));
}

TEST(whole_samples_keep_their_scale_and_no_data)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    nd_node *node = mixed_node(arena, (mixed){.width = 60, .height = 50});
    nd_pool *pool = nd_pool_new(1);
    const nd_run run = {.pool = pool};
    CHECK(nd_write_node(node, ND_BANDS(1), &(nd_write){.path = path}, &run) == ND_OK);
    CHECK(gdal_says(
        arena, path,
        MIXED "np.array_equal(a[0], S) and a.dtype == np.uint16\n"
              "b => ds.GetRasterBand(1)\n"
              "(b.GetScale(), b.GetOffset(), b.GetNoDataValue()) == (0.5, 10, 0)\n"));
    // A type of one's own: plain values, rounded to nearest, ties to even, clamped.
    path = nd_text(arena, "%s/b.tif", folder);
    CHECK(nd_write_node(node, ND_BANDS(1),
                        &(nd_write){.path = path,
                                    .option = &(nd_pair){"type", "int16"},
                                    .options = 1},
                        &run) == ND_OK);
    CHECK(gdal_says(
        arena, path,
        MIXED "np.array_equal(a[0], np.where(hole, 0, np.rint(1000.5 + x + 2 * y)))\n"
              "a.dtype == np.int16 and ds.GetRasterBand(1).GetNoDataValue() is None\n"));
    path = nd_text(arena, "%s/c.tif", folder);
    CHECK(nd_write_node(node, ND_BANDS(1),
                        &(nd_write){.path = path,
                                    .option = &(nd_pair){"type", "uint8"},
                                    .options = 1},
                        &run) == ND_OK);
    CHECK(gdal_says(arena, path, MIXED "np.array_equal(a[0], np.where(hole, 0, 255))\n"));
    nd_pool_free(pool);
}

static void listen(nd_loudness loudness, const char *line, void *user)
{
    if (loudness == ND_WARN) snprintf(user, 256, "%s", line);
}

TEST(a_pixel_that_loses_its_no_data_is_told)
{
    const char *folder = folder_new(arena);
    char heard[256] = "";
    nd_node *node = formula_node(arena, (formula){.width = 60, .height = 50, .bands = 1});
    nd_listen(listen, heard);
    CHECK(write_with(arena, node,
                     (nd_write){nd_text(arena, "%s/a.tif", folder), NULL,
                                OPTIONS({"type", "float32"}), false, NULL}) == ND_OK);
    CHECK(!*heard);
    CHECK(write_with(arena, node,
                     (nd_write){nd_text(arena, "%s/b.tif", folder), NULL,
                                OPTIONS({"type", "uint16"}), false, NULL}) == ND_OK);
    CHECK(strstr(heard, "pixels without data became 0 in"));
    nd_listen(NULL, NULL);
}

TEST(snap_finds_names_and_units_where_it_looks)
{
    const char *path = nd_text(arena, "%s/a.tif", folder_new(arena));
    nd_node *node = formula_node(arena, (formula){.width = 60, .height = 50, .bands = 2});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    CHECK(gdal_says(
        arena, path,
        "raw => open(path, 'rb').read().decode('latin-1')\n"
        "xml => raw[raw.index('<?xml'):raw.index('</Dimap_Document>') + 17]\n"
        "root => __import__('xml.etree.ElementTree', fromlist=['x']).fromstring(xml)\n"
        "[b.text for b in root.iter('BAND_NAME')] == ['b1', 'b2']\n"
        "[b.text for b in root.iter('PHYSICAL_UNIT')] == ['m', 'm']\n"));
}

TEST(a_bigtiff_is_written_on_demand)
{
    const char *folder = folder_new(arena);
    nd_node *node =
        formula_node(arena, (formula){.width = 700, .height = 530, .bands = 2});
    static const char *const formats[] = {"GeoTIFF", "COG"};
    for (int i = 0; i < 2; i++) {
        const char *path = nd_text(arena, "%s/%d.tif", folder, i);
        CHECK(write_with(arena, node,
                         (nd_write){path, formats[i],
                                    OPTIONS({"BIGTIFF", "YES"}, {"tile", "128"},
                                            {"overviews", "yes"}),
                                    false, NULL}) == ND_OK);
        CHECK(gdal_says(arena, path,
                        FORMULA "open(path, 'rb').read(4) == b'II+' + bytes(1)\n"
                                "ds.GetRasterBand(1).GetOverviewCount() == 3\n"));
    }
}

TEST(overviews_that_wait_on_disk_are_the_same)
{
    // 32 bands: a waiting tile has 8 MB, more than seven of them wait on disk.
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.tif", folder);
    nd_node *node =
        formula_node(arena, (formula){.width = 4700, .height = 500, .bands = 32});
    CHECK(write_with(arena, node,
                     (nd_write){path, NULL,
                                OPTIONS({"overviews", "yes"}, {"tile", "256"},
                                        {"compress", "zstd"}),
                                false, NULL}) == ND_OK);
    CHECK(entries(folder) == 1);
    CHECK(python_says(
        arena, path,
        "for k in (1, 17, 32):\n"
        "    v = np.where((x + y) % 31 == 0, np.nan, k * 1000.0 + x + 2 * y)\n"
        "    q = np.stack([v[i::2, j::2] for i in (0, 1) for j in (0, 1)])\n"
        "    m = np.nanmean(q, 0)\n"
        "    o = ds.GetRasterBand(k).GetOverview(0).ReadAsArray()\n"
        "    assert o.shape == (250, 2350)\n"
        "    assert np.allclose(o, m, rtol=1e-6, equal_nan=True)\n"));
}
