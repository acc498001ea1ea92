// SPDX-License-Identifier: Apache-2.0
// Where the picture lies, in GeoTIFF's tags: GDAL writes a file of one pixel in memory
// with the coordinate system, and its keys are copied, so every reader agrees with it.
#include "io/reader.h"
#include "io/tiff.h"
#include <cpl_conv.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <ogr_srs_api.h>
#include <string.h>

enum { PIXEL_SCALE = 33550, TIE_POINT = 33922, MATRIX = 34264, KEYS = 34735 };

static nd_status make_sample(const char *path, const nd_crs *crs)
{
    io_words words;
    ND_TRY(io_gdal_start());
    GDALDriverH driver = GDALGetDriverByName("GTiff");
    OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
    GDALDatasetH made = NULL;
    io_gdal_listen(&words);
    const bool is_known = OSRSetFromUserInput(srs, crs->text) == OGRERR_NONE;
    OSRSetAxisMappingStrategy(srs, OAMS_TRADITIONAL_GIS_ORDER);
    if (is_known && driver) made = GDALCreate(driver, path, 1, 1, 1, GDT_Byte, NULL);
    // Without a place GDAL would keep the system in a file beside.
    double place[] = {0, 1, 0, 0, 0, -1};
    const bool is_set = made && GDALSetSpatialRef(made, srs) == CE_None &&
                        GDALSetGeoTransform(made, place) == CE_None;
    if (made) GDALClose(made);
    io_gdal_ignore();
    OSRDestroySpatialReference(srs);
    if (is_set) return ND_OK;
    return nd_fail(ND_E_UNSUPPORTED,
                   "the coordinate system %s cannot be written\n"
                   "reproject to one with an EPSG code",
                   crs->name ? crs->name : crs->text);
}

static uint32_t number(const unsigned char *bytes, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) value |= (uint32_t)bytes[i] << 8 * i;
    return value;
}

// Copies one tag's data out of the little file; GDAL's own, yet every length is checked.
static nd_status copy_field(nd_arena *arena, const unsigned char *file, size_t length,
                            const unsigned char *entry, tiff_ifd *ifd)
{
    const uint16_t tag = (uint16_t)number(entry, 2),
                   type = (uint16_t)number(entry + 2, 2);
    const size_t count = number(entry + 4, 4);
    const size_t each = type == TIFF_ASCII ? 1 : type == TIFF_SHORT ? 2 : 8;
    if (tag < KEYS || tag > KEYS + 2 || count > length / each) return ND_OK;
    const unsigned char *from = entry + 8;
    if (count * each > 4) {
        const size_t at = number(entry + 8, 4);
        if (at > length || length - at < count * each) return ND_OK;
        from = file + at;
    }
    void *copy = nd_alloc(arena, count, each);
    if (!copy) return ND_E_MEMORY;
    memcpy(copy, from, count * each);
    tiff_add(ifd, (tiff_field){tag, type, count, copy});
    return ND_OK;
}

static nd_status copy_keys(nd_arena *arena, const unsigned char *file, size_t length,
                           tiff_ifd *ifd)
{
    const size_t at =
        length >= 8 && memcmp(file, "II*", 4) == 0 ? number(file + 4, 4) : 0;
    const size_t count = at && at + 2 <= length ? number(file + at, 2) : 0;
    for (size_t i = 0; i < count && at + 2 + (i + 1) * 12 <= length; i++)
        ND_TRY(copy_field(arena, file, length, file + at + 2 + i * 12, ifd));
    return ND_OK;
}

static nd_status add_keys(nd_arena *arena, const nd_crs *crs, tiff_ifd *ifd)
{
    vsi_l_offset length = 0;
    const char *path = nd_text(arena, "/vsimem/nadir-%p.tif", (void *)ifd);
    if (!path) return ND_E_MEMORY;
    nd_status status = make_sample(path, crs);
    const unsigned char *file =
        status == ND_OK ? VSIGetMemFileBuffer(path, &length, FALSE) : NULL;
    if (file) status = copy_keys(arena, file, (size_t)length, ifd);
    VSIUnlink(path);
    return status;
}

nd_status tiff_add_place(nd_arena *arena, const nd_grid *grid, tiff_ifd *ifd)
{
    double *n = nd_alloc(arena, 16, sizeof *n);
    if (!n) return ND_E_MEMORY;
    if (grid->pixel_x > 0 && grid->pixel_y < 0) {
        n[0] = grid->pixel_x, n[1] = -grid->pixel_y;
        n[6] = grid->x, n[7] = grid->y; // the tie point: pixel (0, 0, 0) is (x, y, 0)
        tiff_add(ifd, (tiff_field){PIXEL_SCALE, TIFF_DOUBLE, 3, n});
        tiff_add(ifd, (tiff_field){TIE_POINT, TIFF_DOUBLE, 6, n + 3});
    } else {
        n[0] = grid->pixel_x, n[3] = grid->x;
        n[5] = grid->pixel_y, n[7] = grid->y;
        n[15] = 1;
        tiff_add(ifd, (tiff_field){MATRIX, TIFF_DOUBLE, 16, n});
    }
    return grid->crs ? add_keys(arena, grid->crs, ifd) : ND_OK;
}
