// SPDX-License-Identifier: Apache-2.0
// Inside io: what the parts of the BEAM-DIMAP reader hand each other.
#pragma once
#include "io/reader.h"
#include "io/xml.h"

typedef struct dimap_band {
    nd_band band;
    const char *file;  // its .hdr, below the header's folder; NULL: virtual, or absent
    const char *valid; // expression that says where it has data; NULL: everywhere
    int index;         // BAND_INDEX; -1: a tie-point grid or mask
    bool is_log10;
} dimap_band;
typedef struct dimap {
    nd_arena *arena;
    nd_product *product;
    dimap_band *band;
    int bands, room;
} dimap;

// From the header alone; `root` is its document.
nd_status dimap_parse(dimap *d, const xmlNode *root) ND_CHECKED;
// Codings become labels of the bands that name them.
nd_status dimap_label(dimap *d, const xmlNode *root, const char *coding, bool is_flags,
                      nd_band *band) ND_CHECKED;
// Makes sources for bands with expressions, and for those whose data an expression
// limits, out of the others in `bands`. What cannot be computed is missing.
nd_status dimap_compute(dimap *d, io_bands *bands) ND_CHECKED;
