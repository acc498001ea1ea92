// SPDX-License-Identifier: Apache-2.0
// Coordinate systems as files name them, to those of the lazy graph.
#include "io/reader.h"
#include <cpl_conv.h>
#include <ogr_srs_api.h>
#include <stdio.h>

const nd_crs *io_crs(nd_arena *arena, void *spatial_reference)
{
    OGRSpatialReferenceH srs = spatial_reference;
    nd_crs *crs = nd_alloc(arena, 1, sizeof *crs);
    if (!crs) return NULL;
    const char *authority = OSRGetAuthorityName(srs, NULL);
    const char *code = OSRGetAuthorityCode(srs, NULL);
    const char *name = OSRGetName(srs);
    crs->name = nd_text(arena, "%s", name ? name : "unnamed");
    crs->is_geographic = OSRIsGeographic(srs);
    if (authority && code && nd_text_same(authority, "EPSG")) {
        crs->text = nd_text(arena, "EPSG:%s", code);
    } else {
        static const char *const options[] = {"FORMAT=WKT2_2019", NULL};
        char *wkt = NULL;
        OSRExportToWktEx(srs, &wkt, options);
        crs->text = nd_text(arena, "%s", wkt ? wkt : "");
        CPLFree(wkt);
    }
    return crs->name && crs->text ? crs : NULL;
}

const nd_crs *io_crs_parse(nd_arena *arena, const char *text)
{
    OGRSpatialReferenceH srs = OSRNewSpatialReference(NULL);
    io_words words;
    io_gdal_start();
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
