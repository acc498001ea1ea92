// SPDX-License-Identifier: Apache-2.0
// Inside io: crop.yaml, which says of some files what a product's metadata would say.
#pragma once
#include "io/reader.h"

typedef struct crop_band {
    nd_band band;     // name, unit, help, kind, role, wavelength; the rest below
    const char *file; // beside crop.yaml
    int number;       // of the file's band, from 1
    // What raw samples mean: value = (sample + offset) / quantification.
    double quantification, offset, no_data;
    bool has_scale, has_none; // else as the file says
} crop_band;
typedef struct crop {
    nd_product product; // its fields but bands
    crop_band *band;
    int bands;
} crop;
// Errors are noted "name:line:column".
nd_status crop_parse(nd_arena *arena, const char *name, const char *bytes, size_t length,
                     crop *out) ND_CHECKED;
