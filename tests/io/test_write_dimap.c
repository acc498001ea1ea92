// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

TEST(each_band_is_an_envi_raster_of_its_own_type)
{
    const char *folder = folder_new(arena);
    nd_node *node =
        mixed_node(arena, (mixed){.width = 300, .height = 211, .sizes = true});
    CHECK(write_with(arena, node,
                     (nd_write){.path = nd_text(arena, "%s/a.dim", folder),
                                .history = "é <graph>"}) == ND_OK);
    CHECK(entries(folder) == 2);
    static const struct {
        const char *band, *claims;
    } each[] = {
        {"f", MIXED "np.array_equal(a[0], F, equal_nan=True)\na.dtype == np.float32\n"},
        {"s", MIXED "np.array_equal(a[0], S)\na.dtype == np.uint16\n"
                    "ds.GetRasterBand(1).GetScale() == 0.5\n"
                    "ds.GetRasterBand(1).GetOffset() == 10\n"
                    "ds.GetRasterBand(1).GetNoDataValue() == 0\n"},
        {"c", MIXED "np.array_equal(a[0], C)\na.dtype == np.uint8\n"},
        {"g", MIXED "np.array_equal(a[0], G)\na.dtype == np.int32\n"},
        {"half",
         MIXED "a.shape == (1, 105, 150)\nnp.array_equal(a[0], F, equal_nan=True)\n"
               "ds.GetGeoTransform() == (300000, 20, 0, 4900020, 0, -20)\n"}};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        const char *path = nd_text(arena, "%s/a.data/%s.img", folder, each[i].band);
        CHECK(gdal_says(arena, path, each[i].claims));
        CHECK(gdal_says(arena, path,
                        "ds.GetDriver().ShortName == 'ENVI'\n"
                        "ds.GetSpatialRef().GetUTMZone() == 31\n"
                        "open(path[:-3] + 'hdr').read().find('byte order = 1') > 0\n"));
    }
}

TEST(the_header_tells_snap_what_the_bands_are)
{
    const char *folder = folder_new(arena);
    nd_node *node = mixed_node(arena, (mixed){.width = 30, .height = 20});
    const char *path = nd_text(arena, "%s/a.dim", folder);
    CHECK(write_with(arena, node, (nd_write){.path = path, .history = "é <graph>"}) ==
          ND_OK);
    CHECK(gdal_says(
        arena, nd_text(arena, "%s/a.data/f.img", folder),
        "import_ => __import__('xml.etree.ElementTree', fromlist=['x'])\n"
        "r => import_.parse(path.replace('.data/f.img', '.dim')).getroot()\n"
        "r.tag == 'Dimap_Document' and r.get('name') == 'a.dim'\n"
        "r.findtext('Metadata_Id/METADATA_PROFILE') == 'BEAM-DATAMODEL-V1'\n"
        "r.findtext('Geoposition/IMAGE_TO_MODEL_TRANSFORM') == "
        "'10,0,0,-10,300000,4900020'\n"
        "s => "
        "osr.SpatialReference(r.findtext('Coordinate_Reference_System/WKT').strip())\n"
        "s.GetAuthorityCode(None) == '32631'\n"
        "(r.findtext('Raster_Dimensions/NCOLS'), r.findtext('Raster_Dimensions/NBANDS')) "
        "== ('30', '4')\n"
        "b => {i.findtext('BAND_NAME'): i for i in r.iter('Spectral_Band_Info')}\n"
        "sorted(b) == ['c', 'f', 'g', 's']\n"
        "b['f'].findtext('DATA_TYPE') == 'float32' and b['g'].findtext('DATA_TYPE') == "
        "'int32'\n"
        "b['f'].findtext('BAND_DESCRIPTION') == 'A <float>'\n"
        "(b['f'].findtext('NO_DATA_VALUE_USED'), b['f'].findtext('NO_DATA_VALUE')) == "
        "('true', 'NaN')\n"
        "b['c'].findtext('NO_DATA_VALUE_USED') == 'false'\n"
        "float(b['s'].findtext('SCALING_FACTOR')) == 0.5\n"
        "float(b['s'].findtext('BAND_WAVELEN')) == 664.6\n"
        "b['g'].findtext('FLAG_CODING_NAME') == 'g'\n"
        "[f.findtext('Flag_Index') for f in r.find('Flag_Coding')] == ['1', '2', '4']\n"
        "[f.findtext('INDEX_NAME') for f in r.find('Index_Coding')] == ['water', 'wood', "
        "'town', 'field']\n"
        "[f.get('href') for f in r.iter('DATA_FILE_PATH')] == ['a.data/%s.hdr' % n for n "
        "in 'fscg']\n"
        "[m.text for m in r.iter('MDATTR') if m.get('name') == 'history'] == [chr(233) + "
        "' <graph>']\n"));
}

TEST(an_old_header_never_stands_beside_new_data)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.dim", folder);
    nd_node *node = mixed_node(arena, (mixed){.width = 30, .height = 20});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_E_IO);
    CHECK(error_says("exists already"));
    nd_node *other = formula_node(arena, (formula){.width = 5, .height = 4, .bands = 1});
    CHECK(write_with(arena, other, (nd_write){.path = path, .replace = true}) == ND_OK);
    CHECK(entries(folder) == 2);
    CHECK(entries(nd_text(arena, "%s/a.data", folder)) == 2); // b1.img, b1.hdr
    // The header gone, its data still there: they are not overwritten unasked.
    CHECK(unlink(path) == 0);
    CHECK(write_with(arena, other, (nd_write){.path = path}) == ND_E_IO);
    CHECK(error_says("a.data exists already"));
    CHECK(entries(folder) == 1);
}

TEST(the_name_gets_its_extension)
{
    const char *folder = folder_new(arena);
    nd_node *node = mixed_node(arena, (mixed){.width = 30, .height = 20});
    CHECK(write_with(arena, node,
                     (nd_write){.path = nd_text(arena, "%s/v1.2", folder),
                                .format = "BEAM-DIMAP"}) == ND_OK);
    CHECK(access(nd_text(arena, "%s/v1.2.dim", folder), F_OK) == 0 &&
          access(nd_text(arena, "%s/v1.2.data/c.img", folder), F_OK) == 0);
}

TEST(what_was_written_is_read_again)
{
    const char *path = nd_text(arena, "%s/a.dim", folder_new(arena));
    nd_node *node = mixed_node(arena, (mixed){.width = 90, .height = 70, .sizes = true});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    const nd_product *product = nd_product_open(arena, path, NULL);
    CHECK(product);
    for (int b = 0; product && b < node->bands; b++) {
        const nd_band *was = &node->band[b], *is = NULL;
        int number = 0;
        for (int i = 0; i < product->bands; i++)
            if (strcmp(product->band[i].name, was->name) == 0)
                is = &product->band[i], number = i;
        CHECK(is && nd_grid_same(&is->grid, &was->grid));
        CHECK(is && is->sample == was->sample && is->kind == was->kind &&
              is->labels == was->labels);
        CHECK(is && fabs(is->wavelength_nm - was->wavelength_nm) < 0.01);
        if (!is) continue;
        const nd_rect all = {0, 0, is->grid.width, is->grid.height};
        nd_work work = {.arena = arena};
        nd_tile tile = {all, 0, {&number, 1}, all.width, 0, NULL};
        tile.data =
            nd_alloc(arena, (size_t)all.width * (size_t)all.height, sizeof *tile.data);
        CHECK(tile.data && product->read(product, &work, &tile) == ND_OK);
        int wrong = 0;
        for (int y = 0; y < all.height; y++)
            for (int x = 0; x < all.width; x++) {
                const float want = mixed_value(b, x, y), got = *nd_at(&tile, 0, x, y);
                wrong += !(got == want || (isnan(got) && isnan(want)));
            }
        CHECK(wrong == 0);
    }
}
