// SPDX-License-Identifier: Apache-2.0
// The lazy graph: grids, bands, nodes, tiles. Knows no file format and no operator.
#pragma once
#include <nadir/param.h>
#include <nadir/pool.h>

typedef struct nd_op nd_op;
typedef struct nd_product nd_product; // io's; raster only passes it on
typedef struct nd_crs {               // made by geo; equal when `text` is
    const char *text;                 // "EPSG:32631" where it has a code, else WKT 2
    const char *name;                 // "WGS 84 / UTM zone 31N"
    bool is_geographic;               // coordinates are degrees, longitude first
} nd_crs;

typedef struct nd_rect {
    int x, y, width, height;
} nd_rect;
// Pixel (0, 0) has its outer corner at (x, y) on the ground; pixel_y < 0 is north up.
// Longitude or easting is x, whatever the CRS says of its axes. crs NULL: a picture.
typedef struct nd_grid {
    int width, height;
    double x, y, pixel_x, pixel_y;
    const nd_crs *crs;
} nd_grid;

typedef enum nd_kind {
    ND_CONTINUOUS,
    ND_AMPLITUDE, // averaged as power
    ND_CLASS,     // exact up to 2^24, never interpolated; a level is the mode
    ND_FLAGS      // bits, exact up to 2^24, never interpolated; a level is the OR
} nd_kind;
typedef enum nd_role {
    ND_DATA,
    ND_ANGLE, // and other fields on a coarse grid: SNAP's tie-point grids
    ND_MASK   // 0 or 1; left out by writers unless asked for
} nd_role;
// What a level of a picture is: worst first, so that a forgotten field is honest.
typedef enum nd_levels {
    ND_FULL,    // computed at level 0 and averaged, within a pixel budget
    ND_REDUCED, // computed on reduced input: honest enough to look at
    ND_EXACT    // the same as averaging level 0 wherever all pixels are valid
} nd_levels;
typedef enum nd_sample { // how a file holds a sample
    ND_F32,
    ND_U8,
    ND_I8,
    ND_U16,
    ND_I16,
    ND_U32,
    ND_I32,
    ND_F64
} nd_sample;
// One class of a class band or one bit pattern of a flag band.
typedef struct nd_label {
    double value;
    const char *name, *help;
    uint32_t colour; // 0xRRGGBBAA; 0: none given
} nd_label;

typedef struct nd_band {
    const char *name, *unit, *help;
    nd_kind kind;
    nd_role role;
    nd_grid grid; // bands of one node may differ in size
    // As a file holds it: value = offset + scale * sample; no_data is a sample, NaN:
    // none. Pixels of tiles are values. scale 0 means 1, so a band may be left at zeroes.
    nd_sample sample;
    double scale, offset, no_data;
    double wavelength_nm, bandwidth_nm; // 0: none
    const nd_label *label;              // of classes or flags; NULL: none
    int labels;
    const char *expression; // SNAP's virtual bands and masks: what it was made from
    int block_width, block_height; // how its file is cut, pixels of level 0; 0: no matter
    const char *missing; // NULL: it is there; else the sentence, in two lines, that
                         // a read of it fails with
} nd_band;

// A set of bands, by number, ascending. A set that is read together shares one grid.
typedef struct nd_bands {
    const int *band;
    int count;
} nd_bands;
#define ND_BANDS(...)                                                                    \
    ((nd_bands){(const int[]){__VA_ARGS__},                                              \
                (int)(sizeof(int[]){__VA_ARGS__} / sizeof(int))})

// Pixels of a set of bands under `rect`, planar, in pixels of `level`. NaN: no data.
typedef struct nd_tile {
    nd_rect rect;
    int level; // each level halves the grid; level 0 is the truth, others are previews
    nd_bands bands;
    ptrdiff_t stride, plane; // floats to the next row, to the next band of the set
    float *data;
} nd_tile;
// `k`: position in the set, not the band's number.
static inline float *nd_at(const nd_tile *tile, int k, int x, int y)
{
    return tile->data + k * tile->plane + (y - tile->rect.y) * tile->stride +
           (x - tile->rect.x);
}

// Rows of words, the first what stands above each column.
typedef struct nd_told {
    const char *const *cell;
    int columns, rows;
} nd_told;

// A picture not computed yet. All of it is its arena's; constant once planned.
typedef struct nd_node nd_node;
typedef struct nd_source {
    int input, band;
} nd_source;
struct nd_node {
    const nd_op *op;
    nd_arena *arena;
    const char *place; // "ndvi.yaml:4:5", or the operator's name; goes into messages
    const char *id;    // the graph's name of this node, or the operator's name
    const char *name;  // of the product: SNAP's rules of naming
    const void *state; // the settings, unless plan put something richer here
    nd_settings settings;
    nd_node *const *input;
    const char *const *input_id; // what the graph calls each input: "sourceProduct.1"
    int inputs;
    nd_band *band;
    int bands;
    const nd_product *product; // the scene this came from (input 0's); NULL: none
    // For `.row`: the rows it is given. NULL: for each wanted band, that band of input 0.
    // Where bands lie on several grids, a row on another grid than the wanted ones is
    // NULL.
    const nd_source *source;
    int sources;
    // Same content, same key, in every process: operator, settings, inputs' keys. Read
    // adds its files' identity in plan, by nd_hash_text.
    nd_hash key;
    nd_levels levels; // the operator's; plan may say worse, or better where it knows
    bool strict;      // do as SNAP does, accidents included
    bool keeps;       // its tiles go into the cache: nd_settle decides
    int tile_width, tile_height; // of its tiles in the cache; 0: 512. Read: of its blocks
    // What it holds beside pixels, as a network's weights: once, and for each thread.
    int64_t own_bytes, worker_bytes;
    const nd_told *told; // what explain tells of it; NULL: no more than its grids
};

// Makes and plans a node; all texts and arrays are copied. NULL after nd_fail.
typedef struct nd_make {
    const nd_op *op;
    nd_node *const *input;
    const char *const *input_id; // it, or one: NULL: sourceProduct, sourceProduct.1, …
    int inputs;
    const nd_settings *settings;
    const char *place, *id; // NULL: the operator's name
    bool strict;
} nd_make;
nd_node *nd_node_new(nd_arena *arena, const nd_make *make) ND_CHECKED;
// The same of default settings but one, given as text; make->settings does not matter.
nd_node *nd_node_with(nd_arena *arena, const nd_make *make, const char *name,
                      const char *value) ND_CHECKED;
int nd_band_find(const nd_node *node, const char *name); // -1: none; case-insensitive
nd_grid nd_grid_at(nd_grid grid, int level);
bool nd_grid_same(const nd_grid *a, const nd_grid *b);
// The same size, and corners at most so far apart.
bool nd_grid_near(const nd_grid *a, const nd_grid *b, double error_deg);
// The grid that stands for a picture: of its band with the most pixels; NULL: no bands.
const nd_grid *nd_node_grid(const nd_node *node);
// Classes, flags and masks are never mixed: the nearest pixel stands for them.
bool nd_band_is_whole(const nd_band *band);
bool nd_crs_same(const nd_crs *a, const nd_crs *b); // NULL equals only NULL
// A position in pixels; the whole number that it is but for what a transformation rounds.
double nd_whole(double position);
nd_rect nd_rect_clip(nd_rect rect, int width, int height); // width or height may be 0

// Pixels of `node`: one call for all bands wanted. They live as long as work's arena.
// Beyond the grid there is no data: a window may ask for its margin without a thought.
nd_status nd_read(const nd_node *node, nd_work *work, nd_bands bands, int level,
                  nd_rect rect, nd_tile *tile) ND_CHECKED;
// Fills `out` from `in`, of a lower level, which covers what lies under it inside the
// grid and starts at out's corner: mean of the valid pixels (amplitude as power), mode of
// classes, OR of flags; under half valid NaN. kind[k]: of the k-th band of both.
nd_status nd_reduce(nd_arena *scratch, const nd_tile *in, const nd_kind *kind,
                    nd_tile *out) ND_CHECKED;
// Mean of the valid pixels of band `k` under `area`; NaN where there is none.
float nd_mean(const nd_tile *tile, int k, nd_rect area);
