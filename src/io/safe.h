// SPDX-License-Identifier: Apache-2.0
// Inside io: what the parts of the Sentinel-2 reader hand each other.
#pragma once
#include "io/reader.h"
#include "io/xml.h"

enum { SAFE_BANDS = 13, SAFE_DETECTORS = 12 };
// Names and wavelengths as SNAP has them, the same for all satellites of the pair.
typedef struct safe_band {
    const char *name, *file;
    int resolution[2]; // metres: L1C, L2A; 0: it has none
    double low_nm, high_nm, centre_nm;
} safe_band;
extern const safe_band safe_band_rows[SAFE_BANDS];

typedef struct safe {
    nd_arena *arena;
    nd_product *product;
    // Where it is: `root` may be inside a zip. Entries are paths below it.
    const char *root, *scene_path, *tile_path;
    const char *const *entry;
    size_t entries;
    int tiles; // of the product
    // What the metadata say.
    const xmlNode *scene, *tile; // scene NULL: a tile folder alone
    bool is_l2a;
    double quantification, aot, wvp, offset[SAFE_BANDS]; // digital numbers
    nd_grid grid[3];                                     // of 10, 20 and 60 m
} safe;

nd_status safe_locate(safe *s, const char *path) ND_CHECKED;
// The full path of the entry that ends so and is in a folder of that name; NULL: none.
const char *safe_find(const safe *s, const char *folder, const char *end);
// From s->scene and s->tile alone.
nd_status safe_parse(safe *s) ND_CHECKED;
const nd_grid *safe_grid(const safe *s, int resolution); // NULL: not said
nd_status safe_add_angles(const safe *s, io_bands *bands) ND_CHECKED;
nd_band safe_mask(const nd_grid *grid, const char *name);
nd_status safe_add_masks(const safe *s, io_bands *bands) ND_CHECKED;
nd_status safe_add_clouds(const safe *s, io_bands *bands) ND_CHECKED; // GML's
// GML's too, of one band: which detector saw what, which pixels are no good.
nd_status safe_add_qualities(const safe *s, io_bands *bands, int b,
                             const nd_grid *grid) ND_CHECKED;
// "detector_footprint-B04-07": SNAP's name; NULL: no memory.
const char *safe_detector(nd_arena *arena, const safe_band *band, int detector);
nd_status safe_add_classes(const safe *s, io_bands *bands, int scl) ND_CHECKED;
extern const nd_label safe_classes[12];
