// SPDX-License-Identifier: Apache-2.0
// A Sentinel-2 tile as the public buckets lay it out: tileInfo.json and B01.jp2 to
// B12.jp2.
#include "io/safe.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *info_of(nd_arena *arena, const char *path)
{
    struct stat s;
    if (nd_text_ends(path, "/tileInfo.json") || strcmp(path, "tileInfo.json") == 0)
        return path;
    if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) return NULL;
    const char *inside = io_join(arena, path, "tileInfo.json");
    return inside && access(inside, R_OK) == 0 ? inside : NULL;
}

bool io_is_aws(nd_arena *arena, const char *path)
{
    return info_of(arena, path) != NULL;
}

typedef struct tile {
    nd_arena *arena;
    nd_product *product;
    const nd_crs *crs;
    double x, y, side, offset; // corner and width on the ground; digital numbers
} tile;

static const char *text_of(const nd_json *from, const char *key)
{
    const nd_json *m = from ? nd_json_member(from, key) : NULL;
    return m && m->kind == ND_JSON_TEXT ? m->text : NULL;
}

static double number_of(const nd_json *from)
{
    return from && from->kind == ND_JSON_NUMBER ? from->number : (double)NAN;
}

// The ring of the tile: its box is where the pixels lie.
static bool read_box(const nd_json *root, tile *t)
{
    const nd_json *geometry = nd_json_member(root, "tileGeometry");
    const nd_json *rings = geometry && geometry->kind == ND_JSON_OBJECT
                               ? nd_json_member(geometry, "coordinates")
                               : NULL;
    if (!rings || rings->kind != ND_JSON_LIST || !rings->first) return false;
    double left = INFINITY, right = -INFINITY, top = -INFINITY;
    for (const nd_json *p = rings->first->first; p; p = p->next) {
        if (p->kind != ND_JSON_LIST || p->count < 2) return false;
        const double x = number_of(p->first), y = number_of(p->first->next);
        left = fmin(left, x), right = fmax(right, x), top = fmax(top, y);
    }
    t->x = left, t->y = top, t->side = right - left;
    return isfinite(t->x + t->y + t->side) && t->side > 0;
}

// "S2A_MSIL1C_20170729T153601_N0205_R111_T19UDP_…", which the metadata hold.
static nd_status read_name(tile *t, const char *name)
{
    nd_product *p = t->product;
    char mission[4], level[4], mgrs[6];
    int baseline, orbit;
    if (sscanf(name, "%3[A-Z0-9]_MSI%3[A-Z0-9]_%*15[0-9T]_N%4d_R%3d_T%5[A-Z0-9]", mission,
               level, &baseline, &orbit, mgrs) != 5)
        return nd_fail(ND_E_DATA,
                       "%s names no Sentinel-2 product: %.80s\n"
                       "fetch the tile again",
                       p->path, name);
    p->name = nd_text(t->arena, "%.200s", name);
    p->mission = nd_text(t->arena, "Sentinel-%s", mission + 1);
    p->level = nd_text(t->arena, "%s", level), p->tile = nd_text(t->arena, "T%s", mgrs);
    p->baseline = nd_text(t->arena, "%02d.%02d", baseline / 100, baseline % 100);
    p->relative_orbit = orbit;
    t->offset = baseline >= 400 ? -1000 : 0;
    return p->name && p->mission && p->level && p->tile && p->baseline ? ND_OK
                                                                       : ND_E_MEMORY;
}

static nd_status read_info(tile *t, const char *path)
{
    size_t length = 0;
    const char *text = io_read_text(t->arena, path, &length);
    const nd_json *root = text ? nd_json_parse(t->arena, text, length) : NULL;
    if (!root) return nd_note("%s", path), text ? ND_E_DATA : ND_E_IO;
    const bool is_object = root->kind == ND_JSON_OBJECT;
    const char *name = is_object ? text_of(root, "productName") : NULL;
    const char *letter = is_object ? text_of(root, "latitudeBand") : NULL;
    const double zone = is_object ? number_of(nd_json_member(root, "utmZone")) : 0;
    if (!name || !letter || !(zone >= 1 && zone <= 60) || !read_box(root, t))
        return nd_fail(ND_E_DATA,
                       "%s does not say its product, zone and place\n"
                       "fetch the tile again",
                       path);
    const int epsg = (*letter >= 'N' ? 32600 : 32700) + (int)zone;
    t->crs = io_crs_parse(t->arena, nd_text(t->arena, "EPSG:%d", epsg));
    const char *time = text_of(root, "timestamp");
    t->product->start = t->product->stop = time ? nd_text(t->arena, "%.40s", time) : NULL;
    return t->crs ? read_name(t, name) : ND_E_DATA;
}

static nd_status add_band(const tile *t, io_bands *bands, int b, const char *folder)
{
    const safe_band *row = &safe_band_rows[b];
    const bool is_l2a = strcmp(t->product->level, "L2A") == 0;
    nd_band band = {.name = row->name,
                    .unit = "dl",
                    .sample = ND_U16,
                    .scale = 1e-4,
                    .offset = t->offset / 10000,
                    .no_data = 0,
                    .wavelength_nm = row->centre_nm,
                    .bandwidth_nm = row->high_nm - row->low_nm};
    if (!row->resolution[is_l2a]) return ND_OK;
    const int size = (int)lround(t->side / row->resolution[is_l2a]);
    const char *path = nd_text(t->arena, "%s/%s.jp2", folder, row->file);
    const nd_product *file = NULL;
    if (!path) return ND_E_MEMORY;
    if (access(path, R_OK) == 0) file = io_open_raster(t->arena, path, NULL);
    const nd_error error = nd_error_take();
    band.grid = (nd_grid){size, size, t->x, t->y, 0, 0, t->crs};
    if (file) band.grid = file->band[0].grid; // previews are coarser than the band
    band.grid.x = t->x, band.grid.y = t->y, band.grid.crs = t->crs;
    band.grid.pixel_x = t->side / band.grid.width;
    band.grid.pixel_y = -band.grid.pixel_x;
    if (file) return io_bands_add_file(bands, band, path, 1);
    band.missing = error.code ? nd_text(t->arena, "%s\n%s", error.what, error.remedy)
                              : nd_text(t->arena,
                                        "band %s is missing: there is no %s\n"
                                        "fetch it too, or do without %s",
                                        band.name, path, band.name);
    return band.missing ? io_bands_add(bands, &band, &(io_source){0}) : ND_E_MEMORY;
}

static nd_status open_tile(tile *t, const char *path)
{
    nd_product *p = t->product;
    const char *info = info_of(t->arena, path);
    const char *folder = info ? io_folder(t->arena, info) : NULL;
    p->path = nd_text(t->arena, "%s", path);
    p->identity = info ? io_identity(t->arena, info) : NULL;
    if (!folder || !p->path || !p->identity) return ND_E_MEMORY;
    ND_TRY(read_info(t, info));
    p->format = "SENTINEL-2-MSI-AWS";
    io_bands bands = {.arena = t->arena};
    for (int b = 0; b < SAFE_BANDS; b++) ND_TRY(add_band(t, &bands, b, folder));
    return io_bands_give(&bands, p);
}

const nd_product *io_open_aws(nd_arena *arena, const char *path)
{
    tile t = {.arena = arena, .product = nd_alloc(arena, 1, sizeof *t.product)};
    return t.product && open_tile(&t, path) == ND_OK ? t.product : NULL;
}
