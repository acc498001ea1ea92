// SPDX-License-Identifier: Apache-2.0
#include "scenes.h"
#include <cpl_string.h>
#include <gdal.h>
#include <ogr_srs_api.h>

typedef struct made {
    const char *path, *driver;
    int width, height, bands;
    GDALDataType type;
    double transform[6];
    const double *value; // band after band
} made;

// Written by GDAL, with an UTM system where there is a transform.
static GDALDatasetH make(const made *m, char **options)
{
    GDALAllRegister();
    GDALDatasetH d =
        GDALCreate(GDALGetDriverByName(m->driver ? m->driver : "GTiff"), m->path,
                   m->width, m->height, m->bands ? m->bands : 1, m->type, options);
    if (!d) abort();
    if (m->transform[1] != 0) {
        OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
        OSRImportFromEPSG(srs, 32631);
        GDALSetSpatialRef(d, srs);
        OSRDestroySpatialReference(srs);
        GDALSetGeoTransform(d, (double *)(uintptr_t)m->transform);
    }
    const size_t plane = (size_t)(m->width * m->height);
    for (int b = 0; m->value && b < (m->bands ? m->bands : 1); b++)
        if (GDALRasterIO(GDALGetRasterBand(d, b + 1), GF_Write, 0, 0, m->width, m->height,
                         (double *)(uintptr_t)(m->value + (size_t)b * plane), m->width,
                         m->height, GDT_Float64, 0, 0) != CE_None)
            abort();
    return d;
}

static const double upright[6] = {600000, 10, 0, 5000000, 0, -10};

TEST(a_raster_has_a_grid_and_bands_named_by_number)
{
    const char *path = nd_text(arena, "%s/two.tif", folder(arena));
    const double v[] = {1, 2, 3, 4, 5, 6, 7, 8};
    made m = {path, NULL, 2, 2, 2, GDT_UInt16, {600000, 10, 0, 5000000, 0, -10}, v};
    GDALClose(make(&m, NULL));
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && p->bands == 2 && strcmp(p->band[1].name, "band_2") == 0);
    if (!p) return;
    const nd_grid g = p->band[0].grid;
    CHECK(g.width == 2 && g.x == 600000 && g.y == 5000000 && g.pixel_y == -10);
    CHECK(g.crs && strcmp(g.crs->text, "EPSG:32631") == 0 && !g.crs->is_geographic);
    CHECK(strcmp(p->name, "two") == 0 && strcmp(p->format, "GTiff") == 0);
    CHECK(HOLDS(read_level(arena, p, 1, 0), 5, 6, 7, 8));
}

TEST(values_are_scaled_and_no_data_is_nan)
{
    const char *path = nd_text(arena, "%s/scaled.tif", folder(arena));
    const double v[] = {0, 100, -5, 7};
    made m = {path, NULL, 2, 2, 1, GDT_Int16, {0}, v};
    GDALDatasetH d = make(&m, NULL);
    GDALRasterBandH b = GDALGetRasterBand(d, 1);
    GDALSetRasterNoDataValue(b, -5);
    GDALSetRasterScale(b, 0.5), GDALSetRasterOffset(b, 1);
    GDALSetDescription(b, "height"), GDALSetRasterUnitType(b, "m");
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && strcmp(p->band[0].name, "height") == 0);
    CHECK(p && strcmp(p->band[0].unit, "m") == 0 && !p->band[0].grid.crs);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 1, 51, NAN, 4.5f));
}

TEST(a_no_data_value_that_the_type_cannot_hold_means_nothing)
{
    const char *path = nd_text(arena, "%s/odd.vrt", folder(arena));
    const double v[] = {0, 1, 255, 3};
    const char *tif = nd_text(arena, "%s.tif", path);
    made m = {tif, NULL, 4, 1, 1, GDT_Byte, {0}, v};
    GDALClose(make(&m, NULL));
    const char *vrt = nd_text(
        arena,
        "<VRTDataset rasterXSize=\"4\" rasterYSize=\"1\"><VRTRasterBand "
        "dataType=\"Byte\" "
        "band=\"1\"><NoDataValue>-1</NoDataValue><SimpleSource><SourceFilename>%s"
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        "</VRTDataset>",
        tif);
    write_file(path, vrt, strlen(vrt));
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 0, 1, 255, 3));
}

TEST(a_file_that_starts_in_the_south_is_turned_over)
{
    const char *path = nd_text(arena, "%s/south.tif", folder(arena));
    const double v[] = {1, 2, 3, 4, 5, 6};
    made m = {path, NULL, 2, 3, 1, GDT_Float32, {0, 10, 0, 100, 0, 10}, v};
    GDALClose(make(&m, NULL));
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && p->band[0].grid.y == 130 && p->band[0].grid.pixel_y == -10);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 5, 6, 3, 4, 1, 2));
    CHECK(p && HOLDS(read_rect(arena, p, 0, 0, (nd_rect){1, 1, 1, 2}), 4, 2));
}

TEST(a_file_that_lies_askew_is_a_picture)
{
    const char *path = nd_text(arena, "%s/askew.tif", folder(arena));
    const double v[] = {1, 2};
    made m = {path, NULL, 2, 1, 1, GDT_Float32, {0, 10, 3, 100, -3, -10}, v};
    GDALClose(make(&m, NULL));
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && !p->band[0].grid.crs && p->band[0].grid.pixel_x == 1);
}

TEST(complex_samples_are_two_bands)
{
    const char *path = nd_text(arena, "%s/slc.tif", folder(arena));
    made m = {path, NULL, 2, 1, 1, GDT_CInt16, {0}, NULL};
    GDALDatasetH d = make(&m, NULL);
    float pair[] = {1, -2, 3, 4};
    CHECK(GDALRasterIO(GDALGetRasterBand(d, 1), GF_Write, 0, 0, 2, 1, pair, 2, 1,
                       GDT_CFloat32, 0, 0) == CE_None);
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && p->bands == 2 && strcmp(p->band[0].name, "i_band_1") == 0);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 1, 3));
    CHECK(p && HOLDS(read_level(arena, p, 1, 0), -2, 4));
}

TEST(a_palette_makes_classes_with_names_and_colours)
{
    const char *path = nd_text(arena, "%s/classes.tif", folder(arena));
    const double v[] = {0, 1, 2, 2};
    made m = {path, NULL, 2, 2, 1, GDT_Byte, {0}, v};
    GDALDatasetH d = make(&m, NULL);
    GDALRasterBandH b = GDALGetRasterBand(d, 1);
    GDALColorTableH colours = GDALCreateColorTable(GPI_RGB);
    GDALSetColorEntry(colours, 1, &(GDALColorEntry){0, 128, 255, 255});
    GDALSetColorEntry(colours, 2, &(GDALColorEntry){255, 0, 0, 255});
    GDALSetRasterColorTable(b, colours);
    GDALDestroyColorTable(colours);
    char *names[] = {(char[]){"none"}, (char[]){"water"}, (char[]){"fire"}, NULL};
    GDALSetRasterCategoryNames(b, names);
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && p->band[0].kind == ND_CLASS && p->band[0].labels >= 3);
    CHECK(p && strcmp(p->band[0].label[1].name, "water") == 0);
    CHECK(p && p->band[0].label[1].colour == 0x0080ffffu);
}

TEST(a_level_is_the_mean_of_valid_pixels_and_none_under_half)
{
    const char *path = nd_text(arena, "%s/mean.tif", folder(arena));
    const double v[] = {1, 2, 9, -1, 5, 3, 6, -1, -1, -1, 2, 4, -1, -1, 8};
    made m = {path, NULL, 5, 3, 1, GDT_Float32, {600000, 10, 0, 5000000, 0, -10}, v};
    GDALDatasetH d = make(&m, NULL);
    GDALSetRasterNoDataValue(GDALGetRasterBand(d, 1), -1);
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    // Rows 1 2 9 - 5 / 3 6 - - - / 2 4 - - 8: blocks of two by two, cut at the edges.
    CHECK(p && p->levels == ND_EXACT);
    CHECK(p && HOLDS(read_level(arena, p, 0, 1), 3, NAN, 5, 3, NAN, 8));
    CHECK(p && HOLDS(read_level(arena, p, 0, 3), 40.f / 9));
}

TEST(amplitude_classes_and_flags_have_levels_of_their_own)
{
    const char *where = folder(arena), *words[] = {"amplitude", "class", "flags"};
    const double v[] = {1, 1, 5, 7};
    const float want[] = {sqrtf(19), 1, 7};
    for (int i = 0; i < 3; i++) {
        made m = {nd_text(arena, "%s/%s.tif", where, words[i]),
                  NULL,
                  2,
                  2,
                  1,
                  GDT_Byte,
                  {0},
                  v};
        GDALDatasetH d = make(&m, NULL);
        GDALSetMetadataItem(GDALGetRasterBand(d, 1), "kind", words[i], NULL);
        GDALClose(d);
        const nd_product *p = nd_product_open(arena, m.path, NULL);
        const float *got = p ? read_level(arena, p, 0, 1) : NULL;
        CHECK(got && fabsf(got[0] - want[i]) < 1e-6f);
    }
}

TEST(overviews_of_the_file_serve_its_levels)
{
    const char *path = nd_text(arena, "%s/small.tif", folder(arena));
    double *v = nd_alloc(arena, 65 * 33, sizeof *v);
    for (int i = 0; v && i < 65 * 33; i++) v[i] = i;
    made m = {path, NULL, 65, 33, 1, GDT_Float32, {600000, 10, 0, 5000000, 0, -10}, v};
    GDALDatasetH d = make(&m, NULL);
    int factor = 2;
    CHECK(GDALBuildOverviews(d, "NEAREST", 1, &factor, 0, NULL, NULL, NULL) == CE_None);
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && p->levels == ND_REDUCED);
    float *got = p ? read_level(arena, p, 0, 1) : NULL;
    CHECK(got && got[1] == roundf(got[1]) && got[0] < 67); // a pixel, not a mean
    CHECK(p && read_level(arena, p, 0, 4));
}

TEST(what_is_not_there_or_not_a_picture_is_said_in_two_lines)
{
    const char *where = folder(arena), *path = nd_text(arena, "%s/not.tif", where);
    CHECK(!nd_product_open(arena, path, NULL) && error_says("\ncheck the name"));
    write_file(path, "II*\0nonsense", 12);
    CHECK(!nd_product_open(arena, path, NULL) && error_says("\ncheck that the file"));
    CHECK(!nd_product_open(arena, "", NULL) && error_says("\nname a file"));
    CHECK(!nd_product_open(arena, "/vsicurl/http://localhost/a.tif", NULL) &&
          error_says("\nfetch it first"));
    CHECK(!nd_product_open(arena, "https://localhost/a.tif", NULL) &&
          error_says("\nfetch it first"));
}

TEST(a_truncated_file_fails_when_it_is_read)
{
    const char *path = nd_text(arena, "%s/cut.tif", folder(arena));
    double *v = nd_alloc(arena, 300 * 300, sizeof *v);
    made m = {path, NULL, 300, 300, 1, GDT_Float32, {600000, 10, 0, 5000000, 0, -10}, v};
    for (int i = 0; v && i < 300 * 300; i++) v[i] = i * 0.37;
    GDALClose(make(&m, NULL));
    CHECK(truncate(path, 200000) == 0);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(!p || !read_level(arena, p, 0, 0));
    CHECK(error_says("cut.tif"));
}

TEST(a_header_of_absurd_size_is_refused)
{
    const char *path = nd_text(arena, "%s/huge.vrt", folder(arena));
    const char *vrt = "<VRTDataset rasterXSize=\"1000000000\" rasterYSize=\"1000000000\">"
                      "<VRTRasterBand dataType=\"Byte\" band=\"1\"/></VRTDataset>";
    write_file(path, vrt, strlen(vrt));
    CHECK(!nd_product_open(arena, path, NULL));
    CHECK(error_says("1000000000 x 1000000000 pixels\ncheck its header"));
}

TEST(a_scene_describes_itself_as_strict_json)
{
    const char *path = nd_text(arena, "%s/nan.tif", folder(arena));
    const double v[] = {1, 2};
    made m = {path, NULL, 2, 1, 1, GDT_Float32, {0}, v};
    memcpy(m.transform, upright, sizeof upright);
    GDALDatasetH d = make(&m, NULL);
    GDALSetRasterNoDataValue(GDALGetRasterBand(d, 1), (double)NAN);
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    nd_buffer text = {.arena = arena};
    nd_json_out out = {.to = &text};
    CHECK(p && nd_product_describe(p, &out) == ND_OK);
    const nd_json *json = nd_json_parse(arena, text.text, text.length);
    CHECK(json && nd_json_member(json, "mission")->kind == ND_JSON_NULL);
    CHECK(json && strcmp(nd_json_member(json, "crs")->text, "EPSG:32631") == 0);
    const nd_json *band = json ? nd_json_member(json, "bands")->first : NULL;
    CHECK(band && strcmp(nd_json_member(band, "name")->text, "band_1") == 0);
    CHECK(band && nd_json_member(band, "no_data")->kind == ND_JSON_NULL);
    CHECK(p && nd_product_print(p, &text) == ND_OK);
}

TEST(the_format_may_be_named_and_is_then_meant)
{
    const char *path = nd_text(arena, "%s/two.tif", folder(arena));
    const double v[] = {1, 2};
    made m = {path, NULL, 2, 1, 1, GDT_Byte, {0}, v};
    GDALClose(make(&m, NULL));
    CHECK(nd_product_open(arena, path, "GeoTIFF") && nd_product_open(arena, path, ""));
    CHECK(nd_product_open(arena, path, "GTiff"));
    CHECK(!nd_product_open(arena, path, "PNG") && error_says("two.tif cannot be opened"));
    CHECK(!nd_product_open(arena, path, "BEAM-DIMAP") &&
          error_says("is no BEAM-DIMAP\n"));
    CHECK(!nd_product_open(arena, path, "SENTINEL-2-MSI-10M-UTM32N") &&
          error_says("\nleave the format out"));
    CHECK(!nd_product_open(arena, path, "GeoTIF") && error_says("did you mean GeoTIFF?"));
    CHECK(!nd_product_open(arena, path, "Zorg") &&
          error_says("no reader for the format"));
}

TEST(what_nadir_writes_into_a_file_is_read_back)
{
    const char *path = nd_text(arena, "%s/ours.tif", folder(arena));
    const double v[] = {4, 5};
    made m = {path, NULL, 2, 1, 1, GDT_Byte, {0}, v};
    GDALDatasetH d = make(&m, NULL);
    GDALRasterBandH b = GDALGetRasterBand(d, 1);
    GDALSetMetadataItem(d, "MISSION", "Sentinel-2A", NULL);
    GDALSetMetadataItem(d, "ACQUISITION_START", "2018-01-01T10:54:41.026Z", NULL);
    GDALSetMetadataItem(d, "SIMULATED", "pixels are simulated", NULL);
    GDALSetMetadataItem(b, "KIND", "class", NULL);
    GDALSetMetadataItem(b, "CLASS_4", "vegetation", NULL);
    GDALSetMetadataItem(b, "CENTRAL_WAVELENGTH_UM", "0.665", "IMAGERY");
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    CHECK(p && strcmp(p->mission, "Sentinel-2A") == 0 && p->simulated);
    CHECK(p && strcmp(p->stop, "2018-01-01T10:54:41.026Z") == 0);
    CHECK(p && p->band[0].kind == ND_CLASS && p->band[0].labels == 1);
    CHECK(p && strcmp(p->band[0].label[0].name, "vegetation") == 0);
    CHECK(p && p->band[0].wavelength_nm == 665);
}

TEST(a_container_says_what_is_in_it)
{
    const char *path = nd_text(arena, "%s/two.tif", folder(arena));
    const double v[] = {1, 2};
    made m = {path, NULL, 2, 1, 1, GDT_Byte, {0}, v};
    GDALClose(make(&m, NULL));
    char *more[] = {(char[]){"APPEND_SUBDATASET=YES"}, NULL};
    GDALClose(make(&m, more));
    const nd_product *p =
        nd_product_open(arena, nd_text(arena, "GTIFF_DIR:2:%s", path), NULL);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 1, 2));
    if (!GDALGetDriverByName("netCDF")) SKIP("GDAL has no netCDF");
    const char *nc = nd_text(arena, "%s.nc", path);
    made two = {nd_text(arena, "%s.two.tif", path), NULL, 1, 1, 2, GDT_Byte, {0}, v};
    GDALDatasetH from = make(&two, NULL);
    GDALClose(
        GDALCreateCopy(GDALGetDriverByName("netCDF"), nc, from, 0, NULL, NULL, NULL));
    GDALClose(from);
    CHECK(!nd_product_open(arena, nc, NULL) && error_says("holds 2 pictures\ngive one"));
    p = nd_product_open(arena, nd_text(arena, "NETCDF:\"%s\":Band2", nc), NULL);
    CHECK(p && HOLDS(read_level(arena, p, 0, 0), 2));
}

TEST(overviews_that_mix_pixels_are_no_levels_of_classes)
{
    const char *path = nd_text(arena, "%s/mixed.tif", folder(arena));
    double *v = nd_alloc(arena, 64 * 64, sizeof *v);
    for (int i = 0; v && i < 64 * 64; i++) v[i] = i % 64 < 33 ? 4 : 6; // never 5
    made m = {path, NULL, 64, 64, 1, GDT_Byte, {0}, v};
    GDALDatasetH d = make(&m, NULL);
    int factor = 2;
    GDALSetMetadataItem(GDALGetRasterBand(d, 1), "KIND", "class", NULL);
    CHECK(GDALBuildOverviews(d, "AVERAGE", 1, &factor, 0, NULL, NULL, NULL) == CE_None);
    GDALSetMetadataItem(d, "OVR_RESAMPLING_ALG", "AVERAGE", NULL);
    GDALClose(d);
    const nd_product *p = nd_product_open(arena, path, NULL);
    for (int level = 1; p && level < 5; level++) {
        const float *got = read_level(arena, p, 0, level);
        for (int i = 0; got && i < (64 >> level) * (64 >> level); i++)
            CHECK(got[i] == 4 || got[i] == 6);
    }
    CHECK(p && read_level(arena, p, 0, 5)[0] == 4 && read_level(arena, p, 0, 5)[1] == 6);
}

typedef struct reading {
    const nd_product *product;
    const float *whole[4];
    int wrong;
} reading;

static nd_status read_some(void *user, nd_work *work, int64_t number)
{
    reading *r = user;
    const int level = (int)(number % 4), b = (int)(number / 4 % 2);
    const nd_grid g = nd_grid_at(r->product->band[b].grid, level);
    const nd_rect rect = nd_rect_clip(
        (nd_rect){(int)(number * 37 % g.width), (int)(number * 53 % g.height), 40, 40},
        g.width, g.height);
    float *data = nd_alloc(work->arena, 40 * 40, sizeof *data);
    nd_tile tile = {rect, level, {&b, 1}, 40, 0, data};
    if (!data) return ND_E_MEMORY;
    ND_TRY(r->product->read(r->product, work, &tile));
    for (int y = 0; b == 0 && y < rect.height; y++)
        if (memcmp(data + y * 40,
                   r->whole[level] + (size_t)(rect.y + y) * (size_t)g.width + rect.x,
                   (size_t)rect.width * sizeof *data) != 0)
            return nd_fail(ND_E_BUG, "tile %d differs\nreport it", (int)number);
    return ND_OK;
}

TEST(many_threads_read_one_file_at_once)
{
    const nd_product *both = nd_product_open(arena, NADIR_DATA "/29RKH", NULL);
    nd_pool *pool = nd_pool_new(8);
    reading r = {.product = both};
    for (int l = 0; both && l < 4; l++) {
        float *whole = read_level(arena, both, 0, l);
        CHECK(whole != NULL);
        r.whole[l] = whole;
    }
    const nd_job job = {.task = read_some, .user = &r, .count = 400};
    CHECK(pool && both && nd_pool_run(pool, &job) == ND_OK);
    nd_pool_free(pool);
}
