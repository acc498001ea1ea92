// SPDX-License-Identifier: Apache-2.0
// Coordinate systems and the way between them. Longitude or easting always comes first.
#pragma once
#include <nadir/warp.h>

// From "EPSG:4326", "4326", an authority's code, a name, a PROJ string, WKT 1 or 2,
// "WGS84(DD)", or "AUTO:42001,longitude,latitude" (UTM there; AUTO:42002 is Mercator's
// transverse centred there); the arena's. NULL after nd_fail (ND_E_PARAM); a near miss
// gets the right word. Heights are dropped. Any thread.
const nd_crs *nd_crs_new(nd_arena *arena, const char *text) ND_CHECKED;
// The same for a scene: a bare "AUTO:42001" means UTM at (longitude, latitude).
const nd_crs *nd_crs_new_at(nd_arena *arena, const char *text, double longitude,
                            double latitude) ND_CHECKED;
const char *nd_crs_wkt(nd_arena *arena, const nd_crs *crs) ND_CHECKED; // WKT 1 (GDAL's)

// west > east never happens: a box across the antimeridian has x1 > 180.
typedef struct nd_box {
    double x0, y0, x1, y1; // x0 <= x1, y0 <= y1
} nd_box;
// Where the CRS is meant to be used, in degrees; false: its makers do not say.
bool nd_crs_area(const nd_crs *crs, nd_box *area);

// Any thread: each call borrows a PROJ object of its own.
typedef struct nd_transform nd_transform;
nd_transform *nd_transform_new(nd_arena *arena, const nd_crs *from,
                               const nd_crs *to) ND_CHECKED;
// In place; points that cannot be transformed become NaN.
nd_status nd_transform_points(const nd_transform *transform, size_t count, double *x,
                              double *y) ND_CHECKED;
// The image of a whole rectangle, poles and the antimeridian minded, to a millionth of
// its size. ND_E_DATA when no part of it can be transformed.
nd_status nd_transform_box(const nd_transform *transform, nd_box box,
                           nd_box *image) ND_CHECKED;
// The width of the world in `to`: 360 degrees, 40 075 km of Mercator; 0: it has none.
double nd_transform_period(const nd_transform *transform);
nd_box nd_grid_box(const nd_grid *grid); // its outer edges on the ground
// The way from pixels of `target` to those of `source`; both grids may be pictures (no
// crs). Around the world in `source` and back counts as the same place.
nd_status nd_mapping_new(nd_arena *arena, const nd_grid *target, const nd_grid *source,
                         double max_error_px, nd_mapping *mapping) ND_CHECKED;
// Do the two grids share ground? Both may be pictures.
nd_status nd_grid_meets(nd_arena *arena, const nd_grid *a, const nd_grid *b,
                        bool *meets) ND_CHECKED;
