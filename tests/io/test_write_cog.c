// SPDX-License-Identifier: Apache-2.0
#include "written.h"

// The rules of the layout (gdal.org, "Cloud Optimized GeoTIFF driver", file structure):
// GDAL's own validator, then leader and trailer of every tile as the ghost area says.
#define LAYOUT                                                                           \
    "from osgeo_utils.samples import validate_cloud_optimized_geotiff as v\n"            \
    "import struct\n"                                                                    \
    "raw = open(path, 'rb').read()\n"                                                    \
    "big = raw[2] == 43\n"                                                               \
    "at = 16 if big else 8\n"                                                            \
    "assert raw[at:].startswith(b'GDAL_STRUCTURAL_METADATA_SIZE=')\n"                    \
    "length = int(raw[at + 30:at + 36])\n"                                               \
    "assert raw[at + 36:at + 43] == b' bytes\\n'\n"                                      \
    "ghost = raw[at + 43:at + 43 + length].decode()\n"                                   \
    "for line in ['LAYOUT=IFDS_BEFORE_DATA', 'BLOCK_ORDER=ROW_MAJOR',\n"                 \
    "    'BLOCK_LEADER=SIZE_AS_UINT4', 'BLOCK_TRAILER=LAST_4_BYTES_REPEATED',\n"         \
    "    'KNOWN_INCOMPATIBLE_EDITION=NO']:\n"                                            \
    "    assert line + '\\n' in ghost, line\n"                                           \
    "warnings, errors, details = v.validate(path, full_check=True)\n"                    \
    "assert not warnings and not errors, (warnings, errors)\n"                           \
    "band = ds.GetRasterBand(1)\n"                                                       \
    "assert ds.GetMetadataItem('LAYOUT', 'IMAGE_STRUCTURE') == 'COG'\n"                  \
    "for b in [band] + [band.GetOverview(i) for i in range(band.GetOverviewCount())]:\n" \
    "    w, h = b.GetBlockSize()\n"                                                      \
    "    for ty in range((b.YSize + h - 1) // h):\n"                                     \
    "        for tx in range((b.XSize + w - 1) // w):\n"                                 \
    "            o = int(b.GetMetadataItem('BLOCK_OFFSET_%d_%d' % (tx, ty), 'TIFF'))\n"  \
    "            n = int(b.GetMetadataItem('BLOCK_SIZE_%d_%d' % (tx, ty), 'TIFF'))\n"    \
    "            assert struct.unpack('<I', raw[o - 4:o])[0] == n\n"                     \
    "            assert raw[o + n - 4:o + n] == raw[o + n:o + n + 4]\n"

#define FORMULA                                                                          \
    "want => np.stack([np.where((x + y) % 31 == 0, np.nan, (k + 1) * 1000 + x + 2 * y) " \
    "for k in range(a.shape[0])])\n"                                                     \
    "np.array_equal(a, want.astype('f4'), equal_nan=True)\n"

TEST(a_cog_keeps_the_rules_and_the_pixels)
{
    const char *folder = folder_new(arena);
    static const char *const ways[] = {"zstd", "deflate", "none"};
    for (int bands = 1; bands <= 3; bands += 2)
        for (size_t i = 0; i < 3; i++) {
            const char *path = nd_text(arena, "%s/%s%d.tif", folder, ways[i], bands);
            nd_node *node = formula_node(
                arena, (formula){.width = 701, .height = 403, .bands = bands});
            CHECK(write_with(arena, node,
                             (nd_write){path, "COG",
                                        OPTIONS({"COMPRESS", ways[i]}, {"TILE", "128"}),
                                        false, NULL}) == ND_OK);
            CHECK(python_says(arena, path, LAYOUT));
            CHECK(gdal_says(arena, path,
                            FORMULA "ds.GetRasterBand(1).GetOverviewCount() == 3\n"));
        }
    CHECK(entries(folder) == 6);
}

TEST(a_small_cog_has_no_overviews_and_is_one)
{
    const char *path = nd_text(arena, "%s/a.cog", folder_new(arena));
    nd_node *node = formula_node(arena, (formula){.width = 5, .height = 4, .bands = 1});
    CHECK(write_with(arena, node, (nd_write){.path = path}) == ND_OK);
    CHECK(python_says(arena, path, LAYOUT));
    CHECK(gdal_says(arena, path, FORMULA));
}
