// SPDX-License-Identifier: Apache-2.0
// Coordinate systems as files name them, to those of the lazy graph.
#include "io/reader.h"
#include <cpl_conv.h>
#include <nadir/geo.h>
#include <ogr_srs_api.h>

const nd_crs *io_crs(nd_arena *arena, void *spatial_reference)
{
    static const char *const options[] = {"FORMAT=WKT2_2019", NULL};
    OGRSpatialReferenceH srs = spatial_reference;
    const char *authority = OSRGetAuthorityName(srs, NULL);
    const char *code = OSRGetAuthorityCode(srs, NULL);
    if (authority && code) {
        const char *text = nd_text(arena, "%s:%s", authority, code);
        return text ? nd_crs_new(arena, text) : NULL;
    }
    char *wkt = NULL;
    OSRExportToWktEx(srs, &wkt, options);
    const nd_crs *crs = nd_crs_new(arena, wkt ? wkt : "");
    CPLFree(wkt);
    return crs;
}

// Through GDAL, which mends the WKT that Java writes.
const nd_crs *io_crs_parse(nd_arena *arena, const char *text)
{
    io_words words;
    if (io_gdal_start() != ND_OK) return NULL;
    OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
    io_gdal_listen(&words);
    const bool is_good = OSRSetFromUserInput(srs, text) == OGRERR_NONE;
    const nd_crs *crs = is_good ? io_crs(arena, srs) : NULL;
    io_gdal_ignore();
    OSRDestroySpatialReference(srs);
    if (!is_good)
        nd_fail(ND_E_DATA, "the coordinate system %.80s is not known\ngive an EPSG code",
                text);
    return crs;
}
