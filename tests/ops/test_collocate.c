// SPDX-License-Identifier: Apache-2.0
#include "../files.h"
#include "../rasters.h"
#include <nadir/geo.h>

static nd_node *place(nd_arena *arena, nd_node *node, const char *crs, double x, double y)
{
    for (int b = 0; node && b < node->bands; b++) {
        node->band[b].grid.crs = nd_crs_new(arena, crs);
        node->band[b].grid.x = x, node->band[b].grid.y = y;
    }
    return node;
}
#define UTM(x, y, width, height, ...)                                                    \
    place(arena, PIXELS(width, height, __VA_ARGS__), "EPSG:32631", x, y)

TEST(puts_others_beside_the_first_on_its_grid)
{
    nd_node *a = UTM(500000, 4500020, 2, 2, 1, 2, 3, 4);
    nd_node *b = UTM(500010, 4500020, 2, 1, 7, 8);
    nd_node *out = apply(arena, "Collocate", FROM(a, b), DEFAULTS);
    CHECK(READS(out, 1, 2, 3, 4, NAN, 7, NAN, NAN, 0, 1, 0, 0));
    CHECK(out && strcmp(out->band[0].name, "b1_M") == 0);
    CHECK(out && strcmp(out->band[1].name, "b1_S") == 0);
    CHECK(out && strcmp(out->band[2].name, "collocationFlags") == 0);
    CHECK(out && strcmp(out->band[2].label[0].name, "SECONDARY_PRESENT") == 0);
    CHECK(out && strcmp(out->name, "_collocated") == 0);
}

TEST(several_others_are_numbered_from_nought)
{
    nd_node *a = UTM(500000, 4500020, 1, 1, 1), *b = UTM(500000, 4500020, 1, 1, 2),
            *c = UTM(500000, 4500020, 1, 1, 3);
    nd_node *out = apply(arena, "Collocate", FROM(a, b, c), DEFAULTS);
    CHECK(READS(out, 1, 2, 1, 3, 1));
    static const char *const name[] = {"b1_M", "b1_S0", "collocationFlags_S0", "b1_S1",
                                       "collocationFlags_S1"};
    for (int i = 0; out && i < 5; i++) CHECK(strcmp(out->band[i].name, name[i]) == 0);
    CHECK(out && strcmp(out->band[4].label[0].name, "SECONDARY_1_PRESENT") == 0);
}

// Half a pixel to the right: the mean of two.
TEST(interpolates_when_told_to_but_never_classes)
{
    nd_node *a = UTM(500005, 4500020, 1, 1, 1),
            *b = UTM(500000, 4500020, 2, 1, 4, 8, 2, 3);
    b->band[1].kind = ND_CLASS;
    nd_node *out = apply(arena, "Collocate", FROM(a, b),
                         WITH("resamplingType", "BILINEAR_INTERPOLATION"));
    CHECK(READS(out, 1, 6, 3, 1));
}

// Half a pixel off a row: weights of the sinc at a half, as raster's tests work them out.
// Beside a gap a linear sample is the one on the left.
TEST(has_snaps_kernels_and_its_rule_beside_what_is_missing)
{
    nd_node *a = UTM(500025, 4500020, 1, 1, 1),
            *b = UTM(500000, 4500020, 5, 1, 9, 0, 1, 5, 2),
            *gap = UTM(500000, 4500020, 5, 1, 9, 0, 1, NAN, 2);
    CHECK(READS(apply(arena, "Collocate", FROM(a, b),
                      WITH("resamplingType", "BISINC_5_POINT_INTERPOLATION")),
                1, 1 + 3 / sqrtf(2), 1));
    CHECK(READS(apply(arena, "Collocate", FROM(a, gap),
                      WITH("resamplingType", "BILINEAR_INTERPOLATION")),
                1, 1, 1));
    // At the second pixel's middle a kernel of any width is that pixel.
    a = UTM(500010, 4500020, 1, 1, 1);
    CHECK(READS(apply(arena, "Collocate", FROM(a, gap),
                      WITH("resamplingType", "BISINC_21_POINT_INTERPOLATION")),
                1, 0, 1));
}

TEST(goes_through_coordinate_systems)
{
    nd_node *a = UTM(500000, 4500020, 2, 2, 1, 2, 3, 4);
    nd_node *b = place(arena, PIXELS(1, 1, 9), "EPSG:4326", 2.99, 40.66);
    b->band[0].grid.pixel_x = 0.02, b->band[0].grid.pixel_y = -0.02;
    nd_node *out = apply(arena, "Collocate", FROM(a, b), DEFAULTS);
    CHECK(READS(out, 1, 2, 3, 4, 9, 9, 9, 9, 1, 1, 1, 1));
}

TEST(names_and_the_reference_are_chosen)
{
    nd_node *a = UTM(500000, 4500020, 1, 1, 1), *b = UTM(500000, 4500020, 2, 1, 5, 6);
    a->name = "winter", b->name = "summer";
    nd_node *out =
        apply(arena, "Collocate", FROM(a, b),
              WITH("masterProductName", "summer", "renameMasterComponents", "false",
                   "slaveComponentPattern", "${ORIGINAL_NAME}_winter"));
    CHECK(READS(out, 5, 6, 1, NAN, 1, 0));
    CHECK(out && strcmp(out->band[0].name, "b1") == 0);
    CHECK(out && strcmp(out->band[1].name, "b1_winter") == 0);
    CHECK(!apply(arena, "Collocate", FROM(a, b), WITH("referenceProductName", "sumer")));
    CHECK(error_says("no input is called sumer\nname one, as summer"));
    CHECK(!apply(
        arena, "Collocate", FROM(a, b),
        WITH("renameMasterComponents", "false", "renameSlaveComponents", "false")));
    CHECK(error_says("two bands would be called b1\nlet the others be renamed"));
}

static const char *raster_file(nd_arena *arena, const char *name, double x,
                               const char *values)
{
    (void)file_of(arena, nd_text(arena, "%s.prj", name), WGS84_PRJ);
    return file_of(arena, nd_text(arena, "%s.asc", name),
                   nd_text(arena,
                           "ncols 2\nnrows 1\nxllcorner %g\nyllcorner 50\ncellsize 0.5\n"
                           "NODATA_value -9999\n%s\n",
                           x, values));
}

TEST(products_named_as_files_come_after_those_that_are_connected)
{
    const char *a = raster_file(arena, "a", 3, "1 2");
    const char *b = raster_file(arena, "b", 3.5, "7 8"); // a pixel to the right
    const char *both = nd_text(arena, "%s,%s", a, b);
    nd_node *out =
        apply(arena, "Collocate", FROM(NULL), WITH("sourceProductPaths", both));
    CHECK(READS(out, 1, 2, NAN, 7, 0, 1));
    nd_node *own = PIXELS(1, 1, 5);
    if (!out || !own) return;
    own->band[0].grid = out->band[0].grid;
    own->band[0].grid.x += 0.5, own->band[0].grid.width = 1;
    out = apply(arena, "Collocate", FROM(own), WITH("sourceProductPaths", both));
    CHECK(READS(out, 5, 2, 1, 7, 1));
    CHECK(out && strcmp(out->band[1].name, "band_1_S0") == 0);
    CHECK(!apply(arena, "Collocate", FROM(NULL), DEFAULTS));
    CHECK(error_says("no product is given\nconnect products, or name files"));
    CHECK(!apply(arena, "Collocate", FROM(own), WITH("sourceProductPaths", "/none.tif")));
    CHECK(error_says("/none.tif cannot be opened"));
}

TEST(refuses_what_cannot_meet)
{
    nd_node *a = UTM(500000, 4500020, 1, 1, 1), *b = UTM(600000, 4500020, 1, 1, 1),
            *lost = PIXELS(1, 1, 1), *mixed = UTM(500000, 4500020, 1, 1, 1, 2);
    CHECK(!apply(arena, "Collocate", FROM(a, b), DEFAULTS));
    CHECK(error_says("sourceProduct.1 does not overlap sourceProduct\ncollocate"));
    CHECK(!apply(arena, "Collocate", FROM(a, lost), DEFAULTS));
    CHECK(error_says("do not both say where on Earth they lie\n"));
    mixed->band[1].grid.width = 2;
    CHECK(!apply(arena, "Collocate", FROM(mixed, a), DEFAULTS));
    CHECK(error_says("bands b1 and b2 of the reference differ in size\nput a Resample"));
}
