// SPDX-License-Identifier: Apache-2.0
// Vector files through OGR, copied into plain arrays so that threads need no handle.
#include "io/vector.h"
#include "io/reader.h"
#include <cpl_conv.h>
#include <gdal.h>
#include <math.h>
#include <nadir/text.h>
#include <ogr_api.h>
#include <ogr_srs_api.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 8, MOST_POINTS = 50000000 };

// Formats that are files and nothing else: none of them fetches or runs anything.
static const char *const drivers[] = {
    "GeoJSON", "GeoJSONSeq", "ESRI Shapefile", "GPKG",   "KML",      "LIBKML", "GML",
    "CSV",     "FlatGeobuf", "MapInfo File",   "SQLite", "TopoJSON", "GPX",    "DXF",
    NULL};

// What a pass over the geometry does: first it counts, then it copies.
typedef struct pass {
    nd_vector *into;
    nd_arena *arena;
    int shape;
    bool copies;
} pass;

static nd_status take_points(pass *p, OGRGeometryH from, vector_form form)
{
    const int count = OGR_G_GetPointCount(from);
    nd_vector *v = p->into;
    if (count < 1) return ND_OK;
    if (!p->copies) {
        v->parts++, v->points += (size_t)count;
        if (v->points <= MOST_POINTS) return ND_OK;
        return nd_fail(ND_E_UNSUPPORTED,
                       "the shapes have more than %d points\nsimplify them first",
                       (int)MOST_POINTS);
    }
    vector_part *part = &v->part[v->parts++];
    *part = (vector_part){.form = form, .shape = p->shape, .count = (size_t)count};
    part->point = nd_alloc_raw(p->arena, part->count, sizeof *part->point);
    if (!part->point) return ND_E_MEMORY;
    for (int i = 0; i < count; i++) {
        double x, y;
        OGR_G_GetPoint(from, i, &x, &y, NULL);
        part->point[i] = (vector_point){x, y};
    }
    return ND_OK;
}

static nd_status take_geometry(pass *p, OGRGeometryH from, int depth)
{
    const OGRwkbGeometryType type = OGR_GT_Flatten(OGR_G_GetGeometryType(from));
    if (depth > DEPTH)
        return nd_fail(ND_E_DATA,
                       "collections of shapes are nested %d deep\nflatten them", depth);
    if (type == wkbPoint) return take_points(p, from, VECTOR_POINT);
    if (type == wkbLineString) return take_points(p, from, VECTOR_LINE);
    const bool is_polygon = type == wkbPolygon || type == wkbTriangle;
    for (int i = 0; i < OGR_G_GetGeometryCount(from); i++) {
        OGRGeometryH one = OGR_G_GetGeometryRef(from, i);
        if (is_polygon)
            ND_TRY(take_points(p, one, VECTOR_RING));
        else
            ND_TRY(take_geometry(p, one, depth + 1));
    }
    return ND_OK;
}

// Arcs become short lines; they are rare, so the copy is no matter.
static nd_status take_straight(pass *p, OGRGeometryH from)
{
    if (!from || OGR_G_IsEmpty(from)) return ND_OK;
    if (!OGR_G_HasCurveGeometry(from, FALSE)) return take_geometry(p, from, 0);
    OGRGeometryH straight = OGR_G_GetLinearGeometry(from, 0, NULL);
    const nd_status status = straight ? take_geometry(p, straight, 0) : ND_OK;
    OGR_G_DestroyGeometry(straight);
    return status;
}

// NULL, and no error: the layer has no system.
static nd_status find_system(nd_arena *arena, OGRSpatialReferenceH from, const char **wkt)
{
    char *text = NULL;
    static const char *const wkt2[] = {"FORMAT=WKT2_2019", NULL};
    const bool is_known = from && OSRExportToWktEx(from, &text, wkt2) == OGRERR_NONE;
    *wkt = is_known ? nd_text(arena, "%s", text) : NULL;
    CPLFree(text);
    return is_known && !*wkt ? ND_E_MEMORY : ND_OK;
}

static nd_status take_feature(pass *p, OGRFeatureH feature)
{
    nd_vector *v = p->into;
    for (int f = 0; f < v->fields && p->copies; f++) {
        if (!OGR_F_IsFieldSetAndNotNull(feature, f)) continue;
        const char *text = nd_text(p->arena, "%s", OGR_F_GetFieldAsString(feature, f));
        if (!text) return ND_E_MEMORY;
        v->value[p->shape * v->fields + f] = text;
    }
    return take_straight(p, OGR_F_GetGeometryRef(feature));
}

static nd_status take_layer(pass *p, OGRLayerH layer)
{
    nd_status status = ND_OK;
    OGR_L_ResetReading(layer);
    p->into->parts = 0;
    for (p->shape = 0; status == ND_OK; p->shape++) {
        OGRFeatureH feature = OGR_L_GetNextFeature(layer);
        if (!feature) break;
        if (p->copies && p->shape >= p->into->shapes)
            status =
                nd_fail(ND_E_IO, "the shapes changed while they were read\ntry again");
        else
            status = take_feature(p, feature);
        OGR_F_Destroy(feature);
    }
    if (!p->copies) p->into->shapes = p->shape;
    return status;
}

static nd_status make_room(nd_vector *v, nd_arena *arena)
{
    v->part = nd_alloc(arena, v->parts, sizeof *v->part);
    v->value = nd_alloc(arena, (size_t)v->shapes * (size_t)v->fields, sizeof *v->value);
    return v->part && v->value ? ND_OK : ND_E_MEMORY;
}

static nd_status read_layer(nd_vector *v, nd_arena *arena, OGRLayerH layer)
{
    OGRFeatureDefnH definition = OGR_L_GetLayerDefn(layer);
    v->fields = OGR_FD_GetFieldCount(definition);
    v->field = nd_alloc(arena, (size_t)v->fields, sizeof *v->field);
    if (!v->field) return ND_E_MEMORY;
    for (int f = 0; f < v->fields; f++) {
        OGRFieldDefnH field = OGR_FD_GetFieldDefn(definition, f);
        v->field[f] = nd_text(arena, "%s", OGR_Fld_GetNameRef(field));
        if (!v->field[f]) return ND_E_MEMORY;
    }
    ND_TRY(find_system(arena, OGR_L_GetSpatialRef(layer), &v->crs));
    pass p = {.into = v, .arena = arena};
    ND_TRY(take_layer(&p, layer));
    ND_TRY(make_room(v, arena));
    p.copies = true;
    return take_layer(&p, layer);
}

static nd_status choose_layer(GDALDatasetH file, const char *name, OGRLayerH *layer)
{
    const char *word[64] = {0};
    int words = 0;
    for (int i = 0; i < GDALDatasetGetLayerCount(file) && words < 64; i++) {
        OGRLayerH one = GDALDatasetGetLayer(file, i);
        word[words++] = OGR_L_GetName(one);
        if (name && !nd_text_same(name, OGR_L_GetName(one))) continue;
        *layer = one;
        return ND_OK;
    }
    if (!words)
        return nd_fail(ND_E_DATA, "the file holds no shapes\ngive a file of shapes");
    const char *nearest = nd_text_nearest(name, word, (size_t)words);
    return nd_fail(ND_E_PARAM, "there is no layer %s\n%s %s", name,
                   nearest ? "did you mean" : "the first one is",
                   nearest ? nearest : word[0]);
}

static nd_status identify(nd_vector *v, nd_arena *arena, const char *path)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return nd_fail(ND_E_IO, "there is no file %s\ngive the path of a file of shapes",
                       path);
    v->identity = nd_text(arena, "%s %lld %lld.%09ld", path, (long long)about.st_size,
                          (long long)about.st_mtim.tv_sec, about.st_mtim.tv_nsec);
    return v->identity ? ND_OK : ND_E_MEMORY;
}

static nd_status read_file(nd_vector *v, nd_arena *arena, const char *path,
                           const char *layer)
{
    ND_TRY(identify(v, arena, path));
    const bool is_zip = nd_text_ends(path, ".zip");
    const char *inside = nd_text(arena, "%s%s", is_zip ? "/vsizip/" : "", path);
    if (!inside) return ND_E_MEMORY;
    GDALDatasetH file =
        GDALOpenEx(inside, GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers, NULL, NULL);
    if (!file)
        return nd_fail(ND_E_DATA,
                       "%s is no file of shapes that can be read\n"
                       "give a Shapefile, GeoJSON, GeoPackage or KML",
                       path);
    OGRLayerH from = NULL;
    nd_status status = choose_layer(file, layer, &from);
    if (status == ND_OK) status = read_layer(v, arena, from);
    GDALClose(file);
    return status;
}

const nd_vector *nd_vector_open(nd_arena *arena, const char *path, const char *layer)
{
    nd_vector *v = nd_alloc(arena, 1, sizeof *v);
    if (!v || io_gdal_start() != ND_OK) return NULL;
    CPLPushErrorHandler(CPLQuietErrorHandler);
    const nd_status status = read_file(v, arena, path, layer);
    CPLPopErrorHandler();
    return status == ND_OK ? v : NULL;
}

static nd_status read_wkt(nd_vector *v, nd_arena *arena, const char *wkt)
{
    OGRGeometryH shape = NULL;
    char *copy = CPLStrdup(wkt), *rest = copy;
    const OGRErr error = OGR_G_CreateFromWkt(&rest, NULL, &shape);
    nd_status status = ND_OK;
    if (error != OGRERR_NONE || rest[strspn(rest, " \t\r\n")])
        status = nd_fail(ND_E_PARAM,
                         "%.60s is no shape in WKT\n"
                         "write it as POLYGON((lon lat, lon lat, …)), first point last",
                         wkt);
    CPLFree(copy);
    pass p = {.into = v, .arena = arena};
    if (status == ND_OK) status = take_straight(&p, shape);
    if (status == ND_OK) status = make_room(v, arena);
    v->parts = 0;
    p.copies = true;
    if (status == ND_OK) status = take_straight(&p, shape);
    OGR_G_DestroyGeometry(shape);
    return status;
}

const nd_vector *nd_vector_parse(nd_arena *arena, const char *wkt)
{
    nd_vector *v = nd_alloc(arena, 1, sizeof *v);
    if (!v || io_gdal_start() != ND_OK) return NULL;
    v->shapes = 1;
    v->crs = "OGC:CRS84"; // WGS 84, longitude first
    v->identity = nd_text(arena, "%s", wkt);
    CPLPushErrorHandler(CPLQuietErrorHandler);
    const nd_status status = v->identity ? read_wkt(v, arena, wkt) : ND_E_MEMORY;
    CPLPopErrorHandler();
    return status == ND_OK ? v : NULL;
}

int nd_vector_shapes(const nd_vector *vector)
{
    return vector->shapes;
}

int nd_vector_fields(const nd_vector *vector)
{
    return vector->fields;
}

const char *nd_vector_field(const nd_vector *vector, int field)
{
    return vector->field[field];
}

nd_status nd_vector_find(const nd_vector *vector, const char *name, int *field)
{
    for (int i = 0; i < vector->fields; i++)
        if (nd_text_same(vector->field[i], name)) return *field = i, ND_OK;
    if (!vector->fields)
        return nd_fail(ND_E_PARAM,
                       "the shapes have no attribute %s\n"
                       "give a file with attributes, not this one",
                       name);
    const char *nearest = nd_text_nearest(name, vector->field, (size_t)vector->fields);
    return nd_fail(ND_E_PARAM, "the shapes have no attribute %s\ndid you mean %s?", name,
                   nearest ? nearest : vector->field[0]);
}

static int by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

nd_status nd_vector_words(nd_arena *arena, const nd_vector *vector, int field, int most,
                          const char *const **word, int *count)
{
    const char **all = nd_alloc(arena, (size_t)vector->shapes + 1, sizeof *all);
    int words = 0, different = 0;
    if (!all) return ND_E_MEMORY;
    for (int i = 0; i < vector->shapes; i++)
        if (nd_text_is_set(nd_vector_value(vector, i, field)))
            all[words++] = nd_vector_value(vector, i, field);
    qsort(all, (size_t)words, sizeof *all, by_word);
    for (int i = 0; i < words; i++)
        if (!i || strcmp(all[i], all[different - 1]) != 0) all[different++] = all[i];
    if (different > most)
        return nd_fail(ND_E_DATA,
                       "the attribute has more than %d values\n"
                       "give one with fewer",
                       most);
    *word = all, *count = different;
    return ND_OK;
}

const char *nd_vector_value(const nd_vector *vector, int shape, int field)
{
    return vector->value[shape * vector->fields + field];
}

double nd_vector_area(const nd_vector *vector, int shape)
{
    double area = 0;
    for (size_t i = 0; i < vector->parts; i++) {
        const vector_part *part = &vector->part[i];
        if (part->shape != shape || part->form != VECTOR_RING) continue;
        double twice = 0;
        for (size_t k = 0; k < part->count; k++) {
            const vector_point a = part->point[k];
            const vector_point b = part->point[(k + 1) % part->count];
            twice += a.x * b.y - b.x * a.y;
        }
        area += fabs(twice) / 2;
    }
    return area;
}

const char *nd_vector_identity(const nd_vector *vector)
{
    return vector->identity;
}
