// SPDX-License-Identifier: Apache-2.0
// Shapes of a vector file or a text, laid on a grid and burnt into tiles.
#pragma once
#include <nadir/raster.h>

// Points, lines and polygons with their attributes. The arena's; constant once made, so
// that any thread may read it.
typedef struct nd_vector nd_vector;

// Shapefile, GeoJSON, GeoPackage, KML, … (a zip of one too); `layer` NULL: the first.
// NULL after nd_fail.
const nd_vector *nd_vector_open(nd_arena *arena, const char *path,
                                const char *layer) ND_CHECKED;
// One shape from WKT: longitude and latitude on WGS 84.
const nd_vector *nd_vector_parse(nd_arena *arena, const char *wkt) ND_CHECKED;
int nd_vector_shapes(const nd_vector *vector);
int nd_vector_fields(const nd_vector *vector);
const char *nd_vector_field(const nd_vector *vector, int field); // its name
// The field of that name, whatever its case.
nd_status nd_vector_find(const nd_vector *vector, const char *name,
                         int *field) ND_CHECKED;
// The different values of a field in alphabetical order, empty ones left out; more than
// `most` are refused.
nd_status nd_vector_words(nd_arena *arena, const nd_vector *vector, int field, int most,
                          const char *const **word, int *count) ND_CHECKED;
// Attribute of a shape as text; NULL: it has none.
const char *nd_vector_value(const nd_vector *vector, int shape, int field);
// What the outlines of a shape enclose, holes included, in units of its coordinates.
double nd_vector_area(const nd_vector *vector, int shape);
const char *nd_vector_identity(const nd_vector *vector); // path, size, time; or the WKT

// The same shapes in pixels of a grid, in the grid's coordinate system; parts far
// outside of it are left out. Edges are cut until they are straight within 0.1 pixel.
// A grid without a system takes only shapes without one. NULL after nd_fail.
typedef struct nd_layout nd_layout;
const nd_layout *nd_vector_lay(nd_arena *arena, const nd_vector *vector,
                               const nd_grid *grid) ND_CHECKED;
int nd_layout_shapes(const nd_layout *layout); // as many as the vector has
// Left, top, right, bottom in pixels of level 0, cut to the grid; false: nothing inside.
bool nd_layout_bounds(const nd_layout *layout, double box[4]);
// Writes `value` over each pixel of band `k` of `tile`, on the tile's level, that `shape`
// holds: its centre for a polygon (even-odd), any touch for a line or point. However a
// picture is cut, each pixel gets the same answer.
nd_status nd_layout_burn(const nd_layout *layout, nd_work *work, int shape, int k,
                         float value, nd_tile *tile) ND_CHECKED;
