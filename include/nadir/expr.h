// SPDX-License-Identifier: Apache-2.0
// Expressions over rows of pixels: SNAP's grammar, compiled once, run many times.
//
// What is computed is what SNAP computes: doubles, rounded to float32 at the end. A step
// runs in float where that gives the same bits (bands compared, chosen, or combined once
// and stored), in double everywhere else. NaN is no data: it goes through arithmetic, and
// comparisons with it are false (!= true). Infinity is no data too, at the end.
#pragma once
#include <nadir/raster.h>

typedef enum nd_expr_type { ND_EXPR_BOOL, ND_EXPR_INT, ND_EXPR_REAL } nd_expr_type;
typedef enum nd_expr_kind {
    ND_EXPR_CONSTANT, // value
    ND_EXPR_ROW,      // in[row]; as ND_EXPR_BOOL: a mask, true above 0
    ND_EXPR_FLAG,     // (in[row] & mask) == bits; a bool
    ND_EXPR_PLACE,    // place[row], doubles: latitude, time, …
    ND_EXPR_X,        // column + 0.5, in pixels of level 0
    ND_EXPR_Y         // line + 0.5
} nd_expr_kind;
// What a name means. `fills`: pixels without data count as `fill` (SNAP's way).
typedef struct nd_expr_name {
    nd_expr_kind kind;
    nd_expr_type type;
    int row;
    double most; // of a row of whole numbers: the largest size; 0: not known
    double value;
    uint32_t mask, bits;
    bool fills;
    double fill;
} nd_expr_name;
// How a result ends, before it is stored: as a whole number between low and high (cut at
// them, or wrapped around as Java does), and which number means no data (NaN: none).
typedef struct nd_expr_end {
    bool whole, wraps;
    double low, high;     // of the whole number
    double scale, offset; // result = offset + scale * whole number; scale 0 means 1
    double no_data;
} nd_expr_end;

typedef struct nd_expr_ask {
    const char *const *text;
    const nd_expr_end *end; // one each, or NULL: as it comes
    int count;
    // Is there such a name, and what does it mean? Asked once a name. If not, it may
    // point `nearest` to one that may be meant. Comes before PI, E and NaN.
    bool (*resolve)(void *user, const char *name, nd_expr_name *meaning,
                    const char **nearest);
    void *user;
    bool strict; // SNAP's accidents too: whole numbers divide as whole numbers inside
                 // comparisons, the round of NaN is 0
} nd_expr_ask;

// A program for all `count` texts: what they share is computed once. Constant; any
// thread.
typedef struct nd_expr nd_expr;
// ND_E_PARAM says at which column of which text.
nd_status nd_expr_compile(nd_arena *arena, const nd_expr_ask *ask,
                          const nd_expr **made) ND_CHECKED;
nd_expr_type nd_expr_type_of(const nd_expr *expr, int k);
// Is result `k` a sum of bands times numbers? Then it may be averaged before or after.
bool nd_expr_is_linear(const nd_expr *expr, int k);

// `count` pixels from (x, y) of `level`. How rows are cut is no matter to the bits.
typedef struct nd_expr_rows {
    int x, y, level, count;
    const float *const *in;
    const double *const *place;
} nd_expr_rows;
// out[k] NULL: that result is not wanted, nor what only it needs.
void nd_expr_run(const nd_expr *expr, const nd_expr_rows *rows, float *const *out);

// ---- Names as SNAP has them, over the bands of a node's inputs: B4, B4.raw, a mask,
// quality.CLOUD of a flag band, B4.no_data_value (scaling_factor, scaling_offset,
// spectral_wavelength, spectral_bandwidth), X, Y; with the source before it: $1.B4,
// $sourceProduct.1.B4, ${red}.B4; the name of a product of one band; constants given.
typedef struct nd_expr_constant {
    const char *name;
    nd_expr_type type;
    double value;
} nd_expr_constant;
typedef struct nd_expr_scope {
    const nd_node *node; // its inputs; strict: no-data numbers count as numbers
    const nd_expr_constant *constant;
    size_t constants;
    nd_source *source; // the rows that were named, in order: for node->source
    int sources;
} nd_expr_scope;
nd_status nd_expr_scope_new(nd_arena *arena, const nd_node *node,
                            nd_expr_scope *scope) ND_CHECKED;
// For nd_expr_ask.resolve; `scope` is its user.
bool nd_expr_resolve(void *scope, const char *name, nd_expr_name *meaning,
                     const char **nearest);
