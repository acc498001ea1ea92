// SPDX-License-Identifier: Apache-2.0
// Sentinel-2 products of level 1C and 2A: bands at their own resolutions, as SNAP has
// them.
#include "io/safe.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct quality {
    const char *name, *help, *unit;
    const char *end[3]; // of the file's name, the best first
    int resolution[3];
} quality;

static const quality qualities[] = {{"quality_aot",
                                     "Aerosol optical thickness at 550 nm",
                                     NULL,
                                     {"_AOT_10m", "_AOT_20m", "_AOT_60m"},
                                     {10, 20, 60}},
                                    {"quality_wvp",
                                     "Water vapour",
                                     "cm",
                                     {"_WVP_10m", "_WVP_20m", "_WVP_60m"},
                                     {10, 20, 60}},
                                    {"quality_cloud_confidence",
                                     "Probability of cloud",
                                     "%",
                                     {"MSK_CLDPRB_20m", "_CLD_20m", "MSK_CLDPRB_60m"},
                                     {20, 20, 60}},
                                    {"quality_snow_confidence",
                                     "Probability of snow",
                                     "%",
                                     {"MSK_SNWPRB_20m", "_SNW_20m", "MSK_SNWPRB_60m"},
                                     {20, 20, 60}},
                                    {"quality_scene_classification",
                                     "Scene classification",
                                     NULL,
                                     {"_SCL_20m", "_SCL_60m", NULL},
                                     {20, 60, 0}}};

// JPEG 2000 as ESA delivers, or a TIFF that took its place.
static const char *find_image(const safe *s, const char *folder, const char *end)
{
    static const char *const kinds[] = {".jp2", ".tif", ".TIF", ".tiff"};
    char name[128];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        snprintf(name, sizeof name, "%s%s", end, kinds[i]);
        const char *path = safe_find(s, folder, name);
        if (path) return path;
    }
    return NULL;
}

// What the metadata call the file of a band that is not there.
static const char *expected(const safe *s, const char *end)
{
    const xmlNode *granule = io_xml_any(s->scene, "Granule");
    for (const xmlNode *n = io_xml_first(granule, "IMAGE_FILE"); n;
         n = io_xml_next(n, "IMAGE_FILE")) {
        const char *text = io_xml_content(s->arena, n);
        if (text && nd_text_ends(text, end)) return nd_text(s->arena, "%s.jp2", text);
    }
    return nd_text(s->arena, "its file …%s.jp2", end);
}

static nd_status add_missing(const safe *s, io_bands *bands, nd_band band,
                             const char *end)
{
    const char *file = expected(s, end);
    if (!file) return ND_E_MEMORY;
    band.missing = nd_text(s->arena,
                           "band %s is missing: %s is not in the product\n"
                           "fetch the whole product, or do without %s",
                           band.name, file, band.name);
    return band.missing ? io_bands_add(bands, &band, &(io_source){0}) : ND_E_MEMORY;
}

static bool is_listed(const safe *s, const char *end)
{
    const xmlNode *n = io_xml_first(io_xml_any(s->scene, "Granule"), "IMAGE_FILE");
    for (; n; n = io_xml_next(n, "IMAGE_FILE")) {
        const char *text = io_xml_content(s->arena, n);
        if (text && nd_text_ends(text, end)) return true;
    }
    return false;
}

// At the finest resolution that the metadata list, else at the band's own.
static nd_status add_absent(const safe *s, io_bands *bands, nd_band band,
                            const safe_band *row)
{
    static const int all[] = {10, 20, 60};
    const int own = row->resolution[s->is_l2a];
    const nd_grid *grid = safe_grid(s, own);
    char end[32], fine[32];
    snprintf(end, sizeof end, "_%s", row->file);
    if (s->is_l2a) snprintf(end, sizeof end, "_%s_%dm", row->file, own);
    for (int i = 0; s->is_l2a && i < 3; i++) {
        snprintf(fine, sizeof fine, "_%s_%dm", row->file, all[i]);
        if (!safe_grid(s, all[i]) || !is_listed(s, fine)) continue;
        band.grid = *safe_grid(s, all[i]);
        return add_missing(s, bands, band, fine);
    }
    for (int i = 0; i < 3 && !grid; i++) grid = safe_grid(s, all[i]);
    band.grid = *grid;
    return add_missing(s, bands, band, end);
}

// The finest of the files that are there; L2A has a band at several resolutions.
static nd_status add_spectral(const safe *s, io_bands *bands, int b)
{
    static const int all[] = {10, 20, 60};
    const safe_band *row = &safe_band_rows[b];
    const int own = row->resolution[s->is_l2a];
    char end[32];
    nd_band band = {.name = row->name,
                    .unit = "dl",
                    .help = s->is_l2a ? "Reflectance of the surface"
                                      : "Reflectance at the top of the atmosphere",
                    .sample = ND_U16,
                    .scale = 1 / s->quantification,
                    .offset = s->offset[b] / s->quantification,
                    .no_data = 0,
                    .wavelength_nm = row->centre_nm,
                    .bandwidth_nm = row->high_nm - row->low_nm};
    if (!own) return ND_OK;
    for (int i = 0; i < 3; i++) {
        const nd_grid *grid = safe_grid(s, s->is_l2a ? all[i] : own);
        snprintf(end, sizeof end, "_%s", row->file);
        if (s->is_l2a) snprintf(end, sizeof end, "_%s_%dm", row->file, all[i]);
        const char *path = grid ? find_image(s, "IMG_DATA/", end) : NULL;
        if (!path) continue;
        band.grid = *grid;
        return io_bands_add_file(bands, band, path, 1);
    }
    return add_absent(s, bands, band, row);
}

static nd_status add_quality(const safe *s, io_bands *bands, const quality *q)
{
    nd_band band = {.name = q->name,
                    .unit = q->unit,
                    .help = q->help,
                    .sample = ND_U8,
                    .scale = 1,
                    .no_data = NAN};
    if (strstr(q->name, "aot"))
        band.scale = 1 / s->aot, band.sample = ND_U16, band.no_data = 0;
    if (strstr(q->name, "wvp"))
        band.scale = 1 / s->wvp, band.sample = ND_U16, band.no_data = 0;
    if (strstr(q->name, "classification"))
        band.kind = ND_CLASS, band.label = safe_classes, band.labels = 12;
    const nd_grid *grid = NULL;
    for (int i = 0; i < 3 && q->end[i]; i++) {
        const char *path = find_image(s, "", q->end[i]);
        const nd_grid *its = safe_grid(s, q->resolution[i]);
        if (!grid) grid = its;
        if (!its || !path) continue;
        band.grid = *its;
        return io_bands_add_file(bands, band, path, 1);
    }
    if (!grid) return ND_OK;
    band.grid = *grid;
    return add_missing(s, bands, band, q->end[0]);
}

static nd_status add_all(const safe *s, io_bands *bands)
{
    for (int b = 0; b < SAFE_BANDS; b++) ND_TRY(add_spectral(s, bands, b));
    for (size_t i = 0; s->is_l2a && i < sizeof qualities / sizeof *qualities; i++)
        ND_TRY(add_quality(s, bands, &qualities[i]));
    const int scl = bands->count - 1;
    ND_TRY(safe_add_angles(s, bands));
    if (s->is_l2a) ND_TRY(safe_add_classes(s, bands, scl));
    ND_TRY(safe_add_clouds(s, bands));
    return safe_add_masks(s, bands);
}

static nd_status open_safe(safe *s, const char *path)
{
    nd_product *p = s->product;
    if (!(p->path = nd_text(s->arena, "%s", path))) return ND_E_MEMORY;
    ND_TRY(safe_locate(s, path));
    const char *tile = io_join(s->arena, s->root, s->tile_path);
    const char *scene = s->scene_path ? io_join(s->arena, s->root, s->scene_path) : NULL;
    if (!tile || (s->scene_path && !scene)) return ND_E_MEMORY;
    if (!(s->tile = io_xml_read(s->arena, tile))) return ND_E_DATA;
    if (scene && !(s->scene = io_xml_read(s->arena, scene))) return ND_E_DATA;
    ND_TRY(safe_parse(s));
    io_bands bands = {.arena = s->arena};
    ND_TRY(add_all(s, &bands));
    const char *a = io_identity(s->arena, tile),
               *b = scene ? io_identity(s->arena, scene) : "";
    const char *c = io_identity(s->arena, path);
    if (!a || !b || !c) return ND_E_MEMORY;
    p->identity = nd_text(s->arena, "%s\n%s\n%s", a, b, c);
    return p->identity ? io_bands_give(&bands, p) : ND_E_MEMORY;
}

const nd_product *io_open_safe(nd_arena *arena, const char *path)
{
    safe s = {.arena = arena, .product = nd_alloc(arena, 1, sizeof *s.product)};
    return s.product && open_safe(&s, path) == ND_OK ? s.product : NULL;
}
