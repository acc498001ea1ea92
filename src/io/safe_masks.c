// SPDX-License-Identifier: Apache-2.0
// Quality masks and the scene classification of Sentinel-2, under SNAP's names.
#include "io/safe.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

// Names and colours of ESA's Level-2A product definition.
const nd_label safe_classes[12] = {
    {0, "nodata", "No data", 0x000000ff},
    {1, "saturated_defective", "Saturated or defective", 0xff0000ff},
    {2, "dark_feature_shadow", "Dark feature or shadow", 0x2f2f2fff},
    {3, "cloud_shadow", "Cloud shadow", 0x643200ff},
    {4, "vegetation", "Vegetation", 0x00a000ff},
    {5, "not_vegetated", "Not vegetated", 0xffe65aff},
    {6, "water", "Water", 0x0000ffff},
    {7, "unclassified", "Unclassified", 0x808080ff},
    {8, "cloud_medium_proba", "Cloud, medium probability", 0xc0c0c0ff},
    {9, "cloud_high_proba", "Cloud, high probability", 0xffffffff},
    {10, "thin_cirrus", "Thin cirrus", 0x64c8ffff},
    {11, "snow_ice", "Snow or ice", 0xff96ffff}};

// The layers of MSK_QUALIT and MSK_CLASSI, in their order.
static const char *const quality[] = {"ancillary_lost",
                                      "ancillary_degraded",
                                      "msi_lost",
                                      "msi_degraded",
                                      "defective",
                                      "nodata",
                                      "partially_corrected_crosstalk",
                                      "saturated_l1a"};
static const char *const classes[] = {"opaque_clouds", "cirrus_clouds",
                                      "snow_and_ice_areas"};

nd_band safe_mask(const nd_grid *grid, const char *name)
{
    return (nd_band){.name = name,
                     .role = ND_MASK,
                     .kind = ND_CLASS,
                     .sample = ND_U8,
                     .scale = 1,
                     .no_data = NAN,
                     .grid = *grid};
}

// A mask of one class: 1 where another band has this value.
typedef struct one_class {
    io_source source;
    nd_band band;
    float value;
} one_class;

static nd_status fill_class(const io_source *source, nd_work *work, nd_tile *tile)
{
    const one_class *c = source->state;
    const nd_rect r = tile->rect;
    ND_TRY(io_source_read(&c->source, &c->band, work, tile));
    for (int y = r.y; y < r.y + r.height; y++) {
        float *row = nd_at(tile, 0, r.x, y);
        for (int x = 0; x < r.width; x++)
            if (!isnan(row[x])) row[x] = row[x] == c->value;
    }
    return ND_OK;
}

static nd_status add_class(const safe *s, io_bands *bands, int of, int value,
                           const nd_band *named)
{
    const nd_band from = bands->band[of];
    one_class *c = nd_alloc(s->arena, 1, sizeof *c);
    nd_band band = *named;
    if (!c || !band.name) return ND_E_MEMORY;
    *c = (one_class){bands->source[of], from, (float)value};
    band.missing = from.missing;
    band.block_width = from.block_width, band.block_height = from.block_height;
    band.expression = nd_text(s->arena, "%s == %d", from.name, value);
    if (!band.expression) return ND_E_MEMORY;
    return io_bands_add(bands, &band, &(io_source){.fill = fill_class, .state = c});
}

const char *safe_detector(nd_arena *arena, const safe_band *band, int detector)
{
    return nd_text(arena, "detector_footprint-%s-%02d", band->file, detector);
}

static const nd_label detectors[SAFE_DETECTORS] = {
    {1, "detector_01", NULL, 0},  {2, "detector_02", NULL, 0},
    {3, "detector_03", NULL, 0},  {4, "detector_04", NULL, 0},
    {5, "detector_05", NULL, 0},  {6, "detector_06", NULL, 0},
    {7, "detector_07", NULL, 0},  {8, "detector_08", NULL, 0},
    {9, "detector_09", NULL, 0},  {10, "detector_10", NULL, 0},
    {11, "detector_11", NULL, 0}, {12, "detector_12", NULL, 0}};

// Which detector saw a place, and a mask of each.
static nd_status add_detectors(const safe *s, io_bands *bands, const safe_band *row,
                               const nd_grid *grid)
{
    char end[64];
    snprintf(end, sizeof end, "/MSK_DETFOO_%s.jp2", row->file);
    const char *path = safe_find(s, "QI_DATA/", end);
    if (!path) return ND_OK;
    nd_band band =
        safe_mask(grid, nd_text(s->arena, "B_detector_footprint_%s", row->name));
    band.help = "Which of the twelve detectors saw the place; 0: none";
    band.label = detectors, band.labels = SAFE_DETECTORS;
    if (!band.name) return ND_E_MEMORY;
    ND_TRY(io_bands_add_file(bands, band, path, 1));
    const int of = bands->count - 1;
    for (int d = 1; d <= SAFE_DETECTORS; d++) {
        nd_band one = safe_mask(grid, safe_detector(s->arena, row, d));
        one.help = "What one detector saw";
        ND_TRY(add_class(s, bands, of, d, &one));
    }
    return ND_OK;
}

static nd_status add_layers(const safe *s, io_bands *bands, int b, const nd_grid *grid)
{
    const safe_band *row = &safe_band_rows[b];
    char end[64];
    ND_TRY(add_detectors(s, bands, row, grid));
    snprintf(end, sizeof end, "/MSK_QUALIT_%s.jp2", row->file);
    const char *path = safe_find(s, "QI_DATA/", end);
    if (!path) return ND_OK;
    for (int i = 0; i < 8; i++) {
        const nd_band band =
            safe_mask(grid, nd_text(s->arena, "%s_%s", quality[i], row->name));
        if (!band.name) return ND_E_MEMORY;
        ND_TRY(io_bands_add_file(bands, band, path, i + 1));
    }
    return ND_OK;
}

nd_status safe_add_masks(const safe *s, io_bands *bands)
{
    const nd_grid *grid = safe_grid(s, 60);
    const char *path = safe_find(s, "QI_DATA/", "/MSK_CLASSI_B00.jp2");
    for (int i = 0; grid && path && i < 3; i++)
        ND_TRY(io_bands_add_file(bands, safe_mask(grid, classes[i]), path, i + 1));
    for (int b = 0; b < SAFE_BANDS; b++) {
        grid = safe_grid(s, safe_band_rows[b].resolution[0]);
        if (!grid) continue;
        ND_TRY(add_layers(s, bands, b, grid));
        ND_TRY(safe_add_qualities(s, bands, b, grid));
    }
    return ND_OK;
}

nd_status safe_add_classes(const safe *s, io_bands *bands, int scl)
{
    const nd_grid grid = bands->band[scl].grid;
    double baseline = 0;
    const bool is_new = s->product->baseline &&
                        nd_text_real(s->product->baseline, &baseline) && baseline >= 4;
    for (int i = 0; i < 12; i++) {
        const char *word =
            i == 2 && is_new ? "topographic_and_casted_shadows" : safe_classes[i].name;
        nd_band band = safe_mask(&grid, nd_text(s->arena, "scl_%s", word));
        band.help = safe_classes[i].help;
        ND_TRY(add_class(s, bands, scl, i, &band));
    }
    return ND_OK;
}
