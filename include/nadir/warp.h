// SPDX-License-Identifier: Apache-2.0
// Pixels of one grid from those of another: where they lie, and how they are sampled.
//
// Positions are continuous: pixel i covers [i, i + 1). The way there is asked exactly at
// the nodes of a lattice that is anchored to the target's pixels, halved until it is
// right between them, and followed linearly inside: how a picture is cut is no matter.
#pragma once
#include <nadir/raster.h>

// From pixels of a target to pixels of a source; made by geo (nd_mapping_new).
typedef struct nd_mapping {
    // In place: positions of the target's level 0 become the source's; NaN: nowhere.
    // Any thread.
    nd_status (*exact)(const void *self, size_t count, double *x, double *y);
    const void *self;
    int width, height;   // of the source's level 0
    double max_error_px; // of the source; 0: every pixel is asked exactly
} nd_mapping;

typedef enum nd_kernel {
    ND_NEAREST,
    ND_BILINEAR, // of 2 x 2; weights of missing ones go to the valid ones
    ND_BICUBIC   // Keys, a = -1/2, of 4 x 4; bilinear where one of them is missing
} nd_kernel;
// Where the nearest source pixel has no data, all kernels give none: what is valid
// neither grows nor shrinks.
typedef struct nd_warp_band {
    int band;  // of the source
    int plane; // of the tile that is filled
    nd_kernel kernel;
} nd_warp_band;
typedef struct nd_warp {
    const nd_node *source;
    const nd_mapping *mapping;
    const nd_warp_band *band; // ascending; of one grid
    int bands;
} nd_warp;

// Fills those planes of `tile`. Level 0 samples level 0; a level samples the level of the
// source that is 1.2 to 2.4 times as fine, linearly (never classes and flags).
nd_status nd_warp_fill(const nd_warp *warp, nd_work *work, nd_tile *tile) ND_CHECKED;
// What nd_warp_fill will read for `tile`, give or take a pixel: for nd_op.window.
nd_rect nd_warp_window(const nd_mapping *mapping, nd_kernel kernel, const nd_tile *tile,
                       int *level);
// Positions of the centres of all pixels of `rect` at `level`, as nd_warp_fill uses them,
// in pixels of the source's level 0; row by row.
nd_status nd_warp_positions(const nd_mapping *mapping, nd_arena *scratch, int level,
                            nd_rect rect, double *x, double *y) ND_CHECKED;
