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
    ND_BICUBIC,  // Keys, a = -1/2, of 4 x 4; bilinear where one of them is missing
    // sin(pi d) / (pi d) under Hann's window; only where the warp is `as_snap`
    ND_SINC_5,
    ND_SINC_11,
    ND_SINC_21,
    ND_KERNELS
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
    // On level 0 as SNAP collocates: a source's outermost pixels go on beyond its edges.
    // Where a sample is missing, linear ones take that on the upper left of the four,
    // which may be missing too; wider ones give none if that one is (of an odd number:
    // the tap in the middle), else the mean of what is there stands in for what is not.
    bool as_snap;
} nd_warp;

// Fills those planes of `tile`. Level 0 samples level 0; a level samples the level of the
// source that is 1.2 to 2.4 times as fine, linearly (never classes and flags).
nd_status nd_warp_fill(const nd_warp *warp, nd_work *work, nd_tile *tile) ND_CHECKED;
// The same as SNAP does it where the way is straight: positions in steps of 1/256 of a
// pixel, any missing sample makes none, and beyond the edge all are missing. Level 0.
nd_status nd_warp_strictly(const nd_warp *warp, nd_work *work, nd_tile *tile) ND_CHECKED;
// What nd_warp_fill will read for `tile`, give or take a pixel: for nd_op.window.
nd_rect nd_warp_window(const nd_mapping *mapping, nd_kernel kernel, const nd_tile *tile,
                       int *level);
// Positions of the centres of all pixels of `rect` at `level`, as nd_warp_fill uses them,
// in pixels of the source's level 0; row by row.
nd_status nd_warp_positions(const nd_mapping *mapping, nd_arena *scratch, int level,
                            nd_rect rect, double *x, double *y) ND_CHECKED;

// A whole number of target pixels to each source pixel, grids in step: the same as a warp
// along straight lines, several times as fast. Level 0 only; nearest or bilinear.
typedef struct nd_refine {
    const nd_node *source;
    const nd_warp_band *band; // ascending; of one grid; one kernel for all
    int bands;
    int across, down; // target pixels to a source pixel, 1 to 256
    int x, y;         // the target pixel at the upper left corner of source pixel 0, 0
    double at;        // where in its target pixel a sample is taken: 0.5, SNAP: 0
} nd_refine;
nd_status nd_refine_fill(const nd_refine *ask, nd_work *work, nd_tile *tile) ND_CHECKED;

// Fewer pixels out of many: what lies under each target pixel, whole or in part.
typedef enum nd_gather {
    ND_FIRST, // the sample at the upper left corner
    ND_LEAST,
    ND_MOST,
    ND_AREA_MEAN, // by area; amplitudes as power
    ND_MEDIAN,
    ND_EACH_FLAG, // that all have
    ND_ANY_FLAG,
    ND_MOST_FLAGS, // that more than half have
    ND_HALF_FLAGS  // that half have, or more
} nd_gather;
typedef struct nd_area {
    const nd_node *source;
    const nd_warp_band *band; // ascending; of one grid; the kernel is of no matter
    int bands;
    nd_gather how;
    bool is_whole;             // whole numbers all the way, cut towards zero, as SNAP
    double x, y, across, down; // of target pixel 0, 0: its corner and size on the source
} nd_area;
// On a level the same is done to that level of the source.
nd_status nd_area_fill(const nd_area *area, nd_work *work, nd_tile *tile) ND_CHECKED;
