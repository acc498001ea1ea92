// SPDX-License-Identifier: Apache-2.0
// --aoi: the polygons of a GeoJSON file (RFC 7946) become the region of a Subset.
#include "cli/pull.h"
#include <nadir/file.h>
#include <string.h>

// One position: [longitude, latitude, …].
static nd_status position(const nd_json *json, nd_buffer *out)
{
    const nd_json *x = json->first, *y = x ? x->next : NULL;
    if (json->kind != ND_JSON_LIST || !y || x->kind != ND_JSON_NUMBER ||
        y->kind != ND_JSON_NUMBER)
        return nd_fail(ND_E_DATA, "a position is not [longitude, latitude]\n"
                                  "mend the file, or export it again as GeoJSON");
    if (!(x->number >= -360 && x->number <= 360 && y->number >= -90 && y->number <= 90))
        return nd_fail(ND_E_DATA,
                       "%.15g, %.15g is no longitude and latitude in degrees\n"
                       "export the area again in WGS 84 (EPSG:4326)",
                       x->number, y->number);
    const char *a = nd_text_of_real(out->arena, x->number);
    const char *b = nd_text_of_real(out->arena, y->number);
    nd_buffer_add(out, "%s %s", a ? a : "", b ? b : "");
    return ND_OK;
}

static nd_status polygon(const nd_json *rings, nd_buffer *out)
{
    nd_buffer_add(out, "%s((", out->length ? ", " : "");
    for (const nd_json *ring = rings->first; ring; ring = ring->next) {
        if (ring != rings->first) nd_buffer_add(out, "), (");
        for (const nd_json *p = ring->first; p; p = p->next) {
            if (p != ring->first) nd_buffer_add(out, ", ");
            ND_TRY(position(p, out));
        }
    }
    nd_buffer_add(out, "))");
    return ND_OK;
}

static const char *text_of(const nd_json *json, const char *key)
{
    const nd_json *member = nd_json_member(json, key);
    return member && member->kind == ND_JSON_TEXT ? member->text : "";
}

// Appends every polygon found; collections may hold collections, json's depth bounds it.
static nd_status collect(const nd_json *json, nd_buffer *out)
{
    const char *type = text_of(json, "type");
    const nd_json *points = nd_json_member(json, "coordinates"), *many;
    if (strcmp(type, "Feature") == 0) {
        const nd_json *shape = nd_json_member(json, "geometry");
        return shape ? collect(shape, out) : ND_OK;
    }
    if (strcmp(type, "FeatureCollection") == 0 ||
        strcmp(type, "GeometryCollection") == 0) {
        many = nd_json_member(json, *type == 'F' ? "features" : "geometries");
        for (const nd_json *one = many ? many->first : NULL; one; one = one->next)
            ND_TRY(collect(one, out));
        return ND_OK;
    }
    if (strcmp(type, "Polygon") == 0 && points) return polygon(points, out);
    if (strcmp(type, "MultiPolygon") == 0 && points)
        for (const nd_json *one = points->first; one; one = one->next)
            ND_TRY(polygon(one, out));
    return ND_OK;
}

static const char *region(nd_arena *arena, const char *path)
{
    size_t length;
    nd_buffer shapes = {.arena = arena};
    const char *text = nd_file_read(arena, path, CLI_TEXT, &length);
    const nd_json *json = text ? nd_json_parse(arena, text, length) : NULL;
    if (!json || collect(json, &shapes) != ND_OK) return NULL;
    if (!shapes.length) {
        (void)nd_fail(ND_E_DATA, "there is no polygon in it\n"
                                 "draw the area as a polygon and export it as GeoJSON");
        return NULL;
    }
    return nd_text(arena, "MULTIPOLYGON(%s)", nd_buffer_text(&shapes));
}

nd_node *cli_cut(nd_arena *arena, nd_node *node, const char *path)
{
    const nd_op *op = nd_op_find(nd_ops, "Subset");
    nd_settings settings;
    const char *wkt = region(arena, path);
    if (!wkt) {
        nd_note("%s", path);
        return NULL;
    }
    if (!op)
        return (void)nd_fail(ND_E_UNSUPPORTED, "there is no operator Subset to cut with\n"
                                               "leave --aoi out"),
               NULL;
    if (nd_settings_new(arena, &op->table, &settings) != ND_OK ||
        nd_settings_set(arena, &settings, "geoRegion", wkt) != ND_OK)
        return NULL;
    return nd_node_new(
        arena,
        &(nd_make){
            .op = op, .input = &node, .inputs = 1, .settings = &settings, .place = path});
}
