// SPDX-License-Identifier: Apache-2.0
#include "mixed.h"

#define FORMULA                                                                          \
    "want => lambda k: np.where((x + y) % 31 == 0, np.nan, (k + 1) * 1000 + x + 2 * "    \
    "y).astype('f4')\n"

TEST(netcdf_has_a_variable_a_band)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.nc", folder);
    nd_node *node = formula_node(arena, (formula){.width = 70, .height = 50, .bands = 2});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    CHECK(entries(folder) == 1);
    nd_node *mix = mixed_node(arena, (mixed){.width = 1100, .height = 60, .sizes = true});
    const char *other = nd_text(arena, "%s/m.nc", folder);
    CHECK(write_with(arena, mix, (nd_write){.path = other, .history = "made so"}) ==
          ND_OK);
    static const char *const says[][2] = {
        {"f", MIXED "np.array_equal(a[0], F, equal_nan=True)\n"
                    "ds.GetMetadataItem('NC_GLOBAL#history') == 'made so'\n"
                    "ds.GetRasterBand(1).GetUnitType() == 'm'\n"},
        {"s", MIXED "np.array_equal(a[0], S) and a.dtype == np.uint16\n"
                    "ds.GetRasterBand(1).GetScale() == 0.5\n"},
        {"g", MIXED "np.array_equal(a[0], G)\n"},
        {"half",
         MIXED "a.shape == (1, 30, 550) and np.array_equal(a[0], F, equal_nan=True)\n"
               "ds.GetGeoTransform() == (300000, 20, 0, 4900020, 0, -20)\n"}};
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        CHECK(gdal_says(arena, nd_text(arena, "NETCDF:\"%s\":%s", other, says[i][0]),
                        says[i][1]));
    CHECK(gdal_says(arena, nd_text(arena, "NETCDF:\"%s\":b2", path),
                    FORMULA "np.array_equal(a[0], want(1), equal_nan=True)\n"
                            "ds.GetGeoTransform() == (300000, 10, 0, 4900020, 0, -10)\n"
                            "ds.GetSpatialRef().GetAuthorityCode(None) == '32631'\n"));
}

TEST(names_of_snap_and_of_gdal_are_understood)
{
    const char *folder = folder_new(arena);
    static const char *const names[][2] = {{"HDF5", "a.h5"},
                                           {"NetCDF4-BEAM", "b.nc"},
                                           {"AAIGrid", "c.asc"},
                                           {"GDAL-RST-WRITER", "d.rst"}};
    nd_node *node = formula_node(
        arena, (formula){.width = 70, .height = 50, .bands = 1, .whole = true});
    for (size_t i = 0; i < 4; i++) {
        const char *path = nd_text(arena, "%s/%s", folder, names[i][1]);
        CHECK(write_with(arena, node, (nd_write){.path = path, .format = names[i][0]}) ==
              ND_OK);
        CHECK(gdal_says(arena, path, "np.array_equal(a[0], 1000 + x + 2 * y)\n"));
    }
    CHECK(access(nd_text(arena, "%s/d.rdc", folder), F_OK) == 0); // its second file, too
}

TEST(a_failure_of_gdal_is_two_lines_and_leaves_nothing)
{
    const char *folder = folder_new(arena), *path = nd_text(arena, "%s/a.asc", folder);
    nd_node *node = formula_node(arena, (formula){.width = 70, .height = 50, .bands = 2});
    CHECK(write_with(arena, node, (nd_write){.path = path}) ==
          ND_E_IO); // it holds one band
    CHECK(error_says(" cannot be written as AAIGrid: "));
    CHECK(entries(folder) == 0);
    CHECK(write_with(arena, node, (nd_write){.path = path, .format = "NetCFD4-CF"}) ==
          ND_E_PARAM);
    CHECK(error_says("there is no output format NetCFD4-CF\ndid you mean NetCDF4-CF?"));
    CHECK(write_with(arena, node, (nd_write){.path = "/tmp/nadir.xyzzy"}) == ND_E_PARAM);
    CHECK(error_says("there is no output format for the extension .xyzzy"));
}
