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
    CHECK(error_says("GDAL cannot write this as AAIGrid: "));
    CHECK(entries(folder) == 0);
    CHECK(write_with(arena, node, (nd_write){.path = path, .format = "NetCFD4-CF"}) ==
          ND_E_PARAM);
    CHECK(error_says("there is no output format NetCFD4-CF\ndid you mean NetCDF4-CF?"));
    CHECK(write_with(arena, node, (nd_write){.path = "/tmp/nadir.xyzzy"}) == ND_E_PARAM);
    CHECK(error_says("there is no output format for the extension .xyzzy"));
}
