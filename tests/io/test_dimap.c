// SPDX-License-Identifier: Apache-2.0
// Expected values of SNAP's own file: read with numpy from its big-endian samples.
#include "scenes.h"

static const char *product_of_snap(nd_arena *arena)
{
    const char *data = getenv("NADIR_TEST_DATA"), *where = folder(arena);
    char command[2000];
    if (!data) return NULL;
    snprintf(command, sizeof command,
             "unzip -qo '%s/dimap/S2B_T34VCL_20170718_c2rcc_subset_dimap.zip' -d '%s'",
             data, where);
    if (system(command) != 0) return NULL;
    return nd_text(arena,
                   "%s/texture/subset_0_of_S2B_MSIL1C_20170718T101029_N0205_R022_T34VCL_"
                   "20170718T101346_idepix_c2rcc_normal.dim",
                   where);
}

static double sum(const float *value, int count, int *valid)
{
    double all = 0;
    *valid = 0;
    for (int i = 0; value && i < count; i++)
        if (!isnan(value[i])) all += (double)value[i], ++*valid;
    return all;
}

enum { PIXELS = 476 * 390, AT = 200 * 476 + 200 };

TEST(a_product_of_snap_is_read)
{
    const char *path = product_of_snap(arena);
    if (!path) SKIP("NADIR_TEST_DATA is not set or unzip is not there");
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && p->bands == 5 + 39 && strcmp(p->format, "BEAM-DIMAP") == 0);
    if (!p) return;
    CHECK(strcmp(p->start, "2017-07-18T10:10:29.026999Z") == 0);
    const nd_band *flags = band_named(p, "pixel_classif_flags");
    CHECK(flags && flags->kind == ND_FLAGS && flags->labels == 18);
    CHECK(flags && flags->label[15].value == 32768);
    CHECK(flags && strcmp(flags->label[15].name, "IDEPIX_WATER") == 0);
    CHECK(flags && flags->grid.x == 350840 && flags->grid.pixel_y == -20);
    CHECK(flags && strcmp(flags->grid.crs->text, "EPSG:32634") == 0);
    int valid;
    CHECK(sum(read_named(arena, p, "pixel_classif_flags"), PIXELS, &valid) ==
          16700558322.0);
}

TEST(expressions_and_masks_of_a_product_are_computed)
{
    const char *path = product_of_snap(arena);
    if (!path) SKIP("NADIR_TEST_DATA is not set or unzip is not there");
    const nd_product *p = nd_product_open(arena, path, NULL);
    int valid;
    // Valid where bit 31 of the flags is set: 126687 pixels.
    double all = sum(read_named(arena, p, "iop_apig"), PIXELS, &valid);
    CHECK(valid == 126687 && fabs(all - 15479.353480404541) < 1e-6);
    const float *chl = read_named(arena, p, "conc_chl"); // pow(iop_apig, 1.04) * 21
    all = sum(chl, PIXELS, &valid);
    CHECK(valid == 126687 && fabs(all - 303632.9519492026) < 1e-2);
    CHECK(chl && fabsf(chl[AT] - 0.97426024f) < 1e-6f);
    CHECK(sum(read_named(arena, p, "Valid_PE"), PIXELS, &valid) == 126687);
    CHECK(sum(read_named(arena, p, "IDEPIX_LAND"), PIXELS, &valid) == 36093);
    CHECK(sum(read_named(arena, p, "IDEPIX_CLOUD"), PIXELS, &valid) == 24057);
    CHECK(sum(read_named(arena, p, "Rtosa_OOS"), PIXELS, &valid) == 75085);
}

// ---- A small product of our own.

static const char *const head =
    "<Dimap_Document name=\"s.dim\"><Dataset_Id><DATASET_NAME>small</DATASET_NAME>"
    "</Dataset_Id><Raster_Dimensions><NCOLS>4</NCOLS><NROWS>2</NROWS><NBANDS>1</NBANDS>"
    "</Raster_Dimensions><Data_Access><Data_File><DATA_FILE_PATH href=\"s.data/a.hdr\"/>"
    "<BAND_INDEX>0</BAND_INDEX></Data_File><Tie_Point_Grid_File>"
    "<TIE_POINT_GRID_FILE_PATH href=\"s.data/lat.hdr\"/><TIE_POINT_GRID_INDEX>0"
    "</TIE_POINT_GRID_INDEX></Tie_Point_Grid_File></Data_Access>"
    "<Image_Interpretation><Spectral_Band_Info><BAND_INDEX>0</BAND_INDEX>"
    "<BAND_NAME>a</BAND_NAME><DATA_TYPE>int16</DATA_TYPE><SCALING_FACTOR>0.5"
    "</SCALING_FACTOR><SCALING_OFFSET>1</SCALING_OFFSET><NO_DATA_VALUE_USED>true"
    "</NO_DATA_VALUE_USED><NO_DATA_VALUE>-1</NO_DATA_VALUE></Spectral_Band_Info>";
static const char *const tail =
    "</Image_Interpretation><Tie_Point_Grids><Tie_Point_Grid_Info><TIE_POINT_GRID_INDEX>0"
    "</TIE_POINT_GRID_INDEX><TIE_POINT_GRID_NAME>latitude</TIE_POINT_GRID_NAME>"
    "<NCOLS>2</NCOLS><NROWS>2</NROWS><OFFSET_X>0.5</OFFSET_X><OFFSET_Y>0.5</OFFSET_Y>"
    "<STEP_X>3</STEP_X><STEP_Y>1</STEP_Y></Tie_Point_Grid_Info></Tie_Point_Grids>"
    "</Dimap_Document>";

static const char *header(int type, int width)
{
    static char text[200];
    snprintf(text, sizeof text,
             "ENVI\nsamples = %d\nlines = 2\nbands = 1\nheader offset = 0\n"
             "data type = %d\ninterleave = bsq\nbyte order = 1\n",
             width, type);
    return text;
}

static const char *small(nd_arena *arena, const char *bands)
{
    const char *where = folder(arena), *path = nd_text(arena, "%s/s.dim", where);
    const char *data = nd_text(arena, "%s/s.data", where);
    if (mkdir(data, 0700) != 0) abort();
    static const unsigned char a[] = {0, 0, 0, 1, 255, 255, 0, 3, 0, 4, 0, 5, 1, 0, 0, 7};
    static const unsigned char lat[] = {0x3f, 0x80, 0, 0, 0x40, 0,    0, 0,
                                        0x40, 0x40, 0, 0, 0x40, 0x80, 0, 0};
    write_file(nd_text(arena, "%s/a.img", data), a, sizeof a);
    write_file(nd_text(arena, "%s/a.hdr", data), header(2, 4), strlen(header(2, 4)));
    write_file(nd_text(arena, "%s/lat.img", data), lat, sizeof lat);
    write_file(nd_text(arena, "%s/lat.hdr", data), header(4, 2), strlen(header(4, 2)));
    const char *text = nd_text(arena, "%s%s%s", head, bands, tail);
    write_file(path, text, strlen(text));
    return path;
}

static const char *virtual(nd_arena *arena, int index, const char *name, const char *is)
{
    return nd_text(arena,
                   "<Spectral_Band_Info><BAND_INDEX>%d</BAND_INDEX><BAND_NAME>%s"
                   "</BAND_NAME><DATA_TYPE>float32</DATA_TYPE><VIRTUAL_BAND>true"
                   "</VIRTUAL_BAND><EXPRESSION>%s</EXPRESSION></Spectral_Band_Info>",
                   index, name, is);
}

TEST(samples_are_big_endian_scaled_and_have_tie_points)
{
    const nd_product *p = nd_product_open(arena, small(arena, ""), NULL);
    CHECK(p && p->bands == 2 && strcmp(p->name, "small") == 0);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 1, 1.5f, NAN, 2.5f, 3, 3.5f, 129, 4.5f));
    CHECK(p && HOLDS(read_level(arena, p, 1, 0), 1, 2, 3, 4));
    // Nodes at 0.5 and 3.5: cells of three pixels, the first one's middle at 0.5.
    CHECK(p && p->band[1].role == ND_ANGLE && p->band[1].grid.x == -1);
    CHECK(p && p->band[1].grid.pixel_x == 3 && p->band[1].grid.y == 0);
}

TEST(virtual_bands_may_stand_on_virtual_bands_in_any_order)
{
    const char *bands = nd_text(arena, "%s%s", virtual(arena, 1, "c", "b + 1"),
                                virtual(arena, 2, "b", "a * 2"));
    const nd_product *p = nd_product_open(arena, small(arena, bands), NULL);
    CHECK(p && HOLDS(read_named(arena, p, "c"), 3, 4, NAN, 6, 7, 8, 259, 10));
    CHECK(p && HOLDS(read_level(arena, p, 1, 1), 5.5f, (6 + 259 + 10) / 3.f));
}

TEST(a_virtual_band_may_name_its_product_and_no_other)
{
    const char *bands = nd_text(arena, "%s%s%s", virtual(arena, 1, "b", "$1.a * 2"),
                                virtual(arena, 2, "c", "$sourceProduct.a * 2"),
                                virtual(arena, 3, "d", "$other.a + $"));
    const nd_product *p = nd_product_open(arena, small(arena, bands), NULL);
    CHECK(p && HOLDS(read_named(arena, p, "b"), 2, 3, NAN, 5, 6, 7, 258, 9));
    CHECK(p && HOLDS(read_named(arena, p, "c"), 2, 3, NAN, 5, 6, 7, 258, 9));
    CHECK(p && p->band[3].missing && strstr(p->band[3].missing, "$other.a"));
}

TEST(expressions_that_cannot_be_computed_are_missing_bands)
{
    const char *bands =
        nd_text(arena, "%s%s%s%s", virtual(arena, 1, "b", "c + 1"),
                virtual(arena, 2, "c", "b + 1"), virtual(arena, 3, "d", "a +"),
                virtual(arena, 4, "e", "latitude * 2"));
    const nd_product *p = nd_product_open(arena, small(arena, bands), NULL);
    for (int i = 1; p && i < 5; i++) {
        CHECK(p->band[i].missing && strchr(p->band[i].missing, '\n'));
        CHECK(!read_level(arena, p, i, 0) && error_says("\n"));
    }
}

static bool refuses(nd_arena *arena, const char *text, const char *words)
{
    const char *path = nd_text(arena, "%s/x.dim", folder(arena));
    write_file(path, text, strlen(text));
    return !nd_product_open(arena, path, NULL) && error_says(words);
}

TEST(headers_that_make_no_sense_are_refused)
{
    CHECK(refuses(arena, "<a/>", "it is no BEAM-DIMAP header\nwrite"));
    CHECK(refuses(arena, "<Dimap_Document/>", "does not say its size"));
    CHECK(refuses(arena, "<!DOCTYPE a><Dimap_Document/>", "has a DOCTYPE"));
    CHECK(refuses(arena,
                  "<Dimap_Document><Raster_Dimensions><NCOLS>1e9</NCOLS><NROWS>1e9"
                  "</NROWS></Raster_Dimensions></Dimap_Document>",
                  "does not say its size"));
    CHECK(refuses(arena,
                  "<Dimap_Document><Raster_Dimensions><NCOLS>9</NCOLS><NROWS>9</NROWS>"
                  "</Raster_Dimensions></Dimap_Document>",
                  "it has no bands"));
}

TEST(a_file_outside_of_the_product_is_not_read)
{
    const char *path = small(arena, "");
    char command[700];
    snprintf(command, sizeof command, "sed -i 's|s.data/a.hdr|../s.data/a.hdr|' '%s'",
             path);
    CHECK(system(command) == 0);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && !read_level(arena, p, 0, 0) && error_says("band a has no file"));
}
