// SPDX-License-Identifier: Apache-2.0
// A scene: what its metadata says, its bands, and how to read any window of them.
#pragma once
#include <nadir/raster.h>
#include <nadir/text.h>

typedef struct nd_pair {
    const char *name, *value;
} nd_pair;

// What is not known is NULL or 0. Constant once opened; any thread may read.
struct nd_product {
    const char *path, *name,
        *format; // format: "SENTINEL-2-MSI-L1C", "BEAM-DIMAP", "GTiff"
    const char *mission, *level, *mode,
        *tile;                // "Sentinel-2A", "L1C", "INS-NOBS", "T31TDH"
    const char *start, *stop; // ISO 8601, UTC
    const char *baseline;     // "02.06"
    const char *pass;         // "DESCENDING"
    int orbit, relative_orbit;
    bool simulated; // its pixels are not measured: the word goes into what is made of it
    const char *identity; // of all its files: path, size, time; goes into the node's key
    const nd_pair *more;  // further metadata, in file order
    size_t mores;
    const nd_band *band;
    int bands;
    nd_levels levels; // what its levels are: EXACT or REDUCED
    // The format's: fills tile->data for tile->bands, level and rect, inside the grid.
    nd_status (*read)(const nd_product *self, nd_work *work, nd_tile *tile);
    void *reader;
};

// Opens whatever `path` is: SAFE folder, zip, MTD file, tile folder, DIMAP, GDAL raster.
// `format`: SNAP's name of one, or NULL. Reads headers only. NULL after nd_fail.
const nd_product *nd_product_open(nd_arena *arena, const char *path,
                                  const char *format) ND_CHECKED;
// The same for people, line by line.
nd_status nd_product_print(const nd_product *product, nd_buffer *out) ND_CHECKED;
// Strict JSON of all of the above.
nd_status nd_product_describe(const nd_product *product, nd_json_out *out) ND_CHECKED;
// The band's wavelength in nm; of one that does not say, Sentinel-2's by its name (B4 or
// B04); 0: not known.
double nd_wavelength_of(const nd_band *band);
