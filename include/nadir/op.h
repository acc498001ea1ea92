// SPDX-License-Identifier: Apache-2.0
// What an operator is: describe (a const row), plan (no pixels), compute (any thread).
#pragma once
#include <math.h>
#include <nadir/raster.h>
#include <nadir/text.h>

enum {
    ND_ROW = 1024,        // pixels of a row at most
    ND_LEVEL_MEASURED = 2 // the level that level_error was measured at
};
// Where a row lies: `count` pixels from (x, y) of `level`; out[k] is band bands.band[k].
typedef struct nd_ctx {
    int x, y, count, level;
    nd_bands bands;
} nd_ctx;
// Centre of pixel `x` of `level`, in pixels of level 0.
static inline double nd_level0(int x, int level)
{
    return (x + 0.5) * (double)(1 << level) - 0.5;
}

struct nd_op {
    const char *name, *snap, *brief, *example;
    const char *help;    // more for its page; several lines; NULL: brief says it all
    const char *was;     // other names it answers to, comma separated
    const char *ignores; // settings of SNAP that mean nothing here: accepted, with a note
    const char *lead; // the setting that the first word of a command line is; NULL: none
    nd_table table;
    int min_inputs, max_inputs; // max_inputs < 0: any number
    nd_levels levels;
    // REDUCED: how far level ND_LEVEL_MEASURED lay from the truth on a test scene, in %
    // of the range, at the 99th percentile of pixels (docs/design/levels.md); 0: not
    // known.
    double level_error;
    bool decodes;   // its tiles come from a decoder: always kept
    bool scattered; // reads its inputs in another order than it is asked: they are kept
    bool sink;      // ends a graph: Write
    bool materialises; // whole files go in and come out: Exec; explain says so
    // An expression of other operators: gives the node that stands for it. Then there
    // is nothing else below but the table.
    nd_node *(*compose)(nd_arena *arena, const nd_make *make);
    // Of one that reads a set of scenes: they are the inputs of the node that it gives,
    // as of compose's, but need not fit each other. A graph hands them, after all other
    // inputs, to an operator that takes each.
    nd_node *(*apart)(nd_arena *arena, const nd_make *make);
    bool takes_each;
    // Bands and grids of the result; starts as a copy of input 0's. May be absent.
    nd_status (*plan)(nd_node *self);
    // One of two. A row is a pure function of its arguments; chains of rows run fused.
    void (*row)(const void *state, const nd_ctx *ctx, const float *const *in,
                float *const *out);
    // Fills tile->data for tile->bands, level and rect, which lies inside the grid.
    nd_status (*compute)(const nd_node *self, nd_work *work, nd_tile *tile);
    // What compute will read of `input` for `tile` (its data is NULL), in pixels of
    // that input at `*level`: for schedule and explain. NULL: the same rect and level.
    nd_rect (*window)(const nd_node *self, int input, const nd_tile *tile, int *level);
};

// ---- For operators that hand pixels on.
// Fills `tile`: band b of it is band from[b].band of input from[b].input, whose pixel
// (x + dx, y + dy) of the tile's level is pixel (x, y).
nd_status nd_forward(const nd_node *self, nd_work *work, const nd_source *from, int dx,
                     int dy, nd_tile *tile) ND_CHECKED;
// Fills `tile` with what level `from`, a finer one, of the same node averages to: for
// levels that the inputs' own levels do not fit.
nd_status nd_reduce_from(const nd_node *self, nd_work *work, int from,
                         nd_tile *tile) ND_CHECKED;

// ---- Pixels of level 0 counted by kind, each once, however often rows of it pass: as on
// a screen, or under an operator that reads around a pixel. Any thread.
enum { ND_TALLIED = 3 };
typedef struct nd_tally nd_tally;
nd_tally *nd_tally_new(nd_arena *arena, const nd_grid *grid) ND_CHECKED;
// `kind` of each pixel, below ND_TALLIED. True once, when no pixel of the grid is left:
// then `count` holds how many of each kind there are. What lies between two multiples of
// 64 in a row must pass in one piece, as in all tiles, or it is never true.
bool nd_tally_row(nd_tally *tally, const nd_ctx *ctx, const uint8_t *kind,
                  int64_t count[ND_TALLIED]);

// Number of the band called `name`, or of band `otherwise` when name is NULL.
nd_status nd_band_choose(const nd_node *node, const char *name, int otherwise,
                         int *band) ND_CHECKED;
// Any of its names, case-insensitive; NULL: none.
const nd_op *nd_op_find(const nd_op *const *catalogue, const char *name);
// The nearest name of the catalogue, for "did you mean"; NULL: nothing near.
const char *nd_op_nearest(const nd_op *const *catalogue, const char *name);
// The whole operator as JSON: all other voices are made from it.
nd_status nd_op_describe(const nd_op *op, nd_json_out *out) ND_CHECKED;
