// SPDX-License-Identifier: Apache-2.0
// Coordinate systems and the way between them. Longitude or easting always comes first.
#pragma once
#include <nadir/raster.h>

// From "EPSG:4326", a PROJ string, WKT 1 or 2, or "AUTO:42001"; the arena's.
// NULL after nd_fail (ND_E_PARAM); a near miss gets the right word.
const nd_crs *nd_crs_new(nd_arena *arena, const char *text) ND_CHECKED;
const char *nd_crs_wkt(nd_arena *arena, const nd_crs *crs) ND_CHECKED; // WKT 1 (GDAL's)

// Any thread: each call borrows a PROJ object of its own.
typedef struct nd_transform nd_transform;
nd_transform *nd_transform_new(nd_arena *arena, const nd_crs *from,
                               const nd_crs *to) ND_CHECKED;
// In place; points that cannot be transformed become NaN.
nd_status nd_transform_points(const nd_transform *transform, size_t count, double *x,
                              double *y) ND_CHECKED;
